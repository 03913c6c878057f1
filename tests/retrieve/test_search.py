from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from factcheck.errors import ModelUnavailable, StoreError
from factcheck.models import Claim, Passage, Span
from factcheck.protocols import Retrieval
from factcheck.retrieve import lexical
from factcheck.retrieve.search import DEPTH, RRF_K, Searcher
from tests.fakes import FakeEmbedder


class Shelf:
    """A store of given sources, in memory: exact vectors, the real word index, passages cut by hand."""

    def __init__(self, folder: Path, embedder: FakeEmbedder, **sources: list[str]) -> None:
        """Each string is a passage; a source's text is its passages one after another with a blank line between."""
        self.texts = {source: "\n\n".join(parts) for source, parts in sources.items()}
        self.all = [self._cut(source, part) for source, parts in sources.items() for part in parts]
        self._vectors = embedder.embed([passage.text for passage in self.all])
        lexical.build(folder, self.all)
        self._words = lexical.Lexical(folder)
        self.asked: list[tuple[str, int]] = []

    def _cut(self, source: str, part: str) -> Passage:
        start = self.texts[source].index(part)
        return self.merged(source, start, start + len(part))

    def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]:
        self.asked.append(("dense", k))
        return [self._nearest(self._vectors @ vector, k) for vector in vectors]

    def _nearest(self, cosines: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        return [(self.all[i].id, float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:k]]

    def lexical(self, query: str, language: str, k: int) -> list[tuple[str, float]]:
        self.asked.append(("lexical", k))
        return self._words.search(query, language, k)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        known = {passage.id: passage for passage in self.all}
        return [known[name] for name in ids]

    def merged(self, source: str, start: int, end: int) -> Passage:
        return Passage(
            id=f"{source}:{start}-{end}",
            source=source,
            title="",
            language="en",
            published=None,
            text=self.texts[source][start:end],
            span=Span(start=start, end=end),
        )


def claim(text: str, *queries: str) -> Claim:
    return Claim(
        id="s1.1",
        text=text,
        span=Span(start=0, end=1),
        sentences=("s1",),
        checkworthiness="high",
        queries=queries,
    )


def searched(store: Shelf, claim: Claim, passages: int = 3, *, wide: bool = False) -> Retrieval:
    return asyncio.run(Searcher(store, FakeEmbedder(dimension=256), passages=passages).retrieve(claim, wide=wide))


def shelf(folder: Path, **sources: list[str]) -> Shelf:
    return Shelf(folder, FakeEmbedder(dimension=256), **sources)


def found(retrieval: Retrieval) -> list[str]:
    return [evidence.passage.text for evidence in retrieval.evidence]


def test_the_passage_both_retrievers_prefer_comes_first(tmp_path: Path) -> None:
    store = shelf(
        tmp_path,
        a=["The tower in Paris is 330 metres high."],
        b=["A river runs through Paris."],
        c=["Bees make honey from nectar."],
    )
    retrieval = searched(store, claim("The tower in Paris is 330 metres high."), 2)
    assert found(retrieval) == ["The tower in Paris is 330 metres high.", "A river runs through Paris."]
    best = retrieval.evidence[0]
    assert best.ranks == {"dense": 1, "lexical": 1}
    assert best.score == pytest.approx(2 / (RRF_K + 1))
    assert retrieval.queries == ("The tower in Paris is 330 metres high.",)


def test_the_claims_own_queries_together_have_the_claims_say(tmp_path: Path) -> None:
    store = shelf(tmp_path, a=["Alpha beta gamma."], b=["Delta epsilon zeta."], c=["Omega psi chi."])
    retrieval = searched(store, claim("Alpha beta gamma.", "delta epsilon zeta", "omega psi chi", " "), 3)
    scores = {evidence.passage.source: evidence.score for evidence in retrieval.evidence}
    assert scores["a"] > scores["b"]
    assert {"a", "b", "c"} == scores.keys()
    assert retrieval.queries == ("Alpha beta gamma.", "delta epsilon zeta", "omega psi chi")


def test_a_passage_only_words_find_is_found(tmp_path: Path) -> None:
    """Vectors know nothing of a part number, and of compounds no whole word is shared."""
    store = shelf(tmp_path, a=["Teilenummern wie XK4711-Z stehen im Verzeichnis."], b=["Nothing here."])
    retrieval = searched(store, claim("Teilenummer"), 1)
    assert found(retrieval) == ["Teilenummern wie XK4711-Z stehen im Verzeichnis."]
    assert "lexical" in retrieval.evidence[0].ranks


def test_what_neither_words_nor_meaning_connect_is_no_evidence(tmp_path: Path) -> None:
    store = shelf(tmp_path, a=["Bees honey nectar."], b=["Rain umbrella puddle."])
    assert searched(store, claim("zzz qqq")).evidence == ()


def test_neighbours_of_a_source_are_joined_into_a_slice_of_it(tmp_path: Path) -> None:
    parts = ["The mayor of Ulm resigned.", "She left Ulm in May.", "The council of Ulm met."]
    store = shelf(tmp_path, ulm=parts, other=["Ulm has a minster."])
    (joined, other) = searched(store, claim("The mayor of Ulm left the council."), 4).evidence
    assert joined.passage.text == "\n\n".join(parts)
    assert joined.passage == store.merged("ulm", 0, len(store.texts["ulm"]))
    assert joined.ranks == {"dense": 1, "lexical": 1}
    assert other.passage.source == "other"
    assert joined.score > other.score


def test_passages_that_are_apart_are_not_joined(tmp_path: Path) -> None:
    filler = "Rain fell on hills and on fields for hours."
    store = shelf(tmp_path, ulm=["The mayor of Ulm resigned.", filler, "The council of Ulm met."])
    retrieval = searched(store, claim("Ulm mayor council"), 2)
    assert sorted(found(retrieval)) == ["The council of Ulm met.", "The mayor of Ulm resigned."]


def test_no_joined_passage_is_longer_than_three(tmp_path: Path) -> None:
    parts = [f"Ulm {n} " + "and the mayor of the town of Ulm " * 18 for n in range(8)]
    store = shelf(tmp_path, ulm=parts)
    retrieval = searched(store, claim("Ulm mayor town"), 8)
    assert len(retrieval.evidence) > 1
    assert all(len(text) <= 1800 for text in found(retrieval))


def test_the_same_words_are_shown_once_and_another_number_or_a_not_is_another_wording(tmp_path: Path) -> None:
    store = shelf(
        tmp_path,
        a=["The bridge opened in 1932."],
        b=["The bridge  opened, in 1932!"],
        c=["The bridge opened in 1952."],
        d=["The bridge not opened in 1932."],
    )
    retrieval = searched(store, claim("The bridge opened in 1932."), 4)
    assert {evidence.passage.source for evidence in retrieval.evidence} in ({"a", "c", "d"}, {"b", "c", "d"})


def test_the_evidence_is_bounded_in_number_and_in_text(tmp_path: Path) -> None:
    short = shelf(tmp_path / "s", **{f"s{n}": [f"Ulm number {n}."] for n in range(30)})
    assert len(searched(short, claim("Ulm number"), 5).evidence) == 5
    tables = shelf(tmp_path / "t", **{f"t{n}": [f"Ulm table {n} " + "row of Ulm " * 100] for n in range(30)})
    assert sum(len(text) for text in found(searched(tables, claim("Ulm table row"), 5))) <= 5 * 600 * 1.1


def test_a_wide_search_looks_deeper_and_for_single_words(tmp_path: Path) -> None:
    store = shelf(tmp_path, **{f"s{n}": [f"Ulm number {n} of the town."] for n in range(40)})
    asked = claim("In 1949 the mayor of Ulm spoke.")
    narrow, wide = searched(store, asked, 2), searched(store, asked, 2, wide=True)
    assert (len(narrow.evidence), len(wide.evidence)) == (2, 6)
    assert narrow.queries == (asked.text,)
    assert wide.queries == (asked.text, "In", "1949", "mayor", "Ulm", "spoke")
    assert ("dense", DEPTH) in store.asked
    assert ("dense", 3 * DEPTH) in store.asked


def test_the_same_search_gives_the_same_evidence(tmp_path: Path) -> None:
    store = shelf(tmp_path, **{f"s{n}": ["Ulm has a mayor."] for n in range(9)}, z=["Ulm has a minster."])
    first = searched(store, claim("Ulm has a mayor and a minster."))
    assert all(searched(store, claim("Ulm has a mayor and a minster.")) == first for _ in range(5))


def test_the_order_in_which_references_were_indexed_does_not_matter(tmp_path: Path) -> None:
    texts = {f"s{n}": [f"Ulm has a mayor{'.' * n}"] for n in range(1, 5)}
    upwards, downwards = (
        shelf(tmp_path / "up", **texts),
        shelf(tmp_path / "down", **dict(reversed(texts.items()))),
    )
    first, second = (searched(store, claim("Ulm has a mayor.")) for store in (upwards, downwards))
    assert first == second
    assert [evidence.passage.source for evidence in first.evidence] == ["s1"]  # of equal wordings one


class EnglishOnly(FakeEmbedder):
    """Goes by the name that says so."""

    def __init__(self) -> None:
        super().__init__(name="minilm-fake", dimension=256)


def test_in_a_language_the_embedder_does_not_read_words_weigh_more_than_vectors(tmp_path: Path) -> None:
    class Misled(Shelf):
        """Its vectors always prefer the passage that is about something else."""

        def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]:
            return [[(self.all[1].id, 0.9)] for _ in vectors]

    store = Misled(
        tmp_path,
        EnglishOnly(),
        z=["Die Bundesregierung senkte die Steuer auf Erdgas."],
        a=["Honigbienen summen."],
    )
    german = claim("Die Regierung hat die Steuern auf das Erdgas gesenkt.")

    def first(embedder: FakeEmbedder) -> str:
        retrieval = asyncio.run(Searcher(store, embedder, passages=2).retrieve(german))
        return retrieval.evidence[0].passage.source

    assert first(EnglishOnly()) == "z"
    assert first(FakeEmbedder(dimension=256)) == "a"


