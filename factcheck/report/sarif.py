"""A report as SARIF 2.1.0, so that editors and CI show contradicted claims at their place in the text.

A claim is a result: contradicted ``fail`` and ``error``, unverifiable ``open``, supported ``pass``. What could not be
checked is no result at all but a notification of a run that was not successful.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from factcheck.documents.parsed import clean
from factcheck.models import Citation, Claim, Document, Failure, Notice, Outcome, Report, Span
from factcheck.report import words
from factcheck.report.links import source_link
from factcheck.report.selectors import Selectors, citation_selectors, claim_selectors
from factcheck.reviews import Standing
from factcheck.text import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
WITH_LINES = frozenset({"text/plain", "text/markdown"})  # media types whose text is that of the file

_BASE = "%SRCROOT%"
_LOOKS_LIKE_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")
_ABOUT = {
    "contradicted": ("The references contradict this claim.", "error"),
    "supported": ("The references support this claim.", "none"),
}

Json = dict[str, Any]


def to_sarif(
    report: Report,
    standing: Mapping[str, Standing] = {},
    *,
    written: str | None = None,
    problems_only: bool = False,
) -> str:
    """One run over one document, with the quotes of each claim as related locations.

    Lines and columns (of UTF-16 units) are those of the file, in formats whose text is the file's own; ``written``,
    from ``text_on_disk``, adds character offsets, which depend on the file's line breaks. ``problems_only`` leaves
    supported claims out and says how many: GitHub shows every result as an alert.
    """
    return (
        json.dumps(_Run(report, standing, written, problems_only=problems_only).log(), ensure_ascii=False, indent=2)
        + "\n"
    )


def text_on_disk(document: Document) -> str | None:
    """The text of the file with its own line breaks and without byte order mark; None where there are no lines, or the
    file is not there, or no longer the one that was checked.
    """
    if document.media_type not in WITH_LINES or document.encoding is None:
        return None
    try:
        text = Path(document.source).read_bytes().decode(document.encoding, errors="replace")
    except (OSError, LookupError):
        return None
    text = text.removeprefix("\ufeff")
    return text if clean(text) == document.text else None


class _Places:
    """Where a span of a document's text lies in its file, counted as SARIF counts: UTF-16 units, lines from 1."""

    def __init__(self, text: str, written: str | None) -> None:
        self._wide = [match.start() for match in re.finditer("[\U00010000-\U0010ffff]", text)]
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._knows_breaks = written is not None
        self._long_breaks = _long_breaks(written or "")

    def region(self, span: Span) -> Json:
        first, last = bisect_right(self._lines, span.start) - 1, bisect_right(self._lines, span.end) - 1
        region = {
            "startLine": first + 1,
            "startColumn": self._units(span.start) - self._units(self._lines[first]) + 1,
            "endLine": last + 1,
            "endColumn": self._units(span.end) - self._units(self._lines[last]) + 1,
        }
        if not self._knows_breaks:
            return region
        start, end = self._in_file(span.start), self._in_file(span.end)
        return {**region, "charOffset": start, "charLength": end - start}

    def _units(self, offset: int) -> int:
        return offset + bisect_left(self._wide, offset)

    def _in_file(self, offset: int) -> int:
        return self._units(offset) + bisect_left(self._long_breaks, offset)


def _long_breaks(written: str) -> list[int]:
    r"""Where in the text with ``\n`` alone the breaks stand that are ``\r\n`` in the file."""
    return [match.start() - number for number, match in enumerate(re.finditer("\r\n", written))]


