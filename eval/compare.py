"""Whether a result is worse than its baseline: samples paired by id, and one verdict with its reasons.

A regression is any of these, over the samples that both results scored:

- more samples lost than gained, exact McNemar p < 0.05;
- macro-F1 down by 3 points or more, over all samples of one scheme;
- the false-supported rate up by 1 point or more, over all samples, or within a data set, language or kind that has
  enough of them (100 claims not supported) for one claim not to be more than that;
- where the task's own metric is a score: down by 3 points or more, or p < 0.05 with a loss;
- any loss in what must not be lost at all: quotes verbatim, sentences ended once, no attack more that succeeds;
- correctness, macro-F1, the false-supported rate or the task's own metric in any scheme, data set, language or kind,
  and contradicted claims labelled supported, with a loss and p < 0.05 after Holm's correction over all secondary
  metrics. So a loss in German cannot hide behind a gain in English.

Other metrics that are worse after Holm's correction are named in the conclusion and break no rule: precision may pay
for recall. Correctness has exact McNemar p values; all others exchange the two results for whole documents
(``eval.significance``). Intervals of differences resample whole documents, the same for both results. Where samples of
the baseline are missing from the result, failed in it, or have another claim or gold, the comparison is incomplete: no
conclusion, never a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from eval.comparison import Change, Comparison, Correctness, Difference, Flip, Thresholds, Verdict
from eval.differences import OF_LABELS, differences_of
from eval.metrics import is_of_labels, meaning_of, right
from eval.pairing import Pairing, ends, paired
from eval.records import EvalProvenance, Gold, Result, SampleResult
from eval.scoring import decimal, first_metric, in_words, percent
from eval.significance import mcnemar, smallest_loss
from factcheck.models import Label

__all__ = ["Change", "Comparison", "Correctness", "Difference", "Flip", "Thresholds", "Verdict", "compare"]

_SAME = 1e-9
_TOLD = 3  # reasons in the conclusion


def compare(baseline: Result, result: Result, thresholds: Thresholds | None = None) -> Comparison:
    """Compares two results of one task. Raises ValueError where their tasks differ."""
    if baseline.task != result.task:
        raise ValueError(
            f"the baseline is of the task {baseline.task}, the result of {result.task}: compare like with like"
        )
    limits = thresholds or Thresholds()
    pairing = paired(baseline, result)
    correctness = _correctness(pairing, limits)
    first = first_metric(result.task, pairing.before)
    differences = differences_of(first, pairing, result.datasets, limits)
    reasons = tuple(_reasons(first, correctness, differences, limits))
    lacks = tuple(_lacks(pairing, correctness, first, differences))
    verdict: Verdict = "incomplete" if lacks else "regression" if reasons else "pass"
    return Comparison(
        task=result.task,
        verdict=verdict,
        conclusion=_conclusion(first, lacks, reasons, correctness, differences),
        reasons=reasons,
        notes=tuple(_notes(baseline, result, pairing)),
        thresholds=limits,
        paired=len(pairing.before),
        correctness=correctness,
        differences=differences,
        flips=_flips(first, pairing),
        missing=pairing.missing,
        failed=pairing.failed,
        altered=pairing.altered,
        failing_before=pairing.failing_before,
        added=pairing.added,
        changed=tuple(_changed(baseline.provenance, result.provenance)),
        agreement_before=baseline.agreement,
        agreement_after=result.agreement,
    )


def _correctness(pairing: Pairing, limits: Thresholds) -> Correctness | None:
    hits = ends(pairing.before, pairing.after)
    if not hits:
        return None
    lost, gained = hits.count((True, False)), hits.count((False, True))
    return Correctness(
        n=len(hits),
        right_before=sum(before for before, _ in hits),
        right_after=sum(after for _, after in hits),
        lost=lost,
        gained=gained,
        p=round(mcnemar(lost, gained), 6),
        smallest=smallest_loss(len(hits), churn=min(lost, gained) / len(hits), p=limits.p),
    )


# --- the verdict


def _reasons(
    first: str | None, correctness: Correctness | None, differences: Iterable[Difference], limits: Thresholds
) -> Iterator[str]:
    """One sentence for each regression."""
    if correctness and correctness.lost > correctness.gained and correctness.p < limits.p:
        yield _lost_and_gained(correctness)
    for difference in differences:
        if _loss(difference) > _SAME and (why := _why(first, difference, limits)):
            yield f"{_went(difference)} ({why})"


def _loss(difference: Difference) -> float:
    return difference.difference if difference.better == "lower" else -difference.difference


def _why(first: str | None, difference: Difference, limits: Thresholds) -> str | None:
    """Which rule a loss breaks; None where it breaks none."""
    loss, whole = _loss(difference) + _SAME, difference.scope == "all"
    limit = _limit(first, difference, limits)
    if meaning_of(difference.metric).guarded:
        return "no loss is allowed here"
    if limit is not None and loss >= limit:
        return f"a {'rise' if difference.better == 'lower' else 'drop'} of {_points(limit)} is too much"
    if whole and difference.metric == first and not is_of_labels(first) and difference.p < limits.p:
        return _p(difference.p)
    if difference.metric in (*OF_LABELS, "contradicted_supported", first) and difference.change == "worse":
        return f"{_p(difference.p_holm)} after Holm's correction" if difference.p_holm is not None else None
    return None


def _limit(first: str | None, difference: Difference, limits: Thresholds) -> float | None:
    """The loss that is a regression whatever its p; None where only the p counts."""
    whole = difference.scope == "all"
    if difference.metric == "false_supported":
        enough = difference.n * limits.false_supported_rise >= 1 - _SAME  # one claim is no more than the limit
        return limits.false_supported_rise if whole or enough else None
    if difference.metric == "macro_f1":
        return limits.macro_f1_drop if whole or difference.scope.startswith("scheme:") else None
    if whole and difference.metric == first and not is_of_labels(difference.metric):
        return limits.score_loss
    return None


def _lacks(
    pairing: Pairing, correctness: Correctness | None, first: str | None, differences: Iterable[Difference]
) -> Iterator[str]:
    """What keeps the two from being compared: any of it makes the comparison incomplete."""
    for names, what in (
        (pairing.missing, "of the baseline not in the result"),
        (pairing.failed, "of the baseline failed in the result"),
        (pairing.altered, "with another claim or gold than in the baseline"),
    ):
        if names:
            yield f"{_many(len(names))} {what}"
    if not pairing.before:
        yield "no sample that both results scored"
    elif correctness is None and any(sample.label for sample in pairing.before):
        yield "no label in the result"
    elif first is None:
        yield "nothing measured"
    elif not is_of_labels(first) and not any(_is_first(difference, first) for difference in differences):
        yield f"no {in_words(first)} in the result"


# --- in words


def _conclusion(
    first: str | None,
    lacks: Sequence[str],
    reasons: Sequence[str],
    correctness: Correctness | None,
    differences: Sequence[Difference],
) -> str:
    told = "; ".join(reasons[:_TOLD]) + (f"; and {len(reasons) - _TOLD} more" if len(reasons) > _TOLD else "")
    if lacks:
        among = f"; of what can be paired: {told}" if told else ""
        return f"No conclusion: {', '.join(lacks)}{among}."
    if reasons:
        return f"Regression: {told}."
    return f"{_passed(first, correctness, differences)}; {_besides(differences)}."


def _passed(first: str | None, correctness: Correctness | None, differences: Sequence[Difference]) -> str:
    main = next(difference for difference in differences if _is_first(difference, "accuracy" if correctness else first))
    if correctness is not None:
        said = _lost_and_gained(correctness)
        power = _power(correctness.smallest, "a loss of", "of accuracy")
    else:
        said = f"{_went(main)} ({_p(main.p)})"
        power = _power(main.smallest, "a difference of", f"of {in_words(main.metric)}")
    return f"Better: {said}" if main.change == "better" else f"No difference shown: {said}; {power}"


def _besides(differences: Iterable[Difference]) -> str:
    """Losses that are shown and break no rule: a reader should weigh them."""
    worse = [
        f"{_went(difference)} ({_p(difference.p_holm)} after Holm's correction)"
        for difference in differences
        if difference.change == "worse" and difference.p_holm is not None
    ]
    return f"worse, though no rule speaks of it: {'; '.join(worse)}" if worse else "no limit is crossed"


def _is_first(difference: Difference, metric: str | None) -> bool:
    return difference.scope == "all" and difference.metric == metric


def _lost_and_gained(correctness: Correctness) -> str:
    if not correctness.lost and not correctness.gained:
        return f"all {_many(correctness.n)} are as right or wrong as before"
    return (
        f"of {_many(correctness.n)}, {correctness.lost} right before are wrong now and {correctness.gained} "
        f"wrong before are right now (exact McNemar {_p(correctness.p)})"
    )


def _went(difference: Difference) -> str:
    where = "" if difference.scope == "all" else f" in {difference.scope}"
    written = percent if in_words(difference.metric).endswith("rate") else decimal
    went = "stayed at" if not difference.difference else f"went from {written(difference.before)} to"
    return f"{in_words(difference.metric)}{where} {went} {written(difference.after)}"


def _power(smallest: float | None, what: str, of: str) -> str:
    if smallest is None:
        return "so few samples could not have shown any"
    return f"{what} {_points(smallest)} {of} would have been shown with 80 % power"


def _points(share: float) -> str:
    points = f"{100 * share:.1f}".removesuffix(".0")
    return f"{points} point{'' if points == '1' else 's'}"


def _p(p: float) -> str:
    return f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"


def _many(samples: int) -> str:
    return f"{samples} sample{'' if samples == 1 else 's'}"


def _notes(baseline: Result, result: Result, pairing: Pairing) -> Iterator[str]:
    """What a reader must know besides: changed data, samples left aside, runs that did not agree."""
    old, new = ({dataset.name: dataset for dataset in each.datasets} for each in (baseline, result))
    for name in sorted(old.keys() & new.keys()):
        if old[name].digest != new[name].digest:
            yield f"the data set {name} is not the one of the baseline: texts may differ for samples of the same name"
    if gone := sorted(old.keys() - new.keys()):
        yield f"data sets only in the baseline: {', '.join(gone)}"
    if came := sorted(new.keys() - old.keys()):
        yield f"data sets only in the result: {', '.join(came)}"
    if pairing.failing_before:
        yield f"{_many(len(pairing.failing_before))} failed in the baseline already, not compared"
    if pairing.added:
        yield f"{_many(len(pairing.added))} not in the baseline, not compared"
    for name, each in (("baseline", baseline), ("result", result)):
        if each.agreement is not None:
            yield f"{name}: {each.provenance.runs} runs agree on {percent(each.agreement)} of the samples"


_PROVENANCE = (
    "factcheck", "commit", "engine", "model", "answered_by", "parameters", "prompts", "settings", "store",
    "weights", "seed", "runs", "limit",
)  # fmt: skip


def _changed(before: EvalProvenance, after: EvalProvenance) -> Iterator[str]:
    """Names of what was not the same for both: ``model``, ``prompts.verdict.system``."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    for name in _PROVENANCE:
        yield from _differing(name, old[name], new[name])


