"""The words a report is told in: one table for each kind of code, and the phrases that every renderer shares."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from factcheck.models import (
    Citation,
    Claim,
    ExclusionReason,
    Failure,
    FailureCode,
    Notice,
    Outcome,
    Passage,
    Provenance,
    RejectedQuote,
    Report,
    Search,
    Span,
    Stage,
    StageUsage,
    UnverifiableReason,
    Usage,
    WarningCode,
)
from factcheck.reviews import Review, Standing

Ending = Literal["contradicted", "supported", "unverifiable", "failed"]


@dataclass(frozen=True)
class Sign:
    """How an ending of a claim looks; ``style`` is only ever added to symbol and word, never needed to read them."""

    symbol: str
    style: str


SENTENCE_END = re.compile(r"(?<!\b\d\.)(?<!\b\d\d\.)(?<=[.!?…])\s+|\n{2,}")  # "am 31. Dezember" goes on

SIGNS: dict[Ending, Sign] = {
    "contradicted": Sign("✘", "bold red"),
    "supported": Sign("✔", "green"),
    "unverifiable": Sign("?", "yellow"),
    "failed": Sign("!", "bold magenta"),
}

REASONS: dict[UnverifiableReason, str] = {
    "no_passage_retrieved": "nothing in the references comes near this claim",
    "passages_irrelevant": "the passages found are about something else",
    "insufficient": "the references speak of this, and do not settle it",
    "conflicting_sources": "the references disagree with each other",
    "ambiguous_claim": "the claim can be read in more than one way",
    "quote_not_found": "the quotes given for a verdict are not in the references",
    "not_confident": "the local engine found no quote that settles it",
}

EXCLUSIONS: dict[ExclusionReason, str] = {
    "opinion": "opinion",
    "prediction": "forecast",
    "question": "question",
    "furniture": "page furniture",
    "no_claim": "no checkable statement",
    "ambiguous": "no sure reading",
}

STAGES: dict[Stage, str] = {
    "read": "could not be read",
    "split": "could not be split into claims",
    "retrieve": "no passages could be looked up",
    "judge": "could not be judged",
}

FAILURES: dict[FailureCode, str] = {
    "model_error": "the model's server answered with an error",
    "model_unreachable": "nobody answers at the model's address",
    "not_authorized": "the key is missing or wrong",
    "quota_exhausted": "the provider says the account is spent",
    "rate_limited": "the provider still asks to wait, after every retry",
    "refused": "the model declined to answer",
    "truncated": "the answer hit the length limit",
    "malformed": "the answer did not fit the form asked for, twice",
    "timeout": "the answer took too long",
    "context_overflow": "the request is longer than the model reads",
    "budget_exhausted": "the budget for this run is spent",
    "left_out": "the splitter left it out, twice",
    "store_unreachable": "the store of references does not answer",
    "store_damaged": "the store of references is damaged",
    "unreadable": "the text cannot be read",
    "internal": "an unexpected error",
}

WARNINGS: dict[WarningCode, str] = {  # what the message is about; the messages are sentences of their own
    "number_differs": "number",
    "date_differs": "date",
    "name_differs": "name",
    "negation_differs": "negation",
    "sources_conflict": "sources disagree",
    "second_opinion_disagrees": "second opinion",
    "instruction_like_text": "text addressed to a model",
    "date_conflict": "the document's date",
    "date_unknown": "day of writing",
    "page_without_text": "page without text",
    "encoding_guessed": "encoding",
    "anchor_not_found": "wording",
    "reference_unreadable": "reference",
}

REJECTIONS: dict[Literal["not_in_passages", "too_short"], str] = {
    "not_in_passages": "not in the passages retrieved for this claim",
    "too_short": "too short to prove anything",
}

AS_OF_SOURCES: dict[Literal["given", "document", "text", "unknown"], str] = {
    "given": "as given",
    "document": "from the document's own date",
    "text": "from the text",
    "unknown": "unknown",
}


def ending(outcome: Outcome, standing: Mapping[str, Standing] = {}) -> Ending:
    """What a claim came to: the label its reviewers agree on, else what the engine made of it."""
    reviewed = standing.get(outcome.claim.id)
    if reviewed is not None and reviewed.label is not None:
        return reviewed.label
    return outcome.verdict.label if outcome.verdict is not None else "failed"


def endings(report: Report, standing: Mapping[str, Standing] = {}) -> dict[Ending, int]:
    """How many claims came to each ending, contradicted first."""
    found = Counter(ending(outcome, standing) for outcome in report.outcomes)
    return {name: found[name] for name in get_args(Ending)}


def claims_sum(report: Report, standing: Mapping[str, Standing] = {}) -> str:
    """``20 claims = 5 contradicted + 11 supported + 4 unverifiable + 0 failed``"""
    parts = " + ".join(f"{count} {name}" for name, count in endings(report, standing).items())
    return f"{counted(report.totals.claims, 'claim')} = {parts}"


def review_line(outcome: Outcome, standing: Mapping[str, Standing]) -> str:
    """Who decided about a claim, and what the engine had said; nothing where nobody did.

    ``reviewed by Anna, Ben; the engine said supported``
    """
    reviewed = standing.get(outcome.claim.id)
    if reviewed is None or not reviewed.decisions:
        return ""
    said = ending(outcome)
    if reviewed.disputed:
        each = ", ".join(f"{review.reviewer} says {review.label}" for review in reviewed.decisions)
        return f"reviewers disagree ({each}); shown is what the engine said"
    names = ", ".join(review.reviewer for review in reviewed.decisions)
    if reviewed.label == said:
        return f"reviewed by {names}; the engine said the same"
    return f"reviewed by {names}; the engine {'failed' if said == 'failed' else f'said {said}'}"


def comment_line(review: Review) -> str:
    """``Anna, 2026-11-22: the agency gives another day``"""
    return f"{review.reviewer}, {review.at.date().isoformat()}: {review.comment}"


def reviewed_sum(report: Report, standing: Mapping[str, Standing]) -> str:
    """``12 of 20 claims reviewed, 1 of them disputed``; nothing where none is."""
    decided = [
        standing[o.claim.id] for o in report.outcomes if o.claim.id in standing and standing[o.claim.id].decisions
    ]
    if not decided:
        return ""
    disputed = sum(one.disputed for one in decided)
    told = f", {disputed} of them disputed" if disputed else ""
    return f"{len(decided)} of {counted(report.totals.claims, 'claim')} reviewed{told}"


def sentences_sum(report: Report) -> str:
    """``22 sentences = 14 with claims + 8 excluded + 0 failed``"""
    totals = report.totals
    return (
        f"{counted(totals.sentences, 'sentence')} = {totals.sentences_with_claims} with claims"
        f" + {totals.sentences_excluded} excluded + {totals.sentences_failed} failed"
    )


def decision_line(review: Review) -> str:
    """``overruled by Anna on 2026-11-23: supported, where the engine said contradicted``"""
    done = "accepted" if review.decision == "accept" else "overruled"
    told = f"{done} by {review.reviewer} on {review.at.date().isoformat()}: {review.label}"
    return told if done == "accepted" else f"{told}, where {_engine_said(review.said)}"


def _engine_said(label: str | None) -> str:
    return "the engine's check failed" if label is None else f"the engine said {label}"


def warning_head(notice: Notice) -> str:
    return f"warning ({WARNINGS[notice.code]})"


def failure_line(failure: Failure) -> str:
    """What could not be done and why, with the message of whoever reported it."""
    return f"{STAGES[failure.stage]}: {FAILURES[failure.code]} ({failure.message})"


def rejection_line(rejected: RejectedQuote) -> str:
    return f"rejected quote, {REJECTIONS[rejected.reason]}"


def wider_line(search: Search) -> str:
    """Whether looking further brought more; a search that was not made is not one that found nothing."""
    if not search.looked_wider:
        return "no wider search was made"
    return f"a wider search brought {counted(len(search.wider), 'more passage') if search.wider else 'nothing more'}"


def absent_line(search: Search) -> str:
    return f"in none of the passages: {', '.join(search.absent)}"


def source_name(source: str) -> str:
    """A source as a reader knows it: relative to the working directory where it lies beneath."""
    if source == "-":
        return "standard input"
    if "://" in source or not os.path.isabs(source):
        return source
    here = Path.cwd()
    path = Path(os.path.normpath(source))
    return str(path.relative_to(here)) if path.is_relative_to(here) else source


def _from_home(location: str) -> str:
    name = source_name(location)
    home = os.path.expanduser("~")
    return name.replace(home, "~", 1) if name.startswith(os.path.join(home, "")) else name


def citation_place(citation: Citation) -> str:
    """Page and characters of a citation; the file's name is left to the renderer."""
    return _place(citation.page, citation.span)


