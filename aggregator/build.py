"""The walk out: what is stale in the published folder is selected, rendered and put; twice changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from aggregator.errors import PublishError
from aggregator.formats import FILES, FORMATS, formats_of
from aggregator.formats.html import HOME_TITLES, render_home, stylesheet
from aggregator.formats.moved import render_moved
from aggregator.formats.opml import render_home as render_list
from aggregator.model import (
    EVERYTHING,
    HOME,
    Home,
    Kept,
    Listed,
    Origin,
    Page,
    Receipt,
    Rendered,
    category_page,
    source_page,
)
from aggregator.ports import Sink, Store
from aggregator.selection import Catalogue, listed, make_page

log = logging.getLogger(__name__)

SOURCES_AT_HOME = 100
NAMES_AT_A_TIME = 200
PAGES_TOGETHER = 16  # written together, so that they wait for the disk together
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: pages looked at, files written, stale pages left for the next build, and entries left out."""

    pages: int = 0
    written: int = 0
    left: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Builder:
    """The walk out with everything it needs; `formats` are keys of `FORMATS`."""

    store: Store
    catalogue: Catalogue
    sink: Sink
    formats: tuple[str, ...]
    _names: Names = field(default_factory=lambda: Names())
    _lists: dict[str, int] = field(default_factory=dict)  # the state of the names that each list was written with

    async def build(self, pages: Iterable[str] | None = None, most: int | None = None) -> Built:
        """Bring pages up to date: these, or those marked stale, `most` of them at a time.

        Categories and home come first: that is what people read. Raises `PublishError`; what is left stays marked.
        """
        marks = await self.store.stale()
        known = {*self.catalogue.pages(), HOME}
        # A mark on a page that is no longer configured has nothing to build.
        for page in marks.keys() - known:
            await self.store.mark_built(page, marks[page])
        looked_at, written = 0, 0
        problems: list[str] = []
        wanted = sorted(marks.keys() & known if pages is None else pages, key=_importance)
        chosen = wanted[:most]
        for start in range(0, len(chosen), PAGES_TOGETHER):
            together = chosen[start : start + PAGES_TOGETHER]
            files = [rendered for page in together for rendered in await self._render(page)]
            try:
                receipts = await asyncio.to_thread(self.sink.put_all, files)
            except PublishError:
                self._lists.clear()
                raise
            written += receipts.count(Receipt.WRITTEN)
            problems += [problem for rendered in files for problem in rendered.problems]
            await asyncio.gather(*(self.store.mark_built(page, marks[page]) for page in together if page in marks))
            looked_at += len(together)
        for problem in dict.fromkeys(problems):
            log.warning("left out", extra={"fields": {"entry": problem}})
        if written:
            log.info("build", extra={"fields": {"pages": looked_at, "written": written}})
        return Built(looked_at, written, len(wanted) - looked_at, tuple(dict.fromkeys(problems)))

    async def tidy(self) -> int:
        """Take the files of pages and formats that left the config out of the folder, and say how many those were.

        Raises `PublishError`.
        """
        pages = frozenset(self.catalogue.pages())
        return await asyncio.to_thread(self.sink.tidy, lambda path: self._is_wanted(path, pages))

    def _is_wanted(self, path: str, pages: frozenset[str]) -> bool:
        folder, slash, name = path.rpartition("/")
        if folder + slash in pages:
            return name in {FILES[word] for word in formats_of(folder + slash, self.formats)}
        if folder == "category":
            return "html" in self.formats and category_page(name.removesuffix(".html")) in pages
        return not slash or folder.startswith("entry/")

    async def _render(self, path: str) -> list[Rendered]:
        """The files of one page."""
        if path == HOME:
            return await self._render_home()
        page = await self._page(path, self.catalogue.limit(path))
        files = []
        for name in formats_of(path, self.formats):
            if name == "opml":
                if self._is_listed(path):
                    continue
                page = replace(page, sources=await self._listed(path))
            files.append(await asyncio.to_thread(FORMATS[name], page))
        if "html" in self.formats and path.startswith("category/"):
            files.append(render_moved(f"{path.removesuffix('/')}.html", page.title, page.address))
        return files

    async def _render_home(self) -> list[Rendered]:
        files = [stylesheet("feed.css")]
        everything = category_page(EVERYTHING)
        # Readers that know a feed at Jekyll's address follow no page that sends people on: they get the feed itself.
        feed = FORMATS["atom"](await self._page(everything, self.catalogue.limit(everything)))
        files.append(replace(feed, path="feed.xml", problems=()))
        if not {"html", "opml"} & set(self.formats):
            return files
        home = await self._home()
        if "opml" in self.formats and not self._is_listed(HOME):
            files.append(await asyncio.to_thread(render_list, await self._with_sources(home)))
        if "html" in self.formats:
            files += [await asyncio.to_thread(render_home, home), stylesheet()]
        return files

    async def _page(self, path: str, limit: int) -> Page:
        kept = await self.store.newest(path, limit)
        self._names.learn(kept)
        return make_page(self.catalogue, path, kept)

    def _is_listed(self, path: str) -> bool:
        """Whether the list of sources was written since a name in it changed: of very many sources it is dear."""
        before, self._lists[path] = self._lists.get(path), self._names.version
        return before == self._names.version

    async def _listed(self, path: str) -> tuple[Listed, ...]:
        """The sources behind a category; what each calls itself is looked up once, and followed as entries pass."""
        unknown = [
            source_page(source.id)
            for source in self.catalogue.sources.values()
            if path in source.pages and not (source.title and source.html_url) and self._names.lack(source.id)
        ]
        for start in range(0, len(unknown), NAMES_AT_A_TIME):
            self._names.learn(await self.store.newest_of_each(unknown[start : start + NAMES_AT_A_TIME]))
        return listed(self.catalogue, path, self._names.origins)

    async def _with_sources(self, home: Home) -> Home:
        """The home page with the sources behind everything and each category."""
        everything, *categories = [
            replace(page, sources=await self._listed(page.path)) for page in (home.everything, *home.categories)
        ]
        return replace(home, everything=everything, categories=tuple(categories))

    async def _home(self) -> Home:
        """The home page shows the newest titles of every category."""
        slugs = [slug for slug in self.catalogue.categories if slug != EVERYTHING]
        names = list(self.catalogue.sources)
        return Home(
            site=self.catalogue.site,
            everything=await self._page(category_page(EVERYTHING), HOME_TITLES),
            categories=tuple([await self._page(category_page(slug), HOME_TITLES) for slug in slugs]),
            sources=tuple([await self._page(source_page(name), 1) for name in names[:SOURCES_AT_HOME]]),
            more=max(len(names) - SOURCES_AT_HOME, 0),
        )


class Names:
    """What each source last said of itself, as far as its entries have passed by."""

    def __init__(self) -> None:
        self.version = 0  # counts the changes of what a list of sources shows
        self.origins: dict[str, Origin] = {}
        self._newest: dict[str, tuple[datetime, int]] = {}

    def lack(self, source_id: str) -> bool:
        """Whether nothing is known of the source yet; from now on that is known."""
        known = source_id in self._newest
        self._newest.setdefault(source_id, (EARLIEST, 0))
        return not known

    def learn(self, kept: Iterable[Kept]) -> None:
        """Take what these entries say of their sources, where they are the newest seen of them."""
        for one in kept:
            place = (one.published, one.number)
            if self._newest.get(one.source_id, place) <= place:
                before, now = self.origins.get(one.source_id), one.entry.origin
                self.version += before is None or (before.title, before.html_url) != (now.title, now.html_url)
                self._newest[one.source_id], self.origins[one.source_id] = place, now


def _importance(page: str) -> tuple[int, str]:
    """Categories, then home, which links to them, then sources."""
    return (0 if page.startswith("category/") else 1 if page == HOME else 2, page)
