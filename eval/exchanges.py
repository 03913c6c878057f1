"""Exchanges with a model, recorded to a file and replayed from it without network.

A recording holds every HTTP request a run sent to an OpenAI-compatible server and what came back, each under the
sha256 of the request, keys and headers left out. It says who answered: a model by its name, or a person or model that
wrote the answers by hand. A replay fails on a request that was not recorded, and on a recorded one that nobody sent.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx2
from pydantic import ValidationError

from factcheck import __version__
from factcheck.errors import ConfigError, FactcheckError
from factcheck.llm.connect import Send
from factcheck.models import Record, Text

FORMAT: Literal["factcheck exchanges 1"] = "factcheck exchanges 1"
_KEY_LIKE = re.compile(r"(?i)\b(?:sk|rk|pk)-[\w-]{16,}|\bbearer\s+[\w.~+/=-]{6,}")
SHORTEST_KEY = 12  # characters
KEPT_HEADERS = ("content-type",)  # a wait the server asked for is over when it is replayed


class ReplayError(FactcheckError):
    """The recording and the run do not fit each other."""


class Answered(Record):
    """What came back: a response, or the error that came instead of one (its class in ``error``)."""

    status: int = 0
    headers: dict[str, str] = {}
    body: Text = ""
    error: str = ""


class Exchanged(Record):
    """One request, and its answers in the order in which they came."""

    key: str
    path: str
    request: dict[str, Any]
    answers: tuple[Answered, ...]


class About(Record):
    """The first line of a recording. ``settings`` are those of the run that shape its requests."""

    format: Literal["factcheck exchanges 1"] = FORMAT
    answered_by: Text
    model: Text
    settings: dict[str, Any]
    factcheck: str
    created: datetime


class Exchanges(Protocol):
    """What ``engines.engine`` takes: sees every exchange, and is finished when the run is."""

    answered_by: str
    waits: bool  # whether it is worth waiting between tries

    async def __call__(self, request: httpx2.Request, send: Send) -> httpx2.Response: ...

    def finish(self, *, model: str, settings: dict[str, Any]) -> str:
        """The sha256 of the recording. Raises ReplayError where a replay and its recording do not fit."""
        ...


class Recorder:
    """Sends every request and keeps what came of it; ``finish`` writes the file.

    ``secrets``, and what looks like a key, are blanked wherever they stand in a request or an answer.
    """

    waits = True

    def __init__(self, path: Path, *, answered_by: str, secrets: Sequence[str] = ()) -> None:
        if not answered_by.strip():
            raise ConfigError("--record: say who answers, a model's name or who writes by hand: --answered-by TEXT")
        self.answered_by = answered_by
        self._path = path
        self._secrets = tuple(secret for secret in secrets if secret)
        self._requests: dict[str, tuple[str, dict[str, Any]]] = {}
        self._answers: dict[str, list[Answered]] = {}

    async def __call__(self, request: httpx2.Request, send: Send) -> httpx2.Response:
        path, body = _read(request, self._secrets)
        key = key_of(path, body)
        self._requests.setdefault(key, (path, body))
        try:
            response: httpx2.Response = await send()
            await response.aread()
        except httpx2.TransportError as error:
            self._keep(key, Answered(error=type(error).__name__, body=str(error)))
            raise
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        self._keep(key, Answered(status=response.status_code, headers=headers, body=response.text))
        return response

    def _keep(self, key: str, answered: Answered) -> None:
        blanked = answered.model_copy(update={"body": _blanked(answered.body, self._secrets)})
        self._answers.setdefault(key, []).append(blanked)

    def finish(self, *, model: str, settings: dict[str, Any]) -> str:
        """Writes the recording, exchanges in the order of their keys. Requests that were cancelled are not in it."""
        about = About(
            answered_by=self.answered_by,
            model=model,
            settings=settings,
            factcheck=__version__,
            created=datetime.now(UTC).replace(microsecond=0),
        )
        exchanged = [
            Exchanged(key=key, path=path, request=body, answers=tuple(self._answers[key]))
            for key, (path, body) in sorted(self._requests.items())
            if key in self._answers
        ]
        return write(self._path, about, exchanged)


class Replay:
    """Answers from a recording; nothing is sent. ``secrets`` as for the recorder."""

    waits = False

    def __init__(self, path: Path, *, secrets: Sequence[str] = ()) -> None:
        self.about, exchanged, self.digest = read(path)
        self.answered_by = self.about.answered_by
        self._path = path
        self._secrets = tuple(secrets)
        self._left = {one.key: deque(one.answers) for one in exchanged}
        self._missed: Counter[str] = Counter()

    async def __call__(self, request: httpx2.Request, send: Send) -> httpx2.Response:
        path, body = _read(request, self._secrets)
        answers = self._left.get(key_of(path, body))
        if not answers:
            self._missed[_gist(body)] += 1
            return _response(request, 401, {}, json.dumps({"error": {"message": f"not recorded in {self._path}"}}))
        answered = answers.popleft()
        if answered.error:
            raise getattr(httpx2, answered.error, httpx2.TransportError)(answered.body, request=request)
        return _response(request, answered.status, answered.headers, answered.body)

    def finish(self, *, model: str, settings: dict[str, Any]) -> str:
        unused = sum(len(answers) for answers in self._left.values())
        if self._missed:
            first, count = self._missed.most_common(1)[0][0], self._missed.total()
            raise ReplayError(
                f"{self._path}: {count} requests of this run were not recorded, the first: {first}; prompts, data or "
                f"settings have changed since: record anew with --record"
            )
        if unused:
            raise ReplayError(
                f"{self._path}: {unused} recorded answers were not asked for; prompts, data or settings have changed "
                f"since: record anew with --record"
            )
        return self.digest


def key_of(path: str, body: dict[str, Any]) -> str:
    """The sha256 of a request: its path and its JSON, whoever it is sent to."""
    return hashlib.sha256(json.dumps([path, body], sort_keys=True).encode()).hexdigest()


def write(path: Path, about: About, exchanged: Sequence[Exchanged]) -> str:
    """Writes a recording, one JSON line each, compressed; returns the sha256 of what is in it."""
    lines = [about.model_dump_json(), *(one.model_dump_json() for one in exchanged)]
    content = "\n".join(lines).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(content, preset=9))
    return hashlib.sha256(content).hexdigest()


def read(path: Path) -> tuple[About, tuple[Exchanged, ...], str]:
    """A recording and the sha256 of what is in it. Raises ConfigError for a file that is none."""
    try:
        content = lzma.decompress(path.read_bytes())
        first, *rest = content.decode().splitlines()
        about = About.model_validate_json(first)
        exchanged = tuple(Exchanged.model_validate_json(line) for line in rest)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (lzma.LZMAError, UnicodeDecodeError, ValidationError, ValueError) as error:
        raise ConfigError(f"{path}: not a recording made with --record") from error
    for one in exchanged:
        if one.key != key_of(one.path, one.request):
            raise ConfigError(f"{path}: an exchange was changed after it was recorded: {one.key[:12]}")
    return about, exchanged, hashlib.sha256(content).hexdigest()


def _read(request: httpx2.Request, secrets: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The path below the version of the API, and the JSON sent there."""
    path = request.url.path.rpartition("/v1")[2] or request.url.path
    body: dict[str, Any] = json.loads(_blanked(request.content.decode() or "{}", secrets))
    return path, body


def _blanked(text: str, secrets: Sequence[str]) -> str:
    """A made-up key such as "none" is no secret, and may well be a word of the text."""
    for secret in secrets:
        if len(secret) >= SHORTEST_KEY:
            text = text.replace(secret, "[key]")
    return _KEY_LIKE.sub("[key]", text)


def _response(request: httpx2.Request, status: int, headers: dict[str, str], body: str) -> httpx2.Response:
    return httpx2.Response(status, headers=headers or {"content-type": "application/json"}, text=body, request=request)


def _gist(body: dict[str, Any]) -> str:
    """The end of what was asked, by which a reader knows the claim."""
    messages = body.get("messages") or [{"content": ""}]
    return repr(" ".join(str(messages[-1].get("content", "")).split())[-160:])
