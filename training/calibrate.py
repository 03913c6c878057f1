"""Fits how sure the judge has to be before it says something: a temperature and a threshold for each verdict.

    python -m training.calibrate --judge ../judge/int8

Fitted on the dev part alone: the temperature on windows whose label is known, the thresholds on whole claims, so that
few of the claims that are not borne out are called supported, and most of those called contradicted are.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from training.cases import Answer, Calibration, Case, Floats, Predictor, answer, case_of, read_all, summed_up, windows
from training.data import Label, Pair, rows_of
from training.mix import dev_pairs, held_contrasts

#: Of the claims of a set that are not borne out, at most this share may be called supported; and on the mean of sets.
MOST_FALSE_SUPPORTED = 0.04
MEAN_FALSE_SUPPORTED = 0.02
LEAST_CONTRADICTED_PRECISION = 0.85  # on the mean of sets, each label weighing the same
#: Sets whose labels are clear enough to fit on. citint and begin call unsupported what a reader would let pass, and the
#: word order that pawsx turns round is beyond this judge: a threshold that held there would withhold nearly everything.
FITTED_ON = (
    "fever",
    "feverous-s",
    "fm2",
    "scifact",
    "summedits",
    "infotabs",
    "factcheck-bench",
    "contrast-en",
    "contrast-de",
)
_GRID = tuple(float(step) for step in np.round(np.arange(0.34, 0.9951, 0.005), 4))
_LABELS: tuple[Label, ...] = ("supported", "contradicted", "unverifiable")


@dataclass(frozen=True, slots=True)
class Judged:
    """A dev claim with how far its windows go towards either verdict."""

    kind: str
    label: Label
    supports: float
    against: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=Path, required=True, help="the --out of training.export_judge")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=260, help="claims of a set, at most")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    predict = load_predictor(given.judge)
    temperature = fit_temperature(*_known(predict, dev_pairs(given.data, given.seed)))
    judged = judge_cases(dev_cases(given.data, given.seed, given.most), predict, Calibration(temperature))
    calibration = fit_thresholds(judged, temperature)
    calibration.write(given.judge / "calibration.json")
    print(calibration)
    print(table(judged, calibration))


def load_predictor(folder: Path) -> Predictor:
    """The exported judge; onnxruntime and torch are imported only here."""
    from tokenizers import Tokenizer

    from training.export_judge import OnnxJudge
    from training.export_minilm import OUT as EMBEDDER

    return OnnxJudge(folder / "judge.onnx", Tokenizer.from_file(str(EMBEDDER / "tokenizer.json")))


def _known(predict: Predictor, pairs: Sequence[Pair]) -> tuple[Floats, list[Label]]:
    clear = [pair for pair in pairs if pair.label != "not_supported" and pair.kind in FITTED_ON]
    return predict(clear), [pair.label for pair in clear]


def fit_temperature(logits: Floats, labels: Sequence[Label]) -> float:
    """The temperature at which the labels are likeliest; above 1 where the judge is surer than it is right."""
    gold = np.array([_LABELS.index(label) for label in labels])
    rows = np.arange(len(gold))

    def loss(temperature: float) -> float:
        chances = Calibration(temperature).probabilities(logits)[rows, gold]
        return float(-np.log(np.clip(chances, 1e-9, 1)).mean())

    return min((float(t) for t in np.round(np.arange(0.5, 3.51, 0.05), 2)), key=loss)


def dev_cases(folder: Path, seed: int, most: int) -> list[Case]:
    """Claims of the dev part, at most so many of a set, and contrasts of its sentences."""
    rng = random.Random(seed)
    rows = rows_of(folder, ("dev",))
    cases = [case_of(row) for row in rows if row.lang in ("de", "en")]
    rng.shuffle(cases)
    contrasts = [
        Case(pair.claim, (("", pair.premise),), pair.label, pair.lang, pair.kind)
        for pair in held_contrasts(folder, rows, "dev", rng)
    ]
    by_kind: dict[str, list[Case]] = {}
    for case in [*cases, *contrasts]:
        if case.kind not in FITTED_ON:
            continue
        by_kind.setdefault(case.kind, []).append(case)
    return [case for kind in sorted(by_kind) for case in by_kind[kind][:most]]


def judge_cases(cases: Sequence[Case], predict: Predictor, calibration: Calibration) -> list[Judged]:
    """Every case, read window by window."""
    return [
        Judged(case.kind, case.label, *summed_up(logits, calibration))
        for case, logits in zip(cases, read_all(cases, windows, predict), strict=True)
    ]


def fit_thresholds(judged: Sequence[Judged], temperature: float) -> Calibration:
    """The lowest thresholds that keep the promises above; where none does, the highest there is."""
    calibration = Calibration(temperature, supported=_GRID[-1], contradicted=_GRID[-1])
    for threshold in _GRID:
        tried = replace(calibration, supported=threshold, contradicted=2.0)
        rates = false_supported(judged, tried)
        if max(rates.values()) <= MOST_FALSE_SUPPORTED and np.mean(list(rates.values())) <= MEAN_FALSE_SUPPORTED:
            calibration = replace(calibration, supported=threshold)
            break
    for threshold in _GRID:
        tried = replace(calibration, contradicted=threshold)
        if contradicted_precision(judged, tried) >= LEAST_CONTRADICTED_PRECISION:
            return tried
    return calibration


def false_supported(judged: Sequence[Judged], calibration: Calibration) -> dict[str, float]:
    """For each set: of the claims not borne out, the share called supported."""
    return _rates(judged, calibration, lambda label: label != "supported", "supported")


def contradicted_precision(judged: Sequence[Judged], calibration: Calibration) -> float:
    """Of the claims called contradicted, the share that is; each set and each of its labels weighing the same."""
    right = _rates(judged, calibration, lambda label: label == "contradicted", "contradicted")
    wrong = _rates(judged, calibration, lambda label: label in ("supported", "unverifiable"), "contradicted")
    shares = [right[kind] / (right[kind] + wrong[kind]) for kind in right if right[kind] + wrong.get(kind, 0) > 0.02]
    return float(np.mean(shares)) if shares else 1.0


def _rates(
    judged: Sequence[Judged], calibration: Calibration, among: Callable[[Label], bool], called: Answer
) -> dict[str, float]:
    found: dict[str, list[bool]] = {}
    for one in judged:
        if among(one.label):
            found.setdefault(one.kind, []).append(answer(one.supports, one.against, calibration) == called)
    return {kind: sum(hits) / len(hits) for kind, hits in found.items()}


def table(judged: Sequence[Judged], calibration: Calibration) -> str:
    """What the thresholds do on each dev set, as Markdown."""
    wrong = false_supported(judged, calibration)
    found = _rates(judged, calibration, lambda label: label == "supported", "supported")
    against = _rates(judged, calibration, lambda label: label == "contradicted", "contradicted")
    lines = ["| dev set | false supported | supported found | contradicted found |", "|---|---|---|---|"]
    for kind in sorted(wrong):
        lines.append(f"| {kind} | {_cell(wrong, kind)} | {_cell(found, kind)} | {_cell(against, kind)} |")
    return "\n".join(lines)


def _cell(rates: Mapping[str, float], kind: str) -> str:
    return f"{rates[kind]:.3f}" if kind in rates else ""


if __name__ == "__main__":
    main()
