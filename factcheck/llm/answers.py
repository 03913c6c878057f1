"""From a pydantic class to the schema a server is sent, and from the text it answers to an instance of the class.

Nothing is evaluated and nothing is repaired: a text either holds exactly one fitting JSON object or is unusable.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any, Generic

from pydantic import BaseModel, ValidationError

from factcheck.protocols import Answer

_TRIES = 200  # places in a text where a JSON object may begin; more is noise, and costs time
_STRUCTURAL = ("missing", "extra_forbidden", "literal_error", "enum", "model_attributes_type")


class Unusable(ValueError):
    """An answer that cannot be used. ``ignored``: no server that enforces the schema would have let it through."""

    def __init__(self, reason: str, *, text: str = "", ignored: bool = False) -> None:
        super().__init__(reason)
        self.text = text
        self.ignored = ignored


class Accepted(Generic[Answer]):
    """An answer that fits: the instance, its JSON, and whether that JSON was all of the text."""

    def __init__(self, answer: Answer, json_text: str, *, pure: bool) -> None:
        self.answer = answer
        self.json_text = json_text
        self.pure = pure


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of ``model`` in the dialect that strict servers take.

    Every field required, no others, no defaults, no ``$ref`` with siblings, no ``oneOf``; a title at the root only.
    """
    raw = model.model_json_schema()
    definitions = raw.get("$defs", {})
    return {**_strict(raw, definitions), "title": model.__name__}


def _strict(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_strict(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and len(node) > 1:
        target = definitions[node["$ref"].rpartition("/")[2]]
        return _strict({**target, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    strict = {
        {"oneOf": "anyOf"}.get(key, key): _fields(value, definitions)
        if key in ("properties", "$defs")
        else value
        if key in ("enum", "const", "examples")
        else _strict(value, definitions)
        for key, value in node.items()
        if key not in ("title", "default", "discriminator")
    }
    if "properties" in strict:
        strict = {"additionalProperties": False, **strict, "required": list(strict["properties"])}
    return strict


def _fields(named: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return {name: _strict(field, definitions) for name, field in named.items()}


def read(
    text: str, schema: type[Answer], check: Callable[[Answer], None] | None = None, *, lenient: bool = False
) -> Accepted[Answer]:
    """The answer that ``text`` holds; raises Unusable saying what is wrong with it.

    ``lenient`` also takes JSON inside prose or a code fence, if exactly one object there fits, and skips what a model
    thought aloud before answering.
    """
    whole = text.strip().removeprefix("\ufeff").strip()
    if not whole:
        raise Unusable("the answer is empty")
    try:
        accepted = Accepted(_parse(whole, schema), whole, pure=True)
    except Unusable as problem:
        if not lenient:
            raise Unusable(str(problem), text=text, ignored=problem.ignored) from None
        accepted = _search(text, schema, problem)
    if check is not None:
        try:
            check(accepted.answer)
        except ValueError as error:
            raise Unusable(str(error), text=text) from error
    return accepted


def _parse(text: str, schema: type[Answer]) -> Answer:
    try:
        json.loads(text, parse_float=_finite, parse_constant=_no_constant, object_pairs_hook=_once_each)
    except RecursionError:
        raise Unusable("the JSON is nested too deeply") from None
    except ValueError as error:
        raise Unusable(f"the answer is not JSON: {error}", ignored=not text.startswith("{")) from None
    try:
        return schema.model_validate_json(text)
    except ValidationError as error:
        raise Unusable(_complaint(error), ignored=_structural(error)) from None


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:20]} is out of range")
    return number


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError("an object names the same field twice")
    return named


def _complaint(error: ValidationError) -> str:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    said = [f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in details]
    return "the answer does not fit the schema: " + "; ".join(said[:6])[:800]


def _structural(error: ValidationError) -> bool:
    """Whether a grammar made from the schema would have ruled the answer out, rather than a check of our own."""
    return any(e["type"] in _STRUCTURAL or e["type"].endswith(("_type", "_parsing")) for e in error.errors())


def _search(text: str, schema: type[Answer], problem: Unusable) -> Accepted[Answer]:
    fitting: list[Accepted[Answer]] = []
    found = _objects(_after_thinking(text))
    for candidate in found:
        try:
            answer = _parse(candidate, schema)
        except Unusable as unfit:
            problem = unfit if len(found) == 1 else problem
            continue
        if all(answer != other.answer for other in fitting):
            fitting.append(Accepted(answer, candidate, pure=False))
    if not fitting:
        raise Unusable(str(problem), text=text, ignored=problem.ignored)
    if len(fitting) > 1:
        raise Unusable(f"the answer holds {len(fitting)} different JSON objects; give one", text=text, ignored=True)
    return fitting[0]


def _after_thinking(text: str) -> str:
    """What follows ``</think>``; nothing where a model was still thinking when it stopped."""
    _, closed, answer = text.partition("</think>")
    if closed:
        return answer
    return "" if text.lstrip().startswith("<think>") else text


def _objects(text: str) -> list[str]:
    """The outermost JSON objects in ``text``, as they stand there."""
    decoder, found, at = json.JSONDecoder(), [], text.find("{")
    for _ in range(_TRIES):
        if at < 0:
            break
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(text[at:end])
        at = text.find("{", end)
    return found
