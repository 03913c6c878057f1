"""R8 and R9 of batch: disks that are full, and single calls (of the model, the store, the files) that fail."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.batch_faults import LEFT_FAILURES
from bench.batch_kills import FINE
from bench.figures import Figure, some
from bench.model_server import Behaviour, Kind, ModelServer
from bench.running import (
    Ended,
    Place,
    broken_files,
    differences,
    library_of_failing_calls,
    place,
    rows_told,
    told_by,
)
from factcheck.errors import FactcheckError

COULD_NOT_RUN = 2
LEAST_BYTES = 2_000  # for what the command says, which goes to a file too
STORE_BYTES = 100_000  # what SQLite writes beside a store that is only read
ONE_AT_A_TIME = {"FACTCHECK_CONCURRENCY": "1"}
IMPATIENT = {**ONE_AT_A_TIME, "FACTCHECK_PATIENCE_S": "1", "FACTCHECK_RETRIES": "1", "FACTCHECK_DEADLINE_S": "5"}
NO_COMPILER = "not measured: there is no C compiler to make single calls fail with"


@dataclass
class _Sweep:
    """What running with one fault after another came to."""

    runs: int = 0
    hit: int = 0  # runs that the fault was met by
    problems: list[str] = field(default_factory=list)


@contextmanager
def _ready(folder: Path, *, documents: int, claims: int, settings: Mapping[str, str]) -> Iterator[Place]:
    folder.mkdir(exist_ok=True)
    with (
        ModelServer(folder) as server,
        place(server, folder, documents=documents, claims=claims, settings=settings) as ready,
    ):
        yield ready


@dataclass(frozen=True)
class _Undisturbed:
    reports: Mapping[str, Any]
    rows: Mapping[str, Any]
    calls: int
    bytes: int  # of the largest file it wrote

    @classmethod
    def of(cls, ready: Place) -> _Undisturbed:
        """Raises RuntimeError where even that does not come to its end."""
        ready.forget()
        before = ready.server.count()
        ended = ready.run("--documents", "1")
        if ended.code not in FINE:
            raise RuntimeError(f"undisturbed: exit {ended.code}: {ended.said}")
        largest = max(path.stat().st_size for path in ready.out.rglob("*") if path.is_file())
        return cls(told_by(ready.reports()), rows_told(ready.rows()), ready.server.count() - before, largest)


# --- R8 -------------------------------------------------------------------------------------------------------------


def full(
    folder: Path,
    *,
    documents: int = 5,
    claims: int = 20,
    sizes: int = 30,
    most: int = 1000,
    disk_bytes: int = 2_000_000,
    disk_documents: int = 100,
) -> list[Figure]:
    """R8: no room for an output: a small tmpfs, limits on the size of files, and ENOSPC at every single write.

    ``sizes`` limits are tried, and at most ``most`` writes; ``disk_documents`` must not fit on the tmpfs.
    """
    with _ready(folder, documents=documents, claims=claims, settings=ONE_AT_A_TIME) as ready:
        wanted = _Undisturbed.of(ready)
        figures = [_limited_files(ready, wanted, sizes)]
        figures += [_failing_writes(ready, wanted, most, onward=onward) for onward in (True, False)]
    with _ready(folder / "tmpfs", documents=disk_documents, claims=claims, settings={}) as ready:
        figures.append(_small_disk(ready, disk_bytes))
    return figures


def _limited_files(ready: Place, wanted: _Undisturbed, sizes: int) -> Figure:
    """RLIMIT_FSIZE from little more than what a run says to beyond the largest file, the store's own included."""
    came = _Sweep()
    for step in range(sizes + 1):
        size = LEAST_BYTES + max(wanted.bytes, STORE_BYTES) * step // sizes
        ready.forget()
        ended = ready.run("--documents", "1", largest_file=size)
        came.runs += 1
        came.hit += ended.code not in FINE
        came.problems += [f"at {size} bytes: {problem}" for problem in _full_disk_problems(ready, ended, wanted)]
    return _full_disk("RLIMIT_FSIZE", came)


