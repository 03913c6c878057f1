"""Cuts a document into the stretches one splitting call works on, each with the lines it takes to understand it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from factcheck.models import Sentence

BEFORE = 3  # preceding sentences shown with a window
BEFORE_CHARACTERS = 900  # and at most so many characters of them, in whole sentences
OPENING = 2  # sentences of the document's beginning shown with every later window
OPENING_CHARACTERS = 400


@dataclass(frozen=True)
class Window:
    """``asked`` are to be split; the rest of ``lines`` and ``opening`` only help to understand them.

    ``lines`` is a run of the document's sentences that ends with the last one asked.
    """

    opening: tuple[Sentence, ...]
    lines: tuple[Sentence, ...]
    asked: tuple[Sentence, ...]

    @property
    def names(self) -> list[str]:
        return [sentence.id for sentence in self.asked]

    def narrowed(self, ids: Collection[str]) -> Window:
        """The same stretch, asking only for the sentences named: from a few lines before the first to the last."""
        asked = tuple(sentence for sentence in self.asked if sentence.id in ids)
        first, last = self.lines.index(asked[0]), self.lines.index(asked[-1])
        kept = self.lines[first - len(_before(self.lines, first)) : last + 1]
        return Window(self.opening, kept, asked)

    def halves(self) -> tuple[Window, Window]:
        """Two windows that together ask for the same sentences; needs at least two of them."""
        middle = len(self.asked) // 2
        return self.narrowed(self.names[:middle]), self.narrowed(self.names[middle:])


def windows_of(sentences: Sequence[Sentence], *, size: int, characters: int) -> Iterator[Window]:
    """Windows of at most ``size`` sentences and ``characters`` (but at least one sentence), made when asked for.

    They are about equally long: 25 sentences at size 24 make 13 and 12, not 24 and a straggler.
    """
    opening = _fitting(sentences[:OPENING], OPENING_CHARACTERS)
    parts = -(-len(sentences) // size)
    size = -(-len(sentences) // parts) if parts else size
    start = 0
    while start < len(sentences):
        asked = _fitting(sentences[start : start + size], characters) or (sentences[start],)
        before = _before(sentences, start)
        shown = start - len(before)
        yield Window(opening[:shown], (*before, *asked), asked)
        start += len(asked)


def _before(sentences: Sequence[Sentence], index: int) -> tuple[Sentence, ...]:
    nearest_first = sentences[max(0, index - BEFORE) : index][::-1]
    return _fitting(nearest_first, BEFORE_CHARACTERS)[::-1]


def _fitting(sentences: Sequence[Sentence], characters: int) -> tuple[Sentence, ...]:
    """As many of the first sentences as fit, whole."""
    count, used = 0, 0
    for sentence in sentences:
        used += sentence.span.end - sentence.span.start
        if used > characters:
            break
        count += 1
    return tuple(sentences[:count])
