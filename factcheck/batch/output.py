"""The output folder of a batch: one report per document, the index of what became of each, and a lock on it all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from factcheck.batch.coverage import COVERAGE, Coverage
from factcheck.batch.plan import Found, report_name
from factcheck.batch.records import INDEX, Row, read_rows
from factcheck.batch.summary import SUMMARY_STARTS
from factcheck.errors import ConfigError, FactcheckError
from factcheck.models import Report
from factcheck.report.schema import parse_report, to_json, write_whole
from factcheck.retrieve.lock import me
from factcheck.reviews import read_reviews, reviews_path

LOCK = ".factcheck-batch.lock"
REVIEWED = ".reviewed"
SUMMARY = "summary.md"

_LEFT_BY_A_KILL = re.compile(r"\..{1,50}\.[a-z0-9_]{8}\.tmp")  # as report.schema.write_whole names them
_OF_THIS_NAME_ONLY = frozenset({errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ELOOP})


class CannotWriteError(ConfigError):
    """Nothing more can be written to the output folder (full, read-only, gone): the run ends."""


class NotOursError(FactcheckError):
    """One report cannot go where it belongs: something else is there."""


class Output:
    """The folder, held by this process alone; ``held`` gives it. Safe to use from one thread at a time."""

    def __init__(self, folder: Path, documents: Path) -> None:
        """Use ``held``. ``documents`` is the folder they are read from, in which nothing is written or removed."""
        self.folder = folder
        self._documents = Path(os.path.realpath(documents))
        self._index = folder / INDEX
        self.rows = read_rows(self._index)
        self._told = (folder / COVERAGE).exists()

    @classmethod
    @contextmanager
    def held(cls, folder: Path, documents: Path) -> Iterator[Output]:
        """Makes the folder where there is none, and locks it. Raises ConfigError naming who holds it."""
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, documents):
            output = cls(folder, documents)
            output._refuse_others()
            with _writing(output._index):
                output._mend()
                output._sweep()
            yield output

    def is_current(self, found: Found, document_sha256: str, key: str) -> bool:
        """Whether the newest row of a document says that there is nothing left to do, and its report is still there."""
        row = self.rows.get(found.name)
        if row is None or not _tells_of(row, document_sha256, key):
            return False
        wanted = report_name(self._documents, found.relative)
        return row.report == wanted and self._digest(wanted) == row.report_sha256

    def finished(self, found: Found, document_sha256: str, key: str) -> tuple[Report, str, str] | None:
        """A report that is there without its row, as after a kill; its name and its sha256. The caller judges it."""
        row = self.rows.get(found.name)
        if row is not None and _tells_of(row, document_sha256, key):
            return None  # its report was changed or removed since
        try:
            path = self._path(found)
            content = path.read_bytes()
            name = path.relative_to(self.folder).as_posix()
            return parse_report(content, path), name, hashlib.sha256(content).hexdigest()
        except (OSError, FactcheckError, RecursionError):
            return None

    def save(self, found: Found, report: Report) -> tuple[str, str]:
        """Writes a report; returns its name below the folder and its sha256.

        Decisions of reviewers stay beside it. As they speak of the report they were made on, that one is kept in
        ``.reviewed/`` with them. Raises NotOursError, and CannotWriteError.
        """
        path = self._path(found)
        content = to_json(report).encode()
        with _writing(path):
            _make(path.parent)
            self._require_ours(path)
            self._keep_reviewed(path)
            write_whole(path, content)
        return path.relative_to(self.folder).as_posix(), hashlib.sha256(content).hexdigest()

    @property
    def is_told(self) -> bool:
        """Whether the files that sum it all up say what the index says."""
        return self._told

    def covered(self) -> Coverage | None:
        """The coverage as it was written down; None where it is not, or not any more."""
        try:
            return Coverage.model_validate_json((self.folder / COVERAGE).read_bytes()) if self._told else None
        except (OSError, ValidationError):
            self._told = False
            return None

    def tell(self, summary: str, coverage: str | None) -> None:
        """Writes the files that sum it all up, ``coverage`` (JSON) where there is one. Raises CannotWriteError."""
        self._write(SUMMARY, summary)
        if coverage is not None:
            self._write(COVERAGE, coverage)
            self._told = True

    def append(self, row: Row) -> None:
        """Adds a row to the index and returns once it is on the disk; one that tells nothing new is left out.

        Raises CannotWriteError; the index then ends as it did before.
        """
        before = self.rows.get(row.name)
        if before is not None and row.report is None and before.tells() == row.tells():
            return
        line = row.model_dump_json().encode() + b"\n"
        with _writing(self._index):
            (self.folder / COVERAGE).unlink(missing_ok=True)
            self._told = False
            handle = os.open(self._index, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                size = os.fstat(handle).st_size
                try:
                    while line:  # once, but on a full disk: there the second says what is the matter
                        line = line[os.write(handle, line) :]
                    os.fsync(handle)
                except OSError:
                    os.ftruncate(handle, size)
                    raise
            finally:
                os.close(handle)
        self.rows[row.name] = row

    def _write(self, name: str, text: str) -> None:
        with _writing(self.folder / name):
            write_whole(self.folder / name, text)

    def _path(self, found: Found) -> Path:
        return self.folder / report_name(self._documents, found.relative)

    def _digest(self, name: str) -> str | None:
        try:
            with open(self.folder / name, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None

    def _require_ours(self, path: Path) -> None:
        """Raises NotOursError where a link leads out of the folder, or another's file has the name."""
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.folder)):
            raise NotOursError(f"{path}: a link that leads out of the output folder; remove it")
        if not path.exists():
            return
        if path.is_file():
            with path.open("rb") as file:
                if b'"schema_version"' in file.read(200):
                    return
        raise NotOursError(f"{path}: there is something that is no report; move it away or use another output folder")

    def _refuse_others(self) -> None:
        """Raises ConfigError where a file that has the name of one of ours was written by something else."""
        ours = {SUMMARY: SUMMARY_STARTS.encode(), COVERAGE: b'"nothing_near"', INDEX: b'"document_sha256"'}
        for name, mark in ours.items():
            path = self.folder / name
            if path.exists() and (not path.is_file() or (path.stat().st_size and mark not in path.read_bytes())):
                raise ConfigError(f"{path}: not written by a batch; move it away, or use another output folder")

    def _keep_reviewed(self, path: Path) -> None:
        if not reviews_path(path).exists() or not path.exists():
            return
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if not read_reviews(path, digest).reviews:
            return
        kept = self.folder / REVIEWED / digest[:16] / path.relative_to(self.folder)
        _make(kept.parent)
        write_whole(reviews_path(kept), reviews_path(path).read_bytes())
        write_whole(kept, content)

    def _mend(self) -> None:
        """Makes the index if there is none, and ends it before a line that a kill or a full disk cut off."""
        handle = os.open(self._index, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        with open(handle, "r+b") as file:
            content = file.read()
            if not content.endswith(b"\n"):
                file.truncate(content.rfind(b"\n") + 1)

    def _sweep(self) -> None:
        """Removes what a killed run had begun to write."""
        for folder, folders, names in os.walk(self.folder):
            folders[:] = [name for name in folders if os.path.realpath(Path(folder, name)) != str(self._documents)]
            for name in names:
                if _LEFT_BY_A_KILL.fullmatch(name):
                    Path(folder, name).unlink(missing_ok=True)


def _make(folder: Path) -> None:
    """As ``mkdir(parents=True)``, which gives up on very deep trees."""
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        each.mkdir(exist_ok=True)


def _tells_of(row: Row, document_sha256: str, key: str) -> bool:
    return row.is_settled and row.document_sha256 == document_sha256 and row.key == key


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Tells trouble with this one name from trouble with the folder as a whole, which nothing gets past."""
    try:
        yield
    except (OSError, ConfigError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        told = (
            str(error) if isinstance(error, ConfigError) else f"{path}: cannot be written ({cause.strerror or cause})"
        )
        if cause.errno in _OF_THIS_NAME_ONLY:
            raise NotOursError(told) from error
        raise CannotWriteError(told) from error


@contextmanager
def _locked(folder: Path, documents: Path) -> Iterator[None]:
    """Holds the folder. The lock goes with its process, however that ends. Raises ConfigError naming the holder."""
    path = folder / LOCK
    holder = _holder(path)  # before asking for the lock, which some versions of filelock empty the file for
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = _holder(path) or holder or "a process that did not leave its name"
        raise ConfigError(
            f"{folder}: another batch writes there: {holder}; wait until it is done, or use another output folder"
        ) from None
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotWriteError(f"{path}: the output folder cannot be locked ({reason})") from error
    try:
        with suppress(OSError):  # a courtesy to others: a full disk must not keep us from what we hold
            path.write_text(json.dumps({**me(), **_doing(documents)}), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            path.write_text("", encoding="utf-8")
        lock.release()


def _doing(documents: Path) -> dict[str, str]:
    program = Path(sys.argv[0]).name or "python"
    return {
        "command": f"{program} batch {documents}".encode(errors="replace").decode(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _holder(path: Path) -> str:
    """Who holds the lock; nothing where they did not leave their name."""
    try:
        left = json.loads(path.read_text(encoding="utf-8"))
        return f"process {int(left['pid'])} on {left['host']} since {left['since']} ({left['command']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
