"""The sums of a batch and its table: per document the claims, labels, failures, cost, time and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from factcheck.batch.records import STATUSES, Row
from factcheck.models import Totals
from factcheck.report.markdown import code, escaped
from factcheck.report.words import counted

SUMMARY_STARTS = "# Batch"

HEADINGS = (
    "document",
    "status",
    "claims",
    "supported",
    "contradicted",
    "unverifiable",
    "failed",
    "cost",
    "seconds",
    "reason",
)


@dataclass(frozen=True)
class Sums:
    """All documents together. ``cost_usd`` is None where the price of any is unknown.

    ``documents`` counts by status; ``sentences_failed`` are those that nobody split into claims.
    """

    documents: dict[str, int]
    claims: int
    supported: int
    contradicted: int
    unverifiable: int
    failed: int
    sentences_failed: int
    calls: int
    cached: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None

    @property
    def told(self) -> str:
        """How many documents ended how, in words."""
        kinds = [f"{count} {status}" for status in STATUSES if (count := self.documents.get(status))]
        return ", ".join(kinds) or "none"


def sums_of(rows: Iterable[Row]) -> Sums:
    """The sums of the rows, each a document's newest."""
    sums: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    cost: float | None = 0.0
    for row in rows:
        documents[row.status] += 1
        work = {"calls": row.calls, "cached": row.cached, "in": row.input_tokens, "out": row.output_tokens}
        sums.update(work)
        sums.update(row.totals.model_dump() if row.totals is not None else {})
        cost = None if cost is None or row.cost_usd is None else cost + row.cost_usd
    return Sums(
        documents=dict(documents),
        claims=sums["claims"],
        supported=sums["supported"],
        contradicted=sums["contradicted"],
        unverifiable=sums["unverifiable"],
        failed=sums["failed"],
        sentences_failed=sums["sentences_failed"],
        calls=sums["calls"],
        cached=sums["cached"],
        input_tokens=sums["in"],
        output_tokens=sums["out"],
        cost_usd=None if cost is None else round(cost, 6),
    )


def money(cost_usd: float | None) -> str:
    """Dollars and cents, finer where it is little; says so where the price is unknown."""
    if cost_usd is None:
        return "price unknown"
    return f"${cost_usd:.2f}" if cost_usd >= 1 or cost_usd == 0 else f"${cost_usd:.4f}"


def table(rows: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    """A row of words for each document that was to be read, and one for the sums; see ``HEADINGS``.

    The words of documents are as they are: whoever shows them sees to it that they are only text.
    """
    all_rows = [row for row in rows if row.status != "skipped"]
    for row in all_rows:
        claims = _claims(row.totals) if row.totals is not None else ("",) * 5
        yield (row.document, row.status, *claims, money(row.cost_usd), f"{row.seconds:.1f}", row.reason)
    sums = sums_of(all_rows)
    counts = (sums.claims, sums.supported, sums.contradicted, sums.unverifiable, sums.failed)
    seconds = sum(row.seconds for row in all_rows)
    total = counted(len(all_rows), "document")
    yield (total, sums.told, *map(str, counts), money(sums.cost_usd), f"{seconds:.1f}", "")


def _claims(totals: Totals) -> tuple[str, ...]:
    counts = (totals.claims, totals.supported, totals.contradicted, totals.unverifiable, totals.failed)
    return tuple(map(str, counts))


def summary_markdown(rows: Iterable[Row], *, coverage: str = "") -> str:
    """The whole output folder on one page: the table, what was skipped and why, and ``coverage``, a section."""
    all_rows = sorted(rows, key=lambda row: row.name)
    sums = sums_of(all_rows)
    *lines, total = table(all_rows)
    parts = [
        SUMMARY_STARTS,
        f"{sums.told}. Model calls: {sums.calls} (answered from kept replies: {sums.cached});"
        f" tokens: {sums.input_tokens} read, {sums.output_tokens} written; cost: {money(sums.cost_usd)}.",
        "\n".join(
            [
                _line(HEADINGS),
                _line(["---", "---", *["---:"] * 7, "---"]),
                *(_line([code(name).replace("|", "\\|"), *counts, escaped(reason)]) for name, *counts, reason in lines),
                _line(total),
            ]
        ),
    ]
    skipped = [f"- {code(row.document)}: {escaped(row.reason)}" for row in all_rows if row.status == "skipped"]
    if skipped:
        parts += ["## Not read", "\n".join(skipped)]
    return "\n\n".join([*parts, *([coverage.rstrip()] if coverage else [])]) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
