"""From the outcomes of samples to tables: what is counted where, beside which baselines, and what it says.

Failed samples are counted as failed and have no part in any other number. Scopes: ``all``, and every real part of it:
``scheme:three``, ``dataset:fever``, ``language:de``, ``kind:number`` and ``kind:number:de``. Macro-F1 and whatever else
needs one set of classes stands only where all samples of the scope have one scheme.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.intervals import Array, Counted, Interval, intervals_of
from eval.metrics import CLASSES, GOLDS, LABELS, MEANINGS, PRIMARY, base_of, meaning_of, rates, right
from eval.records import Bin, CurvePoint, DatasetInfo, Metric, SampleResult, Scheme, System, Table, TaskName
from factcheck.models import Label

BINS = 10  # of the reliability diagram
POINTS = 100  # of the curve
BASELINES: dict[System, str] = {
    "majority": "the majority label",
    "claim_only": "the claim alone",
    "word_overlap": "word overlap",
}
_CELLS = [(gold, label) for gold in GOLDS for label in LABELS]
_PLACE = {cell: place for place, cell in enumerate(_CELLS)}
_ORDER = {name: place for place, name in enumerate(MEANINGS)}

Said = Callable[[SampleResult], Label | None]


@dataclass(frozen=True)
class Scope:
    """A part of the samples under one name; ``scheme`` is None where samples of several schemes are together.

    ``groups`` are those of two or more samples with all of them here, and none failed.
    """

    name: str
    samples: tuple[SampleResult, ...]
    scheme: Scheme | None
    groups: frozenset[str]


def scopes_of(samples: Sequence[SampleResult], datasets: Iterable[DatasetInfo]) -> tuple[Scope, ...]:
    """All samples, then every real part of them by scheme, data set, language, kind, and kind within a language."""
    schemes = {dataset.name: dataset.scheme for dataset in datasets}
    if unknown := {sample.dataset for sample in samples} - schemes.keys():
        raise ValueError(f"samples of data sets that the result does not name: {', '.join(sorted(unknown))}")
    parts: dict[tuple[int, str, str], list[SampleResult]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.id):
        for rank, name, whole in _scopes(sample, schemes[sample.dataset]):
            parts[rank, name, whole].append(sample)
    sizes = {name: len(part) for (_, name, _), part in parts.items()}
    members = Counter(sample.group for sample in samples)
    return tuple(
        Scope(
            name,
            tuple(part),
            _only({schemes[sample.dataset] for sample in part}),
            _whole_groups(part, members),
        )
        for (_, name, whole), part in sorted(parts.items())
        if name == "all" or len(part) < sizes[whole]
    )


def _scopes(sample: SampleResult, scheme: Scheme) -> Iterator[tuple[int, str, str]]:
    """The place in the order, the name, and what it is a part of."""
    yield 0, "all", "all"
    yield 1, f"scheme:{scheme}", "all"
    yield 2, f"dataset:{sample.dataset}", "all"
    yield 3, f"language:{sample.language}", "all"
    if sample.kind:
        kind = f"kind:{sample.kind}"
        yield 4, kind, "all"
        yield 4, f"{kind}:{sample.language}", kind


def _only(schemes: set[Scheme]) -> Scheme | None:
    return next(iter(schemes)) if len(schemes) == 1 else None


def _whole_groups(part: Iterable[SampleResult], members: Mapping[str, int]) -> frozenset[str]:
    standing = Counter(sample.group for sample in part if sample.group and sample.failure is None)
    return frozenset(group for group, many in standing.items() if many == members[group] > 1)


def tables_of(task: TaskName, samples: Sequence[SampleResult], datasets: Iterable[DatasetInfo]) -> tuple[Table, ...]:
    """For each scope the engine's table, then those of the baselines, on the samples that did not fail."""
    return tuple(
        _table(task, scope, system)
        for scope in scopes_of(samples, datasets)
        for system in ("engine", *BASELINES)
        if system == "engine" or any(system in sample.baselines for sample in scored(scope.samples))
    )


def scored(samples: Iterable[SampleResult]) -> list[SampleResult]:
    """Those that did not fail, in the same order."""
    return [sample for sample in samples if sample.failure is None]


