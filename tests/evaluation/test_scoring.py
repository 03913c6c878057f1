from __future__ import annotations

import random
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_score, recall_score

from eval.metrics import CLASSES
from eval.records import Bin, CurvePoint, Metric, SampleResult, Scheme, Score, Table, TaskName
from eval.scoring import calibration_of, conclusion_of, curve_of, tables_of
from factcheck.models import Label
from tests.evaluation.outcomes import dataset, failed, outcome, scored

LABELS = get_args(Label)


def tables(
    samples: Sequence[SampleResult], *, task: TaskName = "verdict", scheme: Scheme = "three"
) -> dict[str, Table]:
    """The engine's tables by scope."""
    made = tables_of(task, samples, [dataset(samples, scheme=scheme)])
    return {table.scope: table for table in made if table.system == "engine"}


def numbers(table: Table) -> dict[str, float | None]:
    return {metric.name: metric.value for metric in table.metrics}


def values(samples: Sequence[SampleResult], scheme: Scheme = "three") -> dict[str, float | None]:
    return numbers(tables(samples, scheme=scheme)["all"])


def answers(scheme: Scheme) -> st.SearchStrategy[list[SampleResult]]:
    pair = st.tuples(st.integers(0, 4), st.sampled_from(CLASSES[scheme]), st.sampled_from(LABELS))
    return st.lists(pair, min_size=1, max_size=30).map(
        lambda pairs: [outcome(f"{about}-{n:02}", gold, said) for n, (about, gold, said) in enumerate(pairs)]
    )


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_label_metrics_are_those_of_scikit_learn(scheme: Scheme) -> None:
    @settings(max_examples=40, deadline=None)
    @given(answers(scheme))
    def check(samples: list[SampleResult]) -> None:
        found = values(samples, scheme)
        golds = [sample.gold for sample in samples]
        said = [str(sample.label) for sample in samples]
        if scheme == "binary":
            said = [label if label == "supported" else "not_supported" for label in said]
        present = [name for name in CLASSES[scheme] if name in golds]
        for name in present:
            assert found[f"recall[{name}]"] == pytest.approx(_of(recall_score, golds, said, [name]), abs=1e-6)
            if name in said:
                assert found[f"precision[{name}]"] == pytest.approx(_of(precision_score, golds, said, [name]), abs=1e-6)
        if len(present) > 1:
            assert found["macro_f1"] == pytest.approx(_of(f1_score, golds, said, present), abs=1e-6)
            assert found["balanced_accuracy"] == pytest.approx(_of(recall_score, golds, said, present), abs=1e-6)
            if set(said) <= set(golds):
                assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(golds, said), abs=1e-6)
        else:
            assert "macro_f1" not in found

    check()


def _of(score: object, golds: object, said: object, labels: Sequence[str]) -> float:
    assert callable(score)
    return float(score(golds, said, labels=labels, average="macro", zero_division=0))


def test_rates_count_what_they_say() -> None:
    samples = [
        outcome("a-1", "supported", "supported"),
        outcome("a-2", "supported", "contradicted"),
        outcome("a-3", "supported", "unverifiable"),
        outcome("b-1", "contradicted", "supported"),
        outcome("b-2", "contradicted", "contradicted"),
        outcome("b-3", "unverifiable", "supported"),
        outcome("b-4", "unverifiable", "unverifiable"),
        outcome("b-5", "unverifiable", "contradicted"),
    ]
    found = values(samples)
    assert {name: found[name] for name in found if "[" not in name} == {
        "false_supported": 0.4,  # of 5
        "macro_f1": pytest.approx((2 * 1 / 6 + 2 * 1 / 5 + 2 * 1 / 5) / 3, abs=1e-6),
        "balanced_accuracy": pytest.approx((1 / 3 + 1 / 2 + 1 / 3) / 3, abs=1e-6),
        "accuracy": 0.375,
        "contradicted_supported": 0.5,
        "false_contradicted": pytest.approx(2 / 6, abs=1e-6),
        "coverage": 0.75,
        "accuracy_answered": pytest.approx(2 / 6, abs=1e-6),
        "failed": 0,
    }


