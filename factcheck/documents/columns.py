"""From boxes of text on a page to lines in reading order, and from lines to paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

_GUTTER = 12.0  # points of empty space between two columns
_MOST_BOXES = 400  # on one page; beyond, it is a drawing or a table, and read row by row
_PROSE = 15  # characters; shorter pieces are cells of a table, which a cut between its columns would tear apart
_SAME_SIZE = 0.12
_ENDS = re.compile(r"[.!?…:][\"'“”»«’)\]]*$")
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}\.$")  # "am 30." goes on
_BULLET = re.compile(r"(?:[•◦▪‣●○■–-]|\(?\d{1,3}[.)]|\([a-z]\))\s")
_LABEL = re.compile(r"\s*(?:[•◦▪‣●○■–-]|\(?(?:\d{1,3}|[a-z])[.)]|\d{1,2}(?:\.\d{1,2})+\.?)\s*")
HYPHEN = "\x02"  # pdfium's sign for a hyphen at the end of a line
_HYPHENATED = re.compile(rf"{HYPHEN}$|[^\W\d_]-$")  # at the end of a page pdfium leaves the hyphen as it is
_STAYS_HYPHENATED = re.compile(r"(?:und|oder|bzw|sowie|and|or|to|et|ou|y|e|o|en|of)\b")


@dataclass(frozen=True)
class Box:
    """Text on one line of a page; coordinates in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float
    text: str

    @property
    def height(self) -> float:
        return max(self.top - self.bottom, 0.1)

    def on_row_of(self, other: Box) -> bool:
        shared = min(self.top, other.top) - max(self.bottom, other.bottom)
        return shared > 0.5 * min(self.height, other.height)

    def same_size(self, other: Box) -> bool:
        return abs(self.height - other.height) <= _SAME_SIZE * max(self.height, other.height)


def lines(boxes: Sequence[Box]) -> list[Box]:
    """The page's lines in reading order: column after column where it has columns, cells of a row joined by tabs."""
    segments = _joined(boxes, reach=0.9, separator="")
    ordered = _in_columns(segments) if len(segments) <= _MOST_BOXES else _in_rows(segments)
    return _joined(ordered, reach=None, separator="\t")


def _joined(boxes: Sequence[Box], *, reach: float | None, separator: str) -> list[Box]:
    """Neighbours on one row as one box; ``reach`` is the widest gap, in heights, that still joins."""
    found: list[Box] = []
    for box in boxes:
        last = found[-1] if found else None
        if last is not None and box.on_row_of(last):
            gap = box.left - last.right
            if -0.5 * last.height <= gap and (reach is None or gap < min(reach * last.height, _GUTTER - 1)):
                found[-1] = _merged(last, box, separator or _space_between(last, box, gap))
                continue
        found.append(box)
    return found


def _merged(last: Box, box: Box, between: str) -> Box:
    if between == "\t":
        between = " " if _LABEL.fullmatch(last.text) else "\t"
        text = last.text.rstrip() + between + box.text.lstrip()
    else:
        text = last.text + between + box.text
    longer = max(last, box, key=lambda part: len(part.text))  # a bullet may be drawn larger than its text
    return Box(min(last.left, box.left), longer.bottom, max(last.right, box.right), longer.top, text)


def _space_between(last: Box, box: Box, gap: float) -> str:
    spaced = last.text[-1:].isspace() or box.text[:1].isspace()
    return "" if spaced or gap <= 0.12 * last.height else " "


def _in_rows(boxes: Sequence[Box]) -> list[Box]:
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda b: -b.top):
        if rows and box.on_row_of(rows[-1][0]):
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda b: b.left)]


def _in_columns(boxes: Sequence[Box]) -> list[Box]:
    """A recursive XY cut: first along an empty gutter with prose on both sides, else at the widest gap."""
    if len(boxes) < 2:
        return list(boxes)
    across = sorted(boxes, key=lambda b: b.left)
    reached = across[0].right
    for index, box in enumerate(across[1:], 1):
        if box.left - reached >= _GUTTER and _is_prose(across[:index]) and _is_prose(across[index:]):
            return _in_columns(across[:index]) + _in_columns(across[index:])
        reached = max(reached, box.right)
    down = sorted(boxes, key=lambda b: -b.top)
    reached, best, cut = down[0].bottom, 0.0, 0
    for index, box in enumerate(down[1:], 1):
        if reached - box.top > best:
            best, cut = reached - box.top, index
        reached = min(reached, box.bottom)
    return _in_columns(down[:cut]) + _in_columns(down[cut:]) if cut else _in_rows(boxes)


