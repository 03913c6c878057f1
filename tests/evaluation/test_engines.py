"""The engine under test is the product's, says truly what it is, and finds its documents indexed the second time."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

import factcheck.local
from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.datasets.loading import claim_sets
from eval.engines import Engine, choosing_of_two, engine
from eval.records import DatasetInfo, Reference
from factcheck.engine import judge_of
from factcheck.errors import ConfigError
from factcheck.local.loading import digests
from factcheck.models import StoreFingerprint
from factcheck.settings import load
from factcheck.verdict.signals import compare
from tests.evaluation.folders import write_own_like
from tests.servers import ScriptedServer, ok

INFO = DatasetInfo(name="x/dev", tier="user", scheme="three", digest="0", samples=0)
QUIET = lambda stage, done, total: None  # noqa: E731


def local() -> Engine:
    async def made() -> Engine:
        async with engine(load(engine="local")) as found:
            return found

    return asyncio.run(made())


def test_the_local_engine_is_the_products_own() -> None:
    found = local()
    assert type(found.judge) is type(judge_of(None, load()))
    assert found.signals is compare
    stated = found.provenance()
    assert (stated["engine"], stated["model"], stated["answered_by"]) == ("local", None, "the local engine")
    assert (stated["prompts"], stated["store"], found.usage(), found.cost()) == ({}, None, {}, 0.0)


def test_an_engine_that_chooses_of_two_labels_says_so() -> None:
    assert "of_two" not in local().provenance()["parameters"]
    assert choosing_of_two(local()).provenance()["parameters"]["of_two"] is True


def test_the_weights_named_are_those_on_disk() -> None:
    folder = Path(factcheck.local.__file__).parent / "weights"
    found = digests()
    assert "minilm/model.onnx" in found
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in found.items())


def test_a_model_is_named_with_its_prompts_and_without_its_key() -> None:
    async def stated(server: ScriptedServer) -> dict[str, object]:
        settings = load(model="scripted-1", base_url=server.url, api_key="sk-secret-key-123456")
        async with engine(settings) as found:
            return found.provenance()

    with ScriptedServer([ok({})]) as server:
        provenance = asyncio.run(stated(server))
    assert (provenance["engine"], provenance["answered_by"]) == ("llm", "a model: scripted-1")
    assert "judge.system" in json.dumps(provenance["prompts"])
    assert "sk-secret" not in str(provenance)


def test_documents_of_a_folder_go_by_their_names_and_are_embedded_once(tmp_path: Path) -> None:
    (data,) = claim_sets(Wanted(write_own_like(tmp_path / "mine")))
    told: list[set[str]] = []
    for _ in range(2):
        stages: set[str] = set()
        told.append(stages)
        found = local()
        with found.corpus(data, lambda stage, done, total, stages=stages: stages.add(stage)) as corpus:  # type: ignore[misc]
            (source,) = corpus.doc_ids
            assert corpus.doc_ids[source] == "arvika.md"
            assert "Aldheim" in corpus.read(source).text
        (fingerprint,) = found.fingerprints
        assert fingerprint.location == "mine"
        assert str(tmp_path) not in fingerprint.model_dump_json()
    assert ["indexing" in stages for stages in told] == [True, False]


def test_documents_of_a_set_are_found_under_their_own_ids_whatever_these_hold(tmp_path: Path) -> None:
    names = ["10.1000/a:b", "../up", "Ä" * 90, "x" * 300, "a.json"]
    corpus = tuple(Reference(doc_id=name, text=f"Text number {n} of them.", title="T") for n, name in enumerate(names))
    found = local()
    with found.corpus(Dataset(INFO, (), corpus), QUIET) as opened:
        texts = {opened.doc_ids[source]: opened.read(source).text for source in opened.doc_ids}
        passage = opened.store.passages([opened.store.lexical("number", "en", 1)[0][0]])[0]
        assert opened.doc_ids[passage.source] in names
    assert texts == {document.doc_id: document.text for document in corpus}


def test_a_set_without_documents_says_so() -> None:
    with pytest.raises(ConfigError, match="no documents to search in"), local().corpus(Dataset(INFO, ()), QUIET):
        pass


def test_several_stores_are_one_fingerprint_that_changes_with_each() -> None:
    def store(digest: str) -> StoreFingerprint:
        files = {f"{digest}.md": "0"}
        return StoreFingerprint(location=digest, digest=digest * 8, embedder="e", chunking="c", passages=2, files=files)

    def together(*digests: str) -> StoreFingerprint:
        found = local()
        found.fingerprints += [store(digest) for digest in digests]
        fingerprint: StoreFingerprint = found.provenance()["store"]
        return fingerprint

    assert together("a", "a") == store("a")
    both = together("a", "b")
    assert (both.location, both.passages, len(both.files)) == ("a, b", 4, 2)
    assert both.digest not in (store("a").digest, store("b").digest, together("a", "c").digest)
