"""What is dear to make and needed by many: made by the first who asks, while the others wait."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from threading import RLock
from typing import TypeVar

T = TypeVar("T")


def once(make: Callable[[], T]) -> Callable[[], T]:
    """As functools.cache, which lets threads that ask at the same time each make it."""
    lock, made = RLock(), cache(make)

    @wraps(make)
    def ask() -> T:
        with lock:
            return made()

    return ask
