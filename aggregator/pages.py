"""What each page of the site shows, gathered from the store in shapes that any format can write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from aggregator.choosing import Choice, Chosen, choose, face_of, foremost, in_front
from aggregator.formats.html import HOME_TITLES
from aggregator.history import archive_of
from aggregator.model import (
    EVERYTHING,
    HOME,
    Chain,
    Home,
    Kept,
    Listed,
    Page,
    category_page,
    source_page,
)
from aggregator.ports import Store
from aggregator.selection import Catalogue, Names, behind, listed, make_page

SOURCES_AT_HOME = 100
NAMES_AT_A_TIME = 200
TOMBS = 50  # how many removed entries a feed names; archive documents name all that stood in them
MOST_RELATED = 10  # tellings of one story that a page names beside the one it shows


@dataclass(frozen=True, slots=True)
class Gathered:
    """A page as it is shown to people, as its feeds have it that lead back through the history, and the entries that
    people are shown."""

    page: Page
    fed: Page
    kept: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a site over a store; with `archive` its feeds lead back through the history."""

    store: Store
    catalogue: Catalogue
    archive: bool = False
    names: Names = field(default_factory=Names)

    async def choose(self, path: str) -> Chosen:
        """What a page shows; home and archive documents choose nothing."""
        if path == HOME or archive_of(path)[0]:
            return Chosen()
        category, limit = self.catalogue.category(path), self.catalogue.limit(path)
        newest = await choose(self.store, category, path, limit)
        if not self.archive or not path.startswith("category/"):
            return Chosen(newest, newest)
        waiting = await self.store.unarchived(path)
        told = await self.store.told(path, [one.number for one in self._configured(waiting.kept)])
        return Chosen(newest, in_front(newest, told, category, limit), waiting.latest)

    async def gather(self, path: str, chosen: Chosen) -> Gathered:
        """The page of a category or a source with what was chosen for it."""
        kept = await self._kept(chosen.newest, chosen.fed)
        page = await self._page(path, chosen.newest, kept)
        fed = page if chosen.fed.numbers == chosen.newest.numbers else await self._page(path, chosen.fed, kept)
        fed = await self._with_history(fed, chosen)
        # People page back from the newest, whatever is archived.
        page = replace(page, chain=fed.chain)
        return Gathered(page, fed, tuple(kept[number] for number in chosen.newest.numbers if number in kept))

    async def archived(self, path: str, name: str) -> Page | None:
        """A page as one of its archive documents shows it; None where there is no such document."""
        archived = await self.store.archived(path, name)
        if archived is None:
            return None
        kept = self._configured(archived.kept)
        if self.catalogue.category(path).dedupe:
            kept = await self._without_copies(path, kept)
        page = make_page(self.catalogue, path, kept)
        return replace(page, chain=archived.chain, removed=archived.removed)

    async def home(self) -> Home:
        """The home page shows the newest titles of every category; one that entries named has to have some."""
        slugs = [slug for slug in self.catalogue.categories if slug != EVERYTHING]
        pages = {slug: await self._newest(category_page(slug), HOME_TITLES) for slug in slugs}
        return Home(
            site=self.catalogue.site,
            everything=await self._newest(category_page(EVERYTHING), HOME_TITLES),
            categories=tuple(page for slug, page in pages.items() if page.shown or slug not in self.catalogue.named),
            sources=await self._sources_at_home(),
            more=max(len(self.catalogue.sources) - SOURCES_AT_HOME, 0),
        )

    async def _sources_at_home(self) -> tuple[Page, ...]:
        """The pages of the first sources, each with its newest entry, or what it said of itself."""
        paths = {name: source_page(name) for name in islice(self.catalogue.sources, SOURCES_AT_HOME)}
        newest = {one.source_id: one for one in await self.store.newest_of_each(list(paths.values()))}
        bare = [name for name in paths if name not in newest]
        said = await self.store.said(bare) if bare else {}
        self.names.learn(newest.values())
        self.names.introduce(said)
        return tuple(
            make_page(self.catalogue, path, [newest[name]] if name in newest else [], said=said.get(name))
            for name, path in paths.items()
        )

    async def tellings(self, choice: Choice) -> Mapping[int, tuple[Kept, ...]]:
        """By number of a shown entry, who else tells its story anywhere on the site."""
        told = await self.store.told(
            category_page(EVERYTHING), [one.number for one in choice.shown if one.story is not None]
        )
        copies = {
            one.number: [number for number, _ in told.stories[one.story].tellers if number != one.number][:MOST_RELATED]
            for one in told.candidates
            if one.story is not None
        }
        kept = await self.store.entries(list(dict.fromkeys(chain.from_iterable(copies.values()))))
        return {number: tuple(kept[one] for one in many if one in kept) for number, many in copies.items()}

    async def with_sources(self, page: Page) -> Page:
        """The page of a category with the sources behind it."""
        return replace(page, sources=await self._listed(page))

    async def home_with_sources(self, home: Home) -> Home:
        """The home page with the sources behind everything and each category."""
        everything, *categories = [await self.with_sources(page) for page in (home.everything, *home.categories)]
        return replace(home, everything=everything, categories=tuple(categories))

    def _configured(self, kept: Iterable[Kept]) -> list[Kept]:
        return [one for one in kept if one.source_id in self.catalogue.sources]

    async def _without_copies(self, path: str, kept: list[Kept]) -> list[Kept]:
        """Those of these entries by which the page tells their stories, and all that tell none with others."""
        told = await self.store.told(path, [one.number for one in kept])
        faces = {story: face_of(copies, self.catalogue.category(path).prefer) for story, copies in told.stories.items()}
        if new := {story: face for story, face in faces.items() if told.stories[story].face != face}:
            await self.store.settle(path, new)
        copies = {one.number for one in told.candidates if one.story is not None and faces[one.story] != one.number}
        return [one for one in kept if one.number not in copies]

    async def _newest(self, path: str, limit: int) -> Page:
        choice = await foremost(self.store, self.catalogue.category(path), path, limit)
        return await self._page(path, choice, await self._kept(choice))

    async def _kept(self, *choices: Choice) -> Mapping[int, Kept]:
        """What was chosen, and the copies that are named; what was removed since is gone."""
        wanted = dict.fromkeys(number for choice in choices for number in choice.numbers)
        named = (choice.related(number, MOST_RELATED) for choice in choices for number in choice.numbers)
        kept = await self.store.entries(list({**wanted, **dict.fromkeys(chain.from_iterable(named))}))
        self.names.learn(kept[number] for number in wanted if number in kept)
        return kept

    async def _page(self, path: str, choice: Choice, kept: Mapping[int, Kept]) -> Page:
        """The page with the chosen entries, and the copies of their stories named."""
        shown = [kept[number] for number in choice.numbers if number in kept]
        related = {
            one.number: [kept[copy] for copy in choice.related(one.number, MOST_RELATED) if copy in kept]
            for one in shown
        }
        said = {} if shown or not path.startswith("source/") else await self.store.said([path.split("/")[1]])
        self.names.introduce(said)
        return make_page(self.catalogue, path, shown, related, next(iter(said.values()), None))

    async def _with_history(self, page: Page, chosen: Chosen) -> Page:
        """The page as the feeds show it whose documents lead back through the history."""
        if not page.path.startswith("category/"):
            return page
        page = replace(page, removed=await self.store.removed(page.path, TOMBS))
        return replace(page, chain=Chain(previous=chosen.archive)) if self.archive else page

    async def _listed(self, page: Page) -> tuple[Listed, ...]:
        """The sources behind a category; what each calls itself is looked up once, and followed as entries pass."""
        sources = await asyncio.to_thread(behind, self.catalogue, page)
        unknown = self.names.lacking(source.id for source in sources if not (source.title and source.html_url))
        for start in range(0, len(unknown), NAMES_AT_A_TIME):
            some = unknown[start : start + NAMES_AT_A_TIME]
            self.names.learn(await self.store.newest_of_each([source_page(name) for name in some]))
            bare = [name for name in some if name not in self.names.origins]
            self.names.introduce(await self.store.said(bare) if bare else {})
        return await asyncio.to_thread(listed, self.catalogue.site, sources, self.names.origins)
