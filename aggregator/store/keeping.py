"""Keeps the new entries of polls under ids that nobody has. Runs inside a transaction of the writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from aggregator.clean.identity import minted_id
from aggregator.clean.names import link_number, other_names, title_number
from aggregator.model import Changes, NewEntry
from aggregator.store.awaiting import expect
from aggregator.store.burying import call, last_number
from aggregator.store.codec import pack_entry
from aggregator.store.joining import Arrival
from aggregator.store.rows import listed, read_rows, seconds, write_rows
from aggregator.store.tables import pages_column

_TAKEN = " UNION ALL ".join(
    f"SELECT published_id FROM {table} WHERE published_id IN (SELECT value FROM json_each(?))"  # noqa: S608  (ours)
    for table in ("entry", "tombstone")
)
_NEW_ENTRY = (
    "INSERT INTO entry (number, source_id, key, published_id, fingerprint, published, updated, first_seen, revision,"
    " body, pages, link, title) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)"
)
_NEW_PLACE = "INSERT INTO membership (page, published, entry_number) VALUES (?, ?, ?)"


def keep(connection: Connection, polls: Sequence[tuple[Changes, datetime]], base_url: str) -> list[list[Arrival]]:
    """Insert what each of these polls, at its time, found new.

    Of each poll the oldest first, so that rows are numbered in the order of time.
    """
    rows, places, names = [], [], []
    kept: list[list[Arrival]] = []
    found = [(changes, now, _oldest_first(changes.new)) for changes, now in polls]
    ids = _published_ids(connection, found, base_url)
    number = last_number(connection) if any(new for _, _, new in found) else 0
    for changes, now, new in found:
        source, arrivals = changes.source, list[Arrival]()
        for one in new:
            number, entry, published = number + 1, one.entry, seconds(one.published)
            whose = number, source.id, entry.key, next(ids), one.fingerprint
            times = published, seconds(one.updated), seconds(now)
            where = pages_column(one.pages, source), link_number(entry.link), title_number(entry.title)
            rows.append((*whose, *times, pack_entry(entry), *where))
            places += [(page, published, number) for page in one.pages]
            names += [(name, number) for name in other_names(source.id, entry)]
            arrivals.append(Arrival(number, source.id, one.published, entry))
        kept.append(arrivals)
    write_rows(connection, _NEW_ENTRY, rows)
    write_rows(connection, _NEW_PLACE, places)
    call(connection, names)
    for (changes, now, _), arrivals in zip(found, kept, strict=True):
        expect(connection, changes.source, ((one.number, one.entry) for one in arrivals), now)
    return kept


def _oldest_first(new: Sequence[NewEntry]) -> list[NewEntry]:
    """Of those with one time the last first: documents begin with the newest."""
    return sorted(new, key=lambda one: one.published, reverse=True)[::-1]


def _published_ids(
    connection: Connection, found: Sequence[tuple[Changes, datetime, Sequence[NewEntry]]], base_url: str
) -> Iterator[str]:
    """The permanent id of each new entry, in their order; no entry, kept or gone, has it yet.

    A source's own id is taken when it is an IRI and no entry has it yet, else one is minted.
    """
    wanted = [
        (one.entry.claim or minted_id(base_url, changes.source.id, one.entry.key, now), one.entry.key, changes, now)
        for changes, now, new in found
        for one in new
    ]
    taken = _taken(connection, [name for name, *_ in wanted])
    for name, key, changes, now in wanted:
        number = 0
        while name in taken:  # claimed by another, or, where somebody guessed it, minted already
            name = minted_id(base_url, changes.source.id, f"{key}\n{number}" if number else key, now)
            number += 1
            taken |= _taken(connection, [name]) if name not in taken else set()
        taken.add(name)
        yield name


def _taken(connection: Connection, names: Sequence[str]) -> set[str]:
    """Those of these ids that an entry has, or had."""
    if not names:
        return set()
    asked = listed(names)
    return {name for (name,) in read_rows(connection, _TAKEN, asked, asked)}
