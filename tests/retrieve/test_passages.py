from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.documents import read_document
from factcheck.models import Block, Document, Page, Passage, Span
from factcheck.retrieve.passages import (
    LIMIT,
    TARGET,
    WHOLE,
    indexed_text,
    pages_touched,
    passage_id,
    passages_of,
)
from factcheck.sentences import sentences_of

ARTICLE = Path(__file__).resolve().parents[3] / "shared" / "articles" / "trumps-plan-scheitert.de.txt"
LONG = "The committee met on Monday and heard the auditors, who had read all of the accounts. "  # 86 characters


def document(text: str, *blocks: tuple[str, str], title: str = "", source: str = "notes.txt") -> Document:
    """``blocks`` are (kind, words of the text), in order."""
    placed, at = [], 0
    for kind, words in blocks:
        start = text.index(words, at)
        at = start + len(words)
        placed.append(Block.model_validate({"kind": kind, "span": {"start": start, "end": at}}))
    return Document(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        source=source,
        title=title,
        language="en",
        published=None,
        media_type="text/plain",
        encoding="utf-8",
        text=text,
        blocks=tuple(placed),
    )


def texts(document: Document) -> list[str]:
    return [passage.text for passage in passages_of(document)]


def test_a_short_document_is_one_passage() -> None:
    assert texts(document("It rained. Then it stopped.\n\nThe sun came out.")) == [
        "It rained. Then it stopped.\n\nThe sun came out."
    ]


def test_a_document_without_words_has_no_passage() -> None:
    assert passages_of(document("")) == []
    assert passages_of(document(" \n\n* * *\n")) == []


def test_a_passage_ends_where_a_paragraph_does() -> None:
    first, second = (LONG * 5).strip(), (LONG * 4).strip()
    assert texts(document(f"{first}\n\n{second}")) == [first, second]


def test_a_long_paragraph_is_cut_between_sentences_and_repeats_one() -> None:
    paragraph = " ".join(f"Sentence {n} says that the number of the day is {n} and no other." for n in range(40))
    found = texts(document(paragraph))
    assert len(found) > 2
    for before, after in itertools.pairwise(found):
        repeated = after[: after.index("other.") + len("other.")]
        assert before.endswith(repeated)
        assert after != repeated
    assert all(TARGET / 2 < len(text) <= LIMIT for text in found)


def test_no_passage_of_text_is_longer_than_the_limit() -> None:
    """Whatever the lengths of its sentences, also where a long one follows a short one."""
    for lengths in ((150,), (195,), (310,), (440,), (590,), (140, 850), (120, 120, 850)):
        sentences = [f"The {'very ' * (length // 5)}long report came." for length in lengths]
        found = texts(document(" ".join(sentences * 6)))
        assert all(len(text) <= LIMIT for text in found), lengths


def test_a_heading_opens_a_passage_and_stays_with_its_text() -> None:
    text = f"Before\n\n{LONG}\n\nAfter\n\n{LONG}".strip()
    made = document(text, ("heading", "Before"), ("text", LONG.strip()), ("heading", "After"), ("text", LONG.strip()))
    assert texts(made) == [f"Before\n\n{LONG.strip()}", f"After\n\n{LONG.strip()}"]


def test_a_lone_heading_is_a_passage_only_if_it_can_state_a_fact() -> None:
    text = "Finland joined the alliance in April\n\nprint(1)\n\nResults"
    made = document(
        text, ("heading", "Finland joined the alliance in April"), ("code", "print(1)"), ("heading", "Results")
    )
    assert texts(made) == ["Finland joined the alliance in April"]


@pytest.mark.parametrize("kind", ["code", "metadata", "furniture"])
def test_what_is_no_prose_is_in_no_passage_and_no_passage_spans_it(kind: str) -> None:
    made = document("First part.\n\nSKIP me now.\n\nLast part.", ("text", "First part."), (kind, "SKIP me now."))
    assert texts(made) == ["First part.", "Last part."]


@pytest.mark.parametrize("kind", ["list", "table"])
def test_a_list_or_table_stays_whole_where_a_paragraph_would_be_cut(kind: str) -> None:
    rows = "\n".join(f"- row number {n} of the list, with a value of {n * n} tonnes." for n in range(19))
    assert LIMIT < len(rows) <= WHOLE
    (whole,) = texts(document(rows, (kind, rows)))
    assert whole.endswith(rows[2:])
    assert len(texts(document(rows, ("text", rows)))) > 1


