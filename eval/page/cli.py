"""``python -m eval report`` and ``python -m eval compare``: results to read, and whether one is worse than another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factcheck.cli.door import door
from factcheck.cli.out import require_writable, write_out
from factcheck.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eval.compare import Comparison, Thresholds
    from eval.records import Result

_HTML = typer.Option("--html", metavar="FILE", help="Write a page that opens in any browser, offline; - for stdout.")
_MARKDOWN = typer.Option("--markdown", metavar="FILE", help="Write Markdown for a pull request; - for stdout.")


@door
def report_command(
    results: Annotated[list[Path], typer.Argument(metavar="RESULT...", help="Files that run --out wrote.")],
    html_file: Annotated[str | None, _HTML] = None,
    markdown_file: Annotated[str | None, _MARKDOWN] = None,
    baseline: Annotated[
        Path | None, typer.Option(metavar="RESULT", help="Compare the result of the same task with this one.")
    ] = None,
) -> int:
    """Show results: one HTML file with plots, or Markdown. The conclusion and the false-supported rate come first."""
    from eval.results import read

    if html_file is None and markdown_file is None:
        raise ConfigError("nothing to write: give --html FILE or --markdown FILE")
    for source in (*results, *([baseline] if baseline is not None else [])):
        require_writable(html_file, markdown_file, source=str(source))
    loaded = [read(path) for path in results]
    comparison = None if baseline is None else _with_baseline(read(baseline), loaded, baseline)
    _write(loaded, comparison, html_file, markdown_file)
    return 0


@door
def compare_command(
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="The result that is good enough.")],
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="The result that might be worse.")],
    p: Annotated[
        float | None, typer.Option("--p", metavar="P", help="A loss with a smaller p is a regression.")
    ] = None,
    macro_f1_drop: Annotated[
        float | None, typer.Option(metavar="SHARE", help="So much less macro-F1 is a regression: 0.03 is 3 points.")
    ] = None,
    false_supported_rise: Annotated[
        float | None, typer.Option(metavar="SHARE", help="So much more falsely supported is a regression.")
    ] = None,
    html_file: Annotated[str | None, _HTML] = None,
    markdown_file: Annotated[str | None, _MARKDOWN] = None,
) -> int:
    """Say whether RESULT is worse than BASELINE, sample by sample.

    Exit codes: 0 no regression; 1 regression; 2 could not compare; 3 incomplete: samples are missing or failed.
    """
    for source in (baseline, result):
        require_writable(html_file, markdown_file, source=str(source))
    limits = _thresholds(p=p, macro_f1_drop=macro_f1_drop, false_supported_rise=false_supported_rise)
    from eval.results import read

    loaded = read(result)
    comparison = _compared(read(baseline), loaded, limits)
    if "-" not in (html_file, markdown_file):
        from eval.page.terminal import print_comparison
        from eval.printing import console

        print_comparison(comparison, console())
    _write([loaded], comparison, html_file, markdown_file)
    return comparison.exit_code


def _thresholds(**given: float | None) -> Thresholds:
    from pydantic import ValidationError

    from eval.compare import Thresholds

    try:
        return Thresholds(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise ConfigError(f"--{option}: {first['msg'].lower()}, got {first['input']}") from error


def _compared(baseline: Result, result: Result, limits: Thresholds | None = None) -> Comparison:
    from eval.compare import compare

    try:
        return compare(baseline, result, limits)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _with_baseline(baseline: Result, results: Sequence[Result], path: Path) -> Comparison:
    same = [result for result in results if result.task == baseline.task]
    if len(same) != 1:
        raise ConfigError(
            f"{path}: a baseline of the task {baseline.task}; give one result of that task, not {len(same)}"
        )
    return _compared(baseline, same[0])


def _write(
    results: Sequence[Result], comparison: Comparison | None, html_file: str | None, markdown_file: str | None
) -> None:
    if html_file is not None:
        from eval.page.html import html

        write_out(html_file, html(results, comparison))
    if markdown_file is not None:
        from eval.page.markdown import markdown

        write_out(markdown_file, markdown(results, comparison))
