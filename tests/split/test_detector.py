"""The embedded detector: what kind a sentence is, from its files as they were made or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from factcheck.errors import ConfigError
from factcheck.local.detector import HEAD, KINDS, WEIGHTS, Detector, embedded


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("The river Tamble burst its banks twice in 2012.", "en", "claims"),
        ("A spokesman said that the pier would be closed.", "en", "claims"),
        ("It is a scandal that nobody cares about these children.", "en", "opinion"),
        ("Rents in Tamble will go up again next year.", "en", "prediction"),
        ("Thank you all for your patience.", "en", "no_claim"),
        ("Sign up for our weekly letter", "en", "furniture"),
        ("Der Fluss trat 2012 zweimal über die Ufer.", "de", "claims"),
        ("Ein Sprecher sagte, der Steg werde gesperrt.", "de", "claims"),
        ("Ich finde es beschämend, wie mit diesen Kindern umgegangen wird.", "de", "opinion"),
        ("Im nächsten Jahr werden die Mieten in Tambel wieder steigen.", "de", "prediction"),
        ("Aber dazu kommen wir später noch.", "de", "no_claim"),
        ("Jetzt den wöchentlichen Brief abonnieren", "de", "furniture"),
    ],
)
def test_a_sentence_it_has_never_seen_is_told_apart(text: str, language: str, kind: str) -> None:
    assert embedded().kinds([text], language) == [kind]


def test_what_it_says_of_a_sentence_does_not_depend_on_its_neighbours() -> None:
    texts = ["Prices fell.", "What a day!", "The council will vote in May.", "Read more"]
    together = embedded().probabilities(texts, "en")
    alone = np.concatenate([embedded().probabilities([text], "en") for text in texts])
    assert np.array_equal(together, alone)
    assert together.shape == (len(texts), len(KINDS))
    assert np.allclose(together.sum(axis=1), 1)


def test_no_sentences_are_no_kinds() -> None:
    assert embedded().kinds([], "en") == []


def test_a_sentence_that_may_claim_something_is_kept_though_another_kind_is_likelier(tmp_path: Path) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "detector")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["least"] = {"en": 0.0, "de": 1.1}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    detector = Detector(folder)
    assert detector.kinds(["What a day!"], "en") == ["claims"]
    assert detector.kinds(["Der Fluss trat 2012 zweimal über die Ufer."], "de") != ["claims"]


def test_a_damaged_head_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "detector")
    content = bytearray((folder / HEAD).read_bytes())
    content[-1] ^= 1
    (folder / HEAD).write_bytes(content)
    with pytest.raises(ConfigError, match=r"head\.npz: the embedded model is damaged"):
        Detector(folder)


def test_a_missing_head_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.json: the embedded model cannot be read"):
        Detector(tmp_path)


def test_the_head_is_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 1_000_000
