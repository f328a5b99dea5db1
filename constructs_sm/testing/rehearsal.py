"""Rehearsal: one AWS account, one state machine role, and the executions of a state machine against them."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from constructs_sm.language.machines import states_of
from constructs_sm.testing.drill import drill
from constructs_sm.testing.interpreter import Interpreter, Setting
from constructs_sm.testing.moto_account import Account
from constructs_sm.testing.permissions import permissions_of, scenarios
from constructs_sm.testing.run import Run, recent
from constructs_sm.testing.source.machine import ACCOUNT, REGION, Machine, machine_of
from constructs_sm.testing.source.resource_names import partition_of
from constructs_sm.testing.world.answers import Answers
from constructs_sm.testing.world.apis import ACTION_OF
from constructs_sm.testing.world.calls import Call, RehearsalError, TaskError, UnansweredError
from constructs_sm.testing.world.needs import SOME, Need, is_sagemaker
from constructs_sm.testing.world.role import Role
from constructs_sm.testing.world.sagemaker import SageMaker
from constructs_sm.testing.world.steps import Always, Failed, TimedOut

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from constructs_sm.testing.history import Moment
    from constructs_sm.testing.permissions import Permissions
    from constructs_sm.testing.run import Finding
    from constructs_sm.testing.world.role import Asked
    from constructs_sm.testing.world.steps import Step

    from typing_extensions import Self


class Rehearsal:
    """Run state machines offline; nothing sleeps, and nothing outside the ``with`` block changes.

    Args:
        policy: Statements (or documents) of the state machine role; None allows everything.
        region: Where it runs.
        account: Likewise.
        job_seconds: How long a job runs, in virtual time, that no step says otherwise of.
        describes: How often DescribeEndpoint says of a new endpoint that it is still being made.
        moto: Services whose tasks go to moto: `("sqs", "sns")`. Make what they use with boto3 inside the block.
        watch: Told each line of the timeline as it comes.
        lenient: Go on where the policy does not suffice, so that one run finds all that is missing.
    """

    def __init__(
        self,
        policy: Any = None,
        *,
        region: str = REGION,
        account: str = ACCOUNT,
        job_seconds: float = 60,
        describes: int = 1,
        moto: Sequence[str] = (),
        lenient: bool = False,
        watch: Callable[[Moment], None] | None = None,
        _machine: Machine | None = None,
    ) -> None:
        machine = _machine or Machine(definition={})
        self._options: dict[str, Any] = {
            "region": region,
            "account": account,
            "job_seconds": job_seconds,
            "describes": describes,
            "moto": moto,
        }
        self._machine = machine
        may = machine.policy if policy is None else policy
        self.role = Role(may, machine.trusts, keys=machine.keys, lenient=lenient)
        self._interpreter = Interpreter(
            self._play,
            items=self._items,
            map_run=self._map_run,
            results=self._results,
            moto_services=moto,
            watch=watch,
        )
        self._sagemaker = SageMaker(
            self.role, job_seconds=job_seconds, describes=describes, note=self._interpreter.note
        )
        self._answers = Answers(self.role)
        arn = machine.arn or f"arn:{partition_of(region)}:states:{region}:{account}:stateMachine:{machine.name}"
        self._setting = Setting(machine_arn=arn, region=region, account=account)
        self._open = contextlib.ExitStack()
        self._is_open = False

    @classmethod
    def of(
        cls,
        source: Any,
        *,
        stack: str | None = None,
        machine: str | None = None,
        region: str | None = None,
        account: str | None = None,
        parameters: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Self:
        """The rehearsal of a stack, a template, a `cdk.out` or a definition, under the role that its template has.

        Args:
            source: The stack; or a template or definition as a mapping, as JSON, or as the path of a file; or the path
                of a cloud assembly.
            stack: Which stack of a cloud assembly. Default: the one that has a state machine.
            machine: Logical id of the state machine. Default: the only one.
            region: Where it is to run. Default: where its stack is for, and us-east-1 if that is not known.
            account: Likewise; 123456789012.
            parameters: Values for the parameters of a template, or for the placeholders of a definition.
            **options: As of a `Rehearsal`; `policy` in place of the template's.

        Raises:
            InvalidInputError: There is no state machine, or not only one.
        """
        found = machine_of(source, stack=stack, machine=machine, region=region, account=account, parameters=parameters)
        return cls(region=found.region, account=found.account, _machine=found, **options)

    @property
    def machine(self) -> Machine:
        """The state machine that is rehearsed."""
        return self._machine

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            opened.enter_context(Account())
            opened.enter_context(self._interpreter)
            self._open = opened.pop_all()
        self._is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False
        self._open.close()

    def script(self, target: str, *steps: Step | Always) -> Self:
        """Let the next attempts of *target* go as *steps* say, one each; after the last step calls succeed.

        Args:
            target: Name of a state, or of an API ("createTrainingJob") for every state without steps of its own.
            *steps: What happens, such as ``Throttled()`` or ``Failed("reason")``.
        """
        self._sagemaker.script(target, *steps)
        return self

    def answer(self, state: str, *answers: Any) -> Self:
        """Let the task of another service yield *answers*, one an attempt; after that always the last.

        Args:
            state: Name of a state that calls Lambda, SNS, S3, Glue, another state machine, or waits for a task token;
                or of a Map state that reads its items from S3: then the answer is the items.
            *answers: The task's result as Step Functions hands it on; or a function of its request; or a `TaskError`;
                or `TimedOut()` or `NoHeartbeat()`, where nobody ever answers.
        """
        self._answers.answer(state, *answers)
        return self

    def exists(self, kind: str, name: str) -> Self:
        """Let something be in the account before any run: `exists("endpoint", "churn")`."""
        self._sagemaker.exists(kind, name)
        return self

    def start(self, execution_input: Any = None, **options: Any) -> Run:
        """Execute the state machine that the rehearsal is of; *options* as of `run`."""
        if not self._machine.definition:
            message = "the rehearsal is of no state machine; make it with Rehearsal.of(...), or call run(definition)"
            raise RehearsalError(message)
        return self.run(self._machine.definition, execution_input, **options)

    def run(
        self,
        definition: Mapping[str, Any] | str,
        execution_input: Any = None,
        *,
        timeout_seconds: float = 60,
        abort_after_seconds: float | None = None,
    ) -> Run:
        """Execute *definition*; jobs of earlier runs in this rehearsal keep their names.

        Args:
            definition: Amazon States Language.
            execution_input: The execution's input. Default: {}.
            timeout_seconds: How long the rehearsal may really take.
            abort_after_seconds: When somebody aborts the execution, in virtual time. Default: nobody does.

        Raises:
            InvalidDefinitionError: Step Functions would not take the definition.
            UnansweredError: A state calls another service, and has no answer.
            TimeoutError: It took too long.
        """
        self._check_open()
        machine = json.loads(definition) if isinstance(definition, str) else definition
        self._check_script(machine)
        records: list[list[Any]] = [self._sagemaker.requests, self._sagemaker.left_running, self._answers.calls]
        marks = [len(record) for record in records]
        execution = self._interpreter.run(
            machine,
            {} if execution_input is None else execution_input,
            self._setting,
            timeout_seconds=timeout_seconds,
            abort_after_seconds=abort_after_seconds,
        )
        history = execution.history
        requests, left_running, calls = (record[mark:] for record, mark in zip(records, marks, strict=True))
        run = Run(
            status=execution.status,
            output=execution.output,
            error=execution.error,
            cause=execution.cause,
            states=history.states,
            waits=history.retry_waits,
            pauses=history.state_waits,
            requests=requests,
            left_running=left_running,
            calls=calls,
            seconds=execution.seconds,
            history=history,
            reckoned_with=dict(_caught_by_name(machine)),
        )
        recent.append(run)
        return run

    def permissions(self, *inputs: Any) -> Permissions:
        """What the role is missing, and which of its grants no rehearsal needs.

        The state machine is rehearsed with each of *inputs* (default: {}), as the script says; and so that each of its
        jobs fails, and each that it waits for never ends. What the script says is used up by the first rehearsal.
        """
        if self._machine.policy is None and self.role.policy is None:
            message = "nothing says what the role may: rehearse a stack or a template with the role, or give policy="
            raise RehearsalError(message)
        states = dict(tasks_of(self._machine.definition))
        reached: set[str] = set()
        asked: list[Asked] = []
        failures = {"fails": Failed(), "never ends": TimedOut()}
        for given in inputs or ({},):
            for state, what in [("", ""), *scenarios(states)]:
                wrong = (state, Always(failures[what])) if state else None
                with self._again(wrong, lenient=True) as other:
                    reached |= set(other.start(given).states)
                asked += other.role.asked
        return permissions_of(
            self.role.policy,
            asked,
            own_actions=self._machine.own_actions,
            unreached=[state for state in states if state not in reached],
            unread=self._machine.unread_policies,
        )

    def drill(self, execution_input: Any = None) -> list[Finding]:
        """Find what the state machine does wrong when its jobs are throttled, fail, stop, never end or return little.

        Each failure is rehearsed once for each state, before what the script says of it. An empty list is what to aim
        at.
        """

        def run(state: str = "", step: Step | Always | None = None, *, times: int = 1) -> Run:
            with self._again(None if step is None else (state, step)) as other:
                for _ in range(times - 1):
                    other.start(execution_input)
                    self._hand_over_script(other)
                return other.start(execution_input)

        return list(dict.fromkeys(drill(dict(tasks_of(self._machine.definition)), run)))

    @contextlib.contextmanager
    def _again(self, wrong: tuple[str, Step | Always] | None, *, lenient: bool = False) -> Iterator[Rehearsal]:
        """The same rehearsal from its beginning, in the block that is open, and what goes *wrong* in a state."""
        self._check_open()
        other = Rehearsal(self.role.policy, lenient=lenient, _machine=self._machine, **self._options)
        self._hand_over_script(other)
        if wrong is not None:
            other._sagemaker.befall(*wrong)
        with other._interpreter:
            other._is_open = True
            yield other

    def _hand_over_script(self, other: Rehearsal) -> None:
        """Let *other* say of SageMaker and of everybody else what this says, as far as it has not been played."""
        other._sagemaker.take_over(self._sagemaker)
        other._answers.take_over(self._answers)

    def _check_open(self) -> None:
        if not self._is_open:
            message = "rehearse inside the block: with Rehearsal(...) as rehearsal"
            raise RehearsalError(message)

    def _play(self, call: Call) -> Any:
        return self._sagemaker(call) if is_sagemaker(call) else self._answers(call)

    def _items(self, state: str, request: Mapping[str, Any]) -> list[Any] | None:
        """The items of a Map state that reads them: from the script, or else from moto's S3 if it has them."""
        bucket = str(request.get("Bucket", ""))
        listing = str(request["Resource"]).endswith(":listObjectsV2")
        arn = f"arn:{partition_of(self._setting.region)}:s3:::{bucket}"
        prefix = {"s3:prefix": str(request.get("Prefix", ""))}
        need = (
            Need("s3:ListBucket", arn, prefix) if listing else Need("s3:GetObject", f"{arn}/{request.get('Key', '')}")
        )
        if self.role.refused(state, [need]):
            raise TaskError("States.ItemReaderFailed", f"The role of the state machine is not authorized: {need}")
        items = self._answers.items_of(state)
        if items is None and not _is_in_s3(request, listing=listing):
            where = f"s3://{bucket}/{request.get('Key', request.get('Prefix', ''))}"
            message = (
                f"Map state {state!r} reads its items from {where}, which is not there; "
                f"answer({state!r}, [...]) with them, or put them into moto's S3"
            )
            raise UnansweredError(message)
        return items

    def _map_run(self, state: str) -> None:
        """Ask whether the role may run a distributed Map: each of its children is an execution of the state machine."""
        arn = self._machine.arn
        child = f"{arn.replace(':stateMachine:', ':execution:')}:{state}" if arn else SOME
        if need := self.role.refused(state, [Need("states:StartExecution", arn or SOME)]):
            raise TaskError("States.Permissions", f"The role of the state machine is not authorized: {need}")
        for verb in ("Describe", "Stop"):
            self.role.refused(state, [Need(f"states:{verb}Execution", child)])

    def _results(self, state: str, bucket: str, key: str) -> None:
        """Ask whether the role may write the results of a Map, which may take an upload in parts."""
        arn = f"arn:{partition_of(self._setting.region)}:s3:::{bucket}/{key}"
        actions = ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload")
        if need := self.role.refused(state, [Need(f"s3:{action}", arn) for action in actions]):
            raise TaskError("States.ResultWriterFailed", f"The role of the state machine is not authorized: {need}")

    def _check_script(self, definition: Mapping[str, Any]) -> None:
        states = dict(tasks_of(definition))
        played = {name for name, resource in states.items() if ":sagemaker:" in resource}
        if unknown := [target for target in self._sagemaker.scripted if target not in {*ACTION_OF, *played}]:
            message = f"the script is for {unknown}, but the definition's SageMaker states are {sorted(played)}"
            raise LookupError(message)
        if unknown := [state for state in self._answers.answered if state not in states]:
            message = f"there are answers for {unknown}, but the definition's tasks are {sorted(states)}"
            raise LookupError(message)


def _is_in_s3(request: Mapping[str, Any], *, listing: bool) -> bool:
    client = boto3.client("s3", "us-east-1")
    try:
        if listing:
            return bool(client.list_objects_v2(Bucket=request["Bucket"], Prefix=request.get("Prefix", ""))["KeyCount"])
        client.head_object(Bucket=request["Bucket"], Key=request["Key"])
    except ClientError:
        return False
    return True


def tasks_of(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and Resource of each state that calls something, inside others too; of a Map that of its ItemReader."""
    for name, state in states_of(definition):
        if resource := state.get("Resource", state.get("ItemReader", {}).get("Resource")):
            yield name, resource


def _caught_by_name(definition: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    """The errors that each state's catchers name, wildcards left out."""
    for name, state in states_of(definition):
        named = {error for catcher in state.get("Catch", ()) for error in catcher["ErrorEquals"]}
        yield name, frozenset(named - _WILDCARDS)


_WILDCARDS = {"States.ALL", "States.TaskFailed"}
