"""Rehearsal: one AWS account, one state machine role, and the executions of a state machine against them."""

from __future__ import annotations

import json
import os
import random
import warnings
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from constructs_sm.interpreter.execution import Execution, Setting
from constructs_sm.interpreter.machines import Machine as Prepared
from constructs_sm.interpreter.sections import WHOLE, Section, section_of
from constructs_sm.language.arns import partition_of
from constructs_sm.language.error_names import WILDCARDS
from constructs_sm.language.errors import raise_unless
from constructs_sm.language.flow import LOOKS
from constructs_sm.language.machines import states_of
from constructs_sm.testing.drill import drill_runs
from constructs_sm.testing.permissions import permissions_of, scenarios
from constructs_sm.testing.playing import Playing
from constructs_sm.testing.source.machine import ACCOUNT, REGION, Machine, machine_of
from constructs_sm.testing.ways import Ways
from constructs_sm.testing.world.account import Account
from constructs_sm.testing.world.apis import ACTION_OF
from constructs_sm.testing.world.errors import RehearsalError
from constructs_sm.testing.world.needs import perhaps_needed
from constructs_sm.testing.world.role import Role, Standing
from constructs_sm.testing.world.script_addresses import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from constructs_sm.interpreter.history import Moment
    from constructs_sm.testing.drill import DrillRun
    from constructs_sm.testing.permissions import Permissions
    from constructs_sm.testing.run import Finding, Run
    from constructs_sm.testing.world.role import Asked
    from constructs_sm.testing.world.steps import Always, Step

    from typing_extensions import Self


