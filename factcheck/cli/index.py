"""``factcheck index``: put references into a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factcheck.cli.door import LEFT_FAILURES, door, say


@door
def index(
    references: Annotated[list[Path], typer.Argument(help="Folders or files of trusted documents.")],
    store: Annotated[
        str | None,
        typer.Option(help="Folder of the store, or http://host:port of a Chroma server. Default: .factcheck/store"),
    ] = None,
    prune: Annotated[bool, typer.Option(help="Remove from the store what is gone from the folders.")] = False,
    embedder: Annotated[str | None, typer.Option(help="minilm (embedded), or openai:NAME.")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Address of an OpenAI-compatible server, for openai:NAME.")
    ] = None,
) -> int:
    """Index references: unchanged files cost nothing, changed ones replace their passages."""
    from factcheck.settings import load

    settings = load(store=store, embedder=embedder, base_url=base_url)
    from factcheck.cli.progress import Shown
    from factcheck.engine import index_references

    with Shown() as progress:
        result = index_references(references, settings=settings, prune=prune, progress=progress, say=say)
    for _, error in result.failed:
        say(f"factcheck: not indexed: {error}")
    did = {name: len(getattr(result, name)) for name in ("added", "changed", "unchanged", "removed", "failed")}
    typer.echo(
        f"{result.files} files, {result.passages} passages in the store"
        f" ({', '.join(f'{count} {name}' for name, count in did.items() if count) or 'nothing to do'})"
    )
    return LEFT_FAILURES if result.failed else 0
