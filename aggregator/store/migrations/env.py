"""Runs the migrations on the connection that `open_database` hands over, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

from aggregator.store import tables  # noqa: F401  (defines the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
