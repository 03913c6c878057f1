"""The HTML report: whole, self-contained, safe whatever the texts say, and true to the report's numbers."""

from __future__ import annotations

import base64
import cProfile
import hashlib
import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html as lxml_html

from factcheck.models import Report
from factcheck.report import words
from factcheck.report.html import compact, digest_of, environment, stylesheet, to_html
from factcheck.reviews import Review, standings
from factcheck.text import printable
from tests.report.samples import empty_report, long_report, reviewed, rich_report, sample_report, small_report

HOSTILE = (
    "\"'><img src=https://example.org/x onerror=alert(1)><script>alert(2)</script></style></title>"
    "<a href='javascript:alert(3)' style='background:url(//example.org)'>{{ 7 * 7 }}{% raw %}&lt;b&gt;"
)
LOADING = {"src", "srcset", "action", "formaction", "background", "poster", "data", "ping", "cite", "style"}


def parsed(page: str) -> Any:
    return lxml_html.document_fromstring(page)


def text_of(element: Any) -> str:
    return " ".join(element.text_content().split())


def spaced(text: str) -> str:
    """``text`` as a page shows it, on one line."""
    return " ".join(printable(text, newlines=True).split())


def texts(report: Report) -> list[str]:
    """Everything a report says in words of others."""
    found = [report.document.title, *(notice.message for notice in report.warnings)]
    for outcome in report.outcomes:
        found.append(outcome.claim.text)
        found += [rejected.quote for rejected in outcome.rejected]
        if outcome.failure is not None:
            found.append(outcome.failure.message)
        if outcome.verdict is not None:
            found += [outcome.verdict.rationale, *(citation.quote for citation in outcome.verdict.citations)]
            found += [notice.message for notice in outcome.verdict.warnings]
            found += [words.source_name(citation.source) for citation in outcome.verdict.citations]
        if outcome.search is not None and words.ending(outcome) in ("unverifiable", "failed"):
            found += [*outcome.search.queries, *outcome.search.absent]
    for failure in report.failures:
        found.append(failure.message)
    spans = {sentence.id: sentence.span for sentence in report.sentences}
    return found + [span.of(report.document.text) for span in spans.values()]


@pytest.mark.parametrize("report", [sample_report(), rich_report(), small_report()], ids=["sample", "rich", "small"])
def test_everything_the_report_says_is_on_the_page(report: Report) -> None:
    standing = reviewed(report)
    page = parsed(to_html(report, standing))
    for hidden in page.xpath("//*[@class='sr'] | //*[contains(@class, 'tag')]"):
        hidden.drop_tree()
    shown = text_of(page)
    assert [text for text in texts(report) if spaced(text) not in shown] == []
    comments = [review.comment for one in standing.values() for review in one.comments]
    assert comments
    assert [comment for comment in comments if spaced(comment) not in shown] == []


def test_no_text_can_become_markup() -> None:
    harmless = parsed(to_html(sample_report()))
    hostile_report = sample_report(lambda text: text + HOSTILE)
    hostile = parsed(to_html(hostile_report))
    assert [element.tag for element in hostile.iter()] == [element.tag for element in harmless.iter()]
    names = {name for element in harmless.iter() for name in element.attrib}
    assert {name for element in hostile.iter() for name in element.attrib} == names
    shown = text_of(hostile)
    assert [text for text in texts(hostile_report) if spaced(text) not in shown] == []


@pytest.mark.parametrize("build", [sample_report, rich_report])
def test_a_hostile_text_adds_no_element_no_handler_and_no_address(build: Any) -> None:
    report = build(lambda text: text + HOSTILE)
    page = parsed(to_html(report, reviewed(report)))
    usual = {element.tag for element in parsed(to_html(rich_report(), reviewed(rich_report()))).iter()}
    assert {element.tag for element in page.iter()} <= usual
    assert not {"script", "img", "iframe", "form", "object", "base", "link"} & usual
    attributes = {name for element in page.iter() for name in element.attrib}
    assert not [name for name in attributes if name.startswith("on") or name in LOADING]
    assert {urlsplit(link).scheme for link in page.xpath("//@href")} <= {"", "https"}
    assert {urlsplit(link).netloc for link in page.xpath("//@href")} <= {"", "example.org"}


@pytest.mark.parametrize(
    "payload", ["javascript:alert(1)", "data:text/html,x", "//example.org/x", "vbscript:x", "\\\\x"]
)
def test_a_source_of_any_name_is_linked_as_a_file_or_not_at_all(payload: str) -> None:
    page = parsed(to_html(sample_report(lambda text: payload + text if text.startswith("references/") else text)))
    links = page.xpath("//cite//a/@href")
    assert links
    assert {(urlsplit(link).scheme, urlsplit(link).netloc) for link in links} == {("", "")}


