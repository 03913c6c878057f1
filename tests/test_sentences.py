"""Sentences: where they end, what they leave out, and that nothing vanishes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.documents import document_from_text, read_bytes, read_document
from factcheck.models import Block, Document, Span
from factcheck.sentences import LONGEST, furniture_of, sentences_of

ARTICLE = Path(__file__).resolve().parents[1] / ".." / "shared" / "articles" / "trumps-plan-scheitert.de.txt"


def split(text: str, language: str) -> list[str]:
    document = document_from_text(text).model_copy(update={"language": language})
    return [sentence.span.of(document.text) for sentence in sentences_of(document)]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "de",
            ["Er kam am 23. Oktober.", "Dr. Müller sagte: „Das ist falsch. Wir gehen.“", "Dann ging er z. B. heim."],
        ),
        ("de", ["Im 19. Jahrhundert, d. h. um 1850, gab es u. a. Kohle.", "Bis zum 31. Dezember gilt Nr. 5."]),
        ("de", ["Der 1. FC Köln gewann 3,5 Mio. Euro.", "Es waren 12.", "Danach kamen sie."]),
        ("de", ["»So ist es.«", "Sie blieb.", "„Wirklich?“", "Ja."]),
        ("en", ["Mr. Smith went to the U.S. in 2020.", "He met Dr. Jones, e.g. at 5 p.m. on Monday."]),
        ("en", ["George W. Bush spoke.", "It cost $3.5 million.", '"Stop. Now." he said.', "The end."]),
        ("fr", ["M. Macron a dit oui.", "Il est parti à 5 h."]),
        ("und", ["One sentence.", "Another one 😀 here.", "A third?"]),
    ],
)
def test_abbreviations_ordinals_and_quotes_end_no_sentence(language: str, sentences: list[str]) -> None:
    assert split(" ".join(sentences), language) == sentences


def test_line_break_in_wrapped_text_ends_no_sentence_and_a_blank_line_does() -> None:
    text = (
        "Heading here\n\nThis is a paragraph whose lines break somewhere in\n"
        "the middle of sentences, as old mails do. This is\nthe second\n\nand this a third"
    )

    assert split(text, "en") == [
        "Heading here",
        "This is a paragraph whose lines break somewhere in\nthe middle of sentences, as old mails do.",
        "This is\nthe second",
        "and this a third",
    ]


def test_marks_of_markdown_are_no_part_of_a_sentence() -> None:
    text = (
        "# Head #\n\n- one point. And more.\n- [ ] to do\n1. numbered\n\n> said so.\n> And so.\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n***\n\n```\nx = 1\ny = 2\n```\n"
    )

    document = read_bytes(text.encode(), source="a.md")

    assert [sentence.span.of(document.text) for sentence in sentences_of(document)] == [
        "Head",
        "one point.",
        "And more.",
        "to do",
        "1. numbered",
        "said so.",
        "And so.",
        "a | b",
        "1 | 2",
        "```\nx = 1\ny = 2\n```",
    ]


def test_ids_count_in_the_order_of_the_text() -> None:
    found = sentences_of(document_from_text("One here. Two here. Three here."))

    assert [sentence.id for sentence in found] == ["s1", "s2", "s3"]


def test_text_without_stops_is_cut_at_white_space() -> None:
    text = "word " * 2000

    found = [sentence.span for sentence in sentences_of(document_from_text(text))]

    assert max(span.end - span.start for span in found) <= LONGEST
    assert " ".join(span.of(text) for span in found) == text.strip()


def test_code_metadata_and_page_furniture_are_named_for_exclusion() -> None:
    text = "---\ntitle: T\n---\n\nWords here.\n\n```\nx\n```\n\n3 Kommentare\n"
    document = read_bytes(text.encode(), source="a.md")
    sentences = sentences_of(document)

    named = {s.span.of(text) for s in sentences if s.id in furniture_of(document, sentences)}

    assert named == {"---\ntitle: T\n---", "```\nx\n```", "3 Kommentare"}


def _assert_every_word_is_in_exactly_one(document: Document) -> None:
    covering = [0] * len(document.text)
    for sentence in sentences_of(document):
        words = sentence.span.of(document.text)
        assert words
        assert words == words.strip()
        for position in range(sentence.span.start, sentence.span.end):
            covering[position] += 1
    assert max(covering, default=0) <= 1
    lost = [char for char, count in zip(document.text, covering, strict=True) if count == 0 and char.isalnum()]
    assert lost == []


PROSE = st.lists(
    st.sampled_from(
        [
            "Er kam am",
            "23.",
            "Oktober",
            "\n",
            "\n\n",
            "- ",
            "> ",
            "# ",
            "„Ja.“",
            "Dr.",
            "usw.",
            "1.",
            "a | b",
            "😀",
            "…",
            "?",
            "Die",
        ]
    )
    | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=6),
    min_size=1,
    max_size=40,
).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(text=PROSE, language=st.sampled_from(["de", "en", "fr", "und", "ja"]))
def test_every_letter_and_digit_is_in_exactly_one_sentence(text: str, language: str) -> None:
    if text.strip():
        document = document_from_text(text).model_copy(update={"language": language})
        _assert_every_word_is_in_exactly_one(document)
        without_blocks = document.model_copy(update={"blocks": ()})
        _assert_every_word_is_in_exactly_one(without_blocks)


@settings(max_examples=60, deadline=None)
@given(text=PROSE)
def test_every_letter_and_digit_of_markdown_is_in_exactly_one_sentence(text: str) -> None:
    _assert_every_word_is_in_exactly_one(read_bytes(f"word {text}".encode(errors="replace"), source="a.md"))


def test_no_sentence_crosses_from_one_block_into_the_next() -> None:
    text = "A heading and no stop goes on in the text below it"
    document = document_from_text(text).model_copy(
        update={
            "blocks": (
                Block(kind="heading", span=Span(start=0, end=21)),
                Block(kind="text", span=Span(start=22, end=len(text))),
            )
        }
    )

    assert [s.span.of(text) for s in sentences_of(document)] == [text[:21], text[22:]]


@pytest.mark.skipif(not ARTICLE.exists(), reason="the German article is not in ../shared")
def test_german_article_has_its_sentences_and_its_furniture_is_named() -> None:
    document = read_document(ARTICLE)
    sentences = sentences_of(document)
    words = [sentence.span.of(document.text) for sentence in sentences]

    assert len(words) == 34
    assert words[0].startswith("Trumps Plan scheitert")
    assert words[3].startswith("Doch schon allein")
    assert words[3].endswith("ein weiteres Fiasko.")  # over "am 23. Oktober"
    assert words[19] == "So befinden wir uns im Oktober 2025 genau dort, wo wir schon im Februar 2025 standen."
    assert [words[int(name[1:]) - 1] for name in sorted(furniture_of(document, sentences))] == [
        "1 Kommentar",
        "Kommentar verfassen",
    ]
