"""A report, and what reviewers made of it, as a page shows it: plain records without a word of markup.

``Viewer(report)`` gives the head, the document as highlighted blocks (``highlights.py``), each claim, and what was left
out. All strings are as they stand in the report: whoever shows them escapes them and makes control characters visible.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from factcheck.models import (
    Citation,
    ExclusionReason,
    Notice,
    Outcome,
    Passage,
    Report,
    Search,
    Span,
    Stance,
    Verdict,
)
from factcheck.report import words
from factcheck.report.highlights import DocumentBlock, document_blocks
from factcheck.report.links import source_link
from factcheck.report.words import Ending
from factcheck.reviews import Review, Standing

ReviewState = Literal["", "accepted", "overruled", "disputed"]

_AROUND = 320  # characters of a passage shown on each side of a quote, to the end of the sentence
_LEAST = 100  # where whole sentences would be less than this, one is cut between words
_NEAR = 400  # characters shown of a passage nobody quoted


@dataclass(frozen=True)
class NoticeView:
    head: str  # "warning (date)"
    message: str


@dataclass(frozen=True)
class CitationView:
    """A quote inside its passage: ``before + quote + after`` is a stretch of the source.

    ``cut_before`` and ``cut_after`` say that the passage goes on there. ``link`` is None where no link is possible.
    """

    stance: Stance
    before: str
    quote: str
    after: str
    cut_before: bool
    cut_after: bool
    title: str
    source: str
    place: str
    language: str
    link: str | None


@dataclass(frozen=True)
class PassageView:
    """A passage nobody quoted, shortened to the sentences nearest to the claim."""

    text: str
    title: str
    source: str
    place: str
    language: str
    link: str | None


@dataclass(frozen=True)
class RejectedView:
    quote: str
    stance: Stance
    why: str


@dataclass(frozen=True)
class SearchView:
    """What was looked for; ``lines`` are sentences about it without their full stop."""

    queries: tuple[str, ...]
    lines: tuple[str, ...]
    nearest: PassageView | None
    wider: tuple[PassageView, ...]


@dataclass(frozen=True)
class ClaimView:
    """One claim and all there is to tell of it. ``ending`` is what counts: the label all reviewers who decided agree
    on, else the engine's; ``engine`` is the engine's. ``number`` counts from 1 in the order of the document.
    """

    id: str
    number: int
    text: str
    span: Span  # in the document
    written: str  # the document's own words
    place: str  # "line 7", "page 3", or nothing
    ending: Ending
    engine: Ending
    symbol: str
    state: ReviewState
    review: str  # one line: who accepted or overruled, or that reviewers differ
    decisions: tuple[Review, ...]
    comments: tuple[Review, ...]
    failure: str
    reason: str  # why the engine found it unverifiable
    rationale: str
    confidence: float | None
    citations: tuple[CitationView, ...]
    rejected: tuple[RejectedView, ...]
    warnings: tuple[NoticeView, ...]
    search: SearchView | None
    sources: tuple[str, ...]  # those cited, each once

    @property
    def supporting(self) -> tuple[CitationView, ...]:
        return tuple(one for one in self.citations if one.stance == "supports")

    @property
    def contradicting(self) -> tuple[CitationView, ...]:
        return tuple(one for one in self.citations if one.stance == "contradicts")

    @property
    def restated(self) -> bool:
        """Whether the claim says it in other words than the document."""
        return words.flat(self.written) != words.flat(self.text)


@dataclass(frozen=True)
class SentenceView:
    id: str
    text: str


@dataclass(frozen=True)
class FailureView:
    """A failure that is no claim's: what could not be done, and the sentences nobody split for it."""

    line: str
    sentences: tuple[SentenceView, ...]


@dataclass(frozen=True)
class AsideView:
    """The sentences without a claim to check, of one reason."""

    reason: str
    sentences: tuple[SentenceView, ...]


@dataclass(frozen=True)
class Head:
    """What stands above everything: what was checked, against what, and how it ended.

    ``counts`` are the endings that count after review, ``engine_counts`` the report's own; both add up to ``claims``.
    ``incomplete`` says what failed, or nothing.
    """

    title: str
    source: str
    link: str | None
    language: str
    as_of: str
    created: datetime
    engine: str
    references: str
    claims: int
    counts: Mapping[Ending, int]
    engine_counts: Mapping[Ending, int]
    told: str  # the counts in a sentence
    claims_sum: str
    counted_sum: str  # the same after review, where reviewers changed it
    sentences_sum: str
    reviewed: str  # "3 of 12 claims reviewed, 1 of them disputed, 1 overruled", or nothing
    incomplete: str
    warnings: tuple[NoticeView, ...]
    provenance: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]  # reference, sha256


