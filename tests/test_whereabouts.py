"""Redirects that are adopted for good, and sources that are gone: over a real server and store, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scripted_web import Answer, ScriptedWeb
from test_poll import HOUR, Walk, item, rss, source

from aggregator.config.keys import FetchKeys
from aggregator.fetch import HttpFetcher
from aggregator.intake import WorkerReader
from aggregator.model import Gone, Moving, Outcome, Source, Visit, Why, amended
from aggregator.store import open_store
from aggregator.whereabouts import after_answer, after_failure

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def reader() -> Iterator[WorkerReader]:
    pool = WorkerReader(workers=1, seconds=20)
    yield pool
    pool.close()


@pytest.fixture
async def walk(tmp_path: Path, reader: WorkerReader) -> AsyncIterator[Walk]:
    keys = FetchKeys.model_validate({"timeout": "5s"})
    async with (
        open_store(tmp_path / "store.db", "https://planet.example", alone=True) as store,
        HttpFetcher(keys) as fetcher,
    ):
        yield Walk(store, fetcher, reader)


def moved(web: ScriptedWeb, status: int = 301) -> Source:
    web.feed("/new", rss(item(1), item(2)))
    return source(web.script("/old", Answer(status=status, headers={"Location": "/new"})))


@pytest.mark.parametrize("status", [301, 308])
async def test_a_redirect_for_good_is_adopted_after_a_week_of_agreeing_answers(
    walk: Walk, web: ScriptedWeb, status: int
) -> None:
    one = moved(web, status)
    await walk.enrol(one)
    for _ in range(7):
        changes = await walk.poll(one, DAY)
        assert changes.visit.address is None
        assert changes.visit.moving is not None
    assert (await walk.poll(one, DAY)).visit.address == web.url("/new")
    asked = len(web.asked("/old"))
    assert (await walk.poll(one, DAY)).visit.outcome is Outcome.NOT_MODIFIED
    assert len(web.asked("/old")) == asked, "the old address is asked no more"


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_redirect_for_now_is_followed_and_never_adopted(walk: Walk, web: ScriptedWeb, status: int) -> None:
    one = moved(web, status)
    await walk.enrol(one)
    for _ in range(10):
        visit = (await walk.poll(one, DAY)).visit
        assert (visit.address, visit.moving) == (None, None)
        assert visit.failures == 0


async def test_one_answer_that_does_not_agree_begins_the_week_anew(walk: Walk, web: ScriptedWeb) -> None:
    one = moved(web)
    await walk.enrol(one)
    for _ in range(6):
        await walk.poll(one, DAY)
    web.feed("/old", rss(item(1)))
    assert (await walk.poll(one, DAY)).visit.moving is None
    moved(web)
    for _ in range(7):
        assert (await walk.poll(one, DAY)).visit.address is None
    assert (await walk.poll(one, DAY)).visit.address == web.url("/new")


async def test_a_feed_that_shares_no_entry_with_ours_is_never_adopted(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/old", rss(item(1))))
    await walk.enrol(one)
    await walk.poll(one)
    web.script("/old", Answer(status=301, headers={"Location": "/parked"}))
    for number in range(10):
        web.feed("/parked", rss(item(100 + number)))
        visit = (await walk.poll(one, DAY)).visit
        assert (visit.address, visit.moving) == (None, None)


async def test_a_chain_with_one_redirect_for_now_is_not_for_good(walk: Walk, web: ScriptedWeb) -> None:
    web.feed("/new", rss(item(1)))
    web.script("/between", Answer(status=302, headers={"Location": "/new"}))
    one = source(web.script("/old", Answer(status=301, headers={"Location": "/between"})))
    await walk.enrol(one)
    assert (await walk.poll(one)).visit.moving is None


async def test_an_adopted_address_that_fails_is_given_up_for_the_configured_one(walk: Walk, web: ScriptedWeb) -> None:
    one = moved(web)
    await walk.enrol(one)
    for _ in range(8):
        await walk.poll(one, DAY)
    web.script("/new", Answer(status=500))
    web.feed("/old", rss(item(1), item(2), item(3)))
    for _ in range(3):
        assert (await walk.poll(one, DAY)).visit.outcome is Outcome.FAILED
    assert (await walk.poll(one, DAY)).visit.outcome is Outcome.NEW


def visit(**more: object) -> Visit:
    return amended(Visit("one", NOW), **more)  # type: ignore[arg-type]


UPGRADES = [
    ("http://x.example/feed", "https://x.example/feed", True),
    ("http://x.example:80/feed", "https://x.example/rss", True),
    ("http://x.example/feed", "https://www.x.example/feed", False),
    ("http://x.example:8080/feed", "https://x.example/feed", False),
    ("http://x.example/feed", "https://x.example:8443/feed", False),
    ("https://x.example/feed", "http://x.example/feed", False),
    ("http://x.example/feed", "http://x.example/rss", False),
]


@pytest.mark.parametrize(("old", "new", "at_once"), UPGRADES)
def test_only_from_http_to_https_on_the_same_host_is_adopted_at_once(old: str, new: str, at_once: bool) -> None:
    after = after_answer(source(old), visit(), new, familiar=True, now=NOW)
    assert (after.address, after.moving) == ((new, None) if at_once else (None, Moving(new, NOW)))
    assert after_answer(source(old), visit(), new, familiar=False, now=NOW).address is None


def test_410_is_counted_until_another_answer_comes_and_a_lost_connection_is_none() -> None:
    twice = after_failure(after_failure(visit(failures=1), 410, NOW), 410, NOW + DAY)
    assert twice.gone == Gone(NOW, 2)
    assert after_failure(twice, None, NOW + 2 * DAY).gone == Gone(NOW, 2)
    assert after_failure(twice, 404, NOW + 2 * DAY).gone is None
    assert after_answer(source("http://x.example/"), twice, None, familiar=True, now=NOW).gone is None


async def test_a_source_that_is_gone_for_a_week_ends_and_one_that_returns_goes_on(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.script("/feed", Answer(b"", 410)))
    await walk.enrol(one)
    polls = 0
    while (await walk.visit(one)).due is not None:
        await walk.poll_when_due(one)
        polls += 1
        assert polls < 30
    assert polls >= 3
    assert (await walk.visit(one)).why is Why.GONE
    assert await walk.store.due(walk.clock.now() + 99 * DAY, 9) == {}
    web.feed("/feed", rss(item(1)))
    changes = await walk.poll(one, HOUR)  # named on the command line
    assert (changes.visit.outcome, changes.visit.gone) == (Outcome.NEW, None)
    assert changes.visit.due
