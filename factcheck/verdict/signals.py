"""Deterministic comparison of a claim with a quote: numbers, dates, names and negation that do not agree.

A notice is a warning that a reader trusts, so it needs two sides that speak of the same thing. What only one side
mentions is no difference.

- ``number_differs``: a number of the claim has a counterpart in the quote (same unit or currency, or the same counted
  noun), and no number of the quote agrees with it. Rounding ("about 3.5 million" against 3,482,000), bounds ("more than
  three million") and unit conversion are respected.
- ``date_differs``: the quote names dates, none can be the claim's, and one of them is given as exactly as the claim's.
- ``name_differs``: the quote has another name in the place where the claim's stands: beside the same word, or with the
  same family name and another first name (in German, where all nouns are capitalised, only the latter).
- ``negation_differs``: most of the claim's words stand in one clause of the quote, and exactly one side is negated.
  Only for a claim and a quote in the same language, and one whose negations we know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from factcheck.language.cues import NEGATION_PARTICLES, NEGATIONS
from factcheck.language.dates import PartialDate, dates
from factcheck.language.names import Name, alike, names
from factcheck.language.numbers import Quantity, quantities
from factcheck.language.words import Word, content, fold, words
from factcheck.models import Notice, WarningCode

_CLAUSE = re.compile(
    r"[,;:–—()]|\s-\s|\b(?:but|and|while|whereas|although|aber|und|sondern|während|obwohl|mais|et|pero|y|ma|e|maar|en)\b"
)


def compare(claim: str, claim_language: str, quote: str, quote_language: str) -> tuple[Notice, ...]:
    """What in the claim's numbers, dates, names and negation the quote says differently; empty if nothing."""
    claim_dates, quote_dates = dates(claim, claim_language), dates(quote, quote_language)
    same_language = claim_language == quote_language
    notices = [
        *_numbers(
            quantities(claim, claim_language, known_dates=claim_dates),
            quantities(quote, quote_language, known_dates=quote_dates),
            same_language=same_language,
        ),
        *_dates(claim_dates, quote_dates),
        *_names(claim, claim_language, quote, quote_language),
    ]
    if same_language:
        notices.extend(_negation(claim, quote, claim_language))
    return tuple(notices)


def _notice(code: WarningCode, claim_says: str, quote_says: Iterable[str]) -> Notice:
    said = ", ".join(dict.fromkeys(quote_says))
    return Notice(code=code, message=f"claim says {claim_says}, quote says {said}")


def _numbers(claimed: tuple[Quantity, ...], quoted: tuple[Quantity, ...], *, same_language: bool) -> Iterable[Notice]:
    for mine in claimed:
        if mine.kind == "ordinal":
            continue
        alikes = [theirs for theirs in quoted if theirs.kind == mine.kind]
        if any(mine.agrees(theirs) for theirs in quoted if theirs.kind == mine.kind or mine.kind == "count"):
            continue
        rivals = [theirs for theirs in alikes if mine.same_slot(theirs, same_language=same_language)]
        if (
            not same_language
            and mine.kind == "count"
            and len(alikes) == 1 == len([c for c in claimed if c.kind == "count"])
        ):
            rivals = [theirs for theirs in alikes if _same_size(mine, theirs)]
        # each rival that already agrees with another number of the claim is spoken for
        rivals = [r for r in rivals if not any(other.kind == r.kind and other.agrees(r) for other in claimed)]
        if rivals:
            yield _notice("number_differs", mine.text, (rival.text for rival in rivals))


def _same_size(mine: Quantity, theirs: Quantity) -> bool:
    """Without a common noun only numbers of one size are taken for the same count."""
    small, large = sorted((abs(mine.value), abs(theirs.value)))
    return small >= 100 and large <= 20 * small


def _dates(claimed: tuple[PartialDate, ...], quoted: tuple[PartialDate, ...]) -> Iterable[Notice]:
    for mine in claimed:
        if not quoted or any(mine.agrees(theirs) for theirs in quoted):
            continue
        rivals = [theirs for theirs in quoted if _comparable(mine, theirs)]
        rivals = [r for r in rivals if not any(other is not mine and other.agrees(r) for other in claimed)]
        if len({rival.text for rival in rivals}) == 1:
            yield _notice("date_differs", mine.text.strip(), (rival.text.strip() for rival in rivals))


def _comparable(mine: PartialDate, theirs: PartialDate) -> bool:
    """Whether both are years, both are months, or both are days: a year beside a day settles only the year."""
    if mine.year is not None and theirs.year is not None:
        return True
    return mine.month is not None and theirs.month is not None and (mine.day is None) == (theirs.day is None)


