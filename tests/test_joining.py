"""Stories in the store and on the pages: who joins whom, which telling is shown, and that what readers saw stays."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import pytest
from alembic import command
from alembic.config import Config
from lxml import etree
from sqlalchemy import create_engine, event
from story_examples import COMPILER, COURT, RIVER, ZH_CHIP, ZH_RIVER
from story_pairs import an_entry

from aggregator.build import Builder
from aggregator.changes import fingerprint
from aggregator.choosing import choose
from aggregator.model import (
    Category,
    Changes,
    Entry,
    NewEntry,
    Outcome,
    RevisedEntry,
    Site,
    Source,
    Visit,
    amended,
    category_page,
    source_page,
)
from aggregator.publish import Folder
from aggregator.selection import Catalogue
from aggregator.store import SqlStore, open_store
from aggregator.store.codec import pack_entry
from aggregator.store.database import MIGRATIONS, open_database
from aggregator.store.joining import PERIOD

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
NEWS = Category("news", "News", None, 50)
TITLE = "The river reaches the market square of the old town"


def a_source(name: str, *categories: str) -> Source:
    """A source of these categories."""
    address, hour = f"https://{name}.example/feed", timedelta(hours=1)
    return Source(name, "feed", address, address, categories or ("news",), hour, hour, hour, title=name.upper())


def told(source: str, title: str = TITLE, text: str = RIVER, link: str = "") -> Entry:
    """A telling of a story by this source."""
    return an_entry(title, text, link or f"https://{source}.example/2026/{crc32(title.encode())}-story", source)


@dataclass
class Planet:
    """Three sources, a store and what is published of it."""

    folder: Path
    store: SqlStore
    sources: dict[str, Source]
    category: Category = NEWS
    moment: datetime = NOW
    language: str = "en"
    archive: bool = False
    numbers: dict[str, int] = field(default_factory=dict)

    async def keep(
        self, source: str, *entries: Entry, later: timedelta = timedelta(minutes=1), at: datetime | None = None
    ) -> None:
        """A poll that found these entries new, some time after the last; published just now, or `at` that time."""
        self.moment += later
        one, at = self.sources[source], at or self.moment
        new = tuple(NewEntry(entry, fingerprint(entry), at, self.moment, one.pages) for entry in entries)
        await self.store.apply(Changes(one, self._visit(source), new))

    async def revise(self, source: str, number: int, entry: Entry) -> None:
        """A poll that found this entry changed."""
        self.moment += timedelta(minutes=1)
        one = self.sources[source]
        revised = RevisedEntry(number, entry, fingerprint(entry), self.moment, 1, one.pages)
        await self.store.apply(Changes(one, self._visit(source), revised=(revised,)))

    def _visit(self, source: str) -> Visit:
        return Visit(source, self.moment, finished=self.moment, outcome=Outcome.NEW)

    async def build(self) -> int:
        """Publish what is stale; how many files were written."""
        site = Site("S", "https://planet.example", self.language, "UTC")
        everything = replace(self.category, slug="all", title="All")
        categories = {"all": everything, "news": self.category, "tech": replace(self.category, slug="tech")}
        catalogue = Catalogue(site, categories, self.sources)
        return (
            await Builder(self.store, catalogue, Folder(self.folder), ("atom", "html"), self.archive).build()
        ).written

    async def shown(self, category: str = "news") -> list[str]:
        """The sources of the entries in the category's feed."""
        await self.build()
        return [entry.findtext(f"{ATOM}source/{ATOM}title") or "" for entry in self.feed(category_page(category))]

    def history(self) -> list[str]:
        """The sources of the entries in the archive documents of the news, in their order."""
        folder = self.folder / "category/news/archive"
        documents = [etree.parse(path) for path in sorted(folder.glob("*.atom"), key=lambda one: one.stem)]
        found = [entry for document in documents for entry in document.getroot().findall(f"{ATOM}entry")]
        return [entry.findtext(f"{ATOM}source/{ATOM}title") or "" for entry in found]

    def feed(self, page: str) -> list[etree._Element]:
        """The entries of a published feed."""
        return etree.parse(self.folder / page / "feed.atom").getroot().findall(f"{ATOM}entry")

    def text(self, page: str, name: str = "feed.atom") -> str:
        """A published file."""
        return (self.folder / page / name).read_text("utf-8")


