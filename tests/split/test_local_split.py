"""The splitter without a model: every sentence once, opinions and page furniture out, claims that stand alone."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.documents import read_document
from factcheck.models import Block, Claim, Document, Span
from factcheck.protocols import Split
from factcheck.sentences import sentences_of
from factcheck.split.local import LocalSplitter

ARTICLE = Path(__file__).resolve().parents[2].parent / "shared" / "articles" / "trumps-plan-scheitert.de.txt"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def document(text: str, language: str = "en", blocks: tuple[Block, ...] = ()) -> Document:
    return Document(
        id="d",
        source="d.txt",
        title="",
        language=language,
        published=None,
        media_type="text/plain",
        encoding="utf-8",
        text=text,
        blocks=blocks,
    )


def parts_of(doc: Document, as_of: date | None = None) -> list[Split]:
    async def collect() -> list[Split]:
        return [part async for part in LocalSplitter(as_of=as_of).split(doc, sentences_of(doc))]

    return asyncio.run(collect())


def ends(text: str, language: str = "en", as_of: date | None = None) -> list[str]:
    """For each sentence its claims' texts, or the reason it has none, in the order of the text."""
    doc = document(text, language)
    found: dict[str, list[str]] = {}
    for part in parts_of(doc, as_of):
        for claim in part.claims:
            found.setdefault(claim.sentences[0], []).append(claim.text)
        for exclusion in part.exclusions:
            found[exclusion.sentence] = [exclusion.reason]
    return [said for sentence in sentences_of(doc) for said in found[sentence.id]]


def claims(text: str, language: str = "en", as_of: date | None = None) -> list[Claim]:
    return [claim for part in parts_of(document(text, language), as_of) for claim in part.claims]


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("Why did Finland join NATO in 2023?", "en", "question"),
        ("Finland will join NATO in 2027.", "en", "prediction"),
        ("Veltrix could become the largest bank of Europe.", "en", "prediction"),
        ("If Finland leaves, NATO will have to close its northern ports.", "en", "prediction"),
        ("Governments should stop treating Finland as a luxury.", "en", "opinion"),
        ("I think Finland joined NATO for fear.", "en", "opinion"),
        ("Unfortunately nobody listens to Veltrix any more.", "en", "opinion"),
        ("Consider the case of Finland in 2023.", "en", "no_claim"),
        ("Read more: Finland and NATO", "en", "furniture"),
        ("12 comments", "en", "furniture"),
        ("Published 12 May 2024", "en", "furniture"),
        ("Warum trat Finnland der Nato bei?", "de", "question"),
        ("Finnland wird 2027 der Nato beitreten.", "de", "prediction"),
        ("Die Bank dürfte im Mai 300 Stellen streichen.", "de", "prediction"),
        ("Wenn Finnland austritt, wird die Nato ihre Häfen schließen müssen.", "de", "prediction"),
        ("Wir sollten Finnland dankbar sein.", "de", "opinion"),
        ("Ich finde, Finnland hat 2023 recht gehabt.", "de", "opinion"),
        ("Kommentar verfassen", "de", "furniture"),
        ("1 Kommentar", "de", "furniture"),
        ("Foto: Anna Holm", "de", "furniture"),
        ("Dies beschloss Finnland im Jahr 2023.", "de", "ambiguous"),
        ("They joined NATO in 2023.", "en", "ambiguous"),
        ("¿Por qué Finlandia entró en la OTAN?", "es", "question"),
    ],
)
def test_a_sentence_without_a_checkable_statement_is_excluded_with_its_reason(
    text: str, language: str, reason: str
) -> None:
    assert ends(text, language) == [reason]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Finland joined NATO on 4 April 2023.", "en"),
        ("Artemis I was launched on 16 November 2022.", "en"),
        ("The mayor said that taxes will rise by 5 percent.", "en"),
        ("The bridge was opened in 1998 and is 312 metres long.", "en"),
        ("Unfortunately Veltrix has 40 factories.", "en"),
        ("Copper conducts electricity better than iron.", "en"),
        ("Finnland wurde am 4. April 2023 das 31. Mitglied der Nato.", "de"),
        ("Das Gesetz wurde 2021 verabschiedet.", "de"),
        ("Leider verbrannte das Archiv im Jahr 1943.", "de"),
        ("Die Steuer wird seit 2019 erhoben.", "de"),
        ("Ursprünglich sollten die Anlagen Ende 2022 abgeschaltet werden.", "de"),
        ("Der Bürgermeister sagte, die Steuern würden um 5 Prozent steigen.", "de"),
        ("Es gibt in Halberg 12 Schulen.", "de"),
        ("La ville compte 12 écoles depuis 1998.", "fr"),
    ],
)
def test_a_statement_is_a_claim_in_its_own_words(text: str, language: str) -> None:
    assert ends(text, language) == [text]


