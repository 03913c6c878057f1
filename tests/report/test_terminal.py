"""A report on a terminal is readable at any width, without colour, in any encoding, and shows text as text."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from factcheck.models import Report
from factcheck.report.terminal import print_report
from tests.report.samples import empty_report, sample_report, small_report

SMALL = """\
The sky is not a budget line
article.md · en · written 2024-10-14, from the text
✘ 1 contradicted   ✔ 1 supported   ? 0 unverifiable   ! 0 failed

✘ contradicted  s1.1, line 1
  Webb's first images came in August 2022.
  in the text: “Its first images came in August 2022, at last.”
  The reference gives July 2022.
  “Webb's first full-colour images were released on 12 July 2022”
    references/webb.md, characters 608–669
  warning (date): claim: August 2022; quote: 12 July 2022
  rejected quote, not in the passages retrieved for this claim: “Webb's images
  came in July.”
  rejected quote, too short to prove anything: “in July”

✔ supported  s2.1, line 2
  India was the fourth country to land softly on the Moon.
  “India became the fourth country to land softly on the Moon”
    references/chandrayaan-3.pdf, page 2, characters 300–358

2 claims = 1 contradicted + 1 supported + 0 unverifiable + 0 failed
  ✘ contradicted: s1.1
3 sentences = 2 with claims + 1 excluded + 0 failed
  excluded: 1 opinion (--show-excluded lists them)
4.2 s, 21 model calls, 4 answers from the cache, 31,100 tokens in, 3,800 out,
cost $0.0123
engine llm (a model is configured), model small-model · store store (1 file, 24
passages, digest dddddddddddd)
"""


def printed(report: Report, *, width: int = 80, show_excluded: bool = False, verbose: bool = False) -> str:
    file = io.StringIO()
    print_report(report, Console(file=file, width=width), show_excluded=show_excluded, verbose=verbose)
    return file.getvalue()


def in_encoding(report: Report, encoding: str) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    print_report(report, Console(file=file, width=80), show_excluded=True)
    file.flush()
    return raw.getvalue().decode(encoding)


def test_a_small_report_reads_as_an_editor_would_want_it() -> None:
    assert [line.rstrip() for line in printed(small_report()).splitlines()] == SMALL.splitlines()


def test_every_claim_reason_failure_and_lost_sentence_is_shown() -> None:
    report = sample_report()
    shown = " ".join(printed(report, width=200).split())
    for outcome in report.outcomes:
        assert outcome.claim.text in shown
    for expected in (
        "nothing in the references comes near this claim",
        "supports: “Orion splashed down on 11 December 2022” references/artemis.html, characters 0–39",
        "contradicts: “Orion splashed down on 12 December 2022” references/newsletter.txt, characters 0–39",
        "nearest: “Orion splashed down on 11 December 2022” references/artemis.html, characters 0–39",
        "a wider search brought 1 more passage: references/press-kit.html",
        "a wider search brought nothing more in none of the passages: splashed, 2022",
        "no wider search was made",
        "! failed s15.1, line 15 This claim met refused. could not be judged: the model declined to answer "
        "(message of refused)",
        "! failed (2 sentences) could not be split into claims: the answer took too long (no answer within 120 s) "
        "“Nobody split this one.” “Nor this one.”",
        "25 claims = 1 contradicted + 1 supported + 7 unverifiable + 16 failed",
        "33 sentences = 25 with claims + 6 excluded + 2 failed",
        "warning (the document's date): message of date_conflict",
    ):
        assert expected in shown


def test_excluded_sentences_are_listed_on_request_only() -> None:
    assert "opinion: It was the best present" not in printed(small_report())
    assert "opinion: It was the best present" in printed(small_report(), show_excluded=True)


def test_verbose_shows_what_was_looked_for_and_found() -> None:
    short, long = printed(sample_report()), printed(sample_report(), verbose=True)
    for detail in (
        "looked for: Orion splashdown; Orion December 2022",
        "wider: “Orion is built for four.”",
        "The reference says so.",
        "prompt judge.system:",
    ):
        assert detail not in short
        assert detail in long


def test_a_quote_that_runs_over_lines_is_shown_on_one() -> None:
    shown = printed(small_report(lambda text: text.replace("full-colour images", "full-colour\n\timages")))
    assert "  “Webb's first full-colour images were released on 12 July 2022”\n" in shown


def test_a_document_without_claims_still_adds_up() -> None:
    shown = printed(empty_report())
    assert "0 claims = 0 contradicted + 0 supported + 0 unverifiable + 0 failed" in shown
    assert "0 sentences = 0 with claims + 0 excluded + 0 failed" in shown


def test_long_context_is_cut_visibly_and_evidence_never() -> None:
    shown = printed(small_report(lambda text: text + " word" * 100), width=10_000)
    assert "  “Webb's first full-colour images were released on 12 July 2022" + " word" * 100 + "”\n" in shown
    assert re.search("in the text: “Its first images came in August 2022, at last.( word){20,40} …”\n", shown)


def test_labels_are_readable_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    print_report(small_report(), Console(file=file, width=80, force_terminal=True))
    codes = {code for run in re.findall(r"\x1b\[([\d;]*)m", file.getvalue()) for code in run.split(";")}
    assert codes <= {"0", "1", "2"}  # reset, bold, dim: no colour
    bare = re.sub(r"\x1b\[[\d;]*m", "", file.getvalue())
    assert [line.rstrip() for line in bare.splitlines()] == SMALL.splitlines()


def test_an_ascii_terminal_gets_plain_symbols_and_escapes() -> None:
    shown = in_encoding(small_report(lambda text: text.replace("India", "Indië")), "ascii")
    assert "x contradicted  s1.1, line 1" in shown
    assert "+ supported  s2.1, line 2" in shown
    assert '"Webb\'s first full-colour images were released on 12 July 2022"' in shown
    assert "characters 608-669" in shown
    assert "Indi\\xeb was the fourth country" in shown


def test_an_encoding_without_the_symbols_keeps_the_letters_it_has() -> None:
    shown = in_encoding(small_report(lambda text: text.replace("India", "Indië")), "cp1252")
    assert "x contradicted" in shown
    assert "Indië was the fourth country" in shown


@pytest.mark.parametrize("width", [20, 40, 80])
def test_lines_fit_the_terminal_and_lose_nothing(width: int) -> None:
    report = small_report(lambda text: text.replace("August", "Donaudampfschifffahrtsgesellschaftskapitän"))
    shown = printed(report, width=width)
    assert max(len(line) for line in shown.splitlines()) <= width
    assert "".join(shown.split()) == "".join(printed(report, width=10_000).split())


def test_markup_in_a_text_is_shown_and_not_obeyed() -> None:
    marked = small_report(lambda text: f"[bold red]{text}[/] :boom: [link=http://example.org]x[/link]")
    assert "[bold red]Webb's first images came in August 2022.[/] :boom: [link=http" in printed(marked, width=200)


@given(st.text(max_size=30), st.sampled_from(["utf-8", "ascii", "cp1252", "latin-1"]))
def test_no_control_character_reaches_the_terminal(junk: str, encoding: str) -> None:
    shown = in_encoding(small_report(lambda text: f"{text}{junk}\x1b[2J\x9b1m\u202e\x07"), encoding)
    assert "x1b[2J" in shown
    forbidden = [c for c in shown if c != "\n" and unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert forbidden == []
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
