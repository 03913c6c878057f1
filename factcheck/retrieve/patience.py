"""How long a server that answers nobody is waited for: one clock for all threads that ask it."""

from __future__ import annotations

import random
import threading
import time

_SHORT_S = (0.2, 0.5, 1.0)  # pauses everybody has the patience for
_LONGEST_S = 5.0


class Patience:
    """``seconds`` without any answer, then nobody waits any longer until there is one; 0 allows a few short pauses."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._silent_since: float | None = None
        self._ended = threading.Event()

    def answered(self) -> None:
        self._silent_since = None

    def wait(self, tried: int) -> bool:
        """Sleeps after ``tried`` attempts in vain; False, at once, where it is not worth another."""
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
        left = self._silent_since + self._seconds - now
        if self._seconds and left <= 0:
            return False
        if not self._seconds and tried > len(_SHORT_S):
            return False
        return not self._ended.wait(self._pause(tried, left))

    def end(self) -> None:
        """Wakes whoever sleeps, to give up."""
        self._ended.set()

    def _pause(self, tried: int, left: float) -> float:
        if tried <= len(_SHORT_S):
            return _SHORT_S[tried - 1]
        return min(_LONGEST_S, 2.0 ** (tried - len(_SHORT_S)), max(left, 0.1)) * random.uniform(0.75, 1.0)
