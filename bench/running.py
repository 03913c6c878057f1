"""Runs the real ``factcheck batch`` in processes of its own, as often as it takes, and reads what it left behind."""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bench.material import write_documents, write_references
from bench.model_server import ModelServer
from factcheck.batch.records import INDEX, Row, read_rows
from factcheck.models import Report
from factcheck.report.schema import parse_report

SLOWEST_S = 600.0  # a command that takes longer hangs
_OWN = ("FACTCHECK_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_", "FAILING_", "HTTP_PROXY", "http_proxy", "NO_PROXY")

_processes = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Ended:
    """What became of a command. ``code`` is negative where a signal ended it; ``seconds`` is wall time."""

    code: int
    seconds: float
    said: str  # on stderr
    shown: str  # on stdout


class Running:
    """A command under way."""

    def __init__(self, process: subprocess.Popen[bytes] | BaseProcess, log: Path) -> None:
        self._process = process
        self._log = log
        self._started = time.monotonic()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def has_begun(self) -> bool:
        """Whether it is far enough to take a signal as the command does."""
        return self._log.with_suffix(".err").exists()

    @property
    def is_over(self) -> bool:
        if isinstance(self._process, BaseProcess):
            return not self._process.is_alive()
        return self._process.poll() is not None

    def send(self, number: int) -> None:
        """Sends a signal; nothing happens where the command is over."""
        if not self.is_over:
            os.kill(self.pid, number)

    def kill(self) -> Ended:
        self.send(signal.SIGKILL)
        return self.wait()

    def wait(self, seconds: float = SLOWEST_S) -> Ended:
        """The end. Raises TimeoutError after so long, having killed it."""
        code = self._joined(seconds)
        if code is None:
            self.send(signal.SIGKILL)
            self._joined(30)
            raise TimeoutError(f"a command was not over after {seconds:.0f} s; it said: {self._said('err')[-2000:]}")
        return Ended(code, time.monotonic() - self._started, self._said("err"), self._said("out"))

    def _joined(self, seconds: float) -> int | None:
        if isinstance(self._process, BaseProcess):
            self._process.join(seconds)
            return self._process.exitcode
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _said(self, ending: str) -> str:
        return self._log.with_suffix(f".{ending}").read_text(encoding="utf-8", errors="replace")


