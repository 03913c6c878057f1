"""What a new user waits for: ``factcheck --help``, and the README's check of the example, cold and warm.

    python bench/startup.py

Each command runs in a process of its own; times are wall seconds, memory is the peak resident set of the process and
its children. Cold means an empty cache folder: the references are read, embedded and indexed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ("check", "examples/article.en.md", "--references", "examples/references")
RUNS = 5


def seconds(*words: str, cache: str) -> float:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FACTCHECK_", "OPENAI_"))}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "factcheck", *words],
        cwd=ROOT,
        env={**kept, "FACTCHECK_CACHE_DIR": cache},
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        sys.exit(done.stderr.decode())
    return time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        helped = sorted(seconds("--help", cache=cache) for _ in range(RUNS))
        cold = seconds(*EXAMPLE, cache=cache)
        warm = sorted(seconds(*EXAMPLE, cache=cache) for _ in range(RUNS))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"--help: median {helped[RUNS // 2]:.2f} s of {RUNS} (limit 0.3)")
    print(f"check of the example: cold {cold:.1f} s (limit 10), then median {warm[RUNS // 2]:.1f} s of {RUNS}")
    print(f"largest process: {peak:.0f} MB (limit 1024)")


if __name__ == "__main__":
    main()
