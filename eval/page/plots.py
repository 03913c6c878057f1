"""Plots as inline SVG: drawn by matplotlib, static, the same bytes every time, in colours that follow the theme.

matplotlib paints with the colours of ``_PAINT``; in the SVG each becomes a CSS variable of the page, so that one
drawing serves the light and the dark theme. Text stays text. No ``style`` attribute is left: the page's CSP forbids it.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib import rc_context, rcdefaults
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from eval.page import words
from eval.records import Bin, CurvePoint, Metric, System
from factcheck.text import printable

WIDTH = 340  # px at which text has its size; the page shows a plot at this width or up to a half larger
_ROW = 46  # px of a row of intervals: a line of text, and a bar for each of up to four systems
_HEAD = 6
_AXIS = 34  # px below the last row: the scale and its name

_PAINT = {
    "#101010": "var(--ink)",
    "#606060": "var(--muted)",
    "#d0d0d0": "var(--line)",
    "#0000f0": "var(--engine)",
    "#a05000": "var(--second)",
    "#7000b0": "var(--third)",
    "#c00000": "var(--bad)",
    "#008000": "var(--good)",
    "#fefefe": "var(--card)",
}
_INK, _MUTED, _LINE, _ENGINE, _SECOND, _THIRD, _BAD, _GOOD, _CARD = _PAINT
_MARKS: dict[System, tuple[str, str]] = {
    "engine": ("o", _ENGINE),
    "majority": ("s", _MUTED),
    "claim_only": ("^", _SECOND),
    "word_overlap": ("D", _THIRD),
}
_CLEAR = {"facecolor": _CARD, "edgecolor": "none", "pad": 1.0}  # no line of the scale runs through a name
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "factcheck",
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "figure.dpi": 72,  # a point is a pixel
    "text.color": _INK,
    "axes.labelcolor": _MUTED,
    "axes.edgecolor": _LINE,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _MUTED,
    "ytick.labelcolor": _MUTED,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
_SVG = "{http://www.w3.org/2000/svg}"
_LINKS = "{http://www.w3.org/1999/xlink}href"
_DROPPED = {"metadata", "style"}
_PRESENTATION = {  # of what matplotlib writes, all that a drawing needs
    "fill",
    "fill-opacity",
    "fill-rule",
    "font-size",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
    "opacity",
}


@dataclass(frozen=True)
class Row:
    """A line of an interval plot: what it is about and what it rests on, and the metric of each system."""

    name: str
    basis: str
    metrics: Mapping[System, Metric]


@dataclass(frozen=True)
class Difference:
    """A line of a forest: ``value`` is result minus baseline; ``better`` None where neither way is."""

    name: str
    value: float
    low: float | None
    high: float | None
    better: bool | None


def confusion(name: str, heading: str, counts: Mapping[str, Mapping[str, int]]) -> Markup:
    """Gold labels down, said labels across; the cells that hold false support are framed."""
    golds = [gold for gold in words.GOLDS if sum(counts.get(gold, {}).values())]
    if not golds:
        return Markup()
    labels = [label for label in words.GOLDS if label in words.LABELS or any(label in counts[gold] for gold in golds)]
    with _style():
        figure, axes = _figure(46 + 46 * len(golds), left=100, right=2, top=42, bottom=4)
        axes.set(xlim=(0, len(labels)), ylim=(len(golds), 0))
        axes.axis("off")
        axes.text(len(labels) / 2, -0.52, "said", ha="center", va="bottom", fontsize=10.5, color=_MUTED)
        for column, said in enumerate(labels):
            axes.text(column + 0.5, -0.12, _spaced(said), ha="center", va="bottom", fontsize=10.5, color=_MUTED)
        for row, gold in enumerate(golds):
            total = sum(counts[gold].values())
            axes.text(-0.06, row + 0.42, _spaced(gold), ha="right", va="center")
            axes.text(-0.06, row + 0.78, f"gold, n {total:,}", ha="right", va="center", fontsize=9.5, color=_MUTED)
            for column, said in enumerate(labels):
                _cell(axes, column, row, counts[gold].get(said, 0), total, false=said == "supported" != gold)
    told = "; ".join(
        f"gold {_spaced(gold)}: " + ", ".join(f"{counts[gold].get(said, 0)} said {_spaced(said)}" for said in labels)
        for gold in golds
    )
    return _svg(figure, name, heading, f"{told}. Framed: labelled supported without being so.")


def _spaced(label: str) -> str:
    return label.replace("_", " ")


def _cell(axes: Axes, column: int, row: int, count: int, total: int, *, false: bool) -> None:
    share = count / total
    place = (column + 0.03, row + 0.04)
    axes.add_patch(Rectangle(place, 0.94, 0.92, facecolor=_BAD if false else _ENGINE, alpha=0.06 + 0.3 * share, lw=0))
    if false:
        axes.add_patch(Rectangle(place, 0.94, 0.92, fill=False, edgecolor=_BAD, linewidth=1.6))
    axes.text(column + 0.5, row + 0.42, f"{count:,}", ha="center", va="center", fontsize=13)
    axes.text(column + 0.5, row + 0.78, f"{100 * share:.0f} %", ha="center", va="center", fontsize=9.5)


def intervals(name: str, heading: str, rows: Sequence[Row], *, lower_is_better: bool) -> Markup:
    """For each row a dot and its 95 % bar for the engine, and thinner ones for the trivial systems beside it."""
    shown = [row for row in rows if any(metric.value is not None for metric in row.metrics.values())]
    if not shown:
        return Markup()
    with _style():
        figure, axes = _figure(_HEAD + _ROW * len(shown) + _AXIS, left=10, right=14, top=_HEAD, bottom=_AXIS)
        axes.set(xlim=(0, _reach(shown)), ylim=(_ROW * len(shown), 0))
        _scale(axes, "per cent, lower is better" if lower_is_better else "per cent, higher is better")
        for number, row in enumerate(shown):
            _row(axes, _ROW * number, row)
    told = ". ".join(
        f"{row.name}: " + "; ".join(f"{words.SYSTEMS[s]} {words.figure(m)}" for s, m in row.metrics.items())
        for row in shown
    )
    return _svg(figure, name, heading, told)


def _row(axes: Axes, top: float, row: Row) -> None:
    across = axes.get_yaxis_transform()
    axes.text(0, top + 11, _cut(row.name, 31), va="baseline", bbox=_CLEAR, transform=across)
    axes.text(1, top + 11, row.basis, va="baseline", ha="right", fontsize=9.5, color=_MUTED, transform=across)
    for number, (system, metric) in enumerate(row.metrics.items()):
        if metric.value is None:
            continue
        mark, colour = _MARKS[system]
        strong = system == "engine"
        height = top + 20 + 6.5 * number
        if metric.low is not None and metric.high is not None:
            axes.plot([100 * metric.low, 100 * metric.high], [height] * 2, color=colour, lw=2.4 if strong else 1.2)
        size = 7 if strong else 5
        face = colour if strong else _CARD
        axes.plot(100 * metric.value, height, mark, ms=size, mfc=face, mec=colour, mew=1.2, clip_on=False, zorder=3)


def _reach(rows: Sequence[Row]) -> float:
    """The right end of the scale: the next ten per cent above everything shown."""
    ends = [m.high if m.high is not None else m.value or 0 for row in rows for m in row.metrics.values()]
    return min(100, max(10, -(-max(ends, default=1) * 100 // 10) * 10))


def coverage(name: str, heading: str, curve: Sequence[CurvePoint]) -> Markup:
    """Accuracy among the answers that are kept, against the share of claims that are answered at all.

    Nothing for an engine without confidence: its one point stands in the table, as coverage and accuracy there.
    """
    if len(curve) < 2:
        return Markup()
    ordered = sorted(curve, key=lambda point: point.coverage)
    with _style():
        figure, axes = _square()
        across = [100 * point.coverage for point in ordered]
        axes.plot(across, [100 * point.accuracy for point in ordered], "-o", color=_ENGINE, lw=2, ms=4, clip_on=False)
        axes.set(xlim=(0, 100), ylim=(0, 100))
        axes.set_xlabel("claims answered supported or contradicted, per cent")
        axes.set_ylabel("right among them, per cent")
    told = "; ".join(
        f"{words.percent(p.accuracy)} right at {words.percent(p.coverage)} answered" for p in _some(ordered)
    )
    return _svg(figure, name, heading, told)


def reliability(name: str, heading: str, bins: Sequence[Bin]) -> Markup:
    """How often answers of a stated confidence are right; on the diagonal the confidence is true."""
    shown = [each for each in bins if each.n]
    if not shown:
        return Markup()
    most = max(each.n for each in shown)
    with _style():
        figure, axes = _square()
        axes.plot([0, 100], [0, 100], color=_MUTED, lw=1, ls=(0, (4, 3)))
        axes.plot(
            [100 * each.confidence for each in shown], [100 * each.accuracy for each in shown], color=_ENGINE, lw=1.2
        )
        for each in shown:
            size = 4 + 8 * (each.n / most) ** 0.5
            axes.plot(100 * each.confidence, 100 * each.accuracy, "o", ms=size, color=_ENGINE, clip_on=False, zorder=3)
        axes.set(xlim=(0, 100), ylim=(0, 100))
        axes.set_xlabel("stated confidence, per cent")
        axes.set_ylabel("right, per cent")
    told = "; ".join(
        f"stated {words.percent(each.confidence)}, right {words.percent(each.accuracy)} of {each.n}" for each in shown
    )
    return _svg(figure, name, heading, f"{told}. Larger dots hold more answers.")


def forest(name: str, heading: str, rows: Sequence[Difference]) -> Markup:
    """Differences between a result and its baseline in percentage points, with their intervals, about zero."""
    if not rows:
        return Markup()
    row = 34
    with _style():
        figure, axes = _figure(_HEAD + row * len(rows) + _AXIS, left=14, right=14, top=_HEAD, bottom=_AXIS)
        far = max(
            1.0, *(abs(100 * end) for each in rows for end in (each.value, each.low, each.high) if end is not None)
        )
        axes.set(xlim=(-1.06 * far, 1.06 * far), ylim=(row * len(rows), 0))
        _scale(axes, "percentage points, result minus baseline")
        axes.axvline(0, color=_MUTED, lw=1)
        for number, each in enumerate(rows):
            _difference(axes, row * number, each)
    told = "; ".join(f"{r.name}: {words.points(r.value)} {words.points_interval(r.low, r.high)}".rstrip() for r in rows)
    return _svg(figure, name, heading, f"{told}.")


def _difference(axes: Axes, top: float, row: Difference) -> None:
    colour = _MUTED if row.better is None else _GOOD if row.better else _BAD
    across = axes.get_yaxis_transform()
    axes.text(0, top + 12, _cut(row.name, 44), va="baseline", bbox=_CLEAR, fontsize=11, transform=across)
    axes.text(1, top + 12, words.points(row.value), va="baseline", ha="right", fontsize=11, transform=across)
    if row.low is not None and row.high is not None:
        axes.plot([100 * row.low, 100 * row.high], [top + 22] * 2, color=colour, lw=2.2)
    mark = "o" if row.better is None else ">" if row.value > 0 else "<"
    axes.plot(100 * row.value, top + 22, mark, ms=7, color=colour, zorder=3)


def key(name: str, shown: Sequence[System]) -> Markup:
    """What the marks mean."""
    with _style():
        figure, axes = _figure(18, left=6, right=0, top=0, bottom=0)
        axes.set(xlim=(0, WIDTH - 6), ylim=(0, 18))
        axes.axis("off")
        left = 4.0
        for system in shown:
            mark, colour = _MARKS[system]
            axes.plot(left, 9, mark, ms=6, mfc=colour if system == "engine" else _CARD, mec=colour, mew=1.2)
            axes.text(left + 8, 9, words.SYSTEMS[system], va="center_baseline", fontsize=10.5)
            left += 26 + 6.2 * len(words.SYSTEMS[system])
    listed = ", ".join(words.SYSTEMS[system] for system in shown)
    return _svg(figure, name, "What the marks mean", f"In this order in every row: {listed}.")


@contextmanager
def _style() -> Iterator[None]:
    """Our settings alone, whatever the user's own matplotlibrc says."""
    with rc_context():
        rcdefaults()
        with rc_context(_STYLE):
            yield


