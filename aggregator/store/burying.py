"""Takes entries out: by hand, for age or number, or before they were ever taken. What is left of each is a tombstone,
by which it is known should it come again. Runs inside a transaction of the writer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, text, update
from sqlalchemy.engine import Connection

from aggregator.clean.names import key_name, link_number, other_names, title_number
from aggregator.model import HOME, Burial, PassedOver, Source
from aggregator.store.codec import unpack_entry
from aggregator.store.joining import Arrival, part
from aggregator.store.places import leave, mark_stale
from aggregator.store.rows import write_rows
from aggregator.store.tables import ENTRY, NAME, SOURCE, TOMBSTONE, VISIT, pages_in

# Tombstones kept of one source beside those that its document may still hold; those of removed entries stay for ever.
MOST_TOMBSTONES = 1000
NAME_BYTES = 8

_CALL = (
    "INSERT INTO name (name, entry_number) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET entry_number = excluded.entry_number"
    " WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE number = name.entry_number AND why = 'removed')"
)
_OVERTAKE, _, _ = _CALL.partition(" WHERE NOT EXISTS ")
UNNAMED = delete(NAME).where(NAME.c.name == bindparam("of"), NAME.c.entry_number == bindparam("number"))
_LAST = select(*(select(func.coalesce(func.max(table.c.number), 0)).scalar_subquery() for table in (ENTRY, TOMBSTONE)))
# The very words of the partial index, or SQLite would not use it.
_BY_HAND = text("tombstone.why = 'removed'")
_GRAVES = (TOMBSTONE.c.why != Burial.REMOVED.value,)


def last_number(connection: Connection) -> int:
    """The highest number that an entry, kept or gone, ever had. There is one writer, so the next ones are free."""
    return max(int(number) for number in connection.execute(_LAST).one())


def call(connection: Connection, names: Sequence[tuple[int, int]]) -> None:
    """Let entries, kept or gone, be known by names, each given with a number.

    The latest of several entries has a name; but whoever was taken out by hand is known by his for ever.
    """
    write_rows(connection, _CALL, names)


def bury(
    connection: Connection, rows: Sequence[Row[Any]], why: Burial, now: datetime, reason: str | None = None
) -> None:
    """Put tombstones in the place of these entries, and mark the pages they stood on."""
    if not rows:
        return
    of = {row.source_id for row in rows}
    query = select(SOURCE.c.id, SOURCE.c.pages).where(SOURCE.c.id.in_(of))
    source_pages = {row.id: pages_in(row.pages) for row in connection.execute(query)}
    graves, names, stale = [], [], {HOME}
    leaving, stood = list[Arrival](), dict[int, tuple[str, ...]]()
    for row in rows:
        pages = source_pages[row.source_id] if row.pages is None else pages_in(row.pages)
        entry = unpack_entry(row.body)
        keys = (row.key, *(json.loads(row.aliases) if row.aliases else ()))
        known_as = dict.fromkeys((*(key_name(row.source_id, key) for key in keys), *other_names(row.source_id, entry)))
        columns = {name: getattr(row, name) for name in ("number", "source_id", "published_id", "published")}
        columns |= {"link": row.link, "title": row.title, "buried": now, "why": why.value, "reason": reason}
        graves.append(columns | {"pages": json.dumps(pages), "names": _packed(known_as)})
        names += [(name, row.number) for name in known_as]
        leave(connection, row, pages)
        stale.update(pages)
        leaving.append(Arrival(row.number, row.source_id, row.published, entry))
        stood[row.number] = pages
    part(connection, leaving, stood)
    numbers = [row.number for row in rows]
    connection.execute(delete(ENTRY).where(ENTRY.c.number.in_(numbers)))
    connection.execute(insert(TOMBSTONE), graves)
    if why is Burial.REMOVED:
        write_rows(connection, _OVERTAKE, names)
    else:
        call(connection, names)
    mark_stale(connection, stale)


def pass_over(connection: Connection, source: Source, passed: Sequence[PassedOver], now: datetime) -> None:
    """Remember entries that were not taken."""
    if not passed:
        return
    graves, names = [], []
    for number, one in enumerate(passed, last_number(connection) + 1):
        known_as = (key_name(source.id, one.entry.key), *other_names(source.id, one.entry))
        where = {"link": link_number(one.entry.link), "title": title_number(one.entry.title)}
        grave = {"number": number, "source_id": source.id, "published_id": None, "published": one.published, **where}
        graves.append(grave | {"buried": now, "why": Burial.PASSED_OVER.value, "names": _packed(known_as)})
        names += [(name, number) for name in known_as]
    connection.execute(insert(TOMBSTONE), graves)
    call(connection, names)


# ---------------------------------------------------------------- for age or number


def purge(connection: Connection, sources: Sequence[Source], now: datetime, most: int) -> int:
    """Take out at most `most` entries of these sources that are older or more than their `retention` allows.

    How many were taken out: fewer than `most` when nothing is left to do. As many of the newest as the source's
    document holds stay whatever their age, for they have not left it.
    """
    ids = [source.id for source in sources]
    query = select(ENTRY.c.source_id, func.count().label("entries"), func.min(ENTRY.c.published).label("oldest"))
    tally = {
        row.source_id: row for row in connection.execute(query.where(ENTRY.c.source_id.in_(ids)).group_by("source_id"))
    }
    done = 0
    for source in sources:
        row = tally.get(source.id)
        reach = source.retention
        if row and done < most and (row.entries > reach.max_items or row.oldest < now - reach.max_age):
            done += _purge(connection, source, row.entries, now, most - done)
    return done + _forget(connection, sources, most - done)


def _purge(connection: Connection, source: Source, entries: int, now: datetime, most: int) -> int:
    size = _size(connection, source.id)
    excess = entries - source.retention.max_items
    outside = max(entries - size, 0)
    query = select(ENTRY).where(ENTRY.c.source_id == source.id).order_by(ENTRY.c.published, ENTRY.c.number)
    rows = connection.execute(query.limit(min(max(excess, outside), most))).all()
    last_day = now - source.retention.max_age
    leaving = [
        row for place, row in enumerate(rows) if place < excess or (place < outside and row.published < last_day)
    ]
    if leaving:
        bury(connection, leaving, Burial.PURGED, now)
        horizon = func.max(func.coalesce(VISIT.c.horizon, 0), int(leaving[-1].published.timestamp()))
        connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(horizon=horizon))
    return len(leaving)


def _size(connection: Connection, source_id: str) -> int:
    memory = connection.execute(select(VISIT.c.memory).where(VISIT.c.source_id == source_id)).scalar()
    return int(json.loads(memory or "{}").get("size", 0))


def _forget(connection: Connection, sources: Iterable[Source], most: int) -> int:
    """Take tombstones away that no document will ask for any more: the oldest of a source that has very many."""
    ids = [source.id for source in sources]
    query = select(TOMBSTONE.c.source_id, func.count().label("graves")).where(TOMBSTONE.c.source_id.in_(ids))
    many = query.group_by(TOMBSTONE.c.source_id).having(func.count() > MOST_TOMBSTONES)
    done = 0
    for row in connection.execute(many).all():
        excess = row.graves - MOST_TOMBSTONES - 2 * _size(connection, row.source_id)
        if excess <= 0 or done >= most:
            continue
        oldest = select(TOMBSTONE.c.number, TOMBSTONE.c.names).where(TOMBSTONE.c.source_id == row.source_id, *_GRAVES)
        graves = connection.execute(oldest.order_by(TOMBSTONE.c.number).limit(min(excess, most - done))).all()
        names = [{"of": name, "number": grave.number} for grave in graves for name in _names_in(grave.names)]
        if graves:
            connection.execute(UNNAMED, names)
            connection.execute(delete(TOMBSTONE).where(TOMBSTONE.c.number.in_([grave.number for grave in graves])))
        done += len(graves)
    return done


# ---------------------------------------------------------------- what was taken out by hand


def removals(connection: Connection) -> str | None:
    """A mark that changes whenever an entry is taken out by hand; None before the first."""
    count, latest = connection.execute(select(func.count(), func.max(TOMBSTONE.c.number)).where(_BY_HAND)).one()
    return f"{count} {latest}" if count else None


def _packed(names: Iterable[int]) -> bytes:
    return b"".join(name.to_bytes(NAME_BYTES, "big", signed=True) for name in names)


def _names_in(packed: bytes) -> Iterable[int]:
    for start in range(0, len(packed), NAME_BYTES):
        yield int.from_bytes(packed[start : start + NAME_BYTES], "big", signed=True)
