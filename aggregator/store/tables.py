"""The tables. Times are whole seconds since 1970 in UTC: small, ordered, and the same on every database."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlmodel import Field, SQLModel

from aggregator.model import Kept, Source
from aggregator.store.codec import unpack_entry
from aggregator.store.rows import moment, seconds

# What numbers the rows of a table: on SQLite that is INTEGER, in this very word, and every other key needs an index.
ROW = BigInteger().with_variant(Integer(), "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as seconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Aware datetime → seconds; a fraction is cut off."""
        return None if value is None else seconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Seconds → aware datetime in UTC."""
        return None if value is None else moment(value)


def _instant(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Instant, nullable=nullable))


def _text(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(Text, nullable=nullable))


def _number() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False))


def _binary() -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False))


def _source_key(*, primary: bool = False) -> Any:
    reference = ForeignKey("source.id", ondelete="CASCADE")
    return Field(sa_column=Column(Text, reference, primary_key=primary, nullable=False))


class SourceRow(SQLModel, table=True):
    """A source that was configured once.

    `pages` is the JSON list of the pages its entries stand on now; `address` a hash of its URL, which may be a
    secret; `active` says whether it is configured and enabled; `rules` is the mark of the rules by which its entries
    were placed last, "" for none.
    """

    __tablename__ = "source"

    id: str = Field(sa_column=Column(Text, primary_key=True))
    pages: str = _text()
    address: str = _text()
    active: bool = True
    rules: str = _text()


class VisitRow(SQLModel, table=True):
    """What the last poll of a source left behind, and when the next one is due.

    `seen` holds hashes of 8 bytes each, in their order. `attempts` counts polls that began since one last ended: more
    than one means that the program died in them. `host` is that of the address in use, `memory` the JSON of what only
    the walks look into. Until `leased` its hub tells us of what is new.
    """

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_due", "due"), Index("ix_visit_host", "host"))

    source_id: str = _source_key(primary=True)
    due: datetime | None = _instant(nullable=True)
    why: str = _text()
    attempts: int = 0
    attempted: datetime | None = _instant(nullable=True)
    finished: datetime | None = _instant(nullable=True)
    outcome: str | None = _text(nullable=True)
    reason: str | None = _text(nullable=True)
    detail: str = _text()
    failures: int = 0
    validators: str | None = _text(nullable=True)
    body_hash: str | None = _text(nullable=True)
    seen: bytes = _binary()
    host: str = _text()
    address: str | None = _text(nullable=True)
    memory: str = _text()
    horizon: datetime | None = _instant(nullable=True)
    leased: datetime | None = _instant(nullable=True)


class ListedRow(SQLModel, table=True):
    """A feed that a followed list names, or did until `left`; `address` is what spellings of its URL have in common.

    `source_id` is the id that it has as a source for good; `groups` the JSON list of the groups it stands in, each a
    name and a slug or null.
    """

    __tablename__ = "listed"

    list_id: str = _source_key(primary=True)
    address: str = Field(sa_column=Column(Text, primary_key=True))
    source_id: str = _text()
    url: str = _text()
    title: str | None = _text(nullable=True)
    groups: str = _text()
    place: int = 0
    left: datetime | None = _instant(nullable=True)


class EntryRow(SQLModel, table=True):
    """An entry, once per source; `body` is the compressed JSON of the cleaned entry.

    `pages` is the JSON list of the pages it stands on, or None when those are its source's, which nearly all are.
    `link` is a hash of the address it links to, `title` one of its title (`clean.names`); `aliases` the JSON list of
    the other keys under which it came.
    """

    __tablename__ = "entry"
    __table_args__ = (
        Index("ux_entry_source_key", "source_id", "key", unique=True),
        Index("ux_entry_published_id", "published_id", unique=True),
        Index("ix_entry_link", "link"),
        Index("ix_entry_age", "source_id", "published"),
    )

    number: int | None = Field(default=None, primary_key=True)
    source_id: str = _source_key()
    key: str = _text()
    published_id: str = _text()
    fingerprint: str = _text()
    published: datetime = _instant()
    updated: datetime = _instant()
    first_seen: datetime = _instant()
    revision: int = 0
    body: bytes = _binary()
    pages: str | None = _text(nullable=True)
    link: int = _number()
    title: int = _number()
    aliases: str | None = _text(nullable=True)


class NameRow(SQLModel, table=True):
    """A name by which an entry, kept or gone, can be known again inside its source; `name` is a hash that holds the
    source. Where several entries had one name, it is the latest's."""

    __tablename__ = "name"
    __table_args__ = {"sqlite_with_rowid": False}

    name: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry_number: int = _number()


