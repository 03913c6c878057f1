"""Progress on stderr: a live line on a terminal, one plain line a stage elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from factcheck.cli.door import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

STAGES = {"reading": "reading references", "indexing": "indexing passages", "split": "splitting", "judge": "judging"}


class Shown:
    """Shows (stage, done, total) calls from any thread; says nothing for work that is over within a second."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._announced: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def clear(self) -> None:
        """Takes the live line away, so that something else can be written."""
        with self._lock:
            if self._bars is not None:
                self._bars.stop()
            self._bars, self._tasks = None, {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if time.monotonic() - self._started < 1.0:
            return
        with self._lock:
            if sys.stderr.isatty():
                self._draw(stage, done, total)
            elif stage not in self._announced:
                self._announced.add(stage)
                say(f"factcheck: {STAGES.get(stage, stage)} ({f'{total} in all' if total else 'under way'}) …")

    def _draw(self, stage: str, done: int, total: int | None) -> None:
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(STAGES.get(stage, stage), total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
