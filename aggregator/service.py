"""The only place that wires: start, heartbeat, reload, drain; and the one-off jobs of the command line."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from aggregator import __version__
from aggregator.build import Builder, Built
from aggregator.config import Settings
from aggregator.details import Turns, fill_in
from aggregator.engines.local import LocalEngine
from aggregator.errors import AggregatorError, ConfigError, PublishError, UsageError
from aggregator.fetch import HostLimits, HttpFetcher, Robots
from aggregator.following import followed, remember
from aggregator.formats.theme import mark_of as theme_mark
from aggregator.front import Announcing, Front
from aggregator.intake import WorkerReader
from aggregator.model import Changes, Outcome, Source
from aggregator.placing import Place, Rules, pages_of, rules_of
from aggregator.poll import poll
from aggregator.posts import Posted, Posts, posts_of
from aggregator.publish import Folder
from aggregator.pushed import take_in_push
from aggregator.selection import Catalogue
from aggregator.store import SourceStatus, SqlStore, open_store
from aggregator.upkeep import LOOK_SECONDS, keep_up, purge

log = logging.getLogger(__name__)

LAST_BUILD_SECONDS = 2.0
PAGES_AT_A_TIME = 500  # so that with very many sources the categories are never long in coming
BUILD_SECONDS = 0.2  # so that while much changes, no entry waits long for its category
POSTS_AT_A_TIME = 200  # they wait for the pages, and the pages not for them
PUBLISHED_WITH = "published-with"


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)


@dataclass
class Summary:
    """What one run of `once` did; the words are those of its `--json`.

    `unpolled` counts sources left for another time: the run was `stopped`, or their host asked to be left alone.
    """

    polled: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    revised: int = 0
    published: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    unpolled: int = 0
    stopped: bool = False
    left_out: tuple[str, ...] = ()

    def count(self, changes: Changes) -> None:
        """Add one poll."""
        self.polled += 1
        self.not_modified += changes.visit.outcome is Outcome.NOT_MODIFIED
        self.new += len(changes.new)
        self.revised += len(changes.revised)
        if changes.visit.outcome is Outcome.FAILED:
            self.failed += 1
            self.failures[changes.source.id] = f"{changes.visit.reason}: {changes.visit.detail}"


def _builder(settings: Settings, store: SqlStore) -> Builder:
    sources = {source.id: source for source in settings.feeds}
    catalogue = Catalogue(settings.site, settings.categories, sources)
    folder = Folder(settings.output.dir, settings.output.compress)
    return Builder(store, catalogue, folder, settings.site.formats, settings.output.archive)


def _posts(settings: Settings) -> Posts | None:
    """The posts beside the published folder, where the config wants some."""
    return posts_of(settings) if "jekyll" in settings.output.formats else None


def _placing(settings: Settings) -> tuple[Place, Rules]:
    """What places entries on pages under these settings."""
    categories = settings.categories
    return (
        lambda source, entry, age: pages_of(entry, source, categories, age),
        lambda source: rules_of(source, categories),
    )


async def _agree(settings: Settings, store: SqlStore, builder: Builder) -> None:
    """Make the store agree with the config, and mark every page stale when what it was built with changed."""
    place, rules = _placing(settings)
    await remember(settings, store)
    await store.enrol(settings.sources, SystemClock().now(), place, rules)
    mark = f"{settings.fingerprint} {__version__} {theme_mark(settings.site.theme)}".rstrip()
    folder_is_there = (settings.output.dir / builder.catalogue.pages()[0] / "feed.atom").exists()
    if await store.fact(PUBLISHED_WITH) != mark or not folder_is_there:
        await store.mark_stale(await builder.pages())
        await builder.tidy()
        await store.set_fact(PUBLISHED_WITH, mark)


async def _agreed(settings: Settings, store: SqlStore) -> Builder:
    """What builds the pages of these settings, with which the store agrees."""
    builder = _builder(settings, store)
    await _agree(settings, store, builder)
    return builder


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
        place, _ = _placing(settings)
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


async def _nothing() -> bool:
    """Publishes nothing: `once` does that at its end."""
    return False


# ---------------------------------------------------------------- one-off jobs


async def once(
    settings: Settings,
    names: Sequence[str],
    *,
    everyone: bool,
    begin: Callable[[int], None],
    done: Callable[[Changes], None],
) -> Summary:
    """Poll the named sources, all enabled ones, or those due; publish what changed. SIGINT and SIGTERM end it early.

    `begin` hears how many, `done` each result. Raises `UsageError` for a name that is not configured.
    """
    written, settings = settings, await whole(settings)
    known = {source.id for source in settings.sources}
    for name in names:
        if name not in known:
            raise UsageError(f'there is no source "{name}"; `aggregator status` lists them')
    summary = Summary()
    async with open_store(settings.store, settings.site.base_url, alone=True) as store:
        builder = await _agreed(settings, store)
        if everyone:
            chosen = await store.hosts([source.id for source in settings.sources if source.enabled])
        elif names:
            chosen = await store.hosts(list(dict.fromkeys(names)))
        else:
            chosen = await store.due(SystemClock().now(), len(known))
        begin(len(chosen))
        total, lists = len(chosen), set[str]()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)

        def heard(changes: Changes) -> None:
            summary.count(changes)
            done(changes)
            if changes.outlines is not None:
                lists.add(changes.source.id)

        async with open_engine(settings, store, _nothing, heard) as engine:
            await engine.once(chosen, stop)
        if lists and not stop.is_set():
            settings = await followed(written, store)
            builder = await _agreed(settings, store)
            named = [one.id for one in settings.sources if one.listed_by in lists and one.enabled]
            chosen = await store.hosts([name for name in named if name not in known])
            total += len(chosen)
            begin(len(chosen))
            async with open_engine(settings, store, _nothing, heard) as engine:
                await engine.once(chosen, stop)
        await purge(settings.sources, store, SystemClock())
        built = await builder.build()
        summary.published, summary.left_out = built.written, built.problems
        if posts := _posts(settings):
            posted = await posts.write(store, builder.catalogue)
            summary.published += posted.written
            summary.left_out += posted.problems
        summary.unpolled, summary.stopped = total - summary.polled, stop.is_set()
    return summary


async def rebuild(settings: Settings, *, everything: bool = True) -> Built:
    """Write the published folder again from the store: all of it, or what is stale."""
    async with open_store(settings.store, settings.site.base_url, alone=True) as store:
        settings = await followed(settings, store)
        builder = await _agreed(settings, store)
        built = await builder.build(await builder.pages() if everything else None)
        if posts := _posts(settings):
            posted = await posts.write(store, builder.catalogue)
            built = replace(built, written=built.written + posted.written, problems=built.problems + posted.problems)
        return built


async def export_posts(settings: Settings, root: Path) -> Posted:
    """Write every entry that is kept as a post below this folder; the service may be running."""
    if not settings.store.exists():
        raise UsageError(f"{settings.store} is not there yet; `aggregator once` makes it")
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        settings = await followed(settings, store)
        return await posts_of(settings, root).write(store, _builder(settings, store).catalogue)


async def whole(settings: Settings) -> Settings:
    """The settings with the sources that their lists named when they were polled last."""
    if not settings.store.exists() or len(settings.feeds) == len(settings.sources):
        return settings
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        return await followed(settings, store)


async def status(settings: Settings) -> list[SourceStatus]:
    """The state of every configured source; without a store yet, that of new ones."""
    names = [source.id for source in settings.sources]
    if not settings.store.exists():
        return [SourceStatus(name, 0, None) for name in names]
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        return await store.status(names)


# ---------------------------------------------------------------- the service


@dataclass
class Service:
    """`aggregator run`: polls, publishes and serves until told to stop.

    `reload` gives the settings anew at SIGHUP; `ready` hears the port once the site is served. When a list that is
    followed names other sources than before, they are taken like new settings.
    """

    settings: Settings
    reload: Callable[[], Settings]
    ready: Callable[[int], None] = lambda _port: None
    heard: Callable[[Changes], None] = lambda _changes: None
    _unready: str | None = "starting: the published folder is not built yet"
    _store_fault: str | None = None
    _stop: bool = False
    _reload: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Run until `stop`, SIGTERM or SIGINT; then end within ten seconds with nothing half done.

        Raises `StoreBusy`, `StoreTooNew`, `StoreUnusable`, `ServeError`, `PublishError` when it cannot begin.
        """
        self._listen_to_signals()
        async with AsyncExitStack() as stack:
            base_url = self.settings.site.base_url
            store = await stack.enter_async_context(open_store(self.settings.store, base_url, alone=True))
            front = Front(self.settings, store, SystemClock(), secrets.token_urlsafe, self._fault)
            self.ready(await stack.enter_async_context(front.served()))
            while not self._stop:
                self._wake.clear()  # here, and not after a pause: a signal in between would be lost
                settings = await followed(self.settings, store)
                async with front.with_settings(settings):
                    await self._one_config(settings, store, front)
                if self._reload and not self._stop:
                    self._take_new_settings()

    def stop(self) -> None:
        """Begin to stop."""
        self._stop = True
        self._wake.set()

    def take_new_settings(self) -> None:
        """Begin to take the config as it is now."""
        self._reload = True
        self._wake.set()

    def _fault(self) -> str | None:
        return self._store_fault or self._unready

    def _hear_of_store(self, fault: str | None) -> None:
        self._store_fault = fault

    async def _one_config(self, settings: Settings, store: SqlStore, front: Front) -> None:
        """Run with these settings until told to stop or to reload, or until a list names other sources."""
        loop = asyncio.get_running_loop()
        builder = _builder(settings, store)
        announcing = Announcing(builder.sink, lambda paths: loop.call_soon_threadsafe(front.published, paths))
        builder = replace(builder, sink=announcing)
        posts = _posts(settings)
        await _agree(settings, store, builder)
        await builder.build(most=PAGES_AT_A_TIME)
        self._unready = self._store_fault = None
        listed = asyncio.Event()

        def heard(changes: Changes) -> None:
            front.walked(changes)
            self.heard(changes)
            if changes.outlines is not None:
                listed.set()

        async with open_engine(
            settings,
            store,
            publish=lambda: self._publish(builder, store, posts),
            heard=heard,
            readers=lambda: front.audience.size(loop.time()),
            ailing=self._hear_of_store,
        ) as engine:
            upkeep = asyncio.create_task(keep_up(settings.sources, store, SystemClock(), engine.publish_soon))
            watching = asyncio.create_task(self._watch_lists(settings, store, listed))
            try:
                with front.delivering(engine.bring):
                    await engine.run(self._wake)
            finally:
                for task in (upkeep, watching):
                    task.cancel()
                await asyncio.wait({upkeep, watching})
        try:
            async with asyncio.timeout(LAST_BUILD_SECONDS):
                await builder.build(most=PAGES_AT_A_TIME)
        except (TimeoutError, AggregatorError) as error:
            # What is stale is marked in the store, and built at the next start.
            log.warning("last build", extra={"fields": {"error": str(error) or "took too long"}})

    async def _watch_lists(self, settings: Settings, store: SqlStore, listed: asyncio.Event) -> None:
        """End these settings when a list names other sources, not when it has other titles or another order alone."""
        while await listed.wait():
            listed.clear()
            try:
                if await followed(self.settings, store) != settings:
                    self._wake.set()
            except AggregatorError as error:
                log.error("lists", extra={"fields": {"error": str(error)}})
                await asyncio.sleep(LOOK_SECONDS)
                listed.set()

    async def _publish(self, builder: Builder, store: SqlStore, posts: Posts | None) -> bool:
        try:
            built = await builder.build(most=PAGES_AT_A_TIME, within=BUILD_SECONDS)
            waiting = built.left
            if posts and not waiting:
                waiting = (await posts.write(store, builder.catalogue, POSTS_AT_A_TIME)).left
        except PublishError as error:
            self._unready = str(error)
            raise
        self._unready = None
        return waiting > 0

    def _take_new_settings(self) -> None:
        """Load the config anew; one with mistakes changes nothing."""
        self._reload = False
        try:
            new = self.reload()
        except ConfigError as error:
            for problem in error.problems:
                log.error("reload", extra={"fields": {"problem": str(problem)}})
            return
        old = self.settings
        if (new.store, new.server, new.output) != (old.store, old.server, old.output):
            log.warning("reload", extra={"fields": {"note": "store, server and output change at a restart only"}})
        self.settings = replace(new, store=old.store, server=old.server, output=old.output)
        log.info("reload", extra={"fields": {"sources": len(self.settings.sources)}})

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.take_new_settings)


def source_named(settings: Settings, name: str) -> Source | None:
    """The configured source of this id."""
    return next((source for source in settings.sources if source.id == name), None)


def enabled(sources: Iterable[Source]) -> int:
    """How many of them are polled."""
    return sum(source.enabled for source in sources)
