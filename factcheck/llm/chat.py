"""Asks a chat model for answers that fit a schema, and turns everything that can go wrong into the right error.

An answer is looked up among the kept replies, else asked for. Trouble that may pass is retried; a server that refuses
or ignores structured output is asked in the next simpler form from then on; an unusable answer is asked for once more
with the reason; what no later call could survive stops the run.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import BaseModel

from factcheck.errors import ModelError, ModelUnavailable
from factcheck.llm.answers import Accepted, Unusable, read, schema_of
from factcheck.llm.faults import Fault, cause_in, fault_of, scrub
from factcheck.llm.gate import Gate, Heard, Unsent
from factcheck.llm.meter import Account, End, Meter, Price, Tokens, tokens_of
from factcheck.llm.replies import Kept, Replies, key_of
from factcheck.llm.wire import Declined, Form, Truncated, forms_of, messages_for, runnable_for, text_of
from factcheck.models import FailureCode, StageUsage
from factcheck.protocols import Answer, Prompt
from factcheck.settings import Settings

BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
_ROOMIER = 4  # how much longer an answer may be after one hit a limit we had set

_REMEDY: dict[FailureCode, str] = {
    "model_unreachable": "is the server running, and the address (OPENAI_BASE_URL) right?",
    "not_authorized": "set OPENAI_API_KEY to a valid key",
    "quota_exhausted": "look at the account's plan and billing",
    "rate_limited": "lower FACTCHECK_CONCURRENCY, or try again later",
    "timeout": "raise FACTCHECK_DEADLINE_S, or use a faster model",
    "truncated": "raise or unset FACTCHECK_MAX_TOKENS, or use another model",
    "context_overflow": "lower FACTCHECK_WINDOW or FACTCHECK_PASSAGES, or use a model that reads more",
    "malformed": "use a model that follows schemas better",
}


class _RejectedError(Exception):
    """The server does not take the form this was asked in, or does not take the request at all."""


@dataclass
class _Rung:
    """How far down the ladder one schema's answers are asked for, and whether an answer came that proves it right."""

    at: int = 0
    proven: bool = False


@dataclass
class _Talk(Generic[Answer]):
    """One question on its way to an answer."""

    prompt: Prompt
    schema: type[Answer]
    known: _Rung
    max_tokens: int | None
    at: int = 0
    complaint: Unusable | None = None
    failures: Counter[FailureCode] = field(default_factory=Counter)
    failing_since: float = 0.0  # loop time of the first of these
    outages: int = 0  # that were over when they began
    roomier: bool = False
    newer_limit: bool = False  # the name the limit was last sent under
    renamed: bool = False  # and whether that was changed for this question

    def lower(self) -> None:
        self.at += 1

    def failed(self, code: FailureCode, *, outages: int, now: float) -> int:
        """Counts a failure and returns how many there were; those of an outage that is over are forgotten."""
        if outages > self.outages or not self.failures:
            self.failures.clear()
            self.outages, self.failing_since = outages, now
        self.failures[code] += 1
        return self.failures.total()

    def taken(self) -> None:
        """The model wrote an answer: a form refused above this one need not be tried again."""
        if self.at > self.known.at:
            self.known.at, self.known.proven = self.at, False


@dataclass
class _Seen:
    """What the model's server showed of itself, for the report."""

    models: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    temperature: bool = True

    def note(self, about: dict[str, Any]) -> None:
        self.models |= {str(about["model"])} if about.get("model") else set()
        self.forms |= {str(about["form"])} if about.get("form") else set()
        self.temperature = self.temperature and about.get("temperature") is not None


async def _nothing() -> None:
    pass


