"""Our own hub: takes wishes, has them confirmed, and brings subscribers what is new of their topics.

There is no queue of messages. The store knows of every subscription which content it has; whoever has another than the
topic holds is due, also after a crash, and a slow one is brought the latest and skips what lay between.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from aggregator.clean.urls import host_of
from aggregator.errors import AggregatorError
from aggregator.model import Content, Heard, Mode, Subscription, Wish
from aggregator.ports import Caller, Clock, Subscriptions

log = logging.getLogger(__name__)

SHORTEST_LEASE, USUAL_LEASE, LONGEST_LEASE = timedelta(minutes=5), timedelta(days=10), timedelta(days=30)
MOST_SUBSCRIPTIONS, MOST_AT_A_HOST = 10_000, 1_000
MOST_WISHES = 500
"""Wishes that may wait to be confirmed; a flood of them is told to come again later."""
AT_A_TIME, AT_A_TIME_OF_A_HOST = 20, 2
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(hours=6)
LOOK_SECONDS = 5.0
EXPIRE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wish is not taken."""

    status: HTTPStatus
    reason: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A wish to be confirmed, and what its topic held when it came: what is newer the subscriber may not have seen."""

    wish: Wish
    held: str


class Hub:
    """The hub at `address`. `take` and `published` return at once; `run` does the work, beside the polls."""

    def __init__(
        self,
        address: str,
        *,
        content: Callable[[str], Content | None],
        subscriptions: Subscriptions,
        caller: Caller,
        clock: Clock,
        challenge: Callable[[], str],
    ) -> None:
        """`content` gives what a topic holds, None for an address that is no topic of ours; `challenge` a new word that
        nobody can guess."""
        self.address = address
        self._content = content
        self._subscriptions = subscriptions
        self._caller = caller
        self._clock = clock
        self._challenge = challenge
        self._wishes: deque[_Waiting] = deque()
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling: set[tuple[str, str]] = set()
        self._at: Counter[str] = Counter()
        self._expire_at: datetime | None = None
        self.results: Counter[str] = Counter()

    async def take(self, wish: Wish) -> Refusal | None:
        """Accept a wish, to be confirmed soon (WebSub §5.1, §5.3), or say why not."""
        content = self._content(wish.topic)
        if content is None:
            return Refusal(HTTPStatus.NOT_FOUND, "hub.topic is no feed of this site; take the self link of one")
        if len(self._wishes) >= MOST_WISHES:
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests wait to be confirmed; come again later")
        known = await self._subscriptions.find(wish.topic, wish.callback)
        if wish.mode is Mode.SUBSCRIBE and known is None:
            if await self._subscriptions.count(host_of(wish.callback)) >= MOST_AT_A_HOST:
                return Refusal(
                    HTTPStatus.FORBIDDEN, "the host of hub.callback has as many subscriptions as one may have"
                )
            if await self._subscriptions.count() >= MOST_SUBSCRIPTIONS:
                return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "this hub has as many subscriptions as it may have")
        self._wishes.append(_Waiting(wish, content.hash))
        self._wake.set()
        return None

    def published(self, topics: Iterable[str]) -> None:
        """These topics may hold something new."""
        self._changed.update(topics)
        self._wake.set()

    async def run(self) -> None:
        """Confirm and tell until cancelled. What is under way then is due again at the next start."""
        try:
            await self._subscriptions.published(None, self._clock.now())  # what changed while nobody looked
            while True:
                self._wake.clear()
                try:
                    await self._turn()
                except AggregatorError as error:
                    log.error("hub", extra={"fields": {"error": str(error)}})
                # Not asyncio.wait_for: before Python 3.12 it can lose a cancellation that comes with the wake-up.
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _turn(self) -> None:
        """Start whatever may start."""
        now = self._clock.now()
        if self._changed:
            topics, self._changed = self._changed, set()
            try:
                await self._subscriptions.published(topics, now)
            except AggregatorError:
                self._changed |= topics
                raise
        if self._expire_at is None or now >= self._expire_at:
            self._expire_at = now + EXPIRE_EVERY
            await self._subscriptions.expire(now)
        for _ in range(len(self._wishes)):
            waiting = self._wishes.popleft()
            host = host_of(waiting.wish.callback)
            if self._has_room(host):
                self._start(host, self._confirm(waiting))
            else:
                self._wishes.append(waiting)
        while await self._start_telling(now):
            pass

    async def _start_telling(self, now: datetime) -> bool:
        """Start telling some of those that are due; whether there may be more that could start."""
        room = AT_A_TIME - len(self._tasks)
        if room <= 0:
            return False
        full = [host for host, many in self._at.items() if many >= AT_A_TIME_OF_A_HOST]
        started = 0
        for one in await self._subscriptions.due(now, room + len(self._telling), full):
            key, host = (one.topic, one.callback), host_of(one.callback)
            if key not in self._telling and self._has_room(host):
                self._telling.add(key)
                self._start(host, self._tell(one)).add_done_callback(partial(self._told, key))
                started += 1
        return started > 0

    def _has_room(self, host: str) -> bool:
        return len(self._tasks) < AT_A_TIME and self._at[host] < AT_A_TIME_OF_A_HOST

    def _start(self, host: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"hub {host}")
        self._tasks.add(task)
        self._at[host] += 1
        task.add_done_callback(partial(self._ended, host))
        return task

    def _ended(self, host: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._at[host] -= 1
        if not self._at[host]:
            del self._at[host]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hub", extra={"fields": {"error": str(error) or type(error).__name__}})
        else:
            self._wake.set()

    def _told(self, key: tuple[str, str], _task: asyncio.Task[None]) -> None:
        self._telling.discard(key)

    async def _confirm(self, waiting: _Waiting) -> None:
        """Ask the callback whether the wish is its own (WebSub §5.3); one that says anything else changes nothing."""
        wish, challenge = waiting.wish, self._challenge()
        lease = min(max(wish.lease or USUAL_LEASE, SHORTEST_LEASE), LONGEST_LEASE)
        asked = {"hub.mode": wish.mode.value, "hub.topic": wish.topic, "hub.challenge": challenge}
        if wish.mode is Mode.SUBSCRIBE:
            asked["hub.lease_seconds"] = str(int(lease.total_seconds()))
        heard = await self._caller.ask(wish.callback + ("&" if "?" in wish.callback else "?") + urlencode(asked))
        confirmed = heard.good and heard.body == challenge.encode()
        if confirmed and wish.mode is Mode.UNSUBSCRIBE:
            await self._subscriptions.end(wish.topic, wish.callback)
        elif confirmed:
            now = self._clock.now()
            new = Subscription(wish.topic, wish.callback, now + lease, waiting.held, wish.secret, due=now)
            await self._subscriptions.keep(new)
        self._say(wish.mode.value, wish.topic, wish.callback, heard, "confirmed" if confirmed else "not confirmed")

    async def _tell(self, one: Subscription) -> None:
        """Bring a subscriber what it has not got (WebSub §7)."""
        content = self._content(one.topic)
        if content is None or content.hash == one.delivered:
            await self._subscriptions.told(replace(one, due=None))
            return
        heard = await self._caller.tell(one.callback, self._headers(one, content), content.body)
        if heard.status == HTTPStatus.GONE:
            await self._subscriptions.end(one.topic, one.callback)
            self._say("tell", one.topic, one.callback, heard, "ended")
            return
        now = self._clock.now()
        if heard.good:
            latest = self._content(one.topic)
            due = now if latest is not None and latest.hash != content.hash else None
            await self._subscriptions.told(replace(one, delivered=content.hash, due=due, failures=0))
        else:
            due = now + min(FIRST_RETRY * 2 ** min(one.failures, 20), LONGEST_RETRY)
            await self._subscriptions.told(replace(one, due=due, failures=one.failures + 1))
        self._say("tell", one.topic, one.callback, heard, "delivered" if heard.good else "failed")

    def _headers(self, one: Subscription, content: Content) -> list[tuple[bytes, bytes]]:
        """What goes with the content: its type, where it is from, and, with a secret, that it is from us (§7.1)."""
        headers = [
            (b"Content-Type", content.media_type.encode()),
            (b"Link", f'<{self.address}>; rel="hub", <{one.topic}>; rel="self"'.encode()),
        ]
        if one.secret:
            signature = hmac.digest(one.secret.encode(), content.body, "sha256").hex()
            headers.append((b"X-Hub-Signature", f"sha256={signature}".encode()))
        return headers

    def _say(self, what: str, topic: str, callback: str, heard: Heard, outcome: str) -> None:
        self.results[outcome] += 1
        # Only the host: the rest of a callback is how its owner knows that it is us.
        fields = {
            "what": what,
            "outcome": outcome,
            "topic": topic,
            "callback": host_of(callback),
            "status": heard.status,
        }
        log.info("hub", extra={"fields": fields | ({"detail": heard.detail} if heard.detail else {})})