def _table(task: TaskName, scope: Scope, system: System) -> Table:
    said = _said_by(system)
    samples = scored(scope.samples)
    numbers = label_numbers(scope, said)
    if system == "engine":
        numbers |= score_numbers(scope) | _calibration_numbers(samples)
    intervals = dict(zip(numbers, intervals_of(list(numbers.values())), strict=True))
    if system == "engine":  # of more samples than the others are, so resampled on its own
        numbers["failed"] = _failed(scope.samples)
        intervals["failed"] = intervals_of([numbers["failed"]])[0]
    named = sorted(numbers, key=lambda name: _place(task, name))
    return Table(
        scope=scope.name,
        system=system,
        metrics=tuple(_metric(name, numbers[name], intervals[name]) for name in named),
        confusion=_confusion(samples, scope.scheme, said) if "accuracy" in numbers else None,
    )


def _said_by(system: System) -> Said:
    if system == "engine":
        return lambda sample: sample.label
    return lambda sample: sample.baselines.get(system)


def _place(task: TaskName, metric: str) -> tuple[bool, bool, int]:
    """False-supported first, then the task's own metric, then as the registry lists them."""
    return metric != "false_supported", metric != PRIMARY[task], _ORDER[base_of(metric)]


def _metric(name: str, number: Counted, interval: Interval) -> Metric:
    low, high = interval or (None, None)
    return Metric(
        name=name,
        value=rounded(number.value),
        low=rounded(low),
        high=rounded(high),
        n=number.n,
        documents=number.documents,
        better=meaning_of(name).better,
    )


def rounded(value: float | None) -> float | None:
    """To six digits, so that the order of additions does not show in a file."""
    return None if value is None else round(value, 6)


def label_numbers(scope: Scope, said: Said) -> dict[str, Counted]:
    """Every number that comes of gold and said labels; empty where nothing is labelled."""
    cells = _cells(scored(scope.samples), said)
    if not cells.any():
        return {}
    numbers = {name: _rate(cells, name, scope.scheme) for name in rates(scope.scheme)}
    if scope.scheme is not None:
        present = [name for name in CLASSES[scope.scheme] if numbers[f"recall[{name}]"].n > 0]
        if len(present) > 1:  # of one class alone these would only repeat its recall
            recalls = [numbers[f"recall[{name}]"].pairs[:, 0] for name in present]
            f1s = [_f1(numbers[f"recall[{name}]"], numbers[f"precision[{name}]"]) for name in present]
            n = numbers["accuracy"].n
            numbers["macro_f1"] = Counted(np.stack(f1s, axis=1), n)
            numbers["balanced_accuracy"] = Counted(np.stack(recalls, axis=1), n)
    return numbers | _group_numbers(scope, said)


def _cells(samples: Sequence[SampleResult], said: Said) -> Array:
    """How often each (gold, label) pair stands in each document."""
    places = _documents(samples)
    cells = np.zeros((len(places), len(_CELLS)))
    for sample in samples:
        if sample.gold is not None and (label := said(sample)) is not None:
            cells[places[sample.about], _PLACE[sample.gold, label]] += 1
    return cells


def _documents(samples: Iterable[SampleResult]) -> dict[str, int]:
    """The row of each document in all that is counted of the samples."""
    return {about: place for place, about in enumerate(sorted({sample.about for sample in samples}))}


def _rate(cells: Array, name: str, scheme: Scheme | None) -> Counted:
    rate = rates(scheme)[name]
    of = [rate.of(*cell) for cell in _CELLS]
    hits = [taken and rate.hit(*cell) for taken, cell in zip(of, _CELLS, strict=True)]
    pairs = np.stack([cells[:, hits].sum(axis=1), cells[:, of].sum(axis=1)], axis=1)
    return Counted(pairs[:, None], int(pairs[:, 1].sum()))


def _f1(recall: Counted, precision: Counted) -> Array:
    """True positives out of the mean of how often the class is gold and how often it is said."""
    return np.stack([recall.pairs[:, 0, 0], (recall.pairs[:, 0, 1] + precision.pairs[:, 0, 1]) / 2], axis=1)


def _group_numbers(scope: Scope, said: Said) -> dict[str, Counted]:
    groups: dict[str, list[SampleResult]] = defaultdict(list)
    for sample in scope.samples:
        if sample.group in scope.groups:
            groups[sample.group].append(sample)
    ends = {
        group: [
            right(sample.gold, label)
            for sample in members
            if sample.gold is not None and (label := said(sample)) is not None
        ]
        for group, members in groups.items()
    }
    whole = {group: all(end) for group, end in ends.items() if len(end) == len(groups[group])}
    if not whole:
        return {}
    counts = [(min(sample.about for sample in groups[group]), hit, 1.0) for group, hit in whole.items()]
    return {"groups_right": _shares(_documents(scored(scope.samples)), counts)}


