"""The service: start, heartbeat, reload, drain."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from aggregator.build import Builder
from aggregator.config import Settings
from aggregator.errors import AggregatorError, ConfigError, PublishError
from aggregator.following import followed
from aggregator.front import Announcing, Front
from aggregator.model import Changes
from aggregator.posts import Posts
from aggregator.store import SqlStore, open_store
from aggregator.upkeep import LOOK_SECONDS, keep_up
from aggregator.wiring import SystemClock, agree, builder_of, open_engine, posts_beside

log = logging.getLogger(__name__)

LAST_BUILD_SECONDS = 2.0
PAGES_AT_A_TIME = 500  # so that with very many sources the categories are never long in coming
BUILD_SECONDS = 0.2  # so that while much changes, no entry waits long for its category
POSTS_AT_A_TIME = 200  # they wait for the pages, and the pages not for them


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
        builder = builder_of(settings, store)
        announcing = Announcing(builder.sink, lambda paths: loop.call_soon_threadsafe(front.published, paths))
        builder = replace(builder, sink=announcing)
        posts = posts_beside(settings)
        await agree(settings, store, builder)
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
