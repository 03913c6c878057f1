"""What a page shows of a report: the whole document once, each claim with all there is, and links to the place."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.models import Block, Claim, Exclusion, Failure, Outcome, Report, Sentence, Span, account
from factcheck.report.highlights import Piece, document_blocks
from tests.report.samples import empty_report, long_report, rich_report, sample_report


def joined(report: Report) -> list[str]:
    return ["".join(piece.text for piece in block.pieces) for block in document_blocks(report)]


def pieces(report: Report) -> list[Piece]:
    return [piece for block in document_blocks(report) for piece in block.pieces]


def without_spaces(texts: Iterable[str]) -> str:
    return "".join("".join(text.split()) for text in texts)


def test_overlapping_nested_and_touching_claims_are_cut_into_flat_pieces() -> None:
    report = rich_report()
    paragraph = document_blocks(report)[2]
    assert [(piece.text, piece.claims, piece.opens) for piece in paragraph.pieces if piece.claims] == [
        ("Webb left Kourou on 25 December 2021", ("s3.1", "s3.3"), ("s3.1", "s3.3")),
        (", and ", ("s3.3",), ()),
        ("its first images came in August 2022", ("s3.2", "s3.3"), ("s3.2",)),
        (".", ("s3.3",), ()),
        ("Its mirror has 18 segments.", ("s5.1",), ("s5.1",)),
    ]


def test_excluded_and_failed_sentences_say_why_in_their_place() -> None:
    found = {piece.text: (piece.aside, piece.failed, piece.sentence) for piece in pieces(rich_report())}
    assert found["It was the best present of the decade."] == ("opinion", "", "s4")
    assert found["Niemand teilte diesen Satz."] == (
        "",
        "could not be split into claims: the splitter left it out, twice (the reply named it twice)",
        "s12",
    )


def test_blocks_keep_their_kind_and_markdown_marks_are_pieces_of_their_own() -> None:
    blocks = document_blocks(rich_report())
    assert [block.kind for block in blocks] == [
        *("metadata", "heading", "text", "text", "heading", "text", "text", "quote"),
        *("list", "list", "table", "code", "furniture"),
    ]
    assert [(block.level, block.pieces[0]) for block in blocks if block.kind == "heading"] == [
        (1, Piece("# ", mark=True)),
        (2, Piece("## ", mark=True)),
    ]
    assert [block.pieces[0].text for block in blocks if block.kind in ("quote", "list")] == ["> ", "- ", "- "]


def test_a_page_is_told_where_its_first_block_begins() -> None:
    told = [block.page for block in document_blocks(long_report(30, pages=10))]
    assert [number for number in told if number is not None] == list(range(1, 11))


def test_a_document_without_blocks_is_shown_by_its_paragraphs() -> None:
    report = sample_report()
    assert joined(report) == [report.document.text.strip()]


def test_an_empty_document_has_one_empty_block() -> None:
    assert joined(empty_report()) == [""]


spans = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda two: Span(start=min(two), end=max(two)))


@given(
    text=st.text(st.sampled_from("ab \n\t.#>-é😀א\u202e"), max_size=60),
    blocks=st.lists(st.tuples(st.sampled_from(["text", "heading", "quote", "list", "code"]), spans), max_size=6),
    claims=st.lists(spans, max_size=8),
    aside=st.lists(spans, max_size=4),
    lost=st.lists(spans, max_size=2),
    kind=st.sampled_from(["text/markdown", "text/plain"]),
)
@settings(max_examples=300, deadline=None)
def test_every_character_is_shown_once_and_every_claim_begins_once(
    text: str,
    blocks: list[tuple[str, Span]],
    claims: list[Span],
    aside: list[Span],
    lost: list[Span],
    kind: str,
) -> None:
    report = made(text, blocks, claims, aside, lost, kind)
    shown = pieces(report)
    assert without_spaces(piece.text for piece in shown) == without_spaces([text])
    at = 0
    for block in document_blocks(report):
        told = "".join(piece.text for piece in block.pieces)
        assert text[block.start : block.start + len(told)] == told
        assert not text[at : block.start].strip()
        at = block.start + len(told)
    opened = [name for piece in shown for name in piece.opens]
    assert sorted(opened) == sorted(o.claim.id for o in report.outcomes)
    begun = [piece.sentence for piece in shown if piece.sentence]
    assert set(begun) <= {e.sentence for e in report.exclusions} | {n for f in report.failures for n in f.sentences}
    for outcome in report.outcomes:
        highlighted = "".join(piece.text for piece in shown if outcome.claim.id in piece.claims)
        assert without_spaces([highlighted]) == without_spaces([outcome.claim.span.of(text)])


def made(
    text: str, blocks: list[tuple[str, Span]], claims: list[Span], aside: list[Span], lost: list[Span], kind: str
) -> Report:
    """A report about ``text`` with spans as they come, cut to the text's length."""

    def cut(span: Span) -> Span:
        return Span(start=min(span.start, len(text)), end=min(span.end, len(text)))

    base = rich_report()
    outcome = next(o for o in base.outcomes if o.failure is not None)
    sentences = tuple(Sentence(id=f"s{n}", span=cut(span)) for n, span in enumerate([*claims, *aside, *lost]))
    outcomes = tuple(
        Outcome(
            claim=Claim(id=f"s{n}.1", text="x", span=cut(span), sentences=(f"s{n}",), checkworthiness="low"),
            failure=outcome.failure,
        )
        for n, span in enumerate(claims)
    )
    exclusions = tuple(
        Exclusion(sentence=sentence.id, reason="opinion") for sentence in sentences[len(claims) :][: len(aside)]
    )
    failures = tuple(
        Failure(stage="split", code="timeout", message="", sentences=(sentence.id,))
        for sentence in sentences[len(claims) + len(aside) :]
    )
    document = base.document.model_copy(
        update={
            "text": text,
            "media_type": kind,
            "blocks": tuple(Block.model_validate({"kind": name, "span": cut(span)}) for name, span in blocks),
        }
    )
    return base.model_copy(
        update={
            "document": document,
            "sentences": sentences,
            "outcomes": outcomes,
            "exclusions": exclusions,
            "failures": failures,
            "totals": account(sentences, outcomes, exclusions, failures),
        }
    )
