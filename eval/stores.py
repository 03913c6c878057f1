"""The documents of a data set, indexed by the product's own store and kept in the cache from run to run."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from eval.datasets.dataset import Dataset
from eval.records import Reference
from factcheck.documents.language import detect_language
from factcheck.errors import ConfigError, StoreError
from factcheck.models import Document, StoreFingerprint
from factcheck.pipeline import Progress
from factcheck.protocols import Embedder
from factcheck.retrieve.passages import CHUNKING, passages_of
from factcheck.retrieve.store import IndexProgress, Reading, Store, cached_store_location, products_own

_SUFFIX = ".json"


@dataclass(frozen=True)
class Corpus:
    """An open store; ``doc_ids`` gives the name that the samples use for each source of the store."""

    name: str
    store: Store
    doc_ids: dict[str, str]
    reading: Reading

    def read(self, source: str) -> Document:
        """The document behind a passage's source, read anew from its file. Raises ReadError."""
        return self.reading.read_document(Path(source))

    def fingerprint(self) -> StoreFingerprint:
        """Under the set's name: where a cache lies is no part of a result. The set's digest covers its documents."""
        full = self.store.fingerprint()
        own = self.reading.read_document is not _read_json
        return full.model_copy(update={"location": self.name, "files": full.files if own else {}})


@contextmanager
def open_corpus(data: Dataset, embedder: Embedder, cache_dir: Path, progress: Progress) -> Iterator[Corpus]:
    """The documents of ``data``, ready to be searched; what was indexed before is not embedded again.

    Raises StoreError, and ConfigError where the set has no documents or one of them cannot be read.
    """
    if not data.corpus:
        raise ConfigError(f"{data.info.name}: this set has no documents to search in; take --task verdict")
    if isinstance(data.corpus, Path):
        folder, reading = data.corpus, products_own()
        doc_ids = {str(path.resolve()): path.relative_to(folder).as_posix() for path in reading.list_documents(folder)}
    else:
        folder, doc_ids = _written(data.info.name, data.corpus, cache_dir)
        reading = AS_JSON
    with _indexed(folder, embedder, cache_dir, reading, progress) as store:
        yield Corpus(data.info.name, store, doc_ids, reading)


@contextmanager
def _indexed(
    folder: Path, embedder: Embedder, cache_dir: Path, reading: Reading, progress: Progress
) -> Iterator[Store]:
    def tell(at: IndexProgress) -> None:
        progress(at.stage, at.done, at.total)

    location = cached_store_location(folder, embedder, cache_dir)
    with _opened(location, embedder, reading) as store:
        report = store.index([folder], prune=True, progress=tell)
        if report.failed:
            raise ConfigError(f"reference not indexed: {report.failed[0][1]}")
        if not store.count():
            raise StoreError("store_empty", f"{folder}: holds no reference that can be read")
        yield store


def _opened(location: Path, embedder: Embedder, reading: Reading) -> Store:
    """Nothing in a cached store is anybody's only copy, so a damaged one is made anew."""
    try:
        return Store.open(location, embedder, write=True, reading=reading)
    except StoreError as error:
        if error.code != "store_damaged":
            raise
    shutil.rmtree(location)
    return Store.open(location, embedder, write=True, reading=reading)


def _written(name: str, documents: Sequence[Reference], cache_dir: Path) -> tuple[Path, dict[str, str]]:
    """A folder with one file for each document, as the store wants them, and which file is whose."""
    texts = {_file_name(document.doc_id): document for document in documents}
    if len(texts) < len(documents):
        raise ConfigError(f"{name}: two documents of the corpus have the same doc_id")
    digest = hashlib.sha256()
    for file, document in sorted(texts.items()):
        digest.update(f"{file}\0{document.model_dump_json()}\0".encode())
    folder = cache_dir / "evaluation" / f"{_file_name(name)[:40]}-{digest.hexdigest()[:16]}"
    if not folder.is_dir():
        building = folder.with_name(f"{folder.name}.building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        for file, document in texts.items():
            (building / f"{file}{_SUFFIX}").write_text(document.model_dump_json(), encoding="utf-8")
        building.rename(folder)
    resolved = folder.resolve()
    return folder, {str(resolved / f"{file}{_SUFFIX}"): document.doc_id for file, document in texts.items()}


def _file_name(name: str) -> str:
    safe = quote(name, safe=" ").replace(".", "%2E")
    return safe if len(safe) <= 200 else hashlib.sha256(name.encode()).hexdigest()


def _list_json(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob(f"*{_SUFFIX}"))


def _read_json(path: Path) -> Document:
    return document_of(Reference.model_validate(json.loads(path.read_text(encoding="utf-8"))), source=str(path))


def document_of(reference: Reference, *, source: str | None = None) -> Document:
    """A reference as a document that has only its text; ``source`` is its ``doc_id`` where none is given."""
    text = reference.text
    return Document(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        source=reference.doc_id if source is None else source,
        title=reference.title,
        language=detect_language(text) if reference.language == "und" else reference.language,
        published=None,
        media_type="text/plain",
        encoding=None,
        text=text,
    )


AS_JSON = Reading(_list_json, _read_json, passages_of, CHUNKING)