def _is_prose(boxes: Sequence[Box]) -> bool:
    in_lines = sum(len(box.text) for box in boxes if len(box.text) >= _PROSE)
    return len(boxes) >= 3 and 2 * in_lines > sum(len(box.text) for box in boxes)


@dataclass(frozen=True)
class Line:
    """A line of the document: its box, its page (from 1) and the column it stands in."""

    box: Box
    page: int
    left: float
    right: float

    @property
    def text(self) -> str:
        return self.box.text.strip()


def in_columns(boxes: Sequence[Box], page: int) -> Iterator[Line]:
    """The lines with the edges of their column, which ends where the next line is not just below the last."""
    column: list[Box] = []
    for box in boxes:
        if column and (not _below(box, column[-1]) or column[-1].bottom - box.bottom > 2.2 * box.height):
            yield from _edged(column, page)
            column = []
        column.append(box)
    yield from _edged(column, page)


def _below(box: Box, above: Box) -> bool:
    shared = min(box.right, above.right) - max(box.left, above.left)
    return box.bottom < above.bottom and shared > 0


def _edged(column: Sequence[Box], page: int) -> Iterator[Line]:
    if column:
        left, right = min(box.left for box in column), max(box.right for box in column)
        yield from (Line(replace(box, text=box.text.replace("\n", " ")), page, left, right) for box in column)


def is_item(text: str) -> bool:
    """Whether a line starts as a list item does."""
    return _BULLET.match(text) is not None


def paragraphs(found: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of a whole document, parted into paragraphs, which may run on in the next column or page."""
    pitch = _pitch(found)
    paragraph: list[Line] = []
    for line in found:
        if paragraph and _starts_paragraph(paragraph, line, pitch):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _pitch(found: Sequence[Line]) -> float:
    """The usual distance from line to line: the lower quartile, since paragraphs and headings only add to it."""
    steps = sorted(
        a.box.bottom - b.box.bottom
        for a, b in pairwise(found)
        if a.page == b.page and _below(b.box, a.box) and a.box.same_size(b.box)
    )
    return steps[len(steps) // 4] if steps else 0.0


def _starts_paragraph(paragraph: Sequence[Line], line: Line, pitch: float) -> bool:
    last = paragraph[-1]
    if not line.box.same_size(last.box) or "\t" in last.text + line.text:
        return True
    if is_item(line.text) and (line.box.left <= paragraph[0].box.left + 1 or _ENDS.search(last.text)):
        return True
    if _HYPHENATED.search(last.text):
        return False
    ends = _ENDS.search(last.text) is not None
    if line.page != last.page or not _below(line.box, last.box):
        return (ends and not _ORDINAL.search(last.text)) or (len(paragraph) == 1 and len(last.text) < 40)
    if last.box.bottom - line.box.bottom > 1.3 * max(pitch, 0.8 * line.box.height):
        return True
    if ends and line.box.left > last.left + 0.6 * line.box.height and last.box.left < line.box.left - 1:
        return True
    return _had_room(last, line) and not line.text[:1].islower() and (ends or not last.text.endswith((",", ";")))


def _had_room(last: Line, line: Line) -> bool:
    width = last.right - last.left
    word = line.text.split(maxsplit=1)[0] if line.text else ""
    letter = (line.box.right - line.box.left) / max(len(line.text), 1)
    return last.box.right + (len(word) + 1) * letter < last.right - 0.02 * width


def run_on(before: str, after: str) -> tuple[str, str]:
    """The end of a line as the paragraph keeps it, and what parts it from the next: hyphenation is undone."""
    if _HYPHENATED.search(before) is None:
        return before, "\n"
    word = before[:-1]
    if _STAYS_HYPHENATED.match(after):
        return word + "-", "\n"
    if after[:1].isupper() or after[:1].isdigit() or word[-1:].isdigit():
        return word + "-", ""
    return word, ""
