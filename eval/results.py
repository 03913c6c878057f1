"""Results as files: JSON, packed where the name ends in ``.gz``; written whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from pydantic import ValidationError

from eval.records import Result, SampleResult, Tier
from factcheck.errors import ConfigError
from factcheck.report.schema import write_whole

DIGEST = "sha256:"
_KEEPS_TEXT: frozenset[Tier] = frozenset({"own"})


def without_text(result: Result) -> Result:
    """The result without the words of other people's data: digests instead, by which samples can still be paired."""
    ours = {dataset.name for dataset in result.datasets if dataset.tier in _KEEPS_TEXT}

    def bare(sample: SampleResult) -> SampleResult:
        if sample.dataset in ours:
            return sample
        return sample.model_copy(
            update={"input": digest_of(sample.input), "about": digest_of(sample.about), "said": ""}
        )

    return result.model_copy(update={"samples": tuple(map(bare, result.samples))})


def digest_of(text: str) -> str:
    """What stands for a text where the text itself may not stand; of such a digest, itself."""
    if text.startswith(DIGEST):
        return text
    return f"{DIGEST}{hashlib.sha256(text.encode()).hexdigest()[:16]}"


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
