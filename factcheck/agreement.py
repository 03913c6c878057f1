"""How far reviewers agree with the engine and with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Literal

from factcheck.models import Label

Said = Literal["supported", "contradicted", "unverifiable", "failed"]  # what the engine made of a claim


@dataclass(frozen=True)
class Decided:
    """One reviewer's label for one claim; ``claim`` names it among all reports at hand."""

    claim: tuple[str, str]  # sha256 of the report, id of the claim
    reviewer: str
    label: Label
    said: Said


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of two reviewers over the ``n`` claims both decided; ``value`` is None where it is undefined."""

    reviewers: tuple[str, str]
    n: int
    agreed: int
    value: float | None


def confusion(decisions: Iterable[Decided]) -> Mapping[Said, Counter[Label]]:
    """How often reviewers gave each label, by what the engine had said. A claim counts once for each reviewer."""
    table: dict[Said, Counter[Label]] = {}
    for decision in decisions:
        table.setdefault(decision.said, Counter())[decision.label] += 1
    return table


def cohens_kappa(one: Sequence[Label], other: Sequence[Label]) -> float | None:
    """Agreement of two raters of the same things beyond chance: 1 all, 0 as by chance, less than 0 worse.

    None where it is undefined: nothing was rated, or both gave one and the same label to everything. Raises ValueError
    where they did not rate the same number of things.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} labels against {len(other)}")
    n = len(one)
    if n == 0:
        return None
    observed = Fraction(sum(a == b for a, b in zip(one, other, strict=True)), n)
    mine, theirs = Counter(one), Counter(other)
    expected = sum((Fraction(mine[label] * theirs[label], n * n) for label in mine), Fraction())
    return None if expected == 1 else float((observed - expected) / (1 - expected))


def kappas(decisions: Iterable[Decided]) -> list[Kappa]:
    """For each two reviewers, by name."""
    labels: dict[str, dict[tuple[str, str], Label]] = {}
    for decision in decisions:
        labels.setdefault(decision.reviewer, {})[decision.claim] = decision.label
    return [_kappa((one, other), labels[one], labels[other]) for one, other in combinations(sorted(labels), 2)]


def _kappa(
    reviewers: tuple[str, str], one: Mapping[tuple[str, str], Label], other: Mapping[tuple[str, str], Label]
) -> Kappa:
    both = [claim for claim in one if claim in other]
    mine, theirs = [one[claim] for claim in both], [other[claim] for claim in both]
    agreed = sum(a == b for a, b in zip(mine, theirs, strict=True))
    return Kappa(reviewers, len(both), agreed, cohens_kappa(mine, theirs))
