"""Who subscribed at the hub."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "subscription",
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("callback", sa.Text(), primary_key=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
    )
    op.create_index("ix_subscription_due", "subscription", ["due"])
    op.create_index("ix_subscription_host", "subscription", ["host"])