def test_the_page_asks_for_nothing_from_anywhere() -> None:
    page = to_html(rich_report(), reviewed(rich_report()))
    tree = parsed(page)
    assert [name for element in tree.iter() for name in element.attrib if name in LOADING] == []
    assert tree.xpath("//script | //link | //img | //iframe | //object | //embed") == []
    assert "url(" not in stylesheet()
    assert "@import" not in stylesheet()
    assert {link.get("rel") for link in tree.xpath("//a[not(starts-with(@href, '#'))]")} == {"noreferrer"}


def test_the_policy_allows_the_one_style_element_by_its_hash_and_nothing_else() -> None:
    page = to_html(rich_report())
    (policy,) = parsed(page).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert digest_of(style) == f"sha256-{digest}"
    assert page.index("Content-Security-Policy") < page.index("<style>")


def test_the_sums_are_those_of_the_report() -> None:
    report = rich_report()
    page = parsed(to_html(report))
    (sums,) = page.xpath("//p[@class='sums']")
    assert text_of(sums) == f"{words.claims_sum(report)}. {words.sentences_sum(report)}."
    assert [text_of(item) for item in page.xpath("//ul[@class='counts']/li")] == [
        "✘ 2 contradicted",
        "✔ 4 supported",
        "? 5 unverifiable",
        "! 1 failed",
    ]
    bars = [(bar.get("class"), int(bar.get("x")), int(bar.get("width"))) for bar in page.xpath("//rect")]
    assert bars == [("contradicted", 0, 2), ("supported", 2, 4), ("unverifiable", 6, 5), ("failed", 11, 1)]
    cards = page.xpath("//article")
    endings = [card.get("class").split()[-1] for card in cards]
    assert {name: endings.count(name) for name in words.endings(report)} == words.endings(report)


def test_contradicted_claims_are_named_at_once_with_the_words_against_them() -> None:
    page = parsed(to_html(rich_report()))
    named = page.xpath("//ol[@class='contradicted-list']/li")
    assert [(item.get("value"), item.xpath("a/@href")) for item in named] == [
        ("2", ["#claim-2"]),
        ("5", ["#claim-5"]),
    ]
    assert "Die ersten Bilder kamen am 12. Juli 2022" in text_of(named[0])


def test_more_contradicted_claims_than_one_reads_at_once_are_all_named() -> None:
    page = parsed(to_html(long_report(100)))
    assert len(page.xpath("//ol[@class='contradicted-list']/li")) == 20
    (more,) = page.xpath("//details[ol[@class='contradicted-list']]/summary")
    assert text_of(more) == "10 more"


def test_every_anchor_leads_somewhere_and_every_claim_and_its_place_know_each_other() -> None:
    report = rich_report()
    page = parsed(to_html(report, reviewed(report)))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link for link in page.xpath("//@href") if link.startswith("#")} <= {f"#{name}" for name in ids}
    for number in range(1, len(report.outcomes) + 1):
        (place,) = page.xpath(f"//*[@id='text-{number}']")
        assert place.get("href") == f"#claim-{number}" or place.xpath(f".//*[.='claim {number}']")
        assert page.xpath(f"//article[@id='claim-{number}']//a/@href")[0] == f"#text-{number}"


def test_the_document_is_shown_whole_and_once() -> None:
    report = rich_report()
    (document,) = parsed(to_html(report)).xpath("//div[@class='text']")
    for tag in document.xpath(".//*[contains(@class, 'tag')]"):
        tag.drop_tree()
    assert text_of(document) == " ".join(report.document.text.split())


def looks(page: str) -> list[tuple[str, str]]:
    """Of the first paragraph's highlights: the look, and the claim it leads to."""
    paragraph = parsed(page).xpath("//div[@class='text']/p[@class='text']")[0]
    highlights = paragraph.xpath("a[contains(@class, 'claimed')]")
    return [(link.get("class").split()[1], link.get("href")) for link in highlights]


def test_of_claims_one_over_another_the_narrow_one_is_seen() -> None:
    assert looks(to_html(rich_report())) == [
        ("supported", "#claim-1"),
        ("unverifiable", "#claim-3"),
        ("contradicted", "#claim-2"),
        ("unverifiable", "#claim-3"),
        ("supported", "#claim-4"),
    ]


def test_numbers_of_claims_that_begin_together_stand_in_order() -> None:
    document = parsed(to_html(rich_report())).xpath("//div[@class='text']")[0]
    numbers = document.xpath(".//span[starts-with(@class, 'tag')]/span[@aria-hidden]/text()")
    assert [number[1:] for number in numbers if len(number) > 1][:4] == ["1", "3", "2", "4"]  # 1 and 3 begin together


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("It carried a\nlander,\n\n Vikram", "It carried a lander,\n Vikram"),
        ("in Kiel \n über Nacht", "in Kiel über Nacht"),
        ("year | flights\n2022 | 186", "year | flights\n2022 | 186"),
        ("- Two\n- Three\nThe end", "- Two\n- Three\nThe end"),
        ("\nlander", "\nlander"),
    ],
)
def test_a_passage_has_no_empty_lines_and_no_breaks_within_a_sentence(written: str, shown: str) -> None:
    assert compact(written) == shown


