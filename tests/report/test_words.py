"""Every code a report can hold has words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factcheck.models import (
    ExclusionReason,
    FailureCode,
    Label,
    Provenance,
    RejectedQuote,
    Stage,
    StageUsage,
    UnverifiableReason,
    Usage,
    WarningCode,
)
from factcheck.report import words
from tests.report.samples import sample_report


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (words.SIGNS, (*get_args(Label), "failed")),
        (words.REASONS, get_args(UnverifiableReason)),
        (words.EXCLUSIONS, get_args(ExclusionReason)),
        (words.STAGES, get_args(Stage)),
        (words.FAILURES, get_args(FailureCode)),
        (words.WARNINGS, get_args(WarningCode)),
        (words.REJECTIONS, get_args(RejectedQuote.model_fields["reason"].annotation)),
        (words.AS_OF_SOURCES, get_args(Provenance.model_fields["as_of_source"].annotation)),
    ],
)
def test_every_code_has_words_of_its_own(table: dict[str, Any], codes: tuple[str, ...]) -> None:
    assert set(table) == set(codes)
    assert len({str(value) for value in table.values()}) == len(codes)


def test_sums_are_those_of_the_report() -> None:
    report = sample_report()
    assert words.claims_sum(report) == "25 claims = 1 contradicted + 1 supported + 7 unverifiable + 16 failed"
    assert words.sentences_sum(report) == "33 sentences = 25 with claims + 6 excluded + 2 failed"


def test_a_source_beneath_the_working_directory_is_shown_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words.source_name(str(tmp_path / "refs" / "webb.md")) == str(Path("refs") / "webb.md")
    assert words.source_name(str(tmp_path.parent / "webb.md")) == str(tmp_path.parent / "webb.md")
    assert words.source_name(f"{tmp_path}-other/webb.md") == f"{tmp_path}-other/webb.md"
    assert words.source_name("webb.md") == "webb.md"
    assert words.source_name("http://localhost:8000/corpus") == "http://localhost:8000/corpus"
    assert words.source_name("-") == "standard input"


@pytest.mark.parametrize(
    ("usage", "line"),
    [
        (Usage(seconds=0.04, cost_usd=0.0), "0.0 s, no model call, cost $0.00"),
        (
            Usage(stages={"judge": StageUsage(calls=1, input_tokens=1200, output_tokens=30)}, seconds=2, cost_usd=None),
            "2.0 s, 1 model call, 1,200 tokens in, 30 out, cost unknown",
        ),
        (
            Usage(stages={"judge": StageUsage(calls=2)}, seconds=2, cost_usd=None),
            "2.0 s, 2 model calls, tokens unknown, cost unknown",
        ),
        (
            Usage(stages={"judge": StageUsage(cached=3)}, seconds=0.5, cost_usd=0.0),
            "0.5 s, no model call, 3 answers from the cache, cost $0.00",
        ),
        (
            Usage(stages={"judge": StageUsage(calls=1, input_tokens=5, output_tokens=1)}, cost_usd=0.00042),
            "0.0 s, 1 model call, 5 tokens in, 1 out, cost $0.0004",
        ),
        (Usage(cost_usd=0.00002), "0.0 s, no model call, cost under $0.0001"),
    ],
)
def test_work_is_told_without_inventing_what_nobody_counted(usage: Usage, line: str) -> None:
    assert words.work_line(usage) == line


def test_a_claim_is_placed_by_line_counted_from_one() -> None:
    report = sample_report()
    finder = words.Finder(report)
    lines = report.document.text.split("\n")
    for outcome in report.outcomes:
        number = int(finder.place(outcome.claim).removeprefix("line "))
        assert lines[number - 1] == finder.sentences(outcome.claim.sentences)


def test_a_claim_from_a_paged_document_is_placed_by_page() -> None:
    report = sample_report()
    claim = report.outcomes[1].claim
    pages = (
        {"number": 1, "span": {"start": 0, "end": claim.span.start}},
        {"number": 2, "span": {"start": claim.span.start, "end": len(report.document.text)}},
    )
    data = report.model_dump()
    data["document"] |= {"pages": pages, "media_type": "application/pdf"}
    paged = type(report).model_validate(data)
    assert words.Finder(paged).place(report.outcomes[0].claim) == "page 1"
    assert words.Finder(paged).place(claim) == "page 2"


def test_a_claim_from_a_page_without_lines_or_pages_has_no_place() -> None:
    data = sample_report().model_dump()
    data["document"]["media_type"] = "text/html"
    report = type(sample_report()).model_validate(data)
    assert words.Finder(report).place(report.outcomes[0].claim) == ""


@pytest.mark.parametrize(
    ("about", "length", "expected"),
    [
        ("India became the third country", 60, "… India became the fourth country. It was August. …"),
        ("A title", 30, "A title One lander. …"),
        ("Nothing in common", 18, "A title …"),
        ("the rover weighed 26 kilograms", 200, "… The rover weighed 26 kilograms."),
        ("the fourth country", 12, "… India became …"),
    ],
)
def test_an_excerpt_shows_the_sentences_nearest_to_the_claim(about: str, length: int, expected: str) -> None:
    text = "A title\n\nOne lander. India became\nthe fourth country. It was August. The rover weighed 26 kilograms."
    assert words.excerpt(text, about=about, length=length) == expected


@given(st.text(), st.text(), st.integers(min_value=1, max_value=50))
def test_an_excerpt_is_short_and_of_the_text(text: str, about: str, length: int) -> None:
    shown = words.excerpt(text, about=about, length=length)
    assert len(shown) <= length + len("… ") + len(" …")


def test_an_excerpt_is_not_cut_inside_a_date() -> None:
    text = "Ein Titel\n\nAm 15. April 2023 gingen sie vom Netz. Es war 2023. Dann kam nichts."
    assert words.excerpt(text, about="vom Netz gingen sie", length=40) == "… Am 15. April 2023 gingen sie vom Netz. …"
    assert words.excerpt(text, about="danach kam nichts", length=40) == "… Dann kam nichts."
