"""What a poll costs, all processes together, beside the script of thirty lines that people write instead."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import feedparser
import httpx
import psutil
from sqlmodel import Field, Session, SQLModel, create_engine, select

from aggregator.config import load
from aggregator.model import Changes
from aggregator.service import SystemClock, open_engine
from aggregator.store import open_store
from benchmarks.farm import farm, host

BASE_URL = "https://planet.example"
ROUNDS = (
    ("first poll, 20 new items", "conditional"),
    ("every answer 304", "conditional"),
    ("every answer 200, same body", "same"),
    ("one in ten has two new items", "two-new"),
)


@dataclass(frozen=True)
class Cost:
    """Seconds of wall clock and of CPU (all processes) for one round."""

    wall: float
    cpu: float


async def measure(feeds: int) -> None:
    """Print the table: a row per round, ours and the script's, and the ratio of their CPU."""
    with tempfile.TemporaryDirectory() as folder, farm(feeds) as (port, pipe):
        urls = [f"http://{host(number)}:{port}/{number}" for number in range(feeds)]
        ours, size = await _ours(urls, Path(folder), pipe)
        script = await _script(urls, Path(folder), pipe)
    print(f"{feeds} feeds, {os.cpu_count()} cores; milliseconds of CPU per poll, all processes")
    print(f"{'round':32} {'aggregator':>11} {'script':>11} {'ratio':>7} {'polls/s':>9}")
    for (name, _), mine, theirs in zip(ROUNDS, ours, script, strict=True):
        row = (1000 * mine.cpu / feeds, 1000 * theirs.cpu / feeds, mine.cpu / theirs.cpu, feeds / mine.wall)
        print(f"{name:32} {row[0]:11.2f} {row[1]:11.2f} {row[2]:7.2f} {row[3]:9.0f}")
    print(f"store: {size / feeds / 20:.0f} bytes per entry")


async def _rounds(pipe: Connection, once: Callable[[], Awaitable[None]]) -> list[Cost]:
    costs = []
    for _, mode in ROUNDS:
        pipe.send(mode)
        pipe.recv()
        wall, cpu = time.perf_counter(), _cpu()
        await once()
        costs.append(Cost(time.perf_counter() - wall, _cpu() - cpu))
    return costs


def _cpu() -> float:
    """CPU seconds of this process and all below it, but for the farm, which is nobody's cost."""
    total = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        if "spawn_main" in " ".join(process.cmdline()):
            continue
        times = process.cpu_times()
        total += times.user + times.system
    return total


async def _ours(urls: list[str], folder: Path, pipe: Connection) -> tuple[list[Cost], int]:
    """The product, its reader processes warm, without publishing."""
    lines = [f"  - {{id: s{n}, url: '{url}', category: c{n % 7}}}" for n, url in enumerate(urls)]
    config = folder / "aggregator.yaml"
    politeness = "fetch: {per_host: {delay: 0s}, allow_private: [127.0.0.0/8]}"
    config.write_text("\n".join([f"site: {{base_url: '{BASE_URL}'}}", politeness, "sources:", *lines]))
    settings = load(config, {})
    failed: list[str] = []

    def done(changes: Changes) -> None:
        if changes.visit.failures:
            failed.append(changes.visit.detail)

    store_path = folder / "store.db"
    async with (
        open_store(store_path, BASE_URL, alone=True) as store,
        open_engine(settings, store, _nothing, done) as engine,
    ):
        await store.enrol(settings.sources, SystemClock().now())
        hosts = await store.hosts([source.id for source in settings.sources])
        costs = await _rounds(pipe, lambda: engine.once(hosts, asyncio.Event()))
    assert not failed, failed[:3]
    return costs, store_path.stat().st_size


async def _nothing() -> None:
    """Nothing is published here."""


class Item(SQLModel, table=True):
    """The script's table."""

    id: str = Field(primary_key=True)
    title: str
    link: str
    content: str


async def _script(urls: list[str], folder: Path, pipe: Connection) -> list[Cost]:
    """httpx + feedparser + `session.add`, conditional GET included, as one writes it in an evening."""
    engine = create_engine(f"sqlite:///{folder}/script.db")
    SQLModel.metadata.create_all(engine, tables=[Item.__table__])  # type: ignore[attr-defined]
    etags: dict[str, str] = {}
    gate = asyncio.Semaphore(64)

    async def one(client: httpx.AsyncClient, url: str) -> None:
        async with gate:
            response = await client.get(url, headers={"If-None-Match": etags.get(url, "")})
        if response.status_code == 304:
            return
        etags[url] = response.headers["etag"]
        parsed = feedparser.parse(io.BytesIO(response.content))
        with Session(engine) as session:
            for entry in parsed.entries:
                if session.exec(select(Item).where(Item.id == entry.id)).first() is None:
                    content = entry.content[0].value if "content" in entry else entry.summary
                    session.add(Item(id=entry.id, title=entry.title, link=entry.link, content=content))
            session.commit()

    async def once() -> None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=0)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            await asyncio.gather(*(one(client, url) for url in urls))

    return await _rounds(pipe, once)
