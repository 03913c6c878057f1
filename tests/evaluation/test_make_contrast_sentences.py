"""Which sentences become claims: flat statements that can be understood alone."""

from __future__ import annotations

import pytest

from eval.make_contrast.sentences import statements_of
from factcheck.models import Passage, Span


def passage(
    text: str, *, language: str = "en", title: str = "Wexmouth on the Tarn", source: str = "tarn.md", start: int = 0
) -> Passage:
    return Passage(
        id=f"{source}-{start}",
        source=source,
        title=title,
        language=language,
        published=None,
        text=text,
        span=Span(start=start, end=start + len(text)),
    )


def why_not(text: str, language: str) -> list[str]:
    statements, unusable = statements_of([passage(text, language=language)])
    return [statement.text for statement in statements] or list(unusable)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The Clifton Bridge in Wexmouth was opened on 3 May 1932.", "en"),
        ("Wexmouth has a population of 64,300.", "en"),
        ("Bremerhaven gehört zu Bremen und liegt an der Weser in Hamburg.", "de"),
        ("Die Nordwind Antriebe GmbH beschäftigt 412 Menschen an drei Standorten.", "de"),
    ],
)
def test_a_flat_statement_with_a_name_is_used_as_it_stands(text: str, language: str) -> None:
    assert why_not(text, language) == [text]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("He opened the Clifton Bridge in Wexmouth in May 1932.", "en"),
        ("The bridge was opened by the mayor of Wexmouth.", "en"),
        ("In the process, Wexmouth lost its only bridge.", "en"),
        ("Wexmouth built a second bridge last year.", "en"),
        ("Pumps and valves are sold in large numbers.", "en"),
        ("Er eröffnete die Brücke in Hamburg im Mai 1932.", "de"),
        ("Die Genossenschaft wurde 2013 im Gasthof gegründet.", "de"),
        ("Hamburg hat heute drei neue Brücken bekommen.", "de"),
    ],
)
def test_a_sentence_that_needs_the_one_before_or_the_day_it_was_written_is_not_used(text: str, language: str) -> None:
    assert why_not(text, language) == ["leans on its context"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("According to the mayor, Wexmouth may close the Clifton Bridge.", "en"),
        ("Wexmouth is probably the largest town on the Tarn.", "en"),
        ("Hamburg könnte im Mai eine zweite Brücke eröffnen.", "de"),
        ("Die Stadt Hamburg kündigte im Mai eine zweite Brücke an.", "de"),
    ],
)
def test_what_is_hedged_or_said_by_somebody_is_not_used(text: str, language: str) -> None:
    assert why_not(text, language) == ["hedged, reported or judged"]


@pytest.mark.parametrize(
    "text",
    [
        "Who opened the Clifton Bridge in Wexmouth?",
        "Opening hours of the Wexmouth museum",
        "See [12] and **Wexmouth** for the details of it.",
    ],
)
def test_a_question_a_heading_and_marked_up_text_are_no_whole_sentences(text: str) -> None:
    assert why_not(text, "en") == ["not a whole sentence"]


def test_other_languages_and_quotations_in_another_language_are_counted_and_not_used() -> None:
    assert why_not("Le pont de Clifton a été inauguré le 3 mai 1932.", "fr") == ["another language"]
    assert why_not("Die Brücke von Wexmouth ist im Mai eröffnet worden.", "en") == ["another language"]


def test_a_sentence_in_two_overlapping_passages_is_met_once() -> None:
    first, second = "Wexmouth lies on the River Tarn.", "Wexmouth has a population of 64,300."
    whole = passage(f"{first} {second}")
    overlap = passage(second, start=len(first) + 1)
    statements, unusable = statements_of([whole, overlap])
    assert [statement.text for statement in statements] == [first, second]
    assert unusable.total() == 0


def test_a_sentence_that_stands_in_two_documents_is_used_once_and_counted_once() -> None:
    text = "Wexmouth lies on the River Tarn."
    statements, unusable = statements_of([passage(text), passage(text, source="other.md")])
    assert [statement.passage.source for statement in statements] == ["tarn.md"]
    assert dict(unusable) == {"stands twice": 1}


def test_the_quote_is_verbatim_and_the_claim_on_one_line() -> None:
    text = "The Clifton Street Bridge in the old harbour of Wexmouth\nwas opened on 3 May 1932."
    (statement,), _ = statements_of([passage(text)])
    assert statement.quote == text
    assert statement.text == text.replace("\n", " ")
