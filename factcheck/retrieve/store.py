"""The store of references: files become passages that can be searched by meaning and by words.

    with Store.open("store", embedder, write=True) as store:
        report = store.index(["references/"])

A folder (this module) or, with ``http://host:port``, a Chroma server shared by many (``server.py``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from factcheck.errors import ReadError, StoreError
from factcheck.models import Document, Passage, StoreFingerprint
from factcheck.protocols import Embedder
from factcheck.retrieve import derived
from factcheck.retrieve.chroma import batched
from factcheck.retrieve.database import (
    Database,
    KnownFile,
    Manifest,
    StoredFile,
    create,
    damaged,
    embedding_key,
    open_database,
    unwritable,
    writing,
)
from factcheck.retrieve.lock import writer_lock
from factcheck.retrieve.passages import indexed_text

TRUTH = "store.sqlite"
_OURS = re.compile(r"\.?store\.|index-\d+$|\.building-")
_EMBED_BATCH = 256
_PRIVATE = "factcheck-store-"
_YOUNG_S = 60.0


@dataclass(frozen=True)
class Reading:
    """How references become passages; ``chunking`` names the way so that a store cut otherwise is recognised."""

    list_documents: Callable[[Path], Iterable[Path]]
    read_document: Callable[[Path], Document]
    passages_of: Callable[[Document], Sequence[Passage]]
    chunking: str


@dataclass(frozen=True)
class IndexProgress:
    """``stage`` reading counts files (``source`` is done and durable), indexing counts passages."""

    stage: Literal["reading", "indexing"]
    done: int
    total: int
    source: str = ""


@dataclass(frozen=True)
class IndexReport:
    """What became of every file, by source, and what the store holds now.

    A file whose bytes changed and cannot be read any more is in ``failed`` and in ``removed``: its old words stand
    nowhere now, so nothing may be cited from them. One that cannot be opened at all keeps its passages.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    failed: tuple[tuple[str, ReadError], ...]
    embedded: int  # texts that were embedded; all others were known
    files: int
    passages: int


