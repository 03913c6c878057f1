"""A report as Markdown (CommonMark with GitHub's tables) in which text from documents is never anything but text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from factcheck.models import Citation, Notice, Outcome, Passage, Report, Search, Verdict
from factcheck.report import words
from factcheck.reviews import Standing
from factcheck.text import printable

_SPECIAL = re.compile(r"[\\`*_\[\]<>|~&$]")
_LEADING = re.compile(r"^(?:(?P<mark>[-+#=:])|(?P<number>\d{1,9})(?=[.)]))")
_ADDRESS = re.compile(  # what GitHub links even where it is escaped: addresses, mentions, issue numbers
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)(?=\S)|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=mailto:)(?=\S)|(?<=xmpp:)(?=\S)",
    re.IGNORECASE,
)
_JOINER = "\u2060"


def to_markdown(report: Report, standing: Mapping[str, Standing] = {}) -> str:
    """The whole report, nothing left out that a reader could ask for: claims, both sides of a conflict, what was
    looked for, rejected quotes, failures, excluded sentences with reasons, and how the report was made.

    A label that reviewers agree on wins over the engine's, and says so.

    Addresses in quoted text carry an invisible word joiner (U+2060), so that no viewer makes links or mentions of them.
    """
    return "\n\n".join(_Writer(report, standing).blocks()) + "\n"


def escaped(text: str) -> str:
    """``text`` as one line of Markdown that renders as exactly these words, wherever in a paragraph it stands."""
    shown = _ADDRESS.sub(_JOINER, printable(words.flat(text)))
    shown = _SPECIAL.sub(r"\\\g<0>", shown)
    return _LEADING.sub(lambda m: f"\\{m['mark']}" if m["mark"] else f"{m['number']}\\", shown)


def code(text: str) -> str:
    """``text`` as a code span, whatever backticks it holds."""
    shown = printable(words.flat(text))
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    space = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) or not shown else ""
    return f"{fence}{space}{shown}{space}{fence}"


class _Writer:
    """One report as a sequence of Markdown blocks."""

    def __init__(self, report: Report, standing: Mapping[str, Standing]) -> None:
        self._report = report
        self._standing = standing
        self._finder = words.Finder(report)

    def blocks(self) -> Iterator[str]:
        yield from self._head()
        yield from self._summary()
        yield from self._warnings()
        yield "## Claims"
        if not self._report.outcomes:
            yield "No claim was found in this document."
        for outcome in self._report.outcomes:
            yield from self._claim(outcome)
        yield from self._failures()
        yield from self._exclusions()
        yield from self._provenance()

    def _head(self) -> Iterator[str]:
        document, provenance = self._report.document, self._report.provenance
        source = words.source_name(document.source)
        yield f"# {escaped(document.title or source)}"
        yield _items(
            [
                f"Document: {code(source)} ({escaped(document.language)}), {escaped(words.as_of_line(provenance))}",
                f"Checked: {provenance.created.isoformat(timespec='seconds')}, "
                f"{escaped(words.engine_line(provenance))}",
            ]
        )

    def _summary(self) -> Iterator[str]:
        rows = [(f"{words.SIGNS[name].symbol} {name}", count) for name, count in self._endings().items()]
        table = ["| claims | |", "| --- | ---: |", *(f"| {name} | {count} |" for name, count in rows)]
        yield "\n".join([*table, f"| **all** | **{self._report.totals.claims}** |"])
        yield f"{words.claims_sum(self._report, self._standing)}. {words.sentences_sum(self._report)}."
        if reviewed := words.reviewed_sum(self._report, self._standing):
            yield f"{reviewed}. By the engine alone: {words.claims_sum(self._report)}."

    def _endings(self) -> dict[words.Ending, int]:
        return words.endings(self._report, self._standing)

    def _warnings(self) -> Iterator[str]:
        if self._report.warnings:
            yield "## Warnings"
            yield _items([_notice(notice) for notice in self._report.warnings])

    def _claim(self, outcome: Outcome) -> Iterator[str]:
        claim, ending = outcome.claim, words.ending(outcome, self._standing)
        place = self._finder.place(claim)
        yield f"### {words.SIGNS[ending].symbol} {ending} · {escaped(claim.id)}{', ' if place else ''}{place}"
        yield f"**{escaped(claim.text)}**"
        yield f"In the document: “{escaped(self._finder.sentences(claim.sentences))}”"
        yield from self._review(outcome)
        if outcome.failure is not None:
            yield escaped(words.failure_line(outcome.failure))
        if outcome.verdict is not None:
            yield from self._verdict(outcome.verdict)
        if outcome.rejected:
            yield _items([f"{words.rejection_line(r)} ({r.stance}): “{escaped(r.quote)}”" for r in outcome.rejected])
        if outcome.search is not None and words.ending(outcome) == "unverifiable":
            yield from self._search(outcome.search)

    def _review(self, outcome: Outcome) -> Iterator[str]:
        if told := words.review_line(outcome, self._standing):
            yield f"{escaped(_sentence_case(told))}."
        reviewed = self._standing.get(outcome.claim.id)
        if reviewed is not None and reviewed.comments:
            yield _items([f"comment by {escaped(words.comment_line(review))}" for review in reviewed.comments])

    def _verdict(self, verdict: Verdict) -> Iterator[str]:
        if verdict.reason is not None:
            yield f"Unverifiable: {words.REASONS[verdict.reason]}."
        if verdict.rationale:
            yield escaped(verdict.rationale)
        for citation in verdict.citations:
            yield _citation(citation)
        if verdict.warnings:
            yield _items([_notice(notice) for notice in verdict.warnings])

    def _search(self, search: Search) -> Iterator[str]:
        if search.queries:
            yield "Looked for: " + "; ".join(f"“{escaped(query)}”" for query in search.queries)
        if search.nearest is not None:
            yield "The nearest passage:"
            yield _passage(search.nearest)
        if search.absent:
            yield f"{_sentence_case(escaped(words.absent_line(search)))}."
        yield f"{_sentence_case(words.wider_line(search))}{':' if search.wider else '.'}"
        yield from (_passage(found.passage) for found in search.wider)

    def _failures(self) -> Iterator[str]:
        if not self._report.failures:
            return
        yield "## Failures"
        for failure in self._report.failures:
            yield f"! {escaped(words.failure_line(failure))}"
            if failure.sentences:
                yield _items([self._sentence(name) for name in failure.sentences])

    def _exclusions(self) -> Iterator[str]:
        if self._report.exclusions:
            yield "## Sentences without a claim to check"
            yield _items(
                [f"{words.EXCLUSIONS[e.reason]}: {self._sentence(e.sentence)}" for e in self._report.exclusions]
            )

    def _sentence(self, name: str) -> str:
        return f"“{escaped(self._finder.sentences([name]))}” ({escaped(name)})"

    def _provenance(self) -> Iterator[str]:
        report, provenance, store = self._report, self._report.provenance, self._report.provenance.store
        yield "## How this report was made"
        yield _items(
            [
                escaped(f"factcheck {provenance.factcheck}, report schema {report.schema_version}"),
                escaped(words.engine_line(provenance)),
                escaped(f"work: {words.work_line(report.usage)}"),
                *(f"stage {escaped(name)}: {words.stage_line(stage)}" for name, stage in report.usage.stages.items()),
                f"document: sha256 of its text {code(provenance.document_sha256)}",
                f"references: {code(words.source_name(store.location))}, {words.counted(len(store.files), 'file')}, "
                f"{words.counted(store.passages, 'passage')}, digest {code(store.digest)}, "
                f"embedder {code(store.embedder)}, chunking {code(store.chunking)}",
                *(f"prompt {code(name)}: {code(digest)}" for name, digest in provenance.prompts.items()),
                f"model parameters: {code(_json(provenance.parameters))}",
                f"settings: {code(_json(provenance.settings))}",
            ]
        )
        yield "Characters are counted from 0 in the text as factcheck reads it; the last one is not included."


def _citation(citation: Citation) -> str:
    place = words.citation_place(citation)
    return f"> “{escaped(citation.quote)}”\n>\n> {citation.stance}: {code(words.source_name(citation.source))}, {place}"


def _passage(passage: Passage) -> str:
    source = code(words.source_name(passage.source))
    return f"> “{escaped(passage.text)}”\n>\n> {source}, {words.passage_place(passage)}"


def _notice(notice: Notice) -> str:
    return f"{words.warning_head(notice)}: {escaped(notice.message)}"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _items(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
