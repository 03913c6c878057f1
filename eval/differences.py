"""The differences between two results in every metric and scope that a comparison looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from eval.comparison import Change, Difference, Thresholds
from eval.intervals import FEW, Array, Counted, bounds_of, spreads_of
from eval.metrics import is_of_labels, meaning_of
from eval.pairing import Pairing, ends
from eval.records import DatasetInfo
from eval.scoring import Scope, label_numbers, rounded, scopes_of, score_numbers
from eval.significance import exchanged, holm, mcnemar, smallest_difference, smallest_loss

OF_LABELS = ("false_supported", "macro_f1", "accuracy")  # compared in every scope
OF_ALL = ("contradicted_supported", "false_contradicted", "groups_right")  # besides, over all samples


@dataclass(frozen=True)
class _Measured:
    """A metric of one scope in both results, before anything is corrected for how much is compared."""

    scope: str
    metric: str
    before: float
    after: float
    interval: tuple[float, float] | None
    p: float
    n: int
    documents: int
    smallest: float | None


def differences_of(
    first: str | None, pairing: Pairing, datasets: Iterable[DatasetInfo], limits: Thresholds
) -> tuple[Difference, ...]:
    """Every difference, by scope and metric; all p values but those of the first question corrected together.

    ``first``: the metric that the task asks for. Where samples have labels, whether they are right is a first question.
    """
    found = [
        measured for scope, old in _scopes(pairing, datasets) for measured in _measured(first, scope, old, limits.p)
    ]
    secondary = [place for place, measured in enumerate(found) if not _is_primary(first, measured)]
    adjusted = dict(zip(secondary, holm([found[place].p for place in secondary]), strict=True))
    return tuple(_difference(measured, adjusted.get(place), limits.p) for place, measured in enumerate(found))


def _is_primary(first: str | None, measured: _Measured) -> bool:
    if measured.scope != "all":
        return False
    return measured.metric == "accuracy" or (measured.metric == first and not is_of_labels(measured.metric))


def _scopes(pairing: Pairing, datasets: Iterable[DatasetInfo]) -> Iterator[tuple[Scope, Scope]]:
    """Each part of the new samples with the same part of the old; a part that has two names only once."""
    old = {sample.id: sample for sample in pairing.before}
    seen = set()
    for scope in scopes_of(pairing.after, datasets):
        ids = tuple(sample.id for sample in scope.samples)
        if ids not in seen and scope.name.count(":") < 2:
            seen.add(ids)
            yield scope, Scope(scope.name, tuple(old[name] for name in ids), scope.scheme, scope.groups)


def _measured(first: str | None, scope: Scope, old: Scope, p: float) -> Iterator[_Measured]:
    before, after = _numbers(old), _numbers(scope)
    names = [name for name in after if name in before and _is_compared(first, scope.name, name)]
    spreads = spreads_of([(before[name], after[name]) for name in names])
    hits = ends(old.samples, scope.samples)
    for name, spread in zip(names, spreads, strict=True):
        old_value, new_value = before[name].value, after[name].value
        if old_value is None or new_value is None:
            continue
        chance = _p(name, before[name], after[name], hits)
        yield _Measured(
            scope=scope.name,
            metric=name,
            before=old_value,
            after=new_value,
            interval=_interval(spread, after[name].documents, chance),
            p=chance,
            n=after[name].n,
            documents=after[name].documents,
            smallest=_smallest(name, after[name], spread, hits, p),
        )


def _numbers(scope: Scope) -> dict[str, Counted]:
    return label_numbers(scope, lambda sample: sample.label) | score_numbers(scope)


def _is_compared(first: str | None, scope: str, metric: str) -> bool:
    if not is_of_labels(metric):
        return scope == "all" or metric == first or meaning_of(metric).guarded
    return metric in OF_LABELS or (scope == "all" and metric in OF_ALL)


def _interval(spread: Array, documents: int, p: float) -> tuple[float, float] | None:
    """None of fewer than five documents, or where no resample differs.

    It reaches to zero where the test does not rule out that there is no difference: of few samples that changed, the
    bootstrap is too sure, and one comparison should not say two things.
    """
    if documents < FEW or not np.nanstd(spread):
        return None
    low, high = bounds_of(spread, documents)
    return (min(low, 0.0), max(high, 0.0)) if p >= 0.05 else (low, high)


def _p(metric: str, before: Counted, after: Counted, hits: list[tuple[bool, bool]]) -> float:
    if metric == "accuracy":
        return mcnemar(hits.count((True, False)), hits.count((False, True)))
    return exchanged(before.pairs, after.pairs, after.statistic)


def _smallest(metric: str, number: Counted, spread: Array, hits: list[tuple[bool, bool]], p: float) -> float | None:
    """By exact McNemar for accuracy, and for a rate of labels where nothing changed; else by the spread."""
    if metric == "accuracy":
        churn = min(hits.count((True, False)), hits.count((False, True)))
        return smallest_loss(len(hits), churn=churn / len(hits), p=p)
    error = float(np.nanstd(spread))
    if error:
        return smallest_difference(error, p)
    return smallest_loss(number.n, p=p) if is_of_labels(metric) and number.pairs.shape[1] == 1 else None


def _difference(measured: _Measured, p_holm: float | None, limit: float) -> Difference:
    better = meaning_of(measured.metric).better
    difference = measured.after - measured.before
    low, high = measured.interval or (None, None)
    shown = difference != 0 and (measured.p if p_holm is None else p_holm) < limit
    change: Change = "neither" if not shown else "better" if (difference > 0) == (better == "higher") else "worse"
    return Difference(
        scope=measured.scope,
        metric=measured.metric,
        better=better,
        before=round(measured.before, 6),
        after=round(measured.after, 6),
        difference=round(difference, 6),
        low=rounded(low),
        high=rounded(high),
        p=round(measured.p, 6),
        p_holm=rounded(p_holm),
        n=measured.n,
        documents=measured.documents,
        smallest=rounded(measured.smallest),
        change=change,
    )
