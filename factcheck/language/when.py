"""Relative times ("gestern", "this year") as the dates they mean, counted from the day a text was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

_PREPOSITION_DE = r"(?P<prep>(?:seit|bis|vor|nach|ab|Seit|Bis|Vor|Nach|Ab)\s+)?"
_PREPOSITION_EN = r"(?P<prep>\b(?:since|until|till|by|of|from|for|during|before|after|in)\s+)?"


def resolved(text: str, language: str, as_of: date) -> str:
    """``text`` with each relative time whose date is sure written out; what is not sure stays as it is."""
    for pattern, said in _rules(language):
        text = pattern.sub(lambda match, said=said: _cased(said(match, as_of), match), text)  # type: ignore[misc]
    return text


def is_relative(text: str, language: str) -> bool:
    """Whether ``text`` has a relative time that a day of writing would settle."""
    return any(pattern.search(text) for pattern, _ in _rules(language))


def _cased(replacement: str, match: re.Match[str]) -> str:
    first = next((char for char in match.group() if char.isalpha()), "")
    return replacement[:1].upper() + replacement[1:] if match.start() == 0 and first.isupper() else replacement


def day_in_words(day: date, language: str) -> str:
    """``20. Oktober 2025`` or ``20 October 2025``."""
    from babel.dates import format_date  # CLDR data, read only where a text has relative times

    return str(format_date(day, "d. MMMM y" if language == "de" else "d MMMM y", locale=language))


def _month_in_words(day: date, language: str) -> str:
    from babel.dates import format_date

    return str(format_date(day, "MMMM y", locale=language))


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _month_before(day: date) -> date:
    return day.replace(day=1) - timedelta(days=1)


_Said = Callable[[re.Match[str], date], str]
_NUMBER = {"einem": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "zehn": 10}
_SHIFT = {"vorgestern": -2, "gestern": -1, "heute": 0, "yesterday": -1, "today": 0}


@cache
def _rules(language: str) -> tuple[tuple[re.Pattern[str], _Said], ...]:
    if language == "de":
        return _german()
    if language == "en":
        return _english()
    return ()


def _german() -> tuple[tuple[re.Pattern[str], _Said], ...]:
    def years_ago(match: re.Match[str], day: date) -> str:
        base = day + timedelta(days=_SHIFT[match["day"].lower()])
        return f"am {day_in_words(_years_before(base, _NUMBER[match['n'].lower()]), 'de')}"

    def shifted(match: re.Match[str], day: date) -> str:
        base = day + timedelta(days=_SHIFT[match["day"].lower()])
        prep = (match["prep"] or "").strip()
        words = day_in_words(base, "de")
        if not prep:
            return f"am {words}"
        return f"{prep} zum {words}" if prep.lower() == "bis" else f"{prep} dem {words}"

    def of_day(match: re.Match[str], day: date) -> str:
        base = day + timedelta(days=-1 if match["day"].lower() == "gestrig" else 0)
        return f"{match['noun']} vom {day_in_words(base, 'de')}"

    def last_month(match: re.Match[str], day: date) -> str:
        return f"im {_month_in_words(_month_before(day), 'de')}"

    def year(offset: int, form: str) -> _Said:
        def said(match: re.Match[str], day: date) -> str:
            prep = (match.groupdict().get("prep") or "").strip()
            return f"{prep} {day.year + offset}" if prep else form.format(day.year + offset)

        return said

    return (
        (re.compile(rf"\b(?P<day>[Gg]estern|[Hh]eute) vor (?P<n>{'|'.join(_NUMBER)}) Jahr(?:en)?\b"), years_ago),
        (re.compile(r"\b(?P<day>[Gg]estrig|[Hh]eutig)(?:e|en|er|es|em) (?P<noun>[A-ZÄÖÜ][\w-]+)\b"), of_day),
        (re.compile(_PREPOSITION_DE + r"\b(?P<day>[Vv]orgestern|[Gg]estern)\b(?! vor\b)"), shifted),
        (re.compile(
            r"\b(?P<day>heute|Heute)\b(?= (?:wurde|wurden|hat|haben|ist|sind)\b.*\b(?:ge\w+|\w+iert"
            r"|ver\w+t|be\w+t)\.?$)(?P<prep>)"), shifted),
        (re.compile(r"(?<=[a-zä] )dieses Jahres\b"), year(0, "{}")),
        (re.compile(r"\b(?:dieses|des laufenden) Jahres\b"), year(0, "des Jahres {}")),
        (re.compile(
            r"\b[Ii]n diesem Jahr\b|\b[Ii]m laufenden Jahr\b|(?<![\w] )\bDieses Jahr\b"
            r"|(?<=[a-z] )dieses Jahr\b"), year(0, "im Jahr {}")),
        (re.compile(r"(?<=[a-zä] )(?:vergangenen|letzten|vorigen) Jahres\b"), year(-1, "{}")),
        (re.compile(r"\bdes (?:vergangenen|letzten|vorigen) Jahres\b"), year(-1, "des Jahres {}")),
        (re.compile(
            r"\b[Ii]m (?:vergangenen|letzten|vorigen) Jahr\b|\b(?:[Ll]etztes|[Vv]ergangenes"
            r"|[Vv]origes) Jahr\b"), year(-1, "im Jahr {}")),
        (re.compile(r"\b[Ss]eit (?:vergangenem|letztem|vorigem) Jahr\b"), year(-1, "seit {}")),
        (re.compile(r"\b[Ii]n diesem Monat\b|\b[Dd]iesen Monat\b"), lambda m, d: f"im {_month_in_words(d, 'de')}"),
        (re.compile(r"\b(?:[Ii]m )?(?:[Vv]ergangenen|[Ll]etzten|vorigen) Monat\b"), last_month),
        (
            re.compile(r"\b(?:noch )?[Ii]n dieser Woche\b|\b[Dd]iese Woche\b"),
            lambda m, d: f"in der Woche ab dem {day_in_words(d - timedelta(days=d.weekday()), 'de')}",
        ),
    )  # fmt: skip


def _english() -> tuple[tuple[re.Pattern[str], _Said], ...]:
    def shifted(match: re.Match[str], day: date) -> str:
        words = day_in_words(day + timedelta(days=_SHIFT[match["day"].lower()]), "en")
        prep = (match["prep"] or "").strip()
        return f"{prep} {words}" if prep else f"on {words}"

    def of_day(match: re.Match[str], day: date) -> str:
        words = day_in_words(day + timedelta(days=_SHIFT[match["day"].lower()]), "en")
        return f"the {match['noun']} of {words}"

    def year(offset: int) -> _Said:
        def said(match: re.Match[str], day: date) -> str:
            prep = (match["prep"] or "in").strip()
            return f"{prep} {day.year + offset}"

        return said

    def month(this: bool) -> _Said:
        def said(match: re.Match[str], day: date) -> str:
            prep = (match["prep"] or "in").strip()
            return f"{prep} {_month_in_words(day if this else _month_before(day), 'en')}"

        return said

    return (
        (re.compile(r"\b(?P<day>[Yy]esterday|[Tt]oday)['’]s (?P<noun>[a-z]+)\b"), of_day),
        (re.compile(_PREPOSITION_EN + r"\b(?P<day>[Yy]esterday)\b"), shifted),
        (re.compile(r"\bearlier this year\b(?P<prep>)"), lambda m, d: f"earlier in {d.year}"),
        (re.compile(r"\blate last year\b(?P<prep>)"), lambda m, d: f"late in {d.year - 1}"),
        (re.compile(_PREPOSITION_EN + r"\b[Tt]his year\b(?!['’])"), year(0)),
        (re.compile(_PREPOSITION_EN + r"\b[Ll]ast year\b(?!['’])"), year(-1)),
        (re.compile(_PREPOSITION_EN + r"\b[Tt]his month\b(?!['’])"), month(True)),
        (re.compile(_PREPOSITION_EN + r"\b[Ll]ast month\b(?!['’])"), month(False)),
        (
            re.compile(r"\b(?:[Ee]arlier )?[Tt]his week\b(?!['’])"),
            lambda m, d: f"in the week of {day_in_words(d - timedelta(days=d.weekday()), 'en')}",
        ),
    )  # fmt: skip
