"""What factcheck review export writes is what eval reads, and the verdict task runs on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.datasets.choosing import Wanted
from eval.datasets.loading import claim_sets
from eval.datasets.reviewed import ReviewedSample
from eval.records import GoldQuote, Reference
from factcheck.models import Label, Report
from factcheck.report.schema import to_json
from factcheck.reviewed_samples import read_reviewed_report, sample_lines
from factcheck.reviews import append_review, report_digest, review_now
from tests.evaluation.engines import measured
from tests.report.samples import rich_report, sample_report, small_report


def exported(folder: Path, report: Report, *decisions: tuple[str, Label, str]) -> Path:
    path = folder / "report.json"
    path.write_text(to_json(report), encoding="utf-8")
    said = {o.claim.id: o.verdict.label if o.verdict else None for o in report.outcomes}
    digest = report_digest(path.read_bytes())
    for minute, (claim, label, reviewer) in enumerate(decisions):
        at = datetime(2026, 11, 22, 9, minute, tzinfo=UTC)
        append_review(path, review_now(digest, claim, said[claim], label, reviewer, at))
    samples = folder / "samples.jsonl"
    samples.write_text("".join(f"{line}\n" for line in sample_lines(read_reviewed_report(path))), encoding="utf-8")
    return samples


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_reviewed_claim_is_a_sample_with_its_passages_quotes_and_provenance(tmp_path: Path) -> None:
    report = small_report()
    path = exported(tmp_path, report, ("s1.1", "contradicted", "Anna"), ("s1.1", "contradicted", "Jörg 👓"))
    (row,) = rows(path)
    found = ReviewedSample.model_validate(row)
    (evidence,) = report.outcomes[0].evidence
    assert found.sample.claim == "Webb's first images came in August 2022."
    assert (found.sample.label, found.sample.language, found.sample.as_of) == (
        "contradicted",
        "en",
        report.provenance.as_of,
    )
    assert found.sample.evidence == (Reference(doc_id="webb.md", title="", text=evidence.passage.text, language="en"),)
    assert found.sample.quotes == (
        GoldQuote(
            doc_id="webb.md",
            quote="Webb's first full-colour images were released on 12 July 2022",
            stance="contradicts",
        ),
    )
    told = found.reviewed
    assert (told.reviewer, told.decision, told.said, told.claim) == ("Jörg 👓", "accept", "contradicted", "s1.1")
    assert [other.reviewer for other in told.others] == ["Anna"]
    assert (told.engine, told.model, told.factcheck) == ("llm", "small-model", "0.1.0")
    assert told.report == report_digest((tmp_path / "report.json").read_bytes())


def test_quotes_that_speak_for_another_label_are_no_gold(tmp_path: Path) -> None:
    (row,) = rows(exported(tmp_path, small_report(), ("s1.1", "supported", "Anna")))
    assert (row["sample"]["label"], row["sample"]["quotes"]) == ("supported", [])
    assert (row["reviewed"]["decision"], row["reviewed"]["said"]) == ("overrule", "contradicted")


def test_a_claim_that_failed_is_a_sample_once_a_person_has_labelled_it(tmp_path: Path) -> None:
    report = sample_report()
    failed = next(outcome.claim.id for outcome in report.outcomes if outcome.failure is not None)
    (row,) = rows(exported(tmp_path, report, (failed, "unverifiable", "Anna")))
    assert ReviewedSample.model_validate(row).reviewed.said is None


def test_claims_whose_reviewers_differ_are_no_samples(tmp_path: Path) -> None:
    path = exported(tmp_path, small_report(), ("s1.1", "supported", "Anna"), ("s1.1", "unverifiable", "Ben"))
    assert rows(path) == []


def test_no_sample_names_the_machine_it_was_made_on(tmp_path: Path) -> None:
    report = small_report()
    found = report.outcomes[0].evidence[0].passage.model_copy(update={"source": "/home/anna/secret/webb.md"})
    evidence = report.outcomes[0].evidence[0].model_copy(update={"passage": found})
    citation = report.outcomes[0].verdict.citations[0]  # type: ignore[union-attr]
    verdict = report.outcomes[0].verdict.model_copy(  # type: ignore[union-attr]
        update={"citations": (citation.model_copy(update={"source": found.source}),)}
    )
    outcome = report.outcomes[0].model_copy(update={"evidence": (evidence,), "verdict": verdict})
    document = report.document.model_copy(update={"source": "/home/anna/secret/article.md"})
    moved = report.model_copy(update={"document": document, "outcomes": (outcome, report.outcomes[1])})
    text = exported(tmp_path, moved, ("s1.1", "contradicted", "Anna")).read_text(encoding="utf-8")
    assert "secret" not in text
    assert json.loads(text)["sample"]["quotes"][0]["doc_id"] == "webb.md"


def test_the_verdict_task_runs_on_what_was_exported(tmp_path: Path) -> None:
    report = rich_report()
    labels: tuple[Label, ...] = ("supported", "contradicted", "unverifiable")
    decisions = [(outcome.claim.id, labels[n % 3], "Anna") for n, outcome in enumerate(report.outcomes)]
    wanted = Wanted(exported(tmp_path, report, *decisions))
    (data,) = claim_sets(wanted)
    assert (data.info.name, data.info.scheme, data.info.samples) == ("reviewed", "three", len(report.outcomes))
    result = measured("verdict", wanted)
    assert [sample.gold for sample in result.samples] == [label for _, label, _ in decisions]
    assert [sample.input for sample in result.samples] == [outcome.claim.text for outcome in report.outcomes]
