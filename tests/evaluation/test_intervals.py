from __future__ import annotations

from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from numpy.random import Generator
from scipy.special import stdtrit  # type: ignore[import-untyped]

from eval.intervals import Array, Counted, bounds_of, intervals_of, mean_of_ratios, resampled, spreads_of, wilson, worth


def share(*documents: tuple[float, float]) -> Counted:
    """A share of which each document adds (hits, of)."""
    pairs = np.array(documents, dtype=np.float64)[:, None]
    return Counted(pairs, int(pairs[..., 1].sum()))


def interval(number: Counted) -> tuple[float, float] | None:
    return intervals_of([number])[0]


def test_a_mean_of_ratios_leaves_out_ratios_of_nothing() -> None:
    assert mean_of_ratios(np.array([[1.0, 4.0], [0.0, 0.0], [3.0, 4.0]])) == 0.5
    assert np.isnan(mean_of_ratios(np.array([[0.0, 0.0]])))


def test_a_number_of_nothing_is_none_and_has_no_interval() -> None:
    nothing = share((0, 0), (0, 0))
    assert (nothing.value, nothing.documents, interval(nothing)) == (None, 0, None)


def test_documents_without_a_part_in_a_number_are_not_counted() -> None:
    assert share((1, 2), (0, 0), (0, 1)).documents == 2


def test_of_one_document_nothing_is_said() -> None:
    assert interval(share((30, 60))) is None
    assert interval(share((30, 60), (0, 0))) is None


def test_resampling_draws_as_many_documents_as_there_are() -> None:
    sums = resampled(np.ones((7, 1)))
    assert sums.shape == (4000, 1)
    assert (sums == 7).all()


def test_the_interval_is_that_of_all_possible_resamples() -> None:
    documents = [(9.0, 10.0), (2.0, 5.0), (7.0, 7.0), (1.0, 6.0), (4.0, 8.0)]
    drawn = [np.sum([documents[place] for place in places], axis=0) for places in product(range(5), repeat=5)]
    tail = NormalDist().cdf(np.sqrt(5 / 4) * stdtrit(4, 0.025))
    low, high = np.quantile([hits / of for hits, of in drawn], [tail, 1 - tail])
    assert interval(share(*documents)) == pytest.approx((low, high), abs=0.02)


def test_tails_are_those_of_students_t_widened() -> None:
    values = np.linspace(0, 1, 100_001)
    few, many = bounds_of(values, 12), bounds_of(values, 100_000)
    assert many == pytest.approx((0.025, 0.975), abs=1e-4)
    assert few[0] == pytest.approx(0.01076, abs=1e-4)  # Hesterberg: 2.201 * sqrt(12 / 11) standard errors


def test_wilson_gives_the_known_bounds() -> None:
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1), abs=1e-4)


def test_documents_of_one_sample_are_worth_all_of_them_and_long_ones_less() -> None:
    assert worth(np.ones(40)) == 40
    assert worth(np.full(10, 10.0)) == pytest.approx(100 / 2.8)
    assert worth(np.array([0.5, 0.5])) == 1


def test_none_of_ninety_does_not_mean_never() -> None:
    low, high = interval(share(*[(0, 6)] * 15)) or (1, 0)
    assert low == pytest.approx(0)
    assert high == pytest.approx(wilson(0, 90 / 2)[1])


def test_a_perfect_mean_of_ratios_is_not_certain_either() -> None:
    perfect = Counted(np.array([[[3.0, 3.0], [3.0, 3.0]]] * 10), 60)
    low, high = interval(perfect) or (1, 0)
    assert high == 1
    assert 0.8 < low < 0.9


def test_few_documents_are_answered_by_wilson_for_what_they_are_worth() -> None:
    assert interval(share((3, 10), (5, 10))) == pytest.approx(wilson(8 / 2.8, 20 / 2.8))


def test_scores_beyond_one_have_no_wilson_interval() -> None:
    assert interval(share((30, 10), (50, 10))) is None


def test_numbers_counted_together_have_the_intervals_they_have_alone() -> None:
    first, second = share(*[(n % 3, 3) for n in range(20)]), share(*[(n % 2, 2) for n in range(20)])
    assert intervals_of([first, second]) == [interval(first), interval(second)]
    assert intervals_of([]) == []


def test_the_spread_of_a_difference_draws_the_same_documents_for_both() -> None:
    first = share(*[(n % 4, 4) for n in range(20)])
    better = share(*[(n % 4 + 1, 4) for n in range(20)])
    assert spreads_of([(first, better)])[0] == pytest.approx(np.full(4000, 0.25))
    assert spreads_of([]) == []


def _simulated(random: Generator, sizes: Array) -> Array:
    """Documents whose luck differs: their samples are right with probability 0.7 on average."""
    luck = random.beta(7, 3, size=len(sizes))
    return np.stack([random.binomial(sizes.astype(int), luck), sizes], axis=1).astype(np.float64)[:, None]


@pytest.mark.parametrize("documents", [8, 14, 60])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(documents: int) -> None:
    random = np.random.default_rng(documents)
    held = 0
    for _ in range(600):
        sizes = random.integers(2, 20, size=documents).astype(np.float64)
        low, high = interval(Counted(_simulated(random, sizes), 0)) or (1, 0)
        held += low <= 0.7 <= high
    assert 0.925 <= held / 600 <= 0.985


def test_resampling_samples_instead_of_documents_would_hold_the_truth_too_seldom() -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        hits = int(_simulated(random, np.full(30, 10.0))[..., 0].sum())
        alone = np.stack([np.arange(300) < hits, np.ones(300)], axis=1)[:, None]
        low, high = interval(Counted(alone, 300)) or (1, 0)
        held += low <= 0.7 <= high
    assert held / 300 < 0.88
