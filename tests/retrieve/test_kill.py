"""Kill -9 while indexing: the next command has everything that was acknowledged, and nothing that was not written."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from factcheck.retrieve.store import IndexProgress, Store
from tests.fakes import FakeEmbedder
from tests.retrieve.lines import LINES, write

FILES = 12
LINES_PER_FILE = 25

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.retrieve.warm"])


def index(store: Path, refs: Path, log: Path) -> None:
    """The victim: every file it acknowledges it writes to ``log``."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def acknowledge(progress: IndexProgress) -> None:
        if progress.source:
            os.write(descriptor, f"{Path(progress.source).stem}\n".encode())

    with Store.open(store, FakeEmbedder(), write=True, reading=LINES) as opened:
        opened.index([refs], progress=acknowledge)
    os.write(descriptor, b"done\n")


def text_of(number: int, version: int) -> str:
    return "\n".join(f"file{number} line{line} version{version}" for line in range(LINES_PER_FILE))


@dataclass(frozen=True)
class Moment:
    """When to kill: so long after so many files were acknowledged. All that indexing does takes its turn so."""

    acknowledged: int
    then_s: float


def run(
    store: Path, refs: Path, log: Path, *, kill_at: Moment | None, signal_number: int = signal.SIGKILL
) -> list[str]:
    """Indexes in a process of its own, killed or left to finish; what it acknowledged."""
    log.touch()
    victim = processes.Process(target=index, args=(store, refs, log))
    victim.start()
    assert victim.pid is not None
    if kill_at is not None:
        while victim.is_alive() and log.read_text().count("\n") < kill_at.acknowledged:
            time.sleep(0.0005)
        victim.join(kill_at.then_s)
        if victim.is_alive():
            os.kill(victim.pid, signal_number)
    victim.join()
    assert kill_at or victim.exitcode == 0
    return log.read_text().split()


def test_killed_a_few_times_everything_acknowledged_is_there(tmp_path: Path) -> None:
    kill_repeatedly(tmp_path, times=6, seed=1)


def test_terminated_a_few_times_everything_acknowledged_is_there(tmp_path: Path) -> None:
    kill_repeatedly(tmp_path, times=3, seed=2, signal_number=signal.SIGTERM)


@pytest.mark.slow
def test_killed_a_hundred_times_everything_acknowledged_is_there(tmp_path: Path) -> None:
    states = kill_repeatedly(tmp_path, times=100, seed=3)
    assert min(states.values()) >= 10, states


def kill_repeatedly(tmp_path: Path, *, times: int, seed: int, signal_number: int = signal.SIGKILL) -> Counter[str]:
    """Each round changes some files, kills the indexing at a random moment, opens the store and checks every file."""
    chance = random.Random(seed)
    store, refs = tmp_path / "store", write(tmp_path / "refs")
    wanted = dict.fromkeys(range(FILES), 0)
    write(refs, **{f"f{n}": text_of(n, 0) for n in wanted})
    run(store, refs, tmp_path / "log", kill_at=None)
    held = {number: {version} for number, version in wanted.items()}  # the versions that each file may be in
    states: Counter[str] = Counter()
    for turn in range(1, times + 1):
        for number in chance.sample(range(FILES), FILES // 2):
            wanted[number] = turn
            write(refs, **{f"f{number}": text_of(number, turn)})
        moment = chance.choice(
            [
                Moment(0, chance.uniform(0, 0.1)),
                Moment(chance.randrange(FILES), chance.uniform(0, 0.01)),
                Moment(FILES, chance.uniform(0, 0.2)),
            ]
        )
        acknowledged = run(store, refs, tmp_path / f"log{turn}", kill_at=moment, signal_number=signal_number)
        for number, version in wanted.items():
            held[number] = {version} if f"f{number}" in acknowledged else held[number] | {version}
        states["between acknowledged files"] += 0 < len(acknowledged) < FILES
        states["while the index was made"] += len(acknowledged) == FILES
        with Store.open(store, FakeEmbedder(), reading=LINES) as opened:
            states["repaired at opening"] += bool(opened.notes)
            held = {number: {version} for number, version in versions(opened, refs, held).items()}
    return states


def versions(opened: Store, refs: Path, allowed: dict[int, set[int]]) -> dict[int, int]:
    """Which version each file is in: whole, one of those allowed, and found by its own vectors.

    HNSW is approximate: it may miss one of the vectors.
    """
    assert opened.count() == FILES * LINES_PER_FILE
    found = {}
    astray = []
    embedder = FakeEmbedder()
    for number, possible in allowed.items():
        source = str(refs / f"f{number}.txt")
        text = opened.merged(source, 0, 10**9).text
        [found[number]] = [version for version in possible if text_of(number, version) == text]
        lines = text.split("\n")
        for line, vector in zip(lines[::8], embedder.embed(lines[::8]), strict=True):
            [(nearest, _)] = opened.dense([vector], 1)[0]
            [passage] = opened.passages([nearest])
            if (passage.source, passage.text) != (source, line):
                astray.append((source, line, passage.text))
    assert len(astray) <= 1, astray
    return found
