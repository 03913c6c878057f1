"""Pairs made by code: a claim that a sentence bears out, and the same claim with one thing changed.

English and German. What changes is a number, a date, a unit, a name, a negation, a word against its opposite, or who
did what to whom. As a counterweight, so that not every difference means false, the same sentences come lightly
rewritten (supported) and with something the source does not say (unverifiable).
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from training.contrast_words import (
    AUXILIARIES,
    DETAILS,
    FUNCTIONAL,
    MONTHS,
    ONE_WAY,
    OPPOSITES,
    SMALL_NUMBERS,
    SYNONYMS,
    UNITS,
    WEEKDAYS,
    Lang,
)
from training.data import WINDOW_WORDS, Label, Pair, Sentence, premise_of

_NUMBER = re.compile(r"(?<![\w.,:/-])(\d{1,3}(?:[.,]\d{3})+|\d+)([.,]\d{1,2})?(?![\w:/-]|[.,]\d)")
_YEAR = re.compile(r"(?<![\w.,:/-])(1[0-9]\d\d|20\d\d)(?![\w:/]|[.,]\d)")
_RUN = re.compile(
    r"[A-ZÄÖÜ][\wäöüßé'’&-]*(?:\s+(?:(?:of|the|de|la|von|van|der|du|and the)\s+)?[A-ZÄÖÜ][\wäöüßé'’&-]*)*"
)
_CAPITAL = re.compile(r"[A-ZÄÖÜ][\wäöüßé'’&-]+")
_DAY_FIRST = re.compile(r"\b(\d{1,2}) ([A-Z][a-z]+) (\d{4})\b")
_MONTH_FIRST = re.compile(r"\b([A-Z][a-z]+) (\d{1,2}), (\d{4})\b")
_GERMAN_DAY = re.compile(r"\b(\d{1,2})\. ([A-Z][a-zä]+) (\d{4})\b")
_ASIDE = re.compile(
    r"\s*\([^()]{3,80}\)|,\s*(?:which|who|whose|where|der|die|das|dessen|deren|wo)\s[^,.;]{8,90}(?=,|\.$)"
)
_LEAD = re.compile(r"^((?:In|Im|Am|On|By|At|Since|Seit|After|Nach|During|Bis|From)\s[^,]{3,45}),\s+(?=\S)")
_CLOSE = re.compile(r"[.!?]+[\"'”“]?$")


def _tag(lang: str) -> Lang:
    return "de" if lang == "de" else "en"


class Names:
    """The names of a body of text: what is written with a capital and never small, and what it stands beside."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        capital: Counter[str] = Counter()
        small: Counter[str] = Counter()
        for sentence in sentences:
            if sentence.lang == "en":  # German capitals say little
                words = re.findall(r"\w[\w'’-]*", sentence.text)
                capital.update(word for word in words[1:] if word[0].isupper())
                small.update(word.casefold() for word in words if word[0].islower())
        skip = {*MONTHS["en"], *MONTHS["de"], *WEEKDAYS["en"], *WEEKDAYS["de"], "The", "A", "I", "He", "She", "It"}
        self._known = {
            word
            for word, count in capital.items()
            if word not in skip and count > 4 * small[word.casefold()] and len(word) > 2
        }
        self._pools: dict[tuple[str, int], list[str]] = defaultdict(list)
        seen: set[tuple[str, str]] = set()
        for sentence in sentences:
            for place, name in self.of(sentence.text):
                kind = _kind_of_name(sentence.text, place, name)
                if (kind, name) not in seen:
                    seen.add((kind, name))
                    self._pools[kind, min(3, len(name.split()))].append(name)

    def of(self, text: str) -> list[tuple[int, str]]:
        """Where each name of a sentence stands, and what it is."""
        found: list[tuple[int, str]] = []
        for match in _RUN.finditer(text):
            name, start = match.group(), match.start()
            while (
                name and (first := name.split()[0]) not in self._known
            ):  # "The Beatles", "Im Berlin", "Schauspieler Tom"
                rest = name[len(first) :].lstrip()
                start, name = start + len(name) - len(rest), rest
            words = name.split()
            while words and words[-1].rstrip("'’s") not in self._known and words[-1] not in self._known:
                words = words[:-1]
            if words:
                kept = name[: name.rindex(words[-1]) + len(words[-1])]
                found.append((start, re.sub(r"['’]s$", "", kept)))
        return found

    def another(self, text: str, place: int, name: str, rng: random.Random) -> str | None:
        """A name of the same kind and length that the text does not hold."""
        pool = self._pools.get((_kind_of_name(text, place, name), min(3, len(name.split()))), [])
        for _ in range(8):
            if not pool:
                return None
            other = rng.choice(pool)
            if not set(other.casefold().split()) & set(re.findall(r"\w+", text.casefold())):
                return other
        return None


