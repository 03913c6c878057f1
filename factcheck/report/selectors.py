"""Where words stand, as the W3C Web Annotation model says it: by the words themselves, and by their position.

A ``TextQuoteSelector`` survives changes elsewhere in a text, a ``TextPositionSelector`` finds the place at once.
Positions count code points from 0 into the text as factcheck reads it, as the model asks; tools that count UTF-16
units, as JavaScript does, have to convert them.
"""

from __future__ import annotations

from dataclasses import dataclass

from factcheck.models import Citation, Claim, Document, Outcome, Span

AROUND = 32  # code points of context on each side


@dataclass(frozen=True)
class Selectors:
    """``prefix + exact + suffix`` stands in the text; ``exact`` is its stretch from ``start`` to ``end``."""

    exact: str
    prefix: str
    suffix: str
    start: int
    end: int

    def as_annotation(self) -> list[dict[str, str | int]]:
        """The two selectors as JSON-LD of the Web Annotation context."""
        return [
            {"type": "TextQuoteSelector", "exact": self.exact, "prefix": self.prefix, "suffix": self.suffix},
            {"type": "TextPositionSelector", "start": self.start, "end": self.end},
        ]


def claim_selectors(document: Document, claim: Claim) -> Selectors:
    """The stretch of the document that a claim comes from."""
    return _selectors(document.text, claim.span, offset=0)


def citation_selectors(outcome: Outcome, citation: Citation) -> Selectors:
    """A quote in the source it is cited from; the context ends where the passage retrieved for the claim does."""
    passage = next(found.passage for found in outcome.evidence if found.passage.id == citation.passage)
    return _selectors(passage.text, citation.span, offset=passage.span.start)


def _selectors(text: str, span: Span, *, offset: int) -> Selectors:
    """``text`` begins at ``offset`` of the source that ``span`` counts in."""
    start, end = span.start - offset, span.end - offset
    return Selectors(
        exact=text[start:end],
        prefix=text[max(0, start - AROUND) : start],
        suffix=text[end : end + AROUND],
        start=span.start,
        end=span.end,
    )
