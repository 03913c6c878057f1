from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from factcheck.errors import ConfigError, ModelError, ModelUnavailable
from factcheck.local.minilm import WEIGHTS, MiniLM
from factcheck.retrieve.embed import Endpoint, embedder_named, reads
from factcheck.settings import Settings, load
from tests.fakes import FakeEmbedder

ENGLISH = (
    "Finland joined NATO in April 2023.",
    "The Nordic country became a member of the alliance in spring 2023.",
    "Aspirin lowers the risk of a second heart attack.",
    "x",
    "",
    "Die Bundesregierung senkte die Umsatzsteuer auf Erdgas.",
)


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM()


def test_vectors_are_unit_vectors_one_row_each(minilm: MiniLM) -> None:
    vectors = minilm.embed(ENGLISH)
    assert vectors.shape == (len(ENGLISH), 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert minilm.embed([]).shape == (0, 384)


def test_a_paraphrase_is_nearer_than_another_subject(minilm: MiniLM) -> None:
    claim, paraphrase, other = minilm.embed(ENGLISH[:3])
    assert claim @ paraphrase > 0.6
    assert claim @ other < 0.2


def test_a_vector_depends_on_its_text_alone(minilm: MiniLM) -> None:
    alone = np.concatenate([minilm.embed([text]) for text in ENGLISH])
    assert np.array_equal(minilm.embed(ENGLISH), alone)
    assert np.array_equal(MiniLM(threads=1).embed(ENGLISH[::-1]), alone[::-1])


def test_threads_get_the_vectors_one_would_get(minilm: MiniLM) -> None:
    expected = minilm.embed(ENGLISH)
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(found, expected) for found in pool.map(minilm.embed, [ENGLISH] * 20))


def test_the_end_of_a_long_text_counts(minilm: MiniLM) -> None:
    """The model reads 256 tokens; what is beyond them must not be lost."""
    start = "The council discussed the budget of the school for the coming year at great length. " * 25
    plain, ending = minilm.embed([start, start + "Penguins live in Antarctica and eat fish. " * 25])
    (penguins,) = minilm.embed(["Penguins live in Antarctica."])
    assert plain @ ending < 0.95
    assert ending @ penguins > plain @ penguins + 0.2


def test_a_text_of_several_windows_is_near_one_that_says_the_same_in_one(minilm: MiniLM) -> None:
    long, short = minilm.embed(["Penguins live in Antarctica and eat fish. " * times for times in (100, 20)])
    assert long @ short > 0.9


