"""Dates as six languages write them, found where they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from factcheck.models import Block, Span
from factcheck.once import once

LANGUAGES: Final = ("de", "en", "fr", "es", "it", "nl")

_ORDINAL = r"(?:\.|st|nd|rd|th|er|º|ª)?"
_OF = r"(?:\s+(?:of|de|del))?"
_YEAR = r"(?P<year>1[89]\d\d|20\d\d)"
_HEAD_BLOCKS = 5
_HEAD_LENGTH = 1500
_SHORT_BLOCK = 160
_DATELINE_REACH = 70
_CLOCK = (
    r"(?:[,\s]*(?:um|at|à|alle)?\s*\d{1,2}[:.]\d{2}(?::\d{2})?\s*"
    r"(?:uhr|h|am|pm|a\.m\.|p\.m\.|utc|gmt|mez|cet|mesz|cest)?)?"
)
_OPENS_TEXT = re.compile(r"\s*(?:\([^)]{2,30}\))?\s[–—-]{1,2}\s|\s*\(\w{2,20}\)\s")
_SAYS_WHEN = (
    r"(?:published|posted|updated|last updated|date|veröffentlicht|erschienen|aktualisiert|stand|datum|"
    r"publié|mis à jour|publicado|actualizado|pubblicato|aggiornato|gepubliceerd|bijgewerkt)"
    r"(?:\s+(?:on|am|le|el|il|op|vom))?\s*:?"
)


@dataclass(frozen=True)
class Mention:
    """A date in a text, as exact as it is written there; a year alone has neither month nor day."""

    span: Span
    year: int
    month: int | None = None
    day: int | None = None

    @property
    def exact(self) -> date | None:
        if self.month is None or self.day is None:
            return None
        return date(self.year, self.month, self.day)


def dates_in(text: str, *, language: str = "und") -> list[Mention]:
    """Every date with a year, in order. ``3/4/2024`` is the third of April, but in English only its year is sure."""
    found: list[Mention] = []
    taken = bytearray(len(text))
    for pattern in _patterns():
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            mention = _mention(match, language)
            if mention is not None:
                found.append(mention)
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    return sorted(found, key=lambda mention: mention.span.start)


def dateline(text: str, blocks: Sequence[Block], *, language: str = "und") -> date | None:
    """The day that the head of a text gives as its own: in the title line, a byline, or before the first sentence.

    A date that is part of what a headline says ("Speech of 3 October 1990") is not one.
    """
    for block in blocks[:_HEAD_BLOCKS]:
        if block.span.start > _HEAD_LENGTH or block.kind in ("table", "code"):
            break
        words = text[block.span.start : min(block.span.end, block.span.start + _HEAD_LENGTH)]
        short = len(block.span.of(text)) <= _SHORT_BLOCK
        for mention in dates_in(words[:_SHORT_BLOCK], language=language):
            if mention.exact and _stands_apart(words[: mention.span.start], words[mention.span.end :], short=short):
                return mention.exact
    return None


def _stands_apart(before: str, after: str, *, short: bool) -> bool:
    weekday = rf"(?:(?:{_names('days')})\.?,?\s*)?"
    lead = re.search(rf"(?:^|[|.,:·•–—(\n-]|{_SAYS_WHEN})\s*{weekday}(?:(?:den|the|le|el|il)\s+)?$", before, re.I)
    if lead is None:
        return False
    if short and re.match(rf"{_CLOCK}\s*(?:[.)|]|[·•–—\n-]|$)", after, re.I):
        return len(before.strip()) > 0 or re.match(rf"{_CLOCK}\s*[.)]?\s*(?:$|\n|[|·•])", after, re.I) is not None
    return len(before) <= _DATELINE_REACH and _OPENS_TEXT.match(after) is not None


@once
def _patterns() -> tuple[re.Pattern[str], ...]:
    month = rf"(?P<month>{_names('months')})\.?"
    flags = re.I
    return (
        re.compile(rf"(?<![\d-]){_YEAR}-(?P<m>\d\d)-(?P<day>\d\d)(?!\d)"),
        re.compile(rf"(?<![\d.])(?P<day>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.\s?{_YEAR}(?!\d)"),
        re.compile(rf"(?<![\d/-])(?P<day>\d{{1,2}})(?P<slash>[/-])(?P<m>\d{{1,2}})(?P=slash){_YEAR}(?![\d/-])"),
        re.compile(rf"(?<![\w.])(?P<day>\d{{1,2}}){_ORDINAL}{_OF}\s+{month}{_OF},?\s+{_YEAR}(?!\d)", flags),
        re.compile(rf"(?<!\w){month}\s+(?P<day>\d{{1,2}}){_ORDINAL}?,?\s+{_YEAR}(?!\d)", flags),
        re.compile(rf"(?<!\w){month}{_OF},?\s+{_YEAR}(?!\d)", flags),
        re.compile(rf"(?<![\w.,%$€£-]){_YEAR}(?![\w%]|[.,]\d)"),
    )


def _mention(match: re.Match[str], language: str) -> Mention | None:
    parts = match.groupdict()
    year = int(parts["year"])
    month = int(parts["m"]) if parts.get("m") else _months().get((parts.get("month") or "").lower())
    day = int(parts["day"]) if parts.get("day") else None
    if parts.get("slash") == "/" and language == "en":
        month, day = None, None
    if month is not None and day is not None:
        try:
            date(year, month, day)
        except ValueError:
            return None
    return Mention(Span(start=match.start(), end=match.end()), year, month, day)


def _names(what: str) -> str:
    names = _months() if what == "months" else _days()
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


@once
def _months() -> dict[str, int]:
    """Month names, wide and abbreviated, without the full stop; "März" also as "Maerz"."""
    from babel.dates import get_month_names

    names: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context=context, locale=language).items():
                    names.setdefault(name.lower().rstrip("."), number)
    return {**names, "maerz": 3, "sept": 9}


@once
def _days() -> frozenset[str]:
    from babel.dates import get_day_names

    return frozenset(
        name.lower().rstrip(".")
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for name in get_day_names(width, locale=language).values()
    )
