"""Batches that are killed, interrupted or run out of disk: nothing is lost or half written, and the next goes on."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from factcheck.batch.records import read_rows
from factcheck.report.schema import read_report
from tests.batch.checking import write

DOCUMENTS = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = {f"sub{n % 3}__d{n:02}": f"It is true that {n}. It is false. Who knows." for n in range(DOCUMENTS)}
    return write(tmp_path_factory.mktemp("documents") / "in", **texts)


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves that nothing came in the way of."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert _run(folder, out)[0] == 0
    return out


def _start(folder: Path, out: Path, *, pause_s: float = 0.0, most: int = 0, **options: Any) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    command: list[str | Path] = [sys.executable, "-m", "tests.batch.batching", folder, out, str(pause_s), str(most)]
    return subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True, **options)


def _run(folder: Path, out: Path, **options: Any) -> tuple[int, str]:
    process = _start(folder, out, **options)
    said = process.communicate()[1]
    assert "Traceback" not in said
    return process.returncode, said


def _wait_for(out: Path, reports: int) -> None:
    while len(list(out.rglob("*.txt.json"))) < reports:
        time.sleep(0.02)


def _told(out: Path) -> dict[str, Any]:
    """All there is in the output folder but the times."""
    for path in out.rglob("*.json"):
        json.loads(path.read_bytes())  # whole, every one of them
    times = {"usage": {"seconds"}, "provenance": {"created"}}
    return {
        "rows": {name: row.model_dump(exclude={"at", "seconds", "report_sha256"}) for name, row in _rows(out).items()},
        "reports": {name: read_report(out / name).model_dump(exclude=times) for name in _reports(out)},
        "coverage": json.loads((out / "coverage.json").read_text(encoding="utf-8")),
        "files": sorted(path.relative_to(out).as_posix() for path in out.rglob("*")),
    }


def _reports(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*.txt.json")}


def _rows(out: Path) -> Any:
    return read_rows(out / "index.jsonl")


def test_a_run_killed_again_and_again_ends_as_one_that_was_not(folder: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    chance = random.Random(7)
    for number in range(3):
        process = _start(folder, out, pause_s=0.05)
        _wait_for(out, 6 * number + chance.randrange(1, 6))
        process.kill()
        process.wait()
    assert 6 < len(list(out.rglob("*.txt.json"))) < DOCUMENTS
    assert _run(folder, out)[0] == 0
    assert _told(out) == _told(whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_at_once_with_what_is_finished_written_down(
    folder: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "out"
    process = _start(folder, out, pause_s=0.1)
    _wait_for(out, 5)
    process.send_signal(number)
    said = process.communicate()[1]
    assert process.returncode == code
    assert "the same command goes on from there" in said
    rows = _rows(out)
    assert 5 <= len(rows) < DOCUMENTS
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.txt.json")} == {
        row.report for row in rows.values()
    }
    assert f"{len(rows)} done" in (out / "summary.md").read_text()
    assert not list(out.rglob("*.tmp"))
    assert _run(folder, out)[0] == 0
    assert len(_rows(out)) == DOCUMENTS


def test_a_second_signal_ends_a_run_that_hangs(folder: Path, tmp_path: Path) -> None:
    process = _start(folder, tmp_path / "out", pause_s=0.1)
    _wait_for(tmp_path / "out", 1)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130


def test_files_that_may_not_grow_end_the_run_naming_the_file_and_it_goes_on_once_they_may(
    folder: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, said = _run(folder, out, most=(whole / "index.jsonl").stat().st_size // 2)
    assert code == 2
    assert f"{out / 'index.jsonl'}: cannot be written (File too large)" in said
    rows = _rows(out)
    assert 0 < len(rows) < DOCUMENTS
    assert (out / "index.jsonl").read_bytes().endswith(b"}\n")
    for row in rows.values():
        read_report(out / str(row.report))
    assert _run(folder, out)[0] == 0
    assert _told(out) == _told(whole)


def test_a_disk_too_full_to_even_read_a_document_stops_the_run_and_blames_no_document(
    folder: Path, tmp_path: Path
) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    program = (
        "import sys; from pathlib import Path; from tests.batch.checking import Checking, batch\n"
        "print(batch(Path(sys.argv[1]), Path(sys.argv[2]), Checking()).stopped)"
    )
    command: list[str | Path] = [sys.executable, "-c", program, folder, tmp_path / "out"]
    root = Path(__file__).resolve().parents[2]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True, preexec_fn=small).stdout
    assert said == f"{tempfile.gettempdir()}: cannot be written (File too large)\n"
    assert _rows(tmp_path / "out") == {}


@contextmanager
def _little_disk(at: Path, size: str) -> Iterator[None]:
    at.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", at], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", at], check=True)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_ends_the_run_naming_the_file_and_it_goes_on_where_there_is_room(
    folder: Path, whole: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    with _little_disk(disk, "200k"):
        out = disk / "out"
        code, said = _run(folder, out)
        assert code == 2
        assert f"{out}" in said
        assert "No space left on device" in said
        rows = _rows(out)
        assert 0 < len(rows) < DOCUMENTS
        for row in rows.values():
            read_report(out / str(row.report))
        assert not list(out.rglob("*.tmp"))
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        assert _run(folder, out)[0] == 0
        assert _told(out) == _told(whole)
