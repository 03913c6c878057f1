"""Fits how sure the judge is of a label, and how sure it has to be before it says it.

    python -m training.calibrate --judge ../judge/int8

Fitted on the dev part alone, on what the product's own code sees of each claim (``factcheck.verdict.local.Signs``): one
logistic regression for each of the two labels, and a threshold for each, read off predictions for claims that the
regression has not seen (ten folds, no passage in two of them). Where nothing is withheld, the likeliest label is read
by regressions of their own, over all windows; and by one more where a claim is known to be supported or contradicted.
What is found goes into the manifest of the judge.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.local.pairs import PairModel
from factcheck.models import Stance
from factcheck.verdict.local import Finding, Signs, likeliest_of, ranked, signs_of, weight
from training.cases import Case, dev_cases, findings_of
from training.data import Label

Floats = NDArray[np.float64]

#: Of the claims of a set that are not borne out, at most this share may be called supported; and on the mean of sets.
MOST_FALSE_SUPPORTED = 0.03
MEAN_FALSE_SUPPORTED = 0.01
LEAST_CONTRADICTED_PRECISION = 0.9  # on the mean of sets; on claims of another kind it will be less
#: Sets whose labels are clear enough to fit on, and how much each weighs. citint and begin call unsupported what a
#: reader would let pass.
FITTED_ON: Mapping[str, float] = {
    "fever": 1.0,
    "feverous-s": 0.5,
    "fm2": 0.5,
    "scifact": 1.0,
    "summedits": 0.5,
    "infotabs": 0.5,
    "pawsx": 0.5,
    "factcheck-bench": 1.0,
    "contrast-en": 0.5,
    "contrast-de": 0.5,
    "written-en": 2.0,
    "written-de": 2.0,
    "written-cross": 1.0,
}
LABEL_OF: dict[Stance, Label] = {"supports": "supported", "contradicts": "contradicted"}
ALL_SIGNS = tuple(field.name for field in fields(Signs))
#: A label that is given has a difference that code can name, or none; so whether it has says nothing more.
SIGNS = tuple(name for name in ALL_SIGNS if name not in ("named", "named_margin"))
_FOLDS = 10
_LIKELY = tuple(float(step) for step in np.round(np.arange(0.3, 0.56, 0.01), 2))
_GRID = tuple(float(step) for step in np.round(np.arange(0.4, 0.9951, 0.005), 4))


@dataclass(frozen=True, slots=True)
class Judged:
    """A dev claim with the signs of each side; None where a side has no window that may speak for it."""

    case: Case
    signs: Mapping[Stance, Signs | None]


def main() -> None:
    given = options(__doc__)
    read = read_with(PairModel(given.judge), given)
    judged = [judge(case, findings) for case, findings in read]
    decision, chances = fit(judged)
    likeliest = fit_likeliest([judge(case, findings, gated=False) for case, findings in read])
    path = given.judge / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    fitted = {**manifest, "decision": decision, "likeliest": likeliest, "of_two": fit_of_two(read)}
    path.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(decision, indent=2))
    print(table(judged, chances, decision))


def options(about: str | None) -> argparse.Namespace:
    """What a command line says of the judge and of the dev claims it is to read."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=Path, required=True, help="a folder with judge.onnx and its manifest")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--most", type=int, default=250, help="claims of a set, at most")
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def read_with(model: PairModel, given: argparse.Namespace) -> list[tuple[Case, list[Finding]]]:
    """The dev claims that are fitted on, each with what is found in its passages."""
    cases = dev_cases(given.data, tuple(FITTED_ON), given.seed, given.most)
    return [(case, findings_of(case, model)) for case in cases]


def judge(case: Case, findings: Sequence[Finding], *, gated: bool = True) -> Judged:
    """The signs that the product's judge would go by: ``gated`` where it reads only windows about the claim."""
    seen = [finding for finding in findings if finding.is_about] if gated else findings
    sides = {stance: ranked(seen, stance, gated=gated) for stance in LABEL_OF}
    return Judged(case, {stance: signs_of(side, seen, stance) if side else None for stance, side in sides.items()})


def fit(judged: Sequence[Judged]) -> tuple[dict[str, Any], dict[Stance, Floats]]:
    """The decision for the manifest, and for each stance the chances of each claim by a fit that did not see it."""
    chances = {stance: held_out(judged, stance, SIGNS) for stance in LABEL_OF}
    least = thresholds(judged, chances)
    decision: dict[str, Any] = {
        stance: {**_weights(judged, stance, SIGNS), "threshold": threshold} for stance, threshold in least.items()
    }
    return decision, chances


