"""What counts as an answer: exactly one JSON object that fits, and nothing that had to be guessed."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from factcheck.llm.answers import Unusable, read, schema_of
from tests.llm.asking import EXPECTED, GOOD, Answer


class Score(BaseModel):
    value: float
    notes: tuple[str, ...] = ()


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    with pytest.raises(Unusable):
        read(f'{{"value": {number}}}', Score)


def test_an_object_that_says_two_things_is_refused() -> None:
    with pytest.raises(Unusable, match="the same field twice"):
        read('{"label": "supported", "label": "contradicted", "why": "x"}', Answer)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "{" * 100_000, '{"value": 1' + "0" * 10_000 + "}"])
def test_text_made_to_hurt_a_parser_is_refused_quickly(text: str) -> None:
    started = time.process_time()
    with pytest.raises(Unusable):
        read(text, Score, lenient=True)
    assert time.process_time() - started < 2


def test_code_is_not_an_answer() -> None:
    with pytest.raises(Unusable):
        read("dict(label='supported', why='x')", Answer, lenient=True)
    with pytest.raises(Unusable):
        read("{'label': 'supported', 'why': 'x'}", Answer, lenient=True)


def test_an_answer_inside_another_is_not_dug_out() -> None:
    with pytest.raises(Unusable):
        read(f'Here: {{"example": {json.dumps(GOOD)}}}', Answer, lenient=True)


def test_an_answer_in_unfinished_thoughts_is_not_taken() -> None:
    with pytest.raises(Unusable):
        read(f"<think>Perhaps {json.dumps(GOOD)}, or", Answer, lenient=True)


def test_what_is_wrong_is_said_field_by_field_without_repeating_the_value() -> None:
    with pytest.raises(Unusable) as raised:
        read('{"label": "SECRET", "why": 5}', Answer)
    assert str(raised.value) == (
        "the answer does not fit the schema: label: Input should be 'supported' or 'contradicted'; "
        "why: Input should be a valid string"
    )


def test_the_check_of_the_caller_decides_last() -> None:
    def never(answer: Answer) -> None:
        raise ValueError(f"not {answer.label}")

    with pytest.raises(Unusable, match="not supported"):
        read(json.dumps(GOOD), Answer, never)


@given(prose=st.text(max_size=200).filter(lambda text: "{" not in text and "think>" not in text))
def test_any_prose_around_one_answer_leaves_it_the_answer(prose: str) -> None:
    accepted = read(f"{prose}\n{json.dumps(GOOD)}\n{prose}", Answer, lenient=True)
    assert accepted.answer == EXPECTED
    assert json.loads(accepted.json_text) == GOOD


@given(text=st.text(max_size=300) | st.text(alphabet='{}[]",:\\ \naelno01u', max_size=300))
def test_no_text_raises_anything_but_unusable(text: str) -> None:
    try:
        accepted = read(text, Answer, lenient=True)
    except Unusable:
        return
    assert json.loads(accepted.json_text)["label"] == accepted.answer.label


@given(at=st.integers(0, len(json.dumps(GOOD)) - 1))
def test_a_cut_answer_is_never_completed(at: int) -> None:
    with pytest.raises(Unusable):
        read(json.dumps(GOOD)[:at], Answer, lenient=True)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    title: str | None = None


class Zoo(BaseModel):
    """A zoo."""

    best: Cat = Field(description="the best one")
    all: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []
    default: str = "x"


def test_the_schema_sent_is_one_that_strict_servers_take() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, list):
            for item in node:
                walk(item)
        if not isinstance(node, dict):
            return
        assert not {"default", "oneOf", "discriminator"} & node.keys()
        assert "$ref" not in node or len(node) == 1
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
        for key, value in node.items():
            for item in value.values() if key in ("properties", "$defs") else [value]:
                walk(item)

    schema = schema_of(Zoo)
    walk(schema)
    assert list(schema["properties"]) == ["best", "all", "default"]
    assert list(schema["$defs"]["Dog"]["properties"]) == ["kind", "title"]
    assert schema["properties"]["best"]["description"] == "the best one"
    assert schema["title"] == "Zoo"
