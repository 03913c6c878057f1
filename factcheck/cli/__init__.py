"""The command line: thin commands over the library. Results go to stdout, progress and trouble to stderr."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from factcheck.cli.batch import batch
from factcheck.cli.check import check
from factcheck.cli.diff import diff
from factcheck.cli.index import index
from factcheck.cli.report import report
from factcheck.cli.review import review
from factcheck.cli.review_export import export
from factcheck.cli.schema import schema

HELP = """Check what a document says against the references you trust.

Exit codes: 0 all fine; 1 a claim has a label you asked to fail on (--fail-on); 2 could not run;
3 ran, but left failures; 130 interrupted; 143 terminated.
"""


def _version(wanted: bool) -> None:
    if wanted:
        from factcheck import __version__

        typer.echo(f"factcheck {__version__}")
        raise typer.Exit


class Commands(TyperGroup):
    """Also finds a command of two words before one that is only its first: "review export" beside "review"."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # typer keeps click's types to itself
        two_words = " ".join(args[:2])
        return super().resolve_command(ctx, [two_words, *args[2:]] if two_words in self.commands else args)


app = typer.Typer(
    name="factcheck", cls=Commands, help=HELP, rich_markup_mode=None, no_args_is_help=True, add_completion=False
)


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    pass


for command in (batch, check, diff, index, report, review, schema):
    app.command(help=command.__doc__)(command)
app.command("review export", help=export.__doc__)(export)
