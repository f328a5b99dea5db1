"""The report in a browser: phone and desktop, light and dark, keyboard only, on paper, without the network."""

from __future__ import annotations

import json

from constructs_sm.commands.cli import main
from constructs_sm.testing.source.synthesized import synthesized

import pytest
from browser import VIEWS, visit
from conftest import DATA
from every_definition import definition_at
from every_example import example

pytestmark = pytest.mark.pages

SCRIPT = {
    "steps": {"Train": {"Metrics": {"loss": 0.2}}},
    "answers": {"Approve: Ask": [{"Approved": True, "By": "Ada", "Comment": "better"}]},
}
TURNED = "\u05e9\u05dc\u05d5\u05dd \u202e\u05e2\u05d5\u05dc\u05dd"
HOSTILE = {
    "StartAt": "<script>document.title = 'taken'</script>",
    "States": {
        "<script>document.title = 'taken'</script>": {
            "Type": "Pass",
            "Next": "</script><img src=//h.invalid onerror=x>",
        },
        "</script><img src=//h.invalid onerror=x>": {"Type": "Pass", "Next": "x" * 80},
        "x" * 80: {"Type": "Pass", "Comment": "y" * 30_000, "Next": TURNED},
        TURNED: {"Type": "Succeed"},
    },
}
FOCUSED = "() => document.activeElement.closest('details')?.id || document.activeElement.id"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The addresses of reports: the largest example, a definition written by hand, several at once, a hostile one."""
    folder = tmp_path_factory.mktemp("reports")
    template = folder / "serve.template.json"
    template.write_text(json.dumps(synthesized(example("serve_what_scales")["stack"]).template))
    forecast = folder / "forecast.asl.json"
    forecast.write_text(json.dumps(definition_at("published/weekly_forecast.json")))
    hostile = folder / "hostile.asl.json"
    hostile.write_text(json.dumps(HOSTILE))
    reports = {
        "example": (template, "--region", "eu-west-1", "--script", json.dumps(SCRIPT)),
        "written by hand": (forecast,),
        "several": (forecast, DATA / "templates" / "asl.json"),
        "hostile": (hostile,),
    }
    for name, arguments in reports.items():
        assert main(["report", *map(str, arguments), "-o", str(folder / f"{name}.html")]) == 0
    return {name: (folder / f"{name}.html").as_uri() for name in reports}


REPORTS = ("example", "written by hand", "several", "hostile")


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
@pytest.mark.parametrize("name", REPORTS)
def test_report_fits_can_be_read_by_all_and_asks_nobody(browser, pages, name, size, scheme):
    with visit(browser, pages[name], size, scheme) as seen:
        assert (seen.elsewhere, seen.complaints, seen.overflows()) == ([], [], False)
        seen.page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert seen.overflows() is False
        assert seen.axe("moderate", "serious", "critical") == []
        assert seen.page.title() != "taken"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_node_of_the_picture_opens_its_state_by_keyboard_alone(browser, pages, size):
    with visit(browser, pages["example"], size) as seen:
        for focused in iter(lambda: seen.tabbed(1)[0], None):
            assert focused["visible"]
            assert focused["marked"]
            if focused["tag"] == "a" and focused["text"].startswith("Register"):
                break
        seen.page.keyboard.press("Enter")

        step = seen.page.locator("details.step", has=seen.page.locator("h4", has_text="Register")).first
        # The focus follows the address, which changes a moment after the key.
        seen.page.wait_for_function(f"id => ({FOCUSED})() === id", arg=step.get_attribute("id"))
        assert step.locator("details.state").first.get_attribute("open") == ""
        assert step.locator("pre").first.is_visible()
        assert "ModelPackageGroupName" in step.locator("pre").first.inner_text()
        assert seen.page.locator(".picture a[aria-current]").first.text_content().strip().startswith("Register")


def test_node_opens_its_state_by_a_click_and_once_more_after_it_was_closed(browser, pages):
    with visit(browser, pages["example"]) as seen:
        node = seen.page.locator(".picture a", has=seen.page.get_by_text("Model", exact=True)).first
        for _ in range(2):
            node.click()
            state = seen.page.locator("details.state[open]")
            assert state.count() == 1
            assert state.locator("h5").inner_text() == "Model"
            seen.page.locator("details.step[open] > summary").click()
            seen.page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = false; })")


def test_address_of_a_state_opens_it(browser, pages):
    with visit(browser, f"{pages['example']}#m1-s3") as seen:
        assert seen.page.locator("#m1-s3 dl").is_visible()
        assert seen.page.evaluate(FOCUSED) == "m1-s3"


def test_failure_in_the_table_leads_to_its_timeline(browser, pages):
    with visit(browser, pages["example"]) as seen:
        seen.page.get_by_role("link", name="Train: never ends: fails").click()
        drill = seen.page.locator("details.drill[open]")
        assert drill.locator("tbody tr").first.locator("th").inner_text().startswith("Train")
        assert drill.locator(".bar.stopped").first.is_visible()


def test_colours_are_chosen_by_a_button(browser, pages):
    ground = "() => getComputedStyle(document.body).backgroundColor"
    with visit(browser, pages["example"], scheme="dark") as seen:
        button = seen.page.get_by_role("button", name="Colours")
        found = []
        for _ in range(3):
            found.append((button.inner_text(), seen.page.evaluate(ground)))
            button.click()
        assert found == [
            ("Colours: as the system", "rgb(13, 17, 23)"),
            ("Colours: light", "rgb(255, 255, 255)"),
            ("Colours: dark", "rgb(13, 17, 23)"),
        ]


def test_paper_has_every_state_on_white(browser, pages):
    with visit(browser, pages["example"], scheme="dark") as seen:
        closed = "() => document.querySelectorAll('details.state:not([open])').length"
        every = seen.page.locator("details.state").count()
        assert every > 40
        assert seen.page.evaluate(closed) == every
        assert len(seen.page.pdf(format="A4")) > 20_000
        assert seen.page.evaluate(closed) == every
        seen.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        seen.page.emulate_media(media="print")
        assert seen.page.evaluate(closed) == 0
        assert seen.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert seen.page.locator("#scheme").is_hidden()
        seen.page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert seen.page.evaluate(closed) == every


def test_report_is_read_without_its_script(browser, pages):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(pages["example"])
        page.locator(".picture a", has_text="Register").first.click()
        page.locator("details.step", has=page.locator("h4", has_text="Register")).first.locator("summary").first.click()
        assert page.locator(".state summary", has_text="Register: Describe").is_visible()
        assert page.locator("#scheme").is_hidden()