def passage_place(passage: Passage) -> str:
    return _place(passage.page_at(passage.span.start), passage.span)


def _place(page: int | None, span: Span) -> str:
    characters = f"characters {span.start}–{span.end}"
    return characters if page is None else f"page {page}, {characters}"


def as_of_line(provenance: Provenance) -> str:
    if provenance.as_of is None:
        return "day of writing unknown"
    return f"written {provenance.as_of.isoformat()}, {AS_OF_SOURCES[provenance.as_of_source]}"


def engine_line(provenance: Provenance) -> str:
    model = "" if provenance.model is None else f", model {provenance.model}"
    return f"engine {provenance.engine} ({provenance.engine_reason}){model}"


def store_line(provenance: Provenance) -> str:
    store = provenance.store
    return (
        f"store {_from_home(store.location)} ({counted(len(store.files), 'file')}, "
        f"{counted(store.passages, 'passage')}, digest {store.digest[:12]})"
    )


def work_line(usage: Usage) -> str:
    """Time, model calls, tokens and cost; what nobody counted is said to be unknown."""
    stages = usage.stages.values()
    calls, cached = sum(stage.calls for stage in stages), sum(stage.cached for stage in stages)
    tokens_in, tokens_out = sum(stage.input_tokens for stage in stages), sum(stage.output_tokens for stage in stages)
    parts = [f"{usage.seconds:.1f} s", counted(calls, "model call") if calls else "no model call"]
    if cached:
        parts.append(f"{counted(cached, 'answer')} from the cache")
    if calls:
        parts.append(f"{tokens_in:,} tokens in, {tokens_out:,} out" if tokens_in else "tokens unknown")
    parts.append("cost unknown" if usage.cost_usd is None else f"cost {_dollars(usage.cost_usd)}")
    return ", ".join(parts)