def _kind_of_name(text: str, place: int, name: str) -> str:
    if len(name) <= 4 and name.isupper():
        return "acronym"
    if re.fullmatch(r"[A-Z][a-z]+(?:ian|ean|can|man|ish|ese|ench|eek)", name):
        return "people"
    before = text[:place].rstrip().rpartition(" ")[2].casefold()
    if before in ("in", "at", "near", "from", "to", "aus", "nach", "bei"):
        return "place"
    if before in ("by", "with", "von", "mit", "durch") and len(name.split()) == 2:
        return "person"
    return "name"


@dataclass(frozen=True, slots=True)
class Changed:
    """A rewritten text, and what it says of the text it was made from."""

    text: str
    label: Label
    kind: str


Maker = Callable[[str, Lang, Names, random.Random], Changed | None]


def change_number(text: str, lang: Lang, names: Names, rng: random.Random) -> Changed | None:
    """Another number, written the same way: near, far, with two digits exchanged, or ten times as much."""
    digits = [
        match for match in _NUMBER.finditer(text) if not _YEAR.fullmatch(match.group()) and not _in_date(text, match)
    ]
    small = [match for word in SMALL_NUMBERS[lang] for match in re.finditer(rf"\b{word}\b", text, re.I)]
    if not digits and not small:
        return None
    match = rng.choice([*digits, *small])
    old = match.group()
    if not old[0].isdigit():
        new = rng.choice([word for word in SMALL_NUMBERS[lang] if word != old.casefold()])
        return _put(text, match, new.capitalize() if old[0].isupper() else new, "contradicted", "number")
    other = _other_number(old, rng)
    if re.search(rf"(?<!\d){re.escape(other)}(?!\d)", text):
        return None
    return _put(text, match, other, "contradicted", "number")


def _other_number(old: str, rng: random.Random) -> str:
    places = [at for at, sign in enumerate(old) if sign.isdigit()]
    value = int("".join(old[at] for at in places))
    way = rng.random()
    if way < 0.4:
        new = value + rng.choice((-3, -2, -1, 1, 2, 3)) * 10 ** rng.randrange(max(1, len(places) - 1))
    elif way < 0.6:
        new = round(value * rng.choice((0.3, 0.5, 0.7, 1.3, 1.5, 2, 3)))
    elif way < 0.75 and len(places) > 1:
        new = int("".join(rng.sample([old[at] for at in places], len(places))))
    else:
        new = value * 10 if len(places) < 3 else value // 10
    new = value + 1 if new == value or new < 0 else new
    digits = str(new)
    if len(digits) != len(places) and not re.search(r"[.,]", old):
        return digits
    digits = digits.zfill(len(places))[-len(places) :]
    digits = digits if digits[0] != "0" or len(digits) == 1 or old[0] == "0" else f"{rng.randrange(1, 10)}{digits[1:]}"
    shown = list(old)
    for at, digit in zip(places, digits, strict=True):
        shown[at] = digit
    result = "".join(shown)
    return result if result != old else old[:-1] + str((int(old[-1]) + 3) % 10)


def _in_date(text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - 12) : match.end() + 14]
    return any(month in around for lang in ("en", "de") for month in MONTHS[lang])


def change_date(text: str, lang: Lang, names: Names, rng: random.Random) -> Changed | None:
    """Another year, month, day or weekday."""
    months = [match for month in (*MONTHS[lang], *WEEKDAYS[lang]) for match in re.finditer(rf"\b{month}\b", text)]
    days = [
        match
        for month in MONTHS[lang]
        for match in re.finditer(rf"\b\d{{1,2}}(?=\.? {month}\b)|(?<=\b{month} )\d{{1,2}}(?=,)", text)
    ]
    found = [*_YEAR.finditer(text), *months, *days]
    if not found:
        return None
    match = rng.choice(found)
    old = match.group()
    if old in MONTHS[lang] or old in WEEKDAYS[lang]:
        row = MONTHS[lang] if old in MONTHS[lang] else WEEKDAYS[lang]
        new = rng.choice([other for other in row if other != old])
    elif len(old) == 4:
        new = str(int(old) + rng.choice((-30, -20, -12, -10, -7, -5, -3, -2, -1, 1, 2, 3, 5, 7, 10, 12, 20)))
    else:
        new = str(rng.choice([day for day in range(1, 29) if day != int(old)]))
    if re.search(rf"\b{new}\b", text):
        return None
    return _put(text, match, new, "contradicted", "date")


