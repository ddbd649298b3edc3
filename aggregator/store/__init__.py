"""The cellar: what was asked for, when it was visited, and every entry once. No table class leaves this room."""

from aggregator.store.store import SourceStatus, SqlStore, open_store
from aggregator.store.telling import Grave, Story, Telling

__all__ = ["Grave", "SourceStatus", "SqlStore", "Story", "Telling", "open_store"]
