"""Manners towards one host: how many requests at a time, the pause between two, and leaving it alone when it asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Host:
    """One host: its free places, who holds or awaits one, when the last request ended, and until when it is busy."""

    places: asyncio.Semaphore
    askers: int = 0
    quiet_since: float = float("-inf")
    busy_until: float = float("-inf")


@dataclass
class HostLimits:
    """Hands out permission to poll: `concurrency` in all, `per_host` at one host with `delay` seconds between."""

    concurrency: int
    per_host: int
    delay: float
    _hosts: dict[str, _Host] = field(default_factory=dict)
    _all: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._all = asyncio.Semaphore(self.concurrency)

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[bool]:
        """Wait until the host of this name may be asked; gives False when it asked meanwhile to be left alone.

        A place among all is taken last, so no host holds up another.
        """
        loop = asyncio.get_running_loop()
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(self.per_host)))
        host.askers += 1
        try:
            async with host.places:
                pause = host.quiet_since + self.delay - loop.time()
                if pause > 0:
                    await asyncio.sleep(pause)
                if loop.time() < host.busy_until:
                    yield False
                    return
                async with self._all:
                    try:
                        yield True
                    finally:  # a poll that broke has asked, too
                        host.quiet_since = loop.time()
        finally:
            host.askers -= 1
            self._forget_later(name, host)

    def leave_alone(self, name: str, seconds: float) -> None:
        """Hand out no permission for this host for so long."""
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(self.per_host)))
        host.busy_until = max(host.busy_until, asyncio.get_running_loop().time() + seconds)
        self._forget_later(name, host)

    def _forget_later(self, name: str, host: _Host) -> None:
        """Forget a host that nobody asks once there is nothing left to remember: there may be 100,000 of them."""
        if host.askers:
            return
        loop = asyncio.get_running_loop()
        until = max(host.quiet_since + self.delay, host.busy_until)
        if loop.time() < until:
            loop.call_at(until, self._forget_later, name, host)
        elif self._hosts.get(name) is host:
            del self._hosts[name]
