"""Sentences: the units that splitting accounts for, cut inside blocks and never across them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from factcheck.documents.parsed import covered, has_words, trimmed
from factcheck.models import WITHOUT_PROSE, Block, Document, Passage, Sentence, Span

LONGEST = 2000  # characters; text without full stops is cut at white space, so that a model can read it

_PARAGRAPH_BREAK = re.compile(r"\n[ \t>]*\n")
_MARKER = re.compile(r"\s*(?:(?:>|#{1,6}|[-*+•◦▪‣●○■–—·])(?:[ \t]+|$)|>|\[[ xX]\][ \t]+)+", re.M)
_QUOTE_MARKER = re.compile(r"\n[ \t]*(?:>[ \t]*)+")
_QUOTE_MARKER_AT_END = re.compile(r"\n[ \t]*>[ \t>]*$")
_CLOSING_MARKS = re.compile(r"(?<![ \t])[ \t]+#+$")

_CLOSE = 60  # characters that decide whether two pieces belong together
_NUMBER_AT_END = re.compile(r"(?:^|(?P<lead>\w+)\s+|\W)(?P<number>\(?\d{1,3})\.$")
_BEFORE_ORDINAL = frozenset(
    [
        "der",
        "die",
        "das",
        "dem",
        "den",
        "des",
        "am",
        "im",
        "vom",
        "zum",
        "beim",
        "dieser",
        "diesem",
        "seit",
        "ab",
        "bis",
        "und",
    ]
)
_MONTHS = frozenset(
    [
        "januar",
        "jänner",
        "februar",
        "feber",
        "märz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
        "jan",
        "feb",
        "mär",
        "mrz",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "okt",
        "nov",
        "dez",
        "jahrhundert",
        "jh",
        "jahrtausend",
    ]
)
_ABBREVIATED = re.compile(r"(?:^|[\s(„“\"'])(?:Tsd|inkl|zzgl|exkl|Nr|No|Abs|vgl|sog|approx|vs)\.$")
_FRENCH_TITLE = re.compile(r"(?:^|[\s(«])(?:M|MM|Mme|Mmes|Mlle|Me|Mgr)\.$")
_WORD = re.compile(r"\w+")


def sentences_of(document: Document) -> tuple[Sentence, ...]:
    """The document's sentences in order, ``s1``, ``s2``, …; every letter and digit of the text is in exactly one.

    A heading, a table row and each block of code or page furniture is one sentence, a list item at least one. Spans
    leave out white space and the marks of Markdown before a heading, item or quote.
    """
    spans = (
        span
        for block in covered(document.text, document.blocks)
        for span in _spans(document.text, block, document.language)
    )
    return tuple(Sentence(id=f"s{number}", span=span) for number, span in enumerate(spans, 1))


def sentences_in(passage: Passage) -> tuple[Sentence, ...]:
    """The sentences of a passage; their spans count into its own text."""
    return sentences_of(
        Document(
            id=passage.id,
            source=passage.source,
            title=passage.title,
            language=passage.language,
            published=passage.published,
            media_type="text/plain",
            encoding=None,
            text=passage.text,
        )
    )


def furniture_of(document: Document, sentences: Iterable[Sentence]) -> frozenset[str]:
    """The ids of the sentences that code can exclude as furniture: in code, metadata and page furniture."""
    apart = [b.span for b in document.blocks if b.kind in WITHOUT_PROSE]
    return frozenset(_ids_within(apart, sorted(sentences, key=lambda sentence: sentence.span.start)))


def _ids_within(spans: Sequence[Span], sentences: Sequence[Sentence]) -> Iterator[str]:
    position = 0
    for sentence in sentences:
        while position < len(spans) and spans[position].end <= sentence.span.start:
            position += 1
        if position < len(spans) and spans[position].start <= sentence.span.start:
            yield sentence.id


def _spans(text: str, block: Block, language: str) -> Iterator[Span]:
    for start, end in _cuts(text, block, language):
        span = _bared(text, trimmed(text, start, end), block)
        if has_words(span.of(text)):
            yield from _bounded(text, span)


def _cuts(text: str, block: Block, language: str) -> Iterator[tuple[int, int]]:
    words = block.span.of(text)
    offset = block.span.start
    if block.kind == "heading" or block.kind in WITHOUT_PROSE:
        yield block.span.start, block.span.end
    elif block.kind == "table":
        for line in words.split("\n"):
            yield offset, offset + len(line)
            offset += len(line) + 1
    else:
        for paragraph in _paragraphs(words):
            for start, end in _sentences(paragraph.of(words), language):
                yield offset + paragraph.start + start, offset + paragraph.start + end


def _paragraphs(words: str) -> Iterator[Span]:
    start = 0
    for match in _PARAGRAPH_BREAK.finditer(words):
        yield Span(start=start, end=match.start())
        start = match.end()
    yield Span(start=start, end=len(words))


def _sentences(paragraph: str, language: str) -> list[tuple[int, int]]:
    import sentencex

    marker = _MARKER.match(paragraph)
    skipped = marker.end() if marker else 0
    flat = _QUOTE_MARKER.sub(lambda match: " " * len(match[0]), paragraph[skipped:])
    found: list[tuple[int, int]] = []
    for boundary in sentencex.get_sentence_boundaries("en" if language == "und" else language, flat):
        start, end = skipped + boundary["start_index"], skipped + boundary["end_index"]
        if found and _belongs_together(paragraph, found[-1], (start, end), language):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _belongs_together(paragraph: str, first: tuple[int, int], second: tuple[int, int], language: str) -> bool:
    """Whether sentencex cut a sentence in two: at an ordinal number, an abbreviation, or around mere punctuation."""
    before = paragraph[max(first[0], first[1] - _CLOSE) : first[1]].rstrip()
    after = paragraph[second[0] : min(second[1], second[0] + _CLOSE)].lstrip()
    if not has_words(before) or not has_words(after):
        return True
    if _ABBREVIATED.search(before) or (language == "fr" and _FRENCH_TITLE.search(before)):
        return True
    number = _NUMBER_AT_END.search(before)
    if number is None:
        return False
    if first[1] - first[0] <= _CLOSE and number.start() == 0 and number["lead"] is None:
        return True
    following = _WORD.search(after)
    is_month = following is not None and following[0].lower() in _MONTHS
    return is_month or (language == "de" and (number["lead"] or "").lower() in _BEFORE_ORDINAL)


def _bared(text: str, span: Span, block: Block) -> Span:
    """The span without the marks that make it a heading, item, quote or table row."""
    words = span.of(text)
    if block.kind == "table":
        left = span.start + len(words) - len(words.lstrip("| \t"))
        return Span(start=left, end=max(left, span.start + len(words.rstrip("| \t"))))
    if block.kind in ("code", "metadata"):
        return span
    marker = _MARKER.match(words)
    start = span.start + (marker.end() if marker and span.start == block.span.start else 0)
    closing = (_CLOSING_MARKS if block.kind == "heading" else _QUOTE_MARKER_AT_END).search(words)
    return trimmed(text, start, span.start + closing.start() if closing else span.end)


def _bounded(text: str, span: Span) -> Iterator[Span]:
    start = span.start
    while span.end - start > LONGEST:
        cut = max(text.rfind(" ", start, start + LONGEST), text.rfind("\n", start, start + LONGEST))
        cut = cut if cut > start else start + LONGEST
        piece = trimmed(text, start, cut)
        if has_words(piece.of(text)):
            yield piece
        start = cut
    rest = trimmed(text, start, span.end)
    if has_words(rest.of(text)):
        yield rest
