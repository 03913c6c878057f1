"""The reports of a folder, or the one report given: found, read within limits, kept while unchanged.

A report is known by an id made of its name below the folder, so that no path ever comes from a URL. Links that leave
the folder are not followed, neither to a report nor to its file of decisions.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from factcheck.errors import ConfigError
from factcheck.models import Report, Totals
from factcheck.report.schema import parse_report
from factcheck.report.view import Viewer
from factcheck.review.filters import Traits, traits_of
from factcheck.reviews import ReviewFile, Standing, read_reviews, report_digest, reviews_path, standings
from factcheck.text import printable

MOST_REPORT: Final = 64 * 1024 * 1024  # bytes; a book of a thousand claims has some ten million
_KEPT: Final = 4  # reports held open at once, as long as their files are no larger than MOST_REPORT together

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Found:
    """A file that is, or claims to be, a report."""

    id: str
    path: Path
    name: str  # below the folder, fit to be shown


@dataclass(frozen=True, eq=False)
class Opened:
    """A report as it was when it was read; ``digest`` is the sha256 of those bytes."""

    found: Found
    report: Report
    digest: str
    stamp: Stamp

    @cached_property
    def viewer(self) -> Viewer:
        return Viewer(self.report)

    @cached_property
    def traits(self) -> tuple[Traits, ...]:
        return traits_of(self.report)


@dataclass(frozen=True, eq=False)
class Decided:
    """What reviewers said about a report so far."""

    file: ReviewFile
    standing: dict[str, Standing]

    def is_reviewed(self, claim: str) -> bool:
        return claim in self.standing and bool(self.standing[claim].decisions)


@dataclass(frozen=True)
class Summary:
    """What the list of a folder says about one file: a report's sums, or why it could not be read."""

    found: Found
    title: str = ""
    totals: Totals | None = None
    warnings: int = 0
    claims: frozenset[str] = frozenset()
    digest: str = ""
    error: str = ""
    is_other: bool = False  # JSON of something else: nothing to review


class Folder:
    """Safe to use from many threads."""

    def __init__(self, root: Path) -> None:
        self.is_single = not root.is_dir()
        self.root = Path(os.path.abspath(root) if self.is_single else os.path.realpath(root))
        self._known: dict[str, Found] = {}
        self._opened: OrderedDict[Path, Opened] = OrderedDict()
        self._summaries: dict[Path, tuple[Stamp | None, Summary]] = {}
        self._decided: dict[tuple[Path, str], tuple[Stamp | None, Decided]] = {}
        self._opening = threading.Lock()
        self._queueing = threading.Lock()
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading reports")
        self._reading: dict[Path, Future[Summary]] = {}

    @property
    def name(self) -> str:
        return _shown(self.root.name or str(self.root))

    def close(self) -> None:
        """Drops what still waits to be read."""
        self._reader.shutdown(wait=False, cancel_futures=True)

    def reports(self) -> list[Found]:
        """Every JSON file that may be a report, sorted by name; none of them is opened for this."""
        found = [self._found(self.root)] if self.is_single else self._walk()
        self._known = {file.id: file for file in found}
        return sorted(self._known.values(), key=lambda file: (file.name.casefold(), file.name))

    def find(self, wanted: str) -> Found | None:
        """The report of this id, where it is still in the folder."""
        if wanted not in self._known:
            self.reports()
        found = self._known.get(wanted)
        return found if found is not None and (self.is_single or self._is_inside(found.path)) else None

    def open(self, found: Found) -> Opened:
        """The report in this file. Raises ConfigError saying what is wrong with it and what to try."""
        with self._opening:  # one at a time: two requests for a large report read it once
            kept = self._opened.get(found.path)
            if kept is not None and kept.stamp == stamp_of(found.path):
                self._opened.move_to_end(found.path)
                return kept
            opened = _read(found)
            self._opened[found.path] = opened
            self._opened.move_to_end(found.path)
            while len(self._opened) > 1 and self._holds_too_much():
                self._opened.popitem(last=False)
            return opened

    def decided(self, of: Opened | Summary) -> Decided:
        """The decisions beside a report; read again whenever their file has changed. Raises ConfigError."""
        path, digest = of.found.path, of.digest
        self._require_inside(reviews_path(path))
        stamp = stamp_of(reviews_path(path))
        kept = self._decided.get((path, digest))
        if kept is not None and kept[0] == stamp:
            return kept[1]
        file = read_reviews(path, digest)
        decided = Decided(file, standings(file.reviews))
        self._decided[path, digest] = (stamp, decided)
        return decided

    def summary(self, found: Found) -> Summary:
        """What there is to say about a file; kept while the file stays as it is."""
        stamp = stamp_of(found.path)
        kept = self._summaries.get(found.path)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        summary = _summary(found)
        self._summaries[found.path] = (stamp, summary)
        return summary

    def summaries(self, files: list[Found], *, patience_s: float | None) -> dict[str, Summary]:
        """By id, what could be read in this time; the rest goes on being read in the background."""
        with self._queueing:
            for file in files:
                reading = self._reading.get(file.path)
                if reading is None or reading.done():
                    self._reading[file.path] = self._reader.submit(self.summary, file)
        futures = {file.id: self._reading[file.path] for file in files}
        wait(futures.values(), timeout=patience_s)
        return {name: future.result() for name, future in futures.items() if future.done()}

    def _require_inside(self, path: Path) -> None:
        """Raises ConfigError where ``path`` is a link that leads out of the folder."""
        inside = Path(os.path.realpath(self.root.parent)) if self.is_single else self.root
        if not Path(os.path.realpath(path)).is_relative_to(inside):
            raise ConfigError(f"{path.name}: a link that leads out of the folder; it is not followed")

    def _walk(self) -> Iterator[Found]:
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(folder, name)
                if name.lower().endswith(".json") and not name.startswith(".") and self._is_inside(path):
                    yield self._found(Path(os.path.realpath(path)))

    def _is_inside(self, path: Path) -> bool:
        try:
            real = path.resolve(strict=True)
            return real.is_relative_to(self.root) and real.is_file()
        except (OSError, RuntimeError):  # a broken link, or one that leads in a circle
            return False

    def _found(self, path: Path) -> Found:
        name = path.name if self.is_single else path.relative_to(self.root).as_posix()
        return Found(hashlib.sha256(os.fsencode(name)).hexdigest()[:16], path, _shown(name))

    def _holds_too_much(self) -> bool:
        return len(self._opened) > _KEPT or sum(kept.stamp[1] for kept in self._opened.values()) > MOST_REPORT


