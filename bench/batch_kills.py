"""R1, R2, R3 and R13 of batch: killed, watched, interrupted, and run twice at once."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Figure, some
from bench.model_server import Behaviour, ModelServer
from bench.running import Ended, Place, Running, broken_files, differences, place, rows_told, told_by

FINE = (0, 1)  # exit codes of a run that came to its end: nothing contradicted, something contradicted
LONGEST_STOP_S = 5.0
LATENCY_S = 0.02  # long enough that a kill finds requests under way
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


@dataclass
class _Disturbed:
    """What disturbing a run over and over came to."""

    times: int = 0
    rounds: int = 0
    calls: int = 0
    allowed: int = 0
    problems: list[str] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)  # seconds from a signal to the end


@contextmanager
def _ready(folder: Path, *, documents: int, claims: int, concurrency: int) -> Iterator[Place]:
    settings = {"FACTCHECK_CONCURRENCY": str(concurrency)}
    with (
        ModelServer(folder, Behaviour(latency_s=LATENCY_S)) as server,
        place(server, folder, documents=documents, claims=claims, settings=settings) as ready,
    ):
        yield ready


def killed(
    folder: Path, *, kills: int = 300, documents: int = 100, claims: int = 20, concurrency: int = 16
) -> list[Figure]:
    """R1: kill -9 at random points, then the same command again, until it comes to its end."""
    with _ready(folder, documents=documents, claims=claims, concurrency=concurrency) as ready:
        came = _disturb(ready, [signal.SIGKILL], times=kills, concurrency=concurrency)
    what = f"{came.times} kills in {came.rounds} runs of {documents} documents of {claims} claims"
    return [
        Figure("R1", what, _equal(came.problems), "outputs equal to the unkilled run, 0 lost", not came.problems),
        Figure("R1", "model calls", f"{came.calls}", f"<= {came.allowed}", came.calls <= came.allowed),
    ]


def interrupted(
    folder: Path, *, signals: int = 50, documents: int = 100, claims: int = 20, concurrency: int = 16
) -> list[Figure]:
    """R3: SIGINT and SIGTERM in turn at random points, then the same command again."""
    with _ready(folder, documents=documents, claims=claims, concurrency=concurrency) as ready:
        came = _disturb(ready, list(CODES), times=signals, concurrency=concurrency)
    slowest = max(came.stops, default=0.0)
    what = f"{came.times} SIGINT and SIGTERM in {came.rounds} runs of {documents} documents of {claims} claims"
    return [
        Figure("R3", what, _equal(came.problems), "exit 130 or 143, outputs as undisturbed", not came.problems),
        Figure("R3", "slowest end", f"{slowest:.2f} s", f"<= {LONGEST_STOP_S:g} s", slowest <= LONGEST_STOP_S),
        Figure("R3", "model calls", f"{came.calls}", f"<= {came.allowed}", came.calls <= came.allowed),
    ]


def _equal(problems: list[str]) -> str:
    return some(problems) or "equal, 0 lost"


def _disturb(ready: Place, signals: list[signal.Signals], *, times: int, concurrency: int) -> _Disturbed:
    """Sends the signals, in turn, at random moments of runs that are begun again until they are done."""
    server, chance, came = ready.server, random.Random(times), _Disturbed()
    undisturbed = ready.run()
    baseline = server.count()
    wanted, wanted_rows = told_by(ready.reports()), rows_told(ready.rows())
    if undisturbed.code not in FINE:
        came.problems.append(f"undisturbed: exit {undisturbed.code}: {undisturbed.said}")
    while came.times < times:
        ready.forget()
        before, before_times = server.count(), came.times
        while True:
            running = ready.start()
            if came.times < times and _reached(running, ready, chance, baseline, undisturbed.seconds):
                number = signals[came.times % len(signals)]
                asked = time.monotonic()
                running.send(number)
                ended = running.wait()
                if ended.code not in FINE:
                    came.times += 1
                    came.stops.append(time.monotonic() - asked)
                    came.problems += _after_signal(ready, number, ended)
                    continue
            else:
                ended = running.wait()
            if ended.code not in FINE:
                came.problems.append(f"exit {ended.code}: {ended.said}")
            break
        came.rounds += 1
        came.calls += server.count() - before
        came.allowed += baseline + (came.times - before_times) * concurrency
        came.problems += differences(ready, wanted, wanted_rows)
    return came


def _reached(running: Running, ready: Place, chance: random.Random, calls: int, seconds: float) -> bool:
    """Waits for a random moment, so many calls or seconds from now; False where the run ended before it."""
    until = time.monotonic() + chance.uniform(0, seconds)
    wanted = ready.server.count() + chance.randint(0, max(1, calls // 3))
    by_calls, a_little = chance.random() < 0.6, chance.uniform(0, 0.05)
    while not running.is_over:
        if not running.has_begun:
            time.sleep(0.002)
            continue
        if (ready.server.count() >= wanted) if by_calls else (time.monotonic() >= until):
            time.sleep(a_little if by_calls else 0)
            return not running.is_over
        time.sleep(0.002)
    return False


def _after_signal(ready: Place, number: signal.Signals, ended: Ended) -> list[str]:
    wanted = {-number, CODES.get(number, -number)}  # -number: before the command was ready to take it
    wrong = [] if ended.code in wanted else [f"{number.name}: exit {ended.code}, not {wanted}: {ended.said[-300:]}"]
    return wrong + [f"after {number.name}: {problem}" for problem in broken_files(ready.out)]


def watched(folder: Path, *, reads: int = 10_000, documents: int = 100, claims: int = 20) -> list[Figure]:
    """R2: the files of the output folder are read every 5 ms while runs write them, and write them again."""
    with _ready(folder, documents=documents, claims=claims, concurrency=16) as ready:
        partial: list[str] = []
        count, chance = 0, random.Random(1)
        while count < reads:
            running = ready.start("--force")
            while not running.is_over and count < reads:
                for path in _newest_and_another(ready, chance):
                    count += 1
                    partial += _trouble_in(path)
                time.sleep(0.005)
            running.kill()
    what = f"{count} reads of outputs being written"
    return [Figure("R2", what, f"{len(partial)} partial {some(partial)}".strip(), "0 partial", not partial)]


def _newest_and_another(ready: Place, chance: random.Random) -> list[Path]:
    found = [path for path in ready.out.rglob("*.json") if not path.name.startswith(".")]
    if not found:
        return []
    index = [ready.index] if ready.index.exists() else []
    return [max(found, key=_changed), chance.choice(found), *index]


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # a link or a temporary file, gone since it was listed
        return 0.0


def _trouble_in(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
        parts = content.split(b"\n")[:-1] if path.suffix == ".jsonl" else [content]
        for part in parts:
            json.loads(part)
    except (OSError, ValueError) as error:
        return [f"{path.name}: {error}"]
    return []


def twice(folder: Path, *, documents: int = 10, claims: int = 20) -> list[Figure]:
    """R13: a second batch on the output folder of one that is under way."""
    with _ready(folder, documents=documents, claims=claims, concurrency=4) as ready:
        ready.server.behave(Behaviour(latency_s=0.5))
        first = ready.start()
        while ready.server.count() == 0 and not first.is_over:
            time.sleep(0.01)
        second = ready.start(cold=True).wait()
        names_it = str(first.pid) in second.said
        still = not first.is_over
        ready.server.behave(Behaviour())
        ended = first.wait()
    said = second.said.strip().splitlines()[-1:] or ["nothing"]
    return [
        Figure(
            "R13",
            "the second ends",
            f"{second.seconds:.2f} s, exit {second.code}",
            "<= 2 s, exit 2",
            second.seconds <= 2 and second.code == 2,
        ),
        Figure("R13", "it says", said[0], "who holds the folder", names_it),
        Figure("R13", "the first", f"exit {ended.code}", "goes on to its end", still and ended.code in FINE),
    ]
