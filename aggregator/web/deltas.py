"""Gives readers only the entries they have not got (RFC 3229 with the instance manipulation `feed`).

A short memory of the versions that were served knows each by its entity-tags, as hashes of its entries.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from aggregator.web.headers import FEEDS

MEMORY = 4 * 2**20
"""Bytes of hashes of former versions; 1,000 feeds of 50 entries have ten versions each in it."""

_HASH = 8
_NO_FEED = (ValueError, KeyError, TypeError)
_OVERHEAD = 300  # what a remembered version costs beside its hashes
_REFUSED = re.compile(rb"[ \t]*q[ \t]*=[ \t]*0(\.0*)?[ \t]*", re.IGNORECASE)
# What our own formats write; markup in an entry is escaped, so no entry holds the end of one.
_XML_ENTRIES = {
    FEEDS["atom"]: re.compile(rb"<entry(?: [^>]*)?>.*?</entry>", re.DOTALL),
    FEEDS["rss"]: re.compile(rb"<item(?: [^>]*)?>.*?</item>", re.DOTALL),
}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a feed: the hashes of its entries, one after the other."""

    hashes: bytes

    def entries(self) -> frozenset[bytes]:
        """The hash of each entry."""
        return frozenset(self.hashes[at : at + _HASH] for at in range(0, len(self.hashes), _HASH))


class Versions:
    """The versions of feeds that readers may hold, those not spoken of for longest forgotten first."""

    def __init__(self, memory: int = MEMORY) -> None:
        """At most `memory` bytes."""
        self._memory = memory
        self._size = 0
        self._known: OrderedDict[tuple[str, bytes], Version] = OrderedDict()

    def remember(self, name: str, etags: Iterable[bytes], body: bytes) -> None:
        """A version of the feed `name` may now be held by readers, under these entity-tags."""
        version = Version(b"".join(map(_hash, _entries(name, body))))
        for etag in etags:
            self._forget((name, etag))
            self._known[name, etag] = version
            self._size += _cost(version)
        while self._size > self._memory:
            self._forget(next(iter(self._known)))

    def knows(self, name: str, etag: bytes) -> bool:
        """Whether the version with this entity-tag is in memory."""
        return (name, etag) in self._known

    def held(self, name: str, etags: Iterable[bytes]) -> tuple[bytes, Version] | None:
        """The first of these entity-tags that stands for a version we know, with that version."""
        for etag in etags:
            version = self._known.get((name, etag))
            if version is not None:
                self._known.move_to_end((name, etag))
                return etag, version
        return None

    def _forget(self, key: tuple[str, bytes]) -> None:
        version = self._known.pop(key, None)
        if version is not None:
            self._size -= _cost(version)


def asks_for_feed(field: bytes | None) -> bool:
    """Whether `A-IM` (RFC 3229 §10.5.3) takes a feed's new entries alone."""
    for member in field.split(b",") if field else ():
        name, *parameters = member.split(b";")
        if name.strip().lower() == b"feed":
            return not any(map(_REFUSED.fullmatch, parameters))
    return False


def without(name: str, body: bytes, base: Version) -> bytes:
    """The feed as it is now, without the entries that `base` had already; all else of it stays."""
    had = base.entries()
    pattern = _XML_ENTRIES.get(name.rpartition("/")[2])
    if pattern is not None:
        return pattern.sub(lambda found: b"" if _hash(found[0]) in had else found[0], body)
    try:
        feed = json.loads(body)
        feed["items"] = [item for item in feed["items"] if _hash(_canonical(item)) not in had]
    except _NO_FEED:
        return body
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()


def _entries(name: str, body: bytes) -> Iterable[bytes]:
    pattern = _XML_ENTRIES.get(name.rpartition("/")[2])
    if pattern is not None:
        return (found[0] for found in pattern.finditer(body))
    try:
        return [_canonical(item) for item in json.loads(body)["items"]]
    except _NO_FEED:
        return ()  # somebody else's file under the name of a feed


def _canonical(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False, sort_keys=True).encode()


def _hash(entry: bytes) -> bytes:
    return blake2b(entry, digest_size=_HASH).digest()


def _cost(version: Version) -> int:
    return len(version.hashes) + _OVERHEAD
