"""Text is data: payloads in every text of a report, of decisions, files and addresses stay text, and nothing runs.

After each test its fixture asserts that no page of it ran a payload, opened a dialog, asked elsewhere or met a refusal
of its own policy. What got past all of that would still be an element or attribute that none of our templates writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

from factcheck.documents import read_document
from factcheck.models import Evidence, Outcome, Passage, Report, Span, Verdict
from factcheck.report.html import to_html
from factcheck.reviews import report_digest, reviews_path, standings
from factcheck.text import printable
from tests.report.samples import cited, small_report
from tests.review.browser import Serve, Visit, Visits, decisions, says, shows, written
from tests.review.hostile import hostile_report, hostile_reviews, in_tens
from tests.review.payloads import PAYLOADS

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow
expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no test in a browser").expect

# What no page of ours holds: elements and attributes that no template writes, addresses that are no link of ours.
_STRANGE = """
(most) => {
  const known = new Set(`a article b bdi blockquote body br button cite code dd dialog dl dt details div fieldset
    figcaption figure form h1 h2 h3 h4 h5 h6 head header html input kbd label legend li link main mark meta nav ol
    option p progress q rect script section select small span strong style summary svg textarea time title ul
    `.trim().split(/\\s+/));
  const found = [];
  for (const one of document.querySelectorAll("*")) {
    const told = `${one.outerHTML.slice(0, 150)}`;
    if (!known.has(one.localName)) found.push(`element ${told}`);
    for (const { name, value } of one.attributes) {
      if (name.startsWith("on") || ["style", "srcdoc", "autofocus", "ping", "formaction"].includes(name))
        found.push(`attribute ${name} of ${told}`);
      if (["href", "src", "action", "hx-get", "hx-post"].includes(name)) {
        const scheme = new URL(value, location.href).protocol;
        const schemes = one.localName === "a" ? ["http:", "https:", "file:"] : [location.protocol];
        if (!schemes.includes(scheme)) found.push(`address ${told}`);
      }
    }
    if (one.shadowRoot) found.push(`shadow root ${told}`);
  }
  for (const [selector, count] of Object.entries(most)) {
    const there = document.querySelectorAll(selector).length;
    if (there > count) found.push(`${there} times ${selector}`);
  }
  return found;
}
"""
_TEXTS = """
(selectors) => ({
  texts: Object.fromEntries(selectors.map((selector) =>
    [selector, [...document.querySelectorAll(`.claim-view ${selector}`)].map((one) => one.textContent)])),
  strange: document.querySelectorAll("#pane :is(script, img, iframe, svg, math, style, object, template)").length,
})
"""
_OF_A_PAGE = {"script": 2, "style": 0, "meta": 4, "link": 2, "form": 4, "dialog": 1, "svg": 0, "title": 1}
_OF_A_PROBLEM = {"script": 0, "style": 1, "meta": 2, "link": 0, "form": 0, "dialog": 0, "svg": 0, "title": 1}
_OF_THE_EXPORT = {"script": 0, "style": 1, "meta": 6, "link": 0, "form": 0, "dialog": 0, "svg": 1, "title": 1}


def test_every_payload_is_another() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 200


def test_a_page_that_puts_texts_out_as_markup_is_found_out(tmp_path: Path, visit: Visits) -> None:
    away = (
        "refresh",
        "location=",
        "<plaintext",
        "<!--",
        "<frameset",
        "</body>",
    )  # these would leave or swallow the rest
    body = "".join(f"<div>{payload}</div>" for payload in PAYLOADS if not any(word in payload for word in away))
    bare, guarded = tmp_path / "bare.html", tmp_path / "guarded.html"
    bare.write_text(f"<!doctype html><meta charset=utf-8><body>{body}", encoding="utf-8", errors="replace")
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
    guarded.write_text(f"<!doctype html><meta charset=utf-8>{policy}<body>{body}", encoding="utf-8", errors="replace")

    page = visit(bare.as_uri(), watched=False)
    expect(page.locator("img").first).to_be_attached()
    assert len(page.evaluate(_STRANGE, _OF_A_PAGE)) > 100
    page = visit(guarded.as_uri(), watched=False)
    expect(page.locator("img").first).to_be_attached()
    reckless, careful = visit.misbehaving
    assert reckless.ran
    assert any("evil.example" in url for url in reckless.left)
    assert careful.refused


def test_payloads_in_every_text_of_a_report_and_its_decisions_stay_text(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    report = hostile_report()
    path = written(report, tmp_path)
    lines = hostile_reviews(report, report_digest(path.read_bytes()))
    reviews_path(path).write_text("".join(f"{line.model_dump_json()}\n" for line in lines), encoding="utf-8")
    page = visit(serve(path, reviewer="\"><img src=x onerror=alert(1)>'").url + "&claim=1")

    page.locator("#show-aside").check()
    expect(page.locator("h1")).to_have_text(_collapsed(report.document.title), use_inner_text=False)
    expect(page.locator(".who")).to_contain_text("\"><img src=x onerror=alert(1)>'")
    shows(page, _first_unreviewed(report))
    page.locator('#document a.ref[data-claim="1"]').click()
    for number, payload in enumerate(PAYLOADS, start=1):
        shows(page, number)
        places = (".claim-text", ".rationale", ".quote mark", ".rejected q", ".comment")
        unsettled = (".queries li",) if number % 3 == 0 else ()  # nothing settles these: they show what was looked for
        _shows_as_text(page, payload, in_all=places + unsettled)
        _shows_as_text(page, payload[:200].strip(), in_all=(".history li strong",))
        page.keyboard.press("j")
    for number, payloads in enumerate(in_tens(), start=len(PAYLOADS) + 1):
        shows(page, number)
        _shows_as_text(page, payloads, in_all=(".claim-text", ".failed"))
        page.keyboard.press("j")
    assert page.evaluate(_STRANGE, _OF_A_PAGE) == []
    _document_holds(page, report)


def _first_unreviewed(report: Report) -> int:
    return next(n for n, outcome in enumerate(report.outcomes, start=1) if outcome.failure is not None)


def _shows_as_text(page: Page, payload: str, *, in_all: Iterable[str]) -> None:
    """Each of these places holds the payload as text; nothing strange stands in the claim's part of the page."""
    wanted = _collapsed(payload)
    found = page.evaluate(_TEXTS, list(in_all))
    for selector, places in found["texts"].items():
        assert places, selector
        assert all(wanted in _collapsed(place) for place in places), (selector, payload, places)
    assert found["strange"] == 0


