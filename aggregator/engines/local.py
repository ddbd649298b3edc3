"""The embedded engine: APScheduler as a heartbeat that asks the store who is due, and walks them in.

APScheduler's own jobs would be cancelled on shutdown, skipped when a second late, and follow the wall clock; so it
has one job, and due times are data in the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from aggregator.clean.urls import host_of
from aggregator.engines.inbox import Inbox
from aggregator.errors import AggregatorError, StoreUnusable
from aggregator.fetch import HostLimits
from aggregator.model import Awaited, Changes, Document, Filling, Source
from aggregator.ports import Clock
from aggregator.turns import Turns

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1
# How many walks may be under way or wait for their host; more stay in the store. Of one host only so many at a time,
# or a slow host with many sources would keep all others waiting.
QUEUE, QUEUE_PER_HOST = 1000, 50
# What changes together is published together. While changes go on, polls get a share of the machine between two
# publishes: as long as the last one took. One that failed is not tried again at once.
GATHERING_SECONDS, LONGEST_REST_SECONDS, FAILED_REST_SECONDS = 0.05, 15.0, 3.0
LONGEST_STORE_REST_SECONDS = 60.0
GRACE_SECONDS = 5.0


class Due(Protocol):
    """Asks the store who is due."""

    def __call__(
        self, now: datetime, limit: int, sources: Collection[str], hosts: Collection[str]
    ) -> Awaitable[Mapping[str, str]]:
        """At most `limit` sources and the host of each, the longest overdue first, without these sources and hosts."""


async def nothing_awaited(source: Source) -> Sequence[Awaited]:
    """No entry of the source has a second document."""
    del source
    return ()


async def nothing_to_fill(awaited: Awaited) -> Filling:
    """Nobody comes here: nothing is awaited."""
    raise AssertionError(awaited)


async def no_push(source: Source, document: Document) -> Changes | None:
    """Nobody brings anything."""
    del source, document
    return None


@dataclass
class LocalEngine:
    """Polls in this process. `walk` polls one source, and says by a call of how many bytes its host gave as soon as it
    needs no more of that; `due` asks the store; `publish` builds some of what is stale, and says whether there is more.
    `awaited` gives the entries of a source whose second document is to be had; `fill_in` gets one of these. `push`
    takes a document in that was brought; `ailing` hears why nothing can be kept, and None when it can be again."""

    sources: Mapping[str, Source]
    due: Due
    walk: Callable[[Source, Callable[[int], None]], Awaitable[Changes]]
    publish: Callable[[], Awaitable[bool]]
    limits: HostLimits
    clock: Clock
    awaited: Callable[[Source], Awaitable[Sequence[Awaited]]] = nothing_awaited
    fill_in: Callable[[Awaited], Awaitable[Filling]] = nothing_to_fill
    push: Callable[[Source, Document], Awaitable[Changes | None]] = no_push
    ailing: Callable[[str | None], None] = lambda _fault: None
    _pushed: set[asyncio.Task[None]] = field(default_factory=set)
    _inbox: Inbox = field(default_factory=Inbox)
    # One walk at a time of each source, whoever asked for it.
    _turns: Turns = field(default_factory=Turns)
    _queued: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _at: Counter[str] = field(default_factory=Counter)  # how many of the queued there are at each host
    _running: set[str] = field(default_factory=set)
    _errands: dict[str, bool] = field(default_factory=dict)  # whose are being run, and whether there may be more
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(QUEUE))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _beating: asyncio.Lock = field(default_factory=asyncio.Lock)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)  # none is queued any more, or one broke
    _more: bool = False  # whether somebody due was left in the store for want of room
    _looking: asyncio.Task[None] | None = None
    _fault: str | None = None  # why the store took nothing from the last walk
    _rest: float = 0.0  # how long nobody is walked in after that, in seconds; and until when, by the loop's clock
    _rests_until: float = 0.0
    _stopping: bool = False
    _broken: BaseException | None = None

    async def once(self, hosts: Mapping[str, str], until: asyncio.Event) -> None:
        """Walk these sources in, each once, as fast as their hosts allow, or until the event; then drain.

        `hosts` gives the host of each. Raises what the store raised.
        """
        stopper = asyncio.create_task(self._stop_at(until))
        for name, host in _in_turn(hosts):
            await self._room.acquire()
            if until.is_set() or self._broken:
                self._room.release()
                break
            self._start(name, host)
        if self._queued and not self._broken:
            self._settled.clear()
            await self._settled.wait()
        stopper.cancel()
        await self._drain()
        if self._broken:
            raise self._broken

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
        self._changed.set()  # what was stale before
        publishing = asyncio.create_task(self._keep_publishing())
        try:
            await self._beat()
            await until.wait()
        finally:
            heartbeat.pause()
            await self._drain()
            publishing.cancel()
            await asyncio.wait({publishing})
            heartbeat.shutdown(wait=False)  # not before: it cancels a beat under way, and says so with a traceback

    def publish_soon(self) -> None:
        """Hear that something changed beside the walks."""
        self._changed.set()

    def bring(self, name: str, document: Document) -> bool:
        """Take a document of a source in that was brought, soon; False for a source that is none, at the end, and where
        too much waits already."""
        if self._stopping or name not in self.sources or not self._inbox.has_room(name, document):
            return False
        self._inbox.put(name, document)
        task = asyncio.create_task(self._take_in(self.sources[name], document), name=f"push {name}")
        self._pushed.add(task)
        task.add_done_callback(self._pushed.discard)
        return True

    async def _take_in(self, source: Source, document: Document) -> None:
        """Take in what was brought, and get the second documents of what is new in it."""
        try:
            with self._inbox.reading(source.id, document):
                async with self._turns.at(source.id):
                    changes = await self.push(source, document)
        except AggregatorError as error:  # the next poll finds it
            log.warning("push", extra={"fields": {"source": source.id, "error": str(error)}})
            return
        del document  # it may be large, and the errands take long
        if changes and (changes.new or changes.revised):
            self._changed.set()
            if source.detail:
                await self._run_errands(source)

    async def _beat(self) -> None:
        """Start a walk for everybody due who is not walking yet, as far as there is room."""
        if self._beating.locked() or asyncio.get_running_loop().time() < self._rests_until:
            return
        async with self._beating:
            self._more = True
            full = {host for host, walks in self._at.items() if walks >= QUEUE_PER_HOST}
            most = 1 if self._fault else QUEUE  # one tells whether the store is well again
            while (room := most - len(self._queued)) > 0 and not self._stopping:
                try:
                    waiting = await self.due(self.clock.now(), room, tuple(self._queued), tuple(full))
                except AggregatorError as error:
                    self._more = False
                    self._fail(error)
                    return
                before = len(self._queued), len(full)
                for name, host in waiting.items():
                    if self._at[host] >= QUEUE_PER_HOST:
                        full.add(host)
                    elif name in self.sources and name not in self._queued and not self._stopping:
                        await self._room.acquire()
                        self._start(name, host)
                if len(waiting) < room or before == (len(self._queued), len(full)):
                    self._more = bool(full)
                    return

    def _start(self, name: str, host: str) -> None:
        """Queue a walk, in the room that was taken for it."""
        task = asyncio.create_task(self._walk_in(self.sources[name], host), name=f"walk {name}")
        self._queued[name] = task
        self._at[host] += 1
        task.add_done_callback(partial(self._ended, name, host))

    def _ended(self, name: str, host: str, walk: asyncio.Task[None]) -> None:
        """Forget a walk that ended; the store may have failed it, and it is due again as it was."""
        del self._queued[name]
        if not self._queued:
            self._settled.set()
        self._room.release()
        self._at[host] -= 1
        if (
            self._more
            and not self._stopping
            and not self._fault
            and (len(self._queued) == QUEUE // 2 or self._at[host] == QUEUE_PER_HOST // 2)
        ):
            self._looking = asyncio.create_task(self._beat())  # sooner than the heartbeat would
        if not self._at[host]:
            del self._at[host]
        if walk.cancelled():
            return
        if error := walk.exception():
            self._broken = error
            self._settled.set()
            if isinstance(error, StoreUnusable):
                self._fail(error)
            else:
                log.warning("poll", extra={"fields": {"source": name, "error": str(error)}})
        elif self._fault:
            self._fault, self._rest = None, 0.0
            self.ailing(None)
            log.info("store", extra={"fields": {"note": "takes polls again"}})

    def _fail(self, error: BaseException) -> None:
        """Hear why the store took nothing, and leave it alone for a while: longer each time, said once."""
        now = asyncio.get_running_loop().time()
        if self._fault != str(error):
            self._fault = str(error)
            self.ailing(self._fault)
            log.error("store", extra={"fields": {"error": self._fault}})
        if now >= self._rests_until:
            self._rest = min(max(2 * self._rest, FAILED_REST_SECONDS), LONGEST_STORE_REST_SECONDS)
            self._rests_until = now + self._rest

    async def _walk_in(self, source: Source, host: str) -> None:
        """One walk, when its host may be asked. Raises what the store raises."""
        turn = self.limits.hold(host)
        async with turn as permitted:
            if not permitted:
                return  # another source's answer put the whole host off; the store knows until when
            self._running.add(source.id)
            try:
                async with self._turns.at(source.id):
                    changes = await self.walk(source, turn.asked)
            finally:
                self._running.discard(source.id)
            if changes.host_busy_until:
                self.limits.leave_alone(host, (changes.host_busy_until - self.clock.now()).total_seconds())
        if changes.new or changes.revised:
            self._changed.set()
        if source.detail:
            await self._run_errands(source)

    async def _run_errands(self, source: Source) -> None:
        """Get the second documents of a source's entries. Who comes meanwhile leaves them to who is at it."""
        at_it = source.id in self._errands
        self._errands[source.id] = True
        if at_it:
            return
        try:
            while self._errands[source.id]:
                self._errands[source.id] = False
                await self._run_those_known(source)
        finally:
            del self._errands[source.id]

    async def _run_those_known(self, source: Source) -> None:
        """One after the other, as far as their hosts may be asked."""
        for awaited in await self.awaited(source):
            host = host_of(awaited.url)
            async with self.limits.hold(host) as permitted:
                if self._stopping or not permitted:
                    return  # they stay due, and are asked for after the next walk
                self._running.add(source.id)
                try:
                    filling = await self.fill_in(awaited)
                finally:
                    self._running.discard(source.id)
            if filling.entry is not None:
                self._changed.set()

    async def _keep_publishing(self) -> None:
        """Publish as soon as something changed; what fails stays marked, and is tried again."""
        loop = asyncio.get_running_loop()
        while True:
            await self._changed.wait()
            await asyncio.sleep(GATHERING_SECONDS)
            self._changed.clear()
            began, rest, more = loop.time(), 0.0, False
            try:
                more = await self.publish()
            except AggregatorError as error:
                log.error("publish", extra={"fields": {"error": str(error)}})
                rest, more = FAILED_REST_SECONDS, True
            except Exception:  # a mistake of ours must not end all publishing
                log.exception("publish")
                rest, more = FAILED_REST_SECONDS, True
            if self._changed.is_set():
                rest = max(rest, min(loop.time() - began, LONGEST_REST_SECONDS))
            await asyncio.sleep(rest)
            if more:
                self._changed.set()

    async def _stop_at(self, until: asyncio.Event) -> None:
        await until.wait()
        await self._drain()

    async def _drain(self) -> None:
        """Let running walks end within the grace; those that still wait for their host do not start."""
        self._stopping = True
        async with self._beating:
            pass  # who asks the store who is due has his answer first
        for name, task in list(self._queued.items()):
            if name not in self._running:
                task.cancel()
        tasks = {*self._queued.values(), *self._pushed}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _in_turn(hosts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The sources with their hosts, one of each host before a second of any."""
    seen = Counter[str]()
    ranks = {}
    for name, host in hosts.items():
        ranks[name] = seen[host]
        seen[host] += 1
    return iter(sorted(hosts.items(), key=lambda pair: ranks[pair[0]]))
