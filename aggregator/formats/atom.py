"""Writes a page as Atom 1.0 (RFC 4287) through feedgen, mended at its own extension seam.

feedgen 1.0 drops the attributes of entry links, writes `source` without id, date and links, orders elements its own
way, and takes "now" for the date of a feed that was given none. An extension gets every entry's lxml element, so the
links and `source` are written there, and the children put in the order that suits readers best: those that know no
`source` must not meet its title before the entry's own.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator import __version__
from aggregator.formats.media import SPACES, append_media, spaces_of
from aggregator.formats.screening import check, screened
from aggregator.formats.shelf import Shelf
from aggregator.formats.spaces import written_within
from aggregator.model import Origin, Page, Person, Removed, Rendered, Shown, Site

HISTORY = "http://purl.org/syndication/history/1.0"
TOMBS = "http://purl.org/atompub/tombstones/1.0"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
CREDIT = f"{{{DUBLIN_CORE}}}source"
ORDER = ("id", "title", "link", "published", "updated", "author", "category", "summary", "content")
# The date of a feed that never had an entry; it must have one (§4.1.1), and "now" would change at every build.
NO_ENTRY_YET = datetime(1970, 1, 1, tzinfo=UTC)
MEDIA_TYPE = "application/atom+xml"


def render(page: Page) -> Rendered:
    """The page as `feed.atom`, or as an archive document; what cannot be written is left out and named."""
    language = page.language or page.site.language
    sound = screened(page, _SHELF, language)
    page = replace(page, shown=sound.shown)
    whole: bytes = _feed(page, language).atom_str(pretty=False)
    declaration, _, feed = whole.partition(b"\n")
    # feedgen writes `<feed …/>` shut around what the head has; the entries, written one by one, go in before its end.
    body = feed.removesuffix(b"</feed>")
    links = b"".join(etree.tostring(element) for element in _chain(page))
    tombs = b"".join(_tomb(removed) for removed in page.removed)
    parts = [declaration, b"\n", stylesheet_instruction(page.site), body, links, tombs, *sound.written, b"</feed>\n"]
    return Rendered(page.document("atom"), b"".join(parts), sound.problems)


def _feed(page: Page, language: str) -> FeedGenerator:
    """The feed without its entries."""
    feed = FeedGenerator()
    feed.id(page.feed_address)
    feed.title(page.title if page.title == page.site.title else f"{page.title} – {page.site.title}")
    feed.updated(page.updated or NO_ENTRY_YET)
    feed.link(href=f"{page.site.base_url}/{page.document('atom')}", rel="self", type=MEDIA_TYPE)
    feed.link(href=page.address, rel="alternate", type="text/html")
    if page.chain.name is None:
        for hub in page.site.hubs:
            feed.link(href=hub, rel="hub")
    author = page.site.author or Person(page.site.title)
    feed.author(name=author.name, email=author.email, uri=author.uri)
    feed.language(language)
    # An archive document must not change only because the program did.
    feed.generator("aggregator", version=__version__ if page.chain.name is None else None)
    rights = page.rights or page.site.rights
    if rights:
        feed.rights(rights)
    if page.image:
        feed.logo(page.image)
    feed.register_extension("spaces", _Spaces, atom=True, rss=False)
    feed.spaces.bound = spaces_of(page.shown)
    return feed


def _chain(page: Page) -> Iterator[etree._Element]:
    """The links between the documents of a history (RFC 5005 §4)."""
    chain = page.chain
    if chain.name:
        yield etree.Element(f"{{{HISTORY}}}archive", nsmap={"fh": HISTORY})
        yield etree.Element("link", rel="current", href=page.feed_address, type=MEDIA_TYPE)
    for relation, name in (("prev-archive", chain.previous), ("next-archive", chain.next)):
        if name:
            address = f"{page.site.base_url}/{page.archived(name, 'atom')}"
            yield etree.Element("link", rel=relation, href=address, type=MEDIA_TYPE)


def _tomb(removed: Removed) -> bytes:
    """What says that an entry is no more (RFC 6721 §3)."""
    tomb = etree.Element(
        f"{{{TOMBS}}}deleted-entry", ref=removed.id, when=removed.when.isoformat(), nsmap={"at": TOMBS}
    )
    if removed.reason:
        etree.SubElement(tomb, f"{{{TOMBS}}}comment").text = removed.reason
    return etree.tostring(tomb, encoding="utf-8")


def _written(shown: Shown, feed_language: str) -> bytes:
    """One entry."""
    check(shown)
    return written_within("feed", SPACES, _entry(shown, feed_language).atom_entry())


def _entry(shown: Shown, feed_language: str) -> FeedEntry:
    """The parts of an entry that feedgen writes as they should be; the rest is `_Mended`'s."""
    entry = FeedEntry()
    entry.register_extension("mended", _Mended, atom=True, rss=False)
    entry.mended.shown = shown
    entry.mended.language = shown.language if shown.language != feed_language else None
    entry.id(shown.id)
    entry.title(shown.title)
    entry.link(href=shown.link, rel="alternate")
    entry.published(shown.published)
    entry.updated(shown.updated)
    for author in shown.authors:
        entry.author(name=author.name, email=author.email, uri=author.uri)
    for term in shown.terms:
        entry.category(term=term.term, scheme=term.scheme, label=term.label)
    # The line stands under the longer text. An entry without any text has none; its link says where it is (§4.1.2).
    summary, content = shown.summary, shown.content
    if content or not summary:
        content = with_line(content, shown)
    else:
        summary = with_line(summary, shown)
    if summary:
        entry.summary(summary, type="html")
    if content:
        entry.content(content, type="html")
    if shown.rights:
        entry.rights(shown.rights)
    return entry


