"""Links that lead to the place in a source: by page in a PDF, by its words where a browser shows text."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

_PDF = frozenset({".pdf"})
_SHOWN_AS_TEXT = frozenset({"", ".html", ".htm", ".xhtml", ".txt", ".md", ".markdown"})
_URL_MARKS = "%/:?#[]@!$&'()*+,;=~"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NEVER_IN_URLS = re.compile(r"[\x00-\x20\x7f\\]")
_SEVERAL_WORDS = 10  # longer quotes are found by their first and last words
_EDGE_WORDS = 5


def source_link(source: str, *, words: str = "", page: int | None = None, folder: Path | None = None) -> str | None:
    """Where a reader finds ``source``, at these words or on this page; None for what cannot be linked (stdin).

    ``http`` and ``https`` addresses stay what they are; everything else is a file, linked relative to ``folder``
    (where the page will lie; the working directory by default). So no other scheme can ever come out.
    """
    if _ADDRESS.match(source):
        return _address(source, words=words, page=page)
    if source == "-" or not source.strip():
        return None
    return _file_link(source, folder=folder or Path.cwd()) + _fragment(source, words=words, page=page)


def _address(source: str, *, words: str, page: int | None) -> str | None:
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or _NEVER_IN_URLS.search(source):
        return None
    fragment = _fragment(parts.path, words=words, page=page)
    address = percent_encoded(source, safe=_URL_MARKS)
    if "#" in address:  # directives follow the fragment that is there, a page is a fragment of its own
        return address + fragment.removeprefix("#") if fragment.startswith("#:~:") else address
    return address + fragment


def _file_link(source: str, *, folder: Path) -> str:
    path = os.path.abspath(source)
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # another drive
        return Path(path).as_uri()
    return percent_encoded(relative.replace(os.sep, "/"), safe="/")


def _fragment(path: str, *, words: str, page: int | None) -> str:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in _PDF:
        return "" if page is None else f"#page={page}"
    if suffix not in _SHOWN_AS_TEXT or not words.strip():
        return ""
    return f"#:~:text={_directive(words.strip())}"


def _directive(words: str) -> str:
    """A text directive for ``words``: all of them, or of long ones the first and the last."""
    lines = words.split("\n")
    if len(lines) == 1 and len(words.split()) <= _SEVERAL_WORDS:
        return _encoded(words)
    first, last = lines[0].split()[:_EDGE_WORDS], lines[-1].split()[-_EDGE_WORDS:]
    return f"{_encoded(' '.join(first))},{_encoded(' '.join(last))}"


def _encoded(words: str) -> str:
    return percent_encoded(words, safe="").replace("-", "%2D")
