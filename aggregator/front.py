"""What faces the readers: the served site, and the hub that tells its subscribers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from aggregator.condition import row_of
from aggregator.config import Settings
from aggregator.fetch import Callbacks
from aggregator.formats import atom
from aggregator.formats.html import SEARCH, render_search
from aggregator.model import (
    EVERYTHING,
    Changes,
    Content,
    Document,
    Kept,
    Receipt,
    Rendered,
    Source,
    Wish,
    category_page,
    own_hub,
)
from aggregator.ports import Clock, Sink
from aggregator.selection import Catalogue, make_page
from aggregator.store import SourceStatus, SqlStore
from aggregator.web.app import WebSite, create_app
from aggregator.web.audience import Audience
from aggregator.web.folder import ReadyFile
from aggregator.web.headers import is_feed, media_type
from aggregator.web.hub import Take
from aggregator.web.inside import Condition
from aggregator.web.server import Server
from aggregator.web.signpost import Signpost
from aggregator.websub import Hub, Pings, Subscriber

SERVER_GRACE_SECONDS = 1.5
CALLED_AT = "callbacks-at"
FOUND = 50  # entries that a search shows
INDEX_SECONDS, INDEX_PAUSE = 5.0, 0.05  # between looks for what is new, and between portions, so that polls get a turn


@dataclass
class Front:
    """The site that is served and its hub, over one store; `challenge` gives a new word that nobody can guess.

    `readiness` says why the program is not fit to work, or None.
    """

    settings: Settings
    store: SqlStore
    clock: Clock
    challenge: Callable[[], str]
    readiness: Callable[[], str | None]
    audience: Audience = field(default_factory=Audience)
    _hub: Hub | None = None
    _subscriber: Subscriber | None = None
    _bring: Callable[[str, Document], bool] | None = None
    _pings: Pings | None = None
    _polls: Counter[str] = field(default_factory=Counter)
    _site: WebSite = field(init=False)

    def __post_init__(self) -> None:
        self._site = create_app(
            self.settings.output.dir,
            readiness=self.readiness,
            audience=self.audience,
            take=self._taking,
            listener=self._listening,
            signpost=_signpost(self.settings),
            ask=self._condition,
            operators=self.settings.server.status,
            search=self._search,
            today=lambda: self.clock.now().timestamp(),
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator[int]:
        """Serve until the end of the block, which hears the port. Raises `ServeError`."""
        server = Server(self._site, self.settings.server.host, self.settings.server.port)
        await server.start()
        try:
            yield server.port
        finally:
            await server.stop(SERVER_GRACE_SECONDS)

    @asynccontextmanager
    async def with_settings(self, settings: Settings) -> AsyncIterator[None]:
        """Speak of addresses as these settings do, and tell the hubs they name, until the end of the block."""
        self.settings = settings
        site = settings.site
        self._site.post(_signpost(settings))
        own = own_hub(site.base_url)
        async with AsyncExitStack() as stack:
            # Hubs call where they were told; after a move, or where nobody hears them, nobody waits for them.
            calls_at = None if settings.no_push else own
            if calls_at is None or calls_at != await self.store.fact(CALLED_AT):
                await self.store.followings.rest(self.clock.now())
                await self.store.set_fact(CALLED_AT, calls_at or "")
            caller = await stack.enter_async_context(Callbacks(settings.fetch, ca_file=settings.ca_file))
            if not settings.no_push:
                await self.store.followings.catch_up(self.clock.now())
                self._subscriber = Subscriber(
                    own,
                    followings=self.store.followings,
                    caller=caller,
                    clock=self.clock,
                    challenge=self.challenge,
                    deliver=lambda source_id, document: bool(self._bring and self._bring(source_id, document)),
                )
                await stack.enter_async_context(_beside(self._subscriber.run()))
            if site.hubs:
                if own in site.hubs:
                    self._hub = Hub(
                        own,
                        content=self._content,
                        subscriptions=self.store.subscriptions,
                        caller=caller,
                        clock=self.clock,
                        challenge=self.challenge,
                    )
                    await stack.enter_async_context(_beside(self._hub.run()))
                self._pings = Pings((hub for hub in site.hubs if hub != own), caller)
                await stack.enter_async_context(_beside(self._pings.run()))
            await stack.enter_async_context(_beside(self._index()))
            try:
                yield
            finally:
                self._hub = self._pings = self._subscriber = None

    @contextmanager
    def delivering(self, bring: Callable[[str, Document], bool]) -> Iterator[None]:
        """Hand on what hubs of others bring, until the end of the block."""
        self._bring = bring
        try:
            yield
        finally:
            self._bring = None

    def published(self, paths: Sequence[str]) -> None:
        """These files have new content."""
        topics = [f"{self.settings.site.base_url}/{quote(path)}" for path in paths if is_feed(path)]
        for teller in (self._hub, self._pings):
            if teller is not None and topics:
                teller.published(topics)

    def walked(self, changes: Changes) -> None:
        """A source was polled."""
        self._polls[changes.visit.outcome or "new"] += 1
        if self._subscriber and changes.visit.hub != (changes.before.hub if changes.before else None):
            self._subscriber.look()

    async def _condition(self) -> Condition:
        """How the program does."""
        sources = {source.id: source for source in self.settings.sources}
        told = await self.store.status(list(sources))
        rows = await asyncio.to_thread(lambda: _rows(self.settings, sources, told))
        return Condition(
            rows,
            self.readiness(),
            self.audience.size(asyncio.get_running_loop().time()),
            dict(self._polls),
            dict(self._hub.results) if self._hub else {},
            dict(self._subscriber.results) if self._subscriber else {},
            self.settings.site.timezone,
        )

    async def _index(self) -> None:
        """Keep the index of what is searched up with what is kept, a little at a time."""
        while True:
            more = await self.store.index()
            await asyncio.sleep(INDEX_PAUSE if more else INDEX_SECONDS)

    async def _search(self, query: str, feed: bool) -> bytes | None:
        """What is found for the query, as a page or a feed."""
        site = self.settings.site
        found: list[Kept] | None = []
        if query:
            await self.store.index()
            found = await self.store.search(query, FOUND)
        if found is None:
            return None
        catalogue = Catalogue(site, self.settings.categories, {one.id: one for one in self.settings.feeds})
        kept = [one for one in found if one.source_id in catalogue.sources]
        page = replace(make_page(catalogue, category_page(EVERYTHING), kept), path=f"{SEARCH}/")
        address = f"{page.address}feed.atom?q={quote(query, safe='')}"
        if not feed:
            return (await asyncio.to_thread(render_search, page, query, address)).body
        body = (await asyncio.to_thread(atom.render, replace(page, title=f"{site.title}: {query}"))).body
        # The addresses of a page say nothing of a query; ours is written out so that no character needs an escape.
        body = body.replace(page.feed_address.encode(), address.encode())
        return body.replace(
            f'"{page.address}"'.encode(), f'"{site.base_url}/{SEARCH}?{address.partition("?")[2]}"'.encode()
        )

    def _listening(self) -> tuple[Subscriber, int] | None:
        return (self._subscriber, self.settings.fetch.max_bytes) if self._subscriber else None

    def _taking(self) -> Take | None:
        hub = self._hub
        if hub is None:
            return None

        async def take(wish: Wish) -> tuple[HTTPStatus, str] | None:
            refusal = await hub.take(wish)
            return None if refusal is None else (refusal.status, refusal.reason)

        return take

    def _content(self, topic: str) -> Content | None:
        """What a feed of ours holds; None for an address that is none, or not written as we write it."""
        base = self.settings.site.base_url
        path = unquote(topic.removeprefix(base))
        if topic != f"{base}{quote(path)}" or not is_feed(path):
            return None
        found = self._site.site.folder.find(path, now=asyncio.get_running_loop().time())
        if not isinstance(found, ReadyFile):
            return None
        return Content(found.body, media_type(found.name), found.plain.etag.decode("ascii"))


def _rows(settings: Settings, sources: Mapping[str, Source], told: Iterable[SourceStatus]) -> list[dict[str, Any]]:
    return [row_of(sources[one.source_id], one.visit, one.entries, settings.no_push) for one in told]


def _signpost(settings: Settings) -> Signpost:
    """What the config says of addresses."""
    moved = {old: category.slug for category in settings.categories.values() for old in category.aka}
    return Signpost(settings.site.base_url, settings.site.hubs, settings.output.formats, moved)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have this done while the block runs, and no longer."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Announcing:
    """The `Sink` port over another, which tells the paths of what it wrote; `heard` is called in its thread."""

    sink: Sink
    heard: Callable[[Sequence[str]], object]

    def put_all(self, many: Sequence[Rendered]) -> list[Receipt]:
        """As the other."""
        receipts = self.sink.put_all(many)
        written = [one.path for one, receipt in zip(many, receipts, strict=True) if receipt is Receipt.WRITTEN]
        if written:
            self.heard(written)
        return receipts

    def tidy(self, wanted: Callable[[str], bool]) -> int:
        """As the other."""
        return self.sink.tidy(wanted)
