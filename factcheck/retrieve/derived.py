"""What is derived from a store's database: built aside, verified, sealed with its hashes, renamed into place.

``index-<generation>/`` holds ``chroma`` (where the vectors are local), ``lexical`` and ``seal.json``. Nothing in it is
loaded before its bytes have been found to be those that were sealed: a damaged vector file kills whoever loads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from factcheck.errors import StoreError
from factcheck.models import Passage
from factcheck.retrieve import chroma, lexical
from factcheck.retrieve.database import Database, unwritable

if sys.platform != "win32":
    import fcntl

SEAL = "seal.json"
_INDEX = re.compile(r"index-(\d+)")
_BUILDING = ".building-"
_CANARIES = 8
_SAMPLE = 64
ITSELF = 0.999  # cosine of a vector with itself, rounding and 32-bit floats allowed for
_BATCH = 1000
_REBUILD_AT = 0.25  # a collection with more deleted entries than this share is built anew

Progress = Callable[[int, int], None]


class NotIntact(Exception):
    """An index that must not be used; the message says why, in a few words."""


@dataclass(frozen=True)
class Seal:
    """What an index was when it was verified. ``files`` maps a path inside it to size and sha256."""

    store: str
    generation: int
    passages: int
    lexical: str
    dense: bool
    deleted: int  # entries deleted from the collection since it was last built anew
    canaries: tuple[str, ...]  # passages that found themselves
    files: dict[str, tuple[int, str]]


class Index:
    """A verified index open for reading. While it is open its folder is not removed."""

    def __init__(self, seal: Seal, dense: chroma.Dense | None, words: lexical.Lexical, hold: int) -> None:
        """Use ``open_index``."""
        self.generation = seal.generation
        self.dense = dense
        self.words = words
        self._hold = hold

    def close(self) -> None:
        if self.dense is not None:
            self.dense.close()
        os.close(self._hold)


def silent(done: int, total: int) -> None:
    """Progress that nobody asked for."""


def generations(folder: Path) -> list[int]:
    """Those an index is there for, newest first."""
    found = (_INDEX.fullmatch(path.name) for path in folder.iterdir())
    return sorted((int(match[1]) for match in found if match), reverse=True)


def index_path(folder: Path, generation: int) -> Path:
    return folder / f"index-{generation}"


def open_index(path: Path, database: Database, private: Path) -> Index:
    """Opens the index in ``path`` after proving it: hashes, then counts, then canaries that must find themselves.

    ``private`` is a new folder for what must not be written to in ``path``. Raises NotIntact.
    """
    hold = _hold(path)
    dense = None
    try:
        seal = read_seal(path, database.manifest.store)
        words = _opened_words(path / "lexical", private)
        if words.count() != seal.passages or seal.passages != database.count(seal.generation):
            raise NotIntact(f"{words.count()} of {database.count(seal.generation)} passages in the word index")
        if seal.dense:
            dense = chroma.open_folder(path / "chroma", private / "chroma")
            _prove(dense, seal, database)
        return Index(seal, dense, words, hold)
    except BaseException as error:
        if dense is not None:
            dense.close()
        os.close(hold)
        if isinstance(error, chroma.errors()):
            raise NotIntact(_first_line(error)) from error
        raise


def read_seal(path: Path, store: str) -> Seal:
    """The seal of an index whose files are all as they were sealed. Raises NotIntact."""
    seal = _seal_in(path)
    if seal.store != store or path.name != index_path(path.parent, seal.generation).name:
        raise NotIntact("it belongs to another store")
    if seal.lexical != lexical.LEXICAL:
        raise NotIntact("it was written by another version of factcheck")
    for name, (size, digest) in seal.files.items():
        file = path / name
        if not file.is_file():
            raise NotIntact(f"{name} is gone")
        if file.stat().st_size != size:
            raise NotIntact(f"{name} has {file.stat().st_size} bytes instead of {size}")
        if _hash(file) != digest:
            raise NotIntact(f"{name} has other content")
    if unknown := {name for name in _contents(path) if not _hidden(name)} - seal.files.keys():
        raise NotIntact(f"{min(unknown)} does not belong there")
    return seal


def publish(folder: Path, database: Database, *, dense: bool, into: Path | None = None, progress: Progress) -> Path:
    """Derives the index of the database's newest state and puts it into place; embeds nothing.

    Starts from the newest intact index where little changed. ``into`` puts it into another folder than the store's,
    for a store that cannot be written. The caller holds the store's lock. Raises StoreError.
    """
    target = index_path(into or folder, database.manifest.generation)
    try:
        _sweep(target.parent)
        building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=target.parent))
        try:
            seal = _built(folder, building, database, dense=dense, progress=progress)
            _write_seal(building, seal)
            _put_in_place(building, target)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except chroma.errors() as error:
        raise unwritable(target, _first_line(error)) from error
    return target


def remove_older(folder: Path, generation: int) -> None:
    """Removes indexes of other generations that nobody has open."""
    for other in generations(folder):
        if other != generation:
            _remove_if_free(index_path(folder, other))


def _built(folder: Path, building: Path, database: Database, *, dense: bool, progress: Progress) -> Seal:
    """Fills ``building`` and verifies it."""
    at = database.manifest.generation
    wanted = database.passage_ids(at)
    base = _base(folder, database, dense=dense)
    before = database.passage_ids(base.generation) if base else []
    removed = sorted(set(before) - set(wanted))
    deleted = (base.deleted if base else 0) + len(removed)
    if base is None or deleted > _REBUILD_AT * len(wanted):
        base, before, removed, deleted = None, [], [], 0
    present = set(before)
    added = [name for name in wanted if name not in present]
    if base is not None and not removed:
        shutil.copytree(index_path(folder, base.generation) / "lexical", building / "lexical")
        lexical.add(building / "lexical", _passages(database, added, at))
    else:
        lexical.build(building / "lexical", _passages(database, wanted, at))
    canaries: tuple[str, ...] = ()
    if dense:
        entries = _entries(database, added, progress)
        if base is not None:
            shutil.copytree(index_path(folder, base.generation) / "chroma", building / "chroma")
            chroma.update(building / "chroma", removed=removed, added=entries)
        else:
            chroma.build(building / "chroma", entries)
        canaries = _canaries(building, database, wanted)
    if lexical.Lexical(building / "lexical").count() != len(wanted):
        raise StoreError("store_damaged", f"{folder}: the word index could not be built: passages are missing from it")
    files = {name: (size, _hash(building / name)) for name, size in _contents(building).items() if not _hidden(name)}
    return Seal(database.manifest.store, at, len(wanted), lexical.LEXICAL, dense, deleted, canaries, files)


def _base(folder: Path, database: Database, *, dense: bool) -> Seal | None:
    """The newest intact index that the database can still say the passages of."""
    for generation in generations(folder):
        if not database.manifest.purged <= generation <= database.manifest.generation:
            continue
        try:
            seal = read_seal(index_path(folder, generation), database.manifest.store)
        except NotIntact:
            continue
        if seal.dense == dense and seal.passages == database.count(generation):
            return seal
    return None


def _canaries(building: Path, database: Database, wanted: list[str]) -> tuple[str, ...]:
    """Passages that find themselves in the new collection, which must hold ``wanted`` and nothing else."""
    with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=building.parent) as private:
        dense = chroma.open_folder(building / "chroma", Path(private) / "chroma")
        try:
            if dense.ids() != set(wanted):
                raise StoreError("store_damaged", f"{building.parent}: Chroma did not keep every passage; try again")
            sample = wanted[:: max(1, len(wanted) // _SAMPLE)][:_SAMPLE]
            vectors = database.vectors(sample)
            sample = [name for name, vector in zip(sample, vectors, strict=True) if np.linalg.norm(vector) > 0.5]
            found = [
                name for name, itself in zip(sample, _find_themselves(dense, database, sample), strict=True) if itself
            ]
        finally:
            dense.close()
    if len(found) < 0.9 * len(sample):
        raise StoreError(
            "store_damaged",
            f"{building.parent}: {len(sample) - len(found)} of {len(sample)} passages do not find themselves",
        )
    return tuple(found[:: max(1, len(found) // _CANARIES)][:_CANARIES])


def _prove(dense: chroma.Dense, seal: Seal, database: Database) -> None:
    if dense.count() != seal.passages:
        raise NotIntact(f"{dense.count()} of {seal.passages} passages in the vector index")
    if not all(_find_themselves(dense, database, list(seal.canaries))):
        raise NotIntact("a passage does not find itself")


def _find_themselves(dense: chroma.Dense, database: Database, names: list[str]) -> list[bool]:
    nearest = dense.nearest(database.vectors(names), 1)
    return [bool(hits) and hits[0][1] > ITSELF for hits in nearest]


def _entries(database: Database, names: list[str], progress: Progress) -> Iterator[tuple[str, NDArray[np.float32]]]:
    done = 0
    for batch in chroma.batched(names, _BATCH):
        yield from zip(batch, database.vectors(batch), strict=True)
        done += len(batch)
        progress(done, len(names))


def _passages(database: Database, names: list[str], at: int) -> Iterator[Passage]:
    for batch in chroma.batched(names, _BATCH):
        yield from database.passages(batch, at)


def _opened_words(folder: Path, private: Path) -> lexical.Lexical:
    """The word index; through a copy where its folder permits no lock file."""
    try:
        return lexical.Lexical(folder)
    except StoreError:
        shutil.copytree(folder, private / "lexical")
    try:
        return lexical.Lexical(private / "lexical")
    except StoreError as error:
        raise NotIntact(str(error)) from error


def _seal_in(path: Path) -> Seal:
    try:
        written = json.loads((path / SEAL).read_text(encoding="utf-8"))
        digest = written.pop("digest")
        if digest != _digest(written):
            raise NotIntact(f"{SEAL} has other content")
        files = {name: (size, sha) for name, (size, sha) in written.pop("files").items()}
        return Seal(**{**written, "canaries": tuple(written["canaries"])}, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotIntact(f"{SEAL} cannot be read") from error


def _write_seal(building: Path, seal: Seal) -> None:
    written = json.loads(json.dumps(asdict(seal)))
    (building / SEAL).write_text(json.dumps({**written, "digest": _digest(written)}), encoding="utf-8")


def _digest(written: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def _put_in_place(building: Path, target: Path) -> None:
    """On the disk first, then under its name."""
    for part in [*building.rglob("*"), building]:
        _sync(part)
    if target.exists():
        aside = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=target.parent))
        target.rename(aside / target.name)
        shutil.rmtree(aside, ignore_errors=True)
    building.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    if path.is_dir() and sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """What builders left behind that were killed; the caller holds the lock, so none is at work."""
    for left in folder.glob(f"{_BUILDING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _hold(path: Path) -> int:
    """A descriptor that keeps ``path`` from being removed until it is closed. Raises NotIntact."""
    try:
        descriptor = os.open(path / SEAL, os.O_RDONLY)
    except OSError as error:
        raise NotIntact(f"{SEAL} is gone") from error
    if sys.platform != "win32":
        with suppress(OSError):  # a file system without locks; then a removed index is found out by its error
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if not (path / SEAL).exists():
            os.close(descriptor)
            raise NotIntact("it was just replaced")
    return descriptor


def hold_folder(folder: Path) -> int | None:
    """A descriptor that marks a folder as in use until it is closed; None where it is in use, or cannot be marked."""
    if sys.platform == "win32":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_if_free(path: Path) -> None:
    """Removes an index unless somebody reads it; while it goes, nobody can start to."""
    if sys.platform == "win32":
        shutil.rmtree(path, ignore_errors=True)  # what is open stays
        return
    try:
        descriptor = os.open(path / SEAL, os.O_RDONLY)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _contents(path: Path) -> dict[str, int]:
    """Every file in an index but its seal, with its size."""
    found = (file for file in path.rglob("*") if file.is_file())
    return {file.relative_to(path).as_posix(): file.stat().st_size for file in found if file != path / SEAL}


def _hidden(name: str) -> bool:
    """tantivy's lock files come and go."""
    return name.rpartition("/")[2].startswith(".tantivy")


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
