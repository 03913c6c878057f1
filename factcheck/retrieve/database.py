"""The truth of a store: one SQLite file with files, passages, embeddings and manifest; all else is derived from it.

Every change is one durable transaction that raises ``generation`` by one. A file that is replaced or removed stays
until ``purge``, so that whoever still answers from an index of an earlier generation finds its passages.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import uuid
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.errors import StoreError
from factcheck.models import Page, Passage, Span
from factcheck.retrieve.passages import indexed_text, pages_touched, passage_id

SCHEMA = "1"
_APPLICATION_ID = 0x66616374  # "fact", in the header of every file of ours
_BUSY_MS = 20_000
_CACHED_CHARACTERS = 20_000_000
_CACHED_PASSAGES = 4_000

_TABLES = """
CREATE TABLE manifest (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: readers keep files by it
    since INTEGER NOT NULL, until INTEGER, seal TEXT NOT NULL,
    name TEXT NOT NULL, root TEXT NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, language TEXT NOT NULL, published TEXT, media_type TEXT NOT NULL,
    pages TEXT NOT NULL, text TEXT NOT NULL -- last: SQLite reads through it to get at what comes after
) STRICT;
CREATE UNIQUE INDEX files_name ON files (name) WHERE until IS NULL;
CREATE UNIQUE INDEX files_source ON files (source) WHERE until IS NULL;
CREATE INDEX files_source_ever ON files (source); -- a search reads an earlier state, which the one above does not serve
CREATE TABLE passages (
    file INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    id TEXT NOT NULL, language TEXT NOT NULL, embedding BLOB NOT NULL,
    PRIMARY KEY (file, start, "end")
) STRICT, WITHOUT ROWID;
CREATE INDEX passages_id ON passages (id);
CREATE INDEX passages_embedding ON passages (embedding);
CREATE TABLE embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL, crc INTEGER NOT NULL) STRICT;
"""
_COLUMNS = "id, name, root, source, sha256, title, language, published, media_type, text, pages"
_VISIBLE = "files.since <= :at AND (files.until IS NULL OR files.until > :at)"
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_SCHEMA}
_UNWRITABLE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_REFUSED = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}  # by the disk: no sign that what is on it is damaged


@dataclass(frozen=True)
class Manifest:
    """What a store was built with. ``purged``: states before this generation cannot be answered from any more."""

    store: str
    embedder: str
    dimension: int
    chunking: str
    generation: int
    purged: int


@dataclass(frozen=True)
class StoredFile:
    """One reference as read: ``name`` as a reader sees it, ``source`` as ``read_document`` takes it."""

    name: str
    root: str
    source: str
    sha256: str  # of the bytes
    title: str
    language: str
    published: date | None
    media_type: str
    text: str
    pages: tuple[Page, ...]

    @cached_property
    def document(self) -> str:
        """The id of its text, as in ``Document.id``."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def passage(self, span: Span, *, language: str | None = None) -> Passage:
        """A stretch of this file; its id depends on the file's name, its text and the stretch, not on the machine."""
        return Passage(
            id=passage_id(self.name, self.document, span),
            source=self.source,
            title=self.title,
            language=language or self.language,
            published=self.published,
            text=span.of(self.text),
            span=span,
            pages=pages_touched(self.pages, span),
        )

    def seal(self) -> str:
        """A hash over everything, so that a flipped bit in the database cannot become evidence."""
        return hashlib.sha256(json.dumps(row_of(self), ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True)
class KnownFile:
    """What indexing needs to know about a file that the store holds already."""

    id: int
    name: str
    source: str
    sha256: str
    passages: int


def embedding_key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class Database:
    """An open ``store.sqlite``; safe to use from several threads.

    Reading happens inside one transaction that ``refresh`` starts anew: between two calls nothing changes under a
    reader's feet, whatever a writer commits meanwhile.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool) -> None:
        """Use ``create`` or ``open_database``."""
        self.path = path
        self.writable = writable
        self._connection = connection
        self._lock = threading.RLock()
        self._files: OrderedDict[int, StoredFile] = OrderedDict()
        self._passage = lru_cache(_CACHED_PASSAGES)(self._read_passage)  # of a generation: it does not change
        self.slice = lru_cache(_CACHED_PASSAGES)(self._read_slice)
        self.manifest = self.refresh()

    def refresh(self) -> Manifest:
        """Moves on to what is committed now, and returns its manifest. Raises StoreError."""
        with self._lock, reading(self.path):
            self._end()
            self._connection.execute("BEGIN")
            rows = dict(self._connection.execute("SELECT name, value FROM manifest"))
        self.manifest = _manifest(self.path, rows)
        return self.manifest

    def verify(self) -> None:
        """Raises StoreError where the file is not whole: structure, references between tables, and row counts."""
        with self._lock, reading(self.path):
            found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise damaged(self.path, str(found).splitlines()[0])
            if self._connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise damaged(self.path, "a passage belongs to no file")
            stated = dict(self._connection.execute("SELECT name, value FROM manifest WHERE name LIKE 'rows of %'"))
            for table in ("files", "passages", "embeddings"):
                (count,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                if stated.get(f"rows of {table}") != str(count):
                    raise damaged(self.path, f"{stated.get(f'rows of {table}')} {table} expected, {count} found")

    def known(self) -> dict[str, KnownFile]:
        """The files of the newest state, by source."""
        query = """SELECT files.id, name, source, sha256, count(passages.id) FROM files
                   LEFT JOIN passages ON passages.file = files.id WHERE until IS NULL GROUP BY files.id"""
        return {row[2]: KnownFile(*row) for row in self._all(query)}

    def seals(self) -> dict[str, str]:
        """The seals of the newest state, by name."""
        return dict(self._all("SELECT name, seal FROM files WHERE until IS NULL"))

    def ids_of(self, source: str) -> set[str]:
        """The passages of a file's newest version."""
        query = """SELECT passages.id FROM files JOIN passages ON passages.file = files.id
                   WHERE source = ? AND until IS NULL"""
        return {row[0] for row in self._all(query, (source,))}

    def passage_of(self, key: bytes) -> str | None:
        """Some passage of the newest state whose text has this ``embedding_key``."""
        query = """SELECT passages.id FROM passages JOIN files ON files.id = passages.file
                   WHERE embedding = ? AND until IS NULL LIMIT 1"""
        rows = self._all(query, (key,))
        return rows[0][0] if rows else None

    def put(self, file: StoredFile, passages: Sequence[Passage], vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Makes ``file`` with its passages the newest version of its source and name, durably, in one transaction.

        ``vectors`` holds embeddings the store may not have yet, by ``embedding_key``. Raises StoreError.
        """
        keys = [embedding_key(indexed_text(passage)) for passage in passages]
        with self._change() as generation:
            self._retire(file.source, generation)
            self._connection.execute(
                "UPDATE files SET until = ? WHERE name = ? AND until IS NULL", (generation, file.name)
            )
            cursor = self._connection.execute(
                f"INSERT INTO files ({_COLUMNS}, seal, since) VALUES (NULL, {', '.join('?' * 10)}, ?, ?)",
                (*row_of(file), file.seal(), generation),
            )
            embedded = self._connection.executemany(
                "INSERT OR IGNORE INTO embeddings VALUES (?, ?, ?)",
                [(key, blob, zlib.crc32(blob)) for key, blob in ((k, _blob(v)) for k, v in vectors.items())],
            )
            self._connection.executemany(
                'INSERT INTO passages (file, start, "end", id, language, embedding) VALUES (?, ?, ?, ?, ?, ?)',
                [
                    (cursor.lastrowid, p.span.start, p.span.end, p.id, p.language, key)
                    for p, key in zip(passages, keys, strict=True)
                ],
            )
            self._book(files=1, passages=len(passages), embeddings=max(0, embedded.rowcount))

    def remove(self, sources: Iterable[str]) -> None:
        """Takes files out of the newest state, durably, in one transaction. Raises StoreError."""
        with self._change() as generation:
            for source in sources:
                self._retire(source, generation)

    def purge(self, generation: int) -> None:
        """Deletes what only states before ``generation`` show, and the embeddings no passage uses any more."""
        (stale,) = self._all("SELECT count(*) FROM files WHERE until <= ?", (generation,))[0]
        if not stale:
            return
        with self._write():
            self._connection.execute("DELETE FROM files WHERE until <= ?", (generation,))
            self._connection.execute("DELETE FROM embeddings WHERE key NOT IN (SELECT embedding FROM passages)")
            self._set("purged", str(generation))
            for table in ("files", "passages", "embeddings"):
                (count,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                self._set(f"rows of {table}", str(count))

    def embedded(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` whose embedding the store holds."""
        return {key for key in keys if self._all("SELECT 1 FROM embeddings WHERE key = ?", (key,))}

    def vectors(self, passages: Sequence[str]) -> NDArray[np.float32]:
        """The embeddings of passages, one row each in the order asked. Raises StoreError where one is damaged."""
        query = """SELECT vector, crc FROM embeddings
                   WHERE key = (SELECT embedding FROM passages WHERE passages.id = ? LIMIT 1)"""
        rows = np.empty((len(passages), self.manifest.dimension), np.float32)
        for number, passage in enumerate(passages):
            blob, crc = self._one(query, (passage,))
            if zlib.crc32(blob) != crc or len(blob) != rows.itemsize * self.manifest.dimension:
                raise damaged(self.path, f"the embedding of passage {passage} is not what was stored")
            rows[number] = np.frombuffer(blob, np.dtype("<f4"))
        return rows

    def passage_ids(self, at: int) -> list[str]:
        """The passages of generation ``at``, in the order of files and texts."""
        query = f"""SELECT passages.id FROM files JOIN passages ON passages.file = files.id WHERE {_VISIBLE}
                    ORDER BY files.name, start, "end" """
        return [row[0] for row in self._all(query, {"at": at})]

    def count(self, at: int) -> int:
        """The number of passages of generation ``at``."""
        query = f"""SELECT coalesce(sum((SELECT count(*) FROM passages WHERE file = files.id)), 0)
                    FROM files WHERE {_VISIBLE}"""
        return int(self._all(query, {"at": at})[0][0])

    def languages(self, at: int) -> dict[str, int]:
        """Passages by language, most first."""
        query = f"""SELECT passages.language, count(*) FROM files JOIN passages ON passages.file = files.id
                    WHERE {_VISIBLE} GROUP BY 1 ORDER BY 2 DESC, 1"""
        return dict(self._all(query, {"at": at}))

    def hashes(self, at: int) -> dict[str, str]:
        """The sha256 of every file's bytes, by name."""
        return dict(self._all(f"SELECT name, sha256 FROM files WHERE {_VISIBLE} ORDER BY name", {"at": at}))

    def passages(self, ids: Sequence[str], at: int) -> list[Passage]:
        """Passages of generation ``at`` in the order asked.

        Raises KeyError for an id that is not there, StoreError where the text is not what was stored.
        """
        return [self._passage(name, at) for name in ids]

    def _read_passage(self, name: str, at: int) -> Passage:
        query = f"""SELECT passages.file, start, "end", passages.language FROM passages
                    JOIN files ON files.id = passages.file WHERE passages.id = :id AND {_VISIBLE}"""
        rows = self._all(query, {"id": name, "at": at})
        if not rows:
            raise KeyError(name)
        number, start, end, language = rows[0]
        passage = self._file(number).passage(Span(start=start, end=end), language=language)
        if passage.id != name:
            raise damaged(self.path, f"passage {name} is not what was stored")
        return passage

    def _read_slice(self, source: str, start: int, end: int, at: int) -> Passage:
        """A passage over any stretch of a file. Raises KeyError for a source that generation ``at`` does not hold."""
        rows = self._all(f"SELECT id FROM files WHERE source = :source AND {_VISIBLE}", {"source": source, "at": at})
        if not rows:
            raise KeyError(source)
        file = self._file(rows[0][0])
        return file.passage(Span(start=start, end=min(end, len(file.text))))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _file(self, number: int) -> StoredFile:
        """A whole file, its seal checked; the last few stay in memory."""
        with self._lock:
            if number in self._files:
                self._files.move_to_end(number)
                return self._files[number]
            row = self._one(f"SELECT {_COLUMNS}, seal FROM files WHERE id = ?", (number,))
            try:
                file = file_from_row(row[1:-1])
            except (ValueError, TypeError, KeyError) as error:
                raise damaged(self.path, f"file {row[1]} is not what was stored") from error
            if file.seal() != row[-1]:
                raise damaged(self.path, f"file {file.name} is not what was stored")
            self._files[number] = file
            while len(self._files) > 1 and sum(len(f.text) for f in self._files.values()) > _CACHED_CHARACTERS:
                self._files.popitem(last=False)
            return file

    def _retire(self, source: str, generation: int) -> None:
        self._connection.execute("UPDATE files SET until = ? WHERE source = ? AND until IS NULL", (generation, source))

    @contextmanager
    def _change(self) -> Iterator[int]:
        """One transaction that raises the generation; yields the new one."""
        with self._write():
            (value,) = self._connection.execute("SELECT value FROM manifest WHERE name = 'generation'").fetchone()
            yield int(value) + 1
            self._set("generation", str(int(value) + 1))

    @contextmanager
    def _write(self) -> Iterator[None]:
        """One durable transaction; afterwards readers of this object see it. Rolls back on any error."""
        with self._lock, writing(self.path):
            self._end()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            finally:
                self._end()
            self.refresh()

    def _book(self, **added: int) -> None:
        """Keeps the row counts that ``verify`` compares with."""
        for table, count in added.items():
            self._connection.execute(
                "UPDATE manifest SET value = CAST(value AS INTEGER) + ? WHERE name = ?", (count, f"rows of {table}")
            )

    def _set(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO manifest VALUES (?, ?)", (name, value))

    def _end(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _all(self, query: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[Any]:
        with self._lock, reading(self.path):
            return self._connection.execute(query, values).fetchall()

    def _one(self, query: str, values: Sequence[object]) -> Any:
        rows = self._all(query, values)
        if not rows:
            raise damaged(self.path, "a row that others refer to is missing")
        return rows[0]


def create(path: Path, *, embedder: str, dimension: int, chunking: str, store: str | None = None) -> None:
    """Makes an empty store's database at ``path``, which appears only once it is whole. Raises StoreError."""
    new = path.with_name(f".{path.name}.new")
    with writing(path):
        new.unlink(missing_ok=True)
        connection = _connect(f"{new.resolve().as_uri()}?mode=rwc")
        try:
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.executescript(_TABLES)
            rows = {
                "schema": SCHEMA,
                "store": store or uuid.uuid4().hex,
                "embedder": embedder,
                "dimension": str(dimension),
                "chunking": chunking,
                "generation": "0",
                "purged": "0",
                "rows of files": "0",
                "rows of passages": "0",
                "rows of embeddings": "0",
            }
            connection.executemany("INSERT INTO manifest VALUES (?, ?)", rows.items())
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        new.rename(path)


def open_database(path: Path, *, writable: bool) -> Database:
    """The database at ``path``, which must exist; ``writable`` says whether its folder is. Raises StoreError."""
    if path.stat().st_size == 0:
        raise damaged(path, "the file is empty")
    log = path.with_name(f"{path.name}-wal")
    immutable = "" if writable or (log.exists() and log.stat().st_size) else "&immutable=1"
    mode = "rw" if writable else "ro"
    with reading(path):
        connection = _connect(f"{path.resolve().as_uri()}?mode={mode}{immutable}")
        try:
            if connection.execute("PRAGMA application_id").fetchone()[0] != _APPLICATION_ID:
                raise damaged(path, "the file is not one that factcheck wrote")
            return Database(path, connection, writable=writable)
        except BaseException:
            connection.close()
            raise


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns SQLite's errors while reading into StoreError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StoreError("store_locked", f"{path}: another program keeps it locked: {error}") from error
        if _code(error) in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
            raise StoreError("store_unwritable", f"{path}: it cannot be opened: {error}") from error
        if _code(error) in _REFUSED and error.sqlite_errorcode != sqlite3.SQLITE_IOERR_SHORT_READ:
            message = f"{path}: the disk refuses ({error}); look at its free space and health, and try again"
            raise StoreError("store_unwritable", message) from error
        raise damaged(path, str(error)) from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the errors of a full or read-only disk into StoreError."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _code(error) in _DAMAGED:
            raise damaged(path, str(error)) from error
        if _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StoreError("store_locked", f"{path}: another program keeps it locked: {error}") from error
        if _code(error) in _UNWRITABLE | {sqlite3.SQLITE_IOERR}:
            raise unwritable(path, str(error)) from error
        raise
    except OSError as error:
        raise unwritable(path, error.strerror or str(error)) from error


def damaged(path: Path, what: str) -> StoreError:
    """The truth itself is broken: nothing can be rebuilt from it, so the references must be read again."""
    folder = path.parent
    return StoreError(
        "store_damaged",
        f"{path}: the store is damaged ({what}); delete the folder {folder} and index the references again "
        f"(factcheck index REFERENCES --store {folder})",
    )


def unwritable(path: Path, what: str) -> StoreError:
    return StoreError(
        "store_unwritable", f"{path}: the store cannot be written ({what}); free space or permit writing, and try again"
    )


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _code(error: sqlite3.DatabaseError) -> int:
    """SQLite's primary error code; 0 where Python raised the error itself."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _manifest(path: Path, rows: Mapping[str, str]) -> Manifest:
    if rows.get("schema", SCHEMA) != SCHEMA:
        raise StoreError(
            "store_mismatch",
            f"{path}: written by another version of factcheck (schema {rows['schema']}, this one reads {SCHEMA}); "
            "index the references again into a new folder",
        )
    try:
        return Manifest(
            store=rows["store"],
            embedder=rows["embedder"],
            dimension=int(rows["dimension"]),
            chunking=rows["chunking"],
            generation=int(rows["generation"]),
            purged=int(rows["purged"]),
        )
    except (KeyError, ValueError) as error:
        raise damaged(path, "its manifest is incomplete") from error


def row_of(file: StoredFile) -> tuple[str | None, ...]:
    """A file as the columns of its row."""
    pages = json.dumps([[page.number, page.span.start, page.span.end] for page in file.pages])
    published = file.published.isoformat() if file.published else None
    described = (file.name, file.root, file.source, file.sha256, file.title, file.language)
    return (*described, published, file.media_type, file.text, pages)


def file_from_row(row: Sequence[Any]) -> StoredFile:
    """The inverse of ``row_of``; raises ValueError or TypeError for what is no such row."""
    pages = tuple(Page(number=number, span=Span(start=start, end=end)) for number, start, end in json.loads(row[9]))
    published = date.fromisoformat(row[6]) if row[6] else None
    name, root, source, sha256, title, language, _, media_type, text, _ = row
    return StoredFile(name, root, source, sha256, title, language, published, media_type, text, pages)


def _blob(vector: NDArray[np.float32]) -> bytes:
    return np.ascontiguousarray(vector, np.dtype("<f4")).tobytes()
