"""Documents that cannot be read: each is one line with the file, what is wrong and what to do, and soon."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from constructs_sm.language.errors import InvalidInputError
from constructs_sm.testing.source.machine import machines_of

import pytest
from conftest import ROOT

MACHINE = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'


def levels(form):
    """YAML in which each of twelve levels names the one before it ten times."""
    return "a0: &a0 {k: v}\n" + "".join(
        f"a{level}: &a{level} " + form % ", ".join([f"*a{level - 1}"] * 10) + "\n" for level in range(1, 12)
    )


TOPICS = {
    f"T{n}": {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": {"Fn::Sub": f"${{T{n - 1}.TopicName}}${{T{n - 1}.TopicName}}"}},
    }
    for n in range(1, 60)
}
"""Topics of which each is called twice what the one before it is."""
DOUBLING = {
    "Resources": {
        **TOPICS,
        "M": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"DefinitionString": {"Fn::Sub": "${T59.TopicName}"}},
        },
    }
}
BAD = {
    "empty": ("x.json", "", "the file is empty, got '0 bytes'"),
    "blank": ("x.yaml", " \n\n", "the file is empty, got '3 bytes'"),
    "binary": ("x.json", b"\x89PNG\r\n\xff\xfe\x00\x01", "the file is binary"),
    "zeros": ("x.json", '{"a": "\0"}', "the file is binary"),
    "no JSON": ("x.json", '{"States": {},}', "this is no JSON, got 'line 1, column 15"),
    "no YAML": ("x.yaml", "States:\n\tA: 1\n", "this is no YAML, got 'line 2, column 1"),
    "two documents": ("x.yaml", "a: 1\n---\nb: 1\n", "but found another document"),
    "list": ("x.json", "[1, 2]", "neither a template nor a definition, got 'a list'"),
    "words": ("x.yaml", "hello", "neither a template nor a definition, got 'a text'"),
    "deep JSON": ("x.json", '{"States": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    "deeper than is read": ("x.json", '{"States": ' + '{"a":' * 800 + "1" + "}" * 800 + "}", "nested too deeply"),
    "deep YAML": ("x.yaml", "States: " + "[" * 100_000, "exceeded maximum nesting depth"),
    "aliases of aliases": ("x.yaml", levels("[%s]"), "it comes to more than 250,000 values, aliases written out"),
    "merges of merges": ("x.yaml", levels("{<<: [%s]}"), "it comes to more than 250,000 values, aliases written out"),
    "alias of itself": ("x.yaml", "States: &a\n  x: *a\n", "an alias stands within its own anchor"),
    "program in YAML": ("x.yaml", "States: !!python/object/apply:os.system [ls]", "JSON has nothing like 'os.system'"),
    "bytes in YAML": ("x.yaml", "States: !!binary aGk=\n", "JSON has nothing like 'binary'"),
    "key that is no text": ("x.yaml", "States: {[1]: 2}\n", "a key must be a text"),
    "key twice": ("x.json", MACHINE[:-2] + ', "A": {"Type": "Fail"}}}', "the key 'A' stands twice in one object"),
    "key twice in YAML": ("x.yaml", "States:\n  A: {}\n  A: {}\n", "line 3, column 3: the key 'A' stands twice"),
    "not a number": ("x.json", '{"States": {"A": NaN}}', "NaN is no number in JSON"),
    "infinity": ("x.json", '{"States": {"A": 1e999}}', "1e999 is more than a number can be"),
    "not a number in YAML": ("x.yaml", "States: {A: .nan}", ".nan is no number in JSON"),
    "digits": (
        "x.json",
        '{"States": {"A": ' + "9" * 10_000 + "}}",
        "a number of 10,000 digits is more than a number can be",
    ),
    "half a character": ("x.json", MACHINE.replace('"A"', '"\\ud800"'), "half a character, got 'U+D800'"),
    "states in a list": ("x.json", '{"StartAt": "A", "States": [1]}', "the definition needs States, got 'a list'"),
    "state without a type": ("x.json", '{"StartAt": "A", "States": {"A": {}}}', "'A' must be an object with a Type"),
    "start that is not there": ("x.json", MACHINE.replace(': "A"', ': "B"'), "StartAt must name one of its states"),
    "resources in a list": ("x.json", '{"Resources": []}', "Resources must be an object, got 'list'"),
    "resource that is none": ("x.json", '{"Resources": {"M": null}}', "this is no resource: it has no Type, got 'M'"),
    "no definition": (
        "x.json",
        '{"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine"}}}',
        "a state machine has one definition, got 'none'",
    ),
    "names that double": ("x.json", json.dumps(DOUBLING), "a text becomes too large"),
    "program": ("app.py", "print(1)", "it is a program: synthesize it, and give the cdk.out"),
    "Terraform's language": ("main.tf", "resource {}", "give the JSON of `terraform show -json`"),
    "Terraform without values": ("x.json", '{"format_version": "1.2"}', "no planned_values and no values"),
}


def refusal(path):
    with pytest.raises(InvalidInputError) as refused:
        list(machines_of(path))
    return str(refused.value)


@pytest.mark.parametrize(("name", "content", "said"), BAD.values(), ids=BAD)
def test_document_that_cannot_be_read_is_refused_in_one_line(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)

    told = refusal(path)
    assert told.startswith(f"{path}: ")
    assert said in told
    assert len(told.splitlines()) == 1


def test_problems_of_one_definition_are_told_together_up_to_ten(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"StartAt": "S0", "States": {f"S{n}": 1 for n in range(1000)}}))

    lines = refusal(path).splitlines()
    assert len(lines) == 12
    problem = "state 'S0' must be an object with a Type, got '1'; see https://states-language.net"
    assert lines[1] == f"  - {problem} [source-of-rehearsal]"
    assert lines[-1] == "  - and others of the kind, got 990; correct these first [source-of-rehearsal]"


@pytest.mark.parametrize(("given", "read"), [('"Pass", "Type": "Pass"', True), ('"Pass", "Type": "Fail"', False)])
def test_key_that_says_the_same_twice_is_read(tmp_path, given, read):
    path = tmp_path / "x.json"
    path.write_text(f'{{"StartAt": "A", "States": {{"A": {{"Type": {given}, "End": true}}}}}}')

    if read:
        (machine,) = machines_of(path)
        assert machine.definition["States"] == {"A": {"Type": "Pass", "End": True}}
    else:
        with pytest.raises(InvalidInputError, match="the key 'Type' stands twice in one object"):
            list(machines_of(path))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "this is no file"),
        ("device", "this is no file"),
        ("loop", "there is no such file"),
        ("folder", "the folder is no cloud assembly"),
        ("path with a zero", "there is no such file"),
    ],
)
def test_path_of_no_file_is_refused(tmp_path, kind, said):
    path = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()

    assert said in refusal({"device": "/dev/zero", "path with a zero": "a\0b"}.get(kind, path))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_any_unicode_is_read(tmp_path, encoding):
    path = tmp_path / "x.json"
    path.write_bytes(MACHINE.replace('"A"', '"処理"').encode(encoding))

    (machine,) = machines_of(path)
    assert list(machine.definition["States"]) == ["処理"]


_PEAK = """
import sys, tracemalloc
from constructs_sm.testing.source.machine import machines_of
tracemalloc.start()
try:
    list(machines_of(sys.argv[1]))
