"""Reads a web page that is no feed: items by a CSS selector or an XPath expression, and their fields within each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial

import lxml.html
from cssselect import HTMLTranslator
from lxml import etree

from aggregator.clean.urls import absolute
from aggregator.errors import Unreadable
from aggregator.model import Alert, Document, Draft, FeedFound, Markup, Pick, Reading, Recipe
from aggregator.sources.pages import decode_page
from aggregator.sources.picking import Missing, draft_of, none_whole, replaced

MOST_ITEMS = 1000
MOST_VALUES = 50  # of one field in one item
# Where a picture's address is kept until somebody looks at it.
LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc")
# Attributes that hold an address, which hangs on the page's own.
ADDRESSES = frozenset({"href", "src", "poster", "cite", *LAZY})
HTML, TEXT = "html", "text"
# Fields that at least one of several items has, or their selectors fit no more.
TEXTS = ("id", "summary", "content")


def read(document: Document, seen: frozenset[bytes], recipe: Recipe | None) -> Reading:
    """The items of the page as drafts, without those whose hash is in `seen`.

    An item that has not got what its recipe names is left for another time. Raises `Unreadable` when the page has no
    item at all: a site that was rebuilt looks like that, and an empty page hardly ever does.
    """
    assert recipe is not None  # the config demands one
    text, problems = decode_page(document.body, document.content_type)
    page = parsed(text)
    base = base_of(page, document.url)
    if recipe.alert:
        return _watched(page, base, seen, recipe, recipe.alert)
    items = found_by(recipe.language, recipe.items)(page)
    elements = [item for item in items if isinstance(item, etree._Element)]
    if not elements:
        raise Unreadable(f'no item at "{recipe.items}" in this page; has the site been rebuilt?')
    if len(elements) > MOST_ITEMS:
        problems.append(f"{len(elements)} items, of which the first {MOST_ITEMS} are taken")
    drafts, hashes, fields = [], [], dict(recipe.fields)
    lacking: list[str] = []
    given: set[str] = set()
    for number, element in enumerate(elements[:MOST_ITEMS], 1):
        try:
            draft = draft_of(recipe, partial(values, element, base, fields))
        except Missing as error:
            problems.append(f"item {number} has no {error} yet")
            lacking.append(str(error))
            continue
        mark = hashlib.blake2b(repr(draft).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        hashes.append(mark)
        given.update(name for name in TEXTS if getattr(draft, name))
        if mark not in seen:
            drafts.append(draft)
    if len(lacking) > 1 and not hashes:
        raise none_whole(lacking, dict(recipe.fields))
    # One item alone may well be without.
    bare = tuple(name for name in fields if name in TEXTS and name not in given) if len(hashes) > 1 else ()
    more = _more(recipe, page, elements[-1], base)
    return Reading(_feed(page, base), tuple(drafts), tuple(problems), frozenset(hashes), more=more, bare=bare)


def _watched(page: lxml.html.HtmlElement, base: str, seen: frozenset[bytes], recipe: Recipe, alert: Alert) -> Reading:
    """What is watched in the page as a draft, where its words are others than when it was seen last.

    Seen are the mark of the words and that of all their changes so far: what changes back is a change as well, and must
    not be taken for the entry it was before. They differ in their highest bit.
    """
    for selector in (*alert.remove, "script", "style", "noscript", "template"):
        for element in found_by("css", selector)(page):
            if isinstance(element, lxml.html.HtmlElement) and element.getparent() is not None:
                element.drop_tree()
    found = [one for one in found_by(recipe.language, recipe.items)(page) if isinstance(one, etree._Element)]
    words = replaced(" ".join(" ".join("".join(map(str, one.itertext())).split()) for one in found), alert.ignore)
    words = " ".join(words.split())
    if not words:
        said = f'nothing at "{recipe.items}"' if not found else f'no words at "{recipe.items}"'
        raise Unreadable(f"{said} in this page; has the site been rebuilt?")
    mark = _mark(words.encode("utf-8", "replace"), high=False)
    chain = next((one for one in sorted(seen) if one[0] & 0x80), b"")
    if mark in seen:
        return Reading(_feed(page, base), (), hashes=frozenset({mark, chain} - {b""}))
    chain = _mark(chain + mark, high=True)
    title = _feed(page, base).title or Markup(words)
    content = Markup("\n".join("".join(inside(one)) for one in found), "text/html", base)
    draft = Draft(id=chain.hex(), link=base, title=title, content=content)
    return Reading(_feed(page, base), (draft,), hashes=frozenset({mark, chain}))


def _mark(text: bytes, *, high: bool) -> bytes:
    first, *rest = hashlib.blake2b(text, digest_size=8).digest()
    return bytes((first | 0x80 if high else first & 0x7F, *rest))


def _more(recipe: Recipe, page: lxml.html.HtmlElement, last: etree._Element, base: str) -> str | None:
    """What the next page is asked for with: it stands in the last item, or anywhere in the page."""
    paging = recipe.paging
    if paging is None or paging.path is None:
        return None
    pick = Pick(paging.path, recipe.language, "href" if paging.by == "link" else TEXT)
    return next(iter(values(last if paging.by == "last_id" else page, base, {}, pick)), None)


def parsed(text: str) -> lxml.html.HtmlElement:
    """The page as a tree. libxml2 takes bytes with a declared encoding only, for a page may declare another."""
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_pis=True, huge_tree=False)
    try:
        return lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"no web page: {' '.join(str(error).split())[:200]}") from None


def base_of(page: lxml.html.HtmlElement, url: str) -> str:
    """What relative addresses in the page hang on (HTML §4.2.3)."""
    return absolute(str(page.xpath("string((//base/@href)[1])")), url) or url


def _feed(page: lxml.html.HtmlElement, base: str) -> FeedFound:
    """What the page says of itself."""
    title = " ".join(str(page.xpath("string((//title)[1])")).split())
    language = str(page.xpath("string((/html/@lang)[1])")).strip()
    icon = str(page.xpath("string((//link[contains(concat(' ', @rel, ' '), ' icon ')]/@href)[1])")).strip()
    return FeedFound(
        title=Markup(title) if title else None,
        html_url=base,
        icon=absolute(icon, base),
        language=language or None,
    )


@lru_cache(1024)
def found_by(language: str, path: str) -> Callable[[etree._Element], list[object]]:
    """A search for what a CSS selector or an XPath expression names, below an element."""
    expression = HTMLTranslator().css_to_xpath(path) if language == "css" else path
    search = etree.XPath(expression)

    def find(element: etree._Element) -> list[object]:
        found = search(element)
        return list(found) if isinstance(found, list) else [found]

    return find


def values(item: etree._Element, base: str, fields: Mapping[str, Pick], pick: Pick) -> list[str]:
    """The values of a path in an item, as texts. In a template, a path is the name of another field."""
    named = fields.get(pick.path or "")
    if named is not None:
        pick = named
    found = found_by(pick.language, pick.path)(item) if pick.path else [item]
    return [text for one in found[:MOST_VALUES] if (text := _value(one, pick.attribute or TEXT, base)) is not None]


def _value(found: object, attribute: str, base: str) -> str | None:
    """What is taken of something found: its text, its inner HTML, or an attribute; XPath may find text itself."""
    if not isinstance(found, etree._Element):
        return str(found)
    if attribute == TEXT:
        moment = found.get("datetime") if found.tag == "time" else None
        return moment or " ".join("".join(map(str, found.itertext())).split())
    if attribute == HTML:
        return "".join(inside(found))
    value = found.get(attribute)
    if attribute == "src":
        value = next((found.get(name) for name in LAZY if found.get(name)), None) or value
    return (absolute(value, base) or value) if value and attribute in ADDRESSES else value


def inside(element: etree._Element) -> Iterator[str]:
    """The inner HTML of an element."""
    yield element.text or ""
    for child in element:
        yield lxml.html.tostring(child, encoding="unicode")
