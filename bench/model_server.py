"""A model server in a process of its own: OpenAI's chat completions over real HTTP, with faults as told and a log.

    python -m bench.model_server --log requests.jsonl [--port 0] [--behaviour '{"latency_s": 1.0, "faults": 0.2}']

or, from a program, ``with ModelServer(folder, Behaviour(latency_s=1.0)) as server: …``. The answer to a prompt follows
from the prompt (``bench.material``); whether a request fails, and how, from the seed, the request and the number of the
attempt. Each request leaves two lines in the log, when it arrives and when it is over. ``POST /control`` takes another
behaviour, or ``{"down_s": 5}``: nobody listens for so long and open connections are cut.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import IO, Any, Literal, Self, get_args

from bench.material import answer_to, document_of, is_split, misfit_to

Kind = Literal[
    "limited_seconds",  # 429, Retry-After: seconds
    "limited_date",  # 429, Retry-After: an HTTP date
    "error_500",
    "html_502",
    "unavailable_503",
    "reset",  # connection reset before an answer
    "hang",
    "drip",  # a byte now and then
    "cut",  # promises more than it sends
    "length",  # finish_reason length
    "filtered",  # finish_reason content_filter
    "empty",  # no content
    "malformed",  # JSON without its end, finish_reason stop
    "misfit",  # JSON of another shape
    "unauthorized",  # 401
    "quota",  # 429 insufficient_quota
    "bad_gateway_page",  # HTML with status 200
]
RETRYABLE: tuple[Kind, ...] = (
    *("limited_seconds", "limited_date", "error_500", "html_502", "unavailable_503", "reset", "hang", "drip", "cut"),
)
BAD_ANSWERS: tuple[Kind, ...] = ("length", "filtered", "empty", "malformed", "misfit")
MIXED = (*RETRYABLE, *BAD_ANSWERS)  # the twelve of the issue: Retry-After both ways, and no content counted apart
FOR_GOOD: tuple[Kind, ...] = ("unauthorized", "quota")

PRICED_MODEL = "gpt-4o-mini"
PRICED_URL = "http://bench.openai.azure.com/v1"  # an address whose prices are known, reached with us as the proxy
PRICE_IN, PRICE_OUT = 0.15, 0.6  # US dollars per million tokens

GRACE_S = 0.25  # a request may have been under way when the server asked for a pause
_LONGEST_HANG_S = 3600.0


@dataclass(frozen=True)
class Behaviour:
    """What the server does; ``at`` and ``onward`` name requests by their number, from 1, since this was set."""

    latency_s: float = 0.0
    faults: float = 0.0  # share of requests
    kinds: tuple[Kind, ...] = MIXED
    seed: int = 0
    at: Mapping[str, Kind] = field(default_factory=dict)  # the n-th request fails so
    onward: int | None = None  # from the n-th request on …
    onward_kind: Kind = "unauthorized"  # … all fail so
    retry_after_s: float = 0.2
    drip_s: float = 0.5  # between two bytes
    requests_per_minute: int | None = None  # enforced: more are refused with Retry-After

    @classmethod
    def of(cls, named: Mapping[str, Any]) -> Self:
        """Raises ValueError for a kind of fault there is not."""
        told = {**named, "kinds": tuple(named.get("kinds", MIXED))}
        behaviour = cls(**told)
        asked = {*behaviour.kinds, *behaviour.at.values(), behaviour.onward_kind}
        if unknown := sorted(asked - set(get_args(Kind))):
            raise ValueError(f"no such fault: {', '.join(unknown)}")
        return behaviour

    def fault(self, *, number: int, key: str, attempt: int) -> Kind | None:
        """How a request fails, if it does."""
        if self.onward is not None and number >= self.onward:
            return self.onward_kind
        if str(number) in self.at:
            return self.at[str(number)]
        drawn = hashlib.sha256(f"{self.seed}:{key}:{attempt}".encode()).digest()
        if int.from_bytes(drawn[:4]) / 2**32 >= self.faults:
            return None
        return self.kinds[int.from_bytes(drawn[4:8]) % len(self.kinds)]


@dataclass(frozen=True)
class _Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_s: float = 0.0  # what Retry-After asks for
    input_tokens: int = 0
    output_tokens: int = 0


class _Server:
    def __init__(self, log: IO[str], behaviour: Behaviour) -> None:
        self._log = log
        self._number = 0  # of all requests
        self._attempts: Counter[str] = Counter()
        self._open: set[asyncio.StreamWriter] = set()
        self._listening: asyncio.Server | None = None
        self._coming_back: asyncio.Task[None] | None = None
        self._set(behaviour)
        self.port = 0

    def _set(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._counted_from = self._number
        self._silent_until = 0.0  # whoever asks before this is early
        self._asked_at = 0.0
        self._key_until: dict[str, float] = {}
        self._minute: list[float] = []

    async def listen(self, port: int) -> None:
        """Raises OSError where the port is taken."""
        self._listening = await asyncio.start_server(
            self._connection, "127.0.0.1", port or self.port, limit=2**24, backlog=1024, reuse_address=True
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def _go_down(self, seconds: float) -> None:
        assert self._listening is not None
        self._listening.close()
        for writer in list(self._open):
            _abort(writer)
        self._write({"event": "down", "at": time.time(), "seconds": seconds})
        await asyncio.sleep(seconds)
        await self.listen(self.port)
        self._write({"event": "up", "at": time.time()})

    def _write(self, line: Mapping[str, Any]) -> None:
        self._log.write(json.dumps(line) + "\n")
        self._log.flush()

    # --- HTTP -------------------------------------------------------------------------------------------------------

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while (request := await _read_request(reader)) is not None:
                method, path, body = request
                if path.endswith("/control"):
                    await _send(writer, self._controlled(body))
                elif path.endswith("/models"):
                    await _send(writer, _json({"object": "list", "data": [{"id": "scripted-1", "object": "model"}]}))
                elif method != "POST" or not path.endswith("/chat/completions"):
                    await _send(writer, _error(404, f"no such path: {path}"))
                else:
                    await self._completion(body, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left; what it asked is in the log
        finally:
            self._open.discard(writer)
            writer.close()

    def _controlled(self, body: bytes) -> _Reply:
        told = json.loads(body)
        if "down_s" in told:
            self._coming_back = asyncio.get_running_loop().create_task(self._go_down(float(told["down_s"])))
        else:
            self._set(Behaviour.of(told))
        return _json({"ok": True})

    async def _completion(self, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now, key = time.time(), hashlib.sha256(body).hexdigest()
        self._number += 1
        self._attempts[key] += 1
        number, attempt = self._number, self._attempts[key]
        user = _said(json.loads(body), "user")
        fault = self._behaviour.fault(number=number - self._counted_from, key=key, attempt=attempt)
        if fault is None and self._over_rate(now):
            fault = "limited_seconds"
        line = {
            "event": "request",
            "n": number,
            "at": now,
            "key": key,
            "attempt": attempt,
            "stage": "split" if is_split(user) else "judge",
            "document": document_of(user),
            "fault": fault,
            "early": self._is_early(now),
            "early_again": now < self._key_until.get(key, 0.0),
        }
        self._write(line)
        over: dict[str, Any] = {"end": "gone"}
        try:
            over = await self._carry_out(fault, body, user, key, reader, writer)
        except (ConnectionError, TimeoutError):
            writer.close()
        finally:
            self._write({"event": "end", "n": number, "took_s": round(time.time() - now, 4), **over})

    def _over_rate(self, now: float) -> bool:
        limit = self._behaviour.requests_per_minute
        if limit is None:
            return False
        self._minute = [at for at in self._minute if at > now - 60]
        if len(self._minute) >= limit:
            return True
        self._minute.append(now)
        return False

    def _is_early(self, now: float) -> bool:
        return self._asked_at + GRACE_S < now < self._silent_until

    async def _carry_out(
        self,
        fault: Kind | None,
        body: bytes,
        user: str,
        key: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> dict[str, Any]:
        if self._behaviour.latency_s and fault not in ("hang", "reset"):
            await asyncio.sleep(self._behaviour.latency_s)
        if fault == "hang":
            with suppress(ConnectionError):
                await asyncio.wait_for(reader.read(1), _LONGEST_HANG_S)
            raise ConnectionResetError
        if fault == "reset":
            _abort(writer)
            return {"end": "reset"}
        reply = _reply_to(fault, body, user, self._behaviour)
        if reply.pause_s:
            self._ask_for_pause(key, reply.pause_s)
        if fault == "drip":
            await _drip(reply, reader, writer, self._behaviour.drip_s)
        else:
            await _send(writer, reply, cut=fault == "cut")
        return {"end": "sent", "input_tokens": reply.input_tokens, "output_tokens": reply.output_tokens}

    def _ask_for_pause(self, key: str, seconds: float) -> None:
        now = time.time()
        self._asked_at = now if now >= self._silent_until else self._asked_at
        self._silent_until = max(self._silent_until, now + seconds)
        self._key_until[key] = now + seconds


async def _read_request(reader: asyncio.StreamReader) -> tuple[str, str, bytes] | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return method, target, await reader.readexactly(int(headers.get("content-length", 0)))


async def _send(writer: asyncio.StreamWriter, reply: _Reply, *, cut: bool = False) -> None:
    if cut:
        writer.write(_head(reply) + reply.body[: len(reply.body) // 2])
        await writer.drain()
        raise ConnectionResetError
    writer.write(_head(reply) + reply.body)
    await writer.drain()


async def _drip(reply: _Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause_s: float) -> None:
    left = asyncio.ensure_future(reader.read(1))
    try:
        for byte in _head(reply) + reply.body:
            writer.write(bytes([byte]))
            await writer.drain()
            if (await asyncio.wait({left}, timeout=pause_s))[0]:
                raise ConnectionResetError
    finally:
        left.cancel()


def _head(reply: _Reply) -> bytes:
    headers = {"content-length": str(len(reply.body)), "date": formatdate(usegmt=True), **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} Told", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _abort(writer: asyncio.StreamWriter) -> None:
    """Closes with a reset."""
    connection = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


# --- replies --------------------------------------------------------------------------------------------------------


def _reply_to(fault: Kind | None, body: bytes, user: str, behaviour: Behaviour) -> _Reply:
    match fault:
        case "limited_seconds":
            return _limited(f"{behaviour.retry_after_s:g}", behaviour.retry_after_s)
        case "limited_date":
            until = math.ceil(time.time() + behaviour.retry_after_s)
            return _limited(formatdate(until, usegmt=True), until - time.time())
        case "error_500":
            return _error(500, "The server had an error while processing your request")
        case "html_502":
            return _Reply(502, b"<html><h1>502 Bad Gateway</h1></html>", {"content-type": "text/html"})
        case "unavailable_503":
            return _error(503, "The engine is currently overloaded")
        case "unauthorized":
            return _error(401, "Incorrect API key provided", code="invalid_api_key")
        case "quota":
            return _error(429, "You exceeded your current quota", code="insufficient_quota")
        case "bad_gateway_page":
            return _Reply(200, b"<html>Please log in</html>", {"content-type": "text/html"})
        case "length" | "filtered":
            finish = "length" if fault == "length" else "content_filter"
            return _completion(body, _dumped(answer_to(user, poisoned=True)), finish)
        case "empty":
            return _completion(body, "")
        case "malformed":
            text = _dumped(answer_to(user, poisoned=True))
            return _completion(body, text[:-1])
        case "misfit":
            return _completion(body, _dumped(misfit_to(user)))
        case _:
            return _completion(body, _dumped(answer_to(user)))


def _completion(asked: bytes, content: str, finish: str = "stop") -> _Reply:
    read, written = len(asked) // 4, len(content) // 4 + 1
    message = {"role": "assistant", "content": content, "refusal": None}
    reply = _json(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted-1",
            "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
            "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
        }
    )
    return replace(reply, input_tokens=read, output_tokens=written)


def _limited(retry_after: str, pause_s: float) -> _Reply:
    reply = _error(429, "Rate limit reached for requests", code="rate_limit_exceeded")
    return replace(reply, headers={**reply.headers, "retry-after": retry_after}, pause_s=pause_s)


def _error(status: int, message: str, *, code: str | None = None) -> _Reply:
    return _json({"error": {"message": message, "code": code, "type": code, "param": None}}, status)


def _json(body: Any, status: int = 200) -> _Reply:
    return _Reply(status, _dumped(body).encode(), {"content-type": "application/json"})


def _dumped(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)


def _said(body: Mapping[str, Any], role: str) -> str:
    return "\n".join(message["content"] for message in body["messages"] if message["role"] == role)


# --- from a program -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One request as the log has it; ``took_s`` and ``end`` are None while it is under way."""

    n: int
    at: float
    key: str
    attempt: int
    stage: str
    document: str
    fault: Kind | None
    early: bool  # anybody's, in a pause the server had asked for
    early_again: bool  # the same request again, before its own Retry-After was over
    took_s: float | None = None
    end: str | None = None
    input_tokens: int = 0  # of an answer
    output_tokens: int = 0

    @property
    def cost(self) -> float:
        """US dollars at the price of ``PRICED_MODEL``."""
        return (self.input_tokens * PRICE_IN + self.output_tokens * PRICE_OUT) / 1e6


