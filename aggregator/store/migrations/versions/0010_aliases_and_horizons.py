"""Other keys of entries, how far back a source is taken, and titles that are known again in any source."""

import sqlalchemy as sa
from alembic import op

from aggregator.clean.names import link_number, other_names, title_number
from aggregator.store.codec import unpack_entry

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROWS = 500  # read at a time


def upgrade() -> None:
    """Change the tables; nothing is lost."""
    op.add_column("visit", sa.Column("horizon", sa.BigInteger()))
    op.add_column("entry", sa.Column("aliases", sa.Text()))
    op.add_column("tombstone", sa.Column("names", sa.LargeBinary(), nullable=False, server_default=""))
    _name_entries()


def _name_entries() -> None:
    """Give the entries their names anew, from the oldest row on: the latest of one name has it."""
    connection, last = op.get_bind(), 0
    # ROWS is a number of ours.
    rows = sa.text(f"SELECT number, source_id, body FROM entry WHERE number > :last ORDER BY number LIMIT {ROWS}")  # noqa: S608
    change = sa.text("UPDATE entry SET link = :link, title = :title WHERE number = :number")
    name = sa.text("INSERT OR REPLACE INTO name (name, entry_number) VALUES (:name, :number)")
    connection.execute(sa.text("DELETE FROM name"))
    while found := connection.execute(rows, {"last": last}).all():
        numbers, names = [], []
        for number, source_id, body in found:
            entry = unpack_entry(body)
            numbers.append({"number": number, "link": link_number(entry.link), "title": title_number(entry.title)})
            names += [{"name": one, "number": number} for one in other_names(source_id, entry)]
        connection.execute(change, numbers)
        connection.execute(name, names)
        last = found[-1][0]