def stage_line(stage: StageUsage) -> str:
    return (
        f"{stage.calls} calls, {stage.cached} from the cache, "
        f"{stage.input_tokens:,} tokens in, {stage.output_tokens:,} out"
    )


def _dollars(amount: float) -> str:
    if 0 < amount < 0.0001:
        return "under $0.0001"
    return f"${amount:.2f}" if amount == 0 or amount >= 1 else f"${amount:.4f}"


def counted(number: int, noun: str) -> str:
    """``1 claim``, ``1,204 claims``"""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


class Finder:
    """Finds a claim's words again in the document it comes from."""

    def __init__(self, report: Report) -> None:
        self._document = report.document
        self._spans = {sentence.id: sentence.span for sentence in report.sentences}
        lines = report.document.media_type in ("text/plain", "text/markdown")
        text = report.document.text
        self._line_ends = [i for i, char in enumerate(text) if char == "\n"] if lines else None

    def sentences(self, ids: Sequence[str]) -> str:
        """The document's own words: the sentences of these ids, in their order."""
        return " ".join(self._spans[name].of(self._document.text) for name in ids if name in self._spans)

    def place(self, claim: Claim) -> str:
        """Page or line of a claim, counted from 1, or nothing where the document has neither."""
        start = claim.span.start
        page = next((page.number for page in reversed(self._document.pages) if page.span.start <= start), None)
        if page is not None:
            return f"page {page}"
        return "" if self._line_ends is None else f"line {bisect_right(self._line_ends, start - 1) + 1}"


def flat(text: str) -> str:
    """``text`` on one line: line breaks and tabs of a source are none of the report."""
    return re.sub(r" *[\t\r\n][ \t\r\n]*", " ", text).strip(" ")


def excerpt(text: str, *, about: str, length: int = 200) -> str:
    """The sentences of ``text`` that share most words with ``about``, some ``length`` characters; cuts are shown."""
    sentences = SENTENCE_END.split(text.strip())
    wanted = _content(about)
    best = max(range(len(sentences)), key=lambda n: len(wanted & _content(sentences[n])))
    shown = flat(sentences[best])
    following = best + 1
    while following < len(sentences) and len(shown) + len(sentences[following]) < length:
        shown = f"{shown} {flat(sentences[following])}"
        following += 1
    if len(shown) > length:
        shown, following = shown[: length + 1].rpartition(" ")[0] or shown[:length], 0
    return f"{'… ' if best else ''}{shown}{'' if following == len(sentences) else ' …'}"


def _content(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w+", text) if len(word) > 3 or word.isdigit()}
