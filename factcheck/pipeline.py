"""The flow of one document: split, retrieve, judge, ground. Every sentence and every claim comes out with one end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from factcheck.errors import ModelError, ModelUnavailable, StoreError
from factcheck.injection import instruction_notice
from factcheck.models import (
    Claim,
    Document,
    Evidence,
    Exclusion,
    Failure,
    FailureCode,
    Notice,
    Outcome,
    RejectedQuote,
    Search,
    Sentence,
    Stage,
)
from factcheck.protocols import Judge, Retriever, SecondOpinion, Split, Splitter
from factcheck.retrieve.wider import absent_words, brings_more
from factcheck.verdict.ground import Grounded, Signals, ground

SHOWN_WIDER = 3  # further passages kept in the report for a claim that stayed unverifiable

Progress = Callable[[str, int, int | None], None]  # stage, done, total where known


@dataclass(frozen=True)
class Checked:
    """What became of a document's sentences and claims, claims in the order of the text."""

    outcomes: tuple[Outcome, ...]
    exclusions: tuple[Exclusion, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[Notice, ...]


@dataclass
class Pipeline:
    """Splitter, retriever and judge, run as one; ``in_flight`` bounds the claims worked on at a time.

    So does ``room``, a semaphore, for all the pipelines that share it. ``second_opinion``, where there is one, looks at
    each verdict and may add warnings to it.
    """

    splitter: Splitter
    retriever: Retriever
    judge: Judge
    signals: Signals
    second_opinion: SecondOpinion | None = None
    in_flight: int = 64
    room: AbstractAsyncContextManager[object] = field(default_factory=nullcontext)
    progress: Progress = field(default=lambda stage, done, total: None)

    async def check(self, document: Document, sentences: Sequence[Sentence]) -> Checked:
        """Raises ModelUnavailable when the model never answered at all; any later trouble is recorded, not raised."""
        parts: list[Split] = []
        done: list[Outcome] = []
        running: set[asyncio.Task[Outcome]] = set()
        stopped: Failure | None = None
        ended = 0
        try:
            try:
                async for part in self.splitter.split(document, sentences):
                    parts.append(part)
                    ended += _ends(part)
                    self.progress("split", min(ended, len(sentences)), len(sentences))
                    for claim in part.claims:
                        if len(running) >= self.in_flight:
                            running = await self._collect(running, done)
                        running.add(asyncio.create_task(self._outcome(claim, document.language)))
            except ModelUnavailable as error:
                if not any(part.claims or part.exclusions for part in parts):
                    raise
                stopped = Failure(stage="split", code=error.code, message=str(error))
            except Exception as error:  # noqa: BLE001 - a bug in a splitter must not lose the claims already found
                stopped = _bug("split", error)
            while running:
                running = await self._collect(running, done)
        finally:
            for task in running:
                task.cancel()
        parts = _in_text_order(sentences, parts)
        claims, exclusions, failures = reconcile(sentences, parts, stopped)
        outcome_of = {outcome.claim.id: outcome for outcome in done}
        return Checked(
            outcomes=tuple(outcome_of[claim.id] for claim in claims),
            exclusions=exclusions,
            failures=failures,
            warnings=await asyncio.to_thread(_warnings, document, parts),  # a long document holds everybody up
        )

    async def _collect(self, running: set[asyncio.Task[Outcome]], done: list[Outcome]) -> set[asyncio.Task[Outcome]]:
        finished, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        done.extend(task.result() for task in finished)
        self.progress("judge", len(done), None)  # how many there will be only the end of the splitting tells
        return running

    async def _outcome(self, claim: Claim, language: str) -> Outcome:
        try:
            async with self.room:
                return await self._work(claim, language)
        except Exception as error:  # noqa: BLE001 - a bug met by one claim must not lose the others
            return Outcome(claim=claim, failure=_bug("judge", error))

    async def _work(self, claim: Claim, language: str) -> Outcome:
        try:
            retrieval = await self.retriever.retrieve(claim)
        except (StoreError, ModelError) as error:
            return Outcome(claim=claim, failure=failure_of("retrieve", error))
        evidence, search = retrieval.evidence, Search(queries=retrieval.queries)
        try:
            grounded = await self._looked_at_twice(claim, evidence, await self._judged(claim, evidence, language))
        except ModelError as error:
            return Outcome(claim=claim, evidence=evidence, search=search, failure=failure_of("judge", error))
        if grounded.verdict.label == "unverifiable":
            search = await self._looked_wider(claim, language, evidence, search)
        return Outcome(
            claim=claim, evidence=evidence, search=search, verdict=grounded.verdict, rejected=grounded.rejected
        )

    async def _judged(self, claim: Claim, evidence: tuple[Evidence, ...], language: str) -> Grounded:
        """A grounded verdict; a judge that quoted words that are not there is asked once more."""
        answer = await self.judge.judge(claim, evidence)
        first = ground(claim, answer, evidence, self.signals, language=language)
        if not first.rejected:
            return first
        answer = await self.judge.judge(claim, evidence, rejected=first.rejected)
        second = ground(claim, answer, evidence, self.signals, language=language)
        rejected: dict[RejectedQuote, None] = dict.fromkeys((*first.rejected, *second.rejected))
        return Grounded(verdict=second.verdict, rejected=tuple(rejected))

    async def _looked_at_twice(self, claim: Claim, evidence: tuple[Evidence, ...], grounded: Grounded) -> Grounded:
        if self.second_opinion is None:
            return grounded
        notices = await self.second_opinion.look(claim, grounded.verdict, evidence)
        warnings = (*grounded.verdict.warnings, *notices)
        return Grounded(grounded.verdict.model_copy(update={"warnings": warnings}), grounded.rejected)

    async def _looked_wider(
        self, claim: Claim, language: str, evidence: tuple[Evidence, ...], search: Search
    ) -> Search:
        """What more a wider search brings; where that search fails, the verdict stands without it."""
        try:
            wide = await self.retriever.retrieve(claim, wide=True)
        except (StoreError, ModelError):
            return search.model_copy(update={"nearest": evidence[0].passage if evidence else None})
        everything = (*evidence, *wide.evidence)
        return Search(
            queries=tuple(dict.fromkeys((*search.queries, *wide.queries))),
            nearest=everything[0].passage if everything else None,
            looked_wider=True,
            wider=brings_more(claim, language, evidence, wide.evidence)[:SHOWN_WIDER],
            absent=absent_words(claim, language, everything),
        )


def reconcile(
    sentences: Sequence[Sentence], parts: Sequence[Split], stopped: Failure | None = None
) -> tuple[tuple[Claim, ...], tuple[Exclusion, ...], tuple[Failure, ...]]:
    """Gives every sentence exactly one end, whatever the splitter said: claims before exclusions before failures.

    Sentences nobody spoke of end in ``stopped``, or as left out. Claims come in the order of the text.
    """
    order = {sentence.id: place for place, sentence in enumerate(sentences)}
    claims = sorted(
        (claim for part in parts for claim in part.claims), key=lambda c: (order[c.sentences[0]], c.span.start)
    )
    ended = {name for claim in claims for name in claim.sentences}
    exclusions: list[Exclusion] = []
    for exclusion in (exclusion for part in parts for exclusion in part.exclusions):
        if exclusion.sentence in order.keys() - ended:
            ended.add(exclusion.sentence)
            exclusions.append(exclusion)
    failures: list[Failure] = []
    for failure in (failure for part in parts for failure in part.failures):
        mine = tuple(name for name in dict.fromkeys(failure.sentences) if name in order.keys() - ended)
        ended.update(mine)
        if mine or not failure.sentences:
            failures.append(failure.model_copy(update={"sentences": mine}))
    if lost := tuple(name for name in order if name not in ended):
        reason = stopped or Failure(
            stage="split", code="left_out", message="the splitter said nothing about these sentences"
        )
        failures.append(reason.model_copy(update={"sentences": lost}))
    return tuple(claims), tuple(sorted(exclusions, key=lambda e: order[e.sentence])), tuple(failures)


def _in_text_order(sentences: Sequence[Sentence], parts: Sequence[Split]) -> list[Split]:
    """A report does not depend on which part of the document was answered first."""
    order = {sentence.id: place for place, sentence in enumerate(sentences)}

    def place(part: Split) -> int:
        named = [name for claim in part.claims for name in claim.sentences]
        named += [exclusion.sentence for exclusion in part.exclusions]
        named += [name for failure in part.failures for name in failure.sentences]
        return min((order.get(name, len(order)) for name in named), default=len(order))

    return sorted(parts, key=place)


def _ends(part: Split) -> int:
    claimed = {name for claim in part.claims for name in claim.sentences}
    return len(claimed) + len(part.exclusions) + sum(len(failure.sentences) for failure in part.failures)


def failure_of(stage: Stage, error: StoreError | ModelError) -> Failure:
    """The failure of one claim or window that such an error is."""
    code: FailureCode
    if isinstance(error, ModelError):
        code = error.code
    else:
        code = "store_unreachable" if error.code == "store_unreachable" else "store_damaged"
    return Failure(stage=stage, code=code, message=str(error))


def _bug(stage: Stage, error: Exception) -> Failure:
    return Failure(stage=stage, code="internal", message=f"a bug in factcheck: {type(error).__name__}: {error}")


def _warnings(document: Document, parts: Sequence[Split]) -> tuple[Notice, ...]:
    planted = instruction_notice("the document", document.text)
    notices = [notice for part in parts for notice in part.warnings] + ([planted] if planted else [])
    return tuple(dict.fromkeys(notices))
