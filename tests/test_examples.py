"""The examples hold together: every sentence listed is in its article, every deciding quote is in its reference."""

from __future__ import annotations

import importlib.util
import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest

from factcheck.documents import read_document, written_on
from factcheck.models import ExclusionReason, Label
from factcheck.sentences import sentences_of
from factcheck.text import locate

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
ARTICLES: list[dict[str, Any]] = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))["articles"]
NAMES = [article["article"] for article in ARTICLES]


def claims_of(article: dict[str, Any]) -> list[dict[str, Any]]:
    return [claim for sentence in article["sentences"] for claim in sentence["claims"]]


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_every_sentence_of_an_article_is_expected_to_be_something(article: dict[str, Any]) -> None:
    document = read_document(EXAMPLES / article["article"])
    starts = [document.text.index(sentence["starts"]) for sentence in article["sentences"]]
    assert starts == [sentence.span.start for sentence in sentences_of(document)]


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_an_article_says_when_it_was_written(article: dict[str, Any]) -> None:
    written = written_on(read_document(EXAMPLES / article["article"]), None)
    assert written.day == date.fromisoformat(article["as_of"])


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_kinds_and_labels_are_those_of_the_product(article: dict[str, Any]) -> None:
    kinds = {sentence["kind"] for sentence in article["sentences"]}
    assert kinds <= {"claims", *get_args(ExclusionReason)}
    assert all((sentence["kind"] == "claims") == bool(sentence["claims"]) for sentence in article["sentences"])
    assert {claim["label"] for claim in claims_of(article)} <= set(get_args(Label))


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_a_labelled_claim_has_quotes_that_say_so(article: dict[str, Any]) -> None:
    for claim in claims_of(article):
        stances = {evidence["stance"] for evidence in claim["evidence"]}
        expected = {"supported": {"supports"}, "contradicted": {"contradicts"}, "unverifiable": set()}[claim["label"]]
        assert stances == ({"supports", "contradicts"} if claim["reason"] == "conflicting_sources" else expected)


def test_both_languages_show_all_three_labels() -> None:
    for article in ARTICLES[:2]:
        assert {claim["label"] for claim in claims_of(article)} == set(get_args(Label))


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_every_deciding_quote_stands_in_its_reference(article: dict[str, Any]) -> None:
    folder = EXAMPLES / article["references"]
    for evidence in [e for claim in claims_of(article) for e in claim["evidence"]]:
        document = read_document(folder / evidence["file"])
        assert locate(evidence["quote"], document.text) is not None, evidence


def test_the_binary_references_are_what_their_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("make_references", EXAMPLES / "make_references.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    written = made.pdf(made.CHANDRAYAAN_TITLE, made.CHANDRAYAAN_PAGES)
    assert (EXAMPLES / "references" / "chandrayaan-3.pdf").read_bytes() == written
    assert (EXAMPLES / "references" / "bennu.docx").read_bytes() == made.docx(made.BENNU_TITLE, made.BENNU_PARAGRAPHS)
