"""R4, R5, R6, R7, R10 and R16 of batch: a model that fails, a store that is away, a budget."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.batch_kills import FINE
from bench.figures import Figure, some
from bench.material import POISON
from bench.model_server import (
    FOR_GOOD,
    MIXED,
    PRICED_MODEL,
    PRICED_URL,
    RETRYABLE,
    Asked,
    Behaviour,
    Kind,
    ModelServer,
)
from bench.running import SLOWEST_S, Place, broken_files, differences, place, rows_told, start, told_by
from factcheck.models import Report

LEFT_FAILURES = 3


@contextmanager
def _ready(
    folder: Path, *, documents: int, claims: int, behaviour: Behaviour | None = None, **settings: object
) -> Iterator[Place]:
    named = {f"FACTCHECK_{name.upper()}": str(value) for name, value in settings.items()}
    with (
        ModelServer(folder, behaviour) as server,
        place(server, folder, documents=documents, claims=claims, settings=named) as ready,
    ):
        yield ready


# --- R4 -------------------------------------------------------------------------------------------------------------


def mixed(
    folder: Path, *, documents: int = 1000, claims: int = 20, share: float = 0.2, concurrency: int = 32, seed: int = 4
) -> list[Figure]:
    """R4: a share of all requests fails in one of fourteen ways."""
    behaviour = Behaviour(faults=share, seed=seed, kinds=MIXED)
    with _ready(
        folder, documents=documents, claims=claims, behaviour=behaviour, concurrency=concurrency, deadline_s=3
    ) as ready:
        ended = ready.run(longest_s=SLOWEST_S + 3 * documents)
        asked, rows, reports = ready.server.requests(), ready.rows(), ready.reports()
        hurt = _hurt_for_good(asked)
        spared = [row for row in rows.values() if Path(row.document).stem not in hurt]
        unfinished = [f"{row.document}: {row.status} {row.reason}" for row in spared if row.status != "done"]
        poisoned = [name for name, report in reports.items() if _is_poisoned(report)]
    ends = Counter(row.status for row in rows.values())
    without = [row.document for row in rows.values() if row.status != "done" and not row.reason]
    baseline = documents * (claims + 1)
    ratio = len(asked) / baseline
    faults = Counter(request.fault for request in asked if request.fault)
    share_done = 1 - len(unfinished) / len(spared) if spared else 1.0
    what = f"{documents} documents, {len(asked)} requests, {sum(faults.values())} faults of {len(faults)} kinds"
    complete = len(rows) == documents and not without and set(ends) <= {"done", "partial", "error"}
    told = ", ".join(f"{count} {status}" for status, count in sorted(ends.items()))
    return [
        Figure(
            "R4",
            what,
            f"{told}; exit {ended.code}",
            f"{documents} end done, partial or error, with a reason",
            complete and ended.code in (*FINE, LEFT_FAILURES),
        ),
        Figure("R4", "labels from broken answers", f"{len(poisoned)} {some(poisoned)}".strip(), "0", not poisoned),
        Figure(
            "R4",
            f"done of {len(spared)} documents with only retryable faults",
            f"{100 * share_done:.2f} % {some(unfinished, 3)}".strip(),
            ">= 99.5 %",
            share_done >= 0.995,
        ),
        Figure("R4", "calls", f"{ratio:.3f} x baseline", "<= 1.35", ratio <= 1.35),
    ]


def _hurt_for_good(asked: list[Asked]) -> set[str]:
    """Documents that met a fault which no retry answers for: an answer that is there, and of no use."""
    return {request.document for request in asked if request.fault and request.fault not in RETRYABLE}


def _is_poisoned(report: Report) -> bool:
    claims = [outcome.claim.text for outcome in report.outcomes]
    said = [outcome.verdict.rationale for outcome in report.outcomes if outcome.verdict is not None]
    return any(POISON in text for text in (*claims, *said))


# --- R5 -------------------------------------------------------------------------------------------------------------


def shut_out(
    folder: Path, *, after: int = 200, documents: int = 100, claims: int = 20, concurrency: int = 16
) -> list[Figure]:
    """R5: from one call on, the key is refused or the account is spent."""
    figures = []
    with _ready(folder, documents=documents, claims=claims, concurrency=concurrency) as ready:
        ready.run()
        wanted, wanted_rows = told_by(ready.reports()), rows_told(ready.rows())
        for kind in FOR_GOOD:
            ready.forget()
            before = ready.server.count()
            ready.server.behave(Behaviour(latency_s=0.05, onward=after, onward_kind=kind))
            ended = ready.run()
            further = ready.server.count() - before - after
            rows = ready.rows().values()
            done = [row.document for row in rows if row.status == "done"]
            broken = broken_files(ready.out)
            ready.server.behave(Behaviour())
            again = ready.run()
            lost = differences(ready, wanted, wanted_rows)
            figures += [
                Figure(
                    "R5",
                    f"{kind} from call {after} on: further calls",
                    str(further),
                    f"<= {concurrency}",
                    further <= concurrency,
                ),
                Figure(
                    "R5",
                    f"{kind}: exit",
                    f"{ended.code}, {len(done)} of {documents} done",
                    "not 0, work kept",
                    ended.code == 2 and bool(done) and not broken,
                ),
                Figure(
                    "R5",
                    f"{kind}: the run after",
                    f"exit {again.code} {some(lost)}".strip(),
                    "as if nothing had been",
                    again.code in FINE and not lost,
                ),
            ]
    return figures


# --- R6 -------------------------------------------------------------------------------------------------------------


def asked_to_wait(folder: Path, *, cases: int = 100, claims: int = 20, retry_after_s: float = 1.0) -> list[Figure]:
    """R6: every seventh request is refused with Retry-After, by seconds and by date in turn."""
    at: dict[str, Kind] = {str(7 * n): "limited_date" if n % 2 else "limited_seconds" for n in range(1, cases + 1)}
    documents = -(-(7 * cases) // (claims + 1)) + 1
    behaviour = Behaviour(at=at, retry_after_s=retry_after_s, latency_s=0.02)
    with _ready(folder, documents=documents, claims=claims, behaviour=behaviour, concurrency=8) as ready:
        ended = ready.run()
        asked = ready.server.requests()
    refused = sum(request.fault is not None for request in asked)
    early = sum(request.early for request in asked)
    again = sum(request.early_again for request in asked)
    return [
        Figure(
            "R6",
            f"{refused} refusals with Retry-After, requests sent early",
            f"{early} (of the same {again})",
            "0",
            not early and not again and refused >= cases and ended.code in FINE,
        ),
    ]


# --- R7 -------------------------------------------------------------------------------------------------------------


def slow(folder: Path, *, deadline_s: float = 30.0, claims: int = 10) -> list[Figure]:
    """R7: answers that drip and answers that never come."""
    kinds: tuple[Kind, ...] = ("hang", "drip")
    at = {str(number): kinds[number % 2] for number in (1, 2, 9, 12, 15, 18)}
    behaviour = Behaviour(at=at, drip_s=1.0)
    with _ready(folder, documents=4, claims=claims, behaviour=behaviour, concurrency=8, deadline_s=deadline_s) as ready:
        ended = ready.run()
        held = [request for request in ready.server.requests() if request.fault in kinds]
    longest = max((request.took_s or 0.0 for request in held), default=0.0)
    what = f"{len(held)} answers that hang or drip, deadline {deadline_s:g} s: the longest call"
    whole = len(held) == len(at) and all(request.took_s is not None for request in held)
    return [
        Figure(
            "R7",
            what,
            f"{longest:.2f} s, exit {ended.code}",
            f"<= {deadline_s + 1:g} s",
            whole and longest <= deadline_s + 1 and ended.code in (*FINE, LEFT_FAILURES),
        )
    ]


# --- R10 ------------------------------------------------------------------------------------------------------------


class ChromaServer:
    """``chroma run`` over a folder, to be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once it answers. Raises RuntimeError where it does not."""
        program = Path(sys.executable).with_name("chroma")
        command = [str(program), "run", "--path", str(self._folder), "--port", str(self.port), "--host", "127.0.0.1"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1200):
            try:
                with urllib.request.urlopen(f"{self.url}/api/v2/heartbeat", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError("chroma did not answer")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def store_away(
    folder: Path,
    *,
    seconds: tuple[float, ...] = (5.0, 30.0, 120.0),
    documents: int = 30,
    claims: int = 20,
    patience_s: float = 90.0,
) -> list[Figure]:
    """R10: the Chroma server is killed in mid run and comes back after a while."""
    figures = []
    chroma = ChromaServer(folder / "chroma")
    with _ready(folder, documents=documents, claims=claims, patience_s=patience_s, concurrency=8) as local:
        try:
            chroma.start()
            ready = replace(local, store=chroma.url)
            indexed = start(
                ["index", "references", "--store", chroma.url], folder=folder, environment=ready.environment
            ).wait()
            if indexed.code:
                raise RuntimeError(f"the references were not indexed: {indexed.said}")
            ready.run()
            wanted, wanted_rows = told_by(ready.reports()), rows_told(ready.rows())
            for away_s in seconds:
                figures += _away(ready, chroma, away_s, patience_s, wanted, wanted_rows)
        finally:
            chroma.kill()
    return figures


def _away(
    ready: Place,
    chroma: ChromaServer,
    away_s: float,
    patience_s: float,
    wanted: Mapping[str, object],
    wanted_rows: Mapping[str, object],
) -> list[Figure]:
    ready.forget()
    ready.server.behave(Behaviour(latency_s=0.05))
    before = ready.server.count()
    calls = sum(len(_outcomes(told)) + 1 for told in wanted.values())
    running = ready.start()
    while ready.server.count() < before + calls // 4 and not running.is_over:
        time.sleep(0.01)
    chroma.kill()
    time.sleep(away_s)
    chroma.start()
    ended = running.wait()
    changed, codes = _verdicts_changed(ready, wanted)
    rows = ready.rows().values()
    what = f"the store is away for {away_s:g} s"
    if away_s < patience_s:
        lost = differences(ready, wanted, wanted_rows)
        figures = [
            Figure(
                "R10",
                what,
                f"exit {ended.code} {some(lost) or '0 documents lost'}",
                "0 documents lost",
                ended.code in FINE and not lost,
            )
        ]
    else:
        told = ", ".join(f"{count} {code}" for code, count in sorted(codes.items())) or "no failure"
        ends = Counter(row.status for row in rows)
        reasons = {row.code for row in rows if row.status in ("partial", "error")}
        explicit = ended.code in (2, LEFT_FAILURES) and set(codes) <= {"store_unreachable"}
        explicit = explicit and reasons <= {"store_unreachable"} and (bool(codes) or bool(reasons))
        figures = [
            Figure("R10", what, f"exit {ended.code}, {dict(ends)}, claims: {told}", "store_unreachable", explicit),
            Figure(
                "R10",
                f"{what}: other verdicts than with a store",
                f"{len(changed)} {some(changed)}".strip(),
                "0",
                not changed,
            ),
        ]
    again = ready.run()
    left = differences(ready, wanted, wanted_rows)
    return [
        *figures,
        Figure(
            "R10",
            f"{what}: the run after",
            f"exit {again.code} {some(left)}".strip(),
            "as if nothing had been",
            again.code in FINE and not left,
        ),
    ]


def _outcomes(told: object) -> list[dict[str, object]]:
    assert isinstance(told, Mapping)
    return list(told["outcomes"])


def _verdicts_changed(ready: Place, wanted: Mapping[str, object]) -> tuple[list[str], Counter[str]]:
    """Claims that have another verdict than in the undisturbed run, and the codes of those that failed."""
    changed, codes = [], Counter[str]()
    for name, told in told_by(ready.reports()).items():
        before = {outcome["claim"]["id"]: outcome["verdict"] for outcome in _outcomes(wanted[name])}  # type: ignore[index]
        for outcome in told["outcomes"]:
            if outcome["failure"] is not None:
                codes[outcome["failure"]["code"]] += 1
            elif outcome["verdict"] != before[outcome["claim"]["id"]]:
                changed.append(f"{name} {outcome['claim']['id']}")
    return changed, codes


# --- R16 ------------------------------------------------------------------------------------------------------------


def budget(folder: Path, *, documents: int = 30, claims: int = 20, concurrency: int = 16) -> list[Figure]:
    """R16: --max-cost and --max-calls in mid run; the model is reached at an address whose prices are known."""
    figures = []
    with _ready(folder, documents=documents, claims=claims, concurrency=concurrency) as local:
        proxied = {"OPENAI_BASE_URL": PRICED_URL, "HTTP_PROXY": f"http://127.0.0.1:{local.server.port}"}
        priced = {**local.environment, **proxied, "FACTCHECK_MODEL": PRICED_MODEL}
        ready = replace(local, environment=priced)
        ready.server.behave(Behaviour(latency_s=0.05))
        whole = ready.run()
        asked = ready.server.requests()
        cost = sum(request.cost for request in asked)
        wanted, wanted_rows = told_by(ready.reports()), rows_told(ready.rows())
        for option, limit in (("--max-cost", f"{cost / 3:.6f}"), ("--max-calls", str(len(asked) // 3))):
            ready.forget()
            before = ready.server.count()
            ended = ready.run(option, limit)
            made = ready.server.requests(before)
            over = _over_cost(made, float(limit)) if option == "--max-cost" else max(0, len(made) - int(limit))
            spent = f"${sum(request.cost for request in made):.4f} in {len(made)} calls"
            done = sum(row.status == "done" for row in ready.rows().values())
            again = ready.run()
            left = differences(ready, wanted, wanted_rows)
            figures += [
                Figure(
                    "R16",
                    f"{option} {limit}: calls beyond it",
                    f"{over} ({spent})",
                    f"<= {concurrency}",
                    over <= concurrency and 0 < len(made) < len(asked),
                ),
                Figure(
                    "R16",
                    f"{option}: exit",
                    f"{ended.code}, {done} documents done and kept",
                    "not 0",
                    ended.code in (2, LEFT_FAILURES) and not broken_files(ready.out),
                ),
                Figure(
                    "R16",
                    f"{option}: the run after",
                    f"exit {again.code} {some(left)}".strip(),
                    "as if nothing had been",
                    again.code in FINE and whole.code in FINE and not left,
                ),
            ]
    return figures


def _over_cost(made: list[Asked], limit: float) -> int:
    """Calls that arrived after answers already sent had used up the limit."""
    over, answered = 0, [(request.at + (request.took_s or 0.0), request.cost) for request in made]
    for request in made:
        over += sum(cost for at, cost in answered if at < request.at) >= limit
    return over
