"""The list of a folder: every report with its sums and how far its review has come."""

from __future__ import annotations

from dataclasses import dataclass

from factcheck.errors import ConfigError
from factcheck.models import Totals
from factcheck.review.folder import Folder, Found, Summary


@dataclass(frozen=True)
class Row:
    """``error`` says why there is nothing more to tell; ``totals`` is None for such a row and for one not read yet."""

    id: str
    name: str
    title: str
    totals: Totals | None
    reviewed: int
    warnings: int
    error: str

    @property
    def is_read(self) -> bool:
        return self.totals is not None or bool(self.error)

    @property
    def waiting(self) -> int:
        """Claims without a decision."""
        return 0 if self.totals is None else self.totals.claims - self.reviewed


@dataclass(frozen=True)
class Listing:
    """``others`` counts JSON files that hold no report and are not listed."""

    folder: str
    rows: tuple[Row, ...]
    others: int

    @property
    def unread(self) -> int:
        return sum(not row.is_read for row in self.rows)

    @property
    def claims(self) -> int:
        return sum(row.totals.claims for row in self.rows if row.totals is not None)

    @property
    def reviewed(self) -> int:
        return sum(row.reviewed for row in self.rows)


def listing(folder: Folder, *, patience_s: float | None) -> Listing:
    """The folder as far as it could be read in this time (None: all of it)."""
    files = folder.reports()
    summaries = folder.summaries(files, patience_s=patience_s)
    others = {name for name, summary in summaries.items() if summary.is_other}
    return Listing(
        folder=folder.name,
        rows=tuple(_row(folder, file, summaries.get(file.id)) for file in files if file.id not in others),
        others=len(others),
    )


def _row(folder: Folder, file: Found, summary: Summary | None) -> Row:
    if summary is None:
        return Row(file.id, file.name, "", None, 0, 0, "")
    if summary.error:
        return Row(file.id, file.name, "", None, 0, 0, summary.error)
    try:
        decided = folder.decided(summary)
    except ConfigError as error:
        return Row(file.id, file.name, summary.title, None, 0, 0, str(error))
    reviewed = sum(decided.is_reviewed(claim) for claim in summary.claims)
    return Row(file.id, file.name, summary.title, summary.totals, reviewed, summary.warnings, "")
