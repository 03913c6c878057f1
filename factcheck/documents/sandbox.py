"""Parsing in child processes that are kept for the next file and replaced when one dies of a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from factcheck.documents.parsed import Parsed, ReadLimits, Refused
from factcheck.documents.worker import OUT_OF_MEMORY, read_frame, write_frame

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from factcheck.documents.worker import main; main()"
_MOST_WORKERS = 4


def parse(data: bytes, media_type: str, limits: ReadLimits) -> Parsed:
    """The file as its parser reads it. Safe to call from many threads at once.

    Raises Refused: the parser's own, ``timeout``, ``too_large`` (memory), ``broken`` where the parser died of it.
    """
    header = json.dumps(
        {
            "media_type": media_type,
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": limits.cpu_seconds,
            "characters": limits.characters,
        }
    ).encode()
    with _pool.worker() as worker:
        answer = worker.ask(header, data, limits.wall_seconds)
        if answer is None and worker.may_be_worn():
            worker.restart()
            answer = worker.ask(header, data, limits.wall_seconds)
        if answer is None:
            raise worker.cause_of_death()
    found = json.loads(answer)
    if "parsed" not in found:
        raise Refused(found["code"], found["message"])
    return Parsed.model_validate(found["parsed"])


class _Worker:
    """One child process; dead once ``ask`` has given None."""

    def __init__(self) -> None:
        self._timed_out = False
        self.restart()

    def restart(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = [entry for entry in sys.path if entry]
        if root not in path:
            path.insert(0, root)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, json.dumps(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each thread of it reserves address space
            )
        except OSError as error:
            raise Refused("unreadable", f"no process could be started to parse it ({error.strerror})") from error
        self._asked = 0

    def ask(self, header: bytes, data: bytes, wall_seconds: int) -> bytes | None:
        """The answer, or None where the process died or had to be killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asked += 1
        self._timed_out = False
        timer = threading.Timer(wall_seconds, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            write_frame(self._process.stdin, header)
            write_frame(self._process.stdin, data)
            answer = read_frame(self._process.stdout)
        except OSError:
            answer = None
        finally:
            timer.cancel()
        if answer is None:
            self.kill()
        return answer

    def _give_up(self) -> None:
        self._timed_out = True
        self._process.kill()

    def may_be_worn(self) -> bool:
        """Whether earlier files, rather than this one, may have used up the process."""
        return self._asked > 1 and not self._was_too_slow()

    def _was_too_slow(self) -> bool:
        return self._timed_out or self._process.returncode == -getattr(signal, "SIGXCPU", 0)

    def cause_of_death(self) -> Refused:
        if self._was_too_slow():
            return Refused("timeout", "reading it takes too long; it is too large, or made to be")
        if self._process.returncode == -getattr(signal, "SIGSEGV", 0):
            return Refused("broken", "the file is damaged: it crashed its reader")
        return Refused("too_large", OUT_OF_MEMORY)  # how PDFium ends when it gets no more

    def kill(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # over what was still to be written
                    pipe.close()
        self._process.kill()
        self._process.wait()


class _Pool:
    """Idle workers, and a bound on how many there are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._room = threading.BoundedSemaphore(min(_MOST_WORKERS, max(2, os.cpu_count() or 2)))

    @contextmanager
    def worker(self) -> Iterator[_Worker]:
        with self._room:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            worker = worker or _Worker()
            try:
                yield worker
            except BaseException:  # interrupted in the middle of an answer: out of step with us
                worker.kill()
                raise
            with self._lock:
                self._idle.append(worker)


_pool = _Pool()  # its workers end when their stdin does, that is with this process


def _start_over() -> None:
    """A forked process must not share its parent's pipes."""
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)
