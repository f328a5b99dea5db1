"""Command lines that nobody should write: any option with any value, and any bytes in files and from a pipe.

The commands and options come from the command line itself; a new one is tried without a word here.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from constructs_sm.commands.cli import _COMMANDS, WRONG, _group, main

import click
import pytest
from hostile import changed, tried
from hypothesis import strategies as st
from test_documents import CASES, FILES, SCRIPTS, TEMPLATES

# It calls AWS.
TRIED = sorted(_COMMANDS.keys() - {"ask"})
SLOW = {"--prove", "--help"}
"""It starts Node; it is tried with every command elsewhere."""
TEXTS = [
    *(
        "",
        "x",
        " ",
        "-",
        "--",
        "-1",
        "0",
        "5",
        "1e999",
        "\x00",
        "\ud800",
        "ü\u2028\u202e",
        "x" * 5_000,
        "a=b",
        "=",
        "a=",
    ),
    *("[", "{", "{}", "[]", "null", "NaN", '{"a": 1e999}', "[" * 20_000, '{"Train": ["Throttled"]}', "$.x", "{% $x %}"),
    *("../x", "a/b/c", ".", "..", "missing.json", "folder", "text.json", "good.json", "script.json", "rules.yaml"),
    *("2026-12-31", "2026-13-45", "tomorrow", "us-east-1", "mars-1", "123456789012", "Train", "Machine", "asl-", "*"),
]
PIPED = [b"", b"\x00\xff", b"{}", b"[]", b"null", b"NaN", b"\xef\xbb\xbf{", b'"' * 9_999, b"{" * 9_999, b"a: &a [*a]"]
GOOD = json.dumps(CASES[0]["definition"]).encode()
DOCUMENTS = st.one_of(
    st.sampled_from([GOOD, *FILES]),
    st.binary(max_size=40),
    changed([*TEMPLATES, *(case["definition"] for case in CASES)]).map(lambda made: json.dumps(made).encode()),
)


def options_of(command):
    made = _group(click).get_command(None, command)
    return [option for option in made.params if isinstance(option, click.Option) and not SLOW & set(option.opts)]


@st.composite
def lines(draw):
    """A command line, the file that it names, and what comes through a pipe."""
    command = draw(st.sampled_from(TRIED))
    words = [command]
    for option in draw(
        st.lists(st.sampled_from(options_of(command)), max_size=3) if options_of(command) else st.just([])
    ):
        values = TEXTS if not isinstance(option.type, click.Choice) else [*option.type.choices, "x"]
        words += [option.opts[0], *([] if option.is_flag else [draw(st.sampled_from(values))])]
    words += draw(st.lists(st.sampled_from(["file.json", "-", *TEXTS]), max_size=2))
    return words, draw(DOCUMENTS), draw(st.one_of(st.sampled_from([GOOD, *PIPED]), DOCUMENTS))


@pytest.fixture
def commanded(tmp_path, monkeypatch, capsys):
    """A command line that is done in a folder of its own."""
    folder = tmp_path / "deep" / "here"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    Path("folder").mkdir()
    Path("good.json").write_bytes(GOOD)
    Path("text.json").write_text("no JSON", encoding="utf-8")
    Path("script.json").write_text(json.dumps(SCRIPTS[0]), encoding="utf-8")
    Path("rules.yaml").write_text("instance_types: [ml.m5.*]\n", encoding="utf-8")

    def done(drawn):
        words, content, piped = drawn
        Path("file.json").write_bytes(content)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped), encoding="utf-8"))
        code = main(words)
        printed, told = capsys.readouterr()
        assert "Traceback" not in told
        assert "an error of this program" not in told + printed
        if code == WRONG:
            # One for each file, beside what is told of those that are right.
            wrong = [line for line in told.splitlines() if line.startswith("constructs-sm: ")]
            assert 0 < len(wrong) <= len(words) + len([*Path().rglob("*")])
            assert all(";" in line or "did you mean" in line.lower() for line in wrong)

    return done


def test_command_line_of_any_words_is_done_or_told_in_one_line(commanded):
    tried(100, lines(), commanded)


@pytest.mark.fuzz
def test_many_more_command_lines_are_done_or_told_in_one_line(commanded):
    tried(5_000, lines(), commanded)
