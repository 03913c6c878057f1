from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.intervals import Array, mean_of_ratios
from eval.significance import exchanged, holm, mcnemar, power, smallest_difference, smallest_loss


@pytest.mark.parametrize(("lost", "gained"), [(a, b) for a in range(7) for b in range(7)])
def test_mcnemar_is_the_share_of_all_ways_that_are_as_far_from_even(lost: int, gained: int) -> None:
    ways = [abs(2 * sum(way) - lost - gained) for way in product((0, 1), repeat=lost + gained)]
    assert mcnemar(lost, gained) == pytest.approx(sum(far >= abs(lost - gained) for far in ways) / len(ways))


def test_mcnemar_gives_the_known_values() -> None:
    assert mcnemar(0, 9) == pytest.approx(0.00390625)
    assert mcnemar(5, 0) == pytest.approx(0.0625)
    assert mcnemar(0, 0) == 1
    assert mcnemar(2000, 1800) == pytest.approx(0.00124, abs=2e-5)  # the normal approximation gives 0.0012


def outcomes(*documents: tuple[int, int]) -> Array:
    return np.array(documents, dtype=np.float64)[:, None]


def test_of_documents_of_one_sample_the_exchange_is_mcnemar() -> None:
    before = outcomes(*[(1, 1)] * 7, *[(0, 1)] * 5)
    after = outcomes(*[(0, 1)] * 6, (1, 1), (1, 1), *[(0, 1)] * 4)
    assert exchanged(before, after, mean_of_ratios) == pytest.approx(mcnemar(6, 1))


def test_of_more_documents_than_can_be_enumerated_the_exchange_is_about_mcnemar() -> None:
    before, after = outcomes(*[(1, 1)] * 30, *[(0, 1)] * 14), outcomes(*[(0, 1)] * 30, *[(1, 1)] * 14)
    assert exchanged(before, after, mean_of_ratios) == pytest.approx(mcnemar(30, 14), abs=0.005)
    assert exchanged(before, after, mean_of_ratios) == exchanged(before, after, mean_of_ratios)


def test_twenty_claims_lost_in_one_document_are_one_observation() -> None:
    before, after = outcomes((20, 20), (10, 20)), outcomes((0, 20), (10, 20))
    assert exchanged(before, after, mean_of_ratios) == 1
    assert mcnemar(20, 0) < 0.001


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(3, 4)), min_size=1, max_size=6))
def test_the_exchange_counts_every_way_to_swap_documents(documents: list[tuple[int, int, int]]) -> None:
    differing = [(old, new, of) for old, new, of in documents if old != new]
    total = sum(of for _, _, of in documents)
    observed = abs(sum(new - old for old, new, _ in documents))
    ways = [
        abs(sum(sign * (new - old) for sign, (old, new, _) in zip(signs, differing, strict=True)))
        for signs in product((1, -1), repeat=len(differing))
    ]
    expected = sum(way / total >= observed / total for way in ways) / len(ways)
    before = outcomes(*[(old, of) for old, _, of in documents])
    after = outcomes(*[(new, of) for _, new, of in documents])
    assert exchanged(before, after, mean_of_ratios) == pytest.approx(expected)


def test_holm_adjusts_as_in_the_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(ps: list[float]) -> None:
    adjusted = holm(ps)
    for p, after in zip(ps, adjusted, strict=True):
        assert p <= after <= min(1, len(ps) * p) + 1e-12
    assert [after for _, after in sorted(zip(ps, adjusted, strict=True))] == sorted(adjusted)


@pytest.mark.parametrize(("lost", "gained"), [(0.5, 0.1), (0.9, 0.0), (0.3, 0.3)])
def test_power_is_the_chance_of_all_outcomes_that_show_a_loss(lost: float, gained: float) -> None:
    n = 14
    chance = sum(
        comb(n, a) * comb(n - a, b) * lost**a * gained**b * max(0.0, 1 - lost - gained) ** (n - a - b)
        for a in range(n + 1)
        for b in range(n + 1 - a)
        if a > b and mcnemar(a, b) <= 0.05
    )
    assert power(n, lost=lost, gained=gained) == pytest.approx(chance, abs=1e-6)


def test_where_nothing_changes_nothing_is_shown() -> None:
    assert power(100, lost=0, gained=0) == 0


@pytest.mark.parametrize(("n", "churn"), [(40, 0.0), (150, 0.02), (4000, 0.1)])
def test_the_smallest_loss_has_eighty_percent_power_and_a_smaller_one_less(n: int, churn: float) -> None:
    smallest = smallest_loss(n, churn=churn)
    assert smallest is not None
    assert power(n, lost=churn + smallest, gained=churn) >= 0.8
    assert power(n, lost=churn + smallest - 0.001, gained=churn) < 0.8


def test_five_samples_show_no_loss_however_large() -> None:
    assert smallest_loss(5) is None
    assert smallest_loss(6) == pytest.approx(0.9635, abs=1e-3)  # all six must be lost: 0.8 ** (1 / 6)
    assert smallest_loss(0) is None
    assert smallest_loss(100, churn=0.5) is None


def test_a_stricter_p_shows_less() -> None:
    at_one, at_five = smallest_loss(100, p=0.01), smallest_loss(100, p=0.05)
    assert at_one is not None
    assert at_five is not None
    assert at_one > at_five


def test_the_smallest_difference_is_two_point_eight_standard_errors() -> None:
    assert smallest_difference(0.01) == pytest.approx(0.02802, abs=1e-5)
    assert smallest_difference(0.01, p=0.01) == pytest.approx(0.03417, abs=1e-5)
