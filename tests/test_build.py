"""Which pages a build comes to first, and which when its time is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.build import PAGES_TOGETHER, Builder
from aggregator.model import (
    HOME,
    Category,
    Changes,
    Entry,
    NewEntry,
    Origin,
    Receipt,
    Rendered,
    Site,
    Source,
    Visit,
    category_page,
    source_page,
)
from aggregator.selection import Catalogue
from aggregator.store import open_store

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITE = Site("Planet", "https://planet.example", "en", "UTC")
URL = "https://x.example/feed"


class Remembering:
    """A folder that remembers which pages were put into it, in their order."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self.files: list[str] = []

    def put_all(self, many: Sequence[Rendered]) -> list[Receipt]:
        self.files += [one.path for one in many]
        self.pages += [one.path.removesuffix("feed.atom") for one in many if one.path.endswith("/feed.atom")]
        return [Receipt.WRITTEN] * len(many)

    def tidy(self, wanted: Callable[[str], bool]) -> int:
        del wanted
        return 0


async def test_categories_come_first_at_every_build_and_sources_take_turns_where_time_is_short(tmp_path: Path) -> None:
    names = [f"s{number:03}" for number in range(60)]
    sources = {name: Source(name, "feed", URL, URL, ("news",), HOUR, HOUR, HOUR) for name in names}
    categories = {name: Category(name, name.title(), None, 50) for name in ("all", "news")}
    async with open_store(tmp_path / "s.db", SITE.base_url, alone=True) as store:
        await store.enrol(sources.values(), NOW)
        folder = Remembering()
        builder = Builder(store, Catalogue(SITE, categories, sources), folder, ("atom",))
        first = [category_page("all"), category_page("news")]
        met = list[str]()
        for _ in range(5):
            folder.pages.clear()
            # Everything changes again before each build, and none has the time for all.
            await store.mark_stale((*first, HOME, *map(source_page, names)))
            built = await builder.build(within=0.0)
            assert folder.pages[:2] == first
            assert len(folder.pages) <= PAGES_TOGETHER
            assert built.left == 63 - PAGES_TOGETHER
            met += folder.pages[2:]
        assert set(met) == set(map(source_page, names))
        assert len(met) - len(set(met)) == 5, "nobody comes a third time before everybody came once"


async def test_feeds_of_categories_are_on_the_disk_before_all_else(tmp_path: Path) -> None:
    site = replace(SITE, formats=("atom", "json", "html"))
    sources = {"one": Source("one", "feed", URL, URL, ("news",), HOUR, HOUR, HOUR)}
    categories = {name: Category(name, name.title(), None, 50) for name in ("all", "news")}
    async with open_store(tmp_path / "s.db", SITE.base_url, alone=True) as store:
        await store.enrol(sources.values(), NOW)
        folder, catalogue = Remembering(), Catalogue(site, categories, sources)
        await store.mark_stale((*catalogue.pages(), HOME))
        await Builder(store, catalogue, folder, site.formats).build()
    kinds = [path.endswith((".atom", ".json")) for path in folder.files]
    assert kinds[:4] == [True] * 4
    assert {path.rpartition("/")[0] for path in folder.files[:4]} == {"category/all", "category/news"}
    assert kinds[4:].count(True) == 2, "those of its source come with the pages"


async def test_what_a_build_made_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    class Failing(Remembering):
        cut_short = False

        def put_all(self, many: Sequence[Rendered]) -> list[Receipt]:
            entries = [one.path for one in many if one.path.startswith("entry/")]
            if entries and not self.cut_short:
                self.cut_short = True
                raise RuntimeError("cut short")
            self.files += entries
            return [Receipt.WRITTEN] * len(many)

    site = replace(SITE, formats=("atom", "html", "opml"))
    source = Source("one", "feed", URL, URL, (), HOUR, HOUR, HOUR)
    async with open_store(tmp_path / "s.db", SITE.base_url, alone=True) as store:
        await store.enrol([source], NOW)
        origin = Origin("https://x.example/feed", "X")
        new = NewEntry(Entry("k", "News", "https://x.example/1", origin), "f", NOW, NOW, source.pages)
        await store.apply(Changes(source, Visit("one", NOW), new=(new,)))
        folder, catalogue = Failing(), Catalogue(site, {"all": Category("all", "All", None, 50)}, {"one": source})
        builder = Builder(store, catalogue, folder, site.formats)
        with pytest.raises(RuntimeError):
            await builder.build()
        await builder.build()
    assert len(folder.files) == 1


async def test_a_build_with_time_enough_leaves_nothing(tmp_path: Path) -> None:
    sources = {f"s{n}": Source(f"s{n}", "feed", URL, URL, (), HOUR, HOUR, HOUR) for n in range(40)}
    async with open_store(tmp_path / "s.db", SITE.base_url, alone=True) as store:
        await store.enrol(sources.values(), NOW)
        catalogue = Catalogue(SITE, {"all": Category("all", "All", None, 50)}, sources)
        builder = Builder(store, catalogue, Remembering(), ("atom",))
        await store.mark_stale((*catalogue.pages(), HOME))
        assert (await builder.build(within=3600.0)).left == 0
        assert await store.stale() == {}
