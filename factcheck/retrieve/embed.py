"""From an embedder's name to an embedder: the embedded one, or an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.errors import ConfigError, ModelError, ModelUnavailable
from factcheck.protocols import Embedder
from factcheck.settings import Settings

_TEXTS_PER_CALL = 128


def embedder_named(name: str, settings: Settings) -> Embedder:
    """``minilm`` is embedded; ``openai:NAME`` is asked for at ``settings.base_url`` and answers at once or raises.

    Raises ConfigError for any other name, ModelUnavailable where the endpoint gives no vectors.
    """
    if name == "minilm":
        from factcheck.local.minilm import embedded

        return embedded()
    provider, _, model = name.partition(":")
    if provider == "openai" and model:
        return Endpoint(model, settings)
    raise ConfigError(f"no embedder is called {name!r}: use minilm, or openai:NAME for an embeddings endpoint")


def warm(embedder: Embedder) -> None:
    """Loads the embedded model, so that the first search need not wait for it; an endpoint is left in peace."""
    if not isinstance(embedder, Endpoint):
        embedder.embed([" "])


def reads(embedder: Embedder, language: str) -> bool:
    """Whether an embedder was trained on a language; of an endpoint's models it is assumed of every one."""
    return not embedder.name.startswith("minilm") or language in ("en", "und")


class Endpoint:
    """An ``Embedder`` that asks ``/v1/embeddings``; a first text finds out how many dimensions it gives."""

    def __init__(self, model: str, settings: Settings) -> None:
        from langchain_openai import OpenAIEmbeddings
        from openai import OpenAIError

        self.name = f"openai:{model}"
        keyless = "none" if settings.base_url is not None else None  # a server of one's own may ask for no key
        try:
            self._client: Any = OpenAIEmbeddings(
                model=model,
                openai_api_base=settings.base_url,
                openai_api_key=settings.api_key or keyless,
                request_timeout=settings.deadline_s,
                max_retries=settings.retries,
                chunk_size=_TEXTS_PER_CALL,
                check_embedding_ctx_length=False,  # else it sends token numbers, which only OpenAI itself reads
            )
        except OpenAIError as error:
            raise ModelUnavailable(
                "not_authorized", f"{self.name}: no key: set OPENAI_API_KEY, or OPENAI_BASE_URL for another server"
            ) from error
        self.dimension = 0
        try:
            self.dimension = self._asked(["dimension"]).shape[1]
        except ModelError as error:
            raise ModelUnavailable(error.code, str(error)) from error

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row per text. Raises ModelError, or ModelUnavailable where every call would fail."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = self._asked(list(texts))
        if vectors.shape[1] != self.dimension:
            raise self._malformed(f"{vectors.shape[1]} dimensions where it gave {self.dimension} before")
        return vectors

    def _asked(self, texts: list[str]) -> NDArray[np.float32]:
        from openai import OpenAIError

        try:
            answer = self._client.embed_documents(texts)
        except OpenAIError as error:
            raise _translated(self.name, error) from error
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise self._malformed(f"no vectors ({type(error).__name__})") from error
        return self._unit_vectors(answer, len(texts))

    def _unit_vectors(self, answer: list[list[float]], count: int) -> NDArray[np.float32]:
        try:
            vectors = np.array(answer, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise self._malformed("vectors of different lengths") from error
        if vectors.ndim != 2 or len(vectors) != count or not vectors.shape[1]:
            raise self._malformed(f"{len(answer)} vectors for {count} texts")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise self._malformed("vectors without a direction")
        unit: NDArray[np.float32] = (vectors / lengths).astype(np.float32)
        return unit

    def _malformed(self, what: str) -> ModelError:
        return ModelError("malformed", f"{self.name}: the embeddings endpoint answered {what}")


def _translated(name: str, error: Exception) -> ModelError:
    """The error in our terms, its message without anything the server sent back (it may repeat the key)."""
    import openai

    if isinstance(error, openai.APITimeoutError):
        return ModelError("timeout", f"{name}: the embeddings endpoint did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return ModelUnavailable("model_unreachable", f"{name}: nobody answers at the address of the endpoint")
    if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
        return ModelUnavailable("not_authorized", f"{name}: the key is missing or wrong")
    if isinstance(error, openai.NotFoundError):
        return ModelUnavailable("model_error", f"{name}: the server has no such embedding model, or no /v1/embeddings")
    if isinstance(error, openai.RateLimitError):
        if error.code == "insufficient_quota":
            return ModelUnavailable("quota_exhausted", f"{name}: the provider says the account is spent")
        return ModelError("rate_limited", f"{name}: still too many requests after every retry")
    if isinstance(error, openai.APIStatusError) and error.status_code in (502, 503, 504):
        return ModelError("model_unreachable", f"{name}: the endpoint is down (status {error.status_code})")
    if isinstance(error, openai.APIStatusError):
        return ModelError("model_error", f"{name}: the embeddings endpoint answered with status {error.status_code}")
    return ModelError("model_error", f"{name}: the embeddings endpoint failed ({type(error).__name__})")
