"""Which pages entries stand on, as rows: the timelines of the pages, and the marks of pages to be built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, literal, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection

from aggregator.model import HOME, Source
from aggregator.placing import Place
from aggregator.store.codec import unpack_entry
from aggregator.store.naming import addresses
from aggregator.store.rows import write_rows
from aggregator.store.tables import ENTRY, MEMBERSHIP, pages_column, pages_in

ROWS_AT_A_TIME = 500

_MARK = "INSERT INTO stale (page, version) VALUES (?, 1) ON CONFLICT (page) DO UPDATE SET version = version + 1"
_STAND = upsert(MEMBERSHIP).on_conflict_do_nothing()
_LEAVE = delete(MEMBERSHIP).where(
    MEMBERSHIP.c.page == bindparam("of"),
    MEMBERSHIP.c.published == bindparam("at"),
    MEMBERSHIP.c.entry_number == bindparam("number"),
)
_PLACED = update(ENTRY).where(ENTRY.c.number == bindparam("of"))


def mark_stale(connection: Connection, pages: Iterable[str]) -> None:
    """Mark pages to be built; one marked already gets a new version."""
    write_rows(connection, _MARK, [(page,) for page in pages])


def place(connection: Connection, source: Source, row: Row[Any], pages: tuple[str, ...]) -> set[str]:
    """Let the entry of this row stand on these pages and no others. Gives those it stood on and those it stands on."""
    before = source.pages if row.pages is None else pages_in(row.pages)
    leave(connection, row, set(before) - set(pages))
    if joined := set(pages) - set(before):
        rows = [{"page": page, "published": row.published, "entry_number": row.number} for page in joined]
        connection.execute(_STAND, rows)
    if (column := pages_column(pages, source)) != row.pages:
        connection.execute(_PLACED, {"of": row.number, "pages": column})
    return {*before, *pages}


def leave(connection: Connection, row: Row[Any], pages: Iterable[str]) -> None:
    """Take the entry of this row off these pages."""
    if rows := [{"of": page, "at": row.published, "number": row.number} for page in pages]:
        connection.execute(_LEAVE, rows)


def move(connection: Connection, source_id: str, old: Sequence[str], new: Sequence[str]) -> None:
    """Let the entries that stand on the pages of their source stand on others than before."""
    left, joined = set(old) - set(new), set(new) - set(old)
    own = select(ENTRY.c.published, ENTRY.c.number).where(ENTRY.c.source_id == source_id, ENTRY.c.pages.is_(None))
    if left:
        here = tuple_(MEMBERSHIP.c.published, MEMBERSHIP.c.entry_number)
        connection.execute(delete(MEMBERSHIP).where(MEMBERSHIP.c.page.in_(left), here.in_(own)))
    for page in sorted(joined):
        rows = own.with_only_columns(literal(page), ENTRY.c.published, ENTRY.c.number)
        statement = upsert(MEMBERSHIP).from_select(["page", "published", "entry_number"], rows)
        connection.execute(statement.on_conflict_do_nothing())
    if left or joined:
        mark_stale(connection, (*sorted(left | joined), HOME))


def take_off(connection: Connection, source_id: str) -> None:
    """Take the entries that stand on pages of their own off all of them."""
    own = (ENTRY.c.source_id == source_id) & ENTRY.c.pages.is_not(None)
    for row in connection.execute(select(ENTRY).where(own)).all():
        pages = pages_in(row.pages)
        leave(connection, row, pages)
        mark_stale(connection, (*pages, HOME))
    connection.execute(update(ENTRY).where(own).values(pages="[]"))


def place_anew(connection: Connection, source: Source, place_of: Place, after: int) -> int | None:
    """Place some of a source's entries by its present rules: those that follow the row `after`.

    The last row that was looked at, or None when there was none left.
    """
    query = select(ENTRY).where(ENTRY.c.source_id == source.id, ENTRY.c.number > after)
    rows = connection.execute(query.order_by(ENTRY.c.number).limit(ROWS_AT_A_TIME)).all()
    touched: set[str] = set()
    for row in rows:
        age = row.first_seen - row.published
        pages = addresses(connection, place_of(source, unpack_entry(row.body), age))
        before = source.pages if row.pages is None else pages_in(row.pages)
        if set(pages) != set(before):
            touched |= place(connection, source, row, pages)
    if touched:
        mark_stale(connection, (*touched, HOME))
    return rows[-1].number if rows else None