def test_a_claim_is_anchored_to_its_sentence_and_says_how_much_it_matters() -> None:
    text = "Who knows? Finland joined NATO on 4 April 2023."
    (claim,) = claims(text)
    assert claim == Claim(
        id="s2.1",
        text="Finland joined NATO on 4 April 2023.",
        span=Span(start=11, end=len(text)),
        sentences=("s2",),
        checkworthiness="high",
        queries=("Finland NATO 4 April 2023",),
    )


def test_relative_times_become_dates_when_the_day_of_writing_is_known() -> None:
    day = date(2025, 10, 21)
    assert ends("Gestern telefonierte Rubio mit Lawrow.", "de", day) == [
        "Am 20. Oktober 2025 telefonierte Rubio mit Lawrow."
    ]
    assert ends("Das Ergebnis des gestrigen Gesprächs in Rom war ein Vertrag.", "de", day) == [
        "Das Ergebnis des Gesprächs vom 20. Oktober 2025 in Rom war ein Vertrag."
    ]
    assert ends("Schweden folgte im März dieses Jahres.", "de", day) == ["Schweden folgte im März 2025."]
    assert ends("Sweden's exports fell by 3 percent last year.", "en", day) == [
        "Sweden's exports fell by 3 percent in 2024."
    ]
    assert ends("Rubio called Lavrov yesterday.", "en", day) == ["Rubio called Lavrov on 20 October 2025."]


def test_relative_times_stay_as_written_when_the_day_is_unknown_and_the_report_says_so() -> None:
    (part,) = parts_of(document("Rubio called Lavrov yesterday. Rubio called Moreau last year."))
    assert [claim.text for claim in part.claims] == ["Rubio called Lavrov yesterday.", "Rubio called Moreau last year."]
    assert [warning.code for warning in part.warnings] == ["date_unknown"]


def test_a_pronoun_is_named_where_one_name_is_the_subject() -> None:
    assert ends("Trump unternahm nichts. Ebenso drohte er, Zölle gegen China zu verhängen.", "de")[-1] == (
        "Ebenso drohte Trump, Zölle gegen China zu verhängen."
    )
    assert ends("Anna Holm leads the museum in Dornach. She was born in 1970.")[-1] == "Anna Holm was born in 1970."


def test_a_pronoun_that_could_mean_two_is_left_out() -> None:
    assert ends("Anna Holm met Maria Lind in Rome. She was born in 1970.")[-1] == "ambiguous"


def test_a_pronoun_does_not_reach_into_the_next_paragraph() -> None:
    assert ends("Anna Holm leads the museum in Dornach.\n\nShe was born in 1970.")[-1] == "ambiguous"


def test_openers_and_markup_are_taken_off() -> None:
    assert ends("However, **Finland** joined [NATO](https://example.org) in 2023.") == ["Finland joined NATO in 2023."]
    assert ends("Doch Finnland trat 2023 der Nato bei.", "de") == ["Finnland trat 2023 der Nato bei."]


