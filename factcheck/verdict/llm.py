"""Judges one claim per call with a chat model, which sees the claim's passages and nothing of the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from factcheck.models import Claim, Evidence, Label, Passage, RejectedQuote, Stance
from factcheck.prompts import fence, fill, tag_for
from factcheck.protocols import ChatModel, Judgement, Prompt, Quote

JudgeReason = Literal["passages_irrelevant", "insufficient", "conflicting_sources", "ambiguous_claim"]

LONGEST_RATIONALE = 600  # characters; more is a model running on
LONGEST_TITLE = 120
_STANCE: dict[Label, Stance] = {"supported": "supports", "contradicted": "contradicts"}
_FAULT = {"not_in_passages": "not in the passage named", "too_short": "too short to show anything"}


def _word(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _none(value: Any) -> Any:
    return None if _word(value) in ("", "null", "none") else _word(value)


def _lean(schema: dict[str, Any]) -> None:
    """The model reads the prompt, not our docstrings."""
    schema.pop("description", None)


class JudgeQuote(BaseModel):
    """Words the model says stand in the passage of that number."""

    model_config = ConfigDict(frozen=True, json_schema_extra=_lean)

    passage: int
    quote: str
    stance: Annotated[Stance, BeforeValidator(_word)]


class JudgeAnswer(BaseModel):
    """What the model answers, in the order in which it should think."""

    model_config = ConfigDict(frozen=True, json_schema_extra=_lean)

    analysis: str = ""
    quotes: tuple[JudgeQuote, ...] = ()
    label: Annotated[Label, BeforeValidator(_word)]
    reason: Annotated[JudgeReason | None, BeforeValidator(_none)] = None
    rationale: str = ""

    @property
    def one_sided(self) -> bool:
        """Whether no quote speaks against the label."""
        return self.label == "unverifiable" or {quote.stance for quote in self.quotes} <= {_STANCE[self.label]}


@dataclass(frozen=True)
class LLMJudge:
    """A ``protocols.Judge``: one call per claim, a second one only where label and quotes speak against each other."""

    chat: ChatModel

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        """See ``protocols.Judge``. Without a passage there is nothing to ask, and no call is made."""
        if not evidence:
            return Judgement(label="unverifiable", reason="no_passage_retrieved", rationale="")
        passages = [found.passage for found in evidence]
        check = _check(len(passages))
        answer = await self.chat.ask(_prompt(claim, passages, rejected=rejected), JudgeAnswer, check)
        if not answer.one_sided and not rejected:
            answer = await self.chat.ask(_prompt(claim, passages, mixed=answer.label), JudgeAnswer, check)
        return _judgement(answer, passages)


def _prompt(
    claim: Claim, passages: Sequence[Passage], *, rejected: Sequence[RejectedQuote] = (), mixed: Label | None = None
) -> Prompt:
    shown = [_shown(passage) for passage in passages]
    faulty = [f"({_FAULT[quote.reason]}) {quote.quote}" for quote in rejected]
    tag = tag_for(claim.text, *shown, *faulty)
    user = fill(
        "judge.user",
        passages="\n".join(fence("passage", tag, text, str(number)) for number, text in enumerate(shown, start=1)),
        claim=fence("claim", tag, claim.text),
    )
    if rejected:
        user += "\n\n" + fill("judge.again", quotes="\n".join(fence("quote", tag, text) for text in faulty))
    if mixed is not None:
        user += "\n\n" + fill("judge.sides", label=mixed)
    return Prompt(stage="judge", system=fill("judge.system"), user=user)


def _shown(passage: Passage) -> str:
    """A passage as the model reads it: what it is from, on one line, then its text."""
    title = " ".join((passage.title or PurePath(passage.source).name).split())[:LONGEST_TITLE]
    written = passage.published.isoformat() if passage.published else "undated"
    return f"{title} | {written} | {passage.language}\n{passage.text}"


def _check(count: int) -> Callable[[JudgeAnswer], None]:
    """What makes an answer to a question with ``count`` passages unusable."""

    def check(answer: JudgeAnswer) -> None:
        stances = {quote.stance for quote in answer.quotes}
        if unknown := sorted({quote.passage for quote in answer.quotes} - set(range(1, count + 1))):
            raise ValueError(f"there is no passage {unknown[0]}: passages are numbered from 1 to {count}")
        if answer.label == "unverifiable" and answer.reason is None:
            raise ValueError("unverifiable needs a reason")
        if answer.reason == "conflicting_sources" and answer.label == "unverifiable" and len(stances) < 2:
            raise ValueError("conflicting_sources needs a quote that supports and one that contradicts")
        if answer.label != "unverifiable" and _STANCE[answer.label] not in stances:
            raise ValueError(f"{answer.label} needs a quote that {_STANCE[answer.label]} the claim")

    return check


def _judgement(answer: JudgeAnswer, passages: Sequence[Passage]) -> Judgement:
    rationale = " ".join(answer.rationale.split())
    return Judgement(
        label=answer.label,
        reason=answer.reason if answer.label == "unverifiable" else None,
        rationale=rationale if len(rationale) <= LONGEST_RATIONALE else rationale[:LONGEST_RATIONALE] + " …",
        quotes=tuple(
            Quote(passage=passages[quote.passage - 1].id, text=quote.quote, stance=quote.stance)
            for quote in answer.quotes
        ),
    )
