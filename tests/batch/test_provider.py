"""A batch answered by batch jobs: the same reports as when asked at once, left and taken up again at any point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.material import write_documents, write_references
from factcheck.batch.provider import STATE, Left, by_jobs
from factcheck.batch.run import Asked, Result, run
from factcheck.engine import index_references
from factcheck.errors import ConfigError
from factcheck.settings import Settings, load
from tests.batch.checking import contents
from tests.batch.jobs_server import Call, JobsServer, Said, by_rule
from tests.servers import completion

DOCUMENTS, CLAIMS = 2, 4
REQUESTS = DOCUMENTS * (1 + CLAIMS)
POLL_S = (0.01, 0.02)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, and a store of what they are checked against."""
    folder = tmp_path_factory.mktemp("jobs")
    write_references(folder / "references")
    write_documents(folder / "docs", DOCUMENTS, CLAIMS)
    index_references([folder / "references"], settings=load(store=str(folder / "store"), cache_dir=folder / "cache"))
    return folder


def settings_for(place: Path, server: JobsServer, folder: Path, **more: Any) -> Settings:
    return load(
        base_url=server.url,
        model="scripted-1",
        api_key="sk-x",
        store=str(place / "store"),
        cache_dir=folder / "cache",
        **more,
    )


def by_batch_jobs(
    place: Path, server: JobsServer, folder: Path, *, wait: bool = True, **more: Any
) -> tuple[Result, Left]:
    left = Left()
    asked = Asked(place / "docs", folder / "out")
    settings = settings_for(place, server, folder, **more)
    return run(asked, settings, way=by_jobs(wait=wait, left=left, poll_s=POLL_S)), left


@pytest.fixture(scope="module")
def at_once(place: Path) -> dict[str, Any]:
    """What a run that asks at once comes to."""
    with JobsServer() as server:
        folder = place / "at-once"
        result = run(Asked(place / "docs", folder / "out"), settings_for(place, server, folder))
        assert (result.stopped, len(server.chats), server.jobs) == (None, REQUESTS, [])
    return contents(folder / "out")


@pytest.mark.parametrize("cache", [True, False])
def test_the_reports_are_those_of_a_run_that_asks_at_once(
    place: Path, at_once: dict[str, Any], tmp_path: Path, cache: bool
) -> None:
    with JobsServer() as server:
        result, left = by_batch_jobs(place, server, tmp_path, cache=cache)
        assert [len(job.lines) for job in server.jobs] == [DOCUMENTS, DOCUMENTS * CLAIMS]  # split, then judge
        assert len(server.chats) == 1  # the question whether the model is there
    assert (bool(left), result.stopped, result.waiting, len(result.rows)) == (False, None, (), DOCUMENTS)
    assert _without_cache_setting(contents(tmp_path / "out")) == _without_cache_setting(at_once)
    assert not (tmp_path / "out" / STATE).exists()


def _without_cache_setting(made: dict[str, Any]) -> dict[str, Any]:
    told = json.loads(json.dumps(made))
    for report in told.values():
        del report["provenance"]["settings"]["cache"]
    return dict(told)


def test_what_batch_jobs_answered_a_normal_run_does_not_ask_again(place: Path, tmp_path: Path) -> None:
    with JobsServer() as server:
        by_batch_jobs(place, server, tmp_path)
        asked = len(server.chats)
        result = run(Asked(place / "docs", tmp_path / "again"), settings_for(place, server, tmp_path))
        assert len(server.chats) == asked
    assert [(row.calls, row.cached) for row in result.rows] == [(0, 1 + CLAIMS)] * DOCUMENTS


def test_what_a_normal_run_was_answered_batch_jobs_do_not_ask_again(place: Path, tmp_path: Path) -> None:
    with JobsServer() as server:
        run(Asked(place / "docs", tmp_path / "first"), settings_for(place, server, tmp_path))
        result, _ = by_batch_jobs(place, server, tmp_path)
        assert (server.jobs, len(server.chats)) == ([], REQUESTS)
    assert [(row.calls, row.cached, row.cost_usd) for row in result.rows] == [(0, 1 + CLAIMS, 0.0)] * DOCUMENTS