def score_numbers(scope: Scope) -> dict[str, Counted]:
    """The sum of hits by the sum of of, for every metric that the task scored."""
    samples = scored(scope.samples)
    places = _documents(samples)
    return {
        name: _shares(places, [(s.about, s.scores[name].hits, s.scores[name].of) for s in samples if name in s.scores])
        for name in dict.fromkeys(name for sample in samples for name in sorted(sample.scores))
    }


def _shares(places: Mapping[str, int], counts: Iterable[tuple[str, float, float]]) -> Counted:
    """A share out of what each document adds: (document, hits, of)."""
    pairs = np.zeros((len(places), 1, 2))
    for about, hits, of in counts:
        pairs[places[about], 0] += (hits, of)
    return Counted(pairs, round(float(pairs[..., 1].sum())))


def _failed(samples: Iterable[SampleResult]) -> Counted:
    samples = list(samples)
    return _shares(_documents(samples), [(sample.about, sample.failure is not None, 1.0) for sample in samples])


def _confusion(samples: Iterable[SampleResult], scheme: Scheme | None, said: Said) -> dict[str, dict[str, int]]:
    """Gold -> said -> how many, with every class of the scheme, or every class there is."""
    counts = Counter((sample.gold, said(sample)) for sample in samples)
    golds = CLASSES[scheme] if scheme else [gold for gold in GOLDS if any(gold == found for found, _ in counts)]
    return {gold: {label: counts[gold, label] for label in LABELS} for gold in golds}


# --- confidence


def _sure(samples: Iterable[SampleResult]) -> list[tuple[SampleResult, float, bool]]:
    """Samples with a confidence, that confidence, and whether the label is right."""
    return [
        (sample, sample.confidence, right(sample.gold, sample.label))
        for sample in scored(samples)
        if sample.gold is not None and sample.label is not None and sample.confidence is not None
    ]


def _bin_of(confidence: float) -> int:
    return min(int(confidence * BINS), BINS - 1)


def _calibration_numbers(samples: Sequence[SampleResult]) -> dict[str, Counted]:
    """Brier score and expected calibration error in ten bins of one width; empty where no answer has a confidence."""
    sure = _sure(samples)
    if not sure:
        return {}
    places = _documents(samples)
    pairs = np.zeros((len(places), BINS, 2))
    for sample, confidence, hit in sure:
        pairs[places[sample.about], _bin_of(confidence)] += (hit - confidence, 1)
    return {
        "brier": _shares(places, [(sample.about, (hit - sure_of) ** 2, 1.0) for sample, sure_of, hit in sure]),
        "ece": Counted(pairs, len(sure), calibration_error),
    }


def calibration_error(sums: Array) -> Array:
    """Expected calibration error out of what each bin lacks: (sum of right less confidence, how many)."""
    lacking, many = np.abs(sums[..., 0]).sum(axis=-1), sums[..., 1].sum(axis=-1)
    error: Array = np.divide(lacking, many, out=np.full(many.shape, np.nan), where=many > 0)
    return error


