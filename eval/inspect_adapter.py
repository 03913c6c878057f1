"""The verdict task for users of Inspect (UK AISI's inspect_ai): ``inspect eval eval/inspect_adapter.py --model none``.

The answers are the product's own, by the engine that factcheck's settings choose; Inspect's ``--model`` is not asked.
Options: ``-T data=DIR -T sets=NAME,NAME -T limit=N -T engine=local``. Intervals, baselines and comparisons are those of
``python -m eval run verdict``, which stays the measure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import (
    CORRECT,
    INCORRECT,
    Metric,
    SampleScore,
    Score,
    Scorer,
    Target,
    accuracy,
    metric,
    scorer,
    stderr,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver

from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.engines import engine as engine_of
from eval.metrics import right
from eval.records import Gold, SampleResult
from eval.tasks.verdict import TASK
from factcheck.models import Label
from factcheck.settings import load


@task
def verdict(data: str | None = None, sets: str = "", limit: int | None = None, engine: str | None = None) -> Task:
    """Claims with their gold evidence, judged by factcheck. A claim that fails is an error of its sample, unscored."""
    wanted = Wanted(path=Path(data) if data else None, sets=tuple(filter(None, sets.split(","))), limit=limit)
    datasets = TASK.load(wanted)
    samples = [
        Sample(id=s.id, input=s.claim, target=s.label, metadata={"about": s.about, "dataset": s.dataset})
        for each in datasets
        for s in each.samples
    ]
    return Task(
        MemoryDataset(samples, name="factcheck"), solver=product(datasets, engine), scorer=label(), fail_on_error=False
    )


@solver
def product(datasets: Sequence[Dataset], engine: str | None) -> Solver:
    """Runs all samples through the pipeline at the first one's asking, and hands each what became of it."""
    running: list[asyncio.Task[Mapping[str, SampleResult]]] = []

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if not running:
            running.append(asyncio.create_task(_results(datasets, engine)))
        result = (await asyncio.shield(running[0]))[str(state.sample_id)]
        if result.failure is not None:
            raise RuntimeError(f"{result.failure.stage}: {result.failure.code}, {result.failure.message}")
        state.output = ModelOutput.from_content("factcheck", str(result.label))
        state.metadata["said"] = result.said
        return state

    return solve


async def _results(datasets: Sequence[Dataset], engine: str | None) -> Mapping[str, SampleResult]:
    async with engine_of(load(engine=engine)) as judging:
        found = [await TASK.run(each, judging, lambda stage, done, total: None) for each in datasets]
    return {result.id: result for results in found for result in results}


@metric
def false_supported() -> Metric:
    """The share of claims that their evidence does not support and that were labelled supported; lower is better."""

    def rate(scores: list[SampleScore]) -> float:
        unsupported = [each.score for each in scores if (each.score.metadata or {})["gold"] != "supported"]
        return (
            sum(each.answer == "supported" for each in unsupported) / len(unsupported) if unsupported else float("nan")
        )

    return cast(Metric, rate)


@scorer(metrics=[false_supported(), accuracy(), stderr(cluster="about")])
def label() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        gold, said = cast(Gold, target.text), cast(Label, state.output.completion)
        metadata: dict[str, Any] = {"gold": gold, "about": state.metadata["about"]}
        return Score(value=CORRECT if right(gold, said) else INCORRECT, answer=said, metadata=metadata)

    return score