def _differing(name: str, old: Any, new: Any) -> Iterator[str]:
    if old == new:
        return
    if name == "store" or not isinstance(old, dict) or not isinstance(new, dict):
        yield name
        return
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield f"{name}.{key}"


# --- flips


def _flips(first: str | None, pairing: Pairing) -> tuple[Flip, ...]:
    """Every sample whose label, or whose score in the task's own or a guarded metric, changed; the worst first."""
    flips = [
        flip
        for before, after in zip(pairing.before, pairing.after, strict=True)
        for flip in (*_label_flip(before, after), *_score_flips(first, before, after))
    ]
    return tuple(sorted(flips, key=lambda flip: (-flip.severity, flip.id, flip.metric)))


def _label_flip(before: SampleResult, after: SampleResult) -> Iterator[Flip]:
    if after.gold is None or before.label is None or after.label is None or before.label == after.label:
        return
    severity = _badness(after.gold, after.label) - _badness(after.gold, before.label)
    yield _flip(before, after, severity)


def _badness(gold: Gold, label: Label) -> int:
    """How bad an answer is: to call supported what is contradicted is the worst, to abstain the least."""
    if right(gold, label):
        return 0
    if label == "supported":
        return 5 if gold == "contradicted" else 4
    if label == "contradicted":
        return 3 if gold == "supported" else 2
    return 1


def _score_flips(first: str | None, before: SampleResult, after: SampleResult) -> Iterator[Flip]:
    for metric in before.scores.keys() & after.scores.keys():
        meaning = meaning_of(metric)
        if metric != first and not meaning.guarded:
            continue
        old, new = (sample.scores[metric].hits / (sample.scores[metric].of or 1) for sample in (before, after))
        if abs(new - old) > _SAME:
            loss = new - old if meaning.better == "lower" else old - new
            flip = _flip(before, after, loss)
            yield flip.model_copy(
                update={"metric": metric, "score_before": round(old, 6), "score_after": round(new, 6)}
            )


def _flip(before: SampleResult, after: SampleResult, severity: float) -> Flip:
    change: Change = "worse" if severity > 0 else "better" if severity < 0 else "neither"
    return Flip(
        id=after.id,
        dataset=after.dataset,
        language=after.language,
        kind=after.kind,
        claim=after.input,
        gold=after.gold,
        before=before.label,
        after=after.label,
        said_before=before.said,
        said_after=after.said,
        change=change,
        severity=round(severity, 6),
    )
