"""Words that are all there and still do not say the claim."""

from __future__ import annotations

import pytest

from factcheck.verdict.manner import reported


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
