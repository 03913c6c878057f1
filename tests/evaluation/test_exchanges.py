"""Recording what a model answered, and answering from the record."""

from __future__ import annotations

import asyncio
import json
import lzma
from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.exchanges import About, Exchanges, Recorder, Replay, ReplayError, read, write
from factcheck.errors import ConfigError, ModelError
from factcheck.llm import connect
from factcheck.protocols import Prompt
from tests.llm.asking import EXPECTED, GOOD, QUESTION, Answer, settings_for
from tests.servers import Reply, ScriptedServer, ok, rate_limited, says

SECRET = "very-secret-key-1234"
BY_HAND = "a developer, by hand"
OTHER = Prompt("judge", "You judge claims.", "Is another claim true?")


def ask(
    server: ScriptedServer | str, exchanges: Exchanges, questions: Sequence[Prompt] = (QUESTION,)
) -> list[Answer | ModelError]:
    """The answers, asked one after the other; the run is finished, as ``eval run`` finishes it."""

    async def run() -> list[Answer | ModelError]:
        chat = await connect(settings_for(server, api_key=SECRET), backoff_s=0.001, exchange=exchanges)
        came: list[Answer | ModelError] = []
        try:
            for question in questions:
                try:
                    came.append(await chat.ask(question, Answer))
                except ModelError as error:
                    came.append(error)
        finally:
            await chat.aclose()
        exchanges.finish(model="scripted-1", settings={"passages": 5})
        return came

    return asyncio.run(run())


def recorded(folder: Path, script: Sequence[Reply], questions: Sequence[Prompt] = (QUESTION,)) -> Path:
    path = folder / "exchanges.jsonl.xz"
    with ScriptedServer(script) as server:
        ask(server, Recorder(path, answered_by=BY_HAND, secrets=(SECRET,)), questions)
    return path


def test_a_recorded_run_is_replayed_without_any_server(tmp_path: Path) -> None:
    path = recorded(tmp_path, [ok(GOOD)])
    assert ask("http://127.0.0.1:9/v1", Replay(path)) == [EXPECTED]


def test_trouble_is_replayed_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    path = recorded(tmp_path, [rate_limited(0), says("no JSON at all"), ok(GOOD)])
    assert ask("http://127.0.0.1:9/v1", Replay(path)) == [EXPECTED]


def test_a_server_that_was_not_there_is_recorded_as_such(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.jsonl.xz"
    first = ask("http://127.0.0.1:9/v1", Recorder(path, answered_by=BY_HAND))
    again = ask("http://127.0.0.1:9/v1", Replay(path))
    assert [getattr(error, "code", None) for error in (*first, *again)] == ["model_unreachable"] * 2


def test_a_request_that_was_not_recorded_fails_the_replay(tmp_path: Path) -> None:
    path = recorded(tmp_path, [ok(GOOD)])
    with pytest.raises(ReplayError, match=r"1 requests of this run were not recorded.*Is another claim true\?"):
        ask("http://127.0.0.1:9/v1", Replay(path), [QUESTION, OTHER])


def test_a_recorded_answer_that_nobody_asks_for_fails_the_replay(tmp_path: Path) -> None:
    path = recorded(tmp_path, [ok(GOOD)], [QUESTION, OTHER])
    with pytest.raises(ReplayError, match="1 recorded answers were not asked for"):
        ask("http://127.0.0.1:9/v1", Replay(path), [QUESTION])


def test_no_key_is_in_the_file_even_where_the_server_repeats_it(tmp_path: Path) -> None:
    leaky = {"label": "supported", "why": f"key {SECRET}"}
    path = recorded(tmp_path, [ok(leaky)], [Prompt("judge", "You judge.", f"Is {SECRET} a key?")])
    content = lzma.decompress(path.read_bytes()).decode()
    assert SECRET not in content
    assert "[key]" in content


def test_a_made_up_key_that_is_a_word_of_the_request_is_left_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.jsonl.xz"
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, Recorder(path, answered_by=BY_HAND, secrets=("scripted-1",)))
    assert ask("http://127.0.0.1:9/v1", Replay(path)) == [EXPECTED]


def test_the_file_says_who_answered(tmp_path: Path) -> None:
    about, exchanged, _ = read(recorded(tmp_path, [ok(GOOD)]))
    assert (about.answered_by, about.model, about.settings) == (BY_HAND, "scripted-1", {"passages": 5})
    assert len(exchanged) == 1


def test_recording_without_saying_who_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--answered-by"):
        Recorder(tmp_path / "x", answered_by=" ")


def test_an_exchange_changed_by_hand_is_refused(tmp_path: Path) -> None:
    path = recorded(tmp_path, [ok(GOOD)])
    about, exchanged, _ = read(path)
    altered = exchanged[0].model_copy(update={"request": {**exchanged[0].request, "model": "gpt-99"}})
    write(path, about, [altered])
    with pytest.raises(ConfigError, match="was changed after it was recorded"):
        read(path)


@pytest.mark.parametrize("content", [b"", b"plain text", lzma.compress(b"{}"), lzma.compress(b"")])
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.xz"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"wrong\.xz: not a recording"):
        Replay(path)


def test_the_same_recording_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    about, exchanged, digest = read(recorded(tmp_path, [ok(GOOD)], [QUESTION, OTHER]))
    assert write(tmp_path / "copy", about, exchanged) == digest
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "exchanges.jsonl.xz").read_bytes()
    assert json.loads(about.model_dump_json())["format"] == About.model_fields["format"].default
