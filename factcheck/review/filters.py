"""Which claims a reviewer wants to see, as the query of the page's address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, get_args
from urllib.parse import urlencode

from factcheck.models import Outcome, Report
from factcheck.report.words import Ending, Finder, ending
from factcheck.reviews import Standing

ENDINGS: Final[tuple[Ending, ...]] = get_args(Ending)
STATES: Final = {  # value in the address -> what the page calls it
    "": "all",
    "unreviewed": "unreviewed",
    "mine": "not reviewed by me",
    "disputed": "reviewers differ",
    "reviewed": "reviewed",
}


@dataclass(frozen=True)
class Filter:
    """What must hold for a claim to be shown; an empty field asks for nothing.

    ``stay`` (a decision does not move on to the next claim) and ``aside`` (sentences without a claim are shown) leave
    no claim out, and travel with the filter.
    """

    labels: tuple[Ending, ...] = ()
    state: str = ""
    warned: bool = False
    source: str = ""
    words: str = ""
    stay: bool = False
    aside: bool = False

    @classmethod
    def of(cls, query: Iterable[tuple[str, str]]) -> Filter:
        """What the address asks for; what it cannot mean is left out."""
        given = list(query)
        values: Mapping[str, str] = dict(given)
        return cls(
            labels=tuple(label for label in ENDINGS if ("label", label) in given),
            state=values.get("state", "") if values.get("state", "") in STATES else "",
            warned=values.get("warned") == "1",
            source=values.get("source", ""),
            words=values.get("q", "").strip(),
            stay=values.get("stay") == "1",
            aside=values.get("aside") == "1",
        )

    def query(self, **more: object) -> str:
        """The query of the address for this filter, and for ``more``: ``?label=supported&claim=7``"""
        pairs: list[tuple[str, object]] = [("label", label) for label in self.labels]
        pairs += [("state", self.state)] if self.state else []
        pairs += [("warned", 1)] if self.warned else []
        pairs += [("source", self.source)] if self.source else []
        pairs += [("q", self.words)] if self.words else []
        pairs += [("stay", 1)] if self.stay else []
        pairs += [("aside", 1)] if self.aside else []
        pairs += [(name, value) for name, value in more.items() if value is not None]
        return f"?{urlencode(pairs, errors='replace')}" if pairs else ""

    @property
    def is_set(self) -> bool:
        return replace(self, stay=False, aside=False) != Filter()


@dataclass(frozen=True)
class Traits:
    """What a filter can ask of a claim, as far as no decision changes it."""

    id: str
    engine: Ending
    warned: bool
    sources: frozenset[str]
    words: str  # case-folded


def traits_of(report: Report) -> tuple[Traits, ...]:
    """The traits of every claim, in the report's order."""
    finder = Finder(report)
    return tuple(_traits(outcome, finder) for outcome in report.outcomes)


def _traits(outcome: Outcome, finder: Finder) -> Traits:
    verdict = outcome.verdict
    citations = verdict.citations if verdict is not None else ()
    cited = [citation.quote for citation in citations]
    rationale = verdict.rationale if verdict is not None else ""
    said = [outcome.claim.text, finder.sentences(outcome.claim.sentences), rationale, *cited]
    return Traits(
        id=outcome.claim.id,
        engine=ending(outcome),
        warned=verdict is not None and bool(verdict.warnings),
        sources=frozenset(citation.source for citation in citations),
        words="\n".join(said).casefold(),
    )


@dataclass(frozen=True)
class Counts:
    """How many claims of a report each part of the filter would show by itself."""

    labels: dict[Ending, int]
    states: dict[str, int]
    warned: int
    sources: dict[str, int]


class Selection:
    """The claims of one report under one filter and the decisions so far. Claims are numbered from 1."""

    def __init__(
        self, traits: tuple[Traits, ...], standing: Mapping[str, Standing], reviewer: str, wanted: Filter
    ) -> None:
        self._traits = traits
        self._standing = standing
        self._reviewer = reviewer
        self.wanted = wanted
        self.endings = tuple(self._ending(one) for one in traits)
        self._states = tuple(self._states_of(one) for one in traits)
        self.numbers = tuple(n for n in range(1, len(traits) + 1) if self._matches(n))

    @property
    def reviewed(self) -> int:
        return sum("reviewed" in states for states in self._states)

    def near(self, number: int) -> int | None:
        """``number``, where the filter shows it, else the next one it shows, from the start again after the end."""
        if number in self.numbers:
            return number
        return self.after(number) or (self.numbers[0] if self.numbers else None)

    def after(self, number: int) -> int | None:
        return next((n for n in self.numbers if n > number), None)

    def before(self, number: int) -> int | None:
        return next((n for n in reversed(self.numbers) if n < number), None)

    def unreviewed_after(self, number: int) -> int | None:
        """The next claim that waits for a decision, from the start again after the end; never ``number`` itself."""
        mine = self.wanted.state == "mine"
        waiting = [n for n in self.numbers if ("mine" if mine else "unreviewed") in self._states[n - 1] and n != number]
        return next((n for n in waiting if n > number), waiting[0] if waiting else None)

    def counts(self) -> Counts:
        return Counts(
            labels={label: self.endings.count(label) for label in ENDINGS},
            states={state: sum(state in states for states in self._states) for state in STATES if state},
            warned=sum(one.warned for one in self._traits),
            sources=dict(sorted(Counter(source for one in self._traits for source in one.sources).items())),
        )

    def _ending(self, one: Traits) -> Ending:
        standing = self._standing.get(one.id)
        return one.engine if standing is None or standing.label is None else standing.label

    def _states_of(self, one: Traits) -> frozenset[str]:
        standing = self._standing.get(one.id)
        if standing is None or not standing.decisions:
            return frozenset({"unreviewed", "mine"})
        states = {"reviewed"}
        if all(review.reviewer != self._reviewer for review in standing.decisions):
            states.add("mine")
        if standing.disputed:
            states.add("disputed")
        return frozenset(states)

    def _matches(self, number: int) -> bool:
        one, wanted = self._traits[number - 1], self.wanted
        return (
            (not wanted.labels or self.endings[number - 1] in wanted.labels)
            and (not wanted.state or wanted.state in self._states[number - 1])
            and (not wanted.warned or one.warned)
            and (not wanted.source or wanted.source in one.sources)
            and (not wanted.words or wanted.words.casefold() in one.words)
        )
