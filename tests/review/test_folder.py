"""A folder under review: what is listed, what is refused, and what a file that is broken does not bring down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factcheck.errors import ConfigError
from factcheck.models import StoreFingerprint
from factcheck.report.schema import to_json
from factcheck.review.filters import Filter, Selection, traits_of
from factcheck.review.folder import MOST_REPORT, Folder
from factcheck.review.problems import Refused
from factcheck.review.sources import source_text
from tests.report.samples import rich_report, sample_report, small_report
from tests.review.running import running


def written(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(small_report()), encoding="utf-8")
    return path


def test_every_report_below_the_folder_is_listed_with_how_far_it_is(tmp_path: Path) -> None:
    written(tmp_path / "b.json")
    written(tmp_path / "below" / "a.json")
    (tmp_path / "package.json").write_text('{"name": "something else"}', encoding="utf-8")
    (tmp_path / "cut.json").write_bytes((tmp_path / "b.json").read_bytes()[:500])
    (tmp_path / ".hidden.json").write_text("{", encoding="utf-8")
    with running(tmp_path) as client:
        client.log_in()
        page = client.get("/").text
        assert len(re.findall('data-report="', page)) == 3
        assert page.index("b.json") < page.index("below/a.json") < page.index("cut.json")
        assert page.count("0 of 2 reviewed") == 2
        assert "Cannot be opened: not a factcheck report" in page
        assert "1 other JSON file is no report" in page


def test_next_opens_the_first_report_that_waits_for_a_decision(tmp_path: Path) -> None:
    written(tmp_path / "a.json")
    written(tmp_path / "b.json")
    with running(tmp_path) as client:
        client.log_in()
        first = client.get("/next").headers["Location"]
        client.decide("accept", claim=1, path=first)
        assert client.get("/next").headers["Location"] == first
        client.decide("accept", claim=2, path=first)
        second = client.get("/next").headers["Location"]
        assert second not in (first, "/")
        client.decide("accept", claim=1, path=second)
        assert "All 2 claims are reviewed" in client.decide("accept", claim=2, path=second).text
        assert client.get("/next").headers["Location"] == "/"
        assert "Every claim is reviewed" in client.get("/").text


def test_links_out_of_the_folder_are_followed_neither_to_reports_nor_to_decisions(tmp_path: Path) -> None:
    outside = written(tmp_path / "outside" / "secret.json")
    folder = tmp_path / "folder"
    inside = written(folder / "inside.json")
    (folder / "link.json").symlink_to(outside)
    (folder / "linked").symlink_to(outside.parent)
    (folder / "circle.json").symlink_to(folder / "circle.json")
    target = tmp_path / "outside" / "profile"
    target.write_text("mine\n", encoding="utf-8")
    Path(f"{inside}.reviews.jsonl").symlink_to(target)
    with running(folder) as client:
        page = client.log_in().get("/").text
        assert page.count('data-report="') == 1
        assert "leads out of the folder" in page
        found = Folder(folder).reports()
        assert [file.name for file in found] == ["inside.json"]
        assert client.get(f"/r/{found[0].id}").status == 422
    assert target.read_text(encoding="utf-8") == "mine\n"


def test_a_report_that_becomes_a_link_out_of_the_folder_is_gone(tmp_path: Path) -> None:
    outside = written(tmp_path / "outside" / "secret.json")
    report = written(tmp_path / "folder" / "one.json")
    folder = Folder(report.parent)
    found = folder.reports()[0]
    assert folder.find(found.id) == found
    report.unlink()
    report.symlink_to(outside)
    assert folder.find(found.id) is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "not a factcheck report"),
        (b"", "not a factcheck report"),
        (b"\xff\xfe\x00", "not a factcheck report"),
        (b"[" * 100_000, "not a factcheck report"),
        (b'{"schema_version": "9.0"}', "a report of schema 9.0"),
    ],
)
def test_a_broken_report_is_an_error_page_and_the_server_stays_up(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with running(path) as client:
        client.log_in()
        answer = client.get(client.report())
        assert (answer.status, told in answer.text) == (422, True)
        written(path)
        assert client.get(client.report()).status == 200
        path.unlink()
        assert client.get(client.report()).status == 422


def test_a_report_of_100_mb_is_not_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    written(tmp_path / "small.json")
    with running(tmp_path) as client:
        page = client.log_in().get("/").text
        assert "100 MB, more than the 67 MB" in page
        assert "0 of 2 reviewed" in page
    with pytest.raises(ConfigError, match="check the document in parts"):
        Folder(path).open(Folder(path).reports()[0])
    assert MOST_REPORT < 100_000_000


def test_an_opened_report_is_kept_until_its_file_changes(tmp_path: Path) -> None:
    folder = Folder(written(tmp_path / "one.json"))
    opened = folder.open(folder.reports()[0])
    assert folder.open(opened.found) is opened
    opened.found.path.write_text(to_json(sample_report()), encoding="utf-8")
    assert folder.open(opened.found).digest != opened.digest


# --- filters --------------------------------------------------------------------------------------------------------


def numbers(**wanted: object) -> tuple[int, ...]:
    return Selection(traits_of(small_report()), {}, "Ada", Filter(**wanted)).numbers  # type: ignore[arg-type]


def test_a_filter_shows_what_all_its_parts_ask_for() -> None:
    assert numbers() == (1, 2)
    assert numbers(labels=("supported",)) == (2,)
    assert numbers(labels=("supported", "contradicted")) == (1, 2)
    assert numbers(warned=True) == (1,)
    assert numbers(warned=True, labels=("supported",)) == ()
    assert numbers(source="references/webb.md") == (1,)
    assert numbers(words="FOURTH country") == (2,)
    assert numbers(state="reviewed") == ()
    assert numbers(state="unreviewed") == (1, 2)


def test_a_filter_survives_its_own_address() -> None:
    wanted = Filter(("failed",), "disputed", True, "a b&c=d#é", "x+y", True, True)
    from urllib.parse import parse_qsl

    assert Filter.of(parse_qsl(wanted.query(claim=3).removeprefix("?"))) == wanted


def test_unknown_values_in_an_address_ask_for_nothing() -> None:
    assert Filter.of([("label", "true"), ("state", "x"), ("warned", "yes"), ("claim", "1")]) == Filter()


# --- sources --------------------------------------------------------------------------------------------------------


def stated(source: Path, name: str, sha256: str) -> tuple[object, object]:
    """A report whose first claim cites ``source``, made against the file of this name and hash."""
    report = small_report()
    outcome = report.outcomes[0]
    assert outcome.verdict is not None
    passage = outcome.evidence[0].passage.model_copy(update={"source": str(source)})
    citation = outcome.verdict.citations[0].model_copy(update={"source": str(source)})
    cited = outcome.model_copy(
        update={
            "verdict": outcome.verdict.model_copy(update={"citations": (citation,)}),
            "evidence": (outcome.evidence[0].model_copy(update={"passage": passage}),),
        }
    )
    store: StoreFingerprint = report.provenance.store.model_copy(update={"files": {name: sha256}})
    provenance = report.provenance.model_copy(update={"store": store})
    return report.model_copy(update={"provenance": provenance}), cited


def source_of(tmp_path: Path) -> tuple[Path, str]:
    import hashlib

    path = tmp_path / "refs" / "webb.md"
    path.parent.mkdir()
    passage = small_report().outcomes[0].evidence[0].passage
    path.write_text("x" * (passage.span.start - 1) + "\n" + passage.text, encoding="utf-8")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_source_is_shown_with_the_cited_words_marked(tmp_path: Path) -> None:
    path, sha256 = source_of(tmp_path)
    report, outcome = stated(path, "webb.md", sha256)
    shown = source_text(report, outcome, 0)  # type: ignore[arg-type]
    (marked,) = [one for part in shown.parts for one in part.stretches if one.is_first]
    assert (marked.text, marked.place) == ("Webb's first full-colour images were released on 12 July 2022", 0)
    assert "".join(one.text for part in shown.parts for one in part.stretches) == path.read_text(encoding="utf-8")


def test_a_source_that_was_changed_or_is_none_of_the_report_stays_closed(tmp_path: Path) -> None:
    path, sha256 = source_of(tmp_path)
    for source, name, sha in (
        (path, "webb.md", "0" * 64),  # changed
        (path, "other.md", sha256),  # not among the files
        (Path("/etc/passwd"), "webb.md", sha256),
        (Path("/etc/passwd"), "passwd", sha256),
        (Path("/dev/zero"), "zero", sha256),
        (tmp_path / "none.md", "none.md", sha256),
    ):
        report, outcome = stated(source, name, sha)
        with pytest.raises(Refused) as refused:
            source_text(report, outcome, 0)  # type: ignore[arg-type]
        assert refused.value.problem.status == 404
        assert "root:" not in refused.value.problem.advice


def test_a_page_of_a_source_that_is_not_there_says_so(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(to_json(rich_report()), encoding="utf-8")
    with running(path) as client:
        client.log_in()
        for query in ("claim=1&place=0", "claim=1&place=999", "claim=1", "claim=0&place=0", "claim=x&place=x", ""):
            answer = client.get(f"{client.report()}/source?{query}")
            assert answer.status == 404, query
