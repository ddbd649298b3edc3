"""The product, with its store and its readers, without publishing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aggregator.config import load
from aggregator.model import Changes
from aggregator.store import open_store
from aggregator.wiring import SystemClock, open_engine
from benchmarks.contenders import Once

BASE_URL = "https://planet.example"


def configure(urls: list[str], folder: Path, delay: str = "0s") -> Path:
    """A config with these sources; by default polite to nobody: every address here is our own."""
    lines = [f"  - {{id: s{n}, url: '{url}', category: c{n % 7}}}" for n, url in enumerate(urls)]
    politeness = f"fetch: {{per_host: {{delay: {delay}}}, allow_private: [127.0.0.0/8]}}"
    output = f"output: {{dir: '{folder}/public'}}\nserver: {{port: 0}}"
    config = folder / "aggregator.yaml"
    store = f"store: 'sqlite:///{folder}/store.db'"
    config.write_text(
        "\n".join([f"site: {{base_url: '{BASE_URL}'}}", store, politeness, output, "sources:", *lines, ""])
    )
    return config


@asynccontextmanager
async def contender(urls: list[str], folder: Path) -> AsyncIterator[Once]:
    """The product, without publishing."""
    settings = load(configure(urls, folder), os.environ)
    failed: list[str] = []

    def done(changes: Changes) -> None:
        if changes.visit.failures:
            failed.append(changes.visit.detail)

    async def once(first: int | None) -> list[str]:
        failed.clear()
        await engine.once(await store.hosts([source.id for source in settings.sources[:first]]), asyncio.Event())
        return failed

    async with (
        open_store(settings.store, BASE_URL, alone=True) as store,
        open_engine(settings, store, _nothing, done) as engine,
    ):
        await store.enrol(settings.sources, SystemClock().now())
        yield once


async def _nothing() -> bool:
    """Nothing is published here."""
    return False
