"""Reading the page by keyboard, with a screen reader, on a narrow screen, in the dark, and on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest

from factcheck.report.html import to_html
from factcheck.report.schema import read_report
from tests.report.samples import reviewed, rich_report, small_report
from tests.review.browser import Serve, Visit, says, shows, unfold, written
from tests.review.example import example

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser").expect

_FOCUSED = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const style = getComputedStyle(one);
  const boxes = [...one.getClientRects()];
  const seen = boxes.some((part) => {
    const found = document.elementFromPoint(part.left + part.width / 2, part.top + part.height / 2);
    return found && (one.contains(found) || found.contains(one) && found !== document.body && found.id !== "decide"
      && !found.matches("header, main, .left, .right, #pane, #document, html"));
  });
  return {
    name: one.id || one.name || one.dataset.claim && `claim ${one.dataset.claim}` || one.textContent.trim(),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen,
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}
"""


def _stops(page: Page) -> list[dict[str, Any]]:
    """Where Tab leads, from the start of the page to its end."""
    found: list[dict[str, Any]] = []
    while len(found) < 200:
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None:
            return found
        found.append(focused)
    raise AssertionError(f"Tab leads nowhere: {[stop['name'] for stop in found]}")


def test_tab_goes_through_the_page_in_the_order_of_reading_and_is_always_seen(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(written(small_report(), tmp_path)).url)
    shows(page, 1)
    stops = _stops(page)
    assert [stop["name"] for stop in stops] == [
        "To the chosen claim",
        "To the document",
        "help-button",
        *["label"] * 4,
        "warned",
        "state",
        "source",
        "words",
        "show-aside",
        "stay",
        "claim 1",
        "claim 2",
        "way-j",
        "way-n",
        "Open the source at this place (new tab)",
        "do-accept",
        "do-supported",
        "do-contradicted",
        "do-unverifiable",
        "comment",
        "do-comment",
    ]
    assert [stop["name"] for stop in stops if not (stop["outlined"] and stop["inView"] and stop["seen"])] == []


def test_the_first_tab_is_a_link_to_the_claim_and_takes_the_focus_there(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(written(small_report(), tmp_path)).url)
    shows(page, 1)
    page.keyboard.press("Tab")
    skip = page.locator("a.skip").first
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('pane').contains(document.activeElement)")
    page.keyboard.press("a")
    says(page, "Saved: claim 1 accepted.")


def test_focus_is_not_lost_when_a_button_is_pressed_by_enter(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(written(rich_report(), tmp_path)).url)
    shows(page, 1)
    for number in (1, 2, 3):
        page.locator("#do-contradicted").press("Enter")
        says(page, f"Saved: claim {number}")
        assert page.evaluate("document.getElementById('right').contains(document.activeElement)")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('right').contains(document.activeElement)")


def test_what_was_saved_and_the_next_claim_are_announced_in_one_living_region(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(written(small_report(), tmp_path)).url)
    shows(page, 1)
    page.evaluate(
        """() => {
          window.region = document.getElementById("said");
          window.announced = [];
          new MutationObserver(() => window.announced.push(window.region.textContent.trim()))
            .observe(window.region, { childList: true, subtree: true, characterData: true });
        }"""
    )
    page.keyboard.press("a")
    says(page, "Saved: claim 1 accepted.")
    region = page.get_by_role("status")
    expect(region).to_have_attribute("aria-live", "polite")
    assert page.evaluate("window.region.isConnected")
    wanted = "Saved: claim 1 accepted. Claim 2 of 2, supported, not reviewed: India was the fourth country"
    assert any(" ".join(said.split()).startswith(wanted) for said in page.evaluate("window.announced"))
    server_gone = page.get_by_role("alert")
    expect(server_gone).to_have_count(1)


def test_labels_states_and_buttons_are_words_for_who_cannot_see_colours(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(written(small_report(), tmp_path)).url)
    shows(page, 1)
    document = page.locator("#document").aria_snapshot()
    assert 'link "1 contradicted"' in document
    assert 'link "2 supported"' in document
    pane = page.locator("#right").aria_snapshot()
    assert re.search(r'heading "contradicted ?: claim 1" \[level=2\]', pane)
    for button in ("Accept a contradicted", "Supported s", "Contradicted c", "Unverifiable u", "Save"):
        assert f'button "{button}"' in pane
    for heading in ("Contradicts the claim", "Rationale", "Rejected quotes"):
        assert f'heading "{heading}"' in pane
    assert 'link "Next claim, number 2"' in pane
    assert 'textbox "Comment' in pane
    whole = page.locator("body").aria_snapshot()
    for landmark in ("banner", "main", 'article "The document"', 'search "Claims"', 'region "The chosen claim"'):
        assert landmark in whole
    assert page.evaluate("[...document.querySelectorAll('h1')].length") == 1


_LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 6