def stamp_of(path: Path) -> Stamp | None:
    """Changes whenever the file does; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _shown(name: str) -> str:
    return printable(os.fsencode(name).decode(errors="replace"))


def _read(found: Found) -> Opened:
    content, stamp = _content(found)
    try:
        report = parse_report(content, Path(found.name))
    except RecursionError as error:
        raise ConfigError(f"{found.name}: not a factcheck report (nested too deeply)") from error
    return Opened(found, report, report_digest(content), stamp)


def _content(found: Found) -> tuple[bytes, Stamp]:
    """The bytes of the file and its stamp, of one opening. Raises ConfigError."""
    try:
        descriptor = os.open(found.path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(f"{found.name}: not a file")
            if status.st_size > MOST_REPORT:
                raise ConfigError(
                    f"{found.name}: {status.st_size / 1e6:,.0f} MB, more than the {MOST_REPORT / 1e6:,.0f} MB that are"
                    " opened here; check the document in parts"
                )
            content = file.read(MOST_REPORT + 1)
    except OSError as error:
        raise ConfigError(f"{found.name}: {error.strerror or error}; was it moved or deleted?") from error
    return content, (status.st_mtime_ns, status.st_size, status.st_ino)


def _summary(found: Found) -> Summary:
    try:
        content, _ = _content(found)
    except ConfigError as error:
        return Summary(found, error=_without_name(error, found))
    try:
        report = parse_report(content, Path(found.name))
    except (ConfigError, RecursionError) as error:
        return Summary(found, error=_without_name(error, found), is_other=_is_other(content))
    return Summary(
        found,
        title=report.document.title or report.document.source,
        totals=report.totals,
        warnings=sum(len(o.verdict.warnings) for o in report.outcomes if o.verdict) + len(report.warnings),
        claims=frozenset(outcome.claim.id for outcome in report.outcomes),
        digest=report_digest(content),
    )


def _without_name(error: Exception, found: Found) -> str:
    return str(error).removeprefix(f"{found.name}: ") or "not a factcheck report"


def _is_other(content: bytes) -> bool:
    """Whether this is sound JSON that never meant to be a report; a cut-off or altered one is not."""
    if b'"schema_version"' in content:
        return False
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