class LangChainChat:
    """``protocols.ChatModel`` over any LangChain chat model; ``connect`` makes it.

    It belongs to one event loop; end with ``aclose``. ``model`` is the name asked for; ``parameters`` says how it was
    asked and what the server called itself.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        settings: Settings,
        *,
        provider: str,
        model: str,
        address: str | None = None,
        price: Price | None = None,
        replies: Replies | None = None,
        secrets: tuple[str, ...] = (),
        models: Callable[[], Awaitable[list[str]]] | None = None,
        close: Callable[[], Awaitable[None]] = _nothing,
        backoff_s: float = BACKOFF_S,
        gate: Gate | None = None,
    ) -> None:
        self.model = model
        self._chat = chat
        self._provider = provider
        self._address = address
        self._replies = replies
        self._secrets = secrets
        self._models = models
        self._close = close
        self._backoff_s = backoff_s
        self._deadline = settings.deadline_s
        self._retries = settings.retries
        self._patience = settings.patience_s
        self._max_tokens = settings.max_tokens
        self._temperature = getattr(chat, "temperature", None)
        self._newer_limit = address is None  # OpenAI wants max_completion_tokens, most other servers max_tokens
        self._meter = Meter(price, settings.max_calls, settings.max_cost)
        self._gate = gate or Gate(settings, probe_s=backoff_s)
        self._runnables: dict[tuple[type[BaseModel], Form, int | None, bool], Runnable[Any, Any]] = {}
        self._rungs: dict[type[BaseModel], _Rung] = {}
        self._flights: dict[str, asyncio.Future[str | ModelError | None]] = {}
        self._unavailable: ModelUnavailable | None = None
        self._stopped = asyncio.Event()
        self._settled = asyncio.Event()  # a call under way has shown what it cost
        self._seen = _Seen()

    async def ask(self, prompt: Prompt, schema: type[Answer], check: Callable[[Answer], None] | None = None) -> Answer:
        """See ``protocols.ChatModel``. Identical questions asked at the same time share one answer."""
        key = self._key(prompt, schema)
        while (flight := self._flights.get(key)) is not None:
            landed = await asyncio.shield(flight)
            if isinstance(landed, ModelError):
                raise type(landed)(landed.code, str(landed))
            if landed is not None and (shared := _fits(landed, schema, check)) is not None:
                self._meter.kept(prompt.stage)
                return shared
        own = self._flights[key] = asyncio.get_running_loop().create_future()
        landed = None
        try:
            accepted = await self._kept(key, prompt, schema, check) or await self._asked(key, prompt, schema, check)
            landed = accepted.json_text
        except ModelError as error:
            landed = error
            raise
        finally:
            del self._flights[key]
            own.set_result(landed)
        return accepted.answer

    def usage(self) -> dict[str, StageUsage]:
        """Work by stage. Tokens are those the server reported; see ``notes`` where it reported none."""
        return self._meter.total.usage()

    def cost(self) -> float | None:
        """US dollars so far; None where the price or a token count is unknown, 0 where nothing was asked."""
        return self._meter.total.cost()

    @property
    def unavailable(self) -> ModelUnavailable | None:
        """Why no further call can succeed, once that has come out."""
        return self._unavailable

    @property
    def price(self) -> Price | None:
        """US dollars of a call's tokens; None where the model's price is unknown."""
        return self._meter.price

    def account(self) -> AbstractContextManager[Account]:
        """``usage``, ``cost`` and ``notes`` of what this task, and tasks started inside the context, ask: one document.

        >>> with chat.account() as own:
        ...     await asyncio.gather(chat.ask(prompt, Answer), chat.ask(other, Answer))
        >>> own.usage(), own.cost()
        """
        return self._meter.account()

    @property
    def waits(self) -> str:
        """What all requests wait for just now (an outage, a pause asked for); empty where they go through."""
        return self._gate.waits

    @property
    def parameters(self) -> dict[str, Any]:
        """What shaped the answers, kept ones included; no keys, no addresses."""
        return {
            "provider": self._provider,
            "temperature": self._temperature if self._seen.temperature else None,
            "max_tokens": self._max_tokens,
            "reported_models": sorted(self._seen.models),
            "forms": sorted(self._seen.forms),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """One line each: trouble with the kept replies, and what could not be counted."""
        kept = tuple(self._replies.notes) if self._replies is not None else ()
        return (*kept, *self._meter.total.notes())

    async def aclose(self) -> None:
        await self._close()
        if self._replies is not None:
            await self._replies.aclose()

    @property
    def _forms(self) -> tuple[Form, ...]:
        return forms_of(self._chat)

    # --- kept replies -------------------------------------------------------------------------------------------

    def _key(self, prompt: Prompt, schema: type[BaseModel]) -> str:
        return key_of(
            {
                "model": f"{self._provider}:{self.model}",
                "address": self._address,
                "temperature": self._temperature,
                "max_tokens": self._max_tokens,
                "messages": [prompt.system, prompt.user],
                "schema": schema_of(schema),
            }
        )

    async def _kept(
        self, key: str, prompt: Prompt, schema: type[Answer], check: Callable[[Answer], None] | None
    ) -> Accepted[Answer] | None:
        kept = await self._replies.get(key) if self._replies is not None else None
        if kept is None or (answer := _fits(kept.text, schema, check)) is None:
            return None
        self._meter.kept(prompt.stage)
        self._seen.note(kept.about)
        return Accepted(answer, kept.text, pure=True)

    async def _asked(
        self, key: str, prompt: Prompt, schema: type[Answer], check: Callable[[Answer], None] | None
    ) -> Accepted[Answer]:
        known = self._rungs.setdefault(schema, _Rung())
        accepted, about = await self._converse(_Talk(prompt, schema, known, self._max_tokens), check)
        self._seen.note(about)
        if self._replies is not None:
            await self._replies.put(key, Kept(accepted.json_text, about))
        return accepted

    # --- one question -------------------------------------------------------------------------------------------

    async def _converse(
        self, talk: _Talk[Answer], check: Callable[[Answer], None] | None
    ) -> tuple[Accepted[Answer], dict[str, Any]]:
        while True:
            talk.at = max(talk.at, talk.known.at)
            try:
                message = await self._reply(talk)
                accepted = read(text_of(message), talk.schema, check, lenient=True)
            except _RejectedError:
                talk.lower()
            except Truncated:
                self._make_room(talk)
            except Declined as refusal:
                raise self._error("refused", f"the model declined to answer: {refusal}") from None
            except Unusable as problem:
                self._complain(talk, problem)
            else:
                self._learn(talk, pure=accepted.pure)
                return accepted, self._about(talk, message)

    def _make_room(self, talk: _Talk[Answer]) -> None:
        if talk.max_tokens is None or talk.roomier:
            raise self._error("truncated", "the answer hit the length limit")
        talk.max_tokens *= _ROOMIER
        talk.roomier = True

    def _complain(self, talk: _Talk[Answer], problem: Unusable) -> None:
        """Readies the talk for being asked again: in the next form if this one was ignored, else with the reason."""
        if problem.ignored and talk.at == 0 and not talk.known.proven and len(self._forms) > 1:
            talk.known.at = max(talk.known.at, 1)
            return
        if talk.complaint is not None:
            raise self._error("malformed", f"two answers that cannot be used; the second: {problem}")
        talk.complaint = problem

    def _learn(self, talk: _Talk[Answer], *, pure: bool) -> None:
        known = talk.known
        if talk.at < known.at:
            return
        if pure:
            known.proven = True
        elif talk.at == 0 and not known.proven and len(self._forms) > 1:
            known.at = 1  # words around the JSON: this server does not enforce the schema

    def _about(self, talk: _Talk[Answer], message: AIMessage) -> dict[str, Any]:
        meta = message.response_metadata
        return {
            "model": meta.get("model_name") or meta.get("model"),
            "form": self._forms[talk.at],
            "temperature": getattr(self._chat, "temperature", None),
        }

    # --- one request --------------------------------------------------------------------------------------------

    async def _reply(self, talk: _Talk[Answer]) -> AIMessage:
        while True:
            used = self._chat
            came = await self._attempt(talk)
            if isinstance(came, AIMessage):
                talk.taken()
                return came
            if came.kind in ("truncated", "unusable"):
                talk.taken()
            await self._recover(talk, came, used)

    async def _attempt(self, talk: _Talk[Answer]) -> AIMessage | Fault:
        stage, form = talk.prompt.stage, self._forms[talk.at]
        messages = messages_for(talk.prompt, talk.schema, form, talk.complaint)
        talk.newer_limit = self._newer_limit
        runnable = self._runnable(talk.schema, form, talk.max_tokens, talk.newer_limit)
        likely = self._meter.likely(sum(len(str(message.content)) for message in messages), talk.max_tokens)
        async with self._gate.place(likely.total, id(talk)) as place:
            booked = await self._booked(stage, likely)
            place.heard = "nothing"
            tokens: Tokens | None = None
            end: End = "lost"
            try:
                async with asyncio.timeout(self._deadline) as place.deadline:
                    reply = await runnable.ainvoke(messages)
                message: AIMessage = reply["raw"] if isinstance(reply, dict) else reply
                tokens, end, place.heard = tokens_of(message.usage_metadata), "answered", "answer"
            except Exception as error:  # noqa: BLE001  whatever a provider's package raises becomes a failure
                if (unsent := cause_in(error, Unsent)) is not None:
                    end, place.heard = "unsent", "unsent"
                    raise unsent.error from None
                fault = fault_of(error, deadline=self._deadline)
                tokens, end = _left_by(error, fault)
                place.heard, place.asked_s, place.last = _heard(fault), fault.retry_after or 0.0, fault.kind == "stop"
                return fault
            finally:
                self._meter.settle(stage, booked, tokens, end)
                self._settled.set()
                place.took = tokens.total if tokens is not None else _none_if_refused(end)
        return message

    def _runnable(
        self, schema: type[BaseModel], form: Form, max_tokens: int | None, newer_limit: bool
    ) -> Runnable[Any, Any]:
        """Made once: making it takes LangChain longer than reading an answer takes us."""
        how = (schema, form, max_tokens, newer_limit)
        if how not in self._runnables:
            self._runnables[how] = runnable_for(self._chat, schema, form, max_tokens, newer_limit=newer_limit)
        return self._runnables[how]

    async def _booked(self, stage: str, likely: Tokens) -> float:
        try:
            while (booked := self._meter.book(stage, likely)) is None:
                self._settled.clear()
                await self._settled.wait()
                self._raise_if_stopped()
        except ModelUnavailable as error:
            raise self._stop(error) from None
        return booked

    async def _recover(self, talk: _Talk[Answer], fault: Fault, used: BaseChatModel) -> None:
        """Returns when the request may be sent again; raises what it ends in otherwise."""
        if fault.kind == "stop":
            with self._gate.held():
                raise self._stop(await self._unavailable_for(fault))
        if fault.kind == "fail":
            raise self._error(fault.code, fault.message)
        if fault.kind == "truncated":
            raise Truncated
        if fault.kind == "unusable":
            raise Unusable(fault.message)
        if fault.kind == "rejected" and self._adapt(talk, fault, used):
            return
        if self._form_refused(talk, fault):
            raise _RejectedError
        if fault.kind == "rejected":
            raise self._error(fault.code, fault.message)
        await self._back_off(talk, fault)

    def _adapt(self, talk: _Talk[Answer], fault: Fault, used: BaseChatModel) -> bool:
        """Leaves out or renames a parameter the server objects to, for the rest of the session."""
        words = fault.message.lower()
        if "temperature" in words and getattr(used, "temperature", None) is not None:
            self._chat = used.model_copy(update={"temperature": None})
            self._runnables.clear()
            return True
        if talk.max_tokens is not None and isinstance(used, BaseChatOpenAI):
            newer = "max_completion_tokens" in words and "instead" in words
            about_limit = "max_tokens" in words or "max_completion_tokens" in words
            if about_limit and newer != talk.newer_limit and not talk.renamed:
                self._newer_limit, talk.renamed = newer, True
                return True
        return False

    def _form_refused(self, talk: _Talk[Answer], fault: Fault) -> bool:
        """Whether the next form is worth trying: at a 400 at once, at a plain 500 when it came twice."""
        if talk.known.proven or talk.at + 1 >= len(self._forms):
            return False
        if fault.kind == "rejected":
            return True
        lasting = fault.about_form or talk.failures.total() > 0 or self._retries == 0
        return fault.status in (500, 501) and lasting

    async def _back_off(self, talk: _Talk[Answer], fault: Fault) -> None:
        now, silence = asyncio.get_running_loop().time(), self._gate.silence
        tried = talk.failed(fault.code, outages=silence.ended, now=now)
        spent = tried > self._retries or talk.failures[fault.code] > self._most_retries(fault)
        asked = fault.retry_after or 0.0
        if asked > self._gate.longest_wait_s:
            what = f"{fault.message}; the server asks to wait {asked:.0f} s"
            raise self._stop(ModelUnavailable("rate_limited", self._line("rate_limited", what)))
        if silence.outage and silence.lasted(now) >= self._patience:
            raise self._given_up(fault, silence.lasted(now))
        if spent and not self._worth_waiting(talk, fault, now):
            if fault.code == "model_unreachable":
                raise self._stop(ModelUnavailable(fault.code, self._line(fault.code, fault.message)))
            raise self._error(fault.code, f"{fault.message}; tried {tried} times")
        if not silence.outage and not asked:  # else the gate lets one go first, and the others follow
            await self._sleep(random.uniform(0, min(MAX_BACKOFF_S, self._backoff_s * 2 ** min(tried, 16))))

    def _most_retries(self, fault: Fault) -> int:
        """Of this fault for one question; one more in a run with patience, where two slow answers in a row occur."""
        return self._retries if fault.retries is None else fault.retries + (self._patience > 0)

    def _worth_waiting(self, talk: _Talk[Answer], fault: Fault, now: float) -> bool:
        """Whether to go on after the last retry, because it is not this question that the trouble is about."""
        if fault.code == "rate_limited":
            return now - talk.failing_since < self._patience
        if self._patience and (fault.code == "model_unreachable" or self._gate.silence.is_general()):
            self._gate.expect_outage()
            return True
        return False

    def _given_up(self, fault: Fault, lasted: float) -> ModelError:
        """What a silence of all the patience there is ends in: the run, or the only question that was tried."""
        what = f"{fault.message}; nothing was answered for {lasted:.0f} s"
        if len(self._gate.silence.asked) == 1 and fault.code != "model_unreachable":
            self._gate.silence.over()
            return self._error(fault.code, what)
        return self._stop(ModelUnavailable(fault.code, self._line(fault.code, what)))

    async def _sleep(self, seconds: float) -> None:
        """Sleeps, but not longer than the run has hope."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            pass
        self._raise_if_stopped()

    # --- errors -------------------------------------------------------------------------------------------------

    def _line(self, code: FailureCode, what: str) -> str:
        at = f" at {self._address}" if self._address else ""
        remedy = f"; {_REMEDY[code]}" if code in _REMEDY else ""
        if self._provider != "openai":
            remedy = remedy.replace("OPENAI_API_KEY", f"{self._provider}'s own variable")
        return f"model {self.model}{at}: {scrub(what, self._secrets)}{remedy}"

    def _error(self, code: FailureCode, what: str) -> ModelError:
        return ModelError(code, self._line(code, what))

    async def _unavailable_for(self, fault: Fault) -> ModelUnavailable:
        what = fault.message
        if fault.about_model:
            served = await self._models() if self._models is not None else []
            what += f"; it serves {', '.join(served[:20])}" if served else "; check the model's name and the address"
        return ModelUnavailable(fault.code, self._line(fault.code, what))

    def _stop(self, error: ModelUnavailable) -> ModelUnavailable:
        """Remembers the first reason why nothing more can succeed, and wakes whoever waits to try again."""
        if self._unavailable is None:
            self._unavailable = error
            self._stopped.set()
            within_budget = error.code == "budget_exhausted"  # what was let through so far is paid for
            self._gate.close(lambda: ModelUnavailable(error.code, str(error)), recall=not within_budget)
        return error

    def _raise_if_stopped(self) -> None:
        if self._unavailable is not None:
            raise ModelUnavailable(self._unavailable.code, str(self._unavailable))


def _fits(text: str, schema: type[Answer], check: Callable[[Answer], None] | None) -> Answer | None:
    try:
        return read(text, schema, check).answer
    except Unusable:
        return None


def _heard(fault: Fault) -> Heard:
    """What a failed call says of the server: that it is there, is asked too much, or is silent."""
    if fault.kind != "retry":
        return "answer"
    return "limit" if fault.code == "rate_limited" else "silence"


def _none_if_refused(end: End) -> int | None:
    """Tokens of a call that did not tell: none were taken where it was refused, else that is not known."""
    return 0 if end in ("refused", "unsent") else None


def _left_by(error: Exception, fault: Fault) -> tuple[Tokens | None, End]:
    """What a call that raised took: OpenAI's client raises with the completion where an answer was cut or filtered."""
    completion = getattr(error, "completion", None)
    if completion is not None or fault.kind == "unusable":
        return tokens_of(getattr(completion, "usage", None)), "answered"
    return None, "refused" if fault.status is not None or fault.code == "model_unreachable" else "lost"
