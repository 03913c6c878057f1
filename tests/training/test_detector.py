"""The training of the detector: what it reads, what it holds apart, and how the threshold is chosen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn comes with factcheck[eval]")

from factcheck.local.detector import BUCKETS, KINDS, Detector, Kind, buckets, cues
from training.detector import Example, features_of, fitted, held_out, save, thresholds, written


def example(text: str, kind: Kind, fold: int = 0) -> Example:
    return Example(text, kind, "en", "written", fold)


def small() -> list[Example]:
    """Six kinds, each recognisable by a word of its own, in five folds."""
    return [example(f"The {kind} number {n} {kind} stands.", kind, fold=n % 5) for kind in KINDS for n in range(10)]


def test_every_written_sentence_has_a_kind_and_stands_there_once() -> None:
    found = list(written())
    assert len(found) >= 1200
    assert {example.kind for example in found} == set(KINDS)
    assert [text for text, count in Counter(example.text for example in found).items() if count > 1] == []
    assert min(Counter(example.language for example in found).values()) > 600


def test_no_written_sentence_stands_in_the_set_that_is_measured() -> None:
    folder = Path(__file__).resolve().parents[2] / "eval" / "datasets" / "own" / "articles"
    measured = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.md"))
    assert measured
    assert [example.text for example in written() if len(example.text) > 25 and example.text in measured] == []


def test_what_is_said_of_a_fold_comes_from_a_head_that_has_not_seen_it() -> None:
    examples = [*small(), example("Zyzzy gloop.", "opinion", fold=4)]
    features = features_of(examples)[:, BUCKETS:]  # cues and vectors are enough, and quick to fit
    alone = [place for place, each in enumerate(examples) if each.fold == 4]
    other = [each if each.fold != 4 else example(each.text, "furniture", fold=4) for each in examples]
    assert np.allclose(held_out(examples, features)[alone], held_out(other, features)[alone])


def test_a_threshold_keeps_the_share_of_claims_that_was_asked_for() -> None:
    examples = [Example(f"Claim {n}.", "claims", lang, "written", 0) for lang in ("en", "de") for n in range(100)]
    said = np.zeros((200, len(KINDS)))
    said[:, 0] = np.tile(np.linspace(0, 1, 100), 2)
    least = thresholds(examples, said)
    assert (said[:100, 0] >= least["en"]).mean() == pytest.approx(0.95, abs=0.011)


def test_a_saved_head_says_what_the_fitted_one_says(tmp_path: Path) -> None:
    examples = small()
    features = features_of(examples)
    head = fitted(examples, features)
    save(tmp_path, head, {"en": 0.5, "de": 0.5})
    shipped = Detector(tmp_path).probabilities([each.text for each in examples], "en")
    assert np.allclose(shipped, head.predict_proba(features), atol=0.005)
    assert shipped.argmax(axis=1).tolist() == [KINDS.index(each.kind) for each in examples]


def test_features_are_those_of_the_sentence_and_no_other() -> None:
    texts = ["Prices fell.", "Prices fell by 3 percent, said Anna Holm."]
    examples = [example(text, "claims") for text in texts]
    row = features_of(examples).toarray()[0]
    assert set(np.flatnonzero(row[:BUCKETS])) == set(buckets(texts[0]))
    assert row[BUCKETS : BUCKETS + len(cues(texts[0], "en"))].tolist() == cues(texts[0], "en").tolist()