class Rehearsal:
    """Run state machines offline; nothing sleeps, and nothing outside the ``with`` block changes.

    Args:
        policy: Statements (or documents) of the state machine role; None allows everything.
        region: Where it runs.
        account: Likewise.
        job_seconds: How long a job runs, in virtual time, that no step says otherwise of.
        describes: How often DescribeEndpoint says of a new endpoint that it is still being made.
        files: A folder with what is in S3, as `bucket/key`: a Map reads its items there that has no answer for them.
        watch: Told each line of the timeline as it comes.
        lenient: Go on where the policy does not suffice, so that one run finds all that is missing.
        seed: The beginning of chance (names, jitter): with the same, the same happens. Default: another each time.
    """

    def __init__(
        self,
        policy: Any = None,
        *,
        region: str = REGION,
        account: str = ACCOUNT,
        job_seconds: float = 60,
        describes: int = 1,
        files: str | os.PathLike[str] | None = None,
        lenient: bool = False,
        watch: Callable[[Moment], None] | None = None,
        seed: int | None = None,
        _machine: Machine | None = None,
    ) -> None:
        given = {"region": region, "account": account}
        raise_unless(
            "Rehearsal",
            **{name: (each, str, "a text") for name, each in given.items()},
            job_seconds=(job_seconds, (int, float), "a number of seconds"),
            describes=(describes, int, "a whole number"),
            **({} if files is None else {"files": (files, (str, os.PathLike), "the path of a folder")}),
            **({} if seed is None else {"seed": (seed, int, "a whole number")}),
        )
        machine = _machine or Machine(definition={})
        self._options: dict[str, Any] = {
            "region": region,
            "account": account,
            "job_seconds": job_seconds,
            "describes": describes,
            "files": files,
        }
        self._machine = machine
        self._policy = policy
        self._watch = watch
        self._draws = random.getrandbits if seed is None else random.Random(seed).getrandbits  # noqa: S311 - no secret
        may = machine.policy if policy is None else policy
        arn = machine.arn or f"arn:{partition_of(region)}:states:{region}:{account}:stateMachine:{machine.name}"
        standing = Standing(
            arn=machine.role,
            machine=machine.arn,
            trusts=machine.trusts,
            others=machine.others,
            boundary=machine.boundary,
            unread_boundary=machine.unread_boundary,
            unread=machine.unread_policies if policy is None else (),
            keys=machine.keys,
            made_up=machine.made_up,
        )
        self.role = Role(may, standing, lenient=lenient)
        self._account = Account(
            self.role,
            region=region,
            account=account,
            files=files,
            job_seconds=job_seconds,
            describes=describes,
        )
        self._setting = Setting(machine_arn=arn, region=region, account=account)
        self._prepared: Prepared | None = None
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
            InvalidDefinitionError: Step Functions would not create it.

        Warns:
            UserWarning: Of each mistake that Step Functions takes, such as `$eval`, which always fails.
        """
        found = machine_of(source, stack=stack, machine=machine, region=region, account=account, parameters=parameters)
        rehearsal = cls(region=found.region, account=found.account, _machine=found, **options)
        for mistake in rehearsal._ready(found.definition).warned_of:
            warnings.warn(f"Step Functions takes it, but {mistake}", stacklevel=2)
        return rehearsal

    @property
    def machine(self) -> Machine:
        """The state machine that is rehearsed."""
        return self._machine

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._is_open = False

    def script(self, target: str, *steps: Step | Always) -> Self:
        """Let the next attempts of *target* go as *steps* say, one each; after the last step calls succeed.

        Args:
            target: Name of a state, or of an API ("createTrainingJob") for every state without steps of its own.
            *steps: What happens, such as ``Throttled()`` or ``Failed("reason")``.
        """
        self._account.sagemaker.script(target, *steps)
        return self

    def answer(self, state: str, *answers: Any) -> Self:
        """Let the task of another service yield *answers*, one an attempt; after that always the last.

        Args:
            state: Name of a state that calls Lambda, SNS, S3, Glue, another state machine, or waits for a task token;
                or of a Map state that reads its items from S3: then the answer is the items.
            *answers: The task's result as Step Functions hands it on; or a function of its request; or a `TaskError`;
                or `TimedOut()` or `NoHeartbeat()`, where nobody ever answers.
        """
        self._account.answers.answer(state, *answers)
        return self

    def exists(self, kind: str, name: str) -> Self:
        """Let something be in the account before any run: `exists("endpoint", "churn")`."""
        self._account.sagemaker.exists(kind, name)
        return self

    def let_pass(self, seconds: float) -> Self:
        """Let time pass before the runs that are begun from here on: what was kept grows old."""
        self._setting = replace(self._setting, later=self._setting.later + seconds)
        return self

    def recorded(self) -> list[tuple[str, Any]]:
        """Record from now on what each attempt of a task yields: its address, and the result or the TaskError.

        The address is as in a script: `Train`, or `Train[2]` in the third iteration of a Map. With it goes what Maps
        read, and where they write.
        """
        record: list[tuple[str, Any]] = []
        self._account.yielded = record
        return record

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
        start_at: str | None = None,
        stop_before: str | None = None,
        state_input: Any = WHOLE.state_input,
        variables: Mapping[str, Any] | None = None,
    ) -> Run:
        """Execute *definition*; jobs of earlier runs in this rehearsal keep their names.

        Args:
            definition: Amazon States Language.
            execution_input: The execution's input. Default: {}.
            timeout_seconds: How long the rehearsal may really take.
            abort_after_seconds: When somebody aborts the execution, in virtual time. Default: nobody does.
            start_at: A state to start at, of the outermost level. Default: where the state machine does.
            stop_before: A state to stop before, wherever it is: the run is STOPPED, and its output is the input of
                that state. Default: it runs to its end.
            state_input: The input of the state to start at. Default: the execution's.
            variables: The variables that there are when it starts, as an earlier run's `variables`.

        Raises:
            InvalidDefinitionError: Step Functions would not take the definition.
            InvalidInputError: There is no such state to start at, or to stop before.
            UnansweredError: A state calls another service, and has no answer.
            TimeoutError: It took too long.
        """
        self._check_open()
        machine = json.loads(definition) if isinstance(definition, str) else definition
        self._check_script(machine)
        section = Section(
            start_at=start_at, stop_before=stop_before, state_input=state_input, variables=variables or {}
        )
        playing = self._begun(machine, execution_input, abort_after_seconds=abort_after_seconds, section=section)
        return playing.run(timeout_seconds=timeout_seconds)

    def _begun(
        self,
        definition: Mapping[str, Any],
        execution_input: Any,
        *,
        abort_after_seconds: float | None = None,
        section: Section = WHOLE,
    ) -> Playing:
        """An execution that has not gone on yet."""
        execution = Execution(
            self._ready(definition),
            {} if execution_input is None else execution_input,
            self._account,
            replace(self._setting, seed=self._draws(64)),
            watch=self._watch,
            abort_after_seconds=abort_after_seconds,
            section=section if section is WHOLE else section_of(definition, section),
        )
        return Playing(execution, self._account, dict(_caught_by_name(definition)), watch=self._watch)

    def _ready(self, definition: Mapping[str, Any]) -> Prepared:
        """*definition*, checked and made ready to run: once, where it is that of the rehearsal."""
        if definition is not self._machine.definition:
            return Prepared.of(definition, express=self._machine.express)
        if self._prepared is None:
            self._prepared = Prepared.of(definition, express=self._machine.express)
        return self._prepared

    def permissions(self, *inputs: Any, **part: Any) -> Permissions:
        """Find what the role is missing, and which of its grants no rehearsal needs.

        The state machine is rehearsed with each of *inputs* (default: {}), as the script says; and so that each of its
        jobs fails, each that it waits for never ends, and each call of another service fails; and so that all that it
        describes is in each of its states. What the script says is used up by the first rehearsal.

        Args:
            *inputs: Inputs of the execution.
            **part: The part that is rehearsed: `start_at`, `stop_before`, `state_input` and `variables` as of `run`.
        """
        if self._machine.policy is None and self.role.policy is None:
            message = "nothing says what the role may: rehearse a stack or a template with the role, or give policy="
            raise RehearsalError(message)
        self._check_open()
        definition, section = self._machine.definition, self._section(part)
        states = dict(tasks_of(definition))
        runs: list[Run] = []
        ends: list[str] = []
        asked: list[Asked] = []
        possible: dict[str, None] = {}
        wrong = scenarios(states, dict(_caught_by_name(self._machine.definition)))
        for given in inputs or ({},):
            other = self._again(lenient=True)
            begun = partial(other._begun, definition, given, section=section)  # noqa: SLF001 - another of its kind
            ways = Ways(begun(), {state for state, _ in wrong})
            runs.append(ways.well)
            ends += [] if ways.well.went_well else [ways.well.end]
            runs += [ways.befallen(state, what) for state, what in wrong if state in ways]
            if any(":sagemaker:describe" in resource for resource in states.values()):
                # Once more, where all that it has made is there.
                other._account.take_over(self._account)  # noqa: SLF001 - another of its kind
                runs.append(begun().run())
            if any(state.endswith(LOOKS) for state in states):
                # Twice, so that what is kept of one run is there for the next.
                runs += [begun().run() for _ in range(2)]
            asked += other.role.asked
            possible |= other.role.possible
        reached = {one.state for one in asked}.union(*(run.called for run in runs))
        return permissions_of(
            self.role,
            asked,
            not_judged=[*self._machine.own_actions, *possible],
            unreached={state: perhaps_needed(resource) for state, resource in states.items() if state not in reached},
            unread=self._machine.unread_policies,
            ends=ends,
        )

    def drill(self, execution_input: Any = None, **part: Any) -> list[Finding]:
        """Find what the state machine does wrong when what it calls is throttled, fails, never ends or says little.

        Each failure is rehearsed once for each state, before what the script says of it. An empty list is what to aim
        at.

        Args:
            execution_input: The execution's input. Default: {}.
            **part: The part that is drilled: `start_at`, `stop_before`, `state_input` and `variables` as of `run`.
        """
        found = (finding for run in self.drill_runs(execution_input, **part) for finding in run.findings)
        return list(dict.fromkeys(found))

    def drill_runs(self, execution_input: Any = None, **part: Any) -> Iterator[DrillRun]:
        """Return each run of a drill as it comes: one in which all goes well, the same again, then each failure."""
        self._check_open()
        definition, section = self._machine.definition, self._section(part)
        other = self._again()
        begun = partial(other._begun, definition, execution_input, section=section)  # noqa: SLF001 - another of its kind
        first = begun()

        def second() -> Run:
            other._account.take_over(self._account)  # noqa: SLF001 - another of its kind
            return begun().run()

        answered = self._account.answers.texts()
        yield from drill_runs(definition, first, second, answered=answered, stop_before=section.stop_before)

    def _section(self, part: Mapping[str, Any]) -> Section:
        """The part of the state machine that is to be rehearsed."""
        return Section(**part) if part else WHOLE

    def _again(self, *, lenient: bool = False) -> Rehearsal:
        """The same rehearsal from its beginning."""
        other = Rehearsal(self._policy, lenient=lenient, _machine=self._machine, **self._options)
        other._draws = self._draws
        other._account.take_over(self._account)
        other._prepared = self._prepared
        other._is_open = True
        return other

    def _check_open(self) -> None:
        if not self._is_open:
            message = "rehearse inside the block: with Rehearsal(...) as rehearsal"
            raise RehearsalError(message)

    def _check_script(self, definition: Mapping[str, Any]) -> None:
        states = dict(tasks_of(definition))
        played = {name for name, resource in states.items() if ":sagemaker:" in resource}
        scripted = [state_of(target, played) for target in self._account.sagemaker.scripted]
        if unknown := [target for target in scripted if target not in {*ACTION_OF, *played}]:
            message = (
                f"the script is for {unknown}, but the definition's SageMaker states are {sorted(played)}; name one"
            )
            raise LookupError(message)
        answered = [state_of(target, states) for target in self._account.answers.answered]
        if unknown := [state for state in answered if state not in states]:
            message = f"there are answers for {unknown}, but the definition's tasks are {sorted(states)}; name one"
            raise LookupError(message)


def tasks_of(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and Resource of each state that calls something, inside others too; of a Map that of its ItemReader."""
    for name, state in states_of(definition):
        if resource := state.get("Resource", state.get("ItemReader", {}).get("Resource")):
            yield name, resource


def _caught_by_name(definition: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    """The errors that each state's catchers name, wildcards left out."""
    for name, state in states_of(definition):
        named = {error for catcher in state.get("Catch", ()) for error in catcher["ErrorEquals"]}
        yield name, frozenset(named - WILDCARDS)
