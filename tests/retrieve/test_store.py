"""The store in a folder: what goes in comes out, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from factcheck.errors import StoreError
from factcheck.retrieve.lock import writer_lock
from factcheck.retrieve.store import IndexProgress, Store, cached_store_location
from tests.fakes import FakeEmbedder
from tests.retrieve.lines import LINES, write

REPOSITORY = Path(__file__).resolve().parents[2]


def opened(folder: Path, *, embedder: FakeEmbedder | None = None, write: bool = False) -> Store:
    return Store.open(folder, embedder or FakeEmbedder(), write=write, reading=LINES)


def texts(store: Store) -> set[str]:
    """What the vectors can find, each passage by its own vector; the word index must agree."""
    held = set(store._truth.passage_ids(store._truth.manifest.generation))
    assert store._index is not None
    assert store._index.dense is not None
    assert store._index.dense.ids() == held
    assert store._index.words.count() == len(held) == store.count()
    return {passage.text for passage in store.passages(sorted(held))}


def test_passages_come_back_by_meaning_and_by_words(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", bridge="The bridge was opened in 1932.\nIt is long.", bees="Bees make honey.")
    embedder = FakeEmbedder()
    with opened(tmp_path / "store", embedder=embedder, write=True) as store:
        report = store.index([refs])
        (nearest, cosine), *_ = store.dense([embedder.embed(["Bees make honey."])[0]], 3)[0]
        (worded, _), *_ = store.lexical("honey", "en", 3)
        [passage] = store.passages([nearest])

    assert (report.added, report.files, report.passages) == (
        (str(refs / "bees.txt"), str(refs / "bridge.txt")), 2, 3,
    )  # fmt: skip
    assert nearest == worded
    assert cosine == pytest.approx(1, abs=1e-3)
    assert (passage.text, passage.source, passage.title) == ("Bees make honey.", str(refs / "bees.txt"), "bees")


def test_a_store_that_forgot_a_file_answers_as_one_that_never_held_it(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="honey and bread", two="bread and butter", three="honey, honey, honey")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        (refs / "three.txt").unlink()
        store.index([refs], prune=True)
        after, now = store.lexical("honey bread", "en", 5), store.fingerprint()
    with opened(tmp_path / "fresh", write=True) as store:
        store.index([refs])
        assert (store.lexical("honey bread", "en", 5), store.fingerprint().digest) == (after, now.digest)


def test_unchanged_files_are_neither_read_nor_embedded_again(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first", two="second")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        before = store.fingerprint()
    embedder = FakeEmbedder()
    with opened(tmp_path / "store", embedder=embedder, write=True) as store:
        report = store.index([refs])
        assert store.fingerprint() == before

    assert report.unchanged == (str(refs / "one.txt"), str(refs / "two.txt"))
    assert embedder.history == []
    assert not report.added + report.changed + report.removed + report.failed


def test_a_changed_file_replaces_its_passages(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="kept line\nold line", two="other")
    embedder = FakeEmbedder()
    with opened(tmp_path / "store", embedder=embedder, write=True) as store:
        store.index([refs])
        write(refs, one="kept line\nnew line")
        report = store.index([refs])
        assert texts(store) == {"kept line", "new line", "other"}

    assert report.changed == (str(refs / "one.txt"),)
    assert embedder.history.count("kept line") == 1


def test_a_text_that_moves_to_another_file_is_not_embedded_again(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="the same words")
    embedder = FakeEmbedder()
    with opened(tmp_path / "store", embedder=embedder, write=True) as store:
        store.index([refs])
        (refs / "one.txt").rename(refs / "two.txt")
        report = store.index([refs], prune=True)

    assert (report.added, report.removed, report.embedded) == ((str(refs / "two.txt"),), (str(refs / "one.txt"),), 0)
    assert embedder.history == ["the same words"]


def test_a_file_that_is_gone_stays_until_pruned(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first", two="second")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        (refs / "one.txt").unlink()
        store.index([refs])
        assert texts(store) == {"first", "second"}
        store.index([refs], prune=True)
        assert texts(store) == {"second"}


def test_pruning_one_folder_leaves_the_others_alone(tmp_path: Path) -> None:
    here, there = write(tmp_path / "here", one="first"), write(tmp_path / "there", one="second")
    with opened(tmp_path / "store", write=True) as store:
        store.index([here, there])
        (there / "one.txt").unlink()
        store.index([here], prune=True)
        assert texts(store) == {"first", "second"}
        assert set(store.fingerprint().files) == {"one.txt", "there/one.txt"}


def test_one_bad_file_among_good_ones_is_named_and_the_others_indexed(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", bad="BROKEN", good="fine")
    with opened(tmp_path / "store", write=True) as store:
        report = store.index([refs])
        assert texts(store) == {"fine"}

    [(source, error)] = report.failed
    assert source == str(refs / "bad.txt")
    assert error.code == "broken"


def test_a_file_that_changed_and_cannot_be_read_any_more_is_taken_out(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="was fine", two="fine")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        write(refs, one="BROKEN")
        report = store.index([refs])
        assert texts(store) == {"fine"}

    assert report.removed == (str(refs / "one.txt"),)
    assert [source for source, _ in report.failed] == [str(refs / "one.txt")]


def test_a_file_named_that_is_not_there_is_reported(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    with opened(tmp_path / "store", write=True) as store:
        report = store.index([refs / "one.txt", refs / "none.txt"])

    [(source, error)] = report.failed
    assert (source, error.code) == (str(refs / "none.txt"), "missing")
    assert report.passages == 1


def test_passages_are_answered_in_the_order_asked(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="a\nb\nc\nd")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        ids = [name for name, _ in store.dense([np.ones(64, np.float32)], 4)[0]]
        assert [p.id for p in store.passages(ids)] == ids
        assert [p.id for p in store.passages(ids[::-1])] == ids[::-1]
        with pytest.raises(KeyError):
            store.passages(["unknown"])


def test_neighbours_merge_into_a_slice_of_their_source(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="Ärger über 😀\nzweite Zeile")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        whole = store.merged(str(refs / "one.txt"), 0, 19)
        again = store.merged(str(refs / "one.txt"), 0, 19)
        assert store.languages() == {"de": 2}

    assert whole.text == "Ärger über 😀\nzweite"
    assert (whole.span.start, whole.span.end) == (0, 19)
    assert whole == again


def test_ids_and_digest_do_not_depend_on_where_the_references_lie(tmp_path: Path) -> None:
    fingerprints, ids = [], []
    for place in ("here", "there"):
        refs = write(tmp_path / place / "refs", one="first\nsecond", two="third")
        with opened(tmp_path / place / "store", write=True) as store:
            store.index([refs])
            fingerprints.append(store.fingerprint())
            ids.append(sorted(name for name, _ in store.dense([np.ones(64, np.float32)], 3)[0]))

    assert fingerprints[0].digest == fingerprints[1].digest
    assert fingerprints[0].location != fingerprints[1].location
    assert ids[0] == ids[1]


def test_the_digest_tells_states_apart(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        before = store.fingerprint()
        write(refs, two="second")
        store.index([refs])
        assert store.fingerprint().digest != before.digest


def test_progress_names_each_file_once_it_is_durable(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first", two="second")
    told: list[IndexProgress] = []
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs], progress=told.append)

    assert [(p.stage, p.done, p.total, p.source) for p in told] == [
        ("reading", 1, 2, str(refs / "one.txt")),
        ("reading", 2, 2, str(refs / "two.txt")),
        ("indexing", 2, 2, ""),
    ]


def test_the_store_does_not_index_itself(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    with opened(refs / "store", write=True) as store:
        assert store.index([refs]).failed == ()
        assert store.index([refs]).added == ()


OPERATIONS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.lists(st.sampled_from(["x", "y", "z", "über"]), max_size=3), st.booleans()),
    max_size=6,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([("b", ["x"], False), ("b", [], True), ("a", ["x"], False)])  # a row's number used again
@given(OPERATIONS)
def test_after_any_sequence_of_changes_both_indexes_hold_exactly_the_truth(
    operations: list[tuple[str, list[str], bool]],
) -> None:
    """An empty text removes the file; True prunes. The expected state is kept in a dict beside the store."""
    with tempfile.TemporaryDirectory() as folder:
        refs = write(Path(folder) / "refs")
        expected: dict[str, list[str]] = {}
        with opened(Path(folder) / "store", write=True) as store:
            for name, lines, prune in operations:
                if lines:
                    write(refs, **{name: "\n".join(lines)})
                    expected[name] = lines
                else:
                    (refs / f"{name}.txt").unlink(missing_ok=True)
                store.index([refs], prune=prune)
                if prune:
                    expected = {name: lines for name, lines in expected.items() if (refs / f"{name}.txt").exists()}
                assert texts(store) == {line for lines in expected.values() for line in lines}
                assert store.count() == sum(map(len, expected.values()))
        if expected:
            with opened(Path(folder) / "store") as store:
                assert store.notes == []
                assert store.count() == sum(map(len, expected.values()))


def test_much_deleting_builds_the_index_anew_and_little_changing_does_not(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", **{f"f{n}": f"line {n}" for n in range(20)})
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        deleted = []
        for number in range(7):
            write(refs, **{f"f{number}": f"changed {number}"})
            store.index([refs])
            seal = json.loads(next((tmp_path / "store").glob(f"index-{number + 21}/seal.json")).read_text())
            deleted.append(seal["deleted"])
        assert texts(store) == {f"changed {n}" for n in range(7)} | {f"line {n}" for n in range(7, 20)}

    assert deleted == [1, 2, 3, 4, 5, 0, 1]


def test_threads_share_an_open_store(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="\n".join(f"line number {n}" for n in range(50)))
    embedder = FakeEmbedder()
    with opened(tmp_path / "store", embedder=embedder, write=True) as store:
        store.index([refs])
        vectors = embedder.embed([f"line number {n}" for n in range(50)])
        wrong: list[int] = []

        def ask(number: int) -> None:
            for _ in range(5):
                [passage] = store.passages([store.dense([vectors[number]], 1)[0][0][0]])
                if passage.text != f"line number {number}":
                    wrong.append(number)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


# Refusals


def code_of(location: Path, *, embedder: FakeEmbedder | None = None, write: bool = False) -> str:
    with pytest.raises(StoreError) as caught:
        opened(location, embedder=embedder, write=write).close()
    assert "\n" not in str(caught.value)
    assert str(location) in str(caught.value)
    return caught.value.code


def test_a_store_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none") == "store_missing"


def test_a_file_is_not_a_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert code_of(tmp_path / "file", write=True) == "store_missing"


def test_a_folder_of_other_things_is_not_made_a_store(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    assert code_of(refs, write=True) == "store_missing"
    assert [path.name for path in refs.iterdir()] == ["one.txt"]


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    opened(tmp_path / "store", write=True).close()
    assert code_of(tmp_path / "store") == "store_empty"


def test_a_store_of_another_embedder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with opened(tmp_path / "store", write=True) as store:
        store.index([write(tmp_path / "refs", one="first")])
    with pytest.raises(StoreError, match=r"embedded with fake-1 .* uses other .* index the references again") as caught:
        opened(tmp_path / "store", embedder=FakeEmbedder("other"), write=True)
    assert caught.value.code == "store_mismatch"
    assert code_of(tmp_path / "store", embedder=FakeEmbedder(dimension=32)) == "store_mismatch"


def test_a_store_cut_in_another_way_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "store", write=True) as store:
        store.index([write(tmp_path / "refs", one="first")])
    other = replace(LINES, chunking="lines-2")
    with pytest.raises(StoreError, match="cut into passages by lines-1, this run uses lines-2") as caught:
        Store.open(tmp_path / "store", FakeEmbedder(), reading=other)
    assert caught.value.code == "store_mismatch"


def test_an_embedder_that_gives_no_numbers_is_refused(tmp_path: Path) -> None:
    class Broken(FakeEmbedder):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.full((len(texts), self.dimension), np.nan, np.float32)

    with opened(tmp_path / "store", embedder=Broken(), write=True) as store, pytest.raises(StoreError) as caught:
        store.index([write(tmp_path / "refs", one="first")])
    assert caught.value.code == "store_mismatch"


def test_a_second_writer_is_told_who_holds_the_store(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        with (
            writer_lock(tmp_path / "store"),
            pytest.raises(StoreError, match=f"written by process {os.getpid()} on") as caught,
            writer_lock(tmp_path / "store", wait_s=0.1),
        ):
            pass
    assert caught.value.code == "store_locked"


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    with opened(tmp_path / "store", write=True) as store:
        held = threading.Event()
        release = threading.Event()

        def hold() -> None:
            with writer_lock(tmp_path / "store"):
                held.set()
                release.wait()

        other = threading.Thread(target=hold)
        other.start()
        held.wait()
        threading.Timer(0.2, release.set).start()
        assert store.index([refs]).passages == 1
        other.join()


def everything(store: Store) -> set[str]:
    """The texts of a small store, by asking for more than it has."""
    names = [name for name, _ in store.dense([np.ones(64, np.float32)], 99)[0]]
    return {passage.text for passage in store.passages(names)}


def test_readers_answer_from_the_state_before_while_a_writer_is_at_work(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
        write(refs, one="changed", two="second")
        seen: list[tuple[set[str], list[str]]] = []

        def look(progress: IndexProgress) -> None:
            if progress.stage == "reading":
                with opened(tmp_path / "store") as reader:
                    seen.append((everything(reader), reader.notes))

        with opened(tmp_path / "store") as earlier:
            store.index([refs], progress=look)
            assert everything(earlier) == {"first"}
        assert texts(store) == {"changed", "second"}

    assert [found for found, _ in seen] == [{"first"}, {"first"}]
    assert all("the state before is used" in notes[0] for _, notes in seen)


def test_a_store_without_room_says_so_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    """With a limit on file sizes, as a full disk: first the database reaches it, or later an index file does."""
    refs = write(tmp_path / "refs", **{f"f{n}": "\n".join(f"line {n} {m}" for m in range(30)) for n in range(20)})
    opened(tmp_path / "store", write=True).close()
    for limit in (100_000, 250_000, 400_000):
        done = run_indexing(
            tmp_path / "store", refs, before=f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit},) * 2)"
        )
        assert done.returncode == 1, done.stderr
        assert done.stdout.splitlines()[-1].startswith("store_unwritable")
    with opened(tmp_path / "store", write=True) as store:
        acknowledged = store.count()
        assert store.index([refs]).passages == 600
    assert acknowledged > 0


def test_a_full_disk_is_not_taken_for_a_damaged_store(tmp_path: Path) -> None:
    """SQLite writes a little beside a store that is only read; told to delete the store, somebody would."""
    refs = write(tmp_path / "refs", one="first")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
    program = f"""
