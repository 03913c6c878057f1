"""Whether two results differ, on the same samples: exact McNemar, exchanged documents, Holm, and what n could show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from math import comb
from statistics import NormalDist

import numpy as np
from scipy.special import bdtr, bdtrc  # type: ignore[import-untyped]

from eval.intervals import SEED, Array

POWER = 0.8
EXCHANGES = 9999
_ENUMERATED = 12  # documents that differ: 4,096 ways to exchange them
_SAME = 1e-12


def mcnemar(lost: int, gained: int) -> float:
    """Exact two-sided p of so many samples lost and gained (McNemar 1947), if either was as likely for each."""
    n, fewer = lost + gained, min(lost, gained)
    return min(1.0, 2 * sum(comb(n, k) for k in range(fewer + 1)) / (1 << n))


def exchanged(before: Array, after: Array, statistic: Callable[[Array], Array]) -> float:
    """Two-sided p of the difference in a statistic, if it did not matter which result a document's counts are from.

    Both results are exchanged for whole documents (Noreen 1989; Yeh 2000 for F1): in all ways where up to twelve
    documents differ, else in 9,999 random ones. Both are documents x ratios x (hits, of), in the same order. The
    bootstrap would call four documents that each lost one claim significant; this, as McNemar's test, does not.
    """
    differ = (before != after).any(axis=(1, 2))
    many = int(differ.sum())
    if not many:
        return 1.0
    total_before, total_after = before.sum(axis=0), after.sum(axis=0)
    observed = abs(float(statistic(total_after) - statistic(total_before)))
    ways = _ways(many)
    moved = (ways @ (after - before)[differ].reshape(many, -1)).reshape(-1, *before.shape[1:])
    found = np.abs(statistic(total_after - moved) - statistic(total_before + moved))
    as_far = int((~(found < observed - _SAME)).sum())  # a statistic of nothing counts as far
    return as_far / len(ways) if many <= _ENUMERATED else (1 + as_far) / (1 + len(ways))


def _ways(documents: int) -> Array:
    if documents <= _ENUMERATED:
        return np.array(list(product((0.0, 1.0), repeat=documents)))
    return np.random.default_rng(SEED).integers(2, size=(EXCHANGES, documents)).astype(np.float64)


def holm(ps: Sequence[float]) -> list[float]:
    """The p values adjusted so that all together err as seldom as one (Holm 1979), in the order given."""
    adjusted = [0.0] * len(ps)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = largest
    return adjusted


def power(n: int, *, lost: float, gained: float, p: float = 0.05) -> float:
    """How likely exact McNemar shows a loss on ``n`` samples, each of them lost or gained so probably.

    Computed exactly: the number of samples that change is binomial, and of these the number lost.
    """
    change = min(lost + gained, 1.0)
    if not change:
        return 0.0
    changed = np.arange(n + 1)
    at_most = bdtr(changed, n, change)
    probable = np.diff(at_most, prepend=0.0)
    likely = np.flatnonzero(probable > 1e-9)
    shown = [
        float(bdtrc(critical - 1, many, lost / change)) if (critical := _critical(many, p)) else 0.0
        for many in likely.tolist()
    ]
    return float(probable[likely] @ np.array(shown))


@lru_cache(maxsize=100_000)
def _critical(changed: int, p: float) -> int | None:
    """The fewest lost of so many changed that are significant; None where not even all of them are."""
    low, high = changed // 2 + 1, changed + 1
    while low < high:
        middle = (low + high) // 2
        if 2 * float(bdtr(changed - middle, changed, 0.5)) <= p:
            high = middle
        else:
            low = middle + 1
    return low if low <= changed else None


def smallest_loss(n: int, *, churn: float = 0.0, p: float = 0.05) -> float | None:
    """The smallest share of samples, lost on balance, that exact McNemar on ``n`` shows with 80 % power.

    ``churn``: the share lost and gained all the same, without any difference. None where no loss would be shown.
    """
    low, high = 0.0, 1 - 2 * churn
    if high <= 0 or power(n, lost=churn + high, gained=churn, p=p) < POWER:
        return None
    while high - low > 1e-4:
        middle = (low + high) / 2
        if power(n, lost=churn + middle, gained=churn, p=p) < POWER:
            low = middle
        else:
            high = middle
    return high


def smallest_difference(standard_error: float, p: float = 0.05) -> float:
    """The smallest difference shown with 80 % power: z(1 - p/2) + z(0.8) standard errors, 2.8 of them (Bloom 1995)."""
    normal = NormalDist()
    return (normal.inv_cdf(1 - p / 2) + normal.inv_cdf(POWER)) * standard_error
