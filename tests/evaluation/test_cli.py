"""``python -m eval run`` as a user types it: the numbers, the file, the exit codes, one line where it cannot run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from eval.cli import app
from eval.results import read
from tests.evaluation.engines import data_folder
from tests.evaluation.folders import row, write_index, write_own_like, write_rows
from tests.model import honest
from tests.servers import Reply, Request, ScriptedServer, error

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_own_like(tmp_path / "mine")


def invoked(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_run_then_compare_in_processes_of_their_own(folder: Path, tmp_path: Path) -> None:
    def python_eval(*words: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "eval", *map(str, words)]
        return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)

    out = tmp_path / "result.json.gz"
    done = python_eval("run", "verdict", "--data", folder, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "mine: 6 samples; your own data" in done.stdout
    assert "macro-F1 is 1.000 (n = 6" in done.stdout
    assert "engine: local" in done.stderr
    assert "Traceback" not in done.stderr
    result = read(out)
    assert [sample.label for sample in result.samples] == [sample.gold for sample in result.samples]
    assert result.provenance.command == f"python -m eval run verdict --data {folder} --out {out}"
    assert python_eval("compare", out, out).returncode == 0


def test_false_supported_is_the_first_number(folder: Path) -> None:
    lines = invoked("run", "end-to-end", "--data", folder).stdout.splitlines()
    head = next(place for place, line in enumerate(lines) if line.startswith("metric"))
    assert lines[head].split() == ["metric", "engine", "majority", "claim", "only", "word", "overlap", "n", "documents"]
    assert lines[head + 1].startswith("false-supported rate")


def test_the_licence_and_what_is_left_out_are_said(tmp_path: Path) -> None:
    write_rows(tmp_path / "nc" / "towns" / "all.jsonl", [row(1, "supported"), row(2, "contradicted")])
    write_rows(tmp_path / "nc" / "towns" / "disputed.jsonl", [row(1, "disputed")])
    write_index(
        tmp_path,
        ("nc/towns/all.jsonl", "verdict", "nc", "two"),
        ("nc/towns/disputed.jsonl", "verdict", "nc", "aside"),
    )
    done = invoked("run", "verdict", "--data", tmp_path, "--set", "towns")
    assert done.exit_code == 0, done.output
    assert "nc/towns/all: 2 samples, part test; non-commercial: evaluation and research only" in done.output
    assert "nc/towns/disputed: left out, its labels are none of the three" in done.output


def test_control_characters_of_a_data_set_do_not_reach_the_terminal(tmp_path: Path) -> None:
    write_rows(tmp_path / "mine" / "a\x1b[31m.jsonl", [row(1, "supported")])
    done = invoked("run", "verdict", "--data", tmp_path / "mine")
    assert done.exit_code == 0, done.output
    assert "\x1b[31m" not in done.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["verdict", "--data", "no-such-folder"], "no-such-folder: no such file or folder of data"),
        (["verdict", "--set", "fever"], "name the folder of other sets with --data DIR"),
        (["verdict", "--out", "no-such-folder/r.json"], "the folder to write to does not exist"),
        (["verdict", "--record", "a", "--replay", "b"], "give --record or --replay, not both"),
        (["verdict", "--record", "a.xz"], "--answered-by"),
        (["verdict", "--answered-by", "me"], "give both"),
        (["verdict", "--replay", "no-such-file"], "no-such-file: cannot be read"),
        (["verdict", "--limit", "4", "--record", "a.xz", "--answered-by", "me"], "the local engine needs neither"),
    ],
)
def test_what_cannot_run_is_one_line_and_exit_2(words: list[str], says: str) -> None:
    done = invoked("run", *words)
    assert done.exit_code == 2, done.output
    assert says in done.output
    assert "Traceback" not in done.output


def test_of_two_labels_the_local_engine_says_one_of_every_claim(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert invoked("run", "verdict", "--data", folder, "--of-two", "--out", out).exit_code == 0
    result = read(out)
    assert {sample.label for sample in result.samples} == {"supported", "contradicted"}
    assert result.provenance.parameters["of_two"] is True


def test_a_model_is_not_asked_to_choose_of_two_labels(folder: Path) -> None:
    with ScriptedServer(honest) as server:
        model = ("--base-url", server.url, "--model", "m")
        done = invoked("run", "verdict", "--data", folder, "--of-two", *model)
    assert done.exit_code == 2, done.output
    assert "--of-two is for the local engine" in done.output


def test_an_unknown_task_is_answered_with_those_there_are() -> None:
    done = invoked("run", "verdicts")
    assert done.exit_code == 2
    assert "end-to-end" in done.output


def test_failures_are_listed_and_are_exit_3(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"

    def moody(request: Request) -> Reply:
        about_the_mayor = "Lindgren" in request.user.rpartition("<claim-")[2]
        return honest(request) if about_the_mayor else error(400, "no such thing")

    with ScriptedServer(moody) as server:
        done = invoked("run", "verdict", "--data", folder, "--base-url", server.url, "--model", "m", "--out", out)
    assert done.exit_code == 3, done.output
    assert "3 samples failed: 3 × model_error" in done.output
    assert "3 failed and are not scored" in done.output
    result = read(out)
    assert sum(sample.failure is not None for sample in result.samples) == 3
    assert result.provenance.answered_by == "a model: m"


def test_what_a_model_said_is_recorded_and_replayed_without_it(folder: Path, tmp_path: Path) -> None:
    first, second, kept = tmp_path / "first.json", tmp_path / "second.json", tmp_path / "kept.xz"
    words = ("run", "verdict", "--data", folder)
    with ScriptedServer(honest) as server:
        address = server.url.replace("http://", "http://user:password@")
        model = ("--base-url", address, "--model", "scripted-1", "--passages", "3")
        recorded = invoked(*words, *model, "--record", kept, "--answered-by", "a rule of the tests", "--out", first)
        asked = len(server.requests)
    assert recorded.exit_code == 0, recorded.output
    assert asked > 0
    replayed = invoked(*words, "--replay", kept, "--out", second)
    assert replayed.exit_code == 0, replayed.output
    one, other = read(first), read(second)
    assert one.samples == other.samples
    assert one.provenance.exchanges == other.provenance.exchanges is not None
    assert other.provenance.answered_by == "a rule of the tests"
    assert other.provenance.settings["passages"] == 3
    assert "password" not in first.read_text(encoding="utf-8")


@pytest.mark.slow
def test_all_tasks_write_what_each_writes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "all").mkdir()
    own = ("--limit", "3", "--engine", "local")
    monkeypatch.setattr(sys, "argv", ["eval", "run", "all", *own])
    assert invoked("run", "all", *own, "--out", tmp_path / "all").exit_code == 0
    names = ["attack", "citations", "contrast", "end-to-end", "retrieve", "split", "verdict"]
    assert sorted(path.stem for path in (tmp_path / "all").iterdir()) == names
    for name in ("citations", "contrast"):  # which share with end-to-end and verdict
        alone = tmp_path / f"{name}.json"
        assert invoked("run", name, *own, "--out", alone).exit_code == 0
        one, other = read(alone), read(tmp_path / "all" / f"{name}.json")
        assert one.samples == other.samples
        assert other.provenance.command == f"python -m eval run {name} --limit 3 --engine local"


def test_all_tasks_are_written_to_a_folder(tmp_path: Path) -> None:
    done = invoked("run", "all", "--limit", "1", "--out", tmp_path / "result.json")
    assert done.exit_code == 2
    assert "result.json: not a folder" in done.output


def test_a_replay_that_does_not_fit_is_no_result(folder: Path, tmp_path: Path) -> None:
    kept, out = tmp_path / "kept.xz", tmp_path / "r.json"
    model = ("--model", "scripted-1", "--record", kept, "--answered-by", "a rule of the tests")
    with ScriptedServer(honest) as server:
        assert invoked("run", "contrast", "--data", folder, "--base-url", server.url, *model).exit_code == 0
    more = invoked("run", "verdict", "--data", folder, "--replay", kept, "--out", out)
    assert more.exit_code == 2, more.output
    assert "were not recorded" in more.output
    fewer = invoked("run", "contrast", "--data", folder, "--limit", "1", "--replay", kept, "--out", out)
    assert fewer.exit_code == 2, fewer.output
    assert "were not asked for" in fewer.output
    assert not out.exists()


@pytest.mark.skipif(not data_folder().is_dir(), reason="the folder of public sets is not here: ../shared/data")
def test_a_public_set_is_measured_on_its_test_part() -> None:
    done = invoked("run", "verdict", "--data", data_folder(), "--set", "snli", "--limit", "40")
    assert done.exit_code == 0, done.output
    assert "snli/dev: 40 samples, part test; free licence" in done.output


def test_without_the_packages_of_the_extra_one_line_says_how_to_get_them() -> None:
    script = (
        "import importlib.util, runpy, sys\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'sklearn' else real(name, *more)\n"
        "sys.argv = ['eval', '--help']\n"
        "runpy.run_module('eval', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "factcheck: python -m eval needs sklearn: pip install -e '.[eval]'\n"
