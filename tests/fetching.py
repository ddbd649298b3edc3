"""What the tests of `fetch` share: sources and settings in one line, and a machine that can dial nothing but itself."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import httpcore
import httpx
import pytest

from aggregator.config.keys import FetchKeys
from aggregator.fetch import HttpFetcher
from aggregator.model import Document, Failed, Fetched, Source, Validators, Visit

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 23, tzinfo=UTC)

one_ssl_context = functools.cache(httpx.create_ssl_context)  # building one takes longer than most tests
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


@pytest.fixture(name="outside")
def outside_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """No test leaves this machine: names are scripted, and only the loopback is really dialled."""
    world = Outside()
    really_dial = httpcore.AnyIOBackend.connect_tcp
    really_resolve = socket.getaddrinfo

    async def connect_tcp(self: Any, host: str, port: int, *rest: Any, **more: Any) -> Any:
        world.dialled.append((host, port))
        if not ipaddress.ip_address(host).is_loopback:
            raise httpcore.ConnectError("nobody is there")
        return await really_dial(self, host, port, *rest, **more)

    def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        world.asked.append(host)
        if host in world.slow:
            world.waiting.put(host)
            world.answered.wait(30)
        if host in world.names:
            addresses = map(ipaddress.ip_address, world.names[host])
            return [
                (socket.AF_INET if a.version == 4 else socket.AF_INET6, socket.SOCK_STREAM, 6, "", (str(a), port))
                for a in addresses
            ]
        if host == "localhost":
            return really_resolve(host, port, *rest, **more)
        # What is an address in some old spelling comes back as one; whatever would need a name server is unknown.
        return really_resolve(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    monkeypatch.setattr(httpx, "create_ssl_context", one_ssl_context)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield world
    world.answered.set()


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
    async with HttpFetcher(keys(**chosen), contact) as fetcher:
        return await fetcher.fetch(source(where) if isinstance(where, str) else where, before or first_visit())


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
