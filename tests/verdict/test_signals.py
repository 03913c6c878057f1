"""Numbers, dates, names and negation: what a claim and a quote say differently, and what is no difference."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factcheck.language.dates import dates
from factcheck.language.numbers import parse_number, quantities
from factcheck.verdict.signals import compare

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def codes(claim: str, quote: str, language: str = "en", quote_language: str | None = None) -> list[str]:
    return [notice.code for notice in compare(claim, language, quote, quote_language or language)]


def test_a_different_number_of_the_same_thing_is_told_with_both_numbers() -> None:
    (notice,) = compare("Berlin has 3.5 million inhabitants.", "en", "Berlin has 2.5 million inhabitants.", "en")
    assert (notice.code, notice.message) == ("number_differs", "claim says 3.5 million, quote says 2.5 million")


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("About 3.5 million people live there.", "In 2020 the region had 3,482,000 people."),
        ("More than 3 million people live there.", "The region had 3,482,000 people."),
        ("The fund holds $5bn.", "The fund holds 5 billion dollars."),
        ("The road is 5 kilometres long.", "The road is 5,000 metres long."),
        ("Twenty-five people were hurt.", "25 people were hurt."),
        ("Between 10 and 20 million dollars were lost.", "Some 20 million dollars were lost."),
    ],
)
def test_the_same_number_said_otherwise_is_no_difference(claim: str, quote: str) -> None:
    assert codes(claim, quote) == []


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The road is 5 miles long.", "The road is 5 kilometres long."),
        ("It cost 5 million euros.", "It cost 5 billion euros."),
        ("At least 300 people died.", "200 people died."),
        ("Unemployment fell to 4.1 percent.", "Unemployment fell to 4.7 per cent."),
        ("Twenty-five people were hurt.", "Thirty-five people were hurt."),
    ],
)
def test_unit_magnitude_and_bound_count(claim: str, quote: str) -> None:
    assert codes(claim, quote) == ["number_differs"]


def test_numbers_of_different_things_are_not_compared() -> None:
    assert codes("The town has 12 schools.", "The town has 30 churches and was founded by 5 families.") == []
    assert codes("The price was 30 euros.", "The price rose by 30 percent.") == []


def test_german_numbers_are_read_by_german_separators() -> None:
    assert codes("Es kostete 1.500 Euro.", "Es kostete 1500 Euro.", "de") == []
    assert codes("Die Quote liegt bei 3,5 Prozent.", "Die Quote liegt bei 35 Prozent.", "de") == ["number_differs"]
    assert codes("Es waren zwei Millionen Menschen.", "Es waren 2 Mio. Menschen.", "de") == []


def test_numbers_and_dates_compare_across_languages() -> None:
    german = "Die Inflation lag am 23. Oktober 2025 bei 3,5 Prozent."
    assert codes(german, "Inflation stood at 3.5 percent on 23 October 2025.", "de", "en") == []
    assert codes(german, "Inflation stood at 2.5 percent on October 23, 2025.", "de", "en") == ["number_differs"]
    assert codes(german, "Inflation stood at 3.5 percent on October 21, 2025.", "de", "en") == ["date_differs"]


@pytest.mark.parametrize(
    ("claim", "quote", "language"),
    [
        ("The treaty was signed in October 2025.", "The treaty was signed on 23 October 2025.", "en"),
        ("The treaty was signed in 2025.", "The treaty was signed on 2025-10-23.", "en"),
        ("Der Vertrag wurde am 23. Oktober unterzeichnet.", "Am 23.10.2025 wurde der Vertrag unterzeichnet.", "de"),
        ("The treaty was signed in 1987.", "43 states signed it.", "en"),
    ],
)
def test_a_date_that_is_less_exact_or_missing_is_no_difference(claim: str, quote: str, language: str) -> None:
    assert codes(claim, quote, language) == []


def test_another_date_is_told_with_both_dates() -> None:
    (notice,) = compare("Finland joined NATO in 2022.", "en", "Finland joined NATO on 4 April 2023.", "en")
    assert (notice.code, notice.message) == ("date_differs", "claim says 2022, quote says 4 April 2023")


def test_a_year_is_no_count_and_a_count_no_year() -> None:
    assert [q.text for q in quantities("In 2022 there were 2,000 dogs and 1900 people.", "en")] == ["2,000", "1900"]
    assert [d.text for d in dates("In 2022 there were 2,000 dogs and 1900 people.", "en")] == ["2022"]


def test_a_number_inside_a_name_is_no_quantity() -> None:
    assert quantities("Ariane 6 und Isar 2 sind nicht Chandrayaan-3.", "de") == ()


def test_another_first_name_is_a_different_name() -> None:
    assert codes("Minister Anna Schulz resigned.", "Minister Karl Schulz resigned.") == ["name_differs"]


def test_another_name_in_the_same_place_is_a_different_name() -> None:
    assert codes("Marco Rubio met Sergei Lavrov in Rome.", "Marco Rubio met Wang Yi in Rome.") == ["name_differs"]


@pytest.mark.parametrize(
    ("claim", "quote", "languages"),
    [
        ("Rubio traf Sergei Lawrow.", "Rubio met Sergey Lavrov.", ("de", "en")),
        ("Joe Biden sprach mit Wolodymyr Selenskyj.", "Joe Biden spoke to Volodymyr Zelensky.", ("de", "en")),
        ("Angela Merkel resigned.", "Merkel resigned.", ("en", "en")),
        ("The United Nations met in Geneva.", "The UN met in Geneva.", ("en", "en")),
        ("Der Oberste Gerichtshof entschied.", "Die Entscheidung des Obersten Gerichtshofs fiel.", ("de", "de")),
    ],
)
def test_spellings_and_short_forms_of_a_name_are_no_difference(
    claim: str, quote: str, languages: tuple[str, str]
) -> None:
    assert codes(claim, quote, *languages) == []


@pytest.mark.parametrize(
    ("claim", "quote", "language"),
    [
        ("The council approved the plan.", "The council did not approve the plan.", "en"),
        ("Der Rat hat den Plan nicht gebilligt.", "Der Rat hat den Plan gebilligt.", "de"),
        ("Le conseil a approuvé le projet.", "Le conseil n'a pas approuvé le projet.", "fr"),
        ("El consejo aprobó el plan.", "El consejo no aprobó el plan.", "es"),
        ("Il consiglio ha approvato il piano.", "Il consiglio non ha approvato il piano.", "it"),
        ("De raad keurde het plan goed.", "De raad keurde het plan niet goed.", "nl"),
    ],
)
def test_negation_on_one_side_only_is_a_difference(claim: str, quote: str, language: str) -> None:
    assert codes(claim, quote, language) == ["negation_differs"]
    assert codes(quote, quote, language) == []


def test_negation_of_something_else_is_none() -> None:
    quote = "The council approved the plan, but it did not say when work begins."
    assert codes("The council approved the plan.", quote) == []


def test_negation_in_a_language_without_cues_says_nothing() -> None:
    assert codes("Rada schválila plán.", "Rada neschválila plán.", "cs") == []


@given(st.integers(0, 10**12), st.sampled_from(["de", "en", "fr"]))
def test_grouped_digits_mean_the_number_they_show(number: int, language: str) -> None:
    group = {"de": ".", "en": ",", "fr": "\u202f"}[language]
    assert parse_number(f"{number:,}".replace(",", group), language) == (float(number), 1.0)


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["de", "en", "fr", "xx", "und"]))
def test_any_text_can_be_compared(claim: str, quote: str, language: str) -> None:
    compare(claim, language, quote, language)


@given(st.text(alphabet="aA bB0123456789.,%€ -", max_size=80), st.sampled_from(["de", "en"]))
def test_a_text_does_not_differ_from_itself(text: str, language: str) -> None:
    assert compare(text, language, text, language) == ()


@pytest.mark.skipif(not (DATA / "fever").is_dir(), reason="needs the shared data sets beside the repository")
def test_few_false_alarms_on_supported_pairs() -> None:
    with gzip.open(DATA / "fever" / "train.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    pairs = [(row["claim"], row["evidence"][0]["text"]) for row in rows if row["label"] == "supported"][:500]
    alarms = sum(bool(codes(claim, quote)) for claim, quote in pairs)
    assert len(pairs) == 500
    assert alarms / len(pairs) < 0.03
