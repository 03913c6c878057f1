"""From windows to one answer, how sure the judge has to be for it, and the figures that are read off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.calibrate import (
    LEAST_CONTRADICTED_PRECISION,
    MEAN_FALSE_SUPPORTED,
    Judged,
    contradicted_precision,
    false_supported,
    fit_temperature,
    fit_thresholds,
    judge_cases,
    table,
)
from training.cases import Calibration, Case, Floats, answer, likeliest, read_all, summed_up, whole, windows
from training.data import Label, Pair
from training.figures import Outcome, balanced_where_it_answers, macro_f1
from training.figures import false_supported as rate_of_false_supported

CASE = Case(
    "It rained.",
    (("Log", "Monday was dry. It rained later. Then it stopped."), ("", "No word.")),
    "supported",
    "en",
    "own",
)


def outcome(label: Label, likely: str, given: str) -> Outcome:
    return Outcome(Case("c", (("", "t"),), label, "en", "set"), likely, given, likely)


def test_a_claim_is_read_beside_each_sentence_and_each_two_neighbours() -> None:
    assert [pair.premise for pair in windows(CASE)] == [
        "Log: Monday was dry.",
        "Log: It rained later.",
        "Log: Then it stopped.",
        "Log: Monday was dry. It rained later.",
        "Log: It rained later. Then it stopped.",
        "No word.",
    ]
    assert [pair.premise for pair in whole(CASE)] == ["Log: Monday was dry. It rained later. Then it stopped. No word."]


def test_an_endless_sentence_is_read_in_pieces_and_all_of_it() -> None:
    long = Case("c", (("", " ".join(f"w{number}" for number in range(200))),), "supported", "en", "own")
    pieces = [pair.premise for pair in windows(long, sizes=(1,))]
    assert " ".join(pieces) == long.passages[0][1]
    assert max(len(piece.split()) for piece in pieces) == 80


def test_all_windows_go_through_the_judge_together_and_come_back_by_claim() -> None:
    seen: list[int] = []

    def count_words(pairs: Sequence[Pair]) -> Floats:
        seen.append(len(pairs))
        return np.array([[len(pair.premise.split()), 0, 0] for pair in pairs], dtype=np.float32)

    empty = Case("c", (("", ""),), "unverifiable", "en", "own")
    short = Case("c", (("", "Three words here."),), "supported", "en", "own")
    read = read_all([short, empty, CASE], windows, count_words)
    assert [logits[:, 0].tolist() for logits in read] == [[3.0], [0.0], [4.0, 4.0, 4.0, 7.0, 7.0, 2.0]]
    assert seen == [8]


@pytest.mark.parametrize(
    ("supports", "against", "expected"),
    [
        (0.9, 0.1, "supported"),
        (0.1, 0.9, "contradicted"),
        (0.5, 0.5, "unverifiable"),
        (0.9, 0.9, "unverifiable"),
    ],
)
def test_a_verdict_needs_one_side_that_is_sure_and_one_that_is_not(
    supports: float, against: float, expected: str
) -> None:
    assert answer(supports, against, Calibration(1.0, 0.8, 0.7)) == expected


def test_the_most_telling_window_decides() -> None:
    logits = np.array([[0, 0, 5], [6, 0, 0], [0, 3, 0]], dtype=np.float32)
    supports, against = summed_up(logits, Calibration())
    assert supports == pytest.approx(0.995, abs=0.001)
    assert against == pytest.approx(0.909, abs=0.001)
    assert likeliest(logits) == "supported"
    assert likeliest(logits[:1]) == "unverifiable"
    assert likeliest(logits[:0]) == "unverifiable"
    assert summed_up(logits[:0], Calibration()) == (0.0, 0.0)


def test_a_judge_surer_than_right_is_cooled_and_a_timid_one_is_warmed() -> None:
    labels: list[Label] = ["supported" if at < 7 else "contradicted" for at in range(10)]
    boastful = np.array([[8, 0, 0]] * 10, dtype=np.float32)
    assert fit_temperature(boastful, labels) > 2
    timid = np.array([[0.4, 0, 0]] * 7 + [[0, 0.4, 0]] * 3, dtype=np.float32)
    assert fit_temperature(timid, labels) == 0.5


def test_thresholds_keep_their_promises_at_the_least_cost() -> None:
    judged = [
        *(Judged("one", "supported", 0.7 + at / 400, 0.0) for at in range(100)),
        *(Judged("one", "unverifiable", 0.3 + at / 200, 0.1) for at in range(100)),
        *(Judged("one", "contradicted", 0.2, 0.45 + at / 200) for at in range(100)),
        *(Judged("one", "unverifiable", 0.2, 0.3 + at / 400) for at in range(100)),
    ]
    fitted = fit_thresholds(judged, 1.3)
    assert fitted.temperature == 1.3
    assert 0.75 < fitted.supported < 0.85
    assert false_supported(judged, fitted)["one"] <= MEAN_FALSE_SUPPORTED
    assert contradicted_precision(judged, fitted) >= LEAST_CONTRADICTED_PRECISION
    looser = Calibration(1.3, fitted.supported - 0.01, fitted.contradicted)
    assert false_supported(judged, looser)["one"] > MEAN_FALSE_SUPPORTED
    assert "| one | 0.0" in table(judged, fitted)


def test_a_judge_that_cannot_tell_is_given_the_strictest_thresholds() -> None:
    judged = [
        Judged("one", label, 0.999, 0.0) for label in ("supported", "unverifiable", "contradicted") for _ in range(9)
    ]
    assert fit_thresholds(judged, 1.0).supported == 0.995


def test_the_claim_of_a_case_keeps_its_set_and_label_through_the_judge() -> None:
    def flat(pairs: Sequence[Pair]) -> Floats:
        return np.zeros((len(pairs), 3), dtype=np.float32)

    (judged,) = judge_cases([CASE], flat, Calibration())
    assert (judged.kind, judged.label) == ("own", "supported")
    assert judged.supports == judged.against == pytest.approx(1 / 3)


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    calibration = Calibration(1.25, 0.9, 0.8)
    calibration.write(tmp_path / "calibration.json")
    assert Calibration.read(tmp_path / "calibration.json") == calibration


def test_figures_count_each_label_alike() -> None:
    outcomes = [
        outcome("supported", "supported", "supported"),
        outcome("supported", "supported", "unverifiable"),
        outcome("supported", "unverifiable", "contradicted"),
        outcome("contradicted", "contradicted", "contradicted"),
        outcome("unverifiable", "supported", "supported"),
    ]
    assert rate_of_false_supported(outcomes) == 0.5
    assert macro_f1(outcomes) == pytest.approx((4 / 6 + 1 + 0) / 3)
    assert balanced_where_it_answers(outcomes) == pytest.approx((1 / 2 + 1) / 2)


def test_a_set_that_only_knows_not_supported_is_scored_on_two_labels() -> None:
    outcomes = [
        outcome("supported", "supported", "supported"),
        outcome("not_supported", "contradicted", "contradicted"),
        outcome("not_supported", "unverifiable", "unverifiable"),
    ]
    assert macro_f1(outcomes) == 1.0
