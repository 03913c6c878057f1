"""axe-core finds nothing serious on any page, in light and dark, narrow and wide, nor in the HTML report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from factcheck.models import Report
from factcheck.report.html import to_html
from factcheck.reviews import append_review, report_digest
from tests.report.samples import empty_report, reviewed, rich_report, small_report
from tests.review.browser import Serve, Visit, shows, unfold, written
from tests.review.example import example

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser").expect
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

GRAVE = {"serious", "critical"}
LOOKS = pytest.mark.parametrize(
    ("width", "dark"), [(400, False), (400, True), (1600, False), (1600, True)], ids=lambda value: str(value)
)


def grave_findings(page: Page, within: str | None = None) -> list[str]:
    """Rule, impact and place of every serious or critical finding of axe-core."""
    results = axe.Axe().run(page, context=within)
    return [
        f"{found['id']} ({found['impact']}): {node['target']} {node['html'][:120]} {node['failureSummary']}"
        for found in results.response["violations"]
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]


def with_decisions(report: Report, folder: Path) -> Path:
    """The report as a file, with decisions of two reviewers: accepted, overruled, disputed, commented on."""
    path = written(report, folder)
    digest = report_digest(path.read_bytes())
    for standing in reviewed(report).values():
        for review in dict.fromkeys((*standing.decisions, *standing.comments)):
            append_review(path, review.model_copy(update={"report": digest}))
    return path


def test_a_grave_fault_is_found(visit: Visit) -> None:
    page = visit("about:blank")
    page.set_content("<html lang=en><title>x</title><p style='color:#999;background:#fff'>pale</p><button></button>")
    assert {finding.partition(" ")[0] for finding in grave_findings(page)} == {"color-contrast", "button-name"}


@LOOKS
def test_the_page_of_a_report_has_no_grave_finding(
    tmp_path: Path, serve: Serve, visit: Visit, width: int, dark: bool
) -> None:
    page = visit(serve(with_decisions(rich_report(), tmp_path)).url, width=width, dark=dark)
    page.goto(page.url.partition("?")[0] + "?claim=2")
    shows(page, 2)
    if width < 1000:
        page.locator("#sheet").click()  # the document and the filter, in full
        page.locator("#filters summary").click()
    page.locator("#show-aside").check()
    assert grave_findings(page) == []
    if width < 1000:
        page.locator("#sheet").click()
    for number in (3, 6, 7, 9):  # disputed, conflicting sources, failed, no passage in Hebrew
        page.goto(page.url.partition("?")[0] + f"?claim={number}")
        shows(page, number)
        unfold(page)
        assert grave_findings(page, within="#right") == []
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert grave_findings(page, within="#help") == []


@LOOKS
def test_a_notice_and_a_page_without_claims_have_no_grave_finding(
    tmp_path: Path, serve: Serve, visit: Visit, width: int, dark: bool
) -> None:
    server = serve(written(small_report(), tmp_path))
    page = visit(server.url, width=width, dark=dark)
    page.locator("#do-comment").click()
    expect(page.locator("#notice .notice")).to_contain_text("There is no comment to save")
    assert grave_findings(page) == []
    written(empty_report(), tmp_path)
    page.goto(page.url.partition("?")[0])
    expect(page.locator("#pane .empty")).to_be_visible()
    assert grave_findings(page) == []


@LOOKS
def test_a_folder_an_error_and_a_source_have_no_grave_finding(
    tmp_path: Path, serve: Serve, visit: Visit, width: int, dark: bool
) -> None:
    for page in _plain_pages(tmp_path, serve, visit, width, dark):
        assert grave_findings(page) == []


def _plain_pages(folder: Path, serve: Serve, visit: Visit, width: int, dark: bool) -> Iterator[Page]:
    example(folder)
    reports = folder / "reports"
    reports.mkdir()
    with_decisions(small_report(), reports).rename(reports / "done.json")
    Path(f"{reports}/report.json.reviews.jsonl").rename(reports / "done.json.reviews.jsonl")
    written(rich_report(), reports)
    (reports / "broken.json").write_text('{"schema_version": "1.0", "document"', encoding="utf-8")
    page = visit(serve(reports).url, width=width, dark=dark)
    expect(page.locator('#rows[data-unread="0"]')).to_be_visible()
    yield page
    page.goto(page.url + "r/nothing")
    expect(page.locator("main[data-problem]")).to_be_visible()
    yield page
    page = visit(serve(folder / "report.json").url, width=width, dark=dark)
    shows(page, 1)
    page.goto(page.url.partition("/r/")[0] + (page.locator("a.open").first.get_attribute("href") or ""))
    expect(page.locator("#cited")).to_be_visible()
    yield page


@LOOKS
def test_the_html_report_has_no_grave_finding(tmp_path: Path, visit: Visit, width: int, dark: bool) -> None:
    file = tmp_path / "report.html"
    file.write_text(to_html(rich_report(), reviewed(rich_report())), encoding="utf-8")
    page = visit(file.as_uri(), width=width, dark=dark)
    unfold(page)
    assert grave_findings(page) == []
