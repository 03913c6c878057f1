"""The retrieve task: are the documents, and the words, that settle a claim found, and are they shown to the judge?

For each claim the product's own search ranks passages three times: as it is (fused), with vectors alone (dense) and
with words alone (lexical). Documents count by their best passage; a passage counts where gold words stand in it. What
the judge is shown is a search of its own, with as many passages as the settings say. A claim that nothing in the
corpus settles has a result without scores.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.datasets.choosing import Wanted, limited
from eval.datasets.dataset import Dataset
from eval.datasets.loading import claim_sets
from eval.datasets.public import SetFile, chosen_files, read_rows
from eval.engines import Engine
from eval.parts import about_of, part_of
from eval.records import DatasetInfo, GoldQuote, Reference, Sample, SampleResult, Score, TaskName
from eval.stores import Corpus
from factcheck.errors import ConfigError, ModelError, StoreError
from factcheck.models import Claim, Evidence, Passage, Span
from factcheck.pipeline import Progress, failure_of
from factcheck.protocols import Embedder
from factcheck.retrieve.search import References, Searcher
from factcheck.text import locate

CUTS = (1, 3, 5, 10)
DEEP = 40  # passages asked for, so that ten different documents are among them
AT_ONCE = 32  # claims


@dataclass(frozen=True)
class Retrieve:
    name: TaskName = "retrieve"

    def load(self, wanted: Wanted) -> tuple[Dataset, ...]:
        """Sets of claims with a corpus, and questions about one."""
        if wanted.path is None or not wanted.path.is_dir():
            return claim_sets(wanted, with_corpus=True)
        files = chosen_files(wanted)
        asking = tuple(data for file in files if file.kind == "qa" and (data := _questions(file, wanted)).samples)
        claiming = [file for file in files if file.kind == "verdict" and file.corpus is not None]
        return (*(claim_sets(wanted, with_corpus=True) if claiming or not asking else ()), *asking)

    async def run(self, data: Dataset, engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
        embedder = Remembering(engine.embedder)
        with engine.corpus(data, progress) as corpus:
            embedder.embed([sample.claim for sample in data.samples])
            search = _Search.over(corpus, embedder, shown=engine.settings.passages)
            turns = asyncio.Semaphore(AT_ONCE)
            done = 0

            async def one(sample: Sample) -> SampleResult:
                nonlocal done
                async with turns:
                    result = await search.result(sample)
                done += 1
                progress("retrieve", done, len(data.samples))
                return result

            return tuple(await asyncio.gather(*map(one, data.samples)))


TASK = Retrieve()


class Remembering:
    """An ``Embedder`` that embeds each text once: several searches ask for the same claims."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.dimension = embedder.dimension
        self._embedder = embedder
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.array([self._known[text] for text in texts], np.float32).reshape(len(texts), self.dimension)


@dataclass(frozen=True)
class Only:
    """A store of which one retriever finds nothing."""

    store: References
    retriever: str

    def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]:
        return self.store.dense(vectors, k) if self.retriever == "dense" else [[] for _ in vectors]

    def lexical(self, query: str, language: str, k: int) -> list[tuple[str, float]]:
        return self.store.lexical(query, language, k) if self.retriever == "lexical" else []

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        return self.store.passages(ids)

    def merged(self, source: str, start: int, end: int) -> Passage:
        return self.store.merged(source, start, end)


@dataclass(frozen=True)
class _Search:
    """The searches that are compared, by what their metrics have behind their names; and the judge's own."""

    ranked: Mapping[str, Searcher]
    shown: Searcher
    doc_ids: Mapping[str, str]

    @staticmethod
    def over(corpus: Corpus, embedder: Embedder, *, shown: int) -> _Search:
        stores: dict[str, References] = {
            "": corpus.store,
            "[dense]": Only(corpus.store, "dense"),
            "[lexical]": Only(corpus.store, "lexical"),
        }
        ranked = {name: Searcher(store, embedder, passages=DEEP) for name, store in stores.items()}
        return _Search(ranked, Searcher(corpus.store, embedder, passages=shown), corpus.doc_ids)

    async def result(self, sample: Sample) -> SampleResult:
        blank = SampleResult(
            id=sample.id,
            dataset=sample.dataset,
            about=sample.about,
            language=sample.language,
            kind=_pair(sample),
            input=sample.claim,
        )
        if not sample.documents:
            return blank.model_copy(update={"said": "nothing in the corpus settles it: not scored"})
        claim = as_claim(sample.claim)
        try:
            found = {name: self._named((await each.retrieve(claim)).evidence) for name, each in self.ranked.items()}
            shown = self._named((await self.shown.retrieve(claim)).evidence)
        except (StoreError, ModelError) as error:
            return blank.model_copy(update={"failure": failure_of("retrieve", error)})
        ranked = {f"{metric}{name}": s for name, each in found.items() for metric, s in ranking(each, sample).items()}
        said = f"found: {', '.join(documents_of(found[''])[:5]) or 'nothing'}; wanted: {', '.join(sample.documents)}"
        return blank.model_copy(update={"scores": ranked | showing(shown, sample), "said": said})

    def _named(self, evidence: Sequence[Evidence]) -> list[Found]:
        return [Found(self.doc_ids[each.passage.source], each.passage.text) for each in evidence]


