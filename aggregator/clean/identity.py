"""Which entry is which: the key of an entry inside its source, its claim to an id, and the id minted without one."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import datetime
from urllib.parse import quote, urlsplit

from aggregator.clean.text import legal
from aggregator.clean.urls import is_iri
from aggregator.model import Entry, amended

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
        return _short(f"link:{_page(link)}")
    return _short(f"text:{title}\n{published.isoformat() if published else ''}")


def claim(guid: str) -> str | None:
    """The source's own id, when it can stand as an `atom:id`."""
    return guid if is_iri(guid) else None


def tidy_guid(found: str | None) -> str:
    """A guid as one can compare it: legal characters, no blanks around."""
    return legal(found or "").strip()


def told_apart(entries: list[Entry], links: list[str]) -> tuple[tuple[Entry, ...], dict[str, str]]:
    """The entries with every key once, which is the promise of `Entry.key`; and of each that got one of its own, the
    key it shared by that. `links` are theirs as found.

    Of true doubles the first stays. Different entries under one key get keys of their own, each whatever its place in
    the document: by where they link, then by title and date. Those that agree even in that are numbered from the end,
    for what is new comes first.
    """
    if len({entry.key for entry in entries}) == len(entries):
        return tuple(entries), {}
    found = dict.fromkeys(zip(entries, links, strict=True))
    distinct = [entry for entry, _ in found]
    keys = [entry.key for entry in distinct]
    for further in ([_page(link) for _, link in found], [_title_and_date(entry) for entry in distinct]):
        shared = Counter(keys)
        keys = [_finer(key, more) if shared[key] > 1 else key for key, more in zip(keys, further, strict=True)]
    taken: set[str] = set()
    for place in range(len(keys) - 1, -1, -1):
        key, number = keys[place], 2
        while key in taken:
            key, number = f"{keys[place]} #{number}", number + 1
        taken.add(key)
        keys[place] = key
    apart = tuple(
        entry if key == entry.key else amended(entry, key=key) for entry, key in zip(distinct, keys, strict=True)
    )
    shares = {key: entry.key for entry, key in zip(distinct, keys, strict=True) if key != entry.key}
    return apart, shares


def finer_keys(entry: Entry) -> tuple[str, ...]:
    """The keys that an entry has when others share its own, the finest first."""
    by_link = _finer(entry.key, _page(entry.link))
    return _finer(by_link, _title_and_date(entry)), by_link


def _page(link: str) -> str:
    return WEB_SCHEME.sub("", link)


def _title_and_date(entry: Entry) -> str:
    return f"{entry.title}\n{entry.published}"


def _finer(key: str, more: str) -> str:
    return _short(f"{key}\n{more}")


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
