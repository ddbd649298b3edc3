"""The second documents of entries: fetched once each, waited for a while, filled in late without a second coming."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from conftest import Place
from scripted_web import Answer, ScriptedWeb

from aggregator.config import load
from aggregator.config.keys import FetchKeys
from aggregator.details import fill_in
from aggregator.fetch import HttpFetcher
from aggregator.intake import WorkerReader
from aggregator.model import Asking, Changes, Document, Filling, Kept, Source, Visit, amended
from aggregator.placing import pages_of
from aggregator.poll import poll
from aggregator.store import SqlStore, open_store
from aggregator.turns import Turns

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RECIPE: dict[str, Any] = {
    "type": "json",
    "timezone": "Asia/Shanghai",
    "items": "list",
    "fields": {"id": "id", "title": "title", "published": "time", "summary": "digest"},
    "detail": {
        "url": "https://x.example/detail/{id}",
        "fields": {"content": "text", "author": "by"},
        "clean": {"remove": ["[style*='display:none']", ".ad"], "replace": [{"text": "　　", "with": ""}]},
        "hold": "1h",
    },
}


def listed(*numbers: int, title: str = "Title") -> bytes:
    items = [
        {"id": n, "title": f"{title} {n}", "time": f"2026-03-01 1{n}:00:00", "digest": f"digest {n}"} for n in numbers
    ]
    return json.dumps({"list": items}).encode()


def text(number: int) -> Answer:
    markup = f"<p style='display:none'>hidden</p><p>　　Text {number}</p><div class=ad>buy</div> tail"
    return Answer(json.dumps({"text": markup, "by": "Ada"}).encode())


@dataclass
class Walk:
    """Polls and errands at times that the test sets."""

    store: SqlStore
    fetcher: HttpFetcher
    reader: WorkerReader
    source: Source
    moment: datetime = START
    asked: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def place(self, source: Source, entry: Any, age: timedelta) -> tuple[str, ...]:
        return pages_of(entry, source, {}, age)

    async def poll(self, later: timedelta = timedelta()) -> Changes:
        self.moment += later
        return await poll(
            self.source, fetcher=self.fetcher, reader=self.reader, store=self.store, clock=self, place=self.place
        )

    async def errands(self, later: timedelta = timedelta()) -> list[Filling]:
        self.moment += later
        return [
            await fill_in(
                one,
                fetcher=self.fetcher,
                reader=self.reader,
                store=self.store,
                clock=self,
                place=self.place,
                refusal=never_refused,
                turns=Turns(),
            )
            for one in await self.store.awaited(self.source, self.moment)
        ]

    async def shown(self) -> list[Kept]:
        return await self.store.newest("category/all/", 100)


async def never_refused(source: Source, url: str) -> None:
    """No site says that a page must not be fetched."""
    del source, url


@pytest.fixture
async def walk(tmp_path: Path, web: ScriptedWeb) -> AsyncIterator[Walk]:
    recipe = json.loads(json.dumps(RECIPE).replace("https://x.example", web.url("")))
    (tmp_path / "c.yaml").write_text(json.dumps({"sources": [{"id": "api", "url": web.url("/list"), **recipe}]}))
    (source,) = load(tmp_path / "c.yaml", {}).sources
    reader = WorkerReader(workers=1)
    async with (
        open_store(tmp_path / "store.db", "https://planet.example", alone=True) as store,
        HttpFetcher(FetchKeys.model_validate({"timeout": "5s"})) as fetcher,
    ):
        await store.enrol([source], START)
        yield Walk(store, fetcher, reader, source)
    reader.close()


async def test_an_entry_stands_nowhere_until_its_second_document_is_there(walk: Walk, web: ScriptedWeb) -> None:
    web.script("/list", Answer(listed(1, 2)))
    for number in (1, 2):
        web.script(f"/detail/{number}", text(number))
    await walk.poll()
    assert await walk.shown() == []
    await walk.errands()
    second, first = await walk.shown()
    assert first.entry.content == "<p>Text 1</p> tail"
    assert [author.name for author in first.entry.authors] == ["Ada"]
    assert (first.entry.summary, second.entry.title) == ("<p>digest 1</p>", "Title 2")
    assert (first.revision, first.updated) == (0, first.published)


async def test_who_comes_late_and_finds_nothing_takes_nothing_away(walk: Walk, web: ScriptedWeb) -> None:
    web.script("/list", Answer(listed(1)))
    web.script("/detail/1", text(1))
    await walk.poll()
    (late,) = await walk.store.awaited(walk.source, walk.moment)
    await walk.errands()
    await walk.store.fill_in(late, Filling(late.number, amended(late.entry, waits=False), (), None))
    web.script("/list", Answer(listed(1, title="New title")))
    await walk.poll(5 * MINUTE)
    (entry,) = await walk.shown()
    assert (entry.entry.title, entry.entry.content) == ("New title 1", "<p>Text 1</p> tail")


async def test_each_second_document_is_fetched_once_ever(walk: Walk, web: ScriptedWeb) -> None:
    web.script("/detail/1", text(1))
    for body in (listed(1), listed(1), listed(1, title="New title"), listed()):
        web.script("/list", Answer(body))
        await walk.poll(5 * MINUTE)
        await walk.errands()
    (entry,) = await walk.shown()
    assert len(web.asked("/detail/1")) == 1
    assert (entry.entry.title, entry.entry.content, entry.revision) == ("New title 1", "<p>Text 1</p> tail", 1)


async def test_after_the_hold_the_entry_comes_without_and_is_filled_in_later(walk: Walk, web: ScriptedWeb) -> None:
    web.script("/list", Answer(listed(1)))
    web.script("/detail/1", Answer(b'{"error": "not yet"}'))
    await walk.poll()
    for _ in range(4):
        await walk.errands()
        walk.moment += 16 * MINUTE
    assert await walk.shown() == []
    await walk.errands()  # after more than an hour
    (bare,) = await walk.shown()
    assert (bare.entry.content, bare.entry.summary) == ("", "<p>digest 1</p>")
    web.script("/detail/1", text(1))
    await walk.errands(later=timedelta(hours=7))
    (whole,) = await walk.shown()
    assert whole.entry.content == "<p>Text 1</p> tail"
    assert (whole.id, whole.published, whole.updated) == (bare.id, bare.published, bare.updated)
    assert await walk.errands(later=timedelta(days=1)) == []


@pytest.mark.parametrize("answer", [Answer(status=404), Answer(b"<html>"), Answer(status=503), Answer(b'{"text": ""}')])
async def test_a_failure_is_tried_again_later_and_later_and_given_up_in_the_end(
    walk: Walk, web: ScriptedWeb, answer: Answer
) -> None:
    web.script("/list", Answer(listed(1)))
    web.script("/detail/1", answer)
    await walk.poll()
    for _ in range(200):
        await walk.errands(later=30 * MINUTE)
    assert 10 < len(web.asked("/detail/1")) < 30
    assert [kept.entry.title for kept in await walk.shown()] == ["Title 1"]
    before = len(web.requests)
    await walk.errands(later=timedelta(days=30))
    assert len(web.requests) == before


async def test_what_is_gone_is_not_waited_for(walk: Walk, web: ScriptedWeb) -> None:
    web.script("/list", Answer(listed(1)))
    web.script("/detail/1", Answer(status=410))
    await walk.poll()
    await walk.errands()
    assert len(await walk.shown()) == 1


async def test_a_title_that_changes_while_its_entry_waits_is_not_lost(walk: Walk, web: ScriptedWeb) -> None:
    web.script("/list", Answer(listed(1)))
    web.script("/detail/1", Answer(status=404))
    await walk.poll()
    await walk.errands()
    web.script("/list", Answer(listed(1, title="Better")))
    await walk.poll(5 * MINUTE)
    assert await walk.shown() == []
    web.script("/detail/1", text(1))
    await walk.errands()
    (entry,) = await walk.shown()
    assert (entry.entry.title, entry.entry.content) == ("Better 1", "<p>Text 1</p> tail")


async def test_what_a_source_tells_of_its_operator_stays_with_its_own_origin(walk: Walk, web: ScriptedWeb) -> None:
    web.script("/list", Answer(listed(1)))
    web.script("/detail/1", text(1))
    asking = Asking((("X-Own", "o"),), b"{}")
    walk.source = replace(walk.source, headers=(("Authorization", "Bearer t"),), asking=asking)
    await walk.poll()
    await walk.errands()
    (first,), (second,) = web.asked("/list"), web.asked("/detail/1")
    assert (first.method, first.body, first.headers["authorization"]) == ("POST", b"{}", "Bearer t")
    assert (second.method, second.body, second.headers["x-own"]) == ("GET", b"", "o")
    assert second.headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("allowed", [(), ("127.0.0.0/8",)])
async def test_a_second_document_elsewhere_is_a_strangers(
    walk: Walk, web: ScriptedWeb, allowed: tuple[str, ...]
) -> None:
    other = ScriptedWeb()
    try:
        other.script("/detail/1", text(1))
        detail = walk.source.recipe and walk.source.recipe.detail
        assert detail
        address = replace(detail.address, template=other.url("/detail/{id}"))
        recipe = replace(walk.source.recipe, detail=replace(detail, address=address))
        walk.source = replace(walk.source, recipe=recipe, headers=(("Authorization", "Bearer t"),))
        walk.fetcher = HttpFetcher(FetchKeys.model_validate({"timeout": "5s", "allow_private": list(allowed)}))
        web.script("/list", Answer(listed(1)))
        await walk.poll()
        await walk.errands()
        await walk.fetcher.aclose()
    finally:
        other.close()
    if allowed:
        (request,) = other.requests
        assert "authorization" not in request.headers
        assert len(await walk.shown()) == 1
    else:  # nobody but the operator may lead to this machine
        assert other.requests == []
        assert await walk.shown() == []


async def test_what_a_source_is_given_at_home_is_told_to_no_other(walk: Walk, web: ScriptedWeb, tmp_path: Path) -> None:
    inside = ScriptedWeb()
    try:
        secret = inside.url("/secret/1")
        item = {"id": 1, "title": "Title 1", "time": "2026-03-01 11:00:00", "link": secret}
        page = Answer(json.dumps({"list": [item]}).encode())
        recipe = {**RECIPE, "fields": {**RECIPE["fields"], "link": "link"}}
        recipe["detail"] = {"url": "{link}", "fields": {"content": "text"}}
        urls = [inside.script("/list", page), web.script("/list", page)]
        inside.script("/secret/1", text(1))
        sources = [{"id": name, "url": url, **recipe} for name, url in zip(("own", "public"), urls, strict=True)]
        (tmp_path / "two.yaml").write_text(json.dumps({"sources": sources}))
        own, public = (with_shared(one) for one in load(tmp_path / "two.yaml", {}).sources)
        await walk.store.enrol([own, public], START)
        for walk.source in (own, public):
            await walk.poll()
            await walk.errands()
    finally:
        inside.close()
    (shown,) = await walk.shown()
    assert shown.source_id == "own"
    assert "Text 1" in shown.entry.content
    assert await walk.store.second_document(own, secret)
    assert await walk.store.second_document(public, secret) is None


def with_shared(source: Source) -> Source:
    """The source, as if another one asked as it does."""
    assert source.recipe
    assert source.recipe.detail
    return replace(source, recipe=replace(source.recipe, detail=replace(source.recipe.detail, shared=True)))


@pytest.mark.parametrize(
    "other",
    [
        {"url": "http://10.0.0.5:8080/list"},
        {"url": "https://10.0.0.5/list"},
        {"url": "http://u:pw@10.0.0.5/list"},
        {"headers": (("Authorization", "Bearer t"),)},
        {"asking": Asking((("X-Own", "o"),))},
        {"listed_by": "blogroll"},
        {"insecure_tls": True},
    ],
    ids=lambda changed: "-".join(changed),
)
async def test_only_who_asks_in_the_same_way_is_told_what_another_was_given(
    walk: Walk, web: ScriptedWeb, other: dict[str, Any]
) -> None:
    web.script("/x", Answer(b"{}"))
    document = await walk.fetcher.fetch(walk.source, Visit("api", None, address=web.url("/x")))
    assert isinstance(document, Document)
    asker = replace(walk.source, url="http://10.0.0.5/list")
    await walk.store.share(asker, "http://10.0.0.5/secret/1", document, START)
    same = await walk.store.second_document(
        replace(asker, id="b", url="http://10.0.0.5/more"), "http://10.0.0.5/secret/1"
    )
    assert same
    assert same.body == document.body
    assert await walk.store.second_document(replace(asker, **other), "http://10.0.0.5/secret/1") is None


@pytest.mark.parametrize(
    ("detail", "urls", "shared"),
    [
        ("https://x.example/{id}", ["https://x.example/a", "https://x.example/b"], True),
        ("https://x.example/{id}", ["https://x.example/a", "https://y.example/b"], False),
        ("https://x.example/{id}", ["https://x.example/a", "https://u:pw@x.example/b"], False),
        ("{link}", ["https://x.example/a", "https://x.example/b"], False),
        ("https://{host}/{id}", ["https://x.example/a", "https://x.example/b"], False),
        ("https://x.example{id}", ["https://x.example/a", "https://x.example/b"], False),
    ],
)
def test_sources_share_what_they_ask_for_in_the_same_way_at_one_host(
    tmp_path: Path, detail: str, urls: list[str], shared: bool
) -> None:
    recipe = {**RECIPE, "detail": {**RECIPE["detail"], "url": detail}}
    sources = [{"id": f"s{number}", "url": url, **recipe} for number, url in enumerate(urls)]
    (tmp_path / "two.yaml").write_text(json.dumps({"sources": sources}))
    assert [one.detail and one.detail.shared for one in load(tmp_path / "two.yaml", {}).sources] == [shared, shared]


def test_once_gets_the_second_documents_before_it_ends(place: Place, web: ScriptedWeb) -> None:
    web.script("/list", Answer(listed(1, 2, 3)))
    page = "<html><head><meta charset=gbk></head><body><div id=t><p>正文{}</p><i class=ad>x</i></div></body></html>"
    for number in (1, 2, 3):
        web.script(f"/page/{number}", Answer(page.format(number).encode("gbk"), headers={"Content-Type": "text/html"}))
    detail = {"url": web.url("/page/{id}"), "fields": {"content": {"css": "#t"}}, "clean": {"remove": ".ad"}}
    place.configure([{"id": "api", "url": web.url("/list"), "category": "news", **RECIPE, "detail": detail}])
    place.run("once")
    feed = feedparser.parse((place.public / "category/news/feed.atom").read_bytes())
    assert [entry.title for entry in feed.entries] == ["Title 3", "Title 2", "Title 1"]
    assert feed.entries[0].content[0].value.startswith("<p>正文3</p>")
    assert len(web.requests) == 4
    place.run("once", "--all")
    assert len(web.requests) == 5
