"""Many questions at once against a server that limits, fails and goes away: who is sent when, and that nobody is lost.

Times are the server's own; a slow machine may only make them longer.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from factcheck.errors import ModelError, ModelUnavailable
from factcheck.llm import connect
from factcheck.llm.gate import Gate
from factcheck.protocols import Prompt
from factcheck.settings import load
from tests.llm.asking import EXPECTED, GOOD, Answer, connected, put
from tests.servers import Reply, Request, ScriptedServer, error, ok, rate_limited, reset, slow


def question(number: int) -> Prompt:
    return Prompt("judge", "You judge claims.", f"Is claim {number} true?")


def number_of(request: Request) -> int:
    return int(request.user.split()[2])


def all_answered(server: ScriptedServer | str, count: int, **given: Any) -> list[Answer | ModelError]:
    """What came of ``count`` questions asked at once."""

    async def session() -> list[Answer | ModelError]:
        chat = await connected(server, **{"deadline_s": 60.0, **given})
        try:
            return await asyncio.gather(*(put(chat, question(n)) for n in range(count)))
        finally:
            await chat.aclose()

    return asyncio.run(session())


# --- Retry-After ------------------------------------------------------------------------------------------------


def test_of_a_hundred_waits_asked_for_in_seconds_or_as_dates_none_is_cut_short() -> None:
    """Each case is a run of its own; times are those of the server, on its wall clock for the dates."""
    allowed: dict[int, float] = {}
    arrived: dict[int, float] = {}

    def script(request: Request) -> Reply:
        now, case = time.time(), number_of(request)
        if case in allowed:
            arrived[case] = now
            return ok(GOOD)
        if case % 2:
            allowed[case] = now + 0.01 * case
            return rate_limited(f"{0.01 * case:.2f}")
        allowed[case] = float(int(now) + 1 + case % 3)
        return rate_limited(formatdate(allowed[case], usegmt=True))

    async def session(server: ScriptedServer) -> list[object]:
        chats = [await connected(server, max_calls=2, deadline_s=60.0) for _ in range(100)]
        try:
            return list(await asyncio.gather(*(put(chat, question(n)) for n, chat in enumerate(chats))))
        finally:
            await asyncio.gather(*(chat.aclose() for chat in chats))

    with ScriptedServer(script) as server:
        came = asyncio.run(session(server))
    assert came == [EXPECTED] * 100
    assert len(arrived) == 100
    assert [case for case in arrived if arrived[case] < allowed[case]] == []


def test_in_one_run_no_request_is_sent_in_a_pause_whoever_asked_for_it() -> None:
    pauses: list[tuple[float, float]] = []

    def script(request: Request) -> Reply:
        if request.number % 9 == 5:
            pauses.append((time.monotonic(), time.monotonic() + 0.5))
            return rate_limited("0.5")
        return slow(ok(GOOD), 0.02)

    with ScriptedServer(script) as server:
        assert all_answered(server, 40, concurrency=8, retries=20) == [EXPECTED] * 40
    assert len(pauses) >= 4
    on_the_way = 0.1  # what had been sent when the server spoke
    for start, end in pauses:
        assert [r.number for r in server.requests if start + on_the_way < r.at < end] == []


def test_after_a_pause_one_goes_first_and_the_others_follow_as_answers_come() -> None:
    def script(request: Request) -> Reply:
        return slow(rate_limited("0.5"), 0.1) if request.number < 16 else slow(ok(GOOD), 0.2)

    with ScriptedServer(script) as server:
        assert all_answered(server, 40, concurrency=16) == [EXPECTED] * 40
    after = [request.at for request in server.requests[16:]]
    assert len(after) == 40
    assert after[1] - after[0] >= 0.2
    assert after[3] - after[0] >= 0.4
    assert after[7] - after[0] >= 0.6


def test_a_request_let_through_just_before_a_pause_is_held_in_the_client_and_its_deadline_with_it() -> None:
    async def session(server: ScriptedServer) -> float:
        chat = await connected(server)
        async with chat._gate.place(tokens=1, question=1) as place:
            chat._gate.pause(3.0)
            paused = time.monotonic()
            async with asyncio.timeout(2.9) as place.deadline:
                await chat._chat.ainvoke("Hello")
        await chat.aclose()
        return paused

    with ScriptedServer([ok(GOOD)]) as server:
        paused = asyncio.run(session(server))
    assert server.requests[0].at - paused >= 3.0


def test_a_request_let_through_just_before_a_stop_is_not_sent_and_no_call() -> None:
    async def session(server: ScriptedServer) -> tuple[object, int]:
        chat = await connected(server, concurrency=2)
        first, second = asyncio.create_task(put(chat, question(1))), asyncio.create_task(put(chat, question(2)))
        await asyncio.sleep(0)  # both have their place, neither has sent anything
        chat._stop(ModelUnavailable("not_authorized", "bad key"))
        came = await asyncio.gather(first, second)
        await chat.aclose()
        return [getattr(each, "code", each) for each in came], chat.usage()["judge"].calls

    with ScriptedServer([ok(GOOD)]) as server:
        assert asyncio.run(session(server)) == (["not_authorized"] * 2, 0)
    assert server.requests == []


# --- Too many at once -------------------------------------------------------------------------------------------


def test_the_number_at_once_adapts_to_what_the_server_takes() -> None:
    """It takes four at once and says no more than "too many"."""
    at_once, refused, lock = [0], [0], threading.Lock()

    def script(request: Request) -> Reply:
        with lock:
            if at_once[0] >= 4:
                refused[0] += 1
                return rate_limited()
            at_once[0] += 1
        time.sleep(0.05)
        with lock:
            at_once[0] -= 1
        return ok(GOOD)

    with ScriptedServer(script) as server:
        assert all_answered(server, 120, concurrency=32, retries=10) == [EXPECTED] * 120
    assert len(server.requests) == 120 + refused[0]
    assert refused[0] < 90  # sent 32 at a time, most would be refused, again and again


def test_a_rate_limit_without_a_time_costs_only_time_where_there_is_patience() -> None:
    opens: list[float] = []

    def script(request: Request) -> Reply:
        opens[:] = opens or [time.monotonic() + 1.5]
        return rate_limited() if time.monotonic() < opens[0] else ok(GOOD)

    with ScriptedServer(script) as server:
        assert all_answered(server, 5, retries=2, patience_s=60.0) == [EXPECTED] * 5
    with ScriptedServer([rate_limited()]) as server:
        [came] = all_answered(server, 1, retries=2, patience_s=0.5)
    assert (type(came), getattr(came, "code", "")) == (ModelError, "rate_limited")


# --- Rates ------------------------------------------------------------------------------------------------------


def test_requests_per_minute_are_kept_by_all_questions_together() -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        assert all_answered(server, 30, requests_per_minute=600, concurrency=30) == [EXPECTED] * 30
    arrived = [request.at for request in server.requests]
    assert arrived[-1] - arrived[0] >= 1.5  # ten at once, then ten a second; the first may have been long on its way


def test_tokens_per_minute_are_guessed_before_and_corrected_after() -> None:
    answer = ok(GOOD, usage={"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000})
    with ScriptedServer([answer]) as server:
        assert all_answered(server, 4, tokens_per_minute=60_000, max_tokens=10, concurrency=1) == [EXPECTED] * 4
    arrived = [request.at for request in server.requests]
    assert arrived[-1] - arrived[0] >= 1.5  # guessed at 50 each, a second's worth is 1,000: they took 1,000 each


HEADERS = {
    "no request left": {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "800ms"},
    "no request left, in seconds": {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "0.8"},
    "too few tokens left": {"x_ratelimit_remaining_tokens": "30", "x_ratelimit_reset_tokens": "0m0.8s"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_what_the_provider_says_is_left_is_not_exceeded_before_its_reset(headers: dict[str, str]) -> None:
    def script(request: Request) -> Reply:
        told = headers if request.number == 0 else {}
        body = ok(GOOD)
        return Reply(body.body, 200, {**body.headers, **{k.replace("_", "-"): v for k, v in told.items()}})

    with ScriptedServer(script) as server:
        assert all_answered(server, 3, concurrency=1) == [EXPECTED] * 3
    assert server.requests[1].at - server.requests[0].at >= 0.8


def test_requests_sent_since_the_header_was_written_count_against_what_it_leaves() -> None:
    def script(request: Request) -> Reply:
        left = {0: "5", 1: "4", 2: "3"}.get(request.number, "100")
        body = slow(ok(GOOD), 0.3 if request.number < 3 else 0.0)
        headers = {"x-ratelimit-remaining-requests": left, "x-ratelimit-reset-requests": "1s"}
        return Reply(body.body, 200, {**body.headers, **headers}, after=body.after)

    async def session(server: ScriptedServer) -> None:
        chat = await connected(server, concurrency=3)
        assert await asyncio.gather(*(put(chat, question(n)) for n in range(12))) == [EXPECTED] * 12
        await chat.aclose()

    with ScriptedServer(script) as server:
        asyncio.run(session(server))
    assert len(server.requests) == 12


# --- Outages ----------------------------------------------------------------------------------------------------


def after_a_while(seconds: float, trouble: Reply) -> Callable[[Request], Reply]:
    """Trouble for so long from the first request on, then answers."""
    ends: list[float] = []

    def script(request: Request) -> Reply:
        ends[:] = ends or [time.monotonic() + seconds]
        return trouble if time.monotonic() < ends[0] else slow(ok(GOOD), 0.1)

    return script


@pytest.mark.parametrize(
    "trouble", [error(503, "Overloaded"), error(500, "broken"), reset()], ids=["503", "500", "reset"]
)
@pytest.mark.parametrize("concurrency", [1, 16])
def test_a_server_that_answers_nobody_for_a_while_costs_only_time(trouble: Reply, concurrency: int) -> None:
    with ScriptedServer(after_a_while(1.5, trouble)) as server:
        came = all_answered(server, 12, concurrency=concurrency, retries=1, patience_s=60.0)
    assert came == [EXPECTED] * 12
    assert len(server.requests) <= 12 + 2 * concurrency + 30


def test_after_an_outage_there_is_no_herd() -> None:
    with ScriptedServer(after_a_while(1.5, error(503, "Overloaded"))) as server:
        assert all_answered(server, 60, concurrency=32, patience_s=60.0) == [EXPECTED] * 60
    down = [r.at for r in server.requests if r.at - server.requests[0].at < 1.5]
    answered = [r.at for r in server.requests][len(down) :]
    assert len(down) <= 32 + 8 + 15  # one window, as many as came before it was clear, then one at a time
    assert len(answered) == 60
    assert answered[1] - answered[0] >= 0.1
    assert answered[3] - answered[0] >= 0.2


def test_a_server_that_is_started_again_is_found_again() -> None:
    with ScriptedServer([ok(GOOD)]) as first:
        port = first.port
    started = threading.Event()

    def start_later() -> None:
        time.sleep(1.0)
        with ScriptedServer([ok(GOOD)], port=port):
            started.wait(60)

    late = threading.Thread(target=start_later)
    late.start()
    try:
        came = all_answered(f"http://127.0.0.1:{port}/v1", 8, patience_s=60.0)
    finally:
        started.set()
        late.join()
    assert came == [EXPECTED] * 8


def test_a_server_whose_models_must_be_listed_first_is_waited_for_too() -> None:
    with ScriptedServer([ok(GOOD)]) as first:
        port = first.port
    started = threading.Event()

    def start_later() -> None:
        time.sleep(1.0)
        with ScriptedServer([ok(GOOD)], port=port):
            started.wait(60)

    async def session() -> str:
        settings = load(base_url=f"http://127.0.0.1:{port}/v1", cache=False, patience_s=60.0)
        chat = await connect(settings, backoff_s=0.01)
        await chat.aclose()
        return chat.model

    late = threading.Thread(target=start_later)
    late.start()
    try:
        assert asyncio.run(session()) == "scripted-1"
    finally:
        started.set()
        late.join()


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(error(503, "Overloaded"), "model_error"), (reset(), "model_error"), (None, "model_unreachable")],
    ids=["503", "reset", "refused"],
)
def test_when_the_patience_is_over_the_run_stops(trouble: Reply | None, code: str) -> None:
    with ScriptedServer([trouble or ok(GOOD)]) as server:
        if trouble is not None:
            came = all_answered(server, 10, patience_s=1.0, retries=2)
    if trouble is None:
        came = all_answered(server.url, 10, patience_s=1.0, retries=2)
    assert {(type(each), getattr(each, "code", "")) for each in came} == {(ModelUnavailable, code)}
    assert "nothing was answered for" in str(came[0])


def test_a_question_the_server_breaks_on_fails_alone_while_others_are_answered() -> None:
    def script(request: Request) -> Reply:
        return error(500, "broken") if number_of(request) == 3 else ok(GOOD)

    async def session(server: ScriptedServer) -> list[object]:
        chat = await connected(server, concurrency=2, retries=2, patience_s=1.0)
        came = list(await asyncio.gather(*(put(chat, question(n)) for n in range(10))))
        came.append(await put(chat, question(10)))
        await chat.aclose()
        return list(came)

    with ScriptedServer(script) as server:
        came = asyncio.run(session(server))
    assert [type(each) for each in came] == [Answer] * 3 + [ModelError] + [Answer] * 7


def test_a_server_that_is_down_is_tried_though_earlier_calls_still_hang() -> None:
    async def session() -> int:
        gate = Gate(load(concurrency=4, patience_s=60.0), probe_s=0.01)
        async with gate.place(1, 1), gate.place(1, 2):  # hang
            for number in range(8):
                async with gate.place(1, number) as place:
                    place.heard = "silence"
            assert gate.waits
            async with asyncio.timeout(60), gate.place(1, 9) as place:
                place.heard = "answer"
        return gate.silence.ended

    assert asyncio.run(session()) == 1


def test_a_question_the_server_breaks_on_when_nobody_else_asks_fails_alone_when_the_patience_is_over() -> None:
    async def session(server: ScriptedServer) -> list[object]:
        chat = await connected(server, retries=2, patience_s=1.0)
        came = [await put(chat, question(n)) for n in range(3)]
        await chat.aclose()
        return list(came)

    with ScriptedServer(lambda request: error(500, "broken") if number_of(request) == 1 else ok(GOOD)) as server:
        first, broken, last = asyncio.run(session(server))
    assert (first, last) == (EXPECTED, EXPECTED)
    assert (type(broken), getattr(broken, "code", "")) == (ModelError, "model_error")


def test_a_stop_reaches_those_who_wait_for_the_outage_to_end() -> None:
    """The budget is spent by the tries themselves."""
    with ScriptedServer([error(503, "Overloaded")]) as server:
        came = all_answered(server, 10, concurrency=4, patience_s=600.0, max_calls=8)
    assert {(type(each), getattr(each, "code", "")) for each in came} == {(ModelUnavailable, "budget_exhausted")}
    assert len(server.requests) == 8


# --- Stops and places -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spent",
    [error(401, "bad key"), error(429, "You exceeded your quota", code="insufficient_quota"), error(404, "no model")],
    ids=["401", "quota", "404"],
)
def test_after_a_refusal_of_the_account_only_calls_under_way_follow(spent: Reply) -> None:
    def script(request: Request) -> Reply:
        return slow(ok(GOOD), 0.02) if request.number < 40 else slow(spent, 0.3)

    with ScriptedServer(script, models=slow(error(404, "no list"), 0.3)) as server:
        came = all_answered(server, 200, concurrency=8)
    assert came.count(EXPECTED) == 40
    assert len(server.requests) <= 40 + 8
    assert {type(each) for each in came if each != EXPECTED} == {ModelUnavailable}


def test_a_place_of_a_cancelled_question_is_free_for_the_next_one() -> None:
    async def session(server: ScriptedServer) -> list[object]:
        chat = await connected(server, concurrency=2)
        under_way = [asyncio.create_task(put(chat, question(n))) for n in range(2)]
        await asyncio.sleep(0.3)
        waiting = [asyncio.create_task(put(chat, question(n))) for n in range(2, 20)]
        await asyncio.sleep(0.1)
        for task in (*under_way, *waiting[:9]):
            task.cancel()
        came = await asyncio.gather(*waiting[9:])
        await chat.aclose()
        assert chat._gate._under_way == 0
        return list(came)

    with ScriptedServer([slow(ok(GOOD), 0.6)]) as server:
        assert asyncio.run(session(server)) == [EXPECTED] * 9
    assert server.most_at_once <= 4  # the server works on for those that were given up
