"""Whether a tuned embedder finds more than the one that ships, on sets that it learned nothing from.

The product's own search, scored as ``python -m eval run retrieve`` scores it, with either embedder; the difference with
its interval over resampled documents, the same ones for both. Run through ``training/embedder.py``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from eval.datasets.choosing import PartWanted, Wanted
from eval.datasets.dataset import Dataset
from eval.datasets.loading import cut, with_samples
from eval.engines import Engine
from eval.intervals import FEW, Counted, bounds_of, spreads_of
from eval.records import SampleResult
from eval.run import Asked, evaluate
from eval.scoring import Scope, score_numbers
from eval.significance import exchanged
from eval.tasks import task_named
from factcheck.cli.progress import Shown
from factcheck.errors import FactcheckError
from factcheck.local.minilm import MiniLM, embedded
from factcheck.pipeline import Progress
from factcheck.protocols import Embedder
from factcheck.settings import Settings, load

#: Sets that nothing was learned from, with the parts that are for choosing; their test parts are for figures alone.
HELD_PARTS: dict[str, tuple[PartWanted, ...]] = {
    "scifact": ("train", "dev"),
    "fm2": ("train", "dev"),
    "factcheck-bench": ("dev",),
}
LEARNED_PARTS: dict[str, tuple[PartWanted, ...]] = {
    "citint": ("dev",),
    "xquad": ("dev",),
}  # of sets that it learned from
TASK = task_named("retrieve")
SEARCHES = {"fused": "", "dense": "[dense]", "lexical": "[lexical]"}
CUTS = (10, 5)
HEAD = (
    "| | claims | search | recall@ | shipped | tuned | difference | 95 % | p |\n|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One number with either embedder; ``low`` and ``high`` bound the difference, None of fewer than five documents."""

    scope: str
    search: str
    cut: int
    claims: int
    shipped: float
    tuned: float
    low: float | None
    high: float | None
    p: float

    @property
    def difference(self) -> float:
        return self.tuned - self.shipped

    def __str__(self) -> str:
        between = "" if self.low is None or self.high is None else f"{100 * self.low:+.1f} to {100 * self.high:+.1f}"
        return (
            f"| {self.scope} | {self.claims} | {self.search} | {self.cut} | {100 * self.shipped:.1f} % "
            f"| {100 * self.tuned:.1f} % | {100 * self.difference:+.1f} | {between} | {self.p:.3f} |"
        )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.embedder compare", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="a folder in the form of its README")
    parser.add_argument("--candidate", type=Path, required=True, help="folder of the tuned model")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N claims of each set")
    parser.add_argument("--out", type=Path, help="write the numbers to this .json file too")
    given = parser.parse_args(arguments)
    settings = load(engine="local")
    candidate = MiniLM(given.candidate)
    with Shown() as progress:
        held = compare(
            (*own(given.limit), *sets_of(given.data, HELD_PARTS, given.limit)),
            embedded(),
            candidate,
            settings,
            progress,
        )
        learned = compare(sets_of(given.data, LEARNED_PARTS, given.limit), embedded(), candidate, settings, progress)
    print(f"\n## Sets that nothing was learned from\n\n{table(held)}\n\n{conclusion(held)}")
    print(f"\n## Other pages of sets that were learned from\n\n{table(learned)}")
    if given.out:
        lines = {"held": [asdict(line) for line in held], "learned": [asdict(line) for line in learned]}
        given.out.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")


def own(limit: int | None) -> tuple[Dataset, ...]:
    """The set that is nearest to what people write, German claims and references among it."""
    return TASK.load(Wanted(limit=limit))


def sets_of(folder: Path, parts: Mapping[str, Sequence[PartWanted]], limit: int | None) -> tuple[Dataset, ...]:
    """Each set with the samples of all its parts that are wanted. Raises ConfigError where one is not there."""
    found = []
    for name, wanted in parts.items():
        loaded = [data for part in wanted for data in TASK.load(Wanted(folder, (name,), part))]
        samples = tuple(sample for data in loaded for sample in data.samples)
        found.append(cut(with_samples(loaded[0], samples), limit))
    return tuple(found)


