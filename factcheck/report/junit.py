"""A report as JUnit XML, so that a CI shows claims as it shows tests.

A contradicted claim is a failure, one that could not be checked an error, an unverifiable one skipped with its reason,
a supported one passes. A sentence that could not be split into claims is an error of its own: it did not pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC
from xml.etree import ElementTree as ET

from factcheck.models import Citation, Failure, Outcome, Report
from factcheck.report import words
from factcheck.reviews import Standing
from factcheck.text import printable

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLE = 160  # characters of a claim in the name of its test case


def to_junit(report: Report, standing: Mapping[str, Standing] = {}) -> str:
    """One test suite, a test case for each claim with its quotes and their places in ``system-out``.

    Characters that XML cannot hold, or that hide or reorder text, are spelled out as in ``\\x1b``.
    """
    cases = [*_claims(report, standing), *_unsplit(report)]
    counts = Counter(child.tag for case in cases for child in case)
    created = report.provenance.created.astimezone(UTC)
    totals = {
        "name": _line(words.source_name(report.document.source)),
        "tests": str(len(cases)),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "skipped": str(counts["skipped"]),
        "time": f"{report.usage.seconds:.3f}",
        "timestamp": created.strftime("%Y-%m-%dT%H:%M:%S"),
    }
    suite = ET.Element("testsuite", totals)
    suite.append(_properties(report, standing))
    suite.extend(cases)
    suites = ET.Element("testsuites", {**totals, "name": "factcheck"})
    suites.append(suite)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _properties(report: Report, standing: Mapping[str, Standing]) -> ET.Element:
    provenance = report.provenance
    found = {
        "factcheck": provenance.factcheck,
        "engine": words.engine_line(provenance),
        "references": f"digest {provenance.store.digest}",
        "document": f"sha256 of its text {provenance.document_sha256}",
        "claims": words.claims_sum(report, standing),
        "sentences": words.sentences_sum(report),
        "reviewed": words.reviewed_sum(report, standing) or "no claim reviewed",
    }
    element = ET.Element("properties")
    for name, value in found.items():
        ET.SubElement(element, "property", {"name": name, "value": _line(value)})
    for notice in report.warnings:
        ET.SubElement(element, "property", {"name": f"warning: {notice.code}", "value": _line(notice.message)})
    return element


def _claims(report: Report, standing: Mapping[str, Standing]) -> Iterator[ET.Element]:
    finder = words.Finder(report)
    document = words.source_name(report.document.source)
    for outcome in report.outcomes:
        claim, place = outcome.claim, finder.place(outcome.claim)
        case = _case(document, f"{claim.id} {_short(claim.text)}", place)
        if (result := _result(outcome, standing)) is not None:
            case.append(result)
        told = [f"claim: {claim.text}", f"in the document: {finder.sentences(claim.sentences)}", *_told(outcome)]
        ET.SubElement(case, "system-out").text = _block([*told, *_reviewed(outcome, standing)])
        yield case


def _unsplit(report: Report) -> Iterator[ET.Element]:
    finder = words.Finder(report)
    document = words.source_name(report.document.source)
    for failure in report.failures:
        for name in failure.sentences:
            sentence = finder.sentences([name])
            case = _case(document, f"{name} {_short(sentence)}", "")
            case.append(_error(failure))
            ET.SubElement(case, "system-out").text = _block([f"in the document: {sentence}"])
            yield case


def _case(document: str, name: str, place: str) -> ET.Element:
    """``file`` and ``line`` are what GitLab and pytest's readers take."""
    given = {"classname": _line(document), "name": _line(name), "file": _line(document)}
    if place.startswith("line "):
        given["line"] = place.removeprefix("line ")
    return ET.Element("testcase", {**given, "time": "0"})


def _result(outcome: Outcome, standing: Mapping[str, Standing]) -> ET.Element | None:
    """What is wrong with a claim; None for a supported one."""
    ending = words.ending(outcome, standing)
    if ending == "supported":
        return None
    if ending == "failed" and outcome.failure is not None:
        return _error(outcome.failure)
    told = [f"{ending}: {outcome.claim.text}", *_told(outcome), *_reviewed(outcome, standing)]
    if ending == "contradicted":
        element = ET.Element("failure", {"type": ending, "message": _line(f"contradicted: {outcome.claim.text}")})
        element.text = _block(told)
        return element
    verdict = outcome.verdict
    reason = words.REASONS[verdict.reason] if verdict and verdict.reason else words.review_line(outcome, standing)
    return ET.Element("skipped", {"type": ending, "message": _line(f"unverifiable: {reason}")})


def _error(failure: Failure) -> ET.Element:
    told = words.failure_line(failure)
    element = ET.Element("error", {"type": failure.code, "message": _line(told)})
    element.text = _block([told])
    return element


def _told(outcome: Outcome) -> Iterator[str]:
    if outcome.failure is not None:
        yield words.failure_line(outcome.failure)
    verdict = outcome.verdict
    if verdict is not None:
        if verdict.reason is not None:
            yield words.REASONS[verdict.reason]
        if verdict.rationale:
            yield verdict.rationale
        yield from (_citation(citation) for citation in verdict.citations)
        yield from (f"{words.warning_head(notice)}: {notice.message}" for notice in verdict.warnings)
    yield from (f"{words.rejection_line(one)}: “{one.quote}”" for one in outcome.rejected)


def _citation(citation: Citation) -> str:
    source = words.source_name(citation.source)
    return f"{citation.stance}: “{words.flat(citation.quote)}” ({source}, {words.citation_place(citation)})"


def _reviewed(outcome: Outcome, standing: Mapping[str, Standing]) -> Iterator[str]:
    if told := words.review_line(outcome, standing):
        yield told
    if outcome.claim.id in standing:
        yield from (f"comment by {words.comment_line(one)}" for one in standing[outcome.claim.id].comments)


def _short(text: str) -> str:
    flat = words.flat(text)
    return flat if len(flat) <= _TITLE else f"{flat[:_TITLE].rpartition(' ')[0] or flat[:_TITLE]} …"


def _line(text: str) -> str:
    return _legal(printable(words.flat(text)))


def _block(lines: list[str]) -> str:
    return _legal(printable("\n".join(lines), newlines=True))


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
