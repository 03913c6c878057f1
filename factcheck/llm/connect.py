"""From settings to a chat model: which provider, which model, at which address, with which key."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit, urlunsplit

import langsmith
import openai
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from pydantic import ValidationError

from factcheck.errors import ConfigError, ModelUnavailable
from factcheck.llm.chat import BACKOFF_S, LangChainChat
from factcheck.llm.faults import fault_of, scrub
from factcheck.llm.gate import MAX_PROBE_S, Gate
from factcheck.llm.meter import Price, price_of
from factcheck.llm.replies import Replies
from factcheck.settings import Settings

DEFAULT_MODEL = "gpt-5.4-mini"  # small, current at OpenAI, enforces schemas, has a list price
OFFICIAL_URL = "https://api.openai.com/v1"
LISTING_S = 10.0
_CONNECT_S = 10.0
_LADDER_COVERS = "This model does not support OpenAI's structured output|Invalid schema for OpenAI"
_COUNT_RETRIES_FROM_0 = ("anthropic", "azure_openai", "deepseek", "groq", "together", "xai")


Send = Callable[[], Awaitable[Any]]
Exchange = Callable[[Any, Send], Awaitable[Any]]  # httpx2 request, and what sends it, to httpx2 response


class _WatchedClient(openai.DefaultAsyncHttpxClient):  # type: ignore[misc,unused-ignore]
    """A client whose every exchange passes through a function: to be recorded, or answered from a record."""

    def __init__(self, exchange: Exchange, **options: Any) -> None:
        super().__init__(**options)
        self._exchange = exchange

    async def send(self, request: Any, **options: Any) -> Any:
        async def on_the_network() -> Any:
            return await super(_WatchedClient, self).send(request, **options)

        return await self._exchange(request, on_the_network)


@dataclass(frozen=True)
class _Server:
    """An OpenAI-compatible address: where requests go, and how it is shown."""

    url: str
    shown: str
    key: str
    local: bool

    @property
    def official(self) -> bool:
        return self.url == OFFICIAL_URL

    def client(self, exchange: Exchange | None, gate: Gate) -> Any:
        """A fresh HTTP client, whose every request and answer the gate sees.

        LangChain's shared one dies with the first event loop that used it, and its messages have no headers.
        """
        hooks: dict[str, list[Callable[..., Any]]] = {"request": [gate.sending], "response": [gate.answered]}
        if exchange is not None:
            return _WatchedClient(exchange, event_hooks=hooks, **self._transport)
        return openai.DefaultAsyncHttpxClient(event_hooks=hooks, **self._transport)

    def unused(self) -> Any:
        """The blocking client that LangChain makes as well, made cheaply."""
        return openai.DefaultHttpxClient(**self._transport)

    @property
    def _transport(self) -> dict[str, Any]:
        """Without TLS no certificates are loaded (0.06 s each time), so that none is trusted behind a redirect."""
        plain = {"verify": SSLContext(PROTOCOL_TLS_CLIENT)} if self.url.startswith("http://") else {}
        return {"trust_env": not self.local, **plain}

    def sdk(self, client: Any) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=self.url, api_key=self.key, http_client=client, max_retries=0)


async def connect(
    settings: Settings,
    *,
    backoff_s: float = BACKOFF_S,
    exchange: Exchange | None = None,
    replies: Replies | None = None,
    discount: float = 1.0,
    gate: Gate | None = None,
) -> LangChainChat:
    """The chat model that ``settings`` names, ready to be asked; nothing is sent but, without a name, a list request.

    A bare name goes to OpenAI or to the server at ``base_url``; ``provider:name`` to that provider, whose package must
    be installed and which finds its own key and address in its own variables. ``backoff_s`` scales the waits between
    tries; ``exchange`` sees every HTTP request and may answer it itself (OpenAI-compatible servers only); ``replies``
    takes the place of those in the cache folder; ``discount`` is the part of the list price that is paid; ``gate`` is
    where requests wait for their turn, by default one of this model's own. Raises ConfigError, or ModelUnavailable
    where a server must be asked for its models and does not answer.
    """
    langsmith.configure(enabled=False)
    warnings.filterwarnings("ignore", message=_LADDER_COVERS, category=UserWarning)
    secrets = _secrets(settings)
    provider, name = _named(settings)
    if provider == "openai":
        return await _openai(settings, name, secrets, backoff_s, exchange, replies, discount, gate)
    if exchange is not None:
        raise ConfigError(f"--model {settings.model}: only an OpenAI-compatible server is asked in this way")
    options = {"max_retries": 0} if provider in _COUNT_RETRIES_FROM_0 else {}
    chat = _made(name, provider, secrets, temperature=0, cache=False, **options)
    return LangChainChat(
        chat,
        settings,
        provider=provider or type(chat).__name__,
        model=name,
        price=_price(settings, provider or "", name),
        replies=_replies(settings),
        secrets=secrets,
        backoff_s=backoff_s,
        gate=gate,
    )


async def _openai(
    settings: Settings,
    name: str,
    secrets: tuple[str, ...],
    backoff_s: float,
    exchange: Exchange | None,
    replies: Replies | None,
    discount: float,
    gate: Gate | None,
) -> LangChainChat:
    server = _server(settings)
    gate = gate or Gate(settings, probe_s=backoff_s)
    client = server.client(exchange, gate)
    try:
        name = name or await _only_model(server, client, secrets, patience_s=settings.patience_s)
        chat = _made(
            name,
            "openai",
            secrets,
            base_url=server.url,
            api_key=server.key,
            temperature=0,
            max_retries=0,
            timeout=openai.Timeout(settings.deadline_s, connect=min(_CONNECT_S, settings.deadline_s)),
            http_async_client=client,
            http_client=server.unused(),
            use_responses_api=None if server.official else False,
            cache=False,
        )
        return LangChainChat(
            chat,
            settings,
            provider="openai",
            model=name,
            address=None if server.official else server.shown,
            price=_discounted(_price(settings, "openai", name, None if server.official else server), discount),
            replies=replies or _replies(settings),
            secrets=secrets,
            models=lambda: _listed_quietly(server, client),
            close=client.aclose,
            backoff_s=backoff_s,
            gate=gate,
        )
    except BaseException:
        await client.aclose()
        raise


@dataclass(frozen=True)
class Endpoint:
    """What else than chatting an OpenAI-compatible server is asked for: its SDK, its address as it may be shown."""

    sdk: openai.AsyncOpenAI
    shown: str
    path: str  # of the address, before what the SDK adds: /v1
    secrets: tuple[str, ...]
    price: Price | None  # the list price of the model


def endpoint_of(settings: Settings, model: str) -> Endpoint:
    """The server that ``connect`` asks a model of this name at; close its ``sdk`` at the end. Raises ConfigError."""
    server = _server(settings)
    return Endpoint(
        sdk=server.sdk(openai.DefaultAsyncHttpxClient(**server._transport)),
        shown=server.shown,
        path=urlsplit(server.url).path,
        secrets=_secrets(settings),
        price=_price(settings, "openai", model, None if server.official else server),
    )


def _discounted(price: Price | None, part: float) -> Price | None:
    return price if price is None or part == 1 else lambda tokens: part * price(tokens)


def _replies(settings: Settings) -> Replies | None:
    return Replies(settings.cache_dir / "replies.sqlite3") if settings.cache else None


def _price(settings: Settings, provider: str, name: str, server: _Server | None = None) -> Price | None:
    local = server is not None and server.local
    price = None if local else price_of(provider, name, server.url if server is not None else None)
    if price is None and settings.max_cost is not None:
        raise unpriced(name)
    return price


def unpriced(model: str) -> ConfigError:
    """The error for a limit of cost that nobody can keep."""
    return ConfigError(f"the price of {model} is not known, so no cost can be kept: give --max-calls, not --max-cost")


def _named(settings: Settings) -> tuple[str | None, str]:
    """Provider and name; no provider where only LangChain can tell, no name where none is given."""
    given = (settings.model or "").strip()
    own = settings.base_url is not None or settings.api_key is not None
    if not given:
        if not own:
            raise ConfigError("no model: set OPENAI_API_KEY or OPENAI_BASE_URL, or give --model provider:name")
        return "openai", "" if settings.base_url is not None else DEFAULT_MODEL
    provider, colon, name = given.partition(":")
    if colon and name and _is_provider(provider):
        return provider.replace("-", "_").lower(), name
    return ("openai" if own else None), given


def _is_provider(name: str) -> bool:
    """Whether LangChain knows a provider of this name; ``qwen3:8b`` is a model's name with a colon in it."""
    from langchain.chat_models.base import _BUILTIN_PROVIDERS

    return name.replace("-", "_").lower() in _BUILTIN_PROVIDERS


