"""From a host to its addresses, in threads of its own: the system's resolver blocks."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from aggregator.fetch.problems import NameUnknown

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_address = functools.lru_cache(4096)(ipaddress.ip_address)  # many names lead to one address
Resolve = Callable[[str, int], Iterable[str]]  # host and port to addresses, blocking; OSError when there are none

# asyncio's own pool has a handful of threads, and that many slow names would hold all others.
RESOLVERS = 32


class Names:
    """Looks names up. To be closed."""

    def __init__(self, resolve: Resolve | None = None) -> None:
        self._look_up = resolve or look_up
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolver")

    async def addresses(self, host: str, port: int) -> list[Address]:
        """The addresses of a host, at least one, IPv4 and IPv6 in turn, each once. Raises `NameUnknown`."""
        try:
            return [_address(host)]
        except ValueError:
            pass
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, host, port)
        except (OSError, UnicodeError) as error:
            raise NameUnknown(f"{host} has no address ({getattr(error, 'strerror', None) or 'not a name'})") from error
        addresses = [_address(text.partition("%")[0]) for text in dict.fromkeys(found)]
        if not addresses:
            raise NameUnknown(f"{host} has no address")
        first = addresses[0].version
        sides = [a for a in addresses if a.version == first], [a for a in addresses if a.version != first]
        longest = max(map(len, sides))
        return [side[turn] for turn in range(longest) for side in sides if turn < len(side)]

    def close(self) -> None:
        """Let go of the threads without waiting for slow names."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def look_up(host: str, port: int) -> list[str]:
    """What the system's resolver says, blocking. Raises `OSError`, `UnicodeError`."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