@asynccontextmanager
async def opened(folder: Path, *sources: Source) -> AsyncIterator[Planet]:
    """A planet of these sources, without an entry."""
    async with open_store(folder / "store.db", "https://planet.example", alone=True) as store:
        await store.enrol(sources, NOW)
        yield Planet(folder / "public", store, {source.id: source for source in sources})


@pytest.fixture
async def planet(tmp_path: Path) -> AsyncIterator[Planet]:
    """A planet of the sources a, b and c, all in one category."""
    async with opened(tmp_path, *map(a_source, "abc")) as one:
        yield one


# ---------------------------------------------------------------- what a page shows


async def test_a_story_of_several_sources_is_shown_once_and_the_others_are_named(planet: Planet) -> None:
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b", f"{TITLE} - B", RIVER[:200]))
    await planet.keep("c", told("c", "Flood drives 1,200 people out", RIVER))
    assert await planet.shown() == ["A"]
    (entry,) = planet.feed("category/news/")
    related = [link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "related"]
    assert [link.get("title") for link in related] == [f"B: {TITLE} - B", "C: Flood drives 1,200 people out"]
    content = entry.findtext(f"{ATOM}content") or ""
    assert "<p>Also reported by: <a href=" in content
    assert content.count("<a ") == 2
    page = planet.text("category/news/", "index.html")
    assert "Also reported by: <a href=" in page
    assert page.count("<article") == 1


async def test_on_a_chinese_site_the_line_is_chinese(planet: Planet) -> None:
    planet.language = "zh-CN"
    await planet.keep("a", told("a", "老城区河水上涨四米", ZH_RIVER))
    await planet.keep("b", told("b", "老城区河水上涨四米_新浪财经", ZH_RIVER))
    assert await planet.shown() == ["A"]
    assert "另见报道：" in planet.text("category/news/")
    assert "另见报道：" in planet.text("category/news/", "index.html")


async def test_an_entrys_own_page_names_who_else_tells_its_story_and_a_copy_that_comes_later(planet: Planet) -> None:
    await planet.keep("a", told("a"))
    await planet.build()
    (page,) = planet.folder.glob("entry/*/index.html")
    assert "Also reported by" not in page.read_text("utf-8")
    await planet.keep("b", told("b"), later=timedelta(hours=3))
    await planet.build()
    assert list(planet.folder.glob("entry/*/index.html")) == [page], "a hidden copy has no page that leads nowhere"
    assert f'Also reported by: <a href="{told("b").link}"' in page.read_text("utf-8")
    planet.category = replace(planet.category, dedupe=False)
    await planet.store.mark_stale(["category/news/"])
    await planet.build()
    assert "Also reported by" not in page.read_text("utf-8")


async def test_each_source_shows_all_of_its_own(planet: Planet) -> None:
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b"))
    await planet.build()
    for name in "ab":
        (entry,) = planet.feed(source_page(name))
        assert "Also reported" not in etree.tostring(entry, encoding="unicode")


async def test_where_it_is_turned_off_a_category_shows_every_telling(planet: Planet) -> None:
    planet.category = replace(planet.category, dedupe=False)
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b"))
    assert await planet.shown() == ["B", "A"]
    assert "related" not in planet.text("category/news/")


async def test_a_category_names_only_tellings_that_stand_in_it(tmp_path: Path) -> None:
    async with opened(tmp_path, a_source("a", "news"), a_source("b", "tech")) as planet:
        await planet.keep("a", told("a"))
        await planet.keep("b", told("b"))
        assert await planet.shown("news") == ["A"]
        assert await planet.shown("tech") == ["B"]
        assert await planet.shown("all") == ["A"]
        assert "related" not in planet.text("category/news/")
        assert "related" in planet.text("category/all/")


