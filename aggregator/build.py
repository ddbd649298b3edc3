"""The walk out: what is stale in the published folder is selected, rendered and put; twice changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from aggregator.formats import FORMATS
from aggregator.formats.html import HOME_TITLES, render_home, stylesheet
from aggregator.model import EVERYTHING, HOME, Home, Page, Receipt, Rendered, category_page, source_page
from aggregator.ports import Sink, Store
from aggregator.selection import Catalogue, make_page

log = logging.getLogger(__name__)

SOURCES_AT_HOME = 100


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
        for page in wanted[:most]:
            files = await self._render(page)
            receipts = await asyncio.to_thread(self.sink.put_all, files)
            written += receipts.count(Receipt.WRITTEN)
            problems += [problem for rendered in files for problem in rendered.problems]
            if page in marks:
                await self.store.mark_built(page, marks[page])
            looked_at += 1
        for problem in problems:
            log.warning("left out", extra={"fields": {"entry": problem}})
        if written:
            log.info("build", extra={"fields": {"pages": looked_at, "written": written}})
        return Built(looked_at, written, len(wanted) - looked_at, tuple(problems))

    async def _render(self, path: str) -> list[Rendered]:
        """The files of one page."""
        if path == HOME:
            if "html" not in self.formats:
                return []
            home = await self._home()
            return [await asyncio.to_thread(render_home, home), stylesheet()]
        page = await self._page(path, self.catalogue.limit(path))
        return [await asyncio.to_thread(FORMATS[name], page) for name in self.formats]

    async def _page(self, path: str, limit: int) -> Page:
        return make_page(self.catalogue, path, await self.store.newest(path, limit))

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


def _importance(page: str) -> tuple[int, str]:
    """Categories, then home, which links to them, then sources."""
    return (0 if page.startswith("category/") else 1 if page == HOME else 2, page)
