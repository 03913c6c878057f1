"""What of a result is shown, in which order and how much of it: decided once for the HTML page and the Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.metrics import PRIMARY
from eval.page import words
from eval.records import Metric, Result, SampleResult, System, Table

SHOWN = 50  # samples of a kind that nobody needs to see all of
FAILURES_SHOWN = 200  # one by one; the sum counts them all


@dataclass(frozen=True)
class Line:
    """One metric on one scope, of every system that has it."""

    scope: str
    name: str
    metrics: Mapping[System, Metric]

    @property
    def basis(self) -> Metric:
        """The metric whose n stands for the line: the engine's, where it has one."""
        return self.metrics.get("engine") or next(iter(self.metrics.values()))

    @property
    def lower_is_better(self) -> bool:
        return self.basis.better == "lower"


@dataclass(frozen=True)
class Group:
    """Samples of one fate: those shown, and how many there are."""

    name: str
    samples: tuple[SampleResult, ...]
    total: int

    @property
    def left_out(self) -> int:
        return self.total - len(self.samples)


def lines(tables: Sequence[Table]) -> Iterator[Line]:
    """Scope by scope in the tables' order, each metric once, the false-supported rate first."""
    for scope in dict.fromkeys(table.scope for table in tables):
        here = [table for table in tables if table.scope == scope]
        for name in words.metric_names(here):
            found = {
                system: words.metric_of(table, name)
                for system in words.SYSTEMS
                for table in here
                if table.system == system
            }
            yield Line(scope, name, {system: metric for system, metric in found.items() if metric is not None})


def whole_lines(result: Result) -> tuple[Line, ...]:
    return tuple(line for line in lines(result.tables) if line.scope == "all")


def deciding(result: Result) -> tuple[str, ...]:
    """The metrics that decide over a task: those that stand for every part of the samples, not only for all."""
    own = (line.name for line in whole_lines(result)[:1])
    return tuple(dict.fromkeys(("false_supported", "macro_f1", PRIMARY[result.task], *own)))


def dimensions(scopes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Scopes by what they divide the samples by: ``{"all": ("all",), "language": ("language:de", …), …}``."""
    found: dict[str, tuple[str, ...]] = {}
    for scope in scopes:
        kind = scope.partition(":")[0] + (" and language" if scope.count(":") > 1 else "")
        found[kind] = (*found.get(kind, ()), scope)
    return found


def groups(result: Result) -> tuple[Group, ...]:
    """All samples falsely called supported, then others that are wrong, then the rest: of these two the first few."""
    ended = [sample for sample in result.samples if sample.failure is None]
    if not any(sample.label is not None and sample.gold is not None for sample in ended):
        return _by_score(result, ended)
    false = [sample for sample in ended if words.is_false_supported(sample)]
    wrong = [sample for sample in ended if words.is_wrong(sample) and not words.is_false_supported(sample)]
    rest = [sample for sample in ended if not words.is_wrong(sample)]
    return (
        Group("Falsely called supported", tuple(false), len(false)),
        Group("Otherwise wrong", tuple(wrong[:SHOWN]), len(wrong)),
        Group("The others", tuple(rest[:SHOWN]), len(rest)),
    )


def _by_score(result: Result, ended: Sequence[SampleResult]) -> tuple[Group, ...]:
    """Tasks without labels: the samples that lost most first."""
    lower = {metric.name for table in result.tables for metric in table.metrics if metric.better == "lower"}
    ordered = sorted(ended, key=lambda sample: _share(sample, lower))
    return (Group("Samples, lowest scores first", tuple(ordered[:SHOWN]), len(ended)),)


def _share(sample: SampleResult, lower: Collection[str]) -> float:
    """What the sample gained of what it could, over all its scores; 1 where nothing was to be had."""
    possible = sum(score.of for score in sample.scores.values())
    gained = sum(score.of - score.hits if name in lower else score.hits for name, score in sample.scores.items())
    return gained / possible if possible else 1.0


def scores_line(sample: SampleResult) -> str:
    """``recall@5 1/1, mrr 0.33/1``"""
    return ", ".join(f"{name} {score.hits:.3g}/{score.of:.3g}" for name, score in sample.scores.items())


def provenance_pairs(result: Result) -> Iterator[tuple[str, str]]:
    """All it takes to make the result again, as name and value."""
    made = result.provenance
    yield "made", made.created.isoformat(timespec="seconds")
    yield "factcheck", made.factcheck + (f", commit {made.commit}" if made.commit else ", commit unknown")
    yield "engine", words.engine_name(result)
    yield "answers by", made.answered_by
    yield "seed", str(made.seed)
    yield (
        "runs",
        str(made.runs) + (f", agreement {words.percent(result.agreement)}" if result.agreement is not None else ""),
    )
    yield "limit", "none" if made.limit is None else f"{made.limit} samples of each set"
    yield "time", f"{result.seconds:.1f} s"
    yield "cost", "unknown" if result.cost_usd is None else f"${result.cost_usd:.4f}" if result.cost_usd else "$0"
    if calls := sum(stage.calls for stage in result.usage.values()):
        tokens = sum(stage.input_tokens + stage.output_tokens for stage in result.usage.values())
        yield "model calls", f"{calls:,}, {tokens:,} tokens"
    for dataset in result.datasets:
        part = "" if dataset.part == "all" else f", part {dataset.part}"
        licence = f", {dataset.licence}" if dataset.licence else ""
        yield (
            f"data set {dataset.name}",
            f"{dataset.samples:,} samples{part}, tier {dataset.tier}{licence}, {dataset.digest}",
        )
    if made.store is not None:
        yield "store", f"{made.store.embedder}, {made.store.passages:,} passages, {made.store.digest}"
    if made.exchanges is not None:
        yield "exchanges", made.exchanges
    yield from ((f"prompt {name}", digest) for name, digest in made.prompts.items())
    yield from ((f"weights {name}", digest) for name, digest in made.weights.items())
    yield from ((f"parameter {name}", str(value)) for name, value in made.parameters.items())
    yield from ((f"setting {name}", str(value)) for name, value in made.settings.items())
