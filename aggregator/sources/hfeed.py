"""Reads a web page whose own markup says what its entries are: h-feed and h-entry (microformats2)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import Unreadable
from aggregator.model import DateFound, Draft, Enclosure, FeedFound, Image, Markup, Person, Reading, Term

MARKED = re.compile(r"""\bclass\s*=\s*["']?[^"'<>]*\bh-entry\b""", re.IGNORECASE)
MOST_ENTRIES = 500
MOST_READ = 2 * 1024**2  # characters: the parser takes two seconds for each million
DEEPEST = 20

Item = Mapping[str, Any]


def has_entries(page: str) -> bool:
    """Whether some element of the page says that it is an entry."""
    return bool(MARKED.search(page))


def read(page: str, url: str, seen: frozenset[bytes], problems: list[str]) -> Reading:
    """The entries of the page's feed, or of the page itself, without those whose hash is in `seen`.

    Raises `Unreadable` when there are none.
    """
    import mf2py  # brings an HTTP client of its own, and takes a tenth of a second, for what few sources are

    text = page[:MOST_READ]
    found = mf2py.Parser(doc=text, url=url, html_parser="lxml").to_dict()
    feed = next(_of_type(found["items"], "h-feed"), None)
    entries = list(_of_type([feed] if feed else found["items"], "h-entry"))
    if not entries:
        raise Unreadable("a web page, not a feed; look for the feed's own address on that page")
    if len(entries) > MOST_ENTRIES:
        problems.append(f"{len(entries)} entries, of which the first {MOST_ENTRIES} are taken")
    hashed = [(_hash_of(one), one) for one in entries[:MOST_ENTRIES]]
    about = feed["properties"] if feed else {}
    title = _text(about, "name") or " ".join(_title(text).split())
    return Reading(
        FeedFound(
            title=Markup(title) if title else None,
            html_url=_text(about, "url") or url,
            icon=_text(about, "photo"),
            language=(feed or {}).get("lang"),
            authors=tuple(_persons(about)),
        ),
        tuple(_draft(one, url) for mark, one in hashed if mark not in seen),
        tuple(problems),
        frozenset(mark for mark, _ in hashed),
    )


def _of_type(items: list[Item], kind: str, depth: int = 0) -> Iterator[Item]:
    """The items of this type, outermost first; an entry inside another is quoted there."""
    for item in items:
        if kind in item.get("type", ()):
            yield item
        elif depth < DEEPEST:
            yield from _of_type(item.get("children", []), kind, depth + 1)


def _draft(item: Item, url: str) -> Draft:
    said = item["properties"]
    content = next((one for one in said.get("content", ()) if isinstance(one, dict)), None)
    text = _text(said, "content")
    title = _text(said, "name")
    # A note has no title: its whole text is said to be its name, or is taken for it by the rules.
    is_note = title is not None and text is not None and title.split() == text.split()
    html = content.get("html") if content else None
    summary = _text(said, "summary")
    return Draft(
        id=_text(said, "uid") or _text(said, "url"),
        link=_text(said, "url"),
        title=Markup(title) if title and not is_note else None,
        summary=Markup(summary) if summary else None,
        content=Markup(html, "text/html", url) if html else Markup(text) if text else None,
        published=_date(said, "published"),
        updated=_date(said, "updated"),
        authors=tuple(_persons(said)),
        terms=tuple(Term(term) for term in _texts(said, "category")),
        enclosures=tuple(Enclosure(href) for name in ("audio", "video") for href in _texts(said, name)),
        images=tuple(Image(href) for name in ("featured", "photo") for href in _texts(said, name)),
        language=item.get("lang"),
    )


def _persons(said: Item) -> Iterator[Person]:
    for one in said.get("author", ()):
        about = one.get("properties", {}) if isinstance(one, dict) else {"name": [one]}
        name = _text(about, "name")
        if name:
            yield Person(name, _text(about, "email"), _text(about, "url"))


def _texts(said: Item, name: str) -> Iterator[str]:
    """The values of a property as texts: a value may be an item, or a picture with its description."""
    for one in said.get(name, ()):
        value = one.get("value") if isinstance(one, dict) else one
        if isinstance(value, str) and value.strip():
            yield value.strip()


def _text(said: Item, name: str) -> str | None:
    return next(_texts(said, name), None)


def _date(said: Item, name: str) -> DateFound | None:
    text = _text(said, name)
    return DateFound(text) if text else None


def _title(page: str) -> str:
    found = re.search(r"<title[^>]*>([^<]*)", page, re.IGNORECASE)
    return found[1] if found else ""


def _hash_of(item: Item) -> bytes:
    written = json.dumps(item, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(written, digest_size=8).digest()
