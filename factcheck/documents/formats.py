"""Which format a file is in: its first bytes decide, then its name."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from factcheck.documents.parsed import Refused

TEXT: Final = "text/plain"
MARKDOWN: Final = "text/markdown"
HTML: Final = "text/html"
PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT: Final = "application/vnd.oasis.opendocument.text"
MAIL: Final = "message/rfc822"

SUFFIXES: Final = {
    ".txt": TEXT,
    ".text": TEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".pdf": PDF,
    ".docx": DOCX,
    ".odt": ODT,
    ".eml": MAIL,
}
READABLE: Final = "txt, md, html, pdf, docx, odt and eml can be read"

_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])",
    re.I | re.S,
)
_MAIL_START = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t]+[^\n]*\n)*){2,}\r?\n")
_MAIL_HEADER = re.compile(rb"^(from|date|message-id|received|return-path|mime-version):", re.I | re.M)
_MARKDOWN_START = re.compile(rb"(?:---\r?\n(?:[^\n]*\n)*?---\r?\n|#{1,3} \S)")
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
_KNOWN_BINARIES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
)


def suffix_type(source: str) -> str | None:
    """The media type that the name's ending stands for, or None."""
    return SUFFIXES.get(PurePath(source).suffix.lower())


def detect(data: bytes, *, source: str) -> str:
    """The media type of a file's bytes, named ``source``.

    Raises Refused: ``binary``, ``encrypted``, ``unsupported``.
    """
    head = data[:4096]
    named = suffix_type(source)
    for magic, what in _KNOWN_BINARIES:
        if head.startswith(magic):
            raise Refused("binary", f"this is {what}; {READABLE}")
    if b"%PDF-" in head[:1024] and named in (None, PDF):
        return PDF
    if head.startswith(b"%PDF-"):
        return PDF
    if head.startswith(_OLD_OFFICE):
        return _ole(data)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return named if named in (DOCX, ODT) else _zip_kind(data)
    if named is not None:
        return named
    return _text_kind(head)


def _ole(data: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused("encrypted", "the file is protected by a password; save it without one")
    raise Refused("unsupported", "this is an old Office file; save it as docx or pdf")


def _zip_kind(data: bytes) -> str:
    if b"application/vnd.oasis.opendocument.text" in data[:200]:
        return ODT
    if b"word/document.xml" in data:
        return DOCX
    raise Refused("unsupported", f"this is a zip archive, not a document; {READABLE}")


def _text_kind(head: bytes) -> str:
    if _HTML_START.match(head.removeprefix(b"\xef\xbb\xbf")):
        return HTML
    if (start := _MAIL_START.match(head)) and len(_MAIL_HEADER.findall(start[0])) >= 2:
        return MAIL
    return MARKDOWN if _MARKDOWN_START.match(head) else TEXT
