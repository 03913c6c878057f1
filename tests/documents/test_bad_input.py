"""Files that cannot be read: each gets its code and one line, and none takes the reader down."""

from __future__ import annotations

import io
import os
import socket
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from factcheck.documents import ReadLimits, read_bytes, read_document
from factcheck.errors import ReadError
from tests.documents.files import docx, encrypted_pdf, odt, pdf, pdf_bomb, zipped

WORDS = "<w:p><w:r><w:t>Words.</w:t></w:r></w:p>"
OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    content = f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><o:d xmlns:o="{office}"><o:text>&l9;</o:text></o:d>'
    return zipped({"content.xml": content})


def locked_zip() -> bytes:
    """Every entry says that it is encrypted."""
    plain = bytearray(docx(WORDS))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = plain.find(mark)
        while position >= 0:
            plain[position + offset] |= 1
            position = plain.find(mark, position + 1)
    return bytes(plain)


@pytest.mark.parametrize(
    ("name", "made", "code"),
    [
        ("a.txt", lambda: b"", "empty"),
        ("a.txt", lambda: b" \r\n\t ", "empty"),
        ("a.txt", lambda: "\u2014 \u2026 *** \u2014".encode(), "no_text"),
        ("a.txt", lambda: bytes(range(256)) * 40, "binary"),
        ("a.png", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "binary"),
        ("a.pdf", encrypted_pdf, "encrypted"),
        ("a.pdf", lambda: pdf([[(50, 800, 12, "Words.")]])[:500], "broken"),
        ("a.pdf", lambda: b"no PDF at all, only words", "broken"),
        ("a.docx", lambda: docx(WORDS)[:300], "broken"),
        ("a.docx", lambda: zipped({"a.txt": "Words."}), "broken"),
        ("a.docx", lambda: docx("<w:p><w:r>"), "broken"),
        ("a.docx", lambda: docx(""), "no_text"),
        ("a.docx", lambda: OLD_OFFICE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("a.docx", locked_zip, "encrypted"),
        ("a.doc", lambda: OLD_OFFICE, "unsupported"),
        ("a.docx", lambda: zipped({"word/document.xml": " " * 250_000_000}), "too_large"),
        ("a.odt", lambda: odt("<text:p>Words.</text:p>")[:-80], "broken"),
        ("a.odt", billion_laughs, "broken"),
        ("a.zip", lambda: zipped({"a.txt": "Words."}), "unsupported"),
        ("a.html", lambda: b"<div>" * 200_000 + b"</div>" * 200_000, "no_text"),
        ("a.eml", lambda: b"From: a@example.org\nContent-Type: application/pkcs7-mime\n\nMIAGCSq", "encrypted"),
        ("a.eml", lambda: b"From: a@example.org\nSubject: nothing\n\n", "no_text"),
    ],
)
def test_unreadable_file_is_refused_with_its_code_in_one_line(
    tmp_path: Path, name: str, made: Callable[[], bytes], code: str
) -> None:
    path = tmp_path / name
    path.write_bytes(made())

    with pytest.raises(ReadError) as caught:
        read_document(path)

    assert caught.value.code == code
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_pdf_bomb_is_refused_and_the_next_file_is_read() -> None:
    small = ReadLimits(memory_bytes=300_000_000)

    with pytest.raises(ReadError) as caught:
        read_bytes(pdf_bomb(1 << 29), source="bomb.pdf", limits=small)

    assert caught.value.code == "too_large"
    assert read_bytes(pdf([[(50, 800, 12, "Still here.")]]), source="a.pdf").text == "Still here."


@pytest.mark.parametrize("limits", [ReadLimits(cpu_seconds=0, wall_seconds=600), ReadLimits(wall_seconds=0)])
def test_document_that_takes_too_long_is_given_up_and_the_next_one_is_read(limits: ReadLimits) -> None:
    page = b"<html><body>" + b"<p>Some words that take their time to be read.</p>" * 60_000

    with pytest.raises(ReadError) as caught:
        read_bytes(page, source="slow.html", limits=limits)

    assert caught.value.code == "timeout"
    assert read_bytes(b"<p>Quick words.</p>", source="a.html").text == "Quick words."


def test_file_over_the_limit_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)

    tracemalloc.start()
    try:
        with pytest.raises(ReadError) as caught:
            read_document(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert caught.value.code == "too_large"
    assert peak < 1_000_000


def test_text_over_the_limit_of_characters_is_refused() -> None:
    for name in ("a.txt", "a.md"):
        with pytest.raises(ReadError) as caught:
            read_bytes(b"words " * 200, source=name, limits=ReadLimits(characters=1000))

        assert caught.value.code == "too_large"


def test_what_is_no_file_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    os.mkfifo("pipe.txt")
    Path("loop.txt").symlink_to("loop.txt")
    Path("folder.txt").mkdir()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind("socket.txt")
    expected = {
        "missing.txt": "missing",
        "pipe.txt": "not_a_file",
        "folder.txt": "not_a_file",
        "socket.txt": "not_a_file",
        "/dev/zero": "not_a_file",
        "loop.txt": "unreadable",
        "nul\0.txt": "unreadable",
        "folder.txt/a.txt": "missing",
    }

    found = {}
    for name in expected:
        with pytest.raises(ReadError) as caught:
            read_document(name)
        found[name] = caught.value.code
    listening.close()

    assert found == expected


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode here")
def test_file_name_that_is_no_unicode_is_named_escaped(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/na\xffme.txt")
    Path(name).write_text("Words.")

    with pytest.raises(ReadError) as caught:
        read_document(name)

    assert caught.value.code == "unreadable"
    assert "na\\xffme.txt" in str(caught.value)
    str(caught.value).encode()


def test_stdin_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "written").open("wb", buffering=0) as sink:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.FileIO(os.dup(sink.fileno()), "r"))))

        with pytest.raises(ReadError) as caught:
            read_document("-")

    assert caught.value.code == "unreadable"


def test_given_media_type_counts_without_its_parameters_and_an_unknown_one_is_refused() -> None:
    page = b"<html><body><p>Some words.</p></body></html>"

    assert read_bytes(page, media_type="Text/HTML; charset=utf-8").text == "Some words."
    with pytest.raises(ReadError) as caught:
        read_bytes(page, media_type="image/png")
    assert caught.value.code == "unsupported"


def test_stdin_is_read_as_bytes_and_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(pdf([[(50, 800, 12, "From a pipe.")]]))

    monkeypatch.setattr(sys, "stdin", Stdin())

    document = read_document("-")

    assert (document.source, document.media_type, document.text) == ("-", "application/pdf", "From a pipe.")