def test_false_supported_comes_first_with_its_n_its_documents_and_an_interval() -> None:
    samples = [
        outcome(f"{about}-{n}", "contradicted", "supported" if n < about % 3 else "contradicted")
        for about in range(12)
        for n in range(4)
    ]
    first = tables(samples)["all"].metrics[0]
    assert first == Metric(
        name="false_supported", value=0.25, low=first.low, high=first.high, n=48, documents=12, better="lower"
    )
    assert first.low is not None
    assert first.high is not None
    assert 0.1 < first.low < 0.25 < first.high < 0.4


def test_an_answer_unverifiable_is_a_miss_where_data_know_no_such_class() -> None:
    samples = [outcome("a-1", "supported", "supported"), outcome("a-2", "contradicted", "unverifiable")]
    found = values(samples, "two")
    assert (found["accuracy"], found["macro_f1"], found["coverage"]) == (0.5, 0.5, 0.5)
    assert "recall[unverifiable]" not in found


@given(answers("three"), st.integers(0, 5))
@settings(max_examples=20, deadline=None)
def test_failures_change_no_number_but_their_own(samples: list[SampleResult], many: int) -> None:
    lost = [failed(f"{n}-failed", "contradicted", kind="number") for n in range(many)]
    without, with_them = tables(samples)["all"], tables([*samples, *lost])["all"]
    assert with_them.metrics[:-1] == without.metrics[:-1]
    assert with_them.confusion == without.confusion
    last = with_them.metrics[-1]
    assert (last.name, last.value, last.n) == ("failed", round(many / (many + len(samples)), 6), many + len(samples))


@given(answers("three"), st.randoms())
@settings(max_examples=15, deadline=None)
def test_the_order_of_samples_changes_nothing(samples: list[SampleResult], chance: random.Random) -> None:
    mixed = chance.sample(samples, len(samples))
    assert tables_of("verdict", mixed, [dataset(mixed)]) == tables_of("verdict", samples, [dataset(samples)])


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_a_perfect_engine_is_right_everywhere(scheme: Scheme) -> None:
    samples = [
        outcome(f"{about}-{gold}", gold, "unverifiable" if gold == "not_supported" else gold)
        for about in range(9)
        for gold in CLASSES[scheme]
    ]
    found = values(samples, scheme)
    bad = {"false_supported", "false_contradicted", "contradicted_supported", "failed"}
    assert {name: found[name] for name in found if name != "coverage"} == {
        name: 0.0 if name in bad else 1.0 for name in found if name != "coverage"
    }


def test_every_real_part_is_a_scope_and_a_part_that_is_the_whole_is_none() -> None:
    samples = [
        outcome("a-1", "supported", "supported", kind="number"),
        outcome("a-2", "supported", "supported", kind="number", language="de"),
        outcome("a-3", "supported", "supported", kind="date"),
        outcome("a-4", "supported", "supported", dataset="fever"),
    ]
    made = tables_of("verdict", samples, [dataset(samples), dataset(samples, name="fever")])
    assert [table.scope for table in made] == [
        "all",
        "dataset:fever",
        "dataset:own",
        "language:de",
        "language:en",
        "kind:date",
        "kind:number",
        "kind:number:de",
        "kind:number:en",
    ]


