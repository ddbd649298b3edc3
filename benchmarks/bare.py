"""The bare transport: the product's requests with no product around them, the yardstick of what the rest costs."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Sequence
from pathlib import Path

import httpcore


async def fetch_all(
    urls: Sequence[str], etags: Sequence[str | None], *, concurrency: int, ca_file: Path | None = None
) -> list[tuple[int, str | None, bytes]]:
    """Status, ETag and body of every address, asked conditionally where an ETag is known."""
    gate = asyncio.Semaphore(concurrency)
    async with httpcore.AsyncConnectionPool(
        ssl_context=_context(ca_file), max_connections=concurrency, max_keepalive_connections=0
    ) as pool:

        async def one(url: str, etag: str | None) -> tuple[int, str | None, bytes]:
            headers = [("Host", url.split("/")[2]), ("Accept", "*/*"), *([("If-None-Match", etag)] if etag else [])]
            async with gate:
                response = await pool.request("GET", url, headers=headers)
            found = {name.lower(): value.decode("latin-1") for name, value in response.headers}
            return response.status, found.get(b"etag"), response.content

        return await asyncio.gather(*map(one, urls, etags))


@functools.cache
def _context(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
