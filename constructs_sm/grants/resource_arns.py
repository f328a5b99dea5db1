"""The ARNs that a call is authorized on, made of what its request says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from constructs_sm.grants.service_authorization import IamAction, ResourceType
    from constructs_sm.language.arns import Arns

ANY = "*"
"""For what a request does not say: a policy has to allow whatever it may be."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_WHERE = frozenset({"Partition", "Region", "Account"})
_ENDINGS = ("Name", "Id", "Identifier")

_Request = Mapping[str, Any]
_Fill = Callable[[str], str | None]


def _last_part(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def _after_last_colon(arn: str) -> str:
    return arn.rpartition(":")[2]


def _with_random_end(name: str) -> str:
    # The ARN of a secret ends in six characters that nobody knows before.
    return f"{name}-??????"


def _no_alias(key: str) -> str | None:
    return None if "alias/" in key else key


def _as_it_is(text: str) -> str:
    return text


_ACROSS_REGIONS = re.compile(r"(?:apac|au|ca|eu|global|jp|us|us-gov)\.")
"""Beginning of the id of an inference profile, which stands for a model in several Regions."""


def _one_model(model: str) -> str | None:
    return None if _ACROSS_REGIONS.match(model) else model


_SAID_BY: dict[tuple[str, str], tuple[str, _Fill]] = {
    ("athena", "WorkGroupName"): ("WorkGroup", _as_it_is),
    ("batch", "JobDefinitionName"): ("JobDefinition", _as_it_is),
    ("bedrock:foundation-model", "ResourceId"): ("ModelId", _one_model),
    ("ecs", "TaskDefinitionFamilyName"): ("TaskDefinition", lambda family: family.partition(":")[0]),
    ("ecs", "TaskDefinitionRevisionNumber"): ("TaskDefinition", lambda family: family.partition(":")[2] or ANY),
    ("kms", "KeyId"): ("KeyId", _no_alias),
    ("s3", "ObjectName"): ("Key", _as_it_is),
    ("secretsmanager", "SecretId"): ("SecretId", _with_random_end),
    ("sqs", "QueueName"): ("QueueUrl", _last_part),
    ("ssm", "ParameterNameWithoutLeadingSlash"): ("Name", lambda name: name.lstrip("/")),
    ("states", "StateMachineName"): ("StateMachineArn", _after_last_colon),
}
"""Fields that say what, by service (or type) and variable of an ARN, where their names do not tell."""


def _buses(request: _Request) -> list[str]:
    entries = request.get("Entries")
    named = (
        [entry.get("EventBusName") for entry in entries if isinstance(entry, Mapping)]
        if isinstance(entries, list)
        else []
    )
    return [name if isinstance(name, str) else "default" for name in named]


def _tables(request: _Request) -> list[str]:
    """Tables that a request names at its top, or in each of its items."""
    asked, items = request.get("RequestItems"), request.get("TransactItems")
    found = [request.get("TableName"), *(asked if isinstance(asked, Mapping) else ())]
    for item in items if isinstance(items, list) else ():
        found += [one.get("TableName") for one in item.values() if isinstance(one, Mapping)]
    return list(dict.fromkeys(name.rpartition("/")[2] for name in found if isinstance(name, str) and name))


_NAMED_WITHIN: dict[tuple[str, str], Callable[[_Request], list[str]]] = {
    ("dynamodb", "TableName"): _tables,
    ("events", "EventBusName"): _buses,
}
"""Fields that stand deeper in a request."""
_DEFAULTS = {("athena", "WorkGroupName"): "primary", ("ecs", "ClusterName"): "default"}
"""Values that a service takes where the request has nothing."""
LEFT_OUT = frozenset(
    {
        ("bedrock", "bedrock-marketplace-model-endpoint"),
        ("bedrock", "project"),
        ("events", "event-busv2"),
        ("states", "express"),
    }
)
"""Types of resources that no call of Step Functions is about, though AWS lists them for the action."""


_ONLY_GIVEN = frozenset({"accesspoint", "accesspointobject"})
"""Types that stand for another, and that a call is about only where its request has the ARN."""


def arns_of(action: IamAction, request: _Request, where: Arns, *, begun: bool = False) -> tuple[str, ...] | None:
    """The ARNs that *action* is authorized on; None where the request does not say.

    Args:
        action: What is to be allowed.
        request: The request of the call.
        where: Partition, Region and account.
        begun: Whether the resource is one that the call only begins, so that of its name nothing more can be known.
    """
    if not action.resource_types:
        return (ANY,)
    service = action.name.partition(":")[0]
    found: dict[str, None] = {}
    for of in action.resource_types:
        if (service, of.name) not in LEFT_OUT:
            made = [] if of.name in _ONLY_GIVEN else _made(service, of, request, where, begun=begun)
            found |= dict.fromkeys(_given(of, request) or made)
    return tuple(found) or None


def _given(of: ResourceType, request: _Request) -> list[str]:
    """The ARNs of the type that the request has as they are."""
    pattern = _pattern(of.arn)
    return [text for text in _texts(request) if text.startswith("arn:") and pattern.fullmatch(text)]


@cache
def _pattern(arn: str) -> re.Pattern[str]:
    parts = re.split(_VARIABLE, arn)
    # Every second part is the name of a variable.
    expressed = [re.escape(part) if at % 2 == 0 else _expression(part) for at, part in enumerate(parts)]
    return re.compile("".join(expressed), re.DOTALL)


def _expression(variable: str) -> str:
    return "[^:]*" if variable in _WHERE else ".+"


def _texts(value: Any, depth: int = 3) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, Mapping):
        for member in value.values():
            yield from _texts(member, depth - 1)
    elif depth and isinstance(value, list):
        for item in value:
            yield from _texts(item, depth - 1)


