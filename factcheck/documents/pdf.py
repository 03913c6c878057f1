"""PDF: the text layer page by page, in reading order, its hyphenation undone and its running heads left out."""

from __future__ import annotations

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

import pypdfium2
from pypdfium2 import raw

from factcheck.documents.columns import HYPHEN, Box, Line, in_columns, is_item, lines, paragraphs, run_on
from factcheck.documents.parsed import Kind, Parsed, Refused, clean, covered, has_words
from factcheck.models import Block, Notice, Page, Span

_MARGIN = 0.12  # of the page's height: running heads and page numbers stand there
_MOST_HEADS = 2  # lines at either end of a page
_MOST_RECTANGLES = 5000  # on one page
_HEADING = 1.12  # times the size of the text
_TOOL_TITLE = re.compile(
    r"^(?:untitled|unbenannt|microsoft (?:word|powerpoint).*|.*\.(?:docx?|pdf|tex|dvi|indd|odt|pptx?))$", re.I
)


def parse_pdf(data: bytes) -> Parsed:
    """Text, pages and headings. The day the file was made is not taken for the day its text was published.

    Raises Refused: ``encrypted``, ``broken``, ``no_text`` (scanned pages).
    """
    pdf = _opened(data)
    try:
        pages = [_lines(pdf, index) for index in range(len(pdf))]
        scanned = [index + 1 for index, found in enumerate(pages) if not found and _shows_something(pdf, index)]
        title = _metadata_title(pdf)
    finally:
        pdf.close()
    if not any(has_words(line.text) for found in pages for line in found):
        raise Refused("no_text", "the PDF has no text layer (a scan?); run text recognition (OCR) over it first")
    found = [line for page in _without_running_heads(pages) for line in page]
    return _written(found, count=len(pages), scanned=scanned, title=title)