def _figure(height: float, *, left: float, right: float, top: float, bottom: float) -> tuple[Figure, Axes]:
    """A figure of ``height`` px with one field, its margins in px."""
    figure = Figure(figsize=(WIDTH / 72, height / 72))
    box = (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (top + bottom) / height)
    return figure, figure.add_axes(box)


def _square() -> tuple[Figure, Axes]:
    figure, axes = _figure(280, left=50, right=14, top=12, bottom=42)
    axes.grid(color=_LINE, lw=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0)
    return figure, axes


def _scale(axes: Axes, label: str) -> None:
    axes.set_xlabel(label, fontsize=10)
    axes.set_yticks([])
    axes.grid(axis="x", color=_LINE, lw=0.7)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)


def _cut(text: str, length: int) -> str:
    """On one line, without characters that do harm, and cut to ``length`` so that it fits beside the numbers."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _some(points: Sequence[CurvePoint]) -> Iterator[CurvePoint]:
    """At most a dozen of them, evenly taken: what a description can say."""
    step = max(1, -(-len(points) // 12))
    yield from points[::step]


def _svg(figure: Figure, name: str, heading: str, told: str) -> Markup:
    """The drawing as one ``svg`` element with a title and a description for those who do not see it."""
    drawn = io.BytesIO()
    with _style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # text stays text: the reader's fonts have it
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    root = ElementTree.fromstring(drawn.getvalue())  # our own bytes: matplotlib has just written them
    height = root.attrib["viewBox"].split()[3]
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag.removeprefix(_SVG) in _DROPPED]:
            parent.remove(child)
    for element in root.iter():
        _clean(element, name)
    root.attrib.clear()
    root.attrib.update(
        {
            "class": "plot",
            "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-told",
        }
    )
    for place, (tag, text) in enumerate((("title", heading), ("desc", told))):
        child = ElementTree.Element(tag, {"id": f"{name}-{'told' if tag == 'desc' else tag}"})
        child.text = printable(text)
        root.insert(place, child)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _clean(element: ElementTree.Element, name: str) -> None:
    """Style as attributes, the page's colours, and ids that are this drawing's own."""
    style = dict(part.split(":", 1) for part in element.attrib.pop("style", "").split(";") if ":" in part)
    declared = {key.strip(): value.strip() for key, value in style.items()}
    for key, value in (*element.attrib.items(), *declared.items()):
        if key in _PRESENTATION:
            element.set(key, _PAINT.get(value, value))
    if element.text and element.tag == f"{_SVG}text":
        element.text = printable(element.text)
    _own_ids(element, name)
    element.tag = element.tag.removeprefix(_SVG)  # as HTML has it


def _own_ids(element: ElementTree.Element, name: str) -> None:
    if "id" in element.attrib:
        if element.tag == f"{_SVG}g":
            del element.attrib["id"]  # figure_1, axes_1: nobody points at them
        else:
            element.set("id", f"{name}-{element.attrib['id']}")
    if (link := element.attrib.pop(_LINKS, None)) is not None:
        element.set("href", f"#{name}-{link.removeprefix('#')}")
    if "clip-path" in element.attrib:
        element.set("clip-path", element.attrib["clip-path"].replace("#", f"#{name}-"))
