"""One question to a scripted server, and everything that came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from factcheck.errors import ModelError
from factcheck.llm import LangChainChat, connect
from factcheck.models import StageUsage
from factcheck.protocols import Prompt
from factcheck.settings import Settings, load
from tests.servers import ScriptedServer

QUESTION = Prompt("judge", "You judge claims.", "Is the claim true?")
GOOD: dict[str, Any] = {"label": "supported", "why": "it says so"}


class Answer(BaseModel):
    label: Literal["supported", "contradicted"]
    why: str = Field(max_length=40)


EXPECTED = Answer(label="supported", why="it says so")
Check = Callable[[Answer], None]


@dataclass(frozen=True)
class Asked:
    """``came`` is the answer or the error."""

    came: Answer | ModelError
    usage: dict[str, StageUsage]
    cost: float | None
    parameters: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def error(self) -> tuple[str, str]:
        """Class and code of the error that came."""
        assert isinstance(self.came, ModelError), f"no error, but {self.came}"
        return type(self.came).__name__, self.came.code


def settings_for(server: ScriptedServer | str, **given: Any) -> Settings:
    """Settings for a test: no cache unless a folder for it is given, and a deadline a test can wait for."""
    url = server if isinstance(server, str) else server.url
    cached: dict[str, Any] = {"cache": isinstance(given.get("cache_dir"), Path)}
    return load(**{"base_url": url, "model": "scripted-1", "deadline_s": 5.0, **cached, **given})


async def connected(server: ScriptedServer | str, **given: Any) -> LangChainChat:
    return await connect(settings_for(server, **given), backoff_s=0.01)


async def put(chat: LangChainChat, prompt: Prompt = QUESTION, check: Check | None = None) -> Answer | ModelError:
    """The answer, or the error instead of raising it."""
    try:
        return await chat.ask(prompt, Answer, check)
    except ModelError as error:
        return error


def ask(
    server: ScriptedServer | str, *, times: int = 1, prompt: Prompt = QUESTION, check: Check | None = None, **given: Any
) -> Asked:
    """Asks ``times`` times in a row in one session; ``came`` is what came last."""

    async def session() -> Asked:
        chat = await connected(server, **given)
        try:
            for _ in range(times):
                came = await put(chat, prompt, check)
            return Asked(came, chat.usage(), chat.cost(), chat.parameters, chat.notes)
        finally:
            await chat.aclose()

    return asyncio.run(session())
