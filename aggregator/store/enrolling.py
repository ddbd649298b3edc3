"""Makes the store agree with the config, and says who is due. Runs inside a transaction of the writer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from aggregator.clean.urls import host_of
from aggregator.model import HOME, Source, Why
from aggregator.placing import Rules, no_rules, reading_rules
from aggregator.store.followings import anew
from aggregator.store.places import mark_stale, move, take_off
from aggregator.store.tables import FOLLOWING, SOURCE, VISIT

# What is known of a source before its first poll, and again once it has another address.
NOTHING_YET = {
    "detail": "",
    "validators": None,
    "body_hash": None,
    "seen": b"",
    "address": None,
    "memory": "{}",
    "horizon": None,
    "leased": None,
}
NOTHING_READ = {"validators": None, "body_hash": None, "seen": b""}
UNPLACED = "?"  # the mark of a source whose entries do not all stand yet where its rules place them


def enrol(connection: Connection, sources: Sequence[Source], now: datetime, rules: Rules = no_rules) -> list[str]:
    """Add new sources (due now), bring back known ones, and take those no longer configured off every page.

    What they once gave is kept in the store, and stands on its pages again when they return. Gives the sources whose
    entries must be placed anew, one by one, because other rules place them than before.
    """
    before = {row.id: row for row in connection.execute(select(SOURCE))}
    rows = {source.id: _row(source, rules(source)) for source in sources}
    _add(connection, [source for source in sources if source.id not in before], rows, now)
    moved, unplaced = [], []
    for source in sources:
        row = before.pop(source.id, None)
        if row is None or row._asdict() == rows[source.id]:
            continue
        move(connection, source.id, json.loads(row.pages), source.pages)
        values = rows[source.id]
        if (row.rules or values["rules"]) and (row.pages, row.rules) != (values["pages"], values["rules"]):
            values = values | {"rules": UNPLACED}
            unplaced.append(source.id)
        if reading_rules(row.rules) != reading_rules(rows[source.id]["rules"]):
            # What was read by other rules is read once more: they may have kept out what these let in.
            connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(**NOTHING_READ))
        connection.execute(update(SOURCE).where(SOURCE.c.id == source.id).values(**values))
        if row.active != values["active"]:
            anew(connection, source.id, now)
        if row.address != rows[source.id]["address"]:
            moved.append(source)
    for row in before.values():
        if row.active or row.pages != "[]":
            _take_off(connection, row)
    for source in moved:
        values = {"due": now, "failures": 0, "host": host_of(source.url), **NOTHING_YET}
        connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(**values))
        connection.execute(delete(FOLLOWING).where(FOLLOWING.c.source_id == source.id))
    _bring_forward(connection, {source.id: source for source in sources})
    return unplaced


def _take_off(connection: Connection, row: Row[Any]) -> None:
    """Take the entries of a source that is no longer configured off every page."""
    move(connection, row.id, json.loads(row.pages), ())
    if row.rules:
        take_off(connection, row.id)
    values = {"pages": "[]", "active": False, "rules": row.rules and UNPLACED}
    connection.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(**values))


def placed(connection: Connection, source: Source, rules: Rules) -> None:
    """Note that all entries of the source stand where its present rules place them."""
    connection.execute(update(SOURCE).where(SOURCE.c.id == source.id).values(rules=rules(source)))


def _row(source: Source, rules: str) -> dict[str, Any]:
    """A source as the store remembers it."""
    address = hashlib.blake2b(source.url.encode(), digest_size=16).hexdigest()
    pages = json.dumps(source.pages)
    return {"id": source.id, "pages": pages, "address": address, "active": source.enabled, "rules": rules}


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