async def test_copies_that_are_hidden_leave_their_places_to_older_entries(planet: Planet) -> None:
    planet.category = replace(planet.category, limit=3)
    await planet.keep("c", told("c", "An older entry about parking data", COURT))
    await planet.keep("c", told("c", "An entry about the new compiler", COMPILER))
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b"))
    assert await planet.shown() == ["A", "C", "C"]


async def test_no_more_of_one_source_are_shown_than_allowed(planet: Planet) -> None:
    planet.category = replace(planet.category, per_source=2, limit=4)
    await planet.keep("b", told("b", "An older entry about parking data", COURT))
    for number in range(40):
        await planet.keep("a", told("a", f"Number {number} of many entries, all different", ""))
    await planet.keep("c", told("c", "An entry about the new compiler", COMPILER))
    assert await planet.shown() == ["C", "A", "A", "B"]


async def test_a_telling_that_has_no_place_hides_no_other(planet: Planet) -> None:
    planet.category = replace(planet.category, per_source=2)
    await planet.keep("a", told("a"))
    await planet.keep("a", *(told("a", f"Number {number} of many entries, all different", "") for number in range(2)))
    await planet.keep("b", told("b"))
    assert await planet.shown() == ["B", "A", "A"]
    await planet.keep("c", told("c"))
    assert await planet.shown() == ["B", "A", "A"], "that is how readers know the story now"


async def test_a_telling_too_old_to_be_shown_hides_no_other(planet: Planet) -> None:
    planet.category = replace(planet.category, limit=3)
    many = [told("c", f"Number {number} of many entries, all different", "") for number in range(4)]
    await planet.keep("a", told("a"), at=NOW - timedelta(days=2))
    await planet.keep("c", *many, later=timedelta())
    assert await planet.shown() == ["C", "C", "C"]
    await planet.keep("b", told("b"))
    assert await planet.shown() == ["B", "C", "C"]
    await planet.keep("c", told("c"))
    assert await planet.shown() == ["B", "C", "C"]


async def test_a_page_tells_no_story_again_that_has_left_it(planet: Planet) -> None:
    planet.category = replace(planet.category, limit=3)
    await planet.keep("a", told("a"))
    assert await planet.shown() == ["A"]
    for number in range(4):
        await planet.keep("c", told("c", f"Number {number} of many entries, all different", ""))
    assert await planet.shown() == ["C", "C", "C"]
    await planet.keep("b", told("b"))
    assert await planet.shown() == ["C", "C", "C"]
    choice = await choose(planet.store, planet.category, "category/news/", 3)
    assert set(choice.hidden.values()) == {"its story was shown as a tells it"}


# ---------------------------------------------------------------- what readers saw stays


async def test_of_tellings_nobody_has_seen_yet_the_preferred_one_is_shown(planet: Planet) -> None:
    planet.category = replace(planet.category, prefer=("c", "b"))
    for name in "abc":
        await planet.keep(name, told(name))
    assert await planet.shown() == ["C"]


async def test_without_a_preference_the_first_that_was_kept_is_shown(planet: Planet) -> None:
    for name in "bca":
        await planet.keep(name, told(name))
    assert await planet.shown() == ["B"]


async def test_a_late_telling_joins_silently_even_if_it_is_preferred(planet: Planet) -> None:
    planet.category = replace(planet.category, prefer=("c",))
    await planet.keep("a", told("a"))
    await planet.build()
    (before,) = planet.feed("category/news/")
    await planet.keep("b", told("b"), later=timedelta(hours=3))
    await planet.keep("c", told("c"), later=timedelta(hours=3))
    await planet.build()
    (after,) = planet.feed("category/news/")
    for name in ("id", "title", "published", "updated"):
        assert after.findtext(ATOM + name) == before.findtext(ATOM + name)
    assert planet.text("category/news/").count('rel="related"') == 2
    feed = etree.fromstring(planet.text("category/news/").encode())
    assert feed.findtext(f"{ATOM}updated") == before.findtext(f"{ATOM}updated"), "nothing new was told"


