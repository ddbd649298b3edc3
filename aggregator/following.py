"""The settings with what followed lists name: asked of the store, which remembers how their folders are called."""

from __future__ import annotations

from aggregator.config import Settings, with_lists
from aggregator.store import SqlStore


async def followed(written: Settings, store: SqlStore) -> Settings:
    """The settings as they are written, with what their lists named when they were polled last."""
    return with_lists(written, await store.enlisted(), {**await store.named(), **await store.folders()})


async def remember(settings: Settings, store: SqlStore) -> None:
    """Let the categories that lists add keep their addresses, whatever else the lists name later."""
    if settings.folders:
        await store.name_folders({slug: settings.categories[slug].title for slug in settings.folders})
