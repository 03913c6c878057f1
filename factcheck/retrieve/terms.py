"""The words of a text as search terms: stems for exactness, letter groups for compounds and for other languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from factcheck.language.words import fold, stem

GRAM = 4  # letters; 4 found more than 5 in German and in English
POINT_IS_DECIMAL = {"en", "ja", "ko", "zh", "he", "th"}

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|\d\w*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def words(text: str) -> list[str]:
    """The words and numbers of a text, as written."""
    return _WORD.findall(unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=2000)
def wording(text: str) -> str:
    """What copies of a passage have in common; the same passages come up for claim after claim."""
    return " ".join(words(text)).casefold()


def stems(text: str, language: str) -> list[str]:
    """One term for each word, whatever its inflection, and for each number, however its language writes it.

    Scripts without spaces between words give each two characters in a row instead.
    """
    return [term for word in words(text) for term in _stems_of(word, language)]


def grams(text: str) -> list[str]:
    """Each group of four letters in a row within a word: ``Gasverbrauchs`` shares most of ``Verbrauch``."""
    return [gram for word in words(text) for gram in _grams_of(word)]


def keywords(text: str) -> list[str]:
    """The numbers, names and long words of a text, each once, in its order: what a single-word search is worth."""
    return [word for word in dict.fromkeys(words(text)) if word[0].isdigit() or len(word) >= 5 or word[:1].isupper()]


@lru_cache(maxsize=200_000)
def _stems_of(word: str, language: str) -> tuple[str, ...]:
    if word[0].isdigit():
        return (_number(word, language),)
    if _UNSPACED.search(word):
        return tuple(word[i : i + 2] for i in range(len(word) - 1)) or (word,)
    return (stem(word, language) or word,)


@lru_cache(maxsize=200_000)
def _grams_of(word: str) -> tuple[str, ...]:
    if word[0].isdigit() or _UNSPACED.search(word):
        return ()
    folded = fold(word)
    return tuple(folded[i : i + GRAM] for i in range(len(folded) - GRAM + 1))


def _number(word: str, language: str) -> str:
    """``1.234.567,5`` and ``1,234,567.5`` are both ``1234567.5``."""
    grouping, decimal = (",", ".") if language in POINT_IS_DECIMAL else (".", ",")
    whole, _, fraction = word.partition(decimal)
    if re.fullmatch(rf"\d{{1,3}}(?:\{grouping}\d{{3}})+", whole):
        whole = whole.replace(grouping, "")
    return f"{whole}.{fraction}" if fraction else whole
