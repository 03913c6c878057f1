"""A batch on a full disk, and with single calls that fail: bench.batch in small, on the real command."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.batch import falls_short

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="signals, forks and LD_PRELOAD are used as Linux has them"),
]


def test_a_full_disk_is_named_corrupts_nothing_and_is_got_over(tmp_path: Path) -> None:
    assert falls_short("R8", tmp_path) == []


def test_any_single_call_may_fail_and_the_accounts_still_add_up(tmp_path: Path) -> None:
    assert falls_short("R9", tmp_path) == []
