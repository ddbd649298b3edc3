"""httpx with its default transport, and nothing around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks.contenders import CONCURRENCY, Once


def client() -> httpx.AsyncClient:
    """httpx with its own transport; without the bound on kept connections it would be several times slower."""
    limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=0)
    return httpx.AsyncClient(limits=limits, timeout=60)


@asynccontextmanager
async def contender(urls: list[str], _folder: Path) -> AsyncIterator[Once]:
    """httpx with its default transport, and nothing around it."""
    etags: dict[str, str] = {}

    gate = asyncio.Semaphore(CONCURRENCY)  # httpx's own queue takes a time quadratic in those that wait

    async def one(url: str) -> None:
        async with gate:
            response = await web.get(url, headers={"If-None-Match": etags.get(url, "")})
        etags[url] = response.headers["etag"]

    async def once(first: int | None) -> list[str]:
        ends = await asyncio.gather(*map(one, urls[:first]), return_exceptions=True)
        return [repr(end) for end in ends if end]

    async with client() as web:
        yield once
