"""What tests of the hub share: subscribers on loopback, which hear and answer as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from conftest import PATIENCE


@dataclass
class Exchange:
    """What a subscriber heard."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def asked(self) -> dict[str, str]:
        """The parameters of the address."""
        return dict(parse_qsl(urlsplit(self.target).query))


@dataclass
class Subscriber:
    """A server for callbacks: confirms what `confirms` says, answers deliveries with `status`."""

    status: int = 200
    confirms: bool = True
    echo: Callable[[str], str] = lambda challenge: challenge
    held: asyncio.Event | None = None
    heard: list[Exchange] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    port: int = 0

    @property
    def callback(self) -> str:
        """Its address, which has a query of its own."""
        return f"http://127.0.0.1:{self.port}/callback?for=planet"

    @property
    def deliveries(self) -> list[Exchange]:
        """What it was told."""
        return [one for one in self.heard if one.method == "POST"]

    async def wait_for(self, wanted: Callable[[], bool]) -> None:
        """Wait until it has heard what is wanted."""
        async with asyncio.timeout(PATIENCE), self.news:
            await self.news.wait_for(wanted)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One exchange."""
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            one = Exchange(method, target, headers, body)
            async with self.news:
                self.heard.append(one)
                self.news.notify_all()
            if self.held:
                await self.held.wait()
            if method == "GET":
                said = self.echo(one.asked["hub.challenge"]).encode()
                status = 200 if self.confirms else 404
            else:
                said, status = b"", self.status
            writer.write(
                b"HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(said), said)
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the hub had enough
        finally:
            writer.close()


@asynccontextmanager
async def subscriber(**keys: object) -> AsyncIterator[Subscriber]:
    one = Subscriber(**keys)  # type: ignore[arg-type]
    server = await asyncio.start_server(one.talk, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        if one.held:
            one.held.set()
        server.close()
