"""Decisions beside a report: none that was said to be saved is ever lost, and what counts follows from the lines."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from factcheck.errors import ConfigError
from factcheck.models import Label
from factcheck.reviews import (
    Review,
    append_review,
    label_of,
    read_reviews,
    report_digest,
    review_now,
    reviews_path,
    standings,
)
from tests.report.samples import small_report

DAY = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DIGEST = "a" * 64


def line(
    decision: Literal["accept", "overrule", "comment", "undo"],
    label: Label | None = None,
    *,
    claim: str = "s1.1",
    reviewer: str = "Anna",
    minute: int = 0,
    comment: str = "",
    report: str = DIGEST,
) -> Review:
    said: Label = label if decision == "accept" and label is not None else "unverifiable"
    return Review(
        claim=claim,
        decision=decision,
        label=label,
        said=said,
        comment=comment,
        reviewer=reviewer,
        at=DAY + timedelta(minutes=minute),
        report=report,
    )


LINES = st.builds(
    lambda label, claim, reviewer, minute, comment, kind: line(
        kind if kind in ("comment", "undo") else "overrule" if label != "unverifiable" else "accept",
        None if kind in ("comment", "undo") else label,
        claim=claim,
        reviewer=reviewer,
        minute=minute,
        comment=comment or ("said" if kind == "comment" else ""),
    ),
    st.sampled_from(get_args(Label)),
    st.sampled_from(["s1.1", "s2.1"]),
    st.sampled_from(["Anna", "Jörg 👓"]),
    st.integers(0, 5),
    st.sampled_from(["", "two\nlines", "\u2028 a \x85 b \x1e", "شكرا"]),
    st.sampled_from(["label", "label", "comment", "undo"]),
)


@contextmanager
def report_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "report.json"


def labels(*reviews: Review) -> dict[str, Label | None]:
    return {claim: one.label for claim, one in standings(reviews).items()}


def test_nobody_has_decided_where_there_is_no_file(tmp_path: Path) -> None:
    assert read_reviews(tmp_path / "report.json", DIGEST).reviews == ()


def test_the_newest_decision_of_a_reviewer_counts() -> None:
    assert labels(line("overrule", "supported"), line("overrule", "contradicted", minute=1)) == {"s1.1": "contradicted"}


def test_undo_takes_back_the_newest_line_that_counts_and_then_the_one_before() -> None:
    first, second, undo = line("overrule", "supported"), line("overrule", "contradicted"), line("undo")
    assert labels(first, second, undo) == {"s1.1": "supported"}
    assert labels(first, second, undo, undo) == {}
    assert labels(first, second, undo, undo, undo) == {}
    assert labels(undo, first) == {"s1.1": "supported"}


def test_undo_is_only_ones_own_and_only_for_that_claim() -> None:
    mine, other = line("overrule", "supported"), line("undo", reviewer="Ben")
    assert labels(mine, other, line("undo", claim="s2.1")) == {"s1.1": "supported"}


def test_undo_takes_back_a_comment_and_leaves_the_decision() -> None:
    standing = standings([line("overrule", "supported"), line("comment", comment="look"), line("undo")])["s1.1"]
    assert (standing.label, standing.comments) == ("supported", ())


def test_two_reviewers_count_and_where_they_differ_neither_wins() -> None:
    one, other = line("overrule", "supported"), line("overrule", "contradicted", reviewer="Ben", minute=1)
    standing = standings([other, one])["s1.1"]
    assert (standing.label, standing.disputed, standing.decisions) == (None, True, (one, other))
    agreed = standings([one, other, line("overrule", "supported", reviewer="Ben", minute=2)])["s1.1"]
    assert (agreed.label, agreed.disputed) == ("supported", False)


def test_the_reviewers_label_wins_where_they_agree_and_else_the_engines() -> None:
    report = small_report()
    agreed = standings([line("overrule", "supported")])
    disputed = standings([line("overrule", "supported"), line("accept", "unverifiable", reviewer="Ben")])
    assert label_of(report, "s1.1", agreed) == "supported"
    assert label_of(report, "s1.1", disputed) == label_of(report, "s1.1", {}) == "contradicted"


def test_a_decision_is_an_acceptance_where_it_says_what_the_engine_said() -> None:
    assert review_now(DIGEST, "s1.1", "supported", "supported", "Anna", DAY).decision == "accept"
    assert review_now(DIGEST, "s1.1", None, "supported", "Anna", DAY).decision == "overrule"


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "accept", "label": None},
        {"decision": "undo", "label": "supported"},
        {"decision": "accept", "label": "supported", "said": "contradicted"},
        {"decision": "comment", "label": None, "comment": " \n"},
        {"decision": "overrule", "label": "true"},
        {"reviewer": ""},
        {"unknown": 1},
    ],
)
def test_a_line_that_contradicts_itself_is_none(wrong: dict[str, object]) -> None:
    good = line("overrule", "supported").model_dump()
    with pytest.raises(ValidationError):
        Review.model_validate({**good, **wrong})


@settings(max_examples=25, deadline=None)
@given(st.lists(LINES, max_size=8), st.data())
def test_a_file_cut_anywhere_keeps_every_whole_line_and_goes_on(reviews: list[Review], data: st.DataObject) -> None:
    with report_file() as report:
        for review in reviews:
            append_review(report, review)
        path = reviews_path(report)
        content = path.read_bytes() if reviews else b""
        kept = content[: data.draw(st.integers(0, len(content)))]
        path.write_bytes(kept)
        whole = kept.count(b"\n") + any(kept.endswith(r.model_dump_json().encode()) for r in reviews)
        found = read_reviews(report, DIGEST)
        assert found.reviews == tuple(reviews[:whole])
        assert found.damaged == bool(kept and not kept.endswith((b"\n", b"}")))

        after = line("accept", "unverifiable", claim="s9.1")
        append_review(report, after)
        assert read_reviews(report, DIGEST).reviews == (*reviews[:whole], after)


@given(st.lists(LINES, max_size=20))
def test_what_stands_is_what_each_reviewer_would_say_of_their_own_lines(reviews: list[Review]) -> None:
    found = standings(reviews)
    for claim in ("s1.1", "s2.1"):
        said: dict[str, Label] = {}
        comments = 0
        for reviewer in ("Anna", "Jörg 👓"):
            left: list[Review] = []
            for review in reviews:
                if (review.claim, review.reviewer) == (claim, reviewer):
                    left = left[:-1] if review.decision == "undo" else [*left, review]
            comments += sum(bool(review.comment.strip()) for review in left)
            for review in left:
                if review.label is not None:
                    said[reviewer] = review.label
        standing = found.get(claim)
        assert {r.reviewer: r.label for r in standing.decisions if standing} == said if standing else not said
        assert (len(standing.comments) if standing else 0) == comments


def test_decisions_about_another_version_of_the_report_count_for_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    append_review(report, line("overrule", "supported", report="b" * 64))
    append_review(report, line("overrule", "contradicted"))
    reviews_path(report).open("ab").write(b"no json\n\n \n")
    found = read_reviews(report, DIGEST)
    assert (found.reviews, found.stale, found.damaged) == ((line("overrule", "contradicted"),), 1, 1)


def test_a_decision_that_cannot_be_written_is_said_not_to_be_saved(tmp_path: Path) -> None:
    report = tmp_path / "missing" / "report.json"
    with pytest.raises(ConfigError, match="the decision was not saved"):
        append_review(report, line("undo"))
    (tmp_path / "folder.json.reviews.jsonl").mkdir()
    with pytest.raises(ConfigError, match=r"folder\.json\.reviews\.jsonl"):
        read_reviews(tmp_path / "folder.json", DIGEST)


def test_the_report_itself_is_never_touched(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_bytes(b"{}")
    append_review(report, line("accept", "unverifiable"))
    assert report.read_bytes() == b"{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.json.reviews.jsonl"]
    assert report_digest(b"{}") == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_kills_while_saving_lose_nothing_that_was_acknowledged(tmp_path: Path, kills: int) -> None:
    """Each time a process appends as fast as it can and is killed with SIGKILL, somewhere between two lines of code."""
    report = tmp_path / "report.json"
    chance = random.Random(6)
    acknowledged: list[str] = []
    for kill in range(kills):
        acknowledged += _saved_before_the_kill(report, f"r{kill}", chance.uniform(0, 0.004))
    found = read_reviews(report, DIGEST)
    saved = [review.comment for review in found.reviews]
    assert len(acknowledged) > kills
    assert set(acknowledged) <= set(saved)
    assert len(set(saved)) == len(saved)
    assert len(saved) - len(acknowledged) + found.damaged <= kills  # of each process at most the line under way
    for kill in range(kills):
        own = [comment for comment in saved if comment.startswith(f"r{kill}-")]
        assert own == [f"r{kill}-{n}" for n in range(len(own))]


def _saved_before_the_kill(report: Path, name: str, after: float) -> list[str]:
    """What a process says it saved before it was killed, ``after`` seconds from its first word."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for n in range(100_000):
                append_review(report, line("comment", comment=f"{name}-{n}"))
                os.write(writer, f"{name}-{n}\n".encode())
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as words:
        first = words.readline()
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        said = (first + words.read()).decode().split("\n")
    assert said[-1] == ""
    return said[:-1]
