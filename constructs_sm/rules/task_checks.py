"""Faults for which Step Functions refuses a Task: services, APIs, patterns and fields that there are not."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.language.jsonata_checks import is_expression
from constructs_sm.rules import api_requests
from constructs_sm.rules import definition_rules as rules
from constructs_sm.rules.integrations import ACTIVITY, OPTIMIZED, SDK_PATTERNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.rules.rule import Violation

_INTEGRATION: Final = re.compile(
    r"arn:[\w-]+:states:::(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<api>[\w-]+)(?:\.(?P<pattern>[\w:]+))?"
)
_ARNS: Final = ("arn:", "${")
"""Beginnings of a resource: its ARN, or a placeholder for it."""
_LONG_REQUESTS: Final = 12


def task(written: Mapping[str, Any], where: str, *, jsonata: bool) -> Iterator[Violation]:
    """Check what a Task calls, and with what."""
    resource = written.get("Resource")
    if not isinstance(resource, str) or not resource:
        yield rules.MISSING.broken(where, what="Field 'Resource' is missing: it is a text")
        return
    if ACTIVITY.fullmatch(resource):
        yield from _activity(written, where)
        return
    found = _INTEGRATION.fullmatch(resource)
    if found is None:
        if not resource.startswith(_ARNS) or re.match(r"arn:[\w-]+:states:::", resource):
            yield rules.RESOURCE.broken(f"{where}/Resource", resource)
        return
    pattern = found["pattern"] or ""
    service, api, sdk = found["service"], found["api"], found["sdk"] is not None
    problems = list(_resource(service, api, pattern, f"{where}/Resource", resource, sdk=sdk))
    yield from problems
    if problems:
        return
    name = "Arguments" if jsonata else "Parameters"
    if name not in written:
        yield rules.MISSING.broken(where, what=f'The field "{name}" is required but was missing: it is the request')
        return
    request = written[name]
    if isinstance(request, dict):
        yield from _request(service, api, request, f"{where}/{name}", sdk=sdk)
    elif not (jsonata and is_expression(request)):
        yield rules.VALUE.broken(where, request, what="the request of a service is an object")


def _activity(written: Mapping[str, Any], where: str) -> Iterator[Violation]:
    if "Credentials" in written:
        what = "Field 'Credentials' is not supported: an activity has no role"
        yield rules.FIELD.broken(f"{where}/Credentials", what=what)


def _resource(service: str, api: str, pattern: str, where: str, got: str, *, sdk: bool) -> Iterator[Violation]:
    if sdk:
        if not api_requests.has_service(service) or not api_requests.has_api(service, api):
            yield rules.RESOURCE.broken(where, got, what=f"{rules.RESOURCE.what}: the SDK has no {service}:{api}")
        elif pattern not in SDK_PATTERNS:
            yield rules.PATTERN.broken(where, got, fix="an SDK integration waits for nothing but a task token")
    elif api not in OPTIMIZED.get(service, {}):
        offered = ", ".join(OPTIMIZED.get(service, {}))
        fix = f"call one of {offered}, or arn:aws:states:::aws-sdk:{service}:{api}" if offered else rules.RESOURCE.fix
        yield rules.RESOURCE.broken(where, got, fix=fix)
    elif pattern not in OPTIMIZED[service][api]:
        offered = ", ".join(f".{one}" for one in sorted(OPTIMIZED[service][api]) if one) or "none"
        yield rules.PATTERN.broken(where, got, fix=f"{service}:{api} offers {offered}")


def _request(service: str, api: str, request: Mapping[str, Any], where: str, *, sdk: bool) -> Iterator[Violation]:
    for fault in api_requests.faults(service, api, request, sdk=sdk):
        if fault.wanted:
            yield rules.API_VALUE.broken(where, what=f"the value for the field '{fault.path}' must be {fault.wanted}")
            continue
        near = get_close_matches(fault.path.rpartition(".")[2], fault.there, n=1)
        known = ", ".join(fault.there[:_LONG_REQUESTS]) + (", ..." if len(fault.there) > _LONG_REQUESTS else "")
        fix = f"did you mean {near[0]}?" if near else f"take it out; there are {known or 'none'}"
        told = f'The field "{fault.path}" is not supported by Step Functions'
        yield rules.API_FIELD.broken(where, what=told, fix=fix)
    for name in api_requests.missing_fields(service, api, request, sdk=sdk):
        yield rules.API_MISSING.broken(where, what=f'The field "{name}" is required but was missing')
