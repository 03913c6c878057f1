"""One measured number beside what is demanded of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """``passed`` is None where it could not be measured here; ``measured`` then says why."""

    name: str
    what: str
    measured: str
    demanded: str
    passed: bool | None

    @property
    def word(self) -> Literal["PASS", "FAIL", "----"]:
        return "----" if self.passed is None else "PASS" if self.passed else "FAIL"

    def __str__(self) -> str:
        demanded = f" (demanded: {self.demanded})" if self.demanded else ""
        return f"{self.word}  {self.name}  {self.what}: {self.measured}{demanded}"


def some(lines: list[str], most: int = 5) -> str:
    """The first few of many lines, for a failure that is looked into."""
    more = f"; and {len(lines) - most} more" if len(lines) > most else ""
    return "; ".join(lines[:most]) + more
