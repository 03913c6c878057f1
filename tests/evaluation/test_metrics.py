from __future__ import annotations

from typing import get_args

import pytest

from eval.metrics import (
    CLASSES,
    GOLDS,
    LABELS,
    MEANINGS,
    PRIMARY,
    base_of,
    is_of_labels,
    meaning_of,
    rates,
    right,
    says,
)
from eval.records import Scheme, TaskName


def test_a_label_is_right_where_it_is_the_gold_or_denies_support_of_what_is_not_supported() -> None:
    assert {(gold, label) for gold in GOLDS for label in LABELS if right(gold, label)} == {
        ("supported", "supported"),
        ("contradicted", "contradicted"),
        ("unverifiable", "unverifiable"),
        ("not_supported", "contradicted"),
        ("not_supported", "unverifiable"),
    }


def test_only_of_binary_data_two_labels_are_one_class() -> None:
    assert [says(label, "binary") for label in LABELS] == ["supported", "not_supported", "not_supported"]
    assert [says(label, "two") for label in LABELS] == list(LABELS)


def test_false_supported_counts_every_gold_but_supported() -> None:
    rate = rates("three")["false_supported"]
    assert [gold for gold in GOLDS if rate.of(gold, "supported")] == ["contradicted", "unverifiable", "not_supported"]
    assert [label for label in LABELS if rate.hit("contradicted", label)] == ["supported"]


def test_a_claim_that_is_merely_not_supported_may_be_called_contradicted() -> None:
    rate = rates("binary")["false_contradicted"]
    assert [gold for gold in GOLDS if rate.of(gold, "contradicted")] == ["supported", "unverifiable"]


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_every_class_of_a_scheme_has_precision_and_recall(scheme: Scheme) -> None:
    named = {name for name in rates(scheme) if "[" in name}
    assert named == {f"{what}[{gold}]" for what in ("precision", "recall") for gold in CLASSES[scheme]}


def test_several_schemes_together_have_only_rates_that_mean_something_in_each() -> None:
    assert set(rates(None)) == {
        "false_supported",
        "accuracy",
        "false_contradicted",
        "coverage",
        "accuracy_answered",
        "precision[supported]",
        "recall[supported]",
    }


def test_every_rate_and_every_primary_metric_has_a_meaning() -> None:
    for metric in [*PRIMARY.values(), *(name for scheme in get_args(Scheme) for name in rates(scheme))]:
        assert meaning_of(metric) is MEANINGS[base_of(metric)]
    assert PRIMARY.keys() == set(get_args(TaskName))


def test_a_metric_that_nobody_explained_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'charm@5\[dense\]' has no meaning: say in eval/metrics.py"):
        meaning_of("charm@5[dense]")


def test_less_is_better_of_what_should_not_happen() -> None:
    lower = {name for name, meaning in MEANINGS.items() if meaning.better == "lower"}
    assert {"false_supported", "false_contradicted", "attack_success", "ece", "brier", "failed"} <= lower
    assert not {"accuracy", "macro_f1", "recall", "verbatim", "coverage"} & lower


def test_recall_of_documents_is_not_taken_for_recall_of_a_label() -> None:
    assert is_of_labels("recall[supported]")
    assert not is_of_labels("recall@5")
    assert not is_of_labels("recall@5[dense]")
