"""Reports made by hand: one holds every ending, reason, failure and warning; any text in it can be a hostile one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import get_args

from factcheck.models import (
    Citation,
    Claim,
    Document,
    Evidence,
    Exclusion,
    ExclusionReason,
    Failure,
    FailureCode,
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
    Stance,
    StoreFingerprint,
    UnverifiableReason,
    Usage,
    Verdict,
    WarningCode,
    account,
)

Spell = Callable[[str], str]  # turns each harmless text of the sample into the one a test wants


def _same(text: str) -> str:
    return text


def passage(text: str, source: str, *, start: int = 0, page: int | None = None) -> Passage:
    span = Span(start=start, end=start + len(text))
    pages = () if page is None else (Page(number=page, span=span),)
    return Passage(
        id=f"{source}:{start}",
        source=source,
        title="",
        language="en",
        published=None,
        text=text,
        span=span,
        pages=pages,
    )


def cited(found: Passage, quote: str, stance: Stance) -> Citation:
    start = found.span.start + found.text.index(quote)
    return Citation(
        passage=found.id,
        source=found.source,
        title=found.title,
        page=found.page_at(start),
        span=Span(start=start, end=start + len(quote)),
        quote=quote,
        stance=stance,
    )


def evidence(*passages: Passage) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(passage=p, score=1 / rank, ranks={"lexical": rank}) for rank, p in enumerate(passages, start=1)
    )


class _Text:
    """A document under construction: each sentence on a line of its own."""

    def __init__(self) -> None:
        self.text = ""
        self.sentences: list[Sentence] = []

    def add(self, sentence: str) -> Sentence:
        start = len(self.text)
        self.text += f"{sentence}\n"
        made = Sentence(id=f"s{len(self.sentences) + 1}", span=Span(start=start, end=start + len(sentence)))
        self.sentences.append(made)
        return made

    def claim(self, sentence: str, text: str | None = None) -> Claim:
        added = self.add(sentence)
        return Claim(
            id=f"{added.id}.1",
            text=text or sentence,
            span=added.span,
            sentences=(added.id,),
            checkworthiness="high",
            queries=(),
        )


def sample_report(spell: Spell = _same) -> Report:
    """Every label, reason, failure, exclusion and warning, each text passed through ``spell``."""
    text = _Text()
    outcomes = [
        _contradicted(text, spell),
        _supported(text, spell),
        *(_unverifiable(text, spell, reason) for reason in get_args(UnverifiableReason)),
        *(_failed(text, spell, code) for code in get_args(FailureCode)),
    ]
    exclusions = [
        Exclusion(sentence=text.add(spell(f"Left aside, number {n}.")).id, reason=reason)
        for n, reason in enumerate(get_args(ExclusionReason), start=1)
    ]
    lost = [text.add(spell("Nobody split this one.")), text.add(spell("Nor this one."))]
    failures = [
        Failure(
            stage="split",
            code="timeout",
            message=spell("no answer within 120 s"),
            sentences=tuple(sentence.id for sentence in lost),
        )
    ]
    warnings = [Notice(code=code, message=spell(f"message of {code}")) for code in get_args(WarningCode)]
    return report_of(text, outcomes, exclusions, failures, warnings, title=spell("The sky is not a budget line"))


def report_of(
    text: _Text,
    outcomes: list[Outcome],
    exclusions: list[Exclusion],
    failures: list[Failure],
    warnings: list[Notice],
    *,
    title: str,
) -> Report:
    document = Document(
        id="0123456789abcdef",
        source="article.md",
        title=title,
        language="en",
        published=date(2024, 10, 14),
        media_type="text/markdown",
        encoding="utf-8",
        text=text.text,
    )
    parts = tuple(text.sentences), tuple(outcomes), tuple(exclusions), tuple(failures)
    return Report(
        document=document,
        sentences=parts[0],
        outcomes=parts[1],
        exclusions=parts[2],
        failures=parts[3],
        warnings=tuple(warnings),
        totals=account(*parts),
        usage=Usage(
            stages={
                "split": StageUsage(calls=1, input_tokens=3100, output_tokens=900),
                "judge": StageUsage(calls=20, cached=4, input_tokens=28000, output_tokens=2900),
            },
            seconds=4.25,
            cost_usd=0.0123,
        ),
        provenance=Provenance(
            factcheck="0.1.0",
            engine="llm",
            engine_reason="a model is configured",
            model="small-model",
            parameters={"temperature": 0},
            prompts={"judge.system": "a" * 64},
            store=StoreFingerprint(
                location="store",
                digest="d" * 64,
                embedder="minilm",
                chunking="sentences-600",
                passages=24,
                files={"webb.md": "b" * 64},
            ),
            settings={"passages": 6},
            as_of=date(2024, 10, 14),
            as_of_source="text",
            document_sha256=hashlib.sha256(text.text.encode()).hexdigest(),
            created=datetime(2026, 11, 22, 9, 12, tzinfo=UTC),
        ),
    )


def small_report(spell: Spell = _same) -> Report:
    """One contradicted claim, one supported one, one opinion."""
    text = _Text()
    outcomes = [_contradicted(text, spell), _supported(text, spell)]
    opinion = Exclusion(sentence=text.add(spell("It was the best present of the decade.")).id, reason="opinion")
    return report_of(text, outcomes, [opinion], [], [], title=spell("The sky is not a budget line"))


def empty_report() -> Report:
    """A document in which there is nothing to check."""
    return report_of(_Text(), [], [], [], [], title="Nothing")


def _contradicted(text: _Text, spell: Spell) -> Outcome:
    quote = spell("Webb's first full-colour images were released on 12 July 2022")
    found = passage(spell("Before. ") + quote + spell(". After."), spell("references/webb.md"), start=600)
    return Outcome(
        claim=text.claim(
            spell("Its first images came in August 2022, at last."), spell("Webb's first images came in August 2022.")
        ),
        evidence=evidence(found),
        search=Search(queries=(spell("Webb first images"),)),
        verdict=Verdict(
            label="contradicted",
            reason=None,
            rationale=spell("The reference gives July 2022."),
            citations=(cited(found, quote, "contradicts"),),
            warnings=(Notice(code="date_differs", message=spell("claim: August 2022; quote: 12 July 2022")),),
        ),
        rejected=(
            RejectedQuote(quote=spell("Webb's images came in July."), stance="contradicts", reason="not_in_passages"),
            RejectedQuote(quote=spell("in July"), stance="contradicts", reason="too_short"),
        ),
    )


def _supported(text: _Text, spell: Spell) -> Outcome:
    quote = spell("India became the fourth country to land softly on the Moon")
    found = passage(quote, spell("references/chandrayaan-3.pdf"), start=300, page=2)
    return Outcome(
        claim=text.claim(spell("India was the fourth country to land softly on the Moon.")),
        evidence=evidence(found),
        search=Search(queries=(spell("India Moon landing"),)),
        verdict=Verdict(
            label="supported",
            reason=None,
            rationale=spell("The reference says so."),
            citations=(cited(found, quote, "supports"),),
        ),
    )


def _unverifiable(text: _Text, spell: Spell, reason: UnverifiableReason) -> Outcome:
    one = passage(spell("Orion splashed down on 11 December 2022"), spell("references/artemis.html"))
    other = passage(spell("Orion splashed down on 12 December 2022"), spell("references/newsletter.txt"))
    wider = passage(spell("Orion is built for four."), spell("references/press-kit.html"))
    conflict = reason == "conflicting_sources"
    nothing = reason == "no_passage_retrieved"
    return Outcome(
        claim=text.claim(spell(f"Orion came back, whatever {reason} says.")),
        evidence=() if nothing else evidence(one, other),
        search=Search(
            queries=(spell("Orion splashdown"), spell("Orion December 2022")),
            nearest=None if nothing else one,
            looked_wider=reason != "ambiguous_claim",
            wider=() if nothing or reason == "ambiguous_claim" else evidence(wider),
            absent=(spell("splashed"), spell("2022")) if nothing else (),
        ),
        verdict=Verdict(
            label="unverifiable",
            reason=reason,
            rationale=spell(f"Rationale for {reason}."),
            citations=(cited(one, one.text, "supports"), cited(other, other.text, "contradicts")) if conflict else (),
            warnings=(Notice(code="sources_conflict", message=spell("two sources, two days")),) if conflict else (),
        ),
    )


def _failed(text: _Text, spell: Spell, code: FailureCode) -> Outcome:
    stage = "retrieve" if code.startswith("store_") else "judge"
    failure = Failure.model_validate({"stage": stage, "code": code, "message": spell(f"message of {code}")})
    return Outcome(claim=text.claim(spell(f"This claim met {code}.")), failure=failure)
