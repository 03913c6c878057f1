"""The command as a user types it: a real process, the examples, the embedded engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from factcheck.documents import read_document
from factcheck.models import Report
from factcheck.report.schema import report_schema

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def factcheck(
    *words: str | Path, cache: Path, stdin: bytes | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FACTCHECK_", "OPENAI_"))}
    done = subprocess.run(
        [sys.executable, "-m", "factcheck", *map(str, words)],
        input=stdin if stdin is not None else b"",
        capture_output=True,
        cwd=ROOT,
        env={**kept, "FACTCHECK_CACHE_DIR": str(cache), "PYTHONIOENCODING": "utf-8", **env},
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def checked(cache: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    out = cache / "report.json"
    words = ("check", EXAMPLES / "article.en.md", "--references", EXAMPLES / "references", "--json", out)
    return factcheck(*words, cache=cache), out


@pytest.fixture(scope="module")
def report(checked: tuple[subprocess.CompletedProcess[str], Path]) -> Report:
    return Report.model_validate_json(checked[1].read_bytes())


def _gold(article: str) -> dict[str, Any]:
    expected = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(a for a in expected["articles"] if a["article"] == article)
    return found


def test_the_example_is_checked_without_key_or_network_and_exits_1_for_its_contradictions(
    checked: tuple[subprocess.CompletedProcess[str], Path], report: Report
) -> None:
    done, _ = checked
    assert done.returncode == 1, done.stderr
    assert report.totals.contradicted >= 1
    assert report.totals.supported >= 1
    assert report.totals.unverifiable >= 1
    assert report.totals.failed == report.totals.sentences_failed == 0
    assert "engine: local (no model configured" in done.stderr


def test_every_claim_and_its_quotes_are_on_the_screen_and_no_control_character(
    checked: tuple[subprocess.CompletedProcess[str], Path], report: Report
) -> None:
    shown = " ".join(checked[0].stdout.split())
    for outcome in report.outcomes:
        assert " ".join(outcome.claim.text.split())[:40] in shown
    assert CONTROL.search(checked[0].stdout) is None


def test_every_citation_slices_out_of_the_source_as_it_is_read_again(report: Report) -> None:
    citations = [c for o in report.outcomes if o.verdict for c in o.verdict.citations]
    assert citations
    for citation in citations:
        assert citation.span.of(read_document(citation.source).text) == citation.quote


def test_no_false_label_is_given_on_the_example(report: Report) -> None:
    gold = _gold("article.en.md")
    spans = {sentence.id: sentence.span for sentence in report.sentences}
    wrong = []
    for outcome in report.outcomes:
        sentence = spans[outcome.claim.sentences[0]].of(report.document.text)
        expected = next((s for s in gold["sentences"] if sentence.startswith(s["starts"])), None)
        assert expected is not None, sentence
        labels = {claim["label"] for claim in expected["claims"]} | {"unverifiable"}
        if outcome.verdict and outcome.verdict.label not in labels:
            wrong.append((outcome.claim.text, outcome.verdict.label, labels))
    assert wrong == []


def test_the_json_fits_the_published_schema(
    checked: tuple[subprocess.CompletedProcess[str], Path], cache: Path
) -> None:
    printed = json.loads(factcheck("schema", cache=cache).stdout)
    assert printed == report_schema()
    jsonschema.Draft202012Validator(printed).validate(json.loads(checked[1].read_text(encoding="utf-8")))


def test_a_second_check_makes_the_same_report_and_embeds_nothing_again(report: Report, cache: Path) -> None:
    words = ("check", EXAMPLES / "article.en.md", "--references", EXAMPLES / "references", "--json", "-")
    again = Report.model_validate_json(factcheck(*words, cache=cache).stdout)
    assert again.outcomes == report.outcomes
    assert again.exclusions == report.exclusions
    assert again.provenance.store == report.provenance.store


def test_a_report_made_of_the_json_is_the_same_on_terminal_and_as_markdown(
    checked: tuple[subprocess.CompletedProcess[str], Path], report: Report, cache: Path
) -> None:
    terminal = factcheck("report", checked[1], cache=cache)
    assert terminal.stdout == checked[0].stdout
    markdown = factcheck("report", checked[1], "--to", "markdown", cache=cache)
    assert markdown.returncode == 0
    assert all(c.quote.split()[0] in markdown.stdout for o in report.outcomes if o.verdict for c in o.verdict.citations)


def test_index_then_check_uses_the_store_of_the_working_folder(tmp_path: Path, cache: Path) -> None:
    store = tmp_path / "store"
    indexed = factcheck("index", EXAMPLES / "references", "--store", store, cache=cache)
    assert indexed.returncode == 0, indexed.stderr
    done = factcheck("check", EXAMPLES / "article.de.md", "--store", store, "--fail-on", "never", cache=cache)
    assert done.returncode == 0, done.stderr


def test_a_document_on_stdin_is_checked(cache: Path) -> None:
    text = "The James Webb Space Telescope was launched on 25 December 2021."
    words = ("check", "-", "--references", EXAMPLES / "references", "--json", "-")
    done = factcheck(*words, cache=cache, stdin=text.encode())
    assert Report.model_validate_json(done.stdout).document.text.strip() == text


def test_fail_on_sets_the_exit_code(cache: Path) -> None:
    words = ("check", EXAMPLES / "article.en.md", "--references", EXAMPLES / "references")
    assert factcheck(*words, "--fail-on", "never", cache=cache).returncode == 0
    assert factcheck(*words, "--fail-on", "unverifiable", cache=cache).returncode == 1


CANNOT_RUN = {
    "missing document": (["check", "no-such.md", "-r", "examples/references"], "no-such.md"),
    "folder as document": (["check", "examples", "-r", "examples/references"], "examples"),
    "missing references": (["check", "README.md", "-r", "no-such-folder"], "no-such-folder"),
    "no references at all": (["check", "README.md"], "--references"),
    "both kinds of references": (["check", "README.md", "-r", "examples", "--store", "x"], "not both"),
    "store is missing": (["check", "README.md", "--store", "no-such-store"], "no-such-store"),
    "nobody at the store's port": (["check", "README.md", "--store", "http://127.0.0.1:9"], "127.0.0.1:9"),
    "nobody at the model's port": (
        ["check", "README.md", "-r", "examples/references", "--base-url", "http://127.0.0.1:9/v1", "--model", "m"],
        "http://127.0.0.1:9/v1: nobody answers: [Errno",
    ),
    "bad day": (["check", "README.md", "--as-of", "yesterday"], "YYYY-MM-DD"),
    "bad option": (["check", "README.md", "--engin", "local"], "--engin"),
    "bad value": (["check", "README.md", "--passages", "0"], "passages"),
    "not a report": (["report", "README.md"], "README.md"),
    "missing report": (["report", "no-such.json"], "no-such.json"),
    "nowhere to write": (["check", "README.md", "--json", "no/such/folder/x.json"], "no/such/folder/x.json"),
    "a folder to write to": (["check", "README.md", "--json", "examples"], "examples: a folder"),
    "a report over its document": (["check", "README.md", "--markdown", "./README.md"], "the file to be read"),
    "escape in a file name": (["check", "evil\x1b[31m.md", "-r", "examples/references"], r"\x1b"),
    "undecodable file name": (["check", "evil\udcff.md", "-r", "examples/references"], "evil"),
}


@pytest.mark.parametrize("name", CANNOT_RUN)
def test_what_cannot_run_says_why_in_one_line_and_exits_2(name: str, cache: Path) -> None:
    words, said = CANNOT_RUN[name]
    done = factcheck(*words, cache=cache, FACTCHECK_RETRIES="1")
    complaint = [line for line in done.stderr.splitlines() if "engine:" not in line and not line.endswith(" …")]
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "this is a bug" not in done.stderr
    assert said in done.stderr
    assert CONTROL.search(done.stderr.replace("\n", "")) is None
    assert done.stdout == ""
    if "Usage:" not in done.stderr:
        assert len(complaint) == 1


def test_one_bad_reference_among_good_ones_is_named_and_the_others_are_used(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "good.txt").write_text(
        "The tower in Aldheim was finished in 1911. It is 84 metres high.", encoding="utf-8"
    )
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 cut short")
    (tmp_path / "article.txt").write_text("The tower in Aldheim was finished in 1911.", encoding="utf-8")
    done = factcheck("check", tmp_path / "article.txt", "-r", tmp_path, "--json", "-", cache=cache)
    report = Report.model_validate_json(done.stdout)
    assert "bad.pdf" in done.stderr
    assert ["bad.pdf" in notice.message for notice in report.warnings if notice.code == "reference_unreadable"] == [
        True
    ]
    assert any(name.endswith("good.txt") for name in report.provenance.store.files)


def test_html_is_one_page_with_every_claim_and_links_from_the_folder_it_lies_in(
    cache: Path, report: Report, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    words = ("check", EXAMPLES / "article.en.md", "--references", EXAMPLES / "references", "--html", page)
    assert factcheck(*words, cache=cache).returncode == 1
    written = page.read_text(encoding="utf-8")
    assert written.count("<article ") == report.totals.claims
    reference = os.path.relpath(EXAMPLES / "references" / "webb.md", tmp_path)
    assert f'href="{reference}#:~:text=' in written
