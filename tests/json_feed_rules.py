"""Judges JSON Feed documents for the tests: by JSON Feed 1.1 (jsonfeed.org/version/1.1), as they were written there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from atom_rules import LANGUAGE, MEDIA_TYPE, _iri_fault, instant

FEED = {
    "version": str,
    "title": str,
    "home_page_url": str,
    "feed_url": str,
    "description": str,
    "user_comment": str,
    "next_url": str,
    "icon": str,
    "favicon": str,
    "authors": list,
    "language": str,
    "expired": bool,
    "hubs": list,
    "items": list,
}
ITEM = {
    "id": str,
    "url": str,
    "external_url": str,
    "title": str,
    "content_html": str,
    "content_text": str,
    "summary": str,
    "image": str,
    "banner_image": str,
    "date_published": str,
    "date_modified": str,
    "authors": list,
    "tags": list,
    "language": str,
    "attachments": list,
}
FILE = {"url": str, "mime_type": str, "title": str, "size_in_bytes": int, "duration_in_seconds": (int, float)}
AUTHOR = {"name": str, "url": str, "avatar": str}
ADDRESSES = ("home_page_url", "feed_url", "next_url", "icon", "favicon", "url", "external_url", "image", "banner_image")


def violations(document: bytes, address: str | None = None) -> list[str]:
    """What JSON Feed 1.1 forbids and this document does; `address` is where it is published."""
    try:
        feed = json.loads(document.decode("utf-8"), object_pairs_hook=_without_doubles)
    except ValueError as error:
        return [f"no JSON in UTF-8: {error}"]
    told = list(_object(feed, FEED, ("version", "title", "items"), "feed"))
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        told.append(f"version is {feed.get('version')!r}")
    if address and feed.get("feed_url") != address:
        told.append(f"feed_url is {feed.get('feed_url')!r}, not {address!r}")
    if feed.get("next_url") and feed.get("next_url") == feed.get("feed_url"):
        told.append("next_url leads to the feed itself")
    told += [f"a hub has {sorted(hub)}" for hub in feed.get("hubs", []) if set(hub) != {"type", "url"}]
    for author in feed.get("authors", []):
        told += _author(author)
    for number, item in enumerate(feed.get("items", [])):
        told += [f"item {number}: {sentence}" for sentence in _item(item)]
    ids = Counter(item.get("id") for item in feed.get("items", []))
    return told + [f"the id {one!r} belongs to {count} items" for one, count in ids.items() if count > 1]


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) != len(dict(pairs)):
        raise ValueError(f"a name stands twice in {[name for name, _ in pairs]}")
    return dict(pairs)


def _object(shape: dict[str, Any], known: dict[str, Any], required: tuple[str, ...], what: str) -> Iterator[str]:
    for name in required:
        if name not in shape:
            yield f"{what} has no {name}"
    for name, value in shape.items():
        if name.startswith("_"):
            if "." in name or not name[1:2].isalpha():
                yield f"{name} is no name of an extension"
            continue
        if name not in known:
            yield f"{what} has an unknown {name}"
        elif not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] is not bool):
            yield f"{name} is {type(value).__name__}"
        elif name in ADDRESSES and _iri_fault(value, absolute=True):
            yield f"{name} {value!r} {_iri_fault(value, absolute=True)}"
        elif name == "language" and not LANGUAGE.fullmatch(value):
            yield f"language {value!r} is no tag"
        elif isinstance(value, str) and not value and name != "content_html":
            yield f"{name} is empty"


def _item(item: dict[str, Any]) -> Iterator[str]:
    yield from _object(item, ITEM, ("id",), "item")
    if "content_html" not in item and "content_text" not in item:
        yield "has neither content_html nor content_text"
    for name in ("date_published", "date_modified"):
        if name in item and instant(item[name]) is None:
            yield f"{name} {item[name]!r} is no date of RFC 3339"
    for author in item.get("authors", []):
        yield from _author(author)
    if not all(isinstance(tag, str) and tag for tag in item.get("tags", [])):
        yield f"tags are {item['tags']!r}"
    for file in item.get("attachments", []):
        yield from _object(file, FILE, ("url", "mime_type"), "attachment")
        if not MEDIA_TYPE.fullmatch(file.get("mime_type", "")):
            yield f"mime_type {file.get('mime_type')!r} is none"
        if file.get("size_in_bytes", 0) < 0:
            yield "size_in_bytes is negative"


def _author(author: dict[str, Any]) -> Iterator[str]:
    yield from _object(author, AUTHOR, (), "author")
    if not author:
        yield "an author is nobody"


def read_back(document: bytes) -> list[dict[str, object]]:
    """The items as a reader gets them, in the order of the document."""
    return [
        {
            "id": item["id"],
            "title": item.get("title", ""),
            "link": item["url"],
            "text": item["content_html"],
            "published": datetime.fromisoformat(item["date_published"]),
            "updated": datetime.fromisoformat(item["date_modified"]),
            "enclosures": [file["url"] for file in item.get("attachments", [])],
            "source": item["_source"]["title"],
        }
        for item in json.loads(document)["items"]
    ]
