"""The arithmetic of limits: what a minute holds, how the window moves, what providers write in their headers."""

from __future__ import annotations

from bisect import bisect_left

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from factcheck.llm.limits import Allowance, Rate, Silence, Window, allowed, seconds_of

LIMITS = st.one_of(st.integers(1, 130), st.sampled_from([600, 10_000]))
GAPS = st.lists(st.one_of(st.just(0.0), st.floats(0, 2), st.floats(0, 40)), max_size=200)


def pushed(rate: Rate, gaps: list[float], need: float = 1) -> list[float]:
    """When requests go that come with these gaps, each as early as it may."""
    now, sent = 0.0, []
    for gap in gaps:
        now += gap
        while (wait := rate.wait(need, now)) > 0:
            now += wait
        rate.take(need, now)
        sent.append(now)
    return sent


@given(LIMITS, GAPS)
@example(1, [0.0] * 9)
@example(90, [0.0] * 300)
def test_no_minute_ever_holds_more_requests_than_allowed(per_minute: int, gaps: list[float]) -> None:
    sent = pushed(Rate(per_minute), gaps)
    for place, start in enumerate(sent):
        assert bisect_left(sent, start + 60 - 1e-6) - place <= per_minute


@given(st.integers(1, 40))
def test_a_full_line_is_let_through_at_nearly_the_rate_allowed(per_minute: int) -> None:
    sent = pushed(Rate(per_minute), [0.0] * (3 * per_minute + 1))
    assert sent[-1] <= 3 * 60 / 0.98 + 1e-6


def test_requests_are_spread_over_the_minute_and_not_sent_all_at_its_start() -> None:
    assert pushed(Rate(60), [0.0] * 4) == pytest.approx([0, 1, 2, 3])
    assert pushed(Rate(600), [0.0] * 12)[9:] == pytest.approx([0, 60 / 591, 120 / 591], abs=1e-6)


@given(st.integers(60, 10_000), st.lists(st.integers(1, 3_000), min_size=1, max_size=100))
def test_tokens_in_a_minute_exceed_the_limit_by_one_request_at_most(per_minute: int, needs: list[int]) -> None:
    rate, now, sent = Rate(per_minute), 0.0, []
    for need in needs:
        while (wait := rate.wait(need, now)) > 0:
            now += wait
        rate.take(need, now)
        sent.append((now, need))
    for start, _ in sent:
        assert sum(need for at, need in sent if start <= at < start + 60 - 1e-6) <= per_minute + max(needs) + 1


def test_what_was_guessed_too_high_is_given_back_and_too_low_is_paid_for() -> None:
    generous, stingy = Rate(6_000), Rate(6_000)  # 100 a second
    for rate in (generous, stingy):
        rate.take(100, 0.0)
    generous.give_back(60)
    stingy.give_back(-100)
    assert generous.wait(60, 0.0) == 0
    assert stingy.wait(60, 0.0) == pytest.approx(1.6 / (5_901 / 6_000))


def test_a_limit_met_by_many_at_once_halves_the_window_once() -> None:
    window = Window(64)
    for _ in range(40):
        window.limited(epoch=0)
    assert window.size == 32
    window.limited(epoch=1)
    assert window.size == 16


def test_the_window_grows_back_by_one_for_every_eight_answers_and_no_further_than_set() -> None:
    window = Window(6)
    window.limited(0)
    sizes = []
    for _ in range(32):
        window.answered(epoch=1)
        sizes.append(window.size)
    assert sizes == [3] * 7 + [4] * 8 + [5] * 8 + [6] * 9


def test_answers_to_requests_sent_before_the_limit_was_met_do_not_widen_the_window() -> None:
    window = Window(8)
    window.limited(0)
    for _ in range(100):
        window.answered(epoch=0)
    assert window.size == 4


def test_after_a_pause_the_window_opens_with_every_answer_to_where_it_was_calm_and_then_slowly() -> None:
    window = Window(64)
    window.limited(0)  # calm at 32
    window.restart()
    sizes = []
    for _ in range(40):
        sizes.append(window.size)
        window.answered(window.epoch)
    assert sizes == [*range(1, 33), *[32] * 7, 33]


@given(st.integers(1, 64), st.lists(st.tuples(st.sampled_from(["answered", "limited", "restart"]), st.integers(0, 9))))
def test_the_window_stays_between_one_and_what_is_set(most: int, events: list[tuple[str, int]]) -> None:
    window = Window(most)
    for what, age in events:
        if what == "restart":
            window.restart()
        else:
            getattr(window, what)(max(0, window.epoch - age))
        assert 1 <= window.size <= most


def test_a_silence_is_general_when_more_calls_in_a_row_came_to_nothing_than_chance_explains() -> None:
    silence = Silence()
    for question in range(3):
        silence.failed(question, now=10.0 + question)
    assert silence.is_general()
    assert not silence.is_general(window=4)
    for question in range(3, 8):
        silence.failed(question, now=10.0 + question)
    assert silence.is_general(window=64)
    assert silence.lasted(now=30.0) == 20
    silence.over()
    assert (silence.lasted(now=30.0), silence.is_general(), silence.asked) == (0, False, set())


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("17ms", 0.017),
        ("1h2m3.5s", 3723.5),
        ("1d", 86_400.0),
        ("2m", 120.0),
        ("1m30ms", 60.03),
        ("0s", 0.0),
        ("12", 12.0),
        ("0.25", 0.25),
        ("-3", 0.0),
        ("1795334420", 10.0),
        ("1795334000", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (" ", None),
        (None, None),
        ("5 minutes", None),
    ],
)
def test_resets_are_read_in_all_their_spellings(told: str | None, seconds: float | None) -> None:
    assert seconds_of(told, now=1_795_334_410.0) == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=20))
def test_no_header_breaks_the_reading_of_headers(told: str) -> None:
    seconds = seconds_of(told, now=0.0)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("headers", "came"),
    [
        ({}, None),
        ({"x-ratelimit-remaining-tokens": "150"}, None),
        ({"x-ratelimit-remaining-tokens": "150", "x-ratelimit-reset-tokens": "6m0s"}, (150.0, 360.0)),
        ({"x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "1s"}, None),
        ({"x-ratelimit-remaining-tokens": "many", "x-ratelimit-reset-tokens": "1s"}, None),
        ({"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "1s"}, None),
    ],
)
def test_an_allowance_needs_both_what_is_left_and_until_when(
    headers: dict[str, str], came: tuple[float, float] | None
) -> None:
    assert allowed(headers, "tokens", now=0.0) == came


def test_an_allowance_holds_back_only_what_it_has_no_room_for_and_only_until_its_reset() -> None:
    allowance = Allowance(left=100, until=50.0)
    assert allowance.wait(100, now=20.0) == 0
    assert allowance.wait(101, now=20.0) == 30
    assert allowance.wait(101, now=60.0) == 0