def calibration_of(samples: Iterable[SampleResult]) -> tuple[Bin, ...]:
    """The bins of the reliability diagram that hold a sample; none where no answer has a confidence."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for _, confidence, hit in _sure(samples):
        bins[_bin_of(confidence)].append((confidence, hit))
    return tuple(
        Bin(
            low=place / BINS,
            high=(place + 1) / BINS,
            n=len(inside),
            confidence=round(sum(confidence for confidence, _ in inside) / len(inside), 6),
            accuracy=round(sum(hit for _, hit in inside) / len(inside), 6),
        )
        for place, inside in sorted(bins.items())
    )


def curve_of(samples: Iterable[SampleResult]) -> tuple[CurvePoint, ...]:
    """Accuracy against coverage as less sure answers are left out, from all answers to the surest.

    An answer is ``supported`` or ``contradicted``; ``unverifiable`` abstains. An engine that does not say of every
    answer how sure it is has one point, at confidence 0. At most 100 points, evenly spread over the answers.
    """
    labelled = [sample for sample in scored(samples) if sample.gold is not None and sample.label is not None]
    answered = [sample for sample in labelled if sample.label != "unverifiable"]
    if not answered:
        return ()
    hits = {
        sample.id: sample.gold is not None and right(sample.gold, sample.label) for sample in answered if sample.label
    }
    sure = sorted(
        ((sample.confidence, hits[sample.id]) for sample in answered if sample.confidence is not None), reverse=True
    )
    if len(sure) < len(answered):
        sure = [(0.0, hit) for hit in hits.values()]
    kept = np.cumsum([hit for _, hit in sure])
    ends = [place for place in range(len(sure)) if place + 1 == len(sure) or sure[place + 1][0] < sure[place][0]]
    chosen = {ends[round(place)] for place in np.linspace(0, len(ends) - 1, min(POINTS, len(ends)))}
    return tuple(
        CurvePoint(
            confidence=sure[place][0],
            coverage=round((place + 1) / len(labelled), 6),
            accuracy=round(float(kept[place]) / (place + 1), 6),
        )
        for place in sorted(chosen, reverse=True)
    )


# --- in words


def conclusion_of(task: TaskName, tables: Sequence[Table], failed: int) -> str:
    """One sentence that says what the numbers of a run say, the baselines and the failures among it."""
    found = {
        table.system: {metric.name: metric for metric in table.metrics} for table in tables if table.scope == "all"
    }
    engine = found["engine"]
    parts = [
        *_of_false_supported(engine.get("false_supported")),
        *_of_answers(engine),
        *_of_primary(task, engine, {system: found[system] for system in BASELINES if system in found}),
    ]
    if not parts:
        parts = ["Nothing was scored"]
    some = "no sample failed" if not failed else f"{failed} failed and {'is' if failed == 1 else 'are'} not scored"
    said = "; ".join([*parts, some])
    return f"{said[0].upper()}{said[1:]}."


def _of_false_supported(rate: Metric | None) -> Iterator[str]:
    if rate is None:
        return
    if rate.value is None:
        yield "Every claim scored is supported by its evidence"
        return
    yield (
        f"Of {rate.n} claims that their evidence does not support, {round(rate.value * rate.n)} "
        f"({percent(rate.value)}{_between(rate, percent)}) were labelled supported"
    )


def _of_answers(engine: Mapping[str, Metric]) -> Iterator[str]:
    """Who abstains is never wrong: how often it answered, and how well, belongs beside how seldom it was wrong."""
    answered, right_of_them = engine.get("coverage"), engine.get("accuracy_answered")
    if answered is None or answered.value is None or right_of_them is None:
        return
    some = f"it labelled {percent(answered.value)} of {answered.n} claims supported or contradicted"
    if right_of_them.value is None:
        yield some
        return
    yield f"{some}, {percent(right_of_them.value)} of these rightly"


def first_metric(task: TaskName, samples: Iterable[SampleResult]) -> str | None:
    """The metric that the task asks for; where its samples have no score in that, the first in the registry's order."""
    return _first({name for sample in samples for name in _metrics_of(sample)}, task)


def _metrics_of(sample: SampleResult) -> Iterator[str]:
    yield from sample.scores
    if sample.gold is not None and sample.label is not None:
        yield from ("macro_f1", "accuracy")


def _first(names: Collection[str], task: TaskName) -> str | None:
    if PRIMARY[task] in names:
        return PRIMARY[task]
    return min(names, key=lambda name: (name != "accuracy", _ORDER[base_of(name)], name), default=None)


def _of_primary(
    task: TaskName, engine: Mapping[str, Metric], baselines: Mapping[System, dict[str, Metric]]
) -> Iterator[str]:
    name = _first(engine.keys() - {"failed", "false_supported"}, task) or "accuracy"
    number = engine.get(name)
    if number is None or number.value is None:
        return
    counted = f"n = {number.n}, {number.documents} documents"
    yield f"{in_words(name)} is {decimal(number.value)}{_between(number, decimal)} ({counted})"
    rivals = [
        (value, system)
        for system, metrics in baselines.items()
        if name in metrics and (value := metrics[name].value) is not None
    ]
    if rivals:
        value, system = max(rivals)
        yield f"{_against(number, value)} the best trivial baseline ({BASELINES[system]}, {decimal(value)})"


def _against(number: Metric, baseline: float) -> str:
    if number.low is not None and number.low > baseline:
        return "all of that interval lies above"
    if number.high is not None and number.high < baseline:
        return "all of that interval lies below"
    return "that is not clearly different from"


def _between(number: Metric, written: Callable[[float], str]) -> str:
    if number.low is None or number.high is None:
        return ""
    return f", 95 % interval {written(number.low)} to {written(number.high)}"


def in_words(metric: str) -> str:
    """A metric as a sentence names it: "false-supported rate", "recall@5"."""
    base = base_of(metric)
    return MEANINGS[base].words + metric.removeprefix(base)


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def decimal(value: float) -> str:
    return f"{value:.3f}"