def fit_likeliest(judged: Sequence[Judged]) -> dict[str, Any]:
    """What the likeliest label is read by: weights, and how likely one has to be to be likelier than none."""
    chances = {stance: held_out(judged, stance, ALL_SIGNS) for stance in LABEL_OF}
    weights: dict[str, Any] = {stance: _weights(judged, stance, ALL_SIGNS) for stance in LABEL_OF}
    return {**weights, "least": max(_LIKELY, key=lambda least: mean_f1(judged, chances, least))}


def fit_of_two(read: Sequence[tuple[Case, Sequence[Finding]]]) -> dict[str, float]:
    """By how much the likeliest windows of both sides speak for supported, of claims that are it or contradicted."""
    from sklearn.linear_model import LogisticRegression

    rows = [(case, likeliest_of(findings)) for case, findings in read if case.label in LABEL_OF.values() and findings]
    sizes = Counter(case.kind for case, _ in rows)
    model = LogisticRegression(C=1.0, max_iter=2000).fit(
        [[weight(best[stance], stance) for stance in LABEL_OF] for _, best in rows],
        [case.label == "supported" for case, _ in rows],
        sample_weight=_even([FITTED_ON[case.kind] / sizes[case.kind] for case, _ in rows]),
    )
    weights = dict(zip(LABEL_OF, model.coef_[0], strict=True))
    return {name: round(float(value), 4) for name, value in {"bias": model.intercept_[0], **weights}.items()}


def mean_f1(judged: Sequence[Judged], chances: Mapping[Stance, Floats], least: float) -> float:
    """Macro-F1 of the likeliest labels, on the mean of the sets with all three."""
    from sklearn.metrics import f1_score

    said = np.array(likely(chances, least))
    labels = ["supported", "contradicted", "unverifiable"]
    found = []
    for kind in FITTED_ON:
        rows = [at for at, one in enumerate(judged) if one.case.kind == kind]
        gold = [judged[at].case.label for at in rows]
        if {*labels} <= {*gold}:
            found.append(f1_score(gold, said[rows], labels=labels, average="macro"))
    return float(np.mean(found))


def likely(chances: Mapping[Stance, Floats], least: float) -> list[Label]:
    """The likelier of the two labels, where it is as likely as ``least``."""
    return [
        "unverifiable" if max(supports, against) < least else "supported" if supports >= against else "contradicted"
        for supports, against in zip(chances["supports"], chances["contradicts"], strict=True)
    ]


def _weights(judged: Sequence[Judged], stance: Stance, names: Sequence[str]) -> dict[str, Any]:
    model = _fitted(judged, stance, range(len(judged)), names)
    weights = {name: round(float(weight), 4) for name, weight in zip(names, model.coef_[0], strict=True)}
    return {"bias": round(float(model.intercept_[0]), 4), "weights": weights}


def held_out(judged: Sequence[Judged], stance: Stance, names: Sequence[str]) -> Floats:
    """The chance of the label for each claim; 0 where the side has nothing to show."""
    abouts = sorted({one.case.about for one in judged})
    rng = np.random.default_rng(1)
    fold_of = dict(zip(abouts, rng.integers(0, _FOLDS, len(abouts)), strict=True))
    chances = np.zeros(len(judged))
    for fold in range(_FOLDS):
        train = [at for at, one in enumerate(judged) if fold_of[one.case.about] != fold]
        test = [at for at, one in enumerate(judged) if fold_of[one.case.about] == fold and one.signs[stance]]
        if test:
            model = _fitted(judged, stance, train, names)
            chances[test] = model.predict_proba(_matrix(judged, stance, test, names))[:, 1]
    return chances


def _fitted(judged: Sequence[Judged], stance: Stance, among: Sequence[int], names: Sequence[str]) -> Any:
    from sklearn.linear_model import LogisticRegression

    rows = [at for at in among if judged[at].signs[stance] is not None]
    gold = np.array([judged[at].case.label == LABEL_OF[stance] for at in rows])
    sizes = {kind: sum(judged[at].case.kind == kind for at in rows) for kind in FITTED_ON}
    weights = _even([FITTED_ON[judged[at].case.kind] / sizes[judged[at].case.kind] for at in rows])
    return LogisticRegression(C=1.0, max_iter=2000).fit(
        _matrix(judged, stance, rows, names), gold, sample_weight=weights
    )


