"""The upkeep of the store beside the polls: what `retention` no longer keeps goes, a little at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from aggregator.errors import AggregatorError
from aggregator.model import Source
from aggregator.ports import Clock, Store

log = logging.getLogger(__name__)

PURGE_SECONDS = 3600.0  # between two looks for entries that are too old or too many
LOOK_SECONDS = 5.0  # between two looks whether somebody took an entry out
# In one transaction, which takes some 30 ms: polls that end meanwhile wait for it.
SOURCES_AT_A_TIME, ENTRIES_AT_A_TIME = 500, 200


async def purge(sources: Sequence[Source], store: Store, clock: Clock) -> int:
    """Take out what the retention of these sources no longer keeps. How many entries and old tombstones those were."""
    total = 0
    for start in range(0, len(sources), SOURCES_AT_A_TIME):
        some = sources[start : start + SOURCES_AT_A_TIME]
        done = ENTRIES_AT_A_TIME
        while done >= ENTRIES_AT_A_TIME:
            done = await store.purge(some, clock.now(), ENTRIES_AT_A_TIME)
            total += done
    if total:
        log.info("purge", extra={"fields": {"entries": total}})
    return total


async def keep_up(
    sources: Sequence[Source], store: Store, clock: Clock, changed: Callable[[], None], look: float = LOOK_SECONDS
) -> None:
    """Purge at once and every hour, until cancelled; `changed` hears of it, and of entries that `remove` took out."""
    loop = asyncio.get_running_loop()
    next_purge, seen = loop.time(), await store.removals()
    while True:
        try:
            if loop.time() >= next_purge:
                next_purge = loop.time() + PURGE_SECONDS
                if await purge(sources, store, clock):
                    changed()
            if (now := await store.removals()) != seen:
                seen = now
                changed()
        except AggregatorError as error:
            log.error("upkeep", extra={"fields": {"error": str(error)}})
        await asyncio.sleep(look)
