"""The text of a reference as factcheck reads it, with the words that a claim's verdict cites marked.

Only files that the report itself was made against are shown: the file's bytes must have the sha256 that the report
states for it. Whatever else a report calls a source stays closed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from factcheck.documents import ReadLimits, read_bytes
from factcheck.documents.files import read_file
from factcheck.errors import ReadError
from factcheck.models import Document, Outcome, Report, Span
from factcheck.review.problems import Problem, Refused

_CHANGED: Final = (
    "Its verdicts were made from another state of the file, so its words may no longer stand there."
    " Check the document again to have them compared with the file as it is now."
)


@dataclass(frozen=True)
class Stretch:
    """Text of a source; ``place`` numbers the citation whose words these are; ``is_first`` begins it."""

    text: str
    place: int | None
    is_first: bool = False


@dataclass(frozen=True)
class SourcePart:
    """A page of a source, or all of one that has no pages."""

    page: int | None
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class SourceText:
    name: str
    title: str
    language: str
    parts: tuple[SourcePart, ...]


def places(outcome: Outcome) -> list[tuple[str, Span]]:
    """Where a reader of this claim may want to look: each citation, then each passage that was retrieved."""
    cited = [(c.source, c.span) for c in outcome.verdict.citations] if outcome.verdict is not None else []
    wider = outcome.search.wider if outcome.search is not None else ()
    return cited + [(e.passage.source, e.passage.span) for e in (*outcome.evidence, *wider)]


def source_text(report: Report, outcome: Outcome, number: int) -> SourceText:
    """The source of the claim's place of this number, its words marked. Raises Refused, saying what is in the way."""
    found = places(outcome)
    if not 0 <= number < len(found):
        raise Refused(Problem(404, "No such place", "The report does not name a source of this number for the claim."))
    source, _ = found[number]
    document = _document(report, source)
    marked = [
        (span, place)
        for place, (other, span) in enumerate(found)
        if other == source and span.end <= len(document.text) and (place == number or _is_cited(outcome, place))
    ]
    return SourceText(
        name=source,
        title=document.title,
        language=document.language,
        parts=tuple(_parts(document, marked)),
    )


def _is_cited(outcome: Outcome, number: int) -> bool:
    return outcome.verdict is not None and number < len(outcome.verdict.citations)


def _document(report: Report, source: str) -> Document:
    expected = {sha for name, sha in report.provenance.store.files.items() if _names(source, name)}
    if "://" in source or not expected:
        raise Refused(
            Problem(404, "This source cannot be shown", f"{source} is not among the files the report was made against.")
        )
    try:
        data = read_file(Path(source), most=ReadLimits().file_bytes)
        if hashlib.sha256(data).hexdigest() not in expected:
            raise Refused(Problem(404, "The file was changed", f"{source} is not as it was. {_CHANGED}"))
        return _as_read(data, source)
    except ReadError as error:
        advice = (
            "Was it moved? Paths are looked up from the folder in which factcheck review was started."
            if error.code == "missing"
            else "Open the file itself instead."
        )
        raise Refused(Problem(404, "The file cannot be read", f"{error}. {advice}")) from error


def _names(source: str, name: str) -> bool:
    """Whether a source is the file the report calls ``name``, relative to the folder of references."""
    path = source.replace("\\", "/")
    return path == name or path.endswith(f"/{name}")


@lru_cache(maxsize=4)
def _as_read(data: bytes, source: str) -> Document:
    return read_bytes(data, source=source)


def _parts(document: Document, marked: list[tuple[Span, int]]) -> list[SourcePart]:
    whole = Span(start=0, end=len(document.text))
    pages: list[tuple[int | None, Span]] = [(page.number, page.span) for page in document.pages] or [(None, whole)]
    begun: set[int] = set()
    return [SourcePart(number, tuple(_stretches(document.text, span, marked, begun))) for number, span in pages]


def _stretches(text: str, page: Span, marked: list[tuple[Span, int]], begun: set[int]) -> list[Stretch]:
    edges = {page.start, page.end}
    edges |= {edge for span, _ in marked for edge in (span.start, span.end) if page.start < edge < page.end}
    found: list[Stretch] = []
    for start, end in pairwise(sorted(edges)):
        place = next((n for span, n in marked if span.start <= start and end <= span.end), None)
        found.append(Stretch(text[start:end], place, place is not None and place not in begun))
        if place is not None:
            begun.add(place)
    return found
