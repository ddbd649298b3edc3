"""Writes lists of sources as OPML 2.0 (https://opml.org/spec2.opml), for feed readers to import."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from aggregator.model import Home, Listed, Page, Rendered, Site, slug_of


def render(page: Page) -> Rendered:
    """The sources behind a category, as `sources.opml`."""
    opml, body = _document(page.site, page.title)
    problems = _outlines(body, page.sources)
    return Rendered(f"{page.path}sources.opml", _text(opml), problems)


def render_home(home: Home) -> Rendered:
    """The sources of all categories, each category a folder of its own; those in none stand beside them."""
    opml, body = _document(home.site, home.site.title)
    problems: tuple[str, ...] = ()
    for page in home.categories:
        if page.sources:
            # The slug is for who reads the list back: the title is only what it is called today.
            said = {"text": page.title, "title": page.title, "category": f"/{slug_of(page.path)}"}
            folder = etree.SubElement(body, "outline", said)
            problems += _outlines(folder, page.sources)
    problems += _outlines(body, (source for source in home.everything.sources if not source.categories))
    return Rendered("sources.opml", _text(opml), problems)


def _document(site: Site, title: str) -> tuple[etree._Element, etree._Element]:
    """An OPML document and its body, which must hold an outline before the document is one."""
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = title if title == site.title else f"{title} – {site.title}"
    if site.author:
        etree.SubElement(head, "ownerName").text = site.author.name
        if site.author.email:
            etree.SubElement(head, "ownerEmail").text = site.author.email
        if site.author.uri:
            etree.SubElement(head, "ownerId").text = site.author.uri
    return opml, etree.SubElement(opml, "body")


def _outlines(parent: etree._Element, sources: Iterable[Listed]) -> tuple[str, ...]:
    """Add the sources; one that cannot be written is left out and named."""
    problems = []
    for source in sources:
        known = {
            "text": source.title,
            "title": source.title,
            "type": "rss",  # whatever it is: the word stands for all that readers subscribe to
            "xmlUrl": source.feed_url,
            "htmlUrl": source.html_url,
            "category": ",".join(f"/{slug}" for slug in source.categories),
        }
        try:
            etree.SubElement(parent, "outline", {name: value for name, value in known.items() if value})
        except (ValueError, TypeError) as error:
            problems.append(f"{source.feed_url!r}: {error}")
    return tuple(problems)


def _text(opml: etree._Element) -> bytes:
    if not len(opml[1]):
        etree.SubElement(opml[1], "outline", text="–")  # a body must have one
    etree.indent(opml, space="")
    whole: bytes = etree.tostring(opml, encoding="UTF-8", xml_declaration=True)
    return whole + b"\n"
