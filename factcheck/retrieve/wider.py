"""Whether evidence is missing or was missed: what a wider search brings that the first did not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from factcheck.language.cues import FUNCTION_WORDS
from factcheck.models import Claim, Evidence, Passage
from factcheck.retrieve import terms


def brings_more(
    claim: Claim, language: str, evidence: Sequence[Evidence], wide: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    """Those passages of the wider search that hold a name or number of the claim which no evidence holds."""
    still_open = absent_words(claim, language, evidence)
    fresh = [found for found in wide if not any(_covers(known.passage, found.passage) for known in evidence)]
    return tuple(found for found in fresh if any(_holds(found.passage, word, language) for word in still_open))


def absent_words(claim: Claim, language: str, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The claim's numbers and capitalised words (names; in German nouns as well) that none of these passages holds.

    Beside passages in another language only numbers count: its words and spellings differ anyway.
    """
    abroad = any(found.passage.language != language for found in evidence)
    return tuple(
        word
        for word in _telling(claim.text, language)
        if (word[0].isdigit() or not abroad) and not any(_holds(found.passage, word, language) for found in evidence)
    )


def _telling(text: str, language: str) -> list[str]:
    empty = FUNCTION_WORDS.get(language, frozenset())
    words = [word for word in terms.keywords(text) if word[0].isdigit() or word[0].isupper()]
    return [word for word in words if word.lower() not in empty]


def _covers(known: Passage, found: Passage) -> bool:
    return known.source == found.source and known.span.contains(found.span)


def _holds(passage: Passage, word: str, language: str) -> bool:
    """In any inflection, or inside a compound; a number however the passage's language writes it."""
    wanted = terms.stems(word, language if word[0].isdigit() else passage.language)
    stems, folded = _words_of(passage.text, passage.language)
    return stems.issuperset(wanted) or any(len(stem) >= 5 and stem in folded for stem in wanted)


@lru_cache(maxsize=2_000)
def _words_of(text: str, language: str) -> tuple[frozenset[str], str]:
    """The stems of a text, and the text without capitals; the same passages are near many claims."""
    return frozenset(terms.stems(text, language)), text.casefold()
