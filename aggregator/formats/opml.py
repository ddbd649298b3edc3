"""Writes lists of sources as OPML 2.0 (https://opml.org/spec2.opml), for feed readers to import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from io import BytesIO
from typing import Any

from lxml import etree

from aggregator.model import Home, Listed, Page, Rendered, Site, slug_of

# The attributes of a folder, or None for what stands in none, and its sources.
Folder = tuple[dict[str, str] | None, Iterable[Listed]]


def render(page: Page) -> Rendered:
    """The sources behind a category, as `sources.opml`."""
    return _written(f"{page.path}sources.opml", page.site, page.title, [(None, page.sources)])


def render_home(home: Home) -> Rendered:
    """The sources of all categories, each category a folder of its own; those in none stand beside them."""
    return _written("sources.opml", home.site, home.site.title, _folders(home))


def _folders(home: Home) -> Iterator[Folder]:
    for page in home.categories:
        if page.sources:
            # The slug is for who reads the list back: the title is only what it is called today.
            yield {"text": page.title, "title": page.title, "category": f"/{slug_of(page.path)}"}, page.sources
    yield None, (source for source in home.everything.sources if not source.categories)


def _written(path: str, site: Site, title: str, folders: Iterable[Folder]) -> Rendered:
    """The list, written element by element: as one tree 100,000 sources would take 200 MB.

    A source that cannot be written is left out and named.
    """
    file, problems, is_empty = BytesIO(), list[str](), True
    with etree.xmlfile(file, encoding="UTF-8") as out:
        out.write_declaration()
        with _element(out, "opml", {"version": "2.0"}):
            out.write("\n", _head(site, title), "\n")
            with _element(out, "body", {}):
                for attributes, sources in folders:
                    out.write("\n" if attributes else "")
                    with _element(out, "outline", attributes) if attributes else nullcontext():
                        for source in sources:
                            try:
                                out.write("\n", _outline(source))
                            except (ValueError, TypeError) as error:
                                problems.append(f"{source.feed_url!r}: {error}")
                                continue
                            is_empty = False
                if is_empty:
                    out.write("\n", etree.Element("outline", text="–"))  # a body must have one
    return Rendered(path, file.getvalue() + b"\n", tuple(problems))


@contextmanager
def _element(out: Any, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
    """An element whose end tag stands on a line of its own."""
    with out.element(name, attributes):
        yield
        out.write("\n")


def _head(site: Site, title: str) -> etree._Element:
    head = etree.Element("head")
    etree.SubElement(head, "title").text = title if title == site.title else f"{title} – {site.title}"
    if site.author:
        etree.SubElement(head, "ownerName").text = site.author.name
        if site.author.email:
            etree.SubElement(head, "ownerEmail").text = site.author.email
        if site.author.uri:
            etree.SubElement(head, "ownerId").text = site.author.uri
    etree.indent(head, space="")
    return head


def _outline(source: Listed) -> etree._Element:
    """A source. Raises `ValueError` or `TypeError` for what XML cannot hold."""
    known = {
        "text": source.title,
        "title": source.title,
        "type": "rss",  # whatever it is: the word stands for all that readers subscribe to
        "xmlUrl": source.feed_url,
        "htmlUrl": source.html_url,
        "category": ",".join(f"/{slug}" for slug in source.categories),
    }
    return etree.Element("outline", {name: value for name, value in known.items() if value})
