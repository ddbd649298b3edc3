"""Reads sitemaps of news (sitemaps.org 0.9 with Google's news extension), which many papers have that have no feed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from lxml import etree

from aggregator.errors import Unreadable
from aggregator.model import DateFound, Document, Draft, FeedFound, Image, Markup, Reading, Recipe, Term

MOST_ITEMS = 1000  # as many as a sitemap of news may have
MOST_BYTES = 50 * 1024**2  # as large as a sitemap may be
GZIPPED = b"\x1f\x8b"
SHOWN = 3


def read(document: Document, seen: frozenset[bytes], _recipe: Recipe | None) -> Reading:
    """The news that a sitemap names, without those whose hash is in `seen`.

    Raises `Unreadable` when it is no sitemap, and when none of its addresses has a title.
    """
    root = _root(document.body)
    if _name(root) == "sitemapindex":
        inner = [address for one in root if (address := _text(one, "loc"))]
        raise Unreadable(f"an index of sitemaps; write the one with the news: {', '.join(inner[:SHOWN])}")
    if _name(root) != "urlset":
        raise Unreadable("not a sitemap: its root is no urlset")
    found = [one for one in root if _name(one) == "url" and _text(one, "title")]
    if not found:
        raise Unreadable("a sitemap without news: no address in it has a title")
    problems = []
    if len(found) > MOST_ITEMS:
        problems.append(f"{len(found)} news, of which the first {MOST_ITEMS} are taken")
    drafts = [_draft(one) for one in found[:MOST_ITEMS]]
    hashed = [(hashlib.blake2b(repr(one).encode("utf-8", "replace"), digest_size=8).digest(), one) for one in drafts]
    name = next((text for one in found if (text := _text(one, "publication", "name"))), None)
    language = next((text for one in found if (text := _text(one, "publication", "language"))), None)
    return Reading(
        FeedFound(title=Markup(name) if name else None, language=language),
        tuple(draft for mark, draft in hashed if mark not in seen),
        tuple(problems),
        frozenset(mark for mark, _ in hashed),
    )


def _root(body: bytes) -> etree._Element:
    """The document, unpacked where it is a file that was packed."""
    if body.startswith(GZIPPED):
        try:
            body = zlib.decompressobj(31).decompress(body, MOST_BYTES)
        except zlib.error:
            raise Unreadable("a packed sitemap that cannot be unpacked") from None
    parser = etree.XMLParser(
        recover=True, no_network=True, resolve_entities=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"not a sitemap: {' '.join(str(error).split())[:200]}") from None
    if root is None:
        raise Unreadable("not a sitemap, but no XML at all")
    return root


def _name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _draft(url: etree._Element) -> Draft:
    """One of the news. When its page was changed last is no date: that may have been a comment below it."""
    address, title, moment = _text(url, "loc"), _text(url, "title") or "", _text(url, "publication_date")
    keywords = (_text(url, "keywords") or "").split(",")
    return Draft(
        id=address,
        link=address,
        title=Markup(title),
        published=DateFound(moment) if moment else None,
        terms=tuple(Term(word.strip()) for word in keywords if word.strip()),
        images=tuple(Image(text) for one in url if _name(one) == "image" and (text := _text(one, "loc"))),
        language=_text(url, "publication", "language"),
    )


def _text(element: etree._Element, *names: str) -> str | None:
    """The text of the first element below of this name, which stands in those before it; in whatever namespace."""
    for one in _below(element, names[0]):
        text = _text(one, *names[1:]) if names[1:] else " ".join("".join(map(str, one.itertext())).split())
        if text:
            return text
    return None


def _below(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """The elements of this name directly below, or below what speaks of the news."""
    for one in element:
        if _name(one) == name:
            yield one
        elif _name(one) == "news":
            yield from (inner for inner in one if _name(inner) == name)
