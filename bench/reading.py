"""How long reading takes and how much memory: large files, many files, and files made to break a reader.

Run ``python -m bench.reading``; each case is read in a process of its own, so that peaks do not add up.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from factcheck.documents import read_document
from factcheck.errors import ReadError
from factcheck.sentences import sentences_of
from tests.documents.files import pdf, pdf_bomb, zipped

_SENTENCE = "Die Wirtschaft in Österreich wuchs im Jahr 2023 um 1,3 Prozent, sagte Dr. Müller am 23. Oktober. "
_PAGE = "<html><body><article><h1>Seite</h1>{}</article></body></html>"


def _text(megabytes: float) -> bytes:
    paragraph = (_SENTENCE * 6 + "\n\n").encode()
    return paragraph * int(megabytes * 1_000_000 / len(paragraph))


def _pdf(pages: int) -> bytes:
    return pdf(
        [
            [(60.0, 780.0 - 14 * line, 10.0, f"{50 * page + line}: {_SENTENCE[:80]}") for line in range(50)]
            for page in range(pages)
        ]
    )


def _html(paragraphs: int) -> bytes:
    return _PAGE.format("".join(f"<p>Absatz {i}: {_SENTENCE * 3}</p>" for i in range(paragraphs))).encode()


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    content = f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><o:d xmlns:o="{office}"><o:text>&l9;</o:text></o:d>'
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


CASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "1 MB of text": ("a.txt", lambda: _text(1)),
    "1 MB of Markdown": ("a.md", lambda: _text(1)),
    "10 MB of text": ("a.txt", lambda: _text(10)),
    "100 MB of text": ("a.txt", lambda: _text(100)),
    "PDF of 300 pages": ("a.pdf", lambda: _pdf(300)),
    "1 MB of HTML": ("a.html", lambda: _html(3500)),
    "PDF bomb, 1 GiB stream": ("a.pdf", lambda: pdf_bomb(1 << 30)),
    "docx zip bomb, 300 MB": ("a.docx", lambda: zipped({"word/document.xml": " " * 300_000_000})),
    "odt of a billion laughs": ("a.odt", _laughs),
    "200,000 nested <div>": ("a.html", lambda: b"<div>" * 200_000 + b"words" + b"</div>" * 200_000),
}
_READER = "import sys; from bench.reading import measure; measure(sys.argv[1])"


def main() -> None:
    """Prints one line per case, then the rate for many small pages."""
    print(f"{'case':28}{'read s':>8}{'split s':>9}{'reader MB':>11}{'parser MB':>11}  result")
    with tempfile.TemporaryDirectory() as folder:
        for case, (name, made) in CASES.items():
            path = Path(folder, name)
            path.write_bytes(made())
            done = subprocess.run(
                [sys.executable, "-c", _READER, str(path)], capture_output=True, text=True, check=True
            )
            found = json.loads(done.stdout)
            numbers = f"{found['read']:8.2f}{found['split']:9.2f}{found['reader_mb']:11.0f}{found['parser_mb']:11.0f}"
            print(f"{case:28}{numbers}  {found['result']}")
        print(_many_pages(Path(folder), count=500))


def measure(source: str) -> None:
    """Reads one file and prints seconds, peak memory of this process and of its parser, and what came of it."""
    read_document(Path(__file__))  # imports and the language model are paid once per run, not per file
    peak = _Peak()
    start = time.perf_counter()
    split = 0.0
    try:
        document = read_document(source)
        read = time.perf_counter() - start
        result = f"{len(document.text):,} characters, {len(sentences_of(document)):,} sentences"
        split = time.perf_counter() - start - read
    except ReadError as error:
        read = time.perf_counter() - start
        result = f"{error.code}: {error.reason}"
    found = {"read": read, "split": split, "reader_mb": _own_peak(), "parser_mb": peak.stop(), "result": result}
    print(json.dumps(found))


def _own_peak() -> float:
    """VmHWM: unlike getrusage's figure it does not start from that of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000


class _Peak:
    """The largest resident size of any child, sampled: a parser outlives its file, so nobody waits for it."""

    def __init__(self) -> None:
        self._megabytes = 0.0
        self._stopped = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def _sample(self) -> None:
        while not self._stopped.wait(0.01):
            for children in Path("/proc/self/task").glob("*/children"):
                for child in children.read_text().split():
                    self._megabytes = max(self._megabytes, _resident(child))

    def stop(self) -> float:
        self._stopped.set()
        self._sampler.join()
        return self._megabytes


def _resident(process: str) -> float:
    try:
        pages = int(Path("/proc", process, "statm").read_text().split()[1])
    except (OSError, IndexError):  # gone already
        return 0.0
    return pages * 4096 / 1e6


def _many_pages(folder: Path, *, count: int) -> str:
    path = folder / "page.html"
    path.write_bytes(_html(20))
    read_document(path)
    start = time.perf_counter()
    for _ in range(count):
        read_document(path)
    each = (time.perf_counter() - start) / count
    return f"{count} HTML pages of 6 KB: {each * 1000:.1f} ms each"


if __name__ == "__main__":
    main()