class ModelServer:
    """The server, running while the context is open; its log is a file in ``folder``."""

    def __init__(self, folder: Path, behaviour: Behaviour | None = None) -> None:
        self._path = folder / "requests.jsonl"
        self._behaviour = behaviour or Behaviour()
        self._process: subprocess.Popen[str] | None = None
        self._read_to, self._arrived = 0, 0
        self.port = 0

    @property
    def url(self) -> str:
        """What goes into OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.model_server", "--log", str(self._path)]
        command += ["--behaviour", json.dumps(asdict(self._behaviour)), "--end-with-stdin"]
        self._process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said.startswith("port "):
            raise RuntimeError(f"the model server did not start: {said}")
        self.port = int(said.split()[1])
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def behave(self, behaviour: Behaviour) -> None:
        """From now on; requests are counted anew."""
        self._control(asdict(behaviour))

    def go_down(self, seconds: float) -> None:
        """Refuses connections for so long; returns at once."""
        self._control({"down_s": seconds})

    def _control(self, told: Mapping[str, Any]) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/control", json.dumps(told).encode(), method="POST"
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as reply:
            reply.read()

    def count(self) -> int:
        """Requests that arrived so far."""
        if self._path.exists():
            with self._path.open("rb") as log:
                log.seek(self._read_to)
                new = log.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._read_to += len(whole)
            self._arrived += whole.count(b'{"event": "request"')
        return self._arrived

    def requests(self, since: int = 0) -> list[Asked]:
        """Those that arrived after the first ``since``, in order."""
        found: dict[int, dict[str, Any]] = {}
        for line in self._lines():
            told = json.loads(line)
            event = told.pop("event")
            if event == "request":
                found[told["n"]] = told
            elif event == "end":
                found[told.pop("n")].update(told)
        return [Asked(**told) for number, told in found.items() if number > since]

    def _lines(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").split("\n")[:-1] if self._path.exists() else []


async def _serve(given: argparse.Namespace) -> None:
    with Path(given.log).open("a", encoding="utf-8") as log:
        server = _Server(log, Behaviour.of(json.loads(given.behaviour)))
        await server.listen(given.port)
        print(f"port {server.port}", flush=True)
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        if given.end_with_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)  # nothing is ever sent: it was closed
        await ended.wait()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--log", required=True, help="file that each request is written to")
    options.add_argument("--port", type=int, default=0, help="0: any that is free")
    options.add_argument("--end-with-stdin", action="store_true", help="end when whoever started this ends")
    options.add_argument("--behaviour", default="{}", help="JSON with the fields of Behaviour")
    asyncio.run(_serve(options.parse_args()))


if __name__ == "__main__":
    main()