def test_two_statements_in_one_sentence_are_two_claims_with_their_own_stretch() -> None:
    text = "Chandrayaan-3 touched down on 23 August 2023, and India became the fourth country on the Moon."
    found = claims(text)
    assert [claim.id for claim in found] == ["s1.1", "s1.2"]
    assert [claim.text for claim in found] == [
        "Chandrayaan-3 touched down on 23 August 2023.",
        "India became the fourth country on the Moon.",
    ]
    assert [claim.span.of(text) for claim in found] == [
        "Chandrayaan-3 touched down on 23 August 2023",
        "India became the fourth country on the Moon.",
    ]


def test_headings_code_and_page_furniture_are_no_claims() -> None:
    text = "Finland is in NATO\n\nprint(Finland is in NATO since 2023)\n\nFinland joined NATO in 2023."
    kinds = (("heading", 0, 18), ("code", 20, 56), ("text", 58, len(text)))
    blocks = tuple(Block.model_validate({"kind": k, "span": {"start": s, "end": e}}) for k, s, e in kinds)
    doc = document(text, "en", blocks)
    found = parts_of(doc)
    assert [exclusion.reason for part in found for exclusion in part.exclusions] == ["no_claim", "furniture"]
    assert [claim.text for part in found for claim in part.claims] == ["Finland joined NATO in 2023."]


PIECES = ["He won. ", "Why? ", "Anna 3 % ", "\n\n", "wird gehen. ", "„So“ ", "5 Mio. ", "\0", "🙂. "]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=40),
    st.sampled_from(["de", "en", "fr", "und"]),
    st.sampled_from([None, date(2024, 2, 29)]),
)
def test_every_sentence_ends_exactly_once(pieces: list[str], language: str, as_of: date | None) -> None:
    doc = document("".join(pieces), language)
    found = parts_of(doc, as_of)
    with_claims = {name for part in found for claim in part.claims for name in claim.sentences}
    excluded = [exclusion.sentence for part in found for exclusion in part.exclusions]
    assert sorted([*with_claims, *excluded]) == sorted(sentence.id for sentence in sentences_of(doc))
    spans = {sentence.id: sentence.span for sentence in sentences_of(doc)}
    assert all(spans[claim.sentences[0]].contains(claim.span) for part in found for claim in part.claims)


def test_a_long_document_comes_in_parts() -> None:
    doc = document(" ".join(f"Town {n} has {n + 20} schools." for n in range(200)))
    assert len(parts_of(doc)) > 2


@pytest.mark.skipif(not ARTICLE.is_file(), reason="needs the shared article beside the repository")
def test_the_article_yields_its_facts_and_neither_opinions_nor_forecasts_nor_furniture() -> None:
    doc = read_document(str(ARTICLE))
    found = parts_of(doc, date(2025, 10, 21))
    texts = [claim.text for part in found for claim in part.claims]
    for fact in (
        "Rubio",
        "Tomahawk-Raketen",
        "Zölle gegen China",
        "Zelensky getroffen",
        "im Nahen Osten ein Waffenstillstand",
    ):
        assert any(fact in text for text in texts), fact
    for noise in ("Kommentar", "inkompetent", "zum Narren", "früher oder später", "gestrig"):
        assert not any(noise in text for text in texts), noise
    assert not any(re.match(r"(?:Er|Sie|Es|Dies|Danach|Das (?:ist|zeigt|betrifft))\b", text) for text in texts)
    reasons = [exclusion.reason for part in found for exclusion in part.exclusions]
    assert reasons.count("question") == 1
    assert reasons.count("furniture") >= 2


def test_the_examples_are_split_as_an_editor_would() -> None:
    article = read_document(str(EXAMPLES / "article.en.md"))
    found = parts_of(article, date(2024, 10, 14))
    texts = [claim.text for part in found for claim in part.claims]
    assert "Four astronauts were on board the Orion capsule." in texts
    assert not any("Christmas" in text or "luxury" in text or "newsletter" in text for text in texts)
    assert len(texts) == 14
