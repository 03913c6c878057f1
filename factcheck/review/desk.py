"""What one reviewer sees of one report: the chosen claim, the ways on from it, counts, how each claim stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from factcheck.models import Outcome
from factcheck.report.highlights import DocumentBlock, Piece
from factcheck.report.view import CitationView, ClaimView, PassageView, ReviewState, language_tag, review_state
from factcheck.report.words import SIGNS, Ending, counted
from factcheck.review.decisions import standing_lines, told
from factcheck.review.filters import STATES, Counts, Filter, Selection
from factcheck.review.folder import Decided, Opened
from factcheck.review.sources import places
from factcheck.reviews import Standing

WORST_FIRST: Final[tuple[Ending, ...]] = ("contradicted", "failed", "unverifiable", "supported")
_BLOCKS_OF_A_PART: Final = 16
STATE_LETTERS: Final[dict[ReviewState, str]] = {"": "-", "accepted": "a", "overruled": "o", "disputed": "d"}


@dataclass(frozen=True)
class Way:
    """A link to a claim: the whole page, and the part of it that changes."""

    number: int
    page: str
    pane: str


@dataclass(frozen=True)
class Mark:
    """How a claim looks in the document."""

    number: int
    ending: Ending
    symbol: str
    state: ReviewState


@dataclass(frozen=True)
class Cited:
    """A citation or passage beside the page of ours that shows its source, or, of the web, the address itself."""

    view: CitationView | PassageView
    href: str
    is_web: bool
    is_first: bool


@dataclass(frozen=True)
class Undo:
    """The line that an undo from here takes back."""

    number: int
    line: str


class Desk:
    """Everything the templates of a report's page name. ``number`` is the chosen claim's, counted from 1."""

    def __init__(
        self,
        opened: Opened,
        decided: Decided,
        reviewer: str,
        selection: Selection,
        number: int | None,
        *,
        said: str = "",
        in_folder: bool = False,
    ) -> None:
        self.opened = opened
        self.decided = decided
        self.reviewer = reviewer
        self.selection = selection
        self.number = number
        self.said = said
        self.in_folder = in_folder

    @property
    def standing(self) -> dict[str, Standing]:
        return self.decided.standing

    @property
    def wanted(self) -> Filter:
        return self.selection.wanted

    @property
    def base(self) -> str:
        return f"/r/{self.opened.found.id}"

    @property
    def total(self) -> int:
        return len(self.opened.traits)

    @property
    def states(self) -> dict[str, str]:
        return STATES

    @cached_property
    def counts(self) -> Counts:
        return self.selection.counts()

    @cached_property
    def claim(self) -> ClaimView | None:
        if self.number is None:
            return None
        name = self.opened.traits[self.number - 1].id
        return self.opened.viewer.claim(name, self.standing.get(name))

    @property
    def parts(self) -> Iterator[tuple[DocumentBlock, ...]]:
        """The blocks of the document in handfuls: a browser passes over a part as a whole while it is out of sight."""
        blocks = self.opened.viewer.blocks
        return (blocks[at : at + _BLOCKS_OF_A_PART] for at in range(0, len(blocks), _BLOCKS_OF_A_PART))

    @cached_property
    def marks(self) -> dict[str, Mark]:
        """By the claim's id."""
        return {
            one.id: Mark(number, ending, SIGNS[ending].symbol, review_state(one.engine, self.standing.get(one.id)))
            for number, (one, ending) in enumerate(
                zip(self.opened.traits, self.selection.endings, strict=True), start=1
            )
        }

    @property
    def endings(self) -> str:
        """One letter for each claim: the first of its ending."""
        return "".join(ending[0] for ending in self.selection.endings)

    @property
    def review_states(self) -> str:
        """One letter for each claim: accepted, overruled, disputed, or - for none of them."""
        return "".join(STATE_LETTERS[mark.state] for mark in self.marks.values())

    @property
    def matches(self) -> str:
        """One digit for each claim: 1 where the filter shows it."""
        shown = set(self.selection.numbers)
        return "".join("1" if number in shown else "0" for number in range(1, self.total + 1))

    def worst(self, piece: Piece) -> Ending:
        """The ending that colours a piece of several claims."""
        endings = {self.marks[name].ending for name in piece.claims}
        return next(ending for ending in WORST_FIRST if ending in endings)

    def page(self, number: int | None, **more: object) -> str:
        return self.base + self.wanted.query(claim=number, **more)

    def way(self, number: int | None) -> Way | None:
        if number is None:
            return None
        query = self.wanted.query(claim=number)
        return Way(number, self.base + query, f"{self.base}/claim{query}")

    @property
    def decision(self) -> str:
        """Where the form of a decision goes; the filter travels in the query."""
        return f"{self.base}/decision{self.wanted.query()}"

    @property
    def all_claims(self) -> Way:
        """The chosen claim, or the first, without any filter."""
        query = Filter(stay=self.wanted.stay, aside=self.wanted.aside).query(claim=self.number)
        return Way(self.number or 1, self.base + query, f"{self.base}/claim{query}")

    @property
    def before(self) -> Way | None:
        return self.way(self.selection.before(self.number)) if self.number else None

    @property
    def after(self) -> Way | None:
        return self.way(self.selection.after(self.number)) if self.number else None

    @property
    def unreviewed(self) -> Way | None:
        return self.way(self.selection.unreviewed_after(self.number)) if self.number else None

    @property
    def position(self) -> int | None:
        """The place of the chosen claim among those the filter shows, from 1."""
        numbers = self.selection.numbers
        return numbers.index(self.number) + 1 if self.number in numbers else None

    @property
    def is_mine(self) -> bool:
        """Whether the reviewer at this page decided about the chosen claim."""
        return self.claim is not None and any(one.reviewer == self.reviewer for one in self.claim.decisions)

    @cached_property
    def undo(self) -> Undo | None:
        """Takes back what the reviewer last said about the chosen claim, or else about any."""
        lines = [line for line in standing_lines(self.decided.file.reviews, self.reviewer) if line.claim in self.marks]
        if not lines:
            return None
        here = [line for line in lines if self.claim is not None and line.claim == self.claim.id]
        line = (here or lines)[-1]
        return Undo(self.marks[line.claim].number, told(line))

    @property
    def state_counts(self) -> str:
        """The counts of the states of review, in the order of the choice: ``13 17 0 7``"""
        return " ".join(str(count) for count in self.counts.states.values())

    @property
    def language(self) -> str:
        return language_tag(self.opened.report.document.language)

    @property
    def progress(self) -> str:
        return f"{self.selection.reviewed:,} of {counted(self.total, 'claim')} reviewed"

    @property
    def announced(self) -> str:
        """The chosen claim in a sentence, for who cannot see it."""
        if self.claim is None:
            return "No claim is shown."
        state = self.claim.review or "not reviewed"
        return f"Claim {self.claim.number} of {self.total}, {self.claim.ending}, {state}: {self.claim.text}"

    def supporting(self) -> list[Cited]:
        return [one for one in self._cited() if isinstance(one.view, CitationView) and one.view.stance == "supports"]

    def contradicting(self) -> list[Cited]:
        return [one for one in self._cited() if isinstance(one.view, CitationView) and one.view.stance == "contradicts"]

    def nearest(self) -> Cited | None:
        """The best passage at hand of a claim that nothing settles."""
        search, shown = self._outcome.search, self.claim.search if self.claim else None
        if search is None or search.nearest is None or shown is None or shown.nearest is None:
            return None
        return self._passage(shown.nearest, (search.nearest.source, search.nearest.span))

    def wider(self) -> list[Cited]:
        search, shown = self._outcome.search, self.claim.search if self.claim else None
        if search is None or shown is None:
            return []
        found = [(one.passage.source, one.passage.span) for one in search.wider]
        return [self._passage(view, place) for view, place in zip(shown.wider, found, strict=True)]

    def _cited(self) -> Iterator[Cited]:
        """The citations in their order, which is that of ``places`` too."""
        for place, view in enumerate(self.claim.citations if self.claim else ()):
            yield self._linked(view, place)

    def _passage(self, view: PassageView, place: tuple[str, object]) -> Cited:
        known = places(self._outcome)
        return self._linked(view, next((n for n, one in enumerate(known) if one == place), None))

    def _linked(self, view: CitationView | PassageView, place: int | None) -> Cited:
        if view.link is not None and view.link.startswith(("http://", "https://")):
            return Cited(view, view.link, is_web=True, is_first=place == 0)
        at = "" if place is None else f"{self.base}/source?claim={self.number}&place={place}#cited"
        return Cited(view, at, is_web=False, is_first=place == 0)

    @property
    def _outcome(self) -> Outcome:
        return self.opened.report.outcomes[(self.number or 1) - 1]
