"""Waits for a server that answers nobody: one of those waiting tries again, the others wait for what comes of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from factcheck.errors import ModelError, StoreError

T = TypeVar("T")

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0
_PASSING = {"store_unreachable", "model_unreachable", "timeout", "rate_limited"}


class Patience:
    """After ``seconds`` without any answer nobody waits any longer, until there is one.

    Shared by all who ask the same server; it belongs to one event loop.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._silent_since: float | None = None
        self._trying = asyncio.Lock()

    async def through(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What ``attempt`` returns, once it does; raises what it raises where waiting cannot help, or helped not."""
        if self._silent_since is None or self._left() <= 0:
            try:
                return await self._tried(attempt)
            except (StoreError, ModelError) as error:
                if error.code not in _PASSING or self._left() <= 0:
                    raise
        async with self._trying:
            return await self._outlasted(attempt)

    async def _outlasted(self, attempt: Callable[[], Awaitable[T]]) -> T:
        pause = _FIRST_PAUSE_S
        while True:
            if self._silent_since is not None:  # else somebody was answered meanwhile
                await asyncio.sleep(max(0.0, min(pause, self._left())) * random.uniform(0.75, 1.0))
            try:
                return await self._tried(attempt)
            except (StoreError, ModelError) as error:
                if error.code not in _PASSING or self._left() <= 0:
                    raise
            pause = min(_LONGEST_PAUSE_S, 2 * pause)

    async def _tried(self, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            came = await attempt()
        except (StoreError, ModelError) as error:
            if error.code in _PASSING and self._silent_since is None:
                self._silent_since = asyncio.get_running_loop().time()
            raise
        self._silent_since = None
        return came

    def _left(self) -> float:
        """Seconds of patience."""
        silent = 0.0 if self._silent_since is None else asyncio.get_running_loop().time() - self._silent_since
        return self._seconds - silent
