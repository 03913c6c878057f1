"""Prompts are files; this fills them, names their versions, and fences off text that must not instruct the model."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from string import Template


def _folder() -> Path:
    """``_prompts`` inside an installed package, else ``prompts/`` beside it in the source tree."""
    package = Path(__file__).parent
    shipped = package / "_prompts"
    return shipped if shipped.is_dir() else package.parent / "prompts"


@cache
def _read(name: str) -> str:
    return (_folder() / f"{name}.md").read_text(encoding="utf-8").strip()


def fill(name: str, **slots: str) -> str:
    """The prompt ``prompts/<name>.md`` with every ``$slot`` filled; KeyError if one is missing."""
    return Template(_read(name)).substitute(slots)


def digest(name: str) -> str:
    """The version of a prompt: the sha256 of its text."""
    return hashlib.sha256(_read(name).encode()).hexdigest()


def tag_for(*texts: str) -> str:
    """A tag that none of ``texts`` can contain on purpose: 16 hex digits of the sha256 over all of them.

    A text would have to hold a part of its own hash to close its fence. Unlike a random tag, the same call gets the
    same tag, so that replies can be cached and reports made again.
    """
    salt = 0
    while True:
        hashed = hashlib.sha256(repr((salt, texts)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if not any(hashed in text for text in texts):
            return hashed
        salt += 1


def fence(kind: str, tag: str, text: str, name: str = "") -> str:
    """``text`` as data: ``<kind-tag name> … </kind-tag>``; ``kind`` and ``name`` are ours, never the document's."""
    head = f"{kind}-{tag} {name}".rstrip()
    return f"<{head}>\n{text}\n</{kind}-{tag}>"


def digests() -> dict[str, str]:
    """Every prompt's name and version."""
    return {name: digest(name) for name in sorted(path.stem for path in _folder().glob("*.*.md"))}
