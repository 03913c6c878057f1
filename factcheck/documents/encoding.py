"""From bytes to text: a byte order mark, else UTF-8, else what the document declares, else the likeliest codec."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from factcheck.documents.parsed import Refused, clean
from factcheck.models import Notice

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WEB_NAMES = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}
_CONTROL = re.compile("[\x00-\x06\x0e-\x1a\x7f]")
_SHORT = 64  # bytes; below, only the encodings of today's web are plausible
_SAMPLE = 65_536


@dataclass(frozen=True)
class Decoded:
    text: str
    encoding: str
    warnings: tuple[Notice, ...] = ()


def decode(data: bytes, *, declared: str | None = None) -> Decoded:
    """The text of ``data``, its newlines and unspeakable characters already replaced.

    Raises Refused: ``binary`` when the bytes are no text in any encoding.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _checked(Decoded(data.decode(name, errors="replace"), name))
    if (utf8 := _as_utf8(data)) is not None:
        return _checked(_with_escapes(data, utf8, declared))
    if declared is not None and (text := _as_declared(data, declared)) is not None:
        return _checked(Decoded(text, web_codec(declared) or declared))
    return _checked(_damaged_utf8(data) or _guessed(data))


def web_codec(name: str) -> str | None:
    """Python's codec for a declared charset as browsers read it, or None for a name nobody knows."""
    try:
        known = codecs.lookup(name.strip()).name
        "".encode(known)
    except (LookupError, ValueError, UnicodeError):
        return None
    return _WEB_NAMES.get(known, known)


def _as_utf8(data: bytes) -> str | None:
    if data.count(0) * 5 > len(data):  # UTF-16 of Latin letters is valid UTF-8, full of NULs
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _with_escapes(data: bytes, utf8: str, declared: str | None) -> Decoded:
    """ISO-2022 and its like are pure ASCII bytes: only the declaration tells."""
    if declared is not None and b"\x1b" in data and (text := _as_declared(data, declared)) is not None:
        return Decoded(text, web_codec(declared) or declared)
    return Decoded(utf8, "utf-8")


def _as_declared(data: bytes, declared: str) -> str | None:
    codec = web_codec(declared)
    if codec is None or codec.startswith("utf-8"):
        return None
    try:
        return data.decode(codec)
    except UnicodeError:  # some codecs, such as punycode, raise no UnicodeDecodeError
        return data.decode(codec, errors="replace") if codec == "cp1252" else None


def _damaged_utf8(data: bytes) -> Decoded | None:
    """UTF-8 with a few bad bytes (a cut, a stray paste) stays UTF-8; anything else is another encoding."""
    text = data.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = len(re.findall("[^\x00-\x7f\ufffd]", text))
    if bad == 0 or good <= 4 * bad:
        return None
    notice = f"the text is UTF-8 but for {bad} bytes, which became U+FFFD"
    return Decoded(text, "utf-8", (Notice(code="encoding_guessed", message=notice),))


def _guessed(data: bytes) -> Decoded:
    import chardet

    sample = _telling(data)
    era = chardet.EncodingEra.ALL if len(sample) >= _SHORT else chardet.EncodingEra.MODERN_WEB
    name = chardet.detect(sample, encoding_era=era)["encoding"]
    if name is None:
        raise Refused("binary", "this is not text, nor any format factcheck reads")
    codec = web_codec(name) or name
    text = data.decode(codec, errors="replace")
    notice = f"the text does not say how it is encoded; it was read as {codec}"
    return Decoded(text, codec, (Notice(code="encoding_guessed", message=notice),))


def _telling(data: bytes) -> bytes:
    """A sample that holds the non-ASCII bytes, wherever they stand; text with NULs is taken from its start."""
    if len(data) <= _SAMPLE or b"\0" in data[:_SAMPLE]:
        return data[:_SAMPLE]
    found = bytearray()
    for match in re.finditer(rb"[^\n]{0,80}[\x80-\xff][^\n]{0,80}", data):
        found += match[0] + b"\n"
        if len(found) > _SAMPLE:
            break
    return bytes(found)


def _checked(decoded: Decoded) -> Decoded:
    head = decoded.text[:100_000]
    if len(_CONTROL.findall(head)) * 10 > len(head) and len(head) > 20:
        raise Refused("binary", "this is not text, nor any format factcheck reads")
    return Decoded(clean(decoded.text).removeprefix("\ufeff"), decoded.encoding, decoded.warnings)
