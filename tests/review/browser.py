"""A real review server, and a real browser that keeps a log of whatever a page should never do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from factcheck.models import Report
from factcheck.reviews import Review, reviews_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_MS = 120_000  # how long a test waits for what must come; a busy machine is no failure
_PATIENCE_S = PATIENCE_MS / 1000

# Runs in every frame before any script of the page: says so when a policy blocks something, or a payload gets to run.
_SENTINEL = """
window.alert = window.confirm = window.prompt = window.print = (said) => { factcheckRan(`called: ${said}`); };
window.xss = (said) => { factcheckRan(`ran: ${said}`); };
document.addEventListener("securitypolicyviolation", (event) => {
  factcheckRefused(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`);
});
"""


class RunningReview:
    """``factcheck review`` as a process of its own, from ``with`` until the end of it; ``url`` works once."""

    def __init__(self, target: Path, *, reviewer: str = "Anna", cwd: Path | None = None) -> None:
        self.target = target
        self.reviewer = reviewer
        self._cwd = cwd or target.parent
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=_PATIENCE_S)

    def start(self) -> None:
        command = [sys.executable, "-m", "factcheck", "review", str(self.target), "--no-browser"]
        self.process = subprocess.Popen(
            [*command, "--reviewer", self.reviewer],
            cwd=self._cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> None:
        """Until the server says where it is."""
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise AssertionError(f"the server did not start: {self.process.communicate()[1]}")

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """As a power switch does, without a word to the process."""
        self.process.kill()
        self.process.communicate(timeout=_PATIENCE_S)


@dataclass
class Watch:
    """What pages did that none should do, and where they asked for something."""

    origin: str
    ran: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # by a content security policy
    left: list[str] = field(default_factory=list)  # requests to anywhere else
    faults: list[str] = field(default_factory=list)  # exceptions of the page's scripts
    asked_to_stay: int = 0  # pages that asked before they were left

    def over(self, context: BrowserContext) -> Self:
        context.expose_binding("factcheckRan", lambda _, said: self.ran.append(said))
        context.expose_binding("factcheckRefused", lambda _, said: self.refused.append(said))
        context.add_init_script(_SENTINEL)
        context.on("dialog", self._dialog)
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        return self

    def assert_clean(self) -> None:
        assert self.ran == []
        assert self.dialogs == []
        assert self.left == []
        assert self.refused == []
        assert self.faults == []

    def _dialog(self, dialog: Dialog) -> None:
        if dialog.type == "beforeunload":
            self.asked_to_stay += 1
            dialog.accept()
            return
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if request.url != self.origin and not request.url.startswith(f"{self.origin}/"):
            self.left.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.refused.append(message.text)


class Visits:
    """Opens pages in fresh windows of one browser, each under a watch of its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.watches: list[Watch] = []
        self.misbehaving: list[Watch] = []
        self._contexts: list[BrowserContext] = []

    def __call__(
        self,
        url: str,
        *,
        width: int = 1600,
        height: int = 1000,
        dark: bool = False,
        touch: bool = False,
        scripts: bool = True,
        watched: bool = True,
    ) -> Page:
        """The page at ``url``, which may be a file's; ``watched`` is off only for pages meant to misbehave."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            is_mobile=touch,
            java_script_enabled=scripts,
            locale="en-GB",
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        parts = urlsplit(url)
        watch = Watch(origin=f"{parts.scheme}://{parts.netloc}" if parts.netloc else url).over(context)
        (self.watches if watched else self.misbehaving).append(watch)
        page = context.new_page()
        page.goto(url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()
        for watch in self.watches:
            watch.assert_clean()


Visit = Callable[..., "Page"]
Serve = Callable[..., RunningReview]


def chromium() -> str | None:
    """Where Chromium is on this machine, if anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def written(report: Report, folder: Path, name: str = "report.json") -> Path:
    """The report as a file, as ``check --json`` writes it."""
    path = folder / name
    path.write_text(report.model_dump_json(), encoding="utf-8")
    return path


def decisions(report: Path) -> list[tuple[str, str, str | None, str | None, str, str]]:
    """Every line of the file of decisions: claim, decision, label, what the engine said, comment, reviewer."""
    lines = reviews_path(report).read_text(encoding="utf-8").split("\n")
    reviews = [Review.model_validate_json(line) for line in lines if line]
    return [(r.claim, r.decision, r.label, r.said, r.comment, r.reviewer) for r in reviews]


def shows(page: Page, claim: int | str) -> None:
    """Waits until the page shows this claim and takes keys: its scripts have run, and nothing is under way.

    Not by ``expect``: that reads the whole page aloud at each look, which takes a long one half a second.
    """
    page.locator(f'#pane:not([aria-busy]) > .claim-view[data-followed][data-claim="{claim}"]').wait_for(
        timeout=PATIENCE_MS
    )


def says(page: Page, words: str) -> None:
    """Waits until the page says this to who cannot see it, and takes keys again."""
    page.locator("#said", has_text=words).wait_for(state="attached", timeout=PATIENCE_MS)
    page.locator("#pane:not([aria-busy])").wait_for(state="attached", timeout=PATIENCE_MS)


def unfold(page: Page) -> None:
    """Opens every part of the page that is folded."""
    page.evaluate("() => { for (const one of document.querySelectorAll('details')) one.open = true; }")
