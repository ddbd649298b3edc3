"""Says whether hubs elsewhere can reach the site: the reason why not."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

# Names that lead nowhere outside a network of one's own (RFC 6761, RFC 6762, RFC 9476).
LOCAL = ("localhost", "local", "lan", "home", "internal", "intranet", "corp", "test", "invalid", "alt", "home.arpa")


def unreachable(base_url: str | None, allowed: Iterable[str], subscribe: bool | None) -> str | None:
    """Why the hubs of sources are not asked to tell us of what is new; None where they are.

    `allowed` are the private networks and hosts that may be fetched from: hubs there reach us as we reach them.
    """
    if subscribe is False:
        return "websub.subscribe is false"
    if base_url is None:
        return "site.base_url is not set"
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if subscribe or host in allowed or not _is_private(host, allowed):
        return None
    return f"{host} cannot be reached from outside; websub.subscribe: true asks them all the same"


def _is_private(host: str, allowed: Iterable[str]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or any(host == name or host.endswith(f".{name}") for name in LOCAL)
    networks = []
    for one in allowed:
        try:
            networks.append(ipaddress.ip_network(one, strict=False))
        except ValueError:
            continue
    return not address.is_global and not any(address in network for network in networks)