def change_unit(text: str, lang: Lang, names: Names, rng: random.Random) -> Changed | None:
    """Another unit after a number: kilometres for miles, billion for million."""
    found = [
        (match, row)
        for row in UNITS[lang]
        for unit in row
        for match in re.finditer(rf"(?<=\d[ \u00a0]){re.escape(unit)}(?!\w)", text)
    ]
    if not found:
        return None
    match, row = rng.choice(found)
    return _put(text, match, rng.choice([unit for unit in row if unit != match.group()]), "contradicted", "unit")


def change_name(text: str, lang: Lang, names: Names, rng: random.Random) -> Changed | None:
    """Another name of the same kind. False where the relation holds of one thing only; else merely not borne out."""
    found = names.of(text)
    if not found:
        return None
    place, name = rng.choice(found)
    other = names.another(text, place, name, rng)
    if other is None:
        return None
    functional = set(re.findall(r"\w+", text)) & set(FUNCTIONAL[lang])
    label: Label = "contradicted" if functional and rng.random() < 0.7 else "not_supported"
    return Changed(text[:place] + other + text[place + len(name) :], label, "entity")


def change_polarity(text: str, lang: Lang, names: Names, rng: random.Random) -> Changed | None:
    """A negation put in, or taken out where the sentence has one."""
    without = _affirmed(text, lang)
    if without is not None:
        return Changed(without, "contradicted", "negation")
    denied = _denied(text, lang, rng)
    return None if denied is None else Changed(denied, "contradicted", "negation")


_DENIAL: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:not|never|no longer)\s|(?<=\w)n't\b"),
    "de": re.compile(r"\b(?:nicht|niemals|nie|nicht mehr)\s(?!nur)|\b[Kk](?=ein(?:e|en|er|em|es)?\b)"),
}


def _affirmed(text: str, lang: Lang) -> str | None:
    found = list(_DENIAL[lang].finditer(text))
    if len(found) != 1 or re.search(r"\b(?:not only|nicht nur|cannot|can't|won't|don't|nicht zuletzt)\b", text):
        return None
    rest = text[: found[0].start()] + text[found[0].end() :]
    return rest[0].upper() + rest[1:]


def _denied(text: str, lang: Lang, rng: random.Random) -> str | None:
    if lang == "en" and rng.random() < 0.1:
        return f"It is not true that {text}"
    if lang == "de" and (article := re.search(r"\bein(?:e|en|er|em|es)?\b(?= )", text)) and rng.random() < 0.4:
        return text[: article.start()] + "k" + text[article.start() :]
    verbs = list(re.finditer(rf"(?<=\s)(?:{'|'.join(AUXILIARIES[lang])})(?=\s)", text))
    if not verbs:
        return None
    at = verbs[0].end()
    if lang == "en":
        return text[:at] + " " + rng.choice(("not", "not", "not", "never", "no longer")) + text[at:]
    word = rng.choice(("nicht", "nicht", "nicht", "nie", "nicht mehr"))
    participle = re.search(r"\s(?=[a-zäöü]+(?:t|en)[.!]?$)", text)
    if participle and participle.start() > at and rng.random() < 0.6:
        return text[: participle.start()] + f" {word}" + text[participle.start() :]
    return text[:at] + f" {word}" + text[at:]


def change_word(text: str, lang: Lang, names: Names, rng: random.Random) -> Changed | None:
    """A word's opposite in its place."""
    rewritten = _exchanged(text, OPPOSITES[lang], rng)
    return None if rewritten is None else Changed(rewritten, "contradicted", "opposite")


