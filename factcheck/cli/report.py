"""``factcheck report``: a report's JSON as something to read, with the labels that reviewers decided on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factcheck.cli.door import door, say
from factcheck.cli.out import require_writable, write_out
from factcheck.errors import ConfigError

if TYPE_CHECKING:
    from factcheck.models import Report
    from factcheck.reviews import ReviewFile, Standing


class Format(StrEnum):
    terminal = "terminal"
    markdown = "markdown"
    json = "json"
    html = "html"
    csv = "csv"
    sarif = "sarif"
    junit = "junit"
    claimreview = "claimreview"


class Delimiter(StrEnum):
    comma = ","
    semicolon = ";"


@door
def report(
    source: Annotated[Path, typer.Argument(metavar="REPORT", help="The JSON that check --json wrote.")],
    to: Annotated[Format, typer.Option("--to", help="What to make of it.")] = Format.terminal,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Where to write; - for stdout.")] = "-",
    reviews: Annotated[
        bool, typer.Option(help="Let the labels that reviewers agree on win, from REPORT.reviews.jsonl.")
    ] = True,
    show_excluded: Annotated[
        bool, typer.Option(help="List the sentences that hold no claim, with the reason.")
    ] = False,
    verbose: Annotated[bool, typer.Option(help="Show queries, further passages, rationales, prompt versions.")] = False,
    delimiter: Annotated[
        Delimiter | None, typer.Option(help="Of csv: what divides the cells; a comma, unless given.")
    ] = None,
    problems_only: Annotated[
        bool,
        typer.Option("--problems-only", help="Of sarif: leave supported claims out; GitHub shows each as an alert."),
    ] = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Of claimreview: where the review will be published.")
    ] = None,
    publisher: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of claimreview: who answers for it; else its reviewers do.")
    ] = None,
) -> int:
    """Render a report, after checking again that its totals add up and its quotes stand."""
    _require_its_format(to, delimiter=delimiter, problems_only=problems_only, url=url, publisher=publisher)
    _require_place(source, to, out)
    loaded, standing = read_reviewed(source, wanted=reviews)
    if to is Format.terminal:
        from rich.console import Console

        from factcheck.report.terminal import print_report

        print_report(loaded, Console(), standing, show_excluded=show_excluded, verbose=verbose)
    elif to is Format.claimreview:
        from factcheck.report.claimreview import to_claimreview

        write_out(out, to_claimreview(loaded, standing, url=url, publisher=publisher))
    elif to is Format.sarif:
        write_out(out, _sarif(loaded, standing, problems_only=problems_only))
    elif to is Format.csv:
        from factcheck.report.spreadsheet import to_csv

        write_out(out, to_csv(loaded, standing, delimiter=";" if delimiter is Delimiter.semicolon else ","))
    else:
        write_out(out, _text(loaded, standing, to, out))
    return 0


def read_reviewed(source: Path, *, wanted: bool = True) -> tuple[Report, Mapping[str, Standing]]:
    """A report and what counts of the decisions beside it; those that do not count are told on stderr.

    Raises ConfigError where the report or its decisions cannot be read.
    """
    from factcheck.report.schema import parse_report
    from factcheck.reviews import read_reviews, report_digest, standings

    try:
        content = source.read_bytes()
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror}") from error
    loaded = parse_report(content, source)
    if not wanted:
        return loaded, {}
    found = read_reviews(source, report_digest(content))
    tell_unused(source, found)
    return loaded, standings(found.reviews)


def tell_unused(source: Path, found: ReviewFile) -> None:
    """Says on stderr which lines of a file of decisions count for nothing, and why."""
    from factcheck.reviews import reviews_path

    if found.stale:
        say(
            f"{reviews_path(source)}: {found.stale} decision{'' if found.stale == 1 else 's'} about another version of"
            " this report, not used; review this one"
        )
    if found.damaged:
        say(f"{reviews_path(source)}: {found.damaged} damaged line{'' if found.damaged == 1 else 's'}, not used")


def _require_its_format(to: Format, **given: Any) -> None:
    """An option that the format does not know is a mistake, not to be passed over."""
    homes = {
        "delimiter": Format.csv,
        "problems_only": Format.sarif,
        "url": Format.claimreview,
        "publisher": Format.claimreview,
    }
    for name, home in homes.items():
        if given[name] and to is not home:
            raise ConfigError(f"--{name.replace('_', '-')} belongs to --to {home.value}")


def _require_place(source: Path, to: Format, out: str) -> None:
    from factcheck.reviews import reviews_path

    if to is Format.terminal and out != "-":
        raise ConfigError("--to terminal has no file form: use --to markdown or --to html with --out")
    require_writable(out, source=str(source))
    if out != "-" and os.path.realpath(out) == os.path.realpath(reviews_path(source)):
        raise ConfigError(f"{out}: the decisions of reviewers are kept here; give another file to write the report to")


def _sarif(loaded: Report, standing: Mapping[str, Standing], *, problems_only: bool) -> str:
    from factcheck.report.sarif import WITH_LINES, text_on_disk, to_sarif

    document = loaded.document
    written = text_on_disk(document)
    if written is None and document.media_type in WITH_LINES and os.path.isfile(document.source):
        say(f"{document.source}: not the text that was checked; lines and columns are those of that text")
    return to_sarif(loaded, standing, written=written, problems_only=problems_only)


def _text(loaded: Report, standing: Mapping[str, Standing], to: Format, out: str) -> str:
    """The formats that know no options. JSON is the report as it is: decisions are kept beside it, never in it."""
    if to is Format.html:
        from factcheck.report.html import to_html

        folder = None if out == "-" else Path(os.path.realpath(out)).parent
        return to_html(loaded, standing, folder=folder)
    if to is Format.junit:
        from factcheck.report.junit import to_junit

        return to_junit(loaded, standing)
    if to is Format.markdown:
        from factcheck.report.markdown import to_markdown

        return to_markdown(loaded, standing)
    from factcheck.report.schema import to_json

    return to_json(loaded)
