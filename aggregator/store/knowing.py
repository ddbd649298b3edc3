"""What is known of the entries of a document. Reads only, and most of the time a single index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.engine import Connection

from aggregator.clean.recognition import Asked, keys_of, questions
from aggregator.model import Acquaintance, Burial, Buried, Intake, Known
from aggregator.store.tables import ENTRY, NAME, TOMBSTONE, buried_of, known_of

# Bodies unpacked for one poll, 25 µs each; beyond that only what the columns say is known.
MOST_WHOLE = 1000

_UNDER = ENTRY.c.source_id == bindparam("source"), ENTRY.c.key.in_(bindparam("keys", expanding=True))
_BY_KEY: Select[Any] = select(*(column for column in ENTRY.c if column.name != "body")).where(*_UNDER)
_WHOLE_BY_KEY = select(ENTRY).where(*_UNDER)
_NAMED = select(NAME).where(NAME.c.name.in_(bindparam("names", expanding=True)))
_WHOLE = select(ENTRY).where(ENTRY.c.number.in_(bindparam("numbers", expanding=True)))
_BURIED = select(TOMBSTONE).where(TOMBSTONE.c.number.in_(bindparam("numbers", expanding=True)))
_REMOVED = select(TOMBSTONE).where(
    TOMBSTONE.c.why == Burial.REMOVED.value, TOMBSTONE.c.link.in_(bindparam("links", expanding=True))
)


def known(connection: Connection, source_id: str, intake: Intake) -> Acquaintance:
    """What is known of the entries of a document.

    One look by their keys. Only where that leaves one unsure, a look by all its names, and into what was kept.
    """
    keys = keys_of(intake)
    rows = connection.execute(_BY_KEY, {"source": source_id, "keys": keys}) if keys else ()
    by_key = {row.key: known_of(row) for row in rows}
    asked = questions(source_id, intake, by_key)
    if not (asked.names or asked.keys):
        return Acquaintance(by_key)
    by_name = _by_name(connection, asked) if asked.names else {}
    if asked.keys:
        found = connection.execute(_WHOLE_BY_KEY, {"source": source_id, "keys": asked.keys})
        by_key |= {row.key: known_of(row, whole=place < MOST_WHOLE) for place, row in enumerate(found)}
    removed = connection.execute(_REMOVED, {"links": asked.links}) if asked.links else ()
    return Acquaintance(by_key, by_name, tuple(map(buried_of, removed)))


def _by_name(connection: Connection, asked: Asked) -> dict[int, Known | Buried]:
    """The rows and graves that names lead to."""
    named = {row.name: row.entry_number for row in connection.execute(_NAMED, {"names": asked.names})}
    if not named:
        return {}
    numbers = {"numbers": list(set(named.values()))}
    found: dict[int, Known | Buried] = {row.number: buried_of(row) for row in connection.execute(_BURIED, numbers)}
    rows = connection.execute(_WHOLE, numbers)
    found |= {row.number: known_of(row, whole=place < MOST_WHOLE) for place, row in enumerate(rows)}
    return {name: found[number] for name, number in named.items() if number in found}
