"""Files that no command can do anything with: one line with the file, what is wrong, and what to do."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from constructs_sm.commands.cli import main
from constructs_sm.language.document_limits import MAX_BYTES

import bad_input
import pytest

COMMANDS = ("check", "diagram", "drill", "grants", "permissions", "rehearse")
SOUND = '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}'
FILES = {
    "empty": (b"", "the file is empty, got '0 bytes'; give a template, a definition or a cdk.out"),
    "blank": (b" \n\t\n", "the file is empty, got '4 bytes'"),
    "binary": (bytes(range(256)), "the file is binary, or in another encoding, got '256 bytes, of which number 129"),
    "zeros": (b'{"StartAt": "\0"}', "the file is binary, got '16 bytes with zeros among them'"),
    "Latin 1": ('{"StartAt":"é"}'.encode("latin-1"), "number 13 is no UTF-8'; save it as UTF-8"),
    "UTF-16 without a mark": (SOUND.encode("utf-16-le"), "with zeros among them"),
    "cut": (SOUND[:-1].encode(), 'this is no JSON, got "line 1, column 49'),
    "two documents": (f"{SOUND} {SOUND}".encode(), "this is no JSON, got 'line 1, column 51: Extra data'"),
    "key twice": (b'{"States": {"A": {}, "A": {}}}', "the key 'A' stands twice in one object"),
    "key twice in YAML": (b"States:\n  A: {}\n  A: {}\n", "line 3, column 3: the key 'A' stands twice"),
    "no number": (b'{"States": {"A": NaN}}', "NaN is no number in JSON"),
    "long number": (b'{"States": {"A": ' + b"9" * 5000 + b"}}", "a number of 5,000 digits is more than a number"),
    "deep": (b'{"a":' * 400 + b"1" + b"}" * 400, "nested too deeply, got 'more than 200 levels'; nest it less"),
    "deep YAML": (b"a: " + b"[" * 400 + b"]" * 400, "nested deeper than 200 levels"),
    "aliases": (
        b"a: &a [x, x]\nb: &b [*a, *a]\n"
        + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(98, 116)),
        "it comes to more than 250,000 values, aliases written out",
    ),
    "alias in itself": (b"States: &a [*a]\n", "an alias stands within its own anchor"),
    "object of Python": (b"States: !!python/name:os.system ''\n", "JSON has nothing like"),
    "two YAML documents": (b"States: {}\n---\nStates: {}\n", "but found another document"),
    "tab": (b"States:\n\tA: b\n", "line 2, column 1"),
    "list": (b"[]", "neither a template nor a definition, got 'a list'"),
    "text": (b'"x"', "neither a template nor a definition, got 'a text'"),
    "something else": (b'{"a": 1}', "neither a template nor a definition, got 'a'"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", FILES)
def test_file_that_is_none_is_one_line(tmp_path, monkeypatch, capsys, command, kind):
    monkeypatch.chdir(tmp_path)
    content, said = FILES[kind]
    Path("bad.json").write_bytes(content)

    assert main([command, "bad.json"]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert told.err.startswith("constructs-sm: bad.json: ")
    assert said in told.err
    assert "; " in told.err


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("command", ["check", "rehearse"])
def test_file_with_a_byte_order_mark_is_read(tmp_path, capsys, command, encoding):
    (tmp_path / "m.json").write_text(SOUND, encoding=encoding)

    assert main([command, str(tmp_path / "m.json")]) == 0
    assert capsys.readouterr().err == ""


def _folder(path):
    path.mkdir()


def _loop(path):
    path.symlink_to(path.name)


def _dangling(path):
    path.symlink_to("nowhere.json")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "there is no such file"),
        (_folder, "the folder is no cloud assembly, got 'no manifest.json with a stack'"),
        (_loop, "there is no such file"),
        (_dangling, "there is no such file"),
    ],
    ids=["nothing", "folder", "loop of links", "link to nothing"],
)
def test_what_is_no_file_is_one_line(tmp_path, monkeypatch, capsys, command, make, said):
    monkeypatch.chdir(tmp_path)
    make(Path("bad.json"))

    assert main([command, "bad.json"]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert told.err.startswith(f"constructs-sm: bad.json: {said}")


def test_file_that_may_not_be_read_is_one_line(tmp_path, monkeypatch, capsys):
    path = tmp_path / "m.json"
    path.write_text(SOUND)

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)  # an administrator may read everything
    assert main(["check", str(path)]) == 2
    assert "m.json: the file cannot be read, got 'Permission denied'; give one that can" in capsys.readouterr().err


class Counted:
    """A file of which the bytes of every read are taken down."""

    def __init__(self, file, counted):
        self.file, self.counted = file, counted

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def read(self, size=-1):
        content = self.file.read(size)
        self.counted.append(len(content))
        return content


@pytest.fixture
def read(monkeypatch):
    """The bytes of each read of a file."""
    counted = []
    opened = Path.open

    def of(path, *given, **more):
        file = opened(path, *given, **more)
        return Counted(file, counted) if path.name == "bad.json" else file

    monkeypatch.setattr(Path, "open", of)
    return counted


@pytest.mark.parametrize("command", COMMANDS)
def test_too_large_a_file_is_refused_by_its_size_unread(tmp_path, monkeypatch, capsys, read, command):
    """A file with a hole: of 52 MB that nobody may read."""
    monkeypatch.chdir(tmp_path)
    with open("bad.json", "wb") as file:  # noqa: PTH123 - not counted
        file.write(b'{"StartAt": "A", "States": {')
        file.truncate(52_000_000)

    assert main([command, "bad.json"]) == 2
    assert capsys.readouterr().err == (
        "constructs-sm: bad.json: the file is too large, and was not read, got '52,000,000 bytes'; give one of at most "
        "1,048,576 bytes, which is what AWS takes of a definition or a template [source-of-rehearsal]\n"
    )
    assert read == [4096]


def test_definition_of_the_largest_size_is_read(tmp_path, capsys):
    padding = "x" * (MAX_BYTES - len(json.dumps({**json.loads(SOUND), "Comment": ""})))
    text = json.dumps({**json.loads(SOUND), "Comment": padding})
    (tmp_path / "m.json").write_text(text)

    assert len(text) == 1_048_576
    assert main(["check", str(tmp_path / "m.json")]) == 0
    (tmp_path / "m.json").write_text(f"{text} ")
    assert main(["check", str(tmp_path / "m.json")]) == 2
    assert "1,048,577 bytes" in capsys.readouterr().err


def test_template_alone_of_a_large_assembly_is_refused(tmp_path, capsys):
    """Whatever holds the state machine: CloudFormation takes no template of that size."""
    with (tmp_path / "t.json").open("wb") as file:
        file.write(b'{"Resources": {')
        file.truncate(52_000_000)

    assert main(["permissions", str(tmp_path / "t.json")]) == 2
    assert "the file is too large, and was not read" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--script", "--input", "--state-input", "--variables"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe\xfa", "the file is binary, or in another encoding"),
        (b"{" * 100_000, "this is no JSON"),
        (b"[" * 100_000, "this cannot be read as JSON: it is nested too deeply; correct it there"),
    ],
    ids=["empty", "binary", "no JSON", "deep"],
)
def test_option_with_a_bad_file_is_one_line(tmp_path, monkeypatch, capsys, option, content, said):
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text(SOUND)
    Path("bad.json").write_bytes(content)

    assert main(["rehearse", "m.json", option, "bad.json"]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert told.err.startswith(f"constructs-sm: {option} bad.json: {said}")


@pytest.mark.parametrize("option", ["--script", "--input", "--state-input", "--variables"])
def test_number_that_python_does_not_read_is_one_line(tmp_path, monkeypatch, capsys, option):
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text(SOUND)
    Path("bad.json").write_text(f'{{"a": {"9" * 6000}}}')

    assert main(["rehearse", "m.json", option, "bad.json"]) == 2
    assert capsys.readouterr().err == (
        f"constructs-sm: {option} bad.json: this cannot be read as JSON: "
        "a number of 6,000 digits is more than a number can be; correct it there; see constructs-sm rehearse --help\n"
    )


def test_history_with_such_a_number_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text(f'{{"events": [{"9" * 6000}]}}')

    assert main(["history", "bad.json"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("constructs-sm: bad.json: this is no JSON, got 'a number of 6,000 digits is more than")
    assert told.count("\n") == 1


class Broken(io.RawIOBase):
    """A pipe that fails when it is read."""

    def readable(self):
        return True

    def readinto(self, _):
        raise OSError(5, "Input/output error")


def _shut():
    stream = io.TextIOWrapper(io.BytesIO(b"{}"))
    stream.close()
    return stream


@pytest.mark.parametrize("words", [["rehearse", "m.json", "--input", "-"], ["drill", "m.json", "--script", "-"]])
@pytest.mark.parametrize(
    ("piped", "said"),
    [
        (lambda: None, "nothing is piped, got 'no standard input'; give JSON, or a file of it"),
        (_shut, "the standard input cannot be read, got 'it is closed'; give JSON, or a file of it"),
        (
            lambda: io.TextIOWrapper(io.BufferedReader(Broken())),
            "the standard input cannot be read, got 'Input/output error'; give JSON, or a file of it",
        ),
    ],
    ids=["none", "closed", "broken"],
)
def test_standard_input_that_cannot_be_read_is_one_line(tmp_path, monkeypatch, capsys, words, piped, said):
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text(SOUND)
    monkeypatch.setattr(sys, "stdin", piped())

    assert main(words) == 2
    assert capsys.readouterr().err == (f"constructs-sm: {words[2]} -: {said}; see constructs-sm {words[0]} --help\n")


def test_history_from_a_closed_standard_input_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)

    assert main(["history", "-"]) == 2
    assert capsys.readouterr().err == (
        "constructs-sm: -: nothing is piped, got 'no standard input'; "
        "give what `aws stepfunctions get-execution-history` prints [source-of-rehearsal]\n"
    )


@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3_000, "a\0b"], ids=["long name", "long path", "zero"])
@pytest.mark.parametrize("command", ["rehearse", "drill", "permissions", "report"])
def test_name_that_no_folder_can_have_is_one_line(tmp_path, monkeypatch, capsys, command, name):
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text(SOUND)

    assert main([command, "m.json", "--files", name]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "there is no such folder; give one that has bucket/key" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_manifest_with_artifacts_that_are_none_is_read_as_far_as_it_goes(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    Path("cdk.out").mkdir()
    Path("cdk.out/manifest.json").write_text('{"artifacts": {"A": 5, "B": null, "C": {"type": []}}}')

    assert main([command, "cdk.out"]) == 2
    assert "cdk.out: the folder is no cloud assembly, got 'no manifest.json with a stack'" in capsys.readouterr().err


def test_project_in_a_loop_of_links_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _loop(Path("loop"))

    assert main(["init", "loop"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_control_characters_of_a_name_do_not_reach_the_terminal(tmp_path, capsys):
    name = "A\x1b[31m\nB"
    state = {"Type": "Fail", "Error": "E\x1b]0;t\x07", "Cause": "one\x1b[2J\ntwo"}
    (tmp_path / "m.json").write_text(json.dumps({"StartAt": name, "States": {name: state}}))

    for command in ("check", "drill", "permissions", "rehearse"):
        main([command, str(tmp_path / "m.json")])
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert "A\\x1b[31m\\nB | entered" in told.out
    assert "cause: one\\x1b[2J\ntwo\n" in told.out


WRITERS = {
    "diagram": ["diagram", "m.json", "-o"],
    "grants": ["grants", "m.json", "-o"],
    "history": ["history", "h.json", "-o"],
}


@pytest.mark.parametrize("command", WRITERS)
def test_nothing_is_overwritten_without_force(tmp_path, monkeypatch, capsys, command):
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text(SOUND)
    Path("h.json").write_text('{"events": [{"id": 1, "type": "ExecutionStarted", "previousEventId": 0}]}')
    Path("mine").write_text("mine")
    Path("link").symlink_to("mine")

    for target in ("mine", "link"):
        assert main([*WRITERS[command], target]) == 2
        assert capsys.readouterr().err == (
            f"constructs-sm: {target}: the file is there already; give another file, or --force\n"
        )
        assert Path("mine").read_text() == "mine"
    assert main([*WRITERS[command], "nowhere/new"]) == 2
    assert "nowhere/new: No such file or directory; give a file that can be written" in capsys.readouterr().err
    assert main([*WRITERS[command], "mine", "--force"]) == 0
    assert Path("mine").read_text() != "mine"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return {path.name: path for path in bad_input.made(tmp_path_factory.mktemp("bad"))}


@pytest.mark.large
@pytest.mark.parametrize("command", bad_input.COMMANDS)
def test_every_command_says_so_within_five_seconds_and_500_megabytes(files, command):
    for name, path in files.items():
        if (command, name) == ("history", "events.json"):
            continue
        cost = bad_input.cost(command, path)
        assert (cost.code, cost.said.count("\n")) == (2, 1), (name, cost)
        assert cost.said.startswith(f"constructs-sm: {path}: "), (name, cost)
        assert cost.seconds < bad_input.SECONDS, (name, cost)
        assert cost.megabytes < bad_input.MEGABYTES, (name, cost)


@pytest.mark.large
def test_largest_history_is_read_within_five_seconds_and_500_megabytes(files):
    cost = bad_input.cost("history", files["events.json"])

    assert cost.code == 0
    assert cost.seconds < bad_input.SECONDS
    assert cost.megabytes < bad_input.MEGABYTES


@pytest.mark.parametrize("part", [5, None, "x", [], True], ids=repr)
@pytest.mark.parametrize("rest", [[], [{"Variable": "$.x", "IsPresent": True}]], ids=["alone", "beside a comparison"])
def test_choice_with_a_part_that_is_no_comparison_is_drawn(tmp_path, capsys, part, rest):
    rule = {"And": [part, *rest], "Next": "B"}
    states = {"A": {"Type": "Choice", "Choices": [rule], "Default": "B"}, "B": {"Type": "Succeed"}}
    (tmp_path / "m.json").write_text(json.dumps({"StartAt": "A", "States": states}))

    assert main(["diagram", str(tmp_path / "m.json")]) == 0
    assert capsys.readouterr().out.startswith("flowchart")


@pytest.mark.parametrize("kind", ["{% $x %}", "{", "}", "{0}", "AWS::{name}::X"])
def test_kind_of_a_resource_may_have_braces(tmp_path, capsys, kind):
    machine = {"DefinitionString": SOUND, "RoleArn": {"Fn::GetAtt": ["R", "Arn"]}}
    template = {
        "Resources": {
            "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
            "R": {"Type": kind, "Properties": {}},
        }
    }
    (tmp_path / "t.json").write_text(json.dumps(template))

    assert main(["rehearse", str(tmp_path / "t.json")]) == 0
    assert "SUCCEEDED" in capsys.readouterr().out


class Full(io.StringIO):
    """A file on a disk that is full."""

    def write(self, _):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "line", ["rehearse m.json", "check --json m.json", "diagram m.json", "rules", "adopt m.json", "--version"]
)
def test_output_that_cannot_be_written_is_one_line_and_no_fault_of_the_file(tmp_path, monkeypatch, capsys, line):
    monkeypatch.chdir(tmp_path)
    Path("m.json").write_text(SOUND)
    monkeypatch.setattr(sys, "stdout", Full())

    assert main(line.split()) == 2
    assert capsys.readouterr().err == (
        "constructs-sm: the output cannot be written: No space left on device; write it elsewhere\n"
    )
