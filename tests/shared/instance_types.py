"""Which instance types have local storage: EC2's own descriptions of them, as moto carries them."""

from __future__ import annotations

from moto.ec2.models.instance_types import INSTANCE_TYPES

# EC2 does not describe them where moto asked, or not yet.
_NOT_DESCRIBED = {"dl1": True, "p2": False, "p3": False, "p6e-gb200": True}


def family(instance_type):
    """`g5` of `ml.g5.xlarge`."""
    return instance_type.removeprefix("ml.").partition(".")[0]


_DESCRIBED = {}
for _name, _described in INSTANCE_TYPES.items():
    _DESCRIBED.setdefault(family(_name), set()).add(_described["InstanceStorageSupported"])


def has_local_storage(instance_type):
    """As EC2 says it; the sizes of a family do not differ in it."""
    name = family(instance_type)
    if name in _NOT_DESCRIBED:
        return _NOT_DESCRIBED[name]
    (stored,) = _DESCRIBED[name]
    return stored
