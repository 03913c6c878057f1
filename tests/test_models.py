"""The records refuse what the promises forbid: a label without a quote, a quote that is not there, totals that lie."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from factcheck.documents import document_from_text
from factcheck.models import (
    Citation,
    Claim,
    Document,
    Evidence,
    Exclusion,
    Failure,
    Outcome,
    Passage,
    Provenance,
    Report,
    Sentence,
    Span,
    StoreFingerprint,
    Totals,
    Usage,
    Verdict,
    account,
)

REFERENCE = "Its main span measures 503 metres."
PASSAGE = Passage(
    id="p1",
    source="/refs/bridge.pdf",
    title="Bridge",
    language="en",
    published=None,
    text=REFERENCE,
    span=Span(start=100, end=100 + len(REFERENCE)),
)
EVIDENCE = Evidence(passage=PASSAGE, score=1.0, ranks={"lexical": 1})


def _citation(quote: str = "span measures 503 metres", start: int = 109, **changed: Any) -> Citation:
    fields: dict[str, Any] = {
        "passage": "p1",
        "source": "/refs/bridge.pdf",
        "title": "Bridge",
        "page": None,
        "span": Span(start=start, end=start + len(quote)),
        "quote": quote,
        "stance": "supports",
    }
    return Citation(**{**fields, **changed})


def _outcome(*citations: Citation, label: str = "supported") -> Outcome:
    claim = Claim(id="s1.1", text="x", span=Span(start=0, end=1), sentences=("s1",), checkworthiness="high")
    verdict = Verdict(label=label, reason=None, rationale="", citations=citations)
    return Outcome(claim=claim, evidence=(EVIDENCE,), verdict=verdict)


def test_a_quote_that_stands_in_a_retrieved_passage_makes_a_verdict() -> None:
    assert _outcome(_citation()).verdict is not None


def test_no_citation_no_label() -> None:
    with pytest.raises(ValidationError, match="needs citations that say so"):
        Verdict(label="supported", reason=None, rationale="")


@pytest.mark.parametrize(
    ("label", "stances"),
    [("supported", ["contradicts"]), ("contradicted", ["supports"]), ("supported", ["supports", "contradicts"])],
)
def test_a_label_with_citations_that_say_otherwise_is_refused(label: str, stances: list[str]) -> None:
    with pytest.raises(ValidationError, match="needs citations that say so"):
        _outcome(*(_citation(stance=stance) for stance in stances), label=label)


def test_unverifiable_always_has_a_reason() -> None:
    with pytest.raises(ValidationError, match="carries a reason"):
        Verdict(label="unverifiable", reason=None, rationale="")


@pytest.mark.parametrize(
    "citation",
    [
        _citation(quote="span measures 504 metres"),
        _citation(start=110),
        _citation(start=9),
        _citation(passage="p2"),
        _citation(source="/refs/other.pdf"),
    ],
    ids=["other words", "shifted", "outside the passage", "passage not retrieved", "other source"],
)
def test_a_citation_that_is_not_in_a_retrieved_passage_is_refused(citation: Citation) -> None:
    with pytest.raises(ValidationError, match="cites"):
        _outcome(citation)


def test_a_claim_has_a_verdict_or_a_failure_and_never_both() -> None:
    outcome = _outcome(_citation())
    with pytest.raises(ValidationError, match="exactly one"):
        Outcome(claim=outcome.claim)
    with pytest.raises(ValidationError, match="exactly one"):
        Outcome(
            claim=outcome.claim,
            evidence=outcome.evidence,
            verdict=outcome.verdict,
            failure=Failure(stage="judge", code="timeout", message=""),
        )


DOCUMENT = document_from_text("A claim. An opinion. A riddle.")
SENTENCES = tuple(
    Sentence(id=f"s{n}", span=Span(start=s, end=e)) for n, (s, e) in enumerate([(0, 8), (9, 20), (21, 30)], start=1)
)
EXCLUDED = Exclusion(sentence="s2", reason="opinion")
FAILED = Failure(stage="split", code="timeout", message="no answer", sentences=("s3",))


def _report(**changed: Any) -> Report:
    fields: dict[str, Any] = {
        "document": DOCUMENT,
        "sentences": SENTENCES,
        "outcomes": (_outcome(_citation()),),
        "exclusions": (EXCLUDED,),
        "failures": (FAILED,),
        "warnings": (),
        "usage": Usage(),
        "provenance": Provenance(
            factcheck="0",
            engine="local",
            engine_reason="",
            model=None,
            parameters={},
            prompts={},
            store=StoreFingerprint(location="", digest="", embedder="", chunking="", passages=1, files={}),
            settings={},
            as_of=None,
            as_of_source="unknown",
            document_sha256="",
            created=datetime(2026, 11, 22, tzinfo=UTC),
        ),
    } | changed
    fields.setdefault(
        "totals", account(fields["sentences"], fields["outcomes"], fields["exclusions"], fields["failures"])
    )
    return Report(**fields)


def test_totals_add_up() -> None:
    assert _report().totals == Totals(
        sentences=3,
        sentences_with_claims=1,
        sentences_excluded=1,
        sentences_failed=1,
        claims=1,
        supported=1,
        contradicted=0,
        unverifiable=0,
        failed=0,
    )


def test_a_report_read_back_is_the_same_report() -> None:
    report = _report()
    assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"exclusions": ()}, "without an end"),
        ({"exclusions": (EXCLUDED, EXCLUDED)}, "more than one end"),
        ({"exclusions": (EXCLUDED, Exclusion(sentence="s1", reason="opinion"))}, "more than one end"),
        ({"exclusions": (EXCLUDED, Exclusion(sentence="s9", reason="opinion"))}, "do not exist"),
        ({"outcomes": (_outcome(_citation()), _outcome(_citation()))}, "claim ids given twice"),
    ],
)
def test_a_report_in_which_something_vanished_or_was_invented_is_refused(
    changed: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        _report(**changed)


def test_a_report_whose_stated_totals_lie_is_refused() -> None:
    lie = _report().totals.model_copy(update={"supported": 2})
    with pytest.raises(ValidationError, match="totals do not add up"):
        _report(totals=lie)


def test_lone_surrogates_become_replacement_characters_and_offsets_stay() -> None:
    document = Document.model_validate({**DOCUMENT.model_dump(), "text": "a\ud800b"})
    assert document.text == "a\ufffdb"
    assert document.model_dump_json()
