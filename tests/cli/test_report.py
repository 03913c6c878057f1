"""factcheck report: every format, with the decisions beside the report unless they are not wanted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from factcheck.cli import app
from factcheck.cli.report import Format
from factcheck.cli.review_export import export
from factcheck.models import Label
from factcheck.report.schema import to_json
from factcheck.reviews import append_review, report_digest, review_now, reviews_path
from tests.report.samples import sample_report, small_report

exporting = typer.Typer()
exporting.command()(export)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("report.json").write_text(to_json(small_report()), encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["report", *arguments])


def decide(path: Path, claim: str, label: Label, reviewer: str = "Anna", said: Label = "contradicted") -> None:
    digest = report_digest(path.read_bytes())
    append_review(path, review_now(digest, claim, said, label, reviewer, datetime(2026, 11, 22, tzinfo=UTC)))


@pytest.mark.parametrize("to", list(Format))
def test_a_reviewed_label_is_in_every_format_but_the_report_itself(to: Format) -> None:
    path = Path("report.json")
    decide(path, "s1.1", "supported")
    done = run("report.json", "--to", to.value)
    assert (done.exit_code, done.stderr) == (0, "")
    if to is Format.json:
        assert done.stdout == path.read_text(encoding="utf-8")
        return
    assert "Anna" in done.stdout
    assert ("Anna" in run("report.json", "--to", to.value, "--no-reviews").stdout) is False


@pytest.mark.parametrize("to", [one for one in Format if one is not Format.claimreview])
def test_what_goes_to_a_file_is_what_goes_to_stdout(to: Format, tmp_path: Path) -> None:
    done = run("report.json", "--to", to.value, "--out", "out")
    if to is Format.terminal:
        assert done.exit_code == 2
        assert "--to terminal has no file form" in done.stderr
        return
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / "out").read_bytes() == run("report.json", "--to", to.value).stdout_bytes


def test_decisions_about_another_version_are_said_and_not_used() -> None:
    path = Path("report.json")
    decide(path, "s1.1", "supported")
    reviews_path(path).open("ab").write(b'{"cut')
    path.write_text(to_json(small_report()) + "\n", encoding="utf-8")
    done = run("report.json", "--to", "junit")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "report.json.reviews.jsonl: 1 decision about another version of this report, not used; review this one",
        "report.json.reviews.jsonl: 1 damaged line, not used",
    ]
    assert "Anna" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "csv", "--url", "https://example.org"], "--url belongs to --to claimreview"),
        (["--publisher", "Us"], "--publisher belongs to --to claimreview"),
        (["--to", "junit", "--problems-only"], "--problems-only belongs to --to sarif"),
        (["--to", "sarif", "--delimiter", ";"], "--delimiter belongs to --to csv"),
        (["--to", "claimreview"], "no claim has a reviewed label"),
        (["--to", "csv", "--out", "report.json"], "this is the file to be read"),
        (["--to", "csv", "--out", "report.json.reviews.jsonl"], "the decisions of reviewers are kept here"),
    ],
)
def test_a_mistake_is_said_in_one_line(arguments: list[str], says: str) -> None:
    done = run("report.json", *arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_options_of_a_format_reach_it() -> None:
    decide(Path("report.json"), "s1.1", "supported")
    assert run("report.json", "--to", "csv", "--delimiter", ";").stdout.startswith("\ufeffdocument;claim id;")
    given = ("--url", "https://example.org/1", "--publisher", "The Gazette")
    (review,) = json.loads(run("report.json", "--to", "claimreview", *given).stdout)["@graph"]
    assert (review["url"], review["author"]["name"]) == ("https://example.org/1", "The Gazette")
    assert json.loads(run("report.json", "--to", "sarif", "--problems-only").stdout)["runs"][0]["results"] == []


def test_a_document_that_changed_since_the_check_is_said_where_places_are_told() -> None:
    Path("article.md").write_text("Something else.\n", encoding="utf-8")
    done = run("report.json", "--to", "sarif")
    assert done.stderr == "article.md: not the text that was checked; lines and columns are those of that text\n"
    document = small_report().document
    Path("article.md").write_bytes(document.text.replace("\n", "\r\n").encode())
    same = run("report.json", "--to", "sarif")
    assert same.stderr == ""
    _, second = json.loads(same.stdout)["runs"][0]["results"]
    region = second["locations"][0]["physicalLocation"]["region"]
    assert region["charOffset"] == small_report().outcomes[1].claim.span.start + 1


def test_an_export_writes_samples_and_tells_how_far_everybody_agrees() -> None:
    path = Path("report.json")
    decide(path, "s1.1", "supported")
    decide(path, "s1.1", "supported", "Ben")
    decide(path, "s2.1", "supported", said="supported")
    decide(path, "s2.1", "contradicted", "Ben", said="supported")
    done = CliRunner().invoke(exporting, ["report.json", "--to", "samples.jsonl"])
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "report.json: s2.1: the reviewers differ; left out until they agree",
        "1 sample written to samples.jsonl",
    ]
    assert (
        done.stdout
        == """\
Decisions: 4, about 2 claims, by 2 reviewers

engine said     reviewers:      supported  contradicted  unverifiable   accepted
supported                               1             1             0   1 of 2 (50%)
contradicted                            2             0             0   0 of 2 (0%)
all verdicts                                                            1 of 4 (25%)

Cohen's kappa between reviewers, over the claims both decided:
  Anna and Ben: 0.00 (n = 2, the same label 1 time)
"""
    )
    assert len(Path("samples.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_a_folder_is_exported_whole_each_version_of_a_report_once_and_a_broken_one_is_said() -> None:
    Path("more/deep").mkdir(parents=True)
    for name, claim in (("report.json", "s1.1"), ("more/copy.json", "s2.1"), ("more/deep/other.json", "s1.1")):
        path = Path(name)
        text = to_json(sample_report() if "other" in name else small_report())
        path.write_text(text, encoding="utf-8")
        decide(path, claim, "supported", said="supported" if claim == "s2.1" else "contradicted")
    decide(Path("more/copy.json"), "s1.1", "supported")
    Path("more/gone.json.reviews.jsonl").write_text("", encoding="utf-8")
    done = CliRunner().invoke(exporting, [".", "--to", "-"])
    assert done.exit_code == 3
    assert "more/gone.json: No such file or directory; left out" in done.stderr
    assert "Decisions: 3, about 3 claims, by 1 reviewer\n" in done.stderr
    claims = [json.loads(line)["sample"]["id"].rpartition("/")[2] for line in done.stdout.splitlines()]
    assert sorted(claims) == ["s1.1", "s1.1", "s2.1"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["report.json", "--to", "out"], "nobody has decided about a claim yet"),
        ([".", "--to", "out"], "nothing in this folder has been reviewed"),
        (["missing.json", "--to", "out"], "missing.json: No such file"),
        (["report.json", "--to", "report.json.reviews.jsonl"], "a report or its decisions"),
    ],
)
def test_where_there_is_nothing_to_export_that_is_said_and_nothing_written(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(exporting, arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert [path.name for path in Path().iterdir()] == ["report.json"]


def test_reviewers_who_agree_on_nothing_make_no_sample() -> None:
    path = Path("report.json")
    decide(path, "s1.1", "supported")
    decide(path, "s1.1", "unverifiable", "Ben")
    done = CliRunner().invoke(exporting, ["report.json", "--to", "out"])
    assert done.exit_code == 2
    assert "the reviewers agree on no claim" in done.stderr
    assert not Path("out").exists()
