"""Page furniture: labels and buttons are known, sentences never are."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from factcheck.documents.furniture import is_furniture

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"


@pytest.mark.parametrize(
    "words",
    [
        "1 Kommentar",
        "12 comments",
        "Kommentar verfassen",
        "Kommentar verfassen2",
        "Leave a comment",
        "Lesen Sie auch: Der Plan scheitert",
        "Lesen Sie auch",
        "**Read more**",
        "> Weiterlesen …",
        "Anzeige",
        "ADVERTISEMENT",
        "Teilen",
        "Share on Facebook",
        "Alle akzeptieren",
        "Cookie-Einstellungen",
        "Newsletter abonnieren",
        "Sign up for our newsletter",
        "Anmelden",
        "© 2024 Beispiel Verlag GmbH",
        "Copyright (c) 2024 Example Media. ",
        "All rights reserved.",
        "Foto: Max Mustermann/dpa",
        "Lesezeit: 5 Min.",
        "À lire aussi",
        "Lees ook: het plan",
    ],
)
def test_label_or_button_is_furniture(words: str) -> None:
    assert is_furniture(words)


@pytest.mark.parametrize(
    "words",
    [
        "Der Kommentar war scharf.",
        "1 Kommentar genügte.",
        "Kommentare gab es keine.",
        "Cookies schmecken gut.",
        "The newsletter reached 3 million readers.",
        "Read more books, said the minister.",
        "Share prices fell by 3 percent.",
        "Werbung kostet den Staat Millionen.",
        "Die Anzeige wurde am Montag erstattet.",
        "Copyright law changed in 2019. It now covers software.",
        "Copyright lasts for seventy years after the author's death.",
        "(c) Revenue rose by 3 percent in 2024",
        "Foto: Das Bild zeigt den Kanzler. Er lacht.",
        "Next year the tax rises.",
        "Suche nach Vermissten geht weiter",
    ],
)
def test_sentence_is_never_furniture(words: str) -> None:
    assert not is_furniture(words)


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not there")
def test_no_claim_of_a_public_corpus_is_furniture() -> None:
    claims = [
        value
        for path in sorted(DATA.glob("*/*.jsonl.gz"))[:12]
        for line in gzip.decompress(path.read_bytes()).decode().splitlines()[:2000]
        for value in json.loads(line).values()
        if isinstance(value, str) and " " in value
    ]

    assert len(claims) > 1000
    assert [claim for claim in claims if is_furniture(claim)] == []
