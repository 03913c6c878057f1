"""Where every request to a model waits for its turn: one line for all questions, let through as the limits allow."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from factcheck.errors import ModelError
from factcheck.llm.limits import UNITS, Allowance, Rate, Silence, Unit, Window, allowed
from factcheck.settings import Settings

MAX_WAIT_S = 120.0  # a server that asks for more than this, and than the patience set, is not waited for
MAX_PROBE_S = 5.0  # between two tries while a server is down

Heard = Literal[
    "unsent",  # given up before it was sent
    "nothing",  # given up while it was under way
    "answer",
    "limit",  # too many requests
    "silence",  # no connection, no answer in time, or none from the model itself
]


class Unsent(Exception):
    """Raised between us and the network in place of sending: the question ends in ``error``, and was no call."""

    def __init__(self, error: ModelError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass
class Place:
    """One request that was let through; its holder notes what came of it before leaving."""

    tokens: int  # likely
    question: int
    epoch: int
    era: int
    number: int  # in the order let through
    upto: int  # tokens let through so far, these included
    heard: Heard = "unsent"
    last: bool = False  # the holder will let nobody in, or close the gate
    took: int | None = None  # tokens, where known
    asked_s: float = 0.0  # the server wants to hear nothing for so long
    deadline: asyncio.Timeout | None = None


@dataclass(eq=False)
class _Waiting:
    tokens: int
    question: int
    turn: asyncio.Future[Place | None]  # None: the gate was closed


_PLACE: ContextVar[Place | None] = ContextVar("the place of the request being sent", default=None)


class Gate:
    """Lets requests through, first come first served, when nothing speaks against it.

    That is: fewer are under way than the window allows, the rates of the settings and the provider's headers leave
    room, and no pause that the server asked for is running. After a pause, and after an outage, one goes first and the
    others follow as answers come. It belongs to one event loop.
    """

    def __init__(self, settings: Settings, *, probe_s: float) -> None:
        """``probe_s`` is the first pause between tries while the server is down; it doubles."""
        self.silence = Silence()
        self.longest_wait_s = max(MAX_WAIT_S, settings.patience_s)
        self._patient = settings.patience_s > 0
        self._probe_s = probe_s
        self._probes = 0
        self._window = Window(settings.concurrency)
        limits: dict[Unit, int | None] = {
            "requests": settings.requests_per_minute,
            "tokens": settings.tokens_per_minute,
        }
        self._rates: dict[Unit, Rate] = {unit: Rate(limit) for unit, limit in limits.items() if limit is not None}
        self._told: dict[Unit, Allowance] = {}
        self._told_to = -1  # the newest place whose headers were read
        self._not_before = -math.inf
        self._line: deque[_Waiting] = deque()
        self._under_way = 0
        self._era = 0  # begins anew with every pause
        self._of_this_era = 0
        self._let_through: dict[Unit, int] = {"requests": 0, "tokens": 0}
        self._timer: asyncio.TimerHandle | None = None
        self._held = False
        self._recalled = asyncio.Event()
        self._why_closed: Callable[[], ModelError] | None = None

    @asynccontextmanager
    async def place(self, tokens: int, question: int) -> AsyncIterator[Place]:
        """A place for one request of likely so many tokens, when its turn has come; ``question`` tells retries apart.

        Raises what ``close`` was given, once the gate is closed.
        """
        place = await self._turn(tokens, question)
        before = _PLACE.set(place)
        try:
            yield place
        finally:
            _PLACE.reset(before)
            self._leave(place)

    def pause(self, seconds: float) -> None:
        """Nobody is let through for so long; after that one goes first, whatever those still under way wait for."""
        self._not_before = max(self._not_before, _now() + seconds)
        self._window.restart()
        self._era += 1
        self._of_this_era = 0

    def expect_outage(self) -> None:
        """From now on until an answer comes, one request at a time, with growing pauses."""
        if not self.silence.outage:
            self.silence.outage, self._probes = True, 0
            self._pause_between_probes()

    def _pause_between_probes(self) -> None:
        self._probes += 1
        self.pause(min(MAX_PROBE_S, self._probe_s * 2 ** min(self._probes, 16)) * random.uniform(0.5, 1.0))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody is let through inside the context."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self._admit()

    def close(self, why: Callable[[], ModelError], *, recall: bool) -> None:
        """Whoever waits, or comes later, gets this error; with ``recall`` also who was let through and has not sent."""
        self._why_closed = why
        if recall:
            self._recalled.set()
        while self._line:
            _resolve(self._line.popleft(), None)
        self._admit()

    @property
    def waits(self) -> str:
        """What everybody waits for just now, in words; empty where requests go through."""
        now = _now()
        if self.silence.outage:
            return f"no answer for {self.silence.lasted(now):.0f} s"
        pause = self._wait(1, now)
        return f"asked to wait {pause:.0f} s" if self._line and 1 <= pause < math.inf else ""

    # The provider's client calls these two about each HTTP request.

    async def sending(self, _request: Any) -> None:
        """Holds back a request let through just before a pause began. Raises Unsent where it is recalled."""
        place = _PLACE.get()
        while (wait := self._not_before - _now()) > 0 and not self._recalled.is_set():
            if place is not None and place.deadline is not None and (end := place.deadline.when()) is not None:
                place.deadline.reschedule(end + wait)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._recalled.wait()
        if place is not None and self._why_closed is not None and self._recalled.is_set():
            raise Unsent(self._why_closed())

    async def answered(self, response: Any) -> None:
        """Reads the headers in which a provider says what it will still take."""
        place, now = _PLACE.get(), _now()
        if place is None or place.number < self._told_to:
            return
        for unit in UNITS:
            if (said := allowed(response.headers, unit, now=time.time())) is not None:
                left, reset = said
                since = self._let_through[unit] - (place.number if unit == "requests" else place.upto)
                self._told[unit] = Allowance(left - since, now + min(reset, self.longest_wait_s))
                self._told_to = place.number
        self._admit()

    # The line

    async def _turn(self, tokens: int, question: int) -> Place:
        waiting = _Waiting(tokens, question, asyncio.get_running_loop().create_future())
        if self._why_closed is None:
            self._line.append(waiting)
            self._admit()
        else:
            _resolve(waiting, None)
        try:
            place = await waiting.turn
        except asyncio.CancelledError:
            self._gone(waiting)
            raise
        if place is None:
            assert self._why_closed is not None
            raise self._why_closed()
        return place

    def _gone(self, waiting: _Waiting) -> None:
        """Its task was cancelled, perhaps after its turn had come."""
        if waiting in self._line:
            self._line.remove(waiting)
        if waiting.turn.done() and not waiting.turn.cancelled() and (place := waiting.turn.result()) is not None:
            self._leave(place)
        self._admit()

    def _admit(self) -> None:
        """Lets through as many as may go now, and comes back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._line:
            now = _now()
            if (wait := self._wait(self._line[0].tokens, now)) > 0:
                if wait < math.inf:
                    self._timer = asyncio.get_running_loop().call_later(wait, self._admit)
                return
            waiting = self._line.popleft()
            if not waiting.turn.done():
                _resolve(waiting, self._let_in(waiting, now))

    def _wait(self, tokens: int, now: float) -> float:
        """Seconds until a request of so many tokens may go; infinite where another must come back first."""
        if self._held or self._under_way >= self._window.most or self._of_this_era >= self._window.size:
            return math.inf
        needs: dict[Unit, int] = {"requests": 1, "tokens": tokens}
        rates = (rate.wait(needs[unit], now) for unit, rate in self._rates.items())
        told = (allowance.wait(needs[unit], now) for unit, allowance in self._told.items())
        return max(0.0, self._not_before - now, *rates, *told)

    def _let_in(self, waiting: _Waiting, now: float) -> Place:
        needs: dict[Unit, int] = {"requests": 1, "tokens": waiting.tokens}
        for unit, need in needs.items():
            self._let_through[unit] += need
            if unit in self._rates:
                self._rates[unit].take(need, now)
            if unit in self._told:
                self._told[unit].left -= need
        self._under_way += 1
        self._of_this_era += 1
        return Place(
            tokens=waiting.tokens,
            question=waiting.question,
            epoch=self._window.epoch,
            era=self._era,
            number=self._let_through["requests"],
            upto=self._let_through["tokens"],
        )

    def _leave(self, place: Place) -> None:
        self._under_way -= 1
        self._of_this_era -= place.era == self._era
        if place.heard == "answer":
            self._window.answered(place.epoch)
            self.silence.over()
        elif place.heard == "limit":
            self._window.limited(place.epoch)
            self.silence.over()
        elif place.heard == "silence":
            self._unanswered(place)
        self._correct(place)
        if place.asked_s > 0:
            self.pause(place.asked_s)
        if not place.last:
            self._admit()

    def _unanswered(self, place: Place) -> None:
        self.silence.failed(place.question, _now())
        if self.silence.outage:
            if place.era == self._era:
                self._pause_between_probes()
        elif self._patient and self.silence.is_general(self._window.size):
            self.expect_outage()

    def _correct(self, place: Place) -> None:
        """Replaces the likely tokens by those the request took."""
        if place.heard == "unsent" and "requests" in self._rates:
            self._rates["requests"].give_back(1)
        took = 0 if place.heard == "unsent" else place.took
        if took is not None and "tokens" in self._rates:
            self._rates["tokens"].give_back(place.tokens - took)


def _resolve(waiting: _Waiting, turn: Place | None) -> None:
    if not waiting.turn.done():
        waiting.turn.set_result(turn)


def _now() -> float:
    return asyncio.get_running_loop().time()
