"""The only place that wires: the rooms joined for one config, to build, to poll, and to agree with the store."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aggregator import __version__
from aggregator.build import Builder
from aggregator.config import Settings
from aggregator.details import fill_in
from aggregator.engines.local import LocalEngine
from aggregator.fetch import HostLimits, HttpFetcher, Robots
from aggregator.following import remember
from aggregator.formats.theme import mark_of as theme_mark
from aggregator.intake import WorkerReader
from aggregator.model import Changes, Source
from aggregator.placing import Place, Rules, pages_of, rules_of
from aggregator.poll import poll
from aggregator.posts import Posts, posts_of
from aggregator.publish import Folder
from aggregator.pushed import take_in_push
from aggregator.selection import Catalogue
from aggregator.store import SqlStore
from aggregator.turns import Turns

PUBLISHED_WITH = "published-with"


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)


def builder_of(settings: Settings, store: SqlStore) -> Builder:
    """What builds the published folder under these settings."""
    sources = {source.id: source for source in settings.feeds}
    catalogue = Catalogue(settings.site, settings.categories, sources)
    folder = Folder(settings.output.dir, settings.output.compress)
    return Builder(store, catalogue, folder, settings.site.formats, settings.output.archive)


def posts_beside(settings: Settings) -> Posts | None:
    """The posts beside the published folder, where the config wants some."""
    return posts_of(settings) if "jekyll" in settings.output.formats else None


def placing_of(settings: Settings) -> tuple[Place, Rules]:
    """What places entries on pages under these settings."""
    categories = settings.categories
    return (
        lambda source, entry, age: pages_of(entry, source, categories, age),
        lambda source: rules_of(source, categories),
    )


async def agree(settings: Settings, store: SqlStore, builder: Builder) -> None:
    """Make the store agree with the config, and mark every page stale when what it was built with changed."""
    place, rules = placing_of(settings)
    await remember(settings, store)
    await store.enrol(settings.sources, SystemClock().now(), place, rules)
    mark = f"{settings.fingerprint} {__version__} {theme_mark(settings.site.theme)}".rstrip()
    folder_is_there = (settings.output.dir / builder.catalogue.pages()[0] / "feed.atom").exists()
    if await store.fact(PUBLISHED_WITH) != mark or not folder_is_there:
        await store.mark_stale(await builder.pages())
        await builder.tidy()
        await store.set_fact(PUBLISHED_WITH, mark)


@asynccontextmanager
async def open_engine(
    settings: Settings,
    store: SqlStore,
    publish: Callable[[], Awaitable[bool]],
    heard: Callable[[Changes], None] = lambda _changes: None,
    readers: Callable[[], int] = lambda: 0,
    ailing: Callable[[str | None], None] = lambda _fault: None,
) -> AsyncIterator[LocalEngine]:
    """The embedded engine over fetcher, reader and store, closed in reverse order; `heard` hears of each walk.

    `readers` counts who reads what we publish; `ailing` hears why the store keeps nothing.
    """
    fetcher = HttpFetcher(settings.fetch, settings.site.contact, ca_file=settings.ca_file, readers=readers)
    async with fetcher:
        reader = WorkerReader(workers=os.cpu_count() or 1)
        clock = SystemClock()
        place, _ = placing_of(settings)
        robots, turns = Robots(fetcher.fetch), Turns()
        delay = settings.fetch.per_host.delay.total_seconds()

        async def walk(source: Source, asked: Callable[[int], None]) -> Changes:
            changes = await poll(
                source,
                fetcher=fetcher,
                reader=reader,
                store=store,
                clock=clock,
                place=place,
                delay=delay,
                asked=asked,
            )
            heard(changes)
            return changes

        # What is loaded by now stays as long as the engine: to look for rubbish among it takes 60 ms at a time.
        gc.collect()
        gc.freeze()
        try:
            yield LocalEngine(
                sources={source.id: source for source in settings.sources},
                due=store.due,
                walk=walk,
                publish=publish,
                limits=HostLimits(
                    settings.fetch.concurrency,
                    settings.fetch.per_host.concurrency,
                    delay,
                ),
                clock=clock,
                push=lambda source, document: take_in_push(
                    source, document, reader=reader, store=store, clock=clock, place=place
                ),
                ailing=ailing,
                awaited=lambda source: store.awaited(source, clock.now()),
                fill_in=lambda awaited: fill_in(
                    awaited,
                    fetcher=fetcher,
                    reader=reader,
                    store=store,
                    clock=clock,
                    place=place,
                    refusal=robots.refusal,
                    turns=turns,
                ),
            )
        finally:
            gc.unfreeze()
            await asyncio.to_thread(reader.close)