def _exchanged(text: str, table: Sequence[tuple[str, str]], rng: random.Random) -> str | None:
    found = [
        (match, other)
        for left, right in table
        for old, other in ((left, right), (right, left))
        if old in text
        for match in re.finditer(rf"(?<![\w-]){re.escape(old)}(?![\w-])", text)
    ]
    if not found:
        return None
    match, other = rng.choice(found)
    if re.search(rf"(?<!\w){re.escape(other)}(?!\w)", text):
        return None
    return text[: match.start()] + other + text[match.end() :]


def swap_roles(text: str, lang: Lang, names: Names, rng: random.Random) -> Changed | None:
    """Two names in each other's place; false where the word between them runs one way."""
    found = names.of(text)
    for (one_at, one), (two_at, two) in pairwise(found):
        between = text[one_at + len(one) : two_at]
        if set(between.split()) & set(ONE_WAY[lang]) and one != two and len(between) < 60:
            swapped = text[:one_at] + two + between + one + text[two_at + len(two) :]
            return Changed(swapped, "contradicted" if rng.random() < 0.6 else "not_supported", "role")
        if between.strip() in ("and", "und") and one != two:
            return Changed(text[:one_at] + two + between + one + text[two_at + len(two) :], "supported", "role-kept")
    return None


CHANGES: tuple[tuple[Maker, float], ...] = (
    (change_number, 3.0),  # seldom possible, so likely where it is
    (change_date, 3.0),
    (change_unit, 2.0),
    (change_name, 0.9),
    (change_polarity, 0.7),
    (change_word, 0.6),
    (swap_roles, 0.4),
)


def rewrite(text: str, lang: Lang, names: Names, rng: random.Random) -> str:
    """The same thing said a little differently: one to three of the ways that change nothing."""
    ways = [_other_words, _other_figures, _other_date, _vaguer, _without_aside, _other_order]
    rng.shuffle(ways)
    for way in ways[: rng.choice((1, 2, 3, 4))]:
        text = way(text, lang, rng) or text
    return text


def _other_words(text: str, lang: Lang, rng: random.Random) -> str | None:
    return _exchanged(text, SYNONYMS[lang], rng)


def _other_figures(text: str, lang: Lang, rng: random.Random) -> str | None:
    """The same number written otherwise: 1.2 million for 1,200,000, 25 per cent for 25 %, drei for 3."""
    comma, point = (".", ",") if lang == "de" else (",", ".")
    percent = "Prozent" if lang == "de" else rng.choice(("percent", "per cent"))
    for match in _NUMBER.finditer(text):
        number = match.group(1)
        whole = int(re.sub(r"[.,]", "", number))
        if match.group(2) is None and whole >= 1_000_000 and whole % 100_000 == 0:
            many = f"{whole / 1e6:.1f}".replace(".", point).removesuffix(f"{point}0")
            return _replaced(text, match, f"{many} {'Millionen' if lang == 'de' else 'million'}")
        if match.group(2) is None and comma in number and whole < 1_000_000:
            return _replaced(text, match, str(whole) if lang == "en" else f"{whole // 1000} {whole % 1000:03d}")
        if text[match.end() :].lstrip(" \u00a0").startswith("%"):
            rest = text[match.end() :].lstrip(" \u00a0")[1:]
            return f"{text[: match.end()]} {percent}{rest}"
        if match.group(2) is None and 2 <= whole <= 12 and not _in_date(text, match) and comma not in number:
            return _replaced(text, match, SMALL_NUMBERS[lang][whole - 2])
    for at, word in enumerate(SMALL_NUMBERS[lang]):
        if re.search(rf"(?<!\w){word}(?!\w)", text):
            return re.sub(rf"(?<!\w){word}(?!\w)", str(at + 2), text, count=1)
    if re.search(r"\d (?:percent|per cent|Prozent)\b", text):
        return re.sub(r"(?<=\d) (?:percent|per cent|Prozent)\b", " %" if lang == "de" else "%", text, count=1)
    return None


def _other_date(text: str, lang: Lang, rng: random.Random) -> str | None:
    """The same day written otherwise."""
    if lang == "en" and (match := _DAY_FIRST.search(text)) and match.group(2) in MONTHS["en"]:
        return _replaced(text, match, f"{match.group(2)} {match.group(1)}, {match.group(3)}")
    if lang == "en" and (match := _MONTH_FIRST.search(text)) and match.group(1) in MONTHS["en"]:
        return _replaced(text, match, f"{match.group(2)} {match.group(1)} {match.group(3)}")
    if lang == "de" and (match := _GERMAN_DAY.search(text)) and match.group(2) in MONTHS["de"]:
        month = MONTHS["de"].index(match.group(2)) + 1
        return _replaced(text, match, f"{match.group(1)}.{rng.choice((str(month), f'{month:02d}'))}.{match.group(3)}")
    return None


