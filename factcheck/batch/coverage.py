"""What a run says about its references: which files it used, and what they had nothing to say about.

So that a user knows what to add, and what could go. Counts are of claims; a claim whose check failed says nothing about
the references and is left out of all but the totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from factcheck.batch.records import INDEX, read_rows
from factcheck.models import Evidence, Outcome, Record, Report, Text, UnverifiableReason
from factcheck.report.markdown import code, escaped
from factcheck.report.references import FileNames
from factcheck.report.schema import read_report
from factcheck.report.words import REASONS, counted, source_name

COVERAGE = "coverage.json"
LISTED = 1000  # claims listed one by one; of more only the number is kept
_WORDS = 20_000  # absent words counted at a time; beyond, those met once are dropped
_NOTHING_NEAR: frozenset[UnverifiableReason] = frozenset({"no_passage_retrieved", "passages_irrelevant"})


class FileUse(Record):
    """How many claims a file of the references was cited for, and for how many it was retrieved at all."""

    name: Text
    cited: int
    retrieved: int


class OpenClaim(Record):
    """A claim without a verdict for want of references. ``absent`` are its names and numbers that no passage held."""

    document: Text
    claim: str
    text: Text
    reason: UnverifiableReason
    absent: tuple[Text, ...]


class AbsentWord(Record):
    """A name or number that no passage held, and how many claims speak of it."""

    word: Text
    claims: int


class Coverage(Record):
    """``claims == judged + failed``. ``nothing_near`` counts the claims for which no passage came or none was about it;
    ``open_claims`` lists them and those with absent words, ``unlisted`` more of them than are kept.
    """

    reports: int
    claims: int
    judged: int
    failed: int
    nothing_near: int
    files: tuple[FileUse, ...]  # the most cited first
    open_claims: tuple[OpenClaim, ...]
    unlisted: int
    absent: tuple[AbsentWord, ...]  # the most frequent first
    stores: tuple[str, ...]  # digests; more than one where the references changed between the reports

    @property
    def cited(self) -> tuple[FileUse, ...]:
        return tuple(file for file in self.files if file.cited)

    @property
    def never_cited(self) -> tuple[FileUse, ...]:
        """Retrieved, and no verdict quotes them."""
        return tuple(file for file in self.files if file.retrieved and not file.cited)

    @property
    def never_retrieved(self) -> tuple[FileUse, ...]:
        return tuple(file for file in self.files if not file.retrieved)


def coverage(reports: Iterable[Report]) -> Coverage:
    """What these reports say about their references. They are taken one at a time, and none is kept."""
    return coverage_of((source_name(report.document.source), report) for report in reports)


def coverage_of(reports: Iterable[tuple[str, Report]]) -> Coverage:
    """As ``coverage``, with the names the documents are to be listed under."""
    gathered = _Gathered()
    for document, report in reports:
        gathered.add(document, report)
    return gathered.coverage()


def coverage_of_run(out: Path) -> Coverage:
    """What a batch's output folder says, read report by report. Raises ConfigError for one that cannot be read."""
    rows = (row for row in read_rows(out / INDEX).values() if row.status in ("done", "partial"))
    return coverage_of((row.document, read_report(out / row.report)) for row in rows if row.report is not None)


