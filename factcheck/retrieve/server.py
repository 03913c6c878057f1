"""The store on a Chroma server shared by many, with a local copy of its texts.

Three collections: ``NAME`` holds passages with their vectors, ``NAME.files`` a record per file, ``NAME.lock`` exists
while somebody writes. A file counts from the moment its record is there, which is written after its passages: what a
killed writer left without a record is ignored by readers and removed by the next writer. The local copy has the same
form as a store in a folder, without vectors, and follows the records whenever the store is opened.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from factcheck.errors import ConfigError, StoreError
from factcheck.models import Passage, Span
from factcheck.protocols import Embedder
from factcheck.retrieve import chroma, derived
from factcheck.retrieve.chroma import batched
from factcheck.retrieve.database import (
    Database,
    StoredFile,
    create,
    embedding_key,
    file_from_row,
    open_database,
    row_of,
    writing,
)
from factcheck.retrieve.lock import me, process_is_gone, writer_lock
from factcheck.retrieve.passages import indexed_text
from factcheck.retrieve.store import TRUTH, Reading, Store

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

_FORMAT = "1"
_BATCH = 500  # passages in one request
_PART = 2_000_000  # characters of a file's record in one request
_TIMEOUT_S = 60.0
_CONNECT_S = 10.0
_PAUSES_S = (0.2, 0.5, 1.0)  # between attempts while the server does not answer
_BEAT_S = 2.0
_WAIT_S = 5.0  # for a writer who is alive
_DEAD_S = 10.0  # without a beat

Result = TypeVar("Result")


@dataclass(frozen=True)
class Address:
    url: str
    host: str
    port: int
    ssl: bool
    collection: str


def open_server(url: str, embedder: Embedder, reading: Reading, *, cache_dir: Path | None, write: bool) -> Store:
    """As ``Store.open``. Raises StoreError, and ConfigError for an address that cannot be one."""
    return ServerStore(_address(url), embedder, reading, cache_dir or user_cache_path("factcheck"), write=write)


class ServerStore(Store):
    """An open store whose vectors are on a server."""

    is_remote = True

    def __init__(self, address: Address, embedder: Embedder, reading: Reading, cache_dir: Path, *, write: bool) -> None:
        """Use ``Store.open``."""
        self._address = address
        self._client = _connected(address)
        self._lock: _ServerLock | None = None
        self._ids: frozenset[str] = frozenset()
        self._described = self._description(embedder, reading, write=write)
        self._vectors = self._collection(address.collection)
        self._files = self._collection(f"{address.collection}.files")
        key = hashlib.sha256(f"{address.host}:{address.port}/{address.collection}".encode()).hexdigest()[:16]
        super().__init__(cache_dir / "servers" / key, embedder, reading, write=write, location=address.url)

    def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]:
        self._ready()
        wanted = k
        while k >= 1 and vectors:
            hits = self._nearest(np.stack(vectors).astype(np.float32), wanted)
            known = [[hit for hit in found if hit[0] in self._ids] for found in hits]
            enough = min(k, len(self._ids))
            if all(len(mine) >= enough or len(found) < wanted for mine, found in zip(known, hits, strict=True)):
                return [mine[:k] for mine in known]
            wanted *= 2
        return [[] for _ in vectors]

    def close(self) -> None:
        super().close()
        self._client.close()

    # The server

    def _ask(self, request: Callable[[], Result]) -> Result:
        """Asks again for a moment while the server does not answer. Raises StoreError."""
        return _asked(self._address, request)

    def _collection(self, name: str) -> Collection:
        return self._ask(lambda: self._client.get_collection(name, embedding_function=None))

    def _description(self, embedder: Embedder, reading: Reading, *, write: bool) -> dict[str, Any]:
        """What the collection says it was built with; with ``write`` it is made where there is none."""
        name = self._address.collection
        if write and self._found(name) is None:
            with _ServerLock(self._address, self._client):
                described = {
                    "factcheck": _FORMAT,
                    "store": uuid.uuid4().hex,
                    "embedder": embedder.name,
                    "dimension": embedder.dimension,
                    "chunking": reading.chunking,
                }
                for part, metadata in ((f"{name}.files", {"factcheck": _FORMAT}), (name, described)):
                    if self._found(part) is None:
                        self._ask(lambda part=part, metadata=metadata: self._create(part, metadata))  # type: ignore[misc]
        found = self._found(name)
        if found is None:
            raise StoreError(
                "store_missing",
                f"{self._address.url}: the server has no store {name!r}; make one: "
                f"factcheck index REFERENCES --store {self._address.url}",
            )
        if (found.metadata or {}).get("factcheck") != _FORMAT or self._found(f"{name}.files") is None:
            raise StoreError(
                "store_mismatch",
                f"{self._address.url}: the collection {name!r} was not made by this version of factcheck; "
                "name another one: http://host:port/NAME",
            )
        return dict(found.metadata)

    def _create(self, name: str, metadata: dict[str, Any]) -> None:
        self._client.create_collection(
            name, embedding_function=None, metadata=metadata, configuration=chroma.SERVER_CONFIGURATION
        )

    def _found(self, name: str) -> Collection | None:
        from chromadb.errors import NotFoundError

        def look() -> Collection | None:
            try:
                return self._client.get_collection(name, embedding_function=None)
            except NotFoundError:
                return None

        return self._ask(look)

    def _nearest(self, vectors: NDArray[np.float32], k: int) -> list[list[tuple[str, float]]]:
        return self._ask(lambda: chroma.Dense(self._client, self._vectors).nearest(vectors, k))

    def _all_ids(self, collection: Collection) -> set[str]:
        return set(self._ask(lambda: collection.get(include=[]))["ids"])

    # The local copy

    def _opened_truth(self, *, write: bool) -> Database:
        """The local copy, begun anew where it is damaged or of another store."""
        truth = self._folder / TRUTH
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        for last in (False, True):
            if not truth.exists():
                with writer_lock(self._folder):
                    self._begin_copy(truth)
            try:
                copy = open_database(truth, writable=True)
                copy.verify()
                if copy.manifest.store == self._described["store"]:
                    return copy
                copy.close()
            except StoreError as error:
                if last or error.code != "store_damaged":
                    raise
                self._note("the local copy of the texts was damaged and has been fetched again")
            with writer_lock(self._folder):
                self._discard_copy(truth)
        raise StoreError("store_damaged", f"{self._folder}: the local copy cannot be made; delete the folder")

    def _begin_copy(self, truth: Path) -> None:
        if not truth.exists():
            create(
                truth,
                store=str(self._described["store"]),
                embedder=str(self._described["embedder"]),
                dimension=int(self._described["dimension"]),
                chunking=str(self._described["chunking"]),
            )

    def _discard_copy(self, truth: Path) -> None:
        for path in self._folder.glob(f"{truth.name}*"):
            path.unlink()
        for path in self._folder.glob("index-*"):
            shutil.rmtree(path, ignore_errors=True)

    def _prepare(self) -> None:
        """Follows the server's records, if they changed since the last time."""
        if self._changes():
            with writer_lock(self._folder):
                self._truth.refresh()
                self._follow()
                super()._publish(derived.silent)

    def _changes(self) -> dict[str, dict[str, Any] | None]:
        """Names whose record differs from the local copy, with what the server says of them; None where it is gone."""
        found = self._ask(lambda: self._files.get(where={"kind": "file"}, include=["metadatas"]))
        records = {str(m["name"]): dict(m) for m in found["metadatas"] or []}
        here = self._truth.seals()
        changed: dict[str, dict[str, Any] | None] = {
            name: record for name, record in records.items() if here.get(name) != record["seal"]
        }
        return changed | dict.fromkeys(here.keys() - records.keys())

    def _follow(self) -> None:
        sources = {file.name: file.source for file in self._truth.known().values()}
        changes = self._changes()
        if gone := [sources[name] for name, record in changes.items() if record is None]:
            self._truth.remove(gone)
        for record in changes.values():
            if record is not None:
                file, passages = self._fetched(record)
                self._truth.put(file, passages, {})

    def _fetched(self, record: Mapping[str, Any]) -> tuple[StoredFile, list[Passage]]:
        names = _part_ids(record)
        parts: dict[str, str] = {}
        for name in names:
            found = self._ask(lambda name=name: self._files.get(ids=[name], include=["documents"]))  # type: ignore[misc]
            parts.update(zip(found["ids"], found["documents"] or [], strict=True))
        payload = "".join(parts.get(name, "") for name in names)
        if hashlib.sha256(payload.encode()).hexdigest() != record["digest"]:
            raise self._damaged(f"the record of {record['name']} is not what was stored")
        read = json.loads(payload)
        file = file_from_row(read["file"])
        return file, [file.passage(Span(start=s, end=e), language=language) for s, e, language in read["passages"]]

    def _attach(self) -> None:
        super()._attach()
        assert self._index is not None
        self._ids = frozenset(self._truth.passage_ids(self._index.generation))
        try:
            self._prove()
        except BaseException:
            self._detach()  # or the next question would be answered without proof
            raise

    def _prove(self) -> None:
        """Raises StoreError unless the server has every passage and a few of them find themselves."""
        if self._ask(self._vectors.count) != len(self._ids) and (missing := self._ids - self._all_ids(self._vectors)):
            raise self._damaged(f"{len(missing)} of {len(self._ids)} passages are missing")
        canaries = sorted(self._ids)[:: max(1, len(self._ids) // 4)][:4]
        found = self._stored_vectors(canaries)
        if len(found) < len(canaries):
            raise self._damaged(f"passage {min(set(canaries) - found.keys())} has no vector")
        rows = [vector for vector in found.values() if np.linalg.norm(vector) > 0.5]
        for hits in self._nearest(np.stack(rows), 1) if rows else []:
            if not hits or hits[0][1] < derived.ITSELF:
                raise self._damaged("a passage does not find itself")

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            "store_damaged",
            f"{self._address.url}: the store on the server is damaged ({what}); index the references again: "
            f"factcheck index REFERENCES --store {self._address.url}",
        )

    # Writing

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with ExitStack() as held:
            held.enter_context(writer_lock(self._folder))
            self._lock = held.enter_context(_ServerLock(self._address, self._client))
            self._truth.refresh()
            self._follow()
            try:
                yield
            finally:
                self._lock = None

    def _embedded(self, keys: Iterable[bytes]) -> set[bytes]:
        """Texts that the server has a vector of, under some passage."""
        twins = {key: twin for key in keys if (twin := self._truth.passage_of(key)) is not None}
        there: set[str] = set()
        for batch in batched(twins.values(), _BATCH):
            there |= set(self._ask(lambda batch=batch: self._vectors.get(ids=list(batch), include=[]))["ids"])  # type: ignore[misc]
        return {key for key, twin in twins.items() if twin in there}

    def _put(self, file: StoredFile, passages: Sequence[Passage], new: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Passages first, the file's record after them, what it replaces last."""
        before = self._truth.ids_of(file.source)
        self._send(passages, new)
        record, payload = _record(file, passages)
        for number, name in enumerate(_part_ids(record)):
            part = payload[number * _PART : (number + 1) * _PART]
            self._upsert_file(name, part, {"kind": "part", "of": record["name"]})
        self._still_ours()
        self._upsert_file(_file_id(file.name), file.title or file.name, record)
        self._truth.put(file, passages, {})
        self._delete(self._vectors, before - {passage.id for passage in passages})
        self._delete_parts(file.name, set(_part_ids(record)))

    def _remove(self, sources: Sequence[str]) -> None:
        """The records first: from then on the files are gone, whatever becomes of us."""
        self._still_ours()
        known = self._truth.known()
        stale = {name for source in sources for name in self._truth.ids_of(source)}
        self._delete(self._files, {_file_id(known[source].name) for source in sources})
        self._truth.remove(sources)
        self._delete(self._vectors, stale)
        for source in sources:
            self._delete_parts(known[source].name, set())

    def _publish(self, progress: derived.Progress) -> None:
        """Makes the server hold exactly the passages of its records, then derives the local word index."""
        at = self._truth.manifest.generation
        wanted, there = set(self._truth.passage_ids(at)), self._all_ids(self._vectors)
        self._delete(self._vectors, there - wanted)
        if missing := sorted(wanted - there):
            for batch in batched(missing, _BATCH):
                passages = self._truth.passages(batch, at)
                texts = {embedding_key(text): text for text in map(indexed_text, passages)}
                self._send(passages, dict(zip(texts, self._rows(list(texts.values())), strict=True)))
            self._note(f"{len(missing)} passages were missing on the server and have been added again")
        super()._publish(progress)

    def _send(self, passages: Sequence[Passage], new: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Upserts passages; a vector we did not just make is copied from a passage embedded with the same words."""
        for batch in batched(passages, _BATCH):
            keys = [embedding_key(indexed_text(passage)) for passage in batch]
            twins = {key: self._truth.passage_of(key) for key in keys if key not in new}
            copied = self._stored_vectors([twin for twin in twins.values() if twin is not None])
            vectors = [new[key] if key in new else copied[str(twins[key])] for key in keys]
            metadatas: Any = [
                {"source": p.source, "title": p.title, "language": p.language, "start": p.span.start, "end": p.span.end}
                for p in batch
            ]
            self._ask(
                lambda batch=batch, vectors=vectors, metadatas=metadatas: self._vectors.upsert(  # type: ignore[misc]
                    ids=[passage.id for passage in batch],
                    embeddings=np.stack(vectors),
                    documents=[passage.text for passage in batch],
                    metadatas=metadatas,
                )
            )

    def _stored_vectors(self, ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        if not ids:
            return {}
        found = self._ask(lambda: self._vectors.get(ids=list(dict.fromkeys(ids)), include=["embeddings"]))
        rows = found["embeddings"]
        return {} if rows is None else dict(zip(found["ids"], np.asarray(rows, np.float32), strict=True))

    def _upsert_file(self, name: str, document: str, metadata: Mapping[str, Any]) -> None:
        row = np.ones((1, 1), np.float32)  # Chroma wants a vector for every record
        self._ask(
            lambda: self._files.upsert(ids=[name], embeddings=row, documents=[document], metadatas=[dict(metadata)])
        )

    def _delete(self, collection: Collection, ids: set[str]) -> None:
        for batch in batched(sorted(ids), _BATCH):
            self._ask(lambda batch=batch: collection.delete(ids=list(batch)))  # type: ignore[misc]

    def _delete_parts(self, name: str, keep: set[str]) -> None:
        found = self._ask(lambda: self._files.get(where={"of": name}, include=[]))["ids"]
        self._delete(self._files, set(found) - keep)

    def _still_ours(self) -> None:
        if self._lock is not None:
            self._lock.check()


class _ServerLock:
    """A collection that exists while somebody writes, and says who; a writer that stops beating loses it."""

    def __init__(self, address: Address, client: Client) -> None:
        self._address = address
        self._client = client
        self._name = f"{address.collection}.lock"
        self._token = uuid.uuid4().hex
        self._stop = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> _ServerLock:
        start = changed = time.monotonic()
        last: dict[str, Any] | None = None
        alive = False
        while not self._taken():
            holder = self._holder()
            if holder is None:
                continue
            if holder != last:
                alive, last, changed = last is not None, holder, time.monotonic()
            if process_is_gone(holder) or time.monotonic() - changed > _DEAD_S:
                self._release()
            elif alive and time.monotonic() - start > _WAIT_S:
                raise StoreError(
                    "store_locked",
                    f"{self._address.url}: the store is being written by process {holder.get('pid')} on "
                    f"{holder.get('host')}; wait until that is done and try again",
                )
            else:
                time.sleep(0.2)
        self._heart.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._heart.join()
        holder = self._holder()
        if holder is not None and holder.get("token") == self._token:
            self._release()

    def check(self) -> None:
        """Raises StoreError when another writer has taken us for dead."""
        holder = self._holder()
        if holder is None or holder.get("token") != self._token:
            raise StoreError(
                "store_locked", f"{self._address.url}: another writer took over the store; index the references again"
            )

    def _taken(self) -> bool:
        from chromadb.errors import ChromaError

        def take() -> bool:
            try:
                self._client.create_collection(
                    self._name, embedding_function=None, metadata={**me(), "token": self._token, "beat": 0}
                )
            except ChromaError as error:
                if "already exists" in str(error):
                    return False
                raise
            return True

        return _asked(self._address, take) or (self._holder() or {}).get("token") == self._token

    def _holder(self) -> dict[str, Any] | None:
        from chromadb.errors import NotFoundError

        def look() -> dict[str, Any] | None:
            try:
                return dict(self._client.get_collection(self._name, embedding_function=None).metadata or {})
            except NotFoundError:
                return None

        return _asked(self._address, look)

    def _release(self) -> None:
        from chromadb.errors import NotFoundError

        def remove() -> None:
            try:
                self._client.delete_collection(self._name)
            except NotFoundError:
                return

        _asked(self._address, remove)

    def _beat(self) -> None:
        """Says that we live; where the server is gone, the writer itself finds out."""
        count = 0
        while not self._stop.wait(_BEAT_S):
            count += 1
            try:
                holder = self._client.get_collection(self._name, embedding_function=None)
                if (holder.metadata or {}).get("token") == self._token:
                    holder.modify(metadata={**me(), "token": self._token, "beat": count})
            except Exception:  # noqa: BLE001 whatever Chroma raises, it is the writer's to deal with
                continue


def _asked(address: Address, request: Callable[[], Result]) -> Result:
    """The answer to a request, tried again for a moment while nobody answers. Raises StoreError."""
    for pause in _PAUSES_S:
        try:
            return _answer(address, request)
        except StoreError as error:
            if error.code != "store_unreachable":
                raise
            time.sleep(pause)
    return _answer(address, request)


def _answer(address: Address, request: Callable[[], Result]) -> Result:
    import httpx
    from chromadb.errors import ChromaError, InternalError, NotFoundError, RateLimitError

    try:
        return request()
    except (httpx.TransportError, InternalError, RateLimitError) as error:
        raise _unreachable(address, str(error) or type(error).__name__) from error
    except NotFoundError as error:
        raise StoreError(
            "store_missing", f"{address.url}: the store is gone from the server: {_line(error)}"
        ) from error
    except StoreError:
        raise
    except (ChromaError, ValueError) as error:
        raise StoreError("store_damaged", f"{address.url}: the server refuses: {_line(error)}") from error
    except Exception as error:
        if _is_down(error):
            raise _unreachable(address, _line(error)) from error
        raise StoreError("store_unwritable", f"{address.url}: the server refuses: {_line(error)}") from error


def _is_down(error: Exception) -> bool:
    """Whether something in front of Chroma said so: its client raises a bare Exception while handling the status."""
    import httpx

    behind = error.__context__
    return isinstance(behind, httpx.HTTPStatusError) and behind.response.status_code in (502, 503, 504)


def _connected(address: Address) -> Client:
    """A client, once something that is a Chroma server has answered in time. Raises StoreError."""
    scheme = "https" if address.ssl else "http"
    host = f"[{address.host}]" if ":" in address.host else address.host
    try:
        with urllib.request.urlopen(f"{scheme}://{host}:{address.port}/api/v2/heartbeat", timeout=_CONNECT_S) as answer:
            if "nanosecond heartbeat" not in json.loads(answer.read(10_000)):
                raise ValueError("not a heartbeat")
    except urllib.error.HTTPError as error:
        raise _unreachable(address, f"something that is not Chroma answers: {error}") from error
    except OSError as error:
        raise _unreachable(address, str(getattr(error, "reason", error))) from error
    except ValueError as error:
        raise _unreachable(address, "something that is not Chroma answers") from error
    client = _asked(address, lambda: chroma.server_client(address.host, address.port, ssl=address.ssl))
    session = getattr(client._server, "_session", None)
    if session is not None:
        session.timeout = _TIMEOUT_S  # Chroma would wait for ever
    return client


def _unreachable(address: Address, why: str) -> StoreError:
    return StoreError(
        "store_unreachable",
        f"{address.url}: no Chroma server answers ({why}); start one (chroma run --path FOLDER --port {address.port}) "
        "or correct the address",
    )


def _address(url: str) -> Address:
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 8000)
    except ValueError as error:
        raise ConfigError(f"{url}: not the address of a server: {error}") from error
    collection = parts.path.strip("/") or "factcheck"
    if not parts.hostname or not collection.replace("-", "").replace("_", "").isalnum() or not collection.isascii():
        raise ConfigError(f"{url}: expected http://host:port or http://host:port/NAME, with letters, digits, - and _")
    if not 3 <= len(collection) <= 60 or not (collection[0].isalnum() and collection[-1].isalnum()):
        raise ConfigError(
            f"{url}: the store's name needs 3 to 60 characters, beginning and ending with a letter or digit"
        )
    return Address(url, parts.hostname, port, parts.scheme == "https", collection)


def _record(file: StoredFile, passages: Sequence[Passage]) -> tuple[dict[str, Any], str]:
    """What the server keeps of a file: the metadata of its record, and all of it as text."""
    spans = [[p.span.start, p.span.end, p.language] for p in passages]
    payload = json.dumps({"file": row_of(file), "passages": spans})
    digest = hashlib.sha256(payload.encode()).hexdigest()
    parts = -(-len(payload) // _PART)
    return {"kind": "file", "name": file.name, "seal": file.seal(), "digest": digest, "parts": parts}, payload


def _file_id(name: str) -> str:
    return f"file-{hashlib.sha256(name.encode()).hexdigest()[:32]}"


def _part_ids(record: Mapping[str, Any]) -> list[str]:
    return [f"part-{_file_id(record['name'])}-{record['digest'][:16]}-{n}" for n in range(int(record["parts"]))]


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
