"""Whole reviews in a real browser: by keyboard alone, by mouse and touch, in two tabs, by two people, of a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.report.samples import rich_report, small_report
from tests.review.browser import Serve, Visit, decisions, says, shows, written
from tests.review.example import example

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser").expect

SUPPORTED, CONTRADICTED, UNVERIFIABLE = "supported", "contradicted", "unverifiable"

# Presses "a" as soon as the page's own script has run, which is before htmx knows the buttons.
_ACCEPT_AT_ONCE = """
new MutationObserver((_, observer) => {
  if (!document.documentElement.classList.contains("scripted")) return;
  observer.disconnect();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["class"] });
"""


def test_the_example_is_reviewed_by_keyboard_alone(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    report = example(tmp_path)
    page = visit(serve(report).url)
    keys = page.keyboard
    shows(page, 1)

    keys.press("?")
    expect(page.locator("#help")).to_be_visible()
    keys.press("a")  # means nothing while the list of keys is open
    keys.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    assert not Path(f"{report}.reviews.jsonl").exists()

    keys.press("a")
    says(page, "Saved: claim 1 accepted.")

    keys.press("m")
    expect(page.locator("#comment")).to_be_focused()
    keys.type("Das erste Bild kam am 12. Juli: “a”, c & <b>.")
    keys.press("Escape")
    expect(page.locator("#comment")).not_to_be_focused()
    keys.press("c")
    says(page, "Saved: claim 2 accepted.")

    keys.press("u")
    says(page, "Saved: claim 3 overruled to unverifiable.")
    keys.press("z")
    says(page, "Taken back: claim 3 is no longer overruled to unverifiable by you.")
    shows(page, 3)
    keys.press("s")
    says(page, "Saved: claim 3 accepted.")

    keys.press("m")
    keys.type("Ask the agency.\nAgain.")
    keys.press("Control+Enter")
    says(page, "Saved: claim 4 commented on.")
    shows(page, 4)
    expect(page.locator("#comment")).to_have_value("")
    expect(page.locator(".history .comment")).to_have_text("Ask the agency.\nAgain.")
    keys.press("k")
    shows(page, 3)
    keys.press("n")
    shows(page, 4)

    keys.press("/")
    expect(page.locator("#words")).to_be_focused()
    keys.type("splashed")
    expect(page).to_have_url(re.compile("[?&]q=splashed&"))
    shows(page, 8)
    keys.press("Escape")
    expect(page.locator("#words")).to_have_value("splashed")  # left, not emptied
    expect(page.locator(".ways .at")).to_contain_text("1 of 1 shown")
    expect(page.locator('#document a.ref[data-claim="1"]')).to_have_class("ref dim")
    keys.press("c")
    says(page, "Saved: claim 8 overruled to contradicted.")
    keys.press("/")
    keys.press("Delete")
    keys.press("Enter")
    expect(page.locator(".ways .at")).to_have_text("Claim 8 of 17")
    shows(page, 8)
    keys.press("Escape")
    keys.press("n")

    for number in (9, 10, 11, 12, 13, 14, 15, 16, 17, 4, 5, 6):
        shows(page, number)
        keys.press("a")
        says(page, f"Saved: claim {number} accepted.")
    shows(page, 7)
    keys.press("u")
    says(page, "Saved: claim 7 overruled to unverifiable.")

    expect(page.locator("#progress")).to_have_text("17 of 17 claims reviewed")
    expect(page.locator("#pane")).to_contain_text("All 17 claims are reviewed.")
    assert decisions(report) == [
        ("s3.1", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s5.1", "accept", CONTRADICTED, CONTRADICTED, "Das erste Bild kam am 12. Juli: “a”, c & <b>.", "Anna"),
        ("s6.1", "overrule", UNVERIFIABLE, SUPPORTED, "", "Anna"),
        ("s6.1", "undo", None, SUPPORTED, "", "Anna"),
        ("s6.1", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s6.2", "comment", None, UNVERIFIABLE, "Ask the agency.\nAgain.", "Anna"),
        ("s10.1", "overrule", CONTRADICTED, UNVERIFIABLE, "", "Anna"),
        ("s12.1", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s12.2", "accept", CONTRADICTED, CONTRADICTED, "", "Anna"),
        ("s13.1", "accept", UNVERIFIABLE, UNVERIFIABLE, "", "Anna"),
        ("s15.1", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s15.2", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s16.1", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s17.1", "accept", CONTRADICTED, CONTRADICTED, "", "Anna"),
        ("s19.1", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s19.2", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s6.2", "accept", UNVERIFIABLE, UNVERIFIABLE, "", "Anna"),
        ("s8.1", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s8.2", "accept", SUPPORTED, SUPPORTED, "", "Anna"),
        ("s9.1", "overrule", UNVERIFIABLE, CONTRADICTED, "", "Anna"),
    ]


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_the_example_is_reviewed_on_a_screen_of_400_pixels(
    tmp_path: Path, serve: Serve, visit: Visit, touch: bool
) -> None:
    report = example(tmp_path)
    page = visit(serve(report).url, width=400, height=800, touch=touch)

    def press(selector: str) -> None:
        found = page.locator(selector)
        found.tap() if touch else found.click()

    shows(page, 1)
    press("#help-button")
    expect(page.locator("#help")).to_be_visible()
    press("#help-close")

    press("#do-unverifiable")
    says(page, "Saved: claim 1 overruled to unverifiable.")
    press("#do-undo")
    says(page, "Taken back: claim 1")
    press("#way-j")
    shows(page, 2)
    press("#way-k")
    shows(page, 1)

    press("#sheet")
    expect(page.locator("#pane")).to_be_hidden()
    press('#document .claim[data-claims="5 6"]')
    shows(page, 5)
    expect(page.locator("#pane")).to_be_visible()
    page.locator("#comment").fill("Von Hand.")
    press("#do-comment")
    says(page, "Saved: claim 5 commented on.")
    press("#way-n")

    for number in (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 1, 2, 3, 4, 5):
        shows(page, number)
        page.wait_for_timeout(600)  # a second tap sooner than anyone reads is taken for the first one's echo
        press("#do-accept")
        says(page, f"Saved: claim {number} accepted.")
    expect(page.locator("#progress")).to_have_text("17 of 17 claims reviewed")
    lines = decisions(report)
    assert [line[1] for line in lines] == ["overrule", "undo", "comment", *(["accept"] * 17)]
    assert len({line[0] for line in lines[3:]}) == 17


def test_a_filter_is_set_by_touch_at_400_pixels(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(example(tmp_path)).url, width=400, height=800, touch=True)
    page.locator("#sheet").tap()
    page.locator("#filters summary").tap()
    page.locator('#filter label.chip[data-ending="contradicted"]').tap()
    expect(page).to_have_url(re.compile(r"label=contradicted&claim=2$"))
    page.locator("#sheet").tap()
    shows(page, 2)
    for number in (7, 10, 15):
        page.locator("#way-j").tap()
        shows(page, number)
    expect(page.locator(".ways .at")).to_contain_text("4 of 4 shown")


def test_a_reload_keeps_decisions_the_chosen_claim_and_the_filter(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(example(tmp_path)).url)
    page.keyboard.press("a")
    says(page, "Saved: claim 1 accepted.")
    page.locator('#filter input[value="supported"]').check()
    shows(page, 3)
    page.keyboard.press("j")
    shows(page, 5)
    page.reload()
    shows(page, 5)
    expect(page.locator('#filter input[value="supported"]')).to_be_checked()
    expect(page.locator(".ways .at")).to_contain_text("3 of 10 shown")
    expect(page.locator("#progress")).to_have_text("1 of 17 claims reviewed")
    expect(page.locator('#document a.ref[data-claim="1"]')).to_have_attribute("data-state", "accepted")
    expect(page.locator('#document a.ref[data-claim="2"]')).to_have_class("ref dim")


def test_two_tabs_write_one_history_and_each_sees_the_other_s_decisions(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    report = written(rich_report(), tmp_path)
    first = visit(serve(report).url)
    second = first.context.new_page()
    second.goto(first.url)
    shows(second, 1)
    second.keyboard.press("s")
    says(second, "Saved: claim 1 accepted.")
    first.keyboard.press("c")  # still shows the claim as nobody had decided it
    says(first, "Saved: claim 1 overruled to contradicted.")
    second.keyboard.press("u")
    says(second, "Saved: claim 2 overruled to unverifiable.")
    first.keyboard.press("j")
    expect(first.locator("#progress")).to_have_text("2 of 12 claims reviewed")
    expect(first.locator('#document a.ref[data-claim="2"]')).to_have_attribute("data-state", "overruled")
    second.keyboard.press("k")
    expect(second.locator('#document a.ref[data-claim="1"]')).to_have_attribute("data-ending", "contradicted")
    assert [line[:3] for line in decisions(report)] == [
        ("s3.1", "accept", SUPPORTED),
        ("s3.1", "overrule", CONTRADICTED),
        ("s3.2", "overrule", UNVERIFIABLE),
    ]


def test_two_reviewers_who_disagree_see_it_and_the_engine_s_label_counts(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    report = written(small_report(), tmp_path)
    anna = visit(serve(report, reviewer="Anna").url)
    anna.keyboard.press("a")
    says(anna, "Saved: claim 1 accepted.")
    anna.keyboard.press("a")
    says(anna, "Saved: claim 2 accepted.")

    joerg = visit(serve(report, reviewer="Jörg").url)
    expect(joerg.locator("#progress")).to_have_text("2 of 2 claims reviewed")
    joerg.locator("#state").select_option("mine")
    shows(joerg, 1)
    joerg.keyboard.press("m")
    joerg.keyboard.type("The agency says so.")
    joerg.keyboard.press("Escape")
    joerg.keyboard.press("s")
    says(joerg, "Saved: claim 1 overruled to supported.")
    shows(joerg, 2)
    joerg.keyboard.press("a")
    says(joerg, "Saved: claim 2 accepted.")

    anna.reload()
    anna.locator("#state").select_option("disputed")
    shows(anna, 1)
    view = anna.locator(".claim-view")
    expect(view).to_have_attribute("data-state", "disputed")
    expect(view).to_have_attribute("data-ending", CONTRADICTED)
    expect(view.locator(".verdict .state")).to_have_text("disputed")
    said = view.locator(".history").inner_text()
    assert "Anna accepted “contradicted”" in said
    assert "Jörg overruled to supported" in said
    assert "The agency says so." in said
    expect(anna.locator('#document a.ref[data-claim="1"]')).to_have_accessible_name("1 contradicted, disputed")


def test_a_folder_shows_progress_and_opens_the_next_document_with_a_claim_that_waits(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    for name in ("a.json", "b.json", "c.json"):
        written(small_report(), tmp_path, name)
    (tmp_path / "broken.json").write_text('{"schema_version": "1.0", "document"', encoding="utf-8")
    page = visit(serve(tmp_path).url)
    expect(page.locator(".reports .progress")).to_have_text(["0 of 2 reviewed"] * 3)
    expect(page.locator(".reports .broken")).to_contain_text("Cannot be opened")
    page.get_by_role("link", name="Review the next unreviewed document").press("Enter")

    _accept_both(page, "a.json")
    page.keyboard.press("n")  # to the next document: nothing waits in this one
    _accept_both(page, "b.json")
    page.locator(".brand a").click()
    expect(page.locator(".reports .progress")).to_have_text(["2 of 2 reviewed", "2 of 2 reviewed", "0 of 2 reviewed"])
    page.get_by_role("link", name="Review the next unreviewed document").click()
    _accept_both(page, "c.json")
    page.keyboard.press("n")
    expect(page.locator("main p.done")).to_have_text("Every claim is reviewed.")
    assert all(len(decisions(tmp_path / f"{name}.json")) == 2 for name in "abc")


def _accept_both(page: Page, name: str) -> None:
    for number in (1, 2):
        shows(page, number)
        page.keyboard.press("a")
        says(page, f"Saved: claim {number} accepted.")
    expect(page.locator("#pane .done")).to_contain_text("All 2 claims are reviewed.")


def test_the_source_opens_at_the_cited_words(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(example(tmp_path)).url)
    shows(page, 1)
    with page.context.expect_page() as opened:
        page.keyboard.press("o")
    source = opened.value
    cited = source.locator("mark#cited")
    expect(cited).to_have_text("The James Webb Space Telescope was launched on 25 December 2021")
    expect(cited).to_be_in_viewport()
    assert source.evaluate("window.opener") is None


def test_a_review_works_without_scripts(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    report = written(small_report(), tmp_path)
    page = visit(serve(report).url, scripts=False)
    page.locator("#comment").fill("Without a script.")
    page.locator("#do-supported").click()
    expect(page.locator("#said")).to_have_text("Saved: your decision on claim 1.")
    page.locator("#do-accept").click()
    expect(page.locator("#progress")).to_have_text("2 of 2 claims reviewed")
    page.locator("#words").fill("India")
    page.locator("#filter button").click()
    expect(page.locator(".claim-view")).to_have_attribute("data-claim", "2")
    assert [line[:3] for line in decisions(report)] == [
        ("s1.1", "overrule", SUPPORTED),
        ("s2.1", "accept", SUPPORTED),
    ]


def test_a_server_that_is_gone_is_said_and_nothing_is_called_saved(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    report = written(small_report(), tmp_path)
    server = serve(report)
    page = visit(server.url)
    page.keyboard.press("m")
    page.keyboard.type("Not lost.")
    page.keyboard.press("Escape")
    server.kill()
    page.keyboard.press("a")
    expect(page.locator("#notice")).to_contain_text("The server does not answer; what you did last was not saved.")
    expect(page.locator("#said")).not_to_contain_text("Saved")
    expect(page.locator("#comment")).to_have_value("Not lost.")
    assert not Path(f"{report}.reviews.jsonl").exists()


def test_a_report_written_anew_refuses_the_decision_of_the_old_page_and_keeps_its_comment(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    report = written(small_report(), tmp_path)
    page = visit(serve(report).url)
    page.keyboard.press("m")
    page.keyboard.type("About the old one.")
    page.keyboard.press("Escape")
    written(rich_report(), tmp_path)
    page.keyboard.press("a")
    expect(page.locator("#notice")).to_contain_text("Not saved: the report was written anew.")
    expect(page.locator("#comment")).to_have_value("About the old one.")
    assert not Path(f"{report}.reviews.jsonl").exists()


def test_a_key_pressed_while_the_page_starts_waits_and_does_not_load_the_page_anew(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    report = written(small_report(), tmp_path)
    page = visit(serve(report).url)
    page.add_init_script(_ACCEPT_AT_ONCE)
    page.reload()
    says(page, "Saved: claim 1 accepted.")
    shows(page, 2)
    assert [line[:2] for line in decisions(report)] == [("s1.1", "accept")]


def test_a_double_click_decides_one_claim(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    report = written(rich_report(), tmp_path)
    page = visit(serve(report).url)
    shows(page, 1)
    page.locator("#do-accept").dblclick()
    says(page, "Saved: claim 1 accepted.")
    page.keyboard.press("j")
    shows(page, 3)
    assert [line[0] for line in decisions(report)] == ["s3.1"]


def test_a_comment_that_was_begun_is_kept_while_other_claims_are_read(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(written(small_report(), tmp_path)).url)
    page.keyboard.press("m")
    page.keyboard.type("half a thou")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    shows(page, 2)
    expect(page.locator("#comment")).to_have_value("")
    page.keyboard.press("k")
    shows(page, 1)
    expect(page.locator("#comment")).to_have_value("half a thou")
