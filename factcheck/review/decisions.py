"""What the form of the page asks for, as a line of the file of decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, get_args

from pydantic import ValidationError

from factcheck.models import Label, Outcome
from factcheck.review.problems import Problem, Refused
from factcheck.reviews import Review

LABELS: Final = get_args(Label)
_SAID: Final = {"accept": "accepted", "comment": "commented on", "overrule": "overruled to"}


def requested(form: Mapping[str, str], outcome: Outcome, *, digest: str, reviewer: str) -> Review:
    """The decision that was asked for: ``accept``, a label, ``comment`` or ``undo``. Raises Refused."""
    asked = form.get("decision", "")
    said = outcome.verdict.label if outcome.verdict is not None else None
    label = said if asked == "accept" else asked if asked in LABELS else None
    if asked == "accept" and said is None:
        raise _bad("The check of this claim failed: there is no verdict to accept. Choose a label instead.")
    if asked not in ("accept", "comment", "undo") and label is None:
        raise _bad("The page asked for something unknown. Reload it and try again.")
    decision = ("accept" if label == said else "overrule") if label is not None else asked
    comment = "" if asked == "undo" else form.get("comment", "").strip()
    if asked == "comment" and not comment:
        raise _bad("There is no comment to save: write one first.")
    try:
        return Review.model_validate(
            {
                "claim": outcome.claim.id,
                "decision": decision,
                "label": label,
                "said": said,
                "comment": comment.replace("\r\n", "\n"),
                "reviewer": reviewer,
                "at": datetime.now(UTC),
                "report": digest,
            }
        )
    except ValidationError:
        raise _bad("The comment is too long: 10,000 characters at most.") from None


def taken_back_by(review: Review, lines: Iterable[Review]) -> Review | None:
    """The reviewer's line that this undo takes back; None where it is no undo. Raises Refused where there is none."""
    if review.decision != "undo":
        return None
    own = [line for line in lines if line.claim == review.claim]
    if not own:
        raise _bad("There is nothing of yours to take back for this claim.")
    return own[-1]


def _bad(advice: str) -> Refused:
    return Refused(Problem(400, "Not saved", advice))


def standing_lines(reviews: Iterable[Review], reviewer: str) -> list[Review]:
    """What this reviewer said and did not take back, oldest first: an undo would take back the last one of a claim."""
    lines: list[Review] = []
    for review in reviews:
        if review.reviewer != reviewer:
            continue
        if review.decision != "undo":
            lines.append(review)
            continue
        newest = next((i for i in reversed(range(len(lines))) if lines[i].claim == review.claim), None)
        if newest is not None:
            del lines[newest]
    return lines


def told(review: Review) -> str:
    """``accepted``, ``overruled to supported``, ``commented on``"""
    return _SAID[review.decision] + (f" {review.label}" if review.decision == "overrule" else "")


def saved_line(review: Review, number: int, taken_back: Review | None) -> str:
    """What the page says once the line is on the disk."""
    if taken_back is not None:
        return f"Taken back: claim {number} is no longer {told(taken_back)} by you."
    return f"Saved: claim {number} {told(review)}."
