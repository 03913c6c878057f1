"""A report as Markdown says everything, and nothing in it but our own words is Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from factcheck.report.markdown import code, escaped, to_markdown
from factcheck.report.words import flat
from factcheck.text import printable
from tests.report.samples import empty_report, sample_report, small_report

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

ATTACKS = [
    "# heading",
    "Setext\n======",
    "1. list",
    "2) list",
    "- item",
    "+ item",
    "> quote",
    "---",
    "***",
    "```\nfence",
    "~~~\nfence",
    "    indented",
    "[text](http://example.org)",
    "![image](http://example.org/x.png)",
    "[ref]: http://example.org",
    "[ref]",
    "[^1]: note",
    "- [ ] task",
    "<script>alert(1)</script>",
    "<!-- comment -->",
    "<http://example.org>",
    "&lt;b&gt; &copy; &#64;",
    "| a | b |\n| - | - |",
    "*em* __strong__ ~~struck~~ `code` ``more``",
    "ends in a backslash\\",
    "\\*not escaped\\*",
    "$x^2$",
    ": definition",
    "two  \nlines",
    "\x1b[31mred\x1b[0m \u202eevil",
]

PIECES = [*"\\`*_[]()<>#+-=.!|~&@:/^$\"'{}1 \n\tab\x1bé", "http://", "www.", "&amp;", "**", "<b>", "](", "![", "1. "]
ODD = st.lists(st.sampled_from(PIECES), max_size=15).map("".join)


def inline_of(markdown: str) -> tuple[list[str], list[Token]]:
    """The types of the blocks, and what is in the first inline one."""
    tokens = PARSER.parse(markdown, {"ref": {"href": "x", "title": ""}})
    inline = next(token for token in tokens if token.type == "inline")
    return [token.type for token in tokens], inline.children or []


def shape(markdown: str) -> list[str]:
    """The structure alone: every token's type, those inside paragraphs too."""
    return [
        kind
        for token in PARSER.parse(markdown)
        for kind in (token.type, *(child.type for child in token.children or []))
    ]


def rendered(markdown: str) -> str:
    inlines = [token.children or [] for token in PARSER.parse(markdown) if token.type == "inline"]
    return "\n".join("".join(child.content for child in children) for children in inlines).replace("\u2060", "")


@given(st.sampled_from(ATTACKS) | ODD | st.text(), st.sampled_from(["", "> ", "- ", "# ", "said: ", "> “"]))
def test_escaped_text_renders_as_itself_and_as_nothing_else(text: str, before: str) -> None:
    words = printable(flat(text))
    if not words:
        return
    kinds, children = inline_of(f"{before}{escaped(text)}")
    assert {child.type for child in children} == {"text"}
    shown = "".join(child.content for child in children).replace("\u2060", "")
    assert shown == f"{before.lstrip('>-# ') if before != 'said: ' else before}{words}".strip()
    assert kinds == inline_of(f"{before}harmless")[0]


@given(st.sampled_from(ATTACKS) | ODD | st.text())
def test_code_holds_any_text(text: str) -> None:
    _, children = inline_of(f"in {code(text)} there")
    assert [child.type for child in children] == ["text", "code_inline", "text"]
    assert children[1].content.strip() == printable(flat(text)).strip()


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_document_changes_the_shape_of_a_report(attack: str) -> None:
    hostile = to_markdown(sample_report(lambda text: f"{attack} {text} {attack}"))
    assert shape(hostile) == shape(to_markdown(sample_report()))


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "https://example.org/a",
        "www.example.org",
        "WWW.example.org",
        "a@example.org",
        "@someone",
        "owner/repo#12",
        "#12",
        "GH-12",
        "mailto:a@example.org",
        "ftp://example.org",
        "xmpp:a@example.org/b",
    ],
)
def test_addresses_and_mentions_are_kept_from_becoming_links(address: str) -> None:
    shown = escaped(f"see {address} there")
    assert not re.search(r"://|www\.|@[\w-]|\\?#\d|GH-\d|(mailto|xmpp):\w", shown, re.IGNORECASE)
    assert rendered(shown) == f"see {address} there"


def test_a_claim_is_told_with_everything_known_about_it() -> None:
    claims = to_markdown(small_report()).split("## Claims\n\n")[1].split("\n\n## ")[0]
    assert (
        claims
        == """\
### ✘ contradicted · s1.1, line 1

**Webb's first images came in August 2022.**

In the document: “Its first images came in August 2022, at last.”

The reference gives July 2022.

> “Webb's first full-colour images were released on 12 July 2022”
>
> contradicts: `references/webb.md`, characters 608–669

- warning (date): claim: August 2022; quote: 12 July 2022

- rejected quote, not in the passages retrieved for this claim (contradicts): “Webb's images came in July.”
- rejected quote, too short to prove anything (contradicts): “in July”

### ✔ supported · s2.1, line 2

**India was the fourth country to land softly on the Moon.**

In the document: “India was the fourth country to land softly on the Moon.”

The reference says so.

> “India became the fourth country to land softly on the Moon”
>
> supports: `references/chandrayaan-3.pdf`, page 2, characters 300–358"""
    )


def test_an_unverifiable_claim_says_what_was_looked_for_and_what_lay_nearest() -> None:
    markdown = to_markdown(sample_report())
    insufficient = markdown.split("### ")[5]
    assert "Unverifiable: the references speak of this, and do not settle it." in insufficient
    assert "Looked for: “Orion splashdown”; “Orion December 2022”" in insufficient
    assert "The nearest passage:\n\n> “Orion splashed down on 11 December 2022”" in insufficient
    assert "A wider search brought 1 more passage:\n\n> “Orion is built for four.”" in insufficient
    assert (
        "In none of the passages: splashed, 2022.\n\nA wider search brought nothing more." in markdown.split("### ")[3]
    )
    assert "No wider search was made." in markdown.split("### ")[7]


def test_conflicting_sources_are_shown_on_both_sides() -> None:
    conflict = to_markdown(sample_report()).split("### ")[6]
    assert "> supports: `references/artemis.html`, characters 0–39" in conflict
    assert "> contradicts: `references/newsletter.txt`, characters 0–39" in conflict


def test_failures_exclusions_warnings_and_provenance_are_all_there() -> None:
    text = rendered(to_markdown(sample_report()))
    for expected in (
        "could not be judged: the model declined to answer (message of refused)",
        "! could not be split into claims: the answer took too long (no answer within 120 s)",
        "“Nobody split this one.” (s32)",
        "opinion: “Left aside, number 1.” (s26)",
        "warning (reference): message of reference_unreadable",
        "engine llm (a model is configured), model small-model",
        f"prompt judge.system: {'a' * 64}",
        f"digest {'d' * 64}, embedder minilm, chunking sentences-600",
        'settings: {"passages": 6}',
        "stage judge: 20 calls, 4 from the cache, 28,000 tokens in, 2,900 out",
        "25 claims = 1 contradicted + 1 supported + 7 unverifiable + 16 failed.",
    ):
        assert expected in text


def test_a_document_without_claims_says_so() -> None:
    assert "## Claims\n\nNo claim was found in this document.\n" in to_markdown(empty_report())