def _made(service: str, of: ResourceType, request: _Request, where: Arns, *, begun: bool) -> list[str]:
    """The ARNs of the type as the request names them."""
    named = [variable for variable in _VARIABLE.findall(of.arn) if variable not in _WHERE]
    if not named and not of.required:
        # There is one such resource, and nothing says that the call is about it.
        return []
    made = [of.arn]
    for variable in _VARIABLE.findall(of.arn):
        values = [getattr(where, variable.lower())] if variable in _WHERE else _said(service, of, variable, request)
        # A star in a name is a star: the evaluator takes a resource as it is.
        known = values or ([ANY] if begun else [])
        made = [arn.replace(f"${{{variable}}}", value) for arn in made for value in known]
    return made


def _said(service: str, of: ResourceType, variable: str, request: _Request) -> list[str]:
    """Return what the request says of a variable of an ARN."""
    if (service, variable) in _NAMED_WITHIN:
        return _NAMED_WITHIN[service, variable](request)
    folded = {str(name).lower(): value for name, value in request.items()}
    for key in ((f"{service}:{of.name}", variable), (service, variable)):
        if key in _SAID_BY:
            field, fill = _SAID_BY[key]
            value = folded.get(field.lower())
            filled = fill(value) if isinstance(value, str) and value else _default(key, folded)
            return [] if filled is None else [filled]
    for name in _names(variable):
        value = folded.get(name.lower())
        texts = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str) and each]
        if texts:
            # An ARN of another form, or of this one where it was not taken, is no name.
            return [text for text in texts if not text.startswith("arn:")]
    default = _default((service, variable), folded)
    return [] if default is None else [default]


def _default(key: tuple[str, str], folded: _Request) -> str | None:
    # A query that runs has its work group, which the request does not say.
    return None if "queryexecutionid" in folded else _DEFAULTS.get(key)


def _names(variable: str) -> list[str]:
    stem = next((variable.removesuffix(ending) for ending in _ENDINGS if variable.endswith(ending)), variable)
    ends = ("Id", "Ids", "Identifier") if variable.endswith("Id") else ("Name", "Names", "Identifier", "")
    return list(dict.fromkeys([variable, *(f"{stem}{end}" for end in ends)]))
