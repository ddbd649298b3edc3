"""Second documents that several sources ask for, kept for some days. Runs inside a transaction of the writer."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import Connection

from aggregator.model import Document, Source
from aggregator.store.codec import squeeze, stretch
from aggregator.store.tables import SHARED_DOCUMENT

# An article stands in all lists of its publisher within a day or two.
KEPT_FOR = timedelta(days=3)


def document_at(connection: Connection, source: Source, url: str) -> Document | None:
    """The document at `url` as the source would be given it, if the same asker was given it for another source."""
    query = select(SHARED_DOCUMENT).where(SHARED_DOCUMENT.c.name == _name(source, url))
    row = connection.execute(query).one_or_none()
    return None if row is None else Document(row.url, stretch(row.body), "", row.content_type)


def keep(connection: Connection, source: Source, url: str, document: Document, now: datetime) -> None:
    """Keep what `url` gave the source, and forget what was kept long enough."""
    connection.execute(delete(SHARED_DOCUMENT).where(SHARED_DOCUMENT.c.fetched < now - KEPT_FOR))
    values = {
        "url": document.url,
        "content_type": document.content_type,
        "body": squeeze(document.body),
        "fetched": now,
    }
    upsert = insert(SHARED_DOCUMENT).values(name=_name(source, url), **values)
    connection.execute(upsert.on_conflict_do_update(index_elements=["name"], set_=values))


def _name(source: Source, url: str) -> bytes:
    """Of one address, what is told to one who asks with a password, or from inside, is not for another asker."""
    asked = repr((url, source.asker))
    return hashlib.blake2b(asked.encode(), digest_size=16).digest()