def damaged_copy(folder: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    shutil.copytree(WEIGHTS, folder / "minilm")
    path = folder / "minilm" / name
    path.write_bytes(change(path.read_bytes()))
    return folder / "minilm"


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b[:99] + b"\0" + b[100:], lambda _: b""])
def test_a_damaged_model_is_refused(tmp_path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    embedder = MiniLM(damaged_copy(tmp_path, name, change))
    with pytest.raises(ConfigError, match=rf"{name}: the embedded model is damaged; install factcheck again"):
        embedder.embed(["a"])


@pytest.mark.parametrize("change", [lambda b: b[:-9], lambda _: b"{}", lambda _: b"[]", lambda _: b'{"files": 3}'])
def test_a_damaged_manifest_is_refused(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.json: the embedded model cannot be read"):
        MiniLM(damaged_copy(tmp_path, "manifest.json", change))


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read; install factcheck again"):
        MiniLM(tmp_path)
    folder = damaged_copy(tmp_path, "manifest.json", lambda b: b)
    (folder / "model.onnx").unlink()
    with pytest.raises(ConfigError, match=r"model\.onnx: the embedded model cannot be read"):
        MiniLM(folder).embed(["a"])


def test_the_name_changes_with_the_weights(tmp_path: Path, minilm: MiniLM) -> None:
    other = damaged_copy(tmp_path, "manifest.json", lambda b: b.replace(b'"model.onnx": "', b'"model.onnx": "00'))
    assert MiniLM(other).name != minilm.name


def test_the_embedded_embedder_is_called_minilm_and_others_need_a_provider() -> None:
    assert isinstance(embedder_named("minilm", load()), MiniLM)
    for name in ("bert", "openai:", "openai", "", "cohere:embed-4"):
        with pytest.raises(ConfigError, match="use minilm, or openai:NAME"):
            embedder_named(name, load())


def test_minilm_reads_english_and_an_endpoint_is_believed_to_read_all(minilm: MiniLM) -> None:
    assert [reads(minilm, language) for language in ("en", "und", "de")] == [True, True, False]
    assert reads(FakeEmbedder(), "de")


Reply = tuple[int, dict[str, Any]]


class EmbeddingServer:
    """An OpenAI-compatible /v1/embeddings on loopback that answers by a function of the texts and keeps requests."""

    def __init__(self, answer: Callable[[list[str]], Reply]) -> None:
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(body)
                outer.keys.append(self.headers["Authorization"])
                status, reply = answer(body["input"]) if self.path == "/v1/embeddings" else (404, {})
                content = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def settings(self) -> Settings:
        return load(base_url=f"http://127.0.0.1:{self._server.server_port}/v1", api_key="sk-secret", retries=0)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def reply(*vectors: list[float]) -> Reply:
    return 200, {
        "object": "list",
        "model": "m",
        "data": [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)],
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


def lengths(texts: list[str]) -> Reply:
    return reply(*([3.0 * len(text), 4.0 * len(text)] for text in texts))


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[list[str]], Reply]], EmbeddingServer]]:
    servers: list[EmbeddingServer] = []

    def start(answer: Callable[[list[str]], Reply]) -> EmbeddingServer:
        servers.append(EmbeddingServer(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


Serve = Callable[[Callable[[list[str]], Reply]], EmbeddingServer]


def test_an_endpoint_is_sent_plain_texts_and_gives_unit_vectors(serve: Serve) -> None:
    server = serve(lengths)
    embedder = embedder_named("openai:small", server.settings)
    expected: NDArray[np.float32] = np.array([[0.6, 0.8]] * 300, np.float32)
    assert np.allclose(embedder.embed(["a", "long"] * 150), expected)
    assert (embedder.name, embedder.dimension) == ("openai:small", 2)
    assert [len(request["input"]) for request in server.requests] == [1, 128, 128, 44]
    assert server.requests[1]["input"][:2] == ["a", "long"]
    assert {request["model"] for request in server.requests} == {"small"}
    assert set(server.keys) == {"Bearer sk-secret"}
    assert embedder.embed([]).shape == (0, 2)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("status", "error", "code", "kind"),
    [
        (401, {"message": "bad key sk-secret"}, "not_authorized", ModelUnavailable),
        (403, {}, "not_authorized", ModelUnavailable),
        (404, {"message": "no such model"}, "model_error", ModelUnavailable),
        (429, {"code": "insufficient_quota"}, "quota_exhausted", ModelUnavailable),
        (429, {"code": "rate_limit_exceeded"}, "rate_limited", ModelError),
        (400, {"message": "too long"}, "model_error", ModelError),
        (500, {}, "model_error", ModelError),
        (503, {}, "model_unreachable", ModelError),
    ],
)
def test_an_endpoints_error_ends_in_the_right_one_of_ours(
    serve: Serve, status: int, error: dict[str, str], code: str, kind: type[ModelError]
) -> None:
    well = True
    server = serve(lambda texts: lengths(texts) if well else (status, {"error": error}))
    embedder = Endpoint("small", server.settings)
    well = False
    with pytest.raises(ModelError) as caught:
        embedder.embed(["a"])
    assert (caught.value.code, type(caught.value)) == (code, kind)
    assert "sk-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelUnavailable):
        Endpoint("small", server.settings)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    "answer",
    [
        (200, {}),
        (200, {"data": None}),
        (200, {"data": [], "model": "m"}),
        (200, {"data": [{"index": 0}], "model": "m"}),
        (200, {"data": [{"index": 0, "embedding": ["a", "b"]}], "model": "m"}),
        reply([1.0, 2.0], [1.0, 2.0]),
        reply([1.0, 2.0, 3.0]),
        reply([0.0, 0.0]),
        reply([float("nan"), 1.0]),
        reply([]),
    ],
)
def test_an_answer_that_is_not_one_vector_a_text_is_malformed(serve: Serve, answer: Reply) -> None:
    well = True
    server = serve(lambda texts: lengths(texts) if well else answer)
    embedder = Endpoint("small", server.settings)
    well = False
    with pytest.raises(ModelError) as caught:
        embedder.embed(["a"])
    assert caught.value.code == "malformed"


def test_an_address_nobody_listens_on_is_unreachable(serve: Serve) -> None:
    server = EmbeddingServer(lengths)
    address = server.settings
    server.close()
    with pytest.raises(ModelUnavailable) as caught:
        Endpoint("small", address)
    assert caught.value.code == "model_unreachable"


def test_a_server_of_ones_own_needs_no_key(serve: Serve) -> None:
    server = serve(lengths)
    assert Endpoint("small", server.settings.model_copy(update={"api_key": None})).dimension == 2


def test_no_key_is_said_so() -> None:
    with pytest.raises(ModelUnavailable, match="OPENAI_API_KEY") as caught:
        Endpoint("small", load())
    assert caught.value.code == "not_authorized"
