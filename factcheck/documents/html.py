"""Web pages: the article without navigation, banners, comments and footers, with its title and date."""

from __future__ import annotations

import copy
import re
from datetime import date
from typing import Any

import lxml.html
from lxml import etree

from factcheck.documents.encoding import Decoded, decode
from factcheck.documents.markup import ARTICLE_ROLES, HTML_ROLES, pieces
from factcheck.documents.parsed import Kind, Parsed, Refused, compose, covered, has_words

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.I)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_SUPERSCRIPT = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
_SHORT_PAGE = 1000  # characters; trafilatura's judgement of what is an article needs more to go by
_SIDE_TAGS = "//nav | //aside | //footer | //form | //dialog | //*[@hidden] | //*[@aria-hidden='true']"
_SIDE_ROLES = "//*[@role='navigation' or @role='banner' or @role='contentinfo' or @role='complementary' or @role='search']"
_SIDE_NAME = re.compile(r"(?:^|[\s_-])(?:cookies?|consent|comments?|kommentare?|newsletter|share|breadcrumbs?|sidebar)(?:$|[\s_-])", re.I)


def parse_html(data: bytes) -> Parsed:
    """The article of a page. Raises Refused: ``binary``, ``no_text``."""
    declared = _CHARSET.search(data[:4096])
    decoded = decode(data, declared=declared[1].decode("ascii") if declared else None)
    tree = parsed_tree(decoded.text)
    if tree is None:
        raise Refused("no_text", "the page holds no text")
    title, published, found = _article(tree)
    text, blocks = compose(_with_title(found, title, tree))
    if not has_words(text):
        raise Refused("no_text", "the page holds no text outside its navigation, or shows it only with JavaScript")
    return _page(decoded, text, title, published, tree).model_copy(update={"blocks": covered(text, blocks)})


def _page(decoded: Decoded, text: str, title: str, published: date | None, tree: Any) -> Parsed:
    root = tree.getroottree().getroot()
    return Parsed(
        text=text,
        title=title,
        published=published,
        language=root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        encoding=decoded.encoding,
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


def _article(tree: Any) -> tuple[str, date | None, list[tuple[Kind, str]]]:
    from trafilatura import bare_extraction

    plain = plain_pieces(_without_sides(tree))
    found = bare_extraction(
        copy.deepcopy(tree),
        include_comments=False,
        with_metadata=True,
        date_extraction_params={"original_date": True, "extensive_search": False, "max_date": "2100-01-01"},
    )
    if found is None or found.body is None:
        return _tag_title(tree), None, plain
    title = (found.title or _tag_title(tree)).strip()
    published = date.fromisoformat(found.date) if found.date else None
    if sum(len(text) for _, text in plain) < _SHORT_PAGE:
        return title, published, plain
    return title, published, pieces(found.body, ARTICLE_ROLES)


def _without_sides(tree: Any) -> Any:
    rest = copy.deepcopy(tree)
    sides = [*rest.xpath(_SIDE_TAGS), *rest.xpath(_SIDE_ROLES)]
    sides += [e for e in rest.iter("div", "section", "ul") if _SIDE_NAME.search(f"{e.get('class', '')} {e.get('id', '')}")]
    for side in sides:
        if side.getparent() is not None and side.tag != "body":
            side.drop_tree()
    return rest


def _tag_title(tree: Any) -> str:
    return " ".join((tree.findtext(".//title") or "").split())


def _with_title(found: list[tuple[Kind, str]], title: str, tree: Any) -> list[tuple[Kind, str]]:
    """The article below its headline, where trafilatura took the headline for page furniture."""
    headlines = {" ".join(h1.text_content().split()) for h1 in tree.iter("h1")}
    if title not in headlines or any(title in text for _, text in found[:5]):
        return found
    return [("heading", title), *found]
