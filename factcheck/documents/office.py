"""Word (docx) and OpenDocument (odt) files: zip archives of XML, opened only once their sizes have been checked."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from lxml import etree

from factcheck.documents.html import parsed_tree, plain_pieces
from factcheck.documents.markup import OPENDOCUMENT_ROLES, pieces
from factcheck.documents.parsed import Kind, Parsed, Refused, compose, covered, has_words

_MOST_UNPACKED = 200_000_000
_HIGHEST_RATIO = 200
_SMALL = 1_000_000  # bytes; below, the ratio of packed to unpacked says nothing
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_LANGUAGE = "{http://purl.org/dc/elements/1.1/}language"
_TEXT = ".//{urn:oasis:names:tc:opendocument:xmlns:office:1.0}text"


def parse_docx(data: bytes) -> Parsed:
    """Paragraphs, lists, tables, footnotes and tracked insertions. Raises Refused."""
    import mammoth

    with _opened(data) as archive:
        if "word/document.xml" not in archive.namelist():
            raise Refused("broken", "this is not a complete Word file")
        title, language = _properties(archive, "docProps/core.xml")
    converted = mammoth.convert_to_html(io.BytesIO(data), convert_image=mammoth.images.img_element(lambda image: {}))
    tree = parsed_tree(converted.value)
    if tree is None:
        raise Refused("no_text", "the file holds no text")
    _drop_note_marks(tree)
    return _parsed(plain_pieces(tree), title=title, language=language)


def parse_odt(data: bytes) -> Parsed:
    """Paragraphs, lists, tables and footnotes, without deleted text and annotations. Raises Refused."""
    with _opened(data) as archive:
        if "META-INF/manifest.xml" in archive.namelist() and b"encryption-data" in archive.read(
            "META-INF/manifest.xml"
        ):
            raise Refused("encrypted", "the file is protected by a password; save it without one")
        content = _xml(archive, "content.xml")
        title, language = _properties(archive, "meta.xml")
    body = None if content is None else content.find(_TEXT)
    if body is None:
        raise Refused("broken", "this is not a complete OpenDocument text")
    return _parsed(pieces(body, OPENDOCUMENT_ROLES), title=title, language=language)


def _parsed(found: list[tuple[Kind, str]], *, title: str, language: str) -> Parsed:
    text, blocks = compose(found)
    if not has_words(text):
        raise Refused("no_text", "the file holds no text")
    heading = next((block.span.of(text) for block in blocks if block.kind == "heading"), "")
    return Parsed(text=text, title=title or heading, language=language or None, blocks=covered(text, blocks))


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Refused("broken", "the file is damaged or cut off (not a complete zip archive)") from error
    unpacked = sum(entry.file_size for entry in archive.infolist())
    packed = sum(entry.compress_size for entry in archive.infolist())
    if unpacked > _MOST_UNPACKED or unpacked > max(_SMALL, packed * _HIGHEST_RATIO):
        raise Refused("too_large", f"the file unpacks to {unpacked // 1_000_000:,} MB; it looks like a zip bomb")
    if any(entry.flag_bits & 1 for entry in archive.infolist()):
        raise Refused("encrypted", "the file is protected by a password; save it without one")
    return archive


def _properties(archive: zipfile.ZipFile, name: str) -> tuple[str, str]:
    """Title and language. The days a file was made and saved are not the day its text was published."""
    root = _xml(archive, name)
    if root is None:
        return "", ""
    return " ".join((root.findtext(f".//{_TITLE}") or "").split()), (root.findtext(f".//{_LANGUAGE}") or "").strip()


def _xml(archive: zipfile.ZipFile, name: str) -> Any | None:
    if name not in archive.namelist():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(archive.read(name), parser)
    except (etree.XMLSyntaxError, zipfile.BadZipFile) as error:
        raise Refused("broken", f"the file is damaged ({name} cannot be read)") from error


def _drop_note_marks(tree: Any) -> None:
    """mammoth writes each note's mark into the sentence, and an arrow back into the note."""
    for link in tree.xpath("//a[starts-with(@href, '#footnote-') or starts-with(@href, '#endnote-')]"):
        mark = link.getparent() if link.getparent().tag == "sup" else link
        if mark.getparent() is not None:
            mark.drop_tree()
