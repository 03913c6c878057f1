"""The words of a text as search terms: folded, stemmed by language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
POINT_IS_DECIMAL = {"en", "ja", "ko", "zh", "he", "th"}

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|\d\w*")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def words(text: str) -> list[str]:
    """The words and numbers of a text, as written."""
    return _WORD.findall(unicodedata.normalize("NFKC", text))


def stems(text: str, language: str) -> list[str]:
    """The terms of a text in its order; a number is one term, however its language writes it."""
    return [term for word in words(text) for term in _stems_of(word, language)]


@lru_cache(maxsize=200_000)
def _stems_of(word: str, language: str) -> tuple[str, ...]:
    if word[0].isdigit():
        return (_number(word, language),)
    if _UNSPACED.search(word):
        return tuple(word[i : i + 2] for i in range(len(word) - 1)) or (word,)
    stem = _stemmer(language)
    return (_folded(stem(word.lower().replace("’", "'"))),)


def _number(word: str, language: str) -> str:
    """``1.234.567,5`` and ``1,234,567.5`` are both ``1234567.5``."""
    grouping, decimal = (",", ".") if language in POINT_IS_DECIMAL else (".", ",")
    whole, _, fraction = word.partition(decimal)
    if re.fullmatch(rf"\d{{1,3}}(?:\{grouping}\d{{3}})+", whole):
        whole = whole.replace(grouping, "")
    return f"{whole}.{fraction}" if fraction else whole


def _folded(word: str) -> str:
    """Without accents and other marks, ß as ss: ``é`` is found by ``e``."""
    if word.isascii():
        return word
    plain = "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char))
    return plain.replace("ß", "ss") or word


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    if language not in STEMMERS:
        return lambda word: word
    analyzer = TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.stemmer(STEMMERS[language])).build()
    return lambda word: next(iter(analyzer.analyze(word)), word)


def keywords(text: str) -> list[str]:
    """The numbers, names and long words of a text, each once, in its order: what a single-word search is worth."""
    return [word for word in dict.fromkeys(words(text)) if word[0].isdigit() or len(word) >= 5 or word[:1].isupper()]