def _even(weights: Sequence[float]) -> Floats:
    """The same weights, 1 in the mean."""
    return np.array(weights) * len(weights) / sum(weights)


def _matrix(judged: Sequence[Judged], stance: Stance, rows: Sequence[int], names: Sequence[str]) -> Floats:
    signs = [judged[at].signs[stance] for at in rows]
    return np.array([[asdict(one)[name] for name in names] for one in signs if one is not None])


def thresholds(judged: Sequence[Judged], chances: Mapping[Stance, Floats]) -> dict[Stance, float]:
    """The lowest that keep the promises above; where none does, the highest there is."""
    least: dict[Stance, float] = {"supports": _GRID[-1], "contradicts": _GRID[-1]}
    for tried in _GRID:
        rates = false_supported(judged, answers(chances, {"supports": tried, "contradicts": 2.0}))
        if max(rates.values()) <= MOST_FALSE_SUPPORTED and np.mean(list(rates.values())) <= MEAN_FALSE_SUPPORTED:
            least["supports"] = tried
            break
    for tried in _GRID:
        said = answers(chances, {**least, "contradicts": tried})
        if contradicted_precision(judged, said) >= LEAST_CONTRADICTED_PRECISION:
            least["contradicts"] = tried
            break
    return least


def answers(chances: Mapping[Stance, Floats], least: Mapping[Stance, float]) -> list[Label]:
    """The labels at these thresholds."""
    said: list[Label] = []
    for supports, against in zip(chances["supports"], chances["contradicts"], strict=True):
        sure = (supports >= least["supports"], against >= least["contradicts"])
        said.append({(True, False): "supported", (False, True): "contradicted"}.get(sure, "unverifiable"))  # type: ignore[arg-type]
    return said


def false_supported(judged: Sequence[Judged], said: Sequence[Label]) -> dict[str, float]:
    """For each set: of the claims not borne out, the share called supported."""
    return _rates(judged, said, ("contradicted", "unverifiable", "not_supported"), "supported")


def contradicted_precision(judged: Sequence[Judged], said: Sequence[Label]) -> float:
    """Of the claims called contradicted, the share that is; sets weigh as in the fit, labels as they come."""
    right = wrong = 0.0
    sizes = {kind: sum(one.case.kind == kind for one in judged) for kind in FITTED_ON}
    for one, label in zip(judged, said, strict=True):
        if label == "contradicted":
            weight = FITTED_ON[one.case.kind] / sizes[one.case.kind]
            right += weight * (one.case.label in ("contradicted", "not_supported"))
            wrong += weight * (one.case.label not in ("contradicted", "not_supported"))
    return right / (right + wrong) if right + wrong else 1.0


def _rates(judged: Sequence[Judged], said: Sequence[Label], among: Sequence[Label], called: Label) -> dict[str, float]:
    found: dict[str, list[bool]] = {}
    for one, label in zip(judged, said, strict=True):
        if one.case.label in among:
            found.setdefault(one.case.kind, []).append(label == called)
    return {kind: sum(hits) / len(hits) for kind, hits in found.items()}


def table(judged: Sequence[Judged], chances: Mapping[Stance, Floats], decision: Mapping[str, Any]) -> str:
    """What the thresholds do on each dev set, as Markdown, by fits that did not see the claim."""
    said = answers(chances, {stance: decision[stance]["threshold"] for stance in LABEL_OF})
    wrong = false_supported(judged, said)
    found = _rates(judged, said, ("supported",), "supported")
    against = _rates(judged, said, ("contradicted",), "contradicted")
    blamed = _rates(judged, said, ("supported",), "contradicted")
    open_blamed = _rates(judged, said, ("unverifiable",), "contradicted")
    lines = [
        "| dev set | false supported | supported found | contradicted found | supported / open called contradicted |",
        "|---|---|---|---|---|",
    ]
    for kind in sorted(wrong):
        cells = [_cell(rates, kind) for rates in (wrong, found, against)]
        lines.append(f"| {kind} | {' | '.join(cells)} | {_cell(blamed, kind)} {_cell(open_blamed, kind)} |")
    return "\n".join(lines)


def _cell(rates: Mapping[str, float], kind: str) -> str:
    return f"{rates[kind]:.3f}" if kind in rates else ""


if __name__ == "__main__":
    main()
