"""``factcheck batch`` as a user types it, against a real OpenAI-compatible server that works by rule."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from factcheck.batch import Result, run_batch
from factcheck.batch.estimate import estimate
from factcheck.batch.records import read_rows
from factcheck.batch.run import Asked
from factcheck.batch.summary import money
from factcheck.cli import app
from factcheck.cli.batch import exit_code
from factcheck.cli.options import FailOn
from factcheck.errors import ModelUnavailable
from factcheck.report.schema import read_report
from factcheck.settings import load
from tests.batch.checking import Checking, batch, write
from tests.cli.test_check import factcheck
from tests.model import honest, is_split
from tests.servers import Reply, Request, ScriptedServer, error

FACTS = [f"The bridge number {n} opened in 19{n}2." for n in range(1, 7)]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the references are indexed already, beside the references."""
    home = tmp_path_factory.mktemp("stored")
    write(home / "refs", bridge=" ".join(FACTS))
    write(home / "in", one=FACTS[0])
    run_batch(home / "in", home / "out", references=home / "refs", engine="local", cache_dir=home / "cache")
    return home


@pytest.fixture
def home(stored: Path, tmp_path: Path) -> Path:
    shutil.copytree(stored / "cache", tmp_path / "cache")
    texts = {f"d{n}": f"{fact} Later bridge number {n + 1} was painted grey." for n, fact in enumerate(FACTS)}
    write(tmp_path / "in", **texts)
    return tmp_path


def _batch(stored: Path, home: Path, server: ScriptedServer, **asked: object) -> Result:
    settings = {"base_url": server.url, "api_key": "sk-secret-0123456789", "model": "scripted-1", "retries": 1}
    given = {**settings, "cache_dir": home / "cache", "patience_s": 0, **asked}
    return run_batch(home / "in", home / "out", references=stored / "refs", **given)  # type: ignore[arg-type]


def test_a_folder_is_checked_with_one_account_per_document_that_adds_up_to_what_the_server_saw(
    stored: Path, home: Path
) -> None:
    with ScriptedServer(honest) as server:
        result = _batch(stored, home, server)
        calls = len(server.requests)
    assert {row.status for row in result.rows} == {"done"}
    assert [(row.totals.claims, row.totals.supported) for row in result.rows if row.totals] == [(2, 1)] * 6
    assert sum(row.calls for row in result.rows) == calls == 18
    assert sum(stage.calls for stage in result.spent.stages.values()) == calls
    for row in result.rows:
        report = read_report(home / "out" / str(row.report))
        assert sum(stage.calls for stage in report.usage.stages.values()) == row.calls == 3
        assert row.input_tokens == 300


def test_a_second_run_asks_nothing_and_a_lost_report_costs_only_kept_replies(stored: Path, home: Path) -> None:
    with ScriptedServer(honest) as server:
        _batch(stored, home, server)
        asked = len(server.requests)
        assert _batch(stored, home, server).kept == 6
        (home / "out" / "d3.txt.json").unlink()
        again = _batch(stored, home, server)
        assert len(server.requests) == asked
    assert again.kept == 5
    assert again.rows[3].cached == 3


def test_a_changed_setting_does_all_again_and_one_that_only_hurries_nothing(stored: Path, home: Path) -> None:
    with ScriptedServer(honest) as server:
        _batch(stored, home, server)
        assert _batch(stored, home, server, concurrency=2, retries=3, deadline_s=50.0, max_calls=99).kept == 6
        assert _batch(stored, home, server, passages=3).kept == 0


def test_calls_that_failed_are_paid_by_the_next_run_and_no_others(stored: Path, home: Path) -> None:
    healthy = False

    def busy(request: Request) -> Reply:
        claim = "" if is_split(request) else request.user.rpartition("<claim-")[2]
        out_of_order = not healthy and ("opened in 1922" in claim or "opened in 1952" in claim)
        return error(500, "out of order") if out_of_order else honest(request)

    with ScriptedServer(busy) as server:
        first = _batch(stored, home, server)
        assert [row.status for row in first.rows] == ["done", "partial", "done"] * 2
        assert {row.code for row in first.rows if row.reason} == {"model_error"}
        asked, healthy = len(server.requests), True
        second = _batch(stored, home, server)
        assert len(server.requests) == asked + 2
    assert {row.status for row in second.rows} == {"done"}
    assert (second.kept, sum(row.cached for row in second.rows[1::3])) == (4, 4)


def test_a_budget_of_calls_ends_the_run_with_what_is_finished_kept_and_the_next_goes_on(
    stored: Path, home: Path
) -> None:
    with ScriptedServer(honest) as server:
        first = _batch(stored, home, server, max_calls=7, concurrency=1, at_once=1)
        assert len(server.requests) == 7
        assert first.stopped is not None
        assert [row.status for row in first.rows] == ["done", "done", "partial"]
        assert first.waiting == ("d3.txt", "d4.txt", "d5.txt")
        second = _batch(stored, home, server)
        assert {row.status for row in second.rows} == {"done"}
        assert len(server.requests) == 18