@dataclass
class _Gathered:
    """What was counted so far; its size follows the number of files, not that of reports."""

    reports: int = 0
    claims: int = 0
    failed: int = 0
    nothing_near: int = 0
    unlisted: int = 0
    files: set[str] = field(default_factory=set)
    cited: Counter[str] = field(default_factory=Counter)
    retrieved: Counter[str] = field(default_factory=Counter)
    absent: Counter[str] = field(default_factory=Counter)
    open_claims: list[OpenClaim] = field(default_factory=list)
    stores: set[str] = field(default_factory=set)

    def add(self, document: str, report: Report) -> None:
        store = report.provenance.store
        names = FileNames(store.files)
        self.reports += 1
        self.files.update(store.files)
        self.stores.add(store.digest)
        for outcome in report.outcomes:
            self._count(document, outcome, names)

    def _count(self, document: str, outcome: Outcome, names: FileNames) -> None:
        self.claims += 1
        verdict, search = outcome.verdict, outcome.search
        if verdict is None:
            self.failed += 1
            return
        self.cited.update({names.of(citation.source) for citation in verdict.citations})
        self.retrieved.update({names.of(evidence.passage.source) for evidence in _brought(outcome)})
        absent = search.absent if search is not None else ()
        if verdict.reason is None:
            return
        self.nothing_near += verdict.reason in _NOTHING_NEAR
        if verdict.reason not in _NOTHING_NEAR and not absent:
            return
        self.absent.update(set(absent))
        self._drop_rare()
        if len(self.open_claims) == LISTED:
            self.unlisted += 1
            return
        claim = outcome.claim
        self.open_claims.append(
            OpenClaim(document=document, claim=claim.id, text=claim.text, reason=verdict.reason, absent=absent)
        )

    def _drop_rare(self) -> None:
        if len(self.absent) > _WORDS:
            self.absent = Counter({word: count for word, count in self.absent.items() if count > 1})

    def coverage(self) -> Coverage:
        uses = [
            FileUse(name=name, cited=self.cited[name], retrieved=self.retrieved[name])
            for name in self.files | self.retrieved.keys() | self.cited.keys()
        ]
        words = sorted(self.absent.items(), key=lambda item: (-item[1], item[0]))
        return Coverage(
            reports=self.reports,
            claims=self.claims,
            judged=self.claims - self.failed,
            failed=self.failed,
            nothing_near=self.nothing_near,
            files=tuple(sorted(uses, key=lambda use: (-use.cited, -use.retrieved, use.name))),
            open_claims=tuple(self.open_claims),
            unlisted=self.unlisted,
            absent=tuple(AbsentWord(word=word, claims=count) for word, count in words[:LISTED]),
            stores=tuple(sorted(self.stores)),
        )


def _brought(outcome: Outcome) -> Iterator[Evidence]:
    """Every passage that a search for this claim brought, the wider one included."""
    yield from outcome.evidence
    yield from outcome.search.wider if outcome.search is not None else ()


def lines_of(found: Coverage, *, most: int = 10) -> Iterator[str]:
    """The coverage in a few lines, fit for a terminal once ``printable``; each list is cut after ``most``."""
    yield (
        f"references: {counted(len(found.files), 'file')} = {len(found.cited)} cited"
        f" + {len(found.never_cited)} retrieved but never cited + {len(found.never_retrieved)} never retrieved"
    )
    if found.never_cited:
        yield f"retrieved but never cited: {_cut([file.name for file in found.never_cited], most)}"
    if found.never_retrieved:
        yield f"never retrieved: {_cut([file.name for file in found.never_retrieved], most)}"
    yield f"nothing in the references is about {found.nothing_near} of {counted(found.judged, 'claim')}"
    if found.absent:
        told = [f"{each.word} ({counted(each.claims, 'claim')})" for each in found.absent]
        yield f"names and numbers that no passage held: {_cut(told, most)}"
    if len(found.stores) > 1:
        states = len(found.stores)
        yield f"the reports were made against {states} states of the references; run again to bring all up to date"


def _cut(names: list[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def to_markdown(found: Coverage, *, most: int = 100) -> str:
    """The coverage as a section of Markdown; file names and claims are never anything but text."""
    blocks = ["## What the references cover", "\n".join(f"- {escaped(line)}" for line in lines_of(found, most=most))]
    if found.files:
        rows = [f"| {_cell(use.name)} | {use.cited} | {use.retrieved} |" for use in found.files[:most]]
        left = len(found.files) - most
        blocks.append("\n".join(["| file | cited for claims | retrieved for claims |", "| --- | ---: | ---: |", *rows]))
        blocks += [f"… and {counted(left, 'more file')}."] if left > 0 else []
    if found.open_claims:
        blocks.append("### Claims that the references leave open")
        blocks.append("\n".join(_item(claim) for claim in found.open_claims[:most]))
        left = len(found.open_claims) + found.unlisted - most
        blocks += [f"… and {counted(left, 'more claim')}."] if left > 0 else []
    return "\n\n".join(blocks) + "\n"


def _cell(name: str) -> str:
    return code(name).replace("|", "\\|")


def _item(claim: OpenClaim) -> str:
    absent = f"; in no passage: {', '.join(claim.absent)}" if claim.absent else ""
    return f"- {escaped(claim.text)} ({code(claim.document)}, {claim.claim}): {escaped(REASONS[claim.reason] + absent)}"