async def test_a_page_keeps_the_telling_it_was_built_with_when_the_preference_changes(planet: Planet) -> None:
    for name in "abc":
        await planet.keep(name, told(name))
    assert await planet.shown() == ["A"]
    planet.category = replace(planet.category, prefer=("c",))
    await planet.store.mark_stale(["category/news/"])
    assert await planet.shown() == ["A"]


async def test_when_the_shown_telling_is_gone_the_next_stands_in(planet: Planet, tmp_path: Path) -> None:
    for name in "abc":
        await planet.keep(name, told(name))
    assert await planet.shown() == ["A"]
    del planet.sources["a"]
    await planet.store.enrol(planet.sources.values(), NOW)
    assert await planet.shown() == ["B"]


async def test_a_purged_entry_leaves_its_story_to_the_others(planet: Planet, tmp_path: Path) -> None:
    for name in "abc":
        await planet.keep(name, told(name))
    assert await planet.shown() == ["A"]
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys=ON")
        database.execute("DELETE FROM membership WHERE entry_number = 1")
        database.execute("DELETE FROM entry WHERE number = 1")
        for table in ("signature", "story"):
            assert database.execute(f"SELECT count(*) FROM {table} WHERE entry_number = 1").fetchone() == (0,)
    await planet.store.mark_stale(["category/news/"])
    assert await planet.shown() == ["B"]


async def test_a_removed_entry_leaves_its_marks_to_the_next_teller_of_its_story(planet: Planet, tmp_path: Path) -> None:
    for name in "ab":
        await planet.keep(name, told(name))
    assert await planet.shown() == ["A"]
    with closing(sqlite3.connect(tmp_path / "store.db")) as database:
        marked = "SELECT count(*) FROM mark WHERE entry_number = 1"
        assert database.execute(marked).fetchone()[0] > 3
        assert database.execute("SELECT count(*) FROM face").fetchone()[0] > 0
        (gone,) = await planet.store.remove(told("a").link, planet.moment)
        assert gone.number == 1
        assert database.execute(marked).fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM face").fetchone() == (0,)
    assert await planet.shown() == ["B"]
    await planet.keep("c", told("c"))
    assert await planet.shown() == ["B"], "the next who tells it has its marks now"
    assert [row[1] for row in stories(tmp_path)] == ["b", "c"]


async def test_building_twice_changes_nothing(planet: Planet) -> None:
    for name in "abc":
        await planet.keep(name, told(name))
    await planet.build()
    before = planet.text("category/news/")
    await planet.store.mark_stale(["category/news/", "category/all/"])
    assert await planet.build() == 0
    assert planet.text("category/news/") == before


async def test_the_history_tells_a_story_once_too_and_as_the_feed_did(planet: Planet) -> None:
    planet.archive, planet.category = True, replace(planet.category, limit=4, prefer=("b",))
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b"))
    await planet.keep("c", told("c", "An entry about the new compiler", COMPILER))
    assert await planet.shown() == ["C", "B"]
    assert planet.history() == ["B"], "its first document is closed, and the compiler waits for the next"
    before = planet.text("category/news/archive", "2026-11.atom")
    await planet.keep("c", told("c"))
    await planet.keep("a", told("a", "An older entry about parking data", COURT))
    assert await planet.shown() == ["A", "C", "B"], "a late copy that waits for the history is hidden too"
    assert planet.history() == ["B", "C"]
    planet.category = replace(planet.category, prefer=("a",))
    await planet.store.mark_stale(["category/news/archive/2026-11"])
    await planet.build()
    after = planet.text("category/news/archive", "2026-11.atom")
    assert re.sub('<link [^>]*rel="next-archive"[^>]*/>', "", after) == before, (
        "closed documents stay, but for the link to the next"
    )


