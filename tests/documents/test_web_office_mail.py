"""Reading html, docx, odt and eml."""

from __future__ import annotations

from datetime import date

import pytest

from factcheck.documents import read_bytes
from factcheck.errors import ReadError
from factcheck.models import Document
from tests.documents.files import docx, odt

PROSE = "".join(
    f"<p>Absatz {i} erzählt von der Größe der Bäume in München & anderswo, und er endet hier. Noch ein Satz.</p>"
    for i in range(10)
)
PAGE = f"""<!doctype html><html lang="de"><head><meta charset="windows-1252"><title>Bäume – Zeitung</title>
<meta property="article:published_time" content="2024-10-23T10:00:00+02:00"></head><body>
<nav><a href="/">Start</a> <a href="/p">Politik</a></nav><div class="cookie-banner">Wir verwenden Cookies.</div>
<article><h1>Bäume</h1>{PROSE}<h2>Zahlen</h2><ul><li>Punkt eins &amp; mehr</li><li>Punkt <code>zwei</code></li></ul>
<blockquote><p>Ein Zitat, das lang genug ist, um eines zu sein.</p></blockquote>
<table><tr><th>Jahr</th><th>Wert</th></tr><tr><td>2020</td><td>10<sup>6</sup></td></tr></table></article>
<aside>Lesen Sie auch</aside><div id="comments"><p>Kommentar eines Lesers steht hier.</p></div>
<footer>Impressum</footer></body></html>"""


def paragraph(text: str) -> str:
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def blocks(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, block.span.of(document.text)) for block in document.blocks]


def test_page_is_read_in_its_declared_charset_without_what_stands_around_the_article() -> None:
    document = read_bytes(PAGE.encode("cp1252"), source="a.html")

    assert (document.title, document.language, document.published) == ("Bäume", "de", date(2024, 10, 23))
    assert (document.encoding, document.warnings) == ("cp1252", ())
    found = blocks(document)
    assert found[0] == ("heading", "Bäume")
    assert found[1] == (
        "text",
        "Absatz 0 erzählt von der Größe der Bäume in München & anderswo, und er endet hier. Noch ein Satz.",
    )
    assert found[-5:] == [
        ("heading", "Zahlen"),
        ("list", "Punkt eins & mehr"),
        ("list", "Punkt zwei"),
        ("quote", "Ein Zitat, das lang genug ist, um eines zu sein."),
        ("table", "Jahr | Wert\n2020 | 10⁶"),
    ]
    for outside in ("Start", "Cookies", "Lesen Sie auch", "Lesers", "Impressum"):
        assert outside not in document.text


def test_short_page_keeps_heading_and_paragraph_apart() -> None:
    document = read_bytes(b"<nav>Home</nav><h1>Short</h1><p>One sentence.<br>By Jane Doe</p>", source="a.html")

    assert blocks(document) == [("heading", "Short"), ("text", "One sentence."), ("text", "By Jane Doe")]


def test_date_in_the_text_of_a_page_is_not_its_publication_date() -> None:
    page = f"<html><body><article><h1>History</h1><p>It began on 3 October 1990.</p>{PROSE}</article></body></html>"

    assert read_bytes(page.encode(), source="a.html").published is None


def test_page_without_text_is_refused() -> None:
    with pytest.raises(ReadError) as caught:
        read_bytes(b"<html><body><nav>Home</nav><script>draw()</script></body></html>", source="a.html")

    assert caught.value.code == "no_text"


