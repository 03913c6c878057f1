"""What a run took, by stage, and that it never takes more than was allowed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from factcheck.errors import ConfigError, ModelUnavailable
from factcheck.llm import LangChainChat
from factcheck.llm.meter import Meter, Tokens, price_of, tokens_of
from factcheck.models import StageUsage
from factcheck.protocols import Prompt
from tests.llm.asking import EXPECTED, GOOD, Answer, ask, connected, put, settings_for
from tests.servers import ScriptedServer, error, hang, ok, rate_limited, says, slow


def test_tokens_are_counted_by_stage_second_askings_and_failures_included() -> None:
    async def session(server: ScriptedServer) -> dict[str, StageUsage]:
        chat = await connected(server)
        await put(chat, Prompt("split", "", "one"))
        await put(chat, Prompt("judge", "", "two"))
        await put(chat, Prompt("judge", "", "three"))
        await chat.aclose()
        return chat.usage()

    with ScriptedServer([ok(GOOD), rate_limited(), says(""), ok(GOOD), says("", finish="content_filter")]) as server:
        usage = asyncio.run(session(server))
    assert usage == {
        "split": StageUsage(calls=1, input_tokens=100, output_tokens=10),
        "judge": StageUsage(calls=4, input_tokens=300, output_tokens=30),
    }


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}])
def test_tokens_a_server_does_not_tell_are_not_invented_and_that_is_said(usage: Any) -> None:
    with ScriptedServer([ok(GOOD, usage=usage)]) as server:
        asked = ask(server)
    assert asked.came == EXPECTED
    assert asked.usage == {"judge": StageUsage(calls=1)}
    assert asked.notes == ("tokens and cost leave out answers without a token count: 1",)


def test_a_call_that_ended_without_an_answer_is_said_to_be_missing_from_the_account() -> None:
    with ScriptedServer([hang(), error(500, "no"), ok(GOOD)]) as server:
        asked = ask(server, deadline_s=0.5)
    assert asked.came == EXPECTED
    assert asked.usage == {"judge": StageUsage(calls=3, input_tokens=100, output_tokens=10)}
    assert asked.notes == ("tokens and cost leave out calls that ended without an answer: 1",)


def test_an_account_holds_what_its_own_tasks_caused_and_the_run_the_sum() -> None:
    async def document(chat: LangChainChat, questions: list[str]) -> tuple[dict[str, StageUsage], float | None]:
        with chat.account() as own:
            await asyncio.gather(*(put(chat, Prompt("judge", "", question)) for question in questions))
        return own.usage(), own.cost()

    async def session(server: ScriptedServer) -> tuple[list[object], dict[str, StageUsage]]:
        chat = await connected(server)
        other = await connected(server)
        with other.account() as others:
            came = await asyncio.gather(document(chat, ["a", "b", "c"]), document(chat, ["d"]), document(chat, []))
        await put(chat, Prompt("judge", "", "after all accounts are closed"))
        assert others.usage() == {}
        await chat.aclose()
        await other.aclose()
        return list(came), chat.usage()

    with ScriptedServer([slow(ok(GOOD), 0.1)]) as server:
        documents, run = asyncio.run(session(server))
    assert documents == [
        ({"judge": StageUsage(calls=3, input_tokens=300, output_tokens=30)}, None),
        ({"judge": StageUsage(calls=1, input_tokens=100, output_tokens=10)}, None),
        ({}, 0.0),
    ]
    assert run == {"judge": StageUsage(calls=5, input_tokens=500, output_tokens=50)}


def test_two_documents_with_the_same_question_pay_once_and_the_other_has_it_as_kept() -> None:
    async def document(chat: LangChainChat) -> StageUsage:
        with chat.account() as own:
            await put(chat, Prompt("judge", "", "the same"))
        return own.usage()["judge"]

    async def session(server: ScriptedServer) -> list[StageUsage]:
        chat = await connected(server)
        came = await asyncio.gather(document(chat), document(chat))
        await chat.aclose()
        return list(came)

    with ScriptedServer([slow(ok(GOOD), 0.1)]) as server:
        came = asyncio.run(session(server))
    assert came == [StageUsage(calls=1, input_tokens=100, output_tokens=10), StageUsage(cached=1)]


def test_max_calls_stops_the_run_before_the_request_too_many() -> None:
    async def session(server: ScriptedServer) -> list[object]:
        chat = await connected(server, max_calls=3, concurrency=8)
        came = await asyncio.gather(*(put(chat, Prompt("judge", "", f"q{n}")) for n in range(10)))
        await chat.aclose()
        return list(came)

    with ScriptedServer([ok(GOOD)]) as server:
        came = asyncio.run(session(server))
    assert len(server.requests) == 3
    assert came.count(EXPECTED) == 3
    stopped = [each for each in came if each != EXPECTED]
    assert {(type(each), getattr(each, "code", "")) for each in stopped} == {(ModelUnavailable, "budget_exhausted")}
    assert "raise --max-calls" in str(stopped[0])


def test_max_calls_zero_sends_nothing() -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        assert ask(server, max_calls=0).error == ("ModelUnavailable", "budget_exhausted")
    assert server.requests == []


def test_retries_count_as_calls() -> None:
    with ScriptedServer([rate_limited()]) as server:
        assert ask(server, max_calls=2).error == ("ModelUnavailable", "budget_exhausted")
    assert len(server.requests) == 2


def dollar_a_token(tokens: Tokens) -> float:
    return float(tokens.input + tokens.output)


def test_max_cost_stops_before_a_call_that_could_exceed_it_counting_those_under_way() -> None:
    async def session(server: ScriptedServer) -> tuple[list[object], float | None]:
        chat = LangChainChat(
            ChatOpenAI(model="m", base_url=server.url, api_key=SecretStr("none"), max_retries=0),
            settings_for(server, max_cost=600.0, max_tokens=100),
            provider="openai",
            model="m",
            price=dollar_a_token,
        )
        came = await asyncio.gather(*(put(chat, Prompt("judge", "", f"q{n}")) for n in range(10)))
        await chat.aclose()
        return list(came), chat.cost()

    with ScriptedServer([slow(ok(GOOD), 1.0)]) as server:
        came, cost = asyncio.run(session(server))
    assert came.count(EXPECTED) == len(server.requests) == 5  # 110 each; a sixth would likely take about 101 more
    assert server.most_at_once == 5
    assert cost == 550
    assert {getattr(each, "code", "") for each in came if each != EXPECTED} == {"budget_exhausted"}


def test_a_call_waits_where_calls_under_way_decide_whether_the_budget_allows_it() -> None:
    meter = Meter(dollar_a_token, max_cost=450)
    first = meter.book("judge", meter.likely(300, 100))  # about 101 read and 100 written
    second = meter.book("judge", meter.likely(300, 100))
    assert (first, second) == (201, 201)
    assert meter.book("judge", meter.likely(300, 100)) is None
    meter.settle("judge", 201, Tokens(20, 5), "answered")
    meter.settle("judge", 201, Tokens(20, 5), "answered")
    assert meter.book("judge", meter.likely(300, 100)) == 201


def test_an_answer_without_a_token_count_is_taken_at_its_likely_cost_in_the_budget_but_not_in_the_account() -> None:
    meter = Meter(dollar_a_token, max_cost=250)
    assert meter.book("judge", meter.likely(300, 100)) == 201
    meter.settle("judge", 201, None, "answered")
    with pytest.raises(ModelUnavailable):
        meter.book("judge", meter.likely(300, 100))
    assert meter.total.cost() is None


def test_a_max_cost_for_a_model_without_a_price_is_refused_at_once() -> None:
    with (
        ScriptedServer([ok(GOOD)]) as server,
        pytest.raises(ConfigError, match=r"price of .* is not known"),
    ):
        ask(server, max_cost=1.0)
    assert server.requests == []


def test_a_local_server_has_no_price_whatever_its_model_is_called() -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        assert ask(server, model="gpt-4.1-mini").cost is None


def test_list_prices_are_known_offline_and_cached_input_is_cheaper() -> None:
    price = price_of("openai", "gpt-4.1-mini", None)
    assert price is not None
    assert price(Tokens(1_000_000, 1_000_000)) == pytest.approx(2.0)
    assert price(Tokens(1_000_000, 0, cache_read=1_000_000)) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("provider", "model", "base_url"),
    [
        ("openai", "no-such-model", None),
        ("openai", "gpt-4.1-mini", "https://llm.example.org/v1"),
        ("x", "x", None),
    ],
)
def test_an_unknown_price_is_none_and_never_zero(provider: str, model: str, base_url: str | None) -> None:
    assert price_of(provider, model, base_url) is None


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (None, None),
        ({"input_tokens": 0, "output_tokens": 0}, None),
        ({"input_tokens": 5, "output_tokens": 2}, Tokens(5, 2)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}, Tokens(5, 2, 3)),
        ({"input_tokens": 5, "output_tokens": 2, "input_token_details": {"cache_read": 9}}, Tokens(5, 2, 5)),
        ({"input_tokens": -5, "output_tokens": 2}, None),
        ({"input_tokens": "many", "output_tokens": 2}, None),
    ],
)
def test_token_counts_are_read_and_nonsense_is_not(usage: Any, tokens: Tokens | None) -> None:
    assert tokens_of(usage) == tokens


def test_the_answer_class_of_these_tests_fits_the_good_answer() -> None:
    assert Answer.model_validate(GOOD) == EXPECTED
