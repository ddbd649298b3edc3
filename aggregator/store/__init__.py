"""The cellar: what was asked for, when it was visited, and every entry once. No table class leaves this room."""

from aggregator.store.store import SourceStatus, SqlStore, open_store
from aggregator.store.telling import Story

__all__ = ["SourceStatus", "SqlStore", "Story", "open_store"]
