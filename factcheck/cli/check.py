"""``factcheck check``: one document against references."""

from __future__ import annotations

import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factcheck.cli.door import FAILED_ON, LEFT_FAILURES, door, say
from factcheck.cli.out import require_writable, write_out
from factcheck.errors import ConfigError

if TYPE_CHECKING:
    from factcheck.models import Report


class FailOn(StrEnum):
    contradicted = "contradicted"
    unverifiable = "unverifiable"
    never = "never"


class EngineChoice(StrEnum):
    auto = "auto"
    llm = "llm"
    local = "local"


@door
def check(
    source: Annotated[
        str, typer.Argument(metavar="DOCUMENT", help="txt, md, html, pdf, docx, odt or eml; - reads stdin.")
    ],
    references: Annotated[
        Path | None,
        typer.Option(
            "--references", "-r", help="Folder of references; indexed into a cached store, so the next run is quick."
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="Store made by index (a folder), or http://host:port of a Chroma server. Default: .factcheck/store"
        ),
    ] = None,
    engine: Annotated[
        EngineChoice | None, typer.Option(help="auto: the LLM where one is configured, else local.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="provider:name, as LangChain's init_chat_model reads it.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day the document was written.")] = None,
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
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit 1 on a contradicted claim, on one not supported (unverifiable), or never.")
    ] = FailOn.contradicted,
    show_excluded: Annotated[
        bool, typer.Option(help="List the sentences that hold no claim, with the reason.")
    ] = False,
    verbose: Annotated[bool, typer.Option(help="Show queries, further passages, rationales, prompt versions.")] = False,
    passages: Annotated[int | None, typer.Option(help="Passages shown to the judge for one claim.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Model calls under way at once.")] = None,
    max_calls: Annotated[int | None, typer.Option(help="Stop after this many model calls.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Stop before spending more than this, in US dollars.")] = None,
    embedder: Annotated[str | None, typer.Option(help="minilm (embedded), or openai:NAME.")] = None,
    second_opinion: Annotated[
        bool | None,
        typer.Option("--second-opinion", help="Let the embedded model look at the LLM's citations too, and warn."),
    ] = None,
    withhold: Annotated[
        bool | None, typer.Option(help="Local engine: no label that is less sure than measured to be right.")
    ] = None,
    cache: Annotated[
        bool | None, typer.Option(help="Keep validated replies, and answer the same request from them.")
    ] = None,
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
    if references is not None and store is not None:
        raise ConfigError("give --references or --store, not both")
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


def day(text: str | None) -> date | None:
    """The day of ``--as-of``. Raises ConfigError."""
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ConfigError("--as-of takes a day as YYYY-MM-DD") from None


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
