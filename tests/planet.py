"""A whole planet in one process: a config as people write it, a web of its own, a real store and a real folder."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.build import Builder
from aggregator.config import Settings, load
from aggregator.intake import take_detail, take_in
from aggregator.model import Changes, Document, Entry, Failed, FeedLink, Intake, Kept, Reason, Source, Unchanged, Visit
from aggregator.placing import pages_of, rules_of
from aggregator.poll import poll
from aggregator.publish import Folder
from aggregator.selection import Catalogue
from aggregator.store import SqlStore, open_store

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@dataclass
class Planet:
    """What the program does, step by step, at times that the test sets; `answers` are the bodies by address."""

    folder: Path
    store: SqlStore
    answers: dict[str, str] = field(default_factory=dict)
    moment: datetime = START
    asked: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """The clock."""
        return self.moment

    async def fetch(self, source: Source, visit: Visit) -> Document | Unchanged | Failed:
        """The web: an answer that is the same as at the last visit is said to be so."""
        url = visit.address or source.url
        self.asked.append(url)
        body = self.answers[url].encode()
        mark = hashlib.blake2b(body).hexdigest()
        return Unchanged("body") if visit.body_hash == mark else Document(url, body, mark)

    async def read(self, source: Source, document: Document, seen: frozenset[bytes]) -> Intake | Failed:
        """The reader, in this process."""
        return take_in(source, document, seen)

    async def feed_links(self, page: Document) -> tuple[FeedLink, ...]:
        """Nobody asks."""
        raise NotImplementedError(page.url)

    async def fill_in(self, source: Source, entry: Entry, document: Document) -> Entry | Failed:
        """The reader of second documents."""
        return take_detail(source, entry, document)

    def settings(self, config: str) -> Settings:
        """What this config says."""
        (self.folder / "c.yaml").write_text(config, "utf-8")
        return load(self.folder / "c.yaml", {})

    async def run(self, config: str, later: timedelta = timedelta(hours=1)) -> dict[str, Changes]:
        """Everything that one run does under a config: agree with it, poll every source, build every page."""
        self.moment += later
        settings = self.settings(config)
        categories = settings.categories
        await self.store.enrol(
            settings.sources,
            self.moment,
            lambda source, entry, age: pages_of(entry, source, categories, age),
            lambda source: rules_of(source, categories),
        )
        changes = {source.id: await self.poll(source, settings) for source in settings.sources}
        builder = self.builder(settings)
        await builder.build(await builder.pages())  # as a start does that finds another config
        return changes

    async def poll(self, source: Source, settings: Settings) -> Changes:
        """Poll one source."""
        return await poll(
            source,
            fetcher=self,
            reader=self,
            store=self.store,
            clock=self,
            place=lambda source, entry, age: pages_of(entry, source, settings.categories, age),
        )

    def builder(self, settings: Settings) -> Builder:
        """The walk out under this config."""
        sources = {source.id: source for source in settings.sources}
        catalogue = Catalogue(settings.site, settings.categories, sources)
        return Builder(self.store, catalogue, Folder(self.public), settings.output.formats)

    @property
    def public(self) -> Path:
        """The published folder."""
        return self.folder / "public"

    async def titles(self, page: str) -> list[str]:
        """What stands on a page, newest first."""
        return [one.entry.title for one in await self.entries(page)]

    async def entries(self, page: str) -> list[Kept]:
        """The entries of a page, newest first."""
        return await self.store.newest(page, 100)


@asynccontextmanager
async def planet_in(folder: Path) -> AsyncIterator[Planet]:
    """A planet in this folder; one that was there before goes on."""
    async with open_store(folder / "store.db", "https://planet.example", alone=True) as store:
        yield Planet(folder, store)


def rss(*items: str, title: str = "X", more: str = "") -> str:
    """An RSS document."""
    return (
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:cc='http://web.resource.org/cc/'"
        " xmlns:creativeCommons='http://backend.userland.com/creativeCommonsRssModule'"
        " xmlns:atom='http://www.w3.org/2005/Atom' xmlns:dcterms='http://purl.org/dc/terms/'><channel>"
        f"<title>{title}</title><link>https://x.example/</link>{more}{''.join(items)}</channel></rss>"
    )


def item(number: int, title: str = "", text: str = "", more: str = "") -> str:
    """One item; its number tells it apart, and it was published on that day of March."""
    return (
        f"<item><guid isPermaLink='false'>tag:x.example,2026:{number}</guid><title>{title or f'Title {number}'}</title>"
        f"<link>https://x.example/{number}</link><pubDate>{number:02} Mar 2026 10:00:00 GMT</pubDate>"
        f"<description><![CDATA[{text}]]></description>{more}</item>"
    )


def terms(*names: str) -> str:
    """The categories of an item."""
    return "".join(f"<category>{name}</category>" for name in names)


__all__ = ["Planet", "Reason", "item", "planet_in", "rss", "terms"]
