"""The jobs that only ask: find the feed behind an address, tell the story of an entry; nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from aggregator.clean.tracking import without_tracking
from aggregator.clean.urls import host_of
from aggregator.config import Settings
from aggregator.errors import UsageError
from aggregator.fetch import HostLimits, HttpFetcher
from aggregator.finding import Found, find
from aggregator.intake import WorkerReader
from aggregator.model import Failed, Fetched, Source, Visit
from aggregator.store import Story, open_store


async def find_feed(
    settings: Settings, source: Source, now: datetime, asking: Callable[[str], None] = lambda _url: None
) -> Found | Failed:
    """The feed at the source's address, or behind the page there, and what a poll would keep of it.

    `asking` hears each address before it is asked.
    """
    per_host = settings.fetch.per_host
    limits = HostLimits(settings.fetch.concurrency, per_host.concurrency, per_host.delay.total_seconds())
    async with HttpFetcher(settings.fetch, settings.site.contact, ca_file=settings.ca_file) as fetcher:

        async def fetch(at: Source) -> Fetched:
            async with limits.hold(host_of(at.url)):
                asking(at.public_url)
                return await fetcher.fetch(at, Visit(at.id, now))

        reader = WorkerReader(workers=1)
        try:
            return await find(source, fetch, reader)
        finally:
            await asyncio.to_thread(reader.close)


async def explain(settings: Settings, name: str) -> list[Story]:
    """All that is known of the entry with this id, or with this page on our site, or of those that link to an address.

    Raises `UsageError` when there is none.
    """
    site = f"{settings.site.base_url}/"
    if not settings.store.exists():
        raise UsageError(
            f"nothing is kept yet: there is no store {settings.store}; `aggregator once` polls the sources"
        )
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        wanted = name
        if name.startswith(f"{site}entry/"):
            wanted = await store.id_behind(f"{name.removeprefix(site).strip('/')}/") or name
        found = await store.stories(wanted) or await store.stories(without_tracking(wanted))
    if not found:
        raise UsageError(f'no entry "{name}" is kept; give its id as its feed says it, or its link')
    return found
