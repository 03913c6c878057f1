"""Small files of every format, built from nothing: what the tests of reading read."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence

Line = tuple[float, float, float, str]  # x, y, font size, text

_EMOJI = "\U0001f600"
_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def
1 begincodespacerange <00> <FF> endcodespacerange
1 beginbfchar <41> <D83DDE00> endbfchar endcmap end end"""


def pdf(pages: Sequence[Sequence[Line]], *, title: str = "", image_on: Sequence[int] = ()) -> bytes:
    """A PDF of hand-placed lines in WinAnsi Helvetica; 😀 is drawn from a second font. ``image_on``: page indices."""
    objects: list[bytes] = []

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    catalog, tree = add(b""), add(b"")
    font = add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    cmap = add(_stream(_TO_UNICODE))
    emoji = add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode %d 0 R>>" % cmap)
    image = add(
        _stream(b"\x00", b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray")
    )
    kids = []
    for index, lines in enumerate(pages):
        drawing = b"".join(_drawn(line) for line in lines) + (
            b"q 500 0 0 700 50 50 cm /I Do Q" if index in image_on else b""
        )
        content = add(_stream(drawing))
        resources = b"<</Font<</F %d 0 R/E %d 0 R>>/XObject<</I %d 0 R>>>>" % (font, emoji, image)
        kids.append(
            add(
                b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources%b>>"
                % (tree, content, resources)
            )
        )
    objects[catalog - 1] = b"<</Type/Catalog/Pages %d 0 R>>" % tree
    objects[tree - 1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    info = add(b"<</Title(" + _escaped(title) + b")>>")
    return _assembled(objects, b"/Root %d 0 R/Info %d 0 R" % (catalog, info))


def pdf_bomb(size: int) -> bytes:
    """A PDF whose one page stream unpacks to ``size`` bytes."""
    squeezed = zlib.compressobj(9)
    block = b" " * (1 << 20)
    packed = b"".join(squeezed.compress(block) for _ in range(size >> 20)) + squeezed.flush()
    return _assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>",
            b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed),
        ],
        b"/Root 1 0 R",
    )


def encrypted_pdf() -> bytes:
    """A PDF that names a standard security handler and a key nobody has."""
    plain = pdf([[(50, 800, 12, "secret")]])
    key = b"A" * 32
    encrypt = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O(%b)/U(%b)>>/ID[<00><00>]" % (key, key)
    return plain.replace(b"trailer<<", b"trailer<<" + encrypt)


def docx(body: str, *, footnotes: str = "", title: str = "") -> bytes:
    """A Word file with the given WordprocessingML body."""
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    types = (
        f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/word/document.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    return zipped(
        {
            "[Content_Types].xml": types,
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{relations}/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r2" '
            f'Type="{relations}/footnotes" Target="footnotes.xml"/></Relationships>',
            "word/document.xml": f"<w:document {word}><w:body>{body}</w:body></w:document>",
            "word/footnotes.xml": f"<w:footnotes {word}>{footnotes}</w:footnotes>",
            "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{package}/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></cp:coreProperties>',
        }
    )


def odt(body: str, *, title: str = "") -> bytes:
    """An OpenDocument text with the given content of ``office:text``."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{short}="{names}:{short}:1.0"' for short in ("office", "text", "table", "meta"))
    content = f"<office:document-content {spaces}><office:body><office:text>{body}</office:text></office:body>"
    meta = (
        f'<office:document-meta {spaces} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>'
        f"<dc:title>{title}</dc:title></office:meta></office:document-meta>"
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": content + "</office:document-content>",
            "meta.xml": meta,
        }
    )


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else None  # so that a file's first bytes tell
            archive.writestr(name, content, compress_type=stored)
    return buffer.getvalue()


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(data), data)


def _drawn(line: Line) -> bytes:
    x, y, size, text = line
    parts = []
    for index, piece in enumerate(text.split(_EMOJI)):
        if index:
            parts.append(b"/E %g Tf (A) Tj " % size)
        if piece:
            parts.append(b"/F %g Tf (%b) Tj " % (size, _escaped(piece)))
    return b"BT %g %g Td %bET\n" % (x, y, b"".join(parts))


def _escaped(text: str) -> bytes:
    return text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _assembled(objects: Sequence[bytes], trailer: bytes) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d%b>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, trailer, start)
    return bytes(out)