def test_schemes_are_pooled_only_for_what_means_something_in_each() -> None:
    samples = [outcome(f"{n}-1", "supported", "supported") for n in range(4)]
    samples += [outcome(f"{n}-2", "unverifiable", "supported") for n in range(4)]
    samples += [outcome(f"{n}-3", "not_supported", "contradicted", dataset="wice") for n in range(4)]
    samples += [outcome(f"{n}-4", "supported", "supported", dataset="wice") for n in range(4)]
    made = tables_of("verdict", samples, [dataset(samples), dataset(samples, name="wice", scheme="binary")])
    found = {table.scope: numbers(table) for table in made}
    assert "macro_f1" not in found["all"]
    assert found["all"]["false_supported"] == 0.5
    assert found["all"]["accuracy"] == 0.75
    assert found["scheme:three"]["macro_f1"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["scheme:binary"]["macro_f1"] == 1
    assert made[0].confusion == {
        "supported": {"supported": 8, "contradicted": 0, "unverifiable": 0},
        "unverifiable": {"supported": 4, "contradicted": 0, "unverifiable": 0},
        "not_supported": {"supported": 0, "contradicted": 4, "unverifiable": 0},
    }


def test_the_matrix_has_every_class_even_where_nothing_was_said() -> None:
    assert tables([outcome("a-1", "supported", "contradicted")])["all"].confusion == {
        "supported": {"supported": 0, "contradicted": 1, "unverifiable": 0},
        "contradicted": {"supported": 0, "contradicted": 0, "unverifiable": 0},
        "unverifiable": {"supported": 0, "contradicted": 0, "unverifiable": 0},
    }


def test_baselines_stand_beside_the_engine_on_the_samples_it_did_not_fail() -> None:
    samples = [
        outcome("a-1", "supported", "supported", baselines={"majority": "contradicted", "word_overlap": "supported"}),
        outcome(
            "a-2", "contradicted", "supported", baselines={"majority": "contradicted", "word_overlap": "supported"}
        ),
        failed("a-3", "contradicted", baselines={"majority": "contradicted", "word_overlap": "supported"}),
    ]
    made = tables_of("verdict", samples, [dataset(samples)])
    assert [(table.scope, table.system, numbers(table)["accuracy"]) for table in made] == [
        ("all", "engine", 0.5),
        ("all", "majority", 0.5),
        ("all", "word_overlap", 0.5),
    ]
    assert "failed" not in numbers(made[1])
    assert made[1].confusion is not None
    assert made[1].confusion["contradicted"]["contradicted"] == 1


def test_groups_are_right_only_as_a_whole_and_count_only_whole() -> None:
    samples = [
        outcome("a-1", "supported", "supported", group="right"),
        outcome("a-2", "contradicted", "contradicted", group="right"),
        outcome("b-1", "supported", "supported", group="half"),
        outcome("b-2", "contradicted", "supported", group="half"),
        outcome("c-1", "supported", "supported", group="failed"),
        failed("c-2", "contradicted", group="failed"),
        outcome("d-1", "supported", "supported", group="alone"),
        outcome("d-2", "supported", "supported"),
    ]
    found = {metric.name: metric for metric in tables(samples, task="contrast")["all"].metrics}["groups_right"]
    assert (found.value, found.n, found.documents) == (0.5, 2, 2)


def test_a_group_counts_in_no_part_that_holds_some_of_it() -> None:
    samples = [
        outcome("a-1", "supported", "supported", group="g", kind="unchanged"),
        outcome("a-2", "contradicted", "contradicted", group="g", kind="number"),
        outcome("a-3", "contradicted", "contradicted", group="g", kind="number"),
    ]
    made = tables(samples, task="contrast")
    assert numbers(made["all"])["groups_right"] == 1
    assert "groups_right" not in numbers(made["kind:number"])


def test_a_score_is_the_sum_of_hits_by_the_sum_of_of() -> None:
    samples = [
        outcome("a-1", scores={"element_recall": Score(hits=1, of=4), "anchored": Score(hits=1)}),
        outcome("b-1", scores={"element_recall": Score(hits=2, of=2)}),
        failed("b-2"),
    ]
    table = tables(samples, task="split")["all"]
    assert [(metric.name, metric.value, metric.n, metric.documents) for metric in table.metrics] == [
        ("element_recall", 0.5, 6, 2),
        ("anchored", 1.0, 1, 1),
        ("failed", pytest.approx(1 / 3, abs=1e-6), 3, 2),
    ]
    assert table.confusion is None


def test_an_unknown_score_or_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="'charm' has no meaning"):
        tables([scored("a-1", {"charm": 1})])
    with pytest.raises(ValueError, match="samples of data sets that the result does not name: fever"):
        tables([outcome("a-1", "supported", "supported", dataset="fever")])


def test_of_failures_alone_nothing_else_is_counted() -> None:
    assert values([failed("a-1"), failed("b-1")]) == {"failed": 1}


def _sure(*answers: tuple[Label, float, bool]) -> list[SampleResult]:
    wrong: dict[Label, Label] = {
        "supported": "contradicted",
        "contradicted": "supported",
        "unverifiable": "supported",
    }
    return [
        outcome(f"{n}-1", said if hit else wrong[said], said, confidence=confidence)
        for n, (said, confidence, hit) in enumerate(answers)
    ]


def test_the_reliability_diagram_bins_confidence_and_counts_who_was_right() -> None:
    samples = _sure(
        ("supported", 0.95, True),
        ("contradicted", 1.0, True),
        ("unverifiable", 0.92, False),
        ("supported", 0.31, False),
    )
    samples += [outcome("x-1", "supported", "supported"), failed("y-1", "supported")]
    assert calibration_of(samples) == (
        Bin(low=0.3, high=0.4, n=1, confidence=0.31, accuracy=0),
        Bin(
            low=0.9,
            high=1.0,
            n=3,
            confidence=0.956667,
            accuracy=0.666667,
        ),
    )
    found = values(samples)
    assert found["ece"] == pytest.approx((0.31 + abs(2 - 2.87)) / 4, abs=1e-6)
    assert found["brier"] == pytest.approx((0.05**2 + 0 + 0.92**2 + 0.31**2) / 4, abs=1e-6)


