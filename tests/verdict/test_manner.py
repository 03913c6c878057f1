"""Words that are all there and still do not say the claim."""

from __future__ import annotations

import pytest

from factcheck.verdict.manner import exchanged, misplaced, other_manner, reported


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        (
            "The mill closed because of the flood.",
            "Miller said that the mill closed because of the flood.",
        ),
        (
            "Nobody on the council was ever fined.",
            'Barrett put it flatly: "Nobody on the council was ever fined." His clerk was fined in 2010.',
        ),
        (
            "The ministry plans to ban wooden bridges.",
            "Blogs ran headlines such as this one: The ministry plans to ban wooden bridges!",
        ),
        (
            "Die Brücke in Aldorf wurde ohne Genehmigung gebaut.",
            "Die Opposition behauptet, die Brücke in Aldorf sei ohne Genehmigung gebaut worden.",
        ),
        (
            "Die Brücke in Aldorf wurde ohne Genehmigung gebaut.",
            "Auf dem Plakat stand: „Die Brücke in Aldorf wurde ohne Genehmigung gebaut.“",
        ),
    ],
)
def test_words_in_somebodys_mouth_are_only_reported(claim: str, quote: str) -> None:
    language = "de" if "Brücke" in claim else "en"
    assert reported(claim, language, quote, language)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("Miller said the mill had closed.", "Miller said that the mill closed because of the flood."),
        ("The mill closed in 2019.", "The statistics office reported that the mill closed in 2019."),
        ("The mill closed in 2019.", "According to the register, the mill closed in 2019."),
        ("The mill closed in 2019.", 'The mill, called "Old Wheel", closed in 2019.'),
        ("The mill closed in 2019.", "The mill closed in 2019. Miller said that he regretted it."),
        ("The flood claimed two lives.", "Two lives were lost in the flood."),
        ("Die Mühle schloss 2019.", "Laut Register schloss die Mühle 2019."),
    ],
)
def test_findings_names_and_claims_about_what_was_said_are_not(claim: str, quote: str) -> None:
    language = "de" if "Mühle" in claim else "en"
    assert not reported(claim, language, quote, language)


@pytest.mark.parametrize(
    ("claim", "quote", "language", "turned"),
    [
        ("It passed shortly before the vote.", "It passed shortly after the vote.", "en", True),
        ("Er war schneller, nach Bottas und Hamilton.", "Er war schneller, vor Bottas und Hamilton.", "de", True),
        ("Das Bild lag über der Schicht.", "Das Bild lag unter der Schicht.", "de", True),
        ("It passed after the vote.", "It passed after the vote.", "en", False),
        ("Er kam nach Köln.", "Er kam vor dem Krieg nach Köln.", "de", False),
    ],
)
def test_before_is_not_after(claim: str, quote: str, language: str, turned: bool) -> None:
    assert misplaced(claim, language, quote, language) is turned


def test_before_and_nach_are_not_compared_across_languages() -> None:
    assert not misplaced("It flew over Bonn.", "en", "Es flog unter anderem nach Bonn.", "de")


@pytest.mark.parametrize(
    "quote",
    ["It is not true that the mill closed in 2019.", "Es stimmt nicht, dass die Mühle 2019 schloss."],
)
def test_a_denial_that_repeats_the_claim_does_not_state_it(quote: str) -> None:
    assert other_manner("The mill closed in 2019.", quote)
    assert not other_manner(quote, quote)


def test_names_are_exchanged_in_the_sentence_that_tells_the_claim() -> None:
    quote = "Deep vein thrombosis (DVT) is common. Stockings (GCS) reduce the risk of DVT."
    assert exchanged("Stockings (DVT) reduce the risk of GCS.", "en", quote, "en")
    assert not exchanged("Stockings (GCS) reduce the risk of DVT.", "en", quote, "en")
