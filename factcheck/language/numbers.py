"""Quantities in running text: value, how exactly it is meant, and what it counts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Literal

from factcheck.language.cues import APPROXIMATE, AT_LEAST, AT_MOST, FUNCTION_WORDS
from factcheck.language.dates import PartialDate, dates
from factcheck.language.words import Word, content, words

Bound = Literal["exact", "about", "at_least", "at_most"]

_WORD_LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})

_MAGNITUDES = {
    "en": {
        "thousand": 1e3, "million": 1e6, "mn": 1e6, "mio": 1e6, "billion": 1e9, "bn": 1e9, "trillion": 1e12, "tn": 1e12,
        "hundred": 1e2, "dozen": 12,
    },
    "de": {
        "tausend": 1e3, "tsd": 1e3, "million": 1e6, "millionen": 1e6, "mio": 1e6, "milliarde": 1e9, "milliarden": 1e9,
        "mrd": 1e9, "billion": 1e12, "billionen": 1e12, "bio": 1e12, "billiarde": 1e15, "billiarden": 1e15,
        "hundert": 1e2, "dutzend": 12,
    },
}  # fmt: skip

_CURRENCIES = {
    "eur": "€ eur euro euros",
    "usd": "$ usd dollar dollars us-dollar us-dollars",
    "gbp": "£ gbp pound pounds pfund sterling",
    "jpy": "¥ jpy yen",
    "chf": "chf franken francs",
    "rub": "₽ rub rubel ruble rubles rouble roubles",
    "uah": "₴ uah hrywnja hryvnia",
    "cny": "cny yuan renminbi",
    "inr": "₹ inr rupee rupees rupien",
}

#: Units by dimension, in a base unit: kilometres and miles can be compared, kilometres and hours cannot.
_UNITS: dict[str, tuple[str, float]] = {
    name: (dimension, factor)
    for dimension, rows in {
        "percent": (("% percent prozent per-cent pct procent por-ciento per-cento", 1.0),),
        "points": (("prozentpunkt prozentpunkte prozentpunkten percentage-points percentage-point", 1.0),),
        "length": (
            ("mm millimeter millimeters millimetre millimetres millimetern", 1e-3),
            ("cm zentimeter zentimetern centimeter centimeters centimetre centimetres", 1e-2),
            ("m meter meters metre metres metern", 1.0),
            ("km kilometer kilometers kilometre kilometres kilometern kilomètres kilómetros chilometri", 1e3),
            ("mile miles meile meilen mi", 1609.344),
            ("foot feet ft fuß", 0.3048),
            ("inch inches zoll", 0.0254),
            ("yard yards", 0.9144),
        ),
        "area": (
            ("km² km2 quadratkilometer quadratkilometern square-kilometers square-kilometres", 1e6),
            ("m² m2 quadratmeter quadratmetern square-meters square-metres", 1.0),
            ("hektar ha hectare hectares", 1e4),
            ("square-miles", 2589988.11),
            ("acre acres", 4046.856),
        ),
        "mass": (
            ("mg milligramm milligram milligrams", 1e-6),
            ("g gramm gram grams", 1e-3),
            ("kg kilo kilogramm kilogram kilograms kilogrammes", 1.0),
            ("t tonne tonnes tonnen ton tons", 1e3),
            ("pound-weight lb lbs", 0.45359237),
        ),
        "volume": (
            ("ml milliliter millilitres milliliters", 1e-3),
            ("l liter litre litres liters litern", 1.0),
            ("barrel barrels", 158.987),
        ),
        "temperature": (("°c grad celsius degrees", 1.0), ("°f", math.nan)),
        "power": (
            ("w watt", 1.0),
            ("kw kilowatt", 1e3),
            ("mw megawatt megawatts", 1e6),
            ("gw gigawatt gigawatts", 1e9),
        ),
        "energy": (
            ("kwh kilowattstunde kilowattstunden", 1.0),
            ("mwh megawattstunde megawattstunden", 1e3),
            ("gwh gigawattstunde gigawattstunden", 1e6),
            ("twh terawattstunde terawattstunden terawatt-hours", 1e9),
        ),
        "speed": (("km/h kph", 1.0), ("mph", 1.609344)),
        "time": (
            ("second seconds sekunde sekunden", 1.0),
            ("minute minutes minuten", 60.0),
            ("hour hours stunde stunden", 3600.0),
            ("day days tag tage tagen", 86400.0),
            ("week weeks woche wochen", 604800.0),
        ),
        "months": (("month months monat monate monaten", 1.0), ("year years jahr jahre jahren jahres", 12.0)),
        "data": (("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12)),
    }.items()
    for names, factor in rows
    for name in names.split()
}  # fmt: skip

_ORDINALS = {
    "en": "first second third fourth fifth sixth seventh eighth ninth tenth",
    "de": "erst zweit dritt viert fünft sechst siebt acht neunt zehnt",
}
# "second" the unit and "acht" the number have the same letters
_NOT_ORDINAL = {"en": frozenset({"second"}), "de": frozenset({"acht", "erst"})}

_ARTICLES = {
    "en": "a an one",
    "de": "ein eine einer eines einem einen eins",
    "fr": "un une",
    "es": "un una uno",
    "it": "un una uno",
    "nl": "een één",
    "pt": "um uma",
}

_GROUPED = r"\d{1,3}(?:[.,'’\u00a0\u202f\u2009SPACE]\d{3})+(?!\d)(?:[.,]\d+)?"
_SPACE_GROUPS = frozenset({"fr", "es", "pl", "cs", "ru", "uk", "sv", "no", "nb", "da", "fi", "hu", "pt", "bg", "sk"})
_AFTER = re.compile(r"\s*(?P<word>%|°[CF]|[^\W\d_]+[²³]?(?:/h)?|[€$£¥₽₴₹])(?P<dot>\.)?")
_SUFFIX_MAGNITUDE = {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "mn": 1e6, "tn": 1e12}
_CURRENCY_BEFORE = re.compile(r"(?:US|A|C|AU|CA|NZ|HK)?(?P<sign>[€$£¥₽₴₹])\s?$|\b(?P<code>EUR|USD|GBP|CHF|JPY)\s$")


@dataclass(frozen=True)
class Quantity:
    """A number and what it counts.

    ``value`` is in the base unit of its ``kind`` (a currency, a dimension such as ``length``, ``count`` or
    ``ordinal``); ``step`` is the size of its last written digit, so that 3.5 million has a step of 100,000.
    ``nouns`` are the stems of the words right behind it, nearest first, ``counted`` the noun among them.
    """

    value: float
    step: float
    kind: str
    bound: Bound
    nouns: tuple[str, ...]
    start: int
    end: int
    text: str
    scale: float = 1.0  # what the number in front of the words was multiplied by

    def agrees(self, other: Quantity) -> bool:
        """Whether both can be true at once, given how exactly each is meant."""
        if math.isnan(self.value) or math.isnan(other.value):
            return True
        if self.bound == "at_least" and other.bound in ("exact", "about"):
            return other.value >= self.value
        if other.bound == "at_least" and self.bound in ("exact", "about"):
            return self.value >= other.value
        if self.bound == "at_most" and other.bound in ("exact", "about"):
            return other.value <= self.value
        if other.bound == "at_most" and self.bound in ("exact", "about"):
            return self.value <= other.value
        if {self.bound, other.bound} == {"at_least", "at_most"}:
            return False
        return abs(self.value - other.value) <= self._tolerance(other)

    def _tolerance(self, other: Quantity) -> float:
        """Half a step of the coarser number where it is rounded, five per cent where either says "about"."""
        size = max(abs(self.value), abs(other.value))
        if "about" in (self.bound, other.bound):
            return max(0.05 * size, max(self.step, other.step) / 2)
        if self.kind == "count" and size < 1000:
            return 1e-9
        coarse, fine = (self, other) if self.step >= other.step else (other, self)
        if coarse.step == fine.step:
            return 1e-9 * max(size, 1.0)
        # 3.5 million stands for 3,482,000; 3,000,000 written out in digits does too only to its last digit
        return min(coarse.step / 2, 0.05 * size) + 1e-9

    def same_slot(self, other: Quantity, *, same_language: bool) -> bool:
        """Whether both measure the same thing: the same unit, or the same counted noun."""
        if self.kind != other.kind:
            return False
        if self.kind not in ("count", "ordinal"):
            return True
        return same_language and bool(set(self.nouns[:2]) & set(other.nouns[:2]))


def quantities(text: str, language: str, *, known_dates: tuple[PartialDate, ...] | None = None) -> tuple[Quantity, ...]:
    """The quantities of ``text`` in order. Dates, years and times of day are none of them."""
    taken = [(d.start, d.end) for d in (dates(text, language) if known_dates is None else known_dates)]
    found: list[Quantity] = []
    for raw in sorted((*_in_digits(text, language), *_in_words(text, language)), key=lambda r: (r.start, -r.end)):
        if any(raw.start < end and start < raw.end for start, end in taken):
            continue
        quantity = _quantity(raw, text, language)
        taken.append((raw.start, quantity.end))
        if found and _RANGE.fullmatch(text[found[-1].end : quantity.start]):
            found[-1] = _as_in_range(found[-1], quantity)
        found.append(quantity)
    return tuple(found)


_RANGE = re.compile(r"\s*(?:-|–|—|bis|to|and|und|or|oder|à|a|y|e|et|ou|o|tot|en)\s*(?:zu\s+)?")


def _as_in_range(first: Quantity, second: Quantity) -> Quantity:
    """ "10 to 20 million dollars": the first number means what the second one spells out."""
    if first.kind != "count" or first.nouns:
        return first
    scaled = second.scale > 1 and first.scale == 1
    factor = second.scale if scaled else 1.0
    return replace(first, value=first.value * factor, step=first.step * factor, kind=second.kind, nouns=second.nouns)


@dataclass(frozen=True)
class _Raw:
    value: float
    step: float
    start: int
    end: int
    ordinal: bool = False


def _in_digits(text: str, language: str) -> Iterator[_Raw]:
    for match in _digits(language).finditer(text):
        written = match.group()
        after = text[match.end() : match.end() + 3]
        if re.match(r"(?::\d|['’]?s\b|er\b)|\.\d|-?[^\W\d_]*\d", after):  # 12:30, 1990s, 1990er, version 3.2.1, A4B2
            continue
        parsed = parse_number(written, language)
        if parsed is None or _is_part_of_name(match, text, language):
            continue
        value, step = parsed
        ordinal = bool(re.match(r"(?:st|nd|rd|th)\b", after)) or (
            language in ("de", "da", "no", "fi", "cs", "pl") and bool(re.match(r"\.\s\w", after)) and value < 200
        )
        end = match.end() + (2 if ordinal and language == "en" else 1 if ordinal else 0)
        yield _Raw(value, step, match.start(), end, ordinal)


_NAMED_BEFORE = re.compile(r"(?:(?P<dash>[^\W\d_]-)|(?P<word>[A-ZÄÖÜ][\w.]{2,}) )$")
_COUNTED_AFTER = re.compile(r"\s?(?:%|[€$£°]|(?:percent|per|prozent|people|men|women|children|mal|uhr|bis|to)\b)", re.I)
_PLURAL_AFTER = re.compile(r"\s(?!was\b|is\b|has\b)[a-z]+s\b")


def _is_part_of_name(match: re.Match[str], text: str, language: str) -> bool:
    """Whether the number belongs to a name: Ariane 6, Isar 2, Chandrayaan-3, F-16."""
    before = _NAMED_BEFORE.search(text, max(0, match.start() - 30), match.start())
    if before is None or not match.group().isdigit() or len(match.group()) > 3:
        return False
    if before["dash"]:
        return True
    if before["word"].lower() in FUNCTION_WORDS.get(language, ()) or text[before.start() - 1 : before.start()] == "-":
        return False
    after = _AFTER.match(text, match.end())
    word = after["word"] if after is not None else ""
    if language != "de" and _PLURAL_AFTER.match(text, match.end()):
        return False
    if _COUNTED_AFTER.match(text, match.end()) or _magnitude(word.lower(), language) or word.lower() in _UNITS:
        return False
    return not (language == "de" and word[:1].isupper()) and _currency(word.lower()) is None


@cache
def _digits(language: str) -> re.Pattern[str]:
    grouped = _GROUPED.replace("SPACE", " " if language in _SPACE_GROUPS else "")
    return re.compile(rf"(?<![\w.,:])(?:(?<![\w)])[-−])?(?:{grouped}|\d+(?:[.,]\d+)*)")


def parse_number(written: str, language: str) -> tuple[float, float] | None:
    """Value and step of a number in digits, read by the language's own separators, else by the other convention.

    ``1.5`` in a German text is 1.5 (a group of one digit is none), ``1.500`` is 1500. None if no reading fits.
    """
    bare = written.replace("−", "-")
    bare = re.sub(r"[\s'’]", "", bare)
    decimal = "," if _decimal_comma(language) else "."
    for mark in (decimal, "." if decimal == "," else ","):
        group = "." if mark == "," else ","
        if re.fullmatch(rf"-?(?:\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+)(?:{re.escape(mark)}\d+)?", bare):
            whole, _, fraction = bare.replace(group, "").partition(mark)
            return float(f"{whole}.{fraction or 0}"), 10.0 ** -len(fraction) if fraction else 1.0
    return None


@cache
def _decimal_comma(language: str) -> bool:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(language).number_symbols["latn"]["decimal"]) == ","
    except (UnknownLocaleError, ValueError, KeyError):
        return False


class _Token:
    """A word as text2num wants to see it."""

    def __init__(self, word: Word, separated: bool) -> None:
        self.word = word
        self.separated = separated

    def text(self) -> str:
        return self.word.lower

    def nt_separated(self, previous: object) -> bool:
        return self.separated

    def not_a_number_part(self) -> bool:
        return self.word.numeric


def _in_words(text: str, language: str) -> Iterator[_Raw]:
    if language not in _WORD_LANGUAGES:
        return
    tokens = words(text, language)
    yield from _ordinal_words(tokens, language)
    if not any(_may_be_number(word.lower, language) for word in tokens):
        return
    from text_to_num import find_numbers

    gaps = [text[left.end : right.start] for left, right in pairwise(tokens)]
    separated = [True] + [gap.strip(" -") != "" for gap in gaps]
    spelled = [_Token(word, apart) for word, apart in zip(tokens, separated, strict=True)]
    articles = _ARTICLES[language].split()
    for hit in find_numbers(spelled, language, 0):
        stretch = tokens[hit.start : hit.end]
        # the words "million" and "one" alone are a magnitude and an article, read elsewhere
        if not stretch or hit.is_ordinal or all(w.lower in articles or _magnitude(w.lower, language) for w in stretch):
            continue
        value = float(re.sub(r"[^\d.]", "", hit.text.replace(",", ".")) or hit.value)
        yield _Raw(value, _step(value), stretch[0].start, stretch[-1].end)


def _step(value: float) -> float:
    """Spelt-out numbers are exact below a hundred, and as coarse as their last non-zero digit above."""
    if value != int(value):
        return 0.1
    step = 1.0
    while value >= 100 and value % (step * 10) == 0 and step < value:
        step *= 10
    return step


@cache
def _number_stems(language: str) -> frozenset[str]:
    units = {
        "en": 
            "two three four five six seven eight nine ten eleven twelve teen twenty thirty forty fifty "
            "sixty seventy eighty ninety hundred",
        "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig zig hundert tausend",
        "fr": 
            "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt "
            "trente quarante cinquante soixante cent mille",
        "es": 
            "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieci "
            "veinte veinti treinta cuarenta cincuenta sesenta setenta ochenta noventa cien mil",
        "it": 
            "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici "
            "sedici venti trenta quaranta cinquanta cento mille mila",
        "nl": 
            "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien twintig dertig "
            "veertig vijftig honderd duizend",
        "pt": 
            "dois duas três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze vinte "
            "trinta quarenta cinquenta cem mil",
    }  # fmt: skip
    return frozenset(units.get(language, "").split())


def _may_be_number(word: str, language: str) -> bool:
    parts = _number_parts(language)
    return word in _number_stems(language) or word.startswith(parts) or word.endswith(parts)


@cache
def _number_parts(language: str) -> tuple[str, ...]:
    return tuple(stem for stem in _number_stems(language) if len(stem) > 2)


def _ordinal_words(tokens: Iterable[Word], language: str) -> Iterator[_Raw]:
    table = {name: rank for rank, name in enumerate(_ORDINALS.get(language, "").split(), 1)}
    banned = _NOT_ORDINAL.get(language, frozenset())
    for word in tokens:
        lower = word.lower
        base = re.sub(r"e[nrsm]?$", "", lower) if language == "de" else lower
        if base in table and lower not in banned and (language != "de" or lower != base):
            yield _Raw(float(table[base]), 1.0, word.start, word.end, ordinal=True)


def _magnitude(word: str, language: str) -> float | None:
    return _MAGNITUDES.get(language, {}).get(word) or _cldr_magnitudes(language).get(word)


@cache
def _cldr_magnitudes(language: str) -> dict[str, float]:
    """Thousand, million, … as CLDR names them for the language, long and short."""
    from babel import Locale, UnknownLocaleError

    try:
        formats = Locale.parse(language).compact_decimal_formats
    except (UnknownLocaleError, ValueError):
        return {}
    found: dict[str, float] = {}
    for width in ("long", "short"):
        for patterns in formats.get(width, {}).values():
            for power, pattern in patterns.items():
                name = re.sub(r"[0'\s\u00a0.]", "", str(getattr(pattern, "pattern", pattern))).lower()
                zeros = str(getattr(pattern, "pattern", pattern)).count("0")
                if len(name) > 1 and zeros:
                    found[name] = float(power) / 10 ** (zeros - 1)
    return found


def _quantity(raw: _Raw, text: str, language: str) -> Quantity:
    value, step, end = raw.value, raw.step, raw.end
    kind = "ordinal" if raw.ordinal else "count"
    start = raw.start
    if not raw.ordinal:
        signed = _CURRENCY_BEFORE.search(text, max(0, start - 6), start)
        if signed is not None:
            kind = _currency((signed["sign"] or signed["code"]).lower()) or kind
            start = signed.start()
        value, step, end = _scaled(value, step, end, text, language, attached=kind != "count")
        unit, end = _unit(text, end)
        if unit is not None:
            name, factor = unit
            kind, value, step = name, value * factor, step * factor
    bound = _bound(text[:start], language)
    behind = _CLAUSE_END.split(text[end : end + 80], maxsplit=1)[0]
    nouns = tuple(word.key for word in content(words(behind, language), language)[:3])
    scale = value / raw.value if raw.value else 1.0
    return Quantity(value, step, kind, bound, nouns, start, end, text[start:end], scale)


_CLAUSE_END = re.compile(r"[,;:()–—]|\.\s|\d|\b(?:and|und|et|y|to|bis|or|oder)\b")


def _scaled(
    value: float, step: float, end: int, text: str, language: str, *, attached: bool
) -> tuple[float, float, int]:
    """``value`` times the magnitude words behind it: 3,5 Mio., 2 hundred thousand, $5bn."""
    while (match := _AFTER.match(text, end)) is not None:
        word = match["word"].lower()
        factor = _magnitude(word, language)
        glued = match.start("word") == end
        if factor is None and (attached or glued) and match["word"] in ("k", "K", "M", "m", "B", "bn", "mn", "tn"):
            factor = _SUFFIX_MAGNITUDE[word] if attached or word == "k" else None
        if factor is None:
            break
        value, step = value * factor, step * factor
        end = match.end("dot") if match["dot"] and word in ("mio", "mrd", "tsd", "bio") else match.end("word")
    return value, step, end


def _unit(text: str, end: int) -> tuple[tuple[str, float] | None, int]:
    if text[end : end + 1] == "-" and text[end + 1 : end + 2].isalpha():  # 5-km run, 20-year-old
        end += 1
    if dollars := re.compile(r"\s*U\.?\s?S\.?[\s-]?[Dd]ollars?\b").match(text, end):
        return ("usd", 1.0), dollars.end()
    match = _AFTER.match(text, end)
    if match is None:
        return None, end
    word = match["word"].lower()
    second = re.compile(r"[\s-](?P<word>[^\W\d_]+)").match(text, match.end("word"))
    if second is not None and (pair := f"{word}-{second['word'].lower()}") in _UNITS:
        return _UNITS[pair], second.end()
    if (code := _currency(word)) is not None:
        return (code, 1.0), match.end("word")
    if word in _UNITS and (len(word) > 1 or not word.isalpha() or match["word"] in ("m", "g", "t", "l")):
        return _UNITS[word], match.end("word")
    return None, end


@cache
def _currency(word: str) -> str | None:
    return next((code for code, names in _CURRENCIES.items() if word in names.split()), None)


def _bound(before: str, language: str) -> Bound:
    tail = " ".join(before[-40:].lower().split())
    return next((bound for bound, pattern in _bounds(language) if pattern.search(tail)), "exact")


@cache
def _bounds(language: str) -> tuple[tuple[Bound, re.Pattern[str]], ...]:
    tables: tuple[tuple[Bound, dict[str, tuple[str, ...]]], ...] = (
        ("at_least", AT_LEAST),
        ("at_most", AT_MOST),
        ("about", APPROXIMATE),
    )
    phrases = {bound: "|".join(map(re.escape, table[language])) for bound, table in tables if language in table}
    return tuple((bound, re.compile(rf"(?<!\w)(?:{either})$")) for bound, either in phrases.items() if either)
