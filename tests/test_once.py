"""What is dear is made once, however many threads ask for it, and kept where it is small."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from factcheck.once import kept, once


def test_threads_that_ask_at_once_wait_for_the_one_that_makes_it() -> None:
    made: list[object] = []

    @once
    def dear() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    with ThreadPoolExecutor(8) as threads:
        given = list(threads.map(lambda _: dear(), range(8)))
    assert len(made) == 1
    assert all(one is made[0] for one in given)


def test_what_could_not_be_made_is_tried_again() -> None:
    tries: list[int] = []

    @once
    def late() -> str:
        tries.append(len(tries))
        if len(tries) < 2:
            raise OSError("not yet")
        return "made"

    with ThreadPoolExecutor(1) as threads:
        assert isinstance(threads.submit(late).exception(), OSError)
        assert threads.submit(late).result() == late() == "made"
    assert len(tries) == 2


def test_what_a_short_text_gives_is_kept_and_a_long_text_is_read_anew() -> None:
    reads: list[str] = []

    @kept(2, longest=5)
    def loud(text: str, ending: str) -> str:
        reads.append(text)
        return text.upper() + ending

    assert [loud("short", "!"), loud("short", "!"), loud("short", "?")] == ["SHORT!", "SHORT!", "SHORT?"]
    assert [loud("longer", "!"), loud("longer", "!")] == ["LONGER!", "LONGER!"]
    assert reads == ["short", "short", "longer", "longer"]  # once with each ending, and each time
