"""The subscriptions to hubs of others: kept over restarts, with when each hub is to be asked next."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from aggregator.model import LEFT_ALONE, Advertised, Following, Source
from aggregator.store.tables import FOLLOWING, SOURCE, VISIT
from aggregator.store.writer import Writer

_ACTIVE = select(FOLLOWING).join(SOURCE, SOURCE.c.id == FOLLOWING.c.source_id).where(SOURCE.c.active.is_(True))

WITHIN = timedelta(hours=1)
_HURRIED = (
    "UPDATE visit SET due = min(due, ? + rowid % ?) WHERE leased IS NOT NULL AND due IS NOT NULL"
    " AND why NOT IN (SELECT value FROM json_each(?))"
)


def note(connection: Connection, source: Source, advertised: Advertised | None, now: datetime) -> None:
    """Have the hub that a source names asked soon; forget another that it named before."""
    connection.execute(delete(FOLLOWING).where(FOLLOWING.c.source_id == source.id))
    connection.execute(update(VISIT).where(VISIT.c.source_id == source.id).values(leased=None))
    # Whoever needs to know a secret to read a feed must not tell a hub of it; neither is it there for a hub.
    is_open = source.url == source.public_url and not (source.headers or source.asking.headers or source.asking.body)
    if advertised and is_open and source.recipe is None:
        row = {"source_id": source.id, "hub": advertised.hub, "topic": advertised.topic, "token": "", "secret": ""}
        connection.execute(insert(FOLLOWING).values({**row, "due": now, "failures": 0}))


def anew(connection: Connection, source_id: str, now: datetime) -> None:
    """Have the hub of a source that was away asked again: meanwhile it was told that we are gone."""
    connection.execute(update(VISIT).where(VISIT.c.source_id == source_id).values(leased=None))
    connection.execute(update(FOLLOWING).where(FOLLOWING.c.source_id == source_id).values(due=now))


class SqlFollowings:
    """The `Followings` port over SQLite."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def due(self, now: datetime, limit: int) -> list[Following]:
        """At most `limit` whose hub is to be asked, the longest overdue first."""
        query = _ACTIVE.where(FOLLOWING.c.due <= now).order_by(FOLLOWING.c.due).limit(limit)
        return await self._writer.read(lambda connection: [_following(row) for row in connection.execute(query)])

    async def called(self, token: str) -> Following | None:
        """The one with this token, or None."""
        query = _ACTIVE.where(FOLLOWING.c.token == token, FOLLOWING.c.token != "")
        row = await self._writer.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _following(row)

    async def asked(self, following: Following) -> None:
        """Remember what was said to the hub, and when to ask it again; unless it is another hub by now."""
        values = {name: getattr(following, name) for name in ("token", "secret", "due", "failures")}
        await self._writer.write(
            lambda connection: connection.execute(update(FOLLOWING).where(_is(following)).values(values))
        )

    async def confirmed(self, following: Following, until: datetime, due: datetime) -> None:
        """Until then the hub tells us; `due` is when to renew that."""

        def write(connection: Connection) -> None:
            changed = connection.execute(update(FOLLOWING).where(_is(following)).values(due=due, failures=0))
            if changed.rowcount:
                mine = VISIT.c.source_id == following.source_id
                connection.execute(update(VISIT).where(mine).values(leased=until))

        await self._writer.write(write)

    async def refused(self, following: Following, due: datetime) -> None:
        """The hub will not tell us; ask it again then."""

        def write(connection: Connection) -> None:
            values = {"due": due, "failures": following.failures + 1}
            if connection.execute(update(FOLLOWING).where(_is(following)).values(values)).rowcount:
                mine = VISIT.c.source_id == following.source_id
                connection.execute(update(VISIT).where(mine).values(leased=None))

        await self._writer.write(write)

    async def catch_up(self, now: datetime) -> None:
        """Nobody heard for a while what hubs told: poll their sources within the hour, each at its own moment."""
        await self._writer.write(lambda connection: _hurry(connection, now))

    async def rest(self, now: datetime) -> None:
        """Nobody hears what hubs tell from now on: polls come as if there were none, and all are asked anew later."""

        def write(connection: Connection) -> None:
            _hurry(connection, now)
            connection.execute(update(VISIT).where(VISIT.c.leased.is_not(None)).values(leased=None))
            connection.execute(update(FOLLOWING).values(due=now))

        await self._writer.write(write)

    async def count(self) -> int:
        """How many hubs tell us."""
        query = select(func.count()).select_from(VISIT).where(VISIT.c.leased.is_not(None))
        return await self._writer.read(lambda connection: connection.execute(query).scalar_one())


def _hurry(connection: Connection, now: datetime) -> None:
    """Have everybody whose hub tells us polled within the hour, but nobody who asked to be left alone for longer."""
    within = (int(now.timestamp()), int(WITHIN.total_seconds()))
    connection.exec_driver_sql(_HURRIED, (*within, json.dumps(sorted(LEFT_ALONE))))


def _is(following: Following) -> Any:
    same = (FOLLOWING.c.hub == following.hub) & (FOLLOWING.c.topic == following.topic)
    return same & (FOLLOWING.c.source_id == following.source_id)


def _following(row: Row[Any]) -> Following:
    return Following(row.source_id, row.hub, row.topic, row.token, row.secret, row.due, row.failures)