def test_word_file_keeps_footnotes_tables_insertions_and_signs_and_drops_deletions() -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    body = (
        '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Kopf</w:t></w:r></w:p>'
        + paragraph("Satz eins &amp; zwei &lt;drei&gt; 😀.")
        + '<w:p><w:r><w:t>Mit Fußnote</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
        + "<w:r><w:t> im Satz.</w:t></w:r></w:p>"
        + '<w:p><w:ins w:id="1" w:author="x"><w:r><w:t>Eingefügt.</w:t></w:r></w:ins>'
        + '<w:del w:id="2" w:author="x"><w:r><w:delText>Gelöscht.</w:delText></w:r></w:del></w:p>'
        + f"<w:tbl>{row.format(paragraph('Jahr'), paragraph('Wert'))}"
        + f"{row.format(paragraph('2020'), paragraph('3,5'))}</w:tbl>"
    )
    note = f'<w:footnote w:id="2">{paragraph("Die Note selbst.")}</w:footnote>'

    document = read_bytes(docx(body, footnotes=note, title="Der Titel"), source="a.docx")

    assert (document.title, document.published) == ("Der Titel", None)
    assert blocks(document) == [
        ("heading", "Kopf"),
        ("text", "Satz eins & zwei <drei> 😀."),
        ("text", "Mit Fußnote im Satz."),
        ("text", "Eingefügt."),
        ("table", "Jahr | Wert\n2020 | 3,5"),
        ("list", "Die Note selbst."),
    ]


def test_opendocument_keeps_notes_lists_and_tables_and_drops_tracked_deletions() -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f"<table:table-row>{cell}{cell}</table:table-row>"
    body = (
        "<text:tracked-changes><text:p>weg</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Kopf</text:h>'
        '<text:p>Erster<text:s text:c="2"/>Satz<text:note><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>Die Note.</text:p></text:note-body></text:note> geht weiter.</text:p>"
        "<text:list><text:list-item><text:p>Punkt</text:p><text:list><text:list-item><text:p>innen</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        f"<table:table>{row.format('Jahr', 'Wert')}{row.format('2020', '3,5')}</table:table>"
    )

    document = read_bytes(odt(body), source="a.odt")

    assert document.title == "Kopf"
    assert blocks(document) == [
        ("heading", "Kopf"),
        ("text", "Erster Satz geht weiter."),
        ("list", "Punkt"),
        ("list", "innen"),
        ("table", "Jahr | Wert\n2020 | 3,5"),
        ("list", "Die Note."),
    ]


def test_mail_gives_its_text_subject_and_date_and_its_signature_is_metadata() -> None:
    mail = (
        b"From: a@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Tue, 21 Oct 2025 23:30:00 -0200\r\n"
        b"Content-Type: text/plain; charset=windows-1252; format=flowed\r\n\r\n"
        b"Die Gr\xf6\xdfe \r\nist bekannt.\r\n\r\n> Stimmt das?\r\n\r\n-- \r\nFirma X\r\n"
    )

    document = read_bytes(mail, source="a.eml")

    assert (document.title, document.published) == ("Grüße", date(2025, 10, 21))
    assert blocks(document) == [
        ("text", "Die Größe ist bekannt."),
        ("quote", "> Stimmt das?"),
        ("metadata", "-- \nFirma X"),
    ]


def test_mail_of_html_alone_is_read_through_its_layout_tables() -> None:
    mail = (
        b"From: a@example.org\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        b"<table><tr><td><p>First words.</p><p>Then others.</p></td></tr></table><script>x()</script>"
    )

    assert blocks(read_bytes(mail, source="a.eml")) == [("text", "First words."), ("text", "Then others.")]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"<!-- made by x --><!DOCTYPE html><p>A page of words.</p>", "text/html"),
        (b"From: a@example.org\nDate: Tue, 21 Oct 2025 10:00:00 +0200\nSubject: x\n\nWords.", "message/rfc822"),
        (b"# Heading\n\nWords.", "text/markdown"),
        (b"Note: this is\nonly: text\n\nWith words.", "text/plain"),
        (docx(paragraph("Words.")), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (odt("<text:p>Words.</text:p>"), "application/vnd.oasis.opendocument.text"),
    ],
)
def test_bytes_without_a_name_are_recognised(data: bytes, media_type: str) -> None:
    assert read_bytes(data).media_type == media_type
