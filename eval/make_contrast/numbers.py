"""Another number where a statement counts or measures: far enough off, written the same way, and no other sense.

Numbers that name ("Ariane 6", "Article 5"), order, date, score, bound a range or stand in one are left alone. A bound
is turned round instead: "more than 5" and "more than 8" may both be true, "more than 5" and "fewer than 5" may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from eval.make_contrast.edit import Edit, shuffled
from factcheck.language.cues import word_set

_NUMBER = re.compile(r"(?<![\w.,'’€$£+−-])(?P<sign>[€$£]\s?)?(?P<digits>\d+(?:[.,]\d+)*)(?![\w'’-]|[.,]\d)")
_SPELLED = {
    "en": ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    "de": ("zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
}
_BEFORE = re.compile(r"(?P<second>[\w.-]+\s+)?(?P<word>[^\W_][\w-]*)\s*$")
_AFTER = re.compile(r"\s?(?P<mark>%|°C|€|\$)|\s(?P<word>[^\W\d_][\w-]*)")
_FIXED_BEFORE = {
    "en": word_set(
        "the these those final its their his her first last next other every each another between to and or no "
        "not same only "
        "all both until till since from than number chapter section article figure table type phase grade stage "
        "version no nr aged age day week level line route room page volume"
    ),
    "de": word_set(
        "der die das den dem des diese dieser diesen seine seinen ihre ihren ersten letzten nächsten anderen jede "
        "jeder zwischen bis und oder nicht kein als alle allen aller beiden nr nummer kapitel artikel abschnitt "
        "stufe "
        "typ phase klasse version absatz seite tag linie raum jahr jahre jahren uhr alter übrigen restlichen"
    ),
}
_FIXED_AFTER = {
    "en": word_set(
        "of to and or am pm o'clock degrees x thirds third quarters quarter fifths tenths "
        "more other others against bc ad bce ce"
    ),
    "de": word_set(
        "zu bis und oder von der dieser drittel viertel fünftel zehntel uhr weitere weiteren weiterer andere "
        "anderen mal "
        "n v vor nach gegen"
    ),
}
_APART = {
    "en": re.compile(r"(?i)\bbetween\b|\bfrom\s+\S*\d\S*.*\bto\b|\bratio\b|\btotal\b|\bsum\b"),
    "de": re.compile(r"(?i)\bzwischen\b|\bvon\s+\S*\d\S*.*\b(?:auf|bis|zu)\b|\bverhältnis\b|\binsgesamt\b|\bsumme\b"),
}
_A_WHOLE = re.compile(
    r"(?i)^\s?(?:hours? (?:a|per) day|days (?:a|per) (?:week|year)|hours\b|months (?:a|per) year|stunden (?:am|"
    r"pro) tag|"
    r"tage (?:die|pro|in der) woche|rund um die uhr)"
)
_ABOUT = {
    "en": re.compile(r"(?i)\b(?:about|around|roughly|approximately|some|almost|nearly|close to|circa|ca\.?|up to)\s*$"),
    "de": re.compile(
        r"(?i)\b(?:rund|etwa|ungefähr|ca\.?|circa|zirka|knapp|fast|beinahe|nahezu|gut|über|unter|gegen|bis zu|"
        r"um die)\s*$"
    ),
}
_BOUNDED = {  # cues after which another number may be true as well
    "en": re.compile(
        r"(?i)\b(?:more than|less than|fewer than|over|under|above|below|at least|at most|no more|no less|up to|"
        r"exceeding|exceeded?|exceeds|minimum|maximum|within|almost|nearly|upwards of|as many as|as much as|"
        r"beyond|out of)\s*$"
    ),
    "de": re.compile(
        r"(?i)\b(?:mehr als|weniger als|über|unter|mindestens|wenigstens|höchstens|maximal|bis zu|bis|knapp|gut|fast|"
        r"nahezu|beinahe|oberhalb von|unterhalb von|ab|innerhalb von|größer als|kleiner als|gegen|\d von)\s*$"
    ),
}
_COUNTED_OUT = re.compile(r"(?i)\b(?:one|of (?:whom|which)|ein|eine|einen|davon)\b")  # two children, one son and …
_CONVERTED = re.compile(r"\s?\S+\s\([^)]*\d")  # 5 km (3 miles): one would belie the other
_NEAR_FACTOR, _ROUGH_FACTOR = 1.4, 1.8
_YEAR = re.compile(r"(?:1[0-9]|20)\d\d$")


def number_edits(text: str, language: str, random: Random) -> list[Edit]:
    """What could be changed, each a contradiction of ``text`` by itself; none where no number is safe to change."""
    turned = list(_bounds_turned(text, language))
    if _APART[language].search(text):
        return turned
    changed = [*_digits(text, language, random), *_words(text, language, random)]
    return shuffled([*turned, *changed], random)


def _digits(text: str, language: str, random: Random) -> Iterator[Edit]:
    said = {match["digits"] for match in _NUMBER.finditer(text)}
    for match in _NUMBER.finditer(text):
        digits = match["digits"]
        if not _counts(text, match.start(), match.end(), language, money=match["sign"] is not None):
            continue
        if _YEAR.match(digits) and match["sign"] is None and not _measured(text, match.end()):
            continue
        factor = _ROUGH_FACTOR if _ABOUT[language].search(text[: match.start()]) else _NEAR_FACTOR
        choices = [new for new in _others(digits, factor) if new not in said]
        if choices:
            yield Edit(match.start("digits"), match.end("digits"), random.choice(choices))


def _others(digits: str, factor: float) -> list[str]:
    """The number with another leading digit, so that it is written and rounded as before; never one, never near."""
    place = next((at for at, char in enumerate(digits) if char in "123456789"), None)
    if place is None or digits in ("1", "100") or re.match(r"1[.,]0*$", digits):
        return []
    leading = int(digits[place])
    rest = digits[place + 1 :]
    tail = float(f"0.{re.sub(r'[.,]', '', rest) or 0}")
    found = []
    for other in range(1, 10):
        large, small = max(leading, other) + tail, min(leading, other) + tail
        is_single = not any(char.isdigit() for char in rest)
        if large / small >= factor and large - small >= (2 if is_single else 1) and not (is_single and other == 1):
            found.append(f"{digits[:place]}{other}{rest}")
    return found


def _words(text: str, language: str, random: Random) -> Iterator[Edit]:
    spelled = _SPELLED[language]
    for match in re.finditer(rf"\b(?:{'|'.join(spelled)})\b", text, re.IGNORECASE):
        if not _counts(text, match.start(), match.end(), language, money=False) or match.end() == len(text) - 1:
            continue
        value = spelled.index(match[0].lower()) + 2
        far = [word for n, word in enumerate(spelled, 2) if max(n, value) / min(n, value) >= 1.5 and abs(n - value) > 1]
        free = [word for word in far if not re.search(rf"\b{word}\b", text, re.IGNORECASE)]
        if free:
            new = random.choice(free)
            yield Edit(match.start(), match.end(), new.capitalize() if match[0][0].isupper() else new)


def _counts(text: str, start: int, end: int, language: str, *, money: bool) -> bool:
    """Whether the number there counts or measures something, on its own and exactly or roughly."""
    before, after = text[:start], text[end:]
    if _BOUNDED[language].search(before) or _A_WHOLE.match(after):
        return False
    if before.rstrip().endswith((".", ",", "(", "/", "–", "-")) or _CONVERTED.match(after):
        return False
    if re.match(r"\s?[-–/x×:)]", after):
        return False
    follows = _AFTER.match(after)
    if not money and follows is None:
        return False
    if follows is not None and follows["word"] and _fixed_after(follows["word"], language):
        return False
    if re.search(r"['’]s?\s$", before) or _COUNTED_OUT.search(after):
        return False
    precedes = _BEFORE.search(before)
    if precedes is None:
        return True
    word = precedes["word"]
    if text.count(f"{word} {text[start:end]}") > 1:
        return False  # said again, so it is a name: "phosphodiesterase 3"
    if word.lower().rstrip(".") in _FIXED_BEFORE[language] or word[0].isdigit():
        return False
    return word[0].islower() or money


def _fixed_after(word: str, language: str) -> bool:
    return word.lower() in _FIXED_AFTER[language] or (language == "en" and word[0].isupper())


def _measured(text: str, end: int) -> bool:
    """Whether four digits are sure to be no year: a unit or a sign follows."""
    return (
        re.match(
            r"\s?(?:%|°|€|\$|(?:k?m|kg|g|t|km²|m²|metres?|meters?|kilomet\w+|Meter\w*|Kilometer\w*|Tonnen|tons|"
            r"tonnes|miles|feet|euros?|Euro|dollars?|Dollar|people|Menschen|Einwohner\w*)\b)",
            text[end:],
        )
        is not None
    )


_TURN = {
    "en": re.compile(
        r"(?<!no )(?<!not )(?<!much )(?<!far )(?<!even )(?<!little )(?<!or )"
        r"\b(?P<cue>[Mm]ore than|[Aa]t least|[Ll]ess than|[Ff]ewer than)\s(?P<number>[€$£]?\d[\d.,]*\d|[€$£]?\d)"
        r"(?P<unit>\s?%|\s[^\W\d_]+)"
    ),
    "de": re.compile(
        r"(?<!nicht )(?<!viel )(?<!weit )(?<!noch )(?<!oder )(?<!etwas )"
        r"\b(?P<cue>[Mm]ehr als|[Mm]indestens|[Ww]eniger als|[Hh]öchstens)\s(?P<number>\d[\d.,]*\d|\d)"
        r"(?P<unit>\s?%|\s[^\W\d_]+)"
    ),
}  # fmt: skip
_TURNED = {
    "more than": "fewer than",
    "at least": "fewer than",
    "less than": "more than",
    "fewer than": "more than",
    "mehr als": "weniger als",
    "mindestens": "weniger als",
    "weniger als": "mehr als",
    "höchstens": "mehr als",
}
_UNCOUNTED = re.compile(
    r"(?i)\s?(?:%|percent|per|km|kilomet|met(?:er|re)s?$|miles?|feet|foot|kg|tons?|tonnes|grams?|degrees|million|"
    r"billion|"
    r"trillion|dollars?|euros?|pounds?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|acres|hectares|square|"
    r"mm|cm|m$)"
)


def _bounds_turned(text: str, language: str) -> Iterator[Edit]:
    for match in _TURN[language].finditer(text):
        new = _TURNED[match["cue"].lower()]
        uncounted = _UNCOUNTED.match(match["unit"]) or match["number"][0] in "€$£"
        if new == "fewer than" and uncounted:
            new = "less than"
        if match["cue"][0].isupper():
            new = new.capitalize()
        yield Edit(match.start("cue"), match.end("cue"), new)
