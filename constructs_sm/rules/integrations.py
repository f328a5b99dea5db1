"""The services that Step Functions integrates, their APIs, and how a state waits for each."""

from __future__ import annotations

import re
from typing import Final

from constructs_sm import integrations
from constructs_sm.actions import ACTIONS

REQUEST: Final = ""
ACTIVITY: Final = re.compile(r"arn:[\w-]+:states:[^:]*:[^:]*:activity:.+")
"""The Resource of a Task that a worker of one's own does."""
_TOKEN: Final = frozenset({REQUEST, "waitForTaskToken"})


def _offered() -> dict[str, dict[str, frozenset[str]]]:
    offered: dict[str, dict[str, frozenset[str]]] = {}
    for row in integrations.OPTIMIZED:
        waits = {"sync"} if row.waiting else set()
        offered.setdefault(row.service, {})[row.api] = frozenset({REQUEST, *waits, *(_TOKEN if row.token else ())})
    for action in ACTIONS:
        offered.setdefault(action.integration, {})[action.api] = frozenset(
            {REQUEST, *(("sync",) if action.sync else ())}
        )
    offered["states"]["startExecution"] |= {"sync:2"}
    return offered


OPTIMIZED: Final = _offered()
"""By service, then by API: the patterns that are offered."""
SDK_PATTERNS: Final = _TOKEN
"""APIs that an SDK integration offers."""
_OPTIMIZED_MODELS: Final = {"states": "stepfunctions", "elasticmapreduce": "emr"}
_OWN_REQUESTS: Final = frozenset(
    {"apigateway:invoke", "eks:call", "eks:runJob", "http:invoke", "bedrock:invokeModel", "elasticmapreduce"}
)
"""The integrations whose request is not the API's."""


def model_of(service: str, *, sdk: bool) -> str:
    """Name of a service in botocore, or the likely one; empty where its model does not tell of the requests."""
    if sdk:
        return integrations.SDK_CLIENTS.get(service, service)
    return "" if service in _OWN_REQUESTS else _OPTIMIZED_MODELS.get(service, service)


def has_own_request(service: str, api: str) -> bool:
    """Return True for an integration whose request is not the API's."""
    return f"{service}:{api}" in _OWN_REQUESTS or service in _OWN_REQUESTS


def squashed(name: str) -> str:
    """A name without what services are spelled with in one place and not in another."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
