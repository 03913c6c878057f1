"""The document of a report as blocks of flat pieces: every character once, each piece knowing what became of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from factcheck.models import Document, Report, Span
from factcheck.report import words

BlockKind = Literal["heading", "text", "list", "table", "quote", "code", "metadata", "furniture"]

_PARAGRAPH = re.compile(r"\S(?:(?!\n[ \t]*\n).)*(?<=\S)", re.S)
_MARKDOWN_MARKS: dict[BlockKind, re.Pattern[str]] = {
    "heading": re.compile(r"^[ \t]*#{1,6}[ \t]+|\n[=-]+[ \t]*$"),
    "quote": re.compile(r"^[ \t]*(?:>[ \t]?)+", re.M),
    "list": re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+"),
}


@dataclass(frozen=True)
class Piece:
    """A stretch of the document that one set of claims covers, or one sentence without a claim.

    ``claims`` holds ids in the report's order, ``opens`` those of them that begin here. ``aside`` is why a sentence
    holds no claim to check, ``failed`` why it was never split; ``sentence`` is its id on its first piece. ``mark`` is
    markup of the document itself, as Markdown's ``#``. A claim of which nothing can be seen has a piece without text.
    """

    text: str
    claims: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    aside: str = ""
    failed: str = ""
    sentence: str = ""
    mark: bool = False


@dataclass(frozen=True)
class DocumentBlock:
    """A block of the document; ``page`` is the number of the page it is the first block on, ``level`` a heading's."""

    kind: BlockKind
    start: int
    pieces: tuple[Piece, ...]
    page: int | None = None
    level: int = 1


def document_blocks(report: Report) -> tuple[DocumentBlock, ...]:
    """The whole document in order; only white space between blocks is dropped. Linear in its size and its claims."""
    document = report.document
    stretches = list(_stretches(document))
    if not stretches:
        stretches = [("text", Span(start=0, end=0))]
    ranges = _ranges(report, [span for _, span in stretches])
    pages = _page_starts(document, [span.start for _, span in stretches])
    cutter = _Cutter(document.text, ranges)
    return tuple(
        DocumentBlock(
            kind=kind,
            start=span.start,
            pieces=tuple(cutter.pieces(span, _marks(document, kind, span))),
            page=page,
            level=_level(document, kind, span),
        )
        for (kind, span), page in zip(stretches, pages, strict=True)
    )


@dataclass(frozen=True)
class _Range:
    """What covers a stretch of the text: a claim, or a sentence that holds none."""

    start: int
    end: int
    order: int
    claim: str = ""
    sentence: str = ""
    aside: str = ""
    failed: str = ""


class _Cutter:
    """Cuts one block after the other; ranges are taken up in their order and put down when they are over."""

    def __init__(self, text: str, ranges: Iterable[_Range]) -> None:
        self._text = text
        self._waiting = sorted(ranges, key=lambda one: (one.start, one.order), reverse=True)
        self._active: list[_Range] = []
        self._begun: set[int] = set()

    def pieces(self, block: Span, marks: Sequence[Span]) -> Iterator[Piece]:
        while self._waiting and self._waiting[-1].start < max(block.end, block.start + 1):
            self._active.append(self._waiting.pop())
        self._active = [one for one in self._active if one.end > block.start or one.start >= block.start]
        points = (one for one in self._active if one.start == one.end)
        edges = {block.start, block.end, *(m.start for m in marks), *(m.end for m in marks)}
        edges |= {edge for one in self._active for edge in (one.start, one.end) if block.start < edge < block.end}
        pending = sorted(points, key=lambda one: one.start, reverse=True)
        live = sorted((one for one in self._active if one.start < one.end), key=lambda one: one.start, reverse=True)
        covering: list[_Range] = []
        for start, end in pairwise(sorted(edges)):
            while pending and pending[-1].start <= start:
                yield self._piece("", [pending.pop()], mark=False)
            while live and live[-1].start <= start:
                covering.append(live.pop())
            covering = [one for one in covering if one.end > start]
            mark = any(m.start <= start and end <= m.end for m in marks)
            yield self._piece(self._text[start:end], covering, mark=mark)
        while pending:
            yield self._piece("", [pending.pop()], mark=False)

    def _piece(self, text: str, covering: Iterable[_Range], *, mark: bool) -> Piece:
        found = sorted(covering, key=lambda one: one.order)
        claims = [one for one in found if one.claim]
        without = next((one for one in found if not one.claim), None)
        opens = [one for one in claims if one.order not in self._begun]
        is_first = without is not None and without.order not in self._begun
        self._begun.update(one.order for one in found)
        return Piece(
            text=text,
            claims=tuple(one.claim for one in claims),
            opens=tuple(one.claim for one in opens),
            aside=without.aside if without else "",
            failed=without.failed if without else "",
            sentence=without.sentence if without and is_first else "",
            mark=mark,
        )


