"""Writes the two references that are not plain text: ``chandrayaan-3.pdf`` and ``bennu.docx``.

Run ``python examples/make_references.py``; the bytes are the same every time.
"""

from __future__ import annotations

import io
import textwrap
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent / "references"

CHANDRAYAAN_TITLE = "Chandrayaan-3: a landing near the lunar south pole"
CHANDRAYAAN_PAGES = (
    (
        "1 September 2023",
        "Chandrayaan-3 was launched from Sriharikota on 14 July 2023. It carried a lander, Vikram, and a rover, "
        "Pragyan.",
        "Chandrayaan-3 touched down near the lunar south pole on 23 August 2023. The rover rolled onto the surface a "
        "few hours later.",
    ),
    (
        "With this landing India became the fourth country to land softly on the Moon, after the Soviet Union, the "
        "United States and China.",
    ),
)

BENNU_TITLE = "OSIRIS-REx: dust from Bennu"
BENNU_PARAGRAPHS = (
    "16 February 2024",
    "The spacecraft OSIRIS-REx took a sample from the surface of the asteroid Bennu on 20 October 2020.",
    "The capsule with dust from the asteroid Bennu landed in Utah on 24 September 2023. It came down by parachute on "
    "a military test range.",
    "The sample weighs 121.6 grams.",
)


def pdf(title: str, pages: tuple[tuple[str, ...], ...]) -> bytes:
    """A PDF in Helvetica, one paragraph of each page after the other, with the title on the first page."""
    first_page = 4
    kids = [first_page + 2 * index for index in range(len(pages))]
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] /Count {len(kids)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for index, paragraphs in enumerate(pages):
        content = _page_content(title if index == 0 else None, paragraphs)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {kids[index] + 1} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects.append(f"<< /Title ({_pdf_string(title)}) >>")
    return _assemble(objects)


def _page_content(title: str | None, paragraphs: tuple[str, ...]) -> str:
    lines = ["BT", "/F1 16 Tf", "72 760 Td"]
    if title is not None:
        lines += [f"({_pdf_string(title)}) Tj", "0 -32 Td"]
    lines.append("/F1 11 Tf")
    for paragraph in paragraphs:
        for line in textwrap.wrap(paragraph, width=80):
            lines += [f"({_pdf_string(line)}) Tj", "0 -15 Td"]
        lines.append("0 -12 Td")
    return "\n".join([*lines, "ET"])


def _pdf_string(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _assemble(objects: list[str]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += "".join(f"{offset:010} 00000 n \n" for offset in offsets).encode()
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>"
    return bytes(out + f"trailer\n{trailer}\nstartxref\n{table}\n%%EOF\n".encode())


def docx(title: str, paragraphs: tuple[str, ...]) -> bytes:
    """A Word document: the title as a heading, then the paragraphs."""
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    mime = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    heading = f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{escape(title)}</w:t></w:r></w:p>'
    body = heading + "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{mime}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{mime}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="rId2" Type="{package}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>",
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>',
        "word/styles.xml": f'<w:styles xmlns:w="{word}"><w:style w:type="paragraph" w:styleId="Heading1">'
        '<w:name w:val="heading 1"/></w:style></w:styles>',
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, xml in parts.items():
            entry = zipfile.ZipInfo(name, date_time=(2024, 1, 1, 0, 0, 0))
            archive.writestr(entry, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{xml}')
    return buffer.getvalue()


def main() -> None:
    (FOLDER / "chandrayaan-3.pdf").write_bytes(pdf(CHANDRAYAAN_TITLE, CHANDRAYAAN_PAGES))
    (FOLDER / "bennu.docx").write_bytes(docx(BENNU_TITLE, BENNU_PARAGRAPHS))


if __name__ == "__main__":
    main()
