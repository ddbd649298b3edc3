"""Writes a page as RSS 2.0, by the RSS Board's profile, through feedgen and one extension at its own seam.

feedgen 1.0 takes "now" for the date of a feed and changes the process's locale to write dates, takes the last link of a
feed for its own, and knows neither `dc:creator` nor more than one file. So dates and whatever other namespaces say are
written by the extension. Nothing is written as CDATA: a text that holds `]]>` could not be.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator import __version__
from aggregator.formats.atom import MEDIA_TYPE as ATOM_TYPE
from aggregator.formats.atom import NO_ENTRY_YET, stylesheet_instruction, with_line
from aggregator.formats.media import SPACES, append_media, spaces_of
from aggregator.formats.podcasts import categories_of
from aggregator.formats.screening import check, screened
from aggregator.formats.shelf import Shelf
from aggregator.formats.spaces import written_within
from aggregator.model import Page, Rendered, Show, Shown, amended

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    **SPACES,
}
MEDIA_TYPE = "application/rss+xml"
DOCS = "https://www.rssboard.org/rss-specification"
# Both attributes are required; this is what is true of a file of which nothing is known (RFC 2046 §4.5.1).
UNKNOWN_TYPE, UNKNOWN_LENGTH = "application/octet-stream", 0


def render(page: Page) -> Rendered:
    """The page as `feed.rss`; an entry that cannot be written is left out and named in `problems`."""
    language = page.language or page.site.language
    sound = screened(page, _SHELF, language)
    page = replace(page, shown=sound.shown)
    whole: bytes = _channel(page, language).rss_str(pretty=False)
    declaration, _, rss = whole.partition(b"\n")
    head = rss.removesuffix(b"</channel></rss>")
    parts = [declaration, b"\n", stylesheet_instruction(page.site), head, *sound.written, b"</channel></rss>\n"]
    return Rendered(page.document("rss"), b"".join(parts), sound.problems)


def rfc822(moment: datetime) -> str:
    """A time as RSS writes it (RFC 822 §5, with four digits of the year); the process's locale has no say."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _channel(page: Page, language: str) -> FeedGenerator:
    """The channel without its items."""
    feed = FeedGenerator()
    title = page.title if page.title == page.site.title else f"{page.title} – {page.site.title}"
    feed.title(title)
    feed.description(title)
    feed.link(href=page.address, rel="alternate")
    feed.language(language)
    feed.generator("aggregator", version=__version__)
    feed.docs(DOCS)
    if rights := page.rights or page.site.rights:
        feed.rights(rights)
    if page.site.author and page.site.author.email:
        feed.managingEditor(f"{page.site.author.email} ({page.site.author.name})")
    feed._FeedGenerator__rss_lastBuildDate = None  # which is "now", and its setter takes no None
    feed.register_extension("mended", _MendedChannel, _Mended, atom=False, rss=True)
    feed.mended.page = page
    feed.mended.spaces = {prefix: uri for prefix, uri in NAMESPACES.items() if prefix not in SPACES}
    feed.mended.spaces |= spaces_of(page.shown) | ({"itunes": SPACES["itunes"]} if page.show else {})
    feed.mended.spaces |= {"media": SPACES["media"]} if any(len(one.enclosures) > 1 for one in page.shown) else {}
    return feed


