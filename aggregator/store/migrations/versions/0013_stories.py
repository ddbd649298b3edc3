"""Stories that several sources tell: what entries are known by, and which of them are one."""

import logging
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from aggregator.store.codec import unpack_entry
from aggregator.store.joining import Arrival, join

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROWS = 500  # read at a time
STEPS = 10  # told of on the way

log = logging.getLogger("aggregator.store.migrations")


def upgrade() -> None:
    """Make the tables, and join what is kept, in the order in which it was: the first of a story is its face."""
    op.create_table(
        "signature",
        sa.Column("entry_number", sa.BigInteger(), _entry(), primary_key=True, autoincrement=False),
        sa.Column("traits", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "mark",
        sa.Column("period", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("mark", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("entry_number", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "story",
        sa.Column("entry_number", sa.BigInteger(), _entry(), primary_key=True, autoincrement=False),
        sa.Column("story", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("like", sa.BigInteger()),
        sa.Column("by", sa.Text()),
        sa.Column("distance", sa.Float()),
    )
    op.create_index("ix_story_story", "story", ["story", "entry_number", "source_id"])
    op.create_table(
        "face",
        sa.Column("page", sa.Text(), primary_key=True),
        sa.Column("story", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("entry_number", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "built",
        sa.Column("page", sa.Text(), primary_key=True),
        sa.Column("latest", sa.BigInteger(), nullable=False),
    )
    _join_entries()
    # All pages were built with what is kept.
    op.execute("INSERT INTO built SELECT DISTINCT page, (SELECT coalesce(max(number), 0) FROM entry) FROM membership")


def _entry() -> sa.ForeignKey:
    return sa.ForeignKey("entry.number", ondelete="CASCADE")


def _join_entries() -> None:
    """Nothing is served while this goes on, 0.1 to 0.2 ms for each entry, so it says how far it is."""
    connection, last, done = op.get_bind(), 0, 0
    count = connection.execute(sa.text("SELECT count(*) FROM entry")).scalar_one()
    if count:
        log.info("migrate", extra={"fields": {"joining": "stories", "entries": count}})
    query = "SELECT number, source_id, published, body FROM entry WHERE number > :last"
    rows = sa.text(f"{query} ORDER BY number LIMIT {ROWS}")
    while found := connection.execute(rows, {"last": last}).all():
        arrivals = [
            Arrival(number, source_id, datetime.fromtimestamp(published, UTC), unpack_entry(body))
            for number, source_id, published, body in found
        ]
        join(connection, arrivals, {})
        last = found[-1].number
        before, done = done, done + len(found)
        if done * STEPS // count > before * STEPS // count:
            log.info("migrate", extra={"fields": {"joining": "stories", "done": f"{done * 100 // count}%"}})
