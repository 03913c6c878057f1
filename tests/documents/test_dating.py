"""The day a text was written: datelines, conflicts, and what is not a date of its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from factcheck.documents import document_from_text, read_document, written_on
from factcheck.documents.dates import dates_in

ARTICLE = Path(__file__).resolve().parents[2] / ".." / "shared" / "articles" / "trumps-plan-scheitert.de.txt"


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ("Der Plan scheitert | V. Portnikov. 21.10.2026.", date(2026, 10, 21)),
        ("Der Plan\nVon Max | Montag, 3. März 2024, 10:15 Uhr | Politik", date(2024, 3, 3)),
        ("Der Plan\n\nStand: 03.03.2024", date(2024, 3, 3)),
        ("A plan\n\nPublished on March 3, 2024, 10:15 am", date(2024, 3, 3)),
        ("14 March 2023", date(2023, 3, 14)),
        ("2024-03-01", date(2024, 3, 1)),
        ("1 de mayo de 2023", date(2023, 5, 1)),
        ("le 1er mai 2023", date(2023, 5, 1)),
        ("Berlin, den 3. März 2024", date(2024, 3, 3)),
        ("LONDON, March 14, 2023 (Reuters) - The minister said that it was so.", date(2023, 3, 14)),
        ("BERLIN, 14. März 2023 (dpa) – Der Kanzler sagte, dass es so sei.", date(2023, 3, 14)),
        ("Rede am 3. Oktober 1990", None),
        ("Am 3. Oktober 1990 wurde Deutschland vereint", None),
        ("September 11, 2001: Terror in New York", None),
        ("On March 3, 2024, the president said that it was so.", None),
        ("Election of 2024", None),
    ],
)
def test_date_at_the_head_is_the_texts_own_only_where_it_stands_apart(head: str, day: date | None) -> None:
    assert document_from_text(f"{head}\n\nThe text itself goes on from here and says more.").published == day


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("am 3.10.1990 und 2024-02-30", "de", [(1990, 10, 3), (2024, None, None)]),
        ("1er mai 2023, août 2022", "fr", [(2023, 5, 1), (2022, 8, None)]),
        ("10/03/2024", "en", [(2024, None, None)]),
        ("10/03/2024", "it", [(2024, 3, 10)]),
        ("Sept. 5th, 2021 or 5 September 2020", "en", [(2021, 9, 5), (2020, 9, 5)]),
        ("im Oktober 2025, seit 2019", "de", [(2025, 10, None), (2019, None, None)]),
        ("3 maart 2024, 1 giugno 2023, 2 de junio de 2022", "nl", [(2024, 3, 3), (2023, 6, 1), (2022, 6, 2)]),
        ("12,5 Prozent von 2000,5 und $2000", "de", []),
    ],
)
def test_dates_are_found_as_exactly_as_they_are_written(
    text: str, language: str, found: list[tuple[int, int | None, int | None]]
) -> None:
    assert [(m.year, m.month, m.day) for m in dates_in(text, language=language)] == found


def test_given_day_counts_before_all_else() -> None:
    document = document_from_text("A plan | 21.10.2026\n\nWe are in October 2025 now, and it goes on like that.")

    written = written_on(document, date(2020, 1, 1))

    assert (written.day, written.source, written.warnings) == (date(2020, 1, 1), "given", ())


def test_year_that_the_text_calls_the_present_wins_over_a_misprinted_title() -> None:
    document = document_from_text("Ein Plan | 21.10.2026.\n\nGestern war es so. So befinden wir uns im Oktober 2025.")

    written = written_on(document)

    assert (written.day, written.source) == (date(2025, 10, 21), "text")
    assert [notice.code for notice in written.warnings] == ["date_conflict"]
    for said in ("2026-10-21", "Oktober 2025", "2025-10-21", "--as-of"):
        assert said in written.warnings[0].message


def test_text_about_the_year_before_keeps_its_date_and_is_only_warned_about() -> None:
    document = document_from_text(
        "The war in the south | 7 October 2024\n\nIn October 2023 the war began in the south."
    )

    written = written_on(document)

    assert (written.day, written.source) == (date(2024, 10, 7), "document")
    assert [notice.code for notice in written.warnings] == ["date_conflict"]


@pytest.mark.parametrize(
    "body",
    [
        "We are in October 2025 now. It will be better in 2026.",  # names the stated year
        "We are in May 2025 now.",  # another month
        "Wir feiern den 3. Oktober 1990.",  # history
        "Nothing here says when it was.",
    ],
)
def test_text_that_does_not_contradict_its_date_gets_no_warning(body: str) -> None:
    written = written_on(document_from_text(f"A plan | 21.10.2026\n\n{body}"))

    assert (written.day, written.source, written.warnings) == (date(2026, 10, 21), "document", ())


def test_unknown_day_is_warned_about_only_where_the_text_needs_it() -> None:
    needed = written_on(document_from_text("The minister resigned yesterday, and nobody knew."))
    not_needed = written_on(document_from_text("Water boils at a hundred degrees."))

    assert (needed.day, needed.source, [n.code for n in needed.warnings]) == (None, "unknown", ["date_unknown"])
    assert '"yesterday"' in needed.warnings[0].message
    assert (not_needed.day, not_needed.source, not_needed.warnings) == (None, "unknown", ())


@pytest.mark.skipif(not ARTICLE.exists(), reason="the German article is not in ../shared")
def test_german_article_was_written_in_2025_whatever_its_title_says() -> None:
    document = read_document(ARTICLE)

    written = written_on(document)

    assert document.published == date(2026, 10, 21)
    assert (written.day, written.source) == (date(2025, 10, 21), "text")


@pytest.mark.parametrize(
    "text",
    [
        "Kommentar, 16. April 2024\n\nGestern vor einem Jahr gingen die Kraftwerke vom Netz, am 15. April 2023.",
        "16 April 2024\n\nThe plants closed on 15 April 2023. One year later nobody misses them.",
    ],
)
def test_an_anniversary_piece_does_not_disagree_with_its_own_date(text: str) -> None:
    written = written_on(document_from_text(text))
    assert (written.day, written.source, written.warnings) == (date(2024, 4, 16), "document", ())