def test_a_contradicted_claim_is_seen_through_the_narrow_ones_within_it() -> None:
    review = Review(
        claim="s3.3",
        decision="overrule",
        label="contradicted",
        said="unverifiable",
        reviewer="Anna",
        at=datetime(2026, 11, 23, tzinfo=UTC),
        report="c" * 64,
    )
    assert looks(to_html(rich_report(), standings([review]))) == [
        ("contradicted", "#claim-3"),
        ("contradicted", "#claim-3"),
        ("contradicted", "#claim-2"),
        ("contradicted", "#claim-3"),
        ("supported", "#claim-4"),
    ]


def test_a_reviewed_label_wins_and_says_so() -> None:
    report = rich_report()
    page = parsed(to_html(report, reviewed(report)))
    cards = {card.get("id"): text_of(card) for card in page.xpath("//article")}
    assert cards["claim-1"].startswith("✔ supported accepted by a reviewer claim 1")
    assert cards["claim-2"].startswith("✔ supported overruled by a reviewer claim 2")
    assert (
        "overruled by Anna <anna@example.org> on 2026-11-23: supported, where the engine said contradicted"
        in (cards["claim-2"])
    )
    assert cards["claim-3"].startswith("? unverifiable reviewers differ claim 3")
    assert "Anna <anna@example.org> on 2026-11-23: unverifiable" in cards["claim-3"]
    assert "Jörg 👓 on 2026-11-23: supported" in cards["claim-3"]
    assert cards["claim-7"].startswith("✔ supported overruled by a reviewer claim 7")
    assert "No verdict: could not be judged" in cards["claim-7"]
    assert "The engine alone: 12 claims = 2 contradicted + 4 supported + 5 unverifiable + 1 failed." in text_of(page)


def test_a_check_that_is_not_complete_says_so_before_any_number() -> None:
    shown = text_of(parsed(to_html(rich_report())).xpath("//section[@class='summary']")[0])
    assert shown.startswith(
        "Summary This check is not complete: 1 claim could not be checked, 1 sentence could not be split into claims."
    )
    assert "not complete" not in to_html(small_report())


def test_control_and_bidirectional_characters_are_made_visible() -> None:
    page = to_html(sample_report(lambda text: f"\u202e{text}\x07"))
    assert "\u202e" not in page
    assert "\x07" not in page
    assert "\\u202eWebb&#39;s first images came in August 2022.\\x07" in page


def test_texts_carry_their_language_and_find_their_own_direction() -> None:
    report = rich_report()
    page = parsed(to_html(report))
    assert {title.get("dir") for title in page.xpath("//article/h3")} == {"auto"}
    assert set(page.xpath("//article//blockquote/@lang")) == {"en", "de"}
    unknown = report.model_copy(update={"document": report.document.model_copy(update={"language": "und"})})
    assert {title.get("lang") for title in parsed(to_html(unknown)).xpath("//article/h3")} == {""}


def test_headings_are_in_order_and_the_page_has_its_landmarks() -> None:
    page = parsed(to_html(rich_report(), reviewed(rich_report())))
    assert page.get("lang") == "en"
    levels = [int(element.tag[1]) for element in page.iter() if re.fullmatch(r"h[1-6]", str(element.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert (len(page.xpath("//main")), len(page.xpath("//body/header"))) == (1, 1)


def test_a_document_with_nothing_to_check_gets_a_page_that_says_so() -> None:
    shown = text_of(parsed(to_html(empty_report())))
    assert "No claim was found in this document." in shown
    assert "0 claims = 0 contradicted + 0 supported + 0 unverifiable + 0 failed" in shown


def test_files_are_linked_from_the_folder_the_page_lies_in(tmp_path: Path) -> None:
    page = parsed(to_html(rich_report(), folder=Path.cwd() / "out" / "html"))
    assert "../../references/atlas%20of%20flights.pdf#page=14" in page.xpath("//cite//a/@href")


def test_the_same_report_makes_the_same_page() -> None:
    report = rich_report()
    assert to_html(report, reviewed(report)) == to_html(report, reviewed(report))


def test_a_template_cannot_use_a_name_nobody_gave_it(tmp_path: Path) -> None:
    from jinja2 import UndefinedError

    (tmp_path / "page.html").write_text("<p>{{ nobody }}</p>", encoding="utf-8")
    with pytest.raises(UndefinedError):
        environment(tmp_path).get_template("page.html").render()


def test_making_a_page_is_linear_in_its_claims() -> None:
    def calls(claims: int) -> int:
        report = long_report(claims)
        profile = cProfile.Profile()
        profile.enable()
        to_html(report)
        profile.disable()
        return sum(entry.callcount for entry in profile.getstats())

    calls(10)  # imports and templates
    assert calls(200) < 2.1 * calls(100)


def test_a_report_of_a_thousand_claims_is_one_page_with_all_of_them() -> None:
    page = to_html(long_report(1000))
    assert page.count("<article ") == 1000
    assert len(page) < 8_000_000
