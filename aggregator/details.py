"""The errand: one second document of one entry, once, and what came of it written down whatever happened."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aggregator.clean.concealing import concealed
from aggregator.filling import decide_filling
from aggregator.model import Awaited, Document, Entry, Failed, Filling, Reason, Source, Visit
from aggregator.placing import Place
from aggregator.ports import Clock, Fetcher, Reader, Store

log = logging.getLogger(__name__)


async def fill_in(
    awaited: Awaited,
    *,
    fetcher: Fetcher,
    reader: Reader,
    store: Store,
    clock: Clock,
    place: Place,
    refusal: Callable[[Source, str], Awaitable[Failed | None]],
) -> Filling:
    """Get the second document of an entry and fill the entry in. Raises only what the store raises.

    `refusal` says why a page must not be fetched, if a site says so.
    """
    # At its own address it stays the source that it is: what the operator vouches for, and tells it of himself, is
    # meant for the origin of the list; the address of a second document comes from a stranger.
    source = replace(awaited.source, asking=replace(awaited.source.asking, body=None))
    asks = awaited.source.detail and awaited.source.detail.asks_robots
    refused = await refusal(source, awaited.url) if asks else None
    fetched = refused or await fetcher.fetch(source, Visit(source.id, None, address=awaited.url))
    ended: Entry | Failed
    match fetched:
        case Document():
            ended = await reader.fill_in(awaited.source, awaited.entry, fetched)
        case Failed():
            ended = fetched
        case _:
            ended = Failed(Reason.PROTOCOL, "not modified, but nobody asked conditionally")
    filling = decide_filling(awaited, ended, clock.now(), place)
    await store.fill_in(awaited, filling)
    if isinstance(ended, Failed):
        said = concealed(ended.detail, awaited.source)
        fields = {"source": source.id, "entry": awaited.number, "reason": ended.reason, "detail": said}
        log.warning("detail", extra={"fields": {**fields, "tries": awaited.attempts + 1}})
    return filling
