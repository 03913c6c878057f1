"""Trains the detector of claims: a linear head over sentence vectors, hashed words and cues. Minutes on one core.

    python -m training.detector --data ../shared/data

Thresholds are set on what heads say of sentences they were not fitted on (five folds). What the shipped head is worth,
beside the rules it replaced, is in ``MODEL_CARD_DETECTOR.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped,unused-ignore]
from sklearn.linear_model import LogisticRegression

from eval.parts import about_of, part_of
from factcheck.local.detector import BUCKETS, HEAD, KINDS, WEIGHTS, Kind, bare, buckets, cues, share
from factcheck.local.minilm import MiniLM
from training.data import read_jsonl

SENTENCES = Path(__file__).parent / "detector"
SEED = 20251021
FOLDS = 5
KEPT = 0.95  # of the claims written for a language, by heads that were not fitted on them
REGULARISATION = 10.0  # sklearn's C
ENCYCLOPEDIC = 0.2  # weight of a sentence taken for a claim because it stands in an encyclopedia
DRAWN = {"en": 250, "de": 500}  # sentences of encyclopedias
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ])")


@dataclass(frozen=True, slots=True)
class Example:
    """``fold`` keeps sentences that say the same in both languages, or stand in one answer, together."""

    text: str
    kind: Kind
    language: str
    source: str
    fold: int
    weight: float = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the public sets")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    found = [*written(), *answers(given.data), *encyclopedic(given.data)]
    features = features_of(found)
    unseen = held_out(found, features)
    least = thresholds(found, unseen)
    print(json.dumps(report(found, unseen, least), indent=2))
    save(given.out, fitted(found, features), least)


def written(folder: Path = SENTENCES) -> Iterator[Example]:
    """The sentences written for this: one a line, its kind before a tab."""
    for language in ("en", "de"):
        lines = (folder / f"sentences.{language}.tsv").read_text(encoding="utf-8").splitlines()
        of_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for line in lines:
            kind, _, text = line.partition("\t")
            of_kind[kind].append(text)
        for kind in KINDS:  # both files say much the same in the same order: neighbours share a fold
            for place, text in enumerate(of_kind[kind]):
                yield Example(text, kind, language, "written", place * 60 // len(of_kind[kind]) % FOLDS)


def answers(data: Path) -> Iterator[Example]:
    """Sentences of chatbots' answers that people marked: of ``factcheck-bench`` the part that no figure is read off."""
    for row in read_jsonl(data / "factcheck-bench" / "documents.jsonl"):
        if part_of("factcheck-bench/documents", row["id"]) == "dev":
            for sentence in row["sentences"]:
                yield Example(sentence["text"], _marked(sentence["checkworthy"]), "en", "answers", _fold(row["id"]))


def _marked(checkworthy: str) -> Kind:
    return "claims" if checkworthy == "yes" else "opinion" if checkworthy == "opinion" else "no_claim"


def encyclopedic(data: Path) -> Iterator[Example]:
    """Sentences of Wikipedia, of which nearly all claim something: what claims look like, in two languages."""
    texts: dict[str, list[str]] = {language: [] for language in DRAWN}
    for row in _free_to_train(data, "xquad/corpus.jsonl.gz"):
        if (language := row["doc_id"].split("-")[1]) in texts:
            texts[language] += _cut(row["text"])
    texts["de"] += [row["claim"] for row in _free_to_train(data, "pawsx/dev.binary.jsonl.gz") if row["lang"] == "de"]
    for language, drawn in DRAWN.items():
        for text in random.Random(SEED).sample(texts[language], min(drawn, len(texts[language]))):
            yield Example(text, "claims", language, "encyclopedia", _fold(text), ENCYCLOPEDIC)


def _free_to_train(data: Path, file: str) -> Iterator[dict[str, Any]]:
    """The rows of the part of a set that figures are not read off."""
    return (row for row in read_jsonl(data / file) if part_of(file, about_of(file, row)) == "train")