def test_the_curve_drops_the_least_sure_answers_first_and_never_counts_abstentions_as_answers() -> None:
    samples = _sure(
        ("supported", 0.9, True),
        ("contradicted", 0.6, False),
        ("supported", 0.6, True),
        ("unverifiable", 0.99, True),
    )
    assert curve_of(samples) == (
        CurvePoint(confidence=0.6, coverage=0.75, accuracy=0.666667),
        CurvePoint(confidence=0.9, coverage=0.25, accuracy=1),
    )


def test_an_engine_without_confidence_has_a_single_point() -> None:
    samples = [
        outcome("a-1", "supported", "supported"),
        outcome("a-2", "contradicted", "supported", confidence=0.8),
        outcome("a-3", "supported", "unverifiable"),
        failed("a-4", "supported"),
    ]
    assert curve_of(samples) == (CurvePoint(confidence=0, coverage=0.666667, accuracy=0.5),)
    assert calibration_of([samples[0]]) == ()
    assert curve_of([samples[2]]) == ()


def test_the_curve_of_many_answers_has_a_hundred_points_with_both_ends() -> None:
    curve = curve_of(_sure(*[("supported", n / 1000, n % 2 == 0) for n in range(1000)]))
    assert len(curve) == 100
    assert (curve[0].coverage, curve[-1].coverage) == (1, 0.001)
    assert [point.confidence for point in curve] == sorted(point.confidence for point in curve)


def _of_verdicts() -> list[SampleResult]:
    baselines = {"majority": "supported", "claim_only": "unverifiable"}
    right: tuple[Label, ...] = ("supported", "contradicted")
    samples = [outcome(f"{n:02}-{label}", label, label, baselines=baselines) for n in range(20) for label in right]
    missed = outcome("19-x", "contradicted", "supported", baselines=baselines)
    return [*samples[:-1], missed, failed("19-y", "contradicted")]


def test_the_conclusion_says_false_supported_first_then_the_task_s_metric_its_rival_and_the_failures() -> None:
    samples = _of_verdicts()
    said = conclusion_of("verdict", tables_of("verdict", samples, [dataset(samples)]), 1)
    assert said == (
        "Of 20 claims that their evidence does not support, 1 (5.0 %, 95 % interval 0.0 % to 20.0 %) were labelled "
        "supported; it labelled 100.0 % of 40 claims supported or contradicted, 97.5 % of these rightly; "
        "macro-F1 is 0.975, 95 % interval 0.899 to 1.000 (n = 40, 20 documents); all of that interval lies "
        "above the best trivial baseline (the majority label, 0.333); 1 failed and is not scored."
    )


def test_the_conclusion_tells_an_engine_that_abstains_from_one_that_is_right() -> None:
    samples = [outcome(f"{n}-{gold}", gold, "unverifiable") for n in range(8) for gold in CLASSES["three"]]
    said = conclusion_of("verdict", tables_of("verdict", samples, [dataset(samples)]), 0)
    assert said.startswith("Of 16 claims that their evidence does not support, 0 (0.0 %, 95 % interval 0.0 % to ")
    assert "; it labelled 0.0 % of 24 claims supported or contradicted; macro-F1 is 0.167" in said


def test_the_conclusion_of_a_score_task_names_its_metric() -> None:
    samples = [scored(f"{about}-1", {"recall@5": about % 2, "recall@1": 0.0}) for about in range(10)]
    said = conclusion_of("retrieve", tables_of("retrieve", samples, [dataset(samples)]), 0)
    assert said.startswith("Recall@5 is 0.500, 95 % interval 0.")
    assert said.endswith("(n = 10, 10 documents); no sample failed.")


def test_a_run_that_scored_nothing_says_so() -> None:
    samples = [failed("a-1", "supported"), failed("a-2", "supported")]
    said = conclusion_of("verdict", tables_of("verdict", samples, [dataset(samples)]), 2)
    assert said == "Nothing was scored; 2 failed and are not scored."
