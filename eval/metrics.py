"""What the numbers of an evaluation are called, which way each is better, and what it counts.

A rate counts answers that ``hit`` among those it is a share ``of``, both said of a (gold, label) pair; so every rate is
a function of the gold x said matrix. Classes are those of the data set's scheme: three labels; two, where an answer
``unverifiable`` is a miss and no class; or binary, where ``contradicted`` and ``unverifiable`` both say not supported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from eval.records import Direction, Gold, Scheme, TaskName
from factcheck.models import Label

GOLDS: tuple[Gold, ...] = get_args(Gold)
LABELS: tuple[Label, ...] = get_args(Label)
CLASSES: dict[Scheme, tuple[Gold, ...]] = {
    "three": ("supported", "contradicted", "unverifiable"),
    "two": ("supported", "contradicted"),
    "binary": ("supported", "not_supported"),
}


def right(gold: Gold, label: Label) -> bool:
    """Whether the label is what the gold says; of a claim known to be not supported either other label is right."""
    return label != "supported" if gold == "not_supported" else label == gold


def says(label: Label, scheme: Scheme) -> Gold:
    """The class of the scheme that a label stands for."""
    return "not_supported" if scheme == "binary" and label != "supported" else label


@dataclass(frozen=True)
class Rate:
    """``hit`` is asked only of pairs that ``of`` takes."""

    of: Callable[[Gold, Label], bool]
    hit: Callable[[Gold, Label], bool]


RATES: dict[str, Rate] = {  # of any scheme, and of several together
    "false_supported": Rate(lambda gold, _: gold != "supported", lambda _, label: label == "supported"),
    "accuracy": Rate(lambda _, __: True, right),
    "false_contradicted": Rate(
        lambda gold, _: gold in ("supported", "unverifiable"), lambda _, label: label == "contradicted"
    ),
    "coverage": Rate(lambda _, __: True, lambda _, label: label != "unverifiable"),
    "accuracy_answered": Rate(lambda _, label: label != "unverifiable", right),
}


def precision(of: Gold, scheme: Scheme) -> Rate:
    """Of the claims labelled ``of``, the share whose gold says so."""
    return Rate(lambda _, label: says(label, scheme) == of, lambda gold, _: gold == of)


def recall(of: Gold, scheme: Scheme) -> Rate:
    """Of the claims whose gold is ``of``, the share labelled so."""
    return Rate(lambda gold, _: gold == of, lambda _, label: says(label, scheme) == of)


def rates(scheme: Scheme | None) -> dict[str, Rate]:
    """The rates that mean something under a scheme; of several schemes together (None) only those that do in each."""
    if scheme is None:
        return RATES | {
            "precision[supported]": precision("supported", "two"),
            "recall[supported]": recall("supported", "two"),
        }
    found = dict(RATES)
    if scheme == "three":
        found["contradicted_supported"] = Rate(
            lambda gold, _: gold == "contradicted", lambda _, label: label == "supported"
        )
    for name in CLASSES[scheme]:
        found[f"precision[{name}]"] = precision(name, scheme)
        found[f"recall[{name}]"] = recall(name, scheme)
    return found


def is_of_labels(metric: str) -> bool:
    """Whether a metric comes of gold and said labels, and not of what a task scored."""
    return metric in _OF_LABELS or metric.startswith(("precision[", "recall["))


_OF_LABELS = frozenset({*RATES, "contradicted_supported", "macro_f1", "balanced_accuracy", "groups_right"})


@dataclass(frozen=True)
class Meaning:
    """``words`` name the metric in a sentence. Where ``guarded``, any loss between two results is a regression."""

    words: str
    better: Direction = "higher"
    guarded: bool = False


MEANINGS: dict[str, Meaning] = {  # by the name before "@" and "[", in the order of a table
    "false_supported": Meaning("false-supported rate", "lower"),
    "attack_success": Meaning("attacks that moved the label to their target", "lower", guarded=True),
    "canary_leaked": Meaning("planted words that came out", "lower", guarded=True),
    "verbatim": Meaning("quotes found verbatim in their source", guarded=True),
    "ended_once": Meaning("sentences with exactly one end", guarded=True),
    "macro_f1": Meaning("macro-F1"),
    "balanced_accuracy": Meaning("balanced accuracy"),
    "accuracy": Meaning("accuracy"),
    "contradicted_supported": Meaning("contradicted claims labelled supported", "lower"),
    "false_contradicted": Meaning("false-contradicted rate", "lower"),
    "coverage": Meaning("coverage (labelled supported or contradicted)"),
    "accuracy_answered": Meaning("accuracy where it answers"),
    "groups_right": Meaning("groups wholly right"),
    "precision": Meaning("precision"),
    "recall": Meaning("recall"),
    "found": Meaning("claims with a gold document among the first"),
    "mrr": Meaning("mean reciprocal rank"),
    "ndcg": Meaning("nDCG"),
    "passage_recall": Meaning("gold quotes in the first passages"),
    "passage_mrr": Meaning("mean reciprocal rank of the gold quotes"),
    "shown": Meaning("gold documents shown to the judge"),
    "shown_quotes": Meaning("gold quotes shown to the judge"),
    "citation_recall": Meaning("citation recall"),
    "citation_precision": Meaning("citation precision"),
    "cited": Meaning("labelled claims with a citation"),
    "checkworthy_f1": Meaning("check-worthiness F1"),
    "sentence_coverage": Meaning("sentences with claims that gave one"),
    "checkworthy_precision": Meaning("check-worthiness precision"),
    "checkworthy_recall": Meaning("check-worthiness recall"),
    "excluded_rightly": Meaning("exclusions for the right reason"),
    "element_recall": Meaning("element recall"),
    "element_precision": Meaning("element precision"),
    "claims_kept": Meaning("gold claims kept whole"),
    "needs_told": Meaning("context that a claim needs and has"),
    "stands_alone": Meaning("claims that stand alone"),
    "entailed": Meaning("claims the text bears out"),
    "entailed_by_judge": Meaning("claims the text bears out, says the engine's judge"),
    "anchored": Meaning("claims anchored in their sentence"),
    "anchor_overlap": Meaning("overlap with the gold anchor"),
    "label_changed": Meaning("labels moved by an attack", "lower"),
    "plant_cited": Meaning("verdicts that cite planted words", "lower"),
    "plant_claimed": Meaning("planted sentences taken for claims", "lower"),
    "warned": Meaning("attacks warned of"),
    "false_alarm": Meaning("warnings without an attack", "lower"),
    "sentences_lost": Meaning("sentences lost to an attack", "lower"),
    "brier": Meaning("Brier score", "lower"),
    "ece": Meaning("expected calibration error", "lower"),
    "failed": Meaning("failed", "lower"),
}
PRIMARY: dict[TaskName, str] = {
    "split": "element_recall",
    "retrieve": "recall@5",
    "verdict": "macro_f1",
    "end-to-end": "macro_f1",
    "citations": "citation_recall",
    "attack": "attack_success",
    "contrast": "macro_f1",
}


def meaning_of(metric: str) -> Meaning:
    """What a metric such as ``recall@5[dense]`` means. Raises ValueError where nobody said which way it is better."""
    return MEANINGS[base_of(metric)]


def base_of(metric: str) -> str:
    """The name a metric is registered by: ``recall`` of ``recall@5[dense]``. Raises ValueError where it is not."""
    base = metric.partition("[")[0].partition("@")[0]
    if base not in MEANINGS:
        raise ValueError(f"the metric {metric!r} has no meaning: say in eval/metrics.py which way it is better")
    return base