class Viewer:
    """One report, ready to be shown piece by piece; links to files lead there from ``folder`` (default: here)."""

    def __init__(self, report: Report, *, folder: Path | None = None) -> None:
        self.report = report
        self._folder = folder or Path.cwd()
        self._finder = words.Finder(report)
        self._outcomes = {outcome.claim.id: (n, outcome) for n, outcome in enumerate(report.outcomes, start=1)}

    @cached_property
    def blocks(self) -> tuple[DocumentBlock, ...]:
        return document_blocks(self.report)

    def claims(self, standing: Mapping[str, Standing]) -> tuple[ClaimView, ...]:
        """Every claim in the order of the document."""
        return tuple(self.claim(name, standing.get(name)) for name in self._outcomes)

    def claim(self, name: str, standing: Standing | None = None) -> ClaimView:
        """One claim by its id. Raises KeyError where the report has no such claim."""
        number, outcome = self._outcomes[name]
        verdict, engine = outcome.verdict, words.ending(outcome)
        about = {} if standing is None else {name: standing}
        ending = words.ending(outcome, about)
        return ClaimView(
            id=name,
            number=number,
            text=outcome.claim.text,
            span=outcome.claim.span,
            written=self._finder.sentences(outcome.claim.sentences),
            place=self._finder.place(outcome.claim),
            ending=ending,
            engine=engine,
            symbol=words.SIGNS[ending].symbol,
            state=review_state(engine, standing),
            review=words.review_line(outcome, about),
            decisions=standing.decisions if standing is not None else (),
            comments=standing.comments if standing is not None else (),
            failure=words.failure_line(outcome.failure) if outcome.failure is not None else "",
            reason=words.REASONS[verdict.reason] if verdict is not None and verdict.reason is not None else "",
            rationale=verdict.rationale if verdict is not None else "",
            confidence=verdict.confidence if verdict is not None else None,
            citations=self._citations(outcome, verdict),
            rejected=tuple(RejectedView(r.quote, r.stance, words.REJECTIONS[r.reason]) for r in outcome.rejected),
            warnings=_notices(verdict.warnings if verdict is not None else ()),
            search=self._search(outcome),
            sources=_sources(verdict),
        )

    def head(self, standing: Mapping[str, Standing]) -> Head:
        """What stands above everything, after review."""
        report, provenance = self.report, self.report.provenance
        counts, engine_counts = words.endings(report, standing), words.endings(report)
        source = words.source_name(report.document.source)
        return Head(
            title=report.document.title or source,
            source=source,
            link=source_link(report.document.source, folder=self._folder),
            language=language_tag(report.document.language),
            as_of=words.as_of_line(provenance),
            created=provenance.created,
            engine=words.engine_line(provenance),
            references=words.counted(len(provenance.store.files), "reference file"),
            claims=report.totals.claims,
            counts=counts,
            engine_counts=engine_counts,
            told=_told(counts),
            claims_sum=words.claims_sum(report),
            counted_sum="" if counts == engine_counts else words.claims_sum(report, standing),
            sentences_sum=words.sentences_sum(report),
            reviewed=_reviewed(report, standing),
            incomplete=_incomplete(report),
            warnings=_notices(report.warnings),
            provenance=_provenance(report),
            files=tuple(sorted(provenance.store.files.items())),
        )

    def failures(self) -> tuple[FailureView, ...]:
        """What failed beside the claims: sentences nobody split, references nobody could read."""
        return tuple(
            FailureView(words.failure_line(failure), tuple(map(self._sentence, failure.sentences)))
            for failure in self.report.failures
        )

    def aside(self) -> tuple[AsideView, ...]:
        """The sentences without a claim to check by reason, in the document's order of reasons and sentences."""
        found: dict[ExclusionReason, list[SentenceView]] = {}
        for exclusion in self.report.exclusions:
            found.setdefault(exclusion.reason, []).append(self._sentence(exclusion.sentence))
        return tuple(AsideView(words.EXCLUSIONS[reason], tuple(sentences)) for reason, sentences in found.items())

    def _sentence(self, name: str) -> SentenceView:
        return SentenceView(name, self._finder.sentences([name]))

    def _citations(self, outcome: Outcome, verdict: Verdict | None) -> tuple[CitationView, ...]:
        passages = {found.passage.id: found.passage for found in outcome.evidence}
        cited = verdict.citations if verdict is not None else ()
        return tuple(self._citation(citation, passages[citation.passage]) for citation in cited)

    def _citation(self, citation: Citation, passage: Passage) -> CitationView:
        start, end = citation.span.start - passage.span.start, citation.span.end - passage.span.start
        before, cut_before = _before(passage.text[:start])
        after, cut_after = _after(passage.text[end:])
        return CitationView(
            stance=citation.stance,
            before=before,
            quote=citation.quote,
            after=after,
            cut_before=cut_before,
            cut_after=cut_after,
            title=citation.title,
            source=words.source_name(citation.source),
            place=words.citation_place(citation),
            language=language_tag(passage.language),
            link=source_link(citation.source, words=citation.quote, page=citation.page, folder=self._folder),
        )

    def _passage(self, passage: Passage, *, about: str) -> PassageView:
        return PassageView(
            text=words.excerpt(passage.text, about=about, length=_NEAR),
            title=passage.title,
            source=words.source_name(passage.source),
            place=words.passage_place(passage),
            language=language_tag(passage.language),
            link=source_link(passage.source, page=passage.page_at(passage.span.start), folder=self._folder),
        )

    def _search(self, outcome: Outcome) -> SearchView | None:
        """What was looked for, for a claim without a label of the engine's."""
        search = outcome.search
        if search is None or words.ending(outcome) in ("supported", "contradicted"):
            return None
        about = outcome.claim.text
        return SearchView(
            queries=search.queries,
            lines=_search_lines(search),
            nearest=None if search.nearest is None else self._passage(search.nearest, about=about),
            wider=tuple(self._passage(found.passage, about=about) for found in search.wider),
        )


