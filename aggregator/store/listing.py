"""What followed lists name, and what each feed in them is called as a source, for good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.engine import Connection, Row

from aggregator.clean.slugs import source_id
from aggregator.clean.urls import same_address
from aggregator.model import Enlisted, Group, Outline
from aggregator.store.tables import ENTRY, LISTED, SOURCE

LONGEST_ID = 60


def enlisted(connection: Connection) -> list[Enlisted]:
    """What all lists name, each in its order, and then what they named before."""
    has_entries = exists().where(ENTRY.c.source_id == LISTED.c.source_id).label("has_entries")
    in_order = (LISTED.c.left.is_not(None), LISTED.c.list_id, LISTED.c.place)
    rows = connection.execute(select(LISTED, has_entries).order_by(*in_order))
    return [Enlisted(row.list_id, row.source_id, _outline(row), row.left, bool(row.has_entries)) for row in rows]


def named_by(connection: Connection, list_id: str) -> tuple[Outline, ...]:
    """What a list names, in its order."""
    present = select(LISTED).where(LISTED.c.list_id == list_id, LISTED.c.left.is_(None)).order_by(LISTED.c.place)
    return tuple(_outline(row) for row in connection.execute(present))


def follow(connection: Connection, list_id: str, outlines: Sequence[Outline], now: datetime) -> None:
    """Write down what a list names now. What left it is remembered for as long as entries of it are kept."""
    mine = LISTED.c.list_id == list_id
    before = {row.address: row for row in connection.execute(select(LISTED).where(mine))}
    for place, outline in enumerate(outlines):
        address = same_address(outline.url)
        said = {
            "url": outline.url,
            "title": outline.title,
            "groups": json.dumps([[group.name, group.slug] for group in outline.groups]),
            "place": place,
            "left": None,
        }
        if before.pop(address, None) is not None:
            connection.execute(update(LISTED).where(mine, LISTED.c.address == address).values(**said))
            continue
        name = _name(connection, outline.url, address)
        connection.execute(insert(LISTED).values(list_id=list_id, address=address, source_id=name, **said))
    for address, row in before.items():
        gone = mine & (LISTED.c.address == address)
        if not connection.execute(select(ENTRY.c.number).where(ENTRY.c.source_id == row.source_id).limit(1)).first():
            connection.execute(delete(LISTED).where(gone))
        elif row.left is None:
            connection.execute(update(LISTED).where(gone).values(left=now))


def _name(connection: Connection, url: str, address: str) -> str:
    """The id of the feed at an address: what it has been called before, or the usual one, or one with a mark."""
    named = connection.execute(select(LISTED.c.source_id).where(LISTED.c.address == address).limit(1)).scalar()
    if named is not None:
        return str(named)
    usual = source_id(url)
    there = connection.execute(select(SOURCE.c.address).where(SOURCE.c.id == usual)).scalar()
    is_listed = connection.execute(select(LISTED.c.list_id).where(LISTED.c.source_id == usual).limit(1)).first()
    is_same = there == hashlib.blake2b(url.encode(), digest_size=16).hexdigest()
    if (there is None or is_same) and not is_listed:
        return usual
    mark = hashlib.blake2b(address.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{usual[: LONGEST_ID - 9].strip('-')}-{mark}"


def _outline(row: Row[Any]) -> Outline:
    return Outline(row.url, row.title, groups=tuple(Group(name, slug) for name, slug in json.loads(row.groups)))
