"""How long threads wait for a server that is gone."""

from __future__ import annotations

import threading
import time

from factcheck.retrieve.patience import Patience


def test_without_patience_three_short_pauses_are_made() -> None:
    patience = Patience()
    started = time.monotonic()
    assert [patience.wait(tried) for tried in (1, 2, 3, 4)] == [True, True, True, False]
    assert time.monotonic() - started >= 1.7
    assert patience.wait(1)  # the next request has its own


def test_the_silence_of_all_threads_is_one_and_ends_with_any_answer() -> None:
    patience = Patience(0.3)
    assert patience.wait(1)
    assert patience.wait(1)
    assert not patience.wait(1)  # another request, but 0.4 s of silence
    patience.answered()
    assert patience.wait(1)


def test_whoever_waits_is_woken_at_the_end() -> None:
    patience = Patience(60)
    woken: list[bool] = []
    waiting = threading.Thread(target=lambda: woken.append(patience.wait(9)))
    waiting.start()
    patience.end()
    waiting.join(30)
    assert woken == [False]
