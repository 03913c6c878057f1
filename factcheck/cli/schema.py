"""``factcheck schema``: the JSON Schema of a report."""

from __future__ import annotations

import json

import typer

from factcheck.cli.door import door


@door
def schema() -> int:
    """Print the JSON Schema (2020-12) of the report that check --json writes."""
    from factcheck.report.schema import report_schema

    typer.echo(json.dumps(report_schema(), indent=2))
    return 0
