"""The local judge: pairs of sentence and claim a second, and an article of 20 claims against 10,000 passages.

    python -m bench.judge [--data DATA/scifact]

The pairs have 64 tokens each, cut from the own set's texts. The article is twenty claims of the set under --data, each
with the five passages that the product's search finds among 10,000, cut from that set's corpus.
Times depend on the machine and on what else it does: the best of three rounds is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.retrieval import SMALL, Corpus, claim, real
from eval.datasets.own import own_set
from factcheck.local.minilm import MiniLM
from factcheck.local.pairs import WEIGHTS, PairModel
from factcheck.retrieve.passages import indexed_text
from factcheck.retrieve.search import Searcher
from factcheck.retrieve.store import Store
from factcheck.verdict.local import LocalJudge

TOKENS = 64
PAIRS = 400
CLAIMS = 20
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a set with a corpus, as DATA/scifact; without it only the pairs")
    parser.add_argument("--keep", type=Path, default=Path(".factcheck/bench"), help="where vectors are kept")
    given = parser.parse_args()
    pairs = pairs_of_length(TOKENS)
    rates = []
    for _ in range(ROUNDS):
        model = PairModel()  # a new one remembers no answers
        model.logits(pairs[:2])
        started = time.perf_counter()
        model.logits(pairs[2:])
        rates.append((len(pairs) - 2) / (time.perf_counter() - started))
    print(f"{len(pairs)} pairs of {TOKENS} tokens: {max(rates):.0f} a second (rounds: {_shown(rates)})")
    if given.data is not None:
        print(asyncio.run(article(given.data, given.keep)))


def pairs_of_length(tokens: int) -> list[tuple[str, str]]:
    """Different pairs of exactly so many tokens: the own set's evidence, cut, beside its claims."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(WEIGHTS.parent / "minilm" / "tokenizer.json"))
    found: dict[tuple[str, str], None] = {}
    for sample in own_set().samples:
        for item in sample.evidence:
            room = tokens - 3 - len(tokenizer.encode(sample.claim, add_special_tokens=False).ids)
            offsets = tokenizer.encode(item.text, add_special_tokens=False).offsets
            if 8 < room <= len(offsets):
                found[item.text[: offsets[room - 1][1]], sample.claim] = None
    return list(found)[:PAIRS]


class Quick:
    """The product's embedder, with the passages' vectors at hand: what is timed is the work on the claims."""

    def __init__(self, corpus: Corpus) -> None:
        self._known = {indexed_text(passage): row for row, passage in enumerate(corpus.passages)}
        self._vectors = corpus.vectors
        self._own = MiniLM()
        self.name, self.dimension = self._own.name, self._own.dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if all(text in self._known for text in texts):
            return self._vectors[[self._known[text] for text in texts]]
        return self._own.embed(texts)


async def article(data: Path, keep: Path) -> str:
    """Seconds to retrieve and judge the claims, models loaded and the store open."""
    corpus = real(data, keep)
    claims, quick = corpus.queries[: CLAIMS + 1], Quick(corpus)
    times = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reading = corpus.reading(folder / "references")
        with Store.open(folder / "store", quick, write=True, reading=reading) as store:
            store.index([folder / "references"])
            for _ in range(ROUNDS):
                searcher, judge = Searcher(store, quick, passages=5), LocalJudge(PairModel())
                await _check(claims[:1], searcher, judge)  # loads the models
                started = time.perf_counter()
                await _check(claims[1:], searcher, judge)
                times.append(time.perf_counter() - started)
    return f"{CLAIMS} claims against {SMALL:,} passages: {min(times):.2f} s (rounds: {_shown(times, 2)})"


async def _check(claims: Sequence[str], searcher: Searcher, judge: LocalJudge) -> None:
    async def one(text: str) -> None:
        await judge.judge(claim(text), (await searcher.retrieve(claim(text))).evidence)

    await asyncio.gather(*map(one, claims))


def _shown(values: Sequence[float], digits: int = 0) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)


if __name__ == "__main__":
    main()
