"""The library's front door: three lines, typed, with and without an event loop; and which engine is chosen, and why."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from factcheck import Report, acheck, check
from factcheck.documents import document_from_text
from factcheck.engine import choose
from factcheck.errors import ConfigError, ReadError, StoreError
from factcheck.settings import load

TEXT = "The bridge over the Aldheim opened on 19 March 1932. Is it not a beauty?"


@pytest.fixture
def references(tmp_path: Path) -> Path:
    folder = tmp_path / "references"
    folder.mkdir()
    (folder / "bridge.txt").write_text("The bridge over the Aldheim opened on 19 March 1932.", encoding="utf-8")
    return folder


def _labels(report: Report) -> list[str | None]:
    return [outcome.verdict.label if outcome.verdict else None for outcome in report.outcomes]


def test_three_lines_check_a_text_that_never_was_a_file(references: Path) -> None:
    report = check(document_from_text(TEXT), references=references)
    assert _labels(report) == ["supported"]
    assert [exclusion.reason for exclusion in report.exclusions] == ["question"]


def test_the_async_door_gives_the_same_report(references: Path) -> None:
    report = asyncio.run(acheck(document_from_text(TEXT), references=references))
    assert report.outcomes == check(document_from_text(TEXT), references=references).outcomes


def test_the_sync_door_works_inside_a_running_event_loop(references: Path) -> None:
    async def notebook() -> Report:
        return check(document_from_text(TEXT), references=references)

    assert _labels(asyncio.run(notebook())) == ["supported"]


def test_errors_come_to_the_caller_as_ours(references: Path, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"no-such\.md"):
        check(tmp_path / "no-such.md", references=references)
    with pytest.raises(ConfigError, match="modle"):
        check(document_from_text(TEXT), references=references, modle="x")


def test_references_without_a_readable_file_are_an_error_and_not_an_article_full_of_unverifiable(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 cut short")
    with pytest.raises(StoreError, match="holds no reference that can be read"):
        check(document_from_text(TEXT), references=folder)


def test_a_damaged_cached_store_is_made_anew(references: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = check(document_from_text(TEXT), references=references, cache_dir=cache)
    (truth,) = cache.rglob("store.sqlite")
    truth.write_bytes(b"not a database any more")
    assert check(document_from_text(TEXT), references=references, cache_dir=cache).outcomes == first.outcomes


def test_the_day_given_is_the_day_used_and_stands_in_the_report(references: Path) -> None:
    provenance = check(document_from_text(TEXT), references=references, as_of=date(2020, 2, 1)).provenance
    assert (provenance.as_of, provenance.as_of_source) == (date(2020, 2, 1), "given")


@pytest.mark.parametrize(
    ("given", "name", "why"),
    [
        ({}, "local", "no model configured"),
        ({"model": "gpt"}, "llm", "a model is configured"),
        ({"base_url": "http://127.0.0.1:1/v1"}, "llm", "an address"),
        ({"api_key": "k"}, "llm", "an API key"),
        ({"api_key": "k", "engine": "local"}, "local", "--engine local"),
    ],
)
def test_the_engine_is_the_llm_where_one_is_configured_and_says_why(given: dict[str, Any], name: str, why: str) -> None:
    choice = choose(load(**given))
    assert choice.name == name
    assert why in choice.reason


def test_no_secret_and_no_credential_is_in_the_settings_of_a_report(references: Path) -> None:
    settings = {"api_key": "sk-secret", "base_url": "http://user:password@host:1/v1", "engine": "local"}
    shown = check(document_from_text(TEXT), references=references, **settings).model_dump_json()
    assert "sk-secret" not in shown
    assert "password" not in shown
