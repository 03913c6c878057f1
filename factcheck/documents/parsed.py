"""What a parser hands on: text with its blocks and pages, before it becomes a Document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from factcheck.errors import ReadCode
from factcheck.models import Block, Notice, Page, Record, Span, Text

Kind = Literal["heading", "text", "list", "table", "quote", "code", "metadata", "furniture"]

_WORD = re.compile(r"[^\W_]")
_BREAK = re.compile(r"\r\n?")
_UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class ReadLimits:
    """How much one document may cost: bytes of the file, characters of its text, and what its parser may use."""

    file_bytes: int = 50_000_000
    characters: int = 20_000_000
    cpu_seconds: int = 60
    wall_seconds: int = 240  # for a parser that waits rather than works, and where CPU time cannot be limited
    memory_bytes: int = 1 << 30


class Parsed(Record):
    """The canonical text of a document and what its format says about it."""

    text: str
    title: Text = ""
    published: date | None = None
    language: Text | None = None  # as declared by the document; often wrong, so only a hint
    encoding: str | None = None
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    warnings: tuple[Notice, ...] = ()


class Refused(Exception):
    """A parser's no, not yet tied to the source: becomes a ReadError of the same code and message."""

    def __init__(self, code: ReadCode, message: str) -> None:
        super().__init__(message)
        self.code: ReadCode = code
        self.message = message


def clean(text: str) -> str:
    r"""The text with every newline as ``\n``, and NUL and lone surrogates as U+FFFD."""
    return _UNSPEAKABLE.sub("\ufffd", _BREAK.sub("\n", text))


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return _WORD.search(text) is not None


def compose(pieces: Iterable[tuple[Kind, str]]) -> tuple[str, tuple[Block, ...]]:
    """The pieces as one text, a blank line between them, and the block of each; pieces without content are left out."""
    parts: list[str] = []
    blocks: list[Block] = []
    offset = 0
    for kind, raw in pieces:
        piece = clean(raw).strip()
        if not piece:
            continue
        if parts:
            parts.append("\n\n")
            offset += 2
        parts.append(piece)
        blocks.append(Block(kind=kind, span=Span(start=offset, end=offset + len(piece))))
        offset += len(piece)
    return "".join(parts), tuple(blocks)


def covered(text: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks in order, and a ``text`` block for every stretch of words between them: no word is outside."""
    return tuple(_filled(text, sorted(blocks, key=lambda block: (block.span.start, -block.span.end))))


def _filled(text: str, blocks: Sequence[Block]) -> Iterator[Block]:
    reached = 0
    for block in blocks:
        start = max(block.span.start, reached)
        if start >= block.span.end:
            continue
        yield from _gap(text, reached, start)
        yield block if start == block.span.start else Block(kind=block.kind, span=Span(start=start, end=block.span.end))
        reached = block.span.end
    yield from _gap(text, reached, len(text))


def _gap(text: str, start: int, end: int) -> Iterator[Block]:
    if has_words(text[start:end]):
        yield Block(kind="text", span=trimmed(text, start, end))


def trimmed(text: str, start: int, end: int) -> Span:
    """The span without the white space at its ends."""
    stretch = text[start:end]
    left = start + len(stretch) - len(stretch.lstrip())
    return Span(start=left, end=max(left, start + len(stretch.rstrip())))
