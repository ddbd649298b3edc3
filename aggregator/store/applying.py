"""Writes what a poll decided. Runs inside a transaction of the writer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection

from aggregator.clean.filling import carried_over
from aggregator.clean.identity import minted_id
from aggregator.clean.names import address_name, link_number, title_name
from aggregator.clean.urls import host_of
from aggregator.model import HOME, Changes, Entry, NewEntry, RevisedEntry, Why
from aggregator.model import Source as Configured
from aggregator.store import visits
from aggregator.store.awaiting import expect
from aggregator.store.codec import pack_entry, unpack_entry
from aggregator.store.places import mark_stale, place
from aggregator.store.tables import ENTRY, MEMBERSHIP, NAME, REVISION, TOMBSTONE, VISIT, pages_column

# Made once: to put a statement together takes longer than to run it.
_TAKEN = select(ENTRY.c.published_id).where(ENTRY.c.published_id.in_(bindparam("ids", expanding=True)))
_LAST = select(*(select(func.coalesce(func.max(table.c.number), 0)).scalar_subquery() for table in (ENTRY, TOMBSTONE)))
_NEW_ENTRY, _NEW_PLACE, _name = insert(ENTRY), insert(MEMBERSHIP), upsert(NAME)
_NAMED = _name.on_conflict_do_update(index_elements=["name"], set_={"entry_number": _name.excluded.entry_number})


def apply(connection: Connection, many: list[Changes], base_url: str) -> list[None]:
    """Write what polls decided: their visits, new entries and revised ones, and mark the pages that show them."""
    visits.end(connection, many)
    for changes in many:
        _apply(connection, changes, base_url)
    return [None] * len(many)


def _apply(connection: Connection, changes: Changes, base_url: str) -> None:
    """The part of one poll that most polls have not."""
    visit, now = changes.visit, changes.visit.finished or changes.visit.due
    assert now is not None  # a source that ended has been polled
    if changes.before and visit.address != changes.before.address:
        host = host_of(visit.address or changes.source.url)
        connection.execute(update(VISIT).where(VISIT.c.source_id == visit.source_id).values(host=host))
    if changes.host_busy_until:
        _put_off(connection, changes, changes.host_busy_until)
    if changes.new:
        _keep(connection, changes.source, changes.new, now, base_url)
    touched = {page for one in changes.new for page in one.pages}
    for revised in changes.revised:
        touched |= _revise(connection, changes.source, revised, now)
    if touched:
        mark_stale(connection, (*touched, HOME))


def _put_off(connection: Connection, changes: Changes, until: datetime) -> None:
    """Nobody else asks a host that wants to be left alone before then either."""
    host = select(VISIT.c.host).where(VISIT.c.source_id == changes.source.id).scalar_subquery()
    others = (VISIT.c.host == host) & (VISIT.c.source_id != changes.source.id) & (VISIT.c.due < until)
    connection.execute(update(VISIT).where(others).values(due=until, why=Why.HOST_BUSY.value))


def _keep(connection: Connection, source: Configured, new: tuple[NewEntry, ...], now: datetime, base_url: str) -> None:
    """Insert new entries under ids that nobody has, oldest first so that rows are numbered in the order of time.

    A source's own id is taken when it is an IRI and no entry has it yet, else one is minted.
    """
    newest_first = sorted(new, key=lambda one: one.published, reverse=True)
    claims = [one.entry.claim for one in newest_first if one.entry.claim]
    taken = set(connection.execute(_TAKEN, {"ids": claims}).scalars())
    last = max(connection.execute(_LAST).one())  # there is one writer
    rows, places, names = [], [], []
    for number, one in enumerate(reversed(newest_first), last + 1):
        published_id = one.entry.claim
        if not published_id or published_id in taken:
            published_id = minted_id(base_url, source.id, one.entry.key, now)
        taken.add(published_id)
        rows.append(
            {
                "number": number,
                "source_id": source.id,
                "key": one.entry.key,
                "published_id": published_id,
                "fingerprint": one.fingerprint,
                "published": one.published,
                "updated": one.updated,
                "first_seen": now,
                "revision": 0,
                "body": pack_entry(one.entry),
                "pages": pages_column(one.pages, source),
                "link": link_number(one.entry.link),
                "title": title_name(source.id, one.entry.title),
            }
        )
        places += [{"page": page, "published": one.published, "entry_number": number} for page in one.pages]
        names += _names(source.id, one.entry, number)
    connection.execute(_NEW_ENTRY, rows)
    if places:
        connection.execute(_NEW_PLACE, places)
    connection.execute(_NAMED, names)
    numbered = enumerate(reversed(newest_first), last + 1)
    expect(connection, source, ((number, one.entry) for number, one in numbered), now)


def _names(source_id: str, entry: Entry, number: int) -> list[dict[str, int]]:
    """The names of an entry, as rows."""
    names = title_name(source_id, entry.title), address_name(source_id, entry.link)
    return [{"name": name, "entry_number": number} for name in names if name is not None]


def _revise(connection: Connection, source: Configured, revised: RevisedEntry, now: datetime) -> set[str]:
    """Lay the entry's present text aside as a revision and put the new one in its place; id and date stay.

    Gives the pages it stood on and stands on now; none when it is gone, which it may be since it was asked for.
    """
    before = connection.execute(select(ENTRY).where(ENTRY.c.number == revised.number)).one_or_none()
    if before is None:
        return set()
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
    entry = carried_over(revised.entry, unpack_entry(before.body)) if revised.entry.detail else revised.entry
    connection.execute(
        update(ENTRY)
        .where(ENTRY.c.number == revised.number)
        .values(
            fingerprint=revised.fingerprint,
            updated=revised.updated,
            revision=revised.revision,
            body=pack_entry(entry),
            link=link_number(entry.link),
            title=title_name(source.id, entry.title),
        )
    )
    connection.execute(_NAMED, _names(source.id, revised.entry, before.number))
    return place(connection, source, before, () if entry.waits else revised.pages)
