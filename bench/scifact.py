"""How often a claim's gold document is found: vectors alone, words alone, and both fused, on a set with a corpus.

    python bench/scifact.py --data DATA/scifact

Works for any folder with ``corpus.jsonl.gz`` and claims or questions that name its documents (scifact, fm2,
factcheck-bench, xquad). Runs the product itself: passages, embedder, store, search. The store is kept, so that a second
run embeds nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.documents.language import detect_language
from factcheck.models import Claim, Document, Span
from factcheck.protocols import Embedder
from factcheck.retrieve.embed import embedder_named
from factcheck.retrieve.passages import CHUNKING, passages_of
from factcheck.retrieve.search import References, Searcher
from factcheck.retrieve.store import Reading, Store
from factcheck.settings import load

FIRST = 10  # documents
DEEP = 40  # passages asked for, so that ten different documents are among them
RESAMPLES = 5000


@dataclass(frozen=True)
class Sample:
    text: str
    language: str
    gold: frozenset[str]  # any of these documents will do


class Only:
    """A store of which one retriever finds nothing."""

    def __init__(self, store: References, *, retriever: str) -> None:
        self._store = store
        self._retriever = retriever
        self.passages = store.passages
        self.merged = store.merged

    def dense(self, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        return self._store.dense(vector, k) if self._retriever == "dense" else []

    def lexical(self, query: str, language: str, k: int) -> list[tuple[str, float]]:
        return self._store.lexical(query, language, k) if self._retriever == "lexical" else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with corpus.jsonl.gz and dev, claims or questions"
    )
    parser.add_argument("--split", default=None, help="file name without .jsonl.gz (default: dev, claims or questions)")
    parser.add_argument("--keep", type=Path, default=Path(".factcheck/bench"), help="where the store is kept")
    given = parser.parse_args()
    embedder = embedder_named("minilm", load())
    folder = given.keep / given.data.name
    write_corpus(given.data / "corpus.jsonl.gz", folder / "documents")
    with Store.open(folder / "store", embedder, write=True, reading=AS_JSON) as store:
        report = store.index([folder / "documents"], progress=None)
        print(
            f"{given.data.name}: {report.files} documents, {report.passages} passages, {report.embedded} embedded now"
        )
        samples = list(read_samples(given.data, given.split))
        for language in sorted({sample.language for sample in samples}):
            measure(store, embedder, language, [sample for sample in samples if sample.language == language])


def measure(store: Store, embedder: Embedder, language: str, samples: Sequence[Sample]) -> None:
    print(f"\n{len(samples)} claims or questions ({language}); share with a gold document among the first …")
    print(f"{'':10}" + "".join(f"{f'{k} documents':>14}" for k in (1, 3, 6, FIRST)) + f"   95 % interval at {FIRST}")
    retrievers: dict[str, References] = {
        "dense": Only(store, retriever="dense"),
        "lexical": Only(store, retriever="lexical"),
        "fused": store,
    }
    for name, source in retrievers.items():
        ranks = np.array(
            [
                rank(found, sample)
                for sample, found in zip(samples, search(source, embedder, samples, DEEP), strict=True)
            ]
        )
        low, high = interval(ranks < FIRST)
        shares = "".join(f"{np.mean(ranks < k):>14.3f}" for k in (1, 3, 6, FIRST))
        print(f"{name:10}{shares}   {low:.3f} to {high:.3f}")
    shown = load().passages
    evidence = [
        rank(found, sample) < shown
        for sample, found in zip(samples, search(store, embedder, samples, shown), strict=True)
    ]
    print(f"in the evidence the judge is shown ({shown} passages): {np.mean(evidence):.3f}")


def search(store: References, embedder: Embedder, samples: Sequence[Sample], passages: int) -> list[list[str]]:
    """For each sample, the documents of the evidence, best first, each once."""
    searcher = Searcher(store, embedder, passages=passages)

    async def one(sample: Sample) -> list[str]:
        found = await searcher.retrieve(as_claim(sample.text))
        return list(dict.fromkeys(Path(evidence.passage.source).stem for evidence in found.evidence))

    async def every() -> list[list[str]]:
        return [await one(sample) for sample in samples]

    return asyncio.run(every())


def rank(found: Sequence[str], sample: Sample) -> int:
    """The place, from 0, of the first gold document; far off where there is none."""
    return next((place for place, name in enumerate(found) if name in sample.gold), 10**6)


def interval(hits: NDArray[np.bool_]) -> tuple[float, float]:
    """The 95 % bootstrap interval of a share."""
    draws = np.random.default_rng(0).choice(hits, size=(RESAMPLES, len(hits))).mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def as_claim(text: str) -> Claim:
    return Claim(id="s1.1", text=text, span=Span(start=0, end=0), sentences=("s1",), checkworthiness="high")


def read_samples(data: Path, split: str | None) -> Iterator[Sample]:
    """Those that name a document of the corpus; claims labelled unverifiable have no gold document."""
    names = [split] if split else ["dev", "claims", "questions"]
    path = next(path for name in names if (path := data / f"{name}.jsonl.gz").exists())
    corpus = {row["doc_id"] for row in rows(data / "corpus.jsonl.gz")}
    for row in rows(path):
        named = {row["doc_id"]} if "doc_id" in row else {evidence["doc_id"] for evidence in row["evidence"]}
        gold = frozenset(named & corpus)
        if gold and row.get("label") != "unverifiable":
            yield Sample(row.get("claim") or row["question"], row["lang"], gold)


def write_corpus(path: Path, folder: Path) -> None:
    """One file a document, as the store wants it."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows(path):
        target = folder / f"{row['doc_id']}.json"
        if not target.exists():
            target.write_text(json.dumps(row), encoding="utf-8")


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read_json(path: Path) -> Document:
    row = json.loads(path.read_text(encoding="utf-8"))
    text = row["text"]
    return Document(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        source=str(path),
        title=row["title"],
        language=row.get("lang") or detect_language(text),
        published=None,
        media_type="application/json",
        encoding="utf-8",
        text=text,
    )


def list_json(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.json"))


AS_JSON = Reading(list_documents=list_json, read_document=read_json, passages_of=passages_of, chunking=CHUNKING)

if __name__ == "__main__":
    main()
