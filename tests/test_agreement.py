"""Agreement is counted as it is by hand, and kappa as in the textbooks."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factcheck.agreement import Decided, Kappa, Said, cohens_kappa, confusion, kappas
from factcheck.models import Label

YES: Label = "supported"
NO: Label = "contradicted"
LABELS = st.sampled_from(get_args(Label))


def raters(both: int, first: int, second: int, neither: int) -> tuple[list[Label], list[Label]]:
    """Two raters by the cells of their table: yes and yes, yes and no, no and yes, no and no."""
    return [YES] * (both + first) + [NO] * (second + neither), [YES] * both + [NO] * first + [YES] * second + [
        NO
    ] * neither


def decided(claim: str, reviewer: str, label: Label, said: Said = "supported") -> Decided:
    return Decided(("r", claim), reviewer, label, said)


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        ((20, 5, 10, 15), 0.4),  # fifty grant proposals: observed 0.7, by chance 0.5
        ((45, 15, 25, 15), 0.130),  # the same observed agreement …
        ((25, 35, 5, 35), 0.259),  # … with other margins
        ((1, 0, 0, 1), 1.0),
        ((0, 1, 1, 0), -1.0),
        ((1, 1, 1, 1), 0.0),
    ],
)
def test_kappa_of_the_textbooks(table: tuple[int, int, int, int], kappa: float) -> None:
    assert cohens_kappa(*raters(*table)) == pytest.approx(kappa, abs=5e-4)


def test_kappa_of_three_labels_worked_out_by_hand() -> None:
    one: list[Label] = ["supported", "supported", "contradicted", "unverifiable"]
    other: list[Label] = ["supported", "contradicted", "contradicted", "unverifiable"]
    # observed 3/4; by chance 2/4*1/4 + 1/4*2/4 + 1/4*1/4 = 5/16; (12/16 - 5/16) / (11/16)
    assert cohens_kappa(one, other) == pytest.approx(7 / 11)


def test_kappa_is_undefined_over_nothing_and_where_all_is_one_label() -> None:
    assert cohens_kappa([], []) is None
    assert cohens_kappa([YES, YES], [YES, YES]) is None
    assert cohens_kappa([YES, YES], [YES, NO]) == 0.0
    with pytest.raises(ValueError, match="1 labels against 2"):
        cohens_kappa([YES], [YES, NO])


@given(st.lists(st.tuples(LABELS, LABELS), max_size=30))
def test_kappa_is_symmetric_at_most_one_and_one_only_for_full_agreement(pairs: list[tuple[Label, Label]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    found = cohens_kappa(one, other)
    assert found == cohens_kappa(other, one)
    if found is not None:
        assert -1 <= found <= 1
        assert (found == 1) == (one == other)


def test_each_decision_counts_under_what_the_engine_had_said() -> None:
    table = confusion(
        [
            decided("a", "Anna", "supported"),
            decided("a", "Ben", "contradicted"),
            decided("b", "Anna", "supported", "failed"),
        ]
    )
    assert table == {"supported": Counter(supported=1, contradicted=1), "failed": Counter(supported=1)}


def test_kappa_is_over_the_claims_that_both_decided() -> None:
    found = kappas(
        [
            decided("a", "Cleo", YES),
            decided("a", "Anna", YES),
            decided("b", "Anna", NO),
            decided("b", "Ben", NO),
            decided("c", "Anna", YES),
            decided("c", "Ben", YES),
            Decided(("another report", "d"), "Ben", YES, "supported"),
            decided("d", "Anna", NO),
        ]
    )
    assert found == [
        Kappa(("Anna", "Ben"), 2, 2, 1.0),
        Kappa(("Anna", "Cleo"), 1, 1, None),
        Kappa(("Ben", "Cleo"), 0, 0, None),
    ]
