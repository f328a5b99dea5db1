"""Requests, definitions and files that are wrong somewhere: always told in words, never by an error of Python."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

from constructs_sm import InvalidInputError, requests
from constructs_sm.actions import ACTIONS
from constructs_sm.commands.cli import WRONG, main
from constructs_sm.interpreter.values import NotJsonError
from constructs_sm.rules.rule import InvalidDefinitionError
from constructs_sm.testing import Rehearsal
from constructs_sm.testing.world.errors import RehearsalError

import pytest
from every_action import REQUESTS
from hostile import JUNK, NO_JSON, changed, places, tried, with_in_it
from hypothesis import strategies as st
from strange import AROUND, PLAIN

DATA = Path(__file__).parents[1] / "data"
READ = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((DATA / "conformance").glob("*.json"))]
CASES = [case for case in READ if isinstance(case, dict) and isinstance(case.get("definition"), dict)]
SNAPSHOTS = sorted((Path(__file__).parents[1] / "pipeline" / "__snapshots__").rglob("*.json"))
TEMPLATES = [
    json.loads(path.read_text(encoding="utf-8")) for path in (*sorted((DATA / "templates").glob("*.json")), *SNAPSHOTS)
]
FILES = [
    *(b"", b"\x00\x01\xff", b"\xff\xfe", b"{", b"[]", b"null", b"5", b"{}", b"NaN", b"\xef\xbb\xbf{}", b"a: b: c"),
    *(b"&a [*a]", b"!!python/object:x {}", b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    b'{"StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Result":1e999}}}',
    b'{"StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Result":' + b"9" * 6_000 + b"}}}",
    b'{"Resources":{"A":{"Type":"AWS::StepFunctions::StateMachine","Properties":{"DefinitionString":"{"}}}}',
]
SCRIPTS = [
    {"input": {"id": "x"}, "steps": {"Train": ["Throttled", {"Failed": "no data"}]}, "exists": {"endpoint": ["churn"]}},
    {"steps": {"A": [{"Completed": {"Output": {}}}]}, "answers": {"A": [{"TaskError": ["Lambda.Unknown", "gone"]}]}},
]
COMMANDS = [
    ["rehearse"],
    ["rehearse", "--skeleton"],
    ["drill"],
    ["permissions"],
    ["diagram"],
    ["diagram", "--detail", "--format", "svg"],
]
ARGUMENTS = ["", "x", "\x00", "\ud800", "x" * 300, "=", "5", "/proc/x/y", "[", "{", "-0"]


def judge(drawn):
    action, request = drawn
    try:
        requests.check(action, request)
    except InvalidInputError as error:
        text = str(error)
        text.encode()
        assert " at 0x" not in text


def rehearse(drawn):
    definition, given = drawn
    try:
        with warnings.catch_warnings():
            # Of what Step Functions takes and fails.
            warnings.simplefilter("ignore")
            rehearsal = Rehearsal.of(definition)
        with rehearsal:
            rehearsal.start(given)
    except (InvalidInputError, InvalidDefinitionError, NotJsonError, RehearsalError) as error:
        assert " at 0x" not in str(error)  # noqa: PT017  (it may also run)


def judge_strange(drawn):
    action, name, around, place = drawn
    request = REQUESTS[action.api]
    inside = [*places(request)]
    judge((action, with_in_it(request, inside[place % len(inside)], AROUND[around](PLAIN[name]()))))


STRANGE_REQUESTS = st.tuples(
    st.sampled_from(ACTIONS), st.sampled_from(sorted(PLAIN)), st.sampled_from(sorted(AROUND)), st.integers(0, 40)
)


WRONG_REQUESTS = st.one_of(
    st.sampled_from(ACTIONS).flatmap(
        lambda action: st.tuples(st.just(action), changed([REQUESTS[action.api]], JUNK + NO_JSON))
    ),
    st.tuples(st.sampled_from(ACTIONS), st.sampled_from(JUNK + NO_JSON)),
)
WRONG_DEFINITIONS = st.tuples(
    changed([case["definition"] for case in CASES]), st.sampled_from([{}, {"x": 1}, *JUNK, *NO_JSON])
)
WRONG_FILES = st.one_of(
    st.sampled_from(FILES),
    changed([*TEMPLATES, *(case["definition"] for case in CASES)]).map(lambda made: json.dumps(made).encode()),
)


def test_wrong_request_is_refused_in_words():
    tried(300, WRONG_REQUESTS, judge)


def test_request_with_a_value_of_another_library_is_refused_in_words():
    tried(300, STRANGE_REQUESTS, judge_strange)


def test_wrong_definition_is_refused_in_words_or_runs():
    tried(250, WRONG_DEFINITIONS, rehearse)


@pytest.fixture
def commanded(tmp_path, monkeypatch, capsys):
    """A command line that is done, and the line that it told."""
    monkeypatch.chdir(tmp_path)

    def line(arguments):
        code = main(arguments)
        told = capsys.readouterr().err
        assert "an error of this program" not in told
        if code == WRONG:
            (only,) = told.splitlines()
            assert only.startswith("constructs-sm: ")
            assert "Traceback" not in only

    return line


def told_of_files(commanded):
    def work(drawn):
        command, content, script, name = drawn
        Path(name).write_bytes(content)
        further = ["--script", json.dumps(script)] if script is not None and command[0] != "diagram" else []
        commanded([*command, name, *further])

    return st.tuples(
        st.sampled_from(COMMANDS),
        WRONG_FILES,
        st.none() | changed(SCRIPTS),
        st.sampled_from(["file.json", "file.yaml", "file", "file.template.json", "file.asl.json"]),
    ), work


def test_command_tells_of_a_wrong_file_in_one_line(commanded):
    tried(50, *told_of_files(commanded))


@pytest.mark.parametrize("command", ["rehearse", "drill", "permissions", "diagram", "actions", "rules", "init"])
@pytest.mark.parametrize("argument", ARGUMENTS, ids=ascii)
def test_command_tells_of_a_wrong_argument_in_one_line(command, argument, commanded):
    commanded([command, argument])


@pytest.mark.fuzz
def test_many_more_are_told_in_words(commanded):
    tried(20_000, WRONG_REQUESTS, judge)
    tried(10_000, STRANGE_REQUESTS, judge_strange)
    tried(10_000, WRONG_DEFINITIONS, rehearse)
    tried(5_000, *told_of_files(commanded))
