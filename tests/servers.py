"""A scripted OpenAI-compatible server on loopback: answers, stalls, breaks and lies as told, and keeps a log.

    with ScriptedServer([rate_limited(1), ok({"label": "supported"})]) as server:
        ...  # OPENAI_BASE_URL=server.url
    assert server.requests[1].at - server.requests[0].at >= 1

A script is a list of replies, the last of which repeats, or a function from the request to a reply.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

Fault = Literal["none", "drip", "hang", "reset", "cut"]
HANG_S = 60.0  # no thread of a test outlives this


@dataclass(frozen=True)
class Request:
    """One POST: ``at`` is monotonic seconds at arrival, ``digest`` the sha256 of its body; headers in lower case."""

    path: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    at: float
    digest: str
    number: int  # from 0, in the order of arrival

    @property
    def form(self) -> str:
        """``json_schema``, ``json_object`` or ``text``."""
        return str((self.body.get("response_format") or {}).get("type", "text"))

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON Schema asked for, if any."""
        asked = (self.body.get("response_format") or {}).get("json_schema") or {}
        return asked.get("schema")

    @property
    def system(self) -> str:
        return self._said("system")

    @property
    def user(self) -> str:
        return self._said("user")

    def _said(self, role: str) -> str:
        return "\n".join(m["content"] for m in self.body["messages"] if m["role"] == role)


@dataclass(frozen=True)
class Reply:
    """What the server does with one request."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0  # seconds before the first byte
    fault: Fault = "none"
    interval: float = 0.05  # seconds between the bytes of a drip


Script = Sequence[Reply] | Callable[[Request], Reply]


def completion(
    content: str | None,
    *,
    finish: str = "stop",
    refusal: str | None = None,
    usage: dict[str, Any] | Literal["default"] | None = "default",
    model: str = "scripted-1",
) -> dict[str, Any]:
    """The body of a chat completion; ``usage`` defaults to 100 tokens read and 10 written."""
    counted = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110} if usage == "default" else usage
    message = {"role": "assistant", "content": content, "refusal": refusal}
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
    }
    return body if counted is None else {**body, "usage": counted}


def sends(body: Any, status: int = 200, **headers: str) -> Reply:
    """Any JSON body; header names take ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(json.dumps(body).encode(), status, {"content-type": "application/json", **named})


def ok(answer: Any, **more: Any) -> Reply:
    """A completion whose content is ``answer`` as JSON; ``more`` goes to ``completion``."""
    return sends(completion(json.dumps(answer, ensure_ascii=False), **more))


def says(text: str | None, **more: Any) -> Reply:
    """A completion with exactly this content."""
    return sends(completion(text, **more))


def slow(reply: Reply, seconds: float) -> Reply:
    return replace(reply, after=seconds)


def drip(reply: Reply, interval: float = 0.05) -> Reply:
    """One byte at a time."""
    return replace(reply, fault="drip", interval=interval)


def cut(reply: Reply) -> Reply:
    """Promises all of the body, sends half, closes."""
    return replace(reply, fault="cut")


def hang() -> Reply:
    """Takes the request and never answers."""
    return Reply(fault="hang")


def reset() -> Reply:
    """Closes the connection with a reset before answering."""
    return Reply(fault="reset")


def html() -> Reply:
    """A proxy's error page, with status 200."""
    return Reply(b"<html><body>Please log in</body></html>", 200, {"content-type": "text/html"})


def error(status: int, message: str, *, code: str | None = None, kind: str | None = None, **headers: str) -> Reply:
    """An error as OpenAI words it."""
    return sends({"error": {"message": message, "code": code, "type": kind, "param": None}}, status, **headers)


def rate_limited(retry_after: str | float | None = None, **headers: str) -> Reply:
    told = {} if retry_after is None else {"retry_after": str(retry_after)}
    return error(429, "Rate limit reached for requests", code="rate_limit_exceeded", **told, **headers)


def without_choices(choices: list[Any] | None) -> Reply:
    """``choices: []`` or ``choices: null``."""
    return sends({**completion("x"), "choices": choices})


class ScriptedServer:
    """The server, running while the context is open; also a latency server, as every request has its own thread."""

    def __init__(self, script: Script, *, models: Sequence[str] | Reply = ("scripted-1",), port: int = 0) -> None:
        self.requests: list[Request] = []
        self.listings = 0  # GET /v1/models
        self.most_at_once = 0
        self._script = script
        self._models = models
        self._lock = threading.Lock()
        self._at_once = 0
        self._closing = threading.Event()
        self._http = _Listener(("127.0.0.1", port), _handler_for(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """What goes into OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def forms(self) -> list[str]:
        """How each request asked for structure."""
        return [request.form for request in self.requests]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def pause(self, seconds: float) -> None:
        """Sleeps, but not past the server's end."""
        self._closing.wait(min(seconds, HANG_S))

    def listing(self) -> Reply:
        self.listings += 1
        if isinstance(self._models, Reply):
            return self._models
        return sends({"object": "list", "data": [{"id": name, "object": "model"} for name in self._models]})

    def reply_to(self, path: str, headers: Mapping[str, str], raw: bytes, at: float) -> Reply:
        with self._lock:
            number = len(self.requests)
            digest = hashlib.sha256(raw).hexdigest()
            request = Request(path, json.loads(raw), headers, at, digest, number)
            self.requests.append(request)
        if callable(self._script):
            return self._script(request)
        return self._script[min(number, len(self._script) - 1)]

    def arrived(self, change: int) -> None:
        with self._lock:
            self._at_once += change
            self.most_at_once = max(self.most_at_once, self._at_once)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is part of the script."""


def _handler_for(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            known = self.path.rstrip("/").endswith("/models")
            self._send(server.listing() if known else error(404, f"no such path: {self.path}"))

        def do_POST(self) -> None:
            at = time.monotonic()
            raw = self.rfile.read(int(self.headers["content-length"]))
            server.arrived(+1)
            try:
                with suppress(OSError):
                    self._send(server.reply_to(self.path, {k.lower(): v for k, v in self.headers.items()}, raw, at))
            finally:
                server.arrived(-1)

        def _send(self, reply: Reply) -> None:
            if reply.after:
                server.pause(reply.after)
            if reply.fault == "hang":
                server.pause(HANG_S)
                self.close_connection = True
                return
            if reply.fault == "reset":
                self._reset()
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self._send_body(reply)

        def _send_body(self, reply: Reply) -> None:
            if reply.fault == "cut":
                self.wfile.write(reply.body[: len(reply.body) // 2])
                self.close_connection = True
                return
            if reply.fault == "none":
                self.wfile.write(reply.body)
                return
            for byte in reply.body:
                self.wfile.write(bytes([byte]))
                server.pause(reply.interval)

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

    return Handler