def _made(name: str, provider: str | None, secrets: tuple[str, ...], **options: Any) -> BaseChatModel:
    try:
        chat: BaseChatModel = init_chat_model(name, model_provider=provider, **options)
    except ImportError as error:
        raise ConfigError(f"--model {provider}:{name}: {scrub(str(error), secrets)}") from None
    except ValidationError as error:
        problems = "; ".join(e["msg"] for e in error.errors(include_input=False))
        raise ConfigError(f"--model {provider}:{name}: {scrub(problems, secrets)}") from None
    except (ValueError, openai.OpenAIError) as error:
        first = scrub(str(error).partition("\n")[0], secrets)
        raise ConfigError(f"--model {name}: {first} Give provider:name, as in openai:{DEFAULT_MODEL}") from None
    return chat


def _server(settings: Settings) -> _Server:
    key = settings.api_key.get_secret_value().strip() if settings.api_key is not None else ""
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError("the API key holds characters that no key has: set OPENAI_API_KEY again")
    if settings.base_url is None:
        if not key:
            raise ConfigError("no API key: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own")
        return _Server(OFFICIAL_URL, OFFICIAL_URL, key, local=False)
    url = settings.base_url.strip().rstrip("/")
    parts = _parts(url)
    port = f":{parts.port}" if parts.port else ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("base_url is not an address like http://localhost:8000/v1")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = urlunsplit((parts.scheme, f"{host}{port}", parts.path, "", ""))
    return _Server(url, shown, key or "none", local=_is_loopback(parts.hostname))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # checked only when asked for
    except ValueError as error:
        raise ConfigError(f"base_url: {error}: give an address like http://localhost:8000/v1") from None
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _only_model(server: _Server, client: Any, secrets: tuple[str, ...], *, patience_s: float) -> str:
    try:
        served = await _listed_at_last(server, client, patience_s)
    except Exception as error:  # noqa: BLE001  whatever the client raises, the address did not answer usefully
        fault = fault_of(error, deadline=LISTING_S)
        what = f"{server.shown} does not say which models it serves ({scrub(fault.message, secrets)})"
        if fault.kind == "stop" and not fault.about_model:
            raise ModelUnavailable(fault.code, what) from None
        if fault.code in ("model_unreachable", "timeout"):
            raise ModelUnavailable("model_unreachable", f"{what}; is OPENAI_BASE_URL right?") from None
        raise ConfigError(f"{what}: give --model NAME, and check that OPENAI_BASE_URL ends in /v1") from None
    if len(served) == 1:
        return served[0]
    names = ", ".join(served[:20]) or "no model"
    raise ConfigError(f"{server.shown} serves {scrub(names, secrets)}: choose one with --model NAME")


