"""The run of a batch: documents side by side, each to one end, until all are done or nothing more can succeed."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, Protocol, TypeVar

from factcheck.batch.coverage import Coverage, coverage_of_run, to_markdown
from factcheck.batch.output import CannotWriteError, NotOursError, Output
from factcheck.batch.plan import Found, plan
from factcheck.batch.records import Row, Status, trouble_of
from factcheck.batch.summary import Sums, summary_markdown, sums_of
from factcheck.documents.files import checked_name, read_file
from factcheck.documents.reading import DEFAULT_LIMITS, read_bytes
from factcheck.engine import Prepared, Say, Spent, key_of, prepare, run_to_end
from factcheck.errors import ConfigError, FactcheckError, ModelError, ModelUnavailable, ReadError, StoreError
from factcheck.models import Document, Report, Usage
from factcheck.pipeline import Progress
from factcheck.settings import Settings, load

T = TypeVar("T")

PATIENCE_S = 90.0  # a night's run waits so long for a model or store that is being started again
CACHE = ".cache"  # below the output folder
NOTHING = Usage(cost_usd=0.0)
MOST_AT_ONCE = 32  # documents; enough to keep some hundred calls under way
LOCAL_AT_ONCE = 2
TICK_S = 0.5
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True)
class Asked:
    """What is to be checked, and where the reports go.

    ``files`` or ``since`` (a git commit) limit the run to some of the folder. ``force`` does again what is done.
    ``at_once`` is how many documents are under way together; None leaves that to the run.
    """

    folder: Path
    out: Path
    references: Path | None = None
    files: Sequence[Path] | None = None
    since: str | None = None
    force: bool = False
    at_once: int | None = None


@dataclass(frozen=True)
class Result:
    """What a run came to. ``rows`` has the newest row of every document of the plan, sorted by name.

    ``waiting`` are those that were never begun because of ``stopped``, which says why nothing more could succeed.
    """

    rows: tuple[Row, ...]
    waiting: tuple[str, ...]
    kept: int  # documents that an earlier run had done
    spent: Usage  # of this run, documents that came to nothing included
    stopped: FactcheckError | None = None
    coverage: Coverage | None = None  # of all reports in the output folder

    @property
    def sums(self) -> Sums:
        return sums_of(self.rows)


class NotYetError(FactcheckError):
    """Raised by a ``Checker`` for a document that comes to no end in this run: it stays waiting."""


@dataclass
class Tally:
    """How far a run is, in documents; what is skipped is none. Changes while it goes on."""

    total: int
    started: float = field(default_factory=time.monotonic)
    ended: dict[Status, int] = field(default_factory=dict)
    kept: int = 0
    spent: Callable[[], Usage] = Usage
    waits: Callable[[], str] = str  # what all calls wait for just now, in words

    def count(self, row: Row | None) -> None:
        """Counts a document that came to its end; None stands for one that was done before."""
        if row is None:
            self.kept += 1
        elif row.status != "skipped":
            self.ended[row.status] = self.ended.get(row.status, 0) + 1

    @property
    def left(self) -> int:
        return self.total - self.kept - sum(self.ended.values())

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def seconds_left(self) -> float | None:
        """As long as the rest takes at the pace so far; None before a document was checked."""
        worked = sum(self.ended.values())
        return self.left * self.seconds / worked if worked else None


Watch = Callable[[Tally, Row | None], None]  # after each document with its row, and in between without


class Checker(Protocol):
    """What checks the documents: an ``engine.Session``, or workers elsewhere that answer as one."""

    @property
    def key(self) -> str: ...
    @property
    def unavailable(self) -> ModelUnavailable | None: ...
    @property
    def waits(self) -> str: ...
    def account(self) -> AbstractContextManager[Spent]: ...
    async def check(self, document: Document, *, started: float) -> Report: ...


def run_batch(
    folder: str | Path,
    out: str | Path,
    *,
    references: str | Path | None = None,
    files: Sequence[str | Path] | None = None,
    since: str | None = None,
    force: bool = False,
    at_once: int | None = None,
    watch: Watch = lambda tally, row: None,
    say: Say = lambda line: None,
    **settings: Any,
) -> Result:
    """Checks every document of ``folder`` and writes one report each to ``out``; what is done already stays.

    ``settings`` are the fields of ``factcheck.settings.Settings``; ``references`` is a folder, without it the store in
    ``settings`` is used. ``files`` or ``since`` limit the run to some documents. A document that cannot be read or
    checked ends as a row that says so. Raises FactcheckError where nothing could be begun; what stopped a run halfway
    is in the result.

    >>> result = run_batch("inbox/", "reports/", references="references/", max_cost=5.0)
    """
    asked = Asked(
        folder=Path(folder),
        out=Path(out),
        references=Path(references) if references is not None else None,
        files=[Path(file) for file in files] if files is not None else None,
        since=since,
        force=force,
        at_once=at_once,
    )
    return run(asked, load(**settings), watch=watch, say=say)


def run(
    asked: Asked,
    settings: Settings,
    *,
    watch: Watch = lambda tally, row: None,
    progress: Progress = lambda stage, done, total: None,
    say: Say = lambda line: None,
    drive: Callable[[Coroutine[Any, Any, Result]], Result] = run_to_end,
    way: Way | None = None,
) -> Result:
    """As ``run_batch``, with settings already loaded; ``drive`` runs the event loop, ``way`` does the work in it."""
    settings = settings_of(asked, settings)
    entries = plan(asked.folder, out=asked.out, files=asked.files, since=asked.since)
    with Output.held(asked.out, asked.folder) as output:
        Thread(target=_warm, daemon=True).start()
        ready = prepare(settings, references=asked.references, progress=progress, say=say)
        at_once = asked.at_once or _at_once(settings, local=ready.choice.name == "local")
        work = Work(asked, entries, output, ready, watch, say, at_once)
        return drive((way or _here)(work))


def _warm() -> None:
    """Loads what the first document needs to be read, beside the imports that the model and the store need."""
    read_bytes(b"A document that is not kept.", source="first.txt")


def settings_of(asked: Asked, settings: Settings) -> Settings:
    """The settings of a batch: it waits for what is away, and keeps its cache to itself, unless told otherwise."""
    own = {"patience_s": PATIENCE_S, "cache_dir": asked.out.absolute() / CACHE}
    return settings.model_copy(update={name: own[name] for name in own.keys() - settings.model_fields_set})


@dataclass(frozen=True)
class Work:
    """A run that is about to begin, with all it takes: the output folder is held, the store open."""

    asked: Asked
    entries: Sequence[Found]
    output: Output
    ready: Prepared
    watch: Watch
    say: Say
    at_once: int

    def batch(self, checker: Checker) -> Batch:
        return Batch(self.asked, self.output, checker, watch=self.watch, say=self.say, at_once=self.at_once)


Way = Callable[[Work], Coroutine[Any, Any, Result]]  # how the documents of a run are checked


async def _here(work: Work) -> Result:
    """In this process, each question asked at once."""
    async with work.ready.session() as session:
        return await work.batch(session).run(work.entries)


def _at_once(settings: Settings, *, local: bool) -> int:
    return LOCAL_AT_ONCE if local else min(settings.concurrency, MOST_AT_ONCE)


class Batch:
    """One run over a plan; nothing of a document is kept in memory once its row is written."""

    def __init__(
        self,
        asked: Asked,
        output: Output,
        checker: Checker,
        *,
        watch: Watch = lambda tally, row: None,
        say: Say = lambda line: None,
        at_once: int,
    ) -> None:
        self._asked = asked
        self._output = output
        self._checker = checker
        self._watch = watch
        self._say = say
        self._at_once = at_once
        self._stop: FactcheckError | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="factcheck-writer")
        self._tally = Tally(0)
        self._ended: set[str] = set()

    async def run(self, entries: Sequence[Found]) -> Result:
        """To the end of the plan, or until nothing more can succeed. Cancelled, it first writes down what is done."""
        to_read = sum(not found.problem or found.is_error for found in entries)
        self._tally = Tally(to_read, waits=lambda: self._checker.waits)
        with self._checker.account() as spent:
            self._tally.spent = lambda: usage_of(spent, self._tally.seconds)
            queue = iter(entries)
            workers = [asyncio.create_task(self._work(queue)) for _ in range(min(self._at_once, len(entries)))]
            clock = asyncio.create_task(self._tick())
            covered: Coverage | None = None
            try:
                await asyncio.gather(*workers)
                if self._is_whole:
                    await self._written(self._note_gone, {found.name for found in entries})
                covered = await asyncio.to_thread(self._covered)
            except CannotWriteError as error:  # the others need not go on
                self._stop = error
            finally:
                clock.cancel()
                await self._closed(workers, covered)
            return self._result(entries, covered)

    def _covered(self) -> Coverage | None:
        """What the reports say about the references; None where one of them cannot be read."""
        try:
            return self._output.covered() or coverage_of_run(self._output.folder)
        except ConfigError as error:
            self._say(f"factcheck: no coverage of the references: {error}")
            return None

    async def _closed(self, workers: Sequence[asyncio.Task[None]], covered: Coverage | None) -> None:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._writer.shutdown()  # a report begun is finished, with its row
        if self._output.is_told:
            return
        section = to_markdown(covered) if covered is not None else ""
        try:
            self._output.tell(
                summary_markdown(self._output.rows.values(), coverage=section),
                covered.model_dump_json(indent=2) + "\n" if covered is not None else None,
            )
        except (CannotWriteError, NotOursError) as error:
            self._stop = self._stop or error

    @property
    def _is_whole(self) -> bool:
        return self._asked.files is None and self._asked.since is None

    def _result(self, entries: Sequence[Found], covered: Coverage | None) -> Result:
        return Result(
            rows=tuple(self._output.rows[found.name] for found in entries if found.name in self._ended),
            waiting=tuple(found.document for found in entries if found.name not in self._ended),
            kept=self._tally.kept,
            spent=self._tally.spent(),
            stopped=self._stop,
            coverage=covered,
        )

    async def _tick(self) -> None:
        while True:
            self._watch(self._tally, None)
            await asyncio.sleep(TICK_S)

    async def _work(self, queue: Iterator[Found]) -> None:
        for found in queue:
            if self._stop is not None:
                return
            try:
                row = await self._end_of(found)
            except NotYetError:
                continue
            self._ended.add(found.name)
            self._tally.count(row)
            self._watch(self._tally, row)

    async def _end_of(self, found: Found) -> Row | None:
        """The row that was written for a document; None where it was done already."""
        if found.problem:
            status: Status = "error" if found.is_error else "skipped"
            return await self._written(self._append, _row(found, status, found.problem))
        started = time.monotonic()
        with self._checker.account() as spent:
            try:
                return await self._checked(found, started)
            except (CannotWriteError, NotYetError):
                raise
            except ReadError as error:
                reason = f"unreadable: {error.reason}"
            except (ModelError, StoreError) as error:
                reason = f"{error.code}: {error}"
            except NotOursError as error:
                reason = f"unwritable: {error}"
            except FactcheckError as error:
                reason = f"error: {error}"
            except OSError as error:
                if error.errno in FULL:  # a library that reads by way of a file of its own
                    where = error.filename or tempfile.gettempdir()
                    raise CannotWriteError(f"{where}: cannot be written ({error.strerror})") from error
                reason = _bug(error)
            except Exception as error:  # noqa: BLE001 - a bug met by one document must not lose the others
                reason = _bug(error)
            self._stop = self._stop or self._checker.unavailable
            usage = usage_of(spent, time.monotonic() - started)
            return await self._written(self._append, _row(found, "error", reason, usage=usage))

    async def _checked(self, found: Found, started: float) -> Row | None:
        path = self._asked.folder / found.relative
        data = await asyncio.to_thread(_content, path)
        sha256 = hashlib.sha256(data).hexdigest()
        if await asyncio.to_thread(self._is_done, found, sha256):
            return None
        document = await asyncio.to_thread(read_bytes, data, source=str(path))
        del data
        if (adopted := await self._written(self._adopt, found, document, sha256)) is not None:
            return adopted
        report = await self._checker.check(document, started=started)
        self._stop = self._stop or self._checker.unavailable or _store_is_gone(report)
        return await self._written(self._finish, found, report, sha256)

    def _is_done(self, found: Found, sha256: str) -> bool:
        return not self._asked.force and self._output.is_current(found, sha256, self._checker.key)

    # What the writer's thread does, one thing at a time; begun, it is finished, also when the run is interrupted.

    async def _written(self, work: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work, *given)

    def _append(self, row: Row) -> Row:
        self._output.append(row)
        return row

    def _finish(self, found: Found, report: Report, sha256: str) -> Row:
        name, digest = self._output.save(found, report)
        return self._append(_row_of(found, report, name, digest, sha256))

    def _adopt(self, found: Found, document: Document, sha256: str) -> Row | None:
        """The row of a report that is there, and says of itself that it was made of this document in the same way."""
        left = None if self._asked.force else self._output.finished(found, sha256, self._checker.key)
        if left is None:
            return None
        report, name, digest = left
        text_sha256 = hashlib.sha256(document.text.encode()).hexdigest()
        row = _row_of(found, report, name, digest, sha256)
        if report.provenance.document_sha256 != text_sha256 or row.key != self._checker.key or not row.is_settled:
            return None
        return self._append(row)

    def _note_gone(self, present: set[str]) -> None:
        """A document that was removed keeps its report, and its row says so."""
        for row in [row for name, row in self._output.rows.items() if name not in present]:
            gone = _blank(row.document, row.name_bytes, "skipped", "gone: no longer in the folder")
            self._output.append(gone)


def _bug(error: Exception) -> str:
    return f"internal: a bug in factcheck: {type(error).__name__}: {error}"


def _content(path: Path) -> bytes:
    checked_name(path)
    return read_file(path, most=DEFAULT_LIMITS.file_bytes)


def _store_is_gone(report: Report) -> StoreError | None:
    """Where nothing could be looked up for any claim, there is no use in going on."""
    failures = [outcome.failure for outcome in report.outcomes]
    first = failures[0] if failures else None
    if first is None or any(failure is None or failure.code != "store_unreachable" for failure in failures):
        return None
    return StoreError("store_unreachable", first.message)


def usage_of(spent: Spent, seconds: float) -> Usage:
    return Usage(stages=spent.usage(), seconds=round(seconds, 3), cost_usd=spent.cost())


def _row_of(found: Found, report: Report, name: str, digest: str, sha256: str) -> Row:
    trouble = trouble_of(report)
    row = _row(found, "partial" if trouble else "done", trouble, usage=report.usage)
    made = {
        "report": name,
        "report_sha256": digest,
        "document_sha256": sha256,
        "key": key_of(report.provenance),
        "totals": report.totals,
    }
    return row.model_copy(update=made)


def _row(found: Found, status: Status, reason: str, *, usage: Usage = NOTHING) -> Row:
    stages = usage.stages.values()
    work = {
        "calls": sum(stage.calls for stage in stages),
        "cached": sum(stage.cached for stage in stages),
        "input_tokens": sum(stage.input_tokens for stage in stages),
        "output_tokens": sum(stage.output_tokens for stage in stages),
        "cost_usd": usage.cost_usd,
        "seconds": usage.seconds,
    }
    return _blank(found.document, found.name_bytes, status, reason).model_copy(update=work)


def _blank(document: str, name_bytes: str | None, status: Status, reason: str) -> Row:
    return Row(
        document=document,
        name_bytes=name_bytes,
        report=None,
        status=status,
        reason=reason,
        document_sha256=None,
        key="",
        report_sha256=None,
        totals=None,
        at=datetime.now(UTC),
    )
