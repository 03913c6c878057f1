"""Where words stand in a text, exactly, although copies differ in spaces, quotation marks, dashes and hyphenation."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from factcheck.models import Span
from factcheck.once import kept

_BREAKS = "\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_SPACES = "\t\x1f \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
_MARKS = "\"'`´‘’‚‛“”„‟‹›«»′″「」『』〝〞〟＂＇"
_DASHES = "-‐‑‒–—―−﹘﹣－"
_HYPHENS = "-‐‑"
_WIDE = {"…": "...", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬆ": "st"}
_SEAM = "\xad"  # in a normal form: a hyphen at a line end, which may or may not belong to the word

_BLANK = f"[{_BREAKS}{_SPACES}{_UNSEEN}]"
_LETTER = r"[^\W\d_]"
_WORDY = r"[^\W_]"
_LINE_END = rf"[-‐\xad][{_SPACES}{_UNSEEN}]*[{_BREAKS}]{_BLANK}*"
_JOINED = r"(?:und|oder|bzw|sowie|and|or|et|ou)\b"  # "Vor-\nund Nachteile" are two words
_FOLDED = re.compile(
    rf"(?P<seam>(?<={_WORDY}){_LINE_END}(?={_WORDY})(?!{_JOINED}))"
    rf"|(?P<blank>{_BLANK}{{2,}}|[{_BREAKS}{_UNSEEN}\t\x1f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]"
    rf"|(?<=[{_MARKS}])\x20|\x20(?=[{_MARKS}]))"
    rf"|(?P<mark>[{_MARKS}]+)"
    rf"|(?P<dash>[{_DASHES}]{{2,}}|[{_DASHES[1:]}])"
    rf"|(?P<wide>[{''.join(_WIDE)}])"
    # Markdown's emphasis: "**rose by 3 %**" is copied without its stars; "2*3" and "Leser*innen" keep theirs
    rf"|(?P<emphasis>(?<![\w*])\*{{1,3}}(?=\w)|(?<=[^\s*])\*{{1,3}}(?![\w*])"
    rf"|(?<!\w)_{{1,2}}(?={_WORDY})|(?<={_WORDY})_{{1,2}}(?!\w))"
)
_VISIBLE_SPACE = re.compile(rf"[{_BREAKS}{_SPACES}]")
_OUTER = re.compile(r'^(?:[" ]|\.\.\.|\[\.\.\.\]|\(\.\.\.\))+|(?:[" ]|\.\.\.|\[\.\.\.\]|\(\.\.\.\))+$')

_WITHOUT_SPACES = re.compile(  # scripts whose words are not divided by spaces
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff]"
)
_HAN_NUMERALS = frozenset("〇零一二三四五六七八九十百千万萬億亿兆两")
_SEPARATOR = r"[.,:/'’‒–—―−-]"  # between the digits of one number, time or range
_CUT_BEFORE = re.compile(  # what stands before a span that starts inside a word …
    rf"{_WORDY}[{_UNSEEN}]*(?:[{_HYPHENS}][{_UNSEEN}]*|{_LINE_END})$"
)
_CUT_AFTER = re.compile(rf"[{_UNSEEN}]*(?:[{_HYPHENS}][{_UNSEEN}]*|{_LINE_END}(?!{_JOINED})){_WORDY}")
_NUMBER_BEFORE = re.compile(rf"\d{_SEPARATOR}$|(?:^|[^{_DASHES}\w])[-−–]$")  # … or a number: 3.|5, 1990–|2000, −|5
_NUMBER_AFTER = re.compile(rf"{_SEPARATOR}\d")
_GROUP_BEFORE = re.compile(r"(?:^|[^\d.,])\d{1,3}[ \xa0\u2007\u2009\u202f]$")  # 12 |000
_GROUP_AFTER = re.compile(r"[ \xa0\u2007\u2009\u202f]\d{3}(?!\d)")
_HIDDEN = "\xad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
_REACH = 24  # characters around a span that say whether it cuts a word or a number

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


@dataclass(frozen=True)
class Normal:
    """A text in its normal form, and the way back to the text itself."""

    text: str
    edits: tuple[tuple[int, int, int, int], ...]  # (start, end) in ``text``, (start, end) in what it was made of
    made_of: Normal | None = None  # the step before, if there was one

    def span(self, start: int, end: int) -> Span | None:
        """The stretch of the text that became ``self.text[start:end]``; None where an end falls inside a change."""
        if not 0 <= start < end <= len(self.text):
            return None
        first, last = self._unit(start), self._unit(end - 1)
        if first[0] != start or last[1] != end:
            return None
        if self.made_of is not None:
            return self.made_of.span(first[2], last[3])
        return Span(start=first[2], end=last[3])

    def _unit(self, index: int) -> tuple[int, int, int, int]:
        """The edit that ``index`` lies in, or the one character copied there."""
        last = bisect_right(self.edits, (index, len(self.text) + 1)) - 1
        _, copied, _, there = self.edits[last] if last >= 0 else (0, 0, 0, 0)
        if index < copied:
            return self.edits[last]
        return index, index + 1, there + index - copied, there + index - copied + 1


@kept(2000, longest=10_000)
def normalise(text: str) -> Normal:
    """The form in which two copies of the same words are equal: NFC, one kind of space, quotation mark and dash.

    Characters nobody sees, spaces beside quotation marks and Markdown's emphasis are dropped, ligatures and ``…``
    spelled out; a hyphen at a line end becomes U+00AD. Case, letters, digits and other punctuation stay.
    """
    composed = _compose(text)
    folded = _fold(composed.text)
    return Normal(folded.text, folded.edits, composed) if composed.edits else folded


def locate(quote: str, text: str) -> Span | None:
    """Where the words of ``quote`` stand in ``text``, or None; the first place, if there are several.

    Never guesses: the normal forms are equal, and the span cuts no word, number or character in two. Quotation marks,
    ellipses and a full stop that were put around the quote are left out when the text does not have them.
    """
    source = normalise(text)
    for reading in _readings(quote):
        for start, end in _places(reading, source.text):
            span = source.span(start, end)
            if span is not None and not _cuts(text, span):
                return span
    return None


def letters_of(text: str) -> int:
    """How many letters and digits ``text`` has; a character of a script without spaces counts for three."""
    return sum(3 if _WITHOUT_SPACES.match(char) else 1 for char in text if char.isalnum())


def printable(text: str, *, newlines: bool = False) -> str:
    r"""``text`` fit for a terminal: what could move the cursor, hide or reorder text is spelled out, as in ``\x1b``.

    Tabs become spaces. Line breaks are spelled out too, unless ``newlines`` keeps them.
    """

    def spelled(match: re.Match[str]) -> str:
        char = match.group()
        if char == "\t":
            return " "
        if char == "\n":
            return "\n" if newlines else "\\n"
        code = ord(char)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return _UNPRINTABLE.sub(spelled, text)


def _compose(text: str) -> Normal:
    """NFC, one base character with its marks at a time."""
    if unicodedata.is_normalized("NFC", text):
        return Normal(text, ())
    starts = [i for i, char in enumerate(text) if not _joins(char)]
    if not starts or starts[0] != 0:
        starts.insert(0, 0)
    pieces: list[str] = []
    edits: list[tuple[int, int, int, int]] = []
    length = 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = unicodedata.normalize("NFC", text[start:end])
        if piece != text[start:end]:
            edits.append((length, length + len(piece), start, end))
        pieces.append(piece)
        length += len(piece)
    return Normal("".join(pieces), tuple(edits))


def _joins(char: str) -> bool:
    """Whether NFC may merge ``char`` with what stands before it."""
    return char > "\u02ff" and (
        unicodedata.category(char)[0] == "M" or "\u1161" <= char <= "\u1175" or "\u11a8" <= char <= "\u11c2"
    )


def _fold(text: str) -> Normal:
    pieces: list[str] = []
    edits: list[tuple[int, int, int, int]] = []
    length = copied = 0
    for match in _FOLDED.finditer(text):
        new = _folded(match)
        start, end = match.span()
        length += start - copied
        pieces += text[copied:start], new
        edits.append((length, length + len(new), start, end))
        length += len(new)
        copied = end
    pieces.append(text[copied:])
    return Normal("".join(pieces), tuple(edits))


def _folded(match: re.Match[str]) -> str:
    found = match.group()
    match match.lastgroup:
        case "blank":
            beside = match.string[match.start() - 1 : match.start()] + match.string[match.end() : match.end() + 1]
            return " " if _VISIBLE_SPACE.search(found) and not any(char in _MARKS for char in beside) else ""
        case "seam":
            return _SEAM
        case "mark":
            return '"'
        case "dash":
            return "-"
        case "wide":
            return _WIDE[found]
        case _:  # emphasis
            return ""


def _readings(quote: str) -> Iterator[str]:
    """The quote as given, then without the marks a model may have put around it, then without its full stop."""
    given = normalise(quote).text.strip(" ")
    bare = _OUTER.sub("", given)
    tried: set[str] = set()
    for reading in (given, bare, bare.rstrip(".,;:").rstrip('" ')):
        if reading not in tried and any(char.isalnum() for char in reading):
            tried.add(reading)
            yield reading


def _places(needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Every place of ``needle`` in ``text``, both in normal form."""
    if len(needle) > 2 * len(text):
        return
    if _SEAM not in text and _SEAM not in needle:
        start = text.find(needle)
        while start >= 0:
            yield start, start + len(needle)
            start = text.find(needle, start + 1)
        return
    pattern = _with_seams(needle)
    match = pattern.search(text)
    while match is not None:
        yield match.span()
        match = pattern.search(text, match.start() + 1)


