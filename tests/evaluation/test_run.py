"""A run: once or several times over the same samples, with its baselines and all it takes to repeat it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.datasets.choosing import Wanted, limited
from eval.records import SampleResult, Score
from eval.run import agreement_of, commit_of, merged
from factcheck.errors import ModelError
from factcheck.models import Claim, Evidence, Failure, Label, RejectedQuote
from factcheck.protocols import Judgement
from tests.evaluation.engines import judged_by, measured
from tests.evaluation.folders import write_own_like

FAILED = Failure(stage="judge", code="timeout", message="no answer")


def said(label: Label | None, **more: object) -> SampleResult:
    plain = SampleResult(id="1", dataset="x", about="a", language="en", gold="supported", label=label)
    return plain.model_copy(update=more)


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    return Wanted(write_own_like(tmp_path / "mine"))


def test_a_result_holds_every_sample_its_baselines_and_its_provenance(wanted: Wanted) -> None:
    result = measured("verdict", wanted)
    assert [sample.label for sample in result.samples] == [sample.gold for sample in result.samples]
    assert all(set(sample.baselines) == {"majority", "claim_only", "word_overlap"} for sample in result.samples)
    made = result.provenance
    assert (made.engine, made.answered_by, made.runs, made.seed) == ("local", "the local engine", 1, 20251021)
    assert made.weights["minilm/model.onnx"]
    assert result.tables[0].metrics[0].name == "false_supported"
    assert result.agreement is None


def test_the_same_run_gives_the_same_numbers_and_the_same_samples(wanted: Wanted) -> None:
    one, other = (measured("verdict", wanted) for _ in range(2))
    assert (one.samples, one.tables, one.conclusion) == (other.samples, other.tables, other.conclusion)


@dataclass
class Wavering:
    """A judge that says something else each time a claim comes up again."""

    answers: Sequence[Label | None]
    seen: dict[str, int] = field(default_factory=dict)

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        turn = self.seen[claim.text] = self.seen.get(claim.text, -1) + 1
        if self.answers[turn] is None:
            raise ModelError("timeout", "no answer")
        return Judgement("unverifiable", "insufficient" if turn else "ambiguous_claim", f"Turn {turn}.")


def test_three_runs_ask_three_times_and_report_how_far_they_agree(wanted: Wanted) -> None:
    judge = Wavering(["unverifiable"] * 3)
    result = measured("verdict", wanted, judged_by(judge), runs=3)
    assert set(judge.seen.values()) == {2}
    assert (result.agreement, result.provenance.runs) == (1.0, 3)
    assert {sample.labels for sample in result.samples} == {("unverifiable",) * 3}


def test_what_tasks_share_is_asked_once_and_each_of_several_runs_asks_anew(wanted: Wanted) -> None:
    judge, known = Wavering(["unverifiable"] * 3), {}  # type: ignore[var-annotated]
    first = measured("end-to-end", wanted, judged_by(judge), known=known)
    second = measured("citations", wanted, judged_by(judge), known=known)
    assert set(judge.seen.values()) == {0}
    assert [sample.said for sample in first.samples] == [sample.said for sample in second.samples]
    measured("end-to-end", wanted, judged_by(judge), known=known, runs=2)
    assert set(judge.seen.values()) == {2}


def test_a_run_that_failed_is_no_voice_and_most_runs_failing_is_a_failure(wanted: Wanted) -> None:
    one = measured("verdict", wanted, judged_by(Wavering(["unverifiable", None, "unverifiable"])), runs=3)
    assert {(sample.label, sample.labels) for sample in one.samples} == {
        ("unverifiable", ("unverifiable", None, "unverifiable"))
    }
    assert one.agreement == 0.0
    two = measured("verdict", wanted, judged_by(Wavering([None, "unverifiable", None])), runs=3)
    assert {sample.failure.code for sample in two.samples if sample.failure} == {"timeout"}
    assert {sample.label for sample in two.samples} == {None}


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (("supported", "supported", "contradicted"), "supported"),
        (("supported", "contradicted"), "unverifiable"),
        (("supported", "contradicted", "unverifiable"), "unverifiable"),
        (("contradicted",), "contradicted"),
    ],
)
def test_the_label_is_that_of_most_runs_and_a_tie_is_unverifiable(labels: Sequence[Label], label: Label) -> None:
    found = merged([said(one) for one in labels])
    assert (found.label, found.labels) == (label, tuple(labels))


def test_scores_and_confidence_are_means_and_the_words_are_those_of_the_majority() -> None:
    found = merged(
        [
            said("supported", confidence=0.9, said="a", scores={"recall": Score(hits=1), "mrr": Score(hits=0.5)}),
            said("contradicted", confidence=0.1, said="b", scores={"recall": Score(hits=0)}),
            said("supported", confidence=0.7, said="c", scores={"recall": Score(hits=1)}),
        ]
    )
    assert found.confidence == pytest.approx(0.8)
    assert found.said == "a"
    assert found.scores["recall"].hits == pytest.approx(2 / 3)
    assert found.scores["mrr"] == Score(hits=0.5)


def test_two_runs_of_which_one_failed_are_a_failure() -> None:
    found = merged([said("supported"), said(None, failure=FAILED)])
    assert (found.failure, found.label, found.scores) == (FAILED, None, {})
    assert agreement_of([found]) == 0.0


@given(st.lists(st.sampled_from("abcdefgh"), max_size=40), st.integers(1, 50))
def test_a_draw_keeps_its_order_and_tears_at_most_the_last_thing(names: list[str], limit: int) -> None:
    items = list(enumerate(names))
    drawn = limited(items, limit, lambda item: item[1])
    assert len(drawn) == min(limit, len(items))
    assert list(drawn) == sorted(drawn)
    torn = {name for _, name in drawn if sum(n == name for _, n in drawn) < names.count(name)}
    assert len(torn) <= 1


def test_the_commit_is_that_of_the_tree_and_says_where_it_was_changed(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None

    def git(*words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    git("init", "-q")
    assert commit_of(tmp_path) is None
    (tmp_path / "a").write_text("1", encoding="utf-8")
    git("add", "a")
    git("commit", "-q", "-m", "one")
    clean = commit_of(tmp_path)
    assert clean is not None
    assert len(clean) == 40
    (tmp_path / "a").write_text("2", encoding="utf-8")
    assert commit_of(tmp_path) == f"{clean}+"
