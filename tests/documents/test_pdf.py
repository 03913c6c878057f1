"""Reading PDF: pages, columns, hyphens, running heads, scans."""

from __future__ import annotations

import pytest

from factcheck.documents import read_bytes
from factcheck.errors import ReadError
from factcheck.models import Document
from factcheck.sentences import sentences_of
from tests.documents.files import Line, pdf

PARAGRAPH: list[Line] = [
    (50, 770, 11, "Die deutsche Wirt-"),
    (50, 757, 11, "schaft wuchs 😀 um 3 Prozent. Das war viel für den"),
    (50, 744, 11, "kleinen Markt (rund 5 %)."),
]


def blocks(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, block.span.of(document.text)) for block in document.blocks]


def test_three_pages_give_headings_paragraphs_and_page_numbers() -> None:
    pages: list[list[Line]] = [
        [(50, 810, 18, "Über die Wirtschaft"), *PARAGRAPH, (50, 715, 11, "Neuer Absatz, dessen letzter Satz auf der")],
        [(50, 770, 11, "folgenden Seite endet. Danach mehr.")],
        [(50, 770, 11, "Die dritte Seite.")],
    ]

    document = read_bytes(pdf(pages, title="Ein Titel"), source="a.pdf")

    assert (document.title, document.published, document.encoding) == ("Ein Titel", None, None)
    assert blocks(document) == [
        ("heading", "Über die Wirtschaft"),
        ("text", "Die deutsche Wirtschaft wuchs 😀  um 3 Prozent. Das war viel für den\nkleinen Markt (rund 5 %)."),
        ("text", "Neuer Absatz, dessen letzter Satz auf der\nfolgenden Seite endet. Danach mehr."),
        ("text", "Die dritte Seite."),
    ]
    assert [(page.number, page.span.of(document.text).split("\n")[-1]) for page in document.pages] == [
        (1, "Neuer Absatz, dessen letzter Satz auf der"),
        (2, "folgenden Seite endet. Danach mehr."),
        (3, "Die dritte Seite."),
    ]


def test_sentence_over_a_page_break_is_one_sentence() -> None:
    pages: list[list[Line]] = [
        [(50, 400, 11, "The committee met in the spring and de-")],
        [(50, 770, 11, "cided to go on with the work. It ended.")],
    ]

    document = read_bytes(pdf(pages), source="a.pdf")

    assert [s.span.of(document.text) for s in sentences_of(document)] == [
        "The committee met in the spring and decided to go on with the work.",
        "It ended.",
    ]
    assert [page.span.of(document.text)[:8] for page in document.pages] == ["The comm", "cided to"]


def test_two_columns_drawn_row_by_row_are_read_one_after_the_other() -> None:
    left = [(50.0, 700.0 - 13 * i, 10.0, f"left column line {i} of the text here") for i in range(6)]
    right = [(320.0, 700.0 - 13 * i, 10.0, f"right column line {i} of the text here") for i in range(6)]
    rows = sorted(left + right, key=lambda line: (-line[1], line[0]))

    text = read_bytes(pdf([rows]), source="a.pdf").text

    assert text == "\n".join(line[3] for line in left + right)


def test_table_is_read_row_by_row() -> None:
    rows: list[Line] = [
        (x, 700.0 - 15 * row, 10.0, words)
        for row, cells in enumerate([("Year", "Rise", "Fall"), ("2020", "3,5", "1"), ("2021", "4,1", "2")])
        for x, words in zip((50.0, 200.0, 350.0), cells, strict=True)
    ]

    assert blocks(read_bytes(pdf([rows]), source="a.pdf")) == [
        ("table", "Year\tRise\tFall\n2020\t3,5\t1\n2021\t4,1\t2")
    ]


