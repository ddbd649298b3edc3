"""The APIs of config/examples/finews.yaml on loopback, as they behave, and a planet that polls them in virtual time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scripted_web import Answer, Request, ScriptedWeb

from aggregator.build import Builder
from aggregator.config import Settings, load
from aggregator.config.keys import FetchKeys
from aggregator.details import fill_in
from aggregator.fetch import HttpFetcher
from aggregator.intake import take_detail, take_in
from aggregator.model import Awaited, Changes, Document, Entry, Failed, FeedLink, Intake, Source
from aggregator.placing import pages_of, rules_of
from aggregator.poll import poll
from aggregator.publish import Folder
from aggregator.selection import Catalogue
from aggregator.store import SqlStore, open_store
from aggregator.turns import Turns

ROOT = Path(__file__).parent.parent
HOST = "http://finews.zning.xyz"
MARKETS = ("37", "38", "39")
BEIJING = timedelta(hours=8)
START = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)


@dataclass
class Article:
    """One article: which lists it comes up in and when, in minutes after the start; and when its text is there."""

    number: int
    title: str
    lists: tuple[str, ...]
    digest: str = ""
    outlet: str = ""
    content: str = "<p>全文。</p>"
    text: str = "<p>全文。</p>"
    minute: int = 0
    text_minute: int = 0
    complete_minute: int = 0  # before that, the fields of the list are empty
    time: str = ""
    link: str = ""
    led: bool = False  # the digest has its lead already

    @property
    def code(self) -> str:
        return f"NW2026031012{self.number:08}" if self.number < 10**9 else f"NW{self.number}"

    def shown(self, now: int, name: str) -> dict[str, str]:
        """The article as a list has it."""
        whole = now >= self.complete_minute
        when = self.time or f"{START + BEIJING + timedelta(minutes=self.minute):%Y-%m-%d %H:%M:%S}"
        title, when = (self.title, when) if whole else ("", "")
        if name == "102":
            link = self.link or f"http://news.example/{self.code}.html"
            digest = self.digest if self.led or not whole else f"【{self.title}】{self.digest}"
            return {
                "id": self.code.removeprefix("NW"),
                "infoCode": self.code,
                "title": title,
                "digest": digest,
                "url_w": link if whole else "",
                "showtime": when,
            }
        if name == "45":
            cut = self.digest[:100]
            return {"infocode": self.code, "title": title, "showtime": when, "from": self.outlet, "simdigest": cut}
        return {"infoCode": self.code, "title": title, "datetime": when, "medianame": self.outlet}


@dataclass
class Apis:
    """The lists and the details. `newest` is how many a list shows; while a list is in `down` it answers an error."""

    web: ScriptedWeb
    articles: list[Article]
    newest: int = 100
    minute: int = 0
    down: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.web.script("/web/webapi?type=102&count=100&newsid=1", lambda _: self._list("102", "records"))
        self.web.script("/web/webapi?type=45&count=100&newsid=1", lambda _: self._list("45", "nodeList"))
        for market in MARKETS:
            path = f"/information/newmarket/web/webapi?marketType={market}&count=100"
            self.web.script(path, lambda _, market=market: self._list(market, "record"))  # type: ignore[misc]
        for article in self.articles:
            self.web.script(f"/NewsData/GetNewsText.do?id={article.code}", self._detail)

    def asked_for(self) -> dict[str, int]:
        """How often the text of each article was given."""
        many: dict[str, int] = {}
        for request in self.web.requests:
            if "GetNewsText" in request.path:
                code = _query(request)["id"]
                many[code] = many.get(code, 0) + 1
        return many

    def _list(self, name: str, key: str) -> Answer:
        if name in self.down:
            return Answer(json.dumps({"rc": 0, "me": "系统繁忙", "re": False}).encode())
        there = [one for one in self.articles if name in one.lists and one.minute <= self.minute]
        newest = sorted(there, key=lambda one: one.minute, reverse=True)[: self.newest]
        return Answer(json.dumps({"rc": 1, "me": "4", key: [one.shown(self.minute, name) for one in newest]}).encode())

    def _detail(self, request: Request) -> Answer:
        code = _query(request)["id"]
        (article,) = (one for one in self.articles if one.code == code)
        there = self.minute >= article.text_minute
        said = {"content": article.content if there else "", "text": article.text if there else ""}
        return Answer(json.dumps({"id": code, "title": article.title, **said}).encode())


def _query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}


@dataclass
class Hour:
    """The program over these APIs, step by step: the clock stands wherever the test sets it."""

    apis: Apis
    settings: Settings
    store: SqlStore
    fetcher: HttpFetcher
    public: Path
    turns: Turns = field(default_factory=Turns)

    def now(self) -> datetime:
        """The clock."""
        return START + timedelta(minutes=self.apis.minute)

    async def read(self, source: Source, document: Document, seen: frozenset[bytes]) -> Intake | Failed:
        """The reader, in this process."""
        return take_in(source, document, seen)

    async def feed_links(self, page: Document) -> tuple[FeedLink, ...]:
        """Nobody asks."""
        raise NotImplementedError(page.url)

    async def fill_in(self, source: Source, entry: Entry, document: Document) -> Entry | Failed:
        """The reader of second documents."""
        return take_detail(source, entry, document)

    def place(self, source: Source, entry: Entry, age: timedelta) -> tuple[str, ...]:
        """The pages of an entry."""
        return pages_of(entry, source, self.settings.categories, age)

    async def pass_to(self, minute: int) -> list[Changes]:
        """Poll every list at this minute, get the texts that are due, and publish what changed."""
        self.apis.minute = minute
        polled = []
        for source in self.settings.sources:
            polled.append(
                await poll(source, fetcher=self.fetcher, reader=self, store=self.store, clock=self, place=self.place)
            )
            for awaited in await self.store.awaited(source, self.now()):
                await self.errand(awaited)
        await self.builder().build()
        return polled

    async def errand(self, awaited: Awaited) -> None:
        """Get one text."""
        await fill_in(
            awaited,
            fetcher=self.fetcher,
            reader=self,
            store=self.store,
            clock=self,
            place=self.place,
            refusal=_never_refused,
            turns=self.turns,
        )

    def builder(self) -> Builder:
        """The walk out."""
        sources = {source.id: source for source in self.settings.sources}
        catalogue = Catalogue(self.settings.site, self.settings.categories, sources)
        return Builder(self.store, catalogue, Folder(self.public), self.settings.site.formats)

    def feed(self, slug: str) -> bytes:
        """The published Atom feed of a category."""
        return (self.public / f"category/{slug}/feed.atom").read_bytes()


async def _never_refused(source: Source, url: str) -> None:
    """No site says that a text must not be fetched."""
    del source, url


def example(folder: Path, base: str, changes: Iterable[tuple[str, str]] = ()) -> Settings:
    """The settings of the shipped example, at another host."""
    config = (ROOT / "config/examples/finews.yaml").read_text("utf-8").replace(HOST, base)
    for old, new in changes:
        assert old in config
        config = config.replace(old, new)
    (folder / "finews.yaml").write_text(config, "utf-8")
    return load(folder / "finews.yaml", {})


@asynccontextmanager
async def hour(folder: Path, apis: Apis, changes: Iterable[tuple[str, str]] = ()) -> AsyncIterator[Hour]:
    """The program in this folder, set up with the shipped example."""
    settings = example(folder, apis.web.url(""), changes)
    async with (
        open_store(folder / "store.db", settings.site.base_url, alone=True) as store,
        HttpFetcher(FetchKeys.model_validate({"timeout": "5s"})) as fetcher,
    ):
        one = Hour(apis, settings, store, fetcher, folder / "public")
        await store.enrol(settings.sources, START, one.place, lambda source: rules_of(source, settings.categories))
        yield one


def of_corpus(folder: Path) -> list[Article]:
    """The articles of a folder with answers of the APIs, each in the lists that had it there."""
    found: dict[str, Article] = {}
    for name, file, key in (
        ("102", "webapi_type102.json", "records"),
        ("45", "webapi_type45.json", "nodeList"),
        *((market, f"newmarket_{market}.json", "record") for market in MARKETS),
    ):
        for item in json.loads((folder / file).read_text("utf-8"))[key]:
            _collect(found, folder, name, item)
    return list(found.values())


def _collect(found: dict[str, Article], folder: Path, name: str, item: dict[str, Any]) -> None:
    code = item.get("infoCode") or item["infocode"]
    detail = json.loads((folder / f"GetNewsText/{code}.json").read_text("utf-8"))
    article = found.setdefault(
        code,
        Article(
            int(code.removeprefix("NW")),
            item["title"],
            (),
            content=detail["content"],
            text=detail["text"],
            time=item.get("showtime") or item.get("datetime") or "",
            complete_minute=0 if item["title"] else 10**6,
        ),
    )
    article.lists = (*article.lists, name)
    article.led = article.led or "digest" in item
    article.digest = item.get("digest") or article.digest or item.get("simdigest", "")
    article.outlet = item.get("from") or item.get("medianame") or article.outlet
    article.link = item.get("url_w") or article.link
