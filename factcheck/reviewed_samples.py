"""Reviewed verdicts as samples for an evaluation: what people decided about one version is what the next is held to.

A line is the JSON that ``python -m eval run verdict --data`` reads: the sample, and beside it who decided what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from factcheck.agreement import Decided
from factcheck.errors import ConfigError
from factcheck.models import Label, Outcome, Report, Stance
from factcheck.report.schema import parse_report
from factcheck.reviews import SUFFIX, Review, ReviewFile, Standing, read_reviews, report_digest, standings

_STANCES: dict[Label, Stance] = {"supported": "supports", "contradicted": "contradicts"}


@dataclass(frozen=True)
class ReviewedReport:
    """A report and what stands of the decisions about it; ``digest`` is the sha256 of its file's bytes."""

    path: Path
    report: Report
    digest: str
    file: ReviewFile

    @cached_property
    def standing(self) -> Mapping[str, Standing]:
        """By claim, in the report's order."""
        found = standings(self.file.reviews)
        return {one.claim.id: found[one.claim.id] for one in self.report.outcomes if one.claim.id in found}

    @property
    def strangers(self) -> int:
        """Decisions about claims that the report does not have."""
        known = {outcome.claim.id for outcome in self.report.outcomes}
        return sum(review.claim not in known for review in self.file.reviews)


def reviewed_paths(target: Path) -> list[Path]:
    """The report given, or those beneath a folder that have a file of decisions. Raises ConfigError where none has."""
    if not target.is_dir():
        return [target]
    found = sorted(path.with_name(path.name.removesuffix(SUFFIX)) for path in target.rglob(f"*{SUFFIX}"))
    if not found:
        raise ConfigError(f"{target}: nothing in this folder has been reviewed (no file ends in {SUFFIX})")
    return found


def read_reviewed_report(path: Path) -> ReviewedReport:
    """Raises ConfigError where the report or its decisions cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    digest = report_digest(content)
    return ReviewedReport(path, parse_report(content, path), digest, read_reviews(path, digest))


def merged(reports: Sequence[ReviewedReport]) -> list[ReviewedReport]:
    """Copies of one report become one, with the decisions of all: no claim is a sample, or counts, twice."""
    found: dict[str, ReviewedReport] = {}
    for one in reports:
        known = found.get(one.digest)
        if known is None:
            found[one.digest] = one
            continue
        reviews = tuple(dict.fromkeys((*known.file.reviews, *one.file.reviews)))
        found[one.digest] = replace(known, file=replace(known.file, reviews=reviews))
    return list(found.values())


def decisions_of(reviewed: ReviewedReport) -> Iterator[Decided]:
    """Every decision that counts, of every reviewer."""
    for outcome in _of(reviewed):
        for review in reviewed.standing[outcome.claim.id].decisions:
            if review.label is not None:
                said = outcome.verdict.label if outcome.verdict is not None else "failed"
                yield Decided((reviewed.digest, outcome.claim.id), review.reviewer, review.label, said)


def disputed_claims(reviewed: ReviewedReport) -> tuple[Outcome, ...]:
    """Claims whose reviewers differ: no sample is made of them, since a case needs one truth."""
    standing = reviewed.standing
    return tuple(outcome for outcome in _of(reviewed) if standing[outcome.claim.id].disputed)


def sample_lines(reviewed: ReviewedReport) -> Iterator[str]:
    """A line for each claim whose reviewers agree on a label, with the passages the engine had retrieved for it.

    Quotes are given where the engine's citations speak for the reviewers' label.
    """
    standing = reviewed.standing
    for outcome in _of(reviewed):
        if (label := standing[outcome.claim.id].label) is not None:
            line = {
                "sample": _sample(reviewed, outcome, label),
                "reviewed": _reviewed(reviewed, outcome, standing[outcome.claim.id]),
            }
            yield json.dumps(line, ensure_ascii=False)


def _of(reviewed: ReviewedReport) -> Iterator[Outcome]:
    """The outcomes that anyone said something about."""
    standing = reviewed.standing
    return (outcome for outcome in reviewed.report.outcomes if outcome.claim.id in standing)


def _sample(reviewed: ReviewedReport, outcome: Outcome, label: Label) -> dict[str, Any]:
    report = reviewed.report
    document, files, as_of = report.document, report.provenance.store.files, report.provenance.as_of
    citations = outcome.verdict.citations if outcome.verdict is not None else ()
    return {
        "id": f"reviewed/{reviewed.digest[:12]}/{outcome.claim.id}",
        "dataset": "reviewed",
        "about": f"{_base_name(document.source)} {document.id}",
        "claim": outcome.claim.text,
        "language": document.language,
        "label": label,
        "evidence": [
            {
                "doc_id": _reference(found.passage.source, files),
                "title": found.passage.title,
                "text": found.passage.text,
                "language": found.passage.language,
            }
            for found in outcome.evidence
        ],
        "quotes": [
            {"doc_id": _reference(one.source, files), "quote": one.quote, "stance": one.stance}
            for one in citations
            if one.stance == _STANCES.get(label)
        ],
        "as_of": as_of.isoformat() if as_of is not None else None,
    }


def _reviewed(reviewed: ReviewedReport, outcome: Outcome, standing: Standing) -> dict[str, Any]:
    """The newest decision, the other reviewers' beside it, and what the engine had been."""
    *others, newest = (_decision(review, outcome, standing) for review in standing.decisions)
    provenance = reviewed.report.provenance
    return {
        **newest,
        "others": others,
        "report": reviewed.digest,
        "claim": outcome.claim.id,
        "factcheck": provenance.factcheck,
        "engine": provenance.engine,
        "model": provenance.model or "",
        "store": provenance.store.digest,
    }


def _decision(review: Review, outcome: Outcome, standing: Standing) -> dict[str, Any]:
    said = outcome.verdict.label if outcome.verdict is not None else None
    comments = [one.comment for one in standing.comments if one.reviewer == review.reviewer]
    return {
        "reviewer": review.reviewer,
        "at": review.at.isoformat(),
        "decision": "accept" if review.label == said else "overrule",
        "said": said,
        "comment": "\n".join(comments),
    }


def _reference(source: str, files: Mapping[str, str]) -> str:
    """A reference by its name in the store, which says nothing of the machine it lay on."""
    named = [name for name in files if source == name or source.endswith(f"/{name}")]
    return max(named, key=len) if named else _base_name(source)


def _base_name(source: str) -> str:
    return source if "://" in source or source == "-" else Path(source).name
