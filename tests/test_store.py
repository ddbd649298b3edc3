"""The cellar: its schema, its one writer, and how it follows the config."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import Place
from sqlalchemy import create_engine, event, text
from sqlmodel import SQLModel

from aggregator.clean.names import key_name, link_number, title_name, title_number
from aggregator.errors import StoreBusy, StoreTooNew, StoreUnusable
from aggregator.model import (
    Alias,
    Cadence,
    Changes,
    Enclosure,
    Entry,
    Gone,
    Intake,
    Moving,
    NewEntry,
    Origin,
    Outcome,
    PassedOver,
    Person,
    RevisedEntry,
    Source,
    Term,
    Validators,
    Visit,
    amended,
)
from aggregator.store import SqlStore, open_store
from aggregator.store.codec import pack, pack_entry, unpack, unpack_entry
from aggregator.store.database import MIGRATIONS, open_database
from aggregator.store.writer import MOST_IN_A_COMMIT, Writer

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORIGIN = Origin("https://x.example/feed", "X", authors=(Person("A", "a@x.example"),), updated=NOW)


def source(name: str, *categories: str, **more: object) -> Source:
    url = f"https://{name}.example/feed"
    return replace(Source(name, "feed", url, url, categories, HOUR, HOUR, 24 * HOUR), **more)  # type: ignore[arg-type]


def entry(number: int) -> Entry:
    return Entry(f"id:{number}", f"Title {number}", f"https://x.example/{number}", ORIGIN, claim=f"urn:x:{number}")


def new(number: int, published: datetime = NOW, pages: tuple[str, ...] = source("one", "news").pages) -> NewEntry:
    return NewEntry(entry(number), f"print{number}", published, published, pages)


def polled(one: Source, *entries: NewEntry) -> Changes:
    visit = Visit(one.id, NOW + HOUR, finished=NOW, outcome=Outcome.NEW)
    return Changes(one, visit, new=entries)


async def titles(store: SqlStore, page: str) -> list[str]:
    return [kept.entry.title for kept in await store.newest(page, 100)]


def test_the_migrations_make_exactly_the_tables_of_the_program(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "store.db", held=False)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "include_name": _is_ours})
        assert compare_metadata(context, SQLModel.metadata) == []
        assert context.get_current_revision() == newest_schema()
        for pragma, value in (
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 10000),
        ):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value
    engine.dispose()


def test_opening_twice_migrates_once(tmp_path: Path) -> None:
    for _ in range(2):
        open_database(tmp_path / "store.db", held=False).dispose()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store.db", "store.db.lock"]


def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_database(path, held=False).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="newer aggregator"):
        open_database(path, held=False)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("hello, this is no database at all, but long enough to be looked at as one")
    with pytest.raises(StoreUnusable, match=r"store\.db"):
        open_database(path, held=False)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="file"):
        open_database(tmp_path / "file" / "store.db", held=False)


async def test_only_one_instance_holds_a_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with open_store(path, "https://p.example", alone=True):
        with pytest.raises(StoreBusy, match="another aggregator"):
            async with open_store(path, "https://p.example", alone=True):
                pass
        async with open_store(path, "https://p.example", alone=False) as reading:
            assert await reading.stale() == {}
    async with open_store(path, "https://p.example", alone=True):
        pass


async def test_entries_are_newest_first_and_ties_go_to_the_later_row(tmp_path: Path) -> None:
    one = source("one", "news")
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        await store.enrol([one], NOW)
        await store.apply(polled(one, new(1), new(2, NOW - HOUR), new(3)))
        # 1 stood above 3 in the document, so it is the newer one of the two.
        assert await titles(store, "category/news/") == ["Title 1", "Title 3", "Title 2"]
        assert await titles(store, "category/all/") == await titles(store, "source/one/")
        assert len(await store.newest("category/news/", 2)) == 2


async def test_an_entry_survives_the_store_whole(tmp_path: Path) -> None:
    whole = Entry(
        key="id:1",
        title="标题 \U0001f600",
        link="https://x.example/1",
        origin=ORIGIN,
        claim="urn:x:1",
        published=NOW,
        updated=NOW,
        authors=(Person("甲", None, "https://x.example/a"), Person("B")),
        terms=(Term("t", "https://s.example/", "L"), Term("u")),
        summary="<p>s</p>",
        content="<p>c</p>",
        language="zh-CN",
        rights="CC-BY",
        enclosures=(Enclosure("https://x.example/a.mp3", "audio/mpeg", 12, "A"),),
        upstream=amended(ORIGIN, updated=None, icon="https://x.example/i.png"),
    )
    assert unpack_entry(pack_entry(whole)) == whole
    validators = Validators("https://x.example/", '"é"', None)
    assert unpack(Validators, pack(validators)) == validators


async def test_a_revision_keeps_what_was_said_before(tmp_path: Path) -> None:
    one = source("one", "news")
    path = tmp_path / "s.db"
    async with open_store(path, "https://p.example", alone=True) as store:
        await store.enrol([one], NOW)
        await store.apply(polled(one, new(1)))
        (kept,) = await store.newest("category/news/", 9)
        edited = amended(entry(1), title="Edited")
        revised = RevisedEntry(kept.number, edited, "print1b", NOW + HOUR, 1, one.pages)
        await store.apply(amended(polled(one), revised=(revised,)))
        (after,) = await store.newest("category/news/", 9)
    assert (after.id, after.published, after.updated, after.revision) == (kept.id, NOW, NOW + HOUR, 1)
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT revision, fingerprint, body FROM revision").fetchall()
    assert [(row[0], row[1], unpack_entry(row[2]).title) for row in rows] == [(0, "print1", "Title 1")]


async def test_entries_follow_their_source_to_other_categories(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        one, two = source("one", "news"), source("two", "news")
        await store.enrol([one, two], NOW)
        await store.apply(polled(one, new(1)))
        await store.apply(polled(two, new(2, pages=two.pages)))
        for page, version in (await store.stale()).items():
            await store.mark_built(page, version)
        await store.enrol([source("one", "tech"), two], NOW)
        assert await titles(store, "category/news/") == ["Title 2"]
        assert await titles(store, "category/tech/") == ["Title 1"]
        assert set(await store.stale()) == {"category/news/", "category/tech/", ""}


async def test_a_source_taken_out_of_the_config_leaves_the_pages_and_can_return(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        one, two = source("one", "news"), source("two", "news")
        await store.enrol([one, two], NOW)
        await store.apply(polled(one, new(1)))
        await store.enrol([two], NOW)
        assert await titles(store, "category/all/") == []
        assert list(await store.due(NOW, 9)) == ["two"]
        await store.enrol([one, two], NOW)
        assert await titles(store, "category/all/") == ["Title 1"]
        assert await titles(store, "source/one/") == ["Title 1"]


async def test_a_disabled_source_is_not_due_and_keeps_its_entries(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        one = source("one", "news")
        await store.enrol([one], NOW)
        await store.apply(polled(one, new(1)))
        await store.enrol([replace(one, enabled=False)], NOW)
        assert list(await store.due(NOW + 9 * HOUR, 9)) == []
        assert await titles(store, "category/news/") == ["Title 1"]


async def test_who_is_due_is_told_longest_overdue_first_without_the_busy(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        await store.enrol([source("b"), source("c")], NOW)
        await store.enrol([source("b"), source("c"), source("a")], NOW + HOUR)
        assert list(await store.due(NOW - HOUR, 9)) == []
        assert list(await store.due(NOW + HOUR, 9)) == ["b", "c", "a"]
        assert list(await store.due(NOW + HOUR, 1, ["b"])) == ["c"]


async def test_a_shorter_interval_or_a_new_address_brings_the_next_poll_forward(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        one = source("one", interval=24 * HOUR)
        await store.enrol([one], NOW)
        await store.apply(amended(polled(one), visit=Visit("one", NOW + 24 * HOUR, finished=NOW)))
        await store.enrol([replace(one, interval=HOUR)], NOW)
        assert list(await store.due(NOW + HOUR, 9)) == ["one"]
        assert list(await store.due(NOW, 9)) == []
        await store.enrol([replace(one, url="https://elsewhere.example/")], NOW)
        assert list(await store.due(NOW, 9)) == ["one"]


async def test_a_mark_is_cleared_only_when_nothing_changed_since(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        await store.mark_stale(["category/news/"])
        (version,) = (await store.stale()).values()
        await store.mark_stale(["category/news/"])
        await store.mark_built("category/news/", version)
        assert list(await store.stale()) == ["category/news/"]
        await store.mark_built("category/news/", version + 1)
        assert await store.stale() == {}


async def test_writes_that_wait_share_a_commit_and_one_that_fails_takes_nobody_along(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    writer = Writer(open_database(path, held=False), path)
    add = "INSERT INTO fact (name, value) VALUES (:name, 'x')"

    def write(name: str) -> asyncio.Future[object]:
        return asyncio.ensure_future(writer.write(lambda c: c.execute(text(add), {"name": name}).rowcount))

    results = await asyncio.gather(*(write(name) for name in ("a", "b", "a", "c")), return_exceptions=True)
    assert [result if isinstance(result, int) else type(result) for result in results] == [1, 1, StoreUnusable, 1]
    names = await writer.read(lambda c: c.execute(text("SELECT name FROM fact ORDER BY name")).scalars().all())
    assert names == ["a", "b", "c"]
    await writer.close()


async def test_entries_wait_for_those_of_other_polls_unless_something_else_is_written_or_nobody_polls(
    tmp_path: Path,
) -> None:
    sources = [source(name, "news") for name in ("one", "two", "three")]
    path = tmp_path / "s.db"
    store = SqlStore(Writer(open_database(path, held=False), path, patience=3600), "https://p.example")
    await store.enrol(sources, NOW)
    visits = {one.id: await store.begin(one, NOW) for one in sources}
    first, second, third = (polled(one, new(place, pages=one.pages)) for place, one in enumerate(sources))
    patient = [asyncio.create_task(store.apply(first))]
    for _ in range(50):  # ends long after two milliseconds, and an hour has not passed
        assert not await store.newest("category/news/", 9)
    patient.append(asyncio.create_task(store.apply(second)))
    await store.begin(sources[0], NOW)
    await asyncio.gather(*patient)
    assert sorted(await titles(store, "category/news/")) == ["Title 0", "Title 1"]
    await store.apply(Changes(sources[0], amended(visits["one"], outcome=Outcome.NOT_MODIFIED), before=visits["one"]))
    assert not (await store.known(sources[2], Intake(ORIGIN, ()))).by_key
    await store.apply(third)
    assert len(await titles(store, "category/news/")) == 3
    await store.close()


async def test_more_than_fits_into_a_commit_does_not_wait_for_company(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    writer = Writer(open_database(path, held=False), path, patience=3600)
    many = (writer.write(lambda connection: connection.scalar(text("SELECT 1"))) for _ in range(MOST_IN_A_COMMIT + 1))
    assert sum(await asyncio.gather(*many)) == MOST_IN_A_COMMIT + 1
    await writer.close()


async def test_a_commit_waits_for_more_while_the_event_loop_is_at_work_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked = count(0, 1000)
    monkeypatch.setattr("aggregator.store.writer.thread_time", lambda: next(worked))
    monkeypatch.setattr("aggregator.store.writer.LONGEST_GATHERING_SECONDS", 3600)
    path = tmp_path / "s.db"
    database = open_database(path, held=False)
    writer, commits = Writer(database, path), list[object]()
    event.listen(database, "commit", commits.append)

    def write() -> asyncio.Task[object]:
        return asyncio.create_task(writer.write(lambda connection: connection.scalar(text("SELECT 1"))))

    async def read_often() -> None:  # which ends long after two milliseconds, and an hour has not passed
        for _ in range(50):
            await writer.read(lambda connection: connection.scalar(text("SELECT 1")))

    many = [write()]
    await read_often()
    commits.clear()
    many += [write() for _ in range(MOST_IN_A_COMMIT - 1)]
    await asyncio.gather(*many)
    assert len(commits) == 1, "a full one does not wait"
    late = write()
    await read_often()
    assert not late.done()
    monkeypatch.setattr("aggregator.store.writer.thread_time", lambda: 0.0)
    await late
    await writer.close()


async def test_of_two_sources_that_claim_an_id_in_one_commit_the_first_has_it(tmp_path: Path) -> None:
    sources = [source(name, "news") for name in ("one", "two")]
    async with open_store(tmp_path / "store.db", "https://p.example", alone=True) as store:
        await store.enrol(sources, NOW)
        both = [polled(one, new(1, pages=one.pages), new(2, NOW - HOUR, one.pages)) for one in sources]
        await asyncio.gather(*(store.apply(changes) for changes in both))
        ids = {(kept.source_id, kept.entry.title): kept.id for kept in await store.newest("category/news/", 9)}
        assert ids["one", "Title 1"] == "urn:x:1"
        assert ids["two", "Title 1"].startswith("tag:p.example,")
        numbers = [kept.number for kept in await store.newest("source/two/", 9)]
        assert numbers == [4, 3], "each poll's entries are numbered together, the oldest first"


async def test_a_push_that_brings_no_entry_is_written_down_whatever_the_poll_before_it_had(tmp_path: Path) -> None:
    one = source("one")
    async with open_store(tmp_path / "store.db", "https://p.example", alone=True) as store:
        await store.enrol([one], NOW)
        await store.apply(polled(one, new(1)))
        before = Visit("one", NOW + HOUR, finished=NOW, outcome=Outcome.NOT_MODIFIED)
        pushed = Changes(one, amended(before, due=NOW), before=before, at=NOW)
        renamed, strange = amended(entry(1), key="id:1 anew"), entry(2)
        await store.apply(amended(pushed, aliases=(Alias(1, renamed.key),)))
        await store.apply(amended(pushed, passed=(PassedOver(strange, NOW),)))
        found = await store.known(one, Intake(ORIGIN, (renamed, strange)))
        assert {row.number for row in found.by_name.values()} == {1, 2}
        assert found.by_name[key_name("one", renamed.key)].number == 1


async def test_what_polls_ask_for_together_each_gets_for_itself(tmp_path: Path) -> None:
    sources = [source(name) for name in ("one", "two", "new")]
    async with open_store(tmp_path / "store.db", "https://p.example", alone=True) as store:
        await store.enrol(sources, NOW)
        await store.apply(polled(sources[0], new(1)))
        await store.apply(polled(sources[1], new(2, pages=sources[1].pages)))
        renamed = amended(entry(2), key="id:2 anew")
        asked = [
            (sources[0], Intake(ORIGIN, (entry(1), entry(2)))),
            (sources[1], Intake(ORIGIN, (entry(1), renamed))),
            (sources[0], Intake(ORIGIN, (entry(3),))),
            (sources[2], Intake(ORIGIN, ())),
        ]
        found = await asyncio.gather(*(store.known(*one) for one in asked))
        assert [{key: row.number for key, row in one.by_key.items()} for one in found] == [{"id:1": 1}, {}, {}, {}]
        assert [{row.number for row in one.by_name.values()} for one in found] == [set(), {2}, set(), set()]
        assert found[1].by_name[title_name("two", "Title 2")].entry == entry(2), "whole, for it must be compared"


async def test_a_poll_that_cannot_be_written_takes_no_other_of_its_commit_along(tmp_path: Path) -> None:
    sources = [source(name, "news") for name in ("one", "unknown", "two")]
    async with open_store(tmp_path / "store.db", "https://p.example", alone=True) as store:
        await store.enrol([sources[0], sources[2]], NOW)
        polls = [polled(one, new(number, pages=one.pages)) for number, one in enumerate(sources)]
        ended = await asyncio.gather(*map(store.apply, polls), return_exceptions=True)
        assert [type(one) for one in ended] == [type(None), StoreUnusable, type(None)]
        assert sorted(await titles(store, "category/news/")) == ["Title 0", "Title 2"]
        outcomes = {one.source_id: one.visit and one.visit.outcome for one in await store.status(["one", "two"])}
        assert outcomes == {"one": Outcome.NEW, "two": Outcome.NEW}


def odd_ones_apart(source: Source, entry: Entry, _age: timedelta) -> tuple[str, ...]:
    """A rule that looks into entries: those with an odd number stand on a page that their source has not."""
    return ("category/all/", "category/odd/") if int(entry.key.removeprefix("id:")) % 2 else source.pages


async def test_an_entry_stands_on_pages_of_its_own_and_moves_with_a_revision(tmp_path: Path) -> None:
    one = source("one", "news")
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        await store.enrol([one], NOW)
        own = amended(new(1), pages=("category/all/", "category/extra/"))
        await store.apply(polled(one, own, new(2)))
        assert await titles(store, "category/extra/") == ["Title 1"]
        assert await titles(store, "category/news/") == ["Title 2"]
        (kept,) = await store.newest("category/extra/", 9)
        assert kept.pages == ("category/all/", "category/extra/")
        for page, version in (await store.stale()).items():
            await store.mark_built(page, version)
        moved = RevisedEntry(kept.number, amended(entry(1), title="Moved"), "b", NOW, 1, ("category/news/",))
        await store.apply(amended(polled(one), revised=(moved,)))
        assert await titles(store, "category/extra/") == []
        assert await titles(store, "category/all/") == ["Title 2"]
        assert set(await titles(store, "category/news/")) == {"Title 2", "Moved"}
        assert set(await store.stale()) == {"category/all/", "category/extra/", "category/news/", ""}
        back = RevisedEntry(kept.number, entry(1), "c", NOW, 2, one.pages)
        await store.apply(amended(polled(one), revised=(back,)))
        assert [one.pages for one in await store.newest("source/one/", 9)] == [None, None], "their source's"


async def test_kept_entries_are_placed_anew_when_the_rules_of_their_source_change(tmp_path: Path) -> None:
    one, two = source("one", "news"), source("two", "news")

    def rules(of: Source) -> str:
        return "odd" if of.id == "one" else ""

    def not_asked(of: Source, entry: Entry, _age: timedelta) -> tuple[str, ...]:
        raise AssertionError(f"{entry.key} of {of.id} was looked into, and its rules are what they were")

    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        await store.enrol([one, two], NOW)
        await store.apply(polled(one, *(new(number, NOW - number * HOUR) for number in range(1, 1204))))
        await store.apply(polled(two, new(5000, pages=two.pages)))
        await store.enrol([one, two], NOW, odd_ones_apart, rules)
        odd = [f"Title {number}" for number in range(1, 1204, 2)]
        assert [kept.entry.title for kept in await store.newest("category/odd/", 2000)] == odd
        assert len(await store.newest("category/news/", 2000)) == 601 + 1
        await store.enrol([one, two], NOW, not_asked, rules)
        # The source's own pages change: those that stand there move, those that do not stay.
        await store.enrol([source("one", "tech"), two], NOW, odd_ones_apart, rules)
        assert [kept.entry.title for kept in await store.newest("category/odd/", 2000)] == odd
        assert len(await store.newest("category/tech/", 2000)) == 601
        # Out of the config and in again, now without rules.
        await store.enrol([two], NOW)
        assert await titles(store, "category/odd/") == []
        assert await titles(store, "category/all/") == ["Title 5000"]
        await store.enrol([one, two], NOW)
        assert await titles(store, "category/odd/") == []
        assert len(await store.newest("category/news/", 2000)) == 1204


async def test_a_placing_that_was_cut_off_begins_again(tmp_path: Path) -> None:
    one = source("one", "news")

    def broken(source: Source, entry: Entry, age: timedelta) -> tuple[str, ...]:
        if entry.key == "id:9":
            raise OSError("cut off")
        return odd_ones_apart(source, entry, age)

    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        await store.enrol([one], NOW)
        await store.apply(polled(one, *(new(number) for number in range(1, 10))))
        with pytest.raises(OSError, match="cut off"):
            await store.enrol([one], NOW, broken, lambda _source: "odd")
        await store.enrol([one], NOW, odd_ones_apart, lambda _source: "odd")
        assert len(await titles(store, "category/odd/")) == 5


def test_the_exit_status_says_what_is_wrong_with_the_store(place: Place) -> None:
    place.configure([{"url": "http://127.0.0.1:1/feed"}])
    place.run("build")
    with sqlite3.connect(place.folder / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    done = place.run("once", check=4)
    assert "newer aggregator" in done.stderr
    (place.folder / "store.db").write_text("no database, and long enough that SQLite reads a header in it " * 20)
    for leftover in ("store.db-wal", "store.db-shm"):
        (place.folder / leftover).unlink(missing_ok=True)
    done = place.run("once", check=1)
    assert "store.db" in done.stderr
    assert "Traceback" not in done.stderr


OLD_ENTRY = (
    '{"key":"id:1","title":"标题","link":"https://x.example/1","origin":{"id":"https://x.example/","title":"X"}}'
)


def test_a_store_of_the_first_schema_is_brought_to_the_present_one_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(path) as old:
        old.execute("INSERT INTO source VALUES ('one', '[\"category/news/\"]', 'hash', 1)")
        old.execute(
            "INSERT INTO visit (source_id, due, why, attempts, detail, failures, seen)"
            " VALUES ('one', 5, 'interval', 0, '', 0, x'')"
        )
        for number in range(1, 1203):
            values = (number, "one", f"k{number}", f"urn:{number}", "f", number, 2, 3, 1, OLD_ENTRY)
            old.execute(f"INSERT INTO entry VALUES ({', '.join('?' * 10)})", values)
            old.execute("INSERT INTO membership VALUES ('category/news/', ?, ?)", (number, number))
        old.execute("INSERT INTO revision VALUES (1, 0, 9, 2, 'f', ?)", (OLD_ENTRY,))
    engine = open_database(path, held=False)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "include_name": _is_ours})
        assert compare_metadata(context, SQLModel.metadata) == []
        rows = connection.execute(text("SELECT body FROM entry UNION ALL SELECT body FROM revision")).scalars().all()
        assert [unpack_entry(body).title for body in rows] == ["标题"] * 1203
        links = connection.execute(text("SELECT DISTINCT link, title, pages FROM entry")).all()
        assert links == [(link_number("https://x.example/1"), title_number("标题"), None)]
        named = connection.execute(text("SELECT name, entry_number FROM name")).all()
        assert named == [(title_name("one", "标题"), 1202)], "the latest; an address of one letter is no name"
        timeline = connection.execute(text("SELECT published, entry_number FROM membership")).all()
        assert sorted(timeline) == [(number, number) for number in range(1, 1203)]
    engine.dispose()
    assert (tmp_path / f"store.db.before-{newest_schema()}").exists(), "a copy is laid aside first"


NUMBERED = {
    "unsearched": [(1,), (7,)],
    "signature": [(1, b"one"), (7, b"seven")],
    "story": [(1, 3, "one", None, None, None), (7, 3, "two", 1, "same title", 0.25)],
    "awaited": [(7, "two", "https://x.example/7", 1, 2, 3, 4)],
}


def test_tables_by_the_number_of_an_entry_are_made_anew_with_all_that_is_in_them(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0015")
    engine.dispose()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for number, name in ((1, "one"), (7, "two")):
            old.execute("INSERT INTO source (id, pages, address, active) VALUES (?, '[]', '', 1)", (name,))
            old.execute(
                "INSERT INTO entry (number, source_id, key, published_id, fingerprint, published, updated, first_seen,"
                " revision, body) VALUES (?, ?, 'k', ?, 'f', 1, 1, 1, 0, ?)",
                (number, name, f"urn:{number}", PACKED_WITHOUT_PHRASES),
            )
        old.execute("DELETE FROM unsearched")
        for table, rows in NUMBERED.items():
            old.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    open_database(path, held=False).dispose()
    with closing(sqlite3.connect(path, isolation_level=None)) as new:
        for table, rows in NUMBERED.items():
            assert new.execute(f"SELECT * FROM {table} ORDER BY entry_number").fetchall() == rows
            own = "SELECT name FROM sqlite_master WHERE tbl_name = ? AND name LIKE 'sqlite_autoindex%'"
            assert new.execute(own, (table,)).fetchall() == [], "the number is the row, and needs no index"
        assert new.execute("PRAGMA foreign_key_check").fetchall() == []
        new.execute("PRAGMA foreign_keys=ON")
        new.execute("DELETE FROM entry WHERE number = 7")
        for table, rows in NUMBERED.items():
            left = new.execute(f"SELECT * FROM {table}").fetchall()
            assert left == [row for row in rows if row[0] == 1], "what belongs to an entry goes with it"


# As two programs wrote the same entry: one before there were phrases, one since. They never change.
PACKED_WITHOUT_PHRASES = bytes.fromhex(
    "28b52ffd604c017d0900c6113727a027e9e0ffffdfdfd7c469ed6d13bbe55df6965b0392902697947f8fb12e41121fb630e9ff2e022d00"
    "2b002d001f487a063aeba26d1db94ce122118be3408e75334757b0eecf171a1e14181c8e9edbda3f0f40498f9e908a33029c8a6eb318a7"
    "f4a78000ddb5c5f4c3948d893dd7cca22d177c0be3f2527455333fbb8fd1b73d83c4a6fb096eadc2f9841d0822517920a9ad2651890024"
    "0b240c397a73362fe5e70d957a4eb56cc6e91e3ca61457f96928018dddc7e89cddda1a85bcab899f748b09c5262da72c51532ac5ced48b"
    "51115a5336e507b3b5632fdb0b1f00ae00292b26ab00105e6ec3e0d9a2b46cd2785b7411c8d02a0f20386927b0ac1832b273afe1335a56"
    "e270c90c06aeb00d5084fbcc2529426865aa4cb283220510fe9320ccf0a9b06191fa94d15250"
)
PACKED = bytes.fromhex(
    "28b52ffd604c018d0300c869643a31e6a087e9a298782f584f6e6520776f72643c2f656d1e00aa27820256c001de47834172724073403d"
    "040240c4814f0001264e60aae8404d180003c89b9000d400785200dd920030982714cc1ce04f36f4cd000ee55c154c20b5c141511015bb"
    "53f2cb000a0ff5099301091104"
)


@pytest.mark.parametrize("packed", [PACKED_WITHOUT_PHRASES, PACKED], ids=["before", "since"])
def test_what_earlier_programs_packed_is_read(packed: bytes) -> None:
    page = Origin("https://x.example/", "X")
    assert unpack_entry(packed) == Entry(
        "id:1", "标题", "https://x.example/1", page, content="<p>One <em>word</em>.</p>"
    )


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """The index of what is searched is a table of its own kind, and makes others for itself."""
    return kind != "table" or not (name or "").startswith("searched")


def newest_schema() -> str | None:
    """The name of the last migration; each follows one other, so there is one last."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


