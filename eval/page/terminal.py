"""A comparison on a terminal: the verdict first, then why, then the samples that flipped, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from eval.comparison import Comparison, Difference, Flip, Verdict
from eval.page import compared, words
from factcheck.text import printable

FLIPS_SHOWN = 20
_STYLES: dict[Verdict, str] = {"pass": "bold green", "regression": "bold red", "incomplete": "bold magenta"}
_CHANGES = {"worse": "red", "better": "green", "neither": "dim"}


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Says the same as the HTML page, with the first flips only; text from data sets is shown as text."""
    console.print(_plain(compared.headline(comparison), _STYLES[comparison.verdict]), soft_wrap=True)
    console.print(_plain(comparison.conclusion, "bold"), soft_wrap=True)
    for line, style in _reasons(comparison):
        console.print(_plain(line, style), soft_wrap=True)
    if whole := compared.of_all(comparison):
        console.print(_grid("all samples", whole))
    shown = [
        each for each in compared.of_parts(comparison) if each.metric in ("false_supported", "macro_f1", "accuracy")
    ]
    if shown:
        console.print(_grid("by part", shown))
    for flip_line in _flips(comparison):
        console.print(flip_line, soft_wrap=True)
    console.print(_plain(compared.thresholds_line(comparison), "dim"), soft_wrap=True)


def _reasons(comparison: Comparison) -> Iterator[tuple[str, str]]:
    yield from ((f"  {reason}", "red") for reason in compared.reasons(comparison))
    grave = ((told, ids) for told, ids, grave in compared.unpaired(comparison) if grave)
    yield from ((f"  {told} ({_some(ids)})", "magenta") for told, ids in grave)
    yield from ((f"  {note}", "dim") for note in comparison.notes)
    if comparison.changed:
        yield f"  differs in how it was made: {', '.join(comparison.changed)}", "dim"
    if comparison.correctness is not None:
        yield compared.correctness_line(comparison.correctness), ""
    if (agreement := compared.agreement_line(comparison)) is not None:
        yield agreement, ""


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5:,} more" if len(ids) > 5 else "")


def _grid(title: str, differences: Sequence[Difference]) -> Grid:
    grid = Grid(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    scoped = any(each.scope != "all" for each in differences)
    for name in (*(["part"] if scoped else []), "metric", "before → after", "p", "n", "could show", "beyond chance"):
        grid.add_column(name)
    for each in differences:
        part = [_plain(words.scope_name(each.scope))] if scoped else []
        grid.add_row(
            *part,
            _plain(words.metric_title(each.metric) + (" ↓" if each.better == "lower" else " ↑")),
            _plain(compared.change(each)),
            _plain(compared.significance(each).removeprefix("p ").removeprefix("= ")),
            f"{each.n:,}",
            compared.smallest(each.smallest),
            Text(compared.CHANGES[each.change], style=_CHANGES[each.change]),
        )
    return grid


def _flips(comparison: Comparison) -> Iterator[Text]:
    yield _plain(words.sentence(compared.flips_sum(comparison)), "bold")
    for flip in comparison.flips[:FLIPS_SHOWN]:
        yield from _flip(flip)
    if (more := len(comparison.flips) - FLIPS_SHOWN) > 0:
        yield _plain(f"  and {more:,} more: --html FILE shows them all", "dim")


def _flip(flip: Flip) -> Iterator[Text]:
    before, after = compared.ends(flip)
    gold = f"  gold {words.named(flip.gold)}" if flip.gold else ""
    yield _plain(f"  {before} → {after}{gold}  {flip.id}", _CHANGES[flip.change])
    yield _plain(f"    {words.short(flip.claim)}", "")
    if flip.said_after:
        yield _plain(f"    now: {words.short(flip.said_after)}", "dim")


def _plain(line: str, style: str = "") -> Text:
    return Text(printable(line), style=style)
