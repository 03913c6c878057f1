"""SARIF is valid by the OASIS schema, and its places are those an editor shows in the file as it lies on disk.

``sarif-schema-2.1.0.json`` is the schema of the OASIS standard SARIF 2.1.0 (errata 01), as the MIT-licensed npm package
@microsoft/sarif-multitool-ts 5.7.0 carries it; OASIS lets implementers include it (oasis-tcs/sarif-spec, issue 583).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.documents import read_document
from factcheck.models import FailureCode, Report, Sentence, Span, UnverifiableReason, account
from factcheck.report import words
from factcheck.report.sarif import text_on_disk, to_sarif
from factcheck.reviews import Standing
from tests.report.samples import empty_report, reviewed, rich_report, sample_report, small_report

SCHEMA = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))

ENCODINGS = [
    ("utf-8", b""),
    ("utf-8", b"\xef\xbb\xbf"),
    ("utf-16-le", b"\xff\xfe"),
    ("utf-16-be", b"\xfe\xff"),
    ("cp1252", b""),
]
LINES = ["# Bäume 🌳", "Die Straße ist 3 km lang.", "", "👩🏽‍🚀 flog. „Ja“, sagte sie.", "Ende"]


def run_of(report: Report, standing: dict[str, Standing] | None = None, **options: Any) -> dict[str, Any]:
    log = json.loads(to_sarif(report, standing or {}, **options))
    validate(log)
    (run,) = log["runs"]
    return dict(run)


def validate(log: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator(SCHEMA).validate(log)


def about(report: Report, path: Path) -> Report:
    """The report with every claim laid on a word of the document at ``path``."""
    document = read_document(path)
    found = [line for line in document.text.split("\n") if line]
    spans = [Span(start=(at := document.text.index(line)), end=at + len(line)) for line in found]
    sentences = tuple(Sentence(id=f"s{n}", span=span) for n, span in enumerate(spans, start=1))
    model = report.outcomes[1]
    outcomes = tuple(
        model.model_copy(
            update={
                "claim": model.claim.model_copy(
                    update={"id": f"{sentence.id}.1", "span": sentence.span, "sentences": (sentence.id,)}
                )
            }
        )
        for sentence in sentences
    )
    return report.model_copy(
        update={
            "document": document,
            "sentences": sentences,
            "outcomes": outcomes,
            "exclusions": (),
            "totals": account(sentences, outcomes, (), ()),
        }
    )


def shown_by_an_editor(raw: str, region: dict[str, int]) -> str:
    """What stands in a region, found as VS Code finds it: lines end in CRLF, CR or LF, columns are UTF-16 units."""
    lines = raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    chosen = lines[region["startLine"] - 1 : region["endLine"]]
    units = [line.encode("utf-16-le") for line in chosen]
    units[-1] = units[-1][: 2 * (region["endColumn"] - 1)]
    units[0] = units[0][2 * (region["startColumn"] - 1) :]
    return "\n".join(part.decode("utf-16-le") for part in units)


@pytest.mark.parametrize("make", [sample_report, rich_report, small_report, empty_report])
@pytest.mark.parametrize("problems_only", [False, True])
def test_every_report_is_valid_by_the_schema(make: Callable[[], Report], problems_only: bool) -> None:
    report = make()
    run_of(report, problems_only=problems_only)
    run_of(report, reviewed(report), problems_only=problems_only)


def test_the_schema_refuses_what_is_no_sarif() -> None:
    from jsonschema import ValidationError

    log = json.loads(to_sarif(small_report()))
    log["runs"][0]["results"][0]["kind"] = "lie"
    with pytest.raises(ValidationError):
        validate(log)


def test_kinds_and_levels_say_what_became_of_each_claim() -> None:
    results = run_of(sample_report())["results"]
    told = [(one["ruleId"], one["kind"], one["level"]) for one in results]
    assert told == [
        ("contradicted", "fail", "error"),
        ("supported", "pass", "none"),
        *((f"unverifiable/{reason}", "open", "none") for reason in get_args(UnverifiableReason)),
    ]


def test_each_result_names_its_rule_and_each_notification_its_kind() -> None:
    report = sample_report()
    run = run_of(report)
    driver = run["tool"]["driver"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert [rules[one["ruleIndex"]] for one in run["results"]] == [one["ruleId"] for one in run["results"]]
    kinds = {kind["id"] for kind in driver["notifications"]}
    assert {one["descriptor"]["id"] for one in run["invocations"][0]["toolExecutionNotifications"]} <= kinds


def test_what_was_not_checked_is_no_result_but_makes_the_run_unsuccessful() -> None:
    report = sample_report()
    (invocation,) = run_of(report)["invocations"]
    told = [one["descriptor"]["id"] for one in invocation["toolExecutionNotifications"] if one["level"] == "error"]
    assert told == [f"failed/{code}" for code in get_args(FailureCode)] + ["failed/timeout"] * 2
    assert invocation["executionSuccessful"] is False
    assert run_of(small_report())["invocations"][0]["executionSuccessful"] is True


def test_no_claim_and_no_lost_sentence_goes_unmentioned() -> None:
    for report in (sample_report(), rich_report(), small_report()):
        run = run_of(report)
        told = [*run["results"], *run["invocations"][0]["toolExecutionNotifications"]]
        texts = "\n".join(one["message"]["text"] for one in told)
        assert all(words.flat(outcome.claim.text) in texts for outcome in report.outcomes)
        located = sum("locations" in one for one in told)
        assert located == report.totals.claims + report.totals.sentences_failed


def test_supported_claims_left_out_are_counted() -> None:
    report = rich_report()
    run = run_of(report, problems_only=True)
    assert "supported" not in {one["ruleId"] for one in run["results"]}
    assert run["properties"]["supportedLeftOut"] == report.totals.supported
    assert run["properties"]["claims"] == words.claims_sum(report)


def test_quotes_are_related_locations_with_selectors() -> None:
    report = small_report()
    first = run_of(report)["results"][0]
    assert first["relatedLocations"] == [
        {
            "id": 1,
            "physicalLocation": {
                "artifactLocation": {"uri": "references/webb.md", "uriBaseId": "%SRCROOT%"},
            },
            "message": {
                "text": "contradicts: “Webb's first full-colour images were released on 12 July 2022”"
                " (references/webb.md, characters 608–669)"
            },
            "properties": {
                "selectors": [
                    {
                        "type": "TextQuoteSelector",
                        "exact": "Webb's first full-colour images were released on 12 July 2022",
                        "prefix": "Before. ",
                        "suffix": ". After.",
                    },
                    {"type": "TextPositionSelector", "start": 608, "end": 669},
                ]
            },
        }
    ]


def test_reviewed_labels_win_and_are_marked() -> None:
    report = rich_report()
    results = {one["properties"]["claim"]: one for one in run_of(report, reviewed(report))["results"]}
    overruled = results[report.outcomes[1].claim.id]
    assert (overruled["kind"], overruled["ruleId"]) == ("pass", "supported")
    assert overruled["properties"]["engineLabel"] == "contradicted"
    assert overruled["properties"]["reviewedBy"] == ["Anna <anna@example.org>"]
    assert "reviewed by Anna <anna@example.org>; the engine said contradicted" in overruled["message"]["text"]
    assert results[report.outcomes[6].claim.id]["properties"]["engineLabel"] == "failed"


@pytest.mark.parametrize(("codec", "mark"), ENCODINGS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_places_are_those_of_the_file_on_disk(codec: str, mark: bytes, newline: str, tmp_path: Path) -> None:
    path = tmp_path / "article.txt"
    path.write_bytes(mark + newline.join(LINES).encode(codec, "ignore"))
    report = about(small_report(), path)
    raw = path.read_bytes().decode(report.document.encoding or "").removeprefix("\ufeff")
    assert newline in raw
    written = text_on_disk(report.document)
    assert written == raw

    for result, outcome in zip(run_of(report, written=written)["results"], report.outcomes, strict=True):
        region = result["locations"][0]["physicalLocation"]["region"]
        claimed = outcome.claim.span.of(report.document.text)
        assert shown_by_an_editor(raw, region) == claimed
        units = raw.encode("utf-16-le")[2 * region["charOffset"] :][: 2 * region["charLength"]]
        assert units.decode("utf-16-le") == claimed


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", "\n", "\r\n", "\r", "é", "👩🏽‍🚀", "ש", "\u2028", "\t", "\x85"]), min_size=1, max_size=40
    )
)
def test_every_stretch_of_every_text_is_where_an_editor_finds_it(pieces: list[str]) -> None:
    from factcheck.documents.parsed import clean
    from factcheck.report.sarif import _Places

    raw = "".join(pieces)
    text = clean(raw)
    places = _Places(text, raw)
    for start in range(len(text) + 1):
        for end in (start, min(start + 3, len(text)), len(text)):
            region = places.region(Span(start=start, end=end))
            assert shown_by_an_editor(raw, region) == text[start:end]
            units = raw.encode("utf-16-le")[2 * region["charOffset"] :][: 2 * region["charLength"]]
            assert clean(units.decode("utf-16-le")) == text[start:end]


def test_a_file_that_changed_or_is_gone_gives_no_character_offsets(tmp_path: Path) -> None:
    path = tmp_path / "article.md"
    path.write_text("One line.\nAnother line.\n", encoding="utf-8")
    report = about(small_report(), path)
    assert text_on_disk(report.document) == "One line.\nAnother line.\n"
    path.write_text("Another text.\n", encoding="utf-8")
    assert text_on_disk(report.document) is None
    path.unlink()
    assert text_on_disk(report.document) is None
    region = run_of(report)["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 14}


def test_a_format_without_lines_gives_none_rather_than_false_ones() -> None:
    report = small_report()
    pdf = report.model_copy(update={"document": report.document.model_copy(update={"media_type": "application/pdf"})})
    (location,) = run_of(pdf)["results"][0]["locations"]
    assert "region" not in location["physicalLocation"]
    assert text_on_disk(pdf.document) is None


@pytest.mark.parametrize(
    ("source", "location"),
    [
        ("über uns/a b#1?.md", {"uri": "%C3%BCber%20uns/a%20b%231%3F.md", "uriBaseId": "%SRCROOT%"}),
        ("../a.md", {"uri": "../a.md"}),
        ("c:a.md", {"uri": "c%3Aa.md", "uriBaseId": "%SRCROOT%"}),
        ("https://example.org/ä", {"uri": "https://example.org/%C3%A4"}),
        ("-", {"description": {"text": "standard input"}}),
        ("javascript://alert(1)", {"description": {"text": "javascript://alert(1)"}}),
    ],
)
def test_a_document_is_named_by_an_address_that_is_one(source: str, location: dict[str, Any]) -> None:
    report = small_report()
    named = report.model_copy(update={"document": report.document.model_copy(update={"source": source})})
    assert run_of(named)["artifacts"][0]["location"] == location


def test_a_fingerprint_stays_when_the_claim_moves_and_differs_between_claims() -> None:
    def prints(report: Report) -> list[str]:
        return [one["partialFingerprints"]["factcheckClaim/v1"] for one in run_of(report)["results"]]

    report = rich_report()
    found = prints(report)
    assert len(set(found)) == len(found)
    moved = report.model_copy(update={"outcomes": tuple(reversed(report.outcomes))})
    assert set(prints(moved)) == set(found)


def test_text_is_never_a_placeholder_or_a_link() -> None:
    report = small_report(lambda text: f"{text} {{0}} [here](https://example.org) [sic]")
    text = run_of(report)["results"][0]["message"]["text"]
    assert "{{0}} \\[here](https://example.org) [sic]" in text
