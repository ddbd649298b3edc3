"""Tells all that the store knows of one entry: its source's visit, the pages it stands on and where, its revisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from aggregator.clean.urls import absolute, same_address
from aggregator.model import Entry, Kept, Visit, entry_page
from aggregator.store import visits
from aggregator.store.codec import unpack_entry
from aggregator.store.tables import ENTRY, MEMBERSHIP, REVISION, STALE, kept_of

MOST_STORIES = 20  # entries that share a link; more would be a list, and no story
ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Version:
    """What an entry said from `since` on. `updated` is the time that was published with it."""

    entry: Entry
    updated: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry's place on a page: `position` counts from 1, the newest; `stale` while a change awaits publishing."""

    page: str
    position: int
    stale: bool


@dataclass(frozen=True, slots=True)
class Story:
    """One entry as the store knows it; `versions` are in the order of time, the present one last."""

    kept: Kept
    visit: Visit | None
    standings: tuple[Standing, ...]
    versions: tuple[Version, ...]


def stories(connection: Connection, name: str) -> list[Story]:
    """The stories of the entry with this published id, or else of those that link to this address, newest first."""
    numbers = list(connection.execute(select(ENTRY.c.number).where(ENTRY.c.published_id == name)).scalars())
    if not numbers and (link := absolute(name)):
        numbers = list(islice(_linking_to(connection, link), MOST_STORIES))
    rows = connection.execute(select(ENTRY).where(ENTRY.c.number.in_(numbers)))
    return [_story(connection, kept_of(row)) for row in sorted(rows, key=lambda row: row.published, reverse=True)]


def id_behind(connection: Connection, folder: str) -> str | None:
    """The published id of the entry whose own page is in this folder; looks at every one, for a hash leads nowhere."""
    ids = connection.execute(select(ENTRY.c.published_id)).scalars()
    return next((one for one in ids if entry_page(one) == folder), None)


def _linking_to(connection: Connection, link: str) -> Iterator[int]:
    """The entries with this link, by looking into every one: no index knows what is in a body."""
    wanted = same_address(link)
    latest = 0
    while True:
        query = select(ENTRY.c.number, ENTRY.c.body).where(ENTRY.c.number > latest).order_by(ENTRY.c.number)
        rows = connection.execute(query.limit(ROWS_AT_A_TIME)).all()
        if not rows:
            return
        for row in rows:
            if same_address(unpack_entry(row.body).link) == wanted:
                yield row.number
        latest = rows[-1].number


def _story(connection: Connection, kept: Kept) -> Story:
    visit = visits.read(connection, [kept.source_id]).get(kept.source_id)
    stale = set(connection.execute(select(STALE.c.page)).scalars())
    mine = select(MEMBERSHIP.c.page, MEMBERSHIP.c.published).where(MEMBERSHIP.c.entry_number == kept.number)
    standings = [
        Standing(row.page, _position(connection, row.page, kept.number, row.published), row.page in stale)
        for row in connection.execute(mine.order_by(MEMBERSHIP.c.page)).all()
    ]
    return Story(kept, visit, tuple(standings), _versions(connection, kept))


def _position(connection: Connection, page: str, number: int, published: datetime) -> int:
    """How many stand before it on the page, and one: the order is that of `newest`."""
    later = MEMBERSHIP.c.published > published
    same = (MEMBERSHIP.c.published == published) & (MEMBERSHIP.c.entry_number >= number)
    query = select(func.count()).select_from(MEMBERSHIP).where(MEMBERSHIP.c.page == page, later | same)
    return connection.execute(query).scalar_one()


def _versions(connection: Connection, kept: Kept) -> tuple[Version, ...]:
    query = select(REVISION).where(REVISION.c.entry_number == kept.number).order_by(REVISION.c.revision)
    versions, since = [], kept.first_seen
    for row in connection.execute(query):
        versions.append(Version(unpack_entry(row.body), row.updated, since))
        since = row.replaced
    return (*versions, Version(kept.entry, kept.updated, since))
