"""end-to-end: given a claim and all the documents of its set, is the label right? Retrieval and judge together."""

from __future__ import annotations

from dataclasses import dataclass

from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.datasets.loading import claim_sets
from eval.engines import Engine
from eval.records import SampleResult, TaskName
from eval.tasks.given import result_of, searched
from factcheck.pipeline import Progress


@dataclass(frozen=True)
class EndToEnd:
    name: TaskName = "end-to-end"

    def load(self, wanted: Wanted) -> tuple[Dataset, ...]:
        return claim_sets(wanted, with_corpus=True)

    async def run(self, data: Dataset, engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
        with engine.corpus(data, progress) as corpus:
            found = await searched(data.samples, corpus, engine, progress)
        return tuple(result_of(sample, outcome) for sample, outcome in zip(data.samples, found, strict=True))


TASK = EndToEnd()
