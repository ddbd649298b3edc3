"""Writes what a poll decided. Runs inside a transaction of the writer."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Row

from aggregator.clean.filling import carried_over
from aggregator.clean.names import key_name, link_number, other_names, title_number
from aggregator.clean.urls import host_of
from aggregator.model import HOME, Alias, Changes, Entry, RevisedEntry, Why, source_page
from aggregator.model import Source as Configured
from aggregator.store import visits
from aggregator.store.burying import UNNAMED, call, pass_over
from aggregator.store.codec import pack_entry, unpack_entry
from aggregator.store.followings import note
from aggregator.store.joining import Arrival, join, revisited
from aggregator.store.keeping import keep
from aggregator.store.listing import follow
from aggregator.store.naming import with_addresses
from aggregator.store.places import mark_stale, place
from aggregator.store.tables import ENTRY, REVISION, VISIT, pages_in

# What is kept of an entry that changes all the time: its first text and so many of the latest, and so many keys.
MOST_REVISIONS, MOST_ALIASES = 24, 20


def apply(connection: Connection, many: list[Changes], base_url: str) -> list[None]:
    """Write what polls decided: their visits, new entries and revised ones, and mark the pages that show them."""
    visits.end(connection, many)
    told = [changes for changes in many if not _is_quiet(changes)]
    polls = [(with_addresses(connection, changes), _time_of(changes)) for changes in told]
    stale = set[str]()
    for (changes, now), arrivals in zip(polls, keep(connection, polls, base_url), strict=True):
        stale |= _apply(connection, changes, now, arrivals)
    mark_stale(connection, stale)
    return [None] * len(many)


def _is_quiet(changes: Changes) -> bool:
    """Whether a poll changes nothing but the row of its visit, as nine in ten."""
    before, after = changes.before, changes.visit
    if before is None or changes.new or changes.revised or changes.aliases or changes.passed or changes.host_busy_until:
        return False
    told = before.address, before.horizon, before.hub, before.said
    return changes.outlines is None and told == (after.address, after.horizon, after.hub, after.said)


def _time_of(changes: Changes) -> datetime:
    now = changes.at or changes.visit.finished or changes.visit.due
    assert now is not None  # a source that ended has been polled
    return now


def _apply(connection: Connection, changes: Changes, now: datetime, arrivals: list[Arrival]) -> set[str]:
    """The part of one poll that most polls have not. Gives the pages that are stale now."""
    visit = changes.visit
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
    pass_over(connection, changes.source, changes.passed, now)
    for alias in changes.aliases:
        _rename(connection, changes.source, alias)
    touched = {page for one in changes.new for page in one.pages}
    for revised in changes.revised:
        touched |= _revise(connection, changes.source, revised, now)
    if touched:
        join(connection, [*arrivals, *revisited(connection, changes)], changes.signatures)
        return {*touched, HOME}
    if changes.source.pages and visit.said != (changes.before.said if changes.before else None):
        return {source_page(visit.source_id), HOME}  # where no entry is, it gives them their title
    return set()


def _put_off(connection: Connection, changes: Changes, until: datetime) -> None:
    """Nobody else asks a host that wants to be left alone before then either."""
    host = select(VISIT.c.host).where(VISIT.c.source_id == changes.source.id).scalar_subquery()
    others = (VISIT.c.host == host) & (VISIT.c.source_id != changes.source.id) & (VISIT.c.due < until)
    connection.execute(update(VISIT).where(others).values(due=until, why=Why.HOST_BUSY.value))


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
    call(connection, [(key_name(source.id, alias.key), row.number)])
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
        call(connection, [(name, before.number) for name in now])
