"""The product's transport at the seam where httpx takes one, with nothing around it: no client, no product."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from aggregator.fetch.transport import GuardedTransport
from benchmarks.contenders import CONCURRENCY, Once


@asynccontextmanager
async def contender(urls: list[str], _folder: Path) -> AsyncIterator[Once]:
    """The transport alone: what it brings is thrown away, but for the ETag."""
    etags: dict[str, str] = {}
    gate = asyncio.Semaphore(CONCURRENCY)
    transport = GuardedTransport(["127.0.0.0/8"], ca_file=os.environ["SSL_CERT_FILE"])

    async def one(url: str) -> None:
        async with gate:
            request = httpx.Request("GET", url, headers={"If-None-Match": etags.get(url, "")})
            response = await transport.handle_async_request(request)
            await response.aread()
            await response.aclose()
        etags[url] = response.headers["etag"]

    async def once(first: int | None) -> list[str]:
        ends = await asyncio.gather(*map(one, urls[:first]), return_exceptions=True)
        return [repr(end) for end in ends if end]

    try:
        yield once
    finally:
        await transport.aclose()