class _Run:
    """One report on its way to SARIF."""

    def __init__(
        self, report: Report, standing: Mapping[str, Standing], written: str | None, *, problems_only: bool
    ) -> None:
        self._report = report
        self._standing = standing
        self._problems_only = problems_only
        self._finder = words.Finder(report)
        has_lines = report.document.media_type in WITH_LINES
        self._places = _Places(report.document.text, written) if has_lines else None

    def log(self) -> Json:
        return {"$schema": SCHEMA, "version": "2.1.0", "runs": [self._run()]}

    def _run(self) -> Json:
        document, rules = self._report.document, _rules()
        index = {rule["id"]: number for number, rule in enumerate(rules)}
        results = [{**result, "ruleIndex": index[result["ruleId"]]} for result in self._results()]
        return {
            "tool": {
                "driver": {
                    "name": "factcheck",
                    "version": self._report.provenance.factcheck,
                    "rules": rules,
                    "notifications": _notification_kinds(),
                }
            },
            "automationDetails": {"id": f"factcheck/{source_link(document.source) or 'standard input'}/"},
            "invocations": [self._invocation()],
            "originalUriBaseIds": {_BASE: {"description": {"text": "The directory that factcheck was run in."}}},
            "artifacts": [{"location": _artifact(document.source), "roles": ["analysisTarget"]}],
            "columnKind": "utf16CodeUnits",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "results": results,
            "properties": self._properties(),
        }

    def _results(self) -> Iterator[Json]:
        seen: Counter[str] = Counter()
        for outcome in self._report.outcomes:
            ending = words.ending(outcome, self._standing)
            seen[outcome.claim.text] += 1
            if ending == "failed" or (self._problems_only and ending == "supported"):
                continue
            yield self._result(outcome, ending, occurrence=seen[outcome.claim.text])

    def _result(self, outcome: Outcome, ending: words.Ending, *, occurrence: int) -> Json:
        kinds = {"contradicted": "fail", "supported": "pass", "unverifiable": "open"}
        related = [_related(number, outcome, citation) for number, citation in enumerate(_citations(outcome), start=1)]
        return {
            "ruleId": _rule_of(outcome, ending),
            "kind": kinds[ending],
            "level": "error" if ending == "contradicted" else "none",
            "message": _message(self._lines(outcome, ending)),
            "locations": [self._location(outcome.claim)],
            **({"relatedLocations": related} if related else {}),
            "partialFingerprints": {"factcheckClaim/v1": self._fingerprint(outcome.claim, occurrence)},
            "properties": self._about(outcome, ending),
        }

    def _lines(self, outcome: Outcome, ending: words.Ending) -> Iterator[str]:
        verdict = outcome.verdict
        yield f"{ending.capitalize()}: {words.flat(outcome.claim.text)}"
        if told := words.review_line(outcome, self._standing):
            yield told
        if verdict is not None and verdict.reason is not None:
            yield words.REASONS[verdict.reason]
        yield from (_cited(citation) for citation in _citations(outcome))
        if verdict is not None:
            if verdict.rationale:
                yield words.flat(verdict.rationale)
            yield from (f"{words.warning_head(notice)}: {notice.message}" for notice in verdict.warnings)
        yield from (f"{words.rejection_line(one)}: “{words.flat(one.quote)}”" for one in outcome.rejected)

    def _location(self, claim: Claim) -> Json:
        place = self._finder.place(claim)
        return {
            "physicalLocation": self._physical(claim.span),
            **({"message": {"text": place}} if place.startswith("page") else {}),
            "properties": {"selectors": _selectors(claim_selectors(self._report.document, claim))},
        }

    def _physical(self, span: Span) -> Json:
        artifact = {"artifactLocation": {**_artifact(self._report.document.source), "index": 0}}
        return artifact if self._places is None else {**artifact, "region": self._places.region(span)}

    def _fingerprint(self, claim: Claim, occurrence: int) -> str:
        """The same claim of the same document, whatever line it moves to."""
        said = f"{source_link(self._report.document.source)}\0{claim.text}\0{occurrence}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    def _about(self, outcome: Outcome, ending: words.Ending) -> Json:
        reviewed = self._standing.get(outcome.claim.id)
        confidence = outcome.verdict.confidence if outcome.verdict is not None else None
        return {
            "claim": outcome.claim.id,
            "label": ending,
            "engineLabel": words.ending(outcome),
            **({} if confidence is None else {"confidence": confidence}),
            **({"reviewedBy": [one.reviewer for one in reviewed.decisions]} if reviewed and reviewed.decisions else {}),
            **({"comments": [words.comment_line(one) for one in reviewed.comments]} if reviewed else {}),
        }

    def _properties(self) -> Json:
        report = self._report
        left_out = words.endings(report, self._standing)["supported"] if self._problems_only else 0
        return {
            "claims": words.claims_sum(report, self._standing),
            "sentences": words.sentences_sum(report),
            "engine": words.engine_line(report.provenance),
            "referencesDigest": report.provenance.store.digest,
            "documentSha256": report.provenance.document_sha256,
            **({"supportedLeftOut": left_out} if self._problems_only else {}),
        }

    def _invocation(self) -> Json:
        created = self._report.provenance.created.astimezone(UTC)
        notifications = [*self._unchecked(), *self._unsplit(), *(_warning(one) for one in self._report.warnings)]
        return {
            "executionSuccessful": not any(one["level"] == "error" for one in notifications),
            "endTimeUtc": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "toolExecutionNotifications": notifications,
        }

    def _unchecked(self) -> Iterator[Json]:
        for outcome in self._report.outcomes:
            if outcome.failure is not None and words.ending(outcome, self._standing) == "failed":
                told = [f"Not checked: {words.flat(outcome.claim.text)}", words.failure_line(outcome.failure)]
                yield _failure(outcome.failure, told, self._location(outcome.claim))

    def _unsplit(self) -> Iterator[Json]:
        spans = {sentence.id: sentence.span for sentence in self._report.sentences}
        for failure in self._report.failures:
            if not failure.sentences:
                yield _failure(failure, [words.failure_line(failure)], None)
            for name in failure.sentences:
                told = [f"Not checked: {words.flat(self._finder.sentences([name]))}", words.failure_line(failure)]
                yield _failure(failure, told, {"physicalLocation": self._physical(spans[name])})


