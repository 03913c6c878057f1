"""What needs no understanding gets this far: three trivial systems that every engine should leave behind.

``majority`` says the label its data set has most of. ``claim_only`` never sees the evidence: hashed words of the claim,
and stretches of three and four characters. ``word_overlap`` sees both as bags: how many words and numbers of
the claim are missing, and whether one side is negated. The latter two are logistic regressions fitted to the data set
itself, in five folds by document, so that no answer comes from a model that saw the same document. They know the data
set's own distribution, which an engine does not: that makes them hard to beat, as a baseline should be.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from eval.intervals import SEED
from eval.metrics import GOLDS
from eval.records import Gold, Sample, System
from factcheck.language.cues import NEGATIONS
from factcheck.models import Label

FOLDS = 5
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_NEGATIONS = {language: NEGATIONS["en"] | NEGATIONS["de"] | words for language, words in NEGATIONS.items()}
_ENOUGH = 20_000  # characters of evidence; longer ones are cut, so that a book does not take a minute


def trivial_labels(samples: Sequence[Sample]) -> dict[str, dict[System, Label]]:
    """What each trivial system says of each sample, by the sample's id; every data set on its own."""
    sets: dict[str, list[Sample]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.id):
        sets[sample.dataset].append(sample)
    found: dict[str, dict[System, Label]] = {}
    for members in sets.values():
        said: dict[System, list[Gold]] = {
            "majority": [_most([sample.label for sample in members])] * len(members),
            "claim_only": _learnt(members, np.array([sample.claim for sample in members], dtype=object), _claim_model),
            "word_overlap": _learnt(members, np.array([_overlap(sample) for sample in members]), _overlap_model),
        }
        for place, sample in enumerate(members):
            found[sample.id] = {system: _as_label(golds[place]) for system, golds in said.items()}
    return found


def _as_label(gold: Gold) -> Label:
    return "unverifiable" if gold == "not_supported" else gold


def _most(golds: Sequence[Gold]) -> Gold:
    """The most frequent, the first of GOLDS of several."""
    counts = Counter(golds)
    return max(GOLDS, key=lambda gold: (counts[gold], -GOLDS.index(gold)))


def _learnt(samples: Sequence[Sample], features: NDArray[Any], model: Callable[[], Any]) -> list[Gold]:
    """Each sample's label by a model fitted to the other documents; of a single document the majority."""
    golds = np.array([sample.label for sample in samples])
    documents = np.array([sample.about for sample in samples])
    said = np.full(len(samples), _most([sample.label for sample in samples]), dtype=golds.dtype)
    folds = min(FOLDS, len(set(documents)))
    if folds > 1:
        for others, mine in GroupKFold(folds).split(features, golds, documents):
            said[mine] = _fitted(model, features[others], golds[others])(features[mine])
    return [GOLDS[GOLDS.index(gold)] for gold in said.tolist()]


def _fitted(
    model: Callable[[], Any], features: NDArray[Any], golds: NDArray[np.str_]
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    if len(set(golds)) == 1:
        return lambda rows: np.full(len(rows), golds[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a little less fitted is as trivial
        fitted = model().fit(features, golds)
    predict: Callable[[NDArray[Any]], NDArray[Any]] = fitted.predict
    return predict


def _claim_model() -> Any:
    words = HashingVectorizer(n_features=2**16, ngram_range=(1, 2), token_pattern=r"\w+", alternate_sign=False)
    pieces = HashingVectorizer(n_features=2**16, ngram_range=(3, 4), analyzer="char_wb", alternate_sign=False)
    return make_pipeline(make_union(words, pieces), TfidfTransformer(sublinear_tf=True), _regression(c=4.0, dual=True))


def _overlap_model() -> Any:
    return make_pipeline(StandardScaler(), _regression(c=1.0, dual=False))


def _regression(*, c: float, dual: bool) -> Any:
    """By liblinear, which takes a hundredth of the time that lbfgs does where several programs share the cores."""
    return OneVsRestClassifier(LogisticRegression(C=c, solver="liblinear", dual=dual, random_state=SEED))


def _overlap(sample: Sample) -> list[float]:
    claim = _words(sample.claim)
    evidence = "\n".join(reference.text for reference in sample.evidence)[:_ENOUGH]
    stretches = [_words(stretch) for stretch in _SENTENCE.split(evidence)]
    nearest = max(stretches, key=lambda words: len(words & claim), default=set())
    known = set().union(*stretches)
    numbers = {word for word in claim if word[0].isdigit()}
    negations = _NEGATIONS.get(sample.language, _NEGATIONS["en"])
    negated, countered = bool(claim & negations), bool(nearest & negations)
    return [
        len(claim & known) / max(len(claim), 1),
        len(claim & nearest) / max(len(claim), 1),
        len(claim & nearest) / max(len(claim | nearest), 1),
        float(len(numbers - known)),
        float(len(numbers - nearest)),
        float(len(numbers)),
        float(negated),
        float(negated != countered),
        float(np.log1p(len(known))),
    ]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold().replace("’", "'")))
