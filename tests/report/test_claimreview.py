"""ClaimReview holds what people decided, as JSON-LD that is safe in a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from factcheck.errors import ConfigError
from factcheck.models import Report
from factcheck.report.claimreview import to_claimreview
from tests.report.samples import reviewed, rich_report, sample_report, small_report

RATING = {
    "type": "object",
    "required": ["@type", "alternateName", "bestRating", "worstRating"],
    "properties": {
        "@type": {"const": "Rating"},
        "alternateName": {"enum": ["Supported", "Contradicted", "Unverifiable"]},
        "ratingValue": {"type": "integer", "minimum": 1, "maximum": 5},
        "bestRating": {"const": 5},
        "worstRating": {"const": 1},
        "ratingExplanation": {"type": "string", "minLength": 1},
    },
    "additionalProperties": False,
}
NAMED = {"type": "object", "required": ["@type", "name"], "properties": {"name": {"type": "string", "minLength": 1}}}
REVIEW = {  # what Google's and schema.org's pages on ClaimReview ask for
    "type": "object",
    "required": ["@type", "claimReviewed", "reviewRating", "author", "datePublished", "itemReviewed"],
    "properties": {
        "@type": {"const": "ClaimReview"},
        "claimReviewed": {"type": "string", "minLength": 1},
        "reviewRating": RATING,
        "author": {"anyOf": [NAMED, {"type": "array", "minItems": 1, "items": NAMED}]},
        "datePublished": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        "url": {"type": "string", "pattern": "^https?://"},
        "inLanguage": {"type": "string"},
        "itemReviewed": {
            "type": "object",
            "required": ["@type", "appearance"],
            "properties": {"@type": {"const": "Claim"}, "appearance": NAMED},
        },
        "citation": {"type": "array", "items": {"required": ["@type", "text", "isPartOf", "oa:hasSelector"]}},
    },
    "additionalProperties": False,
}


def graph(report: Report, **options: Any) -> list[dict[str, Any]]:
    found = json.loads(to_claimreview(report, reviewed(report), **options))
    assert found["@context"] == ["https://schema.org", {"oa": "http://www.w3.org/ns/oa#"}]
    return list(found["@graph"])


@pytest.mark.parametrize("make", [sample_report, rich_report, small_report])
def test_every_review_is_valid(make: Callable[[], Report]) -> None:
    from jsonschema import Draft202012Validator

    for review in graph(make(), url="https://example.org/checks/1", publisher="The Gazette"):
        Draft202012Validator(REVIEW).validate(review)


def test_only_claims_whose_reviewers_agree_are_in_it() -> None:
    report = rich_report()
    agreed = [name for name, one in reviewed(report).items() if one.label is not None]
    texts = {outcome.claim.id: outcome.claim.text for outcome in report.outcomes}
    assert {review["claimReviewed"] for review in graph(report)} == {texts[name] for name in agreed}
    assert len(agreed) == 3


def test_the_label_is_the_reviewers_and_quotes_for_another_label_are_left_out() -> None:
    accepted, overruled, by_hand = graph(rich_report())
    assert accepted["reviewRating"]["alternateName"] == "Supported"
    assert accepted["reviewRating"]["ratingValue"] == 5
    assert [quote["text"] for quote in accepted["citation"]][:1] == ["The launch was on 25 December 2021, at 12:20 UTC"]
    assert overruled["reviewRating"]["ratingExplanation"] == "The agency's page says <otherwise>."
    assert "citation" not in overruled
    assert by_hand["author"] == [{"@type": "Person", "name": "Jörg 👓"}]


def test_an_unverifiable_claim_has_no_number_for_one_would_say_half_true() -> None:
    report = sample_report()
    ratings = [review["reviewRating"] for review in graph(report)]
    assert [("ratingValue" in one) for one in ratings] == [one["alternateName"] != "Unverifiable" for one in ratings]


def test_selectors_find_the_claim_in_its_document() -> None:
    report = rich_report()
    for review in graph(report):
        quote, position = review["itemReviewed"]["appearance"]["oa:hasSelector"]
        assert quote["@type"] == "oa:TextQuoteSelector"
        found = report.document.text[position["oa:start"] : position["oa:end"]]
        assert found == quote["oa:exact"] != ""


def test_address_and_publisher_are_there_where_given_and_only_then() -> None:
    without, given = graph(small_report())[0], graph(small_report(), url="https://example.org/1", publisher="Us")[0]
    assert "url" not in without
    assert (given["url"], given["author"]) == ("https://example.org/1", {"@type": "Organization", "name": "Us"})


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "example.org", "https://", "https://x y", "ftp://example.org", ""]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="give the full address"):
        to_claimreview(small_report(), reviewed(small_report()), url=url)


def test_nothing_ends_the_script_element_it_stands_in() -> None:
    hostile = small_report(lambda text: f"{text}</script><!--<script>\u2028\u2029")
    text = to_claimreview(hostile, reviewed(hostile))
    assert not set("<\u2028\u2029") & set(text)
    assert json.loads(text)["@graph"][0]["claimReviewed"].endswith("</script><!--<script>\u2028\u2029")


def test_a_report_nobody_reviewed_is_an_error_and_not_an_empty_review() -> None:
    with pytest.raises(ConfigError, match="no claim has a reviewed label"):
        to_claimreview(small_report(), {})
