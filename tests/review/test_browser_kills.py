"""Killed while it saves: afterwards the file holds the old decision or the new one, and all that were acknowledged."""

from __future__ import annotations

import http.client
import random
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from factcheck.models import Label
from factcheck.reviews import read_reviews, report_digest, reviews_path, standings
from tests.report.samples import small_report
from tests.review.browser import RunningReview, written

LABELS: tuple[Label, ...] = ("supported", "contradicted", "unverifiable")
CLAIM = "s1.1"
_PATIENCE_S = 60.0


def test_ten_kills_while_saving_lose_no_acknowledged_decision(tmp_path: Path) -> None:
    _killed_while_saving(tmp_path, times=10)


@pytest.mark.slow
def test_a_hundred_kills_while_saving_lose_no_acknowledged_decision(tmp_path: Path) -> None:
    _killed_while_saving(tmp_path, times=100)


def _killed_while_saving(folder: Path, *, times: int) -> None:
    """Decides again and again about one claim; each server is killed at another moment of its saving."""
    report = written(small_report(), folder)
    digest = report_digest(report.read_bytes())
    chance = random.Random(times)
    before: Label | None = None
    lines = 0
    coming = RunningReview(report)
    coming.start()
    for turn in range(times):
        server, coming = coming, RunningReview(report)
        server.wait()
        if turn + 1 < times:
            coming.start()  # takes its time to start while this one is used
        session = _Session(server, digest)
        wanted: Label = LABELS[turn % 3]
        acknowledged = session.decide(wanted, kill_after_s=chance.uniform(0, 2) * session.seconds_a_page)

        file = read_reviews(report, digest)
        assert file.damaged == 0
        assert file.stale == 0
        standing = standings(file.reviews).get(CLAIM)
        now = standing.label if standing is not None else None
        assert now == wanted if acknowledged else now in (before, wanted)
        assert len(file.reviews) in ((lines + 1,) if acknowledged else (lines, lines + 1))
        before, lines = now, len(file.reviews)
    assert reviews_path(report).read_bytes().endswith(b"\n") or lines == 0


class _Session:
    """A client with the cookie of a server; knows how long an answer takes here, so that kills fall within one."""

    def __init__(self, server: RunningReview, digest: str) -> None:
        self._server = server
        self._digest = digest
        admitted = self._get(server.url.removeprefix(server.origin), cookie="")
        self._cookie = (admitted.getheader("set-cookie") or "").partition(";")[0]
        self._report = self._get("/", cookie=self._cookie).getheader("location") or ""
        assert self._report.startswith("/r/")
        started = time.perf_counter()
        assert self._get(f"{self._report}/claim?claim=1", cookie=self._cookie).status == 200
        self.seconds_a_page = time.perf_counter() - started

    def decide(self, label: Label, *, kill_after_s: float) -> bool:
        """Posts the decision and kills the server so much later; whether the server had answered that it is saved."""
        body = urlencode({"report": self._digest, "claim": "1", "decision": label})
        headers = {
            "Cookie": self._cookie,
            "Origin": self._server.origin,
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=_PATIENCE_S)
        killer = threading.Timer(kill_after_s, self._server.kill)
        killer.start()
        try:
            connection.request("POST", f"{self._report}/decision", body, headers)
            answer = connection.getresponse()
            return answer.status == 200 and b"Saved: claim 1" in answer.read()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            killer.join()
            connection.close()

    def _get(self, path: str, *, cookie: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=_PATIENCE_S)
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer
