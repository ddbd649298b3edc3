"""Manners towards one host: how many requests at a time, the pause between two, and leaving it alone when it asks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aggregator.turns import Places

MOST_AFLOAT = 64 * 1024**2  # bytes of documents that wait to be read without holding a place


@dataclass(slots=True)
class _Host:
    """One host: its free places, who holds or awaits one, when the last request ended, and until when it is busy."""

    places: Places
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
    all: Places = field(init=False)
    afloat: int = 0  # bytes that came, wait to be read, and hold no place any more

    def __post_init__(self) -> None:
        self.all = Places(self.concurrency)

    def host(self, name: str) -> _Host:
        """What is known of a host, from now on."""
        return self._hosts.get(name) or self._hosts.setdefault(name, _Host(Places(self.per_host)))

    def hold(self, name: str) -> Turn:
        """Wait until the host of this name may be asked; gives False when it asked meanwhile to be left alone.

        A place among all is taken last, so no host holds up another.
        """
        return Turn(self, name)

    def leave_alone(self, name: str, seconds: float) -> None:
        """Hand out no permission for this host for so long."""
        host = self.host(name)
        host.busy_until = max(host.busy_until, asyncio.get_running_loop().time() + seconds)
        self.forget_later(name, host)

    def forget_later(self, name: str, host: _Host) -> None:
        """Forget a host that nobody asks once there is nothing left to remember: there may be 100,000 of them."""
        if host.askers:
            return
        loop = asyncio.get_running_loop()
        until = max(host.quiet_since + self.delay, host.busy_until)
        if loop.time() < until:
            loop.call_at(until, self.forget_later, name, host)
        elif self._hosts.get(name) is host:
            del self._hosts[name]


class Turn:
    """One poll's turn at a host, as an async context manager: a generator would cost more than the waiting does."""

    __slots__ = ("_asks", "_held", "_host", "_limits", "_name")

    def __init__(self, limits: HostLimits, name: str) -> None:
        self._limits = limits
        self._name = name
        self._held: int | None = None

    async def __aenter__(self) -> bool:
        self._host = host = self._limits.host(self._name)
        host.askers += 1
        try:
            await host.places.take()
            try:
                self._asks = await self._may_ask(host)
            except BaseException:
                host.places.give_back()
                raise
        except BaseException:
            self._leave(host)
            raise
        return self._asks

    async def _may_ask(self, host: _Host) -> bool:
        """Whether the host still may be asked after the pause; then a place among all is taken."""
        loop = asyncio.get_running_loop()
        pause = host.quiet_since + self._limits.delay - loop.time()
        if pause > 0:
            await asyncio.sleep(pause)
        if loop.time() < host.busy_until:
            return False
        await self._limits.all.take()
        return True

    def asked(self, held: int) -> None:
        """The host has answered, with so many bytes that are still to be read, and is free for the next.

        So is the place among all, or who waits for a reader would keep others from asking; but not for so many
        documents that all of them together take too much memory.
        """
        if self._asks and self._limits.afloat + held <= MOST_AFLOAT:
            self._held = held
            self._limits.afloat += held
            self._give_back()

    async def __aexit__(self, *_: object) -> None:
        if self._held is None:
            self._give_back()
        else:
            self._limits.afloat -= self._held

    def _give_back(self) -> None:
        host = self._host
        if self._asks:  # and a poll that broke has asked, too
            self._limits.all.give_back()
            host.quiet_since = asyncio.get_running_loop().time()
        host.places.give_back()
        self._leave(host)

    def _leave(self, host: _Host) -> None:
        host.askers -= 1
        self._limits.forget_later(self._name, host)
