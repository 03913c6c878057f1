"""Contrasts as samples of the evaluation."""

from __future__ import annotations

from training.contrast_cases import samples_of
from training.data import Pair

PAIRS = [Pair(f"Premise {n}.", f"Claim {n}.", "contradicted", "de", "number-de") for n in range(5)]
KEPT = Pair("The mill closed.", "The mill closed.", "supported", "en", "kept-en")


def test_a_contrast_is_a_sample_judged_by_its_sentence() -> None:
    (sample,) = samples_of([KEPT], 10)
    assert (sample.claim, sample.label, sample.language, sample.kind) == (KEPT.claim, "supported", "en", "kept-en")
    assert [one.text for one in sample.evidence] == [KEPT.premise]
    assert sample.about == KEPT.premise


def test_of_each_kind_no_more_are_written_than_asked_for() -> None:
    samples = samples_of([*PAIRS, KEPT], 2)
    assert [sample.claim for sample in samples] == ["Claim 0.", "Claim 1.", KEPT.claim]
    assert len({sample.id for sample in samples}) == 3
