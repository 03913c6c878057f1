"""A report on a terminal: read top to bottom by an editor, at any width, with or without colour."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from factcheck.models import Citation, Failure, Notice, Outcome, Passage, Report, Verdict
from factcheck.report import words
from factcheck.reviews import Standing
from factcheck.text import printable

SHORT = 200  # characters of context shown of a sentence or a passage that is not itself evidence

_BREAK = re.compile(r"[\t\r\n]+")
_PLAIN = str.maketrans(
    {"✔": "+", "✘": "x", "·": "-", "–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'"}
    | {"→": "->"}
)


def print_report(
    report: Report,
    console: Console,
    standing: Mapping[str, Standing] = {},
    *,
    show_excluded: bool = False,
    verbose: bool = False,
) -> None:
    """Prints the claims in the document's order, then totals that add up, warnings and provenance.

    A label that reviewers agree on wins over the engine's, and says so.
    ``show_excluded`` lists the sentences that hold no claim; ``verbose`` leaves nothing out that the report knows
    about a claim. Whatever comes from a document or a model is shown as text: no control character, no markup.
    """
    writer = _Writer(report, standing, console.encoding, show_excluded=show_excluded, verbose=verbose)
    console.print(Text("\n").join(row for line in writer.lines() for row in line.rows(console)), soft_wrap=True)


def print_lines(lines: Iterable[tuple[int, str, str]], console: Console) -> None:
    """Prints lines given as indentation, words and style, wrapped to the console's width; words are never markup."""
    made = (_Line(indent, Text(_fit(words, console.encoding), style=style)) for indent, words, style in lines)
    console.print(Text("\n").join(row for line in made for row in line.rows(console)), soft_wrap=True)


@dataclass(frozen=True)
class _Line:
    indent: int
    text: Text

    def rows(self, console: Console) -> Iterator[Text]:
        """The line broken to the console's width, each row indented; no word is cut short."""
        for row in self.text.wrap(console, max(console.width - self.indent, 1), overflow="fold") or [Text()]:
            row.rstrip()
            yield Text(" " * self.indent if row else "").append_text(row)


