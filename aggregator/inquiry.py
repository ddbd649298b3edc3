"""The jobs about one address or entry: find the feed behind it, tell the story of an entry, take an entry out; and
the list of all sources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.choosing import Choice, choose
from aggregator.clean.concealing import concealed
from aggregator.clean.tracking import without_tracking
from aggregator.clean.urls import host_of
from aggregator.config import Settings
from aggregator.errors import UsageError
from aggregator.fetch import HostLimits, HttpFetcher, Robots
from aggregator.finding import Found, find
from aggregator.following import followed
from aggregator.formats.opml import render_home
from aggregator.intake import WorkerReader
from aggregator.model import (
    EVERYTHING,
    Burial,
    Document,
    Failed,
    Fetched,
    Home,
    Kept,
    Origin,
    Page,
    Rendered,
    Said,
    Source,
    Trial,
    Visit,
    category_page,
    source_page,
)
from aggregator.selection import Catalogue, behind, listed, make_page
from aggregator.store import Grave, SqlStore, Story, open_store

NAMES_AT_A_TIME = 200
NONE_KEPT = 'no entry "{}" is kept; give its id as its feed says it, or its link'


@dataclass(frozen=True, slots=True)
class Explained:
    """The story of an entry, and what each page that it stands on shows, by the page's folder."""

    story: Story
    choices: Mapping[str, Choice]


@dataclass(frozen=True, slots=True)
class TriedOut:
    """What came of trying a source; `trial` where it has a recipe, or may need one.

    `second` where its entries have second documents: what came of that of the first one, which is filled in then.
    """

    found: Found | Failed
    trial: Trial | None
    second: Second | None = None


@dataclass(frozen=True, slots=True)
class Second:
    """A second document: its address, what the source's `detail` finds in it, and why it fills nothing in, if so."""

    url: str
    trial: Trial | None
    failed: Failed | None


async def find_feed(
    settings: Settings, source: Source, now: datetime, asking: Callable[[str], None] = lambda _url: None
) -> Found | Failed:
    """The feed at the source's address, or behind the page there, and what a poll would keep of it.

    `asking` hears each address before it is asked.
    """
    return (await try_out(settings, source, now, asking)).found


async def try_out(
    settings: Settings, source: Source, now: datetime, asking: Callable[[str], None] = lambda _url: None
) -> TriedOut:
    """As `find_feed`, with what the source's recipe finds in the document; where nothing is to be had from a document
    by anybody, with what that is made of."""
    first: list[Document] = []
    per_host = settings.fetch.per_host
    limits = HostLimits(settings.fetch.concurrency, per_host.concurrency, per_host.delay.total_seconds())
    async with HttpFetcher(settings.fetch, settings.site.contact, ca_file=settings.ca_file) as fetcher:

        async def fetch(at: Source) -> Fetched:
            async with limits.hold(host_of(at.url)):
                asking(at.public_url)
                fetched = await fetcher.fetch(at, Visit(at.id, now))
            if isinstance(fetched, Document):
                first.append(fetched)
            return fetched

        reader = WorkerReader(workers=1)
        try:
            found = await find(source, fetch, reader)
            tried = first and (source.recipe or isinstance(found, Failed))
            trial = await reader.try_recipe(source, first[0]) if tried else None
            if isinstance(found, Failed):
                return TriedOut(found, trial)
            found, second = await _with_second_document(found, fetcher, reader, limits, asking)
            return TriedOut(found, trial, second)
        finally:
            await asyncio.to_thread(reader.close)


async def _with_second_document(
    found: Found, fetcher: HttpFetcher, reader: WorkerReader, limits: HostLimits, asking: Callable[[str], None]
) -> tuple[Found, Second | None]:
    """The feed with its first entry filled in that has a second document, and what came of that."""
    entries, source = found.intake.entries, found.source
    place = next((place for place, entry in enumerate(entries) if entry.detail), None)
    if place is None or (detail := source.detail) is None:
        return found, None
    entry, url = entries[place], entries[place].detail or ""
    shown, source = concealed(url, source), replace(source, asking=replace(source.asking, body=None))
    async with limits.hold(host_of(url)):
        asking(shown)
        refused = await Robots(fetcher.fetch).refusal(source, url) if detail.asks_robots else None
        fetched = refused or await fetcher.fetch(source, Visit(source.id, None, address=url))
    if not isinstance(fetched, Document):
        return found, Second(shown, None, fetched if isinstance(fetched, Failed) else None)
    trial, ended = await reader.try_detail(source, fetched), await reader.fill_in(source, entry, fetched)
    if isinstance(ended, Failed):
        return found, Second(shown, trial, ended)
    filled = (*entries[:place], ended, *entries[place + 1 :])
    return replace(found, intake=replace(found.intake, entries=filled)), Second(shown, trial, None)


