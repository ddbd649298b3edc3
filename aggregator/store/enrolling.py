"""Makes the store agree with the config, and says who is due. Runs inside a transaction of the writer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, literal, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from aggregator.model import HOME, Source, Why
from aggregator.store.applying import mark_stale
from aggregator.store.tables import ENTRY, MEMBERSHIP, SOURCE, VISIT


def enrol(connection: Connection, sources: Sequence[Source], now: datetime) -> None:
    """Add new sources (due now), bring back known ones, and take those no longer configured off every page.

    What they once gave is kept in the store, and stands on its pages again when they return.
    """
    before = {row.id: row for row in connection.execute(select(SOURCE))}
    for source in sources:
        address = hashlib.blake2b(source.url.encode(), digest_size=16).hexdigest()
        row = before.pop(source.id, None)
        if row is None:
            connection.execute(
                insert(SOURCE).values(
                    id=source.id, pages=json.dumps(source.pages), address=address, active=source.enabled
                )
            )
            connection.execute(
                insert(VISIT).values(
                    source_id=source.id, due=now, why=Why.INTERVAL.value, attempts=0, detail="", failures=0, seen=b""
                )
            )
            mark_stale(connection, (*source.pages, HOME))
            continue
        _move(connection, source.id, json.loads(row.pages), source.pages)
        if (row.pages, row.address, row.active) != (json.dumps(source.pages), address, source.enabled):
            values = {"pages": json.dumps(source.pages), "address": address, "active": source.enabled}
            connection.execute(update(SOURCE).where(SOURCE.c.id == source.id).values(**values))
        _bring_forward(connection, source, now, moved=row.address != address)
    for row in before.values():
        _move(connection, row.id, json.loads(row.pages), ())
        if row.active or row.pages != "[]":
            connection.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(pages="[]", active=False))


def due(connection: Connection, now: datetime, limit: int, besides: Sequence[str]) -> list[str]:
    """Who is due, the longest overdue first."""
    query = (
        select(VISIT.c.source_id)
        .join(SOURCE, SOURCE.c.id == VISIT.c.source_id)
        .where(VISIT.c.due <= now, SOURCE.c.active.is_(True))
        .order_by(VISIT.c.due, VISIT.c.source_id)
        .limit(limit + len(besides))
    )
    busy = set(besides)
    return [name for name in connection.execute(query).scalars() if name not in busy][:limit]


def _move(connection: Connection, source_id: str, old: Sequence[str], new: Sequence[str]) -> None:
    """Let the entries of a source stand on other pages than before."""
    left, joined = set(old) - set(new), set(new) - set(old)
    own = select(ENTRY.c.number).where(ENTRY.c.source_id == source_id)
    if left:
        gone = MEMBERSHIP.c.page.in_(left) & MEMBERSHIP.c.entry_number.in_(own)
        connection.execute(delete(MEMBERSHIP).where(gone))
    for page in sorted(joined):
        rows = select(literal(page), ENTRY.c.number, ENTRY.c.published).where(ENTRY.c.source_id == source_id)
        statement = insert(MEMBERSHIP).from_select(["page", "entry_number", "published"], rows)
        connection.execute(statement.on_conflict_do_nothing())
    if left or joined:
        mark_stale(connection, (*sorted(left | joined), HOME))


def _bring_forward(connection: Connection, source: Source, now: datetime, *, moved: bool) -> None:
    """A source with a new address is due at once; one with a shorter interval no later than that interval says."""
    visit = connection.execute(select(VISIT).where(VISIT.c.source_id == source.id)).one()
    if moved:
        values = {"due": now, "failures": 0, "body_hash": None, "validators": None, "seen": b""}
        connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(**values))
    elif visit.why == Why.INTERVAL and visit.finished and visit.due > visit.finished + source.interval:
        earlier = visit.finished + source.interval
        connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(due=earlier))
