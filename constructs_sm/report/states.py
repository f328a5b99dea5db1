"""The states of a state machine as a page tells of them: what each calls, retries, checks, and needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from constructs_sm.diagram.wording import called, comparison
from constructs_sm.language.errors import InvalidInputError
from constructs_sm.language.numbers import is_whole_number
from constructs_sm.report.wording import as_json, lasting, size_of
from constructs_sm.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from constructs_sm.checking.needed import Needed
    from constructs_sm.checking.scene import Located, Scene
    from constructs_sm.diagram.graph import Graph, Node

_PATTERNS: Final = {
    "": "goes on as soon as the call is answered",
    "sync": "waits until it has ended",
    "sync:2": "waits until it has ended, and hands on its output as JSON",
    "waitForTaskToken": "waits until somebody answers with its token",
}
_TOLD_ELSEWHERE: Final = frozenset(
    {
        "Branches",
        "Catch",
        "Choices",
        "Comment",
        "Default",
        "End",
        "ItemProcessor",
        "Iterator",
        "Next",
        "QueryLanguage",
        "Retry",
        "Type",
    }
)
_EXPRESSION: Final = re.compile(r"\{%\s*(.*?)\s*%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Retry:
    """One retrier.

    Attributes:
        errors: The errors that are retried.
        how: How often, and after which waits.
        longest: The sum of all waits, if each is needed.
    """

    errors: tuple[str, ...]
    how: str
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of a state.

    Attributes:
        kind: `next`, `choice`, `otherwise` or `caught`.
        when: The condition, or the errors.
        target: The state it leads to; empty where the execution ends.
        keeps: Where the error is put; empty of other ways.
    """

    kind: str
    when: str
    target: str
    keeps: str = ""


@dataclass(frozen=True, slots=True)
class Permission:
    """Permissions that a state needs on the same resources.

    Attributes:
        actions: As IAM spells them.
        resources: ARNs, with * for what comes at run time.
        conditions: Condition keys and their values.
        why: The reason of a *.
        given: True if the role has it, False if it lacks it, None where nobody knows.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, str]
    why: str
    given: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state.

    Attributes:
        key: Its id in the page.
        name: Its name.
        kind: Its type.
        jsonata: True of a state in JSONata.
        comment: Its author's words.
        calls: The API that it calls, in short; empty of a state that calls none.
        resource: The same as it is written.
        pattern: What it waits for, in words.
        request: Its request as JSON; empty where it sends none.
        request_bytes: How many bytes that are, without white space.
        rest: All other fields that the page tells nowhere else, as JSON; empty where there are none.
        timeout: How long it may take, in words.
        retries: Its retriers.
        ways: The ways out of it.
        check: The Choice behind a task, which judges what it has made; empty where there is none.
        checked: The ways out of that.
        permissions: What it needs of the role.
        unknown: Why nobody knows all that it needs; empty where that is known.
    """

    key: str
    name: str
    kind: str
    jsonata: bool
    comment: str
    calls: str
    resource: str
    pattern: str
    request: str
    request_bytes: int
    rest: str
    timeout: str
    retries: tuple[Retry, ...]
    ways: tuple[Way, ...]
    check: str
    checked: tuple[Way, ...]
    permissions: tuple[Permission, ...]
    unknown: str

    @property
    def longest(self) -> timedelta:
        """The longest that one error keeps it waiting between attempts."""
        return max((each.longest for each in self.retries), default=timedelta())


@dataclass(frozen=True, slots=True)
class Step:
    """States that a reader takes for one, as the picture does.

    Attributes:
        key: Its id in the page.
        name: Its name.
        states: The states.
        within: The names of the steps around it.
        aside: True of the states that are off the way to success, which the picture leaves out.
    """

    key: str
    name: str
    states: tuple[State, ...]
    within: tuple[str, ...] = ()
    aside: bool = False