import resource, sys
from factcheck.errors import StoreError
from factcheck.retrieve.store import Store
from tests.fakes import FakeEmbedder
from tests.retrieve.lines import LINES
resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
try:
    Store.open({str(tmp_path / "store")!r}, FakeEmbedder(), reading=LINES)
except StoreError as error:
    print(error.code, error)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("store_unwritable")
    assert "look at its free space" in done.stdout
    with opened(tmp_path / "store") as store:
        assert texts(store) == {"first"}


def run_indexing(store: Path, refs: Path, *, before: str = "") -> subprocess.CompletedProcess[str]:
    program = f"""
import resource, sys
from factcheck.errors import StoreError
from factcheck.retrieve.store import Store
from tests.fakes import FakeEmbedder
from tests.retrieve.lines import LINES
{before}
try:
    with Store.open(sys.argv[1], FakeEmbedder(), write=True, reading=LINES) as store:
        store.index([sys.argv[2]], progress=lambda p: print(p.source))
except StoreError as error:
    print(error.code, error)
    sys.exit(1)
"""
    return subprocess.run(
        [sys.executable, "-c", program, str(store), str(refs)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


MakeReadOnly = Callable[[Path], Path]


@pytest.fixture
def read_only() -> Iterator[MakeReadOnly]:
    """Makes a folder read-only by mounting it so, which holds for root too; else by its permissions."""
    mounted: list[Path] = []
    denied: list[Path] = []

    def make(folder: Path) -> Path:
        if os.getuid() == 0:
            if shutil.which("mount") is None:
                pytest.skip("root can write anywhere here, and there is no mount command")
            bound = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
            again = subprocess.run(["mount", "-o", "remount,bind,ro", folder], capture_output=True, check=False)
            if bound.returncode == 0:
                mounted.append(folder)
            if again.returncode:
                pytest.skip("root can write anywhere here, and mounting read-only is not permitted")
            return folder
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
            denied.append(path)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)
    for path in denied:
        path.chmod(0o755)


def test_a_read_only_store_can_be_read_but_not_written(tmp_path: Path, read_only: MakeReadOnly) -> None:
    refs = write(tmp_path / "refs", one="first\nsecond")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
    read_only(tmp_path / "store")
    with opened(tmp_path / "store") as store:
        assert texts(store) == {"first", "second"}
        assert store.notes == []
    with opened(tmp_path / "store", write=True) as store, pytest.raises(StoreError) as caught:
        store.index([refs])
    assert caught.value.code == "store_unwritable"


def test_a_damaged_index_in_a_read_only_store_is_rebuilt_for_this_run(tmp_path: Path, read_only: MakeReadOnly) -> None:
    with opened(tmp_path / "store", write=True) as store:
        store.index([write(tmp_path / "refs", one="first\nsecond")])
    next((tmp_path / "store").glob("index-*/chroma/*/data_level0.bin")).write_bytes(b"")
    read_only(tmp_path / "store")
    with opened(tmp_path / "store") as store:
        assert texts(store) == {"first", "second"}
        assert "rebuilt for this run only" in store.notes[0]


def test_a_folder_that_permits_no_store_says_so(tmp_path: Path, read_only: MakeReadOnly) -> None:
    (tmp_path / "closed").mkdir()
    read_only(tmp_path / "closed")
    assert code_of(tmp_path / "closed" / "store", write=True) == "store_unwritable"


def test_the_users_own_settings_for_chroma_are_not_read(tmp_path: Path) -> None:
    """A project with a ``.env`` and variables of its own must not break or redirect the store."""
    refs = write(tmp_path / "refs", one="first")
    (tmp_path / ".env").write_text("MIGRATIONS=yes\nCHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\n")
    program = (
        "import os, sys; os.chdir(sys.argv[3]); os.environ['MIGRATIONS'] = 'no'; sys.path.insert(0, sys.argv[4])\n"
        "from factcheck.retrieve.store import Store\nfrom tests.fakes import FakeEmbedder\n"
        "from tests.retrieve.lines import LINES\n"
        "with Store.open(sys.argv[1], FakeEmbedder(), write=True, reading=LINES) as store:\n"
        "    print(store.index([sys.argv[2]]).passages)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "store", refs, tmp_path, REPOSITORY],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr


def test_private_copies_go_with_their_store_and_those_of_the_killed_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    left = tmp_path / "temp" / "factcheck-store-left"
    left.mkdir()
    os.utime(left, (0, 0))
    with opened(tmp_path / "store", write=True) as store:
        store.index([write(tmp_path / "refs", one="first")])
        [mine] = (tmp_path / "temp").glob("factcheck-store-*")
        os.utime(mine, (0, 0))
        with opened(tmp_path / "store") as other:
            assert mine.exists()
            assert texts(store) == texts(other) == {"first"}
    assert list((tmp_path / "temp").iterdir()) == []


def test_a_cached_store_is_keyed_by_folder_and_embedder(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    (tmp_path / "link").symlink_to(refs)
    place = cached_store_location(refs, FakeEmbedder(), tmp_path / "cache")

    assert place == cached_store_location(tmp_path / "link", FakeEmbedder(), tmp_path / "cache")
    assert place != cached_store_location(tmp_path, FakeEmbedder(), tmp_path / "cache")
    assert place != cached_store_location(refs, FakeEmbedder("other"), tmp_path / "cache")
    for expected in (1, 0):
        embedder = FakeEmbedder()
        with opened(place, embedder=embedder, write=True) as store:
            store.index([refs], prune=True)
            assert store.count() == 1
        assert len(embedder.history) == expected


def test_a_broken_name_is_reported_not_stored(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    try:
        Path(os.fsdecode(os.fsencode(refs) + b"/\xff.txt")).write_text("x")
    except OSError:
        pytest.skip("this file system takes valid names only")
    with opened(tmp_path / "store", write=True) as store:
        [(_, error)] = store.index([refs]).failed
    assert (error.code, error.reason) == ("unreadable", "its name is not valid text; rename it")


def test_threads_that_ask_a_fresh_store_at_once_open_its_index_once(tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="kept line")
    with opened(tmp_path / "store", write=True) as store:
        store.index([refs])
    fresh = opened(tmp_path / "store", write=True)
    with fresh, ThreadPoolExecutor(8) as threads:
        ready = list(threads.map(lambda _: fresh._ready(), range(8)))
    assert len(set(map(id, ready))) == 1
