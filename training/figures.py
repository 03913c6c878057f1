"""Reads the judge's figures off the test parts: what it is worth on pages, answers and sentences it never learned from.

    python -m training.figures --judge ../judge/int8

Prints a Markdown table. ``likeliest`` is the answer without thresholds; the rest is the answer as it ships.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.calibrate import load_predictor
from training.cases import (
    Calibration,
    Case,
    Floats,
    Predictor,
    answer,
    case_of,
    cases_of,
    likeliest,
    read_all,
    summed_up,
    whole,
    windows,
)
from training.data import Label, Pair, Row, read_jsonl, rows_of
from training.mix import contrasts_of

_RESAMPLED = 1000  # draws for an interval
#: Sets to report on and never to train or fit on: their licence forbids it, or gives none.
ASIDE = {
    "xnli-de": ("nc/xnli/test_half.jsonl.gz", "de"),
    "rte3-de": ("unstated/rte3/*.jsonl*", "de"),
    "climate-fever": ("unstated/climate-fever/pairs.jsonl.gz", "en"),
    "healthver": ("unstated/healthver/dev.jsonl.gz", "en"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case with both answers: the likeliest one, and the one given at the shipped thresholds."""

    case: Case
    likely: str
    given: str
    between: str  # supported or contradicted, whichever is nearer, for sets that know no third


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=Path, required=True, help="weights and calibration.json")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=1500, help="claims of a set, at most")
    parser.add_argument("--contrasts", type=int, default=300, help="contrasts of a kind, at most")
    parser.add_argument("--sets", nargs="*", default=[], help="only these sets, and the contrasts")
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    calibration = Calibration.read(given.judge / "calibration.json")
    predict = load_predictor(given.judge)
    print(f"{calibration}\n\n| set | claims | figure | value | 95 % |\n|---|---|---|---|---|", flush=True)
    for name, cases, cut in sets(given.data, given.most, given.seed):
        if given.sets and name.partition(",")[0] not in given.sets:
            continue
        outcomes = judge_all(cases, cut, predict, calibration)
        for figure, value, low, high in figures(name, outcomes):
            print(f"| {name} | {len(outcomes)} | {figure} | {value:.3f} | {low:.3f} to {high:.3f} |", flush=True)
    for name, value, count in contrast_figures(given.data, given.contrasts, given.seed, predict, calibration):
        print(f"| {name} | {count} | not called supported | {value:.3f} | |", flush=True)


def sets(folder: Path, most: int, seed: int) -> Iterator[tuple[str, list[Case], Callable[[Case], list[Pair]]]]:
    """Every test set with the way its evidence is read: gold evidence at once, or window by window."""
    by_kind: dict[str, list[Case]] = {}
    for case in cases_of(folder, "test"):
        by_kind.setdefault(case.kind, []).append(case)
    by_kind |= {name: list(_aside(folder, *place)) for name, place in ASIDE.items()}
    for name, cases in by_kind.items():
        picked = random.Random(seed).sample(cases, min(most, len(cases)))
        if picked:
            yield name, picked, windows
        if name in ("fever", "feverous-s", "fm2"):
            yield f"{name}, evidence at once", picked, whole


def _aside(folder: Path, pattern: str, lang: str) -> Iterator[Case]:
    for path in sorted(folder.glob(pattern)):
        for record in read_jsonl(path):
            if record["lang"] == lang and record["evidence"]:
                row = Row(path.name, record["claim"], record["label"], lang, tuple(record["evidence"]), {}, "", "test")
                yield case_of(row)


def judge_all(
    cases: Sequence[Case], cut: Callable[[Case], list[Pair]], predict: Predictor, calibration: Calibration
) -> list[Outcome]:
    """Every case with its answers."""
    return [
        _outcome(case, logits, calibration) for case, logits in zip(cases, read_all(cases, cut, predict), strict=True)
    ]


def _outcome(case: Case, logits: Floats, calibration: Calibration) -> Outcome:
    supports, against = summed_up(logits, calibration)
    nearer = "supported" if supports >= against else "contradicted"
    return Outcome(case, likeliest(logits), answer(supports, against, calibration), nearer)


