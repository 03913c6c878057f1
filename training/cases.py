"""Claims with the passages they are judged by, cut into the windows that the judge reads, and back into one answer.

This is the judge's work as the product does it: every window of every passage is read beside the claim, and the most
telling one decides. Thresholds are fitted on it (``calibrate``) and figures are read off it (``figures``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eval.parts import Part
from training.data import Label, Pair, Row, premise_of, rows_of, split_sentences

Answer = Literal["supported", "contradicted", "unverifiable"]
ANSWERS: tuple[Answer, Answer, Answer] = ("supported", "contradicted", "unverifiable")
Floats = NDArray[np.float32]
#: From pairs to logits, a row for each pair in order: supported, contradicted, unverifiable.
Predictor = Callable[[Sequence[Pair]], Floats]

LONGEST_SENTENCE = 80  # words; a longer one (a table, a list) is read in pieces
_MOST_WINDOWS = 60  # of a claim; whole articles are cut off there


@dataclass(frozen=True, slots=True)
class Case:
    """One claim, its passages as (title, text), and the gold label."""

    claim: str
    passages: tuple[tuple[str, str], ...]
    label: Label
    lang: str
    kind: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns logits into an answer: a temperature, and how sure each of the two verdicts has to be."""

    temperature: float = 1.0
    supported: float = 0.5
    contradicted: float = 0.5

    def probabilities(self, logits: Floats) -> Floats:
        scaled = logits / self.temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        odds = np.exp(scaled)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float32)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Calibration:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def cases_of(folder: Path, part: Part) -> list[Case]:
    """Every claim of the free sets that belongs to ``part``, with its own evidence as the passages."""
    return [case_of(row) for row in rows_of(folder, (part,)) if row.lang in ("de", "en")]


def case_of(row: Row) -> Case:
    passages = tuple((item["title"], item["text"]) for item in row.evidence)
    return Case(row.claim, passages, row.label, row.lang, row.file.partition("/")[0])


def windows(case: Case, sizes: Sequence[int] = (1, 2)) -> list[Pair]:
    """The claim beside each sentence, and each run of neighbouring sentences, of its passages."""
    found: dict[str, Pair] = {}
    for title, text in case.passages:
        sentences = [piece for sentence in split_sentences(text) for piece in _pieces(sentence)]
        for size in sizes:
            for start in range(max(1, len(sentences) - size + 1)):
                shown = premise_of(title, " ".join(sentences[start : start + size]))
                found.setdefault(shown, Pair(shown, case.claim, case.label, case.lang, case.kind))
    return list(found.values())[:_MOST_WINDOWS]


def _pieces(sentence: str) -> Iterator[str]:
    words = sentence.split()
    if len(words) <= LONGEST_SENTENCE:
        yield sentence
        return
    for start in range(0, len(words), LONGEST_SENTENCE):
        yield " ".join(words[start : start + LONGEST_SENTENCE])


def whole(case: Case) -> list[Pair]:
    """The claim beside all of its evidence at once, as far as the judge can read: gold evidence, not retrieved."""
    shown = " ".join(premise_of(title, text) for title, text in case.passages)
    return [Pair(shown, case.claim, case.label, case.lang, case.kind)]


def read_all(cases: Sequence[Case], cut: Callable[[Case], list[Pair]], predict: Predictor) -> list[Floats]:
    """For each case the logits of its windows; all windows of all cases go through the judge together."""
    cuts = [cut(case) for case in cases]
    logits = predict([pair for pairs in cuts for pair in pairs])
    ends = np.cumsum([len(pairs) for pairs in cuts])
    return [logits[end - len(pairs) : end] for end, pairs in zip(ends, cuts, strict=True)]


def summed_up(logits: Floats, calibration: Calibration) -> tuple[float, float]:
    """How far the most telling window goes towards supported, and how far one goes towards contradicted."""
    if not len(logits):
        return 0.0, 0.0
    probabilities = calibration.probabilities(logits)
    return float(probabilities[:, 0].max()), float(probabilities[:, 1].max())


def answer(supports: float, against: float, calibration: Calibration) -> Answer:
    """The verdict where one side is sure enough; unverifiable where neither is, or where both are."""
    sure_for, sure_against = supports >= calibration.supported, against >= calibration.contradicted
    if sure_for and sure_against:
        return "unverifiable"
    if sure_for:
        return "supported"
    return "contradicted" if sure_against else "unverifiable"


def likeliest(logits: Floats) -> Answer:
    """The answer without thresholds: the side whose best window beats "unverifiable" by more."""
    if not len(logits):
        return "unverifiable"
    gains = logits[:, :2] - logits[:, 2:]
    best = gains.max(axis=0)
    return "unverifiable" if best.max() < 0 else ANSWERS[int(best.argmax())]
