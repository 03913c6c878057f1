"""Reviewed claims as schema.org ClaimReview in JSON-LD, for publishers. What no person decided is not in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from factcheck.errors import ConfigError
from factcheck.models import Citation, Label, Outcome, Report, Stance
from factcheck.report.selectors import Selectors, citation_selectors, claim_selectors
from factcheck.report.words import source_name
from factcheck.reviews import Standing

BEST, WORST = 5, 1
_VALUES: dict[Label, int] = {
    "supported": BEST,
    "contradicted": WORST,
}  # a number for unverifiable would say "half true"
_NAMES: dict[Label, str] = {"supported": "Supported", "contradicted": "Contradicted", "unverifiable": "Unverifiable"}
_STANCES: dict[Label, Stance] = {"supported": "supports", "contradicted": "contradicts"}
_CONTEXT = ["https://schema.org", {"oa": "http://www.w3.org/ns/oa#"}]


def to_claimreview(
    report: Report, standing: Mapping[str, Standing], *, url: str | None = None, publisher: str | None = None
) -> str:
    """One ``ClaimReview`` in a ``@graph`` for each claim whose reviewers agree on a label.

    ``url`` is the address the review will be published at; ``publisher`` the organisation that answers for it, without
    which the reviewers are its authors. Safe inside a ``<script>`` element. Raises ConfigError where no claim was
    reviewed, or ``url`` is no http address.
    """
    if url is not None and not _is_address(url):
        raise ConfigError(f"--url {url}: give the full address, beginning with https://")
    reviews = list(_reviews(report, standing, url=url, publisher=publisher))
    if not reviews:
        raise ConfigError(
            f"{source_name(report.document.source)}: no claim has a reviewed label, and ClaimReview holds reviewed"
            " claims only; decide on some with factcheck review"
        )
    return _in_script(json.dumps({"@context": _CONTEXT, "@graph": reviews}, ensure_ascii=False, indent=2)) + "\n"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url


def _in_script(text: str) -> str:
    """The same JSON, in which nothing ends a script element or a line of JavaScript."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _reviews(
    report: Report, standing: Mapping[str, Standing], *, url: str | None, publisher: str | None
) -> Iterator[dict[str, Any]]:
    for outcome in report.outcomes:
        reviewed = standing.get(outcome.claim.id)
        if reviewed is None or reviewed.label is None:
            continue
        yield {
            "@type": "ClaimReview",
            **({} if url is None else {"url": url}),
            "claimReviewed": outcome.claim.text,
            "reviewRating": _rating(outcome, reviewed, reviewed.label),
            "author": _author(reviewed, publisher),
            "datePublished": max(review.at for review in reviewed.decisions).date().isoformat(),
            **_language(report),
            "itemReviewed": _claim(report, outcome),
            **_citations(outcome, reviewed.label),
        }


def _rating(outcome: Outcome, reviewed: Standing, label: Label) -> dict[str, Any]:
    value = {"ratingValue": _VALUES[label]} if label in _VALUES else {}
    explained = _explanation(outcome, reviewed, label)
    return {
        "@type": "Rating",
        **value,
        "bestRating": BEST,
        "worstRating": WORST,
        "alternateName": _NAMES[label],
        **({"ratingExplanation": explained} if explained else {}),
    }


def _explanation(outcome: Outcome, reviewed: Standing, label: Label) -> str:
    """What the reviewers say with their decisions; else the engine's reason, where they came to its label."""
    if said := [review.comment for review in reviewed.decisions if review.comment.strip()]:
        return "\n".join(said)
    verdict = outcome.verdict
    return verdict.rationale if verdict is not None and verdict.label == label else ""


def _author(reviewed: Standing, publisher: str | None) -> Any:
    if publisher is not None:
        return {"@type": "Organization", "name": publisher}
    return [{"@type": "Person", "name": review.reviewer} for review in reviewed.decisions]


def _language(report: Report) -> dict[str, str]:
    return {} if report.document.language == "und" else {"inLanguage": report.document.language}


def _claim(report: Report, outcome: Outcome) -> dict[str, Any]:
    document, as_of = report.document, report.provenance.as_of
    published = document.published or as_of
    return {
        "@type": "Claim",
        "appearance": {
            "@type": "CreativeWork",
            "name": document.title or source_name(document.source),
            **({"url": document.source} if _is_address(document.source) else {}),
            **({} if published is None else {"datePublished": published.isoformat()}),
            **_language(report),
            "oa:hasSelector": _linked(claim_selectors(document, outcome.claim)),
        },
    }


def _citations(outcome: Outcome, label: Label) -> dict[str, Any]:
    """The quotes that speak for the label; those of an engine that was overruled are no part of the review."""
    verdict = outcome.verdict
    if verdict is None:
        return {}
    kept = [one for one in verdict.citations if verdict.label == label or one.stance == _STANCES.get(label)]
    return {"citation": [_quotation(outcome, citation) for citation in kept]} if kept else {}


def _quotation(outcome: Outcome, citation: Citation) -> dict[str, Any]:
    source = {"url": citation.source} if _is_address(citation.source) else {}
    return {
        "@type": "Quotation",
        "text": citation.quote,
        "isPartOf": {"@type": "CreativeWork", "name": citation.title or source_name(citation.source), **source},
        "oa:hasSelector": _linked(citation_selectors(outcome, citation)),
    }


def _linked(selectors: Selectors) -> list[dict[str, str | int]]:
    """The selectors in the words of the ``oa`` prefix, beside which schema.org's own stay what they are."""
    return [
        {
            "@type" if key == "type" else f"oa:{key}": f"oa:{value}" if key == "type" else value
            for key, value in one.items()
        }
        for one in selectors.as_annotation()
    ]
