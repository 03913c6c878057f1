"""What each rule of the local judge buys: dev claims it keeps from being called supported, wrongly and rightly.

    python -m training.rules --judge ../judge/int8

A rule is taken away, weights and thresholds stay as they are, and the dev claims that thresholds are fitted on
(``training.calibrate``) are judged again. Minutes, most of them the model's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from factcheck.local.pairs import PairModel
from factcheck.models import Stance
from factcheck.verdict.local import Finding, chance, ranked, signs_of
from training.calibrate import options, read_with

NEAR = "too few of the claim's words in the window"
#: What a finding is told of itself where a rule is taken away.
RULES: Mapping[str, Mapping[str, Any]] = {
    NEAR: {},
    "a number or date of the claim that the passage never gives": {"unsaid": False},
    "numbers, dates, names, negation that differ": {"differences": ()},
    "asks, supposes, denies, talks to a model": {"other_manner": False},
    "roles, before and after exchanged": {"exchanged": False},
    "only reported": {"reported": False},
}


def main() -> None:
    given = options(__doc__)
    model = PairModel(given.judge)
    read = [(case.label == "supported", findings) for case, findings in read_with(model, given)]
    print(table(read, model.decision))


def table(read: Sequence[tuple[bool, Sequence[Finding]]], decision: Mapping[str, Any]) -> str:
    """As Markdown; ``read`` says of each claim whether it is borne out, and what was found in its passages."""
    now = _called(read, decision, None)
    lines = [
        f"Of {len(read) - sum(borne_out for borne_out, _ in read)} dev claims that are not borne out, {now[False]} are "
        f"called supported, of {sum(borne_out for borne_out, _ in read)} that are, {now[True]}. With one rule off:",
        "",
        "| rule | false supports it prevents | supports it costs |",
        "|---|---|---|",
    ]
    for rule in RULES:
        then = _called(read, decision, rule)
        lines.append(f"| {rule} | {then[False] - now[False]} | {then[True] - now[True]} |")
    return "\n".join(lines)


def _called(
    read: Sequence[tuple[bool, Sequence[Finding]]], decision: Mapping[str, Any], off: str | None
) -> dict[bool, int]:
    """How many claims are called supported, of those that are borne out and of those that are not."""
    called = {True: 0, False: 0}
    for borne_out, findings in read:
        called[borne_out] += is_supported(findings, decision, off)
    return called


def is_supported(findings: Sequence[Finding], decision: Mapping[str, Any], off: str | None = None) -> bool:
    """Whether a claim would be called supported if the rule ``off`` were none."""
    seen = [finding for finding in findings if finding.is_about or off == NEAR]
    supports = _is_sure([_without(finding, off) for finding in seen], "supports", decision)
    return supports and not _is_sure(seen, "contradicts", decision)


def _without(finding: Finding, off: str | None) -> Finding:
    """The finding as it would be without a rule; what it has found out of itself already is kept."""
    other = copy.copy(finding)
    vars(other).update(RULES.get(off or "", {}))
    return other


def _is_sure(findings: Sequence[Finding], stance: Stance, decision: Mapping[str, Any]) -> bool:
    side = ranked(findings, stance)
    return bool(side) and chance(signs_of(side, findings, stance), decision[stance]) >= decision[stance]["threshold"]


if __name__ == "__main__":
    main()
