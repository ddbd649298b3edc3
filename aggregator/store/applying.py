"""Writes what a poll decided. Runs inside a transaction of the writer."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, union_all, update
from sqlalchemy.engine import Connection, Row

from aggregator.clean.filling import carried_over
from aggregator.clean.identity import minted_id
from aggregator.clean.names import key_name, link_number, other_names, title_number
from aggregator.clean.urls import host_of
from aggregator.model import HOME, Alias, Changes, Entry, NewEntry, RevisedEntry, Why, source_page
from aggregator.model import Source as Configured
from aggregator.store import visits
from aggregator.store.awaiting import expect
from aggregator.store.burying import NAMED, UNNAMED, last_number, pass_over
from aggregator.store.codec import pack_entry, unpack_entry
from aggregator.store.followings import note
from aggregator.store.joining import Arrival, join, revisited
from aggregator.store.listing import follow
from aggregator.store.naming import with_addresses
from aggregator.store.places import mark_stale, place
from aggregator.store.tables import ENTRY, MEMBERSHIP, REVISION, TOMBSTONE, VISIT, pages_column, pages_in

# What is kept of an entry that changes all the time: its first text and so many of the latest, and so many keys.
MOST_REVISIONS, MOST_ALIASES = 24, 20

# Made once: to put a statement together takes longer than to run it.
_TAKEN = union_all(
    *(
        select(table.c.published_id).where(table.c.published_id.in_(bindparam("ids", expanding=True)))
        for table in (ENTRY, TOMBSTONE)
    )
)
_NEW_ENTRY, _NEW_PLACE = insert(ENTRY), insert(MEMBERSHIP)


def apply(connection: Connection, many: list[Changes], base_url: str) -> list[None]:
    """Write what polls decided: their visits, new entries and revised ones, and mark the pages that show them."""
    visits.end(connection, many)
    for changes in many:
        _apply(connection, changes, base_url)
    return [None] * len(many)


def _apply(connection: Connection, changes: Changes, base_url: str) -> None:
    """The part of one poll that most polls have not."""
    changes = with_addresses(connection, changes)
    visit, now = changes.visit, changes.at or changes.visit.finished or changes.visit.due
    assert now is not None  # a source that ended has been polled
    if changes.before and visit.address != changes.before.address:
        host = host_of(visit.address or changes.source.url)
        connection.execute(update(VISIT).where(VISIT.c.source_id == visit.source_id).values(host=host))
    if visit.horizon and (changes.before is None or visit.horizon != changes.before.horizon):
        horizon = func.max(func.coalesce(VISIT.c.horizon, 0), int(visit.horizon.timestamp()))
        connection.execute(update(VISIT).where(VISIT.c.source_id == visit.source_id).values(horizon=horizon))
    if visit.hub != (changes.before.hub if changes.before else None):
        note(connection, changes.source, visit.hub, now)
    if changes.host_busy_until:
        _put_off(connection, changes, changes.host_busy_until)
    if changes.outlines is not None:
        follow(connection, changes.source.id, changes.outlines, now)
    arrivals = _keep(connection, changes.source, changes.new, now, base_url) if changes.new else []
    pass_over(connection, changes.source, changes.passed, now)
    for alias in changes.aliases:
        _rename(connection, changes.source, alias)
    touched = {page for one in changes.new for page in one.pages}
    for revised in changes.revised:
        touched |= _revise(connection, changes.source, revised, now)
    named_anew = visit.said != (changes.before.said if changes.before else None)
    if named_anew and changes.source.pages and not touched:
        mark_stale(connection, (source_page(visit.source_id), HOME))  # where no entry is, it gives them their title
    if touched:
        join(connection, [*arrivals, *revisited(connection, changes)], changes.signatures)
        mark_stale(connection, (*touched, HOME))


def _put_off(connection: Connection, changes: Changes, until: datetime) -> None:
    """Nobody else asks a host that wants to be left alone before then either."""
    host = select(VISIT.c.host).where(VISIT.c.source_id == changes.source.id).scalar_subquery()
    others = (VISIT.c.host == host) & (VISIT.c.source_id != changes.source.id) & (VISIT.c.due < until)
    connection.execute(update(VISIT).where(others).values(due=until, why=Why.HOST_BUSY.value))


def _keep(
    connection: Connection, source: Configured, new: tuple[NewEntry, ...], now: datetime, base_url: str
) -> list[Arrival]:
    """Insert new entries under ids that nobody has, oldest first so that rows are numbered in the order of time.

    A source's own id is taken when it is an IRI and no entry has it yet, else one is minted.
    """
    newest_first = sorted(new, key=lambda one: one.published, reverse=True)
    rows, places, names = [], [], []
    ids = _published_ids(connection, source, newest_first[::-1], now, base_url)
    first = last_number(connection) + 1
    for number, one in enumerate(reversed(newest_first), first):
        published_id = ids[one.entry.key]
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
                "title": title_number(one.entry.title),
            }
        )
        places += [{"page": page, "published": one.published, "entry_number": number} for page in one.pages]
        names += [{"name": name, "entry_number": number} for name in other_names(source.id, one.entry)]
    connection.execute(_NEW_ENTRY, rows)
    if places:
        connection.execute(_NEW_PLACE, places)
    connection.execute(NAMED, names)
    numbered = list(enumerate(reversed(newest_first), first))
    expect(connection, source, ((number, one.entry) for number, one in numbered), now)
    return [Arrival(number, source.id, one.published, one.entry) for number, one in numbered]


def _published_ids(
    connection: Connection, source: Configured, new: list[NewEntry], now: datetime, base_url: str
) -> dict[str, str]:
    """The permanent id of each new entry, by its key; no entry, kept or gone, has it yet."""
    wanted = {one.entry.key: one.entry.claim or minted_id(base_url, source.id, one.entry.key, now) for one in new}
    taken = set(connection.execute(_TAKEN, {"ids": list(wanted.values())}).scalars())
    for key, name in wanted.items():
        number = 0
        while name in taken:  # claimed by another, or, where somebody guessed it, minted already
            name = minted_id(base_url, source.id, f"{key}\n{number}" if number else key, now)
            number += 1
            taken.update(connection.execute(_TAKEN, {"ids": [name]}).scalars() if name not in taken else ())
        wanted[key] = name
        taken.add(name)
    return wanted


def _rename(connection: Connection, source: Configured, alias: Alias) -> None:
    """Remember another key of an entry, and of very many only the latest."""
    row = connection.execute(
        select(ENTRY.c.number, ENTRY.c.aliases).where(ENTRY.c.number == alias.number)
    ).one_or_none()
    if row is None:
        return
    aliases = [*(json.loads(row.aliases) if row.aliases else ()), alias.key]
    forgotten, aliases = aliases[:-MOST_ALIASES], aliases[-MOST_ALIASES:]
    connection.execute(update(ENTRY).where(ENTRY.c.number == row.number).values(aliases=json.dumps(aliases)))
    connection.execute(NAMED, [{"name": key_name(source.id, alias.key), "entry_number": row.number}])
    if forgotten:
        connection.execute(UNNAMED, [{"of": key_name(source.id, key), "number": row.number} for key in forgotten])


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
            link=link_number(revised.entry.link),
            title=title_number(revised.entry.title),
        )
    )
    _call_anew(connection, source, before, revised.entry)
    if revised.revision > MOST_REVISIONS:
        old = (REVISION.c.entry_number == before.number) & REVISION.c.revision.between(
            1, revised.revision - MOST_REVISIONS
        )
        connection.execute(delete(REVISION).where(old))
    # What its second document gave was judged with it, which the list alone cannot be.
    pages = pages_in(before.pages) if entry.filled and before.pages is not None else revised.pages
    return place(connection, source, before, () if entry.waits else pages)


def _call_anew(connection: Connection, source: Configured, before: Row[Any], entry: Entry) -> None:
    """Give an entry the names it has now instead of those it had."""
    now, then = other_names(source.id, entry), other_names(source.id, unpack_entry(before.body))
    if now != then:
        connection.execute(UNNAMED, [{"of": name, "number": before.number} for name in then])
        connection.execute(NAMED, [{"name": name, "entry_number": before.number} for name in now])
