"""The requests of a run that is answered by a provider's batch endpoint: wanted, sent in a job, answered, or lost.

One SQLite file beside the reports. Whatever is killed in between, a request is never forgotten and, but for the moment
in which a job is being created, never sent twice.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from factcheck.errors import ConfigError
from factcheck.llm.meter import Tokens
from factcheck.models import FailureCode

TRIES = 2  # a request that a job left without an answer is sent once more

State = Literal["wanted", "sent", "answered", "lost"]

_TABLES = """
CREATE TABLE IF NOT EXISTS request (
    digest TEXT PRIMARY KEY, place INTEGER, endpoint TEXT, body BLOB, likely REAL, state TEXT, job TEXT,
    sends INTEGER DEFAULT 0, tries INTEGER DEFAULT 0, status INTEGER, reply BLOB, tokens_in INTEGER, tokens_out INTEGER,
    cost REAL, code TEXT, message TEXT
);
CREATE INDEX IF NOT EXISTS by_state ON request (state, endpoint, place);
CREATE INDEX IF NOT EXISTS by_job ON request (job);
CREATE TABLE IF NOT EXISTS job (
    id TEXT PRIMARY KEY, endpoint TEXT, remote TEXT, upload TEXT, size INTEGER, begun REAL, done INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS accepted (key TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT);
"""


@dataclass(frozen=True)
class Wanted:
    """A request as it is sent: ``likely`` is a guess of its cost in US dollars."""

    digest: str
    endpoint: str  # /v1/chat/completions
    body: bytes
    likely: float


@dataclass(frozen=True)
class Job:
    """Requests sent together. ``id`` is ours; ``remote`` is the provider's, None while it is not known."""

    id: str
    endpoint: str
    remote: str | None
    upload: str | None
    size: int
    begun: float  # Unix seconds


@dataclass(frozen=True)
class Answered:
    """What the model's server said to one request, as it would have said it at once."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Lost:
    """A request that will not be answered: what its claim or sentences fail with."""

    code: FailureCode
    message: str


@dataclass(frozen=True)
class Settled:
    """What a finished job says of one request: an answer, or a loss, of which only the last try's counts."""

    digest: str
    end: Answered | Lost
    tokens: Tokens | None = None  # where the answer tells
    cost: float | None = None  # US dollars, where these have a price


class Ledger:
    """Belongs to one thread and one process: the run that holds the lock of the output folder."""

    def __init__(self, path: Path) -> None:
        """Opens or begins the file. Raises ConfigError where it is damaged or cannot be written."""
        self.path = path
        self._db = self._opened()

    def _opened(self) -> sqlite3.Connection:
        try:
            db = sqlite3.connect(self.path)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing; ``_sync`` is for a power cut
            db.executescript(_TABLES)
            return db
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"{self.path}: the state of the batch jobs cannot be used ({error}); removing the file gives up the"
                " jobs under way and begins anew"
            ) from error

    def close(self) -> None:
        self._db.close()

    def remove(self) -> None:
        """Closes and deletes it: everything it knew of is done."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    # --- one request --------------------------------------------------------------------------------------------

    def end_of(self, digest: str) -> Answered | Lost | None:
        """How a request ended; None while it waits for an answer, or is unknown."""
        row = self._db.execute(
            "SELECT state, status, reply, code, message FROM request WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None or row[0] not in ("answered", "lost"):
            return None
        return Answered(row[1], row[2]) if row[0] == "answered" else Lost(cast(FailureCode, row[3]), row[4])

    def want(self, wanted: Wanted) -> None:
        """Notes a request to be sent, unless it is known already; on the disk with the next ``save``."""
        self._db.execute(
            "INSERT OR IGNORE INTO request (digest, place, endpoint, body, likely, state)"
            " VALUES (?, (SELECT COALESCE(MAX(place), 0) + 1 FROM request), ?, ?, ?, 'wanted')",
            (wanted.digest, wanted.endpoint, wanted.body, wanted.likely),
        )

    @property
    def is_new(self) -> bool:
        """Whether nothing was asked yet."""
        return self._db.execute("SELECT 1 FROM request LIMIT 1").fetchone() is None

    def forget_unsent(self) -> None:
        """Drops what is wanted and was never sent."""
        with self._db:
            self._db.execute("DELETE FROM request WHERE state = 'wanted' AND sends = 0 AND tries = 0")

    def answered_at_once(self, wanted: Wanted, settled: Settled) -> None:
        """Notes a request that was not sent in a job, with its answer."""
        self.want(wanted)
        self._settle(settled)
        self.save()

    def save(self) -> None:
        self._db.commit()

    # --- replies accepted ---------------------------------------------------------------------------------------

    def accept(self, key: str) -> None:
        """Notes that this run's own requests led to the reply kept under ``key``."""
        self._db.execute("INSERT OR IGNORE INTO accepted VALUES (?)", (key,))

    def has_accepted(self, key: str) -> bool:
        return self._db.execute("SELECT 1 FROM accepted WHERE key = ?", (key,)).fetchone() is not None

    # --- jobs ---------------------------------------------------------------------------------------------------

    def count(self, state: State) -> int:
        return int(self._db.execute("SELECT COUNT(*) FROM request WHERE state = ?", (state,)).fetchone()[0])

    def sends(self) -> int:
        """Requests sent so far, those sent again counted again."""
        return int(self._db.execute("SELECT COALESCE(SUM(sends), 0) FROM request").fetchone()[0])

    def spent(self) -> float:
        """US dollars: what answers cost, and for requests under way or without a token count what was guessed."""
        row = self._db.execute(
            "SELECT SUM(CASE state WHEN 'answered' THEN COALESCE(cost, likely) WHEN 'sent' THEN likely ELSE 0 END)"
            " FROM request"
        ).fetchone()
        return float(row[0] or 0.0)

    @property
    def has_prices(self) -> bool:
        """Whether what was answered has a price; where it has none, ``spent`` tells nothing."""
        row = self._db.execute("SELECT COUNT(*) FROM request WHERE status < 300 AND cost IS NULL").fetchone()
        return int(row[0]) == 0

    def tokens(self) -> tuple[int, int]:
        """Tokens in and out of all answers that told them."""
        row = self._db.execute("SELECT SUM(tokens_in), SUM(tokens_out) FROM request").fetchone()
        return int(row[0] or 0), int(row[1] or 0)

    def endpoints_wanted(self) -> list[str]:
        rows = self._db.execute("SELECT DISTINCT endpoint FROM request WHERE state = 'wanted' ORDER BY endpoint")
        return [str(row[0]) for row in rows]

    def wanted(self, endpoint: str) -> Iterator[Wanted]:
        """The requests to be sent to one endpoint, in the order in which they came up."""
        rows = self._db.execute(
            "SELECT digest, endpoint, body, likely FROM request WHERE state = 'wanted' AND endpoint = ? ORDER BY place",
            (endpoint,),
        )
        return (Wanted(*row) for row in rows)

    def begin(self, endpoint: str, digests: Sequence[str]) -> Job:
        """A job of these requests, about to be created at the provider under its ``id``."""
        job = Job(uuid.uuid4().hex, endpoint, None, None, len(digests), time.time())
        with self._db:
            self._db.execute(
                "INSERT INTO job (id, endpoint, size, begun) VALUES (?, ?, ?, ?)",
                (job.id, endpoint, job.size, job.begun),
            )
            self._db.executemany(
                "UPDATE request SET state = 'sent', job = ?, sends = sends + 1 WHERE digest = ?",
                ((job.id, digest) for digest in digests),
            )
        self._sync()
        return job

    def _sync(self) -> None:
        """What must not be done twice is on the disk."""
        self._db.execute("PRAGMA wal_checkpoint(FULL)")

    def uploaded(self, job: Job, upload: str) -> None:
        with self._db:
            self._db.execute("UPDATE job SET upload = ? WHERE id = ?", (upload, job.id))

    def created(self, job: Job, remote: str) -> None:
        with self._db:
            self._db.execute("UPDATE job SET remote = ? WHERE id = ?", (remote, job.id))
        self._sync()

    def give_back(self, job: Job) -> None:
        """The job was never created: its requests are wanted as before, and were not sent."""
        with self._db:
            self._db.execute(
                "UPDATE request SET state = 'wanted', job = NULL, sends = sends - 1 WHERE job = ? AND state = 'sent'",
                (job.id,),
            )
            self._db.execute("DELETE FROM job WHERE id = ?", (job.id,))

    def under_way(self) -> list[Job]:
        """Jobs that have not ended, as far as known, the oldest first."""
        rows = self._db.execute(
            "SELECT id, endpoint, remote, upload, size, begun FROM job WHERE done = 0 ORDER BY begun"
        )
        return [Job(*row) for row in rows]

    def finish(self, job: Job, settled: Iterable[Settled], rest: Lost) -> None:
        """Takes over what a job that has ended says of its requests; ``rest`` is what the unmentioned are lost to.

        A loss counts as a try: the request is wanted again until it was tried ``TRIES`` times. All or nothing.
        """
        with self._db:
            for each in settled:
                self._settle(each, job=job.id)
            left = self._db.execute("SELECT digest FROM request WHERE job = ? AND state = 'sent'", (job.id,)).fetchall()
            for (digest,) in left:
                self._settle(Settled(digest, rest), job=job.id)
            self._db.execute("UPDATE job SET done = 1 WHERE id = ?", (job.id,))

    def _settle(self, settled: Settled, job: str | None = None) -> None:
        """One request's end; a line about a request that is not of this job changes nothing."""
        mine = "digest = ? AND (? IS NULL OR (job = ? AND state = 'sent'))"
        of = (settled.digest, job, job)
        tokens = (settled.tokens.input, settled.tokens.output) if settled.tokens is not None else (None, None)
        if isinstance(settled.end, Answered):
            self._db.execute(
                "UPDATE request SET state = 'answered', job = NULL, status = ?, reply = ?, tokens_in = ?,"
                f" tokens_out = ?, cost = ? WHERE {mine}",
                (settled.end.status, settled.end.body, *tokens, settled.cost, *of),
            )
            return
        self._db.execute(
            "UPDATE request SET state = CASE WHEN tries + 1 >= ? THEN 'lost' ELSE 'wanted' END, tries = tries + 1,"
            f" job = NULL, code = ?, message = ? WHERE {mine}",
            (TRIES, settled.end.code, settled.end.message, *of),
        )

    # --- facts --------------------------------------------------------------------------------------------------

    @property
    def most_per_job(self) -> int | None:
        """Requests that the provider was found to take in one job; None where no limit was met."""
        row = self._db.execute("SELECT value FROM fact WHERE name = 'most_per_job'").fetchone()
        return int(row[0]) if row is not None else None

    def limit_jobs(self, most: int) -> None:
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO fact VALUES ('most_per_job', ?)", (str(most),))
