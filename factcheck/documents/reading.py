"""Reading a document: from a file, from bytes or from a string to a Document whose offsets stay true."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from factcheck.documents import formats
from factcheck.documents.dates import dateline
from factcheck.documents.files import STDIN, checked_name, read_file, read_stdin, within
from factcheck.documents.furniture import marked
from factcheck.documents.language import detect_language
from factcheck.documents.parsed import Parsed, ReadLimits, Refused, clean, has_words
from factcheck.documents.plain import parse_text, text_of
from factcheck.documents.sandbox import parse
from factcheck.documents.worker import too_many_characters
from factcheck.errors import ReadError
from factcheck.models import Document

DEFAULT_LIMITS = ReadLimits()
_SMALL_TEXT = 1_000_000  # bytes; larger text is taken apart under the same limits as any other format


def read_document(source: str | Path, *, limits: ReadLimits = DEFAULT_LIMITS) -> Document:
    """The document in a txt, md, html, pdf, docx, odt or eml file, or on stdin for ``-``.

    The same file always gives the same text, so offsets into it can be kept. Safe to call from many threads.
    Raises ReadError, whose ``code`` says what was wrong.
    """
    name = checked_name(source)
    if name == STDIN:
        return _read(read_stdin(most=limits.file_bytes), source=name, media_type=None, limits=limits)
    return _read(read_file(Path(source), most=limits.file_bytes), source=name, media_type=None, limits=limits)


def read_bytes(
    data: bytes, *, source: str = STDIN, media_type: str | None = None, limits: ReadLimits = DEFAULT_LIMITS
) -> Document:
    """As ``read_document``, for bytes at hand; without ``media_type`` they are sniffed. Raises ReadError.

    Of a ``media_type`` such as ``text/html; charset=utf-8`` only the type counts.
    """
    if media_type is not None:
        media_type = media_type.partition(";")[0].strip().lower()
        if media_type not in formats.SUFFIXES.values():
            raise ReadError(source, "unsupported", f"is of a type factcheck does not read; {formats.READABLE}")
    return _read(
        within(data, source=source, most=limits.file_bytes), source=source, media_type=media_type, limits=limits
    )


def document_from_text(text: str, *, source: str = "text", title: str = "", published: date | None = None) -> Document:
    """A document of plain text that is not in a file. Raises ReadError: ``empty``, ``too_large``."""
    if not text.strip():
        raise ReadError(source, "empty", "holds nothing to read")
    if len(text) > DEFAULT_LIMITS.characters:
        raise ReadError(source, "too_large", too_many_characters(len(text)))
    parsed = text_of(clean(text))
    given = {"title": title or parsed.title, "published": published}
    return _document(parsed.model_copy(update=given), source=source, media_type=formats.TEXT)


def _read(data: bytes, *, source: str, media_type: str | None, limits: ReadLimits) -> Document:
    try:
        media_type = media_type or formats.detect(data, source=source)
        is_small_text = media_type == formats.TEXT and len(data) <= _SMALL_TEXT
        parsed = parse_text(data) if is_small_text else parse(data, media_type, limits)
        if len(parsed.text) > limits.characters:
            raise Refused("too_large", too_many_characters(len(parsed.text)))
        if not has_words(parsed.text):
            raise Refused("no_text", "holds no words to read")
    except Refused as refusal:
        raise ReadError(source, refusal.code, refusal.message) from refusal
    return _document(parsed, source=source, media_type=media_type)


def _document(parsed: Parsed, *, source: str, media_type: str) -> Document:
    text = parsed.text
    language = detect_language(_prose(parsed), declared=parsed.language)
    return Document(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        source=source,
        title=parsed.title,
        language=language,
        published=parsed.published or dateline(text, parsed.blocks, language=language),
        media_type=media_type,
        encoding=parsed.encoding,
        text=text,
        pages=parsed.pages,
        blocks=marked(text, parsed.blocks),
        warnings=parsed.warnings,
    )


def _prose(parsed: Parsed) -> str:
    """The start of what is written in sentences: code and front matter would pass for English."""
    found: list[str] = []
    length = 0
    for block in parsed.blocks:
        if block.kind not in ("code", "metadata") and length < 20_000:
            found.append(block.span.of(parsed.text))
            length += len(found[-1])
    return "\n".join(found) or parsed.text
