"""How much of a source is taken and kept: its past, sudden archives, what is too old or too many, what was removed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import PATIENCE, Place
from scripted_web import ScriptedWeb
from walking import HOUR, START, Walked, item, rss, source, walking

from aggregator.model import Burial, Reach
from aggregator.upkeep import keep_up, purge

DAY = timedelta(days=1)
ONE, TWO = source("one"), source("two")


@pytest.fixture
async def walk(tmp_path: Path) -> AsyncIterator[Walked]:
    async with walking(tmp_path / "store.db", ONE, TWO) as walked:
        yield walked


def story(number: int, days_ago: float = 0, text: str = "") -> str:
    return item(
        f"tag:x.example,2026:{number}",
        f"Story {number}",
        f"https://x.example/story/{number}",
        START - days_ago * DAY,
        text or f"What happened in story {number}, told at some length so that it can be compared.",
    )


def titles(kept: list[object]) -> list[str]:
    return [one.entry.title for one in kept]  # type: ignore[attr-defined]


# ---------------------------------------------------------------- backfill


async def test_a_new_source_gives_its_newest_entries_and_no_more(walk: Walked) -> None:
    few = replace(ONE, backfill=Reach(365 * DAY, 3))
    document = rss(*(story(n, n) for n in range(10)))
    await walk.poll(few, document)
    assert titles(await walk.kept(few)) == ["Story 0", "Story 1", "Story 2"]
    # What was left does not come later as if it were new, but what is new does.
    assert (await walk.poll(few, document + "<!-- -->")).new == ()
    assert titles([*(await walk.poll(few, rss(story(20, -0.01), *(story(n, n) for n in range(10))))).new]) == [
        "Story 20"
    ]


async def test_the_age_of_a_past_counts_from_the_newest_entry(walk: Walked) -> None:
    resting = replace(ONE, backfill=Reach(30 * DAY, 100))
    await walk.poll(resting, rss(*(story(n, 800 + 10 * n) for n in range(10))))
    assert titles(await walk.kept(resting)) == ["Story 0", "Story 1", "Story 2", "Story 3"]


async def test_entries_without_dates_are_taken_up_to_the_number_and_the_rest_is_remembered(walk: Walked) -> None:
    few = replace(ONE, backfill=Reach(365 * DAY, 4))
    document = rss(*(item(str(n), f"Undated {n}", f"https://x.example/undated/{n}") for n in range(10)))
    await walk.poll(few, document)
    assert len(await walk.kept(few)) == 4
    assert (await walk.poll(few, document.replace("</title>", " </title>"))).new == ()
    assert {grave.why for n in range(10) for grave in await walk.store.graves(f"https://x.example/undated/{n}")} <= {
        Burial.PASSED_OVER
    }


async def test_a_sudden_archive_neither_floods_nor_comes_up(walk: Walked) -> None:
    some = replace(ONE, backfill=Reach(60 * DAY, 5))
    await walk.poll(some, rss(*(story(n, n) for n in range(3))))
    archive = rss(story(900, -0.02), *(story(n, n) for n in range(200)))
    changes = await walk.poll(some, archive)
    assert len(changes.new) == 1 + 5
    assert titles(await walk.kept(some))[:4] == ["Story 900", "Story 0", "Story 1", "Story 2"]
    assert (await walk.poll(some, archive + "<!-- -->")).new == ()


async def test_news_is_taken_however_much_it_is(walk: Walked) -> None:
    some = replace(ONE, backfill=Reach(60 * DAY, 5))
    await walk.poll(some, rss(story(0, 2)))
    assert len((await walk.poll(some, rss(*(story(n, 1 - n / 100) for n in range(1, 60))))).new) == 59


# ---------------------------------------------------------------- retention


async def test_what_left_the_source_stays_until_it_is_too_old(walk: Walked) -> None:
    some = replace(ONE, retention=Reach(10 * DAY, 1000))
    await walk.poll(some, rss(*(story(n, n) for n in range(8))))
    await walk.poll(some, rss(story(0, 0)))
    assert await purge([some], walk.store, walk) == 0
    walk.moment += 5 * DAY
    assert await purge([some], walk.store, walk) == 3
    assert titles(await walk.kept(some)) == [f"Story {n}" for n in range(5)]


async def test_what_the_source_still_gives_is_kept_whatever_its_age(walk: Walked) -> None:
    some = replace(ONE, retention=Reach(10 * DAY, 1000))
    await walk.poll(some, rss(*(story(n, 20 + n) for n in range(4))))
    assert await purge([some], walk.store, walk) == 0
    assert len(await walk.kept(some)) == 4


async def test_what_was_purged_does_not_come_back_as_new(walk: Walked) -> None:
    some = replace(ONE, retention=Reach(400 * DAY, 3))
    everything = rss(*(story(n, n) for n in range(10)))
    await walk.poll(some, everything)
    assert await purge([some], walk.store, walk) == 7
    assert titles(await walk.kept(some)) == ["Story 0", "Story 1", "Story 2"]
    renumbered = everything.replace("tag:x.example,2026:", "https://x.example/?p=")
    for document in (everything + "<!-- -->", renumbered):
        assert (await walk.poll(some, document)).new == ()
    (grave,) = await walk.store.graves("tag:x.example,2026:9")
    assert (grave.why, grave.reason) == (Burial.PURGED, None)


@pytest.mark.parametrize("polls", [100, pytest.param(400, marks=pytest.mark.slow)])
async def test_the_store_does_not_grow_for_ever(walk: Walked, tmp_path: Path, polls: int) -> None:
    some = replace(ONE, retention=Reach(400 * DAY, 50))
    sizes, number = [], 0
    for poll in range(polls):
        number += 10
        walk.moment += HOUR
        await walk.poll(
            some,
            rss(*(story(n, -poll / 12 - (n - number) / 1000) for n in range(number, number - 10, -1))),
            after=timedelta(),
        )
        if poll % 10 == 9:
            await purge([some], walk.store, walk)
            sizes.append((tmp_path / "store.db").stat().st_size)
    assert len(await walk.kept(some)) == 50
    # Beside the entries there are tombstones, 1,000 and twice what the document holds.
    assert sizes[-1] <= (1.25 if polls == 400 else 1.7) * sizes[len(sizes) // 2]


# ---------------------------------------------------------------- removal


async def test_what_was_removed_never_comes_back_in_any_guise(walk: Walked) -> None:
    text = "Somebody asked for this to be taken down, and there were good reasons why it should be gone."
    await walk.poll(ONE, rss(story(1, 1, text), story(2)))
    await walk.store.remove("tag:x.example,2026:1", walk.moment, "asked to")
    guises = [
        story(1, 1, text),
        story(1, 1, "Another text altogether, but it is the same."),
        item("77", "Story 1", "http://x.example/story/1", START - DAY, text),
        item("", "Story 1", "https://x.example/story/1/", START - DAY, text),
        item("tag:x.example,2026:1", "Story one", "https://x.example/story/1", START - DAY, text),
    ]
    for guise in guises:
        assert (await walk.poll(ONE, rss(story(2), guise))).new == ()
    # Nor from another source that gives the same.
    assert (await walk.poll(TWO, rss(guises[0]))).new == ()
    (gone,) = await walk.store.removed("category/news/")
    assert (gone.id, gone.reason) == ("tag:x.example,2026:1", "asked to")
    assert await walk.store.removed("category/other/") == ()


async def test_tombstones_of_removed_entries_outlive_all_others(walk: Walked) -> None:
    some = replace(ONE, retention=Reach(400 * DAY, 5))
    await walk.poll(some, rss(story(0, 1)))
    await walk.store.remove("tag:x.example,2026:0", walk.moment, None)
    for first in range(1, 2400, 400):
        await walk.poll(some, rss(*(story(n, -first / 100) for n in range(first, first + 400))))
        await purge([some], walk.store, walk)
    assert (await walk.poll(some, rss(story(0, 1)))).new == ()
    assert await walk.store.graves("tag:x.example,2026:1") == []
    assert await walk.store.graves("tag:x.example,2026:0") != []


def test_the_command_takes_an_entry_out_of_every_feed(place: Place, web: ScriptedWeb) -> None:
    url = web.feed("/feed", rss(story(1, 1), story(2, 2)))
    place.configure([{"id": "one", "url": url, "category": "news"}])
    place.run("once")
    done = place.run("remove", "https://x.example/story/1", "--reason", "asked to")
    assert "removed: tag:x.example,2026:1  Story 1  (source one)" in done.stdout
    for feed in place.public.rglob("feed.atom"):
        assert "Story 2" in feed.read_text("utf-8")
        assert "Story 1" not in feed.read_text("utf-8")
    told = json.loads(place.run("explain", "tag:x.example,2026:1", "--json").stdout)
    assert told["entries"] == []
    assert [(one["id"], one["why"], one["reason"]) for one in told["gone"]] == [
        ("tag:x.example,2026:1", "removed", "asked to")
    ]
    again = place.run("remove", "tag:x.example,2026:1", check=2)
    assert "was removed already" in again.stderr


async def test_the_service_hears_of_what_another_process_removed(walk: Walked) -> None:
    await walk.poll(ONE, rss(story(1)))
    heard = asyncio.Event()
    task = asyncio.create_task(keep_up([ONE], walk.store, walk, heard.set, look=0.01))
    await walk.store.remove("tag:x.example,2026:1", walk.moment, None)
    async with asyncio.timeout(PATIENCE):
        await heard.wait()
    task.cancel()
    await asyncio.wait({task})
