"""The sockets that libcurl waits for, gathered so that the event loop can watch all of them as one descriptor.

What libcurl waits for is said in its own words: 1 for reading, 2 for writing, 3 for both.
"""

from __future__ import annotations

import select
import selectors
import sys
import typing
from collections.abc import Iterable

if sys.platform == "linux":
    _IN_EPOLL = (0, select.EPOLLIN, select.EPOLLOUT, select.EPOLLIN | select.EPOLLOUT)


class Sockets(typing.Protocol):
    """Sockets by their descriptor. To be closed."""

    descriptor: int

    def add(self, socket: int, what: int) -> object:
        """Watch one."""

    def change(self, socket: int, what: int) -> object:
        """Wait for something else at one."""

    def remove(self, socket: int) -> object:
        """Watch it no more."""

    def ready(self) -> Iterable[tuple[int, int]]:
        """Those that need not be waited for now, and which of both they are ready for."""

    def close(self) -> None:
        """Watch nobody any more."""


class EpollSockets:
    """Linux's own: each change costs a fifth of what it costs through `selectors`, and there are four in a poll."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self.descriptor = self._epoll.fileno()
        self.remove = self._epoll.unregister
        self.close = self._epoll.close

    def add(self, socket: int, what: int) -> None:
        self._epoll.register(socket, _IN_EPOLL[what])

    def change(self, socket: int, what: int) -> None:
        self._epoll.modify(socket, _IN_EPOLL[what])

    def ready(self) -> Iterable[tuple[int, int]]:
        # What broke is ready for both, as in `selectors`.
        return [
            (socket, (1 if bits & ~select.EPOLLOUT else 0) | (2 if bits & ~select.EPOLLIN else 0))
            for socket, bits in self._epoll.poll(0)
        ]


class SelectorSockets:
    """On every other system, through the standard library; its words for reading and writing are libcurl's."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.descriptor: int = self._selector.fileno()
        self.add = self._selector.register
        self.change = self._selector.modify
        self.remove = self._selector.unregister
        self.close = self._selector.close

    def ready(self) -> Iterable[tuple[int, int]]:
        return [(key.fd, events) for key, events in self._selector.select(0)]


def gathered() -> Sockets:
    """None yet, in the cheapest way there is here."""
    return EpollSockets() if sys.platform == "linux" else SelectorSockets()
