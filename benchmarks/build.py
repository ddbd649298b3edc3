"""What building costs: one category and a thousand, beside feedgen alone and a bare lxml writer, and how soon."""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.build import Builder
from aggregator.formats import FORMATS
from aggregator.model import Kept, Page, category_page
from aggregator.publish import Folder
from aggregator.selection import make_page
from aggregator.store import open_store
from benchmarks.promptness import wait_for_entries
from benchmarks.site import ALL_FORMATS, BYTES, HOUR, NOON, SITE, catalogue_of, entry, fill, found

TARGET = 4.0


def measure(entries: int, *, smoke: bool) -> None:
    """Print what each kind of build costs, and how soon an entry is on the disk."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; entries of {BYTES // 1024} KB, CPU unless said")
    for count in (50,) if smoke else (50, 500):
        _render(count, turns=3 if smoke else 15)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_rebuild(Path(folder), categories=20 if smoke else 1000))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_one_more(Path(folder), 2_000 if smoke else entries))
    for one_in in (10, 1):  # as many as bring something in `poll`, and more than any collection has
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(wait_for_entries(Path(folder), per_second=100, seconds=2 if smoke else 20, one_in=one_in))


# ---------------------------------------------------------------- one category


def _render(count: int, turns: int) -> None:
    """Write a category with entries that were never rendered before, and with one more of them."""
    took: dict[str, list[float]] = {}
    for turn in range(turns):
        page = _page(count, turn)
        for name, write in {"feedgen": _by_feedgen, "lxml": _by_lxml}.items():
            with _timed(took.setdefault(name, [])):
                write(page)
        with _timed(took.setdefault("all formats", [])):
            for name in ALL_FORMATS:
                FORMATS[name](page)
        for name in ALL_FORMATS:
            with _timed(took.setdefault(f"{name}, again", [])):
                FORMATS[name](page)
        newer = _page(1, turn + 1_000_000).shown
        changed = replace(page, shown=(*newer, *page.shown[:-1]))
        with _timed(took.setdefault("all formats, one entry new", [])):
            for name in ALL_FORMATS:
                FORMATS[name](changed)
        with tempfile.TemporaryDirectory() as root:
            folder, files = Folder(Path(root), ("gzip", "br")), [FORMATS[name](page) for name in ALL_FORMATS]
            with _timed(took.setdefault("compressed and written", [])):
                folder.put_all(files)
            with _timed(took.setdefault("written again, nothing changed", [])):
                folder.put_all(files)
    print(f"A category of {count} entries, ms:")
    for name, times in took.items():
        print(f"  {name:32}{1000 * median(times):9.2f}")
    for name in ("all formats", "all formats, one entry new"):
        ratio = median(took[name]) / median(took["feedgen"])
        print(f"  {name}: {ratio:.2f} × feedgen (target {TARGET:g}): {'met' if ratio <= TARGET else 'NOT MET'}")


@contextmanager
def _timed(times: list[float]) -> Iterator[None]:
    began = time.process_time()
    yield
    times.append(time.process_time() - began)


def _page(count: int, turn: int) -> Page:
    """The page of a category, as the product makes it of entries that no page had before."""
    first = turn * count
    kept = []
    for place in range(count):
        number, moment = first + place, NOON - place * HOUR
        kept.append(Kept(number, "s0", f"tag:planet.example,{number}", entry(number), moment, moment, moment, 0))
    return make_page(catalogue_of(1, 1), category_page("c0"), kept)


def _by_feedgen(page: Page) -> bytes:
    """The same entries by feedgen's own Atom writer, as its documentation has it."""
    feed = FeedGenerator()
    feed.id(page.feed_address)
    feed.title(page.title)
    feed.updated(page.updated)
    feed.link(href=page.feed_address, rel="self")
    for shown in page.shown:
        entry = feed.add_entry(order="append")
        entry.id(shown.id)
        entry.title(shown.title)
        entry.link(href=shown.link)
        entry.published(shown.published)
        entry.updated(shown.updated)
        for author in shown.authors:
            entry.author(name=author.name)
        for term in shown.terms:
            entry.category(term=term.term, scheme=term.scheme, label=term.label)
        entry.content(shown.content, type="html")
        entry.source(url=shown.via, title=shown.origin.title)
    return bytes(feed.atom_str())


def _by_lxml(page: Page) -> bytes:
    """The same entries by lxml alone."""
    feed = etree.Element("feed", nsmap={None: "http://www.w3.org/2005/Atom"})

    def add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
        child = etree.SubElement(parent, name, attributes)
        child.text = text
        return child

    add(feed, "id", page.feed_address)
    add(feed, "title", page.title)
    add(feed, "link", href=page.feed_address, rel="self")
    for shown in page.shown:
        entry = add(feed, "entry")
        add(entry, "id", shown.id)
        add(entry, "title", shown.title)
        add(entry, "link", href=shown.link)
        add(entry, "published", shown.published.isoformat())
        add(entry, "updated", shown.updated.isoformat())
        for author in shown.authors:
            add(add(entry, "author"), "name", author.name)
        for term in shown.terms:
            add(entry, "category", term=term.term, scheme=term.scheme or "", label=term.label or "")
        add(entry, "content", shown.content, type="html")
        add(add(entry, "source"), "title", shown.origin.title)
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8")


# ---------------------------------------------------------------- a whole site


async def _rebuild(folder: Path, categories: int) -> None:
    """Build a site of many categories, once from nothing and once with nothing changed."""
    async with open_store(folder / "store.db", SITE.base_url, alone=True) as store:
        catalogue = catalogue_of(categories, categories)
        await fill(store, catalogue, 50)
        builder = Builder(store, catalogue, Folder(folder / "public", ("gzip", "br")), ALL_FORMATS, archive=True)
        pages = [category_page(name) for name in catalogue.categories]
        await store.mark_stale(pages)
        print(f"{categories} categories of 50 entries, all formats, gzip and Brotli, archives:")
        for what in ("from nothing", "again, nothing changed"):
            wall, began = time.perf_counter(), time.process_time()
            built = await builder.build([*pages, *await builder.archives()])
            cpu, wall = time.process_time() - began, time.perf_counter() - wall
            print(f"  {what}: {cpu:.1f} s CPU, {wall:.1f} s, {built.pages} pages, {built.written} files written")


async def _one_more(folder: Path, entries: int) -> None:
    """What one new entry costs with so many kept, from the decision of its poll to its bytes on the disk."""
    async with open_store(folder / "store.db", SITE.base_url, alone=True) as store:
        catalogue = catalogue_of(entries // 1000, 10)
        await fill(store, catalogue, 1000)
        # The history of so many is another matter: what is measured is the feed.
        builder = Builder(store, catalogue, Folder(folder / "public", ("gzip", "br")), ALL_FORMATS)
        source = catalogue.sources["s0"]
        cpu, wall = list[float](), list[float]()
        for number in range(12):
            await store.apply(found(source, [10_000_000 + number], NOON + number * HOUR))
            before = time.perf_counter()
            with _timed(cpu):
                await builder.build()
            wall.append(time.perf_counter() - before)
        # The first build writes the lists of sources too.
        print(f"One new entry with {entries:,} kept: its category, everything, its source and home")
        print(f"  {1000 * median(cpu[2:]):.1f} ms CPU, {1000 * median(wall[2:]):.1f} ms")
