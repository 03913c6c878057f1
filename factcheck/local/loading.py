"""Opens an embedded model's files: each as it was when the model was made, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factcheck.errors import ConfigError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MANIFEST = "manifest.json"
WEIGHTS = Path(__file__).parent / "weights"


def manifest_of(folder: Path, *needed: str, file: str = "model.onnx") -> dict[str, Any]:
    """What the folder says of its model: ``needed`` and the sha256 of its files, with ``file``, or ConfigError."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        for name in needed:
            manifest[name]
        manifest["files"][file]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / MANIFEST, "cannot be read") from error
    return manifest


def digests() -> dict[str, str]:
    """The sha256 of every file of the embedded models, as their manifests state it and their loading checks it."""
    found: dict[str, str] = {}
    for manifest in sorted(WEIGHTS.glob(f"*/{MANIFEST}")):
        files = json.loads(manifest.read_bytes())["files"]
        found |= {f"{manifest.parent.name}/{name}": digest for name, digest in sorted(files.items())}
    return found


def verified(folder: Path, manifest: dict[str, Any], name: str) -> bytes:
    """The bytes of a file, as they were when the model was made. Raises ConfigError where they are not."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise _damaged(folder / name, "cannot be read") from error
    if hashlib.sha256(content).hexdigest() != manifest["files"][name]:
        raise _damaged(folder / name, "is damaged")
    return content


def session_of(weights: bytes) -> InferenceSession:
    """A session that computes in the calling thread alone, so that several texts can be read at once."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else importing it leaves a device id in the user's cache
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def processors() -> int:
    """Those this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _damaged(path: Path, what: str) -> ConfigError:
    return ConfigError(f"{path}: the embedded model {what}; install factcheck again")
