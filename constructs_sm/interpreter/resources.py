"""The Resource of a task: which service it calls, and how it waits."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_INTEGRATION = re.compile(
    r"arn:[\w-]+:states:[^:]*:[^:]*:(?P<sdk>aws-sdk:)?(?P<service>[\w-]+):(?P<api>\w+)(?:\.(?P<pattern>[\w:]+))?"
)
_FUNCTION = re.compile(r"arn:[\w-]+:lambda:[^:]*:[^:]*:function:.+")
_ACTIVITY = re.compile(r"arn:[\w-]+:states:[^:]*:[^:]*:activity:(?P<name>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """The service and the API that a task calls."""

    arn: str
    service: str
    api: str
    pattern: str = ""
    sdk: bool = False
    is_function: bool = False

    @property
    def waits(self) -> bool:
        """Return True if the state waits for more than the service's answer."""
        return bool(self.pattern)


@functools.lru_cache(maxsize=1024)
def resource_of(arn: str) -> Resource:
    """The resource of a task state, as its Resource says it."""
    if (activity := _ACTIVITY.fullmatch(arn)) is not None:
        return Resource(arn=arn, service="activity", api=activity["name"], pattern="waitForTaskToken")
    if (found := _INTEGRATION.fullmatch(arn)) is not None:
        return Resource(
            arn=arn,
            service=found["service"],
            api=found["api"],
            pattern=found["pattern"] or "",
            sdk=found["sdk"] is not None,
        )
    if _FUNCTION.fullmatch(arn) is not None:
        return Resource(arn=arn, service="lambda", api="invoke", is_function=True)
    return Resource(arn=arn, service="unknown", api=arn)
