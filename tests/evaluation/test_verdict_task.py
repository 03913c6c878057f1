"""verdict, contrast and end-to-end: the product's own pipeline, on claims and evidence handed in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.engines import Engine, engine
from eval.records import DatasetInfo, Reference, Sample, SampleResult
from eval.tasks import task_named
from eval.tasks.given import evidence_of, outcomes_on_gold
from factcheck.errors import ConfigError, ModelError
from factcheck.models import Claim, Evidence, Outcome, RejectedQuote
from factcheck.protocols import Judgement, Quote
from factcheck.retrieve.passages import TARGET
from factcheck.settings import load
from tests.evaluation.folders import write_own_like, write_rows

BRIDGE = "The bridge over the Aldheim is 312 metres long."


def sample(number: int, claim: str, *evidence: str, language: str = "en", **more: object) -> Sample:
    references = tuple(Reference(doc_id=f"d{n}", title="Bridge", text=text) for n, text in enumerate(evidence))
    found = Sample(
        id=f"x/{number}",
        dataset="x",
        about=f"a{number}",
        claim=claim,
        language=language,
        label="supported",
        evidence=references,
    )
    return found.model_copy(update=more)


@dataclass
class Scripted:
    """A judge that gives the answers it was told, by claim, and keeps what it was asked."""

    answers: dict[str, list[Judgement | Exception]]
    asked: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        texts = tuple(found.passage.text for found in evidence)
        self.asked.append((claim.text, texts, tuple(quote.quote for quote in rejected)))
        answer = self.answers[claim.text].pop(0)
        if isinstance(answer, Exception):
            raise answer
        named = tuple(replace(quote, passage=evidence[0].passage.id) for quote in answer.quotes)
        return replace(answer, quotes=named)


def says(label: str, *quotes: str) -> Judgement:
    if label == "unverifiable":
        return Judgement("unverifiable", "insufficient", "No.")
    stance = "supports" if label == "supported" else "contradicts"
    return Judgement(label, None, "Yes.", tuple(Quote("", quote, stance) for quote in quotes))  # type: ignore[arg-type]


def outcomes(samples: Sequence[Sample], judge: Scripted) -> tuple[Outcome, ...]:
    async def run() -> tuple[Outcome, ...]:
        async with engine(load(engine="local")) as plain:
            return await outcomes_on_gold(samples, replace(plain, judge=judge), lambda stage, done, total: None)

    return asyncio.run(run())


def results(task: str, data: Dataset, judge: Scripted | None = None) -> tuple[SampleResult, ...]:
    async def run() -> tuple[SampleResult, ...]:
        async with engine(load(engine="local")) as plain:
            used: Engine = replace(plain, judge=judge) if judge else plain
            return await task_named(task).run(data, used, lambda stage, done, total: None)  # type: ignore[arg-type]

    return asyncio.run(run())


def dataset(*samples: Sample) -> Dataset:
    return Dataset(DatasetInfo(name="x", tier="user", scheme="three", digest="0", samples=len(samples)), samples)


def test_each_claim_is_judged_on_its_own_evidence_and_comes_back_in_order() -> None:
    samples = [
        sample(1, "Second claim.", "Second text."),
        sample(2, "Erste Aussage.", "Erster Text.", language="de"),
        sample(3, "First claim.", "First text."),
    ]
    judge = Scripted({s.claim: [says("unverifiable")] for s in samples})
    found = outcomes(samples, judge)
    assert [outcome.claim.text for outcome in found] == [s.claim for s in samples]
    assert {(claim, texts) for claim, texts, _ in judge.asked} == {(s.claim, (s.evidence[0].text,)) for s in samples}


def test_a_quote_that_is_not_in_the_evidence_is_asked_for_again_and_then_no_label_stands() -> None:
    judge = Scripted(
        {BRIDGE: [says("supported", "It is 312 yards long, they say."), says("supported", "Nor this one.")]}
    )
    (outcome,) = outcomes([sample(1, BRIDGE, BRIDGE)], judge)
    assert [rejected for _, _, rejected in judge.asked] == [(), ("It is 312 yards long, they say.",)]
    assert outcome.verdict is not None
    assert (outcome.verdict.label, outcome.verdict.reason) == ("unverifiable", "quote_not_found")


def test_a_failure_is_listed_with_its_sample_and_has_no_label() -> None:
    judge = Scripted({BRIDGE: [ModelError("timeout", "no answer")], "Other.": [says("supported", BRIDGE)]})
    failed, fine = results("verdict", dataset(sample(1, BRIDGE, BRIDGE), sample(2, "Other.", BRIDGE)), judge)
    assert failed.failure is not None
    assert (failed.id, failed.failure.code, failed.label, failed.scores) == ("x/1", "timeout", None, {})
    assert (fine.id, fine.label, fine.failure) == ("x/2", "supported", None)


def test_what_was_said_can_be_read_in_the_result() -> None:
    (result,) = results(
        "verdict", dataset(sample(1, "Other.", BRIDGE)), Scripted({"Other.": [says("supported", BRIDGE)]})
    )
    assert result == SampleResult(
        id="x/1",
        dataset="x",
        about="a1",
        language="en",
        input="Other.",
        gold="supported",
        label="supported",
        said=f"Yes. “{BRIDGE}” (Bridge)",
    )


def test_long_evidence_is_cut_as_the_store_cuts_it_and_all_of_it_is_given() -> None:
    sentences = [f"The bridge number {n} over the Aldheim is {n} metres long and made of stone." for n in range(60)]
    found = evidence_of([Reference(doc_id="d", text=" ".join(sentences))])
    assert len(found) > 5
    assert all(len(item.passage.text) <= 1.5 * TARGET for item in found)
    assert all(any(sentence in item.passage.text for item in found) for sentence in sentences)


def test_two_texts_of_one_document_are_two_sources_and_an_empty_text_is_none() -> None:
    given = [Reference(doc_id="d", text=text) for text in ("One thing is said here.", " ", "Another is said here.")]
    assert [(e.passage.source, e.passage.text) for e in evidence_of(given)] == [
        ("d", "One thing is said here."),
        ("d#3", "Another is said here."),
    ]


def test_a_claim_without_evidence_is_unverifiable_for_want_of_passages() -> None:
    (result,) = results("verdict", dataset(sample(1, BRIDGE)))
    assert (result.label, result.reason) == ("unverifiable", "no_passage_retrieved")


def test_end_to_end_finds_the_evidence_among_all_documents(tmp_path: Path) -> None:
    folder = write_own_like(tmp_path / "mine")
    (data,) = task_named("end-to-end").load(Wanted(folder))
    stripped = replace(data, samples=tuple(s.model_copy(update={"evidence": ()}) for s in data.samples))
    assert [result.label for result in results("end-to-end", stripped)] == [s.label for s in data.samples]


def test_contrast_takes_the_triples_alone_and_whole(tmp_path: Path) -> None:
    folder = write_own_like(tmp_path / "mine")
    (data,) = task_named("contrast").load(Wanted(folder, limit=5))
    assert [(s.kind, s.label) for s in data.samples] == [
        ("date", label) for label in ("supported", "contradicted", "unverifiable")
    ]
    assert data.info.samples == 3


def test_contrast_without_cases_says_how_to_make_some(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "s.jsonl", [sample(1, BRIDGE, BRIDGE).model_dump(mode="json")])
    with pytest.raises(ConfigError, match="eval make-contrast"):
        task_named("contrast").load(Wanted(path))
