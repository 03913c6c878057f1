"""Small real objects to hand in where the real one would need a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
