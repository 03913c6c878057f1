"""What is said of a comparison, in the same words on the page, in Markdown and on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from eval.comparison import Change, Comparison, Correctness, Difference, Flip, Verdict
from eval.page import words
from factcheck.report.words import counted

SIGNS: dict[Verdict, str] = {"pass": "✔", "regression": "✘", "incomplete": "!"}
VERDICTS: dict[Verdict, str] = {
    "pass": "No regression",
    "regression": "Regression",
    "incomplete": "Incomplete, neither a conclusion nor a pass,",
}
CHANGES: dict[Change, str] = {"worse": "worse", "better": "better", "neither": "no difference shown"}
IDS_SHOWN = 50


def headline(comparison: Comparison) -> str:
    """``✘ Regression in the task verdict, 412 samples paired``"""
    paired = counted(comparison.paired, "sample")
    return f"{SIGNS[comparison.verdict]} {VERDICTS[comparison.verdict]} in the task {comparison.task}, {paired} paired"


def leading(comparison: Comparison) -> Difference | None:
    """The difference that stands first: of the false-supported rate over all samples, else of the task's own metric."""
    whole = of_all(comparison)
    return next((each for each in whole if each.metric == "false_supported"), whole[0] if whole else None)


def reasons(comparison: Comparison) -> tuple[str, ...]:
    """All reasons where the conclusion says there are more than it names, else none."""
    return comparison.reasons if any(reason not in comparison.conclusion for reason in comparison.reasons) else ()


def of_all(comparison: Comparison) -> tuple[Difference, ...]:
    """The differences over all samples, the false-supported rate first."""
    whole = (each for each in comparison.differences if each.scope == "all")
    return tuple(sorted(whole, key=lambda each: each.metric != "false_supported"))


def of_parts(comparison: Comparison) -> tuple[Difference, ...]:
    """The differences within schemes, data sets, languages and kinds, metric by metric."""
    parts = [each for each in comparison.differences if each.scope != "all"]
    metrics = list(dict.fromkeys(each.metric for each in parts))
    return tuple(sorted(parts, key=lambda each: (each.metric != "false_supported", metrics.index(each.metric))))


def change(difference: Difference) -> str:
    """``12.5 % → 14.0 %, +1.5 points [+0.2, +2.9]``"""
    between = words.points_interval(difference.low, difference.high)
    moved = f"{words.percent(difference.before)} → {words.percent(difference.after)}"
    return f"{moved}, {words.points(difference.difference)} points {between}".rstrip()


def significance(difference: Difference) -> str:
    """``p = 0.012 (Holm 0.048)``"""
    adjusted = "" if difference.p_holm is None else f" (Holm {p_value(difference.p_holm).removeprefix('= ')})"
    return f"p {p_value(difference.p)}{adjusted}"


def p_value(p: float) -> str:
    """``= 0.012``, ``< 0.001``"""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def smallest(difference: float | None) -> str:
    """The smallest difference that so many samples would have shown, in points; a dash where none can be told."""
    return "–" if difference is None else f"{100 * difference:.1f}"


def correctness_line(correctness: Correctness) -> str:
    """Samples lost and gained, how likely by chance, and what so many samples could have shown."""
    could = (
        "so few samples could show no loss"
        if correctness.smallest is None
        else f"a loss of {smallest(correctness.smallest)} points would have been shown with 80 % power"
    )
    return (
        f"Right: {correctness.right_before:,} before and {correctness.right_after:,} after, "
        f"of {counted(correctness.n, 'sample')}; {correctness.lost:,} lost, {correctness.gained:,} gained, "
        f"exact McNemar p {p_value(correctness.p)}; {could}."
    )


def flips_sum(comparison: Comparison) -> str:
    """``12 samples came out otherwise: 9 worse, 3 better``"""
    flips = comparison.flips
    if not flips:
        return "no sample came out otherwise"
    kinds = {"worse": "worse", "better": "better", "neither": "neither better nor worse"}
    found = [(name, sum(flip.change == kind for flip in flips)) for kind, name in kinds.items()]
    listed = ", ".join(f"{count:,} {name}" for name, count in found if count)
    return f"{counted(len(flips), 'sample')} came out otherwise: {listed}"


def ends(flip: Flip) -> tuple[str, str]:
    """What it was and what it is: labels, or a score with the metric's name."""
    if not flip.metric:
        return words.named(flip.before), words.named(flip.after)
    name = words.metric_title(flip.metric)
    return _score(name, flip.score_before), _score(name, flip.score_after)


def _score(name: str, value: float | None) -> str:
    return f"{name} –" if value is None else f"{name} {value:.3g}"


def unpaired(comparison: Comparison) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Samples that were not compared: why, their ids, and whether that leaves the comparison without a conclusion."""
    kinds = (
        ("missing from the result", comparison.missing, True),
        ("failed in the result", comparison.failed, True),
        ("with another claim or gold label in the result", comparison.altered, True),
        ("failed in the baseline already", comparison.failing_before, False),
        ("new in the result", comparison.added, False),
    )
    yield from ((f"{counted(len(ids), 'sample')} {why}: not compared", ids, grave) for why, ids, grave in kinds if ids)


def thresholds_line(comparison: Comparison) -> str:
    limits = comparison.thresholds
    return (
        f"A regression is a loss with p < {limits.p:g}, macro-F1 down by {100 * limits.macro_f1_drop:g} points, "
        f"false-supported up by {100 * limits.false_supported_rise:g} or another first metric down by "
        f"{100 * limits.score_loss:g} points or more, or any loss in what must not be lost at all."
    )


def agreement_line(comparison: Comparison) -> str | None:
    """Of several runs each: on how many samples all of them said the same."""
    if comparison.agreement_before is None and comparison.agreement_after is None:
        return None
    before, after = words.percent(comparison.agreement_before), words.percent(comparison.agreement_after)
    return f"Runs that agree with each other: {before} of the samples before, {after} after."