@dataclass
class _Run:
    """The books of one run of ``index``."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    failed: list[tuple[str, ReadError]] = field(default_factory=list)
    embedded: int = 0
    names: set[str] = field(default_factory=set)  # all that are taken


class Store:
    """An open store. Blocking, safe from several threads; what it answers from does not change while it is open,
    except by its own ``index``. ``notes`` says in words what had to be repaired."""

    notes: list[str]
    is_remote = False  # a server has the vectors

    @staticmethod
    def open(
        location: str | Path,
        embedder: Embedder,
        *,
        write: bool = False,
        reading: Reading | None = None,
        cache_dir: Path | None = None,
    ) -> Store:
        """Opens the store and proves it before the first answer; with ``write`` it is made where there is none.

        ``location`` is a folder, or ``http://host:port[/collection]`` of a Chroma server; then ``cache_dir`` keeps a
        local copy of its texts. Damage to an index is repaired and noted in ``notes``. Raises StoreError.
        """
        reading = reading or products_own()
        if re.match(r"https?://", str(location)):
            from factcheck.retrieve.server import open_server

            return open_server(str(location), embedder, reading, cache_dir=cache_dir, write=write)
        return Store(Path(location), embedder, reading, write=write)

    def index(
        self,
        paths: Iterable[str | Path],
        *,
        prune: bool = False,
        progress: Callable[[IndexProgress], None] | None = None,
    ) -> IndexReport:
        """Takes in files and folders of files; what the store holds of them unchanged is neither read nor embedded.

        Each file is durable once ``progress`` has named it. ``prune`` removes what is no longer there. A file that
        cannot be read, or is not there, is in the report. Raises StoreError, and ReadError for a folder that goes away.
        """
        tell = progress or (lambda _: None)
        run = _Run()
        with self._writing():
            known = self._truth.known()
            run.names = {file.name for file in known.values()}
            found = list(self._listed(paths))
            for number, (root, path) in enumerate(found, 1):
                self._take(root, path, known, run)
                tell(IndexProgress("reading", number, len(found), str(path)))
            if prune:
                self._prune(paths, {str(path) for _, path in found}, known, run)
            if self._index is not None and self._index.generation != self._truth.manifest.generation:
                self._detach()
            self._publish(lambda done, total: tell(IndexProgress("indexing", done, total)))
        self._attach()
        return IndexReport(
            added=tuple(run.added),
            changed=tuple(run.changed),
            unchanged=tuple(run.unchanged),
            removed=tuple(run.removed),
            failed=tuple(run.failed),
            embedded=run.embedded,
            files=len(self.fingerprint().files),
            passages=self.count(),
        )

    def __init__(
        self, folder: Path, embedder: Embedder, reading: Reading, *, write: bool, location: str | None = None
    ) -> None:
        """Use ``Store.open``."""
        self.location = location or str(folder)
        self.notes = []
        self._folder = folder
        self._embedder = embedder
        self._reading = reading
        self._index: derived.Index | None = None
        self._attaching = threading.Lock()
        self._private = _Private()
        try:
            self._truth = self._opened_truth(write=write)
        except BaseException:
            self._private.remove()
            raise
        try:
            self._truth.verify()
            self._refuse_others(self._truth.manifest)
            self._prepare()
            if not write:
                self._refuse_empty()
                self._attach()
        except BaseException:
            self.close()
            raise

    def dense(self, vectors: Sequence[NDArray[np.float32]], k: int) -> list[list[tuple[str, float]]]:
        """For each vector, the ``k`` nearest passages as (passage id, cosine), best first. Raises StoreError."""
        index = self._ready()
        if index.dense is None or k < 1 or not vectors:
            return [[] for _ in vectors]
        return index.dense.nearest(np.stack(vectors).astype(np.float32), k)

    def lexical(self, query: str, language: str, k: int) -> list[tuple[str, float]]:
        """The ``k`` passages that share words with a query in ``language``, as (passage id, score), best first."""
        return self._ready().words.search(query, language, k) if k >= 1 else []

    def ids(self) -> list[str]:
        """Every passage, in the order of files and texts."""
        return self._truth.passage_ids(self._ready().generation)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The passages in the order asked. Raises KeyError for an unknown id, StoreError where a text is damaged."""
        return self._truth.passages(ids, self._ready().generation)

    def merged(self, source: str, start: int, end: int) -> Passage:
        """One passage over a stretch of a source, as of neighbours joined. Raises KeyError for an unknown source."""
        return self._truth.slice(source, start, end, self._ready().generation)

    def languages(self) -> dict[str, int]:
        """Passages by language, most first."""
        return self._truth.languages(self._ready().generation)

    def count(self) -> int:
        """The number of passages."""
        return self._truth.count(self._ready().generation)

    def fingerprint(self) -> StoreFingerprint:
        """Which state of which references the store answers from."""
        manifest = self._truth.manifest
        stated = {
            "embedder": manifest.embedder,
            "chunking": manifest.chunking,
            "passages": self.count(),
            "files": self._truth.hashes(self._ready().generation),
        }
        digest = hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()
        return StoreFingerprint.model_validate({"location": self.location, "digest": digest, **stated})

    def close(self) -> None:
        self._detach()
        self._truth.close()
        self._private.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened_truth(self, *, write: bool) -> Database:
        truth = self._folder / TRUTH
        if not truth.exists():
            self._refuse_absent(write=write)
            with writing(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
            with writer_lock(self._folder):
                if not truth.exists():
                    create(
                        truth,
                        embedder=self._embedder.name,
                        dimension=self._embedder.dimension,
                        chunking=self._reading.chunking,
                    )
        writable = os.access(self._folder, os.W_OK) and os.access(truth, os.W_OK)
        if not writable and (log := truth.with_name(f"{TRUTH}-wal")).exists() and log.stat().st_size:
            return self._recovered_copy(truth, log)
        return open_database(truth, writable=writable)

    def _prepare(self) -> None:
        """What a kind of store does before it is first asked; a folder is ready."""

    def _recovered_copy(self, truth: Path, log: Path) -> Database:
        """A writer was killed, and only SQLite's log holds the last of it, which takes writing to read."""
        copy = self._private.new()
        with writing(copy):
            for part in (truth, log):
                shutil.copyfile(part, copy / part.name)
        self._note("the store cannot be written; what an interrupted run left is read from a copy")
        return open_database(copy / TRUTH, writable=True)

    def _refuse_absent(self, *, write: bool) -> None:
        """Raises StoreError unless the folder is one to make a store in."""
        folder = self._folder
        if folder.exists() and not folder.is_dir():
            raise StoreError("store_missing", f"{folder}: a file, not the folder of a store")
        inside = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        if any(name.startswith(("index-", TRUTH)) for name in inside):
            raise damaged(folder / TRUTH, "the file is gone")
        if any(not _OURS.match(name) for name in inside):
            raise StoreError(
                "store_missing", f"{folder}: not a store; name the folder of one, or a new or empty folder"
            )
        if not write:
            raise StoreError(
                "store_missing", f"{folder}: there is no store; make one: factcheck index REFERENCES --store {folder}"
            )

    def _refuse_others(self, manifest: Manifest) -> None:
        """Raises StoreError for a store whose vectors or passages would not be comparable with ours."""
        ours = (self._embedder.name, self._embedder.dimension, self._reading.chunking)
        if (manifest.embedder, manifest.dimension, manifest.chunking) == ours:
            return
        what, was, now = "cut into passages by", manifest.chunking, self._reading.chunking
        if (manifest.embedder, manifest.dimension) != ours[:2]:
            was, now = (f"{m[0]} ({m[1]} numbers)" for m in ((manifest.embedder, manifest.dimension), ours))
            what = "embedded with"
        raise StoreError(
            "store_mismatch",
            f"{self.location}: the store was {what} {was}, this run uses {now}; use the same, "
            "or index the references again into a new store",
        )

    def _refuse_empty(self) -> None:
        if self._truth.count(self._truth.manifest.generation) == 0:
            raise StoreError(
                "store_empty",
                f"{self.location}: the store holds no passages; add some: "
                f"factcheck index REFERENCES --store {self.location}",
            )

    # Indexing

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Holds the store for writing, with the truth at its newest state."""
        if not self._truth.writable:
            raise unwritable(self._truth.path, "it is read-only")
        with writer_lock(self._folder):
            self._truth.refresh()
            yield

    def _listed(self, paths: Iterable[str | Path]) -> Iterator[tuple[Path, Path]]:
        """Each file once, with the folder it was asked for in; nothing of the store itself."""
        seen: set[Path] = set()
        own = self._folder.resolve()
        for given in paths:
            path = Path(given).resolve()
            root = path if path.is_dir() else path.parent
            for file in self._reading.list_documents(path) if path.is_dir() else [path]:
                if file not in seen and own not in file.parents:
                    seen.add(file)
                    yield root, file

    def _take(self, root: Path, path: Path, known: dict[str, KnownFile], run: _Run) -> None:
        """Brings one file up to date and books what became of it."""
        source = str(path)
        before = known.get(source)
        try:
            sha256 = _sha256(path)
        except ReadError as error:
            run.failed.append((source, error))
            return
        if before is not None and before.sha256 == sha256:
            run.unchanged.append(source)
            return
        try:
            document = self._reading.read_document(path)
            if _sha256(path) != sha256:
                raise ReadError(source, "unreadable", "it changed while it was being read; index it again")
        except ReadError as error:
            run.failed.append((source, error))
            if before is not None:
                self._remove([source])
                run.removed.append(source)
                del known[source]
            return
        file = _stored(document, source, self._name(root, path, known, run.names), root, sha256)
        passages = _cut(file, self._reading.passages_of(document))
        new = self._new_vectors(passages)
        self._put(file, passages, new)
        run.embedded += len(new)
        (run.added if before is None else run.changed).append(source)
        run.names.add(file.name)
        known[source] = KnownFile(0, file.name, source, sha256, len(passages))

    def _name(self, root: Path, path: Path, known: dict[str, KnownFile], taken: set[str]) -> str:
        """The name a reader sees: below its folder, and longer only where that is taken."""
        if (before := known.get(str(path))) is not None:
            return before.name
        below = path.relative_to(root).as_posix()
        return next(name for name in (below, f"{root.name}/{below}", path.as_posix()) if name not in taken)

    def _new_vectors(self, passages: Sequence[Passage]) -> dict[bytes, NDArray[np.float32]]:
        """Embeds those texts the store has no vector of, each once."""
        texts = {embedding_key(text): text for text in map(indexed_text, passages)}
        have = self._embedded(texts)
        missing = [(key, text) for key, text in texts.items() if key not in have]
        vectors: dict[bytes, NDArray[np.float32]] = {}
        for batch in batched(missing, _EMBED_BATCH):
            vectors.update(zip((key for key, _ in batch), self._rows([text for _, text in batch]), strict=True))
        return vectors

    def _rows(self, texts: list[str]) -> NDArray[np.float32]:
        """One vector per text. Raises StoreError for an embedder that does not keep to its word."""
        rows = np.asarray(self._embedder.embed(texts), np.float32)
        if rows.shape != (len(texts), self._embedder.dimension) or not np.isfinite(rows).all():
            raise StoreError(
                "store_mismatch",
                f"{self._embedder.name}: the embedder gave vectors of shape {rows.shape}, or numbers that are not "
                f"finite, where {(len(texts), self._embedder.dimension)} was expected; use another embedder",
            )
        return rows

    def _prune(self, paths: Iterable[str | Path], found: set[str], known: dict[str, KnownFile], run: _Run) -> None:
        """Removes what lies under ``paths`` in the store and is no longer there."""
        roots = [Path(path).resolve() for path in paths]
        gone = [
            source
            for source in known
            if source not in found and any(root == Path(source) or root in Path(source).parents for root in roots)
        ]
        if gone:
            self._remove(gone)
            run.removed += gone

    def _embedded(self, keys: Iterable[bytes]) -> set[bytes]:
        return self._truth.embedded(keys)

    def _put(self, file: StoredFile, passages: Sequence[Passage], new: Mapping[bytes, NDArray[np.float32]]) -> None:
        self._truth.put(file, passages, new)

    def _remove(self, sources: Sequence[str]) -> None:
        self._truth.remove(sources)

    # The index

    def _publish(self, progress: derived.Progress) -> None:
        """Sees to an index of the newest state; the caller holds the lock."""
        at = self._truth.manifest.generation
        if self._index is None:
            try:
                self._index = self._opened_index(at)
            except derived.NotIntact:
                derived.publish(self._folder, self._truth, dense=not self.is_remote, progress=progress)
        derived.remove_older(self._folder, at)
        self._truth.purge(at)

    def _attach(self) -> None:
        """Opens the index of the newest state; where it is missing, behind or damaged, sees to one."""
        if self._index is not None:
            return
        at = self._truth.refresh().generation
        try:
            self._index = self._opened_index(at)
        except derived.NotIntact as reason:
            self._repair(at, str(reason))

    def _repair(self, at: int, reason: str) -> None:
        """Rebuilds the index from the truth, unless somebody is writing: then their last state is still good."""
        if not self._truth.writable or self._truth.path.parent != self._folder:
            self._rebuild_privately(self._why(at, reason))
            return
        try:
            with writer_lock(self._folder, wait_s=0):
                self._rebuild(reason)
        except StoreError as error:
            if error.code == "store_unwritable":
                self._rebuild_privately(self._why(at, reason))
            elif error.code != "store_locked":
                raise
            elif not self._attach_earlier(at, str(error)):
                with writer_lock(self._folder):
                    self._rebuild(reason)

    def _rebuild(self, reason: str) -> None:
        at = self._truth.refresh().generation
        try:
            self._index = self._opened_index(at)  # somebody else has just done it
        except derived.NotIntact:
            why = self._why(at, reason)
            path = derived.publish(self._folder, self._truth, dense=not self.is_remote, progress=derived.silent)
            self._index = self._opened_new(path)
            derived.remove_older(self._folder, at)
            self._note(f"{why} and has been rebuilt from the store; nothing was embedded again")

    def _rebuild_privately(self, why: str) -> None:
        path = derived.publish(
            self._folder, self._truth, dense=not self.is_remote, into=self._private.new(), progress=derived.silent
        )
        self._index = self._opened_new(path)
        self._note(f"{why}; the store cannot be written, so it has been rebuilt for this run only")

    def _attach_earlier(self, at: int, busy: str) -> bool:
        """Whether there is an index of an earlier state to answer from."""
        for generation in derived.generations(self._folder):
            if not self._truth.manifest.purged <= generation < at or self._truth.count(generation) == 0:
                continue
            try:
                self._index = self._opened_index(generation)
            except derived.NotIntact:
                continue
            self._note(f"{busy}; until then the state before is used")
            return True
        return False

    def _opened_new(self, path: Path) -> derived.Index:
        """An index just built and verified. Raises StoreError: what keeps it from opening is not the index."""
        try:
            return derived.open_index(path, self._truth, self._private.new())
        except derived.NotIntact as error:
            raise unwritable(Path(tempfile.gettempdir()), str(error)) from error

    def _opened_index(self, generation: int) -> derived.Index:
        return derived.open_index(derived.index_path(self._folder, generation), self._truth, self._private.new())

    def _why(self, at: int, reason: str) -> str:
        """What was wrong with the index, in words."""
        if derived.index_path(self._folder, at).exists():
            return f"the index was damaged ({reason})"
        if derived.generations(self._folder):
            return "the index was behind, as after an interrupted run,"
        return "the index was missing"

    def _ready(self) -> derived.Index:
        with self._attaching:
            if self._index is None:
                self._attach()
            assert self._index is not None
            return self._index

    def _detach(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.location}: {text}")


class _Private:
    """A folder of this process for what Chroma insists on writing to; it goes when the store is closed.

    What a killed process left is removed by a later one: the folder of a living one is locked.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._hold: int | None = None

    def new(self) -> Path:
        """A new empty folder. Raises StoreError where there is no room."""
        try:
            if self._folder is None:
                _sweep_left_behind()
                self._folder = tempfile.TemporaryDirectory(prefix=_PRIVATE, ignore_cleanup_errors=True)
                self._hold = derived.hold_folder(Path(self._folder.name))
            return Path(tempfile.mkdtemp(dir=self._folder.name))
        except OSError as error:
            raise unwritable(Path(tempfile.gettempdir()), error.strerror or str(error)) from error

    def remove(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None


def _sweep_left_behind() -> None:
    """Removes the private folders of processes that are gone; a young one may not be locked yet."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PRIVATE}*"):
        try:
            old = time.time() - left.stat().st_mtime > _YOUNG_S
        except OSError:
            continue
        if old and (hold := derived.hold_folder(left)) is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(hold)


def products_own() -> Reading:
    """How factcheck reads and cuts references."""
    from factcheck.documents import list_documents, read_document
    from factcheck.retrieve.passages import CHUNKING, passages_of

    return Reading(list_documents, read_document, passages_of, CHUNKING)


def cached_store_location(folder: str | Path, embedder: Embedder, cache_dir: Path) -> Path:
    """Where the store of a references folder is cached: one per folder, embedder and way of cutting."""
    from factcheck.retrieve.passages import CHUNKING

    resolved = Path(folder).resolve()
    key = "\0".join((str(resolved), embedder.name, str(embedder.dimension), CHUNKING))
    readable = re.sub(r"[^A-Za-z0-9]+", "-", resolved.name).strip("-")[:40] or "references"
    return cache_dir / "stores" / f"{readable}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _stored(document: Document, source: str, name: str, root: Path, sha256: str) -> StoredFile:
    return StoredFile(
        name=name,
        root=str(root),
        source=source,
        sha256=sha256,
        title=document.title,
        language=document.language,
        published=document.published,
        media_type=document.media_type,
        text=document.text,
        pages=document.pages,
    )


def _cut(file: StoredFile, passages: Sequence[Passage]) -> list[Passage]:
    """The passages under ids of ours, each stretch once."""
    spans = {(p.span.start, p.span.end): p for p in passages}
    return [file.passage(p.span, language=p.language) for p in spans.values()]


def _sha256(path: Path) -> str:
    """Of a file's bytes. Raises ReadError."""
    source = str(path)
    if not source.isprintable() and any("\ud800" <= char <= "\udfff" for char in source):
        raise ReadError(source, "unreadable", "its name is not valid text; rename it")
    if not path.exists():
        raise ReadError(source, "missing", "there is no such file")
    if not path.is_file():
        raise ReadError(source, "not_a_file", "neither a file nor a folder of files")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReadError(source, "unreadable", error.strerror or str(error)) from error
