"""What a page shows of a report: the whole document once, each claim with all there is, and links to the place."""

from __future__ import annotations

import cProfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.models import Block, Claim, Exclusion, Failure, Outcome, Report, Sentence, Span, account
from factcheck.report.highlights import Piece, document_blocks
from factcheck.report.links import source_link
from factcheck.report.view import Viewer
from tests.report.samples import empty_report, long_report, reviewed, rich_report, sample_report


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
@settings(max_examples=200, deadline=None)
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


@cache
def _rich() -> Report:
    return rich_report()


def made(
    text: str, blocks: list[tuple[str, Span]], claims: list[Span], aside: list[Span], lost: list[Span], kind: str
) -> Report:
    """A report about ``text`` with spans as they come, cut to the text's length."""

    def cut(span: Span) -> Span:
        return Span(start=min(span.start, len(text)), end=min(span.end, len(text)))

    base = _rich()
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


def test_a_claim_tells_all_the_report_knows_of_it() -> None:
    report = rich_report()
    claim = Viewer(report, folder=Path.cwd()).claim("s3.2")
    assert (claim.number, claim.place, claim.ending, claim.engine, claim.symbol) == (
        2,
        "line 7",
        "contradicted",
        "contradicted",
        "✘",
    )
    assert claim.span.of(report.document.text) == "its first images came in August 2022"
    assert claim.written == "Webb left Kourou on 25 December 2021, and its first images came in August 2022."
    assert claim.restated
    assert [(one.stance, one.quote) for one in claim.citations] == [
        ("contradicts", "Die ersten Bilder kamen am 12. Juli 2022"),
        ("contradicts", "The launch was on 25 December 2021, at 12:20 UTC"),
    ]
    assert claim.rejected[0].why == "not in the passages retrieved for this claim"
    assert [(one.head, one.message) for one in claim.warnings] == [
        ("warning (date)", "claim: August 2022; quote: 12 July 2022")
    ]
    assert claim.confidence == 0.875
    assert claim.sources == ("https://example.org/news/2022?id=7#top", "references/atlas of flights.pdf")
    assert (claim.state, claim.review, claim.search) == ("", "", None)


def test_conflicting_sources_are_told_apart_by_the_side_they_take() -> None:
    claim = Viewer(rich_report()).claim("s10.1")
    assert claim.reason == "the references disagree with each other"
    assert [one.quote for one in claim.supporting] == ["The launch was on 25 December 2021, at 12:20 UTC"]
    assert [one.quote for one in claim.contradicting] == [
        "Die ersten Bilder kamen am 12. Juli 2022",
        "זה היה בשנת 2021.",
    ]


def test_a_quote_stands_in_a_stretch_of_its_passage_cut_at_sentences() -> None:
    report = rich_report()
    outcomes = {outcome.claim.id: outcome for outcome in report.outcomes}
    for claim in Viewer(report).claims({}):
        passages = {found.passage.id: found.passage.text for found in outcomes[claim.id].evidence}
        verdict = outcomes[claim.id].verdict
        for shown, citation in zip(claim.citations, verdict.citations if verdict else (), strict=True):
            passage = passages[citation.passage]
            assert shown.before + shown.quote + shown.after in passage
            assert passage.startswith(shown.before) is not shown.cut_before
            assert passage.endswith(shown.after) is not shown.cut_after
            assert len(shown.before) + len(shown.after) <= 800
    atlas = next(one for one in Viewer(report).claim("s3.1").citations if one.place.startswith("page 14"))
    assert atlas.cut_after
    assert atlas.after.endswith("It was the 256th Ariane of them all.")


def test_a_label_reviewers_agree_on_counts_and_the_engines_is_still_told() -> None:
    report = rich_report()
    viewer, standing = Viewer(report), reviewed(report)
    claims = {claim.id: claim for claim in viewer.claims(standing)}
    assert {name: (c.ending, c.engine, c.state) for name, c in claims.items() if c.state} == {
        "s3.1": ("supported", "supported", "accepted"),
        "s3.2": ("supported", "contradicted", "overruled"),
        "s3.3": ("unverifiable", "unverifiable", "disputed"),
        "s11.1": ("supported", "failed", "overruled"),
    }
    assert [review.comment for review in claims["s5.1"].comments] == ["Check the number of segments again."]
    head = viewer.head(standing)
    assert dict(head.counts) == {"contradicted": 1, "supported": 6, "unverifiable": 5, "failed": 0}
    assert dict(head.engine_counts) == {"contradicted": 2, "supported": 4, "unverifiable": 5, "failed": 1}
    assert head.counted_sum == "12 claims = 1 contradicted + 6 supported + 5 unverifiable + 0 failed"
    assert head.claims_sum == "12 claims = 2 contradicted + 4 supported + 5 unverifiable + 1 failed"
    assert head.reviewed == "4 of 12 claims reviewed, 1 of them disputed, 2 overruled"


