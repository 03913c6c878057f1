"""One budget and one rate for calls that are made by many processes: each call is let through by the run that asked.

A worker asks for a lease before it sends a request and gives it back when the request is over; the run keeps the gate
and the purse. What a worker that died had out is given back for it, and taken to have been spent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from factcheck.errors import ModelUnavailable

if TYPE_CHECKING:
    from factcheck.llm.gate import Gate, Place
    from factcheck.llm.meter import Price

Message = dict[str, Any]  # of strings and numbers
Send = Callable[[str, Message], Awaitable[None]]  # to the worker's process of this name

ALIVE_S = 5.0  # between two signs of life from the run
SILENCE_S = 60.0  # after which a worker takes the run to be gone
_ANSWER = 1000  # tokens, of a guess at what a call may cost


class Purse:
    """The budget of a run: a call is counted and its likely cost set aside before it is made."""

    def __init__(self, price: Price | None, *, max_calls: int | None, max_cost: float | None) -> None:
        self._price = price
        self._max_calls = max_calls
        self._max_cost = max_cost
        self._calls = 0
        self._spent: dict[str, float] = {}  # by process, as it last said
        self._guessed = 0.0  # of calls whose process died, or whose server told no tokens
        self._held = 0.0
        self._changed = asyncio.Condition()

    async def take(self, tokens: int) -> float:
        """Counts a call of likely so many tokens; returns what was set aside for it, once there is room.

        Raises ModelUnavailable where it could exceed the budget.
        """
        likely = self._likely(tokens)
        async with self._changed:
            await self._changed.wait_for(lambda: self._refusal(likely) or self._has_room(likely))
            if (refusal := self._refusal(likely)) is not None:
                raise refusal
            self._calls += 1
            self._held += likely
        return likely

    async def give_back(self, likely: float, *, process: str, spent: float | None) -> None:
        """A call is over; ``spent`` is what its process has spent in all, None where that is not known."""
        async with self._changed:
            self._held -= likely
            if spent is None:
                self._guessed += likely
            else:
                self._spent[process] = max(spent, self._spent.get(process, 0.0))
            self._changed.notify_all()

    def _likely(self, tokens: int) -> float:
        from factcheck.llm.meter import Tokens

        if self._max_cost is None or self._price is None:
            return 0.0
        answer = min(tokens, _ANSWER)
        return self._price(Tokens(tokens - answer, answer))

    @property
    def _total(self) -> float:
        return sum(self._spent.values()) + self._guessed

    def _has_room(self, likely: float) -> bool:
        return self._max_cost is None or self._total + self._held + likely <= self._max_cost

    def _refusal(self, likely: float) -> ModelUnavailable | None:
        if self._max_calls is not None and self._calls >= self._max_calls:
            return _exhausted(f"the limit of {self._max_calls} calls is reached", "--max-calls")
        if self._max_cost is not None and self._total + likely > self._max_cost:
            return _exhausted(f"${self._total:.4f} of ${self._max_cost:g} are spent", "--max-cost")
        return None


def _exhausted(what: str, option: str) -> ModelUnavailable:
    return ModelUnavailable("budget_exhausted", f"{what}: raise {option} and run again; answers so far are kept")


class Lessor:
    """The run's side: lets the calls of all processes through one gate and one purse."""

    def __init__(self, gate: Gate, purse: Purse, send: Send) -> None:
        self.unavailable: ModelUnavailable | None = None
        self._gate = gate
        self._purse = purse
        self._send = send
        self._out: dict[tuple[str, int], asyncio.Future[Message | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waits(self) -> str:
        return self._gate.waits

    def hear(self, message: Message) -> None:
        """A message from a worker's process: it wants a lease, or gives one back."""
        key = message["process"], message["lease"]
        if message["kind"] == "take":
            self._out[key] = asyncio.get_running_loop().create_future()
            task = asyncio.create_task(self._lease(*key, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif (out := self._out.get(key)) is not None and not out.done():
            out.set_result(message)

    def forget(self, process: str) -> None:
        """A process is gone: what it had out is given back for it."""
        for (name, _), out in list(self._out.items()):
            if name == process and not out.done():
                out.set_result(None)

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _lease(self, process: str, number: int, wanted: Message) -> None:
        out = self._out[process, number]
        try:
            async with self._gate.place(wanted["tokens"], hash((process, wanted["question"]))) as place:
                if not out.done():  # else its process died while it stood in line
                    await self._let_through(process, number, wanted["tokens"], place, out)
        except ModelUnavailable as error:
            self.unavailable = self.unavailable or error
            await self._send(process, {"lease": number, "code": error.code, "message": str(error)})
        finally:
            del self._out[process, number]

    async def _let_through(
        self, process: str, number: int, tokens: int, place: Place, out: asyncio.Future[Message | None]
    ) -> None:
        likely = await self._purse.take(tokens)
        place.heard = "nothing"
        await self._send(process, {"lease": number})
        back = await out
        if back is None:
            await self._purse.give_back(likely, process=process, spent=None)
            return
        place.heard, place.asked_s, place.took = back["heard"], back["asked_s"], back["took"]
        await self._purse.give_back(likely, process=process, spent=back["spent"])


class Leases:
    """A worker process's side: asks for leases and waits for them, as long as the run shows that it is there."""

    def __init__(self, process: str, send: Callable[[Message], Awaitable[None]]) -> None:
        self.spent: Callable[[], float | None] = lambda: None  # US dollars of this process so far; None: not known
        self._process = process
        self._send = send
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._heard_at = asyncio.get_running_loop().time()

    def hear(self, message: Message) -> None:
        """A message from the run: a lease, a refusal, or a sign of life."""
        self._heard_at = asyncio.get_running_loop().time()
        waiting = self._waiting.get(message.get("lease", -1))
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    async def take(self, tokens: int, question: int) -> int:
        """A lease for one request of likely so many tokens. Raises ModelUnavailable."""
        self._number += 1
        number = self._number
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._tell("take", number, tokens=tokens, question=question)
            message = await self._answer(waiting)
        except BaseException:
            await self._tell("give", number, heard="unsent", asked_s=0.0, took=0, spent=self.spent())
            raise
        finally:
            del self._waiting[number]
        if "code" in message:
            raise ModelUnavailable(message["code"], message["message"])
        return number

    async def give(self, number: int, place: Place) -> None:
        await self._tell("give", number, heard=place.heard, asked_s=place.asked_s, took=place.took, spent=self.spent())

    async def _answer(self, waiting: asyncio.Future[Message]) -> Message:
        loop = asyncio.get_running_loop()
        while not waiting.done():
            if loop.time() - self._heard_at > SILENCE_S:
                raise ModelUnavailable(
                    "internal", f"the run that asked for this has said nothing for {SILENCE_S:.0f} s"
                )
            await asyncio.wait([waiting], timeout=ALIVE_S)
        return waiting.result()

    async def _tell(self, kind: str, number: int, **more: Any) -> None:
        await self._send({"kind": kind, "process": self._process, "lease": number, **more})
