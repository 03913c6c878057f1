"""Retrieval at 10,000 passages of real text and, with --large, at 100,000 drawn ones: speed, memory, recall.

    python bench/retrieval.py --data DATA/scifact [--large]

The 10,000 are cut from the corpus under --data and embedded by the product's embedder (kept, so that a second run is
quick). The 100,000 have random words and clustered random vectors, because nobody embeds 100,000 texts to run a
benchmark: their recall speaks of the index, not of the embedder. Wall times depend on the machine and on what else it
does; the ratios do less.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from factcheck.local.minilm import MiniLM
from factcheck.models import Claim, Document, Passage, Span
from factcheck.retrieve.passages import CHUNKING, indexed_text, passages_of, slice_of
from factcheck.retrieve.search import Searcher
from factcheck.retrieve.store import Reading, Store

SMALL, LARGE = 10_000, 100_000
QUERIES = 200
NEAREST = 10
VOCABULARY = [f"w{n}" for n in range(50_000)]
WORDS = 90  # of a drawn passage: about 600 characters
PASSAGES_A_FILE = 50
SPREAD = 0.7  # of drawn vectors around their centre, in units of the centre's own coordinates


@dataclass(frozen=True)
class Corpus:
    """Documents, their passages in order, and queries; with the vectors of both."""

    documents: list[Document]
    passages: list[Passage]
    vectors: NDArray[np.float32]
    queries: list[str]
    query_vectors: NDArray[np.float32]

    def reading(self, folder: Path) -> Reading:
        """Makes the store take the documents from here; the files in ``folder`` only stand for them."""
        by_name = {document.id: document for document in self.documents}
        folder.mkdir(exist_ok=True)
        for name in by_name:
            (folder / name).write_text(name)

        def read(path: Path) -> Document:
            return by_name[path.name].model_copy(update={"source": str(path)})

        return Reading(lambda root: sorted(root.iterdir()), read, cut, CHUNKING)

    def embedder(self) -> Known:
        texts = [*map(indexed_text, self.passages), *self.queries]
        return Known(texts, np.concatenate([self.vectors, self.query_vectors]))


class Known:
    """An ``Embedder`` of texts whose vectors are known: what is timed is everything else."""

    name = "known"

    def __init__(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        self._rows = {text: row for row, text in enumerate(texts)}
        self._vectors = vectors
        self.dimension = vectors.shape[1]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._vectors[[self._rows[text] for text in texts]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with corpus.jsonl.gz and dev.jsonl.gz")
    parser.add_argument("--large", action="store_true", help=f"{LARGE:,} drawn passages as well")
    parser.add_argument("--keep", type=Path, default=Path(".factcheck/bench"), help="where vectors are kept")
    given = parser.parse_args()
    print(f"{SMALL:,} passages of real text, vectors of MiniLM")
    report(lambda: real(given.data, given.keep))
    if given.large:
        print(f"\n{LARGE:,} passages of random words, clustered random vectors")
        report(drawn)


def report(make: Callable[[], Corpus]) -> None:
    """Indexes in one process and searches in another, so that each has its own memory."""
    with tempfile.TemporaryDirectory() as folder:
        for part in (index, search):
            child = multiprocessing.get_context("fork").Process(target=part, args=(make, Path(folder)))
            child.start()
            child.join()
            if child.exitcode:
                raise SystemExit(child.exitcode)


def index(make: Callable[[], Corpus], folder: Path) -> None:
    corpus = make()
    reading, embedder = corpus.reading(folder / "references"), corpus.embedder()
    before, start, cpu = peak_mb(), time.perf_counter(), time.process_time()
    with Store.open(folder / "store", embedder, write=True, reading=reading) as store:
        done = store.index([folder / "references"])
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    if done.passages != len(corpus.passages):
        raise SystemExit(f"{done.passages} passages in the store, {len(corpus.passages)} put in")
    each = 1000 * used / done.passages
    print(f"  indexing, vectors at hand: {done.passages / wall:,.0f} passages/s, {each:.2f} ms CPU each")
    size = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
    print(f"  memory: {peak_mb() - before:,.0f} MB above texts and vectors; disk: {size / 1e6:,.0f} MB")


def search(make: Callable[[], Corpus], folder: Path) -> None:
    corpus = make()
    reading, embedder = corpus.reading(folder / "references"), corpus.embedder()
    before, start = peak_mb(), time.perf_counter()
    with Store.open(folder / "store", embedder, reading=reading) as store:
        print(f"  opening and proving the store: {time.perf_counter() - start:.1f} s")
        searcher = Searcher(store, embedder, passages=6)

        def retrieve(i: int) -> None:
            asyncio.run(searcher.retrieve(claim(corpus.queries[i])))

        retrieve(0)
        count = len(corpus.queries)
        exact = timed(lambda i: np.argsort(-(corpus.vectors @ corpus.query_vectors[i]))[:NEAREST], count)
        dense = timed(lambda i: store.dense([corpus.query_vectors[i]], NEAREST)[0], count)
        show(f"the {NEAREST} nearest vectors", dense)
        show(f"the {NEAREST} best by words", timed(lambda i: store.lexical(corpus.queries[i], "en", NEAREST), count))
        show("a claim: both, fused, with texts", timed(retrieve, count))
        print(f"  brute force takes {np.median(exact) / np.median(dense):.1f} times as long as the vector index")
        print(f"  recall@{NEAREST} of the vector index against brute force: {recall(store, corpus):.3f}")
    print(f"  memory: {peak_mb() - before:,.0f} MB above texts and vectors")


def recall(store: Store, corpus: Corpus) -> float:
    """The share of the truly nearest that the index names; one just as near as the last of them counts too."""
    hits = 0
    for query in corpus.query_vectors:
        least = np.partition(corpus.vectors @ query, -NEAREST)[-NEAREST]
        hits += sum(cosine >= least - 1e-5 for _, cosine in store.dense([query], NEAREST)[0])
    return hits / (NEAREST * len(corpus.query_vectors))


def real(data: Path, keep: Path) -> Corpus:
    """The first passages of a corpus; their vectors are made once."""
    documents: list[Document] = []
    passages: list[Passage] = []
    for row in rows(data / "corpus.jsonl.gz"):
        document = as_document(row["text"], row["title"])
        documents.append(document)
        passages += cut(document)
        if len(passages) >= SMALL:
            break
    queries = [row["claim"] for row in islice(rows(data / "dev.jsonl.gz"), QUERIES)]
    texts = [*map(indexed_text, passages), *queries]
    digest = hashlib.sha256("\0".join([MiniLM().name, *texts]).encode()).hexdigest()[:16]
    kept = keep / f"vectors-{digest}.npy"
    if not kept.exists():
        start = time.perf_counter()
        made = MiniLM().embed(texts)
        print(f"  embedding: {len(texts) / (time.perf_counter() - start):.0f} texts/s")
        keep.mkdir(parents=True, exist_ok=True)
        np.save(kept, made)
    vectors = np.load(kept)
    return Corpus(documents, passages, vectors[: len(passages)], queries, vectors[len(passages) :])


def drawn() -> Corpus:
    """Documents of random words, rare ones rarely; vectors around one of many centres."""
    chance, normal = random.Random(0), np.random.default_rng(0)
    weights = [1 / (rank + 10) for rank in range(len(VOCABULARY))]
    documents = []
    for start in range(0, LARGE, PASSAGES_A_FILE):
        parts = (" ".join(chance.choices(VOCABULARY, weights, k=WORDS)) for _ in range(PASSAGES_A_FILE))
        documents.append(as_document("\n".join(f"p{start + i} {part}" for i, part in enumerate(parts)), "drawn"))
    passages = [passage for document in documents for passage in cut(document)]
    centres = normal.standard_normal((LARGE // 50, MiniLM.dimension), dtype=np.float32)

    def near(count: int) -> NDArray[np.float32]:
        rows = centres[normal.integers(len(centres), size=count)]
        rows += SPREAD * normal.standard_normal(rows.shape, dtype=np.float32)
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    queries = [f"q{n} " + " ".join(chance.choices(VOCABULARY, weights, k=12)) for n in range(QUERIES)]
    return Corpus(documents, passages, near(len(passages)), queries, near(len(queries)))


def cut(document: Document) -> list[Passage]:
    """As the product does; a drawn document has a passage a line."""
    if document.title != "drawn":
        return passages_of(document)
    lines, start = [], 0
    for line in document.text.split("\n"):
        lines.append(slice_of(document, start, start + len(line)))
        start += len(line) + 1
    return lines


def as_document(text: str, title: str) -> Document:
    return Document(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        source="corpus",
        title=title,
        language="en",
        published=None,
        media_type="text/plain",
        encoding="utf-8",
        text=text,
    )


def claim(text: str) -> Claim:
    return Claim(id="s1.1", text=text, span=Span(start=0, end=0), sentences=("s1",), checkworthiness="high")


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def timed(work: Callable[[int], object], times: int) -> NDArray[np.float64]:
    """Milliseconds of each call."""
    took = np.empty(times)
    for i in range(times):
        start = time.perf_counter()
        work(i)
        took[i] = 1000 * (time.perf_counter() - start)
    return took


def show(what: str, times: NDArray[np.float64]) -> None:
    print(f"  {what}: p50 {np.median(times):.1f} ms, p95 {np.quantile(times, 0.95):.1f} ms")


def peak_mb() -> float:
    """The most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
