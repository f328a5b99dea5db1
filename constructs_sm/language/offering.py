"""Objects of the CDK, recognized by what their class offers: asking the object itself would go over the jsii bridge.

The bridge answers with an error where the property has no value, as the `creationStack` of a reference has none.
"""

from __future__ import annotations

_ONE_OF_SEVERAL = "InterfaceDynamicProxy"
"""Class of jsii's for an object with several interfaces, as an imported role; it hands on to one object for each."""


def offers(value: object, name: str) -> bool:
    """Tell whether *value* is an object with this property or method; a class that has it is none."""
    kind = type(value)
    if hasattr(kind, name):
        return not isinstance(value, type)
    return kind.__name__ == _ONE_OF_SEVERAL and any(offers(each, name) for each in vars(value).get("_delegates", ()))


def is_of_jsii(kind: type) -> bool:
    """Tell whether *kind* is a class of the CDK, or one in Python that stands in for one."""
    return kind.__name__ == _ONE_OF_SEVERAL or hasattr(kind, "__jsii_type__") or hasattr(kind, "__jsii_ifaces__")
