"""Second documents that several sources ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing is in it yet."""
    op.create_table(
        "shared_document",
        sa.Column("name", sa.LargeBinary(), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_shared_document_fetched", "shared_document", ["fetched"])