class _MendedChannel(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """feedgen's channel with the elements of other namespaces, and its date."""

    page: Page
    spaces: dict[str, str]

    def extend_ns(self) -> dict[str, str]:
        """Declared once, on the root."""
        return self.spaces

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        """Called by feedgen with the root."""
        page, channel = self.page, rss[0]
        _child(channel, "lastBuildDate", rfc822(page.updated or NO_ENTRY_YET))
        links: list[tuple[str, str, str | None]] = [
            ("self", f"{page.site.base_url}/{page.document('rss')}", MEDIA_TYPE)
        ]
        links += [("alternate", page.feed_address, ATOM_TYPE), *(("hub", hub, None) for hub in page.site.hubs)]
        for relation, address, kind in links:
            _child(channel, "atom:link", href=address, rel=relation, type=kind)
        if page.site.author:
            _child(channel, "dc:creator", page.site.author.name)
        if page.image:
            image = _child(channel, "image")
            for name, text in (("url", page.image), ("title", channel.findtext("title")), ("link", page.address)):
                _child(image, name, text)
            if page.show:
                _child(channel, "itunes:image", href=page.image)
        if page.show:
            _show(channel, page.show)
        return rss


def _show(channel: etree._Element, show: Show) -> None:
    """What podcast clients want to know of a podcast."""
    if show.explicit is not None:
        _child(channel, "itunes:explicit", str(show.explicit).lower())
    if show.kind:
        _child(channel, "itunes:type", show.kind)
    for outer, within in categories_of(show.categories).items():
        category = _child(channel, "itunes:category")
        category.set("text", outer)
        for inner in within:
            _child(category, "itunes:category").set("text", inner)


def _written(shown: Shown, feed_language: str) -> bytes:
    """One item, without the namespaces that the root declares."""
    check(shown)
    return written_within("channel", NAMESPACES, _item(shown, feed_language).rss_entry())


def _item(shown: Shown, feed_language: str) -> FeedEntry:
    """The parts of an item that feedgen writes as they should be; the rest is `_Mended`'s."""
    entry = FeedEntry()
    entry.register_extension("mended", _Mended, atom=False, rss=True)
    entry.mended.shown = shown
    entry.mended.language = shown.language if shown.language != feed_language else None
    entry.title(shown.title)
    entry.link(href=shown.link, rel="alternate")
    entry.guid(shown.id, permalink=shown.id == shown.link)
    for term in shown.terms:
        entry.category(term=term.term, scheme=term.scheme)
    if shown.content:
        # Two elements with one text would be one too many.
        if shown.summary and shown.summary != shown.content:
            entry.description(shown.summary)
        entry.content(with_line(shown.content, shown))
    else:
        entry.description(with_line(shown.summary, shown))
    entry.source(url=shown.origin.self_url or shown.via, title=shown.origin.title)
    return entry


class _Mended(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
    """feedgen's item with its dates, its authors and its files."""

    shown: Shown
    language: str | None

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """Called by feedgen with the element of the item."""
        shown = self.shown
        _child(item, "pubDate", rfc822(shown.published))
        _child(item, "atom:updated", shown.updated.isoformat())
        for author in shown.authors:
            _child(item, "dc:creator", author.name)
        if shown.rights:
            _child(item, "dc:rights", shown.rights)
        if shown.licence:
            _child(item, "atom:link", href=shown.licence, rel="license")
        if shown.credit:
            _child(item, "dc:source", shown.credit.name)
        for via in (shown.via, *shown.vias):
            _child(item, "atom:link", href=via, rel="via")
        if self.language:
            _child(item, "dc:language", self.language)
        for other in shown.related:
            _child(item, "atom:link", href=other.link, rel="related", title=f"{other.source_title}: {other.title}")
        _files(item, shown)
        return item


def _files(item: etree._Element, shown: Shown) -> None:
    """Attached files: the first as the one `enclosure` that readers expect, the others as Media RSS names them."""
    for file in shown.enclosures[:1]:
        length = str(file.length if file.length is not None else UNKNOWN_LENGTH)
        _child(item, "enclosure", url=file.href, length=length, type=file.type or UNKNOWN_TYPE)
    named = {one.href for one in shown.media}
    others = tuple(amended(file, group=None) for file in shown.enclosures[1:] if file.href not in named)
    append_media(item, replace(shown, media=(*shown.media, *others)))


def _child(parent: etree._Element, name: str, text: str | None = None, **attributes: Any) -> etree._Element:
    """A new child, its name with the prefix of its namespace; attributes that are None are none."""
    prefix, _, local = name.rpartition(":")
    child = etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local)
    child.text = text
    for key, value in attributes.items():
        if value is not None:
            child.set(key, value)
    return child


_SHELF = Shelf(_written)
