"""Plain text and Markdown: the text is canonical as it stands, only its blocks have to be found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from factcheck.documents.encoding import decode
from factcheck.documents.parsed import Kind, Parsed, covered, has_words, trimmed
from factcheck.models import Block

if TYPE_CHECKING:
    from markdown_it.token import Token

_BULLET = re.compile(r"[ \t]*(?:[-*+•◦▪‣–—·]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\))[ \t]+\S")
_ENDS_SENTENCE = re.compile(r"[.!?…:][\"'“”»«’)\]]*$")
_RUNS_ON = re.compile(r"(?:[,;–—-]|\b[a-zäöüßéèà]{1,3})$")
_OPENING = "\"'„“‚‘«»([*_"
_TITLE_LENGTH = 150
_HEADING_LENGTH = 90
_USUAL_WRAP = 72
_LONGEST_WRAP = 160  # lines longer than any hard wrap: each is a paragraph of its own

_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*\n((?:(?!\1[ \t]*$).*\n)*)\1[ \t]*(?:\n|$)", re.M)
_FIELD = re.compile(r"^([A-Za-z_-]+)[ \t]*[:=][ \t]*(.+)$", re.M)
_TAG = re.compile(r"<!--(?:(?!-->).)*(?:-->|$)|<[^>]*>", re.S)
_MOST_MARKDOWN = 3_000_000  # characters; longer Markdown is read as plain paragraphs


@dataclass(frozen=True)
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def parse_text(data: bytes) -> Parsed:
    """Plain text: paragraphs, list items, headings and quoted lines as blocks, a short first line as the title.

    Raises Refused: ``binary``.
    """
    decoded = decode(data)
    return text_of(decoded.text).model_copy(update={"encoding": decoded.encoding, "warnings": decoded.warnings})


def text_of(text: str) -> Parsed:
    """The blocks and title of plain text that is already clean."""
    blocks = tuple(_text_blocks(text))
    if not blocks:
        return Parsed(text=text)
    first = blocks[0].span.of(text)
    titled = len(blocks) > 1 and _is_title(first)
    if titled:
        blocks = (Block(kind="heading", span=blocks[0].span), *blocks[1:])
    return Parsed(text=text, title=first if titled else "", blocks=covered(text, blocks))


def parted(text: str) -> Iterator[str]:
    """A paragraph of several lines as its units: one, unless a line break in it was meant."""
    for lines in _paragraphs(text):
        for unit in _units(lines, usual=_USUAL_WRAP):
            yield text[unit[0].start : unit[-1].end].strip()


def _is_title(line: str) -> bool:
    if "\n" in line or len(line) > _TITLE_LENGTH or not has_words(line):
        return False
    return (
        not _ENDS_SENTENCE.search(line) or " | " in line or re.search(r"\d[./]\d{1,2}[./]\d{2,4}\.$", line) is not None
    )


def _text_blocks(text: str) -> Iterator[Block]:
    paragraphs = list(_paragraphs(text))
    usual = _usual_width(paragraphs)
    for index, lines in enumerate(paragraphs):
        is_last = index == len(paragraphs) - 1
        for unit in _units(lines, usual=usual):
            span = trimmed(text, unit[0].start, unit[-1].end)
            if has_words(span.of(text)):
                yield Block(kind=_text_kind(unit, alone=len(unit) == len(lines) and not is_last), span=span)


def _paragraphs(text: str) -> Iterator[list[_Line]]:
    paragraph: list[_Line] = []
    offset = 0
    for line in text.split("\n"):
        if line.strip():
            paragraph.append(_Line(offset, line))
        elif paragraph:
            yield paragraph
            paragraph = []
        offset += len(line) + 1
    if paragraph:
        yield paragraph


def _usual_width(paragraphs: Sequence[Sequence[_Line]]) -> int:
    """How long the lines of the text get, but for a few: where it was wrapped, if it was."""
    lengths = sorted(len(line.text.rstrip()) for lines in paragraphs for line in lines)
    return min(lengths[len(lengths) * 9 // 10], _LONGEST_WRAP + 1) if lengths else 0


def _units(lines: Sequence[_Line], *, usual: int) -> Iterator[list[_Line]]:
    """A paragraph's lines, parted where a line break was meant: at list items and after lines that had room left.

    Two lines do not show where they were wrapped; there the ``usual`` width counts.
    """
    own = max(len(line.text.rstrip()) for line in lines)
    width = own if len(lines) > 2 else max(own, usual)
    unit = [lines[0]]
    for previous, line in pairwise(lines):
        listed = _BULLET.match(unit[0].text) is not None and _BULLET.match(line.text) is not None
        if listed or _is_meant(previous.text.rstrip(), line.text, width=width):
            yield unit
            unit = []
        unit.append(line)
    yield unit


def _is_meant(line: str, following: str, *, width: int) -> bool:
    if width > _LONGEST_WRAP:
        return True
    if _is_quoted(line) or _is_quoted(following):
        return _is_quoted(line) != _is_quoted(following)
    word = following.split(maxsplit=1)[0]
    had_room = len(line) + 1 + len(word) <= width
    ends = _ENDS_SENTENCE.search(line) is not None
    complete = ends or (had_room and _RUNS_ON.search(line) is None)
    if _BULLET.match(following):
        return complete
    return had_room and complete and not word.lstrip(_OPENING)[:1].islower()


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _text_kind(unit: Sequence[_Line], *, alone: bool) -> Kind:
    if all(_is_quoted(line.text) for line in unit):
        return "quote"
    first = unit[0].text.strip()
    if _BULLET.match(first):
        return "list"
    if alone and len(unit) == 1 and len(first) <= _HEADING_LENGTH and not re.search(r"[.!?…:;,\"“”»]$", first):
        return "heading"
    return "text"


def parse_markdown(data: bytes) -> Parsed:
    """Markdown as it is written: headings, list items, tables, quotes, code and front matter as blocks.

    Raises Refused: ``binary``.
    """
    decoded = decode(data)
    text = decoded.text
    front = _FRONT_MATTER.match(text)
    fields = {name.lower(): value.strip().strip("\"'") for name, value in _FIELD.findall(front[2])} if front else {}
    if len(text) > _MOST_MARKDOWN:
        blocks, heading = tuple(_text_blocks(text)), ""
    else:
        blocks, heading = _markdown_blocks(text, body=front.end() if front else 0)
    if front:
        blocks = (Block(kind="metadata", span=trimmed(text, 0, front.end())), *blocks)
    return Parsed(
        text=text,
        title=fields.get("title") or heading,
        published=_iso_date(fields.get("date") or fields.get("published") or ""),
        language=fields.get("lang") or fields.get("language"),
        encoding=decoded.encoding,
        blocks=covered(text, blocks),
        warnings=decoded.warnings,
    )


def _iso_date(value: str) -> date | None:
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def _markdown_blocks(text: str, *, body: int) -> tuple[tuple[Block, ...], str]:
    """The blocks below the front matter, and the words of the first heading."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    links: dict[str, Any] = {}
    tokens = parser.parse("\n" * text.count("\n", 0, body) + text[body:], links)
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    last_line = len(starts) - 1
    blocks = [
        Block(kind="metadata", span=trimmed(text, starts[first], starts[min(last, last_line)]))
        for first, last in _definitions(links)
    ]
    heading = ""
    for kind, (first, last), content in _leaves(tokens):
        span = trimmed(text, starts[first], starts[min(last, last_line)])
        is_hidden = span.of(text).startswith("<") and not has_words(_TAG.sub(" ", span.of(text)))
        blocks.append(Block(kind="metadata" if is_hidden else kind, span=span))
        heading = heading or content
    return tuple(blocks), _spoken(heading)