def test_table_inside_a_column_stays_whole_and_a_large_bullet_makes_no_heading() -> None:
    left: list[Line] = [(50.0, 700.0 - 13 * i, 10.0, f"left column line {i} of the text here") for i in range(4)]
    left += [(50, 620, 10, "Year"), (120, 620, 10, "Rise"), (180, 620, 10, "Fall")]
    left += [(50, 605, 10, "2020"), (120, 605, 10, "3,5"), (180, 605, 10, "1")]
    left += [(50, 590, 10, "2021"), (120, 590, 10, "4,1"), (180, 590, 10, "2")]
    right: list[Line] = [(320, 700, 14, "•"), (332, 700, 10, "an item of the right column")]
    right += [(332.0, 687.0 - 13 * i, 10.0, f"goes on in line {i} of the column") for i in range(8)]

    found = blocks(read_bytes(pdf([left + right]), source="a.pdf"))

    assert [kind for kind, _ in found] == ["text", "table", "list"]
    assert found[1] == ("table", "Year\tRise\tFall\n2020\t3,5\t1\n2021\t4,1\t2")
    assert found[2][1].startswith("• an item of the right column\ngoes on in line 0")


def test_paragraph_goes_on_after_a_page_that_ends_in_a_day() -> None:
    pages: list[list[Line]] = [
        [(50, 400, 11, "Das Bundesamt teilte die Zahlen in Wiesbaden am 30.")],
        [(50, 770, 11, "Oktober mit. Sie stiegen.")],
    ]

    document = read_bytes(pdf(pages), source="a.pdf")

    assert [sentence.span.of(document.text) for sentence in sentences_of(document)] == [
        "Das Bundesamt teilte die Zahlen in Wiesbaden am 30.\nOktober mit.",
        "Sie stiegen.",
    ]


@pytest.mark.parametrize(
    ("end", "start", "joined"),
    [
        ("Wirt-", "schaft wuchs", "Wirtschaft wuchs"),
        ("Nord-", "Rhein wuchs", "Nord-Rhein wuchs"),
        ("Finanz-", "und Steuerpolitik", "Finanz-\nund Steuerpolitik"),
    ],
)
def test_hyphen_at_a_line_end_goes_only_where_it_parts_a_word(end: str, start: str, joined: str) -> None:
    lines: list[Line] = [(50, 770, 11, f"Die {end}"), (50, 757, 11, f"{start} und so ging es weiter.")]

    assert joined in read_bytes(pdf([lines]), source="a.pdf").text


def test_running_heads_and_page_numbers_are_left_out_and_body_lines_are_not() -> None:
    pages: list[list[Line]] = [
        [
            (50, 810, 9, "Annual Report 2024"),
            (50, 700, 11, f"Chapter {name} tells of 2024 and of 12 things."),
            (50, 600, 11, "The same words stand on every page."),
            (50, 30, 9, f"page {number} of 4"),
        ]
        for number, name in enumerate(["one", "two", "three", "four"], 1)
    ]

    text = read_bytes(pdf(pages), source="a.pdf").text

    assert "Annual Report" not in text
    assert "of 4" not in text
    assert text.count("The same words stand on every page.") == 4
    assert "Chapter four tells of 2024 and of 12 things." in text


def test_page_without_text_layer_is_named_and_stands_empty_among_the_pages() -> None:
    document = read_bytes(pdf([PARAGRAPH, [], PARAGRAPH, []], image_on=[1]), source="a.pdf")

    assert [notice.code for notice in document.warnings] == ["page_without_text"]
    assert document.warnings[0].message.startswith("page 2: no text layer")
    assert [page.span.end > page.span.start for page in document.pages] == [True, False, True, False]


def test_scan_alone_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(ReadError) as caught:
        read_bytes(pdf([[]], image_on=[0]), source="scan.pdf")

    assert caught.value.code == "no_text"
    assert "OCR" in str(caught.value)


def test_file_without_its_cross_references_is_still_read() -> None:
    whole = pdf([PARAGRAPH])
    without = whole[: whole.rindex(b"xref\n0")] + whole[whole.rindex(b"trailer") :]

    assert "Wirtschaft wuchs" in read_bytes(without, source="a.pdf").text
