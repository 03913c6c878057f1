"""Options that ``check`` and ``batch`` share: named, explained and read in one place."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from factcheck.errors import ConfigError


class FailOn(StrEnum):
    contradicted = "contradicted"
    unverifiable = "unverifiable"
    never = "never"


class EngineChoice(StrEnum):
    auto = "auto"
    llm = "llm"
    local = "local"


References = Annotated[
    Path | None,
    typer.Option("--references", "-r", help="Folder of references; kept indexed, so that the next run is quick."),
]
Store = Annotated[
    str | None,
    typer.Option(
        help="Store made by index (a folder), or http://host:port of a Chroma server. Default: .factcheck/store"
    ),
]
Engine = Annotated[EngineChoice | None, typer.Option(help="auto: the LLM where one is configured, else local.")]
Model = Annotated[str | None, typer.Option(help="provider:name, as LangChain's init_chat_model reads it.")]
BaseUrl = Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")]
AsOf = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day the text was written.")]
Failing = Annotated[
    FailOn, typer.Option(help="Exit 1 on a contradicted claim, on one not supported (unverifiable), or never.")
]
Passages = Annotated[int | None, typer.Option(help="Passages shown to the judge for one claim.")]
Concurrency = Annotated[int | None, typer.Option(help="Model calls under way at once.")]
MaxCalls = Annotated[int | None, typer.Option(help="Stop after this many model calls.")]
MaxCost = Annotated[float | None, typer.Option(help="Stop before spending more than this, in US dollars.")]
Embedder = Annotated[str | None, typer.Option(help="minilm (embedded), or openai:NAME.")]
SecondOpinion = Annotated[
    bool | None,
    typer.Option("--second-opinion", help="Let the embedded model look at the LLM's citations too, and warn."),
]
Withhold = Annotated[
    bool | None, typer.Option(help="Local engine: no label that is less sure than measured to be right.")
]
Cache = Annotated[bool | None, typer.Option(help="Keep validated replies, and answer the same request from them.")]


def day(text: str | None) -> date | None:
    """The day of ``--as-of``. Raises ConfigError."""
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise ConfigError("--as-of takes a day as YYYY-MM-DD") from None


def require_one_store(references: Path | None, store: str | None) -> None:
    """Raises ConfigError where both are given."""
    if references is not None and store is not None:
        raise ConfigError("give --references or --store, not both")
