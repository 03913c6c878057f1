"""What a user asked to be measured on, and how a part of a set is drawn so that whole documents stay together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeVar

T = TypeVar("T")

SEED = 20251021
PartWanted = Literal["train", "dev", "test", "all"]


class PartChoice(StrEnum):
    """The same, for a command line."""

    TEST = "test"
    DEV = "dev"
    TRAIN = "train"
    ALL = "all"


@dataclass(frozen=True)
class Wanted:
    """``path`` is a folder or file of data, None for the own set; ``sets`` names those to take, none meaning all.

    ``limit`` is the number of samples of each set at most.
    """

    path: Path | None = None
    sets: tuple[str, ...] = ()
    part: PartWanted = "test"
    limit: int | None = None


def limited(items: Sequence[T], limit: int | None, about: Callable[[T], str]) -> tuple[T, ...]:
    """At most ``limit`` of the items in their own order: whatever is about one thing is drawn together, and the
    last thing drawn is cut short where it would not fit."""
    if limit is None or len(items) <= limit:
        return tuple(items)
    members: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        members.setdefault(about(item), []).append(place)
    drawn = [place for name in _drawn(members) for place in members[name]][:limit]
    return tuple(items[place] for place in sorted(drawn))


def _drawn(names: Iterable[str]) -> list[str]:
    """In an order that depends on the names and the seed alone, so that a set that grows keeps most of its draw."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{SEED}\0{name}".encode()).digest())
