"""The verdict task for users of Inspect (UK AISI's inspect_ai): ``inspect eval eval/inspect_adapter.py --model none``.

The answers are the product's own, Inspect's model is not asked; ``-T data=DIR -T limit=N -T engine=local`` are options.
``python -m eval run verdict`` stays the measure, with intervals and baselines.
"""
# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

import inspect_ai.scorer as scoring
from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver

from eval.datasets.choosing import Wanted
from eval.engines import engine as engine_of
from eval.metrics import right
from eval.records import Gold, SampleResult
from eval.tasks.verdict import TASK
from factcheck.models import Label
from factcheck.settings import load


@task
def verdict(data: str | None = None, limit: int | None = None, engine: str | None = None) -> Task:
    """Claims with their gold evidence, judged by factcheck. A claim that fails is an error of its sample, unscored."""
    datasets = TASK.load(Wanted(path=Path(data) if data else None, limit=limit))
    given = [sample for each in datasets for sample in each.samples]
    samples = [Sample(id=s.id, input=s.claim, target=s.label, metadata={"about": s.about}) for s in given]

    async def answers() -> Mapping[str, SampleResult]:
        async with engine_of(load(engine=engine)) as judging:
            found = [await TASK.run(each, judging, lambda stage, done, total: None) for each in datasets]
        return {result.id: result for results in found for result in results}

    return Task(MemoryDataset(samples), solver=product(answers), scorer=label(), fail_on_error=False)


@solver
def product(answers: Callable[[], Awaitable[Mapping[str, SampleResult]]]) -> Solver:
    """Asks for all answers at the first sample, in one run of the pipeline; each sample then takes its own."""
    asked: list[asyncio.Future[Mapping[str, SampleResult]]] = []

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if not asked:
            asked.append(asyncio.ensure_future(answers()))
        result = (await asyncio.shield(asked[0]))[str(state.sample_id)]
        if result.failure is not None:
            raise RuntimeError(f"{result.failure.stage}: {result.failure.code}, {result.failure.message}")
        state.output = ModelOutput.from_content("factcheck", str(result.label))
        return state

    return solve


@scoring.metric
def false_supported() -> scoring.Metric:
    """The share labelled supported of the claims that their evidence does not support; not a number without any."""

    def rate(scores: list[scoring.SampleScore]) -> float:
        said = [each.score.answer for each in scores if (each.score.metadata or {})["gold"] != "supported"]
        return said.count("supported") / len(said) if said else float("nan")

    return cast(scoring.Metric, rate)


@scoring.scorer(metrics=[false_supported(), scoring.accuracy(), scoring.stderr(cluster="about")])
def label() -> scoring.Scorer:
    async def score(state: TaskState, target: scoring.Target) -> scoring.Score:
        gold, said = cast(Gold, target.text), cast(Label, state.output.completion)
        value = scoring.CORRECT if right(gold, said) else scoring.INCORRECT
        return scoring.Score(value=value, answer=said, metadata={"gold": gold})

    return score
