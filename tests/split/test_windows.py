"""How a document is cut into windows for splitting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from factcheck.models import Sentence, Span
from factcheck.split.windows import BEFORE, BEFORE_CHARACTERS, Window, windows_of

LENGTHS = st.lists(st.integers(1, 300), max_size=60)


def laid_out(lengths: Sequence[int]) -> tuple[Sentence, ...]:
    """Sentences of these lengths, one space apart."""
    sentences, start = [], 0
    for number, length in enumerate(lengths, 1):
        sentences.append(Sentence(id=f"s{number}", span=Span(start=start, end=start + length)))
        start += length + 1
    return tuple(sentences)


def cut(lengths: Sequence[int], *, size: int = 4, characters: int = 1_000) -> list[Window]:
    return list(windows_of(laid_out(lengths), size=size, characters=characters))


@given(LENGTHS, st.integers(1, 20), st.integers(1, 900))
def test_every_sentence_is_asked_for_once_in_the_order_of_the_text(
    lengths: list[int], size: int, characters: int
) -> None:
    windows = cut(lengths, size=size, characters=characters)
    assert [name for window in windows for name in window.names] == [s.id for s in laid_out(lengths)]


@given(LENGTHS, st.integers(1, 20), st.integers(1, 900))
def test_a_window_keeps_both_bounds_unless_it_is_a_single_sentence(
    lengths: list[int], size: int, characters: int
) -> None:
    for window in cut(lengths, size=size, characters=characters):
        asked = sum(s.span.end - s.span.start for s in window.asked)
        assert len(window.asked) <= size
        assert asked <= characters or len(window.asked) == 1


@given(LENGTHS, st.integers(1, 20))
def test_the_lines_of_a_window_are_a_run_that_ends_with_the_last_sentence_asked(lengths: list[int], size: int) -> None:
    sentences = laid_out(lengths)
    for window in cut(lengths, size=size):
        first = sentences.index(window.lines[0])
        before = window.lines[: -len(window.asked)]
        assert window.lines == sentences[first : first + len(window.lines)]
        assert window.lines[len(before) :] == window.asked
        assert len(before) <= BEFORE
        assert sum(s.span.end - s.span.start for s in before) <= BEFORE_CHARACTERS


def test_windows_are_about_equally_long() -> None:
    assert [len(window.asked) for window in cut([10] * 25, size=24)] == [13, 12]


def test_the_opening_is_shown_until_the_lines_before_a_window_hold_it() -> None:
    windows = cut([10] * 12, size=4)
    assert [s.id for s in windows[0].opening] == []
    assert [s.id for s in windows[1].opening] == ["s1"]  # s2 to s4 stand right before the window
    assert [s.id for s in windows[2].opening] == ["s1", "s2"]


def test_a_preceding_sentence_too_long_to_show_whole_is_not_shown() -> None:
    assert [s.id for s in cut([BEFORE_CHARACTERS + 1, 10], size=1)[1].lines] == ["s2"]


def test_windows_are_made_one_at_a_time() -> None:
    class Counted(tuple[Sentence, ...]):
        taken = 0

        def __getitem__(self, key: Any) -> Any:
            Counted.taken += 1
            return super().__getitem__(key)

    sentences = Counted(laid_out([10] * 1_000))
    windows = windows_of(sentences, size=10, characters=1_000)
    next(windows)
    next(windows)
    assert Counted.taken < 12


def test_halves_ask_for_the_same_sentences_and_the_second_sees_the_end_of_the_first() -> None:
    (window,) = cut([10] * 9, size=9)
    first, second = window.halves()
    assert first.names == ["s1", "s2", "s3", "s4"]
    assert second.names == ["s5", "s6", "s7", "s8", "s9"]
    assert [s.id for s in first.lines] == first.names
    assert [s.id for s in second.lines] == ["s2", "s3", "s4", *second.names]


def test_a_narrowed_window_asks_for_less_and_still_shows_what_stands_between() -> None:
    (window,) = cut([10] * 20, size=20)
    narrowed = window.narrowed({"s7", "s9"})
    assert narrowed.names == ["s7", "s9"]
    assert [s.id for s in narrowed.lines] == ["s4", "s5", "s6", "s7", "s8", "s9"]