except ValueError as error:
    print(error)
print(tracemalloc.get_traced_memory()[1])
"""


def read_within(path, megabytes):
    """The lines that reading a file prints, in a process of its own, whose peak of Python's memory is bounded."""
    command = [sys.executable, "-c", _PEAK, str(path)]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert int(lines.pop()) < megabytes * 1_000_000
    return lines


@pytest.mark.parametrize("kind", ["states", "Terraform", "YAML"])
def test_huge_file_is_refused_by_its_size_unread(tmp_path, kind):
    path = tmp_path / {"states": "x.json", "Terraform": "t.json", "YAML": "x.yaml"}[kind]
    with path.open("w") as file:
        file.write('{"format_version": "1.2", "x": "' if kind == "Terraform" else '{"StartAt": "S0", "States": {')
        for number in range(150_000):
            file.write(f'"S{number}": {{"Type": "Pass", "Comment": "{"x" * 300}", "Next": "S{number + 1}"}},')
    assert path.stat().st_size > 52_000_000

    (told,) = read_within(path, 20)
    limit = "16,777,216" if kind == "Terraform" else "1,048,576"
    assert f"the file is too large, and was not read, got '{path.stat().st_size:,} bytes'" in told
    assert f"give one of at most {limit} bytes" in told


def test_largest_yaml_is_read(tmp_path):
    path = tmp_path / "x.yaml"
    states = "".join(f"  S{n}: {{Type: Pass, Next: S{n + 1}}}\n" for n in range(26_000))
    path.write_text(f"StartAt: S0\nStates:\n{states}  S26000: {{Type: Succeed}}\n")
    assert 900_000 < path.stat().st_size < 1_048_576

    (machine,) = machines_of(path)
    assert len(machine.definition["States"]) == 26_001


def test_definition_in_a_template_has_the_limit_of_step_functions():
    states = {f"S{n}": {"Type": "Pass", "Comment": "x" * 1000, "Next": f"S{n + 1}"} for n in range(1100)}
    definition = {"StartAt": "S0", "States": {**states, "S1100": {"Type": "Succeed"}}}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": definition}}

    told = refusal({"Resources": {"M": resource}})
    assert "the document: M: the definition is too large" in told
    assert "Step Functions takes 1,048,576" in told
