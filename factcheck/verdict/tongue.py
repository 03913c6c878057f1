"""Which language a claim is in, told by its own words: it may be another than its document's or its passage's."""

from __future__ import annotations

from functools import lru_cache

from factcheck.language.cues import FUNCTION_WORDS
from factcheck.language.words import words
from factcheck.models import Passage


def claim_language(claim: str, passage: Passage) -> str:
    """German by its words, else the passage's, which a claim that is not German shares."""
    if is_german(claim):
        return "de"
    return "en" if passage.language == "de" else passage.language


@lru_cache(maxsize=1024)
def is_german(text: str) -> bool:
    """Whether German function words outnumber English ones."""
    said = [word.lower for word in words(text, "und")]
    return sum(w in FUNCTION_WORDS["de"] for w in said) > sum(w in FUNCTION_WORDS["en"] for w in said)
