"""Every seam of factcheck on one page: one method each, values in, values out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from factcheck.models import (
    Claim,
    Document,
    Evidence,
    Exclusion,
    Failure,
    Label,
    Notice,
    RejectedQuote,
    Sentence,
    Stance,
    UnverifiableReason,
    Verdict,
)

Answer = TypeVar("Answer", bound=BaseModel)


@dataclass(frozen=True)
class Split:
    """What became of some of a document's sentences: each is in exactly one of claims, exclusions, failures."""

    claims: tuple[Claim, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    failures: tuple[Failure, ...] = ()
    warnings: tuple[Notice, ...] = ()


class Splitter(Protocol):
    def split(self, document: Document, sentences: Sequence[Sentence]) -> AsyncIterator[Split]:
        """Yields parts as they are ready, in any order; together they end every sentence exactly once.

        A failure of one part is yielded as Failure records; only ModelUnavailable is raised.
        """
        ...


@dataclass(frozen=True)
class Retrieval:
    """The passages found for a claim, best first, and the queries they were found with."""

    evidence: tuple[Evidence, ...]
    queries: tuple[str, ...]


class Retriever(Protocol):
    async def retrieve(self, claim: Claim, *, wide: bool = False) -> Retrieval:
        """The k passages nearest to the claim and its queries; ``wide`` looks further (more passages, single keywords).

        Raises StoreError, and ModelError where the embedder is an endpoint that fails.
        """
        ...


@dataclass(frozen=True)
class Quote:
    """Words a judge says stand in a passage, not yet believed."""

    passage: str
    text: str
    stance: Stance


@dataclass(frozen=True)
class Judgement:
    """A judge's proposal for one claim; becomes a verdict only by ``verdict.ground``.

    ``confidence`` is the judge's own calibrated probability that its label is right; None where it has none.
    """

    label: Label
    reason: UnverifiableReason | None
    rationale: str
    quotes: tuple[Quote, ...] = ()
    confidence: float | None = None


class Judge(Protocol):
    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        """Weighs the claim against its passages and nothing else. ``rejected`` holds the quotes of a first answer
        that are not in the passages, when the judge is asked again.

        Raises ModelError for this claim, ModelUnavailable for the run.
        """
        ...


class SecondOpinion(Protocol):
    async def look(self, claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> tuple[Notice, ...]:
        """Warnings about a verdict that another judge gave, by the words it cites; none where it says the same."""
        ...


class Embedder(Protocol):
    name: str  # changes whenever vectors would: model, version, precision
    dimension: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row per text: shape (len(texts), dimension)."""
        ...


@dataclass(frozen=True)
class Prompt:
    """A filled prompt: ``system`` is the stable prefix, ``user`` the part that varies; ``stage`` books its tokens."""

    stage: str
    system: str
    user: str


class ChatModel(Protocol):
    async def ask(self, prompt: Prompt, schema: type[Answer], check: Callable[[Answer], None] | None = None) -> Answer:
        """An answer that fits ``schema`` and passes ``check``, which raises ValueError saying what is wrong.

        Asks once more with the reason when it does not. Raises ModelError or ModelUnavailable.
        """
        ...
