"""Cuts the history of a category into archive documents, and gives what stands in each (docs/decisions/0027)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby, islice

from sqlalchemy import ColumnElement, Exists, and_, delete, exists, func, insert, literal_column, select
from sqlalchemy.engine import Connection

from aggregator.model import Archived, Chain, Kept, Removed, Unarchived, amended
from aggregator.store.codec import unpack_entry
from aggregator.store.places import mark_stale
from aggregator.store.tables import ARCHIVE, ENTRY, MEMBERSHIP, REVISION, TOMBSTONE, UNARCHIVED, kept_of

NUMBERS_AT_A_TIME = 500


def is_due(connection: Connection, page: str, size: int) -> bool:
    """Whether `close` would close anything; asked first, for at nearly every build it would not."""
    query = select(func.count(), func.min(UNARCHIVED.c.since), func.max(UNARCHIVED.c.since))
    count, first, last = connection.execute(query.where(UNARCHIVED.c.page == page)).one()
    return count >= size or (count > 0 and _month(first) != _month(last))


def close(connection: Connection, page: str, size: int) -> list[str]:
    """Close the documents that are full, with `size` entries, or whose month is over.

    Gives the paths of those that are stale now, oldest first: the closed ones after the one before, which has a
    successor now.

    A month is over when something came in a later one: no clock is asked. What was closed is never opened again.
    """
    if not is_due(connection, page, size):
        return []
    number, latest = _latest(connection, page)
    waiting = _waiting(connection, page, month=latest[:7])
    closed = list[tuple[str, list[tuple[int, int]]]]()
    for month, rows in groupby(waiting, key=lambda one: one[0]):
        entries = [entry for _, entry in rows]
        while len(entries) >= size or (entries and month != waiting[-1][0]):
            latest = _successor(latest, month)
            closed.append((latest, entries[:size]))
            entries = entries[size:]
    changed = _write(connection, page, closed, after=number)
    left = {entry for _, entry in waiting}.difference(*(part for _, part in closed))
    _forget(connection, page, {number for number, _ in left})
    return changed


def _month(moment: datetime) -> str:
    return moment.strftime("%Y-%m")


def _successor(name: str, month: str) -> str:
    """The name of the document after that of this name: 2026-11, 2026-11-2, …; "" for none before."""
    return f"{month}-{int(name[8:] or 1) + 1}" if name[:7] == month else month


def _latest(connection: Connection, page: str) -> tuple[int, str]:
    """The number and the name of the latest document; 0 and "" for none."""
    query = select(ARCHIVE.c.number, ARCHIVE.c.name).where(ARCHIVE.c.page == page)
    row = connection.execute(query.order_by(ARCHIVE.c.number.desc()).limit(1)).one_or_none()
    return (row.number, row.name) if row else (0, "")


def _waiting(connection: Connection, page: str, month: str) -> list[tuple[str, tuple[int, int]]]:
    """What stands on the page and in no document yet, each as its month, and its row and revision."""
    query = select(UNARCHIVED.c.entry_number, UNARCHIVED.c.since, ENTRY.c.revision)
    query = query.join(ENTRY, ENTRY.c.number == UNARCHIVED.c.entry_number)
    query = query.where(UNARCHIVED.c.page == page, _stands_on(page))
    waiting = []
    for row in connection.execute(query.order_by(UNARCHIVED.c.since, UNARCHIVED.c.entry_number)):
        month = max(month, _month(row.since))  # a clock that was set back opens no month again
        waiting.append((month, (row.entry_number, row.revision)))
    return waiting


def _write(connection: Connection, page: str, closed: Sequence[tuple[str, object]], after: int) -> list[str]:
    """Keep the documents, numbered from `after` on. Gives the paths of those that are stale now, and marks them."""
    rows = [
        {"page": page, "number": number, "name": name, "entries": json.dumps(part, separators=(",", ":"))}
        for number, (name, part) in enumerate(closed, after + 1)
    ]
    if not rows:
        return []
    before = connection.execute(select(ARCHIVE.c.name).where(_here(page, after))).scalars().all()
    connection.execute(insert(ARCHIVE), rows)
    changed = [f"{page}archive/{name}" for name in (*before, *(name for name, _ in closed))]
    mark_stale(connection, changed)
    return changed


def _forget(connection: Connection, page: str, left: set[int]) -> None:
    """Keep only these as not archived yet: all others are, or have left the page."""
    numbers = connection.execute(select(UNARCHIVED.c.entry_number).where(UNARCHIVED.c.page == page)).scalars().all()
    done = iter([number for number in numbers if number not in left])
    while some := list(islice(done, NUMBERS_AT_A_TIME)):
        mine = (UNARCHIVED.c.page == page) & UNARCHIVED.c.entry_number.in_(some)
        connection.execute(delete(UNARCHIVED).where(mine))


def _stands_on(page: str) -> Exists:
    """Whether an entry stands on the page; joined, it would lead SQLite through the whole timeline to find a few."""
    return exists().where(
        MEMBERSHIP.c.page == page,
        MEMBERSHIP.c.published == ENTRY.c.published,
        MEMBERSHIP.c.entry_number == ENTRY.c.number,
    )


def _here(page: str, number: int) -> ColumnElement[bool]:
    return and_(ARCHIVE.c.page == page, ARCHIVE.c.number == number)


def unarchived(connection: Connection, page: str) -> Unarchived:
    """What stands on the page and in none of its archive documents, or not with its present text."""
    query = select(ENTRY).join(UNARCHIVED, UNARCHIVED.c.entry_number == ENTRY.c.number)
    query = query.where(UNARCHIVED.c.page == page, _stands_on(page))
    rows = connection.execute(query.order_by(UNARCHIVED.c.entry_number))
    return Unarchived(tuple(map(kept_of, rows)), _latest(connection, page)[1] or None)


def archived(connection: Connection, page: str, name: str) -> Archived | None:
    """What stands in an archive document, with the text that each entry had when it was closed; None for no document.

    What was removed, or has left the page, is not in it any more.
    """
    document = connection.execute(select(ARCHIVE).where(ARCHIVE.c.page == page, ARCHIVE.c.name == name)).one_or_none()
    if document is None:
        return None
    revisions: dict[int, int] = dict(json.loads(document.entries))
    standing = select(ENTRY).where(ENTRY.c.number.in_(list(revisions)), _stands_on(page))
    kept = [kept_of(row) for row in connection.execute(standing)]
    kept = [_as_closed(connection, one, revisions[one.number]) for one in kept]
    kept.sort(key=lambda one: (one.published, one.number), reverse=True)
    before, after = (
        connection.execute(select(ARCHIVE.c.name).where(_here(page, document.number + step))).scalar()
        for step in (-1, 1)
    )
    gone = _removed(connection, TOMBSTONE.c.number.in_(list(revisions)))
    return Archived(tuple(kept), Chain(name, before, after), gone)


def _as_closed(connection: Connection, kept: Kept, revision: int) -> Kept:
    """The entry as it was in this revision, or in the oldest since that is still known."""
    if kept.revision == revision:
        return kept
    mine = (REVISION.c.entry_number == kept.number) & (REVISION.c.revision >= revision)
    row = connection.execute(select(REVISION).where(mine).order_by(REVISION.c.revision).limit(1)).one_or_none()
    if row is None:
        return kept
    return amended(kept, entry=unpack_entry(row.body), updated=row.updated, revision=row.revision)


def removed(connection: Connection, page: str, limit: int | None) -> tuple[Removed, ...]:
    """The entries that were removed from the page, the latest first."""
    return _removed(connection, func.instr(TOMBSTONE.c.pages, json.dumps(page)) > 0, limit)


def _removed(connection: Connection, which: ColumnElement[bool], limit: int | None = None) -> tuple[Removed, ...]:
    # Written out: of the parameter of a statement SQLite does not know that the index on the removed serves it.
    mine = (TOMBSTONE.c.why == literal_column("'removed'")) & TOMBSTONE.c.published_id.is_not(None) & which
    query = select(TOMBSTONE).where(mine).order_by(TOMBSTONE.c.buried.desc(), TOMBSTONE.c.number.desc()).limit(limit)
    return tuple(Removed(row.published_id, row.buried, row.reason) for row in connection.execute(query))


def names(connection: Connection) -> list[str]:
    """The paths of all archive documents, without a suffix."""
    query = select(ARCHIVE.c.page, ARCHIVE.c.name).order_by(ARCHIVE.c.page, ARCHIVE.c.number)
    return [f"{row.page}archive/{row.name}" for row in connection.execute(query)]
