"""The `reader` library, in several threads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import reader

from benchmarks.contenders import Once

WORKERS = 10


@asynccontextmanager
async def contender(urls: list[str], folder: Path) -> AsyncIterator[Once]:
    """Feeds are added when first polled: it polls all it has."""
    added: set[str] = set()
    with reader.make_reader(str(folder / "store.db")) as library:

        async def once(first: int | None) -> list[str]:
            for url in urls[:first]:
                if url not in added:
                    library.add_feed(url)
                    added.add(url)
            library.update_feeds(scheduled=False, workers=WORKERS)
            return [repr(feed.last_exception) for feed in library.get_feeds(broken=True)]

        yield once
