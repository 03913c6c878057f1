"""How long a reviewer waits for a long document: opening its page, and each next claim; and the HTML report of it.

    python bench/review.py [--claims 1000] [--pages 300] [--steps 50]

A real ``factcheck review`` process and a real Chromium, on this machine. Opening is from the start of the navigation to
the frame that shows the document with its first claim chosen; the server reads the report on the first opening only.
A next claim is from the key ``j`` to the frame that shows it. Times are of the browser's own clock.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from factcheck.report.html import to_html  # noqa: E402
from tests.report.samples import long_report  # noqa: E402
from tests.review.browser import RunningReview, chromium, shows, written  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

OPENINGS = 5
# Notes the first frame in which a claim is chosen in the document, and for each key the frame of the claim it brings.
_CLOCK = """
window.opened = null;
window.steps = [];
let pressed = null;
const painted = (then) => requestAnimationFrame(() => setTimeout(() => then(performance.now())));
const look = () => {
  if (document.querySelector("#document .claim.chosen") && document.querySelector(".claim-view"))
    painted((now) => { window.opened = now; });
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
addEventListener("keydown", (event) => { if (event.key === "j") pressed = performance.now(); }, true);
document.addEventListener("htmx:after:swap", () => {
  if (pressed === null) return;
  const began = pressed;
  pressed = null;
  painted((now) => {
    const fetched = performance.getEntriesByType("resource").filter((one) => one.name.includes("/claim?")).pop();
    window.steps.push({ whole: now - began, server: fetched.responseEnd - fetched.requestStart });
  });
});
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--claims", type=int, default=1000)
    options.add_argument("--pages", type=int, default=300)
    options.add_argument("--steps", type=int, default=50)
    given = options.parse_args()
    program = chromium()
    if program is None:
        sys.exit("no chromium on this machine (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    report = long_report(given.claims, pages=given.pages)
    print(f"{given.pages} pages, {len(report.document.text):,} characters, {given.claims:,} claims")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        path = written(report, folder)
        print(f"report: {path.stat().st_size / 1e6:.1f} MB of JSON")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(120_000)
        page.add_init_script(_CLOCK)
        with RunningReview(path) as server:
            _openings(page, server.url)
            _steps(page, given.steps)
        started = time.perf_counter()
        html = to_html(report)
        made = time.perf_counter() - started
        file = folder / "report.html"
        file.write_text(html, encoding="utf-8")
        _exported(page, file, made)
        browser.close()


def _openings(page: Page, url: str) -> None:
    times = []
    for opening in range(OPENINGS + 1):
        page.goto(url) if opening == 0 else page.reload()
        shows(page, 1)
        times.append(_opened(page))
    first, again = times[0], times[1:]
    print(f"open, first: {_told(first)}")
    middle = sorted(again, key=lambda one: float(one["opened"]))[len(again) // 2]
    print(f"open, again: {_told(middle)} (median of {len(again)})")


def _opened(page: Page) -> dict[str, float]:
    while page.evaluate("window.opened") is None:
        page.wait_for_timeout(50)
    timing: dict[str, Any] = page.evaluate(
        """() => {
          const one = performance.getEntriesByType("navigation")[0];
          return { opened: window.opened, answered: one.responseStart, received: one.responseEnd,
            parsed: one.domInteractive, bytes: one.decodedBodySize };
        }"""
    )
    return timing


def _told(one: dict[str, float]) -> str:
    return (
        f"{one['opened'] / 1000:.2f} s to the first claim (limit 2): answer begins at {one['answered'] / 1000:.2f},"
        f" is there at {one['received'] / 1000:.2f}, parsed at {one['parsed'] / 1000:.2f}; page of"
        f" {one['bytes'] / 1e6:.1f} MB"
    )


def _steps(page: Page, steps: int) -> None:
    for step in range(steps):
        page.keyboard.press("j")
        while page.evaluate("window.steps.length") <= step:
            page.wait_for_timeout(5)
    taken: list[dict[str, float]] = page.evaluate("window.steps")
    whole, server = sorted(one["whole"] for one in taken), [one["server"] for one in taken]
    print(
        f"next claim: median {statistics.median(whole):.0f} ms, p95 {whole[int(len(whole) * 0.95)]:.0f} ms of"
        f" {len(whole)} (limit 100); of that, until the answer is there, median {statistics.median(server):.0f} ms"
    )


def _exported(page: Page, file: Path, made: float) -> None:
    page.goto(file.as_uri())
    timing = page.evaluate(
        """() => {
          const one = performance.getEntriesByType("navigation")[0];
          const paint = performance.getEntriesByName("first-contentful-paint")[0];
          return { loaded: one.loadEventEnd, painted: paint ? paint.startTime : null };
        }"""
    )
    painted = "unknown" if timing["painted"] is None else f"{timing['painted'] / 1000:.2f} s"
    print(
        f"HTML report: made in {made:.2f} s, {file.stat().st_size / 1e6:.1f} MB; first seen after {painted},"
        f" loaded after {timing['loaded'] / 1000:.2f} s"
    )


if __name__ == "__main__":
    main()
