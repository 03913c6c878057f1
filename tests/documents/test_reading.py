"""What holds for every document: true offsets, repeatable text, and parsers that are shared and replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.documents import (
    document_from_text,
    is_supported,
    list_documents,
    list_ignored,
    read_bytes,
    read_document,
)
from factcheck.errors import ReadError
from factcheck.models import Document
from tests.documents.files import docx, odt, pdf

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")
WORDS = "Grüße aus Wien. Die Größe stimmt 😀 heute."
FILES = {
    "a.txt": f"Titel\n\n{WORDS}\n".encode(),
    "a.md": f"# Titel\n\n- {WORDS}\n".encode(),
    "a.html": f"<html><body><h1>Titel</h1><p>{WORDS}</p></body></html>".encode(),
    "a.docx": docx(f"<w:p><w:r><w:t>{WORDS}</w:t></w:r></w:p>"),
    "a.odt": odt(f"<text:p>{WORDS}</text:p>"),
    "a.pdf": pdf([[(50, 800, 12, WORDS)]]),
    "a.eml": f"From: a@example.org\nContent-Type: text/plain; charset=utf-8\n\n{WORDS}\n".encode(),
}


def assert_sound(document: Document) -> None:
    ends = [0]
    for block in document.blocks:
        assert ends[-1] <= block.span.start < block.span.end
        ends.append(block.span.end)
    assert ends[-1] <= len(document.text)
    outside = list(document.text)
    for block in document.blocks:
        outside[block.span.start : block.span.end] = [""] * (block.span.end - block.span.start)
    assert not any(char.isalnum() for char in outside)
    document.model_dump_json()


@pytest.mark.parametrize("name", FILES)
def test_reading_a_file_twice_gives_the_same_document(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])

    document = read_document(path)

    assert document == read_document(str(path))
    assert document.source == str(path)
    assert "Die Größe stimmt 😀" in document.text
    assert_sound(document)


@settings(deadline=None)
@given(text=st.text(min_size=1))
def test_any_text_is_read_with_every_word_inside_a_block(text: str) -> None:
    if not text.strip():
        with pytest.raises(ReadError):
            document_from_text(text)
    else:
        assert_sound(document_from_text(text))


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(alphabet="ab #->*|`\n[]():1.=~_<!", min_size=1, max_size=120), suffix=st.sampled_from(["md", "html"])
)
def test_any_markup_is_read_with_every_word_inside_a_block(text: str, suffix: str) -> None:
    assert_sound(read_bytes(f"word {text}".encode(), source=f"a.{suffix}"))


def test_many_threads_read_at_once_and_each_gets_its_own_document() -> None:
    def text(number: int) -> str:
        return read_bytes(f"<p>Page number {number} of many.</p>".encode(), source="a.html").text

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(text, range(60))) == [f"Page number {number} of many." for number in range(60)]


@LINUX
def test_parser_killed_between_two_files_is_replaced() -> None:
    read_bytes(FILES["a.html"], source="a.html")
    for child in _parsers():
        os.kill(child, signal.SIGKILL)

    assert WORDS in read_bytes(FILES["a.html"], source="a.html").text


@LINUX
def test_parser_killed_in_the_middle_of_a_file_gets_a_second_chance() -> None:
    page = b"<h1>Long</h1>" + b"<p>Some words that take their time to be read.</p>" * 20_000
    read_bytes(FILES["a.html"], source="a.html")
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(read_bytes, page, source="slow.html")
        time.sleep(0.2)
        for child in _parsers():
            os.kill(child, signal.SIGKILL)

        assert reading.result().title == "Long"


def _parsers() -> list[int]:
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True
    ).stdout
    found = [int(line.split()[0]) for line in listed.splitlines() if "factcheck.documents.worker" in line]
    assert found
    return found


@LINUX
def test_script_without_a_main_guard_reads_and_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(FILES["a.html"])
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the working directory')")
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    script = scripts / "run.py"
    script.write_text(
        "import subprocess, os\nfrom factcheck.documents import read_document\nprint('once')\n"
        "print(read_document('a.html').title)\n"
        "print(subprocess.run(['pgrep', '-P', str(os.getpid()), '-f', 'documents.worker'],"
        " capture_output=True, text=True).stdout)"
    )

    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    once, title, worker = done.stdout.split()

    assert (once, title) == ("once", "Titel")
    for _ in range(100):  # its pipe is closed; ending takes a moment
        if not Path("/proc", worker).exists():
            break
        time.sleep(0.05)
    assert not Path("/proc", worker).exists()


def test_importing_the_package_imports_no_parser() -> None:
    heavy = "lxml trafilatura mammoth pypdfium2 chardet markdown_it py3langid numpy babel sentencex"
    loaded = f"[m for m in '{heavy}'.split() if m in sys.modules]"
    code = f"import sys, factcheck.documents, factcheck.sentences; print({loaded})"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_folder_lists_its_documents_sorted_and_follows_no_link_out(tmp_path: Path) -> None:
    inside = tmp_path / "refs"
    (inside / "sub").mkdir(parents=True)
    (inside / ".hidden").mkdir()
    outside = tmp_path / "secret.txt"
    for path in (inside / "b.TXT", inside / "sub" / "a.md", inside / ".c.txt", inside / ".hidden" / "d.txt", outside):
        path.write_text("Words.")
    (inside / "table.xlsx").write_text("x")
    os.mkfifo(inside / "pipe.txt")
    (inside / "out.txt").symlink_to(outside)
    (inside / "twice.txt").symlink_to(inside / "b.TXT")
    (inside / "shown.txt").symlink_to(inside / ".hidden" / "d.txt")
    (inside / "loop.txt").symlink_to("loop.txt")
    (inside / "round").symlink_to(inside)

    assert list_documents(inside) == [inside / "b.TXT", inside / "shown.txt", inside / "sub" / "a.md"]
    assert list_ignored(inside) == [inside / "table.xlsx"]
    assert list_documents(inside / "b.TXT") == [inside / "b.TXT"]
    assert is_supported("A.PDF")
    assert not is_supported("a.xlsx")


def test_link_to_a_file_whose_own_name_is_no_document_is_listed(tmp_path: Path) -> None:
    (tmp_path / "blob").write_text("Words.")
    (tmp_path / "a.txt").symlink_to("blob")

    assert list_documents(tmp_path) == [tmp_path / "a.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is open to root")
def test_file_in_a_folder_that_hides_what_it_holds_is_listed_so_that_reading_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("Words.")
    (tmp_path / "sub" / "a.xlsx").write_text("Words.")
    (tmp_path / "sub").chmod(0o400)

    try:
        listed, ignored = list_documents(tmp_path), list_ignored(tmp_path)
    finally:
        (tmp_path / "sub").chmod(0o700)

    assert (listed, ignored) == ([tmp_path / "sub" / "a.txt"], [tmp_path / "sub" / "a.xlsx"])


def test_listing_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        list_documents(tmp_path / "none")

    assert caught.value.code == "missing"
