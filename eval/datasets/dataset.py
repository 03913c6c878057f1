"""A data set as every task takes it: its samples, what is known of it, and the documents to retrieve from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eval.records import DatasetInfo, Reference, Sample


@dataclass(frozen=True)
class Dataset:
    """``corpus`` is a folder of reference files, or documents read from a set's own corpus; None where it has none."""

    info: DatasetInfo
    samples: tuple[Sample, ...]
    corpus: Path | tuple[Reference, ...] | None = None
