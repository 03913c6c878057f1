"""What a batch shows: how far it is on stderr, live on a terminal and a line per document elsewhere; its table."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer

from factcheck.batch.coverage import lines_of
from factcheck.batch.records import Row
from factcheck.batch.summary import HEADINGS, Sums, money, table
from factcheck.cli import door, progress
from factcheck.report.words import counted
from factcheck.text import printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from factcheck.batch.run import Result, Tally

SHOWN_WAITING = 5
SHOWN_SKIPPED = 20
LONGEST_NAME = 80  # characters in the table
_NUMBERS = slice(2, 9)  # columns of the table that are set to the right


class Shown:
    """A ``batch.run.Watch`` for the command line; ``say`` writes a line above what is live.

    ``stage`` shows the indexing of references, which comes before.
    """

    def __init__(self) -> None:
        self._live: Live | None = None
        self._before = progress.Shown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._before.clear()
        if self._live is not None:
            self._live.stop()
            self._live = None

    def stage(self, stage: str, done: int, total: int | None) -> None:
        self._before(stage, done, total)

    def say(self, line: str) -> None:
        if self._live is None:
            door.say(line)
        else:
            self._live.console.print(printable(line), markup=False, highlight=False)

    def __call__(self, tally: Tally, row: Row | None) -> None:
        if sys.stderr is not None and sys.stderr.isatty():
            self._draw(tally)
            if row is not None and row.status in ("partial", "error"):
                self.say(f"factcheck: {told(row)}")
        elif row is not None and row.status != "skipped":
            ended = tally.total - tally.left
            self.say(f"factcheck: [{ended}/{tally.total}] {told(row)}")

    def _draw(self, tally: Tally) -> None:
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            self._before.clear()
            self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_panel(tally), refresh=True)


def told(row: Row) -> str:
    """A document's end in one line."""
    if row.totals is None:
        return f"{row.status}: {row.document}: {row.reason}"
    counts, claims = row.totals, counted(row.totals.claims, "claim")
    labels = f"{counts.supported} supported, {counts.contradicted} contradicted, {counts.unverifiable} unverifiable"
    failed = f"; {row.reason}" if row.reason else ""
    cost = f", {money(row.cost_usd)}" if row.calls else ""
    return f"{row.status}: {row.document}: {claims}: {labels}{failed} ({row.seconds:.1f} s{cost})"


def _panel(tally: Tally) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    usage, left = tally.spent(), tally.seconds_left()
    stages = list(usage.stages.values())
    calls, cached = sum(stage.calls for stage in stages), sum(stage.cached for stage in stages)
    tokens = sum(stage.input_tokens + stage.output_tokens for stage in stages)
    rate = 60 * calls / tally.seconds if tally.seconds else 0.0
    ended = ", ".join(f"{count} {status}" for status, count in sorted(tally.ended.items()))
    rows = {
        "documents": f"{tally.total - tally.left} of {tally.total}: {ended or 'none yet'}, {tally.kept} before",
        "calls": f"{calls} ({rate:.0f} a minute), {cached} from kept replies, {tokens} tokens",
        "cost": money(usage.cost_usd),
        "time": f"{_clock(tally.seconds)} so far" + (f", about {_clock(left)} left" if left is not None else ""),
    }
    if waits := tally.waits():
        rows["waiting"] = waits
    shown = Table.grid(padding=(0, 1))
    shown.add_row(Text("batch"), ProgressBar(total=tally.total or 1, completed=tally.total - tally.left, width=40))
    for name, value in rows.items():
        shown.add_row(Text(name), Text(printable(value)))
    return shown


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def print_result(result: Result, out: Path) -> None:
    """The table and the sums on stdout; lines are as long as they are, and only names beyond any measure are cut."""
    rows = [(*HEADINGS,), *((_shortened(name), *cells) for name, *cells in table(result.rows))]
    if not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]  # no reasons
    for line in (*_aligned(rows), *closing_lines(result, out)):
        typer.echo(line)


def _shortened(name: str) -> str:
    shown = printable(name)
    half = LONGEST_NAME // 2
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:half]}…{shown[1 - half :]}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    from rich.cells import cell_len

    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    right = range(*_NUMBERS.indices(len(widths)))
    for row in cells:
        padded = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - cell_len(cell))
            padded.append(space + cell if place in right else cell + space)
        yield "  ".join(padded).rstrip()


def closing_lines(result: Result, out: Path) -> list[str]:
    """What else there is to say about a run."""
    sums = result.sums
    lines = [f"this run: {_spent(result)}"]
    if result.kept:
        lines.append(f"done before and still right: {result.kept}")
    skipped = [f"not read: {row.document}: {row.reason}" for row in result.rows if row.status == "skipped"]
    lines += skipped[:SHOWN_SKIPPED]
    if len(skipped) > SHOWN_SKIPPED:
        lines.append(f"not read: {len(skipped) - SHOWN_SKIPPED} more, listed in summary.md")
    if result.waiting:
        names = ", ".join(result.waiting[:SHOWN_WAITING])
        more = f" and {len(result.waiting) - SHOWN_WAITING} more" if len(result.waiting) > SHOWN_WAITING else ""
        lines.append(f"not begun: {names}{more}; the same command goes on with them")
    lines += lines_of(result.coverage) if result.coverage is not None else []
    lines.append(f"reports, index.jsonl and summary.md are in {out} ({_labels(sums)})")
    return [printable(line) for line in lines]


def _spent(result: Result) -> str:
    stages = list(result.spent.stages.values())
    calls, cached = sum(stage.calls for stage in stages), sum(stage.cached for stage in stages)
    read, written = sum(stage.input_tokens for stage in stages), sum(stage.output_tokens for stage in stages)
    return (
        f"{calls} model calls, {cached} answered from kept replies, {read} tokens read, {written} written,"
        f" {money(result.spent.cost_usd)}, {result.spent.seconds:.1f} s"
    )


def _labels(sums: Sums) -> str:
    labels = f"{sums.supported} supported, {sums.contradicted} contradicted, {sums.unverifiable} unverifiable"
    return f"{counted(sums.claims, 'claim')}: {labels}, {sums.failed} failed"
