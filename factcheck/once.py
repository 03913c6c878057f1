"""What is dear to make and needed again: made by the first who asks, and kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, wraps
from threading import RLock
from typing import Concatenate, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
OfText = Callable[Concatenate[str, P], T]


def once(make: Callable[[], T]) -> Callable[[], T]:
    """As functools.cache, which lets threads that ask at the same time each make it."""
    lock, made = RLock(), cache(make)

    @wraps(make)
    def ask() -> T:
        with lock:
            return made()

    return ask


def kept(results: int, *, longest: int) -> Callable[[OfText[P, T]], OfText[P, T]]:
    """As functools.lru_cache, but a text of more than ``longest`` characters is read anew: it would fill the memory.

    For passages, claims and quotes, which come up again and again, while documents do not.
    """

    def decorate(read: OfText[P, T]) -> OfText[P, T]:
        remembered = lru_cache(results)(read)

        @wraps(read)
        def ask(text: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return (remembered if len(text) <= longest else read)(text, *args, **kwargs)

        return ask

    return decorate
