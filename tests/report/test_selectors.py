"""Words are found again by a quote with its surroundings, and by position."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from factcheck.models import Claim, Document, Span
from factcheck.report.selectors import AROUND, citation_selectors, claim_selectors
from tests.report.samples import rich_report, sample_report

PIECES = st.lists(st.sampled_from(["a", "b ", "\n", "é", "e\u0301", "👩🏽‍🚀", "שלום ", "Straße", "\r"]), max_size=60)


def document_of(text: str) -> Document:
    return Document(
        id="0" * 16,
        source="a.txt",
        title="",
        language="en",
        published=None,
        media_type="text/plain",
        encoding="utf-8",
        text=text,
    )


def claim_at(span: Span) -> Claim:
    return Claim(id="s1.1", text="x", span=span, sentences=("s1",), checkworthiness="high")


@given(PIECES.map("".join) | st.text(max_size=120), st.data())
def test_the_words_of_a_claim_are_found_again(text: str, data: st.DataObject) -> None:
    document = document_of(text)
    start = data.draw(st.integers(0, len(document.text)))
    end = data.draw(st.integers(start, len(document.text)))
    found = claim_selectors(document, claim_at(Span(start=start, end=end)))

    assert document.text[found.start : found.end] == found.exact == document.text[start:end]
    together = found.prefix + found.exact + found.suffix
    at = document.text.find(together)
    assert at >= 0
    assert document.text[at + len(found.prefix) :].startswith(found.exact + found.suffix)
    assert len(found.prefix) == min(AROUND, start)
    assert len(found.suffix) == min(AROUND, len(document.text) - end)


def test_a_quote_is_placed_in_its_source_and_its_surroundings_are_those_of_the_passage() -> None:
    seen = 0
    for report in (sample_report(), rich_report()):
        for outcome in report.outcomes:
            for citation in outcome.verdict.citations if outcome.verdict else ():
                passage = next(one.passage for one in outcome.evidence if one.passage.id == citation.passage)
                found = citation_selectors(outcome, citation)
                assert (found.start, found.end, found.exact) == (
                    citation.span.start,
                    citation.span.end,
                    citation.quote,
                )
                assert found.prefix + found.exact + found.suffix in passage.text
                seen += 1
    assert seen > 8


def test_the_selectors_are_those_of_the_web_annotation_model() -> None:
    text = "It rose by 3 %. The sky is blue. Nobody paints it."
    claim = claim_at(Span(start=16, end=32))
    assert claim_selectors(document_of(text), claim).as_annotation() == [
        {
            "type": "TextQuoteSelector",
            "exact": "The sky is blue.",
            "prefix": "It rose by 3 %. ",
            "suffix": " Nobody paints it.",
        },
        {"type": "TextPositionSelector", "start": 16, "end": 32},
    ]


def test_the_surroundings_are_32_code_points_on_each_side() -> None:
    found = claim_selectors(document_of("👓" * 40 + "here" + "é" * 40), claim_at(Span(start=40, end=44)))
    assert (found.prefix, found.exact, found.suffix) == ("👓" * 32, "here", "é" * 32)
