"""A batch on dask: the same reports, whatever becomes of a worker; one budget; refusals in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.material import write_documents, write_references
from factcheck.batch.cluster import by_workers, require_shared
from factcheck.batch.run import Asked, Result, run
from factcheck.cli import app
from factcheck.engine import index_references
from factcheck.errors import ConfigError
from factcheck.settings import Settings, load
from tests.batch.checking import contents
from tests.batch.jobs_server import Asked as Question
from tests.batch.jobs_server import JobsServer, Said, by_rule
from tests.retrieve.test_server import Server

DOCUMENTS, CLAIMS = 6, 4
REQUESTS = DOCUMENTS * (1 + CLAIMS)


def slowly(body: Question) -> Said:
    time.sleep(0.05)
    return by_rule(body)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Documents, and a store on a Chroma server."""
    folder = tmp_path_factory.mktemp("cluster")
    write_references(folder / "references")
    write_documents(folder / "docs", DOCUMENTS, CLAIMS)
    chroma = Server(folder / "chroma")
    index_references([folder / "references"], settings=load(store=chroma.url, cache_dir=folder / "cache"))
    yield folder, chroma.url
    chroma.kill()


def settings_for(place: tuple[Path, str], server: JobsServer, **more: Any) -> Settings:
    folder, store = place
    own = {"base_url": server.url, "model": "scripted-1", "api_key": "sk-x", "cache": False, "concurrency": 4}
    return load(**{**own, "store": store, "cache_dir": folder / "cache", **more})


@contextmanager
def cluster(place: tuple[Path, str], scratch: Path, *, key: str = "sk-x") -> Iterator[Any]:
    """Two worker processes of somebody else's cluster."""
    from distributed import LocalCluster

    own = {"OPENAI_API_KEY": key, "FACTCHECK_CACHE_DIR": str(place[0] / "cache")}
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
        local_directory=str(scratch / "dask"),
        silence_logs=50,
        env=own,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def alone(place: tuple[Path, str]) -> dict[str, Any]:
    """What one process comes to."""
    with JobsServer() as server:
        result = run(Asked(place[0] / "docs", place[0] / "alone"), settings_for(place, server))
        assert (result.stopped, len(server.chats)) == (None, REQUESTS)
    return contents(place[0] / "alone")


def started(work: Callable[[], Result]) -> tuple[threading.Thread, list[Result]]:
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


@pytest.mark.slow
def test_the_reports_are_those_of_one_process(place: tuple[Path, str], alone: dict[str, Any], tmp_path: Path) -> None:
    with JobsServer() as server:
        asked = Asked(place[0] / "docs", tmp_path / "out")
        result = run(asked, settings_for(place, server), way=by_workers("local", workers=2))
        assert (result.stopped, result.waiting, len(server.chats)) == (None, (), REQUESTS)
        assert contents(tmp_path / "out") == alone
        assert sum(row.calls for row in result.rows) == REQUESTS
        assert sum(stage.calls for stage in result.spent.stages.values()) == REQUESTS
        again = run(asked, settings_for(place, server), way=by_workers("local", workers=2))
        assert (again.kept, len(server.chats)) == (DOCUMENTS, REQUESTS)
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {".factcheck-batch.lock", "index.jsonl", "coverage.json", "summary.md", "part-000"}


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_loses_nothing(
    place: tuple[Path, str], alone: dict[str, Any], tmp_path: Path
) -> None:
    with JobsServer(slowly) as server, cluster(place, tmp_path) as running:
        asked = Asked(place[0] / "docs", tmp_path / "out")
        way = by_workers(running.scheduler_address)
        thread, results = started(lambda: run(asked, settings_for(place, server), way=way))
        while len(server.chats) < REQUESTS // 2:
            assert thread.is_alive()
            time.sleep(0.01)
        pids = [nanny.pid for nanny in running.workers.values()]
        os.kill(pids[0], signal.SIGKILL)
        thread.join()
        (result,) = results
        assert (result.stopped, result.waiting) == (None, ())
        assert [row.status for row in result.rows] == ["done"] * DOCUMENTS
        assert len(server.chats) <= REQUESTS + 2 * DOCUMENTS * CLAIMS  # what it had begun is asked again
    assert contents(tmp_path / "out") == alone