def _failing_writes(ready: Place, wanted: _Undisturbed, most: int, *, onward: bool) -> Figure:
    name = f"ENOSPC {'from the n-th write on' if onward else 'at the n-th write only'}"
    if library_of_failing_calls() is None:
        return Figure("R8", name, NO_COMPILER, "", None)
    came = _Sweep()
    ready.forget()
    ready.run("--documents", "1", environment=_failing([ready.out], "w", 0))
    calls = len((ready.folder / "calls.log").read_text().splitlines())
    for at in _spread(calls, most):
        ready.forget()
        told = _failing([ready.out], "w", at, onward=onward, number=errno.ENOSPC)
        ended = ready.run("--documents", "1", environment=told)
        came.runs += 1
        if (failed := _failed(ready)) is not None:
            came.hit += 1
            problems = _full_disk_problems(ready, ended, wanted)
            came.problems += [f"{failed}: {problem}" for problem in problems]
    return _full_disk(name, came)


def _full_disk_problems(ready: Place, ended: Ended, wanted: _Undisturbed) -> list[str]:
    """What is wrong after a run that could not write everything, and after the next one, which can."""
    problems = [f"corrupt: {problem}" for problem in broken_files(ready.out)] if ready.out.exists() else []
    if ended.code in FINE:
        problems += [f"exit {ended.code}, and {problem}" for problem in _lacks(ready, wanted)]
    elif ended.code != COULD_NOT_RUN or str(ready.folder) not in ended.said:
        problems.append(f"exit {ended.code} without the path: {ended.said[-300:]}")
    again = ready.run("--documents", "1")
    if again.code not in FINE:
        problems.append(f"the run after: exit {again.code}: {again.said[-300:]}")
    return problems + [f"the run after: {problem}" for problem in _lacks(ready, wanted)]


def _lacks(ready: Place, wanted: _Undisturbed) -> list[str]:
    try:
        return differences(ready, wanted.reports, wanted.rows)
    except FactcheckError as error:
        return [str(error)]


def _small_disk(ready: Place, size: int) -> Figure:
    """An output folder on a tmpfs that is too small, made larger for the second run."""
    name = f"a tmpfs of {size} bytes"
    ready.run()
    wanted, wanted_rows = told_by(ready.reports()), rows_told(ready.rows())
    ready.forget()
    ready.out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(ready.out)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        return Figure("R8", name, "not measured: no right to mount", "", None)
    try:
        ended = ready.run()
        broken = broken_files(ready.out)
        done = len(ready.reports())
        larger = ["mount", "-o", "remount,size=200000000", str(ready.out)]
        subprocess.run(larger, check=True, capture_output=True)
        again = ready.run()
        left = differences(ready, wanted, wanted_rows)
    finally:
        subprocess.run(["umount", str(ready.out)], capture_output=True)
    names_it = str(ready.out) in ended.said
    measured = f"exit {ended.code}, {done} reports whole, {'' if names_it else 'path not '}named, {len(broken)} corrupt"
    measured += f"; then exit {again.code} {some(left) or 'and complete'}"
    passed = ended.code == COULD_NOT_RUN and names_it and not broken and again.code in FINE and not left
    return Figure("R8", name, measured, "exit not 0 naming the path, nothing corrupt, resumes", passed)


def _full_disk(name: str, came: _Sweep) -> Figure:
    what = f"{name}: {came.hit} of {came.runs} runs met it"
    demanded = "exit not 0 naming the path, nothing corrupt, resumes"
    return Figure("R8", what, some(came.problems) or "as demanded", demanded, not came.problems and came.hit > 0)


# --- R9 -------------------------------------------------------------------------------------------------------------

PASSES: tuple[Kind, ...] = ("error_500", "reset", "malformed", "cut")
STAYS: tuple[Kind, ...] = ("unavailable_503", "length", "misfit", "reset")
LASTS: tuple[Kind, ...] = ("length", "misfit")  # would come again: their documents are done again only when told to


def one_call_fails(folder: Path, *, documents: int = 5, claims: int = 4, most: int = 1000) -> list[Figure]:
    """R9: the n-th call of the model, the files or the store fails once, or from then on; at most ``most`` each."""
    with _ready(folder, documents=documents, claims=claims, settings=IMPATIENT) as ready:
        wanted = _Undisturbed.of(ready)
        figures = [_failing_model(ready, wanted, most, onward=onward) for onward in (False, True)]
        files = [ready.documents, ready.out]
        for name, below, calls in (("file", files, "rw"), ("store", [Path(ready.store)], "r")):
            figures += [_failing_files(name, ready, wanted, below, calls, most, onward=way) for way in (False, True)]
    return figures