def _vaguer(text: str, lang: Lang, rng: random.Random) -> str | None:
    """Less exact, and so still borne out: the month for the day, "about" a number, "more than" a smaller one."""
    match = _DAY_FIRST.search(text) if lang == "en" else _GERMAN_DAY.search(text)
    if match and match.group(2) in MONTHS[lang]:
        shown = f"{match.group(2)} {match.group(3)}" if rng.random() < 0.6 else match.group(3)
        before = text[: match.start()]
        before = re.sub(r"\b([Oo])n (?:the )?$", lambda m: f"{'I' if m.group(1) == 'O' else 'i'}n ", before)
        before = re.sub(r"\b([Aa])m $", lambda m: f"{'I' if m.group(1) == 'A' else 'i'}m ", before)
        return before + shown + text[match.end() :]
    for number in _NUMBER.finditer(text):
        whole = int(re.sub(r"[.,]", "", number.group(1)))
        if number.group(2) is not None or whole < 20 or _YEAR.fullmatch(number.group()) or _in_date(text, number):
            continue
        if whole >= 100 and whole % 10:
            step = 10 ** (len(str(whole)) - 2)
            rounded = whole // step * step
            shown = f"{rounded:,}".replace(",", "." if lang == "de" else ",")
            more = "mehr als" if lang == "de" else "more than"
            return _replaced(text, number, f"{more} {shown}")
        return _replaced(
            text, number, f"{rng.choice(('rund', 'etwa') if lang == 'de' else ('about', 'around'))} {number.group()}"
        )
    return None


def _without_aside(text: str, lang: Lang, rng: random.Random) -> str | None:
    """Without a bracket or a relative clause: what remains is still said."""
    match = _ASIDE.search(text)
    if match is None:
        return None
    end = match.end() + (1 if text[match.end() : match.end() + 1] == "," and match.group().startswith(",") else 0)
    return text[: match.start()] + text[end:]


def _other_order(text: str, lang: Lang, rng: random.Random) -> str | None:
    """English only: "In 1990, she moved" and "She moved in 1990"."""
    match = _LEAD.match(text)
    if match is None or lang == "de":
        return None
    lead, rest = match.group(1), text[match.end() :]
    closing = _CLOSE.search(rest)
    body, end = (rest[: closing.start()], closing.group()) if closing else (rest, "")
    return f"{body[0].upper()}{body[1:]} {lead[0].lower()}{lead[1:]}{end}"


def from_sentence(sentence: Sentence, names: Names, rng: random.Random) -> list[Pair]:
    """What one sentence gives: itself rewritten, itself with one thing changed, itself with something added."""
    lang = _tag(sentence.lang)
    said = rewrite(sentence.text, lang, names, rng)
    premise = _premise(sentence, rng)
    found = [Pair(premise, said, "supported", lang, f"kept-{lang}")]
    changed = changes(said, lang, names, rng, most=2)
    found += [Pair(premise, c.text, c.label, lang, f"{c.kind}-{lang}") for c in changed if c.text not in premise]
    if rng.random() < 0.5:
        found.append(Pair(premise, add_detail(said, lang, rng), "unverifiable", lang, f"detail-{lang}"))
    poorer = _poorer(sentence.text, lang, rng)
    if poorer is not None and rng.random() < 0.7:
        # The claim says when or how many, the source does not.
        shown = premise_of(sentence.title if rng.random() < 0.8 else "", poorer)
        found.append(Pair(shown, said, "unverifiable", lang, f"less-{lang}"))
    if changed and rng.random() < 0.3:  # the other way round: the source holds the change
        turned = Pair(
            premise_of(sentence.title, changed[0].text), said, changed[0].label, lang, f"{changed[0].kind}-{lang}"
        )
        found.append(turned)
        same = rewrite(changed[0].text, lang, names, rng)
        found.append(Pair(turned.premise, same, "supported", lang, f"kept-{lang}"))
    return [pair for pair in found if len(pair.claim.split()) <= 50]


