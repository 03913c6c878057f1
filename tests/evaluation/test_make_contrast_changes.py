"""What is changed in a sentence, and what is left alone because the changed sentence might be true or no sentence."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.make_contrast.corpus import Corpus
from eval.make_contrast.dates import date_edits
from eval.make_contrast.edit import Edit, stands_elsewhere
from eval.make_contrast.entities import cast_of, entity_edits
from eval.make_contrast.negation import negation_edits
from eval.make_contrast.numbers import number_edits
from eval.make_contrast.sentences import Statement
from tests.evaluation.test_make_contrast_sentences import passage


def changed(text: str, edits: list[Edit]) -> set[str]:
    """The stretches that edits replace."""
    return {text[edit.start : edit.end] for edit in edits}


def numbers(text: str, language: str = "en", seed: int = 0) -> list[Edit]:
    return number_edits(text, language, Random(seed))


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("Harrier Robotics employs 340 people in Dublin.", "en", "340"),
        ("The levy in Wexmouth rose by 3.5% in total.".replace(" in total", ""), "en", "3.5"),
        ("The start-up Skysense cost €4 million.", "en", "4"),
        ("The Clifton Bridge consists of seven spans.", "en", "seven"),
        ("Der Umsatz von Nordwind stieg um 12,4 Prozent.", "de", "12,4"),
        ("Nordwind hat 1.300 Beschäftigte in Leipzig.", "de", "1.300"),
        ("Der Vorstand von Nordwind besteht aus drei Personen.", "de", "drei"),
    ],
)
def test_a_counted_or_measured_number_is_changed(text: str, language: str, number: str) -> None:
    assert changed(text, numbers(text, language)) == {number}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ariane 6 lifted off from Kourou in French Guiana.", "en"),
        ("Article 5 of the treaty covers Wexmouth.", "en"),
        ("Kenya has ratified Convention No. 129 on labour inspection.", "en"),
        ("Rovers beat Northmoor 3–1 at Lanyard Park.", "en"),
        ("Between 5 and 8 technicians work in Wexmouth.", "en"),
        ("The range of the Harrier is 10 to 12 kilometres.", "en"),
        ("The range of the Harrier is 10-12 kilometres.", "en"),
        ("Wexmouth was founded in 1932 by monks.", "en"),
        ("The shop in Wexmouth is open 24 hours a day.", "en"),
        ("The 12 members of the Wexmouth council met.", "en"),
        ("Wexmouth is the 3rd largest town on the Tarn.", "en"),
        ("The Harrier flies up to 60 kilometres per hour.", "en"),
        ("Die Ariane 6 startete in Kourou.", "de"),
        ("Nordwind liefert zwischen 10 und 20 Getriebe.", "de"),
        ("Bremen gewann mit 3:1 gegen Hamburg.", "de"),
        ("Bremen gewann mit 6 zu 2 gegen Hamburg.", "de"),
        ("Sirtuin 3 blocks phosphodiesterase 3 in phosphodiesterase 3 cells.", "en"),
        ("Das Werk in Leipzig öffnet um 8 Uhr.", "de"),
        ("Im 19. Jahrhundert wuchs Leipzig.", "de"),
        ("Die 12 Mitglieder des Rates von Leipzig tagten.", "de"),
        ("Leipzig wuchs über 300 Jahre lang.", "de"),
    ],
)
def test_a_number_that_names_orders_dates_scores_or_bounds_is_left_alone(text: str, language: str) -> None:
    assert numbers(text, language) == []


@pytest.mark.parametrize(
    ("text", "language", "new"),
    [
        ("The fund gave more than 300 loans to Wexmouth.", "en", "The fund gave fewer than 300 loans to Wexmouth."),
        ("The battery lasts at least 40 minutes.", "en", "The battery lasts less than 40 minutes."),
        ("Bremen hat mehr als 300 Brücken.", "de", "Bremen hat weniger als 300 Brücken."),
        ("Mindestens 40 Brücken stehen in Bremen.", "de", "Weniger als 40 Brücken stehen in Bremen."),
    ],
)
def test_a_bound_is_turned_round_because_another_bound_may_be_true_as_well(text: str, language: str, new: str) -> None:
    assert [edit.applied(text) for edit in numbers(text, language)] == [new]


def test_no_more_than_is_not_turned_round() -> None:
    assert numbers("Wexmouth gives no more than 300 loans.") == []


@given(st.integers(2, 9_999_999), st.integers(0, 50))
def test_another_number_is_far_off_and_written_the_same_way(value: int, seed: int) -> None:
    written = f"{value:,}"
    text = f"About {written} people live in Wexmouth."
    for edit in number_edits(text, "en", Random(seed)):
        other = int(edit.new.replace(",", ""))
        assert re.sub(r"\d", "0", edit.new) == re.sub(r"\d", "0", written)
        assert other != 1
        assert max(value, other) / min(value, other) >= 1.5


def dates(text: str, language: str = "en") -> set[str]:
    return changed(text, date_edits(text, language, Random(0)))


@pytest.mark.parametrize(
    ("text", "language", "parts"),
    [
        ("The Clifton Bridge was opened on 3 May 1932.", "en", {"3", "May", "1932"}),
        ("The Clifton Bridge was opened on May 3, 1932.", "en", {"3", "May", "1932"}),
        ("In 1827 the town of Wexmouth was founded by monks.", "en", {"1827"}),
        ("Das Werk in Dresden wurde im Juni 2015 eröffnet.", "de", {"Juni", "2015"}),
        ("Schweden trat der Nato am 7. März 2024 bei.", "de", {"7", "März", "2024"}),
        ("Nordwind wurde 1987 in Leipzig gegründet.", "de", {"1987"}),
    ],
)
def test_the_date_of_what_happened_once_is_changed(text: str, language: str, parts: set[str]) -> None:
    assert dates(text, language) == parts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Exports of Wexmouth rose in 2019.", "en"),
        ("The Clifton Bridge has been closed since 1998.", "en"),
        ("The Clifton Bridge was built before 1932.", "en"),
        ("The Clifton Bridge was built between 1928 and 1932.", "en"),
        ("The Clifton Bridge was built around 1932.", "en"),
        ("The Clifton Bridge was opened on 3 May 1932 and closed on 4 June 1998.", "en"),
        ("The Clifton Bridge was opened at Expo 2000.", "en"),
        ("Die Ausfuhren von Bremen stiegen 2019.", "de"),
        ("Das Werk in Dresden wurde vor 2015 eröffnet.", "de"),
        ("Das Werk in Dresden ist seit Juni 2015 eröffnet.", "de"),
        ("Das Werk in Dresden wurde von 2013 bis 2015 gebaut.", "de"),
    ],
)
def test_a_date_that_could_be_another_as_well_is_left_alone(text: str, language: str) -> None:
    assert dates(text, language) == set()


@given(st.integers(0, 400))
def test_a_changed_date_is_a_day_that_exists_in_no_later_year(seed: int) -> None:
    text = "Das Werk in Dresden wurde am 31. Januar 2024 eröffnet."
    for edit in date_edits(text, "de", Random(seed)):
        if edit.new.isdigit():
            assert int(edit.new) <= 28 or 1500 < int(edit.new) <= 2025
    assert not any("31. Februar" in edit.applied(text) for edit in date_edits(text, "de", Random(seed)))


@pytest.mark.parametrize(
    ("text", "language", "denied"),
    [
        ("The Clifton Bridge was opened in 1932.", "en", "The Clifton Bridge was not opened in 1932."),
        ("Wexmouth is a town on the Tarn.", "en", "Wexmouth is not a town on the Tarn."),
        ("Wexmouth has two hospitals on the Tarn.", "en", "Wexmouth does not have two hospitals on the Tarn."),
        ("Wexmouth had a hospital in 1950.", "en", "Wexmouth did not have a hospital in 1950."),
        ("James Doyle joined Harrier in 2015.", "en", "James Doyle did not join Harrier in 2015."),
        ("The Clifton Bridge consists of seven spans.", "en", "The Clifton Bridge does not consist of seven spans."),
        ("The Harrier did not pass the test in 2021.", "en", "The Harrier passed the test in 2021."),
        ("The Harrier is not approved for Wexmouth.", "en", "The Harrier is approved for Wexmouth."),
        ("Bremen ist eine Stadt an der Weser.", "de", "Bremen ist keine Stadt an der Weser."),
        ("Bremen hat einen Hafen an der Weser.", "de", "Bremen hat keinen Hafen an der Weser."),
        ("Bremen liegt an der Weser.", "de", "Bremen liegt nicht an der Weser."),
        ("Das Werk wurde 1987 von P. Wolters gebaut.", "de", "Das Werk wurde 1987 nicht von P. Wolters gebaut."),
        ("Johann Smidt starb am 7. Mai 1857.", "de", "Johann Smidt starb nicht am 7. Mai 1857."),
        ("Schweden trat der Nato am 7. März 2024 bei.", "de", "Schweden trat der Nato am 7. März 2024 nicht bei."),
        ("Nordwind ist nicht an der Börse.", "de", "Nordwind ist an der Börse."),
    ],
)  # fmt: skip
def test_not_is_put_where_the_language_puts_it(text: str, language: str, denied: str) -> None:
    assert [edit.applied(text) for edit in negation_edits(text, language, Random(0))] == [denied]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Some bridges in Wexmouth were closed in 1932.", "en"),  # and others were not
        ("All bridges in Wexmouth were closed in 1932.", "en"),  # "all … were not" says two things
        ("Three bridges in Wexmouth were closed in 1932.", "en"),
        ("The Clifton Bridge was also closed in 1932.", "en"),
        ("The Clifton Bridge was closed because Wexmouth was flooded.", "en"),
        ("The Iranian president has limited power over Wexmouth.", "en"),
        ("The advances made in Wexmouth led to a new bridge.", "en"),
        ("The Clifton Bridge was not only long.", "en"),
        ("Einige Brücken in Bremen wurden 1932 gesperrt.", "de"),
        ("Alle Brücken in Bremen wurden 1932 gesperrt.", "de"),
        ("Im Jahr 1827 wurde Bremerhaven von Johann Smidt gegründet.", "de"),  # where "nicht" goes is not sure
        ("Gegründet wurde das Unternehmen von Petra Wolters.", "de"),
        ("Die Belegschaft von Nordwind hat den Plan abgelehnt.", "de"),
        ("Nordwind wurde nicht nur in Leipzig bekannt.", "de"),
    ],
)
def test_no_not_where_it_would_settle_nothing_or_read_wrong(text: str, language: str) -> None:
    assert negation_edits(text, language, Random(0)) == []


def statement(text: str, *others: str, language: str = "en") -> tuple[Statement, Corpus]:
    own = passage(text, language=language)
    rest = [passage(other, language=language, source=f"other-{n}.md") for n, other in enumerate(others)]
    return Statement(text, text, own), Corpus([own, *rest])


def entities(text: str, *others: str, language: str = "en") -> set[str]:
    made, corpus = statement(text, *others, language=language)
    makers = [Statement(p.text, p.text, p) for p in corpus.passages]
    return {edit.applied(text) for edit in entity_edits(made, cast_of(corpus, makers), Random(0))}


def test_a_name_is_swapped_with_one_of_its_kind_from_the_references() -> None:
    assert entities("Thomas Arkwright was born in Manchester in 1881.", "Helen Moss lives in Dublin.") == {
        "Thomas Arkwright was born in Dublin in 1881."
    }
    assert entities("The Clifton Bridge was designed by Thomas Arkwright.", "Helen Moss lives in Dublin.") == {
        "The Clifton Bridge was designed by Helen Moss."
    }
    assert entities(
        "Bremerhaven wurde 1827 von Johann Smidt gegründet.", "Petra Wolters fährt Rad.", language="de"
    ) == {"Bremerhaven wurde 1827 von Petra Wolters gegründet."}


@pytest.mark.parametrize(
    "text",
    [
        "The Clifton Bridge was designed by Thomas Arkwright and Susan Keller.",
        "Thomas Arkwright wrote a book about arches.",  # so may Helen Moss
        "Thomas Arkwright moved to Manchester.",
        "The pump is used in Manchester.",
        "Cities such as Manchester were founded by monks.",
    ],
)
def test_a_name_that_need_not_be_the_only_right_one_is_left_alone(text: str) -> None:
    assert entities(text, "Helen Moss lives in Dublin.") == set()


def test_a_name_that_stands_in_the_passage_does_not_replace_another() -> None:
    own = passage("The Clifton Bridge was designed by Thomas Arkwright. Helen Moss helped.")
    made = Statement("The Clifton Bridge was designed by Thomas Arkwright.", own.text, own)
    assert entity_edits(made, cast_of(Corpus([own]), [made]), Random(0)) == []


def test_a_changed_claim_that_another_passage_may_bear_out_is_recognised() -> None:
    made, corpus = statement(
        "Orion splashed down in the Pacific on 11 December 2022.",
        "According to the newsletter Orion splashed down in the Pacific on 12 December 2022.",
    )
    assert stands_elsewhere("Orion splashed down in the Pacific on 12 December 2022.", made, corpus)
    assert not stands_elsewhere("Orion splashed down in the Pacific on 19 December 2022.", made, corpus)
