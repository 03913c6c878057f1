"""R14 of batch (the same at any concurrency), its speed, its own work per claim, and its memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.batch_faults import ChromaServer
from bench.batch_kills import FINE
from bench.figures import Figure, some
from bench.model_server import Behaviour, ModelServer
from bench.running import Place, place, start, told_by

AT_MOST_IDEAL = 1.10
AT_MOST_CPU_MS = 5.0
AT_MOST_MEMORY = 1.2


@contextmanager
def _ready(folder: Path, *, documents: int, claims: int, behaviour: Behaviour | None = None) -> Iterator[Place]:
    with ModelServer(folder, behaviour) as server, place(server, folder, documents=documents, claims=claims) as ready:
        yield ready


# --- R14 ------------------------------------------------------------------------------------------------------------


def alike(folder: Path, *, documents: int = 20, claims: int = 20) -> list[Figure]:
    """R14: one call at a time, sixteen, and workers of a dask cluster."""
    with _ready(folder, documents=documents, claims=claims, behaviour=Behaviour(latency_s=0.01)) as ready:
        one, many = _with_concurrency(ready, 1), _with_concurrency(ready, 16)
        different = [name for name in one if one[name] != many.get(name)]
        what = f"concurrency 1 and 16, {documents} documents of {claims} claims"
        figures = [Figure("R14", what, some(different) or "identical", "identical", not different and bool(one))]
        figures.append(_on_dask(ready, one, documents))
    return figures


def _with_concurrency(ready: Place, concurrency: int) -> dict[str, Any]:
    """The reports of a run from nothing; raises RuntimeError where it did not come to its end."""
    ready.forget()
    ended = ready.run("--concurrency", str(concurrency))
    if ended.code not in FINE:
        raise RuntimeError(f"concurrency {concurrency}: exit {ended.code}: {ended.said}")
    return _without_place(told_by(ready.reports()))


def _on_dask(ready: Place, wanted: Mapping[str, Any], documents: int) -> Figure:
    what = f"one process and a dask cluster, {documents} documents"
    help_text = start(["batch", "--help"], folder=ready.folder, environment=ready.environment).wait().shown
    if "--dask" not in help_text:
        return Figure("R14", what, "not measured: this factcheck has no --dask", "identical", None)
    chroma = ChromaServer(ready.folder / "chroma")
    try:
        chroma.start()
        there = replace(ready, store=chroma.url)
        index = ["index", "references", "--store", chroma.url]
        indexed = start(index, folder=there.folder, environment=there.environment).wait()
        there.forget()
        ended = there.run("--dask", "local", cold=True)
        if indexed.code or ended.code not in FINE:
            return Figure("R14", what, f"exit {ended.code}: {ended.said[-500:]}", "identical", False)
        found = _without_place(told_by(there.reports()))
    finally:
        chroma.kill()
    different = [name for name in wanted if wanted[name] != found.get(name)]
    return Figure("R14", what, some(different) or "identical", "identical", not different)


def _without_place(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The reports without where the store is."""
    for report in told.values():
        report["provenance"]["store"].pop("location")
    return told


# --- speed ----------------------------------------------------------------------------------------------------------


def speed(
    folder: Path, *, documents: int = 200, claims: int = 20, concurrency: int = 64, seconds: float = 1.0
) -> list[Figure]:
    """How long a run takes beside the calls laid out perfectly, from the command's start to its end."""
    behaviour = Behaviour(latency_s=seconds)
    with _ready(folder, documents=documents, claims=claims, behaviour=behaviour) as ready:
        ended = ready.run("--concurrency", str(concurrency), cold=True)
        asked = ready.server.requests()
    ideal = len(asked) * seconds / concurrency
    calls_s = max(request.at for request in asked) + seconds - min(request.at for request in asked)
    what = f"{documents} documents of {claims} claims, answers after {seconds:g} s, concurrency {concurrency}"
    passed = ended.seconds <= AT_MOST_IDEAL * ideal and ended.code in FINE
    measured = f"{ended.seconds:.1f} s = {ended.seconds / ideal:.3f} x ideal ({ideal:.1f} s)"
    between = f"{calls_s:.1f} s = {calls_s / ideal:.3f} x ideal"
    return [
        Figure("speed", what, measured, f"<= {AT_MOST_IDEAL:.2f} x ideal", passed),
        Figure("speed", "of that, from the first call to the last answer", between, "", None),
    ]


# --- our own work and memory ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Used:
    code: int
    cpu_s: float
    peak_mb: float


def _used(ready: Place, documents: int, *more: str) -> _Used:
    """What a run over the first documents takes, in an interpreter of its own."""
    names = sorted(path for path in ready.documents.rglob("*.txt"))[:documents]
    wanted = ready.folder / "wanted.txt"
    wanted.write_text("".join(f"{name}\n" for name in names))
    ready.forget()
    command = [sys.executable, "-m", "factcheck", "batch", str(ready.documents), "--out", str(ready.out)]
    command += ["--store", ready.store, "--files", str(wanted), *more]
    process = subprocess.Popen(
        command,
        cwd=ready.folder,
        env={**os.environ, **ready.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return _Used(process.returncode, used.ru_utime + used.ru_stime, _peak_mb(used))


def _peak_mb(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def overhead(folder: Path, *, documents: tuple[int, int] = (20, 120), claims: int = 20) -> list[Figure]:
    """CPU time of the command per claim, without its start (a longer run less a shorter one), and what of it is ours.

    Ours is what libraries do not take when they do the same work alone (``bench.bare``), in a process beside it.
    """
    few, many = documents
    with _ready(folder, documents=many, claims=claims) as ready:
        short, long = _used(ready, few), _used(ready, many)
        bare = _bare(ready)
    whole = 1000 * (long.cpu_s - short.cpu_s) / ((many - few) * claims)
    own = whole - bare
    what = f"CPU per claim, {many} documents less {few}"
    measured = f"{own:.1f} ms of our own ({whole:.1f} ms, of which libraries alone take {bare:.1f})"
    passed = own <= AT_MOST_CPU_MS and short.code in FINE and long.code in FINE
    return [Figure("overhead", what, measured, f"<= {AT_MOST_CPU_MS:g} ms", passed)]


def _bare(ready: Place) -> float:
    """CPU milliseconds per claim that the libraries alone take for the reports of the last run."""
    command = [sys.executable, "-m", "bench.bare", "--out", str(ready.out), "--store", ready.store]
    environment = {**os.environ, **ready.environment}
    done = subprocess.run(
        command, cwd=Path(__file__).resolve().parents[1], env=environment, capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    return 1000 * float(told["cpu_s"]) / int(told["claims"])


def memory(folder: Path, *, documents: tuple[int, int] = (100, 1000), claims: int = 20) -> list[Figure]:
    """Peak memory of a run over many documents beside one over few."""
    few, many = documents
    with _ready(folder, documents=many, claims=claims) as ready:
        began = time.monotonic()
        short, long = _used(ready, few), _used(ready, many)
        took = time.monotonic() - began
    ratio = long.peak_mb / short.peak_mb
    what = f"peak of {many} documents and of {few}"
    measured = f"{long.peak_mb:.0f} MB and {short.peak_mb:.0f} MB, {ratio:.2f} x ({took:.0f} s)"
    passed = ratio <= AT_MOST_MEMORY and short.code in FINE and long.code in FINE
    return [Figure("memory", what, measured, f"<= {AT_MOST_MEMORY:g} x", passed)]
