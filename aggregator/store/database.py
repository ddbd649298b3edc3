"""Opens the database: one instance at a time, settings on every connection, migrated to this program's schema."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from aggregator.errors import StoreBusy, StoreTooNew, StoreUnusable

BUSY_SECONDS = 10
MIGRATIONS = Path(__file__).parent / "migrations"


def open_database(path: Path, *, held: bool) -> Engine:
    """An engine on the SQLite file at `path`, created and migrated when needed; `held` if we hold it alone already.

    Raises `StoreTooNew` for a schema of a later program and `StoreUnusable` for what cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(f"the folder of the store, {path.parent}, cannot be made: {error.strerror}") from error
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin_immediate)
    with translated(path):
        _migrate(engine, path, held=held)
    return engine


@contextmanager
def translated(path: Path | str) -> Iterator[None]:
    """The errors of the database as ours, by type."""
    try:
        yield
    except DBAPIError as error:
        raise StoreUnusable(
            f"the store {path} cannot be used: {error.orig}; look at the file, its folder and the free space"
        ) from error
    except sqlite3.Error as error:
        raise StoreUnusable(
            f"the store {path} cannot be used: {error}; look at the file, its folder and the free space"
        ) from error


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Hold the store at `path` alone until the end of the block. Raises `StoreBusy` when another process does.

    The lock is the kernel's: it goes with the process, however that ends.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreUnusable(f"the lock {lock} cannot be made: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise StoreBusy(
            f"another aggregator holds the store {path}; stop it first, or give this one its own store"
        ) from error
    try:
        yield
    finally:
        os.close(handle)


def _settle(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    """What SQLite forgets to do on every new connection unless told; FULL survives a power cut."""
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first and writes later loses updates silently."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if not connection.get_execution_options().get("reads") else "BEGIN")


def _migrate(engine: Engine, path: Path, *, held: bool) -> None:
    """Bring the schema to this program's, in one transaction, with a copy of an existing store laid aside first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        connection.rollback()
    if current == script.get_current_head():
        return
    if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
        raise StoreTooNew(f"the store {path} was written by a newer aggregator (schema {current}); upgrade this one")
    with nullcontext() if held else hold(path), engine.begin() as connection:
        if current is not None:
            _copy(path, path.with_name(f"{path.name}.before-{script.get_current_head()}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _copy(path: Path, target: Path) -> None:
    """A consistent copy of the store, through SQLite's own backup."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
