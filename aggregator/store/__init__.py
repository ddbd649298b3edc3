"""The cellar: what was asked for, when it was visited, and every entry once. No table class leaves this room."""

from aggregator.store.store import SourceStatus, SqlStore, open_store

__all__ = ["SourceStatus", "SqlStore", "open_store"]