class TombstoneRow(SQLModel, table=True):
    """An entry that is not kept, or not any more, and must not come back as new.

    `number` and `published_id` are those it had, and never given again; `published_id` is None when it never was
    published. `why` is `removed`, `purged` or `passed-over`, `reason` the operator's words, `pages` the JSON list of
    the pages it stood on; `names` holds the names it is known by, 8 bytes each.
    """

    __tablename__ = "tombstone"
    __table_args__ = (
        Index("ux_tombstone_published_id", "published_id", unique=True),
        Index("ix_tombstone_source", "source_id", "number"),
        Index("ix_tombstone_removed", "link", sqlite_where=text("why = 'removed'")),
    )

    number: int | None = Field(default=None, primary_key=True)
    source_id: str = _source_key()
    published_id: str | None = _text(nullable=True)
    published: datetime = _instant()
    link: int = _number()
    title: int = _number()
    buried: datetime = _instant()
    why: str = _text()
    reason: str | None = _text(nullable=True)
    pages: str | None = _text(nullable=True)
    names: bytes = _binary()


class RevisionRow(SQLModel, table=True):
    """What an entry said before its revision `revision` + 1."""

    __tablename__ = "revision"

    entry_number: int = Field(
        sa_column=Column(BigInteger, ForeignKey("entry.number", ondelete="CASCADE"), primary_key=True)
    )
    revision: int = Field(primary_key=True)
    replaced: datetime = _instant()
    updated: datetime = _instant()
    fingerprint: str = _text()
    body: bytes = _binary()


class MembershipRow(SQLModel, table=True):
    """An entry on a page's timeline, which is its key: the newest of a page are read from it alone, without a join."""

    __tablename__ = "membership"
    __table_args__ = {"sqlite_with_rowid": False}

    page: str = Field(sa_column=Column(Text, primary_key=True))
    published: datetime = Field(sa_column=Column(Instant, primary_key=True, autoincrement=False))
    entry_number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class UnarchivedRow(SQLModel, table=True):
    """An entry on a category's page that stands in none of its archive documents yet, or not with its present text.

    Written by triggers of the database, whoever places or revises the entry. `since` is when that was.
    """

    __tablename__ = "unarchived"
    __table_args__ = {"sqlite_with_rowid": False}

    page: str = Field(sa_column=Column(Text, primary_key=True))
    entry_number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    since: datetime = _instant()


class UnsearchedRow(SQLModel, table=True):
    """An entry whose text is not in the index of what is searched yet, or not its present one. Written by triggers."""

    __tablename__ = "unsearched"

    entry_number: int = Field(sa_column=Column(ROW, primary_key=True, autoincrement=False))


