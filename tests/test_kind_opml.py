"""Somebody's list of feeds, followed: what it names is polled, what left it stays, and it vouches for nothing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from alembic import command
from alembic.config import Config
from conftest import Place
from hypothesis import given
from hypothesis import strategies as st
from scripted_web import Answer, ScriptedWeb
from sqlalchemy import create_engine

from aggregator.clean.lists import followable
from aggregator.config import Settings, load, with_lists
from aggregator.config.listing import MOST_CATEGORIES
from aggregator.errors import ConfigError, Unreadable
from aggregator.following import followed as followed_now
from aggregator.following import remember
from aggregator.intake import take_in
from aggregator.model import (
    Changes,
    Document,
    Enlisted,
    Entry,
    Failed,
    Group,
    Intake,
    NewEntry,
    Origin,
    Outcome,
    Outline,
    Source,
    Visit,
    amended,
)
from aggregator.placing import Named
from aggregator.service import Service
from aggregator.sources.opml import read
from aggregator.store import open_store
from aggregator.store.database import MIGRATIONS
from aggregator.store.naming import MOST_NAMED

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://friend.example/blogs.opml"
ON_LOOPBACK = {"fetch": {"allow_private": ["127.0.0.0/8"], "per_host": {"concurrency": 8, "delay": "0s"}}}


def opml(*urls: str, group: str = "") -> str:
    """A list of these feeds, all in one group if there is one."""
    lines = "".join(f"<outline type='rss' text='a feed' xmlUrl={quoteattr(url)}/>" for url in urls)
    inner = f"<outline text={quoteattr(group)}>{lines}</outline>" if group else lines
    return f"<opml version='2.0'><head><title>My friend's</title></head><body>{inner}</body></opml>"


def rss(name: str, *numbers: int) -> str:
    items = "".join(f"<item><title>{name} {n}</title><link>https://{name}.example/{n}</link></item>" for n in numbers)
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>"


def configured(folder: Path, more: str = "", keys: str = "") -> Settings:
    """A config that follows a list; `more` are other sources, `keys` further keys of the list."""
    site = "site: {base_url: 'https://planet.example'}"
    text = f"{site}\nsources:\n{more}  - {{id: friend, type: opml, url: '{URL}'{keys}}}\n"
    (folder / "c.yaml").write_text(text, "utf-8")
    return load(folder / "c.yaml", {})


def document(text: str | bytes) -> Document:
    return Document(URL, text if isinstance(text, bytes) else text.encode(), "", "text/x-opml")


def outline(url: str, *groups: str) -> Outline:
    return Outline(url, groups=tuple(Group(name) for name in groups))


def followed(*outlines: Outline, left: datetime | None = None) -> list[Enlisted]:
    return [Enlisted("friend", f"s{number}", one, left) for number, one in enumerate(outlines)]


# ---------------------------------------------------------------- what a list says


def test_a_list_has_feeds_and_no_entries(tmp_path: Path) -> None:
    (source,) = configured(tmp_path).sources
    intake = take_in(source, document(opml("https://a.example/f", "feed://b.example/f", group="Blogs")))
    assert isinstance(intake, Intake)
    assert (intake.entries, intake.origin.title, source.pages) == ((), "My friend's", ())
    assert [(one.url, [group.name for group in one.groups]) for one in intake.outlines] == [
        ("https://a.example/f", ["Blogs"]),
        ("http://b.example/f", ["Blogs"]),
    ]


@pytest.mark.parametrize("text", [opml(), "<html><body>It moved!</body></html>", "", rss("x", 1)])
def test_what_names_no_feed_is_a_failure_and_takes_nothing_away(tmp_path: Path, text: str) -> None:
    (source,) = configured(tmp_path).sources
    assert isinstance(take_in(source, document(text)), Failed)


def test_addresses_that_nobody_could_follow_are_left_out_and_user_names_go() -> None:
    found = [
        outline("https://me:secret@a.example/f", "A"),
        outline("ftp://b.example/f"),
        outline("file:///etc/passwd"),
        outline("javascript:alert(1)"),
        outline("http://A.example:80/f", "B", "A"),
        Outline("https://c.example/", kind="html", paths=(("items", "//a"),)),
        Outline("https://d.example/l.opml", kind="opml"),
        replace(outline("https://e.example/"), title="<b>E</b>\x07", drop="x", select="article"),
    ]
    assert followable(found) == (
        outline("https://a.example/f", "A", "B"),
        Outline("https://e.example/", "<b>E</b>"),
    )


@given(st.binary(max_size=300) | st.text("<opml>outine xmlUr='h:/.&;\"", max_size=200).map(str.encode))
def test_any_bytes_are_a_list_or_unreadable(body: bytes) -> None:
    try:
        reading = read(document(body), frozenset(), None)
    except Unreadable:
        return
    assert reading.outlines
    assert reading.drafts == ()


# ---------------------------------------------------------------- what becomes of it


def test_what_it_names_is_polled_as_the_list_says_and_told_nothing_that_is_the_lists(tmp_path: Path) -> None:
    keys = ", category: [planet], interval: 7m, auth: {bearer: secret}, insecure_tls: true, title: T, rights: CC0"
    settings = configured(tmp_path, keys=keys)
    more = with_lists(settings, followed(outline("https://a.example/f", "Tech", "新闻"), outline("https://b.example/")))
    one, two = more.sources[1:]
    assert (one.id, one.kind, one.url, one.public_url) == ("s0", "feed", "https://a.example/f", "https://a.example/f")
    assert (one.categories, two.categories) == (("planet", "tech", "xinwen"), ("planet",))
    assert (one.interval, one.rights, one.title, one.listed_by) == (timedelta(minutes=7), "CC0", None, "friend")
    assert (one.headers, one.insecure_tls, one.blogroll) == ((), False, None)
    assert [category.title for category in more.categories.values()] == ["Everything", "planet", "Tech", "新闻"]
    assert more.fingerprint != settings.fingerprint
    assert [source.id for source in more.feeds] == ["s0", "s1"]
    assert with_lists(settings, []) == settings


def test_a_group_is_the_category_that_has_its_name_and_none_where_that_is_not_wanted(tmp_path: Path) -> None:
    names = followed(outline("https://a.example/f", "Free Software", "All"))
    settings = configured(tmp_path, more="  - {url: 'https://x.example/', category: free-software}\n")
    assert with_lists(settings, names).sources[-1].categories == ("free-software",)
    without = configured(tmp_path, keys=", category_from: none")
    assert with_lists(without, names).sources[-1].categories == ()


@pytest.mark.parametrize("first", [("C", "C++"), ("C++", "C")])
async def test_folders_keep_their_addresses_whatever_the_list_names_later(
    tmp_path: Path, first: tuple[str, str]
) -> None:
    settings = configured(tmp_path)
    a, b = (outline(f"https://{number}.example/f", group) for number, group in enumerate(first))
    async with open_store(tmp_path / "s.db", "https://planet.example", alone=True) as store:
        await store.enrol(settings.sources, NOW)

        async def homes(*outlines: Outline, now: datetime) -> dict[str, tuple[str, ...]]:
            await store.apply(changes(settings.sources[0], *outlines, now=now))
            found = await followed_now(settings, store)
            await remember(found, store)
            assert await followed_now(settings, store) == found
            return {source.url: source.categories for source in found.feeds}

        before = await homes(a, b, now=NOW)
        assert sorted(map(len, before.values())) == [1, 1]
        assert len({slug for slugs in before.values() for slug in slugs}) == 2, "they are two"
        assert await homes(b, a, now=NOW + HOUR) == before
        assert await homes(b, now=NOW + 2 * HOUR) == {b.url: before[b.url]}
        assert await homes(a, b, now=NOW + 3 * HOUR) == before


def test_a_folder_gives_way_to_what_the_operator_calls_so(tmp_path: Path) -> None:
    more = "  - {url: 'https://x.example/', category: c}\n"
    settings = configured(tmp_path, more=more)
    settings = replace(
        settings, categories={**settings.categories, "c": replace(settings.categories["c"], title="Sea")}
    )
    named = followed(outline("https://a.example/f", "C++"))
    (slug,) = with_lists(settings, named, {"c": "C++"}).sources[-1].categories
    assert slug not in ("c", "all")
    assert with_lists(settings, named, {"c": "C++"}).categories[slug].title == "C++"


async def test_a_folder_and_what_entries_name_are_one_category_where_they_have_one_name(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://planet.example", alone=True) as store:
        (there,) = configured(tmp_path).sources
        await store.enrol([there], NOW)
        await store.name_folders({"c": "C++", "plus": "C plus"})
        page = Named("c", "C").page
        await store.apply(amended(kept(there), new=(amended(kept(there).new[0], pages=(page,)),)))
        (slug,) = await store.named()
        assert slug.startswith("c-"), "the folder C++ has that one"
        named = followed(outline("https://a.example/f", "c", "c++"))
        remembered = {**await store.named(), **await store.folders()}
        assert with_lists(configured(tmp_path), named, remembered).sources[-1].categories == (slug, "c")


async def test_a_flood_of_folders_is_not_remembered(tmp_path: Path) -> None:
    async with open_store(tmp_path / "s.db", "https://planet.example", alone=True) as store:
        await store.name_folders({f"a{number}": f"A{number}" for number in range(MOST_NAMED - 1)})
        await store.name_folders({"b": "B", "c": "C", "a1": "A1"})
        assert len(await store.folders()) == MOST_NAMED
        assert "c" not in await store.folders()


def test_what_the_operator_wrote_himself_and_our_own_feeds_are_not_taken_from_a_list(tmp_path: Path) -> None:
    settings = configured(tmp_path, more="  - {id: mine, url: 'https://a.example/f', title: Mine}\n")
    named = followed(
        outline("http://a.example:80/f"), outline("https://planet.example/feed.xml"), outline("https://b.example/")
    )
    assert [source.id for source in with_lists(settings, named).sources] == ["mine", "friend", "s2"]


def test_only_so_many_are_polled_and_of_the_others_those_with_entries_are_kept_unpolled(tmp_path: Path) -> None:
    settings = configured(tmp_path, keys=", max_sources: 1")
    a, b, c = (outline(f"https://{name}.example/f", name) for name in "abc")
    named = [
        *followed(a, b),
        replace(followed(c)[0], source_id="late", has_entries=True),
        Enlisted("friend", "gone", outline("https://d.example/f"), NOW, has_entries=True),
        Enlisted("friend", "forgotten", outline("https://e.example/f"), NOW),
    ]
    found = with_lists(settings, named)
    assert {source.id: source.enabled for source in found.sources} == {
        "friend": True,
        "s0": True,
        "late": False,
        "gone": False,
    }
    assert list(found.categories) == ["all", "a", "c"]
    stopped = configured(tmp_path, keys=", enabled: false")
    assert not any(source.enabled for source in with_lists(stopped, named).sources)
    intake = take_in(settings.sources[0], document(opml("https://a.example/f", "https://b.example/f")))
    assert isinstance(intake, Intake)
    assert intake.problems == ("it names 2 feeds, of which the first 1 are polled",)


def test_the_order_of_a_list_and_its_titles_make_no_other_settings(tmp_path: Path) -> None:
    settings = configured(tmp_path)
    named = followed(outline("https://a.example/f", "Tech"), outline("https://b.example/f", "Art"))
    again = [replace(one, outline=replace(one.outline, title="Another")) for one in reversed(named)]
    assert with_lists(settings, again) == with_lists(settings, named)
    assert list(with_lists(settings, again).categories) == ["all", "art", "tech"]


def test_a_list_adds_only_so_many_sources_and_categories(tmp_path: Path) -> None:
    more = "  - {url: 'https://x.example/', category: mine}\n"
    settings = configured(tmp_path, more=more, keys=", max_sources: 20")
    flood = [outline(f"https://{n}.example/f", *(f"g{n}-{k}" for k in range(9)), "Mine") for n in range(3000)]
    found = with_lists(settings, followed(*flood))
    assert len(found.sources) == 22
    assert len(found.categories) == 2 + MOST_CATEGORIES
    (last,) = (source for source in found.sources if source.id == "s19")
    assert last.categories == ("mine",), "what the operator configured has room for all"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "{url: 'file:lists/x.opml'}",
            "3:6: sources[0].url: a local file can only be a list of feeds; write type: opml",
        ),
        ("{type: opml, url: 'file:///x.opml'}", 'sources[0].url: "file:///x.opml" is not the address of a file; write'),
        ("{type: opml, url: 'file:'}", "sources[0].url: "),
        ("{type: opml, url: 'lists/x.opml'}", "is not a web address"),
        ("{type: opml, url: 'https://x.example/', category_from: folder}", "is not one of 'outline' or 'none'"),
        ("{type: opml, url: 'https://x.example/', max_sources: 0}", "is too small; write at least 1"),
        ("{type: opml, url: 'https://x.example/', items: li}", "belongs to a source of type json or html"),
    ],
)
def test_a_mistake_in_a_list_is_named(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "c.yaml").write_text(f"site: {{}}\nsources:\n  - {source}\n", "utf-8")
    with pytest.raises(ConfigError) as refused:
        load(tmp_path / "c.yaml", {})
    assert said in str(refused.value)


# ---------------------------------------------------------------- what is remembered of it


def changes(source: Source, *outlines: Outline, now: datetime = NOW) -> Changes:
    visit = Visit(source.id, now + HOUR, finished=now, outcome=Outcome.REVISED)
    return Changes(source, visit, before=Visit(source.id, now), outlines=outlines)


def kept(source: Source) -> Changes:
    entry = Entry("k", "Title", "https://x.example/1", Origin("https://x.example/", "X"))
    visit = Visit(source.id, NOW + HOUR, finished=NOW, outcome=Outcome.NEW)
    return Changes(source, visit, new=(NewEntry(entry, "f", NOW, NOW, source.pages),))


async def test_ids_are_for_good_and_what_left_is_remembered_while_entries_of_it_are_kept(tmp_path: Path) -> None:
    settings = configured(tmp_path, more="  - {id: a-example-f, url: 'https://other.example/'}\n")
    there = settings.sources[1]
    a, b, c = (outline(f"https://{name}.example/f") for name in "abc")
    async with open_store(tmp_path / "s.db", "https://planet.example", alone=True) as store:
        await store.enrol(settings.sources, NOW)
        await store.apply(changes(there, a, b, c))
        first = await store.enlisted()
        ids = [one.source_id for one in first]
        assert ids[0].startswith("a-example-f-"), "the usual one is somebody else's"
        assert ids[1:] == ["b-example-f", "c-example-f"]
        sources = {source.id: source for source in with_lists(settings, first).sources}
        await store.enrol(sources.values(), NOW)
        await store.apply(kept(sources["b-example-f"]))
        assert [one.has_entries for one in await store.enlisted()] == [False, True, False]
        await store.apply(changes(there, c, a, now=NOW + HOUR))
        now = await store.enlisted()
        assert [(one.source_id, one.left) for one in now] == [
            ("c-example-f", None),
            (ids[0], None),
            ("b-example-f", NOW + HOUR),
        ]
        intake = Intake(Origin("i", "t"), ())
        assert (await store.known(there, intake)).outlines == (c, a)
        await store.apply(changes(there, replace(b, url="http://B.example/f"), a, now=NOW + 2 * HOUR))
        assert [(one.source_id, one.left) for one in await store.enlisted()] == [
            ("b-example-f", None),
            (ids[0], None),
        ], "it came back as who it was, and of what never had an entry nothing is left"


async def test_a_store_of_the_schema_before_learns_to_follow(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0014")
    engine.dispose()
    (there,) = configured(tmp_path).sources
    async with open_store(path, "https://planet.example", alone=True) as store:
        assert await store.enlisted() == []
        await store.enrol([there], NOW)
        await store.apply(changes(there, outline("https://a.example/f")))
        assert [one.source_id for one in await store.enlisted()] == ["a-example-f"]


# ---------------------------------------------------------------- the whole way


def test_a_list_is_followed_in_one_run_and_what_leaves_it_stays(place: Place, web: ScriptedWeb) -> None:
    one, two = web.feed("/one", rss("one", 1)), web.feed("/two", rss("two", 1))
    there = {"id": "friend", "type": "opml", "url": web.script("/list", Answer(opml(one, two, group="Blogs").encode()))}
    place.configure([{**there, "category": "planet"}], **ON_LOOPBACK)
    done = place.run("once", "--json")
    assert json.loads(done.stdout)["polled"] == 3
    assert json.loads(done.stdout)["new"] == 2
    feed = (place.public / "category/blogs/feed.atom").read_text("utf-8")
    assert "<title>one 1</title>" in feed
    assert "<title>two 1</title>" in feed
    assert not (place.public / "source/friend").exists()

    three = web.feed("/three", rss("three", 1))
    web.script("/list", Answer(opml(one, three, group="Blogs").encode()))
    web.feed("/two", rss("two", 1, 2))
    done = place.run("once", "--all", "--json")
    asked = len(web.asked("/two"))
    place.run("once", "--all")
    assert len(web.asked("/two")) == asked, "what left the list is polled no more"
    feed = (place.public / "category/planet/feed.atom").read_text("utf-8")
    assert "<title>two 1</title>" in feed, "and its entries stay"
    assert "<title>three 1</title>" in feed
    rows = {row["source"]: row for row in json.loads(place.run("status", "--json").stdout)["sources"]}
    assert {(row["list"], row["state"]) for name, row in rows.items() if name.endswith("-two")} == {
        ("friend", "disabled")
    }

    web.script("/list", Answer(b"gone", 404))
    place.run("once", "--all", check=1)
    assert "<title>three 1</title>" in (place.public / "category/planet/feed.atom").read_text("utf-8")


def test_a_list_vouches_for_nothing_on_this_machine(place: Place, web: ScriptedWeb) -> None:
    (place.folder / "blogs.opml").write_text(opml(web.feed("/one", rss("one", 1))), "utf-8")
    place.configure([{"id": "friend", "type": "opml", "url": f"file:{place.folder}/blogs.opml"}])
    checked = place.run("check")
    assert "friend is a list: its sources are known once it was polled" in checked.stdout
    done = place.run("once", check=1)
    assert "leads to a private network" in done.stderr
    assert web.requests == []
    (place.folder / "blogs.opml").unlink()
    assert "friend: file: " in place.run("once", "friend", check=1).stderr


async def test_the_service_takes_up_what_a_list_names_since_it_runs(place: Place, web: ScriptedWeb) -> None:
    one, two = web.feed("/one", rss("one", 1)), web.feed("/two", rss("two", 1))
    there = web.script("/list", Answer(opml(one).encode()))
    path = place.configure(
        [{"id": "friend", "type": "opml", "url": there, "interval": "1s", "category": "planet"}],
        server={"port": 0},
        **ON_LOOPBACK,
    )
    reloads: list[int] = []

    def reload() -> Settings:
        reloads.append(1)
        return load(path, {})

    polled: dict[str, asyncio.Event] = {"/one": asyncio.Event(), "/two": asyncio.Event()}

    retitled = asyncio.Event()

    def heard(done: Changes) -> None:
        if done.outlines and done.outlines[0].title == "another title":
            retitled.set()
        for name, event in polled.items():
            if done.source.url.endswith(name) and done.new:
                event.set()

    begun: list[Settings] = []

    class Counted(Service):
        async def _one_config(self, settings: Settings, *others: Any) -> None:
            begun.append(settings)
            await super()._one_config(settings, *others)

    service = Counted(load(path, {}), reload, heard=heard)
    running = asyncio.create_task(service.run())
    try:
        async with asyncio.timeout(60):
            await polled["/one"].wait()
            web.script("/list", Answer(opml(one).replace("a feed", "another title").encode()))
            await retitled.wait()
            web.script("/list", Answer(opml(one, two).encode()))
            await polled["/two"].wait()
    finally:
        service.stop()
        await running
    assert [len(settings.feeds) for settings in begun] == [0, 1, 2], "another title alone begins nothing anew"
    assert reloads == [], "the config itself is taken anew only when somebody says so"
    feed = (place.public / "category/planet/feed.atom").read_text("utf-8")
    assert "<title>one 1</title>" in feed
    assert "<title>two 1</title>" in feed
