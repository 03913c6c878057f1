"""A report as JUnit XML is well-formed whatever it holds, and no claim passes that was not supported."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.models import Report
from factcheck.report import words
from factcheck.report.junit import to_junit
from tests.report.samples import empty_report, reviewed, rich_report, sample_report, small_report

SUITE = 'tests="2" failures="1" errors="0" skipped="0" time="4.250" timestamp="2026-11-22T09:12:00"'


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text.encode())


def ending_of(case: ET.Element) -> str:
    names = {"failure": "contradicted", "error": "failed", "skipped": "unverifiable"}
    found = [names[child.tag] for child in case if child.tag in names]
    assert len(found) < 2
    return found[0] if found else "supported"


@pytest.mark.parametrize("make", [sample_report, rich_report, small_report, empty_report])
@pytest.mark.parametrize("with_reviews", [False, True])
def test_each_claim_is_a_test_case_that_ends_as_the_claim_did(make: Callable[[], Report], with_reviews: bool) -> None:
    report = make()
    standing = reviewed(report) if with_reviews else {}
    lost = sum(len(failure.sentences) for failure in report.failures)
    suite = parsed(to_junit(report, standing)).find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    endings = [ending_of(case) for case in cases]
    assert endings == [words.ending(outcome, standing) for outcome in report.outcomes] + ["failed"] * lost
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == [
        str(n) for n in (len(cases), *(endings.count(e) for e in ("contradicted", "failed", "unverifiable")))
    ]


def test_a_small_report_reads_like_this() -> None:
    text = to_junit(small_report())
    assert text.splitlines()[:3] == [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites name="factcheck" {SUITE}>',
        f'  <testsuite name="article.md" {SUITE}>',
    ]
    suite = parsed(text)[0]
    first = suite.findall("testcase")[0]
    assert first.attrib == {
        "classname": "article.md",
        "name": "s1.1 Webb's first images came in August 2022.",
        "file": "article.md",
        "line": "1",
        "time": "0",
    }
    failure = first.find("failure")
    assert failure is not None
    assert failure.attrib == {
        "type": "contradicted",
        "message": "contradicted: Webb's first images came in August 2022.",
    }
    quote = (
        "contradicts: “Webb's first full-colour images were released on 12 July 2022”"
        " (references/webb.md, characters 608–669)"
    )
    assert quote in (failure.text or "")
    assert quote in (first.findtext("system-out") or "")


def test_an_unverifiable_claim_is_skipped_with_its_reason_and_a_failed_one_is_an_error_with_its_code() -> None:
    suite = parsed(to_junit(sample_report()))[0]
    skipped = [case.attrib["message"] for case in suite.iter("skipped")]
    assert skipped == [f"unverifiable: {reason}" for reason in words.REASONS.values()]
    assert [case.attrib["type"] for case in suite.iter("error")] == [*words.FAILURES, "timeout", "timeout"]


def test_a_reviewed_label_says_who_decided_and_what_the_engine_had_said() -> None:
    report = rich_report()
    told = parsed(to_junit(report, reviewed(report)))[0].findall("testcase")[1].findtext("system-out") or ""
    assert "reviewed by Anna <anna@example.org>; the engine said contradicted" in told
    assert "comment by Anna <anna@example.org>, 2026-11-23: The agency's page says <otherwise>." in told


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=12)  # no record holds a lone surrogate
    | st.sampled_from(["]]>", "<!--", "&#0;", "\ufffe\uffff"])
)
def test_any_text_makes_well_formed_xml_and_what_xml_cannot_hold_is_spelled_out(odd: str) -> None:
    text = to_junit(small_report(lambda said: f"{said} {odd}"))
    assert len(parsed(text)[0].findall("testcase")) == 2
    assert not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)


def test_characters_that_xml_cannot_hold_are_visible() -> None:
    text = to_junit(small_report(lambda said: f"{said}\x00\x1b\ufffe\u202e"))
    name = parsed(text)[0].findall("testcase")[0].attrib["name"]
    assert name == "s1.1 Webb's first images came in August 2022.\\x00\\x1b\\ufffe\\u202e"