def _cut(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE_END.split(text) if 25 < len(sentence) < 300]


def _fold(name: str) -> int:
    return zlib.crc32(name.encode()) % FOLDS


def features_of(examples: Sequence[Example]) -> sparse.csr_matrix:
    """A row for each example, as the detector sees it: buckets, cues, vector."""
    texts = [bare(example.text, example.language) for example in examples]
    hashed = [buckets(text) for text in texts]
    places = np.concatenate([np.array(each, dtype=np.int64) for each in hashed])
    rows = np.repeat(np.arange(len(examples)), [len(each) for each in hashed])
    weights = np.array([share(each) for each in hashed])[rows]
    worded = sparse.csr_matrix((weights, (rows, places)), shape=(len(examples), BUCKETS))
    told = np.stack([cues(text, example.language) for text, example in zip(texts, examples, strict=True)])
    vectors = MiniLM().embed(texts)
    return sparse.hstack([worded, told, vectors]).tocsr()


def fitted(examples: Sequence[Example], features: sparse.csr_matrix) -> LogisticRegression:
    head = LogisticRegression(C=REGULARISATION, max_iter=500)
    return head.fit(
        features,
        [KINDS.index(example.kind) for example in examples],
        sample_weight=[example.weight for example in examples],
    )


def held_out(examples: Sequence[Example], features: sparse.csr_matrix) -> NDArray[np.float64]:
    """For each example what a head says of it that was fitted without its fold."""
    folds = np.array([example.fold for example in examples])
    said = np.zeros((len(examples), len(KINDS)))
    for fold in range(FOLDS):
        rest, out = np.flatnonzero(folds != fold).tolist(), np.flatnonzero(folds == fold).tolist()
        head = fitted([examples[place] for place in rest], features[rest])
        said[np.ix_(out, head.classes_)] = head.predict_proba(features[out])
    return said


def thresholds(examples: Sequence[Example], said: NDArray[np.float64]) -> dict[str, float]:
    """For each language the highest probability that keeps ``KEPT`` of the claims written for it, the hard ones."""
    hard = {language: _where(examples, language, claims=True, source="written") for language in DRAWN}
    return {language: round(float(np.quantile(said[places, 0], 1 - KEPT)), 3) for language, places in hard.items()}


def _where(examples: Sequence[Example], language: str, *, claims: bool, source: str | None = None) -> list[int]:
    return [
        place
        for place, example in enumerate(examples)
        if example.language == language and (example.kind == "claims") == claims and source in (None, example.source)
    ]


def report(examples: Sequence[Example], said: NDArray[np.float64], least: dict[str, float]) -> dict[str, Any]:
    """Of each language and source: how many claims are kept, and of the others how many are not, and why."""
    found: dict[str, Any] = {"examples": len(examples)}
    for language, source in sorted({(example.language, example.source) for example in examples}):
        claims, others = (_where(examples, language, claims=wanted, source=source) for wanted in (True, False))
        reasons = said[others, 1:].argmax(axis=1) + 1
        right = [KINDS[reason] == examples[other].kind for reason, other in zip(reasons, others, strict=True)]
        found[f"{language} {source}"] = {
            "claims": len(claims),
            "kept": round(float((said[claims, 0] >= least[language]).mean()), 3),
            "others": len(others),
            "excluded": round(float((said[others, 0] < least[language]).mean()), 3) if others else None,
            "right reason": round(float(np.mean(right)), 3) if others else None,
        }
    return found | {"thresholds": least}


def save(folder: Path, head: LogisticRegression, least: dict[str, float]) -> None:
    """The head in half precision and a manifest with its sha256."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / HEAD, weights=head.coef_.T.astype(np.float16), bias=head.intercept_.astype(np.float32))
    digest = hashlib.sha256((folder / HEAD).read_bytes()).hexdigest()
    manifest = {"model": "detector of claims", "kinds": KINDS, "least": least, "files": {HEAD: digest}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