async def explain(settings: Settings, name: str) -> tuple[list[Explained], list[Grave]]:
    """All that is known of the entry with this id, or with this page on our site, or of those that link to an address;
    and what is left of those that are gone.

    Raises `UsageError` when there is none.
    """
    async with _store(settings) as store:
        wanted = await _wanted(settings, store, name)
        found = await store.stories(wanted) or await store.stories(without_tracking(wanted))
        gone = await store.graves(wanted) or await store.graves(without_tracking(wanted))
        explained = await _explained(settings, store, found)
    if not found and not gone:
        raise UsageError(NONE_KEPT.format(name))
    return explained, gone


async def _explained(settings: Settings, store: SqlStore, found: list[Story]) -> list[Explained]:
    catalogue = Catalogue(settings.site, settings.categories, {source.id: source for source in settings.sources})
    catalogue = catalogue.with_named(await store.named())
    pages = {standing.page for story in found for standing in story.standings} & set(catalogue.pages())
    choices = {page: await choose(store, catalogue.category(page), page, catalogue.limit(page)) for page in pages}
    return [Explained(story, choices) for story in found]


async def remove(settings: Settings, name: str, now: datetime, reason: str | None) -> list[Kept]:
    """Take out for good the entry with this id, or with this page on our site, or those that link to an address.

    Gives them as they were. A service that runs may go on running. Raises `UsageError` when there is none.
    """
    async with _store(settings) as store:
        wanted = await _wanted(settings, store, name)
        taken = await store.remove(wanted, now, reason) or await store.remove(without_tracking(wanted), now, reason)
        gone = [] if taken else await store.graves(wanted) or await store.graves(without_tracking(wanted))
    if gone and gone[0].why is Burial.REMOVED:
        raise UsageError(f'"{name}" was removed already, on {gone[0].buried:%Y-%m-%d}')
    if not taken:
        raise UsageError(NONE_KEPT.format(name))
    return taken


async def subscriptions(settings: Settings) -> Rendered:
    """The sources in their categories, as OPML; what each calls itself is known once it was polled."""
    known: dict[str, Origin | Said] = {}
    named: Mapping[str, str] = {}
    if settings.store.exists():
        async with open_store(settings.store, settings.site.base_url, alone=False) as store:
            settings, named = await followed(settings, store), await store.named()
            for start in range(0, len(settings.feeds), NAMES_AT_A_TIME):
                some = settings.feeds[start : start + NAMES_AT_A_TIME]
                kept = await store.newest_of_each([source_page(source.id) for source in some])
                known |= await store.said([source.id for source in some])
                known |= {one.source_id: one.entry.origin for one in kept}
    sources = {source.id: source for source in settings.feeds}
    catalogue = Catalogue(settings.site, settings.categories, sources).with_named(named)

    def page(slug: str) -> Page:
        empty = make_page(catalogue, category_page(slug), ())
        return replace(empty, sources=listed(settings.site, behind(catalogue, empty), known))

    categories = tuple(page(slug) for slug in catalogue.categories if slug != EVERYTHING)
    return render_home(Home(settings.site, page(EVERYTHING), categories, ()))


async def _wanted(settings: Settings, store: SqlStore, name: str) -> str:
    """The id behind the address of an entry's page on our site; any other name as it is."""
    folder = f"{settings.site.base_url}/entry/"
    if not name.startswith(folder):
        return name
    page = name.removeprefix(folder).partition("/")[0]
    return await store.id_behind(f"entry/{page}/") or name


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[SqlStore]:
    if not settings.store.exists():
        raise UsageError(
            f"nothing is kept yet: there is no store {settings.store}; `aggregator once` polls the sources"
        )
    async with open_store(settings.store, settings.site.base_url, alone=False) as store:
        yield store
