"""Whether a site lets programs fetch a page: its robots.txt (RFC 9309), asked once a day per site."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from protego import Protego

from aggregator.model import Asking, Document, Failed, Fetched, Reason, Source, Visit

PRODUCT = "aggregator"  # the token that a robots.txt knows us by, the first word of the User-Agent
DAY = 86_400.0
MOST_SITES = 10_000
MOST_READ = 500 * 1024  # bytes (RFC 9309 §2.5)
REFUSED = Failed(Reason.ROBOTS, "the site's robots.txt asks programs not to fetch this page")


@dataclass
class Robots:
    """Asks sites what they allow; `fetch` gets a robots.txt, `now` is any steadily growing count of seconds."""

    fetch: Callable[[Source, Visit], Awaitable[Fetched]]
    now: Callable[[], float] = lambda: asyncio.get_running_loop().time()
    _known: OrderedDict[str, tuple[float, Protego | None]] = field(default_factory=OrderedDict)

    async def refusal(self, source: Source, url: str) -> Failed | None:
        """Why the page at `url` must not be fetched, now or at all; None when it may be.

        A site without a robots.txt allows everything (§2.3.1.3); one whose robots.txt cannot be had allows nothing
        until it can (§2.3.1.4).
        """
        address = urljoin(url, "/robots.txt")
        until, rules = self._known.get(address, (float("-inf"), None))
        if self.now() >= until:
            fetched = await self.fetch(
                replace(source, headers=(), asking=Asking()), Visit(source.id, None, address=address)
            )
            if isinstance(fetched, Failed) and not 400 <= (fetched.status or 0) < 500:
                return replace(fetched, detail=f"robots.txt cannot be had: {fetched.detail}")
            rules = Protego.parse(_text(fetched)) if isinstance(fetched, Document) else None
            self._remember(address, rules)
        return None if rules is None or rules.can_fetch(url, PRODUCT) else REFUSED

    def _remember(self, address: str, rules: Protego | None) -> None:
        self._known[address] = (self.now() + DAY, rules)
        self._known.move_to_end(address)
        while len(self._known) > MOST_SITES:
            self._known.popitem(last=False)


def _text(robots: Document) -> str:
    return robots.body[:MOST_READ].decode("utf-8-sig", "replace")
