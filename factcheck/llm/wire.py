"""What is sent to a model and what comes back: the forms structured output is asked for in, messages, and the text."""

from __future__ import annotations

import json
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable, RunnableSequence
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import BaseModel

from factcheck import prompts
from factcheck.llm.answers import Unusable, schema_of
from factcheck.protocols import Prompt

Form = Literal["json_schema", "json_object", "text"]
FORMS: tuple[Form, ...] = ("json_schema", "json_object", "text")  # the ladder, best first

_SHOWN_AGAIN = 4000  # characters of an unusable answer shown to the model that gave it
_ENDED = ("finish_reason", "stop_reason", "done_reason", "stopReason")  # OpenAI, Anthropic, Ollama, Bedrock
_CUT = {"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"}
_DECLINED = {"content_filter", "content_filtered", "guardrail_intervened", "refusal", "SAFETY"}


class Truncated(Exception):
    """The answer hit a length limit."""


class Declined(Exception):
    """The model or its provider declined to answer; the message is what it said."""


def forms_of(chat: BaseChatModel) -> tuple[Form, ...]:
    """The forms a model's package has; other providers than OpenAI have one way of their own to enforce a schema."""
    return FORMS if isinstance(chat, BaseChatOpenAI) else ("json_schema", "text")


def messages_for(prompt: Prompt, schema: type[BaseModel], form: Form, complaint: Unusable | None) -> list[BaseMessage]:
    """One system and one user message; the schema is written out where the server is not trusted to enforce it.

    With a complaint, the model is shown its own unusable answer as data, and what is wrong with it.
    """
    system, user = prompt.system, prompt.user
    if form == "json_schema" and complaint is None:
        return _messages(system, user)
    written = json.dumps(schema_of(schema), ensure_ascii=False, separators=(",", ":"))
    if form != "json_schema":
        system = f"{system}\n\n{prompts.fill('reply.schema', schema=written)}".strip()
    if complaint is not None:
        problem, answer = _sendable(str(complaint)), _sendable(complaint.text[:_SHOWN_AGAIN]) or "(nothing)"
        tag = prompts.tag_for(problem, answer)
        again = prompts.fill(
            "reply.again",
            problem=prompts.fence("problem", tag, problem),
            answer=prompts.fence("answer", tag, answer),
            schema=written,
        )
        user = f"{user}\n\n{again}"
    return _messages(system, user)


def _messages(system: str, user: str) -> list[BaseMessage]:
    return [*([SystemMessage(system)] if system else []), HumanMessage(user)]


def _sendable(text: str) -> str:
    """``text`` without lone surrogates: a model may write half an emoji, and no request can carry it back."""
    return text.encode("utf-8", "replace").decode()


def runnable_for(
    chat: BaseChatModel, schema: type[BaseModel], form: Form, max_tokens: int | None, *, newer_limit: bool
) -> Runnable[Any, Any]:
    """What to invoke with the messages; yields a message, or a dict with the message under ``raw``.

    ``newer_limit``: an OpenAI-compatible server wants ``max_completion_tokens`` instead of ``max_tokens``.
    """
    limit = _limit(chat, max_tokens, newer=newer_limit)
    if form == "text":
        return chat.bind(**limit)
    wanted = schema_of(schema)
    if not isinstance(chat, BaseChatOpenAI):
        return _without_parser(chat.with_structured_output(wanted, include_raw=True, **limit))
    if form == "json_object":
        return _without_parser(chat.with_structured_output(wanted, method="json_mode", **limit))
    return _without_parser(chat.with_structured_output(wanted, method="json_schema", strict=True, **limit))


def _limit(chat: BaseChatModel, max_tokens: int | None, *, newer: bool) -> dict[str, Any]:
    if max_tokens is None:
        return {}
    if not isinstance(chat, BaseChatOpenAI):
        return {"max_tokens": max_tokens}
    if newer:
        return {"max_completion_tokens": max_tokens}
    return {"extra_body": {"max_tokens": max_tokens}}  # ChatOpenAI would rename a plain max_tokens


def _without_parser(chain: Runnable[Any, Any]) -> Runnable[Any, Any]:
    """The model's part of a structured-output chain, which yields a message, or ``{"raw": message}``.

    LangChain's own parser behind it repairs JSON by guessing, in quadratic time: 32,000 characters of prose held up the
    whole event loop for 8 seconds.
    """
    return chain.first if isinstance(chain, RunnableSequence) else chain


def text_of(message: AIMessage) -> str:
    """The answer's text. Raises Declined or Truncated where the model says that it is none, or not all of one."""
    meta = message.response_metadata
    incomplete = meta.get("incomplete_details") or {}  # of OpenAI's Responses API
    ended = next((meta[name] for name in _ENDED if meta.get(name)), incomplete.get("reason"))
    refusal = message.additional_kwargs.get("refusal")
    if refusal or ended in _DECLINED:
        raise Declined(refusal or ended)
    if ended in _CUT:
        raise Truncated
    if message.tool_calls and not message.text:
        return json.dumps(message.tool_calls[0]["args"])
    return str(message.text)
