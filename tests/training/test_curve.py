"""The learning curve says how many true pairs are found where few of the others pass."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from training.curve import found


def _logits(*margins: float) -> NDArray[np.float32]:
    return np.array([[margin, 0.0, -50.0] for margin in margins], dtype=np.float32)


def test_all_are_found_where_every_other_pair_lies_below() -> None:
    assert found(_logits(3, 4, 1, 2), [True, True, False, False], 0.01) == 1.0


def test_fewer_are_found_where_fewer_of_the_others_may_pass() -> None:
    margins = [*range(100), 89.5, 97.5]
    supported = [False] * 100 + [True, True]
    assert [found(_logits(*margins), supported, passing) for passing in (0.2, 0.05, 0.01)] == [1.0, 0.5, 0.0]


def test_of_one_sort_alone_nothing_can_be_said() -> None:
    assert math.isnan(found(_logits(1, 2), [True, True], 0.05))
    assert math.isnan(found(_logits(1, 2), [False, False], 0.05))
