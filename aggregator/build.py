"""The walk out: what is stale in the published folder is selected, rendered and put; twice changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from aggregator.choosing import Choice, Chosen, choose, face_of, foremost, in_front
from aggregator.errors import PublishError
from aggregator.formats import ARCHIVES, FILES, FORMATS, formats_of
from aggregator.formats.html import ABOUT, HOME_TITLES, render_about, render_entry, render_gone, render_home, stylesheet
from aggregator.formats.moved import at_old_address, render_moved
from aggregator.formats.opml import render_home as render_list
from aggregator.history import archive_of, part_size
from aggregator.model import (
    EVERYTHING,
    HOME,
    Chain,
    Home,
    Kept,
    Listed,
    Page,
    Receipt,
    Removed,
    Rendered,
    category_page,
    entry_page,
    source_page,
)
from aggregator.ports import Sink, Store
from aggregator.selection import Catalogue, Names, listed, make_page, stands_behind

log = logging.getLogger(__name__)

SOURCES_AT_HOME = 100
NAMES_AT_A_TIME = 200
LINKED_FIRST = 4  # so many of the archive documents that a page is the first to link to are there when it is
TOMBS = 50  # how many removed entries a feed names; archive documents name all that stood in them
ENTRIES_REMEMBERED = 20_000
MOST_RELATED = 10  # tellings of one story that a page names beside the one it shows
PAGES_TOGETHER = 16  # written together, so that they wait for the disk together
FEEDS = frozenset({"atom", "rss", "json"})


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: pages looked at, files written, stale pages left for the next build, and entries left out."""

    pages: int = 0
    written: int = 0
    left: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Builder:
    """The walk out with everything it needs; `formats` are keys of `FORMATS`; `archive` publishes the history too."""

    store: Store
    catalogue: Catalogue
    sink: Sink
    formats: tuple[str, ...]
    archive: bool = False
    _names: Names = field(default_factory=Names)
    _entries: dict[str, int] = field(default_factory=dict)  # the state that each entry's page was written with
    _turn: dict[str, str] = field(default_factory=dict)  # the page of a source that was built last
    _lists: dict[str, int] = field(default_factory=dict)  # the state of the names that each list was written with

    async def build(
        self, pages: Iterable[str] | None = None, most: int | None = None, within: float | None = None
    ) -> Built:
        """Bring pages up to date: these, or those marked stale, `most` of them at a time.

        Categories and home come first: that is what people read. After them, it ends when `within` seconds are over, so
        that they can come first again; the others take turns. Raises `PublishError`; what is left stays marked.
        """
        whole = await self._with_named()
        return await whole._build(pages, most, within)

    async def pages(self) -> tuple[str, ...]:
        """All pages there are, home among them, and all archive documents."""
        whole = await self._with_named()
        return (*whole.catalogue.pages(), HOME, *await self.archives())

    async def _with_named(self) -> Builder:
        """This walk with the categories that entries have named so far."""
        return replace(self, catalogue=self.catalogue.with_named(await self.store.named()))

    async def _build(self, pages: Iterable[str] | None, most: int | None, within: float | None) -> Built:
        clock = asyncio.get_running_loop().time
        began, last = clock(), self._turn.get("last", "")
        marks = await self.store.stale()
        known = {*self.catalogue.pages(), HOME}
        if self.archive:
            known |= {mark for mark in marks if archive_of(mark)[0] in known}
        # A mark on a page that is no longer configured has nothing to build.
        for page in marks.keys() - known:
            await self.store.mark_built(page, marks[page])
        looked_at, written = 0, 0
        problems: list[str] = []
        wanted = sorted(marks.keys() & known if pages is None else pages, key=lambda page: _importance(page, last))
        while wanted and (most is None or looked_at < most):
            together, wanted = wanted[:PAGES_TOGETHER], wanted[PAGES_TOGETHER:]
            first, later = await self._close_archives(together)
            if first:
                marks = await self.store.stale()
                together, wanted = [*first, *together], [*wanted, *later]
            choices = {page: await self._choose(page) for page in dict.fromkeys(together)}
            halves = [await self._render(page, chosen) for page, chosen in choices.items()]
            feeds = [rendered for half, _ in halves for rendered in half]
            written += await self._put(feeds)
            others = [rendered for _, other_half in halves for rendered in await other_half()]
            written += await self._put(others)
            problems += [problem for rendered in (*feeds, *others) for problem in rendered.problems]
            marked = [(page, chosen) for page, chosen in choices.items() if page in marks]
            await asyncio.gather(
                *(self.store.mark_built(page, marks[page], one.faces, one.newest.latest) for page, one in marked)
            )
            looked_at += len(together)
            self._turn["last"] = together[-1]
            if within is not None and clock() - began > within and not _is_read_first(together[-1]):
                break
        for problem in dict.fromkeys(problems):
            log.warning("left out", extra={"fields": {"entry": problem}})
        if written:
            log.info("build", extra={"fields": {"pages": looked_at, "written": written}})
        return Built(looked_at, written, len(wanted), tuple(dict.fromkeys(problems)))

    async def tidy(self) -> int:
        """Take the files of pages and formats that left the config out of the folder, and say how many those were.

        Raises `PublishError`.
        """
        catalogue = (await self._with_named()).catalogue
        present = catalogue.pages()
        pages = frozenset((*present, *(old for page in present for old in catalogue.old_pages(page))))
        archives = frozenset(await self.archives())
        return await asyncio.to_thread(self.sink.tidy, lambda path: self._is_wanted(path, pages, archives))

    async def archives(self) -> list[str]:
        """The paths of all archive documents of configured categories, without a suffix."""
        pages = frozenset((await self._with_named()).catalogue.pages())
        return [path for path in await self.store.archives() if archive_of(path)[0] in pages] if self.archive else []

    async def _close_archives(self, pages: Iterable[str]) -> tuple[list[str], list[str]]:
        """Close what is to be closed behind these pages.

        Gives the archive documents that go before the pages, which are the first to link to them, and those that can
        come after: at the first start over a large store there are thousands.
        """
        first, later = list[str](), list[str]()
        for page in pages if self.archive else ():
            if page in self._categories():
                closed = await self.store.close_archives(page, part_size(self.catalogue.limit(page)))
                first, later = [*first, *closed[-LINKED_FIRST:]], [*later, *closed[:-LINKED_FIRST]]
        return first, later

    def _categories(self) -> frozenset[str]:
        return frozenset(map(category_page, self.catalogue.categories))

    def _is_wanted(self, path: str, pages: frozenset[str], archives: frozenset[str]) -> bool:
        folder, slash, name = path.rpartition("/")
        if archive_of(path)[0]:
            stem, _, word = path.rpartition(".")
            return stem in archives and word in ARCHIVES and word in self.formats
        if folder + slash in pages:
            return name in {FILES[word] for word in formats_of(folder + slash, self.formats)}
        if folder == "category":
            return "html" in self.formats and category_page(name.removesuffix(".html")) in pages
        if folder + slash == ABOUT:
            return "html" in self.formats
        if folder.startswith("entry/"):
            return name == "gone" or ("html" in self.formats and self.catalogue.site.entry_pages)
        return not slash

    async def _choose(self, path: str) -> Chosen:
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

    async def _put(self, files: list[Rendered]) -> int:
        """Put files, and say how many were not there like that."""
        try:
            receipts = await asyncio.to_thread(self.sink.put_all, files)
        except PublishError:
            self._lists.clear()
            self._entries.clear()
            raise
        return receipts.count(Receipt.WRITTEN)

    async def _render(
        self, path: str, chosen: Chosen
    ) -> tuple[list[Rendered], Callable[[], Awaitable[list[Rendered]]]]:
        """The files of one page in halves: its feeds and what they link to; and what makes the others, for people.

        Who subscribes has what is new before those are made, which takes longer.
        """
        if path == HOME:
            return [], self._render_home
        if archive_of(path)[0]:
            return await self._render_archive(*archive_of(path)), _nothing
        kept = await self._kept(chosen.newest, chosen.fed)
        page = await self._page(path, chosen.newest, kept)
        fed = page if chosen.fed.numbers == chosen.newest.numbers else await self._page(path, chosen.fed, kept)
        fed = await self._with_history(fed, chosen)
        page = replace(page, chain=fed.chain)  # people page back from the newest, whatever is archived
        feeds = [
            await asyncio.to_thread(FORMATS[name], fed if name in ARCHIVES else page)
            for name in formats_of(path, self.formats)
            if name in FEEDS
        ]
        return feeds, lambda: self._render_others(page, kept, chosen, feeds)

    async def _render_others(
        self, page: Page, kept: Mapping[int, Kept], chosen: Chosen, feeds: list[Rendered]
    ) -> list[Rendered]:
        """The files of a page beside its feeds: for people, lists of its sources, and what stands at old addresses."""
        path, files = page.path, []
        formats = formats_of(path, self.formats)
        if "html" in formats:
            files.append(await asyncio.to_thread(FORMATS["html"], page))
        if "opml" in formats and not self._is_listed(path):
            files.append(await asyncio.to_thread(FORMATS["opml"], replace(page, sources=await self._listed(page))))
        both = (*feeds, *files)
        files += [moved for folder in self.catalogue.old_pages(path) for moved in at_old_address(page, folder, both)]
        if "html" in formats and path.startswith("category/"):
            files.append(render_moved(f"{path.removesuffix('/')}.html", page.title, page.address))
            shown = [kept[number] for number in chosen.newest.numbers if number in kept]
            others = await self._others(chosen.newest)
            files += await asyncio.to_thread(self._entry_pages, shown, others)
        if path == category_page(EVERYTHING):
            files += self._graves(await self.store.removed(path))
        return files

    def _graves(self, gone: Iterable[Removed]) -> list[Rendered]:
        """What stands in the places of removed entries: a mark for our server, a page for others."""
        files = []
        for one in gone:
            self._entries.pop(entry_page(one.id), None)
            files.append(Rendered(f"{entry_page(one.id)}gone", (one.reason or "removed").encode()))
            if "html" in self.formats and self.catalogue.site.entry_pages:
                files.append(render_gone(one.id, self.catalogue.site))
        return files

    async def _others(self, choice: Choice) -> Mapping[int, tuple[Kept, ...]]:
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

    def _entry_pages(self, many: Iterable[Kept], others: Mapping[int, tuple[Kept, ...]]) -> list[Rendered]:
        """The pages of those entries whose own page is not known to be as it should be.

        `others` are the other tellings of their stories.
        """
        if not self.catalogue.site.entry_pages:
            return []
        if len(self._entries) > ENTRIES_REMEMBERED:
            self._entries.clear()
        files = []
        for kept in many:
            # One and the same page, whichever category shows the entry: that of its first one.
            home = self.catalogue.home_of(kept)
            related = others.get(kept.number, ()) if self.catalogue.category(home).dedupe else ()
            path, state = entry_page(kept.id), hash((kept, related))
            if self._entries.get(path) != state:
                self._entries[path] = state
                page = make_page(self.catalogue, home, [kept], {kept.number: related})
                files += [rendered for rendered in [render_entry(page)] if rendered]
        return files

    async def _render_archive(self, path: str, name: str) -> list[Rendered]:
        """The files of one archive document."""
        archived = await self.store.archived(path, name)
        if archived is None:
            return []
        kept = self._configured(archived.kept)
        if self.catalogue.category(path).dedupe:
            kept = await self._without_copies(path, kept)
        page = make_page(self.catalogue, path, kept)
        page = replace(page, chain=archived.chain, removed=archived.removed)
        return [await asyncio.to_thread(FORMATS[word], page) for word in ARCHIVES if word in self.formats]

    async def _without_copies(self, path: str, kept: list[Kept]) -> list[Kept]:
        """Those of these entries by which the page tells their stories, and all that tell none with others."""
        told = await self.store.told(path, [one.number for one in kept])
        faces = {story: face_of(copies, self.catalogue.category(path).prefer) for story, copies in told.stories.items()}
        if new := {story: face for story, face in faces.items() if told.stories[story].face != face}:
            await self.store.settle(path, new)
        copies = {one.number for one in told.candidates if one.story is not None and faces[one.story] != one.number}
        return [one for one in kept if one.number not in copies]

    def _configured(self, kept: Iterable[Kept]) -> list[Kept]:
        return [one for one in kept if one.source_id in self.catalogue.sources]

    async def _render_home(self) -> list[Rendered]:
        theme = self.catalogue.site.theme
        files = [stylesheet("feed.css", theme)]
        everything = category_page(EVERYTHING)
        # Readers that know a feed at Jekyll's address follow no page that sends people on: they get the feed itself.
        chosen = await self._choose(everything)
        page = await self._page(everything, chosen.fed, await self._kept(chosen.fed))
        feed = await asyncio.to_thread(FORMATS["atom"], await self._with_history(page, chosen))
        files.append(replace(feed, path="feed.xml", problems=()))
        if not {"html", "opml"} & set(self.formats):
            return files
        home = await self._home()
        if "opml" in self.formats and not self._is_listed(HOME):
            files.append(await asyncio.to_thread(render_list, await self._with_sources(home)))
        if "html" in self.formats:
            files += [await asyncio.to_thread(render_home, home), render_about(home)]
            files += [stylesheet(name, theme) for name in ("style.css", "icon.svg")]
        return files

    async def _newest(self, path: str, limit: int) -> Page:
        choice = await foremost(self.store, self.catalogue.category(path), path, limit)
        return await self._page(path, choice, await self._kept(choice))

    async def _kept(self, *choices: Choice) -> Mapping[int, Kept]:
        """What was chosen, and the copies that are named; what was removed since is gone."""
        wanted = dict.fromkeys(number for choice in choices for number in choice.numbers)
        named = (choice.related(number, MOST_RELATED) for choice in choices for number in choice.numbers)
        kept = await self.store.entries(list({**wanted, **dict.fromkeys(chain.from_iterable(named))}))
        self._names.learn(kept[number] for number in wanted if number in kept)
        return kept

    async def _page(self, path: str, choice: Choice, kept: Mapping[int, Kept]) -> Page:
        """The page with the chosen entries, and the copies of their stories named."""
        shown = [kept[number] for number in choice.numbers if number in kept]
        related = {
            one.number: [kept[copy] for copy in choice.related(one.number, MOST_RELATED) if copy in kept]
            for one in shown
        }
        said = {} if shown or not path.startswith("source/") else await self.store.said([path.split("/")[1]])
        self._names.introduce(said)
        return make_page(self.catalogue, path, shown, related, next(iter(said.values()), None))

    async def _with_history(self, page: Page, chosen: Chosen) -> Page:
        """The page as the feeds show it whose documents lead back through the history."""
        if not page.path.startswith("category/"):
            return page
        page = replace(page, removed=await self.store.removed(page.path, TOMBS))
        return replace(page, chain=Chain(previous=chosen.archive)) if self.archive else page

    def _is_listed(self, path: str) -> bool:
        """Whether the list of sources was written since a name in it changed: of very many sources it is dear."""
        before, self._lists[path] = self._lists.get(path), self._names.version
        # Where entries name categories, who is behind one changes with the entries.
        return before == self._names.version and not self.catalogue.named

    async def _listed(self, page: Page) -> tuple[Listed, ...]:
        """The sources behind a category; what each calls itself is looked up once, and followed as entries pass."""
        unknown = [
            source.id
            for source in self.catalogue.sources.values()
            if stands_behind(source, page) and not (source.title and source.html_url) and self._names.lack(source.id)
        ]
        for start in range(0, len(unknown), NAMES_AT_A_TIME):
            some = unknown[start : start + NAMES_AT_A_TIME]
            self._names.learn(await self.store.newest_of_each([source_page(name) for name in some]))
            bare = [name for name in some if name not in self._names.origins]
            self._names.introduce(await self.store.said(bare) if bare else {})
        return listed(self.catalogue, page, self._names.origins)

    async def _with_sources(self, home: Home) -> Home:
        """The home page with the sources behind everything and each category."""
        everything, *categories = [
            replace(page, sources=await self._listed(page)) for page in (home.everything, *home.categories)
        ]
        return replace(home, everything=everything, categories=tuple(categories))

    async def _home(self) -> Home:
        """The home page shows the newest titles of every category; one that entries named has to have some."""
        slugs = [slug for slug in self.catalogue.categories if slug != EVERYTHING]
        pages = {slug: await self._newest(category_page(slug), HOME_TITLES) for slug in slugs}
        names = list(self.catalogue.sources)
        return Home(
            site=self.catalogue.site,
            everything=await self._newest(category_page(EVERYTHING), HOME_TITLES),
            categories=tuple(page for slug, page in pages.items() if page.shown or slug not in self.catalogue.named),
            sources=tuple([await self._newest(source_page(name), 1) for name in names[:SOURCES_AT_HOME]]),
            more=max(len(names) - SOURCES_AT_HOME, 0),
        )


async def _nothing() -> list[Rendered]:
    return []


def _is_read_first(page: str) -> bool:
    return page == HOME or (page.startswith("category/") and not archive_of(page)[0])


def _importance(page: str, last: str) -> tuple[int, bool, str]:
    """Categories, then home, which links to them, then sources, those after `last` first, then archive documents."""
    if _is_read_first(page):
        return int(page == HOME), False, page
    return 3 if archive_of(page)[0] else 2, page <= last, page
