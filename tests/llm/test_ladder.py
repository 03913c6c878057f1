"""Servers differ in the structured output they know: json_schema, else json_object, else text with the schema in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from factcheck.llm.answers import schema_of
from tests.llm.asking import EXPECTED, GOOD, Answer, ask
from tests.servers import Reply, Request, ScriptedServer, error, ok, says

Script = Callable[[Request], Reply]


def knows(*forms: str, refusal: Reply, answer: Reply | None = None) -> Script:
    """A server that knows these forms and gives ``refusal`` to the others."""
    return lambda request: (answer or ok(GOOD)) if request.form in forms else refusal


def test_a_server_that_enforces_schemas_is_sent_the_strict_schema_and_no_copy_of_it_in_the_prompt() -> None:
    with ScriptedServer([ok(GOOD)]) as server:
        ask(server)
    sent = server.requests[0].body["response_format"]["json_schema"]
    assert sent["strict"] is True
    assert sent["schema"] == {
        "type": "object",
        "additionalProperties": False,
        "required": ["label", "why"],
        "properties": {
            "label": {"type": "string", "enum": ["supported", "contradicted"]},
            "why": {"type": "string", "maxLength": 40},
        },
    }
    assert "JSON Schema" not in server.requests[0].system


NOT_KNOWN = {
    "400": error(400, "response_format.type must be one of text, json_object"),
    "400 without a reason": error(400, "Bad Request"),
    "422": error(422, "extra fields not permitted: json_schema"),
    "500 that names it": error(500, "json_schema is not supported"),
    "501": error(501, "response_format not supported"),
}


@pytest.mark.parametrize("refusal", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_a_refused_form_costs_one_extra_call_for_the_session(refusal: Reply) -> None:
    with ScriptedServer(knows("json_object", "text", refusal=refusal)) as server:
        asked = ask(server, times=4)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema"] + ["json_object"] * 4
    assert asked.parameters["forms"] == ["json_object"]
    schema = json.dumps(schema_of(Answer), separators=(",", ":"))
    assert all(schema in request.system for request in server.requests[1:])


def test_a_bare_500_is_retried_once_before_the_form_is_blamed() -> None:
    with ScriptedServer(knows("json_object", refusal=error(500, "Internal Server Error"))) as server:
        asked = ask(server, times=3)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema", "json_schema", "json_object", "json_object", "json_object"]


def test_one_500_that_passes_does_not_cost_the_strict_form() -> None:
    with ScriptedServer([error(500, "Internal Server Error"), ok(GOOD)]) as server:
        asked = ask(server, times=2)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema"] * 3


def test_a_server_that_knows_plain_text_only_is_asked_in_plain_text() -> None:
    with ScriptedServer(knows("text", refusal=error(400, "unknown field response_format"))) as server:
        asked = ask(server, times=3)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema", "json_object", "text", "text", "text"]
    assert "response_format" not in server.requests[-1].body


def test_a_server_that_ignores_the_schema_and_needs_to_read_it_costs_one_extra_call() -> None:
    def script(request: Request) -> Reply:
        return ok(GOOD) if "JSON Schema" in request.system else says("I believe the claim is supported.")

    with ScriptedServer(script) as server:
        asked = ask(server, times=4)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema"] + ["json_object"] * 4


@pytest.mark.parametrize("answer", [{"label": "maybe", "why": "x"}, {"why": "x"}, {**GOOD, "label": 1}])
def test_an_answer_that_no_enforced_schema_would_allow_shows_that_it_is_ignored(answer: Any) -> None:
    with ScriptedServer([ok(answer), ok(GOOD)]) as server:
        asked = ask(server, times=2)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema", "json_object", "json_object"]
    assert "answered this request before" not in server.requests[1].user


def test_one_bad_answer_from_a_server_that_proved_itself_does_not_cost_the_strict_form() -> None:
    with ScriptedServer([ok(GOOD), says("Well."), ok(GOOD)]) as server:
        asked = ask(server, times=2)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema"] * 3


def test_a_form_is_known_to_be_refused_even_where_the_answer_in_the_next_was_cut() -> None:
    cut_off = says('{"label": "supp', finish="length")
    with ScriptedServer(knows("json_object", "text", refusal=error(400, "no"), answer=cut_off)) as server:
        ask(server, times=3)
    assert server.forms == ["json_schema", "json_object", "json_object", "json_object"]


def test_when_every_form_is_refused_the_claim_fails_and_nothing_is_learnt() -> None:
    with ScriptedServer([*[error(400, "Bad Request")] * 3, ok(GOOD)]) as server:
        asked = ask(server, times=2)
    assert asked.came == EXPECTED
    assert server.forms == ["json_schema", "json_object", "text", "json_schema"]


WRAPPED = {
    "fence": "```json\n{answer}\n```",
    "prose": "Sure! Here is the answer: {answer} Hope this helps {{smile}}.",
    "thoughts": '<think>First I thought {{"label": "contradicted", "why": "x"}}.</think>\n{answer}',
    "thoughts without a beginning": '{{"label": "contradicted", "why": "x"}}, no.</think>{answer}',
    "the same answer twice": "{answer}\n\nAgain: {answer}",
}


@pytest.mark.parametrize("wrapping", WRAPPED.values(), ids=WRAPPED)
@pytest.mark.parametrize("known", ["json_object", "text"])
def test_wrapped_json_is_taken_if_exactly_one_object_fits(wrapping: str, known: str) -> None:
    wrapped = says(" " + wrapping.format(answer=json.dumps(GOOD)))
    with ScriptedServer(knows(known, refusal=error(400, "no"), answer=wrapped)) as server:
        asked = ask(server, times=2)
    assert asked.came == EXPECTED
    assert server.forms[-2:] == [known, known]


def test_two_different_fitting_answers_are_not_chosen_between() -> None:
    both = f"{json.dumps(GOOD)} or {json.dumps({**GOOD, 'label': 'contradicted'})}"
    with ScriptedServer(knows("text", refusal=error(400, "no"), answer=says(both))) as server:
        asked = ask(server)
    assert asked.error == ("ModelError", "malformed")
    assert "2 different JSON objects" in str(asked.came)


@pytest.mark.parametrize(("finish", "code"), [("length", "truncated"), ("content_filter", "refused")])
def test_an_answer_in_plain_text_that_was_cut_or_filtered_is_not_believed_even_if_it_fits(
    finish: str, code: str
) -> None:
    fits = ok(GOOD, finish=finish)
    with ScriptedServer(knows("text", refusal=error(400, "no"), answer=fits)) as server:
        asked = ask(server)
    assert asked.error == ("ModelError", code)
    assert server.forms == ["json_schema", "json_object", "text"]