def steps_of(scene: Scene, picture: Graph, keys: Mapping[str, str], role: Role) -> tuple[Step, ...]:
    """Every state of a state machine, by the steps of its picture and in their order; last those that it leaves out.

    Args:
        scene: The state machine.
        picture: Its picture at a glance.
        keys: The id in the page of each state.
        role: What each state needs of the role.
    """
    told = {located.name: _state(located, keys[located.name], role) for located in scene.states}
    found = list(_steps(picture, told, ()))
    drawn = {state.name for step in found for state in step.states}
    aside: dict[str, list[State]] = {}
    for name, state in told.items():
        if name not in drawn:
            aside.setdefault(name.partition(": ")[0], []).append(state)
    found += [Step(f"{states[0].key}-step", name, tuple(states), aside=True) for name, states in aside.items()]
    return tuple(found)


def keys_of(scene: Scene, before: str) -> dict[str, str]:
    """An id in the page for each state: whatever its name is, it has no letter in it that means something there."""
    return {located.name: f"{before}-s{number}" for number, located in enumerate(scene.states, 1)}


@dataclass(frozen=True, slots=True)
class Role:
    """The needs of each state, and what the role lacks of them.

    Attributes:
        needed: Everything that is needed.
        lacking: The part of it that the role does not allow.
        unknown: Why the needs of a state are not known, by state.
        is_known: False where nothing says what the role may.
    """

    needed: tuple[Needed, ...] = ()
    lacking: tuple[Needed, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    is_known: bool = False

    def of(self, state: str) -> Iterator[Permission]:
        """The permissions that a state needs."""
        lacked = {(one.action, resource) for one in self.lacking if one.state == state for resource in one.resources}
        actions: dict[tuple[Any, ...], list[str]] = {}
        for one in self.needed:
            if one.state == state:
                lacks = any((one.action, resource) in lacked for resource in one.resources)
                given = None if not self.is_known or (lacks and not one.certain) else not lacks
                shared = one.resources, tuple(sorted(one.context.items())), one.why, given
                actions.setdefault(shared, []).append(one.action)
        for (resources, context, why, given), named in actions.items():
            yield Permission(tuple(named), resources, dict(context), why, given)


def _steps(picture: Graph, told: Mapping[str, State], within: tuple[str, ...]) -> Iterator[Step]:
    for node in picture.nodes:
        states = tuple(told[name] for name in node.states if name in told)
        if states:
            yield Step(f"{states[0].key}-step", node.name, states, within)
        for inner in node.inner:
            yield from _steps(inner, told, (*within, node.name))


def step_key(node: Node, keys: Mapping[str, str]) -> str | None:
    """The id of the step that a node of the picture is; None of a node without states."""
    first = next((keys[name] for name in node.states if name in keys), None)
    return None if first is None else f"{first}-step"


def _state(located: Located, key: str, role: Role) -> State:
    state = located.state
    request = state.get(located.request_field) if located.kind == "Task" else None
    resource = state.get("Resource")
    is_called = located.kind == "Task" and isinstance(resource, str)
    left_out = _TOLD_ELSEWHERE | ({"Resource", located.request_field} if is_called else set())
    rest = {name: value for name, value in state.items() if name not in left_out and name not in _LIMITS}
    check = _check_behind(located)
    called_api = located.called
    return State(
        key=key,
        name=located.name,
        kind=located.kind,
        jsonata=located.jsonata,
        comment=str(state.get("Comment", "")),
        calls=called(str(resource)) if is_called else "",
        resource=str(resource) if is_called else "",
        pattern=_PATTERNS.get(called_api.pattern, "") if called_api else "",
        request="" if request is None else as_json(request),
        request_bytes=0 if request is None else size_of(request),
        rest=as_json(rest) if rest else "",
        timeout="; ".join(_limits(state)),
        retries=tuple(_retries(located)),
        ways=tuple(_ways(located)),
        check=check.name if check else "",
        checked=tuple(_ways(check)) if check else (),
        permissions=tuple(role.of(located.name)),
        unknown=role.unknown.get(located.name, ""),
    )


def _check_behind(located: Located) -> Located | None:
    """The Choice behind a task, or behind those that only ask how it ended."""
    name, beginning = located.name, located.name.partition(": ")[0]
    seen = {name}
    while located.kind == "Task":
        name = str(located.siblings[name].get("Next"))
        state = located.siblings.get(name)
        if not isinstance(state, dict) or name in seen:
            return None
        if state.get("Type") == "Choice":
            return replace(located, name=name, state=state)
        if name.partition(": ")[0] != beginning:
            return None
        seen.add(name)
    return None


_LIMITS: Final = {"TimeoutSeconds": "ends after", "HeartbeatSeconds": "ends without a heartbeat for"}


def _limits(state: Mapping[str, Any]) -> Iterator[str]:
    """Tell how long a task may take."""
    for name, words in _LIMITS.items():
        seconds = state.get(name)
        if is_whole_number(seconds, least=0) and seconds < _LONGEST:
            yield f"{words} {lasting(timedelta(seconds=seconds))}"
        elif seconds is not None:
            yield f"{words} the seconds in {seconds}"


_LONGEST: Final = 10**9


def _retries(located: Located) -> Iterator[Retry]:
    for retrier in located.handlers("Retry"):
        try:
            policy = RetryPolicy.from_state(retrier)
        except InvalidInputError:
            continue  # told by the findings
        if not policy.max_attempts:
            yield Retry(tuple(policy.errors), "never", timedelta())
            continue
        times = "once" if policy.max_attempts == 1 else f"{policy.max_attempts:,} times"
        growth = f", each {policy.backoff_rate:g} times as long" if policy.backoff_rate > 1 else ""
        most = policy.max_delay_seconds
        bound = f", at most {lasting(timedelta(seconds=most))}" if most and growth else ""
        jitter = ", or less by chance" if policy.jitter else ""
        first = lasting(timedelta(seconds=min(policy.interval_seconds, _LONGEST)))
        how = f"{times}, after {first}{growth if policy.max_attempts > 1 else ''}{bound}{jitter}"
        yield Retry(tuple(policy.errors), how, policy.longest_wait)


def _ways(located: Located) -> Iterator[Way]:
    state = located.state
    for rule in located.handlers("Choices"):
        condition = _condition(rule)
        yield Way("otherwise" if condition == "true" else "choice", condition, str(rule.get("Next", "")))
    if "Default" in state:
        yield Way("otherwise", "", str(state["Default"]))
    if "Next" in state:
        yield Way("next", "", str(state["Next"]))
    elif state.get("End"):
        yield Way("next", "", "")
    for catcher in located.handlers("Catch"):
        errors = catcher.get("ErrorEquals")
        names = ", ".join(map(str, errors)) if isinstance(errors, list) else str(errors)
        kept = catcher.get("Output") if located.jsonata else catcher.get("ResultPath", "$")
        keeps = kept if isinstance(kept, str) else "" if kept is None else as_json(kept)
        yield Way("caught", names, str(catcher.get("Next", "")), keeps)


def _condition(rule: Mapping[str, Any]) -> str:
    """The whole condition of a rule of a Choice."""
    if "Condition" in rule:
        found = _EXPRESSION.fullmatch(str(rule["Condition"]).strip())
        return found[1] if found else str(rule["Condition"])
    for key, word in (("And", " and "), ("Or", " or ")):
        parts = rule.get(key)
        if isinstance(parts, list) and all(isinstance(part, dict) for part in parts):
            return word.join(_in_brackets(part) for part in parts)
    if isinstance(rule.get("Not"), dict) and {"And", "Or"} & rule["Not"].keys():
        return f"not ({_condition(rule['Not'])})"
    return comparison(rule) or as_json({key: value for key, value in rule.items() if key not in _OF_A_RULE})


def _in_brackets(part: Mapping[str, Any]) -> str:
    return f"({_condition(part)})" if {"And", "Or"} & part.keys() else _condition(part)


_OF_A_RULE: Final = frozenset({"Assign", "Comment", "Next", "Output"})
