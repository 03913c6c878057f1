"""Mails (eml): the message text, its subject as title and its date; headers, signature and attachments are not text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from factcheck.documents.encoding import Decoded, decode
from factcheck.documents.html import parsed_tree, plain_pieces
from factcheck.documents.parsed import Parsed, Refused, compose, covered, has_words, trimmed
from factcheck.documents.plain import text_of
from factcheck.models import Block

_SIGNATURE = re.compile(r"^-- ?\n", re.M)
_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted")


def parse_mail(data: bytes) -> Parsed:
    """The plain text part, else the HTML part. Raises Refused: ``encrypted``, ``no_text``, ``binary``."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(data)
    if message.get_content_type() in _ENCRYPTED and message.get_param("smime-type") != "signed-data":
        raise Refused("encrypted", "the mail is encrypted; save it decrypted")
    body = message.get_body(preferencelist=("plain", "html"))
    decoded = _decoded(body) if isinstance(body, EmailMessage) else None
    if decoded is None or not has_words(decoded.text):
        raise Refused("no_text", "the mail holds no text; save its attachment and read that")
    is_html = body is not None and body.get_content_subtype() == "html"
    text, blocks = _of_html(decoded.text) if is_html else _of_plain(decoded.text)
    if not has_words(text):
        raise Refused("no_text", "the mail holds no text")
    return Parsed(
        text=text,
        title=" ".join(str(message.get("subject", "")).split()),
        published=_sent(message),
        language=str(message.get("content-language", "")).strip() or None,
        encoding=decoded.encoding,
        blocks=covered(text, blocks),
        warnings=decoded.warnings,
    )


def _decoded(part: EmailMessage) -> Decoded:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return Decoded("", "utf-8")
    decoded = decode(payload, declared=part.get_content_charset())
    if part.get_param("format") == "flowed":
        return replace(decoded, text=_unflowed(decoded.text, join_words=part.get_param("delsp") == "yes"))
    return decoded


def _unflowed(text: str, *, join_words: bool) -> str:
    """RFC 3676: a line that ends in a space goes on in the next; ``-- `` opens the signature."""
    return re.sub(r"^(?!-- $)(.*) \n(?=[^\n>])", r"\1" if join_words else r"\1 ", text, flags=re.M)


def _of_html(text: str) -> tuple[str, tuple[Block, ...]]:
    tree = parsed_tree(text)
    return compose([] if tree is None else plain_pieces(tree))


def _of_plain(text: str) -> tuple[str, tuple[Block, ...]]:
    signatures = [match.start() for match in _SIGNATURE.finditer(text)]
    cut = signatures[-1] if signatures else len(text)
    letter = [Block(kind="text", span=b.span) if b.kind == "heading" else b for b in text_of(text[:cut]).blocks]
    signature = trimmed(text, cut, len(text))
    return text, (*letter, *([Block(kind="metadata", span=signature)] if signature.end > signature.start else []))


def _sent(message: EmailMessage) -> date | None:
    header = message.get("date")
    moment = getattr(header, "datetime", None)
    return moment.date() if moment is not None else None
