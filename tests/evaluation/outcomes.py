"""Outcomes of samples and results made of them, for tests of what is counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from eval.records import DatasetInfo, EvalProvenance, Gold, Result, SampleResult, Scheme, Score, TaskName
from factcheck.models import Failure, Label

FAILURE = Failure(stage="judge", code="timeout", message="nothing came")


def outcome(name: str, gold: Gold | None = None, label: Label | None = None, **fields: Any) -> SampleResult:
    """A sample of the set "own", about what stands before the dash of its name."""
    known = {"dataset": "own", "about": name.partition("-")[0], "language": "en", "input": f"claim {name}"}
    return SampleResult.model_validate({"id": name, "gold": gold, "label": label, **known, **fields})


def scored(name: str, scores: Mapping[str, float], **fields: Any) -> SampleResult:
    return outcome(name, scores={metric: Score(hits=hits) for metric, hits in scores.items()}, **fields)


def failed(name: str, gold: Gold | None = None, **fields: Any) -> SampleResult:
    return outcome(name, gold, failure=FAILURE, **fields)


def dataset(
    samples: Iterable[SampleResult], *, name: str = "own", scheme: Scheme = "three", **fields: Any
) -> DatasetInfo:
    many = sum(sample.dataset == name for sample in samples)
    return DatasetInfo(name=name, tier="own", scheme=scheme, samples=many, **{"digest": "d", **fields})


def result(
    samples: Sequence[SampleResult],
    *,
    task: TaskName = "verdict",
    datasets: Sequence[DatasetInfo] | None = None,
    agreement: float | None = None,
    **provenance: Any,
) -> Result:
    """A result without its tables, which no comparison reads."""
    made = EvalProvenance(
        factcheck="1",
        commit=None,
        command="python -m eval run",
        engine="local",
        model=None,
        answered_by="the local engine",
        parameters={},
        prompts={},
        settings={},
        seed=1,
        created=datetime(2025, 10, 21, tzinfo=UTC),
    )
    return Result(
        task=task,
        datasets=tuple(datasets or [dataset(samples)]),
        samples=tuple(samples),
        tables=(),
        agreement=agreement,
        seconds=1,
        conclusion="",
        provenance=made.model_copy(update=provenance),
    )
