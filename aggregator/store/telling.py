"""Tells all that the store knows of one entry: its source's visit, the pages it stands on and where, its revisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Row

from aggregator.clean.names import link_number
from aggregator.clean.urls import absolute, same_address
from aggregator.model import Burial, Entry, Kept, Visit, entry_page
from aggregator.store import visits
from aggregator.store.burying import bury
from aggregator.store.codec import unpack_entry
from aggregator.store.naming import titles
from aggregator.store.story_tables import STORY
from aggregator.store.tables import ENTRY, MEMBERSHIP, REVISION, SOURCE, STALE, TOMBSTONE, kept_of, pages_in

MOST_STORIES = 20  # entries that share a link; more would be a list, and no story


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
class Telling:
    """An entry that tells a story which others tell too.

    It joined for its likeness to the entry in the row `like`, `by` what (`clean.stories.By`), with so much `distance`
    between their texts, 0 to 1. The one that it began with is like none.
    """

    kept: Kept
    like: int | None
    by: str | None
    distance: float | None


@dataclass(frozen=True, slots=True)
class Story:
    """One entry as the store knows it; `versions` are in the order of time, the present one last.

    `keys` are those under which it came, the first one first; `named` are all categories that entries have named so
    far, by slug, with their titles. `tellings` are the entries that tell the same story, this one among them, in the
    order in which they were kept; none when nobody else tells it.
    """

    kept: Kept
    visit: Visit | None
    standings: tuple[Standing, ...]
    versions: tuple[Version, ...]
    keys: tuple[str, ...]
    named: Mapping[str, str]
    tellings: tuple[Telling, ...] = ()


@dataclass(frozen=True, slots=True)
class Grave:
    """An entry that is not kept any more: when it was `buried`, why, and the operator's reason if he gave one."""

    id: str | None
    source_id: str
    why: Burial
    published: datetime
    buried: datetime
    reason: str | None


def stories(connection: Connection, name: str) -> list[Story]:
    """The stories of the entry with this published id, or else of those that link to this address, newest first."""
    rows = _named(connection, name)[:MOST_STORIES]
    return [_story(connection, row) for row in sorted(rows, key=lambda row: row.published, reverse=True)]


def graves(connection: Connection, name: str) -> list[Grave]:
    """What is left of the entries that had this published id, or else linked to this address, the latest first."""
    query = select(TOMBSTONE).where(TOMBSTONE.c.published_id == name)
    rows = connection.execute(query).all()
    if not rows and (link := absolute(name)):
        # Purged entries are many, and known by their ids only.
        removed = (TOMBSTONE.c.link == link_number(link)) & (TOMBSTONE.c.why == Burial.REMOVED.value)
        rows = connection.execute(select(TOMBSTONE).where(removed).limit(MOST_STORIES)).all()
    told = (
        Grave(row.published_id, row.source_id, Burial(row.why), row.published, row.buried, row.reason) for row in rows
    )
    return sorted(told, key=lambda grave: grave.buried, reverse=True)


def id_behind(connection: Connection, folder: str) -> str | None:
    """The published id of the entry whose own page is in this folder, kept or gone.

    Looks at every one, for a hash leads nowhere.
    """
    for table in (ENTRY, TOMBSTONE):
        names = connection.execute(select(table.c.published_id).where(table.c.published_id.is_not(None))).scalars()
        if found := next((name for name in names if entry_page(name) == folder), None):
            return str(found)
    return None


def remove(connection: Connection, name: str, now: datetime, reason: str | None) -> list[Kept]:
    """Take out the entry with this published id, or those that link to this address; gives them as they were."""
    rows = _named(connection, name)
    bury(connection, rows, Burial.REMOVED, now, reason)
    return [kept_of(row) for row in rows]


def _named(connection: Connection, name: str) -> list[Row[Any]]:
    """The entry with this published id, or else those that link to this address."""
    rows = connection.execute(select(ENTRY).where(ENTRY.c.published_id == name)).all()
    if not rows and (link := absolute(name)):
        found = connection.execute(select(ENTRY).where(ENTRY.c.link == link_number(link)).order_by(ENTRY.c.number))
        rows = [row for row in found if same_address(unpack_entry(row.body).link) == same_address(link)]
    return list(rows)


def _story(connection: Connection, row: Row[Any]) -> Story:
    kept = kept_of(row)
    visit = visits.read(connection, [kept.source_id]).get(kept.source_id)
    stale = set(connection.execute(select(STALE.c.page)).scalars())
    source = connection.execute(select(SOURCE.c.pages).where(SOURCE.c.id == kept.source_id)).scalar_one()
    standings = [
        Standing(page, _position(connection, page, kept.number, kept.published), page in stale)
        for page in sorted(pages_in(source) if row.pages is None else pages_in(row.pages))
    ]
    aliases = tuple(json.loads(row.aliases)) if row.aliases else ()
    known_as, named = (row.key, *aliases), titles(connection)
    versions, tellings = _versions(connection, kept), _tellings(connection, kept.number)
    return Story(kept, visit, tuple(standings), versions, known_as, named, tellings)


def _position(connection: Connection, page: str, number: int, published: datetime) -> int:
    """How many stand before it on the page, and one: the order is that of `newest`."""
    later = MEMBERSHIP.c.published > published
    same = (MEMBERSHIP.c.published == published) & (MEMBERSHIP.c.entry_number >= number)
    query = select(func.count()).select_from(MEMBERSHIP).where(MEMBERSHIP.c.page == page, later | same)
    return connection.execute(query).scalar_one()


def _tellings(connection: Connection, number: int) -> tuple[Telling, ...]:
    mine = select(STORY.c.story).where(STORY.c.entry_number == number).scalar_subquery()
    query = (
        select(ENTRY, STORY.c.like, STORY.c.by, STORY.c.distance)
        .join(STORY, STORY.c.entry_number == ENTRY.c.number)
        .where(STORY.c.story == mine)
        .order_by(ENTRY.c.number)
    )
    tellings = [Telling(kept_of(row), row.like, row.by, row.distance) for row in connection.execute(query)]
    return tuple(tellings) if len(tellings) > 1 else ()


def _versions(connection: Connection, kept: Kept) -> tuple[Version, ...]:
    query = select(REVISION).where(REVISION.c.entry_number == kept.number).order_by(REVISION.c.revision)
    versions, since = [], kept.first_seen
    for row in connection.execute(query):
        versions.append(Version(unpack_entry(row.body), row.updated, since))
        since = row.replaced
    return (*versions, Version(kept.entry, kept.updated, since))
