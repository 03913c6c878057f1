"""What ``factcheck batch`` withstands and how fast it is, measured on the real command and a real model server.

    python -m bench.batch R1 [--kills 300] [--documents 100]      one of R1 … R16, speed, overhead or memory
    python -m bench.batch all --small                             every one, in minutes

Each prints what was measured beside what is demanded; the exit code is 1 where one falls short. ``--keep`` leaves the
folder that it happened in, for looking into.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench import batch_disk, batch_faults, batch_kills, batch_speed
from bench.figures import Figure

Measure = Callable[..., list[Figure]]


@dataclass(frozen=True)
class _Task:
    measure: Measure
    small: dict[str, Any] = field(default_factory=dict)  # what makes it short


ONE = {"documents": 1, "claims": 2}
TASKS: dict[str, _Task] = {
    "R1": _Task(batch_kills.killed, {"kills": 30, "documents": 12, "claims": 8}),
    "R2": _Task(batch_kills.watched, {"reads": 600, "documents": 12, "claims": 8}),
    "R3": _Task(batch_kills.interrupted, {"signals": 10, "documents": 12, "claims": 8}),
    "R4": _Task(batch_faults.mixed, {"documents": 40, "claims": 8}),
    "R5": _Task(batch_faults.shut_out, {"after": 30, "documents": 12, "claims": 8, "concurrency": 4}),
    "R6": _Task(batch_faults.asked_to_wait, {"cases": 8, "claims": 8}),
    "R7": _Task(batch_faults.slow, {"deadline_s": 2.0, "claims": 6}),
    "R8": _Task(batch_disk.full, {**ONE, "sizes": 4, "most": 12, "disk_bytes": 200_000, "disk_documents": 12}),
    "R9": _Task(batch_disk.one_call_fails, {"documents": 2, "claims": 2, "most": 6}),
    "R10": _Task(batch_faults.store_away, {"seconds": (2.0, 12.0), "patience_s": 6.0, "documents": 8, "claims": 8}),
    "R13": _Task(batch_kills.twice, {"documents": 4, "claims": 8}),
    "R14": _Task(batch_speed.alike, {"documents": 6, "claims": 8}),
    "R16": _Task(batch_faults.budget, {"documents": 10, "claims": 8, "concurrency": 4}),
    "speed": _Task(batch_speed.speed, {"documents": 20, "concurrency": 16}),
    "overhead": _Task(batch_speed.overhead, {"documents": (5, 20)}),
    "memory": _Task(batch_speed.memory, {"documents": (10, 60)}),
}


def main() -> int:
    given = _options().parse_args()
    named = {name: value for name, value in vars(given).items() if value is not None}
    own = {name: named.pop(name) for name in ("task", "small", "keep")}
    figures: list[Figure] = []
    for name in TASKS if own["task"] == "all" else [own["task"]]:
        task = TASKS[name]
        size = {**task.small, **named} if own["small"] else named
        figures += measured(name, partial(task.measure, **size), keep=own["keep"])
    return int(any(figure.passed is False for figure in figures))


def measured(name: str, measure: Measure, *, keep: bool = False) -> list[Figure]:
    """The figures of one task, printed as they come, in a folder of its own that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"factcheck-bench-{name}-"))
    started = time.monotonic()
    try:
        figures = measure(folder)
    finally:
        if keep:
            print(f"{name}: kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for figure in figures:
        print(figure, flush=True)
    print(f"      {name} took {time.monotonic() - started:.0f} s", flush=True)
    return figures


IN_SECONDS = {"R3": "slowest end", "R13": "the second ends"}  # on a busy machine these say little


def falls_short(name: str, folder: Path) -> list[str]:
    """What a task, in its small size, does not live up to; for tests, which leave the seconds of a stop aside."""
    task = TASKS[name]
    figures = task.measure(folder, **task.small)
    return [str(figure) for figure in figures if figure.passed is False and IN_SECONDS.get(name) != figure.what]


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("task", choices=[*TASKS, "all"])
    options.add_argument("--small", action="store_true", help="sizes that take a minute or less each")
    options.add_argument("--keep", action="store_true", help="leave the folder it happened in")
    for name in ("kills", "signals", "reads", "documents", "claims", "concurrency", "after", "cases", "most", "sizes"):
        options.add_argument(f"--{name}", type=int)
    return options


if __name__ == "__main__":
    sys.exit(main())
