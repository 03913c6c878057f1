"""The published form of a report: its JSON Schema, and writing and reading the JSON."""

from __future__ import annotations

import hashlib
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
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    return parse_report(content, path)


def parse_report(content: bytes, path: Path) -> Report:
    """As ``read_report``, for bytes at hand; ``path`` is only named in errors."""
    try:
        report = Report.model_validate_json(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        version = next((e["input"] for e in problems if e["loc"] == ("schema_version",)), None)
        if version is not None:
            raise ConfigError(
                f"{path}: a report of schema {version}, and this factcheck reads {SCHEMA_VERSION};"
                " check the document again"
            ) from error
        where, what = ".".join(map(str, problems[0]["loc"])), problems[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{path}: not a factcheck report ({where or 'report'}: {what})") from error
    if hashlib.sha256(report.document.text.encode()).hexdigest() != report.provenance.document_sha256:
        raise ConfigError(f"{path}: the document's text was changed after the check (its sha256 is another)")
    return report


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes all of ``content`` or leaves the file as it was: temporary file beside it, fsync, rename.

    A link is followed, a device or a pipe is written to and never replaced. Raises ConfigError.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror or error})") from error


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
