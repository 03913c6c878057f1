"""Every damage we know of is found before the first answer: what is derived is rebuilt, the truth is never trusted."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factcheck.errors import StoreError
from factcheck.retrieve.store import Store
from tests.fakes import FakeEmbedder
from tests.retrieve.lines import LINES, write

PASSAGES = [f"passage number {n} tells of the {n}th thing" for n in range(300)]
Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store nobody has damaged yet."""
    folder = tmp_path_factory.mktemp("whole")
    refs = write(folder / "refs", **{f"f{n}": "\n".join(PASSAGES[n::10]) for n in range(10)})
    with Store.open(folder / "store", FakeEmbedder(), write=True, reading=LINES) as store:
        store.index([refs])
    return folder / "store"


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "store"))


def only(pattern: str) -> Callable[[Path], Path]:
    def find(store: Path) -> Path:
        [found] = store.glob(pattern)
        return found

    return find


vectors, links, header, metadata, chroma_sqlite = (
    only(f"index-*/chroma/{name}")
    for name in ("*/data_level0.bin", "*/link_lists.bin", "*/header.bin", "*/index_metadata.pickle", "chroma.sqlite3")
)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 5)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def garbled(path: Path, at: int = 0, size: int = 4096) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(7).randbytes(min(size, max(1, path.stat().st_size - at))))


DERIVED: dict[str, Damage] = {
    "vector file cut": lambda store: cut(vectors(store)),
    "segment directory deleted": lambda store: shutil.rmtree(vectors(store).parent),
    "vector file 4 KB random": lambda store: garbled(vectors(store), 2000),
    "vector file emptied": lambda store: emptied(vectors(store)),
    "metadata pickle cut": lambda store: cut(metadata(store)),
    "Chroma's SQLite header garbage": lambda store: garbled(chroma_sqlite(store), 0, 100),
    "Chroma's SQLite cut": lambda store: cut(chroma_sqlite(store)),
    "Chroma's SQLite emptied": lambda store: emptied(chroma_sqlite(store)),
    "Chroma's SQLite removed": lambda store: chroma_sqlite(store).unlink(),
    "header cut": lambda store: cut(header(store)),
    "link file cut": lambda store: emptied(links(store)),
    "link file random": lambda store: garbled(links(store)),
    "a journal beside Chroma's SQLite": lambda store: (
        chroma_sqlite(store).with_name("chroma.sqlite3-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" * 99)
    ),
    "word index: a segment cut": lambda store: cut(max(store.glob("index-*/lexical/*.store"))),
    "word index: terms random": lambda store: garbled(max(store.glob("index-*/lexical/*.term"))),
    "word index: postings emptied": lambda store: emptied(max(store.glob("index-*/lexical/*.idx"))),
    "word index: meta.json garbage": lambda store: garbled(only("index-*/lexical/meta.json")(store)),
    "word index: all removed": lambda store: shutil.rmtree(only("index-*/lexical")(store)),
    "seal garbage": lambda store: garbled(only("index-*/seal.json")(store), 10, 20),
    "seal of nothing": lambda store: only("index-*/seal.json")(store).write_text("{}"),
    "seal removed": lambda store: only("index-*/seal.json")(store).unlink(),
    "index removed": lambda store: shutil.rmtree(only("index-*")(store)),
    "everything in the index one byte": lambda store: [
        path.write_bytes(b"x") for path in only("index-*")(store).rglob("*") if path.is_file()
    ],
}


@pytest.mark.parametrize("damage", DERIVED)
def test_a_damaged_index_is_rebuilt_before_the_first_answer(damage: str, store: Path) -> None:
    DERIVED[damage](store)

    embedder = FakeEmbedder()
    with Store.open(store, embedder, reading=LINES) as opened:
        [note] = opened.notes
        assert embedder.history == []
        assert_answers(opened, embedder)
    with Store.open(store, embedder, reading=LINES) as again:
        assert again.notes == []
    assert "has been rebuilt from the store; nothing was embedded again" in note
    assert "was damaged (" in note or damage == "index removed"


class NoRoom:
    """A temporary folder that nothing can be written to."""

    def __init__(self, place: Path) -> None:
        place.touch()
        self._place = place

    def new(self) -> Path:
        return self._place / "below a file"

    def remove(self) -> None:
        return


def test_a_full_temporary_folder_is_an_error_of_the_store_not_a_crash(store: Path, tmp_path: Path) -> None:
    opened: Any = Store.open(store, FakeEmbedder(), write=True, reading=LINES)
    opened._private = NoRoom(tmp_path / "file")
    with opened, pytest.raises(StoreError) as caught:
        opened.count()
    assert caught.value.code == "store_unwritable"


