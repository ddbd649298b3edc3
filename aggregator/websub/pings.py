"""Tells other hubs which feeds changed; they fetch them and tell their subscribers."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aggregator.ports import Caller

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 10.0, 3600.0
FORM = ((b"Content-Type", b"application/x-www-form-urlencoded"),)


@dataclass
class _Other:
    """One hub, and what it was not told yet, each topic once."""

    address: str
    waiting: OrderedDict[str, None] = field(default_factory=OrderedDict)
    some: asyncio.Event = field(default_factory=asyncio.Event)


class Pings:
    """The pings for other hubs: `hub.mode=publish`, as PubSubHubbub 0.4 has it and hubs of today take it.

    WebSub leaves this to hub and publisher. A hub that fails is tried again, ever more rarely; what it missed over a
    restart of ours it learns with the next change.
    """

    def __init__(self, hubs: Iterable[str], caller: Caller, *, first_retry: float = FIRST_RETRY_SECONDS) -> None:
        """`first_retry` is in seconds, and doubles with every failure up to an hour."""
        self._others = [_Other(address) for address in hubs]
        self._caller = caller
        self._first_retry = first_retry

    def published(self, topics: Iterable[str]) -> None:
        """These topics hold something new."""
        for topic in topics:
            for other in self._others:
                other.waiting[topic] = None
                if len(other.waiting) > MOST_WAITING:
                    other.waiting.popitem(last=False)
                other.some.set()

    async def run(self) -> None:
        """Ping until cancelled."""
        await asyncio.gather(*(self._keep_telling(other) for other in self._others))

    async def _keep_telling(self, other: _Other) -> None:
        failures = 0
        while True:
            await other.some.wait()
            if not other.waiting:
                other.some.clear()
                continue
            topic, _ = other.waiting.popitem(last=False)
            # Both names for the address: older hubs read the first, newer ones the second.
            body = urlencode({"hub.mode": "publish", "hub.url": topic, "hub.topic": topic}).encode()
            heard = await self._caller.tell(other.address, FORM, body)
            said = {"what": "ping", "hub": other.address, "topic": topic, "status": heard.status}
            log.info("hub", extra={"fields": said | ({"detail": heard.detail} if heard.detail else {})})
            if heard.good:
                failures = 0
                continue
            other.waiting.setdefault(topic)
            await asyncio.sleep(min(self._first_retry * 2 ** min(failures, 20), LONGEST_RETRY_SECONDS))
            failures += 1