def _with_seams(needle: str) -> re.Pattern[str]:
    """``needle`` as a pattern in which a hyphen at a line end may have been kept, dropped or copied with its break."""

    def piece(match: re.Match[str]) -> str:
        found = match.group()
        if found == _SEAM:
            return f"(?:{_SEAM}|- ?)?" if match["letters"] else f"(?:{_SEAM}|- ?)"
        if match["hyphen"]:
            return f"(?:{re.escape(found)}|{_SEAM})"
        return re.escape(found) + (f"{_SEAM}?" if match["inside"] else "")

    tokens = re.compile(
        rf"(?P<letters>(?<={_LETTER}){_SEAM}(?={_LETTER}))|{_SEAM}"
        rf"|(?P<hyphen>(?<={_WORDY})- ?(?={_WORDY}))"
        rf"|(?P<inside>{_LETTER}(?={_LETTER}))|."
    )
    return re.compile(tokens.sub(piece, needle))


def _cuts(text: str, span: Span) -> bool:
    """Whether ``span`` begins or ends inside a word or a number."""
    found = span.of(text)
    before, after = text[max(0, span.start - _REACH) : span.start], text[span.end : span.end + _REACH]
    return (
        _divides(before, found)
        or _divides(found, after)
        or bool(found[0].isalnum() and _CUT_BEFORE.search(before) and not re.match(_JOINED, found))
        or bool(found[-1].isalnum() and _CUT_AFTER.match(after))
        or bool(found[0].isdigit() and _NUMBER_BEFORE.search(before))
        or bool(found[-1].isdigit() and _NUMBER_AFTER.match(after))
        or bool(_GROUP_BEFORE.search(before) and re.match(r"\d{3}(?!\d)", found))
        or bool(_GROUP_AFTER.match(after) and re.search(r"(?:^|[^\d.,])\d{1,3}$", found))
    )


def _divides(left: str, right: str) -> bool:
    """Whether a cut between ``left`` and ``right`` goes through a word, or parts a character from its marks."""
    last, first = left.rstrip(_HIDDEN)[-1:], right.lstrip(_HIDDEN)[:1]
    if not last or not first:
        return False
    if unicodedata.category(first)[0] == "M":
        return True
    if last in _HAN_NUMERALS and first in _HAN_NUMERALS:
        return True
    if _WITHOUT_SPACES.match(last) or _WITHOUT_SPACES.match(first):
        return False
    return (last.isalnum() or unicodedata.category(last)[0] == "M") and first.isalnum()