def test_a_run_is_left_with_its_jobs_under_way_and_taken_up_by_the_same_command(
    place: Path, at_once: dict[str, Any], tmp_path: Path
) -> None:
    lefts: list[tuple[int, int, int]] = []
    with JobsServer(looks=2) as server:
        for _ in range(9):
            result, left = by_batch_jobs(place, server, tmp_path, wait=False)
            lefts.append((left.jobs, left.requests, len(result.rows)))
            if not left:
                break
        assert len(server.sent) == len(set(server.sent)) == REQUESTS
    assert lefts == [(1, 2, 0), (1, 8, 0), (0, 0, 2)]
    assert contents(tmp_path / "out") == at_once


def test_a_document_that_was_done_is_not_gone_over_again(place: Path, tmp_path: Path) -> None:
    with JobsServer() as server:
        by_batch_jobs(place, server, tmp_path)
        calls = len(server.calls) + len(server.chats)
        result, _ = by_batch_jobs(place, server, tmp_path)
        assert (result.kept, len(server.jobs)) == (DOCUMENTS, 2)
        assert len(server.calls) + len(server.chats) == calls


def test_an_answer_that_cannot_be_used_is_asked_for_again_in_the_next_job(
    place: Path, at_once: dict[str, Any], tmp_path: Path
) -> None:
    seen: list[str] = []

    def careless(body: dict[str, Any]) -> Said:
        user = str(body["messages"][-1]["content"])
        if "<claim-" in user and not seen:
            seen.append(user)
            return 200, completion('{"analysis": "", "quotes"')
        return by_rule(body)

    with JobsServer(careless) as server:
        result, _ = by_batch_jobs(place, server, tmp_path)
        assert [len(job.lines) for job in server.jobs] == [2, 8, 1]
        again = server.jobs[2].lines[0]["body"]["messages"][-1]["content"]
    assert again.startswith(seen[0])
    assert "<problem-" in again
    assert [row.status for row in result.rows] == ["done"] * DOCUMENTS
    assert sum(row.calls for row in result.rows) == REQUESTS + 1
    verdicts = [[o["verdict"] for o in report["outcomes"]] for report in contents(tmp_path / "out").values()]
    assert verdicts == [[o["verdict"] for o in report["outcomes"]] for report in at_once.values()]


def test_what_no_job_answers_is_a_failure_and_never_a_verdict(place: Path, tmp_path: Path) -> None:
    with JobsServer(fates=["completed", "expired", "expired"]) as server:
        result, _ = by_batch_jobs(place, server, tmp_path)
    assert [job.status for job in server.jobs] == ["completed", "expired", "expired"]
    assert {row.code for row in result.rows if row.status == "partial"} == {"timeout"}
    totals = [row.totals for row in result.rows if row.totals is not None]
    assert sum(total.failed for total in totals) == 2  # of eight, four and then two were left
    assert sum(total.supported + total.contradicted + total.unverifiable for total in totals) == 6
    assert not (tmp_path / "out" / STATE).exists()


def test_a_parameter_the_model_does_not_take_is_met_before_a_job_is_sent(place: Path, tmp_path: Path) -> None:
    def strict(body: dict[str, Any]) -> Said:
        if "temperature" in body:
            return 400, {"error": {"message": "Unsupported value: 'temperature' does not support 0"}}
        return by_rule(body)

    with JobsServer(strict) as server:
        result, _ = by_batch_jobs(place, server, tmp_path)
        assert len(server.chats) == 2
        assert all("temperature" not in line["body"] for job in server.jobs for line in job.lines)
        assert len(server.sent) == REQUESTS
    assert [row.status for row in result.rows] == ["done"] * DOCUMENTS


