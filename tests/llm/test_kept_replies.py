"""Validated replies are kept in SQLite: a second run asks nothing; nothing unvalidated is ever kept or believed."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from factcheck.llm.replies import Kept, Replies, key_of
from factcheck.models import StageUsage
from factcheck.protocols import Prompt
from tests.llm.asking import EXPECTED, GOOD, QUESTION, Answer, ask, connected, put
from tests.servers import Reply, ScriptedServer, error, hang, ok, says, slow


def file_in(folder: Path) -> Path:
    return folder / "replies.sqlite3"


def rows(folder: Path) -> list[Any]:
    with closing(sqlite3.connect(file_in(folder))) as db:
        return db.execute("SELECT text FROM reply").fetchall()


def test_a_second_run_makes_no_call_costs_nothing_and_reports_the_same_parameters(tmp_path: Path) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        first = ask(server, cache_dir=tmp_path)
        second = ask(server, cache_dir=tmp_path)
    assert second.came == first.came == EXPECTED
    assert len(server.requests) == 1
    assert first.usage == {"judge": StageUsage(calls=1, input_tokens=100, output_tokens=10)}
    assert second.usage == {"judge": StageUsage(cached=1)}
    assert second.cost == 0.0
    assert second.parameters == first.parameters
    assert second.notes == ()


def test_a_kept_reply_needs_no_server(tmp_path: Path) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, cache_dir=tmp_path)
        gone = server.url
    assert ask(gone, cache_dir=tmp_path).came == EXPECTED


def test_without_the_cache_every_run_asks(tmp_path: Path) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, cache_dir=tmp_path, cache=False)
        ask(server, cache_dir=tmp_path, cache=False)
    assert len(server.requests) == 2
    assert list(tmp_path.iterdir()) == []


OTHERS: dict[str, dict[str, Any]] = {
    "prompt": {"prompt": Prompt("judge", QUESTION.system, "Is the other claim true?")},
    "system prompt": {"prompt": Prompt("judge", "You judge.", QUESTION.user)},
    "model": {"model": "scripted-2"},
    "limit": {"max_tokens": 77},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_request_is_asked_anew(tmp_path: Path, other: dict[str, Any]) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, cache_dir=tmp_path)
        ask(server, cache_dir=tmp_path, **other)
    assert len(server.requests) == 2


def test_another_server_is_asked_anew(tmp_path: Path) -> None:
    for _ in range(2):
        with ScriptedServer([ok(GOOD)]) as server:
            ask(server, cache_dir=tmp_path)
        assert len(server.requests) == 1


def test_a_changed_schema_is_asked_anew(tmp_path: Path) -> None:
    class Longer(Answer):
        more: str = ""

    async def session(server: ScriptedServer) -> None:
        chat = await connected(server, cache_dir=tmp_path)
        await chat.ask(QUESTION, Answer)
        await chat.ask(QUESTION, Longer)
        await chat.aclose()

    with ScriptedServer([ok(GOOD), ok({**GOOD, "more": "x"})]) as server:
        asyncio.run(session(server))
    assert len(server.requests) == 2


REFUSED = {
    "prose": says("Yes."),
    "wrong label": ok({"label": "maybe", "why": ""}),
    "refusal": says(None, refusal="no"),
    "cut": says('{"label": "supported"', finish="length"),
    "error": error(400, "no"),
    "a complete answer cut at the limit": says(json.dumps(GOOD), finish="length"),
}


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED)
def test_a_reply_that_was_not_validated_is_not_kept(tmp_path: Path, reply: Reply) -> None:
    with ScriptedServer([reply]) as server:
        ask(server, cache_dir=tmp_path)
    assert rows(tmp_path) == []


def test_a_reply_that_failed_the_callers_check_is_not_kept_and_the_mended_one_is(tmp_path: Path) -> None:
    def check(answer: Answer) -> None:
        if answer.why == "bad":
            raise ValueError("bad")

    with ScriptedServer([ok({**GOOD, "why": "bad"}), ok(GOOD)]) as server:
        ask(server, cache_dir=tmp_path, check=check)
        ask(server, cache_dir=tmp_path, check=check)
    assert rows(tmp_path) == [(json.dumps(GOOD),)]
    assert len(server.requests) == 2


def test_a_kept_reply_that_fails_the_check_of_a_later_caller_is_asked_for_anew(tmp_path: Path) -> None:
    def check(answer: Answer) -> None:
        if answer.why == GOOD["why"]:
            raise ValueError("not that again")

    with ScriptedServer([ok(GOOD), ok({**GOOD, "why": "new"})]) as server:
        ask(server, cache_dir=tmp_path)
        assert ask(server, cache_dir=tmp_path, check=check).came == Answer(label="supported", why="new")
    assert len(server.requests) == 2


@pytest.mark.parametrize("text", ["", "not JSON", '{"label": "maybe", "why": "x"}', "{}"])
def test_a_kept_reply_that_was_tampered_with_is_asked_for_anew(tmp_path: Path, text: str) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, cache_dir=tmp_path)
        with closing(sqlite3.connect(file_in(tmp_path))) as db:
            db.execute("UPDATE reply SET text = ?, about = 'x'", (text,))
            db.commit()
        assert ask(server, cache_dir=tmp_path).came == EXPECTED
    assert len(server.requests) == 2


def test_identical_questions_at_the_same_time_share_one_call(tmp_path: Path) -> None:
    async def session(server: ScriptedServer, **given: Any) -> dict[str, StageUsage]:
        chat = await connected(server, **given)
        assert await asyncio.gather(*(put(chat) for _ in range(10))) == [EXPECTED] * 10
        await chat.aclose()
        return chat.usage()

    for given in ({"cache_dir": tmp_path}, {}):
        with ScriptedServer([slow(ok(GOOD), 0.2)]) as server:
            usage = asyncio.run(session(server, **given))
        assert len(server.requests) == 1
        assert usage == {"judge": StageUsage(calls=1, cached=9, input_tokens=100, output_tokens=10)}


def test_when_the_shared_call_fails_all_who_shared_it_are_told(tmp_path: Path) -> None:
    async def session(server: ScriptedServer) -> list[object]:
        chat = await connected(server)
        came = await asyncio.gather(*(put(chat) for _ in range(3)))
        await chat.aclose()
        return list(came)

    with ScriptedServer([slow(says(None, refusal="no"), 0.2)]) as server:
        came = asyncio.run(session(server))
    assert [getattr(error, "code", "") for error in came] == ["refused"] * 3
    assert len(server.requests) == 1


def test_when_the_one_who_asked_gives_up_another_asks() -> None:
    async def session(server: ScriptedServer) -> list[object]:
        chat = await connected(server)
        first, *rest = [asyncio.create_task(put(chat)) for _ in range(4)]
        await asyncio.sleep(0.3)
        first.cancel()
        came = await asyncio.gather(*rest)
        await chat.aclose()
        return list(came)

    with ScriptedServer([hang(), ok(GOOD)]) as server:
        assert asyncio.run(session(server)) == [EXPECTED] * 3
    assert len(server.requests) == 2


def test_the_key_is_not_in_the_file(tmp_path: Path) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, cache_dir=tmp_path, api_key="my-very-own-key-0123456789")
    assert all(b"my-very-own-key" not in file.read_bytes() for file in tmp_path.iterdir())


DAMAGE = {
    "no database": b"this is not a database, but it is long enough to have a header of its own" * 20,
    "empty": b"",
    "zeros": bytes(8192),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_put_aside_and_the_run_goes_on(tmp_path: Path, damage: bytes) -> None:
    file_in(tmp_path).write_bytes(damage)
    with ScriptedServer([ok(GOOD)]) as server:
        first = ask(server, cache_dir=tmp_path)
        second = ask(server, cache_dir=tmp_path)
    assert first.came == second.came == EXPECTED
    assert len(server.requests) == 1
    aside = [file for file in tmp_path.iterdir() if ".damaged-" in file.name]
    assert [file.read_bytes() for file in aside] == ([damage] if damage else [])
    assert len(first.notes) == len(aside)


def test_a_file_damaged_in_its_middle_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    async def filled() -> None:
        replies = Replies(file_in(tmp_path))
        for number in range(300):
            await replies.put(key_of(number), Kept("x" * 500, {}))
        await replies.aclose()

    asyncio.run(filled())
    raw = bytearray(file_in(tmp_path).read_bytes())
    raw[4096:-4096] = b"\xa5" * (len(raw) - 8192)
    file_in(tmp_path).write_bytes(raw)
    with ScriptedServer([ok(GOOD)]) as server:
        first = ask(server, cache_dir=tmp_path)
        second = ask(server, cache_dir=tmp_path)
    assert first.came == second.came == EXPECTED
    assert "the kept replies were damaged and start anew" in first.notes[0]
    assert len(server.requests) <= 2
    assert ask(server.url, cache_dir=tmp_path).came == EXPECTED


def test_a_place_that_cannot_be_written_costs_the_cache_and_not_the_run(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with ScriptedServer([ok(GOOD)]) as server:
        asked = ask(server, times=2, cache_dir=blocked)
    assert asked.came == EXPECTED
    assert len(asked.notes) == 1
    assert asked.notes[0].startswith("replies are not kept: ")


def test_a_reply_that_cannot_be_written_costs_the_cache_and_not_the_run(tmp_path: Path) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, cache_dir=tmp_path)
        with closing(sqlite3.connect(file_in(tmp_path))) as db:
            db.execute("CREATE TRIGGER full BEFORE INSERT ON reply BEGIN SELECT RAISE(FAIL, 'disk full'); END")
        asked = ask(server, cache_dir=tmp_path, prompt=Prompt("judge", "", "another"))
    assert asked.came == EXPECTED
    assert "disk full" in asked.notes[0]


def _write_many(folder: Path, name: str, count: int) -> None:
    async def work() -> None:
        replies = Replies(file_in(folder))
        for number in range(count):
            await replies.put(key_of([name, number]), Kept(f"{name} {number}", {"model": name}))
        assert replies.notes == []
        await replies.aclose()

    asyncio.run(work())


def test_processes_share_one_file_without_losing_a_reply(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_write_many, args=(tmp_path, name, 100)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]

    async def all_of_them() -> list[Kept | None]:
        replies = Replies(file_in(tmp_path))
        found = [await replies.get(key_of([name, number])) for name in "abc" for number in range(100)]
        await replies.aclose()
        return found

    expected = [Kept(f"{name} {number}", {"model": name}) for name in "abc" for number in range(100)]
    assert asyncio.run(all_of_them()) == expected
