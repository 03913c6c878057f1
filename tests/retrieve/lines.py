"""References for the store's tests: text files, each line a passage, so that a test sees what it puts in."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from factcheck.errors import ReadError
from factcheck.models import Document, Passage, Span
from factcheck.retrieve.store import Reading


def read(path: Path) -> Document:
    """A text file; one that starts with BROKEN cannot be read."""
    text = path.read_text(encoding="utf-8")
    if text.startswith("BROKEN"):
        raise ReadError(str(path), "broken", "broken on purpose")
    return Document(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        source=str(path),
        title=path.stem,
        language="de" if "ü" in text else "en",
        published=None,
        media_type="text/plain",
        encoding="utf-8",
        text=text,
    )


def cut(document: Document) -> list[Passage]:
    return [
        Passage(
            id=f"{document.id}-{line.start()}",
            source=document.source,
            title=document.title,
            language=document.language,
            published=None,
            text=line[0],
            span=Span(start=line.start(), end=line.end()),
        )
        for line in re.finditer(r".+", document.text)
    ]


def listing(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


LINES = Reading(list_documents=listing, read_document=read, passages_of=cut, chunking="lines-1")


def write(folder: Path, **texts: str) -> Path:
    """``name="text"`` becomes ``folder/name.txt``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder
