"""Rows as the driver takes them, for what every poll reads and writes.

Core makes a statement of each list it is asked for and converts each value on its own, which takes three times as long
as the database itself. So these statements are written out and go past it, within its transaction; times are the
seconds they are kept in, and a list that is asked for is one value: JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy.engine import Connection


def write_rows(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement for each of these rows, if there are any."""
    if rows:
        _driver(connection).executemany(statement, rows)


def read_rows(connection: Connection, statement: str, *values: Any) -> Sequence[Any]:
    """The rows that a statement gives for these values."""
    rows: list[Any] = _driver(connection).execute(statement, values).fetchall()
    return rows


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def listed(values: Any) -> str:
    """Values, or lists of them by name, as what `json_each` reads; a statement takes only so many variables."""
    return msgspec.json.encode(values).decode()


def seconds(moment: datetime) -> int:
    """A time as it is kept: whole seconds since 1970; a fraction is cut off."""
    return int(moment.timestamp())


def moment(kept: int) -> datetime:
    """A time that was kept, in UTC."""
    return datetime.fromtimestamp(kept, UTC)
