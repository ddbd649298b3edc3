"""The walk in without a network: documents are handed in and read in this process; the store is real."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.intake import take_in
from aggregator.model import Changes, Document, Failed, Intake, Kept, Source, Visit, source_page
from aggregator.poll import poll
from aggregator.store import SqlStore, open_store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Walked:
    """Clock, fetcher and reader at once, over a store."""

    store: SqlStore
    moment: datetime = START
    body: bytes = b""
    polls: list[Changes] = field(default_factory=list)

    def now(self) -> datetime:
        """The time that was set."""
        return self.moment

    async def fetch(self, source: Source, visit: Visit) -> Document:
        """What was handed in."""
        del visit
        return Document(source.url, self.body, hashlib.blake2b(self.body, digest_size=16).hexdigest())

    async def read(self, source: Source, document: Document, seen: frozenset[bytes]) -> Intake | Failed:
        """What is in it that was not seen before."""
        return take_in(source, document, seen)

    async def poll(self, source: Source, body: bytes | str, after: timedelta = HOUR) -> Changes:
        """Poll once, `after` the last time, with this document."""
        self.moment += after
        self.body = body if isinstance(body, bytes) else body.encode()
        changes = await poll(source, fetcher=self, reader=self, store=self.store, clock=self)  # type: ignore[arg-type]
        self.polls.append(changes)
        return changes

    async def kept(self, source: Source, limit: int = 10_000) -> list[Kept]:
        """What stands on the page of the source, newest first."""
        return await self.store.newest(source_page(source.id), limit)


@asynccontextmanager
async def walking(path: Path, *sources: Source) -> AsyncIterator[Walked]:
    """A walk over a store at `path` in which these sources are enrolled."""
    async with open_store(path, "https://planet.example", alone=True) as store:
        await store.enrol(sources, START)
        yield Walked(store)


def source(name: str = "one", **more: object) -> Source:
    """A feed of an hour's interval."""
    url = f"https://{name}.example/feed"
    return Source(name, "feed", url, url, ("news",), HOUR, HOUR, HOUR, **more)  # type: ignore[arg-type]


def item(
    guid: str = "",
    title: str = "",
    link: str = "",
    date: datetime | None = None,
    text: str = "",
) -> str:
    """An item of an RSS feed with what is given."""
    parts = [
        guid and f"<guid isPermaLink='false'>{guid}</guid>",
        title and f"<title>{title}</title>",
        link and f"<link>{link}</link>",
        date and f"<pubDate>{date:%a, %d %b %Y %H:%M:%S} GMT</pubDate>",
        text and f"<description>{text}</description>",
    ]
    return f"<item>{''.join(part for part in parts if part)}</item>"


def rss(*items: str) -> str:
    """A feed of these items."""
    head = "<title>X</title><link>https://x.example/</link><description>d</description>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>"
