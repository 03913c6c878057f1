"""Whether evidence is missing or was missed: what a wider search brings that the first did not."""

from __future__ import annotations

from collections.abc import Sequence

from factcheck.models import Claim, Evidence, Passage
from factcheck.retrieve import terms


def brings_more(claim: Claim, evidence: Sequence[Evidence], wide: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Those passages of the wider search that hold a name, number or long word of the claim which no evidence holds."""
    open_words = absent_words(claim, evidence)
    fresh = [found for found in wide if not any(_covers(known.passage, found.passage) for known in evidence)]
    return tuple(found for found in fresh if any(_holds(found.passage, word) for word in open_words))


def absent_words(claim: Claim, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The names, numbers and long words of the claim that none of these passages holds, in the claim's order."""
    return tuple(
        word for word in terms.keywords(claim.text) if not any(_holds(found.passage, word) for found in evidence)
    )


def _covers(known: Passage, found: Passage) -> bool:
    return known.source == found.source and known.span.contains(found.span)


def _holds(passage: Passage, word: str) -> bool:
    """In any inflection, or inside a compound."""
    wanted = terms.stems(word, passage.language)
    if set(wanted) <= set(terms.stems(passage.text, passage.language)):
        return True
    return any(len(stem) >= 5 and stem in passage.text.casefold() for stem in wanted)
