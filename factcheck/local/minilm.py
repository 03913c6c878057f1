"""The embedded sentence embedder: all-MiniLM-L6-v2 (English) as int8 ONNX, without torch and without a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from itertools import pairwise
from math import ceil
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.local.loading import manifest_of, processors, session_of, verified

WEIGHTS = Path(__file__).parent / "weights" / "minilm"
_FEW = 4  # texts, as of one claim, that are not worth starting threads for
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
        self._manifest = manifest_of(folder, "window")
        self._threads = threads or processors()
        self._loading = Lock()
        self.name = f"minilm-{POOLING}-{self._manifest['files']['model.onnx'][:8]}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row per text. Raises ConfigError where the model's files are damaged."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        with self._loading:
            model = self._model
        if len(texts) <= _FEW:
            return np.stack([model.vector(text) for text in texts])
        with ThreadPoolExecutor(self._threads) as pool:
            return np.stack(list(pool.map(model.vector, texts)))

    @cached_property
    def _model(self) -> _Model:
        return _Model(self._folder, self._manifest)


@cache
def embedded() -> MiniLM:
    """The embedder that ships, one for the process: it takes a quarter of a second to load and 100 MB."""
    return MiniLM()


class _Model:
    """The loaded model. It reads one text at a time: int8 arithmetic scales to the whole batch, so that in a batch a
    vector would depend on its neighbours, and padding costs more than batching gains.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        from tokenizers import Tokenizer

        self._session = session_of(verified(folder, manifest, "model.onnx"))
        self._tokenizer = Tokenizer.from_str(verified(folder, manifest, "tokenizer.json").decode())
        self._first, self._last = self._tokenizer.encode("").ids
        self._window: int = manifest["window"]

    def vector(self, text: str) -> NDArray[np.float32]:
        tokens = self._tokenizer.encode(text, add_special_tokens=False).ids
        windows = list(self._windows(tokens))
        vectors = [self._read(window) for window in windows]
        lengths = [len(window) for window in windows]
        single = len(windows) == 1  # its own mean, which NumPy takes a while to find out
        mean = vectors[0].astype(np.float64) if single else np.average(vectors, axis=0, weights=lengths)
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
