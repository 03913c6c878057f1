"""The published form of a report: its JSON Schema, and writing and reading the JSON."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from factcheck.errors import ConfigError
from factcheck.models import SCHEMA_VERSION, Report


def report_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of ``Report`` as ``to_json`` writes it."""
    schema = Report.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:factcheck:report:{SCHEMA_VERSION}",
        **schema,
    }


def to_json(report: Report) -> str:
    return report.model_dump_json(indent=2) + "\n"


def read_report(path: Path) -> Report:
    """The report in a file, its accounts and citations checked again. Raises ConfigError saying what is wrong."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: not a factcheck report ({where or 'report'}: {first['msg']})") from error


def write_whole(path: Path, text: str) -> None:
    """Writes all of ``text`` or leaves the file as it was: temporary file beside it, fsync, rename."""
    handle, name = tempfile.mkstemp(dir=path.parent or Path(), prefix=f".{path.name[:50]}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