def test_a_wrong_key_stops_the_run_within_the_calls_under_way(stored: Path, home: Path) -> None:
    def revoked(request: Request) -> Reply:
        return honest(request) if request.number < 6 else error(401, "Incorrect API key", code="invalid_api_key")

    with ScriptedServer(revoked) as server:
        result = _batch(stored, home, server, concurrency=2, at_once=2)
        assert len(server.requests) <= 6 + 2
    assert result.stopped is not None
    assert "sk-secret" not in (home / "out" / "index.jsonl").read_text()
    assert {row.status for row in result.rows} >= {"done"}
    assert len(result.waiting) >= 1


# As a process


def _command(stored: Path, home: Path, server: ScriptedServer, *more: str | Path) -> tuple[int, str, str]:
    words = ("batch", home / "in", "--out", home / "out", "-r", stored / "refs", "--model", "scripted-1", *more)
    done = factcheck(*words, cache=home / "cache", FACTCHECK_RETRIES="1", OPENAI_BASE_URL=server.url)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_the_command_shows_a_line_per_document_and_ends_in_a_table_and_the_coverage(stored: Path, home: Path) -> None:
    (home / "in" / "evil\x1b[31m.pdf").write_bytes(b"%PDF cut")
    with ScriptedServer(honest) as server:
        code, out, said = _command(stored, home, server)
    assert code == 3
    lines = out.splitlines()
    assert lines[0].split() == [
        *("document", "status", "claims", "supported", "contradicted", "unverifiable", "failed", "cost", "seconds"),
        "reason",
    ]
    assert lines[1].split()[:8] == ["d0.txt", "done", "2", "1", "0", "1", "0", "price"]
    assert r"evil\x1b[31m.pdf  error" in out
    assert "7 documents" in out
    assert "references: 1 file = 1 cited" in out
    assert "\x1b" not in out + said
    assert said.count("factcheck: [") == 7
    assert read_rows(home / "out" / "index.jsonl").keys() >= {"d0.txt", "d5.txt"}


def _result(*texts: str, folder: Path) -> Result:
    return batch(write(folder / "in", **{f"d{n}": text for n, text in enumerate(texts)}), folder / "out", Checking())


def test_fail_on_over_the_folder_gives_the_exit_code_and_what_is_incomplete_comes_first(tmp_path: Path) -> None:
    true, false, open_, failed = "It is true.", "It is false.", "Who knows.", "It <timeout> failed."
    wanted = {
        (true,): (0, 0, 0),
        (true, open_): (0, 1, 0),
        (true, open_, false): (1, 1, 0),
        (false, failed): (3, 3, 3),
    }
    for number, (texts, codes) in enumerate(wanted.items()):
        result = _result(*texts, folder=tmp_path / str(number))
        assert tuple(exit_code(result, on) for on in FailOn) == codes
        stopped = replace(result, stopped=ModelUnavailable("quota_exhausted", "spent"))
        assert {exit_code(stopped, on) for on in FailOn} == {2}
        spent = replace(result, stopped=ModelUnavailable("budget_exhausted", "spent"))
        assert {exit_code(spent, on) for on in FailOn} == {3}


def test_a_dry_run_counts_and_prices_and_asks_and_writes_nothing(stored: Path, home: Path) -> None:
    with ScriptedServer(honest) as server:
        code, out, _ = _command(stored, home, server, "--dry-run")
        assert (code, server.requests) == (0, [])
        assert not (home / "out").exists()
        assert out.splitlines()[:3] == [
            "6 documents to check, 0 done before, 0 that cannot be read; 0 other entries of the folder",
            "engine llm, model scripted-1: 12 sentences, about 18 model calls",
            out.splitlines()[2],
        ]
        assert "price unknown" in out
        _batch(stored, home, server)
        write(home / "in", d6="It is new. It is long. It is grey.")
        _, after, _ = _command(stored, home, server, "--dry-run")
    assert after.startswith("1 document to check, 6 done before")
    assert "3 sentences, about 4 model calls" in after
    assert "as measured on 6 documents" in after


def test_a_dry_run_does_not_reckon_with_documents_that_a_budget_cut_off(stored: Path, home: Path) -> None:
    with ScriptedServer(honest) as server:
        _batch(stored, home, server, max_calls=4, concurrency=1)
        _, out, _ = _command(stored, home, server, "--dry-run")
    assert "as measured on 1 document in" in out
    assert "10 sentences, about 15 model calls" in out


