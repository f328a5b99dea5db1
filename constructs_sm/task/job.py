"""SageMakerJob: a task, the check of its output, and what comes next, or Fail."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from constructs_sm.language.errors import NOTHING, InvalidInputError, Problem, where_of
from constructs_sm.language.offering import offers
from constructs_sm.rollback import undone_by
from constructs_sm.task.arguments import TaskArguments, mapping_of, wrong_of_class
from constructs_sm.task.cloudwatch import JobMetrics
from constructs_sm.task.custom_states import Rule, always, holds
from constructs_sm.task.describing import STATES as DESCRIBING
from constructs_sm.task.describing import Describing
from constructs_sm.task.fragment import Check, CheckedFragment
from constructs_sm.task.job_task import task_of
from constructs_sm.task.network import (
    GROUPS,
    Connectable,
    OwnSecurityGroup,
    admit_members,
    connections_of,
    groups_in,
    groups_path,
    works_together,
)
from constructs_sm.task.output_check import COMPLETED, Output, OutputCheck
from constructs_sm.task.overruling import refuse
from constructs_sm.task.query_language import InEitherLanguage
from constructs_sm.task.reuse_checks import reuse_grants
from constructs_sm.task.reuse_plan import reuse_plan_of
from constructs_sm.task.reusing import Reusing
from constructs_sm.task.tags import KnownToCdk
from constructs_sm.task.task_plan import TaskPlan
from constructs_sm.values.names import LONGEST_STATE_NAME

import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from constructs_sm.actions import Action
    from constructs_sm.requests.rendering import Defaults
    from constructs_sm.task.job_task import JobTask
    from constructs_sm.task.reuse_checks import Artifact
    from constructs_sm.task.task import SageMakerTask
    from constructs_sm.task.task_state import TaskState
    from constructs_sm.values.outputs import JobOutput
    from constructs_sm.values.reuse import Reuse

    from aws_cdk import aws_ec2 as ec2
    from constructs import Construct, Node
    from typing_extensions import Self, Unpack

_CHECK = "{}: ValidateOutput"
_REFUSED = "{}: InvalidOutput"
_LONGEST_ID = LONGEST_STATE_NAME - len(_CHECK.format(""))


class JobArguments(TaskArguments, total=False):
    """Arguments that every job takes, besides the fields of its request."""

    output_check: OutputCheck | None
    """Default: `OutputCheck.completed()`. None: the job goes on whatever its output is."""
    reuse: Reuse | None
    """Lets the job not run where its result is there already. Default: as the pipeline around it says; None: it runs
    each time."""


@jsii.implements(iam.IGrantable, Connectable)
class SageMakerJob(CheckedFragment, JobMetrics, InEitherLanguage, KnownToCdk):
    """A SageMaker job that is retried where that helps, and whose output is checked before the state machine goes on.

    Three states: the task, named like the construct; a Choice, `<id>: ValidateOutput`; and a Fail, `<id>:
    InvalidOutput`, in whose place the `FailureHandler` stands where there is one. What is chained after the job becomes
    the Choice's accepted branch; a job with nothing after it ends in a Succeed. Use the class of the job
    (`TrainingJob`, ...), whose arguments are typed; this one is what they have in common.

    Args:
        scope: Any construct in a stack.
        construct_id: Also the name of the state and the key of its result; at most 64 characters.
        action: A row of `constructs_sm.actions.ACTIONS`.
        given: Fields of the request that typed arguments said.
        defaults: Gives the fields that fill a request, as far as it is there.
        problems: What the class has found wrong with its arguments.
        runs_under: The job whose role serves this one, where the API takes none.
        make: What the job makes in itself once nothing is wrong: it gives what stands for that in the request until
            then, and what it is.
        arguments: See `JobArguments`.

    Raises:
        InvalidInputError: With everything that is wrong; nothing has been made then.

    Grants: see `SageMakerTask`.
    """

    _ARGUMENT_OF: ClassVar[Mapping[str, str]] = {}
    """Argument that says a field that SageMaker requires, by its path in the request."""
    _task: JobTask
    _connections: ec2.Connections | None = None

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        action: Action,
        given: Mapping[str, Any] | None = None,
        defaults: Defaults | None = None,
        problems: Sequence[Problem] = (),
        runs_under: SageMakerJob | None = None,
        make: Callable[[Construct], Mapping[str, str]] | None = None,
        **arguments: Unpack[JobArguments],
    ) -> None:
        own = {"given": given, "defaults": defaults, "problems": problems, "runs_under": runs_under, "make": make}
        if wrong := wrong_of_class(own):
            raise InvalidInputError(where_of(type(self).__name__, scope, construct_id), wrong)
        check = arguments.pop("output_check", COMPLETED)
        reuse = reuse_plan_of(scope, construct_id, arguments)
        plan = TaskPlan(
            type(self).__name__,
            scope,
            construct_id,
            action,
            arguments,
            given=given,
            defaults=defaults,
            own_arguments=["output_check", "reuse", *_parameters_of(type(self))],
            check=check,
            whole_request=True,
            longest_id=_LONGEST_ID if check is not None else LONGEST_STATE_NAME,
            role_is_foreign=runs_under is not None and not runs_under.shares_the_role,
            argument_of=self._ARGUMENT_OF,
            problems=problems,
            reuse=reuse,
        )
        plan.check()
        super().__init__(scope, construct_id, state_name=arguments.get("state_name"))
        in_vpc = plan.request.has(GROUPS)
        self._groups = groups_in(given) if in_vpc else []
        state = self._checked(plan, {**({} if make is None else mapping_of("make", make(self))), **self._made_groups()})
        artifact = None
        if state.reuse is not None:
            artifact = self._artifact(state)
            state = state.with_grants(*reuse_grants(self, state, state.reuse.reuse, artifact))
        self._state = state
        self._runs_under = runs_under
        self._task = task_of(self, construct_id, state)
        state.scope.output_order.jobs[state.identity] = self
        if "node" in vars(self):
            self.node.default_child = self._task
        if in_vpc:
            self._admit_instances()
        self._retried = arguments.get("retry") != ()
        self._follower: sfn.State | None = None
        self._describing: Describing | None = None
        self._choice = self._checked_by(check) if check is not None else None
        self._reusing = self._reused(artifact)

    def _made_groups(self) -> dict[str, str]:
        """Make the security groups of the job's own: what stands for each, and its id."""
        self._own_groups: list[ec2.SecurityGroup] = []
        if not self._groups:
            return {}
        own = list(dict.fromkeys(group for group in self._groups if isinstance(group, OwnSecurityGroup)))
        made = {group: group.make(self, number) for number, group in enumerate(own, 1)}
        self._own_groups += made.values()
        self._groups = [made.get(group, group) for group in self._groups] if own else self._groups
        return {stand_in.security_group_id: group.security_group_id for stand_in, group in made.items()}

    def _admit_instances(self) -> None:
        """Let several instances of the job talk to each other in groups that are ours."""
        ours = self._own_groups or self._state.scope.groups_of(groups_in(self._state.request))
        if ours and works_together(self._state.request):
            for group in ours:
                admit_members(group)

    def _checked(self, plan: TaskPlan, made: Mapping[str, str] | None) -> TaskState:
        """The task of a plan that has been checked."""
        return plan.state(made)

    def _checked_by(self, check: OutputCheck) -> sfn.Choice:
        action = self._state.action
        output, before = self._to_check()
        self._output_check, self._checked_output = check, output
        # What may be missing is met, and left out, in JSONata only, which Step Functions allows state by state.
        in_jsonata = output.jsonata or not check.arn_only
        self._rule = (
            holds(check.condition(action, output)) if in_jsonata else Rule(check.documented_rule(action, output))
        )
        for field in check.described(action, output):
            self._state.found(field)
        language = sfn.QueryLanguage.JSONATA if in_jsonata else None
        choice = Check(self, _CHECK.format(self._state_name), language, self)
        before.next(choice)
        return choice

    def _to_check(self) -> tuple[Output, sfn.INextable]:
        """Output that is checked, and the state before the check."""
        output = self._state.output
        assert output is not None  # noqa: S101  (the plan has refused a check of an output that is not kept)
        return output, self._task

    @property
    def task(self) -> SageMakerTask:
        """The Task state."""
        return self._task

    @property
    def resource_name(self) -> JobOutput:
        """The name SageMaker knows the job or resource by: literal, or late-bound for a state that runs after it."""
        return self._state.resource_name()

    @property
    def resource_arn(self) -> JobOutput:
        """The ARN SageMaker gives it, for a state that runs after it."""
        return self._state.later(self._state.action.arn_field)

    def output_field(self, path: str) -> JobOutput:
        """Any field of the output, for a state that runs after it: dotted, as `LabelCounters.TotalLabeled`.

        Raises:
            InvalidInputError: SageMaker's model knows no such field, or it is not kept.
        """
        if not isinstance(path, str):
            problem = Problem(
                "a field of the output is named by a text", path, "pass 'ModelArtifacts'", "argument-type"
            )
            raise InvalidInputError(where_of(type(self).__name__, self), [problem])
        name = self._state.identity.path
        refuse(self, f"output of '{name}'", self._state.unknown(path), path=name)
        return self._state.result(path)

    @property
    def execution_role(self) -> iam.IRole:
        """The role SageMaker runs the job under: the one given, the one made for this stack, or that of its model.

        Raises:
            InvalidInputError: The API takes no role, or this request names none.
        """
        if self._state.role is not None:
            return self._state.role
        if not self._state.own_role and self._runs_under is not None:
            return self._runs_under.execution_role
        if not self._state.own_role:
            use = (
                "use iam.Role.from_role_arn with the one in parameters"
                if self._state.action.role_path
                else "grant to the role of the model"
            )
            where = where_of(type(self).__name__, self)
            raise InvalidInputError(
                where, [Problem("no execution role of ours", NOTHING, use, "execution-role-of-ours")]
            )
        return self._state.scope.execution_role()

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The execution role, for grants: `bucket.grant_read(job)`. Of a job without one, that of its model."""
        return self.execution_role.grant_principal

    @property
    def connections(self) -> ec2.Connections:
        """The security groups of the job, for connections: `database.connections.allow_default_port_from(job)`.

        Raises:
            InvalidInputError: It is in no VPC, or in groups that are known at run time only.
        """
        if self._connections is None:
            ids = groups_in(self._state.request)
            known = [group for group in self._groups if offers(group, "security_group_id")]
            self._connections = connections_of(self, ids, [*known, *self._state.scope.groups_of(ids)])
        return self._connections

    def add_security_group(self, security_group: ec2.ISecurityGroup) -> None:
        """Put the job into one security group more. Its connections are of that too, from now on.

        Raises:
            InvalidInputError: It is in no VPC or in several, or a state machine or Map has the task already.
        """
        connections = self.connections
        groups = [*connections.security_groups, security_group]
        path = groups_path(self, self._state.request, self._state.action.vpc_path)
        self.add_parameter_override(path, [group.security_group_id for group in groups])
        connections.add_security_group(security_group)

    @cached_property
    def node(self) -> Node:
        """The node of the construct tree, whose default child is the task."""
        node = super().node
        if "_task" in vars(self):
            node.default_child = self._task
        return node

    def add_override(self, path: str, value: Any) -> Self:
        """Set a field of the Task state to anything: see `SageMakerTask.add_override`."""
        self._task.add_override(path, value)
        return self

    def add_deletion_override(self, path: str) -> Self:
        """Leave a field of the Task state out."""
        self._task.add_deletion_override(path)
        return self

    def add_parameter_override(self, path: str, value: Any) -> Self:
        """Set a field of the request to anything: see `SageMakerTask.add_parameter_override`."""
        self._task.add_parameter_override(path, value)
        return self

    def add_parameter_deletion_override(self, path: str) -> Self:
        """Leave a field of the request out."""
        self._task.add_parameter_deletion_override(path)
        return self

    @property
    def shares_the_role(self) -> bool:
        """Tell whether SageMaker runs it under the role that was made for this stack."""
        return self._state.own_role

    @property
    def start_state(self) -> sfn.State:
        return self._task if self._reusing is None else self._reusing.first

    @property
    def _calls(self) -> Sequence[Any]:
        return [self._task]

    def _reused(self, artifact: Artifact | None) -> Reusing | None:
        """Make the states that look for the result of the job, and keep it; None if it runs each time."""
        if self._state.reuse is None:
            return None
        made = Reusing(
            self, self._state_name, self._state, check=self._output_check, places=self._written, artifact=artifact
        )
        made.stand_before(self._task)
        return made

    def _written(self) -> Mapping[str, str]:
        """The places that the job writes to, by name, that its output does not tell."""
        return {}

    def _artifact(self, state: TaskState) -> Artifact | None:  # noqa: ARG002  (for those that leave one)
        """Name the thing that the job leaves in S3; None: nothing is known of it."""
        return None

    def _accept(self, state: sfn.State) -> None:
        if self._reusing is not None:
            self._reusing.lead_to(state)
            state = self._reusing.keep
        if self._choice is None:
            self._follower = state
            self._task.next(state)
        else:
            self._choice.when(self._rule, state, outputs=self._accepted_output)

    def _described(self) -> Describing | None:
        """Make the states that read what later states ask for and the output does not hold, if there is such."""
        undone_by(self._forget_description)
        description = self._state.identity.description
        description.is_read = True
        if not description:
            return None
        made = self._describing = Describing(self, self._state_name, self._state, retried=self._retried)
        for state in made.made:
            self._prefixed(state, self._task)
        if self._choice is not None:
            check = self._output_check
            judged = None if check.arn_only else check.condition(self._state.action, self._checked_output)
            made.lead_to(self._choice, accepted=judged)
        elif self._follower is not None:
            made.lead_to(self._follower)
        return made

    def _forget_description(self) -> None:
        made, self._describing = self._describing, None
        self._state.identity.description.is_read = False
        for name in DESCRIBING if made is not None else ():
            self.node.try_remove_child(name.format(self._state_name))

    def _close(self) -> None:
        if self._choice is None:
            return
        self._succeed(self._task)
        self._turn_away(self._choice)

    def _close_description(self) -> None:
        """Say where the execution goes if the job cannot be described, or what is asked for is missing."""
        made = self._describing
        if made is None:
            return
        if self._task.refusals is None and (fail := made.turn_away()) is not None:
            self._prefixed(fail, self._task)
        for handler, errors, settings in self._task.catchers:
            made.task.add_catch(handler, errors=errors, **settings)
        self._hand_description_over()

    def _hand_description_over(self) -> None:
        """Let what handles failures of the task have those of its description."""
        if self._describing is not None and self._task.refusals is not None:
            self._describing.hand_over(*self._task.refusals, self._task.prefixed_name)
            self._task.catch_beside(self._describing.task)

    @property
    def _accepted_output(self) -> str | None:
        """Input of the state after the check, where that is not all that the check has got (JSONata)."""
        return self._state.trimmed

    @property
    def _refusals(self) -> tuple[sfn.State, str] | None:
        """Handler of a refused output in place of the Fail. That of the documented rule goes to the documented Fail."""
        return None if self._output_check.arn_only else self._task.refusals

    def _turn_away(self, choice: sfn.Choice) -> None:
        """Say where the check leads whose output is not accepted."""
        if self._refusals is None:
            choice.otherwise(self._fail())
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        """Let what handles failures have a refused output, also where the Choice has its Fail already, as in a Map."""
        if self._choice is None or self._refusals is None:
            return
        handler, variable = self._refusals
        failure = self._output_check.failure(self._state.action, replace(self._checked_output, jsonata=True))
        output = {"Error": failure["error"], "Cause": failure["cause"]}
        assigned = {variable: {"job": self._task.prefixed_name, "output": output}}
        # The last rule: a default could not set the variable.
        self._choice.when(always(), handler, assign=assigned)

    def _fail(self) -> sfn.Fail:
        """The Fail that a refused output ends in: made for those that nothing handles."""
        output = self._checked_output
        failure = self._output_check.failure(self._state.action, output, self._state_name)
        # That of a job in JSONPath says nothing: the CDK would refuse it in a JSONata state machine before we can.
        name = _REFUSED.format(self._state_name)
        language = sfn.QueryLanguage.JSONATA if output.jsonata else None
        fail = sfn.Fail(self, name, query_language=language, **failure)
        undone_by(lambda: self.node.try_remove_child(fail.node.id))
        return self._prefixed(fail, self._task)


@cache
def _parameters_of(job: type[SageMakerJob]) -> list[str]:
    return [name for name in inspect.signature(job.__init__).parameters if name not in _INTERNAL]


_INTERNAL = {
    "self",
    "scope",
    "construct_id",
    "action",
    "given",
    "defaults",
    "problems",
    "runs_under",
    "make",
    "arguments",
}
