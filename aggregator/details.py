"""The errand: one second document of one entry, once, and what came of it written down whatever happened."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace

from aggregator.clean.concealing import concealed
from aggregator.filling import decide_filling
from aggregator.model import Awaited, Document, Entry, Failed, Fetched, Filling, Reason, Source, Visit
from aggregator.placing import Place
from aggregator.ports import Clock, Fetcher, Reader, Store
from aggregator.turns import Turns

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
    turns: Turns,
) -> Filling:
    """Get the second document of an entry and fill the entry in. Raises only what the store raises.

    `refusal` says why a page must not be fetched, if a site says so; `turns` are those of all errands under way.
    """
    shared = awaited.source.detail is not None and awaited.source.detail.shared
    async with turns.at(awaited.url) if shared else nullcontext():
        return await _fill_in(awaited, fetcher, reader, store, clock, place, refusal)


async def _fill_in(
    awaited: Awaited,
    fetcher: Fetcher,
    reader: Reader,
    store: Store,
    clock: Clock,
    place: Place,
    refusal: Callable[[Source, str], Awaitable[Failed | None]],
) -> Filling:
    # At its own address it stays the source that it is: what the operator vouches for, and tells it of himself, is
    # meant for the origin of the list; the address of a second document comes from a stranger.
    source = replace(awaited.source, asking=replace(awaited.source.asking, body=None))
    asks = awaited.source.detail and awaited.source.detail.asks_robots
    shared = awaited.source.detail is not None and awaited.source.detail.shared
    refused = await refusal(source, awaited.url) if asks else None
    ended: Entry | Failed | None = refused
    if shared and ended is None:
        ended = await _out_of_a_shared_one(awaited, reader, store)
    if ended is None:
        fetched = await fetcher.fetch(source, Visit(source.id, None, address=awaited.url))
        ended = await _filled_from(fetched, awaited, reader)
        if shared and isinstance(fetched, Document) and isinstance(ended, Entry):
            await store.share(awaited.source, awaited.url, fetched, clock.now())
    filling = decide_filling(awaited, ended, clock.now(), place)
    await store.fill_in(awaited, filling)
    if isinstance(ended, Failed):
        said = concealed(ended.detail, awaited.source)
        fields = {"source": source.id, "entry": awaited.number, "reason": ended.reason, "detail": said}
        log.warning("detail", extra={"fields": {**fields, "tries": awaited.attempts + 1}})
    return filling


async def _filled_from(fetched: Fetched, awaited: Awaited, reader: Reader) -> Entry | Failed:
    match fetched:
        case Document():
            return await reader.fill_in(awaited.source, awaited.entry, fetched)
        case Failed():
            return fetched
        case _:
            return Failed(Reason.PROTOCOL, "not modified, but nobody asked conditionally")


async def _out_of_a_shared_one(awaited: Awaited, reader: Reader, store: Store) -> Entry | None:
    """The entry filled in from a document that was fetched for another source; None where that does not do."""
    document = await store.second_document(awaited.source, awaited.url)
    ended = await reader.fill_in(awaited.source, awaited.entry, document) if document else None
    return ended if isinstance(ended, Entry) else None
