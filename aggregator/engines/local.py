"""The embedded engine: APScheduler as a heartbeat that asks the store who is due, and walks them in.

APScheduler's own jobs would be cancelled on shutdown, skipped when a second late, and follow the wall clock; so it
has one job, and due times are data in the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.errors import AggregatorError
from aggregator.fetch import HostLimits
from aggregator.model import Changes, Source
from aggregator.ports import Clock

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1
# How many walks may be under way or wait for their host, beyond those that run; more stay in the store.
QUEUE = 1000
# How long the store must be quiet before what changed is published, so that a burst is one build.
QUIET_SECONDS = 1.0
GRACE_SECONDS = 5.0

Due = Callable[[datetime, int, Iterable[str]], Awaitable[list[str]]]


@dataclass
class LocalEngine:
    """Polls in this process. `walk` polls one source; `publish` builds what is stale; `due` asks the store."""

    sources: Mapping[str, Source]
    due: Due
    walk: Callable[[Source], Awaitable[Changes]]
    publish: Callable[[], Awaitable[object]]
    limits: HostLimits
    clock: Clock
    _queued: dict[str, asyncio.Task[Changes]] = field(default_factory=dict)
    _running: set[str] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def once(self, names: Iterable[str]) -> None:
        """Walk these sources in, each once, as fast as the limits allow.

        Raises what the store raised, once all have ended.
        """
        walks = (self._walk_in(self.sources[name]) for name in names)
        for end in await asyncio.gather(*walks, return_exceptions=True):
            if isinstance(end, BaseException):
                raise end

    async def run(self, until: asyncio.Event) -> None:
        """Poll whoever is due, and publish what changed, until the event; then drain."""
        heartbeat = AsyncIOScheduler(timezone="UTC")
        heartbeat.add_job(
            self._beat,
            "interval",
            seconds=HEARTBEAT_SECONDS,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        heartbeat.start()
        publishing = asyncio.create_task(self._keep_publishing())
        try:
            await self._beat()
            await until.wait()
        finally:
            heartbeat.shutdown(wait=False)
            await self._drain()
            publishing.cancel()
            await asyncio.wait({publishing})

    async def _beat(self) -> None:
        """Start a walk for everybody due who is not walking yet."""
        try:
            room = QUEUE - len(self._queued)
            names = await self.due(self.clock.now(), room, tuple(self._queued)) if room > 0 else []
        except AggregatorError as error:
            log.error("heartbeat", extra={"fields": {"error": str(error)}})
            return
        for name in names:
            if name in self.sources and name not in self._queued:
                task = asyncio.create_task(self._walk_in(self.sources[name]), name=f"walk {name}")
                self._queued[name] = task
                task.add_done_callback(partial(self._ended, name))

    def _ended(self, name: str, walk: asyncio.Task[Changes]) -> None:
        """Forget a walk that ended; the store may have failed it, and it is due again as it was."""
        del self._queued[name]
        error = None if walk.cancelled() else walk.exception()
        if error is not None:
            log.error("poll", extra={"fields": {"source": name, "error": str(error)}})

    async def _walk_in(self, source: Source) -> Changes:
        """One walk, when its host may be asked. Raises what the store raises."""
        async with self.limits.hold(source.url):
            self._running.add(source.id)
            try:
                changes = await self.walk(source)
            finally:
                self._running.discard(source.id)
        if changes.new or changes.revised:
            self._changed.set()
        return changes

    async def _keep_publishing(self) -> None:
        """Publish a short quiet time after something changed; what fails stays marked, and is tried again."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(QUIET_SECONDS)
            self._changed.clear()
            try:
                await self.publish()
            except AggregatorError as error:
                log.error("publish", extra={"fields": {"error": str(error)}})
                self._changed.set()

    async def _drain(self) -> None:
        """Let running walks end within the grace; those that still wait for their host do not start."""
        for name, task in list(self._queued.items()):
            if name not in self._running:
                task.cancel()
        tasks = set(self._queued.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
