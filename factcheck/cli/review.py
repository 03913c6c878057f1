"""``factcheck review``: verdicts in the browser, for a person to accept or overrule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factcheck.cli.door import door, say


@door
def review(
    target: Annotated[
        Path, typer.Argument(metavar="REPORT|FOLDER", help="The JSON that check --json wrote, or a folder of them.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    reviewer: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who decides. Default: user.name of git, or the name of the login."),
    ] = None,
) -> int:
    """Review verdicts in the browser: accept, overrule, comment. Decisions go to REPORT.reviews.jsonl.

    "factcheck review export REPORT|FOLDER" makes test cases of them; a file called export is given as ./export.
    """
    from factcheck.review.reviewer import reviewer_name
    from factcheck.review.server import serve

    name = reviewer_name(reviewer)

    def ready(url: str) -> None:
        from factcheck.review.browser import open_browser

        typer.echo(url)
        opened = browser and open_browser(url)
        link = "The link works once, and your browser is opening it" if opened else "Open the link: it works once"
        say(f"factcheck: reviewing {target} as {name}. {link}; if it was used, start again. Ctrl-C ends.")

    serve(target, port=port, reviewer=name, ready=ready, say=say)
    return 0
