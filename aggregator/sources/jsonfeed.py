"""Reads JSON Feed 1.0 and 1.1, as found (jsonfeed.org); what has another type than it should is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aggregator.errors import Unreadable
from aggregator.model import DateFound, Draft, Enclosure, FeedFound, Image, Markup, Person, Reading, Term
from aggregator.sources.json import hash_of, parsed

MOST_ITEMS = 5000
VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/")
BEGINNING = re.compile(r"[\ufeff\s]*\{")


def is_json(text: str) -> bool:
    """Whether a document is a JSON object, whatever it says that it is."""
    return bool(BEGINNING.match(text))


def read(text: str, seen: frozenset[bytes], problems: list[str]) -> Reading:
    """The feed without the items whose hash is in `seen`. Raises `Unreadable` when it is no JSON Feed."""
    try:
        found = parsed(text)
    except Unreadable as error:
        raise Unreadable(f"not a feed: {error}") from None
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list) or not (VERSION.match(_string(found, "version") or "") or "home_page_url" in found):
        raise Unreadable("not a feed, but other JSON; an API that is no feed is read with `type: json`")
    if len(items) > MOST_ITEMS:
        problems.append(f"{len(items)} items, of which the first {MOST_ITEMS} are taken")
    kept = [(hash_of(item), item) for item in items[:MOST_ITEMS] if isinstance(item, dict)]
    drafts = tuple(_draft(item) for mark, item in kept if mark not in seen)
    return Reading(_feed(found), drafts, tuple(problems), frozenset(mark for mark, _ in kept))


def _feed(found: Mapping[str, Any]) -> FeedFound:
    """What the feed says of itself; its address is its id, for it has no other."""
    return FeedFound(
        id=_string(found, "feed_url"),
        title=_plain(found, "title"),
        html_url=_string(found, "home_page_url"),
        self_url=_string(found, "feed_url"),
        icon=_string(found, "icon") or _string(found, "favicon"),
        language=_string(found, "language"),
        authors=tuple(_persons(found)),
        hub=_hub(found.get("hubs")),
    )


def _hub(hubs: Any) -> str | None:
    """The first hub that speaks WebSub, or as PubSubHubbub, its older name."""
    named = (one for one in hubs if isinstance(one, dict)) if isinstance(hubs, list) else ()
    spoken = ("websub", "pubsubhubbub")
    return next((_string(one, "url") for one in named if str(one.get("type")).lower() in spoken), None)


def _draft(item: Mapping[str, Any]) -> Draft:
    content = _string(item, "content_html")
    return Draft(
        id=_string(item, "id"),
        link=_string(item, "url") or _string(item, "external_url"),
        title=_plain(item, "title"),
        summary=_plain(item, "summary"),
        content=Markup(content, "text/html") if content else _plain(item, "content_text"),
        published=_date(item, "date_published"),
        updated=_date(item, "date_modified"),
        authors=tuple(_persons(item)),
        terms=tuple(Term(tag) for tag in _list(item, "tags") if isinstance(tag, str)),
        enclosures=tuple(_attachments(item)),
        images=tuple(Image(found) for name in ("image", "banner_image") if (found := _string(item, name))),
        language=_string(item, "language"),
    )


def _persons(found: Mapping[str, Any]) -> Iterator[Person]:
    """The authors; version 1.0 had one."""
    for one in [*_list(found, "authors"), found.get("author")]:
        if isinstance(one, dict) and (name := _string(one, "name") or _string(one, "url")):
            yield Person(name, uri=_string(one, "url"))


def _attachments(item: Mapping[str, Any]) -> Iterator[Enclosure]:
    for one in _list(item, "attachments"):
        if isinstance(one, dict) and (address := _string(one, "url")):
            size = one.get("size_in_bytes")
            length = int(size) if isinstance(size, int | float) and 0 <= size < 10**15 else None
            yield Enclosure(address, _string(one, "mime_type"), length, _string(one, "title"))


def _list(found: Mapping[str, Any], name: str) -> list[Any]:
    value = found.get(name)
    return value if isinstance(value, list) else []


def _string(found: Mapping[str, Any], name: str) -> str | None:
    """A text; a number, which an id often is, as one."""
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def _plain(found: Mapping[str, Any], name: str) -> Markup | None:
    text = _string(found, name)
    return Markup(text) if text else None


def _date(found: Mapping[str, Any], name: str) -> DateFound | None:
    text = _string(found, name)
    return DateFound(text) if text else None