def _rules() -> list[Json]:
    told = {
        **{name: (text, text, level) for name, (text, level) in _ABOUT.items()},
        **{
            f"unverifiable/{reason}": ("The references neither support nor contradict this claim.", f"{text}.", "none")
            for reason, text in words.REASONS.items()
        },
        "unverifiable/reviewed": (
            "The references neither support nor contradict this claim.",
            "Its reviewers decided so.",
            "none",
        ),
    }
    return [
        {
            "id": name,
            "name": "".join(part.capitalize() for part in re.split(r"[/_]", name)),
            "shortDescription": {"text": short},
            "fullDescription": {"text": full[:1].upper() + full[1:]},
            "help": {
                "text": "Read the quotes, and the claim again. A verdict is a proposal until a person has looked."
            },
            "defaultConfiguration": {"level": level},
        }
        for name, (short, full, level) in told.items()
    ]


def _notification_kinds() -> list[Json]:
    failures = {f"failed/{code}": text for code, text in words.FAILURES.items()}
    warnings = {f"warning/{code}": text for code, text in words.WARNINGS.items()}
    return [{"id": name, "shortDescription": {"text": text}} for name, text in {**failures, **warnings}.items()]


def _rule_of(outcome: Outcome, ending: words.Ending) -> str:
    if ending != "unverifiable":
        return ending
    verdict = outcome.verdict
    return f"unverifiable/{verdict.reason if verdict is not None and verdict.reason is not None else 'reviewed'}"


def _failure(failure: Failure, told: list[str], location: Json | None) -> Json:
    return {
        "descriptor": {"id": f"failed/{failure.code}"},
        "level": "error",
        "message": _message(told),
        **({"locations": [location]} if location is not None else {}),
    }


def _warning(notice: Notice) -> Json:
    return {"descriptor": {"id": f"warning/{notice.code}"}, "level": "warning", "message": _message([notice.message])}


def _citations(outcome: Outcome) -> tuple[Citation, ...]:
    return outcome.verdict.citations if outcome.verdict is not None else ()


def _related(number: int, outcome: Outcome, citation: Citation) -> Json:
    return {
        "id": number,
        "physicalLocation": {"artifactLocation": _artifact(citation.source)},
        "message": _message([_cited(citation)]),
        "properties": {"selectors": _selectors(citation_selectors(outcome, citation))},
    }


def _cited(citation: Citation) -> str:
    source = words.source_name(citation.source)
    return f"{citation.stance}: “{words.flat(citation.quote)}” ({source}, {words.citation_place(citation)})"


def _message(lines: Iterator[str] | list[str]) -> Json:
    """Plain text as SARIF writes it: braces doubled, and a bracket that would begin a link escaped."""
    text = printable("\n".join(lines), newlines=True).replace("{", "{{").replace("}", "}}")
    return {"text": _LOOKS_LIKE_LINK.sub(r"\\[", text)}


def _selectors(selectors: Selectors) -> list[dict[str, str | int]]:
    return selectors.as_annotation()


def _artifact(source: str) -> Json:
    """Where a document or reference lies: percent-encoded, of a file relative to the working directory."""
    uri = source_link(source)
    if uri is None:
        return {"description": {"text": printable(words.source_name(source))}}
    is_beneath = "://" not in source and not uri.startswith("../")
    return {"uri": uri, **({"uriBaseId": _BASE} if is_beneath else {})}
