"""Small real objects to hand in where the real one would need a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.protocols import Answer, Prompt


class FakeChat:
    """A chat model that gives the queued answers in order (dicts, or errors to raise) and keeps every prompt.

    An answer is validated as the real one's would be; one that fails ``check`` raises the check's ValueError at once.
    """

    def __init__(self, *answers: dict[str, Any] | Exception | Callable[[Prompt], dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.history: list[Prompt] = []

    async def ask(self, prompt: Prompt, schema: type[Answer], check: Callable[[Answer], None] | None = None) -> Answer:
        self.history.append(prompt)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        parsed = schema.model_validate(answer(prompt) if callable(answer) else answer)
        if check is not None:
            check(parsed)
        return parsed


class FakeEmbedder:
    """Bags of words hashed into a unit vector: texts that share words are near. Keeps every text it embedded."""

    def __init__(self, name: str = "fake-1", dimension: int = 64) -> None:
        self.name = name
        self.dimension = dimension
        self.history: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.history += texts
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [text]:
                seed = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
                row += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
            row /= np.linalg.norm(row)
        return rows