async def _listed_at_last(server: _Server, client: Any, patience_s: float) -> list[str]:
    """The models served, once the server answers; raises what the last try within the patience raised."""
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_s
    while True:
        try:
            return await _listed(server, client)
        except Exception as error:
            if fault_of(error, deadline=LISTING_S).kind != "retry" or (left := until - loop.time()) <= 0:
                raise
            await asyncio.sleep(min(MAX_PROBE_S, left))


async def _listed(server: _Server, client: Any) -> list[str]:
    page = await server.sdk(client).with_options(timeout=LISTING_S).models.list()
    return [str(model.id) for model in page.data]


async def _listed_quietly(server: _Server, client: Any) -> list[str]:
    """For an error message only: a server that cannot list its models adds nothing to it."""
    try:
        return await _listed(server, client)
    except Exception:  # noqa: BLE001  the error being reported is the first one
        return []


def _secrets(settings: Settings) -> tuple[str, ...]:
    """Everything that must never be shown: the key, what an address holds besides the place, other providers' keys."""
    given = [settings.api_key.get_secret_value().strip()] if settings.api_key is not None else []
    address = _parts(settings.base_url or "")
    inside = [address.username or "", address.password or "", *(value for _, value in parse_qsl(address.query))]
    inside += [unquote(part) for part in inside]
    others = [value.strip() for name, value in os.environ.items() if name.endswith(("_API_KEY", "_API_TOKEN"))]
    return tuple(secret for secret in (*given, *inside, *others) if len(secret) >= 6)
