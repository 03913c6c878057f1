"""Results as files: JSON, packed where the name ends in ``.gz``; written whole or not at all."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from pydantic import ValidationError

from eval.records import Result
from factcheck.errors import ConfigError
from factcheck.report.schema import write_whole


def write(path: Path, result: Result) -> None:
    """Writes a result; the same result gives the same bytes. Raises ConfigError."""
    data = f"{result.model_dump_json(indent=1)}\n".encode()
    write_whole(path, gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def read(path: Path) -> Result:
    """A result from its file. Raises ConfigError naming the file where it is not one."""
    try:
        data = path.read_bytes()
        return Result.model_validate_json(gzip.decompress(data) if path.suffix == ".gz" else data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"{path}: not a result of eval run ({where}: {first['msg']})") from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be read as a result ({reason})") from error
