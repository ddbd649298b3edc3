"""What is searched, and what is not yet; triggers, so that no way in, and none out, is forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TRIGGERS = (
    """CREATE TRIGGER unsearched_new AFTER INSERT ON entry BEGIN
    INSERT OR IGNORE INTO unsearched VALUES (NEW.number);
    END""",
    """CREATE TRIGGER unsearched_revised AFTER UPDATE OF body ON entry WHEN NEW.body IS NOT OLD.body BEGIN
    INSERT OR IGNORE INTO unsearched VALUES (NEW.number);
    END""",
    """CREATE TRIGGER searched_no_more AFTER DELETE ON entry BEGIN
    DELETE FROM unsearched WHERE entry_number = OLD.number;
    DELETE FROM searched WHERE rowid = OLD.number;
    END""",
)


def upgrade() -> None:
    """Add the index, and let all that is kept wait for it."""
    op.create_table("unsearched", sa.Column("entry_number", sa.BigInteger(), primary_key=True, autoincrement=False))
    op.execute("CREATE VIRTUAL TABLE searched USING fts5(title, text, tokenize='trigram')")
    op.execute("INSERT INTO unsearched (entry_number) SELECT number FROM entry")
    for trigger in TRIGGERS:
        op.execute(trigger)
