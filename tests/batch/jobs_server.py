"""A server with OpenAI's files and batches endpoints on loopback, which also chats; faults as told, and a log.

with JobsServer() as server:
    ...  # OPENAI_BASE_URL=server.url
assert server.jobs[0].status == "completed"
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

from bench.material import answer_to
from tests.servers import completion

Fate = Literal["completed", "failed", "expired", "cancelled", "too_much", "forgotten"]
Asked = dict[str, Any]  # the body of a request to chat
Said = tuple[int, Any]  # status and body of its answer


def by_rule(body: Asked) -> Said:
    """What a good model says: the bench's rule, and yes to whether it is ready."""
    user = str(body["messages"][-1]["content"])
    answer = {"ready": True} if user.startswith('Answer {"ready"') else answer_to(user)
    return 200, completion(json.dumps(answer, ensure_ascii=False))


@dataclass
class Job:
    """One batch job; ``lines`` are its requests as they were uploaded."""

    id: str
    upload: str
    metadata: dict[str, str]
    created: int
    lines: list[dict[str, Any]]
    fate: Fate
    looks: int = 0
    status: str = "validating"
    output: str | None = None
    errors: str | None = None
    why: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    method: str
    path: str


class JobsServer:
    """Runs while the context is open.

    ``answer`` says what a request is answered with; ``fates`` how the first jobs end, the others complete; ``looks``
    how often a job is looked at before it has ended; ``results`` changes the lines of a result; ``trouble`` answers
    calls of files and jobs by a status before anything is done, and ``after`` likewise once it is done: both by the
    number of the call, from 1.
    """

    def __init__(
        self,
        answer: Callable[[Asked], Said] = by_rule,
        *,
        fates: Iterable[Fate] = (),
        looks: int = 1,
        results: Callable[[list[bytes]], list[bytes]] = lambda lines: lines,
        trouble: Callable[[int, Call], int | None] = lambda number, call: None,
        after: Callable[[int, Call], int | None] = lambda number, call: None,
    ) -> None:
        self.calls: list[Call] = []
        self.chats: list[Asked] = []  # asked at once, not in a job
        self.jobs: list[Job] = []
        self.files: dict[str, bytes] = {}
        self._answer = answer
        self._fates = list(fates)
        self._looks = looks
        self._results = results
        self._trouble = trouble
        self._after = after
        self._lock = threading.Lock()
        self._numbers: Counter[str] = Counter()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def sent(self) -> list[str]:
        """The names of all requests of all jobs, in order."""
        return [line["custom_id"] for job in self.jobs for line in job.lines]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def reply(self, method: str, path: str, headers: Any, raw: bytes) -> tuple[int, bytes]:
        with self._lock:
            call = Call(method, path.partition("?")[0])
            if call.path == "/v1/chat/completions":
                body = json.loads(raw)
                self.chats.append(body)
                status, said = self._answer(body)
                return status, json.dumps(said).encode()
            self.calls.append(call)
            number = len(self.calls)
            if (status_told := self._trouble(number, call)) is not None:
                return status_told, _error(status_told)
            done = self._do(method, call.path, headers, raw)
            told = self._after(number, call)
            return (told, _error(told)) if told is not None else done

    def _do(self, method: str, path: str, headers: Any, raw: bytes) -> tuple[int, bytes]:
        routes: list[tuple[str, str, Callable[..., tuple[int, bytes]]]] = [
            ("GET", r"/v1/models", self._models),
            ("POST", r"/v1/files", lambda: self._upload(headers, raw)),
            ("GET", r"/v1/files/([\w-]+)/content", self._content),
            ("DELETE", r"/v1/files/([\w-]+)", self._delete),
            ("POST", r"/v1/batches", lambda: self._create(json.loads(raw))),
            ("GET", r"/v1/batches", self._list),
            ("GET", r"/v1/batches/([\w-]+)", self._look),
        ]
        for verb, pattern, route in routes:
            if verb == method and (found := re.fullmatch(pattern, path)):
                return route(*found.groups())
        return 404, _error(404)

    def _models(self) -> tuple[int, bytes]:
        return _ok({"object": "list", "data": [{"id": "scripted-1", "object": "model"}]})

    def _upload(self, headers: Any, raw: bytes) -> tuple[int, bytes]:
        boundary = re.search(r"boundary=(\S+)", headers["content-type"])
        assert boundary is not None
        parts = raw.split(b"--" + boundary[1].encode())
        content = next(part for part in parts if b'filename="' in part).partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        return _ok(self._file(content))

    def _file(self, content: bytes) -> dict[str, Any]:
        name = self._name("file")
        self.files[name] = content
        return {
            "id": name,
            "object": "file",
            "bytes": len(content),
            "created_at": 1,
            "filename": "x",
            "purpose": "batch",
        }

    def _content(self, name: str) -> tuple[int, bytes]:
        return (200, self.files[name]) if name in self.files else (404, _error(404))

    def _delete(self, name: str) -> tuple[int, bytes]:
        self.files.pop(name, None)
        return _ok({"id": name, "object": "file", "deleted": True})

    def _create(self, body: dict[str, Any]) -> tuple[int, bytes]:
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].split(b"\n") if line]
        assert all(line["method"] == "POST" and line["url"] == body["endpoint"] for line in lines)
        fate = self._fates.pop(0) if self._fates else "completed"
        name = self._name("batch")
        job = Job(name, body["input_file_id"], body["metadata"], int(time.time()), lines, fate)
        self.jobs.append(job)
        return _ok(_shown(job))

    def _list(self) -> tuple[int, bytes]:
        return _ok({"object": "list", "data": [_shown(job) for job in reversed(self.jobs)], "has_more": False})

    def _look(self, name: str) -> tuple[int, bytes]:
        job = next((job for job in self.jobs if job.id == name), None)
        if job is None or job.fate == "forgotten":
            return 404, _error(404)
        job.looks += 1
        if job.status in ("validating", "in_progress"):
            job.status = "in_progress"
            if job.looks >= self._looks:
                self._end(job)
        return _ok(_shown(job))

    def _end(self, job: Job) -> None:
        if job.fate == "too_much":
            job.status = "failed"
            job.why = [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached for scripted-1"}]
            return
        job.status = job.fate
        if job.fate == "failed":
            job.why = [{"code": "invalid", "message": "the input file is not to our liking"}]
            return
        half = len(job.lines) // 2 if job.fate in ("expired", "cancelled") else len(job.lines)
        good: list[bytes] = []
        bad: list[bytes] = []
        for line in job.lines[:half]:
            status, body = self._answer(line["body"])
            response = {"status_code": status, "request_id": "r", "body": body}
            result = {"id": "x", "custom_id": line["custom_id"], "response": response, "error": None}
            (good if status < 400 else bad).append(json.dumps(result, ensure_ascii=False).encode())
        late = {"code": "batch_expired", "message": "This request could not be executed before the window expired."}
        for line in job.lines[half:] if job.fate == "expired" else ():
            result = {"id": "x", "custom_id": line["custom_id"], "response": None, "error": late}
            bad.append(json.dumps(result).encode())
        job.output = self._file(b"\n".join(self._results(good)))["id"] if good else None
        job.errors = self._file(b"\n".join(bad))["id"] if bad else None

    def _name(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}-{self._numbers[kind]}"


def _shown(job: Job) -> dict[str, Any]:
    done = len(job.lines) if job.status in ("completed", "expired") else 0
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": job.upload,
        "completion_window": "24h",
        "status": job.status,
        "created_at": job.created,
        "output_file_id": job.output,
        "error_file_id": job.errors,
        "errors": {"object": "list", "data": job.why} if job.why else None,
        "metadata": job.metadata,
        "request_counts": {"total": len(job.lines), "completed": done, "failed": 0},
    }


def _ok(body: Any) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode()


def _error(status: int) -> bytes:
    return json.dumps({"error": {"message": f"told to fail with {status}", "code": None, "type": None}}).encode()


def _handler(server: JobsServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, body = server.reply(self.command, self.path, self.headers, raw)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _answer

    return Handler