def stylesheet_instruction(site: Site) -> bytes:
    """What lets a browser show a feed to people (https://www.w3.org/TR/xml-stylesheet/); readers pass over it."""
    address = html.escape(f"{site.base_url}/feed.css")
    return f'<?xml-stylesheet type="text/css" href="{address}"?>\n'.encode()


def with_line(markup: str, shown: Shown) -> str:
    """The text with the visible attribution line under it, the source's name in it linked to the source, and a line
    that names others who tell the same story."""
    return f"{markup}{_attribution(shown)}{_also(shown)}"


def _attribution(shown: Shown) -> str:
    if not shown.attribution:
        return ""
    before, title, after = (html.escape(part, quote=False) for part in shown.attribution.partition(shown.origin.title))
    target = shown.origin.html_url or shown.origin.self_url
    return f"<p>{before}{_linked(title, target) if target and title else title}{after}</p>"


def _also(shown: Shown) -> str:
    if not shown.related:
        return ""
    names = (_linked(html.escape(one.source_title, quote=False), one.link) for one in shown.related)
    return f"<p>{html.escape(shown.also, quote=False)}{', '.join(names)}</p>"


def _linked(text: str, target: str) -> str:
    return f'<a href="{html.escape(target)}" rel="noopener noreferrer">{text}</a>'


class _Spaces(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """Binds the prefixes of extension elements once, at the root, and only those that are used."""

    bound: dict[str, str]

    def extend_ns(self) -> dict[str, str]:
        """Called by feedgen for the namespaces of the feed."""
        return self.bound


class _Mended(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
    """feedgen's entry, with its links, its `source` and the order of its children put right."""

    shown: Shown
    language: str | None

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        """Called by feedgen with the entry's element."""
        shown = self.shown
        if self.language:
            entry.set(LANG, self.language)
        rights = entry.find("rights")
        for link in entry.findall("link"):  # feedgen's, which lost their attributes
            entry.remove(link)
        _link(entry, "alternate", shown.link)
        entry[:] = sorted((child for child in entry if child is not rights), key=lambda child: ORDER.index(child.tag))
        for enclosure in shown.enclosures:
            length = None if enclosure.length is None else str(enclosure.length)
            _link(entry, "enclosure", enclosure.href, enclosure.type, length=length, title=enclosure.title)
        for via in (shown.via, *shown.vias):
            _link(entry, "via", via)
        for other in shown.related:
            _link(entry, "related", other.link, title=f"{other.source_title}: {other.title}")
        if shown.licence:
            _link(entry, "license", shown.licence)
        if rights is not None:
            entry.append(rights)
        append_media(entry, shown)
        if shown.credit:
            etree.SubElement(entry, CREDIT, nsmap={"dc": DUBLIN_CORE}).text = shown.credit.name
        _source(entry, shown.origin)
        return entry


def _source(entry: etree._Element, origin: Origin) -> None:
    """`atom:source` (§4.2.11), as far as known."""
    source = etree.SubElement(entry, "source")
    if origin.language:
        source.set(LANG, origin.language)
    _text(source, "id", origin.id)
    _text(source, "title", origin.title)
    if origin.updated:
        _text(source, "updated", origin.updated.isoformat())
    if origin.self_url:
        _link(source, "self", origin.self_url)
    if origin.html_url:
        _link(source, "alternate", origin.html_url, "text/html")
    for author in origin.authors:
        person = etree.SubElement(source, "author")
        _text(person, "name", author.name)
        for name, value in (("email", author.email), ("uri", author.uri)):
            if value:
                _text(person, name, value)
    if origin.licence:
        _link(source, "license", origin.licence)
    if origin.rights:
        _text(source, "rights", origin.rights)
    if origin.icon:
        _text(source, "icon", origin.icon)
    if origin.image and origin.image != origin.icon:
        _text(source, "logo", origin.image)


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _link(parent: etree._Element, rel: str, href: str, kind: str | None = None, **more: str | None) -> None:
    link = etree.SubElement(parent, "link", rel=rel, href=href)
    for name, value in {"type": kind, **more}.items():
        if value:
            link.set(name, value)


_SHELF = Shelf(_written)
