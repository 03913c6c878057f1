"""A chat model that is answered by batch jobs: every question goes the way it always goes, up to the network.

What a request was answered earlier comes back at once; a request without an answer yet is noted in the ledger, and its
question fails with ``WAITS``, to be asked again when a job has answered it. So prompts, schemas, second askings, kept
replies and usage are those of a run that asks at once.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx2
from pydantic import BaseModel

from factcheck.errors import ModelError, ModelUnavailable
from factcheck.llm.chat import LangChainChat
from factcheck.llm.connect import Endpoint, Send, connect, endpoint_of, unpriced
from factcheck.llm.gate import Unsent
from factcheck.llm.jobs import FACTOR, JobServer
from factcheck.llm.ledger import Answered, Ledger, Settled, Wanted
from factcheck.llm.meter import Price, Tokens, tokens_of
from factcheck.llm.replies import Kept, Replies
from factcheck.models import FailureCode
from factcheck.protocols import Prompt
from factcheck.settings import Settings

WAITS = "waits for the answer of a batch job"
_CHARS_PER_TOKEN = 3  # of a guess used for the budget only
_ANSWER = 1000  # tokens, likewise


class _Ready(BaseModel):
    """The answer to the one question that is asked at once."""

    ready: bool


_ANSWERED: frozenset[FailureCode] = frozenset({"malformed", "refused", "truncated"})  # oddly, but by the right model
_PROBE = Prompt(stage="probe", system="", user='Answer {"ready": true}.')


class BatchedModel:
    """``chat`` asks through the ledger; ``server`` takes what the ledger wants. ``open_batched`` makes it."""

    def __init__(self, chat: LangChainChat, desk: _Desk, replies: _OwnReplies | None, endpoint: Endpoint) -> None:
        self.chat = chat
        self.price = endpoint.price
        self.server = JobServer(endpoint.sdk, endpoint.shown, price=endpoint.price, secrets=endpoint.secrets)
        self._desk = desk
        self._replies = replies
        self._endpoint = endpoint

    async def probe(self) -> None:
        """Asks one short question at once, so that a wrong key or model, or a parameter the model does not take, is
        met before a day's job is. What was learned is kept in the ledger and not asked for again.

        Raises ModelError, ModelUnavailable.
        """
        self._desk.asks_at_once = True
        try:
            await self.chat.ask(_PROBE, _Ready)
        except ModelError as error:
            if isinstance(error, ModelUnavailable) or error.code not in _ANSWERED:
                raise
        finally:
            self._desk.asks_at_once = False

    def begin_pass(self) -> None:
        """From now on every answer this run's jobs gave counts as a call again, the first time it is used."""
        if self._replies is not None:
            self._replies.used.clear()

    async def aclose(self) -> None:
        """Closes what sends the jobs; ``chat`` is closed by the session that took it over."""
        await self._endpoint.sdk.close()


async def open_batched(settings: Settings, ledger: Ledger) -> BatchedModel:
    """The model that ``settings`` names, asked by batch jobs. Raises ConfigError, ModelUnavailable."""
    inner = settings.model_copy(
        update={"max_calls": None, "max_cost": None, "requests_per_minute": None, "tokens_per_minute": None}
    )  # what the budget and the rates are about is sent by jobs, not here
    desk = _Desk(ledger)
    replies = _OwnReplies(settings.cache_dir / "replies.sqlite3", ledger, desk) if settings.cache else None
    chat = await connect(inner, exchange=desk, replies=replies, discount=FACTOR)
    endpoint = endpoint_of(inner, chat.model)
    desk.know(endpoint)
    if settings.max_cost is not None and endpoint.price is None:
        await chat.aclose()
        await endpoint.sdk.close()
        raise unpriced(chat.model)
    return BatchedModel(chat, desk, replies, endpoint)


class _Desk:
    """A ``connect.Exchange`` that answers from the ledger, and notes there what it cannot answer yet."""

    def __init__(self, ledger: Ledger) -> None:
        self.asks_at_once = False
        self._ledger = ledger
        self._path = ""
        self._price: Price | None = None

    def know(self, endpoint: Endpoint) -> None:
        self._path = endpoint.path
        self._price = endpoint.price

    async def __call__(self, request: Any, send: Send) -> Any:
        if request.method != "POST":  # which models are served
            return await send()
        wanted = self._wanted(request)
        end = self._ledger.end_of(wanted.digest)
        if isinstance(end, Answered):
            return _response(request, end)
        if end is not None:
            raise Unsent(ModelError(end.code, end.message))
        if self.asks_at_once:
            return await self._asked(wanted, send)
        self._ledger.want(wanted)
        raise Unsent(ModelError("model_error", WAITS))

    async def _asked(self, wanted: Wanted, send: Send) -> Any:
        """An answer on the spot. It is kept if it is one; a refusal of the request is, trouble of the server is not."""
        response = await send()
        await response.aread()
        if response.status_code < 300 or response.status_code in (400, 422):
            tokens = _tokens_in(response.content)
            cost = self._price(tokens) if self._price is not None and tokens is not None else None
            answered = Settled(wanted.digest, Answered(response.status_code, response.content), tokens, cost)
            self._ledger.answered_at_once(wanted, answered)
        return response

    def _wanted(self, request: Any) -> Wanted:
        """The request as a line of a job; its name is the sha256 of what is asked and where."""
        asked = json.loads(request.content)
        body = json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()
        endpoint = f"/v1{request.url.path.removeprefix(self._path)}"
        digest = hashlib.sha256(endpoint.encode() + b"\n" + body).hexdigest()
        return Wanted(digest, endpoint, body, self._likely(len(body)))

    def _likely(self, size: int) -> float:
        return 0.0 if self._price is None else FACTOR * self._price(Tokens(size // _CHARS_PER_TOKEN, _ANSWER))


def _response(request: Any, end: Answered) -> Any:
    return httpx2.Response(end.status, headers={"content-type": "application/json"}, content=end.body, request=request)


def _tokens_in(body: bytes) -> Tokens | None:
    try:
        return tokens_of(json.loads(body).get("usage"))
    except (ValueError, AttributeError):
        return None


class _OwnReplies(Replies):
    """The kept replies, but for those this run's jobs gave: these are worked out anew from the ledger, so that what
    they cost is counted in the report that is made of them, whenever and by whichever process that is.
    """

    def __init__(self, path: Path, ledger: Ledger, desk: _Desk) -> None:
        super().__init__(path)
        self.used: set[str] = set()
        self._ledger = ledger
        self._desk = desk

    async def get(self, key: str) -> Kept | None:
        if self._desk.asks_at_once or (key not in self.used and self._ledger.has_accepted(key)):
            return None
        return await super().get(key)

    async def put(self, key: str, kept: Kept) -> None:
        if not self._desk.asks_at_once:
            self._ledger.accept(key)
            self.used.add(key)
        await super().put(key, kept)
