"""What tests of the served site share: files as a publisher leaves them, a server over them, clients of all kinds."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import brotli
import httpx
from conftest import PATIENCE
from starlette.types import ASGIApp

from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.web.server import Server
from aggregator.web.signpost import Signpost

CHANGED = 1_700_000_000


def put(path: Path, body: bytes, *, forms: bytes | None = b"") -> None:
    """Publish a file by rename; with its compressed forms beside it, which hold `forms` if that is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if forms is not None:
        inner = forms or body
        for suffix, coded in {
            ".gz": gzip.compress(inner, 6, mtime=0),
            ".br": brotli.compress(inner, quality=5),
        }.items():
            _replace(path.with_name(path.name + suffix), coded)
    _replace(path, body)


def _replace(path: Path, body: bytes) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(body)
    beside.replace(path)


def age(folder: Path) -> None:
    """Give all files one old time."""
    for path in folder.rglob("*"):
        os.utime(path, (CHANGED, CHANGED))


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[Server]:
    """A server of this application on loopback."""
    server = Server(app, "127.0.0.1", 0)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(0)


@asynccontextmanager
async def site(folder: Path, signpost: Signpost | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a site over this folder; without TLS, whose certificates take longer to load than a test takes."""
    app = create_app(folder, readiness=lambda: None, audience=Audience(), signpost=signpost)
    async with (
        serving(app) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", trust_env=False, verify=False, timeout=PATIENCE
        ) as client,
    ):
        del client.headers["accept-encoding"]
        yield client


def port_of(client: httpx.AsyncClient) -> int:
    """Where the client's server listens."""
    assert client.base_url.port is not None
    return client.base_url.port


async def raw(port: int, request: bytes) -> bytes:
    """Everything that comes back for these bytes until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()
