"""When a request is sent: never before the server allows it, never too many at once, never after a stop."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

import pytest

from factcheck.errors import ModelUnavailable
from factcheck.llm.faults import retry_after
from factcheck.protocols import Prompt
from tests.llm.asking import EXPECTED, GOOD, ask, connected, put
from tests.servers import Reply, Request, ScriptedServer, error, hang, ok, rate_limited, slow


def question(number: int) -> Prompt:
    return Prompt("judge", "You judge claims.", f"Is claim {number} true?")


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (rate_limited(1), 1.0),
        (rate_limited("0.6"), 0.6),
        (rate_limited(None, retry_after_ms="700"), 0.7),
        (error(503, "Overloaded", retry_after="1"), 1.0),
    ],
    ids=["seconds", "fraction", "milliseconds", "503"],
)
def test_no_request_arrives_before_the_time_the_server_asked_for(reply: Reply, seconds: float) -> None:
    with ScriptedServer([reply, ok(GOOD)]) as server:
        assert ask(server).came == EXPECTED
    assert server.requests[1].at - server.requests[0].at >= seconds


def test_an_http_date_is_honoured_too() -> None:
    allowed: list[float] = []

    def script(request: Request) -> Reply:
        if request.number > 0:
            return ok(GOOD)
        allowed.append(float(int(time.time()) + 2))
        return rate_limited(formatdate(allowed[0], usegmt=True))

    arrived: list[float] = []

    def timed(request: Request) -> Reply:
        arrived.append(time.time())
        return script(request)

    with ScriptedServer(timed) as server:
        assert ask(server).came == EXPECTED
    assert arrived[1] >= allowed[0]


def test_one_rate_limit_holds_back_every_other_question_as_well() -> None:
    def script(request: Request) -> Reply:
        return rate_limited(1) if request.number == 0 else ok(GOOD)

    async def session(server: ScriptedServer) -> None:
        chat = await connected(server)
        first = asyncio.create_task(put(chat, question(0)))
        await asyncio.sleep(0.3)
        rest = [put(chat, question(n)) for n in range(1, 6)]
        assert await asyncio.gather(first, *rest) == [EXPECTED] * 6
        await chat.aclose()

    with ScriptedServer(script) as server:
        asyncio.run(session(server))
    assert len(server.requests) == 7
    assert min(r.at for r in server.requests[1:]) - server.requests[0].at >= 1.0


def test_a_wait_of_hours_stops_the_run_instead_of_sleeping_or_asking_again() -> None:
    with ScriptedServer([rate_limited(7200)]) as server:
        asked = ask(server, times=3)
    assert asked.error == ("ModelUnavailable", "rate_limited")
    assert "asks to wait 7200 s" in str(asked.came)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, float("inf")),
        ({"retry-after": "3", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Sun, 22 Nov 2026 08:00:30 GMT"}, 20.0),
        ({"retry-after": "Sun, 22 Nov 2026 08:00:30 GMT", "date": "Sun, 22 Nov 2026 08:00:25 GMT"}, 5.0),
        ({"retry-after": "Sun, 22 Nov 2020 08:00:30 GMT"}, 0.0),
    ],
)
def test_retry_after_is_read_in_all_its_spellings(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=1_795_334_410.0) == seconds  # 2026-11-22 08:00:10 UTC


def test_never_more_requests_at_once_than_set() -> None:
    async def session(server: ScriptedServer) -> None:
        chat = await connected(server, concurrency=3)
        assert await asyncio.gather(*(put(chat, question(n)) for n in range(12))) == [EXPECTED] * 12
        await chat.aclose()

    with ScriptedServer([slow(ok(GOOD), 0.1)]) as server:
        asyncio.run(session(server))
    assert server.most_at_once == 3


def test_64_slow_answers_are_awaited_together() -> None:
    async def session(server: ScriptedServer) -> float:
        chat = await connected(server, concurrency=64)
        started = time.monotonic()
        assert await asyncio.gather(*(put(chat, question(n)) for n in range(64))) == [EXPECTED] * 64
        await chat.aclose()
        return time.monotonic() - started

    with ScriptedServer([slow(ok(GOOD), 1.0)]) as server:
        took = asyncio.run(session(server))
    assert server.most_at_once == 64
    assert took < 10  # one after the other: 64 s


def test_after_a_stop_calls_in_flight_finish_and_no_further_request_is_sent() -> None:
    def script(request: Request) -> Reply:
        if "claim 0" in request.user:
            return slow(ok(GOOD), 0.8)
        return slow(error(401, "bad key"), 0.3)

    async def session(server: ScriptedServer) -> list[object]:
        chat = await connected(server, concurrency=2)
        came = await asyncio.gather(*(put(chat, question(n)) for n in range(20)))
        await chat.aclose()
        return list(came)

    with ScriptedServer(script) as server:
        first, *rest = asyncio.run(session(server))
    assert first == EXPECTED
    assert [(type(came), getattr(came, "code", "")) for came in rest] == [(ModelUnavailable, "not_authorized")] * 19
    assert len(server.requests) == 2


def test_a_question_waiting_to_retry_learns_of_the_stop_at_once() -> None:
    def script(request: Request) -> Reply:
        return rate_limited(60) if "claim 0" in request.user else slow(error(401, "bad key"), 0.5)

    async def session(server: ScriptedServer) -> tuple[object, object]:
        chat = await connected(server)
        came = await asyncio.gather(put(chat, question(0)), put(chat, question(1)))
        await chat.aclose()
        return came

    with ScriptedServer(script) as server:
        started = time.monotonic()
        waiting, stopping = asyncio.run(session(server))
        took = time.monotonic() - started
    assert isinstance(stopping, ModelUnavailable)
    assert isinstance(waiting, ModelUnavailable)
    assert took < 30  # it had been told to wait 60 s
    assert len(server.requests) == 2


def test_cancelling_a_question_frees_its_place() -> None:
    async def session(server: ScriptedServer) -> object:
        chat = await connected(server, concurrency=1)
        hanging = asyncio.create_task(put(chat, question(0)))
        await asyncio.sleep(0.2)
        hanging.cancel()
        came = await put(chat, question(1))
        await chat.aclose()
        return came

    with ScriptedServer(lambda request: hang() if "claim 0" in request.user else ok(GOOD)) as server:
        assert asyncio.run(session(server)) == EXPECTED


def test_each_event_loop_works_with_a_connection_of_its_own() -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        assert [ask(server).came for _ in range(3)] == [EXPECTED] * 3