def _opened(data: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise Refused("encrypted", "the PDF is protected by a password; save it without one") from error
        raise Refused("broken", "the PDF is damaged or cut off") from error


def _metadata_title(pdf: Any) -> str:
    title = " ".join(clean(pdf.get_metadata_value("Title")).split())
    return "" if _TOOL_TITLE.match(title) else title


def _lines(pdf: Any, index: int) -> list[Line]:
    page = pdf[index]
    textpage = page.get_textpage()
    try:
        return list(in_columns(lines(_boxes(textpage)), index + 1))
    finally:
        textpage.close()
        page.close()


def _boxes(textpage: Any) -> list[Box]:
    count = textpage.count_rects()
    if count > _MOST_RECTANGLES:
        return _drawn_order(textpage)
    found = []
    for index in range(count):
        left, bottom, right, top = textpage.get_rect(index)
        text = _legible(textpage.get_text_bounded(left, bottom, right, top))
        if text.strip():
            bottom, top = _font_box(textpage, (left, bottom, right, top))
            found.append(Box(left, bottom, right, top, text))
    return found


def _drawn_order(textpage: Any) -> list[Box]:
    """A page of single letters and marks, in the order it was drawn, as lines of equal height."""
    found = [line for line in _legible(textpage.get_text_range()).split("\n") if line.strip()]
    return [Box(0.0, -12.0 * i, float(len(line)), 10.0 - 12.0 * i, line) for i, line in enumerate(found)]


def _legible(text: str) -> str:
    return clean(text.replace("\ufffe", HYPHEN))


def _font_box(textpage: Any, ink: tuple[float, float, float, float]) -> tuple[float, float]:
    """Bottom and top of the line as its font has it; ink alone differs from word to word."""
    left, bottom, right, top = ink
    middle = (bottom + top) / 2
    index = raw.FPDFText_GetCharIndexAtPos(textpage.raw, left + 0.5, middle, (right - left) / 2, (top - bottom) / 2)
    box = raw.FS_RECTF()
    if index < 0 or not raw.FPDFText_GetLooseCharBox(textpage.raw, index, ctypes.byref(box)) or box.top <= box.bottom:
        return bottom, top
    return box.bottom, box.top


def _shows_something(pdf: Any, index: int) -> bool:
    page = pdf[index]
    try:
        return next(iter(page.get_objects(max_depth=1)), None) is not None
    finally:
        page.close()


def _without_running_heads(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without the lines that recur in their margins, page numbers counted on."""
    if len(pages) < 2:
        return [list(page) for page in pages]
    margins = [_margins(page) for page in pages]
    seen = Counter(key for margin in margins for key in {key for keys in margin.values() for key in keys})
    needed = 2 if len(pages) < 4 else 3
    return [
        [line for index, line in enumerate(page) if all(seen[key] < needed for key in margin.get(index, ()))]
        for page, margin in zip(pages, margins, strict=True)
    ]


def _margins(page: Sequence[Line]) -> dict[int, frozenset[tuple[str, int]]]:
    """Of the outermost lines in a page's margins: what they say, and where they stand."""
    if not page:
        return {}
    top, bottom = max(line.box.top for line in page), min(line.box.bottom for line in page)
    edge = _MARGIN * max(top - bottom, 1.0)
    down = sorted(range(len(page)), key=lambda index: -page[index].box.top)
    return {
        index: frozenset((words, round(line.box.bottom / 4)) for words in _counted_back(line.text, line.page))
        for index, line in ((index, page[index]) for index in {*down[:_MOST_HEADS], *down[-_MOST_HEADS:]})
        if (line.box.bottom > top - edge or line.box.top < bottom + edge) and len(line.text) <= 120
    }


def _counted_back(text: str, page: int) -> Iterator[str]:
    """The line as on page 0: its page number may be the first number in it, or the last."""
    numbers = list(re.finditer(r"(?<!\d)\d{1,4}(?!\d)", text))
    yield text
    for number in (*numbers[:1], *numbers[1:][-1:]):
        yield f"{text[: number.start()]}#{int(number[0]) - page}{text[number.end() :]}"


def _written(found: Sequence[Line], *, count: int, scanned: Sequence[int], title: str) -> Parsed:
    body = _body_size(found)
    text = _Text()
    for paragraph in paragraphs(found):
        text.add(_kind(paragraph, body), paragraph)
    whole = "".join(text.parts)
    headings = [block.span.of(whole) for block in text.blocks if block.kind == "heading"]
    return Parsed(
        text=whole,
        title=title or " ".join(headings[0].split()) if title or headings else "",
        pages=tuple(text.pages(count)),
        blocks=covered(whole, text.blocks),
        warnings=tuple(_scan_notice(scanned)),
    )


def _body_size(found: Sequence[Line]) -> float:
    return median(height for line in found for height in [line.box.height] * (len(line.text) // 20 + 1))


def _kind(paragraph: Sequence[Line], body: float) -> Kind:
    first = paragraph[0]
    if any("\t" in line.text for line in paragraph):
        return "table"
    if first.box.height > _HEADING * body and sum(len(line.text) for line in paragraph) <= 200:
        return "heading"
    return "list" if is_item(first.text) else "text"


class _Text:
    """The canonical text as it grows, and where each block and page lies in it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.blocks: list[Block] = []
        self._length = 0
        self._spans: dict[int, tuple[int, int]] = {}

    def add(self, kind: Kind, paragraph: Sequence[Line]) -> None:
        if self.parts:
            self._append("\n" if kind == "table" and self.blocks[-1].kind == "table" else "\n\n")
        start = self._length
        for line, following in zip(paragraph, [*paragraph[1:], None], strict=True):
            words, between = (
                (line.text.removesuffix(HYPHEN), "") if following is None else run_on(line.text, following.text)
            )
            words = words.replace(HYPHEN, "-")
            first, _ = self._spans.get(line.page, (self._length, 0))
            self._append(words)
            self._spans[line.page] = (first, self._length)
            self._append(between)
        if kind == "table" and self.blocks and self.blocks[-1].kind == "table":
            start = self.blocks.pop().span.start
        self.blocks.append(Block(kind=kind, span=Span(start=start, end=self._length)))

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)

    def pages(self, count: int) -> Iterator[Page]:
        """Every page; one without text is empty and stands where the next one starts."""
        following = self._length
        found = []
        for number in range(count, 0, -1):
            start, end = self._spans.get(number, (following, following))
            found.append(Page(number=number, span=Span(start=start, end=end)))
            following = start
        yield from reversed(found)


def _scan_notice(scanned: Sequence[int]) -> Iterator[Notice]:
    if scanned:
        pages = ", ".join(map(str, scanned[:20])) + (" …" if len(scanned) > 20 else "")
        noun = "page" if len(scanned) == 1 else "pages"
        yield Notice(
            code="page_without_text", message=f"{noun} {pages}: no text layer (a scan?), so nothing was read there"
        )
