"""A batch killed, interrupted, watched and run twice: the figures of bench.batch in small, on the real command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.batch import falls_short

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="signals, forks and LD_PRELOAD are used as Linux has them"),
]


def test_killed_thirty_times_it_ends_as_if_nothing_had_been_and_pays_little_twice(tmp_path: Path) -> None:
    assert falls_short("R1", tmp_path) == []


def test_no_output_is_ever_seen_half_written(tmp_path: Path) -> None:
    assert falls_short("R2", tmp_path) == []


def test_interrupted_and_terminated_it_says_so_and_goes_on_from_there(tmp_path: Path) -> None:
    assert falls_short("R3", tmp_path) == []


def test_a_second_batch_on_the_same_output_is_told_who_holds_it(tmp_path: Path) -> None:
    assert falls_short("R13", tmp_path) == []


def test_verdicts_do_not_depend_on_how_many_calls_are_under_way(tmp_path: Path) -> None:
    assert falls_short("R14", tmp_path) == []
