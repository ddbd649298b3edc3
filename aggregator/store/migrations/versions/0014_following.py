"""Sources whose hubs tell us of what is new."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column; what polls find from now on fills them."""
    op.create_table(
        "following",
        sa.Column("source_id", sa.Text(), sa.ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
    )
    op.create_index("ix_following_token", "following", ["token"])
    op.create_index("ix_following_due", "following", ["due"])
    op.add_column("visit", sa.Column("leased", sa.BigInteger()))
