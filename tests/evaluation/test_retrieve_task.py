"""Rankings are scored as the field scores them, and the three searches are those of the product."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.engines import Engine
from eval.records import DatasetInfo, GoldQuote, Reference, Sample, SampleResult
from eval.tasks.retrieve import TASK, Found, Only, Remembering, _Search, ranking, showing
from factcheck.engine import Choice, judge_of
from factcheck.errors import StoreError
from factcheck.models import Failure, Passage
from factcheck.retrieve.search import Searcher
from factcheck.settings import load
from tests.evaluation.engines import data_folder
from tests.fakes import FakeEmbedder


def sample(*documents: str, quotes: Sequence[tuple[str, str]] = (), claim: str = "A claim.", name: str = "x") -> Sample:
    return Sample(
        id=name,
        dataset="d",
        about=name,
        claim=claim,
        language="en",
        label="supported" if documents else "unverifiable",
        quotes=tuple(GoldQuote(doc_id=doc, quote=words, stance="supports") for doc, words in quotes),
        documents=documents,
        evidence=tuple(Reference(doc_id=doc, text="t", language="de") for doc in documents),
    )


def found(*names: str) -> list[Found]:
    return [Found(name, f"words of {name}") for name in names]


def hits(scores: Any) -> dict[str, float]:
    return {name: score.hits / score.of for name, score in scores.items()}


def test_a_document_counts_by_its_best_passage() -> None:
    scores = hits(ranking(found("a", "a", "b", "gold", "gold"), sample("gold")))
    assert scores == {
        "recall@1": 0, "recall@3": 1, "recall@5": 1, "recall@10": 1, "found@5": 1, "mrr": 1 / 3, "ndcg@10": 0.5,
    }  # fmt: skip


def test_of_two_gold_documents_one_is_half() -> None:
    scores = hits(ranking(found("one", "b", "c", "d", "e", "two"), sample("one", "two")))
    assert (scores["recall@1"], scores["recall@5"], scores["recall@10"]) == (0.5, 0.5, 1)
    assert scores["found@5"] == 1
    assert scores["ndcg@10"] == pytest.approx((1 + 1 / math.log2(7)) / (1 + 1 / math.log2(3)))


def test_ndcg_looks_at_ten_documents() -> None:
    scores = hits(ranking(found(*"abcdefghij", "gold"), sample("gold")))
    assert (scores["ndcg@10"], scores["mrr"]) == (0, 1 / 11)


def test_a_passage_counts_where_the_gold_words_stand_in_it() -> None:
    passages = [
        Found("gold", "Other words."),
        Found("b", "the very words"),
        Found("gold", "Here the  very\nwords are."),
    ]
    scores = hits(ranking(passages, sample("gold", quotes=[("gold", "the very words")])))
    assert scores["recall@1"] == 1
    assert (scores["passage_recall@1"], scores["passage_recall@3"], scores["passage_mrr"]) == (0, 1, 1 / 3)


def test_nothing_found_is_nothing_scored_but_zero() -> None:
    scores = hits(ranking([], sample("gold", quotes=[("gold", "words")])))
    assert set(scores.values()) == {0.0}


def test_what_the_judge_is_shown_counts_documents_and_quotes_wherever_they_stand() -> None:
    shown = [Found("b", "x"), Found("one", "the very words")]
    quotes = [("one", "the very words"), ("two", "others")]
    assert hits(showing(shown, sample("one", "two", quotes=quotes))) == {"shown": 0.5, "shown_quotes": 0.5}


@given(st.lists(st.sampled_from("abcdefghijklmno"), max_size=20), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_scores_are_shares_and_grow_with_the_cut(names: list[str], gold: set[str]) -> None:
    scores = hits(ranking(found(*names), sample(*sorted(gold))))
    assert all(0 <= value <= 1 for value in scores.values())
    assert scores["recall@1"] <= scores["recall@3"] <= scores["recall@5"] <= scores["recall@10"]
    assert (scores["found@5"] > 0) == (scores["recall@5"] > 0)


@given(st.permutations("abcdefgh"))
def test_gold_documents_on_top_score_one(names: list[str]) -> None:
    scores = hits(ranking(found(*names), sample(*names[:3])))
    assert (scores["recall@3"], scores["mrr"], scores["ndcg@10"]) == (1, 1, 1)


TEXTS = {
    "bridge.1": "The bridge over the Aldheim is 312 metres long and opened in 1932.",
    "museum": "The museum in Dornach counted a quarter of a million visitors during the summer.",
    "mayor": "Maria Lindgren was elected mayor of Arvika by a narrow margin.",
}


def small_set(*samples: Sample) -> Dataset:
    corpus = tuple(Reference(doc_id=name, text=text, language="en") for name, text in TEXTS.items())
    info = DatasetInfo(name="small", tier="user", scheme="three", digest="0", samples=len(samples))
    return Dataset(info, samples, corpus)


def local_engine(cache: Path) -> Engine:
    return Engine(
        Choice("local", "a test"),
        load(engine="local", cache_dir=cache),
        None,
        judge_of(None, load()),
        "the local engine",
    )


def run(data: Dataset, engine: Engine) -> tuple[SampleResult, ...]:
    return asyncio.run(TASK.run(data, engine, lambda stage, done, total: None))


def test_the_product_finds_the_document_by_words_and_by_vectors(tmp_path: Path) -> None:
    long = sample("bridge.1", claim="The bridge over the Aldheim is 312 metres long.", name="long")
    quoted = long.model_copy(update={"quotes": (GoldQuote(doc_id="bridge.1", quote="312 metres", stance="supports"),)})
    gallery = sample("museum", claim="Galleries attract tourists.", name="gallery")  # shares no word with its document
    nothing = sample(claim="Wolves live in Arvika.", name="nothing")
    engine = local_engine(tmp_path)
    first, second, third = run(small_set(quoted, gallery, nothing), engine)
    for suffix in ("", "[dense]", "[lexical]"):
        assert hits(first.scores)[f"recall@1{suffix}"] == 1
        assert hits(first.scores)[f"passage_recall@1{suffix}"] == 1
    assert (first.kind, first.said) == ("en-de", "found: bridge.1, museum; wanted: bridge.1")
    assert hits(first.scores)["shown"] == hits(first.scores)["shown_quotes"] == 1
    assert hits(second.scores)["recall@1[dense]"] == 1
    assert hits(second.scores)["recall@10[lexical]"] == 0
    assert (third.scores, third.failure, third.kind) == ({}, None, "")
    assert [(one.location, one.passages) for one in engine.fingerprints] == [("small", 3)]


class Broken:
    """A store that cannot be reached."""

    def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]:
        raise StoreError("store_unreachable", "nobody answers")

    def lexical(self, query: str, language: str, k: int) -> list[tuple[str, float]]:
        return []

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        return []

    def merged(self, source: str, start: int, end: int) -> Passage:
        raise AssertionError("nothing was found that could be joined")


def test_a_search_that_fails_is_a_failure_and_one_that_asks_only_for_words_is_none() -> None:
    def result(store: Broken | Only) -> SampleResult:
        searcher = Searcher(store, FakeEmbedder(), passages=5)
        return asyncio.run(_Search({"": searcher}, searcher, {}).result(sample("gold")))

    assert result(Broken()).failure == Failure(stage="retrieve", code="store_unreachable", message="nobody answers")
    assert result(Only(Broken(), "lexical")).failure is None


def test_each_text_is_embedded_once() -> None:
    inner = FakeEmbedder()
    embedder = Remembering(inner)
    first = embedder.embed(["one", "two"])
    again = embedder.embed(["two", "one"])
    assert inner.history == ["one", "two"]
    assert np.array_equal(first[::-1], again)
    assert embedder.embed([]).shape == (0, inner.dimension)


def test_questions_are_searched_with_their_answers_as_gold_words(tmp_path: Path) -> None:
    folder = tmp_path / "xquad"
    folder.mkdir()
    rows = {
        "corpus": {"doc_id": "p1", "title": "Arvika", "text": "Arvika has 26 mills.", "lang": "en"},
        "questions": {"id": "q1", "question": "How many mills?", "answer": "26", "doc_id": "p1", "lang": "en"},
    }
    for name, row in rows.items():
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write(json.dumps(row))
    index = [{"set": "xquad", "file": f"xquad/{n}.jsonl.gz", "kind": k, "licence_tier": "free"}
             for n, k in (("corpus", "corpus"), ("questions", "qa"))]  # fmt: skip
    (tmp_path / "index.json").write_text(json.dumps(index))
    (data,) = TASK.load(Wanted(tmp_path, part="all"))
    (question,) = data.samples
    assert (question.about, question.documents, question.quotes[0].quote) == ("Arvika", ("p1",), "26")
    assert isinstance(data.corpus, tuple)


@pytest.mark.slow
@pytest.mark.skipif(not data_folder().is_dir(), reason="../shared/data is not here")
def test_every_public_set_with_a_corpus_names_documents_of_it() -> None:
    sets = TASK.load(Wanted(data_folder(), limit=40))
    assert {data.info.name.removeprefix("unstated/").split("/")[0] for data in sets} == {
        "citint", "climate-fever", "factcheck-bench", "fm2", "scifact", "xquad",
    }  # fmt: skip
    for data in sets:
        assert isinstance(data.corpus, tuple)
        known = {reference.doc_id for reference in data.corpus}
        gold = [sample for sample in data.samples if sample.documents]
        assert gold, data.info.name
        assert all(set(sample.documents) <= known for sample in gold), data.info.name
