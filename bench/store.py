"""Speed and memory of the store: python bench/store.py [--large]

Prints, for 10,000 passages (and 100,000 with --large) of 384 clustered random numbers: passages indexed per second, the
time of adding a little more, the time to open, and memory. Reading and embedding are not in it: the vectors are
drawn, and each file holds fifty lines of words, each a passage.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from factcheck.models import Document, Passage, Span
from factcheck.retrieve.store import Reading, Store

PER_FILE = 50
DIMENSION = 384
WORDS = [f"word{n}" for n in range(20_000)]


class Clustered:
    """Draws the vector of a text near one of many centres, the same each time."""

    name = "clustered-random"
    dimension = DIMENSION

    def __init__(self, centres: int) -> None:
        self.centres = np.random.default_rng(1).standard_normal((centres, DIMENSION)).astype(np.float32)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.empty((len(texts), DIMENSION), np.float32)
        for row, text in zip(rows, texts, strict=True):
            drawn = np.random.default_rng(int(text.split(" ", 1)[0]))
            row[:] = self.centres[drawn.integers(len(self.centres))] + 0.7 * drawn.standard_normal(DIMENSION)
            row /= np.linalg.norm(row)
        return rows


def read(path: Path) -> Document:
    return Document(
        id="0",
        source=str(path),
        title=path.stem,
        language="en",
        published=None,
        media_type="text/plain",
        encoding="utf-8",
        text=path.read_text(),
    )


def cut(document: Document) -> list[Passage]:
    passages, start = [], 0
    for line in document.text.split("\n"):
        span = Span(start=start, end=start + len(line))
        passages.append(
            Passage(
                id=str(start),
                source=document.source,
                title=document.title,
                language="en",
                published=None,
                text=line,
                span=span,
            )
        )
        start += len(line) + 1
    return passages


def write_files(folder: Path, first: int, passages: int) -> None:
    chance = random.Random(first)
    for start in range(first, first + passages, PER_FILE):
        lines = (f"{n} {' '.join(chance.choices(WORDS, k=80))}" for n in range(start, start + PER_FILE))
        (folder / f"{start:08}.txt").write_text("\n".join(lines))


def memory_mb() -> float:
    """Resident now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def measure(passages: int) -> None:
    reading = Reading(lambda folder: sorted(folder.glob("*.txt")), read, cut, "lines")
    embedder = Clustered(passages // 50)
    with tempfile.TemporaryDirectory() as folder:
        refs, location = Path(folder) / "refs", Path(folder) / "store"
        refs.mkdir()
        write_files(refs, 0, passages)
        before = memory_mb()
        start, cpu = time.perf_counter(), time.process_time()
        with Store.open(location, embedder, write=True, reading=reading) as store:
            marks: list[tuple[str, float]] = []
            report = store.index([refs], progress=lambda p: marks.append((p.stage, time.perf_counter())))
        wall, used = time.perf_counter() - start, time.process_time() - cpu
        truth_s = next(at for stage, at in marks[::-1] if stage == "reading") - start
        print(f"passages {report.passages}")
        print(f"index: {passages / wall:.0f} passages/s ({wall:.1f} s, {used:.1f} s CPU; truth {truth_s:.1f} s of it)")
        print(f"memory after indexing: {memory_mb():.0f} MB ({before:.0f} MB before), peak {peak_mb():.0f} MB")
        write_files(refs, passages, 10 * PER_FILE)
        start = time.perf_counter()
        with Store.open(location, embedder, write=True, reading=reading) as store:
            opened = time.perf_counter()
            store.index([refs])
            print(
                f"500 more: {opened - start:.2f} s to open for writing, {time.perf_counter() - opened:.1f} s to index"
            )
            start = time.perf_counter()
            store.index([refs])
            print(f"nothing new: {time.perf_counter() - start:.2f} s")
        start = time.perf_counter()
        with Store.open(location, embedder, reading=reading) as store:
            opened = time.perf_counter()
            query = embedder.embed(["77 x"])[0]
            [(nearest, cosine)] = store.dense([query], 1)[0]
            answered = time.perf_counter()
            found = store.passages([nearest])[0].text.split()[0] == "77"
            first_ms = 1000 * (answered - opened)
            print(f"open: {opened - start:.2f} s, first answer {first_ms:.0f} ms, {found=}, {cosine=:.3f}")
            many = [embedder.embed([f"{n} x"])[0] for n in range(200)]
            start = time.perf_counter()
            for vector in many:
                store.passages([name for name, _ in store.dense([vector], 10)[0]])
            print(f"10 nearest with texts: {1000 * (time.perf_counter() - start) / len(many):.1f} ms")
        sizes = {
            path.name: sum(f.stat().st_size for f in [path, *path.rglob("*")] if f.is_file()) / 1e6
            for path in location.iterdir()
        }
        print("disk: " + ", ".join(f"{name} {size:.0f} MB" for name, size in sorted(sizes.items()) if size >= 1))


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="100,000 passages too (minutes)")
    for number in (10_000, 100_000) if parser.parse_args().large else (10_000,):
        measure(number)
