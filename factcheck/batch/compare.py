"""Two runs side by side: two reports, or two folders of reports, read a document at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from factcheck.batch.records import INDEX, Row, read_rows
from factcheck.errors import ConfigError
from factcheck.models import Report
from factcheck.report.diff import Difference, DocumentDiff, Side, compare_reports, one_sided
from factcheck.report.schema import read_report


def compare(old: Path, new: Path) -> Difference:
    """What changed from one run to another: two reports' JSON, or two folders that ``factcheck batch`` wrote (folders
    of reports without its index will do).

    Raises ConfigError naming the file that cannot be read.
    """
    if old.is_dir() != new.is_dir() and old.exists() and new.exists():
        raise ConfigError(
            f"{old if new.is_dir() else new}: a report against a folder; give two reports, or two folders"
        )
    if not old.is_dir():
        before, after = _report(old), _report(new)
        documents = [compare_reports(after.document.source, before, after)]
    else:
        documents = list(_documents(old, new))
    return Difference(old=str(old), new=str(new), documents=tuple(documents))


@dataclass(frozen=True)
class _Entry:
    """A document in a folder of reports: where its report is, or why there is none.

    ``is_skipped``: it is not there any more, or nothing that is read.
    """

    document: str
    report: Path | None
    trouble: str = ""
    is_skipped: bool = False


def _documents(old: Path, new: Path) -> Iterator[DocumentDiff]:
    before, after = _entries(old), _entries(new)
    for name in sorted({*before, *after}):
        one, two = before.get(name), after.get(name)
        if _side(one) == _side(two) == "absent":
            continue
        was, now = _opened(one), _opened(two)
        shown = next(entry.document for entry in (two, one) if entry is not None)
        if was is not None and now is not None:
            yield compare_reports(shown, was, now)
        else:
            trouble = next((entry.trouble for entry in (two, one) if entry is not None and entry.trouble), "")
            yield one_sided(shown, old=was, new=now, trouble=trouble, was=_side(one), now=_side(two))


def _opened(entry: _Entry | None) -> Report | None:
    return _report(entry.report) if entry is not None and entry.report is not None else None


def _report(path: Path) -> Report:
    try:
        return read_report(path)
    except RecursionError as error:
        raise ConfigError(f"{path}: not a factcheck report (nested too deeply)") from error


def _side(entry: _Entry | None) -> Side:
    if entry is None or entry.is_skipped:
        return "absent"
    return "error" if entry.report is None else "report"


def _entries(folder: Path) -> dict[str, _Entry]:
    """The documents of a run, by a name that no other has. Raises ConfigError for a folder that holds no report."""
    if (folder / INDEX).is_file():
        return {name: _of_row(folder, row) for name, row in read_rows(folder / INDEX).items()}
    found = {name: _Entry(name, folder / f"{name}.json") for name in _names(folder)}
    if not found:
        raise ConfigError(f"{folder}: holds no report; give the folder that factcheck batch --out wrote")
    return found


def _of_row(folder: Path, row: Row) -> _Entry:
    if row.status in ("done", "partial") and row.report is not None:
        return _Entry(row.document, folder / row.report)
    return _Entry(row.document, None, f"{row.status}: {row.reason}", is_skipped=row.status == "skipped")


def _names(folder: Path) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(root, name)
            if name.endswith(".json") and not name.startswith(".") and path.is_file() and _may_be_report(path):
                yield path.relative_to(folder).as_posix().removesuffix(".json")


def _may_be_report(path: Path) -> bool:
    """Whether JSON of a folder without an index says that it is a report: other JSON may lie beside reports."""
    try:
        with path.open("rb") as file:
            return b'"schema_version"' in file.read(200)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
