"""The one-off jobs of the command line: poll once, build, export, and say how things are."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from aggregator.build import Builder, Built
from aggregator.config import Settings
from aggregator.errors import UsageError
from aggregator.following import followed
from aggregator.model import Changes, Outcome, Source
from aggregator.posts import Posted, posts_of
from aggregator.store import SourceStatus, SqlStore, open_store
from aggregator.upkeep import purge
from aggregator.wiring import SystemClock, agree, builder_of, open_engine, posts_beside


@dataclass
class Summary:
    """What one run of `once` did; the words are those of its `--json`.

    `unpolled` counts sources left for another time: the run was `stopped`, or their host asked to be left alone.
    """

    polled: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    revised: int = 0
    published: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    unpolled: int = 0
    stopped: bool = False
    left_out: tuple[str, ...] = ()

    def count(self, changes: Changes) -> None:
        """Add one poll."""
        self.polled += 1
        self.not_modified += changes.visit.outcome is Outcome.NOT_MODIFIED
        self.new += len(changes.new)
        self.revised += len(changes.revised)
        if changes.visit.outcome is Outcome.FAILED:
            self.failed += 1
            self.failures[changes.source.id] = f"{changes.visit.reason}: {changes.visit.detail}"


async def _nothing() -> bool:
    """Publishes nothing: `once` does that at its end."""
    return False


async def once(
    settings: Settings,
    names: Sequence[str],
    *,
    everyone: bool,
    begin: Callable[[int], None],
    done: Callable[[Changes], None],
) -> Summary:
    """Poll the named sources, all enabled ones, or those due; publish what changed. SIGINT and SIGTERM end it early.

    `begin` hears how many, `done` each result. Raises `UsageError` for a name that is not configured.
    """
    written, settings = settings, await whole(settings)
    known = {source.id for source in settings.sources}
    for name in names:
        if name not in known:
            raise UsageError(f'there is no source "{name}"; `aggregator status` lists them')
    summary, lists, stop = Summary(), set[str](), asyncio.Event()

    def heard(changes: Changes) -> None:
        summary.count(changes)
        done(changes)
        if changes.outlines is not None:
            lists.add(changes.source.id)

    async def walk(settings: Settings, store: SqlStore, hosts: Mapping[str, str]) -> int:
        begin(len(hosts))
        async with open_engine(settings, store, _nothing, heard) as engine:
            await engine.once(hosts, stop)
        return len(hosts)

    async with open_store(settings.store, settings.site.base_url, alone=True) as store:
        builder = await _agreed(settings, store)
        hosts = await _chosen(settings, store, names, everyone=everyone)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        walks = await walk(settings, store, hosts)
        if lists and not stop.is_set():
            settings = await followed(written, store)
            builder = await _agreed(settings, store)
            named = [one.id for one in settings.sources if one.listed_by in lists and one.enabled]
            walks += await walk(settings, store, await store.hosts([name for name in named if name not in known]))
        await purge(settings.sources, store, SystemClock())
        built = await _build(settings, store, builder)
    summary.published, summary.left_out = built.written, built.problems
    summary.unpolled, summary.stopped = walks - summary.polled, stop.is_set()
    return summary


async def _agreed(settings: Settings, store: SqlStore) -> Builder:
    """What builds the pages of these settings, with which the store agrees."""
    builder = builder_of(settings, store)
    await agree(settings, store, builder)
    return builder


async def _chosen(settings: Settings, store: SqlStore, names: Sequence[str], *, everyone: bool) -> dict[str, str]:
    """The sources to poll, and the host of each."""
    if everyone:
        return await store.hosts([source.id for source in settings.sources if source.enabled])
    if names:
        return await store.hosts(list(dict.fromkeys(names)))
    return await store.due(SystemClock().now(), len(settings.sources))


async def _build(settings: Settings, store: SqlStore, builder: Builder, pages: Sequence[str] | None = None) -> Built:
    """Build these pages, or those that are stale, and write the posts where there are to be some."""
    built = await builder.build(pages)
    if posts := posts_beside(settings):
        posted = await posts.write(store, builder.catalogue)
        return replace(built, written=built.written + posted.written, problems=built.problems + posted.problems)
    return built


async def rebuild(settings: Settings, *, everything: bool = True) -> Built:
    """Write the published folder again from the store: all of it, or what is stale."""
    async with open_store(settings.store, settings.site.base_url, alone=True) as store:
        settings = await followed(settings, store)
        builder = await _agreed(settings, store)
        return await _build(settings, store, builder, await builder.pages() if everything else None)


async def export_posts(settings: Settings, root: Path) -> Posted:
    """Write every entry that is kept as a post below this folder; the service may be running."""
    if not settings.store.exists():
        raise UsageError(f"{settings.store} is not there yet; `aggregator once` makes it")
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        settings = await followed(settings, store)
        return await posts_of(settings, root).write(store, builder_of(settings, store).catalogue)


async def whole(settings: Settings) -> Settings:
    """The settings with the sources that their lists named when they were polled last."""
    if not settings.store.exists() or len(settings.feeds) == len(settings.sources):
        return settings
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        return await followed(settings, store)


async def status(settings: Settings) -> list[SourceStatus]:
    """The state of every configured source; without a store yet, that of new ones."""
    names = [source.id for source in settings.sources]
    if not settings.store.exists():
        return [SourceStatus(name, 0, None) for name in names]
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        return await store.status(names)


def source_named(settings: Settings, name: str) -> Source | None:
    """The configured source of this id."""
    return next((source for source in settings.sources if source.id == name), None)


def enabled(sources: Iterable[Source]) -> int:
    """How many of them are polled."""
    return sum(source.enabled for source in sources)