def _document_holds(page: Page, report: Report) -> None:
    text = page.locator("#document").text_content() or ""
    for sentence in report.sentences:
        assert printable(sentence.span.of(report.document.text), newlines=True).strip() in text


def _collapsed(text: str) -> str:
    """As a page shows it, with one space between words."""
    return " ".join(printable(text, newlines=True).split())


def test_payloads_that_reviewers_write_stay_text(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    path = written(small_report(), tmp_path)
    page = visit(serve(path).url)
    shows(page, 1)
    for payloads in in_tens():
        page.locator("#comment").fill(payloads)
        page.locator("#do-comment").click()
        expect(page.locator("#comment")).to_have_value("")
        says(page, "Saved: claim 1 commented on.")
    shown = page.locator(".history .comment").all_text_contents()
    written_down = [line[4] for line in decisions(path)]
    assert [_collapsed(text) for text in shown] == [_collapsed(text) for text in written_down]
    assert len(shown) == len(in_tens())
    assert page.evaluate(_STRANGE, _OF_A_PAGE) == []
    page.reload()
    shows(page, 1)
    assert page.evaluate(_STRANGE, _OF_A_PAGE) == []


def test_payloads_in_addresses_stay_text(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    page = visit(serve(written(small_report(), tmp_path)).url)
    shows(page, 1)
    report = page.url.partition("?")[0]
    origin = report.partition("/r/")[0]
    for payloads in in_tens():
        query = dict.fromkeys(("q", "source", "label", "state", "stay"), payloads)
        page.goto(f"{report}?{urlencode({**query, 'claim': 1}, errors='replace')}")
        expect(page.locator("#words")).to_have_value(payloads.strip().replace("\x00", "\ufffd"))
        assert page.evaluate(_STRANGE, _OF_A_PAGE) == []
        for path in (f"/r/{quote(payloads, safe='')}", f"/static/{quote(payloads, safe='')}", f"/{quote(payloads)}"):
            page.goto(origin + path)
            expect(page.locator("main[data-problem]")).to_be_visible()
            assert page.evaluate(_STRANGE, _OF_A_PROBLEM) == []
        page.goto(f"{report}?{urlencode({'claim': payloads})}")
        expect(page.locator('main[data-problem="404"]')).to_be_visible()


def test_payloads_in_the_names_of_files_and_in_broken_reports_stay_text(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    names = {}
    for number, payload in enumerate(PAYLOADS):
        name = _file_name(payload, number)
        names[name] = payload
        if number % 2:
            titled = small_report().document.model_copy(update={"title": payload})
            written(small_report().model_copy(update={"document": titled}), tmp_path, name)
        else:
            broken = f'{{"schema_version": "1.0", {_as_json(payload)}: {_as_json(payload)}}}'
            (tmp_path / name).write_text(broken, encoding="utf-8")
    page = visit(serve(tmp_path).url)
    expect(page.locator('#rows[data-unread="0"]')).to_be_visible()
    text = page.locator("main").text_content() or ""
    assert all(printable(name) in text for name in names)
    assert page.locator(".reports > li").count() == len(PAYLOADS)
    assert page.evaluate(_STRANGE, _OF_A_PAGE) == []
    addresses = [link.get_attribute("href") for link in page.locator(".reports .name a").all()]
    for address in addresses[:10]:
        page.goto(f"{page.url.partition('/r/')[0].rstrip('/')}{address}")
        shows(page, 1)
        assert page.evaluate(_STRANGE, _OF_A_PAGE) == []


def _file_name(payload: str, number: int) -> str:
    """The payload as far as a file can be called so."""
    plain = payload.replace("/", "\u2044").replace("\x00", "").lstrip(".")
    return f"{plain.encode()[:200].decode(errors='ignore')}.{number}.json"


def _as_json(text: str) -> str:
    return json.dumps(text)


def test_payloads_in_a_source_and_its_name_stay_text(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    name = "references/\"><img src=x onerror=alert(1)>&lt;script>'.txt"
    lines = [payload for payload in PAYLOADS if "\x00" not in payload]
    (tmp_path / "references").mkdir()
    (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    page = visit(serve(written(_citing(tmp_path, name), tmp_path), cwd=tmp_path).url)
    shows(page, 1)
    address = page.locator(".claim-view a.open").first.get_attribute("href") or ""
    page.goto(page.url.partition("/r/")[0] + address)
    expect(page.locator("mark#cited")).to_be_visible()
    assert page.locator("mark").count() == 3
    text = _collapsed(page.locator("main .text").text_content() or "")
    missing = [line for line in lines if _collapsed(line) not in text]
    assert missing == []
    assert page.evaluate(_STRANGE, {**_OF_A_PAGE, "script": 0}) == []


def _citing(folder: Path, name: str) -> Report:
    """A report whose first claim cites three stretches of a file full of payloads, as factcheck reads it."""
    text = read_document(folder / name).text
    whole = Passage(
        id="p",
        source=name,
        title="<b>",
        language="en",
        published=None,
        text=text,
        span=Span(start=0, end=len(text)),
    )
    quotes = ("<script type=module>import", "' autofocus onfocus=alert(1) x='", "[x](javascript:alert(1))")
    report = small_report()
    first = report.outcomes[0]
    assert first.verdict is not None
    citations = tuple(cited(whole, quote, "contradicts") for quote in quotes)
    outcome = Outcome(
        claim=first.claim,
        evidence=(Evidence(passage=whole, score=1.0, ranks={}),),
        search=first.search,
        verdict=Verdict.model_validate({**dict(first.verdict), "citations": citations}),
    )
    sha = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    store = report.provenance.store.model_copy(update={"files": {Path(name).name: sha}})
    return report.model_copy(
        update={
            "outcomes": (outcome, *report.outcomes[1:]),
            "provenance": report.provenance.model_copy(update={"store": store}),
        }
    )


def test_payloads_in_every_text_of_the_html_report_stay_text(tmp_path: Path, visit: Visit) -> None:
    report = hostile_report()
    standing = standings(hostile_reviews(report, "c" * 64))
    file = tmp_path / '"><img src=x onerror=alert(1)>.html'
    file.write_text(to_html(report, standing, folder=tmp_path), encoding="utf-8")
    page = visit(file.as_uri())
    assert page.evaluate(_STRANGE, _OF_THE_EXPORT) == []
    claims = page.locator("article.claim")
    assert claims.count() == len(report.outcomes)
    shown = [_collapsed(text) for text in page.locator("article.claim h3").all_text_contents()]
    assert shown == [_collapsed(outcome.claim.text) for outcome in report.outcomes]
    quotes = [_collapsed(text) for text in page.locator("article.claim mark").all_text_contents()]
    assert all(f"cited: {_collapsed(payload)}" in quotes for payload in PAYLOADS)
    comments = [_collapsed(text) for text in page.locator(".comments li > span").all_text_contents()]
    assert comments == [_collapsed(payload) for payload in PAYLOADS]
    page.mouse.move(400, 400)
    page.keyboard.press("Tab")
    page.keyboard.press("End")
