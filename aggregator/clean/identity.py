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

    http and https are one: a source that moves to TLS renames all its entries otherwise. So are an address as guid
    and as link: a source that begins to give guids mostly repeats its links.
    """
    if guid and not WEB_SCHEME.match(guid):
        return _short(f"id:{guid}")
    if link := guid or link:
        return _short(f"link:{WEB_SCHEME.sub('', link)}")
    return _short(f"text:{title}\n{published.isoformat() if published else ''}")


def claim(guid: str) -> str | None:
    """The source's own id, when it can stand as an `atom:id`."""
    return guid if is_iri(guid) else None


def tidy_guid(found: str | None) -> str:
    """A guid as one can compare it: legal characters, no blanks around."""
    return legal(found or "").strip()


def told_apart(entries: list[Entry]) -> tuple[tuple[Entry, ...], dict[str, str]]:
    """The entries with every key once, which is the promise of `Entry.key`; and of each that got one of its own, the
    key it shared by that.

    Of true doubles the first stays. Different entries under one key get keys of their own, each whatever its place in
    the document: by where they link, then by title and date. Those that agree even in that are numbered from the end,
    for what is new comes first.
    """
    if len({entry.key for entry in entries}) == len(entries):
        return tuple(entries), {}
    distinct = list(dict.fromkeys(entries))
    keys = [entry.key for entry in distinct]
    for finer in (_by_link, _by_title_and_date):
        shared = Counter(keys)
        keys = [finer(key, entry) if shared[key] > 1 else key for key, entry in zip(keys, distinct, strict=True)]
    taken: set[str] = set()
    for place in range(len(keys) - 1, -1, -1):
        key, number = keys[place], 2
        while key in taken:
            key, number = f"{keys[place]} #{number}", number + 1
        taken.add(key)
        keys[place] = key
    apart = tuple(
        entry if key == entry.key else replace(entry, key=key) for entry, key in zip(distinct, keys, strict=True)
    )
    shares = {key: entry.key for entry, key in zip(distinct, keys, strict=True) if key != entry.key}
    return apart, shares


def finer_keys(entry: Entry) -> tuple[str, ...]:
    """The keys that an entry has when others share its own, the finest first."""
    by_link = _by_link(entry.key, entry)
    return _by_title_and_date(by_link, entry), by_link


def _by_link(key: str, entry: Entry) -> str:
    return _short(f"{key}\n{WEB_SCHEME.sub('', entry.link)}")


def _by_title_and_date(key: str, entry: Entry) -> str:
    return _short(f"{key}\n{entry.title}\n{entry.published}")


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
