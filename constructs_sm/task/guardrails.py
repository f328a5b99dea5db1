"""Guardrails: what a platform team lets jobs be, checked at synthesis and enforced by IAM for what comes later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_sm.cdk_json import cdk_json_of_program
from constructs_sm.environment import refuse_no_construct, stage_of
from constructs_sm.guardrails.limits import Limits
from constructs_sm.language.errors import NOTHING, shown, where_of
from constructs_sm.rules import guardrail_rules
from constructs_sm.rules.rule import PREFIX, Rule
from constructs_sm.settings import CONTEXT_KEY, setting_in
from constructs_sm.task.guarding import APPLIED, ROOTS, Applied, Guarding
from constructs_sm.task.machines import machines_in_app, machines_of
from constructs_sm.task.overruling import day_of
from constructs_sm.task.unguarded import Read, unguarded

import jsii
from aws_cdk import (
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from constructs_sm.task.guarding import Finding

    from aws_cdk import IPolicyValidationContext
    from constructs import Construct, IConstruct
    from typing_extensions import Self

SETTING = "guardrails"
"""The key of guardrails in the settings of `cdk.json`: the lines themselves, or the name of a file."""
AS_OF = "guardrails_as_of"
"""The context that says by which day exceptions have ended: `cdk synth -c guardrails_as_of=2026-11-28`."""


_NOT_READ = "the template has a definition that was not judged: of an override, or of a raw resource"


class Guardrails(Limits):
    """Limits to what jobs may be, set once by a platform team and applied to an app, a stack, or constructs in it.

    Every state that calls SageMaker is held against it when the app is synthesized, whether it is a job of ours, a task
    of the CDK or a state written by hand: all that is known is judged, and `cdk synth` fails with a report of all that
    is beyond it. Where a value comes later (at run time, or with the deployment) the state machine role is denied what
    is beyond it, by the condition keys that AWS has; where AWS has none, it is refused. Patterns are those of IAM: `*`
    stands for any characters, `?` for one.

    Args:
        instance_types: Patterns of instance types: `ml.m5.*`.
        most_instances: Most instances of a job; of a search, of each of its trainings.
        longest_runtime: Longest runtime of a job: seconds, `PT6H`, or a Duration. Without one, AWS takes 24 hours.
        subnets: Subnets in one of which a job or model has to run, all of its own among these.
        security_groups: Security groups, likewise.
        volume_keys: Keys, or patterns of their ARNs, that volumes have to be encrypted with. Instances with local
            storage alone, which take no key, are let be.
        output_keys: Keys that outputs have to be encrypted with.
        network_isolation: Whether containers must be cut off the network.
        traffic_encryption: Whether traffic between the containers of a job must be encrypted.
        images: Patterns of images, with registry and repository; also of algorithms and model packages by their ARNs.
        tags: Required tags: keys, or keys with patterns of their values.
        inputs: Places in S3 that may be read, each with what is below it: `s3://bucket/prefix/`.
        outputs: Places in S3 that may be written to.
        spot: True requires spot capacity, False forbids it.
        public_work_teams: False forbids public work teams.
        most_endpoint_instances: Most instances of all variants of an endpoint, those that it can grow to included.
        public_endpoints: False requires models to be in a VPC, and forbids serverless endpoints, which never are.
        budget: Most that a job may cost: rate times instances times longest runtime; of a search, of all its trainings.
        rates: What an hour of an instance type costs, by patterns of types. They are yours: no price is built in.
        reason: The reason of every line that has none of its own.
        reasons: The reason of each line, by its name; messages quote it.
        contact: Who to ask, for messages.
        late: What becomes of values that come later and that IAM cannot limit: `refuse`, or `warn` of them.

    Raises:
        InvalidInputError: A line has no reason, or a value that it cannot have; with all that is wrong.

    Grants: nothing. The state machine roles are denied what is beyond the guardrails, where a value comes later.
    """

    __slots__ = ()

    def apply(self, scope: Construct, *, as_of: date | str | None = None) -> Self:
        """Hold every state machine and job in *scope* to these guardrails, whenever it is made.

        Several may be applied, around each other: all hold. An exception is acknowledged by the id of the rail:
        `acknowledge(job, "guardrail-instance-type", "the reason", until="2026-12-31")`.

        Args:
            scope: An app, a stage, a stack, any construct around jobs, or a job.
            as_of: The day by which exceptions have ended or not, since synthesis has no clock. Default: that of the
                context `guardrails_as_of`; without it no exception has ended.

        Raises:
            InvalidInputError: The scope is no construct, or *as_of* no day.
        """
        where = where_of(type(self).__name__, scope)
        refuse_no_construct(where, scope)
        day = scope.node.try_get_context(AS_OF) if as_of is None else as_of
        APPLIED.setdefault(scope, []).append(Applied(self, None if day is None else day_of(where, "as_of", day)))
        machines_of(stage_of(scope))
        ROOTS.add(scope.node.root)
        _Report.of(scope.node.root)
        return self

    @staticmethod
    def from_context(scope: Construct) -> Guardrails | None:
        """Make the guardrails of `cdk.json`: under `constructs_sm`, the key `guardrails`; None if there are none.

        It has the lines themselves, or the name of a file of them, as seen from `cdk.json`.

        Args:
            scope: Any construct of the app.

        Raises:
            InvalidInputError: They are none.
        """
        refuse_no_construct(where_of("Guardrails", scope), scope)
        given = setting_in(scope.node, SETTING)
        return None if given is None else Guardrails.of(given)

    @staticmethod
    def of(given: Guardrails | Mapping[str, Any] | str) -> Guardrails:
        """Make guardrails of what a setting can be: a value, its lines, or the name of a file.

        Args:
            given: One of these.

        Raises:
            InvalidInputError: It is none of them.
        """
        if isinstance(given, Guardrails):
            return given
        if not isinstance(given, str):
            return Guardrails.from_mapping(given, f"{CONTEXT_KEY} '{SETTING}'")
        beside = cdk_json_of_program()
        there = Path(given)
        if beside is not None and not there.is_absolute() and not there.is_file():
            there = beside.parent / given
        return Guardrails.from_file(there)


@jsii.implements(IPolicyValidationPlugin)
class _Report:
    """The report of an app: what is beyond guardrails, and the exceptions that were made use of."""

    _all: dict[IConstruct, _Report] = {}  # noqa: RUF012

    def __init__(self, app: IConstruct) -> None:
        self._app = app

    @staticmethod
    def of(app: IConstruct) -> _Report:
        """Return that of an app, which is registered once."""
        if app not in _Report._all:
            _Report._all[app] = _Report(app)
            Validations.of(app).add_plugins(_Report._all[app])
        return _Report._all[app]

    @property
    def name(self) -> str:
        """The name of the plugin, and the prefix of the ids of rules."""
        return PREFIX

    @property
    def version(self) -> str:
        """The version of the rules."""
        return "1.0.0"

    @property
    def rule_ids(self) -> list[str]:
        """The ids of all rails."""
        return [rule.id for rule in vars(guardrail_rules).values() if isinstance(rule, Rule)]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Report what was found when the state machines were about to be synthesized."""
        everywhere = machines_in_app(self._app)
        read = [
            Read(each.stack.template_file, str(each.stack.resolve(each.construct.logical_id)), each.resolved)
            for machines in everywhere
            for each in machines.guarded
        ]
        raw = Guarding()
        for each in unguarded(self._app, read, context.template_paths):
            raw.unread(each, _NOT_READ)
        passes = [*(machines.guarding for machines in everywhere), raw]
        findings = [finding for each in passes for finding in each.findings]
        exceptions = [finding for each in passes for finding in each.exceptions]
        return PolicyValidationPluginReport(
            success=not findings,
            violations=[
                *(_violation(finding, context.template_paths, "error") for finding in findings),
                *(_violation(finding, context.template_paths, "info") for finding in exceptions),
            ],
        )


def _violation(finding: Finding, templates: Sequence[str], severity: str) -> PolicyViolation:
    problem = finding.problem
    stack = finding.machine.stack
    got = "" if problem.got is NOTHING else f", got {shown(problem.got)}"
    template = next((path for path in templates if path.endswith(stack.template_file)), templates[0])
    place = PolicyViolatingResource(
        resource_logical_id=str(stack.resolve(finding.machine.construct.logical_id)),
        template_path=template,
        locations=[f"DefinitionString/{finding.state}"],
    )
    return PolicyViolation(
        rule_name=problem.rule,
        description=f"{problem.what}{got}",
        fix=problem.use,
        severity=severity,
        violating_resources=[place],
    )
