"""A batch under a model or a store that fails: the figures of bench.batch in small, on the real command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.batch import falls_short

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="signals, forks and LD_PRELOAD are used as Linux has them"),
]


def test_every_document_has_an_end_and_no_label_comes_from_a_broken_answer(tmp_path: Path) -> None:
    assert falls_short("R4", tmp_path) == []


def test_a_refused_key_or_a_spent_account_stops_the_run_within_the_calls_under_way(tmp_path: Path) -> None:
    assert falls_short("R5", tmp_path) == []


def test_no_request_is_sent_before_the_server_allows_it(tmp_path: Path) -> None:
    assert falls_short("R6", tmp_path) == []


def test_a_dripping_or_hanging_answer_ends_with_the_deadline(tmp_path: Path) -> None:
    assert falls_short("R7", tmp_path) == []


def test_a_store_that_is_away_for_a_while_costs_time_and_never_a_verdict(tmp_path: Path) -> None:
    assert falls_short("R10", tmp_path) == []


def test_a_budget_is_not_overrun_by_more_than_the_calls_under_way(tmp_path: Path) -> None:
    assert falls_short("R16", tmp_path) == []