class ArchiveRow(SQLModel, table=True):
    """A closed archive document of a category, in the order of `number`: `entries` is the JSON list of the entries in
    it, each as its row and its revision when the document was closed."""

    __tablename__ = "archive"
    __table_args__ = (Index("ux_archive_name", "page", "name", unique=True), {"sqlite_with_rowid": False})

    page: str = Field(sa_column=Column(Text, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    name: str = _text()
    entries: str = _text()


class StaleRow(SQLModel, table=True):
    """A page whose published files are older than its entries; written with the entries, so a crash forgets none.

    `version` counts the changes: a build clears the mark only if nothing changed since it looked.
    """

    __tablename__ = "stale"

    page: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = 1


class AwaitedRow(SQLModel, table=True):
    """An entry that waits for its second document at `url`, until `until` at most; the next try is `due`."""

    __tablename__ = "awaited"
    __table_args__ = (Index("ix_awaited_due", "source_id", "due"),)

    entry_number: int = Field(
        sa_column=Column(ROW, ForeignKey("entry.number", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    )
    source_id: str = _text()
    url: str = _text()
    since: datetime = _instant()
    until: datetime = _instant()
    due: datetime = _instant()
    attempts: int = 0


class SharedDocumentRow(SQLModel, table=True):
    """A second document that several sources ask for; `name` is a hash of its address and of how it was asked for."""

    __tablename__ = "shared_document"
    __table_args__ = (Index("ix_shared_document_fetched", "fetched"),)

    name: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    url: str = _text()
    content_type: str = _text()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    fetched: datetime = _instant()


class FactRow(SQLModel, table=True):
    """One fact about the store as a whole, such as the config it was last published with."""

    __tablename__ = "fact"

    name: str = Field(sa_column=Column(Text, primary_key=True))
    value: str = _text()


class SubscriptionRow(SQLModel, table=True):
    """A subscriber of the hub. `host` is that of the callback, `delivered` the hash of the content it has."""

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_due", "due"), Index("ix_subscription_host", "host"))

    topic: str = Field(sa_column=Column(Text, primary_key=True))
    callback: str = Field(sa_column=Column(Text, primary_key=True))
    host: str = _text()
    secret: str | None = _text(nullable=True)
    expires: datetime = _instant()
    delivered: str = _text()
    due: datetime | None = _instant(nullable=True)
    failures: int = 0


class FollowingRow(SQLModel, table=True):
    """A source whose hub tells us, or is to tell us, of what is new; `due` is when to ask the hub (again)."""

    __tablename__ = "following"
    __table_args__ = (Index("ix_following_token", "token"), Index("ix_following_due", "due"))

    source_id: str = _source_key(primary=True)
    hub: str = _text()
    topic: str = _text()
    token: str = _text()
    secret: str = _text()
    due: datetime | None = _instant(nullable=True)
    failures: int = 0


def table_of(row: type[SQLModel]) -> Table:
    """The Core table behind a table class; the hot path uses Core, at a twentieth of the cost of the ORM."""
    return row.__table__  # type: ignore[attr-defined, no-any-return]  # SQLModel sets it and does not say so


SOURCE, VISIT, ENTRY, REVISION = table_of(SourceRow), table_of(VisitRow), table_of(EntryRow), table_of(RevisionRow)
MEMBERSHIP, STALE, FACT = table_of(MembershipRow), table_of(StaleRow), table_of(FactRow)
AWAITED, SHARED_DOCUMENT = table_of(AwaitedRow), table_of(SharedDocumentRow)
UNSEARCHED = table_of(UnsearchedRow)
UNARCHIVED, ARCHIVE = table_of(UnarchivedRow), table_of(ArchiveRow)
NAME, TOMBSTONE = table_of(NameRow), table_of(TombstoneRow)
SUBSCRIPTION, FOLLOWING = table_of(SubscriptionRow), table_of(FollowingRow)
LISTED = table_of(ListedRow)


def kept_of(row: Row[Any]) -> Kept:
    """An entry as the walk out knows it."""
    return Kept(
        number=row.number,
        source_id=row.source_id,
        id=row.published_id,
        entry=unpack_entry(row.body),
        published=row.published,
        updated=row.updated,
        first_seen=row.first_seen,
        revision=row.revision,
        pages=None if row.pages is None else pages_in(row.pages),
    )


def pages_in(column: str) -> tuple[str, ...]:
    """A list of pages as the model knows it."""
    return tuple(json.loads(column))


def pages_column(pages: tuple[str, ...], source: Source) -> str | None:
    """The pages of an entry as the store keeps them: nothing, when they are its source's."""
    return None if pages == source.pages else json.dumps(pages)
