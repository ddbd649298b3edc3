"""Which addresses may be dialled, decided on the addresses a host has at that moment, at every hop.

A name is resolved once, and what was vetted here is what is dialled: a name that changes its answer between the
check and the connection gains nothing. Any private answer refuses the whole name.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable
from contextvars import ContextVar

from aggregator.fetch.names import Address
from aggregator.fetch.problems import AddressRefused

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

# Where web servers live. Any other port is somebody's mail, database or router, and a redirect's way of asking it.
USUAL_PORTS = frozenset({80, 443, 8080, 8443})

LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")

# Host and port that the operator wrote as the source now being polled: his word, once.
vouched: ContextVar[tuple[str, int] | None] = ContextVar("vouched", default=None)


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

    def vet(self, host: str, port: int, addresses: Iterable[Address]) -> None:
        """Raise `AddressRefused` unless every address of `host` may be dialled at `port`."""
        for address in addresses:
            if self.permits(host, port, address):
                continue
            if is_public(address):
                raise AddressRefused(
                    f"port {port} of {host} is none of the web's; only a source's own address may name it"
                )
            raise AddressRefused(f"{host} leads to a private network; allow it with fetch.allow_private if it is yours")

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Whether `host`, resolved to `address`, may be dialled at `port`."""
        host, word = host.lower(), vouched.get()
        if host in self._hosts or (word == (host, port) and LOOPBACK.fullmatch(host)):
            return True
        if self._networks and self._allows(address):
            return True
        return is_public(address) and (port in USUAL_PORTS or (word is not None and word[1] == port))

    def _allows(self, address: Address) -> bool:
        """Whether it lies in an allowed network, as it is written or as the IPv4 address in it."""
        inner = _unwrap(address)
        return any(address in network or inner in network for network in self._networks)


@functools.lru_cache(4096)
def is_public(address: Address) -> bool:
    """Whether a public feed may live there."""
    unwrapped = _unwrap(address)
    if isinstance(unwrapped, ipaddress.IPv6Address) and unwrapped not in PUBLIC_V6:
        return False
    return unwrapped.is_global and not any(unwrapped in network for network in DENIED)


def _unwrap(address: Address) -> Address:
    """An IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2) as itself."""
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address
