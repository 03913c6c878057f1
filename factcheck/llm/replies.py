"""Replies kept in SQLite, so that a second run of the same check asks the model nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

T = TypeVar("T")

_FILES = ("", "-wal", "-shm")
_WAIT_S = 5.0  # for another process that is writing


@dataclass(frozen=True)
class Kept:
    """A reply as it was accepted, and what is known of its making (the model's own name, the form it was asked in)."""

    text: str
    about: dict[str, Any]


def key_of(request: Any) -> str:
    """The name of a request among the kept replies: the sha256 of its JSON."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


class Replies:
    """Kept replies in the file ``path``, shared by processes; trouble with the file costs the cache, never the run.

    ``notes`` says, one line each, what went wrong with it. The file may be deleted at any time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._db: sqlite3.Connection | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="factcheck-replies")
        self._opened = False

    async def get(self, key: str) -> Kept | None:
        """The reply kept under ``key``, or None."""
        return await self._run(lambda db: _get(db, key))

    async def put(self, key: str, kept: Kept) -> None:
        """Keeps a reply; one already kept under ``key`` is replaced."""
        await self._run(lambda db: _put(db, key, kept))

    async def aclose(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, self._close)
        self._worker.shutdown()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._safely, work)

    def _safely(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        if not self._opened:
            self._opened = True
            self._db = self._open()
        if self._db is None:
            return None
        try:
            return work(self._db)
        except sqlite3.OperationalError as error:  # locked, disk full, read-only: this one is not kept
            self._note(f"replies are not kept: {self.path}: {error}")
        except sqlite3.DatabaseError as error:
            self._close()
            self._db = self._renew(error)
        return None

    def _open(self) -> sqlite3.Connection | None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _connect(self.path)
        except (OSError, sqlite3.OperationalError) as error:
            self._note(f"replies are not kept: {self.path}: {error}")
        except sqlite3.DatabaseError as error:
            return self._renew(error)
        return None

    def _renew(self, trouble: sqlite3.DatabaseError) -> sqlite3.Connection | None:
        """Puts a damaged file aside and starts anew; the lock keeps two processes from putting aside the new one."""
        try:
            with FileLock(f"{self.path}.lock", timeout=_WAIT_S):
                if not _damaged(self.path):
                    self._note(f"a reply was not kept: {self.path}: {trouble}")
                else:
                    aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
                    for suffix in _FILES:
                        if (file := Path(f"{self.path}{suffix}")).exists():
                            file.rename(f"{aside}{suffix}")
                    self._note(f"the kept replies were damaged and start anew; the old file is {aside}")
                return _connect(self.path)
        except (OSError, Timeout, sqlite3.Error) as error:
            self._note(f"replies are not kept: {self.path}: {error}")
            return None

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("CREATE TABLE IF NOT EXISTS reply (key TEXT PRIMARY KEY, text TEXT NOT NULL, about TEXT NOT NULL)")
        db.execute("SELECT key, text, about FROM reply LIMIT 1").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _damaged(path: Path) -> bool:
    try:
        with closing(_connect(path)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True


def _get(db: sqlite3.Connection, key: str) -> Kept | None:
    row = db.execute("SELECT text, about FROM reply WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    try:
        return Kept(str(row[0]), dict(json.loads(row[1])))
    except (TypeError, ValueError):  # written by something else: as good as absent
        return None


def _put(db: sqlite3.Connection, key: str, kept: Kept) -> None:
    db.execute("INSERT OR REPLACE INTO reply VALUES (?, ?, ?)", (key, kept.text, json.dumps(kept.about)))
