"""Results and comparisons as Markdown for a pull request; claims and answers in it are never anything but text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eval.comparison import Comparison, Difference, Flip
from eval.page import compared, view, words
from eval.records import Metric, Result, SampleResult, System
from factcheck.report.markdown import code, escaped
from factcheck.report.words import counted

SHOWN = 40  # rows of a table of samples; a comment on GitHub holds 65,536 characters
TEXT = 200  # characters of a claim or an answer


def markdown(results: Sequence[Result], comparison: Comparison | None = None) -> str:
    """The conclusion first, then numbers with intervals and baselines; samples and provenance folded away.

    A ``comparison`` stands before the results, with the samples that flipped, the worst first.
    """
    changed = [] if comparison is None else _comparison(comparison)
    return "\n\n".join([*changed, *(block for result in results for block in _result(result))]) + "\n"


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield f"## {escaped(compared.headline(comparison))}"
    yield f"**{escaped(comparison.conclusion)}**"
    if (first := compared.leading(comparison)) is not None:
        yield (
            f"{escaped(words.capital(words.metric_title(first.metric)))} {compared.change(first)}, n = {first.n:,} in "
            f"{counted(first.documents, 'document')}, {escaped(compared.significance(first))}."
        )
    told = [
        *compared.reasons(comparison),
        *(words.sentence(why) for why, _, grave in compared.unpaired(comparison) if grave),
    ]
    if told:
        yield "\n".join(f"- {escaped(each)}" for each in told)
    if comparison.correctness is not None:
        yield escaped(compared.correctness_line(comparison.correctness))
    if whole := compared.of_all(comparison):
        yield differences_table(whole)
    if parts := compared.of_parts(comparison):
        yield from folded("Differences by data set, language and kind", differences_table(parts, scoped=True))
    flips = words.sentence(compared.flips_sum(comparison))
    if comparison.flips:
        yield from folded(
            flips, flips_table(comparison.flips[:SHOWN]), left_out(len(comparison.flips) - SHOWN, "the HTML page")
        )
    else:
        yield flips
    for why, ids, _ in compared.unpaired(comparison):
        more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
        yield from folded(words.capital(why), ", ".join(cell(name) for name in ids[:SHOWN]) + more)
    yield from _aside(comparison)


def _aside(comparison: Comparison) -> Iterator[str]:
    made = f"Differs in how it was made: {', '.join(comparison.changed)}." if comparison.changed else None
    lines = [*comparison.notes, made, compared.agreement_line(comparison), compared.thresholds_line(comparison)]
    yield "\n".join(f"- {escaped(line)}" for line in lines if line is not None)


def differences_table(differences: Sequence[Difference], *, scoped: bool = False) -> str:
    """Result minus baseline in percentage points; “could show” is what would have been shown with 80 % power."""
    head = [
        *(["samples"] if scoped else []),
        "metric",
        "before → after",
        "difference",
        "beyond chance",
        "p",
        "could show",
        "n",
    ]
    rows = [
        [
            *([escaped(words.scope_name(each.scope))] if scoped else []),
            escaped(words.metric_title(each.metric)) + (" ↓" if each.better == "lower" else ""),
            f"{words.percent(each.before)} → {words.percent(each.after)}",
            f"{words.points(each.difference)} {words.points_interval(each.low, each.high)}".rstrip(),
            compared.CHANGES[each.change],
            escaped(compared.significance(each)),
            compared.smallest(each.smallest),
            f"{each.n:,}",
        ]
        for each in differences
    ]
    return table(head, rows)


def flips_table(flips: Sequence[Flip]) -> str:
    rows = []
    for flip in flips:
        before, after = compared.ends(flip)
        rows.append(
            [
                f"{cell(flip.claim)}<br>{cell(flip.id)}",
                words.named(flip.gold) if flip.gold else "–",
                escaped(before),
                escaped(after),
                cell(flip.said_after),
            ]
        )
    return table(["claim or input", "gold", "before", "after", "answer after"], rows)


def _result(result: Result) -> Iterator[str]:
    yield f"## {escaped(words.title(result))}"
    yield f"**{escaped(result.conclusion)}**"
    yield _first(result)
    yield lines_table(view.whole_lines(result), words.systems(result))
    scoped = [line for line in view.lines(result.tables) if line.scope != "all" and line.name in view.deciding(result)]
    if scoped:
        yield from folded("By data set, language and kind", lines_table(scoped, words.systems(result), scoped=True))
    yield from _failures(words.failures(result))
    for group in view.groups(result):
        if group.total:
            shown = group.samples[:SHOWN]
            heading = f"{group.name}: {group.total:,}"
            yield from folded(heading, samples_table(shown), left_out(group.total - len(shown)))
    yield f"Made by {code(result.provenance.command)}"
    pairs = "\n".join(f"- {escaped(name)}: {escaped(value)}" for name, value in view.provenance_pairs(result))
    yield from folded("Provenance", pairs)


def _first(result: Result) -> str:
    """The number that stands first, what trivial systems reach on it, who answered, and what failed."""
    sentences = []
    if (leading := words.leading(result)) is not None:
        line = next(line for line in view.whole_lines(result) if line.name == leading.name)
        beside = [f"{words.SYSTEMS[s]} {words.figure(m)}" for s, m in line.metrics.items() if s != "engine"]
        told = f" Beside it: {'; '.join(beside)}." if beside else ""
        name = words.metric_title(leading.name)
        sentences.append(
            f"{escaped(words.capital(name))} **{words.percent(leading.value)}** "
            f"{words.interval(leading.low, leading.high)}, {words.basis(leading)}.{told}"
        )
    sentences.append(f"Answers by {escaped(result.provenance.answered_by)}.")
    sentences.append(words.sentence(words.failure_sum(words.failures(result))))
    return " ".join(sentences)


def lines_table(lines: Sequence[view.Line], systems: Sequence[System], *, scoped: bool = False) -> str:
    """One line for each metric, the systems side by side; intervals are the 95 % ones."""
    head = [
        *(["samples"] if scoped else []),
        "metric",
        *(words.SYSTEMS[system] for system in systems),
        "n",
        "documents",
    ]
    rows = [
        [
            *([escaped(words.scope_name(line.scope))] if scoped else []),
            escaped(words.metric_title(line.name)) + (" ↓" if line.lower_is_better else ""),
            *(_figure(line.metrics.get(system)) for system in systems),
            f"{line.basis.n:,}",
            f"{line.basis.documents:,}",
        ]
        for line in lines
    ]
    return table(head, rows)


def _figure(metric: Metric | None) -> str:
    return "–" if metric is None else words.figure(metric)


def samples_table(samples: Sequence[SampleResult]) -> str:
    rows = [
        [
            f"{cell(sample.input)}<br>{cell(sample.id)}",
            words.named(sample.gold) if sample.gold else "–",
            words.named(sample.label) if sample.label else cell(view.scores_line(sample)),
            cell(sample.said),
        ]
        for sample in samples
    ]
    return table(["claim or input", "gold", "said", "answer"], rows)


def _failures(failed: Sequence[SampleResult]) -> Iterator[str]:
    if not failed:
        return
    rows = [
        [
            cell(sample.id),
            cell(f"{sample.failure.stage}: {sample.failure.code}"),
            cell(sample.failure.message),
        ]
        for sample in failed[:SHOWN]
        if sample.failure is not None
    ]
    heading = f"Failures, none of them scored: {len(failed):,}"
    yield from folded(heading, table(["sample", "failure", "message"], rows), left_out(len(failed) - SHOWN))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    ruled = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)


def cell(said: str) -> str:
    """Someone else's words, cut where they are long, as a cell that shows exactly them."""
    return escaped(words.short(said, TEXT))


def folded(heading: str, *blocks: str) -> Iterator[str]:
    """A part that opens on a click; the heading is ours and plain."""
    yield f"<details><summary>{heading}</summary>"
    yield from (block for block in blocks if block)
    yield "</details>"


def left_out(count: int, where: str = "the result file") -> str:
    return f"{count:,} more stand in {where}." if count > 0 else ""
