"""A report whose every text is a payload: checked claims with one each in all their fields, failed ones, and a head."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from factcheck.models import (
    Block,
    Citation,
    Claim,
    Document,
    Exclusion,
    ExclusionReason,
    Failure,
    Label,
    Notice,
    Outcome,
    Page,
    Passage,
    Provenance,
    RejectedQuote,
    Report,
    Search,
    Sentence,
    Span,
    StageUsage,
    StoreFingerprint,
    Usage,
    Verdict,
    WarningCode,
    account,
)
from factcheck.reviews import Review
from tests.report.samples import cited, evidence
from tests.review.payloads import PAYLOADS

KINDS: Final = get_args(Block.model_fields["kind"].annotation)
_LABELS: Final[tuple[Label, ...]] = get_args(Label)
_EXCLUSIONS: Final[tuple[ExclusionReason, ...]] = get_args(ExclusionReason)
_CODES: Final[tuple[WarningCode, ...]] = get_args(WarningCode)


def in_tens(payloads: Sequence[str] = PAYLOADS) -> list[str]:
    """Ten payloads in one text, and ten in the next."""
    return [" ".join(payloads[n : n + 10]) for n in range(0, len(payloads), 10)]


def hostile_report() -> Report:
    """A claim with a verdict for each payload, then a failed one for every ten, then sentences without a claim."""
    text = _Text()
    outcomes = [_judged(text.claim(payload), payload, number) for number, payload in enumerate(PAYLOADS)]
    outcomes += [_failed(text.claim(payloads), payloads) for payloads in in_tens()]
    exclusions = [
        Exclusion(sentence=text.add(payloads).id, reason=_EXCLUSIONS[number % len(_EXCLUSIONS)])
        for number, payloads in enumerate(in_tens())
    ]
    failures = [
        Failure(stage="split", code="left_out", message=payload, sentences=(text.add(payload).id,))
        for payload in PAYLOADS
    ]
    notices = tuple(Notice(code=_CODES[n % len(_CODES)], message=payload) for n, payload in enumerate(PAYLOADS))
    parts = tuple(text.sentences), tuple(outcomes), tuple(exclusions), tuple(failures)
    everything = "\n".join(PAYLOADS)
    return Report(
        document=Document(
            id=everything,
            source=everything,
            title=everything,
            language=PAYLOADS[100],
            published=None,
            media_type=everything,
            encoding=everything,
            text=text.text,
            pages=(Page(number=1, span=Span(start=0, end=len(text.text))),),
            blocks=tuple(text.blocks),
            warnings=notices,
        ),
        sentences=parts[0],
        outcomes=parts[1],
        exclusions=parts[2],
        failures=parts[3],
        warnings=notices,
        totals=account(*parts),
        usage=Usage(stages={payload: StageUsage(calls=1) for payload in PAYLOADS}, seconds=1.5),
        provenance=_provenance(text.text, everything),
    )


def hostile_reviews(report: Report, digest: str) -> list[Review]:
    """About every claim with a verdict: decisions and a comment, from reviewers named by a payload."""
    day = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    found = []
    for number, (payload, outcome) in enumerate(zip(PAYLOADS, report.outcomes, strict=False)):
        assert outcome.verdict is not None
        said = outcome.verdict.label
        label = _LABELS[number % 2]
        found.append(
            Review(
                claim=outcome.claim.id,
                decision="accept" if label == said else "overrule",
                label=label,
                said=said,
                comment=payload,
                reviewer=payload[:200],
                at=day + timedelta(minutes=number),
                report=digest,
            )
        )
    return found


class _Text:
    """A document under construction: each sentence is a block, the kinds take turns."""

    def __init__(self) -> None:
        self.text = ""
        self.sentences: list[Sentence] = []
        self.blocks: list[Block] = []

    def add(self, words: str) -> Sentence:
        start = len(self.text)
        self.text += f"{words}\n\n"
        number = len(self.sentences)
        span = Span(start=start, end=start + len(words))
        self.sentences.append(Sentence(id=f"{number} {words}", span=span))
        self.blocks.append(Block.model_validate({"kind": KINDS[number % len(KINDS)], "span": span}))
        return self.sentences[-1]

    def claim(self, words: str) -> Claim:
        sentence = self.add(words)
        return Claim(
            id=f"{sentence.id}.1",
            text=words,
            span=sentence.span,
            sentences=(sentence.id,),
            checkworthiness="high",
            queries=(words,),
        )


def _passage(payload: str, number: int) -> Passage:
    text = f"{payload} {payload} {payload}"
    return Passage(
        id=f"{number} {payload}",
        source=payload,
        title=payload,
        language=payload,
        published=None,
        text=text,
        span=Span(start=0, end=len(text)),
    )


def _cited(passage: Passage, payload: str, stance: str) -> Citation:
    """The payload in the middle of its passage."""
    found = cited(passage, payload, "supports" if stance == "supports" else "contradicts")
    start = len(payload) + 1
    return found.model_copy(update={"span": Span(start=start, end=start + len(payload))})


def _judged(claim: Claim, payload: str, number: int) -> Outcome:
    label = _LABELS[number % 3]
    one, other = _passage(payload, 1), _passage(payload, 2)
    citations = {
        "supported": (_cited(one, payload, "supports"),),
        "contradicted": (_cited(one, payload, "contradicts"),),
        "unverifiable": (_cited(one, payload, "supports"), _cited(other, payload, "contradicts")),
    }
    return Outcome(
        claim=claim,
        evidence=evidence(one, other),
        search=Search(
            queries=(payload,), nearest=one, looked_wider=True, wider=evidence(other), absent=(payload, payload)
        ),
        verdict=Verdict(
            label=label,
            reason="conflicting_sources" if label == "unverifiable" else None,
            rationale=payload,
            citations=citations[label],
            warnings=(Notice(code="sources_conflict", message=payload),),
            confidence=0.5,
        ),
        rejected=(RejectedQuote(quote=payload, stance="supports", reason="not_in_passages"),),
    )


def _failed(claim: Claim, payloads: str) -> Outcome:
    return Outcome(
        claim=claim,
        evidence=evidence(_passage(payloads, 1)),
        search=Search(queries=(payloads,)),
        failure=Failure(stage="judge", code="malformed", message=payloads),
    )


def _provenance(text: str, everything: str) -> Provenance:
    return Provenance(
        factcheck=everything,
        engine="llm",
        engine_reason=everything,
        model=everything,
        parameters={payload: payload for payload in PAYLOADS},
        prompts={payload: payload for payload in PAYLOADS},
        store=StoreFingerprint(
            location=everything,
            digest=everything,
            embedder=everything,
            chunking=everything,
            passages=2,
            files={payload: payload for payload in PAYLOADS},
        ),
        settings={payload: [payload, {payload: payload}] for payload in PAYLOADS},
        as_of=None,
        as_of_source="unknown",
        document_sha256=hashlib.sha256(text.encode()).hexdigest(),
        created=datetime(2026, 11, 22, 9, 12, tzinfo=UTC),
    )
