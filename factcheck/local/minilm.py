"""The embedded sentence embedder: all-MiniLM-L6-v2 (English) as int8 ONNX, without torch and without a network."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from math import ceil
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.errors import ConfigError

WEIGHTS = Path(__file__).parent / "weights" / "minilm"
POOLING = 1  # changes whenever the code below would give other vectors


class MiniLM:
    """An ``Embedder``: 384 dimensions, about 60 passages of 600 characters a second and core.

    A text's vector depends on that text alone, never on what else is embedded with it. A text longer than the
    model's window is embedded as the mean of its windows. Safe to use from several threads.
    """

    dimension = 384

    def __init__(self, folder: Path = WEIGHTS, *, threads: int | None = None) -> None:
        """``threads`` is how many texts are embedded at once; by default one per processor at hand.

        The model is loaded by the first ``embed``. Raises ConfigError where its files are missing.
        """
        self._folder = folder
        self._manifest = _manifest(folder)
        self._threads = threads or _processors()
        self._loading = Lock()
        self.name = f"minilm-{POOLING}-{self._manifest['files']['model.onnx'][:8]}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row per text. Raises ConfigError where the model's files are damaged."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        with self._loading:
            model = self._model
        if len(texts) == 1:
            return model.vector(texts[0])[np.newaxis]
        with ThreadPoolExecutor(self._threads) as pool:
            return np.stack(list(pool.map(model.vector, texts)))

    @cached_property
    def _model(self) -> _Model:
        return _Model(self._folder, self._manifest)


class _Model:
    """The loaded model. It reads one text at a time: int8 arithmetic scales to the whole batch, so that in a batch a
    vector would depend on its neighbours, and padding costs more than batching gains.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        onnxruntime.set_default_logger_severity(3)
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        weights = _verified(folder, manifest, "model.onnx")
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_str(_verified(folder, manifest, "tokenizer.json").decode())
        self._first, self._last = self._tokenizer.encode("").ids
        self._window: int = manifest["window"]

    def vector(self, text: str) -> NDArray[np.float32]:
        tokens = self._tokenizer.encode(text, add_special_tokens=False).ids
        windows = list(self._windows(tokens))
        mean = np.average([self._read(window) for window in windows], axis=0, weights=[len(w) for w in windows])
        unit: NDArray[np.float32] = (mean / np.linalg.norm(mean)).astype(np.float32)
        return unit

    def _windows(self, tokens: list[int]) -> Iterator[list[int]]:
        """The tokens in as few windows as hold them, all about as long, framed as the model expects."""
        count = max(1, ceil(len(tokens) / (self._window - 2)))
        edges = [len(tokens) * i // count for i in range(count + 1)]
        for start, end in pairwise(edges):
            yield [self._first, *tokens[start:end], self._last]

    def _read(self, window: list[int]) -> NDArray[np.float32]:
        ids = np.array([window], dtype=np.int64)
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        vector: NDArray[np.float32] = vectors[0]
        return vector


def _processors() -> int:
    """Those this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
        manifest["files"]["model.onnx"], manifest["files"]["tokenizer.json"], manifest["window"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / "manifest.json", "cannot be read") from error
    return manifest


def _verified(folder: Path, manifest: dict[str, Any], name: str) -> bytes:
    """The bytes of a file, as they were when the model was made."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise _damaged(folder / name, "cannot be read") from error
    if hashlib.sha256(content).hexdigest() != manifest["files"][name]:
        raise _damaged(folder / name, "is damaged")
    return content


def _damaged(path: Path, what: str) -> ConfigError:
    return ConfigError(f"{path}: the embedded model {what}; install factcheck again")