def test_a_wrong_key_stops_before_anything_is_sent(place: Path, tmp_path: Path) -> None:
    with JobsServer(lambda body: (401, {"error": {"message": "Incorrect API key provided"}})) as server:
        result, _ = by_batch_jobs(place, server, tmp_path)
        assert server.jobs == []
    assert result.stopped is not None
    assert "the key is missing, wrong or not allowed here" in str(result.stopped)
    assert (result.rows, len(result.waiting)) == ((), DOCUMENTS)


def test_no_more_is_sent_than_the_budget_allows_and_a_higher_one_goes_on_from_there(
    place: Path, at_once: dict[str, Any], tmp_path: Path
) -> None:
    with JobsServer() as server:
        result, _ = by_batch_jobs(place, server, tmp_path, max_calls=6)
        assert len(server.sent) == 6
        assert "4 more would go beyond the budget: raise --max-calls" in str(result.stopped)
        assert result.spent.stages["jobs"].calls == 6
        result, _ = by_batch_jobs(place, server, tmp_path, max_calls=10)
        assert len(server.sent) == REQUESTS
    assert result.stopped is None
    made = contents(tmp_path / "out")
    assert [report["totals"] for report in made.values()] == [report["totals"] for report in at_once.values()]


def test_the_local_engine_has_nothing_to_send(place: Path, tmp_path: Path) -> None:
    settings = load(engine="local", store=str(place / "store"), cache_dir=tmp_path / "cache")
    with pytest.raises(ConfigError, match="--openai-batch needs a model"):
        run(Asked(place / "docs", tmp_path / "out"), settings, way=by_jobs(wait=True, left=Left()))
    assert not (tmp_path / "out" / STATE).exists()


def command(place: Path, server: JobsServer, folder: Path, *more: str) -> list[str]:
    words = ["batch", str(place / "docs"), "--out", str(folder / "out"), "--store", str(place / "store")]
    return [*(sys.executable, "-m", "factcheck"), *words, "--openai-batch", "--fail-on", "never", *more]


def environment(server: JobsServer, folder: Path) -> dict[str, str]:
    own = {
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": "sk-x",
        "FACTCHECK_MODEL": "scripted-1",
        "FACTCHECK_CACHE_DIR": str(folder / "cache"),
    }
    return {**os.environ, **own}


def test_the_command_says_that_it_submitted_and_later_that_it_is_done(place: Path, tmp_path: Path) -> None:
    with JobsServer(looks=2) as server:
        told = []
        for _ in range(9):
            ran = subprocess.run(
                command(place, server, tmp_path), env=environment(server, tmp_path), capture_output=True, text=True
            )
            told.append("submitted: " in ran.stderr)
            assert ran.returncode == (3 if told[-1] else 0), ran.stderr
            if not told[-1]:
                break
    assert told == [True, True, False]
    assert len(contents(tmp_path / "out")) == DOCUMENTS


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["trouble", "after"])
def test_killed_at_any_call_it_goes_on_and_sends_no_request_twice(
    place: Path, at_once: dict[str, Any], tmp_path: Path, moment: str
) -> None:
    number, ended = 0, False
    while not ended:
        number += 1
        folder = tmp_path / f"{moment}-{number}"
        running: list[subprocess.Popen[bytes]] = []

        def kill(call: int, _: Call, at: int = number, running: list[subprocess.Popen[bytes]] = running) -> None:
            if call == at:
                running[0].send_signal(signal.SIGKILL)
                running[0].wait()

        with JobsServer(**{moment: kill}) as server:  # type: ignore[arg-type]
            words = command(place, server, folder, "--wait")
            running.append(subprocess.Popen(words, env=environment(server, folder), stderr=subprocess.DEVNULL))
            ended = running[0].wait() == 0
            if not ended:
                assert running[0].returncode == -signal.SIGKILL
                time.sleep(0.1)
                result, _ = by_batch_jobs(place, server, folder)
                assert (result.stopped, result.waiting) == (None, ())
            assert contents(folder / "out") == at_once
            assert len(server.sent) == len(set(server.sent)) == REQUESTS
    assert number > 12  # it was killed at each call of two jobs, and then ran through
