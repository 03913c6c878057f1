"""Chroma lives here: nearest passages by cosine, in a folder of ours or on a server shared by many.

A folder's collection holds ids and vectors only; texts are the database's. Embedded Chroma is neither crash-safe nor
safe for two processes, so a folder is written once, aside, and afterwards only read, through a private copy of the
part that Chroma writes to even when asked to read.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

COLLECTION = "passages"
_BATCH = 5000  # below Chroma's 5461; one write of the index to disk per batch
SERVER_CONFIGURATION: Any = {"hnsw": {"space": "cosine", "ef_search": 200}}
_FOLDER_CONFIGURATION: Any = {  # after each batch the index is on disk, whole
    "hnsw": {"space": "cosine", "ef_search": 200, "batch_size": 1, "sync_threshold": 1}
}

Item = TypeVar("Item")


class Dense:
    """A collection open for reading: safe from several threads; ``query`` releases the interpreter."""

    def __init__(self, client: Client, collection: Collection) -> None:
        """Use ``open_folder``."""
        self._client = client
        self._collection = collection
        self._count = collection.count()  # nobody writes to it; and while Chroma counts, no other thread runs

    def nearest(self, vectors: NDArray[np.float32], k: int) -> list[list[tuple[str, float]]]:
        """For each row, the ``k`` nearest passages as (id, cosine), best first."""
        wanted = min(k, self._count)
        if wanted < 1 or len(vectors) == 0:
            return [[] for _ in vectors]
        found = self._collection.query(query_embeddings=vectors, n_results=wanted, include=["distances"])
        return [
            [(name, 1.0 - float(distance)) for name, distance in zip(names, distances, strict=True)]
            for names, distances in zip(found["ids"], found["distances"] or [], strict=True)
        ]

    def count(self) -> int:
        return self._count

    def ids(self) -> set[str]:
        return set(self._collection.get(include=[])["ids"])

    def close(self) -> None:
        self._client.close()


def build(folder: Path, entries: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    """Writes a new collection of (id, unit vector) into ``folder``, which must not exist."""
    folder.mkdir(parents=True)
    client = _folder_client(folder)
    try:
        collection = client.create_collection(
            COLLECTION,
            embedding_function=None,
            configuration=_FOLDER_CONFIGURATION,
        )
        _add(collection, entries)
    finally:
        client.close()


def update(folder: Path, *, removed: Sequence[str], added: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    """Changes a collection that nobody has open, in place: work on a copy."""
    client = _folder_client(folder)
    try:
        collection = client.get_collection(COLLECTION, embedding_function=None)
        for names in batched(removed, _BATCH):
            collection.delete(ids=list(names))
        _add(collection, added)
    finally:
        client.close()


def open_folder(folder: Path, private: Path) -> Dense:
    """Opens a collection without writing to ``folder``: what Chroma writes to is copied to ``private`` first."""
    private.mkdir(parents=True)
    for part in folder.iterdir():
        if part.is_dir():
            _link(part, private / part.name)
        else:
            shutil.copyfile(part, private / part.name)
    client = _folder_client(private)
    try:
        return Dense(client, client.get_collection(COLLECTION, embedding_function=None))
    except BaseException:
        client.close()
        raise


def server_client(host: str, port: int, *, ssl: bool) -> Client:
    """A client of a Chroma server; raises what Chroma raises when nobody answers."""
    return _client(
        chroma_api_impl="chromadb.api.fastapi.FastAPI",
        chroma_server_host=host,
        chroma_server_http_port=port,
        chroma_server_ssl_enabled=ssl,
    )


def errors() -> tuple[type[BaseException], ...]:
    """What Chroma and tantivy raise for what they cannot read or write."""
    _import()
    from chromadb.errors import ChromaError

    return (OSError, ChromaError, ValueError)


def batched(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """As itertools.batched, which is younger than the oldest Python we serve."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def _add(collection: Collection, entries: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    for batch in batched(entries, _BATCH):
        collection.add(ids=[name for name, _ in batch], embeddings=np.stack([vector for _, vector in batch]))


def _link(part: Path, target: Path) -> None:
    """A link where the system permits one; Chroma reads the vectors and, all being on disk, does not write them."""
    try:
        target.symlink_to(part.resolve(), target_is_directory=True)
    except (OSError, NotImplementedError):
        shutil.copytree(part, target)


def _folder_client(folder: Path) -> Client:
    return _client(is_persistent=True, persist_directory=str(folder))


def _client(**settings: Any) -> Client:
    chromadb = _import()
    return chromadb.api.client.Client(settings=_settings_class()(anonymized_telemetry=False, **settings))  # type: ignore[no-any-return]


@cache
def _settings_class() -> Any:
    """Chroma's settings without its habit of reading the user's ``.env`` and variables like MIGRATIONS."""
    _import()
    from chromadb.config import Settings

    class OwnSettings(Settings):
        @classmethod
        def settings_customise_sources(  # type: ignore[override]
            cls, settings_cls: Any, init_settings: Any, **others: Any
        ) -> tuple[Any, ...]:
            return (init_settings,)

    return OwnSettings


@cache
def _import() -> Any:
    """Imports chromadb, which reads those settings already then: for that moment nothing but defaults counts."""
    from pydantic_settings import BaseSettings

    usual = BaseSettings.__dict__["settings_customise_sources"]
    BaseSettings.settings_customise_sources = classmethod(_defaults_only)  # type: ignore[method-assign, assignment]
    try:
        import chromadb
        import chromadb.api.client
    finally:
        BaseSettings.settings_customise_sources = usual  # type: ignore[method-assign]
    logging.getLogger("chromadb").setLevel(logging.ERROR)  # it warns about things we have dealt with
    return chromadb


def _defaults_only(cls: type[Any], /, settings_cls: Any, init_settings: Any, **others: Any) -> tuple[Any, ...]:
    return (init_settings,)
