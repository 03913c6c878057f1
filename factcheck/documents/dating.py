"""The day a document was written: what "yesterday" and "this year" in it are counted from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from factcheck.documents.dates import Mention, dates_in
from factcheck.models import Document, Notice

_NEAR = 2  # years; further back, a text speaks of history rather than misprints its own date
_REACH = 200_000  # characters: what a text says of its own day, it says by then
_PRESENT = re.compile(
    r"\b(?:wir|uns|heute|jetzt|nun|derzeit|aktuell|gegenwärtig|momentan|inzwischen|"
    r"we|now|today|currently|presently|as of|"
    r"nous|maintenant|aujourd['’]hui|actuellement|nosotros|estamos|ahora|hoy|actualmente|"
    r"siamo|adesso|oggi|attualmente|wij|vandaag|thans|momenteel)\b",
    re.I,
)
_RELATIVE = re.compile(
    r"\b(?:gestern|gestrig\w*|vorgestern|heute|heutig\w*|morgen|"
    r"(?:diese|letzte|vergangene|nächste|kommende)[rsnm]? (?:Woche|Monats?|Jahr(?:es|en?)?)|"
    r"yesterday|today|tomorrow|(?:this|last|next) (?:week|month|year)|"
    r"hier|aujourd['’]hui|demain|cette (?:semaine|année)|ce mois|(?:la semaine|l['’]année) dernière|"
    r"ayer|hoy|mañana|est[ea] (?:semana|mes|año)|ieri|oggi|domani|quest(?:a settimana|o mese|['’]anno)|"
    r"gisteren|vandaag|deze (?:week|maand)|dit jaar)\b",
    re.I,
)
_LOOKS_BACK = re.compile(  # an anniversary piece speaks of its own month in another year
    r"\b(?:vor (?:einem|zwei) Jahr(?:en)?|(?:ein|zwei) Jahre? (?:danach|später|nach)|Jahrestag\w*|"
    r"(?:a|one|two) years? (?:ago|after|later|on)|anniversary|il y a (?:un|deux) ans?|hace (?:un|dos) años?|"
    r"(?:un|due) ann[oi] fa|(?:een|twee) jaar geleden)\b",
    re.I,
)
_AROUND = re.compile(r"[.!?\n]")


@dataclass(frozen=True)
class WrittenOn:
    """The day, where it comes from, and what a reader should know about it."""

    day: date | None
    source: Literal["given", "document", "text", "unknown"]
    warnings: tuple[Notice, ...] = ()


def written_on(document: Document, given: date | None = None) -> WrittenOn:
    """``given`` if there is one, else the document's own date, checked against its text; never a file's date.

    Where the text calls another year the present (title "21.10.2026", text "wir befinden uns im Oktober 2025") and
    never names the stated one, the text's year counts and a ``date_conflict`` says so.
    """
    if given is not None:
        return WrittenOn(given, "given")
    if document.published is None:
        return WrittenOn(None, "unknown", _unresolved(document))
    return _against_text(document, document.published)


def _unresolved(document: Document) -> tuple[Notice, ...]:
    word = _RELATIVE.search(document.text[:_REACH])
    if word is None:
        return ()
    message = f'the day the text was written is not known, so "{word[0]}" cannot be resolved; --as-of gives it'
    return (Notice(code="date_unknown", message=message),)


def _against_text(document: Document, stated: date) -> WrittenOn:
    mentions = dates_in(document.text[:_REACH], language=document.language)
    body = [mention for mention in mentions if mention.exact != stated]
    rivals = [m for m in body if m.month == stated.month and 0 < abs(m.year - stated.year) <= _NEAR]
    if not rivals or any(mention.year == stated.year for mention in body):
        return WrittenOn(stated, "document")
    present = [mention for mention in rivals if _is_present(document.text, mention)]
    if present and (day := _in_year(stated, present[-1].year)) is not None:
        return WrittenOn(day, "text", (_conflict(document, stated, present[-1:], taken=day),))
    if _LOOKS_BACK.search(document.text):
        return WrittenOn(stated, "document")
    return WrittenOn(stated, "document", (_conflict(document, stated, rivals[:1], taken=stated),))


def _is_present(text: str, mention: Mention) -> bool:
    """Whether the sentence around the date says that it is now."""
    before = text[max(0, mention.span.start - 120) : mention.span.start]
    after = text[mention.span.end : mention.span.end + 80]
    return _PRESENT.search(_AROUND.split(before)[-1] + " … " + _AROUND.split(after)[0]) is not None


def _in_year(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return None


def _conflict(document: Document, stated: date, rivals: Sequence[Mention], *, taken: date) -> Notice:
    said = " ".join(rivals[0].span.of(document.text).split())
    message = (
        f'the document is dated {stated.isoformat()}, but its text speaks of "{said}" and never of {stated.year}; '
        f"taken as written on {taken.isoformat()}; --as-of settles it"
    )
    return Notice(code="date_conflict", message=message)
