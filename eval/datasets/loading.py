"""From what the user asked for to sets of claims: the own set, one written like it, public sets, a file of samples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eval.datasets.choosing import Wanted, limited
from eval.datasets.dataset import Dataset
from eval.datasets.own import own_set
from eval.datasets.public import verdict_sets
from eval.datasets.reviewed import sample_sets
from eval.records import Sample
from factcheck.errors import ConfigError


def claim_sets(wanted: Wanted, *, with_corpus: bool = False) -> tuple[Dataset, ...]:
    """The sets asked for, each cut to the limit; ``with_corpus`` only those with documents to retrieve from.

    Raises ConfigError where there is nothing to measure, or something cannot be read.
    """
    if wanted.path is None:
        return (_own(wanted),)
    if is_written_like_own(wanted.path):
        return (_written_like_own(wanted.path, wanted),)
    if wanted.path.is_dir() or (wanted.path.parent / "index.json").is_file():
        return verdict_sets(wanted, with_corpus=with_corpus)
    if not wanted.path.is_file():
        raise ConfigError(f"{wanted.path}: no such file or folder of data")
    if with_corpus:
        raise ConfigError(f"{wanted.path}: samples in a file bring their evidence and no documents to search in")
    return sample_sets(wanted)


def _own(wanted: Wanted) -> Dataset:
    if wanted.sets and set(wanted.sets) != {"own"}:
        raise ConfigError(f"--set {wanted.sets[0]}: this is the own set; name the folder of other sets with --data DIR")
    try:
        return cut(own_set(), wanted.limit)
    except ValueError as error:
        raise ConfigError(f"the own set: {error}") from error


def is_written_like_own(path: Path) -> bool:
    """Whether a folder holds articles with their gold, and references."""
    return (path / "articles").is_dir() and (path / "references").is_dir()


def _written_like_own(folder: Path, wanted: Wanted) -> Dataset:
    """Under the folder's name: what is true of our own set is not known of a user's."""
    try:
        data = own_set(folder)
    except ValueError as error:
        raise ConfigError(f"{folder}: {error}") from error
    name = folder.resolve().name
    info = data.info.model_copy(update={"name": name, "tier": "user", "licence": ""})
    samples = tuple(
        sample.model_copy(update={"dataset": name, "id": f"{name}/{sample.id.removeprefix('own/')}"})
        for sample in data.samples
    )
    return cut(Dataset(info, samples, data.corpus), wanted.limit)


def cut(data: Dataset, limit: int | None) -> Dataset:
    """The set with at most ``limit`` samples, drawn by what they are about."""
    return with_samples(data, limited(data.samples, limit, lambda sample: sample.about))


def with_samples(data: Dataset, samples: tuple[Sample, ...]) -> Dataset:
    """The same set with other samples, counted anew."""
    info = data.info.model_copy(update={"samples": len(samples)})
    return replace(data, info=info, samples=samples)
