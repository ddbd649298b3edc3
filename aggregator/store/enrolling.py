"""Makes the store agree with the config, and says who is due. Runs inside a transaction of the writer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, delete, literal, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from aggregator.clean.urls import host_of
from aggregator.model import HOME, Source, Why
from aggregator.store.applying import mark_stale
from aggregator.store.tables import ENTRY, MEMBERSHIP, SOURCE, VISIT

# What is known of a source before its first poll, and again once it has another address.
NOTHING_YET = {"detail": "", "validators": None, "body_hash": None, "seen": b"", "address": None, "memory": "{}"}


def enrol(connection: Connection, sources: Sequence[Source], now: datetime) -> None:
    """Add new sources (due now), bring back known ones, and take those no longer configured off every page.

    What they once gave is kept in the store, and stands on its pages again when they return.
    """
    before = {row.id: row for row in connection.execute(select(SOURCE))}
    rows = {source.id: _row(source) for source in sources}
    _add(connection, [source for source in sources if source.id not in before], rows, now)
    moved = []
    for source in sources:
        row = before.pop(source.id, None)
        if row is None or row._asdict() == rows[source.id]:
            continue
        _move(connection, source.id, json.loads(row.pages), source.pages)
        connection.execute(update(SOURCE).where(SOURCE.c.id == source.id).values(**rows[source.id]))
        if row.address != rows[source.id]["address"]:
            moved.append(source)
    for row in before.values():
        _move(connection, row.id, json.loads(row.pages), ())
        if row.active or row.pages != "[]":
            connection.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(pages="[]", active=False))
    for source in moved:
        values = {"due": now, "failures": 0, "host": host_of(source.url), **NOTHING_YET}
        connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(**values))
    _bring_forward(connection, {source.id: source for source in sources})


def _row(source: Source) -> dict[str, Any]:
    """A source as the store remembers it."""
    address = hashlib.blake2b(source.url.encode(), digest_size=16).hexdigest()
    return {"id": source.id, "pages": json.dumps(source.pages), "address": address, "active": source.enabled}


def _add(connection: Connection, new: Sequence[Source], rows: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Sources never seen before, due at once."""
    if not new:
        return
    connection.execute(insert(SOURCE), [dict(rows[source.id]) for source in new])
    first = {"due": now, "attempts": 0, "failures": 0, "why": Why.INTERVAL.value, **NOTHING_YET}
    connection.execute(insert(VISIT), [{"source_id": one.id, "host": host_of(one.url), **first} for one in new])
    mark_stale(connection, {HOME, *(page for source in new for page in source.pages)})


def due(
    connection: Connection, now: datetime, limit: int, sources: Collection[str], hosts: Collection[str]
) -> dict[str, str]:
    """Who is due, the longest overdue first, and the host of each; without these sources and hosts."""
    query = (
        select(VISIT.c.source_id, VISIT.c.host)
        .join(SOURCE, SOURCE.c.id == VISIT.c.source_id)
        .where(VISIT.c.due <= now, SOURCE.c.active.is_(True), VISIT.c.host.not_in(hosts))
        .order_by(VISIT.c.due, VISIT.c.source_id)
        .limit(limit + len(sources))
    )
    left_out = set(sources)
    found = ((name, host) for name, host in connection.execute(query) if name not in left_out)
    return dict(islice(found, limit))


def hosts(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """The host of each of these sources, in their order."""
    known = {row.source_id: row.host for row in connection.execute(select(VISIT.c.source_id, VISIT.c.host))}
    return {name: known[name] for name in names}


def _move(connection: Connection, source_id: str, old: Sequence[str], new: Sequence[str]) -> None:
    """Let the entries of a source stand on other pages than before."""
    left, joined = set(old) - set(new), set(new) - set(old)
    own = select(ENTRY.c.published, ENTRY.c.number).where(ENTRY.c.source_id == source_id)
    if left:
        place = tuple_(MEMBERSHIP.c.published, MEMBERSHIP.c.entry_number)
        connection.execute(delete(MEMBERSHIP).where(MEMBERSHIP.c.page.in_(left), place.in_(own)))
    for page in sorted(joined):
        rows = own.with_only_columns(literal(page), ENTRY.c.published, ENTRY.c.number)
        statement = insert(MEMBERSHIP).from_select(["page", "published", "entry_number"], rows)
        connection.execute(statement.on_conflict_do_nothing())
    if left or joined:
        mark_stale(connection, (*sorted(left | joined), HOME))


def _bring_forward(connection: Connection, sources: Mapping[str, Source]) -> None:
    """A source whose interval became shorter is due no later than that says; one of an older store learns its host."""
    waiting = select(VISIT.c.source_id, VISIT.c.due, VISIT.c.finished).where(
        VISIT.c.why == Why.INTERVAL.value, VISIT.c.finished.is_not(None), VISIT.c.due.is_not(None)
    )
    earlier = [
        {"of": row.source_id, "due": row.finished + sources[row.source_id].interval}
        for row in connection.execute(waiting)
        if row.source_id in sources and row.due > row.finished + 2 * sources[row.source_id].interval
    ]
    hostless = connection.execute(select(VISIT.c.source_id).where(VISIT.c.host == "")).scalars()
    hosts_now = [{"of": name, "host": host_of(sources[name].url)} for name in hostless if name in sources]
    for rows in (earlier, hosts_now):
        if rows:
            connection.execute(update(VISIT).where(VISIT.c.source_id == bindparam("of")), rows)