@cache
def library_of_failing_calls() -> Path | None:
    """``failing_calls.c`` compiled; None where there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    folder = tempfile.mkdtemp(prefix="factcheck-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = Path(folder) / "failing_calls.so"
    source = Path(__file__).with_name("failing_calls.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source)], check=True)
    return library


@cache
def _warm() -> None:
    """Starts the process that the commands are forked from, with all imports done."""
    library = library_of_failing_calls()
    _processes.set_forkserver_preload(["bench.warm"])
    before = os.environ.get("LD_PRELOAD")
    if library is not None:
        os.environ["LD_PRELOAD"] = str(library)
    try:
        forkserver.ensure_running()
    finally:
        if library is not None:
            os.environ.pop("LD_PRELOAD")
        if before is not None:
            os.environ["LD_PRELOAD"] = before


def start(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    cold: bool = False,
    largest_file: int | None = None,
) -> Running:
    """``factcheck ARGUMENTS`` with ``folder`` as its working directory; ``cold`` in an interpreter begun for it.

    Otherwise the process is forked from one that has done the imports. ``largest_file`` is RLIMIT_FSIZE, in bytes.
    """
    handle, name = tempfile.mkstemp(dir=folder, prefix="log-")
    os.close(handle)
    log = Path(name)
    world = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)} | dict(environment)
    if cold:
        with log.with_suffix(".out").open("wb") as out, log.with_suffix(".err").open("wb") as err:
            command = [sys.executable, "-m", "factcheck", *arguments]
            limit = (lambda: _limit(largest_file)) if largest_file is not None else None
            popen = subprocess.Popen(
                command, cwd=folder, env=world, stdin=subprocess.DEVNULL, stdout=out, stderr=err, preexec_fn=limit
            )
        return Running(popen, log)
    _warm()
    process = _processes.Process(target=_run, args=(list(arguments), folder, world, log, largest_file))
    process.start()
    return Running(process, log)


def _limit(largest_file: int | None) -> None:
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))


def _run(arguments: list[str], folder: Path, world: dict[str, str], log: Path, largest_file: int | None) -> None:
    """The command, in a forked process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(world)
    for ending, handle in (("out", 1), ("err", 2)):
        opened = os.open(log.with_suffix(f".{ending}"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(opened, handle)
        os.close(opened)
    sys.argv = ["factcheck", *arguments]
    _limit(largest_file)
    from factcheck.__main__ import main

    try:
        main()
    except KeyboardInterrupt:  # before the command was ready for it: ends as an interpreter does
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


@dataclass(frozen=True)
class Place:
    """A folder with documents, references in a store, a model server, and the output of ``factcheck batch``."""

    folder: Path
    server: ModelServer
    environment: Mapping[str, str]
    store: str

    @property
    def documents(self) -> Path:
        return self.folder / "documents"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def index(self) -> Path:
        return self.out / INDEX

    def start(
        self,
        *more: str,
        environment: Mapping[str, str] | None = None,
        cold: bool = False,
        out: Path | None = None,
        largest_file: int | None = None,
    ) -> Running:
        """``factcheck batch``, with ``more`` options and settings (``FACTCHECK_…``)."""
        return start(
            ["batch", str(self.documents), "--out", str(out or self.out), "--store", self.store, *more],
            folder=self.folder,
            environment={**self.environment, **(environment or {})},
            cold=cold,
            largest_file=largest_file,
        )

    def run(self, *more: str, longest_s: float = SLOWEST_S, **how: Any) -> Ended:
        return self.start(*more, **how).wait(longest_s)

    def forget(self) -> None:
        """No output and no kept replies: the next run starts from nothing."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.forget_replies()

    def forget_replies(self) -> None:
        for path in (self.folder / "cache").glob("replies.sqlite3*"):
            path.unlink()

    def rows(self) -> dict[str, Row]:
        return read_rows(self.index)

    def reports(self, out: Path | None = None) -> dict[str, Report]:
        """Every report, by its name below the output folder, its accounts checked. Raises ConfigError for a bad one."""
        folder = out or self.out
        found = sorted(path for path in folder.rglob("*.json") if not _is_hidden(path.relative_to(folder)))
        return {
            path.relative_to(folder).as_posix(): parse_report(path.read_bytes(), path)
            for path in found
            if path.name != "coverage.json"
        }


@contextmanager
def place(
    server: ModelServer, folder: Path, *, documents: int, claims: int = 20, settings: Mapping[str, str] | None = None
) -> Iterator[Place]:
    """A folder made ready: documents written, references indexed. ``settings`` go to every run."""
    write_documents(folder / "documents", documents, claims)
    write_references(folder / "references")
    environment = {
        "OPENAI_BASE_URL": server.url,
        "OPENAI_API_KEY": "none",
        "FACTCHECK_MODEL": "scripted-1",
        "FACTCHECK_CACHE_DIR": str(folder / "cache"),
        "NO_COLOR": "1",
        **(settings or {}),
    }
    store = folder / "store"
    indexed = start(["index", "references", "--store", str(store)], folder=folder, environment=environment).wait()
    if indexed.code:
        raise RuntimeError(f"the references were not indexed: {indexed.said}")
    yield Place(folder, server, environment, str(store))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


# --- what two runs have in common -----------------------------------------------------------------------------------


_OF_THE_RUN: dict[str, Any] = {
    "usage": True,
    "provenance": {
        "created": True,
        "settings": {"concurrency", "max_calls", "max_cost"},
        "parameters": {"forms"},  # a bad answer makes for a simpler one
    },
}


def told_by(reports: Mapping[str, Report]) -> dict[str, dict[str, Any]]:
    """All that reports say but times, costs, how and how often the model was asked, and within which limits."""
    return {name: report.model_dump(mode="json", exclude=_OF_THE_RUN) for name, report in reports.items()}


def rows_told(rows: Mapping[str, Row]) -> dict[str, dict[str, Any]]:
    """All that the index says but times, costs, and the hash of reports, which hold times."""
    kept = {"document", "name_bytes", "report", "status", "reason", "document_sha256", "key", "totals"}
    return {name: row.model_dump(mode="json", include=kept) for name, row in rows.items()}


def differences(place: Place, wanted: Mapping[str, Any], wanted_rows: Mapping[str, Any]) -> list[str]:
    """What the output folder lacks of an undisturbed run's, holds beyond it, or says otherwise, one line each."""
    found, rows = told_by(place.reports()), rows_told(place.rows())
    lines = [f"{name}: no report" for name in wanted if name not in found]
    lines += [f"{name}: a report too many" for name in found if name not in wanted]
    for name in wanted.keys() & found.keys():
        lines += [f"{name}: {part} differs" for part in wanted[name] if wanted[name][part] != found[name][part]]
    lines += [f"{name}: no row" for name in wanted_rows if name not in rows]
    lines += [
        f"{name}: {row} instead of {wanted_rows.get(name)}"
        for name, row in rows.items()
        if row != wanted_rows.get(name)
    ]
    return lines


def broken_files(out: Path) -> list[str]:
    """Files of the output folder that do not hold what their name says: reports, lines of the index."""
    broken = []
    for path in sorted(out.rglob("*.json")):
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            broken.append(f"{path.relative_to(out)}: {error}")
    index = out / INDEX
    for number, line in enumerate(index.read_bytes().split(b"\n")[:-1] if index.exists() else [], 1):
        try:
            json.loads(line)
        except ValueError as error:
            broken.append(f"{INDEX}:{number}: {error}")
    return broken
