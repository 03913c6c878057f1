"""The engine under test: the product's own judge, splitter, search and signals, put together as the product does."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from eval.datasets.dataset import Dataset
from factcheck import prompts
from factcheck.engine import Choice, chat_of, choose, judge_of, parameters_of, shown, splitter_of
from factcheck.errors import ConfigError
from factcheck.local.loading import digests
from factcheck.models import Outcome, StageUsage, StoreFingerprint
from factcheck.pipeline import Pipeline, Progress
from factcheck.protocols import Embedder, Judge, Retriever, Splitter
from factcheck.settings import Settings
from factcheck.verdict.ground import Signals
from factcheck.verdict.signals import compare

if TYPE_CHECKING:
    from eval.exchanges import Exchanges
    from eval.stores import Corpus
    from factcheck.llm import LangChainChat


Known = dict[tuple[str, str, str], Outcome]  # what was judged on, sample, claim -> what came of it


@dataclass
class Engine:
    """An engine that belongs to one event loop; ``engine`` makes and ends it. A test replaces a part to break it.

    ``known`` holds outcomes of tasks run before, which are the same here and need not be worked out again.
    """

    choice: Choice
    settings: Settings
    chat: LangChainChat | None
    judge: Judge
    answered_by: str
    signals: Signals = compare
    fingerprints: list[StoreFingerprint] = field(default_factory=list)  # of the stores that were searched
    known: Known = field(default_factory=dict)
    of_two: bool = False  # the judge chooses between supported and contradicted alone

    def splitter(self, *, as_of: date | None, languages: Sequence[str] = ()) -> Splitter:
        """The splitter for a text written on ``as_of``, whose references are in ``languages``."""
        return splitter_of(self.chat, self.settings, as_of=as_of, languages=languages)

    def pipeline(self, splitter: Splitter, retriever: Retriever, progress: Progress) -> Pipeline:
        """The product's pipeline with this engine's judge and signals."""
        return Pipeline(
            splitter=splitter,
            retriever=retriever,
            judge=self.judge,
            signals=self.signals,
            in_flight=4 * self.settings.concurrency,
            progress=progress,
        )

    @cached_property
    def embedder(self) -> Embedder:
        from factcheck.retrieve.embed import embedder_named

        return embedder_named(self.settings.embedder, self.settings)

    @contextmanager
    def corpus(self, data: Dataset, progress: Progress) -> Iterator[Corpus]:
        """The documents of a set, indexed and open for searching; a second run finds them indexed.

        Raises StoreError, and ConfigError where the set has no documents.
        """
        from eval.stores import open_corpus

        with open_corpus(data, self.embedder, self.settings.cache_dir, progress) as corpus:
            self.fingerprints.append(corpus.fingerprint())
            yield corpus

    @property
    def model(self) -> str | None:
        return self.chat.model if self.chat else None

    def usage(self) -> dict[str, StageUsage]:
        return self.chat.usage() if self.chat else {}

    def cost(self) -> float | None:
        """US dollars; None where the model's price is unknown."""
        return self.chat.cost() if self.chat else 0.0

    def provenance(self) -> dict[str, Any]:
        """The fields of EvalProvenance that the engine answers for."""
        return {
            "engine": self.choice.name,
            "model": self.model,
            "answered_by": self.answered_by,
            "parameters": parameters_of(self.chat, self.settings) | ({"of_two": True} if self.of_two else {}),
            "prompts": prompts.digests() if self.chat else {},
            "settings": shown(self.settings),
            "store": _together(self.fingerprints),
            "weights": digests(),
        }


def choosing_of_two(plain: Engine) -> Engine:
    """The same engine, whose judge says supported or contradicted of every claim that its passages say anything of.

    Raises ConfigError where the engine is not the local one.
    """
    from factcheck.verdict.local import LocalJudge

    if plain.chat is not None:
        raise ConfigError("--of-two is for the local engine: a model is asked as it is always asked")
    return replace(plain, judge=LocalJudge(of_two=True), of_two=True)


@asynccontextmanager
async def engine(
    settings: Settings, exchanges: Exchanges | None = None, known: Known | None = None
) -> AsyncIterator[Engine]:
    """The engine that ``settings`` choose, with its model connected; ``exchanges`` records it or answers in its place.

    Raises ConfigError, and ModelUnavailable where a model's server does not answer.
    """
    choice = choose(settings)
    chat = await (chat_of(choice, settings) if exchanges is None else _watched(choice, settings, exchanges))
    try:
        yield Engine(
            choice=choice,
            settings=settings,
            chat=chat,
            judge=judge_of(chat, settings),
            answered_by=_answered_by(chat, exchanges),
            known={} if known is None else known,
        )
    finally:
        if chat is not None:
            await chat.aclose()


async def _watched(choice: Choice, settings: Settings, exchanges: Exchanges) -> LangChainChat:
    """Without kept replies: what they answer would be in no recording."""
    if choice.name == "local":
        raise ConfigError("--record and --replay are for a model: give --engine llm, the local engine needs neither")
    from factcheck.llm import connect
    from factcheck.llm.chat import BACKOFF_S

    unkept = settings.model_copy(update={"cache": False})
    return await connect(unkept, backoff_s=BACKOFF_S if exchanges.waits else 0.0, exchange=exchanges)


def _answered_by(chat: LangChainChat | None, exchanges: Exchanges | None) -> str:
    if exchanges is not None:
        return exchanges.answered_by
    return f"a model: {chat.model}" if chat else "the local engine"


def _together(stores: Sequence[StoreFingerprint]) -> StoreFingerprint | None:
    """One fingerprint over all the stores of a run; file names carry their store's where there are several."""
    once = {store.digest: store for store in stores}
    if len(once) <= 1:
        return next(iter(once.values()), None)
    first = next(iter(once.values()))
    return StoreFingerprint(
        location=", ".join(store.location for store in once.values()),
        digest=hashlib.sha256("\0".join(sorted(once)).encode()).hexdigest(),
        embedder=first.embedder,
        chunking=first.chunking,
        passages=sum(store.passages for store in once.values()),
        files={f"{name[:8]}/{file}": sha for name, store in once.items() for file, sha in store.files.items()},
    )