def assert_answers(opened: Store, embedder: FakeEmbedder) -> None:
    """Passages find themselves, by meaning and by words; HNSW is approximate, and may miss one in a hundred."""
    found = [opened.dense([vector], 1)[0][0] for vector in embedder.embed(PASSAGES)]
    itself = [
        opened.passages([nearest])[0].text == text and cosine == pytest.approx(1, abs=1e-3)
        for text, (nearest, cosine) in zip(PASSAGES, found, strict=True)
    ]
    assert sum(itself) >= 0.99 * len(PASSAGES)
    worded = {opened.lexical(text, "en", 1)[0][0] for text in PASSAGES[:20]}
    assert {passage.text for passage in opened.passages(sorted(worded))} <= set(PASSAGES)
    assert opened.count() == len(PASSAGES)


TRUTH: dict[str, Damage] = {
    "header garbage": lambda store: garbled(store / "store.sqlite", 0, 100),
    "middle garbage": lambda store: garbled(store / "store.sqlite", 4096, 40_000),
    "cut": lambda store: cut(store / "store.sqlite"),
    "emptied": lambda store: emptied(store / "store.sqlite"),
    "removed": lambda store: (store / "store.sqlite").unlink(),
    "another program's": lambda store: other_program(store / "store.sqlite"),
    "a file's row lost": lambda store: changed(store, "DELETE FROM files WHERE id = 3"),
    "a passage's row lost": lambda store: changed(store, "DELETE FROM passages WHERE file = 3 AND start = 0"),
    "an embedding's row lost": lambda store: changed(store, "DELETE FROM embeddings WHERE rowid = 5"),
    "its manifest lost": lambda store: changed(store, "DELETE FROM manifest WHERE name = 'embedder'"),
    "a table lost": lambda store: changed(store, "DROP TABLE passages"),
}


def changed(store: Path, statement: str) -> None:
    connection = sqlite3.connect(store / "store.sqlite")
    with connection:
        connection.execute(statement)
    connection.close()


def other_program(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()


@pytest.mark.parametrize("write_to_it", [False, True])
@pytest.mark.parametrize("damage", TRUTH)
def test_a_damaged_truth_is_refused_with_the_remedy(damage: str, write_to_it: bool, store: Path) -> None:
    TRUTH[damage](store)

    with pytest.raises(StoreError) as caught:
        Store.open(store, FakeEmbedder(), write=write_to_it, reading=LINES).close()
    assert caught.value.code == "store_damaged"
    assert f"delete the folder {store} and index the references again" in str(caught.value)
    assert "\n" not in str(caught.value)


FLIPPED = {
    "in the text": "UPDATE files SET text = replace(text, 'passage number', 'passage mumber')",
    "in the title": "UPDATE files SET title = title || '!'",
    "in the date": "UPDATE files SET published = 'yesterday'",
    "in a span": 'UPDATE passages SET "end" = "end" - 1',
    "in the pages": "UPDATE files SET pages = '[['",
}


@pytest.mark.parametrize("damage", FLIPPED)
def test_a_flipped_text_or_span_never_becomes_a_passage(damage: str, store: Path) -> None:
    """SQLite does not notice these: its pages are well formed."""
    changed(store, FLIPPED[damage])

    with Store.open(store, FakeEmbedder(), reading=LINES) as opened:
        [(nearest, _)] = opened.dense([FakeEmbedder().embed(PASSAGES[:1])[0]], 1)[0]
        with pytest.raises(StoreError) as caught:
            opened.passages([nearest])
    assert caught.value.code == "store_damaged"


def test_a_flipped_embedding_never_becomes_an_index(store: Path) -> None:
    changed(store, "UPDATE embeddings SET vector = zeroblob(length(vector)) WHERE rowid = 5")
    shutil.rmtree(only("index-*")(store))

    with pytest.raises(StoreError) as caught:
        Store.open(store, FakeEmbedder(), reading=LINES)
    assert caught.value.code == "store_damaged"


def test_an_index_of_another_store_is_not_believed(store: Path, tmp_path: Path) -> None:
    with Store.open(tmp_path / "other", FakeEmbedder(), write=True, reading=LINES) as other:
        refs = write(tmp_path / "refs", **{f"f{number}": f"other {number}" for number in range(10)})
        other.index([refs])  # a transaction per file, so of the same generation
    shutil.rmtree(only("index-*")(store))
    shutil.copytree(only("index-10")(tmp_path / "other"), store / "index-10")

    with Store.open(store, FakeEmbedder(), reading=LINES) as opened:
        assert "belongs to another store" in opened.notes[0]
        assert_answers(opened, FakeEmbedder())


def test_what_a_killed_builder_left_is_swept_away(store: Path) -> None:
    (store / ".building-left").mkdir()
    (store / ".building-left" / "half").write_bytes(b"x" * 1000)
    shutil.rmtree(only("index-*")(store))

    with Store.open(store, FakeEmbedder(), reading=LINES) as opened:
        assert_answers(opened, FakeEmbedder())
    assert list(store.glob(".building*")) == []
