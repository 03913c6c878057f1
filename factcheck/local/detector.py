"""The embedded detector: says what a sentence is, from its vector, its words and the cues of its language.

A linear head trained by ``training/detector.py``; its model card says what it learned from and what it gets wrong.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from factcheck.language import statements
from factcheck.language.dates import dates
from factcheck.language.names import names
from factcheck.language.numbers import quantities
from factcheck.local import minilm
from factcheck.local.loading import manifest_of, verified
from factcheck.protocols import Embedder

WEIGHTS = Path(__file__).parent / "weights" / "detector"
HEAD = "head.npz"
BUCKETS = 1 << 15  # of hashed words and endings

Kind = Literal["claims", "opinion", "prediction", "question", "furniture", "no_claim"]
KINDS: tuple[Kind, ...] = get_args(Kind)  # the columns of what it says

_TOKEN = re.compile(r"\d+|\w+|[^\w\s]")
_ENDED = re.compile(r"[.!?…][\"'”“»«’)\]]*$")
_SAYS_I = {
    "en": re.compile(r"\b(?:I|[Mm]y|[Mm]e)\b"),
    "de": re.compile(r"\b(?:[Ii]ch|[Mm]eine?[rnsm]?|[Mm]ir|[Mm]ich)\b"),
}
_SAYS_WE = {
    "en": re.compile(r"\b(?:[Ww]e|[Oo]ur|us)\b"),
    "de": re.compile(r"\b(?:[Ww]ir|[Uu]ns(?:e?r\w*)?)\b"),
}


class Detector:
    """Tells sentences that claim something from opinions, forecasts, questions, page furniture and the rest.

    Knows the languages that :mod:`factcheck.language.statements` knows. What it says of a sentence depends on that
    sentence alone. Safe to use from several threads.
    """

    def __init__(self, folder: Path = WEIGHTS, embedder: Embedder | None = None) -> None:
        """Raises ConfigError where the head's files are missing or damaged."""
        manifest = manifest_of(folder, "least", file=HEAD)
        head = np.load(io.BytesIO(verified(folder, manifest, HEAD)))
        self._weights: NDArray[np.float32] = head["weights"].astype(np.float32)
        self._bias: NDArray[np.float32] = head["bias"].astype(np.float32)
        self._least: dict[str, float] = manifest["least"]
        self._embedder = embedder or minilm.embedded()

    def kinds(self, sentences: Sequence[str], language: str) -> list[Kind]:
        """What each sentence is. One that may claim something does, by the threshold of its language."""
        if not sentences:
            return []
        found = self.probabilities(sentences, language)
        likeliest = 1 + found[:, 1:].argmax(axis=1)
        claims = found[:, 0] >= self._least[language]
        return [KINDS[0] if claim else KINDS[other] for claim, other in zip(claims, likeliest, strict=True)]

    def probabilities(self, sentences: Sequence[str], language: str) -> NDArray[np.float32]:
        """Of each kind, shape (len(sentences), len(KINDS)), in the order of ``KINDS``."""
        texts = [bare(sentence, language) for sentence in sentences]
        vectors = self._embedder.embed(texts)
        logits = np.stack([self._logits(text, language, vector) for text, vector in zip(texts, vectors, strict=True)])
        exps = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: NDArray[np.float32] = exps / exps.sum(axis=1, keepdims=True)
        return found

    def _logits(self, text: str, language: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        hashed = buckets(text)
        worded = self._weights[hashed].sum(axis=0) * share(hashed)
        dense = np.concatenate([cues(text, language), vector]) @ self._weights[BUCKETS:]
        logits: NDArray[np.float32] = worded + dense + self._bias
        return logits


@cache
def embedded() -> Detector:
    """The detector that ships, loaded once for the whole process."""
    return Detector()


def bare(sentence: str, language: str) -> str:
    """The sentence without an opener that ties it to the one before: "However, …", "Remember: …"."""
    return statements.OPENERS[language].sub("", sentence)


def buckets(text: str) -> list[int]:
    """The places of the sentence's words, their beginnings and endings, and their neighbours; each place once."""
    return sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in _grams(text)})


def share(hashed: Sequence[int]) -> float:
    """What one bucket weighs, so that long sentences weigh as much as short ones."""
    return float(1 / np.sqrt(max(len(hashed), 1)))


def _grams(text: str) -> Iterator[str]:
    tokens = ["0" if token.isdigit() else token.lower() for token in _TOKEN.findall(text)]
    framed = ["^", *tokens, "$"]
    yield from (f"1 {token}" for token in tokens)
    yield from (" ".join(["2", *pair]) for pair in pairwise(framed))
    yield from (" ".join(["3", *triple]) for triple in zip(framed, framed[1:], framed[2:], strict=False))
    for word in tokens:
        if word.isalpha():
            yield from (f"-{word[-n:]}" for n in (2, 3, 4) if len(word) > n)
            yield from (f"{word[:n]}-" for n in (3, 4) if len(word) > n)


def cues(text: str, language: str) -> NDArray[np.float32]:
    """What can be told without weights: marks, length, numbers, names, and the patterns of the language's attitudes."""
    tokens = _TOKEN.findall(text)
    spoken = [token for token in tokens if token[0].isalpha()]
    capitals = sum(token[0].isupper() for token in spoken[1:])
    counted = bool(quantities(text, language))
    dated = bool(dates(text, language))
    named = bool(names(text, language))
    seen = [
        _ENDED.search(text) is not None,
        text.rstrip("\"'”“»«’)] ").endswith("?"),
        text.rstrip("\"'”“»«’)] ").endswith("!"),
        text.endswith(":"),
        "|" in text,
        any(mark in text for mark in '„“”"»'),
        any(char.isdigit() for char in text),
        counted,
        dated,
        named,
        counted + dated + named > 1,
        len(spoken) <= 3,
        len(spoken) <= 6,
        capitals / (len(spoken) + 1),
        _SAYS_I[language].search(text) is not None,
        _SAYS_WE[language].search(text) is not None,
        statements.FURNITURE.match(text) is not None,
        *(pattern.search(text) is not None for pattern in _attitudes(language)),
        any(pattern.search(text) for pattern in statements.OPINION[language]),
        any(pattern.search(text) for pattern in statements.PREDICTION[language]),
    ]
    return np.array(seen, dtype=np.float32)


def _attitudes(language: str) -> tuple[re.Pattern[str], ...]:
    return (statements.CONDITIONAL[language], statements.IMPERATIVE[language], statements.REPORTED[language])
