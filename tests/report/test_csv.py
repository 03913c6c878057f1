"""A report as CSV holds every claim and every lost sentence, and nothing in a cell is ever a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factcheck.models import Report
from factcheck.report.spreadsheet import COLUMNS, Delimiter, harmless, to_csv
from factcheck.reviews import Standing
from tests.report.samples import empty_report, reviewed, rich_report, sample_report, small_report

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    "  =1",
    '"=1',
    "'=1",
    "“=1",
    "»-1",
    "\xa0=1",
    "\u3000=1",
    "\xad=1",
    "＝1",
    "＋1",
    "－1",
    "＠SUM",
    "﹦1",
    ' "\'=HYPERLINK("http://example.org")',
]


def rows(text: str, delimiter: Delimiter = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


def by_claim(report: Report, standing: dict[str, Standing]) -> dict[str, dict[str, str]]:
    return {row["claim id"]: row for row in rows(to_csv(report, standing))}


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_could_be_a_formula_begins_with_an_apostrophe(formula: str) -> None:
    assert harmless(formula).startswith("'")
    assert harmless(f"The sum {formula}") == harmless(f"The sum {formula}").removeprefix("'")


def test_characters_nobody_sees_are_spelled_out_and_so_no_formula_follows_them() -> None:
    assert [harmless(text) for text in ("\r=1", "\u200b=1", "\ufeff=1")] == ["\\x0d=1", "\\u200b=1", "\\ufeff=1"]


@given(st.text(alphabet="=+-@＝－ \t\r\n\"'“a1\xa0\u200b\xad") | st.text())
def test_no_cell_begins_with_an_operator_however_it_is_trimmed(text: str) -> None:
    shown = harmless(text)
    if shown.startswith("'") and shown != text:
        return
    bare = shown.lstrip("\"'`´‘’‚‛“”„‟‹›«»″′＂＇ \n\xa0\u3000")
    assert unicodedata.normalize("NFKC", bare)[:1] not in ("=", "+", "-", "@")


def test_no_text_of_a_document_becomes_a_formula() -> None:
    hostile = rows(to_csv(sample_report(lambda text: f"=cmd|{text}")))
    cells = [cell for row in hostile for cell in row.values()]
    assert sum(cell.startswith("'=cmd|") for cell in cells) > 60
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


@pytest.mark.parametrize("make", [sample_report, rich_report, small_report, empty_report])
def test_every_claim_and_every_sentence_that_was_lost_has_a_row(make: Callable[[], Report]) -> None:
    report = make()
    lost = [name for failure in report.failures for name in failure.sentences]
    found = rows(to_csv(report))
    assert [row["claim id"] for row in found] == [o.claim.id for o in report.outcomes] + [""] * len(lost)
    assert [row["label"] for row in found[len(report.outcomes) :]] == ["failed"] * len(lost)
    assert sum(row["label"] == "failed" for row in found) == report.totals.failed + report.totals.sentences_failed


def test_a_claim_is_told_with_all_there_is_to_know() -> None:
    first, second = rows(to_csv(small_report()))
    assert first == {
        "document": "article.md",
        "claim id": "s1.1",
        "claim": "Webb's first images came in August 2022.",
        "words in the document": "Its first images came in August 2022, at last.",
        "place": "line 1",
        "label": "contradicted",
        "reason": "",
        "engine label": "contradicted",
        "reviewed by": "",
        "comment": "",
        "confidence": "",
        "rationale": "The reference gives July 2022.",
        "stances": "contradicts",
        "quotes": "Webb's first full-colour images were released on 12 July 2022",
        "sources": "references/webb.md",
        "pages": "",
        "characters": "608–669",
        "rejected quotes": "Webb's images came in July. (not_in_passages)\nin July (too_short)",
        "warnings": "date_differs: claim: August 2022; quote: 12 July 2022",
        "failure": "",
    }
    assert (second["label"], second["pages"]) == ("supported", "2")


def test_reviewed_labels_win_and_say_who_decided() -> None:
    report = rich_report()
    found = by_claim(report, reviewed(report))
    told = [(row["label"], row["engine label"], row["reviewed by"]) for row in found.values() if row["reviewed by"]]
    assert told == [
        ("supported", "supported", "Anna <anna@example.org>: supported"),
        ("supported", "contradicted", "Anna <anna@example.org>: supported"),
        ("unverifiable", "unverifiable", "Anna <anna@example.org>: unverifiable\nJörg 👓: supported"),
        ("supported", "failed", "Jörg 👓: supported"),
    ]
    assert [row["comment"] for row in found.values() if row["comment"]] == [
        "Anna <anna@example.org>, 2026-11-23: The agency's page says <otherwise>.",
        "Jörg 👓, 2026-11-23: Check the number of segments again.",
        "Jörg 👓, 2026-11-23: The atlas on my desk says so.",
    ]


def test_several_quotes_stand_line_by_line_beside_their_sources() -> None:
    for row in rows(to_csv(rich_report())):
        counts = {row[name].count("\n") for name in ("stances", "quotes", "sources", "pages", "characters")}
        assert len(counts) == 1, row


def test_excel_reads_it_as_utf8_and_breaks_in_a_cell_stay_in_their_cell() -> None:
    text = to_csv(sample_report(lambda said: f'{said}, "twice"; \nand\x00 again'))
    assert text.startswith("\ufeffdocument,claim id,")
    assert text.endswith("\r\n")
    assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {len(COLUMNS)}
    assert '"twice"; \nand\\x00 again' in rows(text)[0]["claim"]


def test_a_semicolon_divides_the_cells_where_asked() -> None:
    report = rich_report()
    assert rows(to_csv(report, delimiter=";"), ";") == rows(to_csv(report))
    assert to_csv(report, delimiter=";").startswith("\ufeffdocument;claim id;")