class Slow(Shelf):
    """Counts how many searches are inside at once, and waits for company."""

    inside = most = 0
    lock = threading.Lock()

    def lexical(self, query: str, language: str, k: int) -> list[tuple[str, float]]:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.05)
        with self.lock:
            self.inside -= 1
        return super().lexical(query, language, k)


def test_searches_run_side_by_side_and_the_loop_stays_free(tmp_path: Path) -> None:
    store = Slow(tmp_path, FakeEmbedder(dimension=256), a=["Ulm has a mayor."])
    searcher = Searcher(store, FakeEmbedder(dimension=256), passages=1)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    async def run() -> list[Retrieval]:
        ticking = asyncio.create_task(tick())
        found = await asyncio.gather(*(searcher.retrieve(claim(f"Ulm has a mayor {n}.")) for n in range(8)))
        ticking.cancel()
        return found

    assert [found(retrieval) for retrieval in asyncio.run(run())] == [["Ulm has a mayor."]] * 8
    assert store.most > 1
    assert ticks > 5


def test_a_wide_search_embeds_nothing_again(tmp_path: Path) -> None:
    embedder = FakeEmbedder(dimension=256)
    searcher = Searcher(shelf(tmp_path, a=["Ulm has a mayor."]), embedder, passages=1)
    asyncio.run(searcher.retrieve(claim("Ulm has a mayor.", "mayor of Ulm")))
    asyncio.run(searcher.retrieve(claim("Ulm has a mayor.", "mayor of Ulm"), wide=True))
    assert [text for text in embedder.history if text.strip()] == ["Ulm has a mayor.", "mayor of Ulm"]


def test_errors_of_store_and_embedder_reach_the_caller(tmp_path: Path) -> None:
    class Gone(Shelf):
        def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]:
            raise StoreError("store_unreachable", "gone")

    class Refusing(FakeEmbedder):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise ModelUnavailable("not_authorized", "no")

    with pytest.raises(StoreError):
        searched(Gone(tmp_path / "a", FakeEmbedder(), a=["Ulm."]), claim("Ulm."))
    with pytest.raises(ModelUnavailable):
        asyncio.run(Searcher(shelf(tmp_path / "b", a=["Ulm."]), Refusing(), passages=1).retrieve(claim("Ulm.")))
