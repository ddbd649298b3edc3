"""Entries that wait for their second document, as rows. Runs inside a transaction of the writer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from aggregator.clean.filling import carried_over
from aggregator.model import HOME, Awaited, Entry, Filling, Source
from aggregator.store.codec import pack_entry, unpack_entry
from aggregator.store.joining import Arrival, join
from aggregator.store.naming import addresses
from aggregator.store.places import mark_stale, place
from aggregator.store.tables import AWAITED, ENTRY

MOST_AT_A_TIME = 500


def expect(connection: Connection, source: Source, new: Iterable[tuple[int, Entry]], now: datetime) -> None:
    """Remember which of these new entries, each with its row, have a second document."""
    rows = [
        {
            "entry_number": number,
            "source_id": source.id,
            "url": entry.detail,
            "since": now,
            "until": now + (source.detail.hold if source.detail else timedelta()),
            "due": now,
            "attempts": 0,
        }
        for number, entry in new
        if entry.detail
    ]
    if rows:
        connection.execute(insert(AWAITED), rows)


def awaited(connection: Connection, source: Source, now: datetime) -> list[Awaited]:
    """The entries of the source whose second document is to be had now, the newest first."""
    query = (
        select(AWAITED, ENTRY.c.body)
        .join(ENTRY, ENTRY.c.number == AWAITED.c.entry_number)
        .where(AWAITED.c.source_id == source.id, AWAITED.c.due <= now)
        .order_by(ENTRY.c.published.desc(), ENTRY.c.number.desc())
        .limit(MOST_AT_A_TIME)
    )
    return [
        Awaited(row.entry_number, source, row.url, row.since, row.until, row.attempts, unpack_entry(row.body))
        for row in connection.execute(query)
    ]


def fill_in(connection: Connection, of: Awaited, filling: Filling) -> None:
    """Write down what came of a try. The fingerprint stays that of what the list says, and tells when that changes."""
    mine = AWAITED.c.entry_number == filling.number
    if filling.due is None:
        written = connection.execute(delete(AWAITED).where(mine))
    else:
        written = connection.execute(update(AWAITED).where(mine).values(due=filling.due, attempts=of.attempts + 1))
    if not written.rowcount:
        return  # it is filled in already, or not kept any more
    row = connection.execute(select(ENTRY).where(ENTRY.c.number == filling.number)).one_or_none()
    if filling.entry is None or row is None:
        return
    # The list may have given a newer version since: that keeps its own words, and takes what was filled in.
    now = unpack_entry(row.body)
    entry = filling.entry if now == of.entry else carried_over(now, filling.entry)
    # Link and title stay those of the list, by which the entry is recognised there.
    connection.execute(update(ENTRY).where(ENTRY.c.number == filling.number).values(body=pack_entry(entry)))
    join(connection, [Arrival(filling.number, of.source.id, row.published, entry)], {})
    pages = addresses(connection, filling.pages)
    mark_stale(connection, (*place(connection, of.source, row, pages), HOME))
