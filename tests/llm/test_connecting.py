"""From settings to a model: names, addresses, keys and defaults, and errors that say what to set."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from factcheck.errors import ConfigError, FactcheckError, ModelUnavailable
from factcheck.llm import DEFAULT_MODEL, LangChainChat, connect
from factcheck.settings import load
from tests.llm.asking import EXPECTED, GOOD, ask
from tests.servers import Reply, ScriptedServer, error, hang, html, ok


def connecting(**given: Any) -> LangChainChat:
    async def session() -> LangChainChat:
        chat = await connect(load(cache=False, **given))
        await chat.aclose()
        return chat

    return asyncio.run(session())


def refused(**given: Any) -> FactcheckError:
    with pytest.raises(FactcheckError) as raised:
        connecting(**given)
    assert "\n" not in str(raised.value)
    return raised.value


def test_a_bare_name_goes_to_the_server_at_the_address() -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        assert ask(server, model="qwen3").came == EXPECTED
    assert server.requests[0].body["model"] == "qwen3"
    assert server.requests[0].path == "/v1/chat/completions"


@pytest.mark.parametrize("name", ["qwen3:8b", "deepseek-r1:8b", "openai:qwen3", "org/model:free"])
def test_a_colon_makes_a_provider_only_of_a_providers_name(name: str) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        assert ask(server, model=name).came == EXPECTED
    assert server.requests[0].body["model"] == name.removeprefix("openai:")


@pytest.mark.parametrize("name", ["gpt-5-pro", "codex-mini"])
def test_a_compatible_server_is_never_asked_by_the_responses_api(name: str) -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server, model=name)
    assert server.requests[0].path == "/v1/chat/completions"


def test_without_a_name_the_only_model_of_the_server_is_taken() -> None:
    with ScriptedServer([ok(GOOD)], models=["qwen3"]) as server:
        assert ask(server, model=None).came == EXPECTED
    assert server.listings == 1
    assert server.requests[0].body["model"] == "qwen3"


def test_with_a_name_the_server_is_not_asked_for_its_models() -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server)
    assert server.listings == 0


def test_several_models_are_listed_to_choose_from() -> None:
    with ScriptedServer([ok(GOOD)], models=["qwen3", "gemma"]) as server:
        problem = refused(base_url=server.url)
    assert isinstance(problem, ConfigError)
    assert str(problem) == f"{server.url} serves qwen3, gemma: choose one with --model NAME"


NO_LIST = {
    "none": ([], "ConfigError"),
    "404": (error(404, "no such path"), "ConfigError"),
    "HTML": (html(), "ConfigError"),
    "500": (error(500, "oops"), "ConfigError"),
    "401": (error(401, "who are you"), "not_authorized"),
}


@pytest.mark.parametrize(("models", "expected"), NO_LIST.values(), ids=NO_LIST)
def test_a_server_that_does_not_list_its_models_needs_a_name(models: Reply | list[str], expected: str) -> None:
    with ScriptedServer([ok(GOOD)], models=models) as server:
        problem = refused(base_url=server.url)
    assert expected == (problem.code if isinstance(problem, ModelUnavailable) else type(problem).__name__)
    assert server.url in str(problem)


def test_an_address_nobody_answers_at_is_named() -> None:
    with ScriptedServer([hang()]) as server:
        gone = server.url
    problem = refused(base_url=gone)
    assert isinstance(problem, ModelUnavailable)
    assert problem.code == "model_unreachable"
    assert gone in str(problem)


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x/v1", "http://", "nonsense", "http://[::1", "http://x:99999/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert str(refused(base_url=url, model="x")).startswith("base_url")


def test_nothing_configured_says_what_to_set() -> None:
    assert str(refused()) == "no model: set OPENAI_API_KEY or OPENAI_BASE_URL, or give --model provider:name"


def test_a_key_alone_takes_the_default_model_which_has_a_price() -> None:
    chat = connecting(api_key="sk-not-a-real-key", max_cost=1.0)
    assert chat.model == DEFAULT_MODEL


def test_a_provider_without_a_key_says_what_to_set() -> None:
    assert "set OPENAI_API_KEY" in str(refused(model="openai:gpt-4.1-mini"))


def test_a_provider_whose_package_is_missing_is_named() -> None:
    assert "langchain-cohere" in str(refused(model="cohere:command"))


def test_a_name_nobody_knows_asks_for_a_provider() -> None:
    assert "Give provider:name" in str(refused(model="nobody-knows-me"))


def test_a_key_that_cannot_be_one_is_refused_without_showing_it() -> None:
    problem = refused(api_key="sk-abc\ndef-ghi", base_url="http://127.0.0.1:9/v1", model="x")
    assert "holds characters that no key has" in str(problem)
    assert "abc" not in str(problem)


def test_a_password_in_the_address_is_used_and_never_shown() -> None:
    with ScriptedServer([error(400, "no: hunter2hunter2")]) as server:
        url = server.url.replace("http://", "http://me:hunter2hunter2@")
        asked = ask(url, model="x")
    assert "hunter2" not in str(asked.came)
    assert "hunter2" not in str(asked.parameters)
    assert server.url in str(asked.came)


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with ScriptedServer([ok(GOOD)]) as server:
        assert ask(server).came == EXPECTED


def test_tracing_to_a_third_party_is_off_even_if_the_environment_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import langsmith
    from langsmith import utils

    langsmith.configure(enabled=None)
    with ScriptedServer([ok(GOOD)]) as tracer, ScriptedServer([ok(GOOD)]) as server:
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", tracer.url)
        assert ask(server).came == EXPECTED
        assert utils.tracing_is_enabled() is False
    assert tracer.requests == []


def test_the_provider_finds_no_key_of_ours_in_the_environment_of_other_tests() -> None:
    assert not [name for name in os.environ if name.startswith("OPENAI_")]
