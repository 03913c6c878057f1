"""The store on a real Chroma server: as in a folder, and what can go wrong in between."""

from __future__ import annotations

import asyncio
import http.server
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from factcheck.errors import ConfigError, StoreError
from factcheck.models import Claim, Span
from factcheck.protocols import Retrieval
from factcheck.retrieve import server
from factcheck.retrieve.patience import Patience
from factcheck.retrieve.search import Searcher
from factcheck.retrieve.store import IndexProgress, Store
from tests.fakes import FakeEmbedder
from tests.retrieve.lines import LINES, write

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.retrieve.warm"])


class Server:
    """``chroma run`` on a free port of this machine."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [
            str(Path(sys.executable).with_name("chroma")),
            "run",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen([*command, "--path", str(self.data)], stdout=subprocess.DEVNULL)
        while True:
            try:
                server._connected(server._address(self.url))
                return
            except StoreError:
                assert self.process.poll() is None, "chroma run ended"
                time.sleep(0.1)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("chroma"))
    yield running
    running.kill()


@pytest.fixture
def url(chroma: Server, request: pytest.FixtureRequest) -> str:
    """A store of its own for each test."""
    return f"{chroma.url}/test-{abs(hash(request.node.name)):x}"


def opened(url: str, cache: Path, *, embedder: FakeEmbedder | None = None, write: bool = False) -> Any:
    return Store.open(url, embedder or FakeEmbedder(), write=write, reading=LINES, cache_dir=cache)


def texts(store: Any) -> set[str]:
    """What vectors and words both can find."""
    names = [name for name, _ in store.dense([np.ones(64, np.float32)], 99)[0]]
    found = {passage.text for passage in store.passages(names)}
    assert store._index.words.count() == store.count() == len(store._ids)
    return found


def test_a_server_answers_as_a_folder_does(url: str, tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="kept line\nold line", two="Bees make honey", three="über")
    embedder = FakeEmbedder()
    digests = []
    for location in (url, str(tmp_path / "folder")):
        with opened(location, tmp_path / "cache", embedder=embedder, write=True) as store:
            report = store.index([refs])
            assert (len(report.added), report.files, report.passages, report.failed) == (3, 3, 4, ())
            [(nearest, cosine)] = store.dense([embedder.embed(["Bees make honey"])[0]], 1)[0]
            assert cosine == pytest.approx(1, abs=1e-3)
            assert store.lexical("honey", "en", 1)[0][0] == nearest
            several = list(embedder.embed(["old line", "Bees make honey"]))
            assert store.dense(several, 2) == [store.dense([vector], 2)[0] for vector in several]
            assert store.dense([], 2) == []
            assert store.passages([nearest])[0].text == "Bees make honey"
            assert store.merged(str(refs / "one.txt"), 0, 13).text == "kept line\nold"
            assert store.languages() == {"en": 3, "de": 1}
            assert store.index([refs]).unchanged == report.added
            digests.append(store.fingerprint().digest)
    assert digests[0] == digests[1]


def test_titles_are_embedded_as_in_a_folder(url: str, tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="They make honey\nThey sleep")
    titled = replace(LINES, read_document=lambda path: LINES.read_document(path).model_copy(update={"title": "Bees"}))
    embedder, cache = FakeEmbedder(), tmp_path / "cache"
    store: Any
    with Store.open(url, embedder, write=True, reading=titled, cache_dir=cache) as store:
        assert store.index([refs]).embedded == 2
        [vector] = embedder.embed(["Bees\nThey make honey"])
        [(lost, cosine)] = store.dense([vector], 1)[0]
        assert cosine == pytest.approx(1, abs=1e-3)
        store._vectors.delete(ids=[lost])
        assert store.index([refs]).embedded == 0  # its record is unchanged; the vector alone is made again
        [(again, cosine)] = store.dense([vector], 1)[0]
        assert again == lost
        assert cosine == pytest.approx(1, abs=1e-3)


def test_a_damaged_server_is_refused_however_often_it_is_asked(url: str, tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first\nsecond")
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        store._vectors.delete(ids=[store.lexical("second", "en", 1)[0][0]])
    with opened(url, tmp_path / "cache", write=True) as store:
        for _ in range(2):
            with pytest.raises(StoreError, match="1 of 2 passages are missing") as caught:
                store.lexical("first", "en", 1)
            assert caught.value.code == "store_damaged"


def test_changes_replace_and_prunes_remove(url: str, tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="kept line\nold line", two="other", three="third")
    embedder = FakeEmbedder()
    with opened(url, tmp_path / "cache", embedder=embedder, write=True) as store:
        store.index([refs])
        write(refs, one="kept line\nnew line")
        (refs / "two.txt").rename(refs / "four.txt")
        report = store.index([refs], prune=True)
        assert (len(report.changed), len(report.added), len(report.removed), report.embedded) == (1, 1, 1, 1)
        assert texts(store) == {"kept line", "new line", "other", "third"}
        assert store._all_ids(store._vectors) == store._ids
        assert len(store._all_ids(store._files)) == 2 * 3
    assert sorted(embedder.history) == sorted({*embedder.history})


def test_another_machine_sees_the_same_without_reading_or_embedding(url: str, tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first", two="second")
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        fingerprint = store.fingerprint()
    elsewhere = FakeEmbedder()
    with opened(url, tmp_path / "other cache", embedder=elsewhere) as store:
        assert texts(store) == {"first", "second"}
        assert store.fingerprint() == fingerprint
        assert (elsewhere.history, store.notes) == ([], [])
    with opened(url, tmp_path / "cache", write=True) as store:
        write(refs, one="changed")
        store.index([refs])
    with opened(url, tmp_path / "other cache") as store:
        assert texts(store) == {"changed", "second"}


def test_a_long_file_is_kept_in_parts(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PART", 50)
    refs = write(tmp_path / "refs", one="ü" * 300 + "\nend")
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        assert len(store._all_ids(store._files)) > 10
    with opened(url, tmp_path / "other cache") as store:
        assert texts(store) == {"ü" * 300, "end"}


def test_a_damaged_local_copy_is_fetched_again(url: str, tmp_path: Path) -> None:
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([write(tmp_path / "refs", one="first", two="second")])
    [truth] = (tmp_path / "cache").rglob("store.sqlite")
    os.truncate(truth, 5000)
    with opened(url, tmp_path / "cache") as store:
        assert texts(store) == {"first", "second"}
        assert "the local copy of the texts was damaged and has been fetched again" in store.notes[0]


def test_passages_lost_on_the_server_are_noticed_and_indexing_brings_them_back(url: str, tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first", two="second", three="third")
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        store._vectors.delete(ids=sorted(store._ids)[:1])
    with pytest.raises(StoreError, match=r"1 of 3 passages are missing.*factcheck index REFERENCES") as caught:
        opened(url, tmp_path / "cache")
    assert caught.value.code == "store_damaged"
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        assert texts(store) == {"first", "second", "third"}


def test_what_a_killed_writer_left_is_neither_answered_nor_kept(url: str, tmp_path: Path) -> None:
    refs = write(tmp_path / "refs", one="first")
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        store._vectors.upsert(ids=["orphan1", "orphan2"], embeddings=FakeEmbedder().embed(["second", "second"]))
    with opened(url, tmp_path / "cache") as store:
        [(nearest, _)] = store.dense([FakeEmbedder().embed(["second"])[0]], 1)[0]
        assert store.passages([nearest])[0].text == "first"
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        assert store._all_ids(store._vectors) == store._ids


def test_nobody_listening_answers_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StoreError, match="no Chroma server answers") as caught:
        opened(f"http://127.0.0.1:{port}", tmp_path)
    assert caught.value.code == "store_unreachable"
    assert "\n" not in str(caught.value)


def test_another_kind_of_server_is_not_taken_for_chroma(tmp_path: Path) -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"hello": 1}')

        def log_message(self, *message: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with pytest.raises(StoreError, match="something that is not Chroma answers") as caught:
            opened(f"http://127.0.0.1:{other.server_port}", tmp_path)
        other.shutdown()
    assert caught.value.code == "store_unreachable"


@pytest.mark.parametrize(
    "address", ["http://", "http://host:port", "http://host:1/a", "http://host:1/a/b", "http://h:1/ü1ü"]
)
def test_an_address_that_cannot_be_one_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        opened(address, tmp_path)


def test_a_store_the_server_does_not_have_is_missing(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        opened(url, tmp_path)
    assert caught.value.code == "store_missing"


def test_an_empty_store_says_so(url: str, tmp_path: Path) -> None:
    opened(url, tmp_path, write=True).close()
    with pytest.raises(StoreError) as caught:
        opened(url, tmp_path)
    assert caught.value.code == "store_empty"


def test_another_embedder_is_refused(url: str, tmp_path: Path) -> None:
    opened(url, tmp_path, write=True).close()
    with pytest.raises(StoreError) as caught:
        opened(url, tmp_path, embedder=FakeEmbedder("other"), write=True)
    assert caught.value.code == "store_mismatch"


def test_somebody_elses_collection_is_left_alone(url: str, tmp_path: Path) -> None:
    client = server._connected(server._address(url))
    client.create_collection(server._address(url).collection, embedding_function=None, metadata={"mine": True})
    with pytest.raises(StoreError) as caught:
        opened(url, tmp_path, write=True)
    assert caught.value.code == "store_mismatch"


def test_a_second_writer_is_told_who_holds_the_store(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other writer is on another machine: it does not share our local copy, and its process is not ours to see."""
    monkeypatch.setattr(server, "_BEAT_S", 0.1)
    monkeypatch.setattr(server, "_WAIT_S", 1.0)
    refs = write(tmp_path / "refs", one="first")
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([refs])
        with (
            server._ServerLock(server._address(url), store._client),
            pytest.raises(StoreError, match=f"written by process {os.getpid()} on") as caught,
        ):
            store.index([refs])
        assert caught.value.code == "store_locked"
        assert store.index([refs]).passages == 1


