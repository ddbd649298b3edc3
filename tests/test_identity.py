"""Who an entry is, from poll to poll: what keeps it the same, what makes it another, and whose its id is."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from walking import HOUR, START, Walked, item, rss, source, walking

from aggregator.model import Kept, Reach

ONE, TWO = source("one"), source("two")
DAY = timedelta(days=1)
TEXT = (
    "The river rose by two metres within a night, and the old bridge below the mill was closed in the morning. "
    "Engineers of the county looked at its piers from a boat and found one of them undermined."
)
OTHER = (
    "A bakery that had been shut for nine years opens again on Saturday with bread made after the recipes of the "
    "grandmother of its present owner, who came back from the city for it."
)


@pytest.fixture
async def walk(tmp_path: Path) -> AsyncIterator[Walked]:
    async with walking(tmp_path / "store.db", ONE, TWO) as walked:
        yield walked


def ids(kept: list[Kept]) -> list[str]:
    return [one.id for one in kept]


# ---------------------------------------------------------------- the same in another guise

BEFORE = {
    "guid": "tag:x.example,2026:1",
    "title": "The bridge is closed",
    "link": "http://x.example/news/the-bridge-is-closed",
    "date": START - DAY,
    "text": TEXT,
}


@pytest.mark.parametrize(
    "changed",
    [
        {"guid": "http://x.example/?p=77"},
        {"guid": ""},
        {"link": "https://x.example/news/the-bridge-is-closed"},
        {"guid": "https://new.example/1", "link": "https://new.example/news/the-bridge-is-closed"},
        {"guid": "8765", "link": "https://x.example/2026/03/01/bridge"},
        {"guid": "8765", "title": "The bridge below the mill is closed"},
        {"guid": "8765", "title": "THE BRIDGE  is closed", "date": START - DAY + timedelta(hours=9)},
        {"title": "Bridge closed", "link": "https://x.example/2026/03/01/bridge", "text": TEXT + " More soon."},
    ],
    ids=["guid", "no-guid", "https", "host", "guid-link", "guid-title", "guid-zone", "all-but-guid"],
)
async def test_an_article_in_another_guise_is_no_new_one(walk: Walked, changed: dict[str, object]) -> None:
    await walk.poll(ONE, rss(item(**BEFORE), item("2", "Other", "https://x.example/2", START - DAY, OTHER)))  # type: ignore[arg-type]
    (before,) = [one for one in await walk.kept(ONE) if one.entry.title != "Other"]
    changes = await walk.poll(
        ONE, rss(item(**{**BEFORE, **changed}), item("2", "Other", "https://x.example/2", START - DAY, OTHER))
    )  # type: ignore[arg-type]
    assert changes.new == ()
    (after,) = [one for one in await walk.kept(ONE) if one.entry.title != "Other"]
    assert (after.id, after.published, after.number) == (before.id, before.published, before.number)


@pytest.mark.parametrize(
    "changed",
    [
        {"guid": "8765", "date": START, "text": OTHER},
        {"guid": "8765", "title": "The mill burns", "link": "https://x.example/mill", "date": START, "text": OTHER},
        {"title": "The mill burns", "link": "https://x.example/news/the-mill-burns", "date": START, "text": OTHER},
        {"guid": "8765", "link": "https://x.example/news/closed-again", "date": START + DAY, "text": TEXT},
    ],
    ids=["daily-page", "another", "guid-used-again", "every-day"],
)
async def test_another_article_is_a_new_one_whatever_it_shares(walk: Walked, changed: dict[str, object]) -> None:
    await walk.poll(ONE, rss(item(**BEFORE)))  # type: ignore[arg-type]
    (before,) = await walk.kept(ONE)
    changes = await walk.poll(ONE, rss(item(**{**BEFORE, **changed})), after=2 * DAY)  # type: ignore[arg-type]
    assert len(changes.new) == 1
    kept = {one.id: one for one in await walk.kept(ONE)}
    assert len(kept) == 2
    assert kept[before.id] == before


async def test_an_article_that_is_still_there_under_its_name_gives_it_to_no_other(walk: Walked) -> None:
    await walk.poll(ONE, rss(item(**BEFORE)))  # type: ignore[arg-type]
    twin = {**BEFORE, "guid": "8765", "link": "https://x.example/news/again"}
    changes = await walk.poll(ONE, rss(item(**twin), item(**BEFORE)))  # type: ignore[arg-type]
    assert [one.entry.link for one in changes.new] == ["https://x.example/news/again"]


async def test_all_guids_renumbered_in_one_poll_make_nothing_new(walk: Walked) -> None:
    def document(first: int) -> str:
        return rss(
            *(
                item(str(first + n), f"Title {n}", f"https://x.example/story/{n}", START - n * DAY, f"{n} {TEXT}")
                for n in range(30)
            )
        )

    await walk.poll(ONE, document(100))
    assert (await walk.poll(ONE, document(115))).new == ()
    assert len(await walk.kept(ONE)) == 30


async def test_entries_that_begin_and_end_to_share_a_guid_are_never_doubled(walk: Walked) -> None:
    first = item("1", "First", "https://x.example/first", START - DAY, TEXT)
    second = item("1", "Second", "https://x.example/second", START, OTHER)
    await walk.poll(ONE, rss(first))
    await walk.poll(ONE, rss(second, first))
    await walk.poll(ONE, rss(second))
    await walk.poll(ONE, rss(first))
    await walk.poll(ONE, rss(first, second))
    assert sorted(one.entry.title for one in await walk.kept(ONE)) == ["First", "Second"]


async def test_an_entry_comes_back_under_a_key_that_it_had_long_ago(walk: Walked) -> None:
    for guid in ("a", "b", "c", "a", "b"):
        changes = await walk.poll(ONE, rss(item(**{**BEFORE, "guid": guid})))  # type: ignore[arg-type]
    assert changes.new == ()
    (story,) = await walk.store.stories((await walk.kept(ONE))[0].id)
    assert story.keys == ("id:a", "id:b", "id:c")


# ---------------------------------------------------------------- whose an id is


async def test_an_id_stays_with_who_claimed_it_first(walk: Walked) -> None:
    await walk.poll(ONE, rss(item("tag:x.example,2026:1", "Mine", "https://x.example/1", START, TEXT)))
    await walk.poll(TWO, rss(item("tag:x.example,2026:1", "Thine", "https://y.example/1", START, OTHER)))
    (mine,), (thine,) = await walk.kept(ONE), await walk.kept(TWO)
    assert mine.id == "tag:x.example,2026:1"
    assert thine.id.startswith("tag:planet.example,2026-")
    assert mine.entry.title == "Mine"


@pytest.mark.parametrize("polls", [4, pytest.param(20, marks=pytest.mark.slow)], ids=["2000", "10000"])
async def test_thousands_of_hostile_claims_change_nothing_of_anybody_else(walk: Walked, polls: int) -> None:
    await walk.poll(
        ONE,
        rss(
            *(
                item(f"tag:x.example,2026:{n}", f"Story {n}", f"https://x.example/story/{n}", START - n * HOUR, TEXT)
                for n in range(50)
            )
        ),
    )
    before = await walk.kept(ONE)
    dice = random.Random(11)
    hostile = source("two", backfill=Reach(3650 * DAY, 100_000), retention=Reach(3650 * DAY, 100_000))
    for _ in range(polls):

        def claim(number: int) -> str:
            victim = dice.choice(before)
            return item(
                dice.choice((victim.id, f"{victim.id}#{number}", victim.entry.link, victim.entry.key, str(number))),
                dice.choice((victim.entry.title, f"Evil {number}")),
                dice.choice((victim.entry.link, f"https://evil.example/story/{number}")),
                dice.choice((victim.published, START - dice.randrange(5000) * HOUR)),
                dice.choice((TEXT, OTHER, "")),
            )

        await walk.poll(hostile, rss(*map(claim, range(500))))
    assert await walk.kept(ONE) == before
    theirs = await walk.kept(hostile, 100_000)
    assert len(theirs) > 100 * polls
    assert not {one.id for one in theirs} & set(ids(before))
    assert len({one.id for one in theirs}) == len(theirs)


# ---------------------------------------------------------------- dates


async def test_published_is_what_was_said_first(walk: Walked) -> None:
    await walk.poll(ONE, rss(item(**BEFORE)))  # type: ignore[arg-type]
    (before,) = await walk.kept(ONE)
    await walk.poll(ONE, rss(item(**{**BEFORE, "date": START + HOUR})))  # type: ignore[arg-type]
    (after,) = await walk.kept(ONE)
    assert (after.published, after.updated) == (before.published, before.updated)


async def test_future_dates_are_not_on_top_and_missing_ones_settle(walk: Walked) -> None:
    await walk.poll(
        ONE,
        rss(item("1", "Future", "https://x.example/1", START + 900 * DAY), item("2", "None", "https://x.example/2")),
    )
    settled = {one.entry.title: one.published for one in await walk.kept(ONE)}
    assert settled == {"Future": START + HOUR, "None": START + HOUR}
    await walk.poll(ONE, rss(item("3", "Now", "https://x.example/3", START + 2 * HOUR)))
    assert next(one.entry.title for one in await walk.kept(ONE)) == "Now"


# ---------------------------------------------------------------- noise


def noisy(nonce: str, title: str = "The bridge is closed", date: datetime = START - DAY) -> str:
    return rss(item("1", title, "https://x.example/1", date, f"{TEXT} Seen {nonce} times."))


async def test_a_counter_in_the_text_is_frozen_after_24_revisions(walk: Walked) -> None:
    for number in range(60):
        await walk.poll(ONE, noisy(str(number)))
    (kept,) = await walk.kept(ONE)
    assert kept.revision == 24
    updated = kept.updated
    assert (await walk.poll(ONE, noisy("1000"))).revised == ()
    (story,) = await walk.store.stories(kept.id)
    assert len(story.versions) == 25
    # A real change gets through all the same, and is dated at most once a day.
    changes = await walk.poll(ONE, noisy("1001", "The bridge has fallen into the river"), after=2 * DAY)
    assert len(changes.revised) == 1
    (after,) = await walk.kept(ONE)
    assert (after.entry.title, after.published) == ("The bridge has fallen into the river", kept.published)
    assert after.updated > updated
