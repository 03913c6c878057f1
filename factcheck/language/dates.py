"""Calendar dates in running text, as exact as they are written: a day, a month of a year, or a year alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from factcheck.language.cues import APPROXIMATE, AT_LEAST, AT_MOST
from factcheck.language.words import fold

_YEAR = r"(?:1[0-9]|20)\d\d"
_BEFORE_YEAR = {
    "en": 
        "in|since|until|till|by|from|to|of|for|during|before|after|year|early|late|mid|and|between|circa"
        "|c\\.|around|spring|summer|autumn|fall|winter|the",
    "de": 
        "in|im|jahr|jahre|jahres|jahren|seit|bis|von|ab|vor|nach|anfang|ende|mitte|um|und|zwischen|für"
        "|sommer|herbst|winter|frühjahr|frühling|des",
    "fr": "en|depuis|jusqu'en|avant|après|de|à|an|année|et|entre|fin|début",
    "es": "en|desde|hasta|antes|después|de|a|año|y|entre",
    "it": "nel|dal|al|del|in|anno|fino|prima|dopo|e|tra",
    "nl": "in|sinds|tot|van|jaar|voor|na|en|tussen|eind|begin",
    "pt": "em|desde|até|de|a|ano|e|entre",
}  # fmt: skip


@dataclass(frozen=True)
class PartialDate:
    """A date as written: what it leaves open is None. A day without a year, or a year alone, is common."""

    year: int | None
    month: int | None
    day: int | None
    start: int
    end: int
    text: str

    def agrees(self, other: PartialDate) -> bool:
        """Whether both can be the same day: no part that both give differs, and they share at least one part."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        given = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
        return bool(given) and all(mine == theirs for mine, theirs in given)

    def covered_by(self, other: PartialDate) -> bool:
        """Whether ``other`` says at least as much: 23 October 2025 covers October 2025, not the other way round."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(mine is None or mine == theirs for mine, theirs in pairs)


def dates(text: str, language: str) -> tuple[PartialDate, ...]:
    """The dates in ``text`` in order, none overlapping; the most exact reading of each place wins."""
    found: list[PartialDate] = []
    for pattern, kind in _patterns(language):
        for match in pattern.finditer(text):
            partial = _partial(match, kind, language)
            if partial is not None and not any(partial.start < d.end and d.start < partial.end for d in found):
                found.append(partial)
    return tuple(sorted(found, key=lambda d: d.start))


def _partial(match: re.Match[str], kind: str, language: str) -> PartialDate | None:
    parts = match.groupdict()
    year = _year(parts.get("y"))
    name = parts.get("name")
    month = _months(language).get(fold(name.rstrip("."))) if name else int(parts["m"]) if parts.get("m") else None
    day = int(parts["d"]) if parts.get("d") else None
    if kind == "slash" and month is not None and day is not None:
        if month <= 12 and day <= 12:  # 03/04/2025 has two readings: only its year is sure
            month = day = None
        elif month > 12:
            month, day = day, month
    if not _possible(year, month, day) or (kind in ("y", "bare") and _is_count(match, language, bare=kind == "bare")):
        return None
    start = min(match.start(part) for part, written in parts.items() if written)
    return PartialDate(year, month, day, start, match.end(), match.string[start : match.end()])


_COUNTED = re.compile(
    r"\s*(?:people|persons|men|women|children|soldiers|members|votes|students|employees|workers|patients|species|jobs|"
    r"dollars?|euros?|pounds|miles|feet|met(?:er|re)s?|kilomet(?:er|re)s?|km|kg|tons|tonnes|hours|days|years|"
    r"Menschen|Personen|Einwohnern?|Soldaten|Mitgliedern?|Stimmen|Schülern?|Studierenden?|Beschäftigten?|Mitarbeitern?|"
    r"Patienten|Arten|Arbeitsplätzen?|Dollar|Meilen|Metern?|Kilometern?|Tonnen|Stunden|Tagen?|Jahren?|Million|Mrd|Mio|"
    r"personnes|habitants|personas|habitantes|persone|abitanti|mensen)\b"
)


def _is_count(match: re.Match[str], language: str, *, bare: bool) -> bool:
    """Whether four digits are a count: 2000 people, and (``bare``: with no word of time before) about 1900."""
    if _COUNTED.match(match.string, match.end()) is not None:
        return True
    before = " ".join(match.string[max(0, match.start() - 30) : match.start()].lower().split())
    cues = (*APPROXIMATE.get(language, ()), *AT_LEAST.get(language, ()), *AT_MOST.get(language, ()))
    return bare and any(before == cue or before.endswith(" " + cue) for cue in cues)


def _year(digits: str | None) -> int | None:
    if not digits:
        return None
    value = int(digits)
    if len(digits) > 2:
        return value
    return value + (2000 if value < 70 else 1900)


def _possible(year: int | None, month: int | None, day: int | None) -> bool:
    if day is None:
        return month is None or 1 <= month <= 12
    try:
        date(year or 2000, month or 0, day)
    except ValueError:
        return False
    return True


def _spelled(language: str) -> Iterator[tuple[str, int]]:
    """Month names and their short forms without the dot, in English and in the language, each with its number."""
    from babel import Locale, UnknownLocaleError  # CLDR data, read only where dates are looked for

    for code in ("en", language):
        try:
            months = Locale.parse(code).months
        except (UnknownLocaleError, ValueError):
            continue
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    if not name.strip(".").isdigit():
                        yield name.rstrip("."), number
    yield "Sept", 9
    if language == "de":
        yield from (("Jänner", 1), ("Feber", 2), ("Mrz", 3))


@cache
def _months(language: str) -> dict[str, int]:
    """The number of each month name, which is without accents."""
    return {fold(name): number for name, number in _spelled(language)}


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    spelled = {name for name, _ in _spelled(language)}
    name = "(?P<name>" + "|".join(sorted(map(re.escape, spelled), key=len, reverse=True)) + r")\b\.?"
    # month names are matched as written in languages that capitalise them: may, march
    flags = 0 if language in ("en", "de") else re.IGNORECASE
    before = _BEFORE_YEAR.get(language, "")
    year = rf"(?P<y>{_YEAR})(?![\d%])(?!['’]?s\b)(?!er\b)"
    of = r"(?:\s+(?:of|de|del|des))?"
    patterns = [
        (re.compile(rf"\b(?P<y>{_YEAR})-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)"), "iso"),
        (re.compile(r"(?<![\d.])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d\d)(?![\d.]\d|\d)"), "dots"),
        (re.compile(r"(?<![\d/])(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})(?!\d)"), "slash"),
        (re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th|er|º|ª)?{of}\s+{name}{of},?\s+{year}", flags), "dmy"),
        (re.compile(rf"\b{name}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d),?\s+{year}", flags), "mdy"),
        (re.compile(rf"\b{name}{of},?\s+{year}", flags), "my"),
        (re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th|er|º|ª)?{of}\s+{name}(?!\w)", flags), "dm"),
        (re.compile(rf"\b{name}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?![\d.,:%]*\d|\s*%)", flags), "md"),
    ]
    if before:
        when = (
            r"(?i:\b(?:in|im|since|until|last|next|of|seit|bis|ende|anfang|mitte|early|late|mid|en|nel|em"
            r"|by|this|letzten))"
        )
        patterns.append((re.compile(rf"{when}\s+{name}(?!\w)", flags), "m"))
        patterns.append((re.compile(rf"(?i:\b(?:{before})\s+|[(–—-]\s?|[,/]\s){year}(?![.,]\d)"), "y"))
    patterns.append(
        (re.compile(r"(?<![\d.,$€£¥])\b(?P<y>(?:1[5-9]|20)\d\d)\b(?![.,]\d|\s?[%€$£°]|['’]?s\b|er\b)"), "bare")
    )
    return tuple(patterns)
