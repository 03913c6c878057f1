"""One browser for each file of tests, a server for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.review.browser import PATIENCE_MS, RunningReview, Serve, Visits, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser")
    program = chromium()
    if program is None:
        pytest.skip("no chromium on this machine (apt-get install chromium): no test in a browser")
    api.expect.set_options(timeout=PATIENCE_MS)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            # nothing but this machine has an address: a page that asks elsewhere is seen, and gets nowhere
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
            timeout=PATIENCE_MS,
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visits]:
    """Opens pages; when the test is over, none of them may have run, asked or broken anything it should not."""
    visits = Visits(browser)
    yield visits
    visits.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts ``factcheck review`` on a report or folder; it ends with the test."""
    with ExitStack() as running:

        def start(target: Path, *, reviewer: str = "Anna", cwd: Path | None = None) -> RunningReview:
            return running.enter_context(RunningReview(target, reviewer=reviewer, cwd=cwd))

        yield start
