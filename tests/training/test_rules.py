"""What a rule buys is seen by judging without it: each rule alone keeps a claim from being called supported."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("sklearn", reason="scikit-learn comes with factcheck[eval]")

from factcheck.models import Passage, Span
from factcheck.verdict.local import Finding, Window
from training.rules import NEAR, RULES, is_supported, table

CLAIM = "The museum in Bern sold 52 clocks in May 2019."
DECISION: dict[str, Any] = {
    "supports": {"bias": 0.0, "weights": {"margin": 1.0}, "threshold": 0.9},
    "contradicts": {"bias": 0.0, "weights": {"margin": 1.0}, "threshold": 0.9},
}


def finding(words: str, claim: str = CLAIM, *, near: float = 1.0) -> Finding:
    passage = Passage(
        id="p1", source="a.txt", title="", language="en", published=None, text=words, span=Span(start=0, end=len(words))
    )
    window = Window(passage, Span(start=0, end=len(words)), near)
    return Finding(claim, window, {"supports": 5.0, "contradicts": -5.0})


SAME = finding(CLAIM)
CASES = {
    NEAR: finding(CLAIM, near=0.1),
    "a number or date of the claim that the passage never gives": finding("The museum in Bern sold clocks."),
    "numbers, dates, names, negation that differ": finding(
        "The museum in Bern did not sell clocks.", "The museum in Bern sold clocks."
    ),
    "asks, supposes, denies, talks to a model": finding("Has the museum in Bern sold 52 clocks in May 2019?"),
    "roles, before and after exchanged": finding(
        "Basel defeated Bern in the final.", "Bern defeated Basel in the final."
    ),
    "only reported": finding(f"“{CLAIM}”, the mayor said."),
}


@pytest.mark.parametrize("rule", RULES)
def test_only_without_its_rule_is_a_claim_called_supported(rule: str) -> None:
    assert is_supported([SAME], DECISION)
    assert not is_supported([CASES[rule]], DECISION)
    assert [off for off in RULES if is_supported([CASES[rule]], DECISION, off)] == [rule]


def test_the_table_counts_what_a_rule_prevents_and_what_it_costs() -> None:
    told = table([(True, [SAME]), (False, [CASES["only reported"]]), (True, [CASES[NEAR]])], DECISION)
    assert "Of 1 dev claims that are not borne out, 0 are called supported, of 2 that are, 1." in told
    assert "| only reported | 1 | 0 |" in told
    assert f"| {NEAR} | 0 | 1 |" in told
