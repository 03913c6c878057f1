"""What changed between two runs, told in lines: for a terminal, and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from factcheck.report.diff import Change, Difference, DocumentDiff, Told
from factcheck.report.markdown import code, escaped
from factcheck.report.words import FAILURES, REASONS, SIGNS, counted, flat

_SAME_RUN = "nothing recorded differs in how the reports were made"


@dataclass(frozen=True)
class Line:
    """A line of text from here, there and the document; ``style`` is rich's, and only ever added to words."""

    indent: int
    text: str
    style: str = ""


def lines_of(difference: Difference) -> Iterator[Line]:
    """The comparison as lines, the changes for the worse first in each document; an empty line between documents."""
    yield Line(0, f"{difference.old} → {difference.new}", "dim")
    for sentence in _summary(difference):
        yield Line(0, sentence, "bold" if difference.changed else "")
    for line in _made(difference):
        yield Line(0, line, "dim")
    for document in _telling(difference):
        yield Line(0, "")
        yield Line(0, _head(document), "bold")
        for change in _ordered(document):
            yield from _lines(change)


def to_markdown(difference: Difference) -> str:
    """The comparison as Markdown; words of documents, file names and messages are never anything but text."""
    blocks = ["# What changed", f"{code(difference.old)} → {code(difference.new)}"]
    blocks += [escaped(sentence) for sentence in _summary(difference)]
    if made := list(_made(difference)):
        blocks.append("\n".join(f"- {escaped(line)}" for line in made))
    for document in _telling(difference):
        blocks.append(f"## {escaped(_head(document))}")
        blocks += [block for change in _ordered(document) for block in _blocks(change)]
    return "\n\n".join(blocks) + "\n"


def _summary(difference: Difference) -> Iterator[str]:
    documents = difference.documents
    compared = [document for document in documents if (document.old, document.new) == ("report", "report")]
    others = Counter(_state(document) for document in documents if document not in compared)
    told = [f"{counted(len(compared), 'document')} compared", *(f"{count} {state}" for state, count in others.items())]
    yield f"{', '.join(told)}."
    claims = [document.claims for document in compared]
    changed = sum(tally.changed for tally in claims)
    worse = sum(change.worse and change.kind == "verdict" for document in compared for change in document.changes)
    yield (
        f"{counted(sum(tally.new for tally in claims), 'claim')}:"
        f" {sum(tally.matched for tally in claims) - changed} with the verdict they had,"
        f" {changed} with another ({worse} for the worse), {sum(tally.appeared for tally in claims)} new;"
        f" {sum(tally.vanished for tally in claims)} gone."
    )


def _made(difference: Difference) -> Iterator[str]:
    """What differs in how the reports were made, with the number of documents where not all share it."""
    compared = [document for document in difference.documents if (document.old, document.new) == ("report", "report")]
    found = Counter(cause.message for document in compared for cause in document.made)
    if compared and not found:
        yield f"{_SAME_RUN}."
    for message, count in found.items():
        where = "" if count == len(compared) else f" (in {count} of {counted(len(compared), 'document')})"
        yield f"differs: {message}{where}"


def _telling(difference: Difference) -> list[DocumentDiff]:
    return [document for document in difference.documents if document.changed or document.changes]


def _state(document: DocumentDiff) -> str:
    if document.old == "absent":
        return "added" if document.new == "report" else "added and not checked"
    if document.new == "absent":
        return "removed"
    if document.new == "error":
        return "no longer checked" if document.old == "report" else "checked in neither"
    return "checked now and not before"


def _head(document: DocumentDiff) -> str:
    if (document.old, document.new) == ("report", "report"):
        return document.document
    claims = counted(max(document.claims.old, document.claims.new), "claim")
    trouble = f": {document.trouble}" if document.trouble else ""
    return f"{document.document}: {_state(document)} ({claims}){trouble}"


def _ordered(document: DocumentDiff) -> list[Change]:
    order = {"verdict": 0, "appeared": 1, "vanished": 2, "reason": 3}
    return sorted(document.changes, key=lambda change: (not change.worse, order[change.kind]))


def _became(change: Change) -> str:
    if change.old is None:
        return f"new: {_end(change.new)}"
    if change.new is None:
        return f"gone: {_end(change.old)}"
    return f"{_end(change.old)} → {_end(change.new)}"


def _end(told: Told | None) -> str:
    return f"{SIGNS[told.ending].symbol} {told.ending}" if told is not None else ""


def _detail(told: Told | None) -> str:
    known: dict[str, str] = dict([*REASONS.items(), *FAILURES.items()])
    return "" if told is None or told.detail is None else known[told.detail]


def _said(change: Change) -> Iterator[tuple[str, str]]:
    """Each line under the head of a change: what kind of line, and its words."""
    told = change.new or change.old
    assert told is not None
    yield "claim", told.text
    if change.old is not None and change.new is not None:
        if change.old.text != change.new.text:
            yield "before", change.old.text
        if change.old.sentence != change.new.sentence:
            yield "in the text", change.new.sentence
            yield "in the text before", change.old.sentence
    for side, one in (("before", change.old), ("now", change.new)):
        if detail := _detail(one):
            yield side, detail
        if one is not None and one.cited:
            yield side, f"cites {', '.join(one.cited)}"
    for cause in change.why:
        yield "why", cause.message


def _lines(change: Change) -> Iterator[Line]:
    told = change.new or change.old
    assert told is not None
    worse = ", for the worse" if change.worse and change.kind == "verdict" else ""
    yield Line(0, f"{_became(change)}  {told.id}{worse}", SIGNS[told.ending].style if change.new else "dim")
    for kind, text in _said(change):
        yield Line(2, flat(text) if kind == "claim" else f"{kind}: {flat(text)}", "bold" if kind == "claim" else "")


def _blocks(change: Change) -> Iterator[str]:
    told = change.new or change.old
    assert told is not None
    worse = ", for the worse" if change.worse and change.kind == "verdict" else ""
    yield f"### {_became(change)} · {escaped(told.id)}{worse}"
    said = list(_said(change))
    yield "\n".join(f"**{escaped(text)}**" for kind, text in said if kind == "claim")
    if rest := [f"- {kind}: {escaped(text)}" for kind, text in said if kind != "claim"]:
        yield "\n".join(rest)
