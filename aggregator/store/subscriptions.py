"""The hub's subscriptions: kept over restarts, with when each is to be told next."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from aggregator.clean.urls import host_of
from aggregator.model import Subscription
from aggregator.store.tables import SUBSCRIPTION
from aggregator.store.writer import Writer

_KEY = ["topic", "callback"]


class SqlSubscriptions:
    """The `Subscriptions` port over SQLite."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def find(self, topic: str, callback: str) -> Subscription | None:
        """The subscription of this callback, or None."""
        query = select(SUBSCRIPTION).where(_is(topic, callback))
        row = await self._writer.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _subscription(row)

    async def count(self, host: str | None = None) -> int:
        """How many there are, with callbacks at `host` when that is given."""
        query = select(func.count()).select_from(SUBSCRIPTION)
        if host is not None:
            query = query.where(SUBSCRIPTION.c.host == host)
        return await self._writer.read(lambda connection: connection.execute(query).scalar_one())

    async def keep(self, subscription: Subscription) -> None:
        """Add a subscription, or give the one of this topic and callback its new lease and secret."""
        values = {name: getattr(subscription, name) for name in ("topic", "callback", "secret", "expires", "delivered")}
        values |= {"host": host_of(subscription.callback), "due": subscription.due, "failures": subscription.failures}
        renewed = {"secret": subscription.secret, "expires": subscription.expires}
        statement = insert(SUBSCRIPTION).values(values).on_conflict_do_update(index_elements=_KEY, set_=renewed)
        await self._writer.write(lambda connection: connection.execute(statement))

    async def end(self, topic: str, callback: str) -> None:
        """Forget a subscription."""
        statement = delete(SUBSCRIPTION).where(_is(topic, callback))
        await self._writer.write(lambda connection: connection.execute(statement))

    async def expire(self, now: datetime) -> None:
        """Forget those whose lease has ended."""
        statement = delete(SUBSCRIPTION).where(SUBSCRIPTION.c.expires <= now)
        await self._writer.write(lambda connection: connection.execute(statement))

    async def published(self, topics: Iterable[str] | None, now: datetime) -> None:
        """Look at the subscribers of these topics (None: all) now; who failed before keeps his time."""
        statement = update(SUBSCRIPTION).where(SUBSCRIPTION.c.due.is_(None)).values(due=now)
        if topics is not None:
            statement = statement.where(SUBSCRIPTION.c.topic.in_(tuple(topics)))
        await self._writer.write(lambda connection: connection.execute(statement))

    async def due(self, now: datetime, limit: int, without_hosts: Collection[str] = ()) -> list[Subscription]:
        """At most `limit` subscriptions to look at, the longest overdue first, none of these hosts."""
        query = (
            select(SUBSCRIPTION)
            .where(SUBSCRIPTION.c.due <= now, SUBSCRIPTION.c.expires > now)
            .where(SUBSCRIPTION.c.host.not_in(tuple(without_hosts)))
            .order_by(SUBSCRIPTION.c.due)
            .limit(limit)
        )
        rows = await self._writer.read(lambda connection: connection.execute(query).all())
        return [_subscription(row) for row in rows]

    async def told(self, subscription: Subscription) -> None:
        """Remember how telling ended: `delivered`, `due` and `failures` of this subscription."""
        values = {"delivered": subscription.delivered, "due": subscription.due, "failures": subscription.failures}
        await self._writer.write_each(_told, (subscription.topic, subscription.callback, values))


def _told(connection: Connection, ends: list[tuple[str, str, dict[str, Any]]]) -> list[None]:
    for topic, callback, values in ends:
        connection.execute(update(SUBSCRIPTION).where(_is(topic, callback)).values(values))
    return [None] * len(ends)


def _is(topic: str, callback: str) -> Any:
    return (SUBSCRIPTION.c.topic == topic) & (SUBSCRIPTION.c.callback == callback)


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        topic=row.topic,
        callback=row.callback,
        expires=row.expires,
        delivered=row.delivered,
        secret=row.secret,
        due=row.due,
        failures=row.failures,
    )
