"""One run of a task: every sample through the engine, once or more, scored, and with all it takes to repeat it."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from eval.datasets.choosing import SEED
from eval.datasets.dataset import Dataset
from eval.engines import Engine, Known, engine
from eval.records import EvalProvenance, Result, SampleResult, Score, Table
from eval.scoring import calibration_of, conclusion_of, curve_of, tables_of
from eval.tasks import Task
from eval.trivial import trivial_labels
from factcheck import __version__
from factcheck.engine import shown
from factcheck.models import Label, StageUsage
from factcheck.pipeline import Progress
from factcheck.settings import Settings

if TYPE_CHECKING:
    from eval.exchanges import Exchanges

ROOT = Path(__file__).resolve().parents[1]

Change = Callable[[Engine], Engine]


def unchanged(engine: Engine) -> Engine:
    return engine


@dataclass(frozen=True)
class Asked:
    """What to run: the same samples ``runs`` times, kept replies in the first pass only.

    Tasks that are given the same ``known`` share what they have in common; with several runs nothing is shared.
    """

    task: Task
    datasets: tuple[Dataset, ...]
    settings: Settings
    command: str
    runs: int = 1
    limit: int | None = None
    exchanges: Exchanges | None = None
    known: Known | None = None
    change: Change = unchanged  # to two labels only; a test breaks an engine with it


@dataclass(frozen=True)
class _Pass:
    """One time through all the samples, and what the engine said of itself at the end."""

    results: tuple[SampleResult, ...]
    provenance: dict[str, Any]
    usage: dict[str, StageUsage]
    cost: float | None


def evaluate(asked: Asked, progress: Progress) -> Result:
    """Runs the task and scores it. Raises FactcheckError where it could not run; single failures the result lists."""
    started = time.monotonic()
    passes = [asyncio.run(_pass(asked, _settings(asked.settings, number), progress)) for number in range(asked.runs)]
    first = passes[0]
    results = _with_baselines(
        asked.datasets, [merged(several) for several in zip(*(p.results for p in passes), strict=True)]
    )
    infos = tuple(data.info for data in asked.datasets)
    tables = tables_of(asked.task.name, results, infos)
    exchanges = asked.exchanges and asked.exchanges.finish(
        model=str(first.provenance["model"]), settings=shown(asked.settings)
    )
    return Result(
        task=asked.task.name,
        datasets=infos,
        samples=results,
        tables=tables,
        curve=curve_of(results),
        calibration=calibration_of(results),
        agreement=agreement_of(results) if asked.runs > 1 else None,
        usage=_summed([p.usage for p in passes]),
        cost_usd=_cost([p.cost for p in passes]),
        seconds=round(time.monotonic() - started, 3),
        conclusion=_conclusion(asked.task, tables, results),
        provenance=EvalProvenance(
            factcheck=__version__,
            commit=commit_of(ROOT),
            command=asked.command,
            exchanges=exchanges,
            seed=SEED,
            runs=asked.runs,
            limit=asked.limit,
            created=datetime.now(UTC).replace(microsecond=0),
            **first.provenance,
        ),
    )


async def _pass(asked: Asked, settings: Settings, progress: Progress) -> _Pass:
    async with engine(settings, asked.exchanges, asked.known if asked.runs == 1 else None) as plain:
        used = asked.change(plain)
        found = [result for data in asked.datasets for result in await asked.task.run(data, used, progress)]
        return _Pass(tuple(found), used.provenance(), used.usage(), used.cost())


def _settings(settings: Settings, number: int) -> Settings:
    """Kept replies would answer every further pass as they answered the first."""
    return settings if number == 0 else settings.model_copy(update={"cache": False})


def _conclusion(task: Task, tables: Sequence[Table], results: Sequence[SampleResult]) -> str:
    return conclusion_of(task.name, tables, sum(result.failure is not None for result in results))


def merged(several: Sequence[SampleResult]) -> SampleResult:
    """What several runs say of one sample: the label of most of them, unverifiable where two have as many.

    Scores are means. A sample fails where no more than half of its runs came to an end.
    """
    ended = [result for result in several if result.failure is None]
    first = several[0]
    labels = tuple(result.label for result in several)
    if 2 * len(ended) <= len(several):
        failed = next(result for result in several if result.failure is not None)
        return failed.model_copy(update={"labels": labels if ended else ()})
    label = _most([result.label for result in ended if result.label is not None])
    voices = [result for result in ended if result.label == label]
    voice = voices[0] if voices else ended[0]
    return first.model_copy(
        update={
            "label": label,
            "labels": labels if label is not None else (),
            "reason": voice.reason if voices else None,
            "confidence": _mean([result.confidence for result in voices]),
            "scores": _means([result.scores for result in ended]),
            "said": voice.said,
            "failure": None,
        }
    )


def agreement_of(results: Sequence[SampleResult]) -> float | None:
    """The share of labelled samples on which all runs said the same; a run that failed did not."""
    labelled = [result.labels for result in results if result.labels]
    return fmean(len(set(labels)) == 1 for labels in labelled) if labelled else None


def _most(labels: Sequence[Label]) -> Label | None:
    if not labels:
        return None
    (first, most), *rest = Counter(labels).most_common()
    return "unverifiable" if rest and rest[0][1] == most else first


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _means(scores: Sequence[dict[str, Score]]) -> dict[str, Score]:
    """Of each metric over the runs that have it."""
    names = dict.fromkeys(name for run in scores for name in run)
    found = {name: [run[name] for run in scores if name in run] for name in names}
    return {
        name: Score(hits=fmean(score.hits for score in runs), of=fmean(score.of for score in runs))
        for name, runs in found.items()
    }


def _with_baselines(datasets: Sequence[Dataset], results: Sequence[SampleResult]) -> tuple[SampleResult, ...]:
    """What the trivial systems say, beside every result that has a gold label."""
    judged = {result.id for result in results if result.gold is not None}
    samples = [sample for data in datasets for sample in data.samples if sample.id in judged]
    said = trivial_labels(samples) if samples else {}
    return tuple(result.model_copy(update={"baselines": said.get(result.id, {})}) for result in results)


def _summed(usages: Sequence[dict[str, StageUsage]]) -> dict[str, StageUsage]:
    stages = dict.fromkeys(stage for usage in usages for stage in usage)
    return {
        stage: StageUsage(
            **{
                name: sum(getattr(usage[stage], name) for usage in usages if stage in usage)
                for name in StageUsage.model_fields
            }
        )
        for stage in stages
    }


def _cost(costs: Sequence[float | None]) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def commit_of(root: Path) -> str | None:
    """The commit of the working tree at ``root``, with ``+`` where it has changes; None where that is no repository."""
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}+" if changed else commit


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