@pytest.mark.slow
def test_all_workers_together_keep_the_budget_to_the_call(
    place: tuple[Path, str], alone: dict[str, Any], tmp_path: Path
) -> None:
    with JobsServer(slowly) as server, cluster(place, tmp_path) as running:
        asked = Asked(place[0] / "docs", tmp_path / "out")
        way = by_workers(running.scheduler_address)
        result = run(asked, settings_for(place, server, max_calls=13), way=way)
        assert len(server.chats) == 13
        assert "the limit of 13 calls is reached: raise --max-calls" in str(result.stopped)
        result = run(asked, settings_for(place, server), way=way)
        assert (result.stopped, result.waiting) == (None, ())
    assert contents(tmp_path / "out") == alone


@pytest.mark.slow
def test_a_worker_that_cannot_ask_the_model_stops_the_run_with_its_reason(
    place: tuple[Path, str], tmp_path: Path
) -> None:
    refusal = {"error": {"message": "Incorrect API key provided"}}
    with JobsServer(lambda body: (401, refusal)) as server, cluster(place, tmp_path, key="sk-wrong-key") as running:
        asked = Asked(place[0] / "docs", tmp_path / "out")
        result = run(asked, settings_for(place, server), way=by_workers(running.scheduler_address))
        assert "the key is missing, wrong or not allowed here" in str(result.stopped)
        assert len(server.chats) <= 4
        assert not [row for row in result.rows if row.status == "done"]


@pytest.mark.slow
def test_the_command_starts_workers_here_and_writes_nothing_outside_of_the_output_folder(
    place: tuple[Path, str], alone: dict[str, Any], tmp_path: Path
) -> None:
    folder, store = place
    own = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), "PATH": os.environ["PATH"]}
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    words = ["batch", str(folder / "docs"), "--out", "out", "--store", store, "--dask", "local", "--concurrency", "4"]
    with JobsServer() as server:
        model = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-x", "FACTCHECK_MODEL": "scripted-1"}
        command = [sys.executable, "-m", "factcheck", *words, "--no-cache", "--fail-on", "never"]
        done = subprocess.run(command, cwd=tmp_path, env=own | model, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == alone
    assert {path.name for path in tmp_path.rglob("*") if "out" not in path.parts} == {"home", "tmp"}
    assert not (tmp_path / "out" / ".dask").exists()


@pytest.mark.slow
def test_a_worker_with_another_factcheck_is_refused(
    place: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factcheck.batch.cluster.__version__", "9.9")
    with JobsServer() as server:
        asked = Asked(place[0] / "docs", tmp_path / "out")
        result = run(asked, settings_for(place, server), way=by_workers("local", workers=1))
        assert "the batch 9.9: install the same on both" in str(result.stopped)
        assert server.chats == []


def test_a_store_in_a_folder_is_refused_at_once() -> None:
    for asked, settings in (
        (Asked(Path("docs"), Path("out")), load(store="a/folder")),
        (Asked(Path("docs"), Path("out")), load()),
        (Asked(Path("docs"), Path("out"), references=Path("refs")), load(store="http://localhost:8000")),
    ):
        with pytest.raises(ConfigError, match="--dask needs a store on a Chroma server"):
            require_shared(asked, settings)
    require_shared(Asked(Path("docs"), Path("out")), load(store="http://localhost:8000"))


def test_the_command_refuses_a_store_in_a_folder_before_it_writes_anything(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    words = ["batch", str(tmp_path / "docs"), "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store")]
    ran = CliRunner().invoke(app, [*words, "--dask", "local"])
    assert (ran.exit_code, ran.stderr.count("\n")) == (2, 1)
    assert "chroma run" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_a_scheduler_that_nobody_runs_is_one_line(
    place: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factcheck.batch.cluster.CONNECT_S", 0.3)
    asked = Asked(place[0] / "docs", tmp_path / "out")
    with JobsServer() as server:
        settings = settings_for(place, server)
    with pytest.raises(ConfigError, match="no scheduler answers there") as raised:
        run(asked, settings, way=by_workers("tcp://127.0.0.1:1"))
    assert "\n" not in str(raised.value)


def test_without_the_extra_the_command_says_what_to_install(
    place: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    asked = Asked(place[0] / "docs", tmp_path / "out")
    with JobsServer() as server:
        settings = settings_for(place, server)
    with pytest.raises(ConfigError, match=r"pip install 'factcheck\[dask\]'"):
        run(asked, settings, way=by_workers("local"))
