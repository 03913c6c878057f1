"""The words and figures that the HTML page, the Markdown and the terminal share, so that all three say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from eval.metrics import MEANINGS, right
from eval.records import Metric, Result, SampleResult, System, Table
from factcheck.report.words import counted, flat

MINUS = "\N{MINUS SIGN}"
SYSTEMS: dict[System, str] = {
    "engine": "engine",
    "majority": "majority",
    "claim_only": "claim only",
    "word_overlap": "word overlap",
}
LABELS = ("supported", "contradicted", "unverifiable")
GOLDS = (*LABELS, "not_supported")
_SIGNS = {"supported": "✔", "contradicted": "✘", "unverifiable": "?", "not_supported": "✘"}
_FIRST = "false_supported"


def percent(value: float | None) -> str:
    """``12.5 %``; a dash where nothing could be counted."""
    return "–" if value is None else f"{100 * value:.1f} %"


def points(difference: float | None) -> str:
    """A difference of two shares in percentage points, always with its sign: ``+1.2``, ``−0.4``, ``0.0``."""
    if difference is None:
        return "–"
    shown = f"{abs(100 * difference):.1f}"
    return shown if float(shown) == 0 else f"{'+' if difference > 0 else MINUS}{shown}"


def interval(low: float | None, high: float | None) -> str:
    """``[8.1, 17.0]`` in per cent, or nothing where there is none."""
    return "" if low is None or high is None else f"[{100 * low:.1f}, {100 * high:.1f}]"


def points_interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{points(low)}, {points(high)}]"


def figure(metric: Metric) -> str:
    """A metric with its interval: ``12.5 % [8.1, 17.0]``."""
    return f"{percent(metric.value)} {interval(metric.low, metric.high)}".rstrip()


def basis(metric: Metric) -> str:
    """What a number rests on: ``n = 120 in 14 documents``."""
    return f"n = {metric.n:,} in {counted(metric.documents, 'document')}"


def named(label: str | None) -> str:
    """A label as a reader knows it, with a sign that needs no colour."""
    if label is None:
        return "no label"
    return f"{_SIGNS.get(label, '')} {label.replace('_', ' ')}".strip()


def scope_name(scope: str) -> str:
    """``language:de`` as ``language de``, ``all`` as ``all samples``."""
    kind, _, name = scope.partition(":")
    return f"{kind} {name.replace(':', ', ')}" if name else "all samples" if kind == "all" else kind


def short(text: str, length: int = 300) -> str:
    """``text`` on one line, cut at a word where it is longer than ``length``; a cut is shown."""
    line = flat(text)
    return line if len(line) <= length else f"{line[:length].rpartition(' ')[0] or line[:length]} …"


def whole(result: Result, system: System = "engine") -> Table | None:
    """The table of one system over all samples, or None where the task has no such system."""
    return next((table for table in result.tables if table.scope == "all" and table.system == system), None)


def metric_of(table: Table | None, name: str) -> Metric | None:
    return next((metric for metric in table.metrics if metric.name == name), None) if table is not None else None


def leading(result: Result) -> Metric | None:
    """The number that stands first of all: the false-supported rate, else the first of the task's own."""
    table = whole(result)
    if table is None or not table.metrics:
        return None
    return metric_of(table, _FIRST) or table.metrics[0]


def metric_names(tables: Iterable[Table]) -> tuple[str, ...]:
    """Every metric of the tables once, the false-supported rate first, then in the tables' own order."""
    names = dict.fromkeys(metric.name for table in tables for metric in table.metrics)
    return tuple(sorted(names, key=lambda name: name != _FIRST))


def systems(result: Result) -> tuple[System, ...]:
    """The systems that have numbers in this result, the engine first."""
    present = {table.system for table in result.tables}
    return tuple(system for system in SYSTEMS if system in present)


def failures(result: Result) -> tuple[SampleResult, ...]:
    return tuple(sample for sample in result.samples if sample.failure is not None)


def failure_sum(failed: Sequence[SampleResult]) -> str:
    """How many failed and of what: ``3 samples failed: 2 × timeout, 1 × refused``."""
    codes = Counter(sample.failure.code for sample in failed if sample.failure is not None)
    listed = ", ".join(f"{count:,} × {code}" for code, count in codes.most_common())
    return f"{counted(len(failed), 'sample')} failed: {listed}" if failed else "no sample failed"


def is_false_supported(sample: SampleResult) -> bool:
    """Labelled supported although the references do not bear it out: the error that costs a reader most."""
    return sample.label == "supported" and sample.gold not in (None, "supported")


def is_wrong(sample: SampleResult) -> bool:
    return sample.gold is not None and sample.label is not None and not right(sample.gold, sample.label)


def metric_title(name: str) -> str:
    """``recall@5[dense]`` as ``recall@5, dense``; known names in full, as in ``false-supported rate``."""
    base, _, within = name.removesuffix("]").partition("[")
    stem, at, depth = base.partition("@")
    known = MEANINGS[stem].words if stem in MEANINGS else stem.replace("_", " ")
    return f"{known}{at}{depth}" + (f", {within.replace('_', ' ')}" if within else "")


def capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def sentence(text: str) -> str:
    """``text`` with a capital and a full stop."""
    return f"{capital(text)}."


def title(result: Result) -> str:
    names = ", ".join(dataset.name for dataset in result.datasets)
    return f"Task {result.task} on {names}, {engine_name(result)}"


def engine_name(result: Result) -> str:
    """``local engine``, ``llm engine (gpt-5.4-mini)``"""
    made = result.provenance
    return f"{made.engine} engine" + ("" if made.model is None else f" ({made.model})")
