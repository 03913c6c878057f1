"""Engines for tests: the local one, and judges that know the gold, in whole or with a fault planted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from eval.datasets.choosing import Wanted
from eval.engines import Engine
from eval.records import Result, Sample
from eval.run import Asked, evaluate
from eval.tasks import task_named
from factcheck.models import Citation, Claim, Evidence, Label, Outcome, RejectedQuote, Span, Stance, Verdict
from factcheck.pipeline import Pipeline, Progress
from factcheck.protocols import Judge, Judgement, Quote, Retriever, Splitter
from factcheck.settings import load
from factcheck.text import locate
from tests.fakes import FakeEmbedder

STANCE: dict[str, Stance] = {"supported": "supports", "contradicted": "contradicts"}


def measured(
    task: Any, wanted: Wanted, change: Callable[[Engine], Engine] = lambda engine: engine, **more: Any
) -> Result:
    """A result of the local engine, or of what ``change`` makes of it."""
    chosen = task_named(task)
    asked = Asked(chosen, chosen.load(wanted), load(engine="local"), "python -m eval run", change=change, **more)
    return evaluate(asked, lambda stage, done, total: None)


def judged_by(judge: Judge) -> Callable[[Engine], Engine]:
    return lambda engine: replace(engine, judge=judge)


def quick_to_index(engine: Engine) -> Engine:
    """The same engine with vectors that cost nothing, where what is found is not the point."""
    engine.__dict__["embedder"] = FakeEmbedder()
    return engine


def share_of(claim: str, seed: str) -> float:
    """A number between 0 and 1 that a claim always has."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{claim}".encode()).digest()[:4], "big") / 2**32


@dataclass(frozen=True)
class Knowing:
    """A judge that knows each sample's label and quotes the gold words that stand in the passages.

    Where they do not, and for a share of ``blind`` of the claims, it says unverifiable.
    """

    samples: Mapping[str, Sample]
    blind: float = 0.0

    @staticmethod
    def of(task: Any, wanted: Wanted, *, blind: float = 0.0) -> Knowing:
        samples = [sample for data in task_named(task).load(wanted) for sample in data.samples]
        return Knowing({sample.claim: sample for sample in samples}, blind)

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        sample = self.samples[claim.text]
        quotes = tuple(self._quotes(sample, evidence))
        if sample.label == "unverifiable" or not quotes or share_of(claim.text, "blind") < self.blind:
            return Judgement("unverifiable", "insufficient", "The passages do not settle this.")
        label: Label = "supported" if sample.label == "supported" else "contradicted"
        return Judgement(label, None, "As the gold has it.", quotes)

    @staticmethod
    def _quotes(sample: Sample, evidence: Sequence[Evidence]) -> list[Quote]:
        return [
            Quote(passage=found.passage.id, text=gold.quote, stance=gold.stance)
            for gold in sample.quotes
            for found in evidence
            if locate(gold.quote, found.passage.text) is not None
        ][:1]


@dataclass(frozen=True)
class Swapping:
    """Plant: supported and contradicted change places for some claims, real quotes and all."""

    judge_asked: Judge
    claims: frozenset[str]

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        said = await self.judge_asked.judge(claim, evidence, rejected=rejected)
        if said.label == "unverifiable" or claim.text not in self.claims:
            return said
        label: Label = "contradicted" if said.label == "supported" else "supported"
        return replace(said, label=label, quotes=tuple(replace(quote, stance=STANCE[label]) for quote in said.quotes))


@dataclass(frozen=True)
class Garbling:
    """Plant: a share of the quotes is given in words that the source does not have."""

    judge_asked: Judge
    share: float

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        said = await self.judge_asked.judge(claim, evidence, rejected=rejected)
        if share_of(claim.text, "garble") >= self.share:
            return said
        return replace(said, quotes=tuple(replace(quote, text=_garbled(quote.text)) for quote in said.quotes))


def _garbled(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"{first} truly {rest}"


class BelievingPipeline(Pipeline):
    """Plant: what the judge quotes is cited as it comes; nobody looks it up, and no record objects."""

    async def _work(self, claim: Claim, language: str) -> Outcome:
        found = await self.retriever.retrieve(claim)
        said = await self.judge.judge(claim, found.evidence)
        verdict = Verdict(
            label=said.label,
            reason=said.reason,
            rationale=said.rationale,
            citations=tuple(_believed(quote, found.evidence) for quote in said.quotes),
        )
        return Outcome.model_construct(
            claim=claim, evidence=found.evidence, search=None, verdict=verdict, failure=None, rejected=()
        )


def _believed(quote: Quote, evidence: Sequence[Evidence]) -> Citation:
    passage = next(found.passage for found in evidence if found.passage.id == quote.passage)
    place = locate(quote.text, passage.text) or Span(start=0, end=len(quote.text))
    start = passage.span.start + place.start
    return Citation(
        passage=passage.id,
        source=passage.source,
        title=passage.title,
        page=None,
        span=Span(start=start, end=passage.span.start + place.end),
        quote=quote.text,
        stance=quote.stance,
    )


class BelievingEngine(Engine):
    """An engine whose pipeline believes every quote."""

    def pipeline(self, splitter: Splitter, retriever: Retriever, progress: Progress) -> Pipeline:
        return BelievingPipeline(splitter, retriever, self.judge, self.signals, progress=progress)


def believing(engine: Engine) -> Engine:
    return BelievingEngine(**{field.name: getattr(engine, field.name) for field in fields(engine)})


def data_folder() -> Path:
    """The folder of public sets beside the repository, which may not be there."""
    return Path(__file__).resolve().parents[2].parent / "shared" / "data"
