"""The contract with a real server nobody here wrote (llama.cpp), on every rung of the ladder."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from factcheck.errors import ModelError, ModelUnavailable
from factcheck.llm import LangChainChat
from factcheck.llm.chat import _Rung
from factcheck.models import StageUsage
from factcheck.protocols import Prompt
from tests.llm.asking import QUESTION, connected
from tests.llm.foreign import llama_server

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed: no foreign server")
    for name in ("xllamacpp", "gguf")
]


class Nonsense(BaseModel):
    """No free text: random weights write bytes that are no text, which the server then cannot read itself."""

    label: Literal["supported", "contradicted"]
    settled: bool
    stances: list[Literal["supports", "contradicts"]] = Field(max_length=2)


class Odd(BaseModel):
    label: str = Field(json_schema_extra={"type": "letters"})  # a type llama.cpp does not know


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llama_server(tmp_path_factory.mktemp("llama")) as address:
        yield address


def asked(
    url: str, schema: type[BaseModel], prompt: Prompt = QUESTION, *, at: int = 0, **given: Any
) -> tuple[Any, Any]:
    async def session() -> tuple[BaseModel | ModelError, LangChainChat]:
        chat = await connected(url, **{"model": None, "deadline_s": 120.0, "retries": 1, **given})
        chat._rungs[schema] = _Rung(at)
        try:
            came: BaseModel | ModelError = await chat.ask(prompt, schema)
        except ModelError as error:
            came = error
        await chat.aclose()
        return came, chat

    return asyncio.run(session())


def test_an_enforced_schema_gives_nonsense_of_the_right_shape(url: str) -> None:
    came, chat = asked(url, Nonsense)
    assert isinstance(came, Nonsense)
    assert chat.parameters["forms"] == ["json_schema"]
    assert chat.usage()["judge"].calls == 1
    assert chat.usage()["judge"].output_tokens > 10


def test_the_only_model_of_the_server_is_found_by_itself(url: str) -> None:
    _, chat = asked(url, Nonsense)
    assert chat.model.endswith("tiny.gguf")


@pytest.mark.parametrize(("at", "form"), [(1, "json_object"), (2, "text")])
def test_the_lower_forms_are_understood_by_the_server_and_its_nonsense_is_not_believed(
    url: str, at: int, form: str
) -> None:
    came, chat = asked(url, Nonsense, at=at, max_tokens=40)
    assert isinstance(came, ModelError), f"random weights wrote a fitting answer: {came}"
    assert came.code in ("truncated", "malformed")
    assert chat.usage()["judge"].input_tokens > 100  # the server read the schema, and said so
    assert chat._rungs[Nonsense].at == at


def test_a_schema_the_server_cannot_enforce_is_asked_for_in_the_next_form(url: str) -> None:
    came, chat = asked(url, Odd, max_tokens=40)
    assert isinstance(came, ModelError)
    assert came.code in ("truncated", "malformed")
    assert chat._rungs[Odd].at == 1


def test_a_request_longer_than_the_context_is_told_as_such(url: str) -> None:
    came, chat = asked(url, Nonsense, Prompt("judge", "", "x " * 20_000))
    assert isinstance(came, ModelError)
    assert not isinstance(came, ModelUnavailable)
    assert came.code == "context_overflow"
    assert chat.usage() == {"judge": StageUsage(calls=1)}


def test_questions_at_once_are_all_answered(url: str) -> None:
    async def session() -> list[Nonsense]:
        chat = await connected(url, model="tiny", deadline_s=120.0)
        came = await asyncio.gather(*(chat.ask(Prompt("judge", "", f"q{n}"), Nonsense) for n in range(6)))
        await chat.aclose()
        return came

    assert [type(each) for each in asyncio.run(session())] == [Nonsense] * 6


def test_a_deadline_cuts_off_a_server_that_is_still_writing(url: str) -> None:
    came, _ = asked(url, Nonsense, at=2, deadline_s=0.3, retries=0, model="tiny", prompt=Prompt("judge", "", "go on"))
    assert isinstance(came, ModelError)
    assert came.code == "timeout"


def test_the_server_leaves_nothing_behind(tmp_path: Path) -> None:
    with llama_server(tmp_path) as address:
        assert address.startswith("http://127.0.0.1:")
    came, _ = asked(address, Nonsense, model="tiny")
    assert isinstance(came, ModelUnavailable)
