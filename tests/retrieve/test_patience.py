"""How long searches wait for a server that is gone, all together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from factcheck.errors import ModelError, ModelUnavailable, StoreError
from factcheck.retrieve.patience import Patience

GONE = StoreError("store_unreachable", "no Chroma server answers")


class Flaky:
    """Answers "here", but for the errors it is told to raise first; counts what it is asked, and how many at once."""

    def __init__(self, *errors: Exception, down_s: float = 0.0) -> None:
        self.errors = list(errors)
        self.down_s = down_s
        self.began: float | None = None
        self.asked = self.at_once = self.most_at_once = 0

    async def __call__(self) -> str:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        loop = asyncio.get_running_loop()
        self.began = loop.time() if self.began is None else self.began
        try:
            await asyncio.sleep(0)
            if loop.time() < self.began + self.down_s:
                raise GONE
            if self.errors:
                raise self.errors.pop(0)
            return "here"
        finally:
            self.at_once -= 1


def asked(patience_s: float, server: Callable[[], Awaitable[str]], times: int = 1) -> list[object]:
    async def session() -> list[object]:
        patience = Patience(patience_s)
        return list(await asyncio.gather(*(patience.through(server) for _ in range(times)), return_exceptions=True))

    return asyncio.run(session())


def test_without_patience_the_first_error_is_the_answer() -> None:
    server = Flaky(GONE)
    assert asked(0, server) == [GONE]
    assert server.asked == 1


@pytest.mark.parametrize("code", ["model_unreachable", "timeout", "rate_limited"])
def test_an_embeddings_endpoint_is_waited_for_as_well(code: str) -> None:
    assert asked(60, Flaky(ModelUnavailable(code, "down"), ModelError(code, "down"))) == ["here"]  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [StoreError("store_damaged", "x"), ModelUnavailable("not_authorized", "x")])
def test_what_waiting_cannot_mend_is_raised_at_once_also_while_waiting(error: Exception) -> None:
    server = Flaky(GONE, error)
    assert asked(60, server) == [error]
    assert server.asked == 2


def test_while_the_server_is_down_one_asks_and_then_everybody_is_answered() -> None:
    server = Flaky(down_s=1.5)
    assert asked(60, server, times=50) == ["here"] * 50
    assert server.asked <= 50 + 50 + 4  # each once before the silence was known, then one at a time
    assert server.at_once == 0


def test_whoever_comes_during_the_silence_does_not_ask_before_the_one_who_tries() -> None:
    async def session() -> int:
        patience, server = Patience(60), Flaky(GONE, GONE)
        first = asyncio.create_task(patience.through(server))
        await asyncio.sleep(0.1)  # the first has failed and waits
        rest = [asyncio.create_task(patience.through(server)) for _ in range(20)]
        await asyncio.gather(first, *rest)
        return server.most_at_once

    assert asyncio.run(session()) == 1


def test_the_patience_is_of_all_together_and_not_of_each() -> None:
    server = Flaky(*[GONE] * 1000)
    assert asked(0.6, server, times=30) == [GONE] * 30
    assert server.asked < 30 + 30 + 5


def test_after_the_patience_each_is_asked_once_and_an_answer_renews_it() -> None:
    async def session() -> list[object]:
        patience, server = Patience(0.3), Flaky(*[GONE] * 1000)
        results: list[object] = [*await asyncio.gather(patience.through(server), return_exceptions=True)]
        before = server.asked
        results += await asyncio.gather(patience.through(server), return_exceptions=True)
        results.append(server.asked - before)
        server.errors = []
        results.append(await patience.through(server))
        server.errors = [GONE]
        results.append(await patience.through(server))
        return results

    assert asyncio.run(session()) == [GONE, GONE, 1, "here", "here"]
