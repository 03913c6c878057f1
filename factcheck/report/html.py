"""A report as one self-contained HTML file: no request to anywhere, no script, every text escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factcheck.models import Report
from factcheck.report import words
from factcheck.report.highlights import DocumentBlock, Piece
from factcheck.report.view import ClaimView, Viewer, language_tag
from factcheck.report.words import Ending
from factcheck.reviews import Standing
from factcheck.text import printable

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_EMPTY_LINES = re.compile(r"\n\s*\n")
_NEXT_LINE = re.compile(r"(?<=\S)[ \t]*\n[ \t]*(\w)")
_GRAVEST_FIRST: tuple[Ending, ...] = ("contradicted", "failed", "unverifiable", "supported")


def to_html(report: Report, standing: Mapping[str, Standing] = {}, *, folder: Path | None = None) -> str:
    """The whole report for a reader: summary, the document with its claims marked, each claim with its quotes, what was
    not checked and why, and how it was made. A label that reviewers agree on wins over the engine's, and says so.

    Links to files lead there from ``folder``, where the page will lie; by default the working directory.
    """
    viewer = Viewer(report, folder=folder)
    claims = viewer.claims(standing)
    head = viewer.head(standing)
    style = stylesheet()
    return (
        environment(_HERE / "templates")
        .get_template("report.html")
        .render(
            policy=f"default-src 'none'; style-src '{digest_of(style)}'; base-uri 'none'; form-action 'none'",
            style=style,
            head=head,
            language=language_tag(head.language),
            bar=tuple(_bar(head.counts)),
            signs=words.SIGNS,
            decision_line=words.decision_line,
            claims=claims,
            contradicted=[claim for claim in claims if claim.ending == "contradicted"],
            blocks=tuple(_marked(viewer.blocks, {claim.id: claim for claim in claims})),
            failures=viewer.failures(),
            aside=viewer.aside(),
            places=_places(report),
            generator=f"factcheck {report.provenance.factcheck}",
        )
    )


def environment(*folders: Path) -> Environment:
    """Jinja for pages that show texts of strangers: every value is escaped, control and bidirectional characters are
    spelled out, and a name a template does not know is an error.
    """
    return _environment(folders)


def stylesheet() -> str:
    """The look that the report and the review page share."""
    return (_HERE / "style.css").read_text(encoding="utf-8")


def digest_of(element: str) -> str:
    """The content of an inline element as a content security policy names it: ``sha256-…``."""
    return "sha256-" + base64.b64encode(hashlib.sha256(element.encode()).digest()).decode()


@cache
def _environment(folders: tuple[Path, ...]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    jinja = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    jinja.filters["compact"] = compact
    return jinja


def _visible(value: Any) -> Any:
    """What a template puts out: text without characters that hide or reorder it; what is markup already stays."""
    return printable(value, newlines=True) if type(value) is str else value


def compact(text: str) -> str:
    """``text`` without empty lines, and without the breaks inside sentences that a page's width made: a passage is a
    few lines in its frame, whatever space its source had for it.
    """
    return _NEXT_LINE.sub(
        lambda found: f" {found[1]}" if found[1].islower() else found[0], _EMPTY_LINES.sub("\n", text)
    )


@dataclass(frozen=True)
class _Marked:
    """A piece, the claims that begin in it, and the one whose look it has: a contradicted one, else the narrowest."""

    piece: Piece
    lead: ClaimView | None
    opened: tuple[ClaimView, ...]


@dataclass(frozen=True)
class _Block:
    block: DocumentBlock
    pieces: tuple[_Marked, ...]


def _marked(blocks: tuple[DocumentBlock, ...], claims: Mapping[str, ClaimView]) -> Iterator[_Block]:
    for block in blocks:
        yield _Block(block, tuple(_piece(piece, claims) for piece in block.pieces))


def _piece(piece: Piece, claims: Mapping[str, ClaimView]) -> _Marked:
    covering = [claims[name] for name in piece.claims]
    lead = min(covering, key=_look, default=None)
    return _Marked(piece, lead, tuple(claims[name] for name in piece.opens))


def _look(claim: ClaimView) -> tuple[bool, int, int]:
    return claim.ending != "contradicted", claim.span.end - claim.span.start, _GRAVEST_FIRST.index(claim.ending)


def _bar(counts: Mapping[Ending, int]) -> Iterator[tuple[Ending, int, int]]:
    """Ending, where its part of the bar begins, and how long that is, in claims."""
    ends = accumulate(counts.values())
    return ((name, end - count, count) for (name, count), end in zip(counts.items(), ends, strict=True) if count)


def _places(report: Report) -> dict[str, int]:
    """Numbers for the anchors of sentences, whose ids may be anything."""
    return {sentence.id: number for number, sentence in enumerate(report.sentences, start=1)}
