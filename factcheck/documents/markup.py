"""Trees of marked-up text (HTML, what trafilatura and mammoth make of a file, OpenDocument) to pieces of plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from lxml import etree

from factcheck.documents.parsed import Kind
from factcheck.documents.plain import parted

Role = Literal["block", "heading", "item", "quote", "pre", "table", "row", "cell", "break", "space", "note", "skip"]

_BLOCK: Role = "block"
HTML_ROLES: Final[Mapping[str, Role]] = {
    **dict.fromkeys(["h1", "h2", "h3", "h4", "h5", "h6"], "heading"),
    **dict.fromkeys(
        [
            "p",
            "div",
            "section",
            "article",
            "main",
            "header",
            "footer",
            "figure",
            "ul",
            "ol",
            "dl",
            "form",
            "fieldset",
            "center",
            "address",
        ],
        _BLOCK,
    ),
    **dict.fromkeys(["body", "details", "summary", "figcaption", "caption", "hr", "option", "legend"], _BLOCK),
    **dict.fromkeys(["li", "dt", "dd"], "item"),
    **dict.fromkeys(
        [
            "script",
            "style",
            "template",
            "noscript",
            "svg",
            "math",
            "head",
            "title",
            "iframe",
            "object",
            "select",
            "button",
        ],
        "skip",
    ),
    "blockquote": "quote",
    "pre": "pre",
    "table": "table",
    "tr": "row",
    "td": "cell",
    "th": "cell",
    "br": "break",
}
ARTICLE_ROLES: Final[Mapping[str, Role]] = {
    "head": "heading",
    "p": "block",
    "list": "block",
    "item": "item",
    "quote": "quote",
    "code": "pre",
    "table": "table",
    "row": "row",
    "cell": "cell",
    "lb": "break",
    "graphic": "skip",
}
OPENDOCUMENT_ROLES: Final[Mapping[str, Role]] = {
    "h": "heading",
    "p": "block",
    "list-item": "item",
    "list-header": "item",
    "table": "table",
    "table-row": "row",
    "table-cell": "cell",
    "line-break": "break",
    "s": "space",
    "tab": "space",
    "note": "note",
    **dict.fromkeys(["tracked-changes", "annotation", "annotation-end", "table-of-content", "note-citation"], "skip"),
    **dict.fromkeys(["covered-table-cell", "sequence-decls", "forms"], "skip"),
}

_SPACES = re.compile(r"[ \t\n\r\f\v]+")
_KINDS: Final[Mapping[Role, Kind]] = {
    "heading": "heading",
    "item": "list",
    "quote": "quote",
    "pre": "code",
    "table": "table",
}


def pieces(root: Any, roles: Mapping[str, Role]) -> list[tuple[Kind, str]]:
    """The tree's text as pieces in reading order, each with its kind; notes come at the end, as list items."""
    return list(_Walk(roles).over(root))


class _Walk:
    """One pass over a tree, without recursion: a document may nest as deeply as it likes."""

    def __init__(self, roles: Mapping[str, Role]) -> None:
        self._roles = roles
        self._buffer: list[str] = []
        self._outside: list[list[str]] = []  # the buffers of paragraphs that a note interrupts
        self._notes: list[str] = []
        self._kinds: list[Role] = []
        self._tables: list[bool] = []  # of each open table: whether it holds data

    def over(self, root: Any) -> Iterator[tuple[Kind, str]]:
        walker = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walker:
            if event in ("comment", "pi"):
                self._add(element.tail)
                continue
            role = self._role(element)
            if event == "start":
                if role == "skip":
                    walker.skip_subtree()
                    continue
                yield from self._open(element, role)
                self._add(element.text)
            else:
                if role != "skip":
                    yield from self._close(role)
                if element is not root:
                    self._add(element.tail)
        yield from self._flush()
        yield from (("list", note) for note in self._notes)

    def _role(self, element: Any) -> Role | None:
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        return self._roles.get(name.lower())

    def _open(self, element: Any, role: Role | None) -> Iterator[tuple[Kind, str]]:
        if role == "break":
            self._buffer.append("\n")
        elif role == "space":
            self._buffer.append(" ")
        elif role == "note":
            self._outside.append(self._buffer)
            self._buffer = []
        elif role == "table":
            if not self._in_table:
                yield from self._flush()
            self._tables.append(self._in_table or _holds_data(element, self._roles))
            self._kinds.append("table" if self._in_table else "block")
        elif self._in_table and role == "row":
            self._buffer.append("\n")
        elif self._in_table and role == "cell":
            self._buffer.append(" | " if "".join(self._buffer).rstrip(" ")[-1:] not in ("", "\n") else "")
        elif role is not None:
            if self._inline:
                self._buffer.append(" ")
            else:
                yield from self._flush()
            self._kinds.append(role)

    def _close(self, role: Role | None) -> Iterator[tuple[Kind, str]]:
        if role in (None, "break", "space"):
            return
        if role == "note":
            if note := _SPACES.sub(" ", "".join(self._buffer)).strip():
                self._notes.append(note)
            self._buffer = self._outside.pop()
        elif role == "table":
            if len(self._tables) == 1 or not self._tables[-2]:
                yield from self._flush()
            self._tables.pop()
            self._kinds.pop()
        elif self._in_table and role in ("row", "cell"):
            return
        else:
            if self._inline:
                self._buffer.append(" ")
            else:
                yield from self._flush()
            self._kinds.pop()

    @property
    def _in_table(self) -> bool:
        return bool(self._tables) and self._tables[-1]

    @property
    def _inline(self) -> bool:
        """Inside a data table or a note, paragraphs do not end the piece."""
        return self._in_table or bool(self._outside)

    def _add(self, text: str | None) -> None:
        if text:
            self._buffer.append(text if "pre" in self._kinds else _SPACES.sub(" ", text))

    def _flush(self) -> Iterator[tuple[Kind, str]]:
        raw, self._buffer = "".join(self._buffer), []
        kind: Kind = next((_KINDS[role] for role in reversed(self._kinds) if role in _KINDS), "text")
        if kind == "code":
            yield kind, raw.strip("\n")
            return
        lines = "\n".join(_SPACES.sub(" ", line).strip() for line in raw.split("\n")).strip()
        if kind == "table":
            yield kind, "\n".join(line for line in lines.split("\n") if line.strip("| "))
        elif kind == "heading":
            yield kind, lines.replace("\n", " ")
        elif lines:
            yield from ((kind, part) for part in parted(lines))


def _holds_data(table: Any, roles: Mapping[str, Role]) -> bool:
    """Whether a table is one: pages and mails also lay out their paragraphs in tables, nested or of one column."""
    names = {role: [name for name, its in roles.items() if its == role] for role in ("table", "row", "cell")}
    if any(next(table.iterdescendants("{*}" + name), None) is not None for name in names["table"]):
        return False
    rows = table.iterdescendants(*("{*}" + name for name in names["row"]))
    cells = {"{*}" + name for name in names["cell"]}
    return any(len([None for name in cells for _ in row.iterchildren(name)]) > 1 for row in rows)
