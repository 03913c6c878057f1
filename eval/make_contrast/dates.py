"""Another day, month or year for what happened once.

Left alone are ranges and bounds ("since 1990", "before May"), rough dates, dates in names ("Expo 2000"), sentences with
more than one date, and everything that may be as true of another year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from eval.make_contrast.edit import Edit, shuffled
from eval.make_contrast.events import event_near

_MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "de": (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
        "Dezember",
    ),
}  # fmt: skip
_YEAR = r"(?P<year>(?:1[0-9]|20)\d\d)"
_BOUND = {
    "en": re.compile(
        r"(?i)\b(?:since|before|after|until|till|by|from|between|around|about|circa|c\.|early|late|mid|to|through|"
        r"during|"
        r"prior to|as of|following|starting|beginning|and|or|spring|summer|autumn|winter|fall|of|the)(?:\s+(?:in|"
        r"on|the))?\s*$"
    ),
    "de": re.compile(
        r"(?i)\b(?:seit|vor|nach|bis|von|vom|ab|zwischen|um|gegen|etwa|circa|ca\.|anfang|ende|mitte|zum|spätestens|"
        r"frühestens|und|oder|frühjahr|sommer|herbst|winter|frühling|rund|während|jahre|jahren|bis zum|erst|schon|"
        r"noch)"
        r"(?:\s+(?:im|am|dem|den|jahr|jahre))*\s*$"
    ),
}
_RANGE_AFTER = re.compile(r"\s?[-–—/]|\s(?:to|until|and|or|bis|und|oder|through)\s+(?:\w+\s+)?\d")
_PATTERNS = {
    "en": (
        re.compile(rf"\b[Oo]n (?P<day>\d\d?) (?P<month>{'|'.join(_MONTHS['en'])})(?: {_YEAR})?\b"),
        re.compile(rf"\b[Oo]n (?P<month>{'|'.join(_MONTHS['en'])}) (?P<day>\d\d?)(?:, {_YEAR})?\b"),
        re.compile(rf"\b[Ii]n (?P<month>{'|'.join(_MONTHS['en'])})(?: of)?,? {_YEAR}\b"),
        re.compile(rf"\b[Ii]n {_YEAR}\b"),
    ),
    "de": (
        re.compile(rf"\b[Aa]m (?P<day>\d\d?)\. (?P<month>{'|'.join(_MONTHS['de'])})(?: {_YEAR})?\b"),
        re.compile(rf"\b[Ii]m (?P<month>{'|'.join(_MONTHS['de'])}) {_YEAR}\b"),
        re.compile(rf"\b[Ii]m Jahre? {_YEAR}\b"),
        re.compile(rf"(?:^|(?<=[a-zäöüß)] )){_YEAR}(?=[ ,.])(?! [A-ZÄÖÜ])"),
    ),
}
_ANY_YEAR = re.compile(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)")
_LATEST = 2025
_DAYS = 28  # every month has these


def date_edits(text: str, language: str, random: Random) -> list[Edit]:
    """What could be changed in the one date that ``text`` has; none where another date may be true as well."""
    found = _the_date(text, language)
    if found is None or not event_near(text, *found.span(), language):
        return []
    return shuffled(_changes(found, language, random), random)


def _the_date(text: str, language: str) -> re.Match[str] | None:
    """The only date of the text, where it is given exactly and as a day or time of something."""
    if len(_ANY_YEAR.findall(text)) > 1 or len(re.findall("|".join(_MONTHS[language]), text)) > 1:
        return None
    found = next((match for pattern in _PATTERNS[language] if (match := pattern.search(text))), None)
    if found is not None and text[: found.start()].rstrip().endswith(_MONTHS[language]):
        return None  # "seit Juni 2015": of a date not told apart
    if found is None or _BOUND[language].search(text[: found.start()]) or _RANGE_AFTER.match(text[found.end() :]):
        return None
    return (
        None
        if re.match(
            r"\s?(?:BC|AD|v\. ?Chr|n\. ?Chr|census|elections?|season|[A-Z]\w+ (?:season|Cup))", text[found.end() :]
        )
        else found
    )


def _changes(found: re.Match[str], language: str, random: Random) -> Iterator[Edit]:
    parts = found.groupdict()
    if parts.get("year"):
        yield Edit(found.start("year"), found.end("year"), _other_year(int(parts["year"]), random))
    if parts.get("month"):
        yield Edit(found.start("month"), found.end("month"), _other_month(parts["month"], language, random))
    if parts.get("day"):
        yield Edit(found.start("day"), found.end("day"), _other_day(int(parts["day"]), random))


def _other_year(year: int, random: Random) -> str:
    away = random.choice((-9, -7, -6, -4, -3, -2, 2, 3, 4, 6, 7, 9))
    return str(year + away if year + away <= _LATEST else year - abs(away))


def _other_month(month: str, language: str, random: Random) -> str:
    months = _MONTHS[language]
    return months[(months.index(month) + random.randint(2, 10)) % len(months)]


def _other_day(day: int, random: Random) -> str:
    return str(random.choice([other for other in range(2, _DAYS + 1) if abs(other - day) > 2]))
