"""contrast: of claims that differ in one number, date, name or negation, is each labelled as its evidence has it?

Measured on gold evidence: on the triples of the own set, or on cases that ``make-contrast`` built from one's own
references. What search would do to them, end-to-end says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from eval.datasets.choosing import Wanted, limited
from eval.datasets.dataset import Dataset
from eval.datasets.loading import claim_sets, with_samples
from eval.engines import Engine
from eval.records import SampleResult, TaskName
from eval.tasks.given import results_on_gold
from factcheck.errors import ConfigError
from factcheck.pipeline import Progress


@dataclass(frozen=True)
class Contrast:
    name: TaskName = "contrast"

    def load(self, wanted: Wanted) -> tuple[Dataset, ...]:
        """Samples that belong to a group; a limit takes whole groups."""
        sets = claim_sets(replace(wanted, limit=None))
        grouped = [(data, tuple(sample for sample in data.samples if sample.group)) for data in sets]
        if found := tuple(
            with_samples(data, limited(samples, wanted.limit, lambda sample: sample.group))
            for data, samples in grouped
            if samples
        ):
            return found
        raise ConfigError(f"{wanted.path}: no contrast cases; make some from your own references: eval make-contrast")

    async def run(self, data: Dataset, engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
        return await results_on_gold(data.samples, engine, progress)


TASK = Contrast()
