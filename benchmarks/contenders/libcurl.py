"""libcurl alone: what it brings is thrown away, but for the ETag."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.contenders import CONCURRENCY, Once
from benchmarks.libcurl import fetch_all


@asynccontextmanager
async def contender(urls: list[str], _folder: Path) -> AsyncIterator[Once]:
    """libcurl alone: what it brings is thrown away, but for the ETag."""
    etags: list[str | None] = [None] * len(urls)
    ca_file = Path(os.environ["SSL_CERT_FILE"])

    async def once(first: int | None) -> list[str]:
        answers = await fetch_all(urls[:first], etags[:first], concurrency=CONCURRENCY, ca_file=ca_file)
        etags[:first] = [etag for _, etag, _ in answers]
        return [f"status {status}" for status, _, _ in answers if status not in (200, 304)]

    yield once