def from_claim(pair: Pair, names: Names, rng: random.Random) -> list[Pair]:
    """A claim that people found borne out, with one thing changed: other words than the source's from the start."""
    lang = _tag(pair.lang)
    found = [
        Pair(pair.premise, changed.text, changed.label, lang, f"{changed.kind}-{lang}")
        for changed in changes(pair.claim, lang, names, rng, most=2)
        if changed.text not in pair.premise
    ]
    if rng.random() < 0.3:
        found.append(Pair(pair.premise, add_detail(pair.claim, lang, rng), "unverifiable", lang, f"detail-{lang}"))
    return found


def from_parallel(english: Sentence, german: Sentence, names: Names, rng: random.Random) -> list[Pair]:
    """A claim in one language beside its sentence in the other, kept and with one thing changed."""
    premise, claim = (english, german) if rng.random() < 0.5 else (german, english)
    lang = _tag(claim.lang)
    said = rewrite(claim.text, lang, names, rng)
    shown = premise_of(premise.title if rng.random() < 0.5 else "", premise.text)
    found = [Pair(shown, said, "supported", lang, "kept-cross")]
    found += [Pair(shown, c.text, c.label, lang, f"{c.kind}-cross") for c in changes(said, lang, names, rng, most=1)]
    return found


def changes(text: str, lang: Lang, names: Names, rng: random.Random, *, most: int) -> list[Changed]:
    """Up to ``most`` texts, each with one thing changed, of different kinds."""
    order = sorted(CHANGES, key=lambda item: rng.random() ** (1 / item[1]), reverse=True)
    made: list[Changed] = []
    for maker, _ in order:
        if len(made) == most:
            break
        changed = maker(text, lang, names, rng)
        if changed is not None and changed.text != text:
            made.append(changed)
    return made


def add_detail(text: str, lang: Lang, rng: random.Random) -> str:
    """The text with something more that no source says."""
    detail = rng.choice(DETAILS[lang])
    closing = _CLOSE.search(text)
    body, end = (text[: closing.start()], closing.group()) if closing else (text, ".")
    if lang == "de" and (participle := re.search(r"\s[a-zäöü]+(?:t|en)$", body)) and rng.random() < 0.7:
        return f"{body[: participle.start()]} {detail}{body[participle.start() :]}{end}"
    return f"{body}{',' if detail.startswith('which') else ''} {detail}{end}"


def _poorer(text: str, lang: Lang, rng: random.Random) -> str | None:
    """The sentence without one of its dates or numbers, or with a vague word in a number's place."""
    if (match := _LEAD.match(text)) and re.search(r"\d", match.group(1)):
        rest = text[match.end() :]
        return rest[0].upper() + rest[1:] if lang == "en" else None
    months = "|".join(MONTHS[lang])
    patterns = {
        "en": rf"\s(?:in|on|since|from) (?:(?:{months}) )?(?:\d{{1,2}},? )?(?:(?:{months}) )?\d{{4}}\b",
        "de": rf"\s(?:im Jahre?|in|seit|am) (?:\d{{1,2}}\. )?(?:(?:{months}) )?\d{{4}}\b",
    }
    if match := re.search(patterns[lang], text):
        return text[: match.start()] + text[match.end() :]
    for number in _NUMBER.finditer(text):
        if not _YEAR.fullmatch(number.group()) and not _in_date(text, number) and text[number.end() :].startswith(" "):
            return _replaced(text, number, "many" if lang == "en" else "viele")
    return None


def _premise(sentence: Sentence, rng: random.Random) -> str:
    before = sentence.before if rng.random() < 0.3 else ""
    after = sentence.after if rng.random() < 0.3 else ""
    text = " ".join(part for part in (before, sentence.text, after) if part)
    if len(text.split()) > WINDOW_WORDS:
        text = sentence.text
    return premise_of(sentence.title if rng.random() < 0.8 else "", text)


def _put(text: str, match: re.Match[str], new: str, label: Label, kind: str) -> Changed:
    return Changed(_replaced(text, match, new), label, kind)


def _replaced(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def neighbours(sentences: Sequence[Sentence], rng: random.Random) -> Iterator[Pair]:
    """A sentence beside the one that follows it: of the same text, and yet no word on the claim."""
    for sentence in sentences:
        other = sentence.after or sentence.before
        if other and rng.random() < 0.5:
            shown = premise_of(sentence.title if rng.random() < 0.8 else "", other)
            yield Pair(shown, sentence.text, "unverifiable", sentence.lang, f"neighbour-{sentence.lang}")
