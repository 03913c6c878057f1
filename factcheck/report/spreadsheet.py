"""A report as CSV for a spreadsheet: text in a cell is never run as a formula.

UTF-8 with a byte order mark, without which Excel reads umlauts as rubbish; rows end in CRLF (RFC 4180).
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Literal

from factcheck.models import Failure, Outcome, Report, Sentence
from factcheck.report import words
from factcheck.reviews import Standing
from factcheck.text import printable

Delimiter = Literal[",", ";"]

COLUMNS = (
    "document",
    "claim id",
    "claim",
    "words in the document",
    "place",
    "label",
    "reason",
    "engine label",
    "reviewed by",
    "comment",
    "confidence",
    "rationale",
    "stances",
    "quotes",
    "sources",
    "pages",
    "characters",
    "rejected quotes",
    "warnings",
    "failure",
)

_MARKS = frozenset("\"'`´‘’‚‛“”„‟‹›«»″′＂＇")
_UNSEEN = frozenset({"Cf", "Mn"})  # Unicode categories
_OPERATORS = frozenset("=+-@")

Row = dict[str, str]


def to_csv(report: Report, standing: Mapping[str, Standing] = {}, *, delimiter: Delimiter = ",") -> str:
    """One row for each claim, then one for each sentence that could not be split into claims.

    A comma divides the cells unless ``delimiter`` says otherwise: it is what RFC 4180 says and what databases, pandas
    and most spreadsheets expect; a German Excel opens files with a semicolon at a double click. Where a claim has
    several quotes, stances, quotes, sources, pages and characters hold one line for each, in the same order.

    A cell that could be taken for a formula begins with an apostrophe. Control and bidirectional characters are spelled
    out, as in ``\\x1b``; line breaks stay.
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(report, standing):
        writer.writerow({column: harmless(text) for column, text in row.items()})
    return "\ufeff" + file.getvalue()


def harmless(text: str) -> str:
    """``text`` as a cell no spreadsheet takes for a formula, even once white space and quotation marks are gone."""
    shown = printable(text, newlines=True)
    start = next((char for char in shown if not _may_be_dropped(char)), " ")
    return f"'{shown}" if unicodedata.normalize("NFKC", start)[0] in _OPERATORS else shown


def _may_be_dropped(char: str) -> bool:
    """Whether a spreadsheet, or whoever pastes from one, may lose ``char`` at the start of a cell."""
    return char.isspace() or char in _MARKS or unicodedata.category(char) in _UNSEEN


def _rows(report: Report, standing: Mapping[str, Standing]) -> Iterator[Row]:
    finder = words.Finder(report)
    document = words.source_name(report.document.source)
    for outcome in report.outcomes:
        yield {"document": document, **_claim(outcome, finder, standing), **_verdict(outcome)}
    sentences = {sentence.id: sentence for sentence in report.sentences}
    for failure in report.failures:
        for name in failure.sentences:
            yield {"document": document, **_unsplit(failure, sentences[name], finder)}


def _claim(outcome: Outcome, finder: words.Finder, standing: Mapping[str, Standing]) -> Row:
    claim, reviewed = outcome.claim, standing.get(outcome.claim.id)
    return {
        "claim id": claim.id,
        "claim": claim.text,
        "words in the document": finder.sentences(claim.sentences),
        "place": finder.place(claim),
        "label": words.ending(outcome, standing),
        "engine label": words.ending(outcome),
        "reviewed by": "\n".join(f"{one.reviewer}: {one.label}" for one in reviewed.decisions) if reviewed else "",
        "comment": "\n".join(words.comment_line(one) for one in reviewed.comments) if reviewed else "",
        "rejected quotes": "\n".join(f"{words.flat(one.quote)} ({one.reason})" for one in outcome.rejected),
        "failure": words.failure_line(outcome.failure) if outcome.failure is not None else "",
    }


def _verdict(outcome: Outcome) -> Row:
    verdict = outcome.verdict
    if verdict is None:
        return {}
    citations = verdict.citations
    return {
        "reason": verdict.reason or "",
        "confidence": "" if verdict.confidence is None else f"{verdict.confidence:.3f}",
        "rationale": verdict.rationale,
        "stances": "\n".join(citation.stance for citation in citations),
        "quotes": "\n".join(words.flat(citation.quote) for citation in citations),
        "sources": "\n".join(words.source_name(citation.source) for citation in citations),
        "pages": "\n".join("" if citation.page is None else str(citation.page) for citation in citations),
        "characters": "\n".join(f"{citation.span.start}–{citation.span.end}" for citation in citations),
        "warnings": "\n".join(f"{notice.code}: {notice.message}" for notice in verdict.warnings),
    }


def _unsplit(failure: Failure, sentence: Sentence, finder: words.Finder) -> Row:
    return {
        "words in the document": finder.sentences([sentence.id]),
        "label": "failed",
        "engine label": "failed",
        "failure": words.failure_line(failure),
    }
