"""The comparison of two embedders: the product's own search with either, and the same samples for both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.datasets.dataset import Dataset
from eval.parts import Part
from eval.records import DatasetInfo, Reference, Sample, SampleResult, Score
from factcheck.errors import ConfigError, FactcheckError
from factcheck.models import Failure
from factcheck.settings import load
from tests.fakes import FakeEmbedder
from tests.training.folder import data_folder, page_in, row
from training.embedder_compare import HELD_PARTS, LEARNED_PARTS, Line, compare, conclusion, sets_of, settled, table
from training.embedder_pairs import HELD

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grain", "heath", "inlet", "jetty", "knoll", "larch")


class Blind:
    """An embedder to which everything but one word is the same."""

    name = "blind-1"
    dimension = 64

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            vector[0 if "amber" in text else 1] = 1
        return vectors


def data(name: str = "small") -> Dataset:
    """Twelve claims, each about one of twelve documents, and one that none settles; half of them German."""
    corpus = tuple(
        Reference(doc_id=word, title="", text=f"The {word} has stood here for {at} years.", language="en")
        for at, word in enumerate(WORDS)
    )
    samples = tuple(
        Sample(
            id=f"{name}/{word}",
            dataset=name,
            about=word,
            claim=f"It is claimed that the {word} stands here.",
            language="en" if at % 2 else "de",
            label="supported",
            evidence=(corpus[at],),
            documents=(word,),
        )
        for at, word in enumerate(WORDS)
    )
    lone = Sample(
        id=f"{name}/none", dataset=name, about="n", claim="None is claimed.", language="en", label="unverifiable"
    )
    info = DatasetInfo(name=name, tier="user", scheme="three", digest="0", samples=len(samples) + 1)
    return Dataset(info, (*samples, lone), corpus)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    settings = load(engine="local", cache_dir=tmp_path_factory.mktemp("cache"))
    return compare((data(),), FakeEmbedder(), Blind(), settings)


def test_claims_are_counted_whole_and_by_pair_of_languages_where_something_settles_them(lines: list[Line]) -> None:
    assert {(line.scope, line.claims) for line in lines} == {
        ("all", 12), ("small", 12), ("small de-en", 6), ("small en-en", 6),
    }  # fmt: skip
    assert len(lines) == 4 * 3 * 2


def test_a_worse_embedder_loses_alone_and_fused_but_not_by_words(lines: list[Line]) -> None:
    dense, fused, words = (
        next(line for line in lines if (line.scope, line.search, line.cut) == ("all", search, 5))
        for search in ("dense", "fused", "lexical")
    )
    assert dense.shipped == 1
    assert dense.tuned < 0.6
    assert dense.low is not None
    assert dense.high is not None
    assert dense.low <= dense.difference <= dense.high < 0
    assert dense.p < 0.05
    assert dense.difference < fused.difference <= 0
    assert (words.shipped, words.tuned, words.difference, words.p) == (1, 1, 0, 1)


def test_a_search_that_fails_ends_the_comparison_and_a_claim_that_nothing_settles_is_left_out() -> None:
    def result(name: str, **more: Any) -> SampleResult:
        return SampleResult(id=name, dataset="small", about=name, language="en", **more)

    found, lone = result("found", scores={"recall@10": Score(hits=1)}), result("lone")
    assert settled([found, lone]) == (found,)
    failure = Failure(stage="retrieve", code="store_unreachable", message="nobody answers")
    with pytest.raises(FactcheckError, match=r"^lost: nobody answers; 1 of 3 searches failed$"):
        settled([found, lone, result("lost", failure=failure)])


def decided(shipped: float, tuned: float, low: float | None, high: float | None) -> str:
    return conclusion([Line("all", "fused", 10, 900, shipped, tuned, low, high, 0.5)])


def test_a_tuned_embedder_ships_only_where_its_gain_is_shown() -> None:
    said = "fused recall@10 goes from 90.0 to {} % (900 claims): {}; the tuned embedder {}."
    assert decided(0.9, 0.92, 0.01, 0.03) == said.format("92.0", "it rises", "may ship")
    unshown = "it does not fall, but a rise is not shown"
    assert decided(0.9, 0.92, -0.01, 0.03) == said.format("92.0", unshown, "does not ship")
    assert decided(0.9, 0.92, None, None) == said.format("92.0", unshown, "does not ship")
    assert decided(0.9, 0.9, 0.0, 0.0) == said.format("90.0", unshown, "does not ship")
    assert decided(0.9, 0.88, -0.03, -0.01) == said.format("88.0", "it falls", "does not ship")


def test_a_line_says_what_changed_in_points() -> None:
    shown = table(
        [
            Line("own de-de", "dense", 10, 44, 0.5, 0.613, -0.02, 0.24, 0.1),
            Line("x", "fused", 5, 3, 1, 1, None, None, 1),
        ]
    )
    assert shown.splitlines()[2:] == [
        "| own de-de | 44 | dense | 10 | 50.0 % | 61.3 % | +11.3 | -2.0 to +24.0 | 0.100 |",
        "| x | 3 | fused | 5 | 100.0 % | 100.0 % | +0.0 |  | 1.000 |",
    ]


def test_every_set_that_is_held_back_is_compared_on_and_no_test_part_of_any() -> None:
    assert set(HELD_PARTS) == set(HELD)
    assert "test" not in {part for parts in (HELD_PARTS | LEARNED_PARTS).values() for part in parts}
    assert not set(LEARNED_PARTS) & set(HELD)


def test_the_parts_of_a_set_are_put_together(tmp_path: Path) -> None:
    rows = [
        row(at, f"Claim {at}.", "Text.", "supported", title=page_in(part)) for at, part in enumerate(get_args(Part))
    ]
    corpus = [{"doc_id": f"doc{at}", "title": "T", "text": "Text."} for at in range(3)]
    folder = data_folder(tmp_path, {"fm2/dev.jsonl.gz": rows, "fm2/corpus.jsonl.gz": corpus})
    (both,) = sets_of(folder, {"fm2": ("train", "dev")}, None)
    assert [sample.claim for sample in both.samples] == ["Claim 0.", "Claim 1."]
    assert both.info.samples == 2
    (one,) = sets_of(folder, {"fm2": ("train", "dev")}, 1)
    assert len(one.samples) == 1
    with pytest.raises(ConfigError, match="there is no set scifact"):
        sets_of(folder, {"scifact": ("dev",)}, None)