def test_a_sentence_without_end_is_cut_between_words() -> None:
    words = "tick tock " * 1000
    found = texts(document(words))
    assert all(len(text) <= WHOLE and text.split()[0] in ("tick", "tock") for text in found)
    assert sum(text.count("tick") for text in found) >= 1000


def test_a_word_longer_than_a_passage_is_kept_in_pieces() -> None:
    word = "x" * 5000
    assert "".join(texts(document(word))) == word


def test_a_passage_knows_the_pages_it_touches() -> None:
    pages = tuple(Page(number=n, span=Span(start=10 * n - 10, end=10 * n)) for n in (1, 2, 3))
    assert pages_touched(pages, Span(start=0, end=10)) == pages[:1]
    assert pages_touched(pages, Span(start=9, end=11)) == pages[:2]
    assert pages_touched(pages, Span(start=10, end=30)) == pages[1:]
    assert pages_touched((), Span(start=0, end=9)) == ()


def test_the_same_text_has_the_same_ids_and_another_place_has_others() -> None:
    one, again = (passages_of(document(LONG * 20)) for _ in range(2))
    assert [p.id for p in one] == [p.id for p in again]
    assert len({p.id for p in one}) == len(one)
    elsewhere = passages_of(document(LONG * 20, source="copy.txt"))
    assert not {p.id for p in one} & {p.id for p in elsewhere}
    assert passage_id("a", "b", Span(start=1, end=23)) != passage_id("a", "b", Span(start=12, end=3 + 20))


def test_a_title_is_embedded_with_the_passage_unless_it_adds_nothing() -> None:
    def made(title: str, text: str, source: str = "/refs/scan-7.pdf") -> Passage:
        return passages_of(document(text, title=title, source=source))[0]

    assert indexed_text(made("Marie Curie", "She won two Nobel prizes.")) == "Marie Curie\nShe won two Nobel prizes."
    assert indexed_text(made("", "She won.")) == "She won."
    assert indexed_text(made("scan-7", "She won.")) == "She won."
    assert indexed_text(made("Marie Curie", "Marie Curie won.")) == "Marie Curie won."


KINDS = list(get_args(Block.model_fields["kind"].annotation))
PROSE = st.text(alphabet="ab .!?\n-#|é😀\u202e\u0000", max_size=400)


@given(st.lists(st.tuples(st.sampled_from(KINDS), PROSE, st.integers(1, 8)), max_size=6))
@settings(max_examples=150, deadline=None)
def test_every_sentence_of_prose_is_in_a_passage_and_every_passage_is_a_slice(
    parts: list[tuple[str, str, int]],
) -> None:
    text, blocks = "", []
    for kind, words, times in parts:
        body = words * times
        blocks.append({"kind": kind, "span": {"start": len(text), "end": len(text) + len(body)}})
        text += body + "\n\n"
    made = document(text).model_copy(update={"blocks": tuple(Block.model_validate(block) for block in blocks)})
    passages = passages_of(made)
    assert all(passage.text == text[passage.span.start : passage.span.end] for passage in passages)
    assert all(0 < len(passage.text) <= WHOLE for passage in passages)
    assert len({passage.id for passage in passages}) == len(passages)
    held = {at for passage in passages for at in range(passage.span.start, passage.span.end)}
    skipped = [b.span for b in made.blocks if b.kind in ("code", "metadata", "furniture")]
    headings = [b.span for b in made.blocks if b.kind == "heading"]
    for span in (sentence.span for sentence in sentences_of(made)):
        if any(skip.contains(span) for skip in skipped):
            assert not held & set(range(span.start, span.end))
        elif not any(heading.contains(span) for heading in headings):
            assert {at for at in range(span.start, span.end) if not text[at].isspace()} <= held


def test_the_german_article_is_cut_at_its_paragraphs() -> None:
    if not ARTICLE.exists():
        pytest.skip("the shared articles are not here")
    article = read_document(ARTICLE)
    passages = passages_of(article)
    assert all(article.text[p.span.start : p.span.end] == p.text for p in passages)
    assert all(before.span.end <= after.span.start for before, after in itertools.pairwise(passages))
    assert all(200 < len(passage.text) <= LIMIT for passage in passages)