async def test_a_story_of_long_ago_keeps_its_teller_in_the_history(planet: Planet) -> None:
    planet.archive, planet.category = True, replace(planet.category, limit=2, prefer=("b",))
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b"))
    await planet.keep("c", told("c", "An entry about the new compiler", COMPILER))
    await planet.keep("c", told("c", "An older entry about parking data", COURT))
    await planet.build()
    assert planet.history() == ["B", "C", "C"]
    await planet.store.mark_stale(["category/news/archive/2026-11", "category/news/archive/2026-11-2"])
    await planet.build()
    assert planet.history() == ["B", "C", "C"]


# ---------------------------------------------------------------- who joins


def stories(folder: Path) -> list[tuple[int, str, int | None, str | None]]:
    """Who tells a story with others: story, source, like whom and by what."""
    with closing(sqlite3.connect(folder / "store.db")) as database:
        rows = database.execute("SELECT story, source_id, like, by FROM story ORDER BY entry_number")
        return list(rows.fetchall())


async def test_the_store_remembers_what_each_joined_by(planet: Planet, tmp_path: Path) -> None:
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b", "Seen: a flood", "", told("a").link + "?utm_source=rss"))
    await planet.keep("c", told("c", "Flood drives 1,200 people out", RIVER))
    assert stories(tmp_path) == [(1, "a", None, None), (1, "b", 1, "same address"), (1, "c", 1, "near-duplicate text")]


async def test_a_source_tells_a_story_once(planet: Planet, tmp_path: Path) -> None:
    await planet.keep("a", told("a"))
    await planet.keep("a", told("a", f"{TITLE}: the second time"))
    await planet.keep("b", told("b", "Flood drives 1,200 people out"), told("b", "The flood again, by us"))
    assert [row[1] for row in stories(tmp_path)] == ["a", "b"], "two of one source are two to their readers"
    assert len(await planet.shown()) == 3


async def test_tellings_more_than_a_week_apart_are_not_joined(planet: Planet, tmp_path: Path) -> None:
    await planet.keep("a", told("a"))
    await planet.keep("b", told("b"), later=timedelta(days=8))
    assert stories(tmp_path) == []