def compare(
    datasets: tuple[Dataset, ...],
    shipped: Embedder,
    candidate: Embedder,
    settings: Settings,
    progress: Progress = lambda stage, done, total: None,
) -> list[Line]:
    """Every number with either embedder. Raises FactcheckError where a search fails: a gap would flatter one."""
    before, after = (_results(datasets, embedder, settings, progress) for embedder in (shipped, candidate))
    return [line for name, places in _scopes(before) for line in _lines(name, before, after, places)]


def _results(
    datasets: tuple[Dataset, ...], embedder: Embedder, settings: Settings, progress: Progress
) -> tuple[SampleResult, ...]:
    def put_in(engine: Engine) -> Engine:
        engine.embedder = embedder
        return engine

    asked = Asked(TASK, datasets, settings, command=f"retrieve with {embedder.name}", change=put_in)
    return settled(evaluate(asked, progress).samples)


def settled(samples: Sequence[SampleResult]) -> tuple[SampleResult, ...]:
    """The samples that something in their corpus settles. Raises FactcheckError where the search for one failed."""
    failed = [(sample.id, sample.failure.message) for sample in samples if sample.failure is not None]
    if failed:
        name, message = failed[0]
        raise FactcheckError(f"{name}: {message}; {len(failed)} of {len(samples)} searches failed")
    return tuple(sample for sample in samples if sample.scores)


def _scopes(samples: Sequence[SampleResult]) -> list[tuple[str, list[int]]]:
    """The places of all samples, of those of each set, and of each pair of languages in a set that has several."""
    found: dict[str, list[int]] = {"all": list(range(len(samples)))}
    for at, sample in enumerate(samples):
        found.setdefault(sample.dataset, []).append(at)
    for at, sample in enumerate(samples):
        if len({samples[other].kind for other in found[sample.dataset]}) > 1:
            found.setdefault(f"{sample.dataset} {sample.kind}", []).append(at)
    return list(found.items())


def _lines(
    name: str, before: Sequence[SampleResult], after: Sequence[SampleResult], places: Sequence[int]
) -> Iterator[Line]:
    old, new = (
        score_numbers(Scope(name, tuple(results[at] for at in places), None, frozenset()))
        for results in (before, after)
    )
    metrics = {f"recall@{top}{mark}": (search, top) for search, mark in SEARCHES.items() for top in CUTS}
    spreads = spreads_of([(old[metric], new[metric]) for metric in metrics])
    for (metric, (search, top)), spread in zip(metrics.items(), spreads, strict=True):
        documents = new[metric].documents
        low, high = bounds_of(spread, documents) if documents >= FEW else (None, None)
        yield Line(
            scope=name,
            search=search,
            cut=top,
            claims=len(places),
            shipped=_value(old[metric]),
            tuned=_value(new[metric]),
            low=low,
            high=high,
            p=exchanged(old[metric].pairs, new[metric].pairs, new[metric].statistic),
        )


def _value(number: Counted) -> float:
    if number.value is None:
        raise ValueError("no claim was counted")
    return number.value


def table(lines: Sequence[Line]) -> str:
    """The numbers as Markdown."""
    return "\n".join([HEAD, *map(str, lines)])


def conclusion(lines: Sequence[Line]) -> str:
    """Whether fused recall@10 over all claims rises: the rule by which a tuned embedder ships."""
    line = next(line for line in lines if (line.scope, line.search, line.cut) == ("all", "fused", 10))
    change = f"fused recall@10 goes from {100 * line.shipped:.1f} to {100 * line.tuned:.1f} % ({line.claims} claims)"
    if line.low is None or line.difference <= 0 or line.low <= 0:
        verdict = "it does not fall, but a rise is not shown" if line.difference >= 0 else "it falls"
        return f"{change}: {verdict}; the tuned embedder does not ship."
    return f"{change}: it rises; the tuned embedder may ship."
