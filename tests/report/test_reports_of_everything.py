"""The command `report` on every example, blueprint and definition: a page of HTML that is valid, and the same again."""

from __future__ import annotations

import json
import re

from constructs_sm.blueprints.described import CONTEXT_KEY, described_stack
from constructs_sm.commands.cli import main
from constructs_sm.testing.source.synthesized import synthesized

import html5lib
import pytest
from aws_cdk import App
from every_blueprint import ARGUMENTS
from every_definition import DEFINITIONS, TEMPLATES, definition_at, template_at
from every_example import EXAMPLES, example

REFUSED = {
    "05_definition_s3.yaml": "the definition is in S3",
    "15_transform_include.yaml": "a transform that is not read",
    "17_serverless.yml": "a file of the Serverless Framework is not read",
}
"""What of a template cannot be read, in the words of every command."""


def parsed(page):
    """The tree of a page; an error in it fails the test."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def checked(page):
    """Read a page: it is valid, its ids are its own, its links lead to something, and nothing is fetched."""
    tree = parsed(page)
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    links = {each.get("href") for each in tree.iter() if each.tag in {"a", "{http://www.w3.org/2000/svg}a"}}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert all(link.startswith(("#", "https://")) for link in links)
    assert [each.tag for each in tree.iter() if each.get("src")] == []
    assert [each.get("href") for each in tree.iter("link")] == ["data:,"]
    assert not re.search(r"url\((?!#)|@import", page)
    return tree


def reported(tmp_path, *paths):
    output = tmp_path / "report.html"
    assert main(["report", *map(str, paths), "-o", str(output), "--force"]) == 0
    return output.read_bytes()


def assert_reported(tmp_path, path):
    page = reported(tmp_path, path)

    checked(page.decode())
    assert reported(tmp_path, path) == page


@pytest.mark.parametrize("name", EXAMPLES)
def test_report_of_an_example_is_a_valid_page_and_the_same_again(name, tmp_path):
    path = tmp_path / "app.template.json"
    path.write_text(json.dumps(synthesized(example(name)["stack"]).template))

    assert_reported(tmp_path, path)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_report_of_a_blueprint_is_a_valid_page_and_the_same_again(name, tmp_path):
    app = App(context={CONTEXT_KEY: {"blueprint": name, "arguments": ARGUMENTS[name]}})
    path = tmp_path / "blueprint.template.json"
    path.write_text(json.dumps(synthesized(described_stack(app)).template))

    assert_reported(tmp_path, path)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_report_of_a_definition_is_a_valid_page_and_the_same_again(name, tmp_path):
    path = tmp_path / "definition.asl.json"
    path.write_text(json.dumps(definition_at(name)))

    assert_reported(tmp_path, path)


@pytest.mark.parametrize("name", sorted({*TEMPLATES} - REFUSED.keys()))
def test_report_of_a_template_is_a_valid_page_and_the_same_again(name, tmp_path):
    assert_reported(tmp_path, template_at(name))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_template_that_cannot_be_read_has_no_report(name, tmp_path, capsys):
    output = tmp_path / "report.html"

    assert main(["report", str(template_at(name)), "-o", str(output)]) == 2
    assert REFUSED[name] in capsys.readouterr().err
    assert not output.exists()
