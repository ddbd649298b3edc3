"""The first schema: source, visit, entry, revision, membership, stale, fact."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "source",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("pages", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "visit",
        sa.Column("source_id", sa.Text(), sa.ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted", sa.BigInteger()),
        sa.Column("finished", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("validators", sa.Text()),
        sa.Column("body_hash", sa.Text()),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_visit_due", "visit", ["due"])
    op.create_table(
        "entry",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("source_id", sa.Text(), sa.ForeignKey("source.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("published_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ux_entry_source_key", "entry", ["source_id", "key"], unique=True)
    op.create_index("ux_entry_published_id", "entry", ["published_id"], unique=True)
    entry = sa.ForeignKey("entry.number", ondelete="CASCADE")
    op.create_table(
        "revision",
        sa.Column("entry_number", sa.BigInteger(), entry, primary_key=True),
        sa.Column("revision", sa.Integer(), primary_key=True),
        sa.Column("replaced", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "membership",
        sa.Column("page", sa.Text(), primary_key=True),
        sa.Column(
            "entry_number",
            sa.BigInteger(),
            sa.ForeignKey("entry.number", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("published", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_membership_timeline", "membership", ["page", "published", "entry_number"])
    op.create_table(
        "stale",
        sa.Column("page", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "fact",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
