"""The review server on a real socket, and a client that says exactly what it is told to."""

from __future__ import annotations

import asyncio
import http.client
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from factcheck.review.access import Session
from factcheck.review.folder import Folder
from factcheck.review.server import listen, make_app, make_server


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Client:
    """Talks to a running server. ``cookie`` is sent with every request once ``log_in`` was called."""

    url: str
    cookie: str = ""

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def first_path(self) -> str:
        """The path with the token, as printed."""
        return self.url.removeprefix(self.origin)

    def log_in(self) -> Client:
        answer = self.ask("GET", self.first_path)
        assert answer.status == 303
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return self

    def ask(
        self, method: str, path: str, headers: Mapping[str, str | None] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request; a header of None is left out, Host included."""
        sent: dict[str, str | None] = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie or None}
        sent |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None and "Content-Length" not in sent:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, response.msg, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def report(self) -> str:
        """The path of the one report."""
        return self.get("/").headers["Location"]

    def post(self, path: str, fields: Mapping[str, object], **headers: str | None) -> Answer:
        """A form as the page sends it."""
        sent: dict[str, str | None] = {
            "Origin": self.origin,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, sent, urlencode(fields).encode())

    def decide(self, decision: str, *, claim: int = 1, comment: str = "", path: str | None = None) -> Answer:
        """A decision as htmx sends it."""
        report = path or self.report()
        digest = re.search(r'name="report" value="(\w{64})"', self.get(f"{report}?claim={claim}").text)
        assert digest is not None
        fields = {"report": digest[1], "claim": claim, "decision": decision, "comment": comment}
        return self.post(f"{report}/decision", fields, HX_Request="true")


@contextmanager
def running(target: Path, *, reviewer: str = "Ada") -> Iterator[Client]:
    """The server over ``target`` in a thread of its own, on a real socket, until the block ends."""
    told: list[str] = []
    with closing(listen(0)) as listener, closing(Folder(target)) as folder:
        session = Session(listener.getsockname()[1])
        server = make_server(make_app(folder, reviewer=reviewer, session=session, say=told.append))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield Client(session.url)
        finally:
            server.should_exit = True
            thread.join()
    assert told == []  # said only of an unexpected error


@contextmanager
def running_alone(target: Path) -> Iterator[tuple[Client, subprocess.Popen[str]]]:
    """The command itself, to be ended by a signal."""
    command = [sys.executable, "-m", "factcheck", "review", str(target), "--no-browser", "--reviewer", "Ada"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Client(process.stdout.readline().strip()), process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
