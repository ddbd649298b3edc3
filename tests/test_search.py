"""Search over what was kept: what is found, in every script, and that nothing found is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import lxml.html
import pytest
from alembic import command
from alembic.config import Config
from atom_rules import violations
from conftest import PATIENCE, Place
from scripted_web import ScriptedWeb
from sqlalchemy import create_engine, text
from test_run import Running, free_port
from test_store import NOW, entry, new, polled, source

from aggregator.model import Entry, RevisedEntry, amended
from aggregator.store import SqlStore, open_store
from aggregator.store.codec import pack_entry
from aggregator.store.database import MIGRATIONS
from aggregator.store.searching import MOST_TERMS, terms_of

ONE = source("one", "news")
TITLES = [
    "Kernel prepatch 7.0-rc3 is out",
    "央行今日开展逆回购操作",
    "新茶上市，龙井怎么挑",
    "صدر Python 3.15 اليوم",
    '50 % of "everything" -- OR (NOT) NEAR*',
]


def titled(number: int, title: str, content: str = "") -> Entry:
    return amended(entry(number), title=title, content=content)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """A store with an entry of each title, all indexed."""
    async with open_store(tmp_path / "s.db", "https://planet.example", alone=True) as opened:
        await opened.enrol([ONE], NOW)
        entries = [amended(new(n), entry=titled(n, title)) for n, title in enumerate(TITLES)]
        # The last of a document is the first that is taken in.
        await opened.apply(polled(ONE, *reversed(entries)))
        await indexed(opened)
        yield opened


async def indexed(store: SqlStore) -> None:
    while await store.index():
        pass


async def found(store: SqlStore, query: str) -> list[str]:
    kept = await store.search(query, 50)
    assert kept is not None
    return [one.entry.title for one in kept]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("prepatch", 0),
        ("KERNEL rc3", 0),
        ("ernel", 0),
        ("逆回购", 1),
        ("央行", 1),
        ("龙井 新茶", 2),
        ("茶", 2),
        ("اليوم", 3),
        ('"everything"', 4),
        ("NEAR*", 4),
        ("(NOT)", 4),
        ("50 %", 4),
    ],
)
async def test_words_and_parts_of_words_are_found_in_every_script(store: SqlStore, query: str, number: int) -> None:
    assert await found(store, query) == [TITLES[number]]


@pytest.mark.parametrize(
    "query", ["", "   ", '"', '""""', "prepatch 央行", "nothing", "\0", "title:kernel", "AND OR NOT"]
)
async def test_what_does_not_occur_is_not_found_and_no_sign_has_a_meaning(store: SqlStore, query: str) -> None:
    assert await found(store, query) == []


def test_a_query_is_a_few_words_each_once() -> None:
    assert terms_of(' a "b a" \0c ') == ("a", "b", "c")
    assert len(terms_of(" ".join(map(str, range(100))))) == MOST_TERMS


async def test_the_newest_comes_first_and_the_text_and_the_authors_are_searched_too(store: SqlStore) -> None:
    more = [amended(new(n), entry=titled(n, f"Title {n}", "<p>about the <b>harbour</b></p>")) for n in (11, 10)]
    await store.apply(polled(ONE, *more))
    late = amended(
        new(12), entry=titled(12, "An old one", "<p>about the harbour</p>"), published=NOW - timedelta(days=9)
    )
    await store.apply(polled(ONE, late))
    await indexed(store)
    assert await found(store, "harbour") == ["Title 11", "Title 10", "An old one"]


async def test_a_revised_entry_is_found_by_what_it_says_now(store: SqlStore) -> None:
    (before,) = await store.search("prepatch", 1) or []
    changed = amended(before.entry, title="Kernel 7.0 released")
    revised = RevisedEntry(before.number, changed, "other", NOW + timedelta(hours=1), 1, pages=ONE.pages)
    await store.apply(amended(polled(ONE), revised=(revised,)))
    await indexed(store)
    assert await found(store, "prepatch") == []
    assert await found(store, "released") == ["Kernel 7.0 released"]


