"""A result on the terminal: what was measured on, the numbers with their intervals and baselines, the conclusion."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from eval.datasets.dataset import Dataset
from eval.page import view, words
from eval.records import Metric, Result, System
from factcheck.report.words import counted
from factcheck.text import printable

TIERS = {
    "own": "own set",
    "free": "free licence",
    "unstated": "no licence stated: in-house evaluation only, pass nothing on",
    "nc": "non-commercial: evaluation and research only",
    "user": "your own data",
}
FAILURES_SHOWN = 10
WIDTH = 120  # where stdout is no terminal


def console() -> Console:
    """The terminal; where there is none, lines as wide as the tables."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


def print_header(task: str, datasets: Iterable[Dataset], left_out: Iterable[str], console: Console) -> None:
    """The sets about to be measured on, with the tier of their licence, and those asked for that are not."""
    console.print(f"{task} on", highlight=False)
    for data in datasets:
        info = data.info
        part = "" if info.part == "all" else f", part {info.part}"
        line = f"  {info.name}: {counted(info.samples, 'sample')}{part}; {TIERS[info.tier]}"
        console.print(_plain(line + (f" ({info.licence})" if info.licence else "")), soft_wrap=True)
    for name in left_out:
        console.print(_plain(f"  {name}: left out, its labels are none of the three"), soft_wrap=True)


def print_result(result: Result, console: Console) -> None:
    """The false-supported rate first; parts with the metrics that decide; failures; the conclusion.

    Intervals are those of the engine; the baselines' are in the result.
    """
    systems = words.systems(result)
    console.print(_grid("all samples", list(view.whole_lines(result)), systems, scoped=False))
    deciding = view.deciding(result)
    parts = [line for line in view.lines(result.tables) if line.scope != "all" and line.name in deciding]
    if parts:
        console.print(_grid("by part", parts, systems, scoped=True))
    for line in _trouble(result):
        console.print(_plain(line), soft_wrap=True)
    console.print(_plain(result.conclusion), soft_wrap=True, style="bold")


def _grid(title: str, lines: list[view.Line], systems: tuple[System, ...], *, scoped: bool) -> Grid:
    grid = Grid(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    if scoped:
        grid.add_column("part")
    grid.add_column("metric")
    for system in systems:
        grid.add_column(words.SYSTEMS[system], justify="right", no_wrap=True)
    grid.add_column("n", justify="right")
    grid.add_column("documents", justify="right")
    last = ""
    for line in lines:
        cells = [_plain("" if line.scope == last else words.scope_name(line.scope))] if scoped else []
        last = line.scope
        arrow = "↓" if line.lower_is_better else "↑"
        cells.append(_plain(f"{words.metric_title(line.name)} {arrow}"))
        for system in systems:
            cells.append(Text(_figure(system, line.metrics.get(system))))
        grid.add_row(*cells, f"{line.basis.n:,}", f"{line.basis.documents:,}")
    return grid


def _figure(system: System, metric: Metric | None) -> str:
    if metric is None:
        return ""
    return words.figure(metric) if system == "engine" else words.percent(metric.value)


def _trouble(result: Result) -> Iterator[str]:
    failed = words.failures(result)
    if result.agreement is not None:
        yield f"{result.provenance.runs} runs: all say the same on {words.percent(result.agreement)} of the samples"
    if not failed:
        return
    yield words.sentence(words.failure_sum(failed))
    for sample in failed[:FAILURES_SHOWN]:
        if sample.failure is not None:
            yield f"  {sample.id}: {sample.failure.stage}, {sample.failure.code}: {sample.failure.message}"
    if len(failed) > FAILURES_SHOWN:
        yield f"  and {len(failed) - FAILURES_SHOWN:,} more, all of them in the result"


def _plain(line: str) -> Text:
    """As it is: neither markup nor control characters of a data set reach the terminal."""
    return Text(printable(line))
