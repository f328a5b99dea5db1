"""The page of a report: what somebody else's text cannot do to it."""

from __future__ import annotations

import json

from constructs_sm.commands.cli import main

import html5lib
import pytest
from machines import THROTTLING, UNIQUE, machine, named, task

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of script": "</script><img src=x onerror=alert(1)>",
    "end of style": "</style></title></svg><b>",
    "comment": "<!-- --><!--",
    "quotes": "\"' onmouseover='alert(1)' x=\"",
    "template": "{{ 7 * 7 }}{% raw %}",
    "link": "javascript:alert(1)",
    "entity": "&lt;b&gt; &amp;amp; &#60;",
    "turned": "safe\u202egnp.exe\u2066",
    "control": "a\u0001b\u0085c\ufffe",
    "half": "a\ud800b",
    "right to left": "שלום עולם",
    "wide": "訓練" * 30,
    "long": "x" * 3000,
    "fragment": "#m1-s1",
}


def parsed(page):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def report(tmp_path, document, *options, name="machine.asl.json"):
    path, output = tmp_path / name, tmp_path / "report.html"
    path.write_text(json.dumps(document))
    assert main(["report", str(path), "-o", str(output), "--force", *options]) == 0
    return output.read_text(encoding="utf-8")


def assert_is_text(page):
    """Nothing in the page but what the page is made of: one script, no picture but its own, nothing that runs."""
    tree = parsed(page)
    tags = {each.tag.rpartition("}")[2] for each in tree.iter() if isinstance(each.tag, str)}
    assert tags & {"b", "img", "iframe", "object", "embed", "form", "input", "base"} == set()
    assert len(list(tree.iter("script"))) == len(list(tree.iter("style"))) == 1
    assert not [name for each in tree.iter() for name in each.keys() if name.startswith("on")]  # noqa: SIM118
    assert not [
        link for each in tree.iter() if (link := each.get("href")) and not link.startswith(("#", "https:", "data:,"))
    ]


def with_text(text):
    """A state machine in which a text stands wherever its author may write one, but where states are named."""
    request = {**named(UNIQUE), "Environment": {text: text}, "RoleArn": text}
    return {
        "Comment": text,
        **machine(
            Job=task(
                Comment=text,
                Parameters=request,
                Retry=[{**THROTTLING, "ErrorEquals": [text]}],
                Catch=[{"ErrorEquals": [text], "Next": "Choose", "ResultPath": "$.error"}],
                Next="Choose",
            ),
            Choose={
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "StringEquals": text, "Comment": text, "Next": "Wrong"}],
                "Default": "Wrong",
            },
            Wrong={"Type": "Fail", "Error": text, "Cause": text},
        ),
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_text_of_somebody_else_is_text_in_the_page(name, tmp_path):
    assert_is_text(report(tmp_path, with_text(HOSTILE[name])))


@pytest.mark.parametrize("name", HOSTILE)
def test_name_of_a_state_and_of_a_type_is_text_in_the_page(name, tmp_path):
    text = HOSTILE[name]

    assert_is_text(report(tmp_path, {"StartAt": text, "States": {text: {"Type": text, "Next": text}, "Job": task()}}))


def test_name_of_a_state_is_shown_as_it_is(tmp_path):
    text = HOSTILE["end of script"]
    page = parsed(report(tmp_path, {"StartAt": text, "States": {text: task()}}))

    assert [each.text for each in page.findall(".//h4/bdi") if each.text] == [text]
    assert next(each.text for each in page.iter("{http://www.w3.org/2000/svg}text")) == text


def test_characters_that_turn_text_around_are_spelled_out(tmp_path):
    page = report(tmp_path, with_text("safe\u202egnp.exe"))

    assert "\u202e" not in page
    assert "safe\\u202egnp.exe" in page


def test_name_of_a_file_is_text_in_the_page(tmp_path):
    page = report(tmp_path, machine(Job=task()), name="<b>&'.asl.json")

    assert "<title>" in page
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;&#39;.asl.json</title>" in page


def test_request_of_thirty_kilobytes_stands_whole_in_the_page(tmp_path):
    value = "<&>" * 10_000
    page = report(tmp_path, machine(Job=task(Parameters={**named(UNIQUE), "Environment": {"SETTINGS": value}})))

    shown = "".join(parsed(page).find(".//pre").itertext())
    assert json.loads(shown)["Environment"]["SETTINGS"] == value


def test_script_of_the_page_is_the_only_one_that_may_run(tmp_path):
    page = report(tmp_path, machine(Job=task()))

    policy = parsed(page).find(".//meta[@http-equiv]").get("content")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-")
    assert "unsafe-eval" not in policy


def test_misshapen_definition_has_a_page_with_its_findings(tmp_path):
    page = report(tmp_path, {"StartAt": "Nowhere", "States": {"A": {"Type": "Pass"}, "B": 7}})

    text = "".join(parsed(page).itertext())
    assert "It has no picture and no states: the definition: StartAt must name one of its states" in text
    assert "asl-start" in text
    assert "Not rehearsed" in text


def test_definition_that_step_functions_refuses_is_drawn_and_not_rehearsed(tmp_path):
    page = report(tmp_path, machine(Job=task(Timeout=5)))

    text = "".join(parsed(page).itertext())
    assert "Not rehearsed: " in text
    assert "asl-unknown-field" in text
    assert parsed(page).find(".//{http://www.w3.org/2000/svg}svg") is not None
