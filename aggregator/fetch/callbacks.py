"""Asks and tells subscribers and hubs: small exchanges with addresses that strangers gave, behind the same guard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import httpx

from aggregator import __version__
from aggregator.config.keys import FetchKeys
from aggregator.fetch.problems import NoAnswer
from aggregator.fetch.transport import GuardedTransport
from aggregator.model import Heard

PATIENCE = 10.0
"""Seconds for a whole exchange; whoever takes longer is tried again later."""
MOST_BODY = 4096
"""Bytes of an answer that are read; a challenge comes back in far fewer."""

Lines = Sequence[tuple[bytes, bytes]]


class Callbacks:
    """Exchanges with callbacks. No redirect is followed, no port but the web's is asked, no private address.

    Use as an async context manager, or call `aclose`.
    """

    def __init__(self, keys: FetchKeys, *, ca_file: Path | None = None, patience: float = PATIENCE) -> None:
        """`keys.allow_private` names the private addresses that may be asked all the same."""
        self._transport = GuardedTransport(keys.allow_private, ca_file=str(ca_file) if ca_file else None)
        self._patience = patience

    async def __aenter__(self) -> Callbacks:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    async def ask(self, url: str) -> Heard:
        """GET `url`; the beginning of what comes back. Never raises for anything the web can do."""
        return await self._exchange(url, (), None)

    async def tell(self, url: str, headers: Lines, body: bytes) -> Heard:
        """POST `body` to `url`. Never raises for anything the web can do."""
        return await self._exchange(url, headers, body)

    async def _exchange(self, url: str, headers: Lines, body: bytes | None) -> Heard:
        lines = ((b"User-Agent", f"aggregator/{__version__}".encode()), *headers)
        try:
            async with asyncio.timeout(self._patience):
                answer = await self._transport.get(url, lines, body=body)
                async with aclosing(answer):
                    said = bytearray()
                    async for chunk in answer.chunks():
                        said += chunk
                        if len(said) > MOST_BODY:
                            break
                    return Heard(answer.status, bytes(said[:MOST_BODY]))
        except TimeoutError:
            return Heard(None, detail=f"no whole answer within {self._patience:g} s")
        except (NoAnswer, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Heard(None, detail=" ".join(str(error).split())[:200] or type(error).__name__)
