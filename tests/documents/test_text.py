"""Reading plain text and Markdown: encodings, blocks, titles."""

from __future__ import annotations

import pytest

from factcheck.documents import document_from_text, read_bytes
from factcheck.errors import ReadError
from factcheck.models import Document

GERMAN = "Die Größe der Bäume in München überrascht viele. „Öffentliche Räume“ fehlen – sagt er."


def blocks(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, block.span.of(document.text)) for block in document.blocks]


@pytest.mark.parametrize(
    ("codec", "mark", "named"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8-sig"),
        ("utf-16-le", b"\xff\xfe", "utf-16"),
        ("utf-16-be", b"\xfe\xff", "utf-16"),
    ],
)
def test_encoding_that_is_certain_is_read_without_a_warning(codec: str, mark: bytes, named: str) -> None:
    document = read_bytes(mark + GERMAN.encode(codec), source="a.txt")

    assert (document.text, document.encoding, document.warnings) == (GERMAN, named, ())


@pytest.mark.parametrize("codec", ["cp1252", "utf-16-le", "utf-16-be"])
def test_encoding_that_is_guessed_is_named_in_a_warning(codec: str) -> None:
    document = read_bytes(GERMAN.encode(codec), source="a.txt")

    assert (document.text, document.encoding) == (GERMAN, codec)
    assert [notice.code for notice in document.warnings] == ["encoding_guessed"]
    assert codec in document.warnings[0].message


def test_declared_charset_that_does_not_fit_is_ignored() -> None:
    page = b"<html><head><meta charset=punycode></head><body><p>Some words \x1b here.</p></body></html>"

    assert read_bytes(page, source="a.html").encoding == "utf-8"


def test_umlaut_far_into_a_cp1252_file_is_still_read() -> None:
    text = "Plain words without any accent stand here. " * 4000 + GERMAN

    assert read_bytes(text.encode("cp1252"), source="a.txt").text == text


def test_utf8_with_one_broken_byte_stays_utf8() -> None:
    document = read_bytes((GERMAN * 3).encode() + b"\xff end", source="a.txt")

    assert document.text == GERMAN * 3 + "\ufffd end"
    assert (document.encoding, [n.code for n in document.warnings]) == ("utf-8", ["encoding_guessed"])


def test_newlines_nul_and_lone_surrogates_are_replaced_at_reading() -> None:
    assert read_bytes(b"one\r\ntwo\rthree\0four", source="a.txt").text == "one\ntwo\nthree\ufffdfour"
    assert document_from_text("a word \ud800 here").text == "a word \ufffd here"


def test_escape_sequences_and_bidi_marks_stay_as_they_are() -> None:
    text = "A \x1b[31mred\x1b[0m word and a \u202ehidden\u202c one."

    assert document_from_text(text).text == text


def test_hard_wrapped_lines_are_one_paragraph_and_short_lines_are_not() -> None:
    text = (
        "Report on the river\nBy Jane Doe\n\n"
        "The river rose by two metres in the night, and the\n"
        "Danube followed in the morning, as the old people\n"
        "said.\n\n"
        "- First point\n- Second point\n  goes on here\n\n"
        "> quoted words\n> go on\n"
    )

    document = document_from_text(text)

    assert document.title == "Report on the river"
    assert blocks(document) == [
        ("heading", "Report on the river"),
        ("text", "By Jane Doe"),
        ("text", text[text.index("The river") : text.index("\n\n- First")]),
        ("list", "- First point"),
        ("list", "- Second point\n  goes on here"),
        ("quote", "> quoted words\n> go on"),
    ]


def test_wrapped_line_that_starts_with_a_number_is_no_list_item() -> None:
    text = (
        "The talks that were to be held in the capital on the\n23. of October were put off to another day, they said."
    )

    assert blocks(document_from_text(text)) == [("text", text)]


def test_copied_page_loses_its_furniture_but_no_sentence() -> None:
    text = (
        "A plan fails\n\nThe plan failed on Monday. The newsletter said so.\n\nAdvertisement\n\n"
        "Comments were few. Subscribe rates fell.\n\nRead more: Another plan\n\n"
        "3 Kommentare\n\nKommentar verfassen2\n\nTeilen"
    )

    found = blocks(document_from_text(text))

    assert [words for kind, words in found if kind == "furniture"] == [
        "Advertisement",
        "Read more: Another plan",
        "3 Kommentare",
        "Kommentar verfassen2",
        "Teilen",
    ]
    assert ("text", "Comments were few. Subscribe rates fell.") in found


def test_markdown_keeps_its_text_and_knows_its_blocks() -> None:
    text = (
        "---\ntitle: A plan\ndate: 2024-03-01\nlang: en\n---\n\n# The **head**\n\nA paragraph\nwraps here.\n\n"
        "- one\n- two\n\n> said so\n\n| year | rise |\n|---|---|\n| 2020 | 3 |\n\n```py\nx = 1\n```\n\n"
        "[r]: http://example.org\n\nUnder\n=====\n\n<!-- hidden -->\nLast words.\n"
    )

    document = read_bytes(text.encode(), source="a.md")

    assert document.text == text
    assert (document.title, str(document.published), document.media_type) == ("A plan", "2024-03-01", "text/markdown")
    assert blocks(document) == [
        ("metadata", "---\ntitle: A plan\ndate: 2024-03-01\nlang: en\n---"),
        ("heading", "# The **head**"),
        ("text", "A paragraph\nwraps here."),
        ("list", "- one"),
        ("list", "- two"),
        ("quote", "> said so"),
        ("table", "| year | rise |\n|---|---|\n| 2020 | 3 |"),
        ("code", "```py\nx = 1\n```"),
        ("metadata", "[r]: http://example.org"),
        ("heading", "Under"),
        ("metadata", "<!-- hidden -->"),
        ("text", "Last words."),
    ]


def test_footnote_in_markdown_is_text_and_only_where_links_lead_is_metadata() -> None:
    text = "# T\n\nSee [site].[^1]\n\n[^1]: The figure is of 2023.\n\n[site]: https://example.org 'At'\n"

    assert blocks(read_bytes(text.encode(), source="a.md")) == [
        ("heading", "# T"),
        ("text", "See [site].[^1]"),
        ("text", "[^1]: The figure is of 2023."),
        ("metadata", "[site]: https://example.org 'At'"),
    ]


def test_markdown_title_without_front_matter_is_its_first_heading() -> None:
    assert read_bytes(b"# The *real* title\n\nText.", source="a.md").title == "The real title"


def test_text_of_nothing_is_refused_as_empty() -> None:
    with pytest.raises(ReadError) as caught:
        document_from_text(" \n\t")

    assert caught.value.code == "empty"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Bundestag hat am Donnerstag ein neues Gesetz beschlossen.", "de"),
        ("The parliament passed a new law on Thursday.", "en"),
        ("Le parlement a adopté une nouvelle loi jeudi dernier.", "fr"),
        ("2020 ✓", "und"),
    ],
)
def test_language_is_detected_where_there_is_enough_text(text: str, language: str) -> None:
    assert document_from_text(text).language == language


def test_declared_language_counts_only_where_the_text_is_too_short() -> None:
    assert read_bytes(b"---\nlang: de-AT\n---\n\nKurz.", source="a.md").language == "de"
    assert (
        read_bytes(b"---\nlang: de\n---\n\nThe parliament passed a new law on Thursday.", source="a.md").language
        == "en"
    )
