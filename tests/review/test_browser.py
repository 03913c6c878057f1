"""The review page in a real browser, in short: a decision by key, an undo, a folder; the rest is in the slow tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.samples import rich_report, small_report
from tests.review.browser import Serve, Visit, decisions, says, shows, written

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser").expect


def test_a_decision_is_in_the_file_when_the_page_says_saved_and_a_refusal_is_said_too(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    report = written(small_report(), tmp_path)
    page = visit(serve(report).url)
    shows(page, 1)

    page.locator("#do-comment").click()
    expect(page.get_by_role("alert")).to_have_text("Not saved. There is no comment to save: write one first.")

    page.keyboard.press("u")
    says(page, "Saved: claim 1 overruled to unverifiable.")
    expect(page.get_by_role("alert")).to_be_empty()
    assert decisions(report) == [("s1.1", "overrule", "unverifiable", "contradicted", "", "Anna")]
    shows(page, 2)
    expect(page.locator("#progress")).to_have_text("1 of 2 claims reviewed")
    expect(page.locator('#document a.ref[data-claim="1"]')).to_have_attribute("data-ending", "unverifiable")

    page.keyboard.press("z")
    says(page, "Taken back: claim 1 is no longer overruled to unverifiable by you.")
    assert [line[1] for line in decisions(report)] == ["overrule", "undo"]
    expect(page.locator("#progress")).to_have_text("0 of 2 claims reviewed")
    expect(page.locator('#document a.ref[data-claim="1"]')).to_have_attribute("data-ending", "contradicted")


def test_after_a_comment_was_written_the_first_click_counts(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    report = written(small_report(), tmp_path)
    page = visit(serve(report).url)
    for words, button, said in (
        ("To check.", "#do-comment", "Saved: claim 1 commented on."),
        ("So it is.", "#do-accept", "Saved: claim 1 accepted."),
    ):
        page.locator("#comment").click()
        page.keyboard.type(words)
        box = page.locator(button).bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, delay=50)
        says(page, said)
    assert [line[1:5] for line in decisions(report)] == [
        ("comment", None, "contradicted", "To check."),
        ("accept", "contradicted", "contradicted", "So it is."),
    ]


def test_every_claim_of_a_rich_report_is_shown_in_place_by_key_and_by_a_click_on_its_words(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    report = rich_report()
    page = visit(serve(written(report, tmp_path)).url)
    for number, outcome in enumerate(report.outcomes, start=1):
        shows(page, number)
        expect(page.locator(".claim-text")).to_have_text(outcome.claim.text)
        expect(page.locator("#document .claim.chosen").first).to_be_in_viewport()
        expect(page.locator("#document a.ref[aria-current]")).to_have_attribute("data-claim", str(number))
        page.keyboard.press("j")
    page.locator('#document .claim[data-claims="4"]').click()
    shows(page, 4)
    assert "claim=4" in page.url