def figures(name: str, outcomes: Sequence[Outcome]) -> Iterator[tuple[str, float, float, float]]:
    """What can be said of a set, with the interval that resampling its claims gives."""
    gold: set[Label] = {outcome.case.label for outcome in outcomes}
    if gold == {"supported", "contradicted"}:
        yield _measured("accuracy, two ways", outcomes, lambda some: _accuracy(some, lambda one: one.between))
    if "not_supported" not in gold:
        yield _measured("accuracy, three ways", outcomes, lambda some: _accuracy(some, lambda one: one.likely))
    yield _measured("macro-F1", outcomes, macro_f1)
    yield _measured("false supported", outcomes, false_supported)
    yield _measured("supported found", outcomes, lambda some: _share(some, "supported", "supported"))
    if "contradicted" in gold:
        yield _measured("contradicted found", outcomes, lambda some: _share(some, "contradicted", "contradicted"))
        yield _measured("right where it answers, balanced", outcomes, balanced_where_it_answers)


def _measured(
    figure: str, outcomes: Sequence[Outcome], measure: Callable[[Sequence[Outcome]], float]
) -> tuple[str, float, float, float]:
    rng = random.Random(1)
    draws = min(_RESAMPLED, 200_000 // max(1, len(outcomes)))
    values = [measure(rng.choices(outcomes, k=len(outcomes))) for _ in range(draws)]
    low, high = (float(np.nanquantile(values, at)) for at in (0.025, 0.975))
    return figure, measure(outcomes), low, high


def _accuracy(outcomes: Sequence[Outcome], said: Callable[[Outcome], str]) -> float:
    return sum(said(one) == one.case.label for one in outcomes) / len(outcomes)


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """Over the labels the set uses; where it knows only "not supported", both other answers count as that."""
    binary = any(one.case.label == "not_supported" for one in outcomes)
    labels = sorted({one.case.label for one in outcomes})
    said = ["not_supported" if binary and one.likely != "supported" else one.likely for one in outcomes]
    scores = []
    for label in labels:
        gold = [one.case.label == label for one in outcomes]
        both = sum(is_gold and guess == label for is_gold, guess in zip(gold, said, strict=True))
        scores.append(2 * both / max(1, sum(gold) + said.count(label)))
    return float(np.mean(scores))


def false_supported(outcomes: Sequence[Outcome]) -> float:
    """Of the claims that are not borne out, the share called supported at the shipped thresholds."""
    open_or_false = [one for one in outcomes if one.case.label != "supported"]
    return sum(one.given == "supported" for one in open_or_false) / max(1, len(open_or_false))


def _share(outcomes: Sequence[Outcome], label: Label, given: str) -> float:
    these = [one for one in outcomes if one.case.label == label]
    return sum(one.given == given for one in these) / max(1, len(these))


def balanced_where_it_answers(outcomes: Sequence[Outcome]) -> float:
    """Accuracy on the claims it calls supported or contradicted, true and false ones weighing the same."""
    answered = [
        one for one in outcomes if one.given != "unverifiable" and one.case.label in ("supported", "contradicted")
    ]
    shares = [
        sum(one.given == label for one in these) / len(these)
        for label in ("supported", "contradicted")
        if (these := [one for one in answered if one.case.label == label])
    ]
    return float(np.mean(shares)) if shares else float("nan")


def contrast_figures(
    folder: Path, most: int, seed: int, predict: Predictor, calibration: Calibration
) -> Iterator[tuple[str, float, int]]:
    """For each thing that was changed, in each language: how often the claim is not called supported."""
    rng = random.Random(seed)
    made = contrasts_of(folder, rows_of(folder, ("test",)), "test", rng)
    by_kind: dict[str, list[Pair]] = {}
    for pair in made:
        by_kind.setdefault(pair.kind, []).append(pair)
    for kind, pairs in sorted(by_kind.items()):
        some = pairs[:most]
        chances = calibration.probabilities(predict(some))
        called = [answer(float(row[0]), float(row[1]), calibration) for row in chances]
        yield f"contrast {kind}", sum(label != "supported" for label in called) / len(called), len(some)


if __name__ == "__main__":
    main()
