"""The embedded judge model: reads a premise and a claim together and says what the one says of the other.

A MiniLM cross-encoder trained by ``training/`` on free public sets, int8 ONNX; its model card says what it gets wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.local.loading import manifest_of, processors, session_of, verified
from factcheck.local.minilm import WEIGHTS as EMBEDDER

WEIGHTS = Path(__file__).parent / "weights" / "judge"
MODEL = "judge.onnx"
LABELS = ("supported", "contradicted", "unverifiable")  # the columns of what it says
_KEPT = 20_000  # pairs whose answer is remembered


class PairModel:
    """Says of (premise, claim) pairs how far the premise supports, contradicts, or does not settle the claim.

    What it says of a pair depends on that pair alone. It is loaded by the first question. Safe to use from several
    threads.
    """

    def __init__(self, folder: Path = WEIGHTS, *, threads: int | None = None) -> None:
        """``threads`` is how many pairs are read at once; by default one per processor at hand.

        Raises ConfigError where the model's files are missing.
        """
        self._folder = folder
        self._manifest = manifest_of(folder, "window", "decision", "likeliest", "of_two", file=MODEL)
        self._threads = threads or processors()
        self._loading = Lock()
        self.decision: dict[str, Any] = self._manifest["decision"]
        self.likeliest: dict[str, Any] = self._manifest["likeliest"]
        self.of_two: dict[str, float] = self._manifest["of_two"]
        self.name = f"judge-{self._manifest['files'][MODEL][:8]}"

    def logits(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Shape (len(pairs), 3), in the order of ``LABELS``. Raises ConfigError where the model's files are damaged."""
        if not pairs:
            return np.empty((0, len(LABELS)), dtype=np.float32)
        with self._loading:
            model = self._model
        if len(pairs) == 1:
            return model.logits(*pairs[0])[np.newaxis]
        return np.stack(list(self._pool.map(lambda pair: model.logits(*pair), pairs)))

    @cached_property
    def _model(self) -> _Model:
        return _Model(self._folder, self._manifest)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="factcheck-judge")


@cache
def embedded() -> PairModel:
    """The model that ships, one for the process."""
    return PairModel()


class _Model:
    """The loaded model. It reads one pair at a time, as int8 arithmetic would make a pair's answer depend on its batch;
    several at once in threads are also faster than a padded batch.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        from tokenizers import Tokenizer

        self._session = session_of(verified(folder, manifest, MODEL))
        embedder = manifest_of(EMBEDDER)
        self._tokenizer = Tokenizer.from_str(verified(EMBEDDER, embedder, "tokenizer.json").decode())
        self._first, self._last = self._tokenizer.encode("").ids
        self._window: int = manifest["window"]
        self.logits = lru_cache(_KEPT)(self._logits)

    def _logits(self, premise: str, claim: str) -> NDArray[np.float32]:
        said = self._tokens(claim)[: self._window // 2]
        shown = self._tokens(premise)[: self._window - 3 - len(said)]
        ids = np.array([[self._first, *shown, self._last, *said, self._last]], dtype=np.int64)
        kinds = np.zeros_like(ids)
        kinds[0, len(shown) + 2 :] = 1
        (found,) = self._session.run(
            None, {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}
        )
        logits: NDArray[np.float32] = found[0].astype(np.float32)
        logits.flags.writeable = False  # it is remembered
        return logits

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids
