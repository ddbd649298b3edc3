"""What the tests of `fetch` share: sources and settings in one line, and a machine that can dial nothing but itself."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import pycurl
import pytest

from aggregator.config.keys import FetchKeys
from aggregator.fetch import HttpFetcher
from aggregator.fetch.names import look_up
from aggregator.fetch.transport import GuardedTransport
from aggregator.model import Document, Failed, Fetched, Source, Validators, Visit

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 23, tzinfo=UTC)

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Outside:
    """The world beyond this machine: what names lead to, and every address that was dialled.

    The names in `slow` are not answered before `answered` is set; whoever asks for one goes into `waiting`.
    """

    names: dict[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    dialled: list[tuple[str, int]] = field(default_factory=list)
    slow: set[str] = field(default_factory=set)
    waiting: SimpleQueue[str] = field(default_factory=SimpleQueue)
    answered: threading.Event = field(default_factory=threading.Event)

    def resolve(self, host: str, port: int) -> list[str]:
        """What the world says a name leads to, in place of the system's resolver."""
        self.asked.append(host)
        if host in self.slow:
            self.waiting.put(host)
            self.answered.wait(30)
        if host in self.names:
            return self.names[host]
        if host == "localhost":
            return look_up(host, port)
        # What is an address in some old spelling comes back as one; whatever would need a name server is unknown.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(info[4][0]) for info in found]

    def dial(self, _purpose: int, where: tuple[int, int, int, tuple[Any, ...]]) -> socket.socket | int:
        """libcurl asks for the socket of every connection here; only those to this machine are opened."""
        family, kind, protocol, (host, port, *_) = where
        self.dialled.append((host, port))
        if not ipaddress.ip_address(host).is_loopback:
            return int(pycurl.SOCKET_BAD)
        return socket.socket(family, kind, protocol)


the_world: ContextVar[Outside] = ContextVar("the_world")


@pytest.fixture(name="outside")
def outside_fixture() -> Iterator[Outside]:
    """No test leaves this machine: names are scripted, and only the loopback is really dialled."""
    world = Outside()
    token = the_world.set(world)
    yield world
    world.answered.set()
    the_world.reset(token)


def transport(*allowed: str, world: Outside | None = None) -> GuardedTransport:
    """The transport as it is, in a world of the test's own."""
    world = world or the_world.get()
    return GuardedTransport(allowed, resolve=world.resolve, dial=world.dial)


def fetcher(contact: str | None = None, **chosen: Any) -> HttpFetcher:
    """A fetcher with these settings, in the test's world."""
    settings = keys(**chosen)
    return HttpFetcher(settings, contact, transport=transport(*settings.allow_private))


def keys(**chosen: Any) -> FetchKeys:
    """Settings as the config file would write them."""
    return FetchKeys.model_validate({"timeout": "10s", **chosen})


def source(url: str, *headers: tuple[str, str]) -> Source:
    """A source at this address."""
    return Source("s", "feed", url, "https://public.example/", (), HOUR, HOUR, HOUR, headers=headers)


def first_visit() -> Visit:
    """What a source that was never polled has left behind."""
    return Visit("s", NOW)


def visit(validators: Validators | None = None, body_hash: str | None = None) -> Visit:
    """What a poll before this one has left behind."""
    return Visit("s", NOW, validators=validators, body_hash=body_hash)


def after(fetched: Fetched) -> Visit:
    """The visit that a poll which ended so leaves behind."""
    assert isinstance(fetched, Document), fetched
    return visit(fetched.validators, fetched.body_hash)


async def fetch(
    where: str | Source, before: Visit | None = None, *, contact: str | None = None, **chosen: Any
) -> Fetched:
    """Fetch once, with a fetcher of its own."""
    async with fetcher(contact, **chosen) as door:
        return await door.fetch(source(where) if isinstance(where, str) else where, before or first_visit())


async def document(where: str | Source, before: Visit | None = None, **chosen: Any) -> Document:
    """Fetch what must arrive."""
    fetched = await fetch(where, before, **chosen)
    assert isinstance(fetched, Document), fetched
    return fetched


async def failure(where: str | Source, before: Visit | None = None, **chosen: Any) -> Failed:
    """Fetch what must fail."""
    fetched = await fetch(where, before, **chosen)
    assert isinstance(fetched, Failed), fetched
    assert fetched.detail
    assert "\n" not in fetched.detail
    assert len(fetched.detail) < 400
    return fetched


@asynccontextmanager
async def talking(conversation: Conversation) -> AsyncIterator[str]:
    """A server on the loopback that says what `conversation` writes; gives its address."""
    open_ends: list[asyncio.Task[None]] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ends.append(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await conversation(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side had enough, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in open_ends:
            task.cancel()
        await asyncio.gather(*open_ends, return_exceptions=True)