@pytest.mark.parametrize("width", [320, 400, 620, 1000, 1600])
def test_no_page_scrolls_sideways_even_with_words_that_never_end(
    tmp_path: Path, serve: Serve, visit: Visit, width: int
) -> None:
    report = rich_report(lambda text: f"{text} {_LONG}")
    folder = tmp_path / "reports"
    folder.mkdir()
    written(report, folder)
    written(report, folder, f"{_LONG[:200]}.json")
    page = visit(serve(folder, reviewer=_LONG[:199]).url, width=width, height=800)
    expect(page.locator('#rows[data-unread="0"]')).to_be_visible()
    assert _overflow(page) == 0
    page.locator(".reports a").first.click()
    for number in (1, 2, 6, 7):
        page.goto(page.url.partition("?")[0] + f"?claim={number}")
        shows(page, number)
        unfold(page)
        page.locator("#show-aside").evaluate("(box) => { box.checked = true; }")
        assert _overflow(page) == 0
    page.locator("#comment").fill(_LONG)
    page.locator("#do-comment").click()
    says(page, "Saved: claim 7 commented on.")
    assert _overflow(page) == 0
    page.goto(page.url.partition("/r/")[0] + f"/r/{_LONG}")
    assert _overflow(page) == 0

    export = tmp_path / "report.html"
    export.write_text(to_html(report, reviewed(report)), encoding="utf-8")
    page = visit(export.as_uri(), width=width, height=800)
    unfold(page)
    assert _overflow(page) == 0


def _overflow(page: Page) -> int:
    """Pixels by which the page, or the part of it that shows a claim, is wider than what can be seen of it."""
    return int(
        page.evaluate(
            """() => Math.max(...[document.scrollingElement, document.getElementById("right")].filter(Boolean)
              .map((one) => one.scrollWidth - one.clientWidth))"""
        )
    )


def test_every_kind_of_block_flows_as_text_and_buttons_keep_their_place(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    page = visit(serve(written(rich_report(), tmp_path)).url)
    shows(page, 1)
    looks = page.locator("#document .block").evaluate_all(
        "(all) => all.map((one) => [one.classList[1], getComputedStyle(one).display])"
    )
    assert {kind for kind, _ in looks} > {"text", "quote", "list", "table", "code", "heading"}
    assert {display for _, display in looks} == {"block"}
    places = []
    for number in (1, 2, 3):
        shows(page, number)
        places.append(page.locator("#do-supported").bounding_box())
        page.keyboard.press("j")
    assert places[0] == places[1] == places[2]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_follow_the_system(tmp_path: Path, serve: Serve, visit: Visit, dark: bool) -> None:
    export = tmp_path / "report.html"
    export.write_text(to_html(small_report()), encoding="utf-8")
    for page in (
        visit(serve(written(small_report(), tmp_path)).url, dark=dark),
        visit(export.as_uri(), dark=dark),
    ):
        colours = page.evaluate(
            """() => [document.documentElement, document.body].map((one) => getComputedStyle(one).backgroundColor)"""
        )
        painted = [colour for colour in colours if colour != "rgba(0, 0, 0, 0)"][-1]
        brightness = sum(int(part) for part in re.findall(r"\d+", painted)[:3]) / 3
        assert brightness < 60 if dark else brightness > 200


def test_the_html_report_on_paper_holds_every_text_within_its_margins(tmp_path: Path, visit: Visit) -> None:
    report = rich_report()
    sheet, words = _printed(tmp_path, visit, to_html(report, reviewed(report)))
    assert sheet == []
    latin = [outcome for outcome in report.outcomes if outcome.claim.text.isascii()]
    assert len(latin) >= 6
    for outcome in latin:
        assert _bare(outcome.claim.text) in words
        for citation in outcome.verdict.citations if outcome.verdict is not None else ():
            assert not citation.quote.isascii() or _bare(citation.quote) in words
    assert _bare("What was looked for, and what came nearest") in words
    assert _bare("what was looked for") in words  # stands in a part that is folded on a screen
    for name in report.provenance.store.files.values():
        assert _bare(name) in words


def test_words_that_never_end_are_not_cut_on_paper(tmp_path: Path, visit: Visit) -> None:
    report = rich_report(lambda text: f"{text} {_LONG}")
    sheet, words = _printed(tmp_path, visit, to_html(report))
    assert sheet == []
    assert words.count(_bare(_LONG)) >= len(report.sentences)


def test_the_example_prints_in_full(tmp_path: Path, visit: Visit) -> None:
    report = read_report(example(tmp_path))
    sheet, words = _printed(tmp_path, visit, to_html(report, folder=tmp_path))
    assert sheet == []
    for outcome in report.outcomes:
        assert _bare(outcome.claim.text) in words
        for citation in outcome.verdict.citations if outcome.verdict is not None else ():
            assert _bare(citation.quote) in words


def _printed(folder: Path, visit: Visit, html: str) -> tuple[list[str], str]:
    """The words that stick out of the paper's margins, and all text of the print without its white space."""
    file = folder / "report.html"
    file.write_text(html, encoding="utf-8")
    paper = pypdfium2.PdfDocument(visit(file.as_uri()).pdf(format="A4", prefer_css_page_size=True))
    outside, words = [], []
    for sheet in paper:
        text, (width, height) = sheet.get_textpage(), sheet.get_size()
        words.append(text.get_text_range())
        for index in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(index)
            if left < 28 or right > width - 28 or bottom < 28 or top > height - 28:  # points: a centimetre
                outside.append(text.get_text_bounded(left, bottom, right, top))
    return outside, _bare("".join(words))


def _bare(text: str) -> str:
    """Without white space and hyphens: a PDF has other ones at the ends of lines."""
    return re.sub(r"[\s\x02\u00ad\ufffe-]+", "", text)
