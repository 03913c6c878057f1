"""Time, calls and tokens of one article with a slow model, against calls laid out perfectly.

    python bench/latency.py [--seconds 1.0] [--concurrency 16] [--claims 20]

A real HTTP server on loopback answers every call after ``--seconds``; the ideal is one splitting call and then the
judging calls in full rounds of ``--concurrency``. Tokens are characters / 4 of all that is sent, schema included.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from factcheck.documents import document_from_text  # noqa: E402
from factcheck.engine import check_source  # noqa: E402
from factcheck.models import Report  # noqa: E402
from factcheck.settings import Settings  # noqa: E402
from tests.model import honest  # noqa: E402
from tests.servers import Request, ScriptedServer, slow  # noqa: E402

TOWNS = ["Aldheim", "Brunnfeld", "Carlow", "Dornbach", "Eschtal", "Fernau", "Grünwinkel", "Hollstedt", "Jadeburg"]


def article(claims: int, year: int) -> str:
    """German sentences of about 130 characters, one fact each, no two alike."""
    return " ".join(
        f"Die Stadtwerke von {TOWNS[n % 9]} haben im Jahr {year - n // 9} nach eigenen Angaben {1200 + 37 * n}"
        f" Haushalte mit Fernwärme versorgt, {3 + n} mehr als geplant."
        for n in range(claims)
    )


def references(folder: Path, claims: int) -> None:
    """Each sentence of the article stands in one file, among others of about 600 characters."""
    filler = "Das Netz ist in den vergangenen Jahren ausgebaut worden, und die Preise sind je nach Ort verschieden. "
    for number, sentence in enumerate(article(claims, 2023).split(". ")):
        text = f"Bericht {number}\n\n{filler * 3}{sentence.rstrip('.')}. {filler * 3}\n"
        (folder / f"bericht-{number}.txt").write_text(text, encoding="utf-8")


def tokens(request: Request) -> int:
    said = sum(len(message["content"]) for message in request.body["messages"])
    return (said + len(json.dumps(request.body.get("response_format") or {}))) // 4


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=1.0)
    options.add_argument("--concurrency", type=int, default=16)
    options.add_argument("--claims", type=int, default=20)
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    ideal = given.seconds * (1 + math.ceil(given.claims / given.concurrency))
    with tempfile.TemporaryDirectory() as name, ScriptedServer(lambda r: slow(honest(r), given.seconds)) as server:
        folder = Path(name) / "references"
        folder.mkdir()
        references(folder, given.claims)
        settings = Settings(
            model="scripted-1",
            base_url=server.url,
            concurrency=given.concurrency,
            cache=False,
            cache_dir=Path(name) / "cache",
        )

        def run(year: int) -> tuple[Report, float]:
            started = time.perf_counter()
            report = check_source(document_from_text(article(given.claims, year)), references=folder, settings=settings)
            return report, time.perf_counter() - started

        _, cold = run(2019)  # imports, the embedder, the store
        del server.requests[:]
        taken = [run(2023) for _ in range(given.runs)]
        report = taken[0][0]
        calls = len(server.requests) / given.runs
        sent = sum(map(tokens, server.requests)) / given.runs
    print(
        f"{report.totals.claims} claims from {report.totals.sentences} sentences, {report.totals.supported} supported"
    )
    print(f"ideal {ideal:.1f} s; taken {', '.join(f'{seconds:.2f}' for _, seconds in taken)} s")
    print(f"best {min(s for _, s in taken) / ideal:.3f} x ideal, worst {max(s for _, s in taken) / ideal:.3f} x ideal")
    print(f"first check of the process, with imports and indexing: {cold:.2f} s")
    print(f"{calls:.0f} model calls, {sent:,.0f} input tokens")


if __name__ == "__main__":
    main()
