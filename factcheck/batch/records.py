"""What became of each document of a batch: the lines of ``index.jsonl``, of which a document's newest counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from factcheck.errors import ConfigError
from factcheck.models import FailureCode, Record, Report, Text, Totals
from factcheck.report.words import counted

INDEX = "index.jsonl"

Status = Literal["done", "partial", "error", "skipped"]
STATUSES: tuple[Status, ...] = ("done", "partial", "error", "skipped")

PASSING: frozenset[FailureCode] = frozenset(
    {
        "model_error",
        "model_unreachable",
        "not_authorized",
        "quota_exhausted",
        "rate_limited",
        "timeout",
        "budget_exhausted",
        "store_unreachable",
        "store_damaged",
    }
)  # failures that another run may not meet; the others would come again


class Row(Record):
    """The end of one document: a report, a report that holds failures, none, or nothing that is read.

    ``reason`` is "" for done, else "code: message". ``key`` is what decided the verdicts besides the document (see
    ``engine.key_of``); with it, ``document_sha256`` (of the file's bytes) and ``report_sha256`` a later run knows
    whether there is anything left to do. Usage is what this run paid; ``seconds`` is wall time, ``at`` the end.
    """

    document: Text  # posix path below the folder; U+FFFD where it is no UTF-8
    name_bytes: str | None = None  # hex, and only where the name is no UTF-8
    report: str | None  # posix path below the output folder
    status: Status
    reason: Text
    document_sha256: str | None
    key: str
    report_sha256: str | None
    totals: Totals | None
    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0  # None where the price is unknown
    seconds: float = Field(0.0, ge=0)
    at: datetime

    @property
    def name(self) -> str:
        """Names the document among all others, also where two undecodable names look the same."""
        return self.name_bytes or self.document

    @property
    def code(self) -> str:
        return self.reason.partition(":")[0]

    @property
    def is_settled(self) -> bool:
        """Whether doing the same again would come to the same end; the rest is done again by the next run."""
        return self.status == "done" or (self.status == "partial" and self.code not in PASSING)

    def tells(self) -> Mapping[str, Any]:
        """All but what differs from one run to the next that ends the same way."""
        return self.model_dump(exclude={"at", "seconds"})


def read_rows(path: Path) -> dict[str, Row]:
    """The newest row of each document, by ``Row.name``; a line that was cut off counts as not written.

    Raises ConfigError where the file cannot be read.
    """
    try:
        *lines, _ = path.read_bytes().split(b"\n")  # what does not end is cut off
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
    return newest(_rows(lines))


def newest(rows: Iterable[Row]) -> dict[str, Row]:
    """The last row of each document, by ``Row.name``, in the order of their names."""
    found = {row.name: row for row in rows}
    return dict(sorted(found.items()))


def _rows(lines: Iterable[bytes]) -> Iterable[Row]:
    for line in lines:
        try:
            yield Row.model_validate_json(line)
        except ValidationError:  # cut off by a kill or a full disk: that document is done again
            continue


def trouble_of(report: Report) -> str:
    """Nothing for a report that lacks nothing, else "code: what failed"; a failure that may pass is named first."""
    codes = [outcome.failure.code for outcome in report.outcomes if outcome.failure is not None]
    codes += [failure.code for failure in report.failures]
    if not codes:
        return _unfinished_search(report)
    order = sorted(dict.fromkeys(codes), key=lambda code: (code not in PASSING, -codes.count(code), code))
    of = {"claim": report.totals.failed, "sentence": report.totals.sentences_failed}
    counts = " and ".join(counted(count, what) for what, count in of.items() if count)
    others = f" (also {', '.join(order[1:])})" if len(order) > 1 else ""
    return f"{order[0]}: {counts or 'a part'} failed{others}"


def _unfinished_search(report: Report) -> str:
    """What is missing where the store went away after a claim's passages were found: the wider look at the rest."""
    count = sum(
        outcome.search is not None and not outcome.search.looked_wider
        for outcome in report.outcomes
        if outcome.verdict is not None and outcome.verdict.label == "unverifiable"
    )
    return f"store_unreachable: no wider search for {counted(count, 'unverifiable claim')}" if count else ""
