"""What is written out entry by entry: which entries a page has, all of them, and which of them changed. Reads alone."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from aggregator.store.tables import ENTRY, MEMBERSHIP

Mark = tuple[str, *tuple[object, ...]]


def marks(connection: Connection, page: str) -> dict[int, Mark]:
    """By number, the entries of a page: the published id of each, and what tells its present state.

    The length of what is kept tells a text that was filled in late.
    """
    query = (
        select(
            ENTRY.c.number,
            ENTRY.c.published_id,
            ENTRY.c.fingerprint,
            ENTRY.c.revision,
            ENTRY.c.updated,
            ENTRY.c.pages,
            func.length(ENTRY.c.body),
        )
        .join(MEMBERSHIP, MEMBERSHIP.c.entry_number == ENTRY.c.number)
        .where(MEMBERSHIP.c.page == page)
        .order_by(ENTRY.c.number)
    )
    return {row[0]: (row[1], *row[2:]) for row in connection.execute(query)}


def populated(connection: Connection) -> frozenset[str]:
    """The pages of categories on which an entry stands."""
    query = select(MEMBERSHIP.c.page).where(MEMBERSHIP.c.page.startswith("category/")).distinct()
    return frozenset(connection.execute(query).scalars())


def unplaced(connection: Connection, page: str) -> frozenset[str]:
    """The published ids of those that do not stand on a page."""
    there = select(MEMBERSHIP.c.entry_number).where(MEMBERSHIP.c.page == page)
    query = select(ENTRY.c.published_id).where(ENTRY.c.number.not_in(there))
    return frozenset(connection.execute(query).scalars())
