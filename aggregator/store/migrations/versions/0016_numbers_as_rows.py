"""Tables whose key is the number of an entry have it as their row, and no index beside that.

The same schema says that bodies may be packed with the phrases of `store.phrases`, which an earlier program could not
unpack; what is kept stays as it is.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite's rows are INTEGER, in this very word


def upgrade() -> None:
    """Make the tables anew with what is in them. No table is renamed while triggers speak of it."""
    _make_anew("unsearched")
    _make_anew("signature", _entry(), sa.Column("traits", sa.LargeBinary(), nullable=False))
    _make_anew(
        "story",
        _entry(),
        sa.Column("story", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("like", sa.BigInteger()),
        sa.Column("by", sa.Text()),
        sa.Column("distance", sa.Float()),
    )
    _make_anew(
        "awaited",
        _entry(),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
    )
    op.create_index("ix_awaited_due", "awaited", ["source_id", "due"])
    op.create_index("ix_story_story", "story", ["story", "entry_number", "source_id"])


def _entry() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["entry_number"], ["entry.number"], ondelete="CASCADE")


def _make_anew(table: str, *parts: sa.Column[Any] | sa.ForeignKeyConstraint) -> None:
    op.execute(f"CREATE TABLE moving AS SELECT * FROM {table}")  # noqa: S608  (the names are ours)
    op.drop_table(table)
    op.create_table(table, sa.Column("entry_number", ROW, primary_key=True, autoincrement=False), *parts)
    op.execute(f"INSERT INTO {table} SELECT * FROM moving ORDER BY entry_number")  # noqa: S608  (as above)
    op.drop_table("moving")