@dataclass(frozen=True)
class Found:
    """A passage that was found, under its document's name."""

    doc_id: str
    text: str


def ranking(found: Sequence[Found], sample: Sample) -> dict[str, Score]:
    """How well a list of passages, best first, ranks the sample's gold documents and gold words.

    ``recall@k`` is the share of the gold documents among the first k, ``found@5`` whether any is; ``mrr`` is of the
    first of them, ``ndcg`` to ten. ``passage_recall@k`` is the share of gold quotes that stand in one of k passages.
    """
    gold, documents = set(sample.documents), documents_of(found)
    ranks = [rank for rank, name in enumerate(documents, 1) if name in gold]
    gain = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(gold), 10) + 1))
    scores = {
        **{f"recall@{cut}": len(gold & set(documents[:cut])) / len(gold) for cut in CUTS},
        "found@5": float(any(rank <= 5 for rank in ranks)),
        "mrr": 1 / ranks[0] if ranks else 0.0,
        "ndcg@10": gain / best,
    }
    if sample.quotes:
        at = [_rank_of(quote, found) for quote in sample.quotes]
        scores |= {f"passage_recall@{cut}": sum(rank <= cut for rank in at) / len(at) for cut in CUTS}
        scores["passage_mrr"] = sum(1 / rank for rank in at) / len(at)
    return {name: Score(hits=value) for name, value in scores.items()}


def showing(shown: Sequence[Found], sample: Sample) -> dict[str, Score]:
    """The share of gold documents, and of gold quotes, in the passages that the judge is shown."""
    gold, documents = set(sample.documents), {each.doc_id for each in shown}
    scores = {"shown": Score(hits=len(gold & documents) / len(gold))}
    if sample.quotes:
        standing = [math.isfinite(_rank_of(quote, shown)) for quote in sample.quotes]
        scores["shown_quotes"] = Score(hits=sum(standing) / len(standing))
    return scores


def documents_of(found: Sequence[Found]) -> list[str]:
    """The documents, each once, in the order of their best passages."""
    return list(dict.fromkeys(each.doc_id for each in found))


def _rank_of(quote: GoldQuote, found: Sequence[Found]) -> float:
    """The place, from 1, of the first passage of the quote's document that holds its words; infinity without one."""
    holding = (rank for rank, each in enumerate(found, 1) if each.doc_id == quote.doc_id and _holds(each, quote.quote))
    return next(holding, math.inf)


def _holds(found: Found, quote: str) -> bool:
    return quote in found.text or locate(quote, found.text) is not None


def _pair(sample: Sample) -> str:
    """The claim's language and that of its gold documents: ``de-en``; empty where there are none."""
    languages = dict.fromkeys(ref.language for ref in sample.evidence if ref.doc_id in sample.documents)
    return f"{sample.language}-{'+'.join(languages)}" if languages else ""


def as_claim(text: str) -> Claim:
    return Claim(id="s1.1", text=text, span=Span(start=0, end=0), sentences=("s1",), checkworthiness="high")


def _questions(file: SetFile, wanted: Wanted) -> Dataset:
    """Questions as claims to search for: each is about the title of its paragraph, its answer are the gold words."""
    if file.corpus is None:
        raise ConfigError(f"{file.path}: its corpus.jsonl.gz is not beside it")
    corpus = {row["doc_id"]: row for _, row in read_rows(file.corpus)}
    samples = []
    for number, row in read_rows(file.path):
        try:
            paragraph = corpus[row["doc_id"]]
            if wanted.part in ("all", part_of(file.file, about_of(file.file, paragraph))):
                samples.append(_question(file, row, paragraph))
        except (KeyError, ValueError) as error:
            raise ConfigError(f"{file.path}, line {number}: not a question about its corpus ({error})") from error
    chosen = limited(samples, wanted.limit, lambda sample: sample.about)
    digest = hashlib.sha256(file.path.read_bytes() + file.corpus.read_bytes()).hexdigest()
    info = DatasetInfo(
        name=file.name, tier=file.tier, scheme="three", digest=digest, samples=len(chosen), part=wanted.part
    )
    return Dataset(info, chosen, tuple(map(_reference, corpus.values())))


def _question(file: SetFile, row: Mapping[str, Any], paragraph: Mapping[str, Any]) -> Sample:
    return Sample(
        id=f"{file.name}/{row['id']}",
        dataset=file.name,
        about=about_of(file.file, paragraph),
        claim=row["question"],
        language=row["lang"],
        label="supported",
        evidence=(_reference({**paragraph, "lang": row["lang"]}),),
        quotes=(GoldQuote(doc_id=row["doc_id"], quote=row["answer"], stance="supports"),),
        documents=(row["doc_id"],),
    )


def _reference(row: Mapping[str, Any]) -> Reference:
    return Reference(doc_id=row["doc_id"], title=row["title"], text=row["text"], language=row.get("lang", "und"))