async def test_tellings_on_either_side_of_a_period_are_joined(planet: Planet, tmp_path: Path) -> None:
    edge = (NOW.timestamp() // PERIOD.total_seconds() + 1) * PERIOD.total_seconds()
    planet.moment = datetime.fromtimestamp(edge, UTC) - timedelta(hours=2)
    await planet.keep("a", told("a"), told("a", "An entry about the new compiler", COMPILER))
    await planet.keep("b", told("b"), later=timedelta(hours=3))
    await planet.keep("c", told("c"), later=-timedelta(hours=3))
    assert [row[1] for row in stories(tmp_path)] == ["a", "b", "c"]


async def test_an_entry_joins_when_its_text_is_revised(planet: Planet, tmp_path: Path) -> None:
    await planet.keep("a", told("a"))
    stub = told("b", "To be told", "Soon.")
    await planet.keep("b", stub)
    assert stories(tmp_path) == []
    await planet.revise("b", 2, amended(stub, title="Flood drives 1,200 people out", content=told("b").content))
    assert [row[1] for row in stories(tmp_path)] == ["a", "b"]
    await planet.revise("b", 2, amended(stub, title="Something else altogether", content=f"<p>{COURT}</p>"))
    assert [row[1] for row in stories(tmp_path)] == ["a", "b"], "who tells a story stays with it"


async def test_marks_of_entries_that_are_gone_lead_to_those_that_follow(planet: Planet, tmp_path: Path) -> None:
    await planet.keep("a", told("a"))
    await planet.keep("c", told("c", "An entry about the new compiler", COMPILER))
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys=ON")
        database.execute("DELETE FROM membership WHERE entry_number = 1")
        database.execute("DELETE FROM entry WHERE number = 1")
    await planet.keep("b", told("b"))
    await planet.keep("c", told("c"))
    assert [row[1] for row in stories(tmp_path)] == ["b", "c"]


async def test_what_a_poll_costs_does_not_grow_with_what_it_found(planet: Planet) -> None:
    """Few statements for a poll, however many entries it brings and however many of them are told elsewhere."""
    asked: list[str] = []
    event.listen(planet.store._writer._engine, "before_cursor_execute", lambda *words: asked.append(words[2]))
    texts = [
        f"{text}\nNumber {number} of {number * 7 + 1000}." for number, text in enumerate([RIVER, COURT, ZH_CHIP] * 5)
    ]
    entries = [(f"Entry {'x' * number} of a long list", text) for number, text in enumerate(texts)]
    await planet.keep("a", *(told("a", title, text) for title, text in entries))
    few = len(asked)
    asked.clear()
    await planet.keep("b", *(told("b", title, text) for title, text in entries))
    assert len(asked) <= few + 5 + 2 * len(entries), "two for each that joined"
    assert few <= 16


async def test_no_page_is_built_by_going_through_its_whole_timeline(planet: Planet, tmp_path: Path) -> None:
    """SQLite chooses the way of each statement; none may lead over all that stands on a page."""
    asked: list[tuple[str, object]] = []
    planet.archive, planet.category = True, replace(planet.category, limit=4)
    event.listen(planet.store._writer._engine, "before_cursor_execute", lambda *words: asked.append(words[2:4]))
    for name in "abc":
        await planet.keep(name, told(name))
    await planet.keep("c", told("c", "An entry about the new compiler", COMPILER))
    await planet.keep("c", told("c", "An older entry about parking data", COURT))
    await planet.build()
    seen = [(said, values) for said, values in asked if said.startswith("SELECT") and "membership" in said]
    assert len(seen) > 10
    with closing(sqlite3.connect(tmp_path / "store.db")) as database:
        for said, values in seen:
            plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {said}", values)]
            through = [step for step in plan if step == "SEARCH membership USING PRIMARY KEY (page=?)"]
            assert not through or "LIMIT" in said, f"{said}\n{plan}"


# ---------------------------------------------------------------- stores of before


def test_a_store_of_before_has_its_stories_joined(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "store.db"
    engine, config = create_engine(f"sqlite:///{path}"), Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0012")
    engine.dispose()
    moment = int(NOW.timestamp())
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for number, name in enumerate("abc", start=1):
            old.execute("INSERT INTO source (id, pages, address, active) VALUES (?, '[]', '', 1)", (name,))
            # What stands in the address of the last is none.
            link = "https://web.archive.org/web/2020/http://例？子/x"
            entry = told(name) if name != "c" else told(name, "An entry about the new compiler", COMPILER, link)
            row = (number, name, entry.key, f"urn:{number}", moment + number, moment, moment, pack_entry(entry))
            old.execute(
                "INSERT INTO entry (number, source_id, key, published_id, fingerprint, published, updated, first_seen,"
                " revision, body) VALUES (?, ?, ?, ?, 'f', ?, ?, ?, 0, ?)",
                row,
            )
            old.execute("INSERT INTO membership VALUES ('category/news/', ?, ?)", (moment + number, number))
    with caplog.at_level(logging.INFO, "aggregator"):
        open_database(path, held=False).dispose()
    told_of = [vars(record)["fields"] for record in caplog.records if record.msg == "migrate"]
    assert told_of == [{"joining": "stories", "entries": 3}, {"joining": "stories", "done": "100%"}]
    assert stories(tmp_path) == [(1, "a", None, None), (1, "b", 1, "same title")]
    with closing(sqlite3.connect(path)) as new:
        assert new.execute("SELECT * FROM built").fetchall() == [("category/news/", 3)], "readers have seen them all"
        assert new.execute("SELECT count(*) FROM signature").fetchone() == (3,)
