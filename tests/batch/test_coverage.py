"""What a run says about its references: files cited, retrieved, untouched, and claims nothing was near to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from factcheck.batch.coverage import (
    LISTED,
    AbsentWord,
    FileUse,
    OpenClaim,
    coverage,
    coverage_of,
    coverage_of_run,
    lines_of,
    to_markdown,
)
from factcheck.batch.records import INDEX, Row
from factcheck.errors import ConfigError
from factcheck.models import Claim, Failure, Outcome, Passage, Report, Search, Span, Verdict
from factcheck.report.schema import to_json
from tests.report.samples import cited, evidence, passage, rich_report, sample_report

BASE = sample_report()
FILES = dict.fromkeys(("webb.md", "moon.md", "sub/moon.md", "dart.txt"), "a" * 64)


def found(name: str) -> Passage:
    return passage("The words of the reference", f"/srv/references/{name}")


def report(*outcomes: Outcome, files: Mapping[str, str] = FILES, digest: str = "d" * 64) -> Report:
    store = BASE.provenance.store.model_copy(update={"files": files, "digest": digest})
    provenance = BASE.provenance.model_copy(update={"store": store})
    return BASE.model_copy(update={"outcomes": outcomes, "provenance": provenance})


def outcome(text: str, reason: str | None, *passages: Passage, wider: tuple[Passage, ...] = (), **more: Any) -> Outcome:
    """A claim with that reason for no verdict; with None it is supported by the first passage."""
    verdict = {
        "label": "supported" if reason is None else "unverifiable",
        "reason": reason,
        "rationale": "",
        "citations": (cited(passages[0], "words", "supports"),) if reason is None else (),
    }
    return Outcome(
        claim=Claim(id="s1.1", text=text, span=Span(start=0, end=1), sentences=("s1",), checkworthiness="high"),
        evidence=evidence(*passages),
        search=Search(queries=(), wider=evidence(*wider), looked_wider=bool(wider), absent=more.get("absent", ())),
        verdict=Verdict.model_validate(verdict),
    )


def failed() -> Outcome:
    made = outcome("It failed.", "insufficient", found("webb.md"))
    failure = Failure(stage="judge", code="timeout", message="no answer")
    return Outcome(claim=made.claim, evidence=made.evidence, search=made.search, failure=failure)


def test_files_are_cited_or_retrieved_or_never_touched() -> None:
    told = coverage(
        [
            report(outcome("A.", None, found("webb.md"), found("moon.md"))),
            report(outcome("B.", None, found("webb.md")), outcome("C.", "insufficient", found("sub/moon.md"))),
        ]
    )
    assert told.files == (
        FileUse(name="webb.md", cited=2, retrieved=2),
        FileUse(name="moon.md", cited=0, retrieved=1),
        FileUse(name="sub/moon.md", cited=0, retrieved=1),
        FileUse(name="dart.txt", cited=0, retrieved=0),
    )
    parts = [{file.name for file in part} for part in (told.cited, told.never_cited, told.never_retrieved)]
    assert parts == [{"webb.md"}, {"moon.md", "sub/moon.md"}, {"dart.txt"}]


def test_what_only_the_wider_search_brought_was_retrieved() -> None:
    told = coverage([report(outcome("A.", "insufficient", found("webb.md"), wider=(found("dart.txt"),)))])
    assert {file.name for file in told.never_cited} == {"webb.md", "dart.txt"}


def test_a_file_counts_once_for_a_claim_however_many_passages_came_of_it() -> None:
    two = (found("webb.md"), found("webb.md").model_copy(update={"id": "another"}))
    assert coverage([report(outcome("A.", None, *two))]).files[0] == FileUse(name="webb.md", cited=1, retrieved=1)


def test_claims_that_nothing_was_near_to_are_listed_with_their_absent_words() -> None:
    told = coverage_of(
        [
            (
                "a.md",
                report(
                    outcome("Nothing came.", "no_passage_retrieved", absent=("Pragyan",)),
                    outcome("All beside the point.", "passages_irrelevant", found("webb.md")),
                    outcome("Near, but for 1855.", "insufficient", found("webb.md"), absent=("1855", "Pragyan")),
                    outcome("Near.", "insufficient", found("webb.md")),
                    outcome("Fine.", None, found("webb.md")),
                    failed(),
                ),
            )
        ]
    )
    assert (told.claims, told.judged, told.failed, told.nothing_near) == (6, 5, 1, 2)
    assert told.open_claims == (
        OpenClaim(
            document="a.md", claim="s1.1", text="Nothing came.", reason="no_passage_retrieved", absent=("Pragyan",)
        ),
        OpenClaim(document="a.md", claim="s1.1", text="All beside the point.", reason="passages_irrelevant", absent=()),
        OpenClaim(
            document="a.md",
            claim="s1.1",
            text="Near, but for 1855.",
            reason="insufficient",
            absent=("1855", "Pragyan"),
        ),
    )
    assert told.absent == (AbsentWord(word="Pragyan", claims=2), AbsentWord(word="1855", claims=1))


def test_a_failed_check_says_nothing_about_the_references() -> None:
    told = coverage([report(failed())])
    assert (told.cited, told.never_cited, len(told.never_retrieved), told.nothing_near) == ((), (), len(FILES), 0)


def test_reports_are_taken_one_at_a_time_and_none_is_kept() -> None:
    alive = 0

    class Counted(Report):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def reports() -> Iterator[Report]:
        nonlocal alive
        claims = [outcome(f"Claim {n}.", "no_passage_retrieved", absent=(f"name{n}",)) for n in range(5)]
        for _ in range(LISTED // 5 + 2):
            alive += 1
            yield Counted.model_construct(**dict(report(*claims)))
            assert alive <= 2

    told = coverage(reports())
    assert (len(told.open_claims), told.unlisted, told.nothing_near) == (LISTED, 10, LISTED + 10)


def test_reports_of_several_states_of_the_references_are_said_to_be_so() -> None:
    told = coverage([report(digest="1" * 64), report(digest="2" * 64, files={"new.md": "b" * 64})])
    assert told.stores == ("1" * 64, "2" * 64)
    assert {file.name for file in told.files} == {*FILES, "new.md"}
    assert "2 states of the references" in " ".join(lines_of(told))


def test_the_lines_add_up_and_are_cut() -> None:
    told = coverage([report(outcome("A.", None, found("webb.md"), found("moon.md")))])
    assert list(lines_of(told, most=1)) == [
        "references: 4 files = 1 cited + 1 retrieved but never cited + 2 never retrieved",
        "retrieved but never cited: moon.md",
        "never retrieved: dart.txt and 1 more",
        "nothing in the references is about 0 of 1 claim",
    ]


def test_markdown_shows_file_names_and_claims_as_text() -> None:
    files = {"a|b`<i>.md": "a" * 64}
    told = coverage([report(outcome("<b>*x*</b>", "passages_irrelevant", found("a|b`<i>.md")), files=files)])
    written = to_markdown(told)
    assert "| ``a\\|b`<i>.md`` | 0 | 1 |" in written
    assert r"\<b\>\*x\*\</b\>" in written


def test_a_run_is_read_from_its_folder_leaving_out_documents_without_a_report(tmp_path: Path) -> None:
    (tmp_path / "a.md.json").write_text(to_json(rich_report()), "utf-8")
    rows = [
        row("a.md", report="a.md.json", status="partial", reason="malformed: 1 claim failed"),
        row("b.md", report=None, status="error", reason="unreadable: it is empty"),
    ]
    (tmp_path / INDEX).write_text("".join(rows))
    told = coverage_of_run(tmp_path)
    assert told == coverage_of([("a.md", rich_report())])
    assert (told.reports, told.failed) == (1, 1)
    (tmp_path / "a.md.json").unlink()
    with pytest.raises(ConfigError, match=r"a\.md\.json"):
        coverage_of_run(tmp_path)


def row(document: str, **fields: Any) -> str:
    blank = {"document_sha256": None, "key": "k", "report_sha256": None, "totals": None}
    made = {**blank, "document": document, "at": datetime(2026, 11, 22, tzinfo=UTC), **fields}
    return Row.model_validate(made).model_dump_json() + "\n"
