"""Reads the second document of an item, for the fields that the list does not give: JSON or a web page."""

from __future__ import annotations

from functools import partial

import lxml.html
from lxml import etree
from trafilatura import extract

from aggregator.clean.urls import absolute
from aggregator.errors import Unreadable
from aggregator.model import Detail, Document, Draft, Pick, Recipe
from aggregator.sources import html, json
from aggregator.sources.encoding import decode
from aggregator.sources.pages import decode_page
from aggregator.sources.picking import Find, draft_of, replaced


def read_detail(document: Document, detail: Detail) -> Draft:
    """What the document says of its item. Raises `Unreadable` where that cannot be read, or has no field yet."""
    picks = tuple((name, pick) for name, pick in detail.fields)
    draft = draft_of(Recipe("", picks), found_in(document, detail), needed=())
    if not any(getattr(draft, name, None) for name in NAMED):
        raise Unreadable(f"no {' or '.join(name for name, _ in picks)} in it yet")
    return draft


def found_in(document: Document, detail: Detail) -> Find:
    """What finds a field in the document, without what is taken out of it. Raises `Unreadable`."""
    if any(pick.language == "article" for _, pick in detail.fields):
        text, _ = decode_page(document.body, document.content_type)
        find: Find = partial(_article, detail, text, document.url)
    elif all(pick.language == "jmespath" for _, pick in detail.fields):
        text, _ = decode(document.body, document.content_type)
        find = partial(json.values, json.parsed(text))
    else:
        text, _ = decode_page(document.body, document.content_type)
        page = html.parsed(text)
        find = partial(html.values, page, html.base_of(page, document.url), dict(detail.fields))
    return partial(_tidied, detail, find)


def _article(detail: Detail, page: str, url: str, pick: Pick) -> list[str]:
    """What a page is about, as HTML, without the elements that go; nothing where that cannot be told."""
    del pick
    found = extract(
        without(page, detail.remove) if detail.remove else page,
        url=url,
        output_format="html",
        include_links=True,
        include_images=True,
        include_formatting=True,
        include_tables=True,
        include_comments=False,
        favor_recall=True,
    )
    return [found] if found else []


NAMED = ("title", "summary", "content", "published", "authors", "terms", "enclosures", "link", "rights", "language")


def _tidied(detail: Detail, find: Find, pick: Pick) -> list[str]:
    """The values of a field without the elements and the words that are taken out of them."""
    values = find(pick)
    if detail.remove:
        values = [without(value, detail.remove) if "<" in value else value for value in values]
    return [replaced(value, detail.replacements) for value in values]


def without(markup: str, selectors: tuple[str, ...]) -> str:
    """A fragment of HTML without the elements that the CSS selectors name, their tails kept."""
    try:
        whole = lxml.html.fragment_fromstring(markup, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return markup
    for selector in selectors:
        for element in html.found_by("css", selector)(whole):
            if isinstance(element, lxml.html.HtmlElement) and element.getparent() is not None:
                element.drop_tree()
    return "".join(html.inside(whole))


def is_address(url: str) -> bool:
    """Whether a detail has an address that can be asked."""
    return absolute(url) is not None
