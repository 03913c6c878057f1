"""``factcheck review export``: decisions as samples for an evaluation, and how far everybody agrees."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from factcheck.cli.door import LEFT_FAILURES, door, say
from factcheck.cli.out import require_writable, write_out
from factcheck.errors import ConfigError

if TYPE_CHECKING:
    from factcheck.agreement import Decided, Kappa
    from factcheck.reviewed_samples import ReviewedReport


@door
def export(
    target: Annotated[
        Path, typer.Argument(metavar="REPORT|FOLDER", help="A report that was reviewed, or a folder of them.")
    ],
    to: Annotated[
        str, typer.Option("--to", "-o", metavar="FILE", help="Where to write the samples, one a line; - for stdout.")
    ],
) -> int:
    """Write reviewed claims as samples for python -m eval, and tell how far engine and reviewers agree.

    Claims whose reviewers differ are listed and left out: a test case needs one truth.
    """
    from factcheck.reviewed_samples import decisions_of, disputed_claims, reviewed_paths, sample_lines

    require_writable(to, source=str(target))
    paths = reviewed_paths(target)
    _require_own_place(to, paths)
    reports, unread = _read(paths)
    for reviewed in reports:
        for outcome in disputed_claims(reviewed):
            say(f"{reviewed.path}: {outcome.claim.id}: the reviewers differ; left out until they agree")
    decisions = [decision for reviewed in reports for decision in decisions_of(reviewed)]
    lines = [line for reviewed in reports for line in sample_lines(reviewed)]
    if not decisions:
        raise ConfigError(f"{target}: nobody has decided about a claim yet; begin with factcheck review {target}")
    for row in agreement_table(decisions):
        typer.echo(row, err=to == "-")
    if not lines:
        raise ConfigError(f"{target}: the reviewers agree on no claim; nothing was written")
    write_out(to, "".join(f"{line}\n" for line in lines))
    say(f"{len(lines)} sample{'' if len(lines) == 1 else 's'} written to {'stdout' if to == '-' else to}")
    return LEFT_FAILURES if unread else 0


def agreement_table(decisions: Sequence[Decided]) -> Iterator[str]:
    """What reviewers made of each of the engine's labels, then Cohen's kappa of each two reviewers, as lines."""
    from factcheck.agreement import kappas
    from factcheck.report.words import counted
    from factcheck.text import printable

    claims = len({decision.claim for decision in decisions})
    reviewers = len({decision.reviewer for decision in decisions})
    yield f"Decisions: {len(decisions)}, about {counted(claims, 'claim')}, by {counted(reviewers, 'reviewer')}"
    yield ""
    yield from _confusion_rows(decisions)
    yield ""
    yield "Cohen's kappa between reviewers, over the claims both decided:"
    pairs = kappas(decisions)
    yield from (printable(f"  {_kappa_line(pair)}") for pair in pairs)
    if not pairs:
        yield "  none: there is one reviewer"


def _confusion_rows(decisions: Sequence[Decided]) -> Iterator[str]:
    from factcheck.agreement import Said, confusion
    from factcheck.models import Label

    labels = get_args(Label)
    table = confusion(decisions)
    yield "engine said     reviewers: " + "".join(f"{label:>14}" for label in labels) + "   accepted"
    for said in get_args(Said):
        if (row := table.get(said)) is not None:
            cells = "".join(f"{row[label]:>14}" for label in labels)
            accepted = "-" if said == "failed" else _share(row[said], row.total())
            yield f"{said:<27}{cells}   {accepted}"
    judged = [decision for decision in decisions if decision.said != "failed"]
    accepted = _share(sum(decision.label == decision.said for decision in judged), len(judged))
    yield f"{'all verdicts':<27}{' ' * 14 * len(labels)}   {accepted}"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "none"


def _kappa_line(pair: Kappa) -> str:
    from factcheck.report.words import counted

    names = " and ".join(pair.reviewers)
    if pair.n == 0:
        return f"{names}: undefined (n = 0, no claim both decided)"
    same = f"n = {pair.n}, the same label {counted(pair.agreed, 'time')}"
    if pair.value is None:
        return f"{names}: undefined ({same}; both gave one label to every claim)"
    return f"{names}: {pair.value:.2f} ({same})"


def _read(paths: Sequence[Path]) -> tuple[list[ReviewedReport], int]:
    """The reports, each version once, and how many could not be read; those are told on stderr."""
    from factcheck.cli.report import tell_unused
    from factcheck.reviewed_samples import merged, read_reviewed_report

    found: list[ReviewedReport] = []
    for path in paths:
        try:
            reviewed = read_reviewed_report(path)
        except ConfigError as error:
            if len(paths) == 1:
                raise
            say(f"{error}; left out")
            continue
        tell_unused(path, reviewed.file)
        if reviewed.strangers:
            say(f"{path}: {reviewed.strangers} decisions about claims this report does not have, not used")
        found.append(reviewed)
    return merged(found), len(paths) - len(found)


def _require_own_place(to: str, paths: Sequence[Path]) -> None:
    from factcheck.reviews import reviews_path

    taken = {os.path.realpath(name) for path in paths for name in (path, reviews_path(path))}
    if to != "-" and os.path.realpath(to) in taken:
        raise ConfigError(f"{to}: a report or its decisions; give another file to write the samples to")
