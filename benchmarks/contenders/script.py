"""httpx + feedparser + `session.add`: the script that one writes in an evening instead."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import feedparser
from sqlmodel import Field, Session, SQLModel, create_engine, select

from benchmarks.contenders import CONCURRENCY, Once
from benchmarks.contenders.httpx import client


class Item(SQLModel, table=True):
    """The script's table."""

    id: str = Field(primary_key=True)
    title: str
    link: str
    content: str


@asynccontextmanager
async def contender(urls: list[str], folder: Path) -> AsyncIterator[Once]:
    """httpx + feedparser + `session.add`, conditional GET included, as one writes it in an evening."""
    engine = create_engine(f"sqlite:///{folder}/store.db")
    SQLModel.metadata.create_all(engine, tables=[Item.__table__])  # type: ignore[attr-defined]
    etags: dict[str, str] = {}

    gate = asyncio.Semaphore(CONCURRENCY)

    async def one(url: str) -> None:
        async with gate:
            response = await web.get(url, headers={"If-None-Match": etags.get(url, "")})
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

    async def once(first: int | None) -> list[str]:
        ends = await asyncio.gather(*map(one, urls[:first]), return_exceptions=True)
        return [repr(end) for end in ends if end]

    async with client() as web:
        yield once
