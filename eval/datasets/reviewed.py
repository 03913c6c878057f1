"""Samples in a file: one JSON object a line, in the form of ``eval.records.Sample``; unknown fields are an error.

Made by ``factcheck review export --to samples.jsonl`` out of verdicts that people reviewed, and by
``python -m eval make-contrast``. What a reviewer adds stands in a wrapper around the sample:

    {"sample": {"id": …, "claim": …, "label": …, "evidence": […], …},
     "reviewed": {"reviewer": "R. Miller", "at": "2025-11-03T10:00:00Z", "decision": "overrule",
                  "said": "supported", "comment": "…", "report": "…", "claim": "s3.1"}}

``decision`` is accept or overrule, ``said`` the label that the engine had given (null where it failed), ``report`` the
sha256 of the report's file, ``claim`` the claim's id there; ``others`` are decisions of further reviewers, who came to
the same label; ``factcheck``, ``engine``, ``model`` and ``store`` say what had made the verdict. A line without a
wrapper is a sample by itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from eval.datasets.choosing import Wanted, limited
from eval.datasets.dataset import Dataset
from eval.datasets.public import read_rows
from eval.records import DatasetInfo, Sample, Scheme
from factcheck.errors import ConfigError
from factcheck.models import Label, Record, Text


class Decision(Record):
    """Who looked at a verdict, when, and what came of it."""

    reviewer: Text
    at: datetime
    decision: Literal["accept", "overrule"]
    said: Label | None
    comment: Text = ""


class Reviewed(Decision):
    """The newest decision, those of other reviewers, and what had made the verdict."""

    others: tuple[Decision, ...] = ()
    report: str = ""
    claim: str = ""
    factcheck: str = ""
    engine: str = ""
    model: Text = ""
    store: str = ""


class ReviewedSample(Record):
    """A line of the file."""

    sample: Sample
    reviewed: Reviewed


def sample_sets(wanted: Wanted) -> tuple[Dataset, ...]:
    """The samples of the file at ``wanted.path``, one set for each name in ``dataset``; they have no parts.

    Raises ConfigError naming the line that is none, or an id that stands twice.
    """
    if wanted.path is None:
        raise ConfigError("no file of samples was given; name one with --data FILE.jsonl")
    samples = list(_samples(wanted.path))
    if not samples:
        raise ConfigError(f"{wanted.path}: holds no sample")
    if doubled := [name for name, count in Counter(sample.id for sample in samples).items() if count > 1]:
        raise ConfigError(f"{wanted.path}: the id {doubled[0]} stands twice")
    names = tuple(dict.fromkeys(sample.dataset for sample in samples))
    if unknown := set(wanted.sets) - set(names):
        raise ConfigError(f"{wanted.path}: there is no set {sorted(unknown)[0]}; there are {', '.join(names)}")
    digest = hashlib.sha256(wanted.path.read_bytes()).hexdigest()
    return tuple(
        _dataset(name, [sample for sample in samples if sample.dataset == name], digest, wanted.limit)
        for name in names
        if not wanted.sets or name in wanted.sets
    )


def _dataset(name: str, samples: list[Sample], digest: str, limit: int | None) -> Dataset:
    chosen = limited(samples, limit, lambda sample: sample.group or sample.about)
    labels = {sample.label for sample in samples}
    scheme: Scheme = "binary" if "not_supported" in labels else "three"
    if scheme == "binary" and labels - {"supported", "not_supported"}:
        raise ConfigError(f"{name}: not_supported stands beside {', '.join(sorted(labels - {'not_supported'}))}")
    return Dataset(DatasetInfo(name=name, tier="user", scheme=scheme, digest=digest, samples=len(chosen)), chosen)


def _samples(path: Path) -> Iterator[Sample]:
    for number, row in read_rows(path):
        try:
            yield _sample(row)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ConfigError(f"{path}, line {number}: {where}: {first['msg']}") from error


def _sample(row: dict[str, Any]) -> Sample:
    return ReviewedSample.model_validate(row).sample if "sample" in row else Sample.model_validate(row)
