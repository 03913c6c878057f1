"""The records of a comparison of two results: differences, flips, and the verdict with its reasons."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from eval.records import Direction, Gold, TaskName
from factcheck.models import Label, Record, Text

Verdict = Literal["pass", "regression", "incomplete"]
Change = Literal["worse", "better", "neither"]

EXIT_CODES: dict[Verdict, int] = {"pass": 0, "regression": 1, "incomplete": 3}


class Thresholds(Record):
    """How much worse is too much; shares, not percent."""

    p: float = Field(0.05, gt=0, lt=1)
    macro_f1_drop: float = Field(0.03, gt=0, le=1)
    false_supported_rise: float = Field(0.01, gt=0, le=1)
    score_loss: float = Field(0.03, gt=0)  # of the task's own metric where that is no macro-F1


class Correctness(Record):
    """Samples right before and wrong after (lost) and the reverse (gained), of ``n`` with a gold label.

    ``smallest``: the loss of accuracy, on balance, that exact McNemar would have shown with 80 % power, given that as
    many samples came and went without a difference as the smaller of lost and gained; None where none would be shown.
    """

    n: int
    right_before: int
    right_after: int
    lost: int
    gained: int
    p: float
    smallest: float | None


class Difference(Record):
    """One metric in both results over the same samples; ``difference`` is after less before, with its 95 % interval.

    ``p_holm`` is adjusted over all secondary metrics, and None for the task's first question. ``smallest``: the
    difference that would have been shown with 80 % power (unadjusted); None where nothing varies to judge it by.
    ``change`` says what is shown: ``neither`` is "no difference shown".
    """

    scope: str
    metric: str
    better: Direction
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None
    p: float
    p_holm: float | None
    n: int
    documents: int
    smallest: float | None
    change: Change


class Flip(Record):
    """A sample that came out otherwise: its label, or, where ``metric`` is named, that score.

    ``severity`` orders flips: for labels from 5 (a contradicted claim is now supported, and was not) to -5, for scores
    the share lost.
    """

    id: str
    dataset: str
    language: str
    kind: str = ""
    claim: Text
    gold: Gold | None
    before: Label | None = None
    after: Label | None = None
    metric: str = ""
    score_before: float | None = None
    score_after: float | None = None
    said_before: Text = ""
    said_after: Text = ""
    change: Change
    severity: float


class Comparison(Record):
    """What came of comparing; ``conclusion`` is the one sentence, ``reasons`` each say one regression.

    ``missing``, ``failed`` and ``altered`` (another claim or gold) are ids of samples that the baseline scored and that
    could not be paired; any of them makes the comparison incomplete. ``failing_before`` failed in the baseline already,
    and ``added`` are new in the result: neither is compared. ``changed`` names what of the provenance differs.
    """

    task: TaskName
    verdict: Verdict
    conclusion: Text
    reasons: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()
    thresholds: Thresholds
    paired: int
    correctness: Correctness | None = None
    differences: tuple[Difference, ...] = ()
    flips: tuple[Flip, ...] = ()
    missing: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    failing_before: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    agreement_before: float | None = None
    agreement_after: float | None = None

    @property
    def exit_code(self) -> int:
        """0 no regression, 1 regression, 3 incomplete."""
        return EXIT_CODES[self.verdict]
