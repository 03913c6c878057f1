"""Which samples of two results can be compared, and what became of those that cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.metrics import right
from eval.records import Result, SampleResult
from eval.results import digest_of


@dataclass(frozen=True)
class Pairing:
    """``before`` and ``after`` hold the same samples in the same order; the rest are ids."""

    before: tuple[SampleResult, ...]
    after: tuple[SampleResult, ...]
    missing: tuple[str, ...]
    failed: tuple[str, ...]
    altered: tuple[str, ...]
    failing_before: tuple[str, ...]
    added: tuple[str, ...]


def paired(baseline: Result, result: Result) -> Pairing:
    old = {sample.id: sample for sample in sorted(baseline.samples, key=lambda sample: sample.id)}
    new = {sample.id: sample for sample in result.samples}
    stood = [sample for sample in old.values() if sample.failure is None]
    there = [sample for sample in stood if sample.id in new]
    standing = [sample for sample in there if new[sample.id].failure is None]
    alike = [sample for sample in standing if _same_question(sample, new[sample.id])]
    return Pairing(
        before=tuple(_filed_as(sample, new[sample.id]) for sample in alike),
        after=tuple(new[sample.id] for sample in alike),
        missing=_ids(stood, there),
        failed=_ids(there, standing),
        altered=_ids(standing, alike),
        failing_before=tuple(sample.id for sample in old.values() if sample.failure is not None),
        added=tuple(sorted(new.keys() - old.keys())),
    )


def _ids(samples: Iterable[SampleResult], without: Iterable[SampleResult]) -> tuple[str, ...]:
    left = {sample.id for sample in without}
    return tuple(sample.id for sample in samples if sample.id not in left)


def _same_question(before: SampleResult, after: SampleResult) -> bool:
    return (before.gold, digest_of(before.input)) == (after.gold, digest_of(after.input))


def _filed_as(before: SampleResult, after: SampleResult) -> SampleResult:
    """The sample under the document, group and names it has in the newer result."""
    filed = ("dataset", "about", "language", "kind", "group")
    if all(getattr(before, field) == getattr(after, field) for field in filed):
        return before
    return before.model_copy(update={field: getattr(after, field) for field in filed})


def ends(before: Sequence[SampleResult], after: Sequence[SampleResult]) -> list[tuple[bool, bool]]:
    """Whether each sample was right before and is right after; samples without a label are left out."""
    return [
        (right(new.gold, old.label), right(new.gold, new.label))
        for old, new in zip(before, after, strict=True)
        if new.gold is not None and old.label is not None and new.label is not None
    ]