def _definitions(links: dict[str, Any]) -> Iterator[list[int]]:
    """The lines that only say where links lead: first and the one after the last. A footnote is none of them."""
    for definition in (*links.get("references", {}).values(), *links.get("duplicate_refs", ())):
        yield definition["map"]


def _leaves(tokens: Sequence[Token]) -> Iterator[tuple[Kind, list[int], str]]:
    """The tokens that are blocks: kind, first line and the one after the last, and what a heading says."""
    within: list[str] = []
    for token, following in pairwise([*tokens, None]):
        assert token is not None
        if token.type in ("blockquote_open", "list_item_open"):
            within.append(token.type)
        elif token.type in ("blockquote_close", "list_item_close"):
            within.pop()
        kind = _markdown_kind(token.type, within)
        if kind == "heading" and following is not None and following.map is not None:
            yield kind, following.map, following.content
        elif kind is not None and token.map is not None:
            yield kind, token.map, ""


def _spoken(heading: str) -> str:
    """A heading without its marks: ``The *real* [title](x)`` says The real title."""
    from markdown_it import MarkdownIt

    inline = MarkdownIt("commonmark").parseInline(heading[:_TITLE_LENGTH])
    return "".join(child.content for token in inline for child in token.children or ()).strip()


def _markdown_kind(token: str, within: Sequence[str]) -> Kind | None:
    if token == "paragraph_open":
        return "quote" if "blockquote_open" in within else "list" if within else "text"
    kinds: dict[str, Kind] = {
        "heading_open": "heading",
        "fence": "code",
        "code_block": "code",
        "html_block": "text",
        "table_open": "table",
    }
    return kinds.get(token)
