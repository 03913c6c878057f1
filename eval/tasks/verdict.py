"""verdict: given a claim and its gold evidence, is the label right?"""

from __future__ import annotations

from dataclasses import dataclass

from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.datasets.loading import claim_sets
from eval.engines import Engine
from eval.records import SampleResult, TaskName
from eval.tasks.given import results_on_gold
from factcheck.pipeline import Progress


@dataclass(frozen=True)
class Verdict:
    name: TaskName = "verdict"

    def load(self, wanted: Wanted) -> tuple[Dataset, ...]:
        return claim_sets(wanted)

    async def run(self, data: Dataset, engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
        return await results_on_gold(data.samples, engine, progress)


TASK = Verdict()
