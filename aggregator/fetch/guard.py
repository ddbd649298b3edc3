"""Which addresses may be dialled, decided at dial time on the address really dialled, at every hop.

A name is resolved here, once, and what was vetted is what is dialled: a name that changes its answer between the
check and the connection gains nothing. Any private answer refuses the whole name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import typing
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What `ipaddress.is_global` lets through in some Python version and no public feed lives on: multicast, benchmarking
# (RFC 2544), reserved, and IPv6 ranges that carry or stand for an IPv4 address (RFC 6052, 3056, 4291, 7526, 3879).
DENIED: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "100::/64",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
            "5f00::/16",
            "fec0::/10",
            "ff00::/8",
        ),
    )
)

# The only part of IPv6 that has been given out for public use (RFC 4291 §2.4, IANA's registry): what lies beside it,
# such as ::ffff:0:0:0/96 (RFC 2765), `ipaddress` takes for global.
PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")

# The loopback host and port that the operator wrote as the source now being polled: his word, once.
vouched: ContextVar[tuple[str, int] | None] = ContextVar("vouched", default=None)

# The resolver blocks; asyncio's own pool has a handful of threads, and that many slow names would hold all others.
RESOLVERS = 32
# How long one of several addresses may take to answer before the next is tried.
PATIENCE = 4.0


class AddressRefused(httpcore.ConnectError):
    """The name or address leads to a network that may not be fetched from."""


class NameUnknown(httpcore.ConnectError):
    """The name has no address."""


class AddressGuard:
    """Says which addresses may be dialled: public ones, and what the operator allows by network or by host name."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """`allowed` holds networks (CIDR) and host names."""
        self._networks: list[Network] = []
        self._hosts: set[str] = set()
        for entry in allowed:
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self._hosts.add(entry.lower())

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Whether `host`, resolved to `address`, may be dialled at `port`."""
        if host.lower() in self._hosts or vouched.get() == (host.lower(), port):
            return True
        unwrapped = _unwrap(address)
        if any(unwrapped in network or address in network for network in self._networks):
            return True
        if isinstance(unwrapped, ipaddress.IPv6Address) and unwrapped not in PUBLIC_V6:
            return False
        return unwrapped.is_global and not any(unwrapped in network for network in DENIED)


def _unwrap(address: Address) -> Address:
    """An IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2) as itself."""
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's network seam: resolves, vets, and dials exactly what was vetted."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolver")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first vetted address that answers. Raises `AddressRefused`, `NameUnknown`, `ConnectError`."""
        addresses = await self._resolve(host, port)
        if not all(self._guard.permits(host, port, address) for address in addresses):
            raise AddressRefused(f"{host} leads to a private network")
        last: Exception = httpcore.ConnectError(f"{host} has no address")
        for number, address in enumerate(addresses, 1):
            limit = timeout if number == len(addresses) else PATIENCE
            try:
                return _Stream(await self._inner.connect_tcp(str(address), port, limit, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> typing.NoReturn:
        """Never: a source is an http(s) address."""
        raise AddressRefused("unix sockets are not fetched from")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _resolve(self, host: str, port: int) -> list[Address]:
        """The addresses of a host, IPv4 and IPv6 in turn, each once."""
        try:
            return [ipaddress.ip_address(host)]
        except ValueError:
            pass
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError) as error:
            raise NameUnknown(f"{host} has no address ({getattr(error, 'strerror', None) or 'not a name'})") from error
        texts = dict.fromkeys(str(info[4][0]).partition("%")[0] for info in found)
        addresses = [ipaddress.ip_address(text) for text in texts]
        first = addresses[0].version if addresses else 4
        sides = [a for a in addresses if a.version == first], [a for a in addresses if a.version != first]
        longest = max(map(len, sides))
        return [side[turn] for turn in range(longest) for side in sides if turn < len(side)]

    def close(self) -> None:
        """Let go of the resolver threads without waiting for slow names."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that is closed when its TLS handshake is cut off; httpcore's own stays open for good then."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  (as above)
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  (as above)
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (as above)
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:  # the deadline cancels, and that is no `Exception`
            await self._inner.aclose()
            raise

    def get_extra_info(self, info: str) -> typing.Any:
        return self._inner.get_extra_info(info)
