"""Batch jobs against a server that has files and batches: every request ends answered or lost, none is forgotten."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest

from factcheck.errors import ConfigError, ModelError, ModelUnavailable
from factcheck.llm import jobs
from factcheck.llm.jobs import JobServer
from factcheck.llm.ledger import Answered, Ledger, Lost, Wanted
from factcheck.llm.meter import Tokens
from tests.batch.jobs_server import Call, Fate, JobsServer, Said
from tests.servers import completion

CHAT = "/v1/chat/completions"


def asked(number: int) -> Wanted:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": f"question {number}"}]})
    return Wanted(f"{number:064}", CHAT, body.encode(), likely=1.0)


def answers(body: dict[str, Any]) -> Said:
    return 200, completion(f"to {body['messages'][0]['content']}")


def ledger_of(folder: Path, count: int = 4) -> Ledger:
    ledger = Ledger(folder / "state.sqlite3")
    for number in range(count):
        ledger.want(asked(number))
    ledger.save()
    return ledger


def server_of(address: str, **more: Any) -> JobServer:
    sdk = openai.AsyncOpenAI(base_url=address, api_key="sk-secret-key", max_retries=0)
    return JobServer(sdk, "the server", secrets=("sk-secret-key",), **{"settles_s": 0.0, **more})


def ended(ledger: Ledger, server: JobsServer, *, most: int = 50_000, **more: Any) -> list[Answered | Lost | None]:
    """Submits and looks until nothing is wanted and nothing under way; how each request ended."""

    async def go() -> None:
        made = server_of(server.url, **more)
        while ledger.count("wanted") or ledger.under_way():
            if not ledger.under_way():
                while await made.submit(ledger, CHAT, most=min(most, ledger.most_per_job or most)) is not None:
                    if ledger.most_per_job is not None:
                        break
            for job in ledger.under_way():
                await made.standing(ledger, job)

    asyncio.run(go())
    return [ledger.end_of(asked(number).digest) for number in range(len(set(server.sent)))]


def said(end: Answered | Lost | None) -> str:
    assert isinstance(end, Answered)
    return str(json.loads(end.body)["choices"][0]["message"]["content"])


def test_requests_are_answered_as_if_they_had_been_asked_at_once(tmp_path: Path) -> None:
    with JobsServer(answers) as server:
        ends = ended(ledger_of(tmp_path), server, most=3)
    assert [said(end) for end in ends] == [f"to question {number}" for number in range(4)]
    assert [len(job.lines) for job in server.jobs] == [3, 1]
    assert server.jobs[0].lines[0]["body"] == json.loads(asked(0).body)


def test_what_was_uploaded_and_answered_is_deleted_at_the_provider(tmp_path: Path) -> None:
    with JobsServer(answers) as server:
        ended(ledger_of(tmp_path), server)
        assert server.files == {}


def test_a_job_holds_no_more_than_the_provider_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(asked(0).body) + 150
    monkeypatch.setattr(jobs, "MOST_BYTES", 2 * size)
    with JobsServer(answers) as server:
        ends = ended(ledger_of(tmp_path), server)
        assert all(isinstance(end, Answered) for end in ends)
        assert [len(job.lines) for job in server.jobs] == [2, 2]


@pytest.mark.parametrize("fate", ["failed", "expired", "cancelled", "forgotten"])
def test_what_a_job_leaves_unanswered_is_sent_once_more(tmp_path: Path, fate: Fate) -> None:
    with JobsServer(answers, fates=[fate]) as server:
        ends = ended(ledger_of(tmp_path), server)
    assert [said(end) for end in ends] == [f"to question {number}" for number in range(4)]
    left = 2 if fate in ("expired", "cancelled") else 4
    assert [len(job.lines) for job in server.jobs] == [4, left]


@pytest.mark.parametrize(
    ("fate", "code", "words"),
    [
        ("failed", "model_error", "the batch job failed (invalid: the input file is not to our liking)"),
        ("expired", "timeout", "This request could not be executed before the window expired."),
        ("cancelled", "model_error", "the batch job cancelled"),
        ("forgotten", "model_error", "the provider knows no job"),
    ],
)
def test_what_two_jobs_leave_unanswered_is_lost_with_the_reason(
    tmp_path: Path, fate: Fate, code: str, words: str
) -> None:
    with JobsServer(answers, fates=[fate] * 9) as server:
        ends = ended(ledger_of(tmp_path, 1), server)
    assert len(server.jobs) == 2
    (end,) = ends
    assert isinstance(end, Lost)
    assert (end.code, words in end.message) == (code, True), end.message


def test_a_job_that_is_too_much_at_once_is_sent_in_smaller_ones_and_costs_no_try(tmp_path: Path) -> None:
    with JobsServer(answers, fates=["too_much", "too_much"]) as server:
        ledger = ledger_of(tmp_path, 8)
        ends = ended(ledger, server)
    assert all(isinstance(end, Answered) for end in ends)
    assert [len(job.lines) for job in server.jobs] == [8, 4, 2, 2, 2, 2]
    assert ledger.sends() == 8


def test_an_error_of_one_request_is_sent_once_more_and_then_lost(tmp_path: Path) -> None:
    def moody(body: dict[str, Any]) -> Said:
        if "question 0" in body["messages"][0]["content"]:
            return 500, {"error": {"message": "out of order"}}
        return answers(body)

    with JobsServer(moody) as server:
        ends = ended(ledger_of(tmp_path, 2), server)
    assert isinstance(ends[0], Lost)
    assert (ends[0].code, "out of order" in ends[0].message) == ("model_error", True)
    assert said(ends[1]) == "to question 1"
    assert [len(job.lines) for job in server.jobs] == [2, 1]


def test_a_refusal_of_one_request_is_an_answer_for_the_asker_to_read(tmp_path: Path) -> None:
    refusal = {"error": {"message": "'temperature' is not supported"}}
    with JobsServer(lambda body: (400, refusal)) as server:
        (end,) = ended(ledger_of(tmp_path, 1), server)
    assert isinstance(end, Answered)
    assert (end.status, json.loads(end.body)) == (400, refusal)
    assert len(server.jobs) == 1


def _without_the_first(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def _cut(lines: list[bytes]) -> list[bytes]:
    return [lines[0][:30], *lines[1:]]


def _of_somebody_else(lines: list[bytes]) -> list[bytes]:
    first = json.loads(lines[0]) | {"custom_id": "e" * 64}
    return [json.dumps(first).encode(), *lines[1:]]


def _no_object(lines: list[bytes]) -> list[bytes]:
    return [b"[1]", b"null", b'{"custom_id": 3}', b"[" * 5000, *lines[1:]]


@pytest.mark.parametrize("change", [_without_the_first, _cut, _of_somebody_else, _no_object])
def test_a_request_that_the_results_do_not_mention_is_asked_again(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    spoiled: list[int] = []

    def results(lines: list[bytes]) -> list[bytes]:
        spoiled.append(1)
        return change(lines) if len(spoiled) == 1 else lines

    with JobsServer(answers, results=results) as server:
        ends = ended(ledger_of(tmp_path, 3), server)
    assert [said(end) for end in ends] == ["to question 0", "to question 1", "to question 2"]
    assert [len(job.lines) for job in server.jobs] == [3, 1]


def test_the_first_of_two_answers_to_one_request_counts(tmp_path: Path) -> None:
    def twice(lines: list[bytes]) -> list[bytes]:
        return [lines[0], lines[0].replace(b"to question", b"against question"), *lines[1:]]

    with JobsServer(answers, results=twice) as server:
        ends = ended(ledger_of(tmp_path, 2), server)
    assert said(ends[0]) == "to question 0"


def test_line_separators_within_an_answer_do_not_end_its_line(tmp_path: Path) -> None:
    words = "one\u2028two\x85three\x0bfour"
    with JobsServer(lambda body: (200, completion(words))) as server:
        (end,) = ended(ledger_of(tmp_path, 1), server)
    assert said(end) == words


@pytest.mark.parametrize("broken", ["POST /v1/files", "GET /v1/batches/", "GET /v1/files/"])
@pytest.mark.parametrize("moment", ["trouble", "after"])
def test_a_server_in_trouble_is_asked_again_by_the_sdk(tmp_path: Path, broken: str, moment: str) -> None:
    failed: list[Call] = []

    def once(number: int, call: Call) -> int | None:
        if f"{call.method} {call.path}".startswith(broken) and not failed:
            failed.append(call)
            return 503
        return None

    with JobsServer(answers, **{moment: once}) as server:  # type: ignore[arg-type]
        ends = ended(ledger_of(tmp_path, 2), server)
    assert [said(end) for end in ends] == ["to question 0", "to question 1"]
    assert (len(failed), len(server.jobs)) == (1, 1)


@pytest.mark.parametrize("moment", ["trouble", "after"])
def test_a_job_of_which_it_is_not_known_whether_it_was_created_is_looked_for_and_never_doubled(
    tmp_path: Path, moment: str
) -> None:
    failed: list[Call] = []

    def once(number: int, call: Call) -> int | None:
        if (call.method, call.path) == ("POST", "/v1/batches") and not failed:
            failed.append(call)
            return 500
        return None

    with JobsServer(answers, **{moment: once}) as server:  # type: ignore[arg-type]
        ledger = ledger_of(tmp_path, 2)
        with pytest.raises(ModelError):
            ended(ledger, server)
        assert len(ledger.under_way()) == 1
        ledger.close()  # as a killed process leaves it
        ledger = Ledger(tmp_path / "state.sqlite3")
        ends = ended(ledger, server)
        assert [said(end) for end in ends] == ["to question 0", "to question 1"]
        assert len(server.jobs) == 1
        assert ledger.sends() == 2


def test_a_job_just_created_is_given_time_to_be_listed(tmp_path: Path) -> None:
    with JobsServer(answers) as server:
        ledger = ledger_of(tmp_path, 2)
        job = ledger.begin(CHAT, [asked(0).digest, asked(1).digest])
        made = server_of(server.url, settles_s=60.0)
        assert asyncio.run(made.standing(ledger, job)).status == "validating"
        assert (ledger.count("sent"), ledger.count("wanted")) == (2, 0)
        late = server_of(server.url, settles_s=0.0)
        time.sleep(0.01)
        asyncio.run(late.standing(ledger, job))
        assert (ledger.count("sent"), ledger.count("wanted"), ledger.sends()) == (0, 2, 0)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(404, ModelUnavailable, "has this server a batch endpoint?"), (401, ModelUnavailable, "key")],
)
def test_a_server_without_batch_jobs_says_so_and_nothing_is_sent(
    tmp_path: Path, status: int, kind: type[ModelError], words: str
) -> None:
    with JobsServer(answers, trouble=lambda number, call: status) as server:
        ledger = ledger_of(tmp_path, 2)
        with pytest.raises(kind, match=words) as raised:
            ended(ledger, server)
    assert "sk-secret-key" not in str(raised.value)
    assert (ledger.count("wanted"), ledger.under_way(), ledger.sends()) == (2, [], 0)


def test_the_ledger_knows_what_was_spent_at_half_the_price(tmp_path: Path) -> None:
    def price(tokens: Tokens) -> float:
        return tokens.input + 2 * tokens.output

    ledger = ledger_of(tmp_path, 3)
    with JobsServer(answers) as server:
        ended(ledger, server, most=2, price=price)
    assert (ledger.sends(), ledger.spent(), ledger.tokens()) == (3, 3 * 60.0, (300, 30))
    assert ledger.has_prices


def test_requests_under_way_count_with_what_they_may_cost(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, 3)
    ledger.begin(CHAT, [asked(0).digest, asked(1).digest])
    assert ledger.spent() == 2.0


def test_a_ledger_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError, match="removing the file gives up the jobs under way"):
        Ledger(tmp_path / "state.sqlite3")
