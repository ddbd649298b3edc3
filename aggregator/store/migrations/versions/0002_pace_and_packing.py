"""What polls teach of a source, entries compressed, and a timeline that is one index and nothing else."""

import sqlalchemy as sa
from alembic import op

from aggregator.store.codec import squeeze

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROWS = 500  # rewritten at a time


def upgrade() -> None:
    """Change the tables; nothing is lost."""
    with op.batch_alter_table("visit") as visit:
        visit.alter_column("due", existing_type=sa.BigInteger(), nullable=True)
        visit.add_column(sa.Column("host", sa.Text(), nullable=False, server_default=""))
        visit.add_column(sa.Column("address", sa.Text()))
        visit.add_column(sa.Column("memory", sa.Text(), nullable=False, server_default="{}"))
        visit.create_index("ix_visit_host", ["host"])
    for table, key in (("entry", "number"), ("revision", "rowid")):
        _squeeze_bodies(table, key)
    op.rename_table("membership", "membership_before")
    op.drop_index("ix_membership_timeline", "membership_before")
    op.create_table(
        "membership",
        sa.Column("page", sa.Text(), primary_key=True),
        sa.Column("published", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("entry_number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO membership SELECT page, published, entry_number FROM membership_before")
    op.drop_table("membership_before")


def _squeeze_bodies(table: str, key: str) -> None:
    """A new column takes the compressed bodies and the place of the old: to rebuild a table that others refer to would
    take their rows along."""
    op.add_column(table, sa.Column("squeezed", sa.LargeBinary(), nullable=False, server_default=""))
    connection, last = op.get_bind(), 0
    # The names are those that `upgrade` says.
    page = sa.text(f"SELECT {key}, body FROM {table} WHERE {key} > :last ORDER BY {key} LIMIT {ROWS}")  # noqa: S608
    change = sa.text(f"UPDATE {table} SET squeezed = :body WHERE {key} = :key")  # noqa: S608
    while rows := connection.execute(page, {"last": last}).all():
        connection.execute(change, [{"key": row[0], "body": squeeze(row[1].encode("utf-8"))} for row in rows])
        last = rows[-1][0]
    op.drop_column(table, "body")
    op.alter_column(table, "squeezed", new_column_name="body")