def test_the_head_says_what_failed_and_how_it_ended() -> None:
    head = Viewer(rich_report()).head({})
    assert head.incomplete == "1 claim could not be checked, 1 sentence could not be split into claims"
    assert head.told == (
        "Of 12 claims, 2 are contradicted and 4 supported; the references do not settle 5, and 1 could not be checked."
    )
    assert (head.counted_sum, head.reviewed) == ("", "")
    assert dict(head.provenance)["Stage judge"] == "20 calls, 4 from the cache, 28,000 tokens in, 2,900 out"
    assert head.files == (("webb.md", "b" * 64),)
    assert Viewer(empty_report()).head({}).incomplete == ""


def test_sentences_left_out_are_all_there_by_reason() -> None:
    report = sample_report()
    viewer = Viewer(report)
    assert [sentence.id for group in viewer.aside() for sentence in group.sentences] == [
        exclusion.sentence for exclusion in report.exclusions
    ]
    assert [[sentence.text for sentence in failure.sentences] for failure in viewer.failures()] == [
        ["Nobody split this one.", "Nor this one."]
    ]


def test_an_unknown_claim_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Viewer(rich_report()).claim("s99.1")


@pytest.mark.parametrize(
    ("source", "words", "page", "link"),
    [
        ("refs/a.pdf", "some words", 3, "refs/a.pdf#page=3"),
        ("refs/a b.txt", "Orion, back - now", None, "refs/a%20b.txt#:~:text=Orion%2C%20back%20%2D%20now"),
        ("refs/a.docx", "some words", None, "refs/a.docx"),
        ("../a#1?.md", "x", None, "../a%231%3F.md#:~:text=x"),
        ("a.html", "a b c d e f g h i j k", None, "a.html#:~:text=a%20b%20c%20d%20e,g%20h%20i%20j%20k"),
        ("a.html", "first line\nlast line", None, "a.html#:~:text=first%20line,last%20line"),
        ("https://example.org/a?b=c", "die Würde", None, "https://example.org/a?b=c#:~:text=die%20W%C3%BCrde"),
        ("https://example.org/a#top", "word", None, "https://example.org/a#top:~:text=word"),
        ("https://example.org/a.pdf", "word", 7, "https://example.org/a.pdf#page=7"),
        ("HTTP://example.org/ü\"<x>'", "", None, "HTTP://example.org/%C3%BC%22%3Cx%3E'"),
        ("copied from https://x", "", None, "copied%20from%20https%3A/x"),
        ("-", "word", None, None),
        ("", "word", None, None),
        ("ftp://example.org/a", "word", None, None),
        ("javascript://example.org/%0aalert(1)", "word", None, None),
        ("https:///nowhere", "word", None, None),
        ("https://exa mple.org", "word", None, None),
        ("https://[broken", "word", None, None),
        ("javascript:alert(1)", "", None, "javascript%3Aalert%281%29"),
        ("data:text/html,<b>", "", None, "data%3Atext/html%2C%3Cb%3E"),
        ("C:\\refs\\a.md", "", None, "C%3A%5Crefs%5Ca.md"),
    ],
)
def test_a_link_leads_to_the_place_in_the_source(source: str, words: str, page: int | None, link: str | None) -> None:
    assert source_link(source, words=words, page=page) == link


def test_a_file_is_linked_from_the_folder_the_page_lies_in(tmp_path: Path) -> None:
    assert source_link(str(tmp_path / "refs/a.md"), folder=tmp_path / "out") == "../refs/a.md"
    assert source_link("//example.org/a.md", folder=Path("/home/anna")) == "../../example.org/a.md"


@given(source=st.text(max_size=30), words=st.text(max_size=30), page=st.none() | st.integers(1, 9))
def test_no_link_has_a_scheme_but_http_or_leaves_the_page_for_another_host_unasked(
    source: str, words: str, page: int | None
) -> None:
    link = source_link(source, words=words, page=page)
    if link is None:
        return
    parts = urlsplit(link)
    assert parts.scheme in ("", "http", "https")
    assert bool(parts.netloc) is bool(parts.scheme)
    assert not set(link) & set(' "<>\\^`{|}\n\r\t')
    assert not parts.netloc or source.lower().startswith(("http://", "https://"))


def test_the_view_of_a_long_report_is_linear_in_its_claims() -> None:
    def calls(claims: int) -> int:
        report = long_report(claims)
        profile = cProfile.Profile()
        profile.enable()
        viewer = Viewer(report)
        _ = viewer.blocks, viewer.claims({}), viewer.head({})
        profile.disable()
        return sum(entry.callcount for entry in profile.getstats())

    calls(10)  # imports and caches
    assert calls(200) < 2.1 * calls(100)
