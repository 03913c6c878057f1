"""``python -m eval make-contrast``, from a folder or a store to a file of samples."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from eval.datasets.choosing import Wanted
from eval.datasets.reviewed import sample_sets
from eval.make_contrast.cli import make_contrast_command
from factcheck.retrieve.embed import embedder_named
from factcheck.retrieve.store import Store
from factcheck.settings import load
from tests.evaluation.folders import row, write_index, write_rows
from tests.evaluation.test_make_contrast_cases import BRIDGE, NORDWIND, ROBOTS


def command(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(make_contrast_command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACTCHECK_CACHE_DIR", str(tmp_path / "cache"))
    references = tmp_path / "references"
    references.mkdir()
    for name, text in {"bridge": BRIDGE, "robots": ROBOTS, "nordwind": NORDWIND}.items():
        (references / f"{name}.md").write_text(f"# About {name}\n\n{text}\n", encoding="utf-8")
    return references


def test_a_folder_of_references_becomes_a_file_that_eval_run_reads(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "cases.jsonl"
    result = command("--references", folder, "--out", out, "--n", "20")
    assert result.exit_code == 0, result.output
    (data,) = sample_sets(Wanted(path=out))
    assert data.info.name == "contrast:references"
    assert data.info.tier == "user"
    assert 19 <= data.info.samples <= 20
    assert {sample.about for sample in data.samples} == {"bridge.md", "robots.md", "nordwind.md"}
    assert result.output.startswith("3 passages, ")
    assert f"{data.info.samples} cases written to" in result.output
    assert "not a paraphrase" in result.output


def test_a_store_is_read_and_left_as_it_was(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    embedder = embedder_named("minilm", load())
    with Store.open(store, embedder, write=True) as opened:
        opened.index([folder])
        ids = opened.ids()
        before = opened.fingerprint()
        assert len(set(ids)) == len(ids) == opened.count()
    out = tmp_path / "cases.jsonl"
    assert command("--store", store, "--out", out, "--name", "mine").exit_code == 0
    with Store.open(store, embedder) as opened:
        assert opened.fingerprint() == before
    (data,) = sample_sets(Wanted(path=out))
    assert data.info.name == "contrast:mine"


def test_the_texts_of_a_public_set_become_cases_too(tmp_path: Path) -> None:
    rows = [
        row(number, "supported", evidence=[{"doc_id": name, "title": name, "text": text}])
        for number, (name, text) in enumerate({"Bridge": BRIDGE, "Robots": ROBOTS}.items())
    ]
    write_rows(tmp_path / "data" / "news" / "all.jsonl.gz", rows)
    write_index(tmp_path / "data", ("news/all.jsonl.gz", "verdict", "free", "three"))
    out = tmp_path / "cases.jsonl"
    result = command("--data", tmp_path / "data", "--set", "news", "--part", "all", "--out", out)
    assert result.exit_code == 0, result.output
    (data,) = sample_sets(Wanted(path=out))
    assert {sample.about for sample in data.samples} == {"Bridge", "Robots"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--references", "nowhere"], "no such folder of references"),
        (["--store", "nowhere"], "nowhere"),
        (["--store", "a", "--references", "b"], "name one of the three"),
        (["--data", "a", "--references", "b"], "name one of the three"),
    ],
)
def test_what_cannot_run_says_so_in_one_line_and_writes_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command(*arguments, "--out", "cases.jsonl")
    assert result.exit_code == 2
    assert complaint in result.output
    assert len(result.output.strip().splitlines()) == 1
    assert not (tmp_path / "cases.jsonl").exists()


def test_references_of_which_no_case_can_be_made_are_named_as_such(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "list.txt").write_text("milk\nbread\nbutter and some jam for tomorrow\n", encoding="utf-8")
    result = command("--references", folder, "--out", tmp_path / "cases.jsonl")
    assert result.exit_code == 2
    assert "no case could be made" in result.output
    assert not (tmp_path / "cases.jsonl").exists()
