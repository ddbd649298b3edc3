"""Names by which entries are known again, tombstones of those that are gone, and pages that are an entry's own."""

import sqlalchemy as sa
from alembic import op

from aggregator.clean.names import address_name, link_number, title_name
from aggregator.store.codec import unpack_entry

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROWS = 500  # read at a time


def upgrade() -> None:
    """Change the tables; nothing is lost."""
    op.add_column("source", sa.Column("rules", sa.Text(), nullable=False, server_default=""))
    op.add_column("entry", sa.Column("pages", sa.Text()))
    for column in ("link", "title"):
        op.add_column("entry", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "name",
        sa.Column("name", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("entry_number", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tombstone",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("source_id", sa.Text(), sa.ForeignKey("source.id", ondelete="CASCADE"), nullable=False),
        sa.Column("published_id", sa.Text()),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.BigInteger(), nullable=False),
        sa.Column("buried", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("pages", sa.Text()),
    )
    op.create_index("ux_tombstone_published_id", "tombstone", ["published_id"], unique=True)
    op.create_index("ix_tombstone_source", "tombstone", ["source_id", "number"])
    op.create_index("ix_tombstone_removed", "tombstone", ["link"], sqlite_where=sa.text("why = 'removed'"))
    _name_entries()
    op.create_index("ix_entry_link", "entry", ["link"])
    op.create_index("ix_entry_age", "entry", ["source_id", "published"])


def _name_entries() -> None:
    """Give the entries of before their names, from the oldest row on: the latest of one name has it."""
    connection, last = op.get_bind(), 0
    # ROWS is a number of ours.
    rows = sa.text(f"SELECT number, source_id, body FROM entry WHERE number > :last ORDER BY number LIMIT {ROWS}")  # noqa: S608
    change = sa.text("UPDATE entry SET link = :link, title = :title WHERE number = :number")
    name = sa.text("INSERT OR REPLACE INTO name (name, entry_number) VALUES (:name, :number)")
    while found := connection.execute(rows, {"last": last}).all():
        numbers, names = [], []
        for number, source_id, body in found:
            entry = unpack_entry(body)
            title = title_name(source_id, entry.title)
            numbers.append({"number": number, "link": link_number(entry.link), "title": title})
            named = (title, address_name(source_id, entry.link))
            names += [{"name": one, "number": number} for one in named if one is not None]
        connection.execute(change, numbers)
        connection.execute(name, names)
        last = found[-1][0]
