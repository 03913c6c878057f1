"""factcheck diff: two reports or two folders, exit codes, and inputs that cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from factcheck.batch.compare import compare
from factcheck.batch.records import INDEX, Row
from factcheck.cli import app
from factcheck.errors import ConfigError
from factcheck.models import Report
from factcheck.report.schema import to_json
from tests.report.samples import empty_report, rich_report, small_report
from tests.report.test_diff import INDIA, WEBB, report


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


def written(path: Path, made: Report) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(made), "utf-8")
    return path


def row(document: str, *, report: str | None = None, status: str = "done", reason: str = "") -> str:
    made = Row.model_validate(
        {
            "document": document,
            "report": report,
            "status": status,
            "reason": reason,
            "document_sha256": None,
            "key": "k",
            "report_sha256": None,
            "totals": None,
            "at": datetime(2026, 11, 22, tzinfo=UTC),
        }
    )
    return made.model_dump_json() + "\n"


@pytest.mark.parametrize(
    ("was", "now", "codes"),
    [
        ("supported", "supported", (0, 0, 0)),
        ("contradicted", "supported", (1, 0, 0)),
        ("supported", "unverifiable", (1, 1, 0)),
    ],
)
def test_the_exit_code_says_what_the_user_asked_to_fail_on(
    tmp_path: Path, was: str, now: str, codes: tuple[int, int, int]
) -> None:
    old, new = written(tmp_path / "old.json", report((WEBB, was))), written(tmp_path / "new.json", report((WEBB, now)))
    asked = ("changed", "worse", "never")
    assert tuple(run(old, new, "--fail-on", fail_on).exit_code for fail_on in asked) == codes


def test_the_terminal_shows_what_changed_and_why(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", report((WEBB, "contradicted"), (INDIA, "supported")))
    new = report((WEBB, "supported"), (INDIA, "supported"), made={"model": "large-model"})
    shown = run(old, written(tmp_path / "new.json", new)).stdout
    assert "✘ contradicted → ✔ supported  s1.1" in shown
    assert "why: model small-model → large-model" in shown
    assert INDIA not in shown


def test_folders_are_compared_by_document_also_without_an_index(tmp_path: Path) -> None:
    written(tmp_path / "old" / "sub" / "a.md.json", report((WEBB, "supported")))
    written(tmp_path / "new" / "sub" / "a.md.json", report((WEBB, "contradicted")))
    written(tmp_path / "old" / "gone.md.json", small_report())
    written(tmp_path / "new" / "come.md.json", empty_report())
    (tmp_path / "new" / "coverage.json").write_text("{}")
    found = compare(tmp_path / "old", tmp_path / "new")
    assert [(d.document, d.old, d.new, len(d.changes)) for d in found.documents] == [
        ("come.md", "absent", "report", 0),
        ("gone.md", "report", "absent", 0),
        ("sub/a.md", "report", "report", 1),
    ]


def test_a_document_without_a_report_is_told_with_its_reason(tmp_path: Path) -> None:
    written(tmp_path / "old" / "a.md.json", report((WEBB, "supported")))
    (tmp_path / "old" / INDEX).write_text(row("a.md", report="a.md.json"))
    (tmp_path / "new").mkdir()
    cut_off = row("a.md", report="a.md.json")[:40]
    (tmp_path / "new" / INDEX).write_text(row("a.md", status="error", reason="unreadable: it is empty") + cut_off)
    (document,) = compare(tmp_path / "old", tmp_path / "new").documents
    assert (document.new, document.trouble, document.worse) == ("error", "error: unreadable: it is empty", True)
    result = run(tmp_path / "old", tmp_path / "new", "--fail-on", "worse")
    assert result.exit_code == 1
    assert "a.md: no longer checked (1 claim): error: unreadable: it is empty" in result.stdout


def test_what_is_no_document_is_not_compared_and_one_that_is_gone_is_removed(tmp_path: Path) -> None:
    written(tmp_path / "old" / "a.md.json", report((WEBB, "supported")))
    hidden = row(".git", status="skipped", reason="hidden: its name begins with a dot")
    (tmp_path / "old" / INDEX).write_text(row("a.md", report="a.md.json"))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / INDEX).write_text(hidden + row("a.md", status="skipped", reason="gone: no longer here"))
    (document,) = compare(tmp_path / "old", tmp_path / "new").documents
    assert (document.document, document.old, document.new, document.worse) == ("a.md", "report", "absent", False)
    result = run(tmp_path / "old", tmp_path / "new", "--fail-on", "worse")
    assert result.exit_code == 0
    assert "a.md: removed (1 claim): skipped: gone: no longer here" in result.stdout


def test_the_newest_row_of_a_document_counts(tmp_path: Path) -> None:
    for name in ("old", "new"):
        written(tmp_path / name / "a.md.json", report((WEBB, "supported")))
    rows = row("a.md", status="error", reason="timeout: no answer") + row("a.md", report="a.md.json")
    (tmp_path / "old" / INDEX).write_text(rows)
    (tmp_path / "new" / INDEX).write_text(row("a.md", report="a.md.json"))
    assert not compare(tmp_path / "old", tmp_path / "new").changed


def test_json_and_markdown_carry_the_whole_comparison(tmp_path: Path) -> None:
    old, new = written(tmp_path / "a.json", rich_report()), written(tmp_path / "b.json", small_report())
    told = json.loads(run(old, new, "--json", "-").stdout)
    assert told == compare(old, new).model_dump(mode="json")
    assert run(old, new, "--markdown", "-").stdout.startswith("# What changed\n")


@pytest.mark.parametrize("broken", ["missing", "no json", "no report", "an empty folder", "deep"])
def test_an_input_that_cannot_be_read_is_one_line_and_exit_2(tmp_path: Path, broken: str) -> None:
    good = written(tmp_path / "good.json", small_report())
    bad = tmp_path / "bad.json"
    content = {"no json": "{", "no report": '{"schema_version": "1.0"}', "deep": "[" * 100_000}
    if broken in content:
        bad.write_text(content[broken])
    if broken == "an empty folder":
        good = tmp_path / "good"
        written(good / "a.json", small_report())
        bad.mkdir()
    for pair in ((good, bad), (bad, good)):
        result = run(*pair)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert "bad.json" in result.stderr


def test_a_report_is_not_compared_with_a_folder(tmp_path: Path) -> None:
    good = written(tmp_path / "good.json", small_report())
    with pytest.raises(ConfigError, match="a report against a folder"):
        compare(good, tmp_path)


def test_what_is_compared_is_never_written_over(tmp_path: Path) -> None:
    good = written(tmp_path / "good.json", small_report())
    before = good.read_bytes()
    assert run(good, good, "--json", good).exit_code == 2
    assert good.read_bytes() == before
