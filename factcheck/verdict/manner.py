"""Ways in which words that are all there still do not say a claim: another manner, exchanged roles, opposite words."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations, pairwise

from factcheck.language.cues import OPPOSITES
from factcheck.language.names import Name, names
from factcheck.language.statements import ASSERTED
from factcheck.language.words import content, stem, telling_stems, words

_CONDITIONAL = {
    "en": re.compile(r"^\s*(?:if|unless|suppose|imagine|had|were|whether)\b|\bif\b", re.IGNORECASE),
    "de": re.compile(r"^\s*(?:wenn|falls|sollte|angenommen|ob)\b|\b(?:falls|wenn)\b", re.IGNORECASE),
}
_DENIED = re.compile(
    r"\bnot (?:true|correct|the case) that\b|\b(?:untrue|false|wrong) that\b|"
    r"\b(?:stimmt nicht|trifft nicht zu|nicht (?:wahr|richtig)|falsch), dass\b",
    re.IGNORECASE,
)
#: Small words of which one takes the place of the other: what is told is then another order or place.
_TURNS = tuple(
    (re.compile(rf"\b{left}\b", re.IGNORECASE), re.compile(rf"\b{right}\b", re.IGNORECASE))
    for left, right in (
        ("before", "after"), ("above", "below"), ("over", "under"), ("vor", "nach"), ("über", "unter"),
        ("vorher", "nachher"), ("bevor", "nachdem"),
    )
)  # fmt: skip
_PASSIVE = {
    "en": re.compile(r"\b(?:is|are|was|were|be|been|being|got)\b(?:\s+\w+){0,3}?\s+by\b|\w(?:ed|en|t)\s+by\b"),
    "de": re.compile(
        r"\b(?:wird|werden|wurden?|worden|geworden)\b.*\b(?:von|vom|durch)\b|\b(?:von|vom|durch)\b.*"
        r"\b(?:wird|werden|wurden?|worden)\b"
    ),
}
_QUOTED = re.compile(r"[\"“„”«»‟]+([^\"“„”«»‟]+)[\"“„”«»‟]+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"“”»«)]*\s+")
_LEAST_QUOTED = 3  # words in quotation marks: fewer are a name or a title
_TOGETHER = re.compile(r"(?:\s|,|\band\b|\bund\b|\bor\b|\boder\b|\bwith\b|\bmit\b)*")


def other_manner(claim: str, quote: str) -> bool:
    """Whether the quote asks, supposes or denies where the claim states, in any language: passages may hold several."""
    if _DENIED.search(quote) and not _DENIED.search(claim):
        return True
    if quote.rstrip(" \"'”“»)").endswith("?"):
        return True
    return any(supposes.search(quote) and not supposes.search(claim) for supposes in _CONDITIONAL.values())


def misplaced(claim: str, claim_language: str, quote: str, quote_language: str) -> bool:
    """Whether one says before where the other says after, or above where the other says below.

    Asked only within one language: "nach" is as often "to" as "after".
    """
    if claim_language != quote_language:
        return False
    return any(
        _one_for_other(left, right, claim, quote) or _one_for_other(right, left, claim, quote) for left, right in _TURNS
    )


def _one_for_other(mine: re.Pattern[str], theirs: re.Pattern[str], claim: str, quote: str) -> bool:
    return bool(mine.search(claim) and theirs.search(quote)) and not (mine.search(quote) or theirs.search(claim))


def reported(claim: str, claim_language: str, quote: str, quote_language: str) -> bool:
    """Whether the quote only lays the claim's words in somebody's mouth, where the claim states them.

    That somebody says so, in quotation marks or by a verb of saying, shows that it was said. Findings, statistics and
    rulings ("found", "reported", "according to") count as what they report.
    """
    if _says(claim, claim_language) or _QUOTED.search(claim):
        return False
    mine = telling_stems(claim, quote_language)
    shared = mine & telling_stems(quote, quote_language)
    in_marks = shared & telling_stems(" ".join(_QUOTED.findall(quote)), quote_language)
    if len(in_marks) >= _LEAST_QUOTED and 2 * len(in_marks) >= len(shared):
        return True
    return _says(_nearest(claim, quote, quote_language), quote_language)


def _nearest(claim: str, quote: str, language: str) -> str:
    """The sentence of the quote that holds most of the claim's words."""
    mine = telling_stems(claim, language)
    return max(_SENTENCE_END.split(quote), key=lambda said: len(mine & telling_stems(said, language)))