def _names(claim: str, claim_language: str, quote: str, quote_language: str) -> Iterable[Notice]:
    theirs = names(quote, quote_language)
    mine = names(claim, claim_language, known=frozenset(part for name in theirs for part in name.parts))
    theirs = names(quote, quote_language, known=frozenset(part for name in mine for part in name.parts))
    quote_words = {fold(word.text) for word in words(quote, quote_language)}
    for name in mine:
        if (
            any(alike(part, word) for part in name.parts[-1:] for word in quote_words)
            and _first_name_rival(name, theirs) is None
        ):
            continue
        rival = _first_name_rival(name, theirs)
        if rival is None and claim_language == quote_language != "de":
            rival = _slot_rival(name, claim, mine, theirs, quote, claim_language)
        if rival is not None:
            yield _notice("name_differs", name.text, (rival.text,))


def _first_name_rival(name: Name, others: tuple[Name, ...]) -> Name | None:
    """Another first name with the same family name, where the claim's own full name is nowhere in the quote."""
    if not _full_name(name) or any(other.is_like(name) for other in others):
        return None
    return next(
        (
            other
            for other in others
            if _full_name(other)
            and alike(other.parts[1], name.parts[1])
            and not alike(other.parts[0], name.parts[0])
            and min(len(other.parts[0]), len(name.parts[0])) >= 3
            and other.parts[0][:4] != name.parts[0][:4]  # Oberste, Obersten: one word in two cases
        ),
        None,
    )


_NOUN_LIKE = re.compile(r"(?:ung|heit|keit|schaft|tion|en|es|e|management|quiz)$")


def _full_name(name: Name) -> bool:
    """A first and a family name side by side, not two nouns: "Seite der Rebellen", "Einige Menschen" are none."""
    return len(name.parts) == 2 == len(name.text.split()) and not any(
        _NOUN_LIKE.search(part) for part in name.parts[1:]
    )


def _slot_rival(
    name: Name, claim: str, mine: tuple[Name, ...], theirs: tuple[Name, ...], quote: str, language: str
) -> Name | None:
    """A name of the quote that is not in the claim and stands beside the same two content words as the claim's does."""
    claimed = content(words(claim, language), language)
    quoted = content(words(quote, language), language)
    left, right = _neighbours(claimed, name)
    if left is None or right is None:
        return None
    for other in theirs:
        if any(other.is_like(own) for own in mine):
            continue
        if _neighbours(quoted, other) == (left, right):
            return other
    return None


def _neighbours(tokens: tuple[Word, ...], name: Name) -> tuple[str | None, str | None]:
    left = [word.key for word in tokens if word.end <= name.start]
    right = [word.key for word in tokens if word.start >= name.end]
    return (left[-1] if left else None, right[0] if right else None)


def negated(clause: str, language: str) -> bool:
    """Whether an odd number of negations stands in ``clause``; False where we know none of the language."""
    cues = NEGATIONS.get(language, frozenset())
    particles = NEGATION_PARTICLES.get(language, frozenset())
    found = [word.lower for word in words(clause, language) if word.lower in cues or word.lower.endswith("n't")]
    if {"neither", "nor"} <= set(found):
        found.remove("nor")
    if language in ("de", "en"):
        return len(found) % 2 == 1
    full = [word for word in found if word not in particles]
    return bool(full or found)


def _negation(claim: str, quote: str, language: str) -> Iterable[Notice]:
    if language not in NEGATIONS:
        return
    asked = {word.key for word in _meaning(claim, language)}
    clause = _clause_of(asked, quote, language)
    if clause is None or negated(claim, language) == negated(clause, language):
        return
    message = "claim is negated, quote is not" if negated(claim, language) else "quote is negated, claim is not"
    yield Notice(code="negation_differs", message=f"{message}: {clause.strip()!r}")


def _meaning(text: str, language: str) -> tuple[Word, ...]:
    cues = NEGATIONS.get(language, frozenset())
    return tuple(
        w for w in content(words(text, language), language) if w.lower not in cues and not w.lower.endswith("n't")
    )


def _clause_of(asked: set[str], quote: str, language: str) -> str | None:
    """The clause of ``quote`` that holds at least two thirds of the claim's words; None if no clause does."""
    if len(asked) < 2:
        return None
    best = max(
        _CLAUSE.split(quote), key=lambda part: len(asked & {w.key for w in _meaning(part, language)}), default=""
    )
    held = len(asked & {word.key for word in _meaning(best, language)})
    return best if held >= 2 and held / len(asked) >= 2 / 3 else None
