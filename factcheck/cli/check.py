"""``factcheck check``: one document against references."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factcheck.cli import options
from factcheck.cli.door import FAILED_ON, LEFT_FAILURES, door, say
from factcheck.cli.options import FailOn, day, require_one_store
from factcheck.cli.out import require_writable, write_out

if TYPE_CHECKING:
    from factcheck.models import Report


@door
def check(
    source: Annotated[
        str, typer.Argument(metavar="DOCUMENT", help="txt, md, html, pdf, docx, odt or eml; - reads stdin.")
    ],
    references: options.References = None,
    store: options.Store = None,
    engine: options.Engine = None,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    as_of: options.AsOf = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON; - for stdout.")
    ] = None,
    markdown_file: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown; - for stdout.")
    ] = None,
    html_file: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write the report as one HTML file to read or send; - for stdout."),
    ] = None,
    fail_on: options.Failing = FailOn.contradicted,
    show_excluded: Annotated[
        bool, typer.Option(help="List the sentences that hold no claim, with the reason.")
    ] = False,
    verbose: Annotated[bool, typer.Option(help="Show queries, further passages, rationales, prompt versions.")] = False,
    passages: options.Passages = None,
    concurrency: options.Concurrency = None,
    max_calls: options.MaxCalls = None,
    max_cost: options.MaxCost = None,
    embedder: options.Embedder = None,
    second_opinion: options.SecondOpinion = None,
    withhold: options.Withhold = None,
    cache: options.Cache = None,
) -> int:
    """Check one document: claims, verdicts, quotes."""
    from factcheck.settings import load

    settings = load(
        engine=engine.value if engine else None,
        model=model,
        base_url=base_url,
        store=store,
        as_of=day(as_of),
        passages=passages,
        concurrency=concurrency,
        max_calls=max_calls,
        max_cost=max_cost,
        embedder=embedder,
        second_opinion=second_opinion,
        withhold=withhold,
        cache=cache,
    )
    require_one_store(references, store)
    require_writable(json_file, markdown_file, html_file, source=source)
    from factcheck.cli.progress import Shown
    from factcheck.engine import check_source

    with Shown() as progress:
        report = check_source(source, references=references, settings=settings, progress=progress, say=say)
    _write(report, json_file, markdown_file, html_file, show_excluded=show_excluded, verbose=verbose)
    return exit_code(report, fail_on)


def exit_code(report: Report, fail_on: FailOn) -> int:
    """3 before 1: a check that is not complete must not read as one that is."""
    if report.totals.failed or report.totals.sentences_failed:
        return LEFT_FAILURES
    bad = report.totals.contradicted + (report.totals.unverifiable if fail_on is FailOn.unverifiable else 0)
    return FAILED_ON if bad and fail_on is not FailOn.never else 0


def _write(
    report: Report,
    json_file: str | None,
    markdown_file: str | None,
    html_file: str | None,
    *,
    show_excluded: bool,
    verbose: bool,
) -> None:
    from factcheck.report.schema import to_json

    if "-" not in (json_file, markdown_file, html_file):
        from rich.console import Console

        from factcheck.report.terminal import print_report

        print_report(report, Console(), show_excluded=show_excluded, verbose=verbose)
    if json_file is not None:
        write_out(json_file, to_json(report))
    if markdown_file is not None:
        from factcheck.report.markdown import to_markdown

        write_out(markdown_file, to_markdown(report))
    if html_file is not None:
        from factcheck.report.html import to_html

        folder = None if html_file == "-" else Path(os.path.realpath(html_file)).parent
        write_out(html_file, to_html(report, folder=folder))
