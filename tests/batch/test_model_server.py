"""The model server of the figures does what they take for granted: it answers by rule, fails as told, and counts."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bench.material import POISON, document
from bench.model_server import BAD_ANSWERS, MIXED, Behaviour, Kind, ModelServer

SPLIT = "[s1] According to file D0000, the Carlow works delivered 12 tonnes in 2004.\n[s2] What else?"
JUDGE = (
    "<passage-ab 1>\nReports | undated | en\nThe Carlow works delivered 12 tonnes in 2004.\n</passage-ab>\n\n"
    "<claim-ab>\nAccording to file D0007, the Carlow works delivered 12 tonnes in 2004.\n</claim-ab>"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    with ModelServer(tmp_path_factory.mktemp("server")) as running:
        yield running


def ask(server: ModelServer, user: str = JUDGE) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        body = {"model": "scripted-1", "messages": [{"role": "user", "content": user}]}
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        reply = connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    finally:
        connection.close()


def content_of(body: bytes) -> Any:
    return json.loads(json.loads(body)["choices"][0]["message"]["content"])


def test_the_same_prompt_has_the_same_answer(server: ModelServer) -> None:
    server.behave(Behaviour())
    first, second = content_of(ask(server)[2]), content_of(ask(server)[2])
    assert first == second
    assert (first["label"], first["quotes"]) == (
        "supported",
        [{"passage": 1, "quote": "The Carlow works delivered 12 tonnes in 2004", "stance": "supports"}],
    )


def test_another_number_contradicts_and_another_year_settles_nothing(server: ModelServer) -> None:
    server.behave(Behaviour())
    other_number = JUDGE.replace("delivered 12 tonnes in 2004.\n</claim", "delivered 13 tonnes in 2004.\n</claim")
    other_year = JUDGE.replace("in 2004.\n</claim", "in 2005.\n</claim")
    assert content_of(ask(server, other_number)[2])["label"] == "contradicted"
    assert content_of(ask(server, other_year)[2])["reason"] == "passages_irrelevant"


def test_a_sentence_is_a_claim_and_a_question_is_none(server: ModelServer) -> None:
    server.behave(Behaviour())
    answer = content_of(ask(server, SPLIT)[2])
    assert [(entry["id"], entry["kind"]) for entry in answer["sentences"]] == [("s1", "claims"), ("s2", "question")]


def test_documents_are_the_same_every_time_and_share_no_claim() -> None:
    assert document(3) == document(3)
    claims = [sentence for number in range(50) for sentence in document(number).split(". ")]
    assert len(set(claims)) == len(claims)


@pytest.mark.parametrize(
    ("kind", "status", "header"),
    [
        ("error_500", 500, "application/json"),
        ("html_502", 502, "text/html"),
        ("unavailable_503", 503, "application/json"),
        ("unauthorized", 401, "application/json"),
        ("quota", 429, "application/json"),
    ],
)
def test_errors_are_as_told(server: ModelServer, kind: Kind, status: int, header: str) -> None:
    server.behave(Behaviour(at={"1": kind}))
    answered, headers, _ = ask(server)
    assert (answered, headers["content-type"]) == (status, header)


@pytest.mark.parametrize("kind", ["reset", "cut"])
def test_broken_connections_are_as_told(server: ModelServer, kind: Kind) -> None:
    server.behave(Behaviour(at={"1": kind}))
    with pytest.raises((ConnectionError, http.client.IncompleteRead, http.client.RemoteDisconnected)):
        ask(server)


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_an_answer_that_must_not_count_never_equals_the_right_one(server: ModelServer, kind: Kind) -> None:
    server.behave(Behaviour(at={"1": kind}))
    broken = json.loads(ask(server)[2])["choices"][0]
    content = broken["message"]["content"]
    assert content == "" or POISON in content
    assert kind not in ("length", "filtered") or broken["finish_reason"] in ("length", "content_filter")


def test_whether_a_request_fails_depends_on_seed_request_and_attempt_alone() -> None:
    behaviour = Behaviour(faults=0.2, seed=1)
    drawn = [behaviour.fault(number=n, key=str(n % 500), attempt=1 + n // 500) for n in range(5000)]
    again = [behaviour.fault(number=0, key=str(n % 500), attempt=1 + n // 500) for n in range(5000)]
    share = sum(kind is not None for kind in drawn) / len(drawn)
    assert drawn == again
    assert 0.17 < share < 0.23
    assert set(drawn) == {None, *MIXED}


def test_whoever_asks_in_the_pause_that_was_asked_for_is_noted_as_early(server: ModelServer) -> None:
    server.behave(Behaviour(at={"1": "limited_seconds"}, retry_after_s=1))
    before = server.count()
    assert ask(server)[1]["retry-after"] == "1"
    time.sleep(0.4)
    ask(server)
    time.sleep(0.9)
    ask(server)
    noted = [(request.early, request.early_again) for request in server.requests(before)]
    assert noted == [(False, False), (True, True), (False, False)]


def test_a_server_that_is_down_refuses_and_comes_back(server: ModelServer) -> None:
    server.behave(Behaviour())
    server.go_down(0.5)
    time.sleep(0.1)
    with pytest.raises(ConnectionError):
        ask(server)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            assert ask(server)[0] == 200
            return
        except ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the server did not come back")


def test_a_misspelt_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no such fault: error_5000"):
        Behaviour.of({"kinds": ["error_5000"]})
