"""Results and comparisons as one HTML file that asks nothing of any network: styles, plots and text are inside.

Claims and answers are untrusted text: every template escapes, and the policy in the page's head allows our one style
sheet, by its hash, and nothing else; no script runs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from eval.comparison import Change, Comparison, Difference
from eval.page import compared, plots, view, words
from eval.records import Metric, Result, SampleResult, System
from factcheck.text import printable

_NONE = Markup()
_TOGETHER = 16  # rows that one plot of intervals holds before it is divided
_TEMPLATES = files("eval.page") / "templates"


@dataclass(frozen=True)
class ResultSection:
    """A result as the template takes it."""

    anchor: str
    title: str
    result: Result
    systems: tuple[System, ...]
    leading: Metric | None
    leading_beside: dict[System, Metric]
    lines: tuple[view.Line, ...]
    scoped: tuple[view.Line, ...]
    plots: tuple[Plot, ...]
    groups: tuple[view.Group, ...]
    failed: tuple[SampleResult, ...]


@dataclass(frozen=True)
class Plot:
    caption: str
    note: str
    svg: Markup
    key: Markup = _NONE
    aside: bool = False  # shown when asked for


@dataclass(frozen=True)
class ComparisonSection:
    """A comparison as the template takes it."""

    comparison: Comparison
    leading: Difference | None
    whole: tuple[Difference, ...]
    parts: tuple[Difference, ...]
    plots: tuple[Plot, ...]
    unpaired: tuple[tuple[str, tuple[str, ...], bool], ...]


def html(results: Sequence[Result], comparison: Comparison | None = None) -> str:
    """The page. First of all the conclusion and the false-supported rate, last how each result was made.

    With a ``comparison`` its verdict stands before everything, and every sample that flipped is shown, the worst first.
    """
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    sections = [_section(result, f"result-{number}") for number, result in enumerate(results, 1)]
    title = sections[0].title if len(sections) == 1 else f"{len(sections)} results of factcheck's evaluation"
    if comparison is not None:
        title = f"Task {comparison.task}: a result against its baseline"
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            style=Markup(style),  # ours; nothing is put into it
            style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
            results=sections,
            compared_section=None if comparison is None else _comparison(comparison),
        )
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(lambda name: (_TEMPLATES / name).read_text(encoding="utf-8")),
        autoescape=True,  # whatever the template is called
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(words=words, view=view, compared=compared)
    return environment


def _shown(value: object) -> object:
    """Text without control characters; what is Markup already stays as it is."""
    return printable(value, newlines=True) if type(value) is str else value


def _section(result: Result, anchor: str) -> ResultSection:
    leading = words.leading(result)
    everything = tuple(view.lines(result.tables))
    beside = next(
        (line.metrics for line in everything if leading and line.scope == "all" and line.name == leading.name), {}
    )
    return ResultSection(
        anchor=anchor,
        title=words.title(result),
        result=result,
        systems=words.systems(result),
        leading=leading,
        leading_beside={system: metric for system, metric in beside.items() if system != "engine"},
        lines=tuple(line for line in everything if line.scope == "all"),
        scoped=tuple(line for line in everything if line.scope != "all"),
        plots=tuple(plot for plot in _plots(result, anchor) if plot.svg),
        groups=view.groups(result),
        failed=words.failures(result),
    )


def _comparison(comparison: Comparison) -> ComparisonSection:
    return ComparisonSection(
        comparison=comparison,
        leading=compared.leading(comparison),
        whole=compared.of_all(comparison),
        parts=compared.of_parts(comparison),
        plots=tuple(plot for plot in _forests(comparison) if plot.svg),
        unpaired=tuple(compared.unpaired(comparison)),
    )


def _forests(comparison: Comparison) -> Iterator[Plot]:
    """One of all metrics over all samples, and one of each metric that is compared by part."""
    note = "Result minus baseline, with 95 % intervals; red: worse beyond chance, green: better"
    everything = [_compared_row(words.metric_title(each.metric), each) for each in compared.of_all(comparison)]
    yield Plot("Differences, all samples", note, plots.forest("forest-all", "Differences over all samples", everything))
    parts = compared.of_parts(comparison)
    for number, metric in enumerate(dict.fromkeys(each.metric for each in parts)):
        rows = [_compared_row(words.scope_name(each.scope), each) for each in parts if each.metric == metric]
        heading = f"Differences by part: {words.metric_title(metric)}"
        yield Plot(heading, note, plots.forest(f"forest-{number}", heading, rows))


_BETTER: dict[Change, bool | None] = {"worse": False, "better": True, "neither": None}


def _compared_row(name: str, difference: Difference) -> plots.Difference:
    better = _BETTER[difference.change]
    return plots.Difference(name, difference.difference, difference.low, difference.high, better)


def _plots(result: Result, anchor: str) -> Iterator[Plot]:
    yield from _matrices(result, anchor)
    yield from _intervals(result, anchor)
    yield Plot(
        "Accuracy against coverage",
        "What is right when only the surer answers are kept",
        plots.coverage(f"{anchor}-coverage", "Accuracy against coverage", result.curve),
    )
    yield Plot(
        "Reliability",
        "On the dashed line the stated confidence is true",
        plots.reliability(f"{anchor}-reliability", "Reliability diagram", result.calibration),
    )


def _matrices(result: Result, anchor: str) -> Iterator[Plot]:
    """The engine's on all samples; when asked for, those of each data set and language, and of the trivial systems."""
    for number, table in enumerate(result.tables):
        whole, own = table.scope == "all", table.system == "engine"
        if table.confusion and (whole or (own and table.scope.startswith(("dataset:", "language:")))):
            name = f"{words.SYSTEMS[table.system]}, {words.scope_name(table.scope)}"
            svg = plots.confusion(f"{anchor}-matrix-{number}", f"Gold and said labels: {name}", table.confusion)
            yield Plot(f"Labels: {name}", "Framed: falsely called supported", svg, aside=not (whole and own))


def _intervals(result: Result, anchor: str) -> Iterator[Plot]:
    """The numbers that decide; where there are many parts, a plot for each way to divide the samples."""
    everything = tuple(view.lines(result.tables))
    marks = words.systems(result)
    for metric in view.deciding(result):
        found = {line.scope: line for line in everything if line.name == metric}
        parts = {"": tuple(found)} if len(found) <= _TOGETHER else view.dimensions(found)
        for kind, scopes in parts.items():
            name = re.sub(r"\W+", "-", f"{anchor}-{metric}-{kind}")
            heading = words.capital(words.metric_title(metric)) + (f": {kind}" if kind else "")
            rows = [_row(found[scope]) for scope in scopes]
            if rows:
                svg = plots.intervals(name, heading, rows, lower_is_better=found[scopes[0]].lower_is_better)
                yield Plot(heading, "", svg, key=plots.key(f"{name}-key", marks))


def _row(line: view.Line) -> plots.Row:
    return plots.Row(words.scope_name(line.scope), words.basis(line.basis), line.metrics)