def _says(text: str, language: str) -> bool:
    asserted = ASSERTED.get(language)
    return asserted is not None and asserted.search(text) is not None


def opposed(claim: str, claim_language: str, quote: str, quote_language: str) -> bool:
    """Whether one rises where the other falls; asked only within one language."""
    if claim_language != quote_language:
        return False
    mine = {word.key for word in words(claim, claim_language)}
    theirs = {word.key for word in words(quote, quote_language)}
    pairs = opposites_of(claim_language)
    return any(pairs.get(key, frozenset()) & (theirs - mine) for key in mine - theirs)


def turned_round(claim: str, claim_language: str, quote: str, quote_language: str) -> float:
    """How far the claim's words stand in another order in the quote: the share of word pairs turned round, 0 to 1.

    Asked only within one language, and of at least four words that both have once.
    """
    if claim_language != quote_language:
        return 0.0
    mine, theirs = _places(claim, claim_language), _places(quote, quote_language)
    shared = sorted(mine.keys() & theirs.keys(), key=mine.__getitem__)
    if len(shared) < 4:
        return 0.0
    pairs = list(combinations([theirs[key] for key in shared], 2))
    return sum(left > right for left, right in pairs) / len(pairs)


def _places(text: str, language: str) -> dict[str, int]:
    """Where each telling word stands that is said once."""
    keys = [word.key for word in content(words(text, language), language)]
    return {key: place for place, key in enumerate(keys) if keys.count(key) == 1}


@lru_cache(maxsize=8)
def opposites_of(language: str) -> dict[str, frozenset[str]]:
    """For each stem that has opposites in the language, theirs."""
    table: dict[str, frozenset[str]] = {}
    for left, right in OPPOSITES.get(language, ()):
        one = frozenset(stem(word, language) for word in left.split())
        other = frozenset(stem(word, language) for word in right.split())
        for key in one:
            table[key] = table.get(key, frozenset()) | (other - one)
        for key in other:
            table[key] = table.get(key, frozenset()) | (one - other)
    return table


def exchanged(claim: str, claim_language: str, quote: str, quote_language: str) -> bool:
    """Whether two names stand in one order in the claim and in the other in the quote, both active or both passive.

    Asked only within one language, and only of names with a word between them that relates them.
    """
    if claim_language != quote_language or claim_language not in _PASSIVE:
        return False
    quote = _nearest(claim, quote, quote_language)
    if is_passive(claim, claim_language) != is_passive(quote, quote_language):
        return False
    theirs = names(quote, quote_language)
    mine = names(claim, claim_language, known=_parts(theirs))
    theirs = names(quote, quote_language, known=_parts(mine))  # one that opens a sentence is known by the other text
    return any(
        _related(left, right, claim) and _turned(left, right, theirs)
        for left, right in pairwise(sorted(mine, key=lambda name: name.start))
    )


def _parts(found: tuple[Name, ...]) -> frozenset[str]:
    return frozenset(part for name in found for part in name.parts)


def is_passive(text: str, language: str) -> bool:
    """Whether the text tells by whom something is done, in the passive; never so in a language without rules."""
    passive = _PASSIVE.get(language)
    return passive is not None and passive.search(text) is not None


def _related(left: Name, right: Name, claim: str) -> bool:
    return not left.is_like(right) and _TOGETHER.fullmatch(claim[left.end : right.start]) is None


def _turned(left: Name, right: Name, theirs: tuple[Name, ...]) -> bool:
    """Whether every place of ``right`` in the quote comes before every place of ``left``."""
    lefts = [name.start for name in theirs if name.is_like(left)]
    rights = [name.start for name in theirs if name.is_like(right)]
    return bool(lefts and rights) and max(rights) < min(lefts)
