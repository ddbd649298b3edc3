"""What it costs to find the story of a new entry, in a small store and in a large one, and to build a page."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

from aggregator.build import Builder
from aggregator.changes import fingerprint
from aggregator.clean.signatures import signature
from aggregator.model import Category, Changes, Entry, NewEntry, Origin, Outcome, Site, Source, Visit, category_page
from aggregator.publish import Folder
from aggregator.selection import Catalogue
from aggregator.store import SqlStore, applying, open_store
from aggregator.store.joining import join
from benchmarks.articles import LATIN
from benchmarks.documents import ITEMS
from benchmarks.scale import multiply

BASE_URL = "https://planet.example"
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
SOURCES, FEW = 500, 10_000
POLLS, TURNS, PAGES = 50, 9, 50
KEPT = timedelta(days=400)  # the time that the entries of the large store are spread over, as retention keeps them
COPIED = 4  # one in so many new entries is a copy of another source's
TARGET_GROWTH, PAGE = 1.2, category_page("all")


def measure(entries: int) -> None:
    """Measure and print what was seen beside its target."""
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(_measure(Path(place), entries))


async def _measure(folder: Path, entries: int) -> None:
    small, large = folder / "small.db", folder / "large.db"
    sources = [_source(number) for number in range(SOURCES)]
    async with open_store(small, BASE_URL, alone=True) as store:
        await store.enrol(sources, BEGAN)
        for number, source in enumerate(sources):
            await store.apply(_poll(source, number, BEGAN))
    shutil.copy(small, large)
    copies = entries // FEW - 1
    multiply(large, copies, int(KEPT.total_seconds()) // (copies + 1))
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_store(path, BASE_URL, alone=True)) for path in (small, large)]
        await _new_entries(stores, sources, entries)
        await _pages(stores, sources, folder, entries)


def _source(number: int) -> Source:
    address, hour = f"https://feed{number}.example/feed", timedelta(hours=1)
    return Source(f"s{number}", "feed", address, address, ("news",), hour, hour, hour)


def _poll(source: Source, turn: int, now: datetime) -> Changes:
    """A poll that finds `ITEMS` new entries; over all, one in `COPIED` is a copy of what the poll before found."""
    entries = [_entry(source.id, turn, number) for number in range(ITEMS)]
    new = tuple(NewEntry(entry, fingerprint(entry), now, now, source.pages) for entry in entries)
    signatures = {entry.key: signature(entry) for entry in entries}
    return Changes(source, Visit(source.id, now, finished=now, outcome=Outcome.NEW), new, signatures=signatures)


def _entry(source: str, turn: int, number: int) -> Entry:
    told = turn - turn % 2 if number % (COPIED // 2) == 0 else turn  # the half of every second poll
    dice = Random(f"{told}/{number}")
    title, text = (" ".join(dice.choices(LATIN, k=count)) for count in (9, 300))
    link = f"https://{source}.example/{turn}/{number}"
    return Entry(link, f"{title} {told}", link, Origin(link, source), content=f"<p>{text}</p>")


async def _new_entries(stores: Sequence[SqlStore], sources: list[Source], entries: int) -> None:
    """The same polls for both, in turns; CPU of all that a poll's new entries cost, and of finding their stories."""
    whole: list[list[float]] = [[], []]
    joining: list[list[float]] = [[], []]
    spent = _timed_join()
    for turn in range(TURNS):
        now = BEGAN + timedelta(minutes=turn)
        polls = [_poll(sources[n], SOURCES + turn * POLLS + n, now) for n in range(POLLS)]
        for which, store in enumerate(stores):
            spent.clear()
            began = time.process_time()
            for poll in polls:
                await store.apply(poll)
            whole[which].append((time.process_time() - began) / (POLLS * ITEMS))
            joining[which].append(sum(spent) / (POLLS * ITEMS))
    print(
        f"CPU for a new entry in µs, one in {COPIED} of them a copy, with {FEW} entries in the store and with {entries}"
    )
    for name, costs in (("kept, all in all", whole), ("its story found", joining)):
        few, many = (1e6 * median(each) for each in costs)
        word = "met" if many / few <= TARGET_GROWTH else "missed"
        print(
            f"  {name:18} {few:7.0f} {many:7.0f}  ratio {many / few:.2f} (target {TARGET_GROWTH}): {word}", flush=True
        )


def _timed_join() -> list[float]:
    """Have the writer note what each search for stories takes it."""
    spent: list[float] = []

    def timed(*words: object) -> None:
        began = time.thread_time()
        join(*words)  # type: ignore[arg-type]
        spent.append(time.thread_time() - began)

    applying.join = timed
    return spent


async def _pages(stores: Sequence[SqlStore], sources: list[Source], folder: Path, entries: int) -> None:
    """A page of fifty out of the whole timeline, with every story once and with every telling."""
    print(f"CPU for a page of {PAGES} in ms (Atom), with {FEW} entries in the store and with {entries}")
    for dedupe in (False, True):
        everything = Category("all", "All", None, PAGES, dedupe=dedupe)
        categories = {"all": everything, "news": replace(everything, slug="news")}
        catalogue = Catalogue(Site("Planet", BASE_URL, "en", "UTC"), categories, {one.id: one for one in sources})
        costs = []
        for number, store in enumerate(stores):
            builder = Builder(store, catalogue, Folder(folder / f"public{number}", ()), ("atom",))
            costs.append(median([await _built(builder) for _ in range(TURNS)]))
        word = "every story once" if dedupe else "every telling"
        print(f"  {word:18} {costs[0]:7.1f} {costs[1]:7.1f}", flush=True)


async def _built(builder: Builder) -> float:
    began = time.process_time()
    await builder.build([PAGE])
    return 1000 * (time.process_time() - began)
