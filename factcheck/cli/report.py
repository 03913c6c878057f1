"""``factcheck report``: a report's JSON as something to read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from factcheck.cli.door import door
from factcheck.cli.out import require_writable, write_out


class Format(StrEnum):
    terminal = "terminal"
    markdown = "markdown"
    json = "json"


@door
def report(
    source: Annotated[Path, typer.Argument(metavar="REPORT", help="The JSON that check --json wrote.")],
    to: Annotated[Format, typer.Option("--to", help="What to make of it.")] = Format.terminal,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Where to write; - for stdout.")] = "-",
    show_excluded: Annotated[
        bool, typer.Option(help="List the sentences that hold no claim, with the reason.")
    ] = False,
    verbose: Annotated[bool, typer.Option(help="Show queries, further passages, rationales, prompt versions.")] = False,
) -> int:
    """Render a report, after checking again that its totals add up and its quotes stand."""
    from factcheck.report.schema import read_report, to_json

    require_writable(out, source=str(source))
    loaded = read_report(source)
    if to is Format.markdown:
        from factcheck.report.markdown import to_markdown

        write_out(out, to_markdown(loaded))
    elif to is Format.json:
        write_out(out, to_json(loaded))
    elif out != "-":
        from factcheck.errors import ConfigError

        raise ConfigError("--to terminal has no file form: use --to markdown or --to json with --out")
    else:
        from rich.console import Console

        from factcheck.report.terminal import print_report

        print_report(loaded, Console(), show_excluded=show_excluded, verbose=verbose)
    return 0
