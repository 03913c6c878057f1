"""The tasks: each takes a data set and an engine and says what became of every sample."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.engines import Engine
from eval.records import SampleResult, TaskName
from factcheck.pipeline import Progress


class Task(Protocol):
    """One kind of measurement. Which metrics come of it, and which is the first, ``eval.scoring`` knows."""

    name: TaskName

    def load(self, wanted: Wanted) -> tuple[Dataset, ...]:
        """The data sets asked for, limited as asked; ``info.samples`` counts the results that ``run`` will give.

        A task with data of another shape returns a subclass of Dataset. Raises ConfigError where there is nothing to
        measure, or a file cannot be read.
        """
        ...

    async def run(self, data: Dataset, engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
        """One result for every sample, in the order of the set; trouble with one sample is its failure.

        Raises FactcheckError where nothing could be run at all. ``baselines`` are filled in by the caller.
        """
        ...


TASKS: Mapping[TaskName, str] = {
    "verdict": "eval.tasks.verdict",
    "end-to-end": "eval.tasks.end_to_end",
    "contrast": "eval.tasks.contrast",
    "citations": "eval.tasks.citations",
    "retrieve": "eval.tasks.retrieve",
    "split": "eval.tasks.split",
    "attack": "eval.tasks.attack",
}


def task_named(name: TaskName) -> Task:
    """The task, which its module offers as ``TASK``."""
    return cast(Task, import_module(TASKS[name]).TASK)
