"""Manners towards one host: how many requests at a time, and the pause between two."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class _Host:
    """One host: its free places, and when the last request ended."""

    places: asyncio.Semaphore
    quiet_since: float = float("-inf")


@dataclass
class HostLimits:
    """Hands out permission to poll: `concurrency` in all, `per_host` at one host with `delay` seconds between."""

    concurrency: int
    per_host: int
    delay: float
    _hosts: dict[str, _Host] = field(init=False)
    _all: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._hosts = defaultdict(lambda: _Host(asyncio.Semaphore(self.per_host)))
        self._all = asyncio.Semaphore(self.concurrency)

    @asynccontextmanager
    async def hold(self, url: str) -> AsyncIterator[None]:
        """Wait until the host of `url` may be asked. A place among all is taken last, so no host holds up another."""
        host = self._hosts[urlsplit(url).hostname or ""]  # never forgotten: there are as many as the config names
        async with host.places:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, host.quiet_since + self.delay - loop.time()))
            async with self._all:
                try:
                    yield
                finally:  # a poll that broke has asked, too
                    host.quiet_since = loop.time()