class _Writer:
    """One report for one terminal, as lines."""

    def __init__(
        self, report: Report, standing: Mapping[str, Standing], encoding: str, *, show_excluded: bool, verbose: bool
    ) -> None:
        self._report = report
        self._standing = standing
        self._encoding = encoding
        self._show_excluded = show_excluded
        self._verbose = verbose
        self._finder = words.Finder(report)

    def lines(self) -> Iterator[_Line]:
        yield from self._head()
        for outcome in self._report.outcomes:
            yield self._gap()
            yield from self._claim(outcome)
        yield from self._failures(self._report.failures)
        if self._show_excluded:
            yield from self._exclusions()
        yield from self._totals()
        yield from self._warnings()
        yield from self._provenance()

    def _head(self) -> Iterator[_Line]:
        document = self._report.document
        yield self._line(0, (document.title or words.source_name(document.source), "bold"))
        yield self._line(
            0,
            (
                f"{words.source_name(document.source)} · {document.language} · "
                f"{words.as_of_line(self._report.provenance)}",
                "dim",
            ),
        )
        counts = [
            (f"{words.SIGNS[name].symbol} {count} {name}", words.SIGNS[name].style if count else "dim")
            for name, count in words.endings(self._report, self._standing).items()
        ]
        yield self._line(0, *_joined(counts))

    def _claim(self, outcome: Outcome) -> Iterator[_Line]:
        claim, ending = outcome.claim, words.ending(outcome, self._standing)
        sign = words.SIGNS[ending]
        place = self._finder.place(claim)
        yield self._line(
            0, (f"{sign.symbol} {ending}", sign.style), (f"  {claim.id}{', ' if place else ''}{place}", "dim")
        )
        yield self._line(2, (claim.text, "bold"))
        written = self._finder.sentences(claim.sentences)
        if words.flat(written) != words.flat(claim.text):
            yield self._line(2, (f"in the text: “{self._short(written)}”", "dim"))
        yield from self._review(outcome)
        if outcome.failure is not None:
            yield self._line(2, (words.failure_line(outcome.failure), words.SIGNS["failed"].style))
        if outcome.verdict is not None:
            yield from self._verdict(outcome.verdict)
        for rejected in outcome.rejected:
            yield self._line(2, (f"{words.rejection_line(rejected)}: “{rejected.quote}”", "dim"))
        if outcome.verdict is not None and outcome.verdict.label == "unverifiable":
            yield from self._search(outcome)

    def _review(self, outcome: Outcome) -> Iterator[_Line]:
        if told := words.review_line(outcome, self._standing):
            yield self._line(2, (told, "bold"))
        reviewed = self._standing.get(outcome.claim.id)
        for review in reviewed.comments if reviewed is not None else ():
            yield self._line(2, ("comment by ", "dim"), words.comment_line(review))

    def _verdict(self, verdict: Verdict) -> Iterator[_Line]:
        if verdict.reason is not None:
            yield self._line(2, (words.REASONS[verdict.reason], words.SIGNS["unverifiable"].style))
        if verdict.rationale and (self._verbose or not _speaks_for_itself(verdict)):
            yield self._line(2, verdict.rationale)
        both_sides = verdict.label == "unverifiable"
        for citation in verdict.citations:
            yield from self._citation(citation, told=both_sides)
        for notice in verdict.warnings:
            yield self._warning(2, notice)

    def _citation(self, citation: Citation, *, told: bool) -> Iterator[_Line]:
        stance = f"{citation.stance}: " if told else ""
        yield self._line(2, f"{stance}“{citation.quote}”")
        yield self._line(4, (f"{words.source_name(citation.source)}, {words.citation_place(citation)}", "cyan"))

    def _search(self, outcome: Outcome) -> Iterator[_Line]:
        search = outcome.search
        if search is None:
            return
        if search.queries and self._verbose:
            yield self._line(2, (f"looked for: {'; '.join(search.queries)}", "dim"))
        if search.nearest is not None and not (outcome.verdict and outcome.verdict.citations):
            yield from self._passage("nearest", search.nearest, about=outcome.claim.text)
        sources = dict.fromkeys(words.source_name(found.passage.source) for found in search.wider)
        told = f": {', '.join(sources)}" if sources else ""
        yield self._line(2, (words.wider_line(search) + told, "dim"))
        if search.absent:
            yield self._line(2, (words.absent_line(search), "dim"))
        if self._verbose:
            for found in search.wider:
                yield from self._passage("wider", found.passage, about=outcome.claim.text)

    def _passage(self, role: str, passage: Passage, *, about: str) -> Iterator[_Line]:
        shown = words.flat(passage.text) if self._verbose else words.excerpt(passage.text, about=about, length=SHORT)
        yield self._line(2, (f"{role}: “{shown}”", "dim"))
        yield self._line(4, (f"{words.source_name(passage.source)}, {words.passage_place(passage)}", "dim cyan"))

    def _failures(self, failures: Iterable[Failure]) -> Iterator[_Line]:
        for failure in failures:
            yield self._gap()
            about = f" ({words.counted(len(failure.sentences), 'sentence')})" if failure.sentences else ""
            sign = words.SIGNS["failed"]
            yield self._line(0, (f"{sign.symbol} failed{about}", sign.style))
            yield self._line(2, (words.failure_line(failure), sign.style))
            for name in failure.sentences:
                yield self._line(2, f"“{self._short(self._finder.sentences([name]))}”")

    def _exclusions(self) -> Iterator[_Line]:
        if not self._report.exclusions:
            return
        yield self._gap()
        yield self._line(0, ("Sentences without a claim to check", "bold"))
        for exclusion in self._report.exclusions:
            shown = self._short(self._finder.sentences([exclusion.sentence]))
            yield self._line(2, (f"{words.EXCLUSIONS[exclusion.reason]}: ", "dim"), shown)

    def _totals(self) -> Iterator[_Line]:
        report = self._report
        yield self._gap()
        yield self._line(0, (words.claims_sum(report, self._standing), "bold"))
        for name in ("contradicted", "failed"):
            found = [one.claim.id for one in report.outcomes if words.ending(one, self._standing) == name]
            if found:
                yield self._line(2, (f"{words.SIGNS[name].symbol} {name}: {', '.join(found)}", words.SIGNS[name].style))
        if reviewed := words.reviewed_sum(report, self._standing):
            yield self._line(2, (f"{reviewed}; by the engine alone: {words.claims_sum(report)}", "dim"))
        yield self._line(0, (words.sentences_sum(report), "bold"))
        reasons = Counter(exclusion.reason for exclusion in report.exclusions)
        if reasons:
            parts = ", ".join(f"{count} {words.EXCLUSIONS[reason]}" for reason, count in reasons.most_common())
            hint = "" if self._show_excluded else " (--show-excluded lists them)"
            yield self._line(2, (f"excluded: {parts}{hint}", "dim"))

    def _warnings(self) -> Iterator[_Line]:
        for notice in self._report.warnings:
            yield self._warning(0, notice)

    def _warning(self, indent: int, notice: Notice) -> _Line:
        return self._line(indent, (words.warning_head(notice), "yellow"), f": {notice.message}")

    def _provenance(self) -> Iterator[_Line]:
        report, provenance = self._report, self._report.provenance
        yield self._line(0, (words.work_line(report.usage), "dim"))
        yield self._line(0, (f"{words.engine_line(provenance)} · {words.store_line(provenance)}", "dim"))
        if not self._verbose:
            return
        yield self._line(
            0, (f"factcheck {provenance.factcheck}, made {provenance.created.isoformat(timespec='seconds')}", "dim")
        )
        for name, digest in provenance.prompts.items():
            yield self._line(2, (f"prompt {name}: {digest}", "dim"))

    def _short(self, text: str) -> str:
        flat = words.flat(text)
        return flat if self._verbose or len(flat) <= SHORT else f"{flat[:SHORT].rpartition(' ')[0] or flat[:SHORT]} …"

    def _gap(self) -> _Line:
        return _Line(0, Text(""))

    def _line(self, indent: int, *parts: str | tuple[str, str]) -> _Line:
        text = Text()
        for part in parts:
            content, style = (part, "") if isinstance(part, str) else part
            text.append(_fit(content, self._encoding), style=style)
        return _Line(indent, text)


def _fit(text: str, encoding: str) -> str:
    """Only characters that do no harm and that the terminal's encoding has; others as escapes."""
    shown = printable(_BREAK.sub(" ", text))
    try:
        shown.encode(encoding)
    except UnicodeEncodeError:
        return shown.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return shown


def _speaks_for_itself(verdict: Verdict) -> bool:
    """Whether the quote, or the reason given, says all there is."""
    return verdict.label == "supported" or verdict.reason in (
        "no_passage_retrieved",
        "passages_irrelevant",
        "not_confident",
    )


def _joined(parts: list[tuple[str, str]]) -> list[str | tuple[str, str]]:
    joined: list[str | tuple[str, str]] = []
    for part in parts:
        joined += ["   ", part] if joined else [part]
    return joined
