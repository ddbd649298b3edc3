"""Archive documents, and what stands in none yet; triggers, so that no way onto a page is forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TRIGGERS = (
    """CREATE TRIGGER unarchived_new AFTER INSERT ON membership WHEN NEW.page GLOB 'category/*' BEGIN
    INSERT OR IGNORE INTO unarchived (page, entry_number, since)
    SELECT NEW.page, number, first_seen FROM entry WHERE number = NEW.entry_number;
    END""",
    # What its text was is in the document that was closed with it; what it is now stands in the next.
    """CREATE TRIGGER unarchived_revised AFTER UPDATE OF body ON entry WHEN NEW.body IS NOT OLD.body BEGIN
    INSERT OR IGNORE INTO unarchived (page, entry_number, since)
    SELECT value, NEW.number,
    coalesce((SELECT max(replaced) FROM revision WHERE entry_number = NEW.number), NEW.first_seen)
    FROM json_each(coalesce(NEW.pages, (SELECT pages FROM source WHERE id = NEW.source_id)))
    WHERE value GLOB 'category/*';
    END""",
    """CREATE TRIGGER archive_removed AFTER INSERT ON tombstone WHEN NEW.why = 'removed' BEGIN
    INSERT INTO stale (page, version)
    SELECT page || 'archive/' || name, 1 FROM archive
    WHERE EXISTS (SELECT 1 FROM json_each(entries) WHERE json_extract(value, '$[0]') = NEW.number)
    ON CONFLICT (page) DO UPDATE SET version = version + 1;
    END""",
)


def upgrade() -> None:
    """Change the tables; nothing is lost."""
    op.create_table(
        "unarchived",
        sa.Column("page", sa.Text(), primary_key=True),
        sa.Column("entry_number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "archive",
        sa.Column("page", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ux_archive_name", "archive", ["page", "name"], unique=True)
    op.execute(
        "INSERT INTO unarchived (page, entry_number, since) SELECT membership.page, number, first_seen FROM membership "
        "JOIN entry ON entry.number = membership.entry_number WHERE membership.page GLOB 'category/*'"
    )
    for trigger in TRIGGERS:
        op.execute(trigger)