def _stretches(document: Document) -> Iterator[tuple[BlockKind, Span]]:
    """The blocks of the document, and as blocks of their own what lies between them; never one over another."""
    reached = 0
    for block in sorted(document.blocks, key=lambda block: (block.span.start, -block.span.end)):
        start, end = max(block.span.start, reached), min(block.span.end, len(document.text))
        if not document.text[start:end].strip():
            continue
        yield from _between(document.text, reached, start)
        yield block.kind, Span(start=start, end=end)
        reached = end
    yield from _between(document.text, reached, len(document.text))


def _between(text: str, start: int, end: int) -> Iterator[tuple[BlockKind, Span]]:
    for match in _PARAGRAPH.finditer(text, start, end):
        yield "text", Span(start=match.start(), end=match.end())


def _ranges(report: Report, stretches: Sequence[Span]) -> Iterator[_Range]:
    spans = {sentence.id: sentence.span for sentence in report.sentences}
    aside = {one.sentence: words.EXCLUSIONS[one.reason] for one in report.exclusions}
    failed = {name: words.failure_line(failure) for failure in report.failures for name in failure.sentences}
    order = 0
    for outcome in report.outcomes:
        shown = _shown(outcome.claim.span, report.document.text, stretches)
        yield _Range(shown.start, shown.end, order, claim=outcome.claim.id)
        order += 1
    for name in (*aside, *failed):
        span = _shown(spans[name], report.document.text, stretches)
        yield _Range(span.start, span.end, order, sentence=name, aside=aside.get(name, ""), failed=failed.get(name, ""))
        order += 1


def _shown(span: Span, text: str, stretches: Sequence[Span]) -> Span:
    """``span``, or a point in the nearest block where nothing of it would be seen."""
    if span.of(text).strip():
        return span
    block = stretches[max(bisect_right(stretches, span.start, key=lambda one: one.start) - 1, 0)]
    point = min(max(span.start, block.start), max(block.end - 1, block.start))
    return Span(start=point, end=point)


def _page_starts(document: Document, starts: Iterable[int]) -> Iterator[int | None]:
    """For each block the number of the page it begins on, where the block before began on another."""
    firsts = [page.span.start for page in document.pages]
    before = None
    for start in starts:
        index = bisect_right(firsts, start) - 1
        number = document.pages[index].number if index >= 0 else None
        yield number if number != before else None
        before = number


def _marks(document: Document, kind: BlockKind, span: Span) -> list[Span]:
    pattern = _MARKDOWN_MARKS.get(kind)
    if pattern is None or document.media_type != "text/markdown":
        return []
    found = pattern.finditer(span.of(document.text))
    return [Span(start=span.start + m.start(), end=span.start + m.end()) for m in found if m.group()]


def _level(document: Document, kind: BlockKind, span: Span) -> int:
    if kind != "heading" or document.media_type != "text/markdown":
        return 1
    hashes = re.match(r"[ \t]*(#{1,6})[ \t]", span.of(document.text))
    return len(hashes[1]) if hashes else 1
