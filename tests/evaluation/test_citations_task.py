"""citations: recall and precision against gold words, and every quote looked up once more in its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.datasets.choosing import Wanted
from eval.records import GoldQuote, Sample, Score
from eval.tasks import task_named
from eval.tasks.citations import scored
from factcheck.errors import ConfigError
from factcheck.models import Citation, Claim, Evidence, Failure, Outcome, Passage, Span, Stance, Verdict
from tests.evaluation.engines import measured
from tests.evaluation.folders import row, write_own_like, write_rows

TEXT = "The bridge is 312 metres long. It opened in 1932. Its colour is green."
LENGTH, OPENED, COLOUR = (f"{part}." for part in TEXT.rstrip(".").split(". "))
CLAIM = Claim(id="s1.1", text="c", span=Span(start=0, end=1), sentences=("s1",), checkworthiness="high")
PASSAGE = Passage(
    id="p",
    source="/refs/bridge.txt",
    title="",
    language="en",
    published=None,
    text=TEXT,
    span=Span(start=0, end=len(TEXT)),
)


def cites(*quotes: tuple[str, Stance], label: str = "supported") -> Outcome:
    citations = tuple(
        Citation(
            passage="p",
            source="/refs/bridge.txt",
            title="",
            page=None,
            span=Span(start=TEXT.index(quote), end=TEXT.index(quote) + len(quote)),
            quote=quote,
            stance=stance,
        )
        for quote, stance in quotes
    )
    reason = "insufficient" if label == "unverifiable" else None
    verdict = Verdict.model_validate(
        {"label": label, "reason": reason, "rationale": "", "citations": [c.model_dump() for c in citations]}
    )
    return Outcome(claim=CLAIM, evidence=(Evidence(passage=PASSAGE, score=1, ranks={}),), verdict=verdict)


def scores(outcome: Outcome, *gold: tuple[str, Stance], text: str | None = TEXT) -> dict[str, Score]:
    sample = Sample(
        id="1",
        dataset="x",
        about="a",
        claim="c",
        language="en",
        label="supported" if gold else "unverifiable",
        quotes=tuple(GoldQuote(doc_id="bridge.txt", quote=quote, stance=stance) for quote, stance in gold),
    )
    return scored(sample, outcome, lambda source: text, lambda source: source.rpartition("/")[2]).scores


def test_one_citation_of_two_is_to_the_point() -> None:
    assert scores(cites((LENGTH, "supports"), (COLOUR, "supports")), (LENGTH, "supports")) == {
        "cited": Score(hits=1),
        "citation_recall": Score(hits=1),
        "citation_precision": Score(hits=1, of=2),
        "verbatim": Score(hits=2, of=2),
    }


def test_other_words_of_the_same_document_are_not_the_gold() -> None:
    found = scores(cites((COLOUR, "supports")), (LENGTH, "supports"))
    assert (found["citation_recall"], found["citation_precision"]) == (Score(hits=0), Score(hits=0))


def test_the_right_words_for_the_wrong_side_do_not_count() -> None:
    assert scores(cites((LENGTH, "supports")), (LENGTH, "contradicts"))["citation_precision"] == Score(hits=0)


@pytest.mark.parametrize(("quote", "hits"), [("312 metres long. It", 1), ("long. It opened in 1932", 0)])
def test_a_quote_meets_the_gold_with_half_of_the_shorter(quote: str, hits: int) -> None:
    assert scores(cites((quote, "supports")), (LENGTH, "supports"))["citation_recall"] == Score(hits=hits)


def test_a_citation_for_what_nothing_settles_costs_precision_and_has_no_recall() -> None:
    found = scores(cites((LENGTH, "supports")))
    assert "citation_recall" not in found
    assert found["citation_precision"] == Score(hits=0)


def test_a_source_that_says_something_else_by_now_is_not_verbatim() -> None:
    found = scores(cites((LENGTH, "supports")), (LENGTH, "supports"), text=TEXT.replace("312", "213"))
    assert found["verbatim"] == Score(hits=0)
    assert scores(cites((LENGTH, "supports")), (LENGTH, "supports"), text=None)["verbatim"] == Score(hits=0)


def test_an_answer_that_cites_nothing_has_no_score_and_a_failure_none_either() -> None:
    assert scores(cites(label="unverifiable"), (LENGTH, "supports")) == {}
    failed = Outcome(claim=CLAIM, failure=Failure(stage="judge", code="timeout", message=""))
    assert scores(failed, (LENGTH, "supports")) == {}


def test_on_real_documents_every_quote_of_the_product_is_verbatim(tmp_path: Path) -> None:
    result = measured("citations", Wanted(write_own_like(tmp_path / "mine")))
    scored_ones = [sample for sample in result.samples if sample.scores]
    assert len(scored_ones) == 4
    assert all(
        sample.scores
        == {name: Score(hits=1) for name in ("cited", "citation_recall", "citation_precision", "verbatim")}
        for sample in scored_ones
    )


def test_without_documents_to_search_in_the_gold_evidence_is_cited(tmp_path: Path) -> None:
    evidence = [{"doc_id": "d", "title": "Bridge", "text": f"Unrelated line here.\n{LENGTH}"}]
    marked = row(1, "supported", claim=LENGTH, evidence=evidence, meta={"supporting_lines": [[1]]})
    write_rows(tmp_path / "mine" / "a.jsonl", [marked])
    (sample,) = measured("citations", Wanted(tmp_path / "mine")).samples
    assert sample.scores["citation_recall"] == Score(hits=1)
    assert sample.scores["verbatim"] == Score(hits=1)


def test_a_set_without_gold_words_cannot_be_measured(tmp_path: Path) -> None:
    write_rows(tmp_path / "mine" / "a.jsonl", [row(1, "supported")])
    with pytest.raises(ConfigError, match="which words decide"):
        task_named("citations").load(Wanted(tmp_path / "mine"))
