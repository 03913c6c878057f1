"""What can go wrong with a request, in words for who made it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    status: int
    title: str
    advice: str  # what happened and what to try
    way_on: str | None = None  # a path of ours, where going on may help


class Refused(Exception):
    """A request that ends with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem
