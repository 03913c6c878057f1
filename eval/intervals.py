"""How sure a number is: intervals that resample documents, since claims of one document share their luck.

A number is a function of sums over documents (``Counted``). The interval is the percentile interval of the cluster
bootstrap, widened for few documents as Hesterberg does ("What Teachers Should Know About the Bootstrap", 2015): of n
documents, the tail is that of Student's t with n - 1 degrees of freedom, times sqrt(n / (n - 1)).

Two cases the bootstrap cannot answer are answered by Wilson's score interval, for as many independent samples as these
are worth when samples of one document correlate by 0.2: fewer than five documents (what is looked for lies between the
values of n documents with probability 1 - 2 ** (1 - n), 0.94 for five), and resamples that are all alike, as where
nothing or everything is right ("0 of 90" does not mean that it never happens). Of one document nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit  # type: ignore[import-untyped]

SEED = 20251021
RESAMPLES = 4000
FEW = 5  # documents
CORRELATION = 0.2  # of samples in one document, where it cannot be seen; measured elsewhere: -0.06 to 0.28

Array = NDArray[np.float64]
_AT_ONCE = 500  # resamples, for memory's sake
_Z = NormalDist().inv_cdf(0.975)


def mean_of_ratios(sums: Array) -> Array:
    """From hits and of in the last axis, the mean of the ratios before it; ratios of nothing are left out."""
    hits, of = sums[..., 0], sums[..., 1]
    counted = of > 0
    ratios = np.divide(hits, of, out=np.zeros_like(hits), where=counted)
    many = counted.sum(axis=-1)
    means: Array = np.divide(ratios.sum(axis=-1), many, out=np.full(many.shape, np.nan), where=many > 0)
    return means


@dataclass(frozen=True)
class Counted:
    """A number made of sums over documents; ``pairs`` has the shape documents x ratios x (hits, of).

    ``n``: what it is a share of, or how many samples had a part in it.
    """

    pairs: Array
    n: int
    statistic: Callable[[Array], Array] = mean_of_ratios

    @property
    def value(self) -> float | None:
        """None where there was nothing to count."""
        value = float(self.statistic(self.pairs.sum(axis=0)))
        return None if np.isnan(value) else value

    @cached_property
    def documents(self) -> int:
        """How many documents have a part in the number."""
        return int((self.pairs[..., 1] > 0).any(axis=1).sum())


Interval = tuple[float, float] | None


def intervals_of(numbers: Sequence[Counted]) -> list[Interval]:
    """The 95 % interval of each number; all count the same documents in the same order."""
    if not numbers:
        return []
    widths = [number.pairs[0].size for number in numbers]
    sums = resampled(np.concatenate([number.pairs.reshape(len(number.pairs), -1) for number in numbers], axis=1))
    parts = np.split(sums, np.cumsum(widths)[:-1], axis=1)
    return [_interval(number, part) for number, part in zip(numbers, parts, strict=True)]


def spreads_of(pairs: Sequence[tuple[Counted, Counted]]) -> list[Array]:
    """For each pair of numbers the difference, second less first, over resampled documents, the same for both."""
    if not pairs:
        return []
    both = [np.concatenate([first.pairs, second.pairs], axis=1) for first, second in pairs]
    sums = resampled(np.concatenate([pair.reshape(len(pair), -1) for pair in both], axis=1))
    parts = np.split(sums, np.cumsum([pair[0].size for pair in both])[:-1], axis=1)
    return [_spread(*pair, part) for pair, part in zip(pairs, parts, strict=True)]


def _spread(first: Counted, second: Counted, sums: Array) -> Array:
    ratios = first.pairs.shape[1]
    shaped = sums.reshape(len(sums), -1, 2)
    return second.statistic(shaped[:, ratios:]) - first.statistic(shaped[:, :ratios])


def _interval(number: Counted, sums: Array) -> Interval:
    if number.value is None or number.documents < 2:
        return None
    bounds = bounds_of(number.statistic(sums.reshape(-1, *number.pairs.shape[1:])), number.documents)
    if number.documents >= FEW and bounds[0] < bounds[1]:
        return bounds
    return _wilson_of(number)


def resampled(columns: Array) -> Array:
    """Sums over as many rows as there are, drawn with replacement, 4,000 times; the same rows for the same many."""
    drawn = _drawn(len(columns))
    return np.concatenate([drawn[start : start + _AT_ONCE] @ columns for start in range(0, RESAMPLES, _AT_ONCE)])


@lru_cache(maxsize=1)
def _drawn(rows: int) -> NDArray[np.uint16]:
    """How often each row is drawn in each resample."""
    random = np.random.default_rng(SEED)
    drawn = np.empty((RESAMPLES, rows), np.uint16)
    for times in drawn:
        times[:] = np.bincount(random.integers(rows, size=rows), minlength=rows)
    return drawn


def bounds_of(values: Array, documents: int) -> tuple[float, float]:
    """The widened percentile interval of resampled ``values``; resamples with nothing to count are left out."""
    tail = NormalDist().cdf(float(np.sqrt(documents / (documents - 1)) * stdtrit(documents - 1, 0.025)))
    low, high = np.nanquantile(values, [tail, 1 - tail])
    return float(low), float(high)


def wilson(hits: float, of: float) -> tuple[float, float]:
    """Wilson's 95 % score interval (1927) of ``hits`` out of ``of`` independent samples, which need not be whole."""
    share = hits / of
    middle = share + _Z**2 / (2 * of)
    reach = _Z * float(np.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2)))
    scale = 1 + _Z**2 / of
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def worth(sizes: Array) -> float:
    """How many independent samples the documents are worth: all of them by the design effect (Kish 1965)."""
    total = float(sizes.sum())
    return total / max(1.0, 1 + CORRELATION * (float((sizes**2).sum()) / total - 1))


def _wilson_of(number: Counted) -> Interval:
    """The mean of the ratios' Wilson intervals, which is wide rather than narrow; None where they are no shares."""
    if number.statistic is not mean_of_ratios:
        return None
    sums = number.pairs.sum(axis=0)
    counted = np.flatnonzero(sums[:, 1] > 0)
    shares = sums[counted, 0] / sums[counted, 1]
    if (shares < 0).any() or (shares > 1).any():
        return None
    many = [worth(number.pairs[:, ratio, 1]) for ratio in counted]
    bounds = np.array([wilson(share * n, n) for share, n in zip(shares, many, strict=True)])
    low, high = bounds.mean(axis=0)
    return float(low), float(high)
