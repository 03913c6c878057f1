"""A reader can tell evidence that is missing from evidence that was missed."""

from __future__ import annotations

from factcheck.models import Claim, Evidence, Passage, Span
from factcheck.retrieve.wider import absent_words, brings_more

CLAIM = Claim(
    id="s1.1",
    text="The Pragyan rover weighs 26 kilograms, NASA says.",
    span=Span(start=0, end=5),
    sentences=("s1",),
    checkworthiness="high",
)


def _found(text: str, language: str = "en", source: str = "/a.txt", start: int = 0) -> Evidence:
    span = Span(start=start, end=start + len(text))
    passage = Passage(
        id=f"{source}{start}", source=source, title="", language=language, published=None, text=text, span=span
    )
    return Evidence(passage=passage, score=1.0, ranks={"lexical": 1})


def test_names_and_numbers_that_stand_in_no_passage_are_named() -> None:
    assert absent_words(CLAIM, "en", [_found("The rover Pragyan is small.")]) == ("26", "NASA")


def test_beside_passages_in_another_language_only_numbers_count() -> None:
    assert absent_words(CLAIM, "en", [_found("Der Rover Pragjan ist klein.", "de")]) == ("26",)


def test_a_number_is_there_however_its_language_writes_it() -> None:
    claim = CLAIM.model_copy(update={"text": "Es sind 3,5 Millionen in 12.000 Orten und 4,5 in 8."})
    assert absent_words(claim, "de", [_found("There are 3.5 million in 12,000 places.", "en")]) == ("4,5", "8")


def test_a_word_inside_a_compound_or_inflected_is_there() -> None:
    claim = CLAIM.model_copy(update={"text": "Der Regierung fehlen Häuser."})
    assert absent_words(claim, "de", [_found("Die Bundesregierung baut ein Haus.", "de")]) == ()


def test_a_wider_search_brings_more_only_where_it_holds_what_the_evidence_lacks() -> None:
    near = _found("Pragyan is a rover.")
    more, same, beside = (
        _found("It weighs 26 kg.", source="/b.txt"),
        _found("Pragyan moved.", source="/c.txt"),
        _found("Cats sleep.", source="/d.txt"),
    )
    assert brings_more(CLAIM, "en", [near], [near, same, more, beside]) == (more,)


def test_a_piece_of_the_evidence_is_not_something_more() -> None:
    near = _found("Pragyan is a rover. It weighs 27 kg.")
    piece = _found("It weighs 27 kg.", start=20)
    assert brings_more(CLAIM, "en", [near], [piece]) == ()
