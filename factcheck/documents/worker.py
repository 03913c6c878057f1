"""The child process that runs the parsers: whatever a file does to one of them, the reader survives.

Frames on stdin and stdout are eight bytes of length and then that many bytes: a request is a JSON header and the
file's bytes, an answer is one JSON object. Ends when stdin does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import IO

from factcheck.documents.formats import DOCX, HTML, MAIL, MARKDOWN, ODT, PDF
from factcheck.documents.parsed import Parsed, Refused

_LENGTH = 8


def main() -> None:
    """Answers requests until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the reader, who then ends this process
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    while (header := read_frame(sys.stdin.buffer)) is not None:
        data = read_frame(sys.stdin.buffer)
        if data is None:
            return
        write_frame(answers, _answer(json.loads(header), data))


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame, or None where the stream ends or breaks off."""
    length = stream.read(_LENGTH)
    if len(length) < _LENGTH:
        return None
    expected = int.from_bytes(length, "big")
    body = stream.read(expected)
    return body if len(body) == expected else None


def write_frame(stream: IO[bytes], body: bytes) -> None:
    stream.write(len(body).to_bytes(_LENGTH, "big"))
    stream.write(body)
    stream.flush()


def _answer(header: dict[str, str | int], data: bytes) -> bytes:
    _limit(memory=int(header["memory_bytes"]), cpu=int(header["cpu_seconds"]))
    try:
        parsed = parser(str(header["media_type"]))(data)
        if len(parsed.text) > int(header["characters"]):
            raise Refused("too_large", too_many_characters(len(parsed.text)))
        return b'{"parsed":' + parsed.model_dump_json().encode() + b"}"
    except Refused as refusal:
        return json.dumps({"code": refusal.code, "message": refusal.message}).encode()
    except MemoryError:
        return json.dumps({"code": "too_large", "message": OUT_OF_MEMORY}).encode()
    except Exception as error:  # noqa: BLE001 - a parser may raise anything over a damaged file
        message = f"the file is damaged, or uses something its reader does not know ({type(error).__name__})"
        return json.dumps({"code": "broken", "message": message}).encode()


OUT_OF_MEMORY = "reading it takes more memory than allowed; it is too large, or made to be"


def too_many_characters(count: int) -> str:
    return f"its text has {count:,} characters, more than factcheck reads at once; split it"


def parser(media_type: str) -> Callable[[bytes], Parsed]:
    """The parser of a format, its libraries imported only now."""
    if media_type == PDF:
        from factcheck.documents.pdf import parse_pdf

        return parse_pdf
    if media_type == HTML:
        from factcheck.documents.html import parse_html

        return parse_html
    if media_type == DOCX:
        from factcheck.documents.office import parse_docx

        return parse_docx
    if media_type == ODT:
        from factcheck.documents.office import parse_odt

        return parse_odt
    if media_type == MAIL:
        from factcheck.documents.mail import parse_mail

        return parse_mail
    from factcheck.documents.plain import parse_markdown, parse_text

    return parse_markdown if media_type == MARKDOWN else parse_text


def _limit(*, memory: int, cpu: int) -> None:
    """Bounds this process's memory, and its CPU time for one more document, where the system can."""
    try:
        import resource
    except ImportError:
        return
    _lower(resource.RLIMIT_AS, memory)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime) + 1 + cpu)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(what: int, soft: int) -> None:
    import resource

    _, hard = resource.getrlimit(what)
    allowed = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    try:
        resource.setrlimit(what, (allowed, hard))
    except (ValueError, OSError):  # macOS refuses RLIMIT_AS; the time limit still holds
        return


if __name__ == "__main__":
    main()
