"""What followed lists of feeds name."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; no list was followed yet."""
    op.create_table(
        "listed",
        sa.Column("list_id", sa.Text(), sa.ForeignKey("source.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("left", sa.BigInteger()),
    )
