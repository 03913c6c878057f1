"""One budget and one rate for the calls of many processes, without any cluster: both sides in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from factcheck.batch import leases as module
from factcheck.batch.leases import Leases, Lessor, Message, Purse
from factcheck.errors import ModelUnavailable
from factcheck.llm.gate import Gate, Place
from factcheck.llm.meter import Tokens
from factcheck.settings import Settings, load


def price(tokens: Tokens) -> float:
    """A dollar a thousand tokens."""
    return (tokens.input + tokens.output) / 1000


class Office:
    """A lessor and any number of processes that speak to it directly."""

    def __init__(self, settings: Settings, *, cost: float = 0.0) -> None:
        purse = Purse(price, max_calls=settings.max_calls, max_cost=settings.max_cost)
        self.lessor = Lessor(Gate(settings, probe_s=0.01), purse, self._send)
        self.processes: dict[str, Leases] = {}
        self.under_way = self.most = self.calls = 0
        self.spent: dict[str, float] = {}
        self._cost = cost

    async def _send(self, process: str, message: Message) -> None:
        if process in self.processes:
            self.processes[process].hear(message)

    async def _heard(self, message: Message) -> None:
        self.lessor.hear(message)

    def process(self, name: str) -> Leases:
        self.processes[name] = made = Leases(name, self._heard)
        made.spent = lambda: self.spent.get(name, 0.0)
        return made

    async def call(self, process: str, *, tokens: int = 1000, seconds: float = 0.01, heard: Any = "answer") -> None:
        """One request of a process, which takes so long and costs what the office was told."""
        leases = self.processes[process]
        number = await leases.take(tokens, question=self.calls)
        self.calls += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(seconds)
        self.under_way -= 1
        self.spent[process] = self.spent.get(process, 0.0) + self._cost
        place = Place(tokens=tokens, question=0, epoch=0, era=0, number=0, upto=0, heard=heard, took=tokens)
        await leases.give(number, place)


def held(work: Callable[[Office], Awaitable[None]], *, cost: float = 0.0, **settings: Any) -> Office:
    """Runs the work in an office with processes a and b."""

    async def go() -> Office:
        office = Office(load(**settings), cost=cost)
        for name in ("a", "b"):
            office.process(name)
        await work(office)
        office.lessor.close()
        return office

    return asyncio.run(go())


async def _all(office: Office, count: int, **more: Any) -> list[BaseException | None]:
    calls = [office.call("ab"[number % 2], **more) for number in range(count)]
    return await asyncio.gather(*calls, return_exceptions=True)


def test_all_processes_together_have_no_more_calls_under_way_than_the_run_allows() -> None:
    async def work(office: Office) -> None:
        assert await _all(office, 20) == [None] * 20

    office = held(work, concurrency=3)
    assert (office.most, office.calls) == (3, 20)


@pytest.mark.parametrize("limit", [0, 1, 7])
def test_exactly_as_many_calls_are_made_as_the_budget_allows(limit: int) -> None:
    async def work(office: Office) -> None:
        ends = await _all(office, 12)
        refused = [end for end in ends if isinstance(end, ModelUnavailable)]
        assert len(refused) == 12 - limit
        assert {error.code for error in refused} == {"budget_exhausted"}
        assert f"the limit of {limit} calls is reached: raise --max-calls" in str(refused[0])
        assert str(office.lessor.unavailable) == str(refused[0])

    assert held(work, concurrency=4, max_calls=limit).calls == limit


def test_no_more_is_spent_than_the_budget_allows() -> None:
    async def work(office: Office) -> None:
        ends = await _all(office, 12, tokens=1000)
        assert {error.code for error in ends if isinstance(error, ModelUnavailable)} == {"budget_exhausted"}

    office = held(work, cost=1.0, concurrency=8, max_cost=5.5)
    assert (office.calls, sum(office.spent.values())) == (5, 5.0)


def test_calls_that_cost_less_than_feared_make_room_for_others() -> None:
    async def work(office: Office) -> None:
        assert await _all(office, 6, tokens=1000) == [None] * 6

    office = held(work, cost=0.1, concurrency=8, max_cost=2.0)
    assert office.most == 2  # one dollar is set aside for each until it is known to be ten cents


def test_what_a_process_that_died_had_out_is_free_again_and_taken_to_be_spent() -> None:
    async def work(office: Office) -> None:
        dying = [asyncio.create_task(office.call("a", seconds=60)) for _ in range(2)]
        await asyncio.sleep(0.02)
        assert office.under_way == 2
        waiting = asyncio.create_task(office.call("b"))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        office.lessor.forget("a")
        await asyncio.wait_for(waiting, 5)
        for task in dying:
            task.cancel()
        with pytest.raises(ModelUnavailable, match=r"\$2.0000 of \$3.5 are spent|\$3.0000 of \$3.5"):
            await office.call("b")

    held(work, cost=1.0, concurrency=2, max_cost=3.5)


def test_a_process_that_dies_in_line_does_not_hold_up_the_others() -> None:
    async def work(office: Office) -> None:
        first = asyncio.create_task(office.call("a", seconds=0.2))
        await asyncio.sleep(0.02)
        gone = asyncio.create_task(office.call("b"))
        await asyncio.sleep(0.02)
        gone.cancel()
        office.lessor.forget("b")
        await office.call("a")
        await first

    assert held(work, concurrency=1).calls == 2


def test_a_limit_that_one_process_met_slows_all_down() -> None:
    async def work(office: Office) -> None:
        await _all(office, 4, heard="limit")
        office.most = 0
        await _all(office, 4)
        assert office.most == 2

    held(work, concurrency=4)


def test_a_process_does_not_wait_for_a_run_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.05)
    monkeypatch.setattr(module, "ALIVE_S", 0.01)

    async def unheard(message: Message) -> None:
        pass

    async def go() -> None:
        with pytest.raises(ModelUnavailable, match="the run that asked for this has said nothing"):
            await Leases("a", unheard).take(10, 1)

    asyncio.run(go())


def test_a_process_waits_as_long_as_the_run_shows_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.2)
    monkeypatch.setattr(module, "ALIVE_S", 0.02)

    async def unheard(message: Message) -> None:
        pass

    async def go() -> None:
        leases = Leases("a", unheard)
        taking = asyncio.create_task(leases.take(10, 1))
        for _ in range(20):
            await asyncio.sleep(0.03)
            leases.hear({})
        assert not taking.done()
        leases.hear({"lease": 1})
        assert await taking == 1

    asyncio.run(go())
