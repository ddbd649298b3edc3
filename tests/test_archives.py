"""The history of a category (RFC 5005): who follows it misses nothing, and what was closed stays as it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from atom_rules import ATOM, house_violations, violations, warnings
from lxml import etree, html
from sqlalchemy import create_engine, text

from aggregator.build import Builder
from aggregator.history import part_size
from aggregator.model import (
    Category,
    Changes,
    Entry,
    NewEntry,
    Origin,
    Outcome,
    RevisedEntry,
    Site,
    Source,
    Visit,
    amended,
    entry_page,
)
from aggregator.publish import Folder
from aggregator.selection import Catalogue
from aggregator.store import SqlStore, open_store
from aggregator.store.codec import pack_entry
from aggregator.store.database import MIGRATIONS

SITE = Site("Planet", "https://planet.example", "en", "UTC")
START = datetime(2025, 1, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORIGIN = Origin("https://x.example/feed", "X", updated=START)
SOURCE = Source("one", "feed", "https://x.example/feed", "https://x.example/feed", ("news",), HOUR, HOUR, HOUR)
CATEGORIES = {name: Category(name, name.title(), None, 50) for name in ("all", "news")}
PAGE = "category/news/"
TOMB = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


@dataclass
class History:
    """A store with one source, and its published folder; `texts` is what each entry says now, by published id."""

    store: SqlStore
    folder: Path
    builder: Builder
    now: datetime = START
    texts: dict[str, str] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)  # by row

    async def poll(self, *, new: int = 0, revised: tuple[int, ...] = (), age: timedelta = HOUR) -> None:
        """A poll that finds so many new entries, and other texts of these rows."""
        first = len(self.texts) + 1
        # The later in the document the newer, so that rows are numbered as entries are.
        moments = (self.now - age + timedelta(seconds=number) for number in range(new))
        found = tuple(self._new(number, moment) for number, moment in enumerate(moments, first))
        others = tuple(self._revised(number) for number in revised)
        visit = Visit("one", self.now + HOUR, finished=self.now, outcome=Outcome.NEW)
        await self.store.apply(Changes(SOURCE, visit, new=found, revised=others))

    def _new(self, number: int, published: datetime) -> NewEntry:
        self.texts[f"urn:x:{number}"] = f"Title {number}"
        self.revisions[number] = 0
        return NewEntry(entry(number, f"Title {number}"), f"print{number}", published, published, SOURCE.pages)

    def _revised(self, number: int) -> RevisedEntry:
        self.revisions[number] += 1
        title = f"Title {number}, revision {self.revisions[number]}"
        self.texts[f"urn:x:{number}"] = title
        return RevisedEntry(number, entry(number, title), title, self.now, self.revisions[number], SOURCE.pages)

    async def build(self) -> None:
        """Publish what changed."""
        await self.builder.build()

    def archives(self, suffix: str = "atom") -> dict[str, bytes]:
        """The published archive documents, by name."""
        return {path.stem: path.read_bytes() for path in (self.folder / PAGE / "archive").glob(f"*.{suffix}")}


def entry(number: int, title: str) -> Entry:
    return Entry(f"id:{number}", title, f"https://x.example/{number}", ORIGIN, claim=f"urn:x:{number}")


@pytest.fixture
async def history(tmp_path: Path) -> AsyncIterator[History]:
    async with open_store(tmp_path / "s.db", SITE.base_url, alone=True) as store:
        await store.enrol([SOURCE], START)
        catalogue = Catalogue(SITE, CATEGORIES, {"one": SOURCE})
        folder = tmp_path / "public"
        yield History(store, folder, Builder(store, catalogue, Folder(folder), ("atom", "json"), archive=True))


@dataclass
class Follower:
    """A reader that takes the feed and every archive document that it has not read yet, newest first, and keeps of each
    entry what is newest. It never reads an archive document twice."""

    folder: Path
    texts: dict[str, str] = field(default_factory=dict)
    updated: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def walk(self) -> None:
        """Follow the links to the end, or to what is known."""
        address: str | None = f"{SITE.base_url}/{PAGE}feed.atom"
        while address and address not in self.read:
            feed = etree.fromstring((self.folder / address.removeprefix(f"{SITE.base_url}/")).read_bytes())
            for one in feed.iterfind(f"{ATOM}entry"):
                self._take(*(one.findtext(f"{ATOM}{name}") or "" for name in ("id", "title", "updated")))
            for tomb in feed.iterfind(TOMB):
                self.texts.pop(tomb.get("ref", ""), None)
            if "/archive/" in address:
                self.read.add(address)
            address = next((link.get("href") for link in links(feed) if link.get("rel") == "prev-archive"), None)

    def _take(self, name: str, title: str, updated: str) -> None:
        if updated >= self.updated.get(name, ""):
            self.texts[name], self.updated[name] = title, updated


def links(feed: Any) -> Iterator[Any]:
    return feed.iterfind(f"{ATOM}link")  # type: ignore[no-any-return]


@pytest.mark.parametrize("total", [1_200, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_who_follows_the_links_misses_no_entry_while_entries_and_revisions_arrive(
    history: History, total: int
) -> None:
    constant, lazy = Follower(history.folder), Follower(history.folder)
    step = 0
    while len(history.texts) < total:
        step += 1
        history.now += timedelta(hours=13)
        # Bursts of many ages, and second thoughts about entries new and old.
        count = len(history.texts)
        second = {number for number in (count, count - 7, count // 2, count - 90) if 0 < number <= count}
        age = timedelta(days=step * 37 % 400)
        await history.poll(new=(step * 29) % 83, revised=tuple(sorted(second)), age=age)
        if step % 3:
            await history.build()
            if step % 5 == 0:
                constant.walk()
                assert constant.texts == history.texts, step
            if step % 25 == 0:
                lazy.walk()
                assert lazy.texts == history.texts, step
    await history.build()
    late = Follower(history.folder)
    for one in (constant, lazy, late):
        one.walk()
        assert one.texts == history.texts
    assert len(history.archives()) >= total // 25


async def test_what_was_closed_stays_but_for_the_link_to_what_follows(history: History) -> None:
    seen: dict[str, list[bytes]] = {}
    for step in range(1, 25):
        history.now += timedelta(days=2)
        await history.poll(new=9, revised=tuple({1, step}) if step > 1 else ())
        await history.build()
        for name, body in history.archives().items():
            versions = seen.setdefault(name, [])
            if body not in versions:
                versions.append(body)
    assert len(seen) > 8
    for name, versions in seen.items():
        assert len(versions) <= 2, name
        assert len({without_successor(body) for body in versions}) == 1, name


def without_successor(body: bytes) -> bytes:
    feed = etree.fromstring(body)
    for link in list(links(feed)):
        if link.get("rel") == "next-archive":
            feed.remove(link)
    return etree.tostring(feed)


async def test_months_are_those_in_which_entries_were_first_seen_and_close_with_the_next(history: History) -> None:
    await history.poll(new=3, age=timedelta(days=300))
    await history.build()
    assert history.archives() == {}
    history.now += timedelta(days=31)
    await history.poll(new=1)
    await history.build()
    assert list(history.archives()) == ["2025-01"]
    feed = etree.fromstring(history.archives()["2025-01"])
    assert len(feed.findall(f"{ATOM}entry")) == 3


async def test_a_month_of_many_entries_has_documents_of_no_more_than_half_a_feed(history: History) -> None:
    await history.poll(new=60)
    await history.build()
    assert sorted(history.archives()) == ["2025-01", "2025-01-2"]
    assert part_size(50) == 25
    assert [len(etree.fromstring(body).findall(f"{ATOM}entry")) for body in history.archives().values()] == [25, 25]
    front = etree.fromstring((history.folder / PAGE / "feed.atom").read_bytes())
    assert len(front.findall(f"{ATOM}entry")) == 50
    assert [part_size(limit) for limit in (1, 2, 3, 1000)] == [1, 1, 1, 100]


async def test_a_clock_that_is_set_back_opens_no_month_again(history: History) -> None:
    for name in ("2025-01", "2025-01-2", "2025-01-3"):
        await history.poll(new=27)
        await history.build()
        assert max(history.archives()) == name
        history.now -= timedelta(days=100)


async def test_every_document_keeps_the_rules_and_both_formats_hold_the_same(history: History) -> None:
    for _ in range(6):
        history.now += timedelta(days=12)
        await history.poll(new=20, revised=(1,) if history.texts else ())
        await history.build()
    for name, body in history.archives().items():
        assert violations(body) + house_violations(body) == [], name
        assert warnings(body, f"{SITE.base_url}/{PAGE}archive/{name}.atom") == []
        ids = [one.findtext(f"{ATOM}id") for one in etree.fromstring(body).iterfind(f"{ATOM}entry")]
        assert [one["id"] for one in json.loads(history.archives("json")[name])["items"]] == ids
    address, pages = f"{SITE.base_url}/{PAGE}feed.json", list[str]()
    while address:
        page = json.loads((history.folder / address.removeprefix(f"{SITE.base_url}/")).read_bytes())
        assert page["feed_url"] == address
        pages.append(address)
        address = page.get("next_url", "")
    assert len(pages) == len(history.archives("json")) + 1


async def test_a_removed_entry_leaves_its_archive_and_is_named_there_and_in_the_feed(history: History) -> None:
    await history.poll(new=60)
    await history.build()
    follower = Follower(history.folder)
    follower.walk()
    assert "urn:x:7" in follower.texts
    before = history.archives()
    await history.store.remove("urn:x:7", START)
    await history.build()
    after = history.archives()
    assert [name for name in after if after[name] != before[name]] == ["2025-01"]
    archive = etree.fromstring(after["2025-01"])
    assert "urn:x:7" not in [one.findtext(f"{ATOM}id") for one in archive.iterfind(f"{ATOM}entry")]
    front = etree.fromstring((history.folder / PAGE / "feed.atom").read_bytes())
    for document in (archive, front):
        assert [tomb.attrib for tomb in document.iterfind(TOMB)] == [
            {"ref": "urn:x:7", "when": "2025-01-03T12:00:00+00:00"}
        ]
    assert (history.folder / entry_page("urn:x:7") / "gone").exists()
    follower.walk()
    assert "urn:x:7" not in follower.texts
    assert b"urn:x:7" not in b"".join(history.archives("json").values())


async def test_a_second_build_and_a_lost_folder_give_the_same_bytes(history: History) -> None:
    for _ in range(4):
        history.now += timedelta(days=12)
        await history.poll(new=30, revised=(1, 2) if history.texts else ())
        await history.build()
    before = history.archives() | history.archives("json")
    for path in (history.folder / PAGE / "archive").iterdir():
        path.unlink()
    built = await history.builder.build([*history.builder.catalogue.pages(), *await history.builder.archives()])
    assert built.problems == ()
    assert history.archives() | history.archives("json") == before
    again = await history.builder.build([*history.builder.catalogue.pages(), *await history.builder.archives()])
    assert again.written == 0


async def test_the_documents_of_a_category_that_left_the_config_go_away(history: History, tmp_path: Path) -> None:
    await history.poll(new=60)
    await history.build()
    catalogue = Catalogue(SITE, {"all": CATEGORIES["all"]}, {"one": SOURCE})
    builder = Builder(history.store, catalogue, Folder(history.folder), ("atom",), archive=True)
    await builder.tidy()
    assert not (history.folder / PAGE).exists()
    assert sorted(path.name for path in (history.folder / "category/all/archive").iterdir()) == [
        "2025-01-2.atom",
        "2025-01.atom",
    ]


async def test_entries_of_an_older_store_get_their_months(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{tmp_path}/s.db")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        pages = json.dumps(SOURCE.pages)
        connection.execute(
            text("INSERT INTO source (id, pages, address, active, rules) VALUES ('one', :pages, '', 1, '')"),
            {"pages": pages},
        )
        seconds = int(START.timestamp())
        for number in range(1, 4):
            seen = seconds + (number > 2) * 40 * 86400
            row = {"number": number, "key": f"k{number}", "id": f"urn:x:{number}", "seen": seen, "at": seconds}
            row["body"] = pack_entry(entry(number, f"Title {number}"))
            connection.execute(
                text(
                    "INSERT INTO entry (number, source_id, key, published_id, fingerprint, published, updated, "
                    "first_seen, revision, body, link, title) "
                    "VALUES (:number, 'one', :key, :id, '', :at, :at, :seen, 0, :body, 0, 0)"
                ),
                row,
            )
            for page in SOURCE.pages:
                connection.execute(text("INSERT INTO membership VALUES (:page, :at, :number)"), {**row, "page": page})
    engine.dispose()
    async with open_store(tmp_path / "s.db", SITE.base_url, alone=True) as store:
        assert await store.close_archives(PAGE, 25) == [f"{PAGE}archive/2025-01"]
        archived = await store.archived(PAGE, "2025-01")
        assert archived
        assert sorted(one.id for one in archived.kept) == ["urn:x:1", "urn:x:2"]
        assert [one.id for one in (await store.unarchived(PAGE)).kept] == ["urn:x:3"]


async def test_pages_for_people_and_rss_show_the_newest_whatever_is_not_archived(
    history: History, tmp_path: Path
) -> None:
    builder = Builder(
        history.store, history.builder.catalogue, Folder(tmp_path / "public"), ("atom", "rss", "html"), archive=True
    )
    await history.poll(new=60)
    await history.poll(new=10, age=timedelta(days=900))
    await builder.build()
    # 70 − 2 × 25 stand in no archive document: the 10 newest, and 10 that are years old.
    front = etree.fromstring((tmp_path / "public" / PAGE / "feed.atom").read_bytes())
    ids = {one.findtext(f"{ATOM}id") for one in front.iterfind(f"{ATOM}entry")}
    assert ids == {f"urn:x:{number}" for number in (*range(21, 61), *range(61, 71))}
    channel = etree.fromstring((tmp_path / "public" / PAGE / "feed.rss").read_bytes())
    assert {one.findtext("guid") for one in channel.iterfind("channel/item")} == {
        f"urn:x:{number}" for number in range(11, 61)
    }


async def test_a_large_store_has_its_feeds_first_and_all_of_its_history_after_one_build(history: History) -> None:
    await history.poll(new=1_000)
    built = await history.builder.build(most=2)
    assert built.left > 30
    assert len(history.archives()) == 4
    built = await history.builder.build()
    assert built.left == 0
    assert len(history.archives()) == 40
    assert await history.store.stale() == {}


async def test_what_is_filled_in_after_it_was_archived_comes_again_with_the_text(history: History) -> None:
    await history.poll(new=60)
    await history.build()
    assert history.builder.archive
    waiting = {one.number for one in (await history.store.unarchived(PAGE)).kept}
    assert 1 not in waiting

    def fill(connection: Any) -> None:
        body = pack_entry(amended(entry(1, "Title 1"), content="<p>Here at last.</p>"))
        connection.execute(text("UPDATE entry SET body = :body WHERE number = 1"), {"body": body})

    await history.store._writer.write(fill)
    assert {one.number for one in (await history.store.unarchived(PAGE)).kept} == waiting | {1}


async def test_people_page_through_the_history_from_the_newest_entries_to_the_oldest(
    history: History, tmp_path: Path
) -> None:
    public = tmp_path / "public"
    await history.poll(new=120)
    await Builder(history.store, history.builder.catalogue, Folder(public), ("atom", "html"), archive=True).build()
    at, seen = public / PAGE / "index.html", set()
    while True:
        document = html.document_fromstring(at.read_bytes().decode())
        seen |= set(document.xpath("//article/h2/a/@href"))
        earlier = document.xpath("//nav[@class='paging']/a[@rel='next']/@href")
        if not earlier:
            break
        at = (at.parent / earlier[0]).resolve()
        assert document.xpath("//article")
    assert len(seen) == 120
