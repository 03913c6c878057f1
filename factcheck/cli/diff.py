"""``factcheck diff``: what changed between two runs of the same documents, and why."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factcheck.cli.door import FAILED_ON, door
from factcheck.cli.out import require_writable, write_out

if TYPE_CHECKING:
    from factcheck.report.diff import Difference


class FailOnChange(StrEnum):
    changed = "changed"
    worse = "worse"
    never = "never"


@door
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A report's JSON, or a folder that batch --out wrote.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The same of a later run.")],
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the comparison as JSON; - for stdout.")
    ] = None,
    markdown_file: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Write it as Markdown; - for stdout.")
    ] = None,
    fail_on: Annotated[
        FailOnChange,
        typer.Option(
            help="Exit 1 on any changed verdict, new or vanished claim or document; or only on a claim that is"
            " contradicted now or lost its support; or never."
        ),
    ] = FailOnChange.changed,
) -> int:
    """Compare two runs: verdicts that changed and why, claims and documents that came or went."""
    for source in (old, new):
        require_writable(json_file, markdown_file, source=str(source))
    from factcheck.batch.compare import compare

    difference = compare(old, new)
    if "-" not in (json_file, markdown_file):
        _print(difference)
    if json_file is not None:
        write_out(json_file, difference.model_dump_json(indent=2) + "\n")
    if markdown_file is not None:
        from factcheck.report.changes import to_markdown

        write_out(markdown_file, to_markdown(difference))
    failed = {
        FailOnChange.changed: difference.changed,
        FailOnChange.worse: difference.worse,
        FailOnChange.never: False,
    }
    return FAILED_ON if failed[fail_on] else 0


def _print(difference: Difference) -> None:
    from rich.console import Console

    from factcheck.report.changes import lines_of
    from factcheck.report.terminal import print_lines

    print_lines(((line.indent, line.text, line.style) for line in lines_of(difference)), Console())