async def test_an_entry_that_is_gone_is_not_in_the_index_either(store: SqlStore) -> None:
    await store._writer.write(lambda connection: connection.execute(text("DELETE FROM entry WHERE title IS NOT NULL")))
    left = await store._writer.read(
        lambda connection: connection.execute(text("SELECT count(*) FROM searched")).scalar()
    )
    assert left == 0
    assert await found(store, "prepatch") == []


async def test_an_entry_that_stands_on_no_page_is_not_found(store: SqlStore) -> None:
    await store.apply(polled(ONE, amended(new(20, pages=()), entry=titled(20, "Hidden harbour"))))
    await indexed(store)
    assert await found(store, "harbour") == []


async def test_a_search_that_takes_too_long_ends(store: SqlStore) -> None:
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    assert await store._writer.read_aside(lambda connection: connection.execute(text(slow)).scalar(), 0.05) is None
    assert await found(store, "prepatch") == [TITLES[0]]


async def test_what_an_older_store_kept_is_found(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{tmp_path}/s.db")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        connection.execute(
            text("INSERT INTO source (id, pages, address, active, rules) VALUES ('one', '[]', '', 1, '')")
        )
        row = {"body": pack_entry(titled(1, TITLES[0])), "page": "category/all/"}
        connection.execute(
            text(
                "INSERT INTO entry (number, source_id, key, published_id, fingerprint, published, updated, first_seen, "
                "revision, body, link, title) VALUES (1, 'one', 'k', 'urn:x:1', '', 5, 5, 5, 0, :body, 0, 0)"
            ),
            row,
        )
        connection.execute(text("INSERT INTO membership VALUES (:page, 5, 1)"), row)
    engine.dispose()
    async with open_store(tmp_path / "s.db", "https://planet.example", alone=True) as store:
        await indexed(store)
        assert await found(store, "prepatch") == [TITLES[0]]


def test_the_site_answers_as_a_page_and_as_a_feed(place: Place, web: ScriptedWeb) -> None:
    item = "<item><title>央行 {0}</title><link>https://a.example/{0}</link><guid>https://a.example/{0}</guid></item>"
    items = "".join(item.format(n) for n in (1, 2))
    feed = f"<rss version='2.0'><channel><title>A</title><link>https://a.example/</link>{items}</channel></rss>"
    port = free_port()
    source = {"id": "a", "url": web.feed("/a", feed), "category": "news"}
    place.configure([source], server={"port": port}, categories={"news": {"aka": ["old"]}})
    running = Running(place, port)
    try:
        running.wait_for(lambda line: "poll source=a" in line)
        with httpx.Client(base_url=running.base, trust_env=False, timeout=PATIENCE) as client:
            page = client.get("/search", params={"q": "央行 <b>"})
            assert page.status_code == 200
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert "<b>" not in page.text
            document = lxml.html.document_fromstring(client.get("/search", params={"q": "央行"}).text)
            assert len(document.xpath("//article")) == 2
            assert document.xpath("//input/@value") == ["央行"]
            address = document.xpath("//link[@rel='alternate']/@href")[0]
            assert address == "https://planet.example/search/feed.atom?q=%E5%A4%AE%E8%A1%8C"
            answer = client.get(address.removeprefix("https://planet.example"))
            assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
            assert violations(answer.content) == []
            assert answer.text.count("<entry") == 2
            assert address in answer.text
            home = lxml.html.document_fromstring(client.get("/").text)
            asking = home.xpath("//form[@method='get']/@action")[0]
            assert client.get(f"/{asking}").status_code == 200
            moved = client.get("/category/old/feed.atom")
            assert (moved.status_code, moved.headers["location"]) == (308, "../news/feed.atom")
            assert violations(client.get("/search/feed.atom", params={"q": "nothing"}).content) == []
    finally:
        running.stop()
