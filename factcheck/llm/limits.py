"""What limits the requests to a model: rates, how many at once, what the provider's headers allow, its silence.

Plain arithmetic that is told the time (seconds of one clock); ``gate.Gate`` applies it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["requests", "tokens"]
UNITS: tuple[Unit, ...] = ("requests", "tokens")

_STEADY = 8  # answers after which one more request may be under way, once a limit was met
_FEW = 3  # calls in a row without an answer before a server is taken to be down, where few run at once
_MANY = 8  # and where many do
_NO_WAIT = 1e-9
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_MOMENT = 1e9  # a reset beyond this is no duration, but a time of day in Unix seconds


class Rate:
    """At most ``per_minute`` in any minute, evenly spread: no more than a second's worth at once.

    What is larger than that is let through when nothing is owed, and the rest of the line pays for it afterwards.
    """

    def __init__(self, per_minute: int) -> None:
        self._burst = max(1.0, per_minute / 60)
        self._per_second = (per_minute - self._burst + 1) / 60
        self._level = self._burst
        self._at = -math.inf

    def wait(self, need: float, now: float) -> float:
        """Seconds until ``need`` may be taken."""
        lacks = min(need, self._burst) - self._filled(now)
        return lacks / self._per_second if lacks > _NO_WAIT else 0.0

    def take(self, need: float, now: float) -> None:
        self._level, self._at = self._filled(now) - need, now

    def give_back(self, amount: float) -> None:
        """Corrects what was taken; a negative amount takes more."""
        self._level = min(self._burst, self._level + amount)

    def _filled(self, now: float) -> float:
        return min(self._burst, self._level + (now - self._at) * self._per_second)


@dataclass
class Window:
    """How many requests may be under way: fewer after a limit was met, then more with every answer, up to ``most``.

    A request remembers the ``epoch`` it was sent in. What comes of those of an earlier one says nothing about the
    window of now: thirty refusals of requests sent together halve it once.
    """

    most: int
    epoch: int = 0
    _size: float = field(init=False)
    _calm: float = field(init=False)  # up to here every answer makes room for one more

    def __post_init__(self) -> None:
        self._size = self._calm = float(self.most)

    @property
    def size(self) -> int:
        return max(1, int(self._size))

    def answered(self, epoch: int) -> None:
        if epoch == self.epoch:
            self._size = min(float(self.most), self._size + (1 if self._size < self._calm else 1 / _STEADY))

    def limited(self, epoch: int) -> None:
        """A request sent in ``epoch`` was one too many: half as many from now on."""
        if epoch == self.epoch:
            self._size = self._calm = max(1.0, self._size / 2)
            self.epoch += 1

    def restart(self) -> None:
        """After a pause one goes first; its answer makes room for two, theirs for four, up to where it was calm."""
        self._size = 1.0
        self.epoch += 1


@dataclass
class Silence:
    """How long nobody has been answered, and whether the server is taken to be down (``outage``)."""

    since: float | None = None  # the first call that came to nothing after the last answer
    streak: int = 0
    outage: bool = False
    ended: int = 0  # outages that are over
    asked: set[int] = field(default_factory=set)  # the questions that came to nothing

    def failed(self, question: int, now: float) -> None:
        self.since = now if self.since is None else self.since
        self.streak += 1
        self.asked.add(question)

    def is_general(self, window: int = 1) -> bool:
        """Whether as many calls in a row came to nothing as would be a rare accident."""
        return self.streak >= max(_FEW, min(_MANY, window))

    def lasted(self, now: float) -> float:
        """Seconds."""
        return 0.0 if self.since is None else now - self.since

    def over(self) -> None:
        """Somebody was answered."""
        self.ended += self.outage
        self.since, self.streak, self.outage = None, 0, False
        self.asked.clear()


@dataclass
class Allowance:
    """What the provider's headers leave of a unit before the clock reads ``until``."""

    left: float
    until: float

    def wait(self, need: float, now: float) -> float:
        return max(0.0, self.until - now) if self.left < need else 0.0


def allowed(headers: Mapping[str, str], unit: Unit, *, now: float) -> tuple[float, float] | None:
    """How much of a unit is left, and seconds until it is replenished, as ``x-ratelimit-*`` headers say; else None.

    ``now`` is Unix seconds, for servers that tell a time of day.
    """
    left = _number(headers.get(f"x-ratelimit-remaining-{unit}"))
    reset = seconds_of(headers.get(f"x-ratelimit-reset-{unit}"), now=now)
    return None if left is None or left < 0 or reset is None else (left, reset)


def seconds_of(told: str | None, *, now: float) -> float | None:
    """Seconds from OpenAI's ``6m0s`` or ``17ms``, from a plain number, or until a moment in Unix seconds."""
    if not told or not told.strip():
        return None
    if (number := _number(told)) is not None:
        return max(0.0, number - now if number > _MOMENT else number)
    if (match := _DURATION.fullmatch(told.strip())) is None:
        return None
    scales = (86_400, 3_600, 60, 1, 0.001)
    return float(sum(float(part) * scale for part, scale in zip(match.groups(), scales, strict=True) if part))


def _number(told: str | None) -> float | None:
    try:
        number = float(told or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