def test_a_dry_run_of_a_model_with_a_price_says_what_it_would_cost(stored: Path, home: Path) -> None:
    asked = Asked(home / "in", home / "out", references=stored / "refs")
    settings = load(model="gpt-5.4-mini", api_key="sk-secret-0123456789", cache_dir=home / "cache")
    at_once, by_jobs = (estimate(asked, settings, by_jobs=by_jobs) for by_jobs in (False, True))
    assert at_once.cost_usd is not None
    assert at_once.cost_usd > 0
    assert by_jobs.cost_usd == pytest.approx(at_once.cost_usd / 2, abs=1e-4)
    assert f"written: {money(at_once.cost_usd)}" in "".join(at_once.lines())


CANNOT_RUN = {
    "no such folder": (["nowhere", "--out", "o"], "nowhere: no such folder"),
    "a file": (["README.md", "--out", "o"], "factcheck check"),
    "both references": (["examples", "--out", "o", "-r", "examples", "--store", "x"], "not both"),
    "list and commit": (["examples", "--out", "o", "--files", "README.md", "--since", "HEAD"], "not both"),
    "no such list": (["examples", "--out", "o", "--files", "no-such-list"], "no-such-list"),
    "a list of others": (["examples", "--out", "o", "--files", "-"], "no-such.md: not in the folder"),
    "output among the documents": (["examples", "--out", "examples"], "a folder of its own"),
    "no such commit": (["examples", "--out", "o", "--since", "no-such-commit"], "--since no-such-commit"),
}


@pytest.mark.parametrize("name", CANNOT_RUN)
def test_what_cannot_run_says_why_in_one_line_writes_nothing_and_exits_2(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    words, said = CANNOT_RUN[name]
    words = [str(tmp_path / "o") if word == "o" else word for word in words]
    done = CliRunner().invoke(app, ["batch", *words], input="no-such.md\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "o").exists()


def test_a_list_on_stdin_limits_the_run(stored: Path, home: Path) -> None:
    listed = f"{home / 'in' / 'd1.txt'}\n{home / 'in' / 'd4.txt'}\n{stored / 'refs' / 'bridge.txt'}\n".encode()
    words = ("batch", home / "in", "--out", home / "out", "-r", stored / "refs", "--engine", "local", "--files", "-")
    done = factcheck(*words, cache=home / "cache", stdin=listed)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (home / "out").glob("*.txt.json")) == ["d1.txt.json", "d4.txt.json"]
    assert "so left out: " in done.stderr
    assert "bridge.txt" in done.stderr


def test_a_list_of_nothing_in_the_folder_is_a_run_of_nothing(stored: Path, home: Path) -> None:
    words = ("batch", home / "in", "--out", home / "out", "-r", stored / "refs", "--engine", "local", "--files", "-")
    for listed in (b"", str(stored / "refs" / "bridge.txt").encode()):
        done = factcheck(*words, cache=home / "cache", stdin=listed)
        assert done.returncode == 0, done.stderr
        assert "0 documents" in done.stdout


@pytest.mark.parametrize("engine", ["llm", pytest.param("local", marks=pytest.mark.slow)])
def test_the_command_writes_nothing_outside_of_the_output_folder(engine: str, tmp_path: Path) -> None:
    write(tmp_path / "refs", bridge=" ".join(FACTS))
    write(tmp_path / "in", one=FACTS[0], two=FACTS[1])
    folders = {name: str(tmp_path / name) for name in ("home", "tmp")}
    for folder in folders.values():
        Path(folder).mkdir()
    before = _tree(tmp_path)
    with ScriptedServer(honest) as server:
        own = {"HOME": folders["home"], "TMPDIR": folders["tmp"], "PATH": os.environ["PATH"]}
        model = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-1", "FACTCHECK_MODEL": "scripted-1"}
        words = ["batch", "in", "--out", "out", "--references", "refs", "--engine", engine]
        for option in ("--dry-run", "--force", "--force"):
            command = [sys.executable, "-m", "factcheck", *words, option]
            done = subprocess.run(command, cwd=tmp_path, env=own | model, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            written = {name for name in _tree(tmp_path) - before if name.split("/")[0] != "out"}
            assert written == set()
            assert (tmp_path / "out").exists() == (option != "--dry-run")
        assert "4 answered from kept replies" in done.stdout or engine == "local"


def _tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_the_local_engine_costs_nothing_and_is_resumed_like_any_other(stored: Path, home: Path) -> None:
    wanted: dict[str, Any] = {"references": stored / "refs", "engine": "local", "cache_dir": home / "cache"}
    first = run_batch(home / "in", home / "out", **wanted)
    assert first.spent.cost_usd == 0.0
    assert all(row.calls == 0 for row in first.rows)
    assert run_batch(home / "in", home / "out", **wanted).kept == 6
    assert run_batch(home / "in", home / "out", **wanted, withhold=False).kept == 0


def test_a_second_opinion_is_no_reason_to_do_all_again(stored: Path, home: Path) -> None:
    with ScriptedServer(honest) as server:
        assert _batch(stored, home, server).kept == 0
        assert _batch(stored, home, server, second_opinion=True).kept == 0
        assert _batch(stored, home, server, second_opinion=True).kept == 6
