"""Which claims of two reports of one document are the same claim: told by what they say and where, never by their ids.

An id is a place ("s12.1"), and one sentence put in at the top moves every place below it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from factcheck.models import Outcome, Report, Span
from factcheck.report.words import Finder, flat

ALIKE = 0.7  # of wordings anywhere in two texts: "came in August 2022" and "came in July 2022" have 0.8
FACING = 0.45  # where the text around them faces each other
_SAME_STRETCH = 0.15  # what standing on the same words of a sentence adds
_COMMON = 50  # claims that share a word; a word of more tells nothing, and looking at all of them costs time


@dataclass(frozen=True)
class Matching:
    """Claims of an old and a new report: pairs in the order of the new text, and those without a partner."""

    pairs: tuple[tuple[Outcome, Outcome], ...]
    vanished: tuple[Outcome, ...]
    appeared: tuple[Outcome, ...]


@dataclass(frozen=True, eq=False)
class _Placed:
    """A claim as it stands in its document."""

    outcome: Outcome
    order: int
    text: str
    sentence: str
    stretch: int  # sentences of two texts with the same number face each other
    begins: int  # characters into its first sentence
    ends: int


_Pair = tuple[_Placed, _Placed]


def match_claims(old: Report, new: Report) -> Matching:
    """Pairs each claim with its like: the same words of the same sentence, the same words elsewhere, similar words."""
    left, right = _placed(old, new)
    pairs: list[_Pair] = []
    for same in (lambda c: (c.text, c.sentence, c.stretch), lambda c: (c.text, c.sentence), lambda c: c.text):
        pairs += _equals(same, _without(left, pairs, 0), _without(right, pairs, 1))
    pairs += _similar(_without(left, pairs, 0), _without(right, pairs, 1))
    return Matching(
        pairs=tuple((one.outcome, two.outcome) for one, two in sorted(pairs, key=lambda pair: pair[1].order)),
        vanished=tuple(one.outcome for one in _without(left, pairs, 0)),
        appeared=tuple(two.outcome for two in _without(right, pairs, 1)),
    )


def _without(claims: Sequence[_Placed], pairs: Sequence[_Pair], side: int) -> list[_Placed]:
    taken = {pair[side].order for pair in pairs}
    return [claim for claim in claims if claim.order not in taken]


def _equals(same: Callable[[_Placed], Hashable], left: Sequence[_Placed], right: Sequence[_Placed]) -> list[_Pair]:
    """Pairs of claims with the same key, in the order of the texts."""
    waiting: defaultdict[Hashable, deque[_Placed]] = defaultdict(deque)
    for claim in right:
        waiting[same(claim)].append(claim)
    return [(claim, waiting[same(claim)].popleft()) for claim in left if waiting[same(claim)]]


def _similar(left: Sequence[_Placed], right: Sequence[_Placed]) -> list[_Pair]:
    """Pairs of similar claims, the most similar first; of equals those nearer to each other in their order."""
    rated = sorted(_rated(left, right), key=lambda pair: (-pair[0], abs(pair[1].order - pair[2].order), pair[2].order))
    pairs: list[_Pair] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for _, one, two in rated:
        if one.order not in taken[0] and two.order not in taken[1]:
            taken[0].add(one.order)
            taken[1].add(two.order)
            pairs.append((one, two))
    return pairs


def _rated(left: Sequence[_Placed], right: Sequence[_Placed]) -> Iterator[tuple[float, _Placed, _Placed]]:
    holding: defaultdict[str, list[int]] = defaultdict(list)
    for place, claim in enumerate(right):
        for word in set(claim.text.casefold().split()):
            holding[word].append(place)
    threes = [_threes(claim.text) for claim in right]
    for one in left:
        mine = _threes(one.text)
        shared = [holding[word] for word in set(one.text.casefold().split())]
        for place in sorted({place for places in shared if len(places) <= _COMMON for place in places}):
            two = right[place]
            alike = 2 * len(mine & threes[place]) / (len(mine) + len(threes[place]))
            if one.stretch == two.stretch:
                alike += _SAME_STRETCH * _overlap(one, two)
            if alike >= (FACING if one.stretch == two.stretch else ALIKE):
                yield alike, one, two


def _threes(text: str) -> frozenset[str]:
    """Every three characters in a row: a measure that a changed digit or ending hardly moves."""
    padded = f"  {text.casefold()} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


def _overlap(one: _Placed, two: _Placed) -> float:
    """How much of the stretches that two claims stand on is the same, from 0 to 1."""
    shared = min(one.ends, two.ends) - max(one.begins, two.begins)
    whole = max(one.ends, two.ends) - min(one.begins, two.begins)
    return max(0, shared) / whole if whole else 1.0


def _placed(old: Report, new: Report) -> tuple[list[_Placed], list[_Placed]]:
    facing = _facing(_sentences(old), _sentences(new))
    return _claims(old, facing[0]), _claims(new, facing[1])


def _claims(report: Report, stretches: Sequence[int]) -> list[_Placed]:
    finder = Finder(report)
    places = {sentence.id: place for place, sentence in enumerate(report.sentences)}
    spans = {sentence.id: sentence.span for sentence in report.sentences}
    return [
        _at(outcome, order, finder, stretches[places[outcome.claim.sentences[0]]], spans[outcome.claim.sentences[0]])
        for order, outcome in enumerate(report.outcomes)
    ]


def _at(outcome: Outcome, order: int, finder: Finder, stretch: int, first: Span) -> _Placed:
    claim = outcome.claim
    return _Placed(
        outcome=outcome,
        order=order,
        text=flat(claim.text),
        sentence=flat(finder.sentences(claim.sentences)),
        stretch=stretch,
        begins=claim.span.start - first.start,
        ends=claim.span.end - first.start,
    )


def _sentences(report: Report) -> list[str]:
    return [flat(sentence.span.of(report.document.text)) for sentence in report.sentences]


def _facing(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """For each sentence of two texts the number of its stretch: each unchanged sentence is one of its own, those
    between two unchanged ones are one together.
    """
    left, right, stretch = [0] * len(old), [0] * len(new), 0
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new).get_opcodes():
        if tag == "equal":
            for ahead in range(i_end - i):
                left[i + ahead] = right[j + ahead] = stretch + ahead
            stretch += i_end - i
        else:
            left[i:i_end] = [stretch] * (i_end - i)
            right[j:j_end] = [stretch] * (j_end - j)
            stretch += 1
    return left, right
