"""A run from plan to index: what is written, what a second run leaves alone, and how documents that go wrong end."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factcheck.batch.output import Output
from factcheck.batch.plan import plan
from factcheck.batch.records import Row, read_rows
from factcheck.batch.run import Asked, Batch, Result
from factcheck.errors import ConfigError, ModelUnavailable, StoreError
from factcheck.models import Document
from factcheck.report.schema import read_report
from factcheck.reviews import Review, append_review, read_reviews, report_digest, reviews_path
from tests.batch.checking import Checking, batch, write


def _index(out: Path) -> dict[str, Row]:
    return read_rows(out / "index.jsonl")


def _ends(result: Result) -> dict[str, str]:
    return {row.document: f"{row.status} {row.code}".strip() for row in result.rows}


def _files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def _named(name: str, error: Exception) -> Any:
    def trouble(document: Document) -> None:
        if Path(document.source).name == name:
            raise error

    return trouble


def test_each_document_gets_its_report_in_the_same_tree_and_a_row_that_says_what_it_holds(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="It is true. It is false.", sub__b="Who knows.")
    out = tmp_path / "out"
    result = batch(folder, out, Checking())
    assert _files(out) == {
        ".factcheck-batch.lock",
        "a.txt.json",
        "sub/b.txt.json",
        "index.jsonl",
        "summary.md",
        "coverage.json",
    }
    row = _index(out)["a.txt"]
    content = (out / "a.txt.json").read_bytes()
    assert (row.status, row.reason, row.report) == ("done", "", "a.txt.json")
    assert row.report_sha256 == hashlib.sha256(content).hexdigest()
    assert row.document_sha256 == hashlib.sha256((folder / "a.txt").read_bytes()).hexdigest()
    assert row.totals is not None
    assert (row.totals.claims, row.totals.supported, row.totals.contradicted) == (2, 1, 1)
    assert (row.calls, row.input_tokens, row.cost_usd) == (1, 100, 0.001)
    assert read_report(out / "a.txt.json").document.source == str(folder / "a.txt")
    assert result.rows == tuple(_index(out).values())


def test_the_sums_add_up_over_rows_reports_summary_and_run(tmp_path: Path) -> None:
    texts = {f"d{n}": "It is true. " * n + "It is false. What else. <refused> this." for n in range(1, 6)}
    out = tmp_path / "out"
    result = batch(write(tmp_path / "in", **texts), out, Checking())
    reports = [read_report(out / str(row.report)).totals for row in result.rows]
    sums = result.sums
    assert (sums.claims, sums.supported, sums.contradicted) == (30, 15, 5)
    assert (sums.unverifiable, sums.failed) == (5, 5)
    assert sums.claims == sum(totals.claims for totals in reports)
    assert sums.calls == sum(stage.calls for stage in result.spent.stages.values()) == 5
    assert sums.cost_usd == pytest.approx(result.spent.cost_usd)
    summary = (out / "summary.md").read_text(encoding="utf-8")
    assert "| 5 documents | 5 partial | 30 | 15 | 5 | 5 | 5 | $0.0050 |" in summary
    assert "## What the references cover" in summary
    assert json.loads((out / "coverage.json").read_text())["reports"] == 5


def test_a_second_run_checks_nothing_and_writes_nothing(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is false."), tmp_path / "out"
    first = batch(folder, out, Checking())
    before = {name: (out / name).stat().st_mtime_ns for name in _files(out) if not name.startswith(".")}
    again = Checking()
    second = batch(folder, out, again)
    assert again.made == []
    assert second.kept == 2
    assert second.rows == first.rows
    assert second.coverage == first.coverage
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before


def test_only_what_changed_is_done_again(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is false.", c="Who knows."), tmp_path / "out"
    batch(folder, out, Checking())
    write(folder, b="It is true now.", d="It is new.")
    (out / "c.txt.json").unlink()
    again = Checking()
    batch(folder, out, again)
    assert sorted(again.made) == ["b.txt", "c.txt", "d.txt"]
    assert read_report(out / "b.txt.json").totals.supported == 1


def test_another_store_or_model_or_setting_does_all_again_and_force_too(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is false."), tmp_path / "out"
    batch(folder, out, Checking())
    other = Checking(store="store-2")
    batch(folder, out, other)
    assert sorted(other.made) == ["a.txt", "b.txt"]
    assert {row.key for row in _index(out).values()} == {other.key}
    forced = Checking(store="store-2")
    batch(folder, out, forced, force=True)
    assert sorted(forced.made) == ["a.txt", "b.txt"]


def test_a_report_that_was_changed_by_hand_is_made_again(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true."), tmp_path / "out"
    batch(folder, out, Checking())
    report = out / "a.txt.json"
    report.write_bytes(report.read_bytes() + b"\n")
    again = Checking()
    batch(folder, out, again)
    assert again.made == ["a.txt"]
    assert _index(out)["a.txt"].report_sha256 == hashlib.sha256(report.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("code", "again"),
    [("timeout", 1), ("rate_limited", 1), ("budget_exhausted", 1), ("store_unreachable", 1), ("refused", 0)],
)
def test_failures_that_may_pass_are_tried_again_by_the_next_run_and_others_are_not(
    tmp_path: Path, code: str, again: int
) -> None:
    folder, out = write(tmp_path / "in", a=f"It is true. It <{code}> failed."), tmp_path / "out"
    assert _ends(batch(folder, out, Checking())) == {"a.txt": f"partial {code}"}
    second = Checking()
    batch(folder, out, second)
    assert len(second.made) == again


def test_one_failure_that_may_pass_among_others_is_enough_to_try_again(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="<refused> one. <refused> two. <timeout> three."), tmp_path / "out"
    (row,) = batch(folder, out, Checking()).rows
    assert row.reason == "timeout: 3 claims failed (also refused)"


def test_documents_that_cannot_be_read_end_as_errors_and_the_others_as_reports(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", good="It is true.", empty="  ")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 cut")
    (folder / "binary.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (folder / "two\nlines.txt").write_text("It is true.")
    os.mkfifo(folder / "pipe.txt")
    (folder / "round").symlink_to(".")
    long = "n" * 251 + ".txt"
    (folder / long).write_text("It is true.")
    bad = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.txt"))
    bad.write_text("It is true.")
    out = tmp_path / "out"
    result = batch(folder, out, Checking())
    assert _ends(result) == {
        "binary.txt": "error unreadable",
        "broken.pdf": "error unreadable",
        "empty.txt": "error unreadable",
        "good.txt": "done",
        long: "done",
        "pipe.txt": "skipped not_a_file",
        "round": "skipped link",
        "two\nlines.txt": "done",
        "\ufffd.txt": "error unreadable",
    }
    assert len(_index(out)) == 9
    assert (out / "two\nlines.txt.json").is_file()
    assert all(row.document_sha256 is None for row in result.rows if row.status != "done")


def test_a_bug_met_by_one_document_ends_that_one_alone(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="It is true.", b="It is true.", c="It is true.")
    result = batch(folder, tmp_path / "out", Checking(trouble=_named("b.txt", ZeroDivisionError("0"))))
    assert _ends(result) == {"a.txt": "done", "b.txt": "error internal", "c.txt": "done"}
    row = result.rows[1]
    assert row.reason == "internal: a bug in factcheck: ZeroDivisionError: 0"
    assert row.calls == 1


def test_a_model_that_will_never_answer_stops_the_run_and_what_was_not_begun_waits_for_the_next(
    tmp_path: Path,
) -> None:
    folder = write(tmp_path / "in", **{f"d{n}": "It is true." for n in range(8)})
    error = ModelUnavailable("quota_exhausted", "the account is spent")
    checker = Checking()

    def spent(document: Document) -> None:
        if len(checker.made) >= 3:
            checker.unavailable = error
            raise error

    checker._trouble = spent
    result = batch(folder, tmp_path / "out", checker, at_once=2)
    assert result.stopped is error
    ends = _ends(result)
    assert list(ends.values()).count("done") == 3
    assert set(ends.values()) == {"done", "error quota_exhausted"}
    assert len(ends) <= 5
    assert set(result.waiting) == {f"d{n}.txt" for n in range(8)} - ends.keys()
    assert set(_index(tmp_path / "out")) == ends.keys()
    again = Checking()
    after = batch(folder, tmp_path / "out", again)
    assert len(again.made) == 5
    assert set(_ends(after).values()) == {"done"}


def test_a_store_that_answers_nothing_for_a_whole_document_stops_the_run(tmp_path: Path) -> None:
    texts = {"a": "It is true.", "b": "<store_unreachable> one. <store_unreachable> two.", "c": "It is true."}
    result = batch(write(tmp_path / "in", **texts), tmp_path / "out", Checking(), at_once=1)
    assert isinstance(result.stopped, StoreError)
    assert _ends(result) == {"a.txt": "done", "b.txt": "partial store_unreachable"}
    assert result.waiting == ("c.txt",)


def test_documents_under_way_at_once_are_bounded(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", **{f"d{n}": "It is true." for n in range(20)})
    checker = Checking(pause_s=0.01)
    batch(folder, tmp_path / "out", checker, at_once=3)
    assert checker.most_at_once == 3


def test_only_listed_files_are_checked_and_the_others_keep_their_rows(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is true."), tmp_path / "out"
    batch(folder, out, Checking())
    write(folder, a="It is false.", b="It is false.")
    again = Checking()
    result = batch(folder, out, again, files=[folder / "b.txt"])
    assert again.made == ["b.txt"]
    assert _ends(result) == {"b.txt": "done"}
    assert set(_index(out)) == {"a.txt", "b.txt"}


def test_a_document_that_is_gone_keeps_its_report_and_its_row_says_so(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is true."), tmp_path / "out"
    batch(folder, out, Checking())
    (folder / "a.txt").unlink()
    batch(folder, out, Checking())
    assert (_index(out)["a.txt"].status, _index(out)["a.txt"].code) == ("skipped", "gone")
    assert (out / "a.txt.json").is_file()
    write(folder, a="It is true.")
    back = Checking()
    batch(folder, out, back)
    assert back.made == []
    assert _index(out)["a.txt"].status == "done"


# What a kill or a full disk leaves


def test_a_report_without_its_row_is_taken_up_and_not_made_again(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is false."), tmp_path / "out"
    first = batch(folder, out, Checking())
    (out / "index.jsonl").unlink()
    again = Checking()
    second = batch(folder, out, again)
    assert again.made == []
    assert [row.model_dump(exclude={"at"}) for row in second.rows] == [
        row.model_dump(exclude={"at"}) for row in first.rows
    ]


def test_a_report_of_other_words_or_another_store_is_not_taken_up(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is false."), tmp_path / "out"
    batch(folder, out, Checking())
    (out / "index.jsonl").unlink()
    write(folder, a="It is true no more.")
    again = Checking()
    batch(folder, out, again)
    assert again.made == ["a.txt"]
    (out / "index.jsonl").unlink()
    other = Checking(store="store-2")
    batch(folder, out, other)
    assert sorted(other.made) == ["a.txt", "b.txt"]


def test_a_line_that_was_cut_off_counts_as_not_written_and_the_index_goes_on_whole(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true.", b="It is false."), tmp_path / "out"
    batch(folder, out, Checking(), at_once=1)
    whole = (out / "index.jsonl").read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        (out / "index.jsonl").write_bytes(whole[:cut])
        assert set(_index(out)) == {"a.txt"}
    batch(folder, out, Checking())
    assert [Row.model_validate_json(line).document for line in (out / "index.jsonl").read_bytes().splitlines()] == [
        "a.txt",
        "b.txt",
    ]


def test_what_a_killed_run_had_begun_to_write_is_removed_and_nothing_else(tmp_path: Path) -> None:
    folder = write(tmp_path / "out" / "in", a="It is true.")
    out = tmp_path / "out"
    (out / "sub").mkdir()
    (out / "sub" / ".a.txt.json.abcd1234.tmp").write_text("{")
    mine = folder / ".notes.abcd1234.tmp"
    mine.write_text("mine")
    batch(folder, out, Checking())
    assert not (out / "sub" / ".a.txt.json.abcd1234.tmp").exists()
    assert mine.read_text() == "mine"


# The output folder


def _holding(folder: Path, documents: Path) -> subprocess.Popen[str]:
    """A process that holds the output folder until its stdin is closed."""
    program = (
        "import sys; from pathlib import Path; from factcheck.batch.output import Output\n"
        "with Output.held(Path(sys.argv[1]), Path(sys.argv[2])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, folder, documents], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_run_on_one_output_folder_names_the_first_and_does_nothing(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true."), tmp_path / "out"
    with _holding(out, folder) as holder:
        for _ in range(2):
            with pytest.raises(ConfigError, match=rf"process {holder.pid} on .* since 20.*batch .*in"):
                batch(folder, out, Checking())
        assert not (out / "a.txt.json").exists()
        holder.kill()
    assert _ends(batch(folder, out, Checking())) == {"a.txt": "done"}


def test_nothing_outside_the_output_folder_is_written(tmp_path: Path) -> None:
    folder, out, elsewhere = write(tmp_path / "in", a="true.", sub__b="true."), tmp_path / "out", tmp_path / "else"
    out.mkdir()
    elsewhere.mkdir()
    (elsewhere / "kept.json").write_text("kept")
    (out / "sub").symlink_to(elsewhere)
    (out / "a.txt.json").symlink_to(elsewhere / "kept.json")
    before = _files(tmp_path / "in") | _files(elsewhere)
    result = batch(folder, out, Checking())
    assert _ends(result) == {"a.txt": "error unwritable", "sub/b.txt": "error unwritable"}
    assert _files(tmp_path / "in") | _files(elsewhere) == before
    assert (elsewhere / "kept.json").read_text() == "kept"


def test_a_file_that_is_no_report_is_not_written_over(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true."), tmp_path / "out"
    out.mkdir()
    (out / "a.txt.json").write_text('{"somebody": "else\'s"}')
    assert _ends(batch(folder, out, Checking())) == {"a.txt": "error unwritable"}
    assert (out / "a.txt.json").read_text() == '{"somebody": "else\'s"}'


@pytest.mark.parametrize("name", ["index.jsonl", "summary.md", "coverage.json"])
def test_a_folder_with_files_of_others_under_our_names_is_refused_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    folder, out = write(tmp_path / "in", a="It is true."), tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine, without an end of line")
    with pytest.raises(ConfigError, match="not written by a batch"):
        batch(folder, out, Checking())
    assert (out / name).read_text() == "mine, without an end of line"
    assert not (out / "a.txt.json").exists()


def test_decisions_of_reviewers_outlive_the_report_they_were_made_on(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", a="It is true."), tmp_path / "out"
    batch(folder, out, Checking())
    report = out / "a.txt.json"
    digest = report_digest(report.read_bytes())
    review = Review(
        claim="s1.1",
        decision="accept",
        label="supported",
        said="supported",
        comment="",
        reviewer="A",
        at=datetime.now(UTC),
        report=digest,
    )
    append_review(report, review)
    old = report.read_bytes()
    batch(folder, out, Checking(store="store-2"))
    assert report.read_bytes() != old
    assert reviews_path(report).is_file()
    (kept,) = (out / ".reviewed").rglob("*.json")
    assert kept.read_bytes() == old
    assert read_reviews(kept, digest).reviews == (review,)


def test_a_run_that_is_interrupted_keeps_what_is_finished(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "in", **{f"d{n}": "It is true." for n in range(6)}), tmp_path / "out"
    checker = Checking()

    async def interrupted() -> None:
        def hangs(document: Document) -> None:
            if len(checker.made) == 3:
                raise asyncio.CancelledError

        checker._trouble = hangs
        with Output.held(out, folder) as output:
            await Batch(Asked(folder, out), output, checker, at_once=1).run(plan(folder, out=out))

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    assert sorted(_index(out)) == ["d0.txt", "d1.txt", "d2.txt"]
    assert "3 done" in (out / "summary.md").read_text(encoding="utf-8")
    again = Checking()
    batch(folder, out, again)
    assert sorted(again.made) == ["d3.txt", "d4.txt", "d5.txt"]
