"""The rules of guardrails: what a platform team lets jobs be. Each holds only where guardrails say how."""

from __future__ import annotations

from typing import Any, Final

from constructs_sm.rules.rule import RULES, Rule

_SOURCE: Final = "the guardrails of your platform team; docs/guardrails.md"
_REASON: Final = "the guardrails give their own reason, which the message quotes"


def _rail(rule_id: str, what: str, fix: str, **more: Any) -> Rule:
    rule = Rule(id=rule_id, what=what, fix=fix, **{"why": _REASON, "source": _SOURCE, **more})
    RULES.add(rule)
    return rule


TYPES: Final = _rail("guardrail-instance-type", "an instance type is not allowed", "use one that is")
COUNT: Final = _rail("guardrail-instance-count", "a job has more instances than are allowed", "use fewer")
RUNTIME: Final = _rail("guardrail-runtime", "a job may run longer than is allowed", "give it less time")
SUBNETS: Final = _rail(
    "guardrail-subnet", "a job runs in no VPC, or in a subnet that is not allowed", "use one that is"
)
GROUPS: Final = _rail("guardrail-security-group", "a security group of a job is not allowed", "use one that is")
VOLUME_KEY: Final = _rail(
    "guardrail-volume-key", "volumes are not encrypted with an allowed key", "use one that is, by its ARN"
)
OUTPUT_KEY: Final = _rail(
    "guardrail-output-key", "outputs are not encrypted with an allowed key", "use one that is, by its ARN"
)
ISOLATION: Final = _rail("guardrail-network-isolation", "containers can reach the network", "isolate them")
ENCRYPTION: Final = _rail(
    "guardrail-traffic-encryption", "traffic between the containers of a job is not encrypted", "encrypt it"
)
IMAGES: Final = _rail(
    "guardrail-image", "an image, or an algorithm that has its own, is not allowed", "use one that is"
)
TAGS: Final = _rail("guardrail-tag", "a required tag is missing, or has another value than is allowed", "add it")
INPUTS: Final = _rail("guardrail-input-place", "data is read from a place that is not allowed", "read from one that is")
OUTPUTS: Final = _rail(
    "guardrail-output-place", "data is written to a place that is not allowed", "write to one that is"
)
SPOT: Final = _rail("guardrail-spot", "spot capacity is required, or forbidden", "use it, or do not")
TEAMS: Final = _rail("guardrail-work-team", "work goes to a public work team", "use a team of your own")
ENDPOINT_COUNT: Final = _rail(
    "guardrail-endpoint-instances", "an endpoint has, or can grow to, more instances than are allowed", "use fewer"
)
ENDPOINT_VPC: Final = _rail("guardrail-endpoint-public", "what an endpoint serves is in no VPC", "put it into one")
SERVERLESS: Final = _rail("guardrail-endpoint-serverless", "a serverless endpoint is in no VPC", "serve on instances")
BUDGET: Final = _rail("guardrail-budget", "a job may cost more than is allowed", "make it smaller or shorter")
LATE: Final = _rail(
    "guardrail-late",
    "a value that a guardrail limits comes at run time, and nothing shows that IAM limits it",
    "give the state machine role the condition, as Guardrails.apply does",
    why="the state machine can call for what the guardrail forbids",
    severity="warning",
)
UNREAD: Final = _rail(
    "guardrail-definition",
    "the definition of a state machine is not in the app, so nobody can hold its jobs against the guardrails",
    "give the definition itself, as by DefinitionBody.from_string, or check its file with constructs-sm check",
    why="its jobs may be anything",
)
VALUE: Final = _rail(
    "guardrail-value",
    "guardrails cannot have this value",
    "pass what the message names",
    why="nothing is limited by it",
    source="docs/guardrails.md",
    protects="a guardrail that cannot be read limits nothing",
)
UNTIL: Final = _rail(
    "guardrail-until",
    "an exception ends on a date",
    "write it as '2026-12-31', or pass a date",
    why="an exception without an end that can be read would never end",
    source="docs/guardrails.md",
    protects="an exception without an end that can be read would never end",
)
