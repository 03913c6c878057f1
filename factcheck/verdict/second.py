"""A second opinion: the embedded model reads the words a verdict cites, and says where it finds the opposite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from factcheck.local.pairs import PairModel, embedded
from factcheck.models import Citation, Claim, Evidence, Notice, Span, Stance, Verdict
from factcheck.verdict.local import Window, chance, ranked, read, signs_of

_OPPOSITE: dict[str, Stance] = {"supported": "contradicts", "contradicted": "supports"}
_SAYS: dict[Stance, str] = {"supports": "supporting", "contradicts": "contradicting"}


class LocalSecondOpinion:
    """Looks at verdicts that another engine gave; never changes one."""

    def __init__(self, model: PairModel | None = None) -> None:
        """``model`` is the shipped one unless given. Raises ConfigError where its files are missing."""
        self._model = model or embedded()

    async def look(self, claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> tuple[Notice, ...]:
        """A warning where the model is as sure of the opposite as it has to be for a label of its own, else nothing."""
        opposite = _OPPOSITE.get(verdict.label)
        if opposite is None:
            return ()
        found = await asyncio.to_thread(self._chance, claim.text, verdict, tuple(evidence), opposite)
        if found < self._model.decision[opposite]["threshold"]:
            return ()
        message = (
            f"the embedded model reads the cited words as {_SAYS[opposite]} the claim "
            f"({found:.0%} sure), where the verdict is {verdict.label}"
        )
        return (Notice(code="second_opinion_disagrees", message=message),)

    def _chance(self, claim: str, verdict: Verdict, evidence: Sequence[Evidence], opposite: Stance) -> float:
        windows = list(_cited(verdict.citations, evidence))
        findings = read(claim, windows, self._model)
        side = ranked(findings, opposite)
        return chance(signs_of(side, findings, opposite), self._model.decision[opposite]) if side else 0.0


def _cited(citations: Sequence[Citation], evidence: Sequence[Evidence]) -> Iterator[Window]:
    """The cited words as windows of their passages; what is cited holds all of the claim that matters."""
    passages = {item.passage.id: item.passage for item in evidence}
    for citation in citations:
        passage = passages[citation.passage]
        offset = passage.span.start
        yield Window(passage, Span(start=citation.span.start - offset, end=citation.span.end - offset), near=1.0)
