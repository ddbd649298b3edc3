"""What is known of the entries of documents. Reads only, and most of the time a single index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from aggregator.clean.recognition import Asked, keys_of, links_of, questions
from aggregator.model import Acquaintance, Burial, Buried, Intake, Known
from aggregator.store.codec import unpack_entry
from aggregator.store.rows import listed, moment, read_rows

# Bodies unpacked for one poll, 25 µs each; beyond that only what the columns say is known.
MOST_WHOLE = 1000

# Of lists by name: SQLite takes them in this order, each source, each of its keys, and the one row of that.
_UNDER = (
    "FROM json_each(?) AS source CROSS JOIN json_each(source.value) AS own"
    " CROSS JOIN entry ON entry.source_id = source.key AND entry.key = own.value"
)
_KNOWN = "number, fingerprint, published, updated, revision, first_seen, link, title"
_BY_KEY = f"SELECT entry.source_id, entry.key, NULL, {_KNOWN} {_UNDER}"
_WHOLE_BY_KEY = f"SELECT entry.source_id, entry.key, entry.body, {_KNOWN} {_UNDER}"
_SOME = "number IN (SELECT value FROM json_each(?))"
_WHOLE = f"SELECT source_id, number, body, {_KNOWN} FROM entry WHERE {_SOME}"  # noqa: S608  (nothing comes from outside)
_NAMED = "SELECT name, entry_number FROM name WHERE name IN (SELECT value FROM json_each(?))"
_BURIED = f"SELECT number, published, link, title, why FROM tombstone WHERE {_SOME}"  # noqa: S608  (as above)
_WITH_A_PAST = (
    "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM entry WHERE source_id = value)"
    " OR EXISTS (SELECT 1 FROM tombstone WHERE source_id = value)"
)
_ANY_REMOVED = "SELECT 1 FROM tombstone WHERE why = 'removed' LIMIT 1"
_REMOVED = (
    "SELECT number, published, link, title, why FROM tombstone"
    " WHERE why = 'removed' AND link IN (SELECT value FROM json_each(?))"
)

_Found = dict[str, dict[str, Known]]  # by source, and then by key


def known(connection: Connection, documents: Sequence[tuple[str, Intake]]) -> list[Acquaintance]:
    """What is known of the entries of documents, each with the id of its source.

    One look by their keys. Only where that leaves one unsure, a look by all its names, and into what was kept. A source
    of which nothing was ever kept has neither.
    """
    old = _with_a_past(connection, [source_id for source_id, _ in documents])
    keys = [(source_id, keys_of(intake) if source_id in old else ()) for source_id, intake in documents]
    by_key = _of(keys, _by_key(connection, _BY_KEY, keys))
    asked = [
        questions(source_id, intake, own) if source_id in old else Asked()
        for (source_id, intake), own in zip(documents, by_key, strict=True)
    ]
    unsure = [(source_id, one.keys) for (source_id, _), one in zip(documents, asked, strict=True)]
    whole = _of(unsure, _by_key(connection, _WHOLE_BY_KEY, unsure))
    by_name = _by_name(connection, asked)
    removed = _removed(connection, [(intake, own) for (_, intake), own in zip(documents, by_key, strict=True)])
    return [
        Acquaintance(
            known_by_key | known_whole,
            {name: by_name[name] for name in one.names if name in by_name},
            graves,
        )
        for known_by_key, known_whole, one, graves in zip(by_key, whole, asked, removed, strict=True)
    ]


def _with_a_past(connection: Connection, sources: Sequence[str]) -> set[str]:
    """Those of these sources of which an entry is kept, or remembered."""
    return {source_id for (source_id,) in read_rows(connection, _WITH_A_PAST, listed(sources))}


def _by_key(connection: Connection, statement: str, asked: Sequence[tuple[str, tuple[str, ...]]]) -> _Found:
    """The rows under keys of sources."""
    lists = dict[str, list[str]]()
    for source_id, keys in asked:
        if keys:
            lists.setdefault(source_id, []).extend(keys)
    found: _Found = {}
    for source_id, key, body, *row in read_rows(connection, statement, listed(lists)) if lists else ():
        mine = found.setdefault(source_id, {})
        mine[key] = _known(row, body if len(mine) < MOST_WHOLE else None)
    return found


def _of(asked: Sequence[tuple[str, tuple[str, ...]]], found: _Found) -> list[dict[str, Known]]:
    """Of what was found, what each asked for; a source may have two documents."""
    return [
        {key: mine[key] for key in keys if key in mine} if (mine := found.get(source_id)) else {}
        for source_id, keys in asked
    ]


def _by_name(connection: Connection, asked: Sequence[Asked]) -> dict[int, Known | Buried]:
    """The rows and graves that names lead to."""
    names = [name for one in asked for name in one.names]
    named = dict(map(tuple, read_rows(connection, _NAMED, listed(names)))) if names else {}
    if not named:
        return {}
    numbers = listed(set(named.values()))
    found: dict[int, Known | Buried] = {row[0]: _buried(row) for row in read_rows(connection, _BURIED, numbers)}
    unpacked = Counter[str]()
    for source_id, number, body, *row in read_rows(connection, _WHOLE, numbers):
        found[number] = _known(row, body if unpacked[source_id] < MOST_WHOLE else None)
        unpacked[source_id] += 1
    return {name: found[number] for name, number in named.items() if number in found}


def _removed(connection: Connection, asked: Sequence[tuple[Intake, dict[str, Known]]]) -> list[tuple[Buried, ...]]:
    """For each document, given with what was found by its keys, the graves of what was taken out by hand and linked to
    where one of its other entries leads."""
    if not read_rows(connection, _ANY_REMOVED):
        return [()] * len(asked)
    links = [links_of(intake, by_key) for intake, by_key in asked]
    graves = [_buried(row) for row in read_rows(connection, _REMOVED, listed(frozenset().union(*links)))]
    return [tuple(grave for grave in graves if grave.link in mine) for mine in links]


def _known(row: Sequence[Any], body: bytes | None) -> Known:
    """An entry as the walk in knows it; with its body, also what it says."""
    number, fingerprint, published, updated, revision, first_seen, link, title = row
    entry = unpack_entry(body) if body else None
    times = moment(published), moment(updated)
    return Known(number, fingerprint, *times, revision, moment(first_seen), link, title, entry)


def _buried(row: Sequence[Any]) -> Buried:
    """An entry that is gone, as the walk in knows it."""
    number, published, link, title, why = row
    return Buried(number, moment(published), link, title, Burial(why))
