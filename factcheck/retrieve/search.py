"""Finds the passages for a claim: nearest vectors and shared words, fused by rank, neighbours joined."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from factcheck.documents.language import detect_language
from factcheck.models import Claim, Evidence, Passage
from factcheck.protocols import Embedder, Retrieval
from factcheck.retrieve import terms
from factcheck.retrieve.embed import Endpoint, reads, warm
from factcheck.retrieve.passages import TARGET
from factcheck.retrieve.patience import Patience

# Few: the first claims are through, and being judged, before the last. Where all the work is done here, more threads
# than processors cost 8 % of a batch's time (2 processors, 4 threads).
THREADS = max(2, min(8, os.cpu_count() or 1))
THREADS_THAT_WAIT = 8  # for a server
# Measured on SciFact, fm2, factcheck-bench and xquad (eval run retrieve): mean recall@10 in English 0.954 with 20 and
# 0.950 with 60, as published; the first place counts for a little more.
RRF_K = 20
DEPTH = 50  # candidates of one retriever for one query
WIDER = 3  # how many times more candidates and passages a wide search takes
NEAR = 0.1  # a passage whose cosine is lower is about something else
# What the vectors of an embedder weigh in a language it was not trained on. German (xquad), recall@1: words alone 0.92,
# with vectors at 0.1 0.91, at 0.3 0.85; they pay where query and passage differ in language, recall@10 0.80 to 0.84.
FOREIGN = 0.1
GAP = 4  # characters, as of a blank line, that part neighbours
LONGEST = 3 * TARGET  # characters of neighbours joined into one passage


class References(Protocol):
    """What a search needs of a store."""

    def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]: ...
    def lexical(self, query: str, language: str, k: int) -> list[tuple[str, float]]: ...
    def passages(self, ids: Sequence[str]) -> list[Passage]: ...
    def merged(self, source: str, start: int, end: int) -> Passage: ...


@dataclass
class _Candidate:
    """What the retrievers said of one passage; ``ranks`` keeps the best rank in any list of each."""

    score: float = 0.0
    ranks: dict[str, int] = field(default_factory=dict)

    def count(self, retriever: str, rank: int, weight: float) -> None:
        self.score += weight / (RRF_K + rank)
        self.ranks[retriever] = min(rank, self.ranks.get(retriever, rank))


@dataclass(frozen=True)
class _Query:
    """One thing to look for; ``weight`` is its say in the fusion."""

    text: str
    weight: float
    retrievers: tuple[str, ...] = ("dense", "lexical")


def search_threads(embedder: Embedder, *, remote: bool = False) -> ThreadPoolExecutor:
    """Threads to search in; they begin by loading the embedder, while the document is still being split.

    ``remote``: the store is on a server.
    """
    waits = remote or isinstance(embedder, Endpoint)
    threads = ThreadPoolExecutor(THREADS_THAT_WAIT if waits else THREADS, thread_name_prefix="search")
    threads.submit(warm, embedder)
    return threads


class Searcher:
    """A ``Retriever`` over a store; searches of several claims run side by side in threads."""

    def __init__(
        self,
        store: References,
        embedder: Embedder,
        *,
        passages: int,
        threads: Executor | None = None,
        patience: Patience | None = None,
    ) -> None:
        """``passages`` is k: how many passages a claim gets at most, and the text of how many.

        ``threads`` (of ``search_threads``) may be shared with other searchers, as by the documents of a batch; so may
        ``patience``, with which a server is waited for that does not answer.
        """
        self._store = store
        self._embedder = embedder
        self._passages = passages
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self._threads = threads or search_threads(embedder)
        self._patience = patience or Patience()

    async def retrieve(self, claim: Claim, *, wide: bool = False) -> Retrieval:
        """The k passages nearest to the claim and its queries, best first; ``wide`` also tries single keywords.

        Raises StoreError, and ModelError where the embedder is an endpoint that fails.
        """
        loop = asyncio.get_running_loop()
        return await self._patience.through(lambda: loop.run_in_executor(self._threads, self._retrieve, claim, wide))

    def _retrieve(self, claim: Claim, wide: bool) -> Retrieval:
        queries = _queries(claim, wide)
        reach = WIDER if wide else 1
        candidates = self._candidates(queries, DEPTH * reach)
        evidence = self._joined(self._best(candidates, self._passages * reach))
        return Retrieval(evidence=evidence, queries=tuple(query.text for query in queries))

    def _candidates(self, queries: Sequence[_Query], depth: int) -> dict[str, _Candidate]:
        """Every passage a retriever names, with its fused score."""
        found: defaultdict[str, _Candidate] = defaultdict(_Candidate)
        near = self._near([query.text for query in queries if "dense" in query.retrievers], depth)
        for query in queries:
            language = detect_language(query.text)
            words = self._store.lexical(query.text, language, depth) if "lexical" in query.retrievers else []
            _count(found, "dense", near.get(query.text, []), query.weight * self._say_of_vectors(language))
            _count(found, "lexical", words, query.weight)
        return found

    def _near(self, texts: Sequence[str], depth: int) -> dict[str, list[tuple[str, float]]]:
        """The passages near each text, all asked for at once."""
        self._embed(texts)
        hits = self._store.dense([self._vectors[text] for text in texts], depth)
        return {text: [hit for hit in mine if hit[1] >= NEAR] for text, mine in zip(texts, hits, strict=True)}

    def _say_of_vectors(self, language: str) -> float:
        return 1.0 if reads(self._embedder, language) else FOREIGN

    def _embed(self, texts: Iterable[str]) -> None:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        for text, vector in zip(new, self._embedder.embed(new), strict=True):
            self._vectors[text] = vector

    def _best(self, candidates: dict[str, _Candidate], k: int) -> list[Evidence]:
        """The passages with the best scores, one of each wording, and no more text than ``k`` passages usually have."""
        order = sorted(candidates, key=lambda name: (-candidates[name].score, name))[: 3 * k]
        best: list[Evidence] = []
        seen: set[str] = set()
        room = k * TARGET * 1.1
        for passage in self._store.passages(order):
            wording = terms.wording(passage.text)
            if wording in seen:
                continue
            seen.add(wording)
            room -= len(passage.text)
            if best and (room < 0 or len(best) == k):
                break
            found = candidates[passage.id]
            best.append(Evidence(passage=passage, score=found.score, ranks=found.ranks))
        return best

    def _joined(self, found: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """Neighbours of one source as one piece of evidence; best first."""
        by_place = sorted(found, key=lambda e: (e.passage.source, e.passage.span.start))
        joined: list[Evidence] = []
        for evidence in by_place:
            if joined and _neighbours(joined[-1].passage, evidence.passage):
                joined[-1] = self._join(joined[-1], evidence)
            else:
                joined.append(evidence)
        return tuple(sorted(joined, key=lambda e: (-e.score, e.passage.id)))

    def _join(self, left: Evidence, right: Evidence) -> Evidence:
        end = max(left.passage.span.end, right.passage.span.end)
        ranks = {
            name: min(e.ranks[name] for e in (left, right) if name in e.ranks)
            for name in sorted(left.ranks.keys() | right.ranks.keys())
        }
        passage = self._store.merged(left.passage.source, left.passage.span.start, end)
        return Evidence(passage=passage, score=max(left.score, right.score), ranks=ranks)


def _count(found: dict[str, _Candidate], retriever: str, hits: Iterable[tuple[str, float]], weight: float) -> None:
    """Counts one retriever's list for one query.

    Equals stand in the order of their ids: an index has them in that of its making, which a report cannot repeat.
    """
    for rank, (passage, _) in enumerate(sorted(hits, key=lambda hit: (-hit[1], hit[0])), start=1):
        found[passage].count(retriever, rank, weight)


def _neighbours(left: Passage, right: Passage) -> bool:
    """Whether two passages, in the order of their text, are of one source and touch, and are not too long together."""
    return (
        left.source == right.source
        and right.span.start - left.span.end <= GAP
        and max(left.span.end, right.span.end) - left.span.start <= LONGEST
    )


def _queries(claim: Claim, wide: bool) -> list[_Query]:
    """The claim, its own queries, which together have the claim's say, and for a wide search its single keywords."""
    own = [text for text in dict.fromkeys(claim.queries) if text.strip() and text != claim.text]
    queries = [_Query(claim.text, 1.0), *(_Query(text, 1 / len(own)) for text in own)]
    if wide:
        keywords = terms.keywords(claim.text)
        queries += [_Query(word, 1 / len(keywords), ("lexical",)) for word in keywords]
    return queries