def test_a_writer_that_died_on_another_machine_loses_the_store(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_DEAD_S", 0.5)
    refs = write(tmp_path / "refs", one="first")
    with opened(url, tmp_path / "cache", write=True) as store:
        name = f"{server._address(url).collection}.lock"
        dead = {"pid": 1, "host": "elsewhere", "token": "dead", "beat": 7}
        store._client.create_collection(name, embedding_function=None, metadata=dead)
        assert store.index([refs]).passages == 1


def test_a_server_that_goes_away_is_unreachable_and_one_that_comes_back_answers(tmp_path: Path) -> None:
    running = Server(tmp_path / "chroma")
    try:
        with opened(running.url, tmp_path / "cache", write=True) as store:
            store.index([write(tmp_path / "refs", one="first")])
            running.kill()
            with pytest.raises(StoreError, match="no Chroma server answers") as caught:
                store.dense([np.ones(64, np.float32)], 1)[0]
            assert caught.value.code == "store_unreachable"
            write(tmp_path / "refs", one="second")
            with pytest.raises(StoreError) as caught:
                store.index([tmp_path / "refs"])
            assert caught.value.code == "store_unreachable"
            running.start()
            assert store.index([tmp_path / "refs"]).changed == (str(tmp_path / "refs" / "one.txt"),)
            assert texts(store) == {"second"}
    finally:
        running.kill()


def search(store: Any, patience_s: float) -> Retrieval:
    text = "Bees make honey"
    claim = Claim(id="c1", span=Span(start=0, end=len(text)), text=text, sentences=("s1",), checkworthiness="high")

    async def session() -> Retrieval:
        return await Searcher(store, FakeEmbedder(), passages=1, patience=Patience(patience_s)).retrieve(claim)

    return asyncio.run(session())


def test_a_search_waits_for_a_server_that_comes_back_and_no_longer_than_its_patience(tmp_path: Path) -> None:
    running = Server(tmp_path / "chroma")
    try:
        with opened(running.url, tmp_path / "cache", write=True) as store:
            store.index([write(tmp_path / "refs", one="Bees make honey")])
            found = search(store, 0)
            running.kill()
            with pytest.raises(StoreError) as caught:
                search(store, 2.5)
            assert caught.value.code == "store_unreachable"
            again = threading.Timer(2.5, running.start)
            again.start()
            assert search(store, 300) == found
            again.join()
    finally:
        running.kill()


def test_a_proxy_that_says_the_server_is_down_is_no_damage() -> None:
    from chromadb.api.base_http_client import BaseHTTPClient

    answer = httpx.Response(503, text="no upstream", request=httpx.Request("GET", "http://localhost/"))
    with pytest.raises(StoreError, match="no upstream") as caught:
        server._answer(server._address("http://localhost:8000"), lambda: BaseHTTPClient._raise_chroma_error(answer))
    assert caught.value.code == "store_unreachable"


def index(url: str, cache: Path, refs: Path, log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def acknowledge(progress: IndexProgress) -> None:
        if progress.source:
            os.write(descriptor, f"{Path(progress.source).stem}\n".encode())

    with opened(url, cache, write=True) as store:
        store.index([refs], progress=acknowledge)


@pytest.mark.parametrize("times", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_killed_while_indexing_everything_acknowledged_is_there(times: int, url: str, tmp_path: Path) -> None:
    chance = random.Random(4)
    refs = write(tmp_path / "refs")
    held = {number: {0} for number in range(6)}
    with opened(url, tmp_path / "cache", write=True) as store:
        store.index([write(refs, **{f"f{n}": f"file{n} version0\nfile{n} also0" for n in held})])
    for turn in range(1, times + 1):
        write(refs, **{f"f{n}": f"file{n} version{turn}\nfile{n} also{turn}" for n in held})
        log = tmp_path / f"log{turn}"
        log.touch()
        victim = processes.Process(target=index, args=(url, tmp_path / "cache", refs, log))
        victim.start()
        wanted = chance.randrange(6)
        while victim.is_alive() and log.read_text().count("\n") < wanted:
            time.sleep(0.0005)
        victim.join(chance.uniform(0, 0.05))
        os.kill(victim.pid or 0, signal.SIGKILL)
        victim.join()
        acknowledged = log.read_text().split()
        for number, possible in held.items():
            held[number] = {turn} if f"f{number}" in acknowledged else possible | {turn}
        for cache in ("cache", "other cache"):
            with opened(url, tmp_path / cache) as store:
                found = texts(store)
            assert len(found) == 12
            for number, possible in held.items():
                assert any({f"file{number} version{v}", f"file{number} also{v}"} <= found for v in possible)
