"""Which entry is which: the key of an entry inside its source, its claim to an id, and the id minted without one."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlsplit

from aggregator.clean.text import legal
from aggregator.clean.urls import is_iri
from aggregator.model import Entry

LONGEST_KEY = 300
WEB_SCHEME = re.compile(r"https?:(?=//)", re.IGNORECASE)


def entry_key(guid: str, link: str | None, title: str, published: datetime | None) -> str:
    """The key of an entry: its guid, else its link, else title and date; never the content, which changes.

    http and https are one: a source that moves to TLS renames all its entries otherwise.
    """
    if guid:
        return _short(f"id:{WEB_SCHEME.sub('', guid)}")
    if link:
        return _short(f"link:{WEB_SCHEME.sub('', link)}")
    return _short(f"text:{title}\n{published.isoformat() if published else ''}")


def claim(guid: str) -> str | None:
    """The source's own id, when it can stand as an `atom:id`."""
    return guid if is_iri(guid) else None


def tidy_guid(found: str | None) -> str:
    """A guid as one can compare it: legal characters, no blanks around."""
    return legal(found or "").strip()


def told_apart(entries: list[Entry]) -> tuple[Entry, ...]:
    """The entries with every key once, which is the promise of `Entry.key`.

    Of true doubles the first stays. Different entries under one guid get keys of their own: by where they link,
    then by title and date, and if even those agree by their place among their likes.
    """
    distinct = list(dict.fromkeys(entries))
    shared = Counter(entry.key for entry in distinct)
    taken: set[str] = set()
    unique = []
    for entry in distinct:
        key = entry.key
        if shared[key] > 1:
            key = _short(f"{key}\n{WEB_SCHEME.sub('', entry.link)}")
        if key in taken:
            key = _short(f"{key}\n{entry.title}\n{entry.published}")
        place, first = 2, key
        while key in taken:
            key, place = f"{first} #{place}", place + 1
        taken.add(key)
        unique.append(entry if key == entry.key else replace(entry, key=key))
    return tuple(unique)


def minted_id(base_url: str, source_id: str, key: str, first_seen: datetime) -> str:
    """A `tag:` URI (RFC 4151) for an entry that brought no id of its own; minted once and kept."""
    authority = (urlsplit(base_url).hostname or "localhost").replace(":", "-")
    digest = hashlib.blake2b(f"{source_id}\n{key}".encode(), digest_size=12).hexdigest()
    return f"tag:{authority},{first_seen:%Y-%m-%d}:{quote(source_id)}/{digest}"


def _short(key: str) -> str:
    """The key itself, or its beginning and a hash of the whole when it is long."""
    if len(key) <= LONGEST_KEY:
        return key
    digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    return f"{key[: LONGEST_KEY - 33]} {digest}"
