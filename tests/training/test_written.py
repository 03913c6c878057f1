"""Pairs written by hand are what they say they are, and no part of the evaluation."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from eval.datasets.own import articles
from training.data import split_sentences
from training.written import written, written_pairs


def _line(**changed: object) -> str:
    claim = {
        "text": "Six boats came.",
        "lang": "en",
        "label": "supported",
        "quote": "There were six boats.",
        "how": "x",
    }
    one = {
        "id": "a-1",
        "lang": "en",
        "title": "Harbour",
        "passage": "There were six boats. Nobody waved.",
        "claims": [claim],
    }
    return json.dumps(one | {"claims": [claim | changed]}) + "\n"


def test_every_written_quote_stands_in_its_passage_and_every_label_is_there() -> None:
    claims = [claim for one in written() for claim in one.claims]
    assert len(claims) >= 2000
    assert {claim.label for claim in claims} == {"supported", "contradicted", "unverifiable"}
    assert {claim.lang for claim in claims} == {"en", "de"}


def test_no_written_sentence_stands_in_the_own_set() -> None:
    own = {sentence for article in articles() for sentence in split_sentences(article.document.text)}
    own |= {claim.text for article in articles() for sentence in article.gold.sentences for claim in sentence.claims}
    said = {text for one in written() for text in (*split_sentences(one.passage), *(c.text for c in one.claims))}
    assert [text for text in own & said if len(text) > 25] == []


def test_no_passage_is_in_both_parts() -> None:
    rng = random.Random(1)
    train, dev = ({pair.claim for pair in written_pairs(part, rng)} for part in ("train", "dev"))
    assert train
    assert dev
    assert not train & dev


def test_a_decided_claim_comes_with_its_words_and_with_words_that_do_not_decide_it(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.jsonl").write_text(_line().replace('"a-1"', f'"a-{number}"'), encoding="utf-8")
    pairs = written_pairs("train", random.Random(1), tmp_path)
    by_label = {pair.label: pair.premise.removeprefix("Harbour: ") for pair in pairs}
    assert by_label["unverifiable"] == "Nobody waved."
    assert "There were six boats." in by_label["supported"]


@pytest.mark.parametrize("changed", [{"quote": "There were nine boats."}, {"quote": ""}, {"label": "unverifiable"}])
def test_a_quote_that_does_not_decide_is_refused(tmp_path: Path, changed: dict[str, str]) -> None:
    (tmp_path / "a.jsonl").write_text(_line(**changed), encoding="utf-8")
    with pytest.raises(ValueError, match="the quote does not decide"):
        written(tmp_path)


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(_line() * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="comes twice"):
        written(tmp_path)


def test_a_share_of_the_passages_is_part_of_every_larger_share() -> None:
    def claims(share: float) -> set[str]:
        return {pair.claim for pair in written_pairs("train", random.Random(1), share=share)}

    some, more, all_ = claims(0.25), claims(0.5), claims(1.0)
    assert set() < some < more < all_
    assert 0.15 < len(some) / len(all_) < 0.35
