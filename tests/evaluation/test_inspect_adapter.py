"""Inspect runs the verdict task with the product's own answers; a failed claim is its sample's error, never a score."""
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from eval.records import Gold, Sample, SampleResult
from factcheck.models import Failure, Label

pytest.importorskip("inspect_ai", reason="Inspect is not installed: pip install inspect-ai")

import inspect_ai

from eval import inspect_adapter


def result(name: str, gold: Gold, label: Label | None, failure: Failure | None = None) -> SampleResult:
    return SampleResult(
        id=name, dataset="own", about="a", language="en", input="A claim.", gold=gold, label=label, failure=failure
    )


def run(task: Any, folder: Path) -> Any:
    logs = inspect_ai.eval(task, model=None, log_dir=str(folder), display="none")
    assert logs[0].status == "success", logs[0].error
    return logs[0]


def metrics(log: Any) -> dict[str, float]:
    return {name: metric.value for name, metric in log.results.scores[0].metrics.items()}


def test_inspect_runs_the_product_on_samples_of_ones_own(tmp_path: Path) -> None:
    ferry = {"doc_id": "ferry.md", "text": "The ferry to Aldmere carries 412 passengers.", "language": "en"}
    claims: dict[str, tuple[str, Gold]] = {
        "right": ("The ferry to Aldmere carries 412 passengers.", "supported"),
        "wrong": ("The ferry to Aldmere carries 413 passengers.", "contradicted"),
        "open": ("The harbour master of Aldmere is called Ines Holt.", "unverifiable"),
    }
    given = [
        Sample.model_validate(
            {
                "id": name,
                "dataset": "x",
                "about": name,
                "claim": claim,
                "language": "en",
                "label": gold,
                "evidence": [ferry],
            }
        )
        for name, (claim, gold) in claims.items()
    ]
    (tmp_path / "samples.jsonl").write_text("".join(f"{sample.model_dump_json()}\n" for sample in given))
    log = run(inspect_adapter.verdict(data=str(tmp_path / "samples.jsonl"), engine="local"), tmp_path)
    said = {sample.id: sample.output.completion for sample in log.samples}
    assert said == {name: gold for name, (_, gold) in claims.items()}
    assert (metrics(log)["false_supported"], metrics(log)["accuracy"]) == (0.0, 1.0)


def test_a_failed_claim_is_an_error_and_counts_in_no_metric(tmp_path: Path) -> None:
    late = Failure(stage="judge", code="timeout", message="no answer within 60 s")
    found = [
        result("right", "supported", "supported"),
        result("late", "contradicted", None, late),
        result("false", "unverifiable", "supported"),
    ]

    async def answers() -> Mapping[str, SampleResult]:
        return {each.id: each for each in found}

    samples = [
        inspect_ai.dataset.Sample(id=each.id, input=each.input, target=str(each.gold), metadata={"about": each.about})
        for each in found
    ]
    solver, scorer = inspect_adapter.product(answers), inspect_adapter.label()
    log = run(inspect_ai.Task(samples, solver=solver, scorer=scorer, fail_on_error=False), tmp_path)
    errors = {sample.id: sample.error.message for sample in log.samples if sample.error}
    assert errors == {"late": "RuntimeError('judge: timeout, no answer within 60 s')"}
    assert (metrics(log)["false_supported"], metrics(log)["accuracy"]) == (1.0, 0.5)


def test_nothing_to_count_is_not_a_rate_of_zero() -> None:
    assert math.isnan(inspect_adapter.false_supported()([]))
