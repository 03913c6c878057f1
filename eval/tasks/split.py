"""The split task: what the engine's splitter makes of every sentence of a text, against what people marked in it.

One result for each sentence (of sets that do not go by sentences: for each text). A sentence that nobody split is a
failure. Its claims are judged by their words; where the engine has a model, that model's judge also says of each claim
whether the sentence with its neighbours bears it out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from eval.datasets.choosing import Wanted
from eval.datasets.claims import GoldText, TextSet, Unit, text_sets
from eval.datasets.dataset import Dataset
from eval.engines import Engine
from eval.records import SampleResult, Score, TaskName
from eval.split_scores import Found, Scorer
from eval.tasks.given import GivenClaims
from factcheck.errors import ConfigError, ModelUnavailable
from factcheck.models import Claim, Evidence, Exclusion, Failure, Outcome, Span
from factcheck.pipeline import Progress, reconcile
from factcheck.protocols import Retrieval, Split
from factcheck.retrieve.passages import slice_of

AT_ONCE = 8  # texts
NEIGHBOURS = 2  # sentences on either side that a judge sees of a claim's own sentence


@dataclass(frozen=True)
class SplitTask:
    name: TaskName = "split"

    def load(self, wanted: Wanted) -> tuple[Dataset, ...]:
        return text_sets(wanted)

    async def run(self, data: Dataset, engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
        """A result for each unit. Raises ModelUnavailable where the model answered for no text at all."""
        if not isinstance(data, TextSet):
            raise ConfigError(f"{data.info.name}: holds no texts to split; the split task reads sets of claims")
        turns = asyncio.Semaphore(AT_ONCE)
        done = 0

        async def one(text: GoldText) -> _Ended:
            nonlocal done
            async with turns:
                ended = await split_text(text, engine)
            done += 1
            progress("split", done, len(data.texts))
            return ended

        ended = await asyncio.gather(*map(one, data.texts))
        if ended and all(each.unavailable is not None for each in ended):
            raise next(each.unavailable for each in ended if each.unavailable is not None)
        return tuple(
            result
            for text, each in zip(data.texts, ended, strict=True)
            for result in results_of(text, each, data.info.name)
        )


TASK = SplitTask()


@dataclass(frozen=True)
class _Ended:
    """What became of a text's sentences. ``ends`` counts those the splitter gave, before each sentence had one;
    ``outcomes`` are a judge's on each claim, empty where there was none; ``unavailable`` is set where the model was
    never there."""

    claims: tuple[Claim, ...]
    exclusions: tuple[Exclusion, ...]
    failures: tuple[Failure, ...]
    ends: Counter[str]
    outcomes: tuple[Outcome, ...] = ()
    unavailable: ModelUnavailable | None = None


async def split_text(text: GoldText, engine: Engine) -> _Ended:
    """Every sentence's end, as a report would have it, and as the splitter gave it."""
    parts: list[Split] = []
    stopped: Failure | None = None
    unavailable: ModelUnavailable | None = None
    try:
        async for part in engine.splitter(as_of=text.as_of).split(text.document, text.sentences):
            parts.append(part)
    except ModelUnavailable as error:
        stopped = Failure(stage="split", code=error.code, message=str(error))
        unavailable = None if parts else error
    claims, exclusions, failures = reconcile(text.sentences, parts, stopped)
    outcomes = await _judged(text, claims, engine) if engine.chat is not None and claims else ()
    return _Ended(claims, exclusions, failures, _ends(parts), outcomes, unavailable)


def _ends(parts: Sequence[Split]) -> Counter[str]:
    ends: Counter[str] = Counter()
    ends.update({name for part in parts for claim in part.claims for name in claim.sentences})
    ends.update(exclusion.sentence for part in parts for exclusion in part.exclusions)
    ends.update(name for part in parts for failure in part.failures for name in failure.sentences)
    return ends


def results_of(text: GoldText, ended: _Ended, dataset: str) -> tuple[SampleResult, ...]:
    """A result for each unit of the text: its scores, or its failure."""
    scorer = Scorer(text)
    return tuple(_result(unit, text, ended, scorer, dataset) for unit in text.units)


def _result(unit: Unit, text: GoldText, ended: _Ended, scorer: Scorer, dataset: str) -> SampleResult:
    mine = set(unit.sentences)
    claims = tuple(claim for claim in ended.claims if mine & set(claim.sentences))
    exclusions = [exclusion for exclusion in ended.exclusions if exclusion.sentence in mine]
    outcomes = [outcome for outcome in ended.outcomes if mine & set(outcome.claim.sentences)]
    failed = [failure for failure in ended.failures if mine & set(failure.sentences)]
    failed += [outcome.failure for outcome in outcomes if outcome.failure is not None]
    found = Found(claims, tuple(e.reason for e in exclusions), tuple(ended.ends[name] for name in unit.sentences))
    return SampleResult(
        id=unit.id,
        dataset=dataset,
        about=text.about,
        language=text.language,
        input=" ".join(s.span.of(text.document.text) for s in text.sentences if s.id in mine),
        said=_said(claims, exclusions),
        scores={} if failed else scorer.scores(unit, found) | _borne_out(outcomes),
        failure=failed[0].model_copy(update={"sentences": ()}) if failed else None,
    )


def _said(claims: Sequence[Claim], exclusions: Sequence[Exclusion]) -> str:
    reasons = dict.fromkeys(exclusion.reason for exclusion in exclusions)
    return " | ".join([*(claim.text for claim in claims), *(f"no claim: {reason}" for reason in reasons)])


def _borne_out(outcomes: Sequence[Outcome]) -> dict[str, Score]:
    verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict is not None]
    hits = sum(verdict.label == "supported" for verdict in verdicts)
    return {"entailed_by_judge": Score(hits=hits, of=len(verdicts))} if verdicts else {}


async def _judged(text: GoldText, claims: tuple[Claim, ...], engine: Engine) -> tuple[Outcome, ...]:
    """What the engine's own judge says of each claim, given its sentence and the ones around it."""
    pipeline = engine.pipeline(GivenClaims(claims), _Around(text), lambda stage, done, total: None)
    return (await pipeline.check(text.document, text.sentences)).outcomes


@dataclass(frozen=True)
class _Around:
    """A retriever that finds for each claim the stretch of the text it was made of."""

    text: GoldText

    async def retrieve(self, claim: Claim, *, wide: bool = False) -> Retrieval:
        places = [place for place, each in enumerate(self.text.sentences) if each.id in claim.sentences]
        first, last = max(0, min(places) - NEIGHBOURS), min(len(self.text.sentences) - 1, max(places) + NEIGHBOURS)
        span = Span(start=self.text.sentences[first].span.start, end=self.text.sentences[last].span.end)
        passage = slice_of(self.text.document, span.start, span.end)
        return Retrieval((Evidence(passage=passage, score=1.0, ranks={}),), (claim.text,))