def review_state(engine: Ending, standing: Standing | None) -> ReviewState:
    """Whether reviewers accepted or overruled the engine's ending, or differ; nothing where none decided."""
    if standing is None or not standing.decisions:
        return ""
    if standing.disputed:
        return "disputed"
    return "accepted" if standing.label == engine else "overruled"


def language_tag(language: str) -> str:
    """A language for a ``lang`` attribute; empty, which says unknown, where nothing could be detected."""
    return "" if language == "und" else language


def _before(text: str) -> tuple[str, bool]:
    """The last whole sentences of ``text`` up to the usual length, else words, and whether something was cut."""
    if len(text) <= _AROUND:
        return text, False
    first = len(text) - _AROUND
    starts = (match.end() for match in words.SENTENCE_END.finditer(text))
    kept = next((start for start in starts if start >= first), len(text))
    if len(text) - kept < _LEAST:
        kept = text.find(" ", first) + 1 or first
    return text[kept:], True


def _after(text: str) -> tuple[str, bool]:
    """The first whole sentences of ``text`` up to the usual length, else words, and whether something was cut."""
    if len(text) <= _AROUND:
        return text, False
    ends = [match.start() for match in words.SENTENCE_END.finditer(text) if match.start() <= _AROUND]
    kept = ends[-1] if ends else 0
    if kept < _LEAST:
        kept = max(text.rfind(" ", 0, _AROUND), 0) or _AROUND
    return text[:kept], True


def _sources(verdict: Verdict | None) -> tuple[str, ...]:
    cited = verdict.citations if verdict is not None else ()
    return tuple(dict.fromkeys(words.source_name(citation.source) for citation in cited))


def _notices(notices: tuple[Notice, ...]) -> tuple[NoticeView, ...]:
    return tuple(NoticeView(words.warning_head(notice), notice.message) for notice in notices)


def _search_lines(search: Search) -> tuple[str, ...]:
    absent = (words.absent_line(search),) if search.absent else ()
    return (*absent, words.wider_line(search))


def _told(counts: Mapping[Ending, int]) -> str:
    """``Of 8 claims, 2 are contradicted and 1 supported; the references do not settle 5.``"""
    contradicted, supported = counts["contradicted"], counts["supported"]
    rest = [
        (counts["unverifiable"], f"the references do not settle {counts['unverifiable']:,}"),
        (counts["failed"], f"{counts['failed']:,} could not be checked"),
    ]
    left = ", and ".join(said for count, said in rest if count)
    told = f"Of {words.counted(sum(counts.values()), 'claim')}, {contradicted or 'none'}"
    told += f" {'are' if contradicted > 1 else 'is'} contradicted and {supported or 'none'} supported"
    return f"{told}; {left}." if left else f"{told}."


def _reviewed(report: Report, standing: Mapping[str, Standing]) -> str:
    told = words.reviewed_sum(report, standing)
    overruled = sum(review_state(words.ending(o), standing.get(o.claim.id)) == "overruled" for o in report.outcomes)
    return f"{told}, {overruled} overruled" if told and overruled else told


def _incomplete(report: Report) -> str:
    """``3 claims could not be checked, 1 sentence could not be split into claims``"""
    claims, sentences = report.totals.failed, report.totals.sentences_failed
    rest = sum(not failure.sentences for failure in report.failures)
    parts = [
        (claims, f"{words.counted(claims, 'claim')} could not be checked"),
        (sentences, f"{words.counted(sentences, 'sentence')} could not be split into claims"),
        (rest, words.counted(rest, "further failure")),
    ]
    return ", ".join(told for count, told in parts if count)


def _provenance(report: Report) -> tuple[tuple[str, str], ...]:
    provenance, store = report.provenance, report.provenance.store
    return (
        ("Program", f"factcheck {provenance.factcheck}, report schema {report.schema_version}"),
        ("Made", provenance.created.isoformat(sep=" ", timespec="seconds")),
        ("Engine", words.engine_line(provenance)),
        ("Work", words.work_line(report.usage)),
        *((f"Stage {name}", words.stage_line(stage)) for name, stage in report.usage.stages.items()),
        ("Document", f"{words.as_of_line(provenance)}; sha256 of its text {provenance.document_sha256}"),
        ("References", words.store_line(provenance)),
        ("State of the references", store.digest),
        ("Embedder and chunking", f"{store.embedder}, {store.chunking}"),
        *((f"Prompt {name}", digest) for name, digest in provenance.prompts.items()),
        ("Model parameters", _json(provenance.parameters)),
        ("Settings", _json(provenance.settings)),
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
