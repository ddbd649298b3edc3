"""Writes what a poll decided. Runs inside a transaction of the writer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection

from aggregator.clean.identity import minted_id
from aggregator.model import HOME, Changes, NewEntry, RevisedEntry, Visit
from aggregator.model import Source as Configured
from aggregator.store.codec import pack
from aggregator.store.tables import ENTRY, MEMBERSHIP, REVISION, STALE, VISIT, visit_of

# How long a source is put off after the program died in its poll: not at all the first time, then doubling.
AFTER_DEATH = timedelta(minutes=1)
LONGEST_AFTER_DEATH = timedelta(days=1)


def begin(connection: Connection, source: Configured, now: datetime) -> Visit:
    """Record the attempt; give the visit as the last poll left it."""
    row = connection.execute(select(VISIT).where(VISIT.c.source_id == source.id)).one()
    delay = min(AFTER_DEATH * 2 ** min(row.attempts - 1, 20), LONGEST_AFTER_DEATH) if row.attempts else timedelta()
    written = {"attempts": row.attempts + 1, "attempted": now, "due": now + delay}
    connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(**written))
    return visit_of(row)


def apply(connection: Connection, changes: Changes, base_url: str) -> None:
    """Write the visit, the new entries and the revised ones, and mark the pages that show them."""
    visit, now = changes.visit, changes.visit.finished or changes.visit.due
    connection.execute(
        update(VISIT)
        .where(VISIT.c.source_id == visit.source_id)
        .values(
            due=visit.due,
            why=visit.why.value,
            attempts=0,
            finished=visit.finished,
            outcome=visit.outcome and visit.outcome.value,
            reason=visit.reason and visit.reason.value,
            detail=visit.detail,
            failures=visit.failures,
            validators=pack(visit.validators) if visit.validators else None,
            body_hash=visit.body_hash,
            seen=b"".join(sorted(visit.seen)),
        )
    )
    if changes.new:
        _keep(connection, changes.source, changes.new, now, base_url)
    for revised in changes.revised:
        _revise(connection, revised, now)
    if changes.new or changes.revised:
        mark_stale(connection, (*changes.source.pages, HOME))


def mark_stale(connection: Connection, pages: Iterable[str]) -> None:
    """Mark pages to be built; one marked already gets a new version."""
    rows = [{"page": page, "version": 1} for page in pages]
    if rows:
        mark = upsert(STALE)
        connection.execute(
            mark.on_conflict_do_update(index_elements=["page"], set_={"version": STALE.c.version + 1}), rows
        )


def _keep(connection: Connection, source: Configured, new: tuple[NewEntry, ...], now: datetime, base_url: str) -> None:
    """Insert new entries under ids that nobody has, oldest first so that rows are numbered in the order of time.

    A source's own id is taken when it is an IRI and no entry has it yet, else one is minted.
    """
    newest_first = sorted(new, key=lambda one: one.published, reverse=True)
    taken = _taken(connection, [one.entry.claim for one in newest_first if one.entry.claim])
    rows = []
    for one in reversed(newest_first):
        published_id = one.entry.claim
        if not published_id or published_id in taken:
            published_id = minted_id(base_url, source.id, one.entry.key, now)
        taken.add(published_id)
        rows.append(
            {
                "source_id": source.id,
                "key": one.entry.key,
                "published_id": published_id,
                "fingerprint": one.fingerprint,
                "published": one.published,
                "updated": one.updated,
                "first_seen": now,
                "revision": 0,
                "body": pack(one.entry),
            }
        )
    statement = insert(ENTRY).returning(ENTRY.c.number, ENTRY.c.published, sort_by_parameter_order=True)
    inserted = connection.execute(statement, rows).all()
    connection.execute(
        insert(MEMBERSHIP),
        [
            {"page": page, "entry_number": row.number, "published": row.published}
            for row in inserted
            for page in source.pages
        ],
    )


def _taken(connection: Connection, ids: list[str]) -> set[str]:
    """Which of these published ids some entry has."""
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        found.update(connection.execute(select(ENTRY.c.published_id).where(ENTRY.c.published_id.in_(some))).scalars())
    return found


def _revise(connection: Connection, revised: RevisedEntry, now: datetime) -> None:
    """Lay the entry's present text aside as a revision and put the new one in its place; id and date stay."""
    before = connection.execute(select(ENTRY).where(ENTRY.c.number == revised.number)).one()
    connection.execute(
        insert(REVISION).values(
            entry_number=before.number,
            revision=before.revision,
            replaced=now,
            updated=before.updated,
            fingerprint=before.fingerprint,
            body=before.body,
        )
    )
    connection.execute(
        update(ENTRY)
        .where(ENTRY.c.number == revised.number)
        .values(
            fingerprint=revised.fingerprint,
            updated=revised.updated,
            revision=revised.revision,
            body=pack(revised.entry),
        )
    )
