"""Overrides of the CDK's members, told to jsii once a class.

Each time that jsii makes an object it asks for every member of every class of ours in every interface of its own, to
find those that override: for a job that was a tenth of its making. Here it is shown those alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_CDK = ("aws_cdk", "constructs")
_PYTHON = ("builtins", "jsii", "abc", "typing", "typing_extensions")


def make_in_cdk(construct: Any, *arguments: Any, **props: Any) -> None:
    """Call the constructor of the class of the CDK that *construct* is of, in place of `super().__init__`.

    Args:
        construct: The one being made. Until it is, its class has no more than what overrides the CDK's.
        arguments: Of that constructor, as scope and id.
        props: Of that constructor.
    """
    whole: type = type(construct)
    base, overriding = _overriding(whole)
    construct.__class__ = overriding
    try:
        base.__init__(construct, *arguments, **props)
    finally:
        construct.__class__ = whole


@cache
def _overriding(whole: type) -> tuple[Any, type]:
    """The class of the CDK that *whole* is of, and one with no more of *whole* than overrides its members."""
    base = next(each for each in whole.__mro__ if _is_of(each, _CDK))
    place = whole.__mro__.index(base)
    interfaces = getattr(whole, "__jsii_ifaces__", [])
    known = {name for each in (base, *interfaces) for name in dir(each)}
    members = {
        name: member
        for each in reversed(whole.__mro__[:place])
        for name, member in vars(each).items()
        if name in known and not name.startswith("__")
    }
    behind = [each for each in whole.__mro__[place:] if not _is_of(each, (*_CDK, *_PYTHON))]
    shown = {**members, "__module__": whole.__module__, "__jsii_ifaces__": interfaces}
    return base, type(base)(whole.__name__, (base, *behind), shown)


def _is_of(each: type, packages: tuple[str, ...]) -> bool:
    return each.__module__.partition(".")[0] in packages
