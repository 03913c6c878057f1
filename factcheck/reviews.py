"""What people decided about verdicts: lines of a file beside the report, appended, never rewritten.

``<report>.reviews.jsonl`` holds one ``Review`` a line. What a reviewer thinks of a claim is their newest line for it
that was not taken back; what stands for all of them is worked out when it is read, never stored.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from factcheck.errors import ConfigError
from factcheck.models import Label, Record, Report, Text

Decision = Literal["accept", "overrule", "comment", "undo"]
SUFFIX = ".reviews.jsonl"


class Review(Record):
    """One decision of one reviewer about one claim.

    ``accept`` and ``overrule`` give the label that is right in the reviewer's eyes; ``comment`` only says something;
    ``undo`` takes back the reviewer's newest line for this claim that still counts.
    """

    claim: str
    decision: Decision
    label: Label | None = None
    said: Label | None = None  # the engine's label; None where the check of the claim failed
    comment: Text = Field("", max_length=10_000)
    reviewer: Text = Field(min_length=1, max_length=200)
    at: datetime
    report: str  # sha256 of the report file's bytes, 64 hex digits

    @model_validator(mode="after")
    def _a_decision_has_its_label(self) -> Self:
        if (self.decision in ("accept", "overrule")) != (self.label is not None):
            raise ValueError("accept and overrule give a label, comment and undo give none")
        if self.decision == "accept" and self.label != self.said:
            raise ValueError("accept gives the label that the engine gave")
        if self.decision == "comment" and not self.comment.strip():
            raise ValueError("a comment says something")
        return self


@dataclass(frozen=True)
class Standing:
    """What counts for one claim: each reviewer's decision, oldest first, and every comment that was not taken back."""

    decisions: tuple[Review, ...]
    comments: tuple[Review, ...]

    @property
    def label(self) -> Label | None:
        """The label all reviewers who decided agree on; None where nobody did, or they differ."""
        labels = {review.label for review in self.decisions}
        return next(iter(labels)) if len(labels) == 1 else None

    @property
    def disputed(self) -> bool:
        return len({review.label for review in self.decisions}) > 1


@dataclass(frozen=True)
class ReviewFile:
    """The decisions found beside a report. ``stale`` ones belong to another version of it and count for nothing;
    ``damaged`` are lines that are none (a write that was cut off).
    """

    reviews: tuple[Review, ...] = ()
    stale: int = 0
    damaged: int = 0


def reviews_path(report: Path) -> Path:
    """``report.json`` -> ``report.json.reviews.jsonl``"""
    return report.with_name(report.name + SUFFIX)


def report_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_reviews(report: Path, digest: str) -> ReviewFile:
    """The decisions beside ``report``, whose bytes have this digest. Raises ConfigError where they cannot be read."""
    path = reviews_path(report)
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return ReviewFile()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    found: list[Review] = []
    damaged = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            found.append(Review.model_validate_json(line))
        except ValidationError:
            damaged += 1
    fresh = tuple(review for review in found if review.report == digest)
    return ReviewFile(fresh, stale=len(found) - len(fresh), damaged=damaged)


def append_review(report: Path, review: Review) -> None:
    """Adds the line and returns once it is on the disk. A line that was cut off earlier is ended first.

    Raises ConfigError where it cannot be written; the file then ends as it did before, or in a cut line.
    """
    path = reviews_path(report)
    line = review.model_dump_json().encode() + b"\n"
    try:
        is_new = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                line = b"\n" + line
            written = os.write(handle, line)
            if written != len(line):
                raise OSError(28, "only a part could be written")
            os.fsync(handle)
        finally:
            os.close(handle)
        if is_new:
            _sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(f"{path}: the decision was not saved ({error.strerror or error})") from error


def _sync_folder(folder: Path) -> None:
    """A new file's name is on the disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def standings(reviews: Iterable[Review]) -> dict[str, Standing]:
    """What counts for each claim that anyone said something about."""
    lines: dict[tuple[str, str], list[Review]] = {}
    for review in reviews:
        own = lines.setdefault((review.claim, review.reviewer), [])
        if review.decision != "undo":
            own.append(review)
        elif own:
            own.pop()
    decided: dict[str, list[Review]] = {}
    comments: dict[str, list[Review]] = {}
    for (claim, _), own in lines.items():
        decisions = [review for review in own if review.label is not None]
        if decisions:
            decided.setdefault(claim, []).append(decisions[-1])
        if said := [review for review in own if review.comment.strip()]:
            comments.setdefault(claim, []).extend(said)
    return {
        claim: Standing(_in_time(decided.get(claim, [])), _in_time(comments.get(claim, [])))
        for claim in {**decided, **comments}
    }


def _in_time(reviews: list[Review]) -> tuple[Review, ...]:
    return tuple(sorted(reviews, key=lambda review: review.at))


def label_of(report: Report, claim: str, standing: Mapping[str, Standing]) -> Label | None:
    """The label that wins for a claim: the reviewers' where they agree, else the engine's; None where it failed."""
    if claim in standing and (label := standing[claim].label) is not None:
        return label
    outcome = next(one for one in report.outcomes if one.claim.id == claim)
    return outcome.verdict.label if outcome.verdict is not None else None


def review_now(report_sha: str, claim: str, said: Label | None, label: Label, reviewer: str, at: datetime) -> Review:
    """An acceptance where the reviewer says what the engine said, else an overruling."""
    return Review(
        claim=claim,
        decision="accept" if label == said else "overrule",
        label=label,
        said=said,
        reviewer=reviewer,
        at=at,
        report=report_sha,
    )
