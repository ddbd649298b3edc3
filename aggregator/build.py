"""The walk out: what is stale in the published folder is gathered, rendered and put; twice changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from aggregator.choosing import Chosen
from aggregator.formats import ARCHIVES, FILES, FORMATS, formats_of
from aggregator.formats.html import ABOUT, render_about, render_entry, render_gone, render_home, stylesheet
from aggregator.formats.moved import at_old_address, render_moved
from aggregator.formats.opml import render_home as render_list
from aggregator.history import archive_of, part_size
from aggregator.model import EVERYTHING, HOME, Kept, Receipt, Removed, Rendered, category_page, entry_page
from aggregator.pages import Gathered, Pages
from aggregator.ports import Sink, Store
from aggregator.selection import Catalogue, Names, make_page

log = logging.getLogger(__name__)

LINKED_FIRST = 4  # so many of the archive documents that a page is the first to link to are there when it is
ENTRIES_REMEMBERED = 20_000
PAGES_TOGETHER = 16  # written together, so that they wait for the disk together
FEEDS = frozenset({"atom", "rss", "json"})

_OtherHalf = Callable[[], Awaitable[list[Rendered]]]


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
        try:
            return await whole._build(pages, most, within)
        except BaseException:  # also where it is cut short: what was made may not be there
            self._lists.clear()
            self._entries.clear()
            raise

    async def pages(self) -> tuple[str, ...]:
        """All pages there are, home among them, and all archive documents."""
        whole = await self._with_named()
        return (*whole.catalogue.pages(), HOME, *await self.archives())

    @property
    def _pages(self) -> Pages:
        return Pages(self.store, self.catalogue, self.archive, self._names)

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
        problems = dict[str, None]()
        present = marks.keys() & known if pages is None else pages
        # In a thread, as all that goes through every page: there may be 100,000.
        wanted = await asyncio.to_thread(sorted, present, key=lambda page: _importance(page, last))
        while wanted and (most is None or looked_at < most):
            together, wanted = wanted[:PAGES_TOGETHER], wanted[PAGES_TOGETHER:]
            first, later = await self._close_archives(together)
            if first:
                marks = await self.store.stale()
                together, wanted = [*first, *together], [*wanted, *later]
            files, left_out = await self._build_together(together, marks)
            looked_at, written = looked_at + len(together), written + files
            problems |= dict.fromkeys(left_out)
            self._turn["last"] = together[-1]
            if within is not None and clock() - began > within and not _is_read_first(together[-1]):
                break
        for problem in problems:
            log.warning("left out", extra={"fields": {"entry": problem}})
        if written:
            log.info("build", extra={"fields": {"pages": looked_at, "written": written}})
        return Built(looked_at, written, len(wanted), tuple(problems))

    async def _build_together(self, pages: Iterable[str], marks: Mapping[str, int]) -> tuple[int, list[str]]:
        """Build these pages, and say how many files were written, and what was left out of them.

        The feeds go first. The rest is made while those are compressed and wait for the disk.
        """
        choices = {page: await self._pages.choose(page) for page in dict.fromkeys(pages)}
        halves = [await self._render(page, chosen) for page, chosen in choices.items()]
        feeds = [rendered for half, _ in halves for rendered in half]
        putting = asyncio.create_task(self._put(feeds))
        try:
            others = [rendered for _, other_half in halves for rendered in await other_half()]
        finally:
            written = await putting
        written += await self._put(others)
        marked = [(page, chosen) for page, chosen in choices.items() if page in marks]
        await asyncio.gather(
            *(self.store.mark_built(page, marks[page], one.faces, one.newest.latest) for page, one in marked)
        )
        return written, [problem for rendered in (*feeds, *others) for problem in rendered.problems]

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

    async def _put(self, files: list[Rendered]) -> int:
        """Put files, and say how many were not there like that."""
        receipts = await asyncio.to_thread(self.sink.put_all, files)
        return receipts.count(Receipt.WRITTEN)

    async def _render(self, path: str, chosen: Chosen) -> tuple[list[Rendered], _OtherHalf]:
        """The files of one page in halves: its feeds and what they link to; and what makes the others, for people.

        Who subscribes to a category has what is new before those are made, which takes longer.
        """
        if path == HOME:
            return [], self._render_home
        if archive_of(path)[0]:
            return await self._render_archive(*archive_of(path)), _nothing
        gathered = await self._pages.gather(path, chosen)
        if not _is_read_first(path):
            return [], partial(self._render_whole, gathered, chosen)
        feeds = await self._render_feeds(gathered)
        return feeds, partial(self._render_others, gathered, chosen, feeds)

    async def _render_whole(self, gathered: Gathered, chosen: Chosen) -> list[Rendered]:
        """All files of a page."""
        feeds = await self._render_feeds(gathered)
        return [*feeds, *await self._render_others(gathered, chosen, feeds)]

    async def _render_feeds(self, gathered: Gathered) -> list[Rendered]:
        """The feeds of a page."""
        return [
            await asyncio.to_thread(FORMATS[name], gathered.fed if name in ARCHIVES else gathered.page)
            for name in formats_of(gathered.page.path, self.formats)
            if name in FEEDS
        ]

    async def _render_others(self, gathered: Gathered, chosen: Chosen, feeds: Sequence[Rendered]) -> list[Rendered]:
        """The files of a page beside its feeds: for people, lists of its sources, and what stands at old addresses."""
        page, path, files = gathered.page, gathered.page.path, list[Rendered]()
        formats = formats_of(path, self.formats)
        if "html" in formats:
            files.append(await asyncio.to_thread(FORMATS["html"], page))
        if "opml" in formats and not self._is_listed(path):
            files.append(await asyncio.to_thread(FORMATS["opml"], await self._pages.with_sources(page)))
        both = (*feeds, *files)
        files += [moved for folder in self.catalogue.old_pages(path) for moved in at_old_address(page, folder, both)]
        if "html" in formats and path.startswith("category/"):
            files.append(render_moved(f"{path.removesuffix('/')}.html", page.title, page.address))
            tellings = await self._pages.tellings(chosen.newest)
            files += await asyncio.to_thread(self._entry_pages, gathered.kept, tellings)
        if path == category_page(EVERYTHING):
            files += self._graves(await self.store.removed(path))
        return files

    def _entry_pages(self, many: Iterable[Kept], tellings: Mapping[int, tuple[Kept, ...]]) -> list[Rendered]:
        """The pages of those entries whose own page is not known to be as it should be.

        `tellings` are the other ones of their stories.
        """
        if not self.catalogue.site.entry_pages:
            return []
        if len(self._entries) > ENTRIES_REMEMBERED:
            self._entries.clear()
        files = []
        for kept in many:
            # One and the same page, whichever category shows the entry: that of its first one.
            home = self.catalogue.home_of(kept)
            related = tellings.get(kept.number, ()) if self.catalogue.category(home).dedupe else ()
            path, state = entry_page(kept.id), hash((kept, related))
            if self._entries.get(path) != state:
                self._entries[path] = state
                page = make_page(self.catalogue, home, [kept], {kept.number: related})
                files += [rendered for rendered in [render_entry(page)] if rendered]
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

    async def _render_archive(self, path: str, name: str) -> list[Rendered]:
        """The files of one archive document."""
        page = await self._pages.archived(path, name)
        if page is None:
            return []
        return [await asyncio.to_thread(FORMATS[word], page) for word in ARCHIVES if word in self.formats]

    async def _render_home(self) -> list[Rendered]:
        theme = self.catalogue.site.theme
        files = [stylesheet("feed.css", theme)]
        everything = category_page(EVERYTHING)
        # Readers that know a feed at Jekyll's address follow no page that sends people on: they get the feed itself.
        gathered = await self._pages.gather(everything, await self._pages.choose(everything))
        feed = await asyncio.to_thread(FORMATS["atom"], gathered.fed)
        files.append(replace(feed, path="feed.xml", problems=()))
        if not {"html", "opml"} & set(self.formats):
            return files
        home = await self._pages.home()
        if "opml" in self.formats and not self._is_listed(HOME):
            files.append(await asyncio.to_thread(render_list, await self._pages.home_with_sources(home)))
        if "html" in self.formats:
            files += [await asyncio.to_thread(render_home, home), render_about(home)]
            files += [stylesheet(name, theme) for name in ("style.css", "icon.svg")]
        return files

    def _is_listed(self, path: str) -> bool:
        """Whether the list of sources was written since a name in it changed: of very many sources it is dear."""
        before, self._lists[path] = self._lists.get(path), self._names.version
        # Where entries name categories, who is behind one changes with the entries.
        return before == self._names.version and not self.catalogue.named


async def _nothing() -> list[Rendered]:
    return []


def _is_read_first(page: str) -> bool:
    return page == HOME or (page.startswith("category/") and not archive_of(page)[0])


def _importance(page: str, last: str) -> tuple[int, bool, str]:
    """Categories, then home, which links to them, then sources, those after `last` first, then archive documents."""
    if _is_read_first(page):
        return int(page == HOME), False, page
    return 3 if archive_of(page)[0] else 2, page <= last, page
