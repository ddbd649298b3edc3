"""Writes a page as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import Any

import msgspec

from aggregator.clean.text import plain
from aggregator.formats.atom import with_line
from aggregator.formats.screening import check, screened
from aggregator.formats.shelf import Shelf
from aggregator.model import Enclosure, Markup, Origin, Page, Person, Related, Rendered, Shown

VERSION = "https://jsonfeed.org/version/1.1"
ABOUT_SOURCE = "https://www.rfc-editor.org/rfc/rfc4287#section-4.2.11"
# The type of a file is required; this is what is true of one of which nothing is known (RFC 2046 §4.5.1).
UNKNOWN_TYPE = "application/octet-stream"


def render(page: Page) -> Rendered:
    """The page as `feed.json`, or as an archive document; what cannot be written is left out and named."""
    language = page.language or page.site.language
    sound = screened(page, _SHELF, language)
    head = _text(_feed(page, language)).removesuffix(b"}")
    body = head + b',"items":[\n' + b",\n".join(sound.written) + b"\n]}\n"
    return Rendered(page.document("json"), body, sound.problems)


def _text(shape: dict[str, Any]) -> bytes:
    """The object without the members that say nothing."""
    full = {name: value for name, value in shape.items() if value is not None and value != []}
    return msgspec.json.encode(full)


def _feed(page: Page, language: str) -> dict[str, Any]:
    """The feed without its items."""
    previous = page.archived(page.chain.previous, "json") if page.chain.previous else None
    hubs = page.site.hubs if page.chain.name is None else ()
    return {
        "version": VERSION,
        "title": page.title if page.title == page.site.title else f"{page.title} – {page.site.title}",
        "home_page_url": page.address,
        "feed_url": f"{page.site.base_url}/{page.document('json')}",
        "next_url": previous and f"{page.site.base_url}/{previous}",
        "authors": [_person(page.site.author or Person(page.site.title))],
        "language": language,
        "icon": page.image,
        "hubs": [{"type": "WebSub", "url": hub} for hub in hubs],
        "_rights": page.rights or page.site.rights,
    }


def _written(shown: Shown, feed_language: str) -> bytes:
    """One item."""
    check(shown)
    # The longer text is the content; a summary is plain text here.
    summary = plain(Markup(shown.summary, "text/html")) or None if shown.content else None
    return _text(
        {
            "id": shown.id,
            "url": shown.link,
            "title": shown.title,
            "content_html": with_line(shown.content or shown.summary, shown),
            "summary": summary,
            "image": shown.image.href if shown.image else None,
            "date_published": shown.published.isoformat(),
            "date_modified": shown.updated.isoformat(),
            "authors": [_person(author) for author in shown.authors],
            "tags": list(dict.fromkeys(term.term for term in shown.terms)),
            "language": shown.language if shown.language != feed_language else None,
            "attachments": [_file(file) for file in shown.enclosures],
            "_rights": shown.rights,
            "_license": shown.licence,
            "_credit": _person(shown.credit) if shown.credit else None,
            "_via": list(shown.vias),
            "_source": _source(shown.origin, shown.via),
            "_related": [_telling(one) for one in shown.related],
        }
    )


def _person(person: Person) -> dict[str, str]:
    address = person.uri or (f"mailto:{person.email}" if person.email else None)
    return {"name": person.name, "url": address} if address else {"name": person.name}


def _file(file: Enclosure) -> dict[str, Any]:
    known = {"title": file.title or None, "size_in_bytes": file.length, "duration_in_seconds": file.duration}
    given = {name: value for name, value in known.items() if value is not None}
    return {"url": file.href, "mime_type": file.type or UNKNOWN_TYPE, **given}


def _telling(one: Related) -> dict[str, str]:
    """Another source's telling of the story: what `link rel=related` says in Atom."""
    return {"url": one.link, "title": one.title, "source_title": one.source_title}


def _source(origin: Origin, via: str) -> dict[str, Any]:
    """Where the entry comes from: what `atom:source` says, and the feed it was taken from."""
    known = {
        "about": ABOUT_SOURCE,
        "id": origin.id,
        "title": origin.title,
        "feed_url": origin.self_url,
        "home_page_url": origin.html_url,
        "via": via,
        "date_modified": origin.updated.isoformat() if origin.updated else None,
        "authors": [_person(author) for author in origin.authors] or None,
        "icon": origin.icon or origin.image,
        "language": origin.language,
        "rights": origin.rights,
        "license": origin.licence,
    }
    return {name: value for name, value in known.items() if value is not None}


_SHELF = Shelf(_written)
