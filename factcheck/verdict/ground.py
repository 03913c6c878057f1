"""Turns a judge's proposal into a verdict: a label stands only on words that our code finds in the passages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from factcheck.injection import instruction_notice
from factcheck.models import (
    Citation,
    Claim,
    Evidence,
    Label,
    Notice,
    Passage,
    RejectedQuote,
    Span,
    Stance,
    UnverifiableReason,
    Verdict,
)
from factcheck.protocols import Judgement, Quote
from factcheck.text import letters_of, locate, normalise

Signals = Callable[[str, str, str, str], tuple[Notice, ...]]  # claim, its language, quote, its language

MIN_WORDS = 3  # a quote needs this many words …
MIN_LETTERS = 12  # … or this many letters and digits

_NEEDED: dict[Label, Stance] = {"supported": "supports", "contradicted": "contradicts"}
_SENTENCE_END = re.compile(r"[.!?…]\s|\n")
_DENIAL = re.compile(
    r"\b(?:not (?:true|correct|the case)|untrue|false(?:ly)?|wrong(?:ly)?|den(?:y|ies|ied|ying)|no evidence|myth|hoax|"
    r"stimmt nicht|nicht (?:wahr|richtig|der Fall)|unwahr|falsch|fälschlich\w*|bestreite[nt]|bestritt(?:en)?|"
    r"dementier\w+|kein\w* Belege?|Gerücht|Mythos|faux|dément\w*|falso|desm(?:iente|intió)|nieg[ao]|negó)\b"
    r"[^.!?]{0,30}\b(?:that|whether|dass|daß|ob|que|che)\s+[\"„“”«»]?\s*$",
    re.IGNORECASE,
)
_LEAD_IN = 200  # characters before a quote in which a word may stand that turns its meaning

_OWN_WORDS: dict[str, dict[UnverifiableReason, str]] = {
    "en": {
        "no_passage_retrieved": "No passage was found for this claim.",
        "quote_not_found": "The quotes given for a verdict are not in the passages.",
        "conflicting_sources": "The passages hold words on both sides of this claim.",
        "insufficient": "The quotes given do not bear out the verdict that was given with them.",
    },
    "de": {
        "no_passage_retrieved": "Zu dieser Behauptung wurde keine Textstelle gefunden.",
        "quote_not_found": "Die Zitate, auf die sich ein Urteil stützte, stehen nicht in den Textstellen.",
        "conflicting_sources": "Die Textstellen sprechen teils für, teils gegen diese Behauptung.",
        "insufficient": "Die angeführten Zitate tragen das Urteil nicht, das mit ihnen gegeben wurde.",
    },
}


@dataclass(frozen=True)
class Grounded:
    """A verdict that keeps the promise "no citation, no label", and the quotes that did not stand."""

    verdict: Verdict
    rejected: tuple[RejectedQuote, ...] = ()


def ground(
    claim: Claim,
    judgement: Judgement,
    evidence: Sequence[Evidence],
    signals: Signals,
    *,
    language: str = "und",
) -> Grounded:
    """The verdict that is left of ``judgement`` once its quotes have been looked up in the claim's own passages.

    A label needs a standing quote that says so and none that says the opposite; with both standing the sources
    conflict, and both sides are cited. Where the quotes undo the judge's answer, the rationale is ours, in the
    claim's ``language``. What ``signals`` finds different between a supported claim and its quotes becomes a warning.
    """
    standing, rejected = _stand(judgement.quotes, evidence)
    label, reason = _ruling(judgement, standing, evidence, rejected=bool(rejected))
    overruled = reason is not None and (judgement.label, judgement.reason) != (label, reason)
    citations = standing if reason in (None, "conflicting_sources") else ()
    passages = {found.passage.id: found.passage for found in evidence}
    verdict = Verdict(
        label=label,
        reason=reason,
        rationale=(not overruled and judgement.rationale.strip()) or _own_words(reason, language),
        citations=citations,
        warnings=(
            *(_conflict(citations) if reason == "conflicting_sources" else ()),
            *(_differences(claim, language, citations, passages, signals) if label == "supported" else ()),
            *_instructions(evidence),
        ),
        confidence=None if overruled else judgement.confidence,
    )
    return Grounded(verdict=verdict, rejected=rejected)


def _ruling(
    judgement: Judgement, standing: tuple[Citation, ...], evidence: Sequence[Evidence], *, rejected: bool
) -> tuple[Label, UnverifiableReason | None]:
    if not evidence:
        return "unverifiable", "no_passage_retrieved"
    stances = {citation.stance for citation in standing}
    missing: UnverifiableReason = "quote_not_found" if rejected or not standing else "insufficient"
    if judgement.label == "unverifiable":
        if judgement.reason == "conflicting_sources" and not _opposed(standing):
            return "unverifiable", "quote_not_found" if rejected else "insufficient"
        if judgement.reason == "no_passage_retrieved":
            return "unverifiable", "passages_irrelevant"
        return "unverifiable", judgement.reason or "insufficient"
    if len(stances) == 2:
        return "unverifiable", "conflicting_sources" if _opposed(standing) else "insufficient"
    return (judgement.label, None) if stances == {_NEEDED[judgement.label]} else ("unverifiable", missing)


def _opposed(standing: tuple[Citation, ...]) -> bool:
    """Whether words on both sides stand, and are not the same words twice."""
    sides = {stance: [c for c in standing if c.stance == stance] for stance in _NEEDED.values()}
    return any(
        one.source != other.source or one.span.end <= other.span.start or other.span.end <= one.span.start
        for one in sides["supports"]
        for other in sides["contradicts"]
    )


def _stand(
    quotes: Sequence[Quote], evidence: Sequence[Evidence]
) -> tuple[tuple[Citation, ...], tuple[RejectedQuote, ...]]:
    """Each quote as a citation or as rejected; the same words cited once."""
    standing: dict[tuple[str, int, int, Stance], Citation] = {}
    rejected: dict[RejectedQuote, None] = {}
    for quote in quotes:
        if _too_short(quote.text):
            rejected[RejectedQuote(quote=quote.text, stance=quote.stance, reason="too_short")] = None
        elif (citation := _cite(quote, evidence)) is None:
            rejected[RejectedQuote(quote=quote.text, stance=quote.stance, reason="not_in_passages")] = None
        else:
            place = (citation.source, citation.span.start, citation.span.end, citation.stance)
            standing.setdefault(place, citation)
    return tuple(standing.values()), tuple(rejected)


def _too_short(quote: str) -> bool:
    """Such words stand anywhere, and show nothing. A character of a script without spaces counts for three letters."""
    words = [word for word in normalise(quote).text.split() if any(char.isalnum() for char in word)]
    return len(words) < MIN_WORDS and letters_of(quote) < MIN_LETTERS


def _cite(quote: Quote, evidence: Sequence[Evidence]) -> Citation | None:
    """Where the quote stands: in the passage it names, else in the one place among the other passages."""
    named = [found.passage for found in evidence if found.passage.id == quote.passage]
    others = [found.passage for found in evidence if found.passage.id != quote.passage]
    for passages in (named, others):
        places = {
            (passage.source, passage.span.start + span.start): (passage, span)
            for passage in reversed(passages)
            if (span := locate(quote.text, passage.text)) is not None
        }
        if len(places) == 1:
            return _citation(quote.stance, *next(iter(places.values())))
    return None


def _citation(stance: Stance, passage: Passage, span: Span) -> Citation:
    start = passage.span.start + span.start
    return Citation(
        passage=passage.id,
        source=passage.source,
        title=passage.title,
        page=passage.page_at(start),
        span=Span(start=start, end=passage.span.start + span.end),
        quote=span.of(passage.text),
        stance=stance,
    )


def _own_words(reason: UnverifiableReason | None, language: str) -> str:
    return _OWN_WORDS.get(language, _OWN_WORDS["en"]).get(reason, "") if reason else ""


def _conflict(citations: tuple[Citation, ...]) -> tuple[Notice, ...]:
    def where(stance: Stance) -> str:
        return ", ".join(dict.fromkeys(c.title or c.source for c in citations if c.stance == stance))

    message = f"for the claim: {where('supports')}; against it: {where('contradicts')}"
    return (Notice(code="sources_conflict", message=message),)


def _differences(
    claim: Claim,
    language: str,
    citations: tuple[Citation, ...],
    passages: dict[str, Passage],
    signals: Signals,
) -> tuple[Notice, ...]:
    """What the quotes of a supported claim, taken together, say differently; quotes of one language are read as one."""
    together: dict[str, list[str]] = {}
    for citation in citations:
        together.setdefault(passages[citation.passage].language, []).append(citation.quote)
    found = [signals(claim.text, language, " … ".join(quotes), spoken) for spoken, quotes in together.items()]
    everywhere = set.intersection(*({notice.code for notice in notices} for notices in found))
    notices = [notice for notices in found for notice in notices if notice.code in everywhere]
    if "negation_differs" not in everywhere:
        notices += [n for c in citations for n in _turned(claim, language, c, passages[c.passage], signals)]
    return tuple(dict.fromkeys(notices))


def _turned(claim: Claim, language: str, citation: Citation, passage: Passage, signals: Signals) -> list[Notice]:
    """Whether the sentence turns the meaning of a quote cut out of it: "it is not true that" + quote."""
    start = citation.span.start - passage.span.start
    before = passage.text[max(0, start - _LEAD_IN) : start]
    lead_in = _SENTENCE_END.split(before)[-1]
    if not lead_in.strip():
        return []
    if _DENIAL.search(lead_in):
        return [Notice(code="negation_differs", message=f"the source goes on from a denial: “{lead_in.strip()} …”")]
    notices = signals(claim.text, language, lead_in + citation.quote, passage.language)
    return [notice for notice in notices if notice.code == "negation_differs"]


def _instructions(evidence: Sequence[Evidence]) -> list[Notice]:
    """The judge read these passages: whoever reads its verdict should know that one of them tried to talk to it."""
    notices = (
        instruction_notice(found.passage.title or found.passage.source, found.passage.text) for found in evidence
    )
    return [notice for notice in dict.fromkeys(notices) if notice is not None]
