"""Web pages: the article without navigation, banners, comments and footers, with its title and date."""

from __future__ import annotations

import copy
import re
from datetime import date
from typing import Any

import lxml.html
from lxml import etree

from factcheck.documents.encoding import decode
from factcheck.documents.markup import ARTICLE_ROLES, HTML_ROLES, pieces
from factcheck.documents.parsed import Kind, Parsed, Refused, compose, covered, has_words

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.I)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_SUPERSCRIPT = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_PUBLISHED = re.compile(
    r"(?:article|og):(?:published_time|published)|(?:parsely-pub-|publish_?|publication_?|sailthru\.|dc\.|dcterms\.)?date"
    r"|dc(?:terms)?\.(?:date\.)?(?:issued|created)|datepublished|pubdate|citation_(?:publication_|online_)?date"
)
_JSON_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
# trafilatura also looks for dates in the text, and finds any; only what the page states about itself is taken
_NO_DATES = {"original_date": True, "extensive_search": False, "max_date": "1995-01-02"}
_ARTICLE_TIME = "//time[@pubdate] | //article//time[@datetime] | //header//time[@datetime]"
_SHORT_PAGE = 1000  # characters; trafilatura's judgement of what is an article needs more to go by
_SIDE_TAGS = "//nav | //aside | //footer | //form | //dialog | //*[@hidden] | //*[@aria-hidden='true']"
_SIDE_ROLES = frozenset(("navigation", "banner", "contentinfo", "complementary", "search"))
_SIDE_NAME = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|comments?|kommentare?|newsletter|share|breadcrumbs?|sidebar)(?:$|[\s_-])", re.I
)


def parse_html(data: bytes) -> Parsed:
    """The article of a page. Raises Refused: ``binary``, ``no_text``."""
    declared = _CHARSET.search(data[:4096])
    decoded = decode(data, declared=declared[1].decode("ascii") if declared else None)
    tree = parsed_tree(decoded.text)
    if tree is None:
        raise Refused("no_text", "the page holds no text")
    title, found = _article(tree)
    text, blocks = compose(_with_title(found, title, tree))
    if not has_words(text):
        raise Refused("no_text", "the page holds no text outside its navigation, or shows it only with JavaScript")
    root = tree.getroottree().getroot()
    return Parsed(
        text=text,
        title=title,
        published=_published(tree),
        language=root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        encoding=decoded.encoding,
        blocks=covered(text, blocks),
        warnings=decoded.warnings,
    )


def parsed_tree(text: str) -> Any | None:
    """The tree of an HTML text, superscripts already spelt out (10<sup>6</sup> is not 106), or None if it is empty."""
    try:
        tree = lxml.html.document_fromstring(_DECLARATION.sub("", text.replace("\0", "\ufffd")))
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    for element in tree.iter("sup"):
        if len(element) == 0 and element.text:
            element.text = element.text.translate(_SUPERSCRIPT)
    return tree


def plain_pieces(tree: Any) -> list[tuple[Kind, str]]:
    """Everything the tree says in its body, in order: for markup that is all content."""
    body = tree.find("body")
    return pieces(tree if body is None else body, HTML_ROLES)


def _article(tree: Any) -> tuple[str, list[tuple[Kind, str]]]:
    """Title and pieces of the article: trafilatura's judgement, but on short pages everything outside the sides."""
    from trafilatura import bare_extraction

    plain = plain_pieces(_without_sides(tree))
    tag_title = " ".join((tree.findtext(".//title") or "").split())
    found: Any = bare_extraction(
        copy.deepcopy(tree), include_comments=False, with_metadata=True, date_extraction_params=_NO_DATES
    )
    if found is None or found.body is None:
        return tag_title, plain
    article = plain if sum(len(text) for _, text in plain) < _SHORT_PAGE else _article_pieces(found.body)
    title = " ".join((found.title or "").split())
    is_its_own = title and (title in tag_title or any(title in text for _, text in article))
    return (title if is_its_own or not tag_title else tag_title), article


def _article_pieces(body: Any) -> list[tuple[Kind, str]]:
    for code in body.iter("code"):
        if code.getparent().tag != "body" and "\n" not in "".join(code.itertext()):
            code.tag = "hi"  # words within a sentence
    return pieces(body, ARTICLE_ROLES)


def _published(tree: Any) -> date | None:
    """The day the page itself states for its publication; a day found anywhere else on it would be a guess."""
    stated = [
        *(meta.get("content") for meta in tree.iter("meta") if _PUBLISHED.fullmatch(_name(meta))),
        *(found for script in tree.iter("script") for found in _JSON_DATE.findall(_json_ld(script))),
        *(e.get("datetime") or e.get("content") or e.text for e in tree.xpath("//*[@itemprop='datePublished']")),
        *(time.get("datetime") for time in tree.xpath(_ARTICLE_TIME)),
    ]
    return next((day for value in stated if value and (day := _day(value)) is not None), None)


def _name(meta: Any) -> str:
    return str(meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()


def _json_ld(script: Any) -> str:
    return (script.text or "") if script.get("type") == "application/ld+json" else ""


def _day(value: str) -> date | None:
    match = re.match(r"\s*(\d{4})-?(\d\d)-?(\d\d)(?!\d)", value)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _without_sides(tree: Any) -> Any:
    rest = copy.deepcopy(tree)
    sides = [*rest.xpath(_SIDE_TAGS), *(e for e in rest.xpath("//*[@role]") if e.get("role") in _SIDE_ROLES)]
    sides += [
        e for e in rest.iter("div", "section", "ul") if _SIDE_NAME.search(f"{e.get('class', '')} {e.get('id', '')}")
    ]
    for side in sides:
        if side.getparent() is not None and side.tag != "body":
            side.drop_tree()
    return rest


def _with_title(found: list[tuple[Kind, str]], title: str, tree: Any) -> list[tuple[Kind, str]]:
    """The article below its headline, where trafilatura took the headline for page furniture."""
    headlines = {" ".join(h1.text_content().split()) for h1 in tree.iter("h1")}
    if title not in headlines or any(title in text for _, text in found[:5]):
        return found
    return [("heading", title), *found]