async def test_a_host_that_is_busy_puts_off_all_its_sources_and_no_others(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        sources = [source(name, url=f"https://{host}/{name}") for name, host in (("a", "x"), ("b", "x"), ("c", "y"))]
        await store.enrol(sources, NOW)
        until = NOW + 3 * HOUR
        await store.apply(amended(polled(sources[0]), before=Visit("a", NOW), host_busy_until=until))
        visits = {one.source_id: one.visit for one in await store.status(["a", "b", "c"])}
        assert {name: (visit.due, visit.why.value) for name, visit in visits.items() if visit} == {
            "a": (NOW + HOUR, "interval"),
            "b": (until, "host-busy"),
            "c": (NOW, "interval"),
        }


async def test_what_a_poll_learned_is_remembered_whole(tmp_path: Path) -> None:
    one = source("one")
    learned = Visit(
        "one",
        NOW + HOUR,
        finished=NOW,
        outcome=Outcome.SAME,
        validators=Validators("https://x.example/", '"1"'),
        body_hash="abc",
        seen=b"12345678abcdefgh",
        cadence=Cadence(HOUR, 2 * HOUR, (1, 2), (5,)),
        recent=(200, 100),
        address="https://moved.example/feed",
        moving=Moving("https://elsewhere.example/", NOW),
        gone=Gone(NOW, 2),
    )
    async with open_store(tmp_path / "s.db", "https://p.example", alone=True) as store:
        await store.enrol([one], NOW)
        await store.apply(Changes(one, learned, before=Visit("one", NOW)))
        assert await store.begin(one, NOW + HOUR) == amended(learned, attempted=NOW + HOUR)
        assert await store.hosts(["one"]) == {"one": "moved.example"}
        await store.enrol([replace(one, url="https://third.example/")], NOW)
        assert await store.begin(one, NOW + HOUR) == amended(
            Visit("one", NOW), attempted=NOW + HOUR, finished=NOW, outcome=Outcome.SAME
        )
        assert await store.hosts(["one"]) == {"one": "third.example"}


async def test_the_newest_entry_of_each_page_is_found_where_there_is_one(tmp_path: Path) -> None:
    async with open_store(tmp_path / "store.db", "https://p.example", alone=True) as store:
        sources = [source("a", "tech"), source("b", "tech"), source("empty")]
        await store.enrol(sources, NOW)
        entries = {"a": (new(1), new(2, NOW - HOUR)), "b": (new(3, NOW - 2 * HOUR), new(4, NOW - 3 * HOUR))}
        for one in sources[:2]:
            placed = tuple(amended(each, pages=one.pages) for each in entries[one.id])
            await store.apply(polled(one, *placed))
        paths = ["source/b/", "source/empty/", "source/a/", "category/tech/", "source/nobody/"]
        found = await store.newest_of_each(paths)
        assert [kept.entry.key for kept in found] == ["id:3", "id:1", "id:1"]