def _failing_model(ready: Place, wanted: _Undisturbed, most: int, *, onward: bool) -> Figure:
    came = _Sweep()
    for at in _spread(wanted.calls, most):
        kind = STAYS[at % len(STAYS)] if onward else PASSES[at % len(PASSES)]
        ready.forget()
        ready.server.behave(Behaviour(onward=at, onward_kind=kind) if onward else Behaviour(at={str(at): kind}))
        ended = ready.run("--documents", "1")
        ready.server.behave(Behaviour())
        came.runs += 1
        came.hit += 1
        again = ("--force",) if onward and kind in LASTS else ()
        if again:
            ready.forget_replies()  # one that fits, but leaves sentences out, is kept as well
        problems = _explicit_problems(ready, ended, wanted, *again, complete=not onward)
        came.problems += [f"{kind} at call {at}: {problem}" for problem in problems]
    return _one_call(f"the n-th model call fails {_when(onward)}", came)


def _failing_files(
    name: str, ready: Place, wanted: _Undisturbed, below: Sequence[Path], kinds: str, most: int, *, onward: bool
) -> Figure:
    what = f"the n-th {name} call fails {_when(onward)}"
    if library_of_failing_calls() is None:
        return Figure("R9", what, NO_COMPILER, "", None)
    came = _Sweep()
    ready.forget()
    ready.run("--documents", "1", environment=_failing(below, kinds, 0))
    for at in _spread(len((ready.folder / "calls.log").read_text().splitlines()), most):
        ready.forget()
        told = _failing(below, kinds, at, onward=onward, number=errno.EIO)
        ended = ready.run("--documents", "1", environment=told)
        came.runs += 1
        if (failed := _failed(ready)) is not None:
            came.hit += 1
            problems = _explicit_problems(ready, ended, wanted, complete=False)
            came.problems += [f"{failed}: {problem}" for problem in problems]
    return _one_call(what, came)


def _explicit_problems(ready: Place, ended: Ended, wanted: _Undisturbed, *again: str, complete: bool) -> list[str]:
    """What is wrong after a run in which something failed, and after the next one (``again``), when nothing does."""
    problems = [f"corrupt: {problem}" for problem in broken_files(ready.out)] if ready.out.exists() else []
    rows = ready.rows()
    try:
        ready.reports()  # each account is added up when a report is read
    except FactcheckError as error:
        problems.append(str(error))
    if "this is a bug" in ended.said or any(row.code == "internal" for row in rows.values()):
        problems.append(f"a bug: {ended.said[-300:]} {[row.reason for row in rows.values()]}")
    if ended.code in FINE:
        problems += [f"exit {ended.code}, and {problem}" for problem in _lacks(ready, wanted)]
    elif complete:
        problems.append(f"exit {ended.code}: {ended.said[-300:]}")
    elif ended.code == LEFT_FAILURES:
        without = [
            name for name in wanted.rows if name not in rows or (rows[name].status != "done") != bool(rows[name].reason)
        ]
        problems += [f"{name}: no row, or no reason" for name in without]
    elif ended.code != COULD_NOT_RUN or not ended.said.strip():
        problems.append(f"exit {ended.code}: {ended.said[-300:]}")
    after = ready.run("--documents", "1", *again)
    if after.code not in FINE:
        problems.append(f"the run after: exit {after.code}: {after.said[-300:]}")
    return problems + [f"the run after: {problem}" for problem in _lacks(ready, wanted)]


def _one_call(what: str, came: _Sweep) -> Figure:
    measured = some(came.problems) or f"{came.hit} of {came.runs} runs met it, each complete or with explicit errors"
    demanded = "complete or explicit errors, totals add up, resumes"
    return Figure("R9", what, measured, demanded, not came.problems and came.hit > 0)


def _when(onward: bool) -> str:
    return "and all after it" if onward else "once"


def _spread(count: int, most: int) -> list[int]:
    """All of 1 to ``count``, or ``most`` of them, evenly."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(step * (count - 1) / (most - 1)) for step in range(most)})


def _failing(
    below: Sequence[Path], calls: str, at: int, *, onward: bool = False, number: int = errno.EIO
) -> dict[str, str]:
    """The environment that arms ``failing_calls.c``; ``calls.log`` beside the output says what happened."""
    log = below[-1].parent / "calls.log"
    log.unlink(missing_ok=True)
    return {
        "FAILING_BELOW": ":".join(str(path) for path in below),
        "FAILING_CALLS": calls,
        "FAILING_AT": str(at),
        "FAILING_ONWARD": str(int(onward)),
        "FAILING_ERRNO": str(number),
        "FAILING_LOG": str(log),
    }


def _failed(ready: Place) -> str | None:
    """The first call that failed, as the log has it; None where none did."""
    log = ready.folder / "calls.log"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return next((line for line in lines if " failed " in line), None)
