"""The walk in, over a real server, a real store and real reader processes, while the web changes between polls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from scripted_web import Answer, ScriptedWeb

from aggregator.config.keys import FetchKeys
from aggregator.fetch import HttpFetcher
from aggregator.intake import WorkerReader
from aggregator.model import Changes, Kept, Outcome, Reason, Source, Visit, Why
from aggregator.poll import poll
from aggregator.store import SqlStore, open_store

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class FixedClock:
    """A clock that stands until it is set."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment


@dataclass
class Walk:
    """The walk in, with everything it needs."""

    store: SqlStore
    fetcher: HttpFetcher
    reader: WorkerReader
    clock: FixedClock = field(default_factory=FixedClock)

    async def enrol(self, *sources: Source) -> None:
        await self.store.enrol(sources, self.clock.now())

    async def poll(self, source: Source, after: timedelta = HOUR) -> Changes:
        """Poll once, `after` the last time."""
        self.clock.moment += after
        return await poll(source, fetcher=self.fetcher, reader=self.reader, store=self.store, clock=self.clock)

    async def poll_when_due(self, source: Source) -> Changes:
        """Poll once, at the moment the last poll settled."""
        due = (await self.visit(source)).due
        assert due
        return await self.poll(source, due - self.clock.now())

    async def kept(self, page: str = "category/all/") -> list[Kept]:
        return await self.store.newest(page, 1000)

    async def visit(self, source: Source) -> Visit:
        visit = (await self.store.status([source.id]))[0].visit
        assert visit
        return visit


@pytest.fixture(scope="module")
def reader() -> Iterator[WorkerReader]:
    pool = WorkerReader(workers=1, seconds=20)
    yield pool
    pool.close()


@pytest.fixture
async def walk(tmp_path: Path, reader: WorkerReader) -> AsyncIterator[Walk]:
    keys = FetchKeys.model_validate({"timeout": "2s", "max_redirects": 3})
    async with (
        open_store(tmp_path / "store.db", "https://planet.example", alone=True) as store,
        HttpFetcher(keys) as fetcher,
    ):
        yield Walk(store, fetcher, reader)


def source(url: str, name: str = "one", **more: object) -> Source:
    values = {"categories": ("news",), "interval": HOUR, "min_interval": HOUR / 4, "max_interval": 24 * HOUR} | more
    return Source(name, "feed", url, url, **values)  # type: ignore[arg-type]  # a table of fields


def wait_of(changes: Changes) -> timedelta:
    """How long until the next poll."""
    visit = changes.visit
    assert visit.due
    assert visit.finished
    return visit.due - visit.finished


def item(number: int, text: str = "text", date: str = "Sun, 01 Mar 2026 10:00:00 GMT") -> str:
    return (
        f"<item><guid isPermaLink='false'>tag:x.example,2026:{number}</guid><title>Title {number}</title>"
        f"<link>https://x.example/{number}</link><pubDate>{date}</pubDate><description>{text}</description></item>"
    )


def rss(*items: str) -> str:
    head = "<title>X</title><link>https://x.example/</link><description>d</description>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>"


async def test_a_first_poll_keeps_every_entry_and_says_when_it_comes_back(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1), item(2))))
    await walk.enrol(one)
    changes = await walk.poll(one)
    assert changes.visit.outcome is Outcome.NEW
    assert {kept.id for kept in await walk.kept()} == {"tag:x.example,2026:1", "tag:x.example,2026:2"}
    visit = await walk.visit(one)
    assert (visit.why, visit.failures) == (Why.INTERVAL, 0)
    assert visit.due
    assert walk.clock.now() + HOUR <= visit.due < walk.clock.now() + 2 * HOUR, "spread over the interval"


async def test_a_304_changes_nothing_and_sends_back_the_validators(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1)), Last_Modified="Sun, 01 Mar 2026 09:00:00 GMT"))
    await walk.enrol(one)
    await walk.poll(one)
    before = await walk.kept()
    changes = await walk.poll(one)
    assert (changes.visit.outcome, changes.new, changes.revised) == (Outcome.NOT_MODIFIED, (), ())
    assert await walk.kept() == before
    first, second = web.asked("/feed")
    assert "if-none-match" not in first.headers
    assert second.headers["if-modified-since"] == "Sun, 01 Mar 2026 09:00:00 GMT"
    assert await walk.store.stale() == dict.fromkeys((*one.pages, ""), 2)  # enrolled and polled, no more


async def test_the_same_bytes_without_validators_count_as_not_modified(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.script("/feed", Answer(rss(item(1)).encode())))
    await walk.enrol(one)
    await walk.poll(one)
    assert (await walk.poll(one)).visit.outcome is Outcome.NOT_MODIFIED


async def test_a_new_entry_is_added_and_the_old_one_stays_as_it_was(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1))))
    await walk.enrol(one)
    await walk.poll(one)
    (old,) = await walk.kept()
    web.feed("/feed", rss(item(2, date="Sun, 01 Mar 2026 13:00:00 GMT"), item(1)))
    changes = await walk.poll(one)
    assert (changes.visit.outcome, len(changes.new), len(changes.revised)) == (Outcome.NEW, 1, 0)
    new, still = await walk.kept()
    assert still == old
    assert new.entry.title == "Title 2"


async def test_an_edit_is_a_revision_that_keeps_id_and_date_and_moves_updated(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1))))
    await walk.enrol(one)
    await walk.poll(one)
    (before,) = await walk.kept()
    web.feed("/feed", rss(item(1, "other words", date="Sun, 01 Mar 2026 13:30:00 GMT")))
    changes = await walk.poll(one)
    assert (changes.visit.outcome, len(changes.new), len(changes.revised)) == (Outcome.REVISED, 0, 1)
    (after,) = await walk.kept()
    assert (after.id, after.published, after.first_seen) == (before.id, before.published, before.first_seen)
    assert (after.revision, after.entry.summary) == (1, "other words")
    assert before.updated < after.updated == walk.clock.now()


async def test_a_new_date_alone_is_no_news(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1))))
    await walk.enrol(one)
    await walk.poll(one)
    before = await walk.kept()
    web.feed("/feed", rss(item(1, date="Sun, 01 Mar 2026 13:30:00 GMT")))
    assert (await walk.poll(one)).visit.outcome is Outcome.SAME
    assert await walk.kept() == before


async def test_what_left_the_source_is_still_kept_and_not_new_when_it_returns(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1), item(2))))
    await walk.enrol(one)
    await walk.poll(one)
    before = await walk.kept()
    for items in ([item(1)], [item(1), item(2)]):
        web.feed("/feed", rss(*items))
        assert (await walk.poll(one)).new == ()
    assert await walk.kept() == before


HTML = b"<!DOCTYPE html><html><head><title>Hello</title></head><body><p>Not a feed</p></body></html>"
FAILURES = [
    ("404", Answer(b"no", 404), Reason.HTTP_STATUS),
    ("410", Answer(b"no", 410), Reason.HTTP_STATUS),
    ("500", Answer(b"no", 500), Reason.HTTP_STATUS),
    ("nothing but a hang", Answer(hang=True), Reason.TIMEOUT),
    ("a redirect to itself", Answer(status=302, headers={"Location": "/feed"}), Reason.TOO_MANY_REDIRECTS),
    ("a redirect to a file", Answer(status=302, headers={"Location": "file:///etc/passwd"}), Reason.BAD_REDIRECT),
    ("HTML instead of a feed", Answer(HTML, headers={"Content-Type": "text/html"}), Reason.NOT_A_FEED),
    ("broken XML", Answer(b"<?xml version='1.0'?><rss version='2.0'><channel><title>X"), Reason.NOT_A_FEED),
    ("an empty body", Answer(b""), Reason.NOT_A_FEED),
    ("JSON", Answer(b'{"a": 1}'), Reason.NOT_A_FEED),
    ("a broken answer", Answer(raw=b"HTTP/9 what\r\n\r\n"), Reason.PROTOCOL),
    ("a closed connection", Answer(raw=b""), Reason.PROTOCOL),
]


@pytest.mark.parametrize(("answer", "reason"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_a_failure_is_recorded_with_its_reason_and_loses_nothing(
    walk: Walk, web: ScriptedWeb, answer: Answer, reason: Reason
) -> None:
    one = source(web.feed("/feed", rss(item(1))))
    await walk.enrol(one)
    await walk.poll(one)
    before, validators = await walk.kept(), (await walk.visit(one)).validators
    web.script("/feed", answer)
    changes = await walk.poll(one)
    assert (changes.visit.outcome, changes.visit.reason) == (Outcome.FAILED, reason)
    visit = await walk.visit(one)
    assert (visit.outcome, visit.reason, visit.failures) == (Outcome.FAILED, reason, 1)
    assert visit.detail
    assert "\n" not in visit.detail
    assert wait_of(changes) >= HOUR
    assert visit.validators == validators, "those of an error page are never kept"
    assert await walk.kept() == before


async def test_failures_put_a_source_off_further_and_further_and_one_success_resets(
    walk: Walk, web: ScriptedWeb
) -> None:
    one = source(web.script("/feed", Answer(status=500)))
    await walk.enrol(one)
    assert (await walk.poll_when_due(one)).visit.failures == 1
    waits = [wait_of(await walk.poll_when_due(one)) for _ in range(7)]
    assert waits == [2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, 24 * HOUR, 24 * HOUR, 24 * HOUR]
    web.feed("/feed", rss(item(1)))
    changes = await walk.poll_when_due(one)
    assert (changes.visit.failures, changes.visit.reason, changes.visit.detail) == (0, None, "")
    assert wait_of(changes) == HOUR


async def test_retry_after_is_honoured(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.script("/feed", Answer(status=503, headers={"Retry-After": "20000"})))
    await walk.enrol(one)
    changes = await walk.poll(one)
    assert (wait_of(changes), changes.visit.why) == (timedelta(seconds=20000), Why.RETRY_AFTER)


async def test_max_age_lengthens_the_interval_within_its_bounds(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1)), Cache_Control="public, max-age=7200"))
    await walk.enrol(one)
    await walk.poll(one)
    changes = await walk.poll_when_due(one)
    assert (wait_of(changes), changes.visit.why) == (2 * HOUR, Why.MAX_AGE)
    web.feed("/feed", rss(item(2)), Cache_Control="max-age=99999999")
    assert wait_of(await walk.poll_when_due(one)) == 24 * HOUR


async def test_a_304_without_max_age_leaves_that_of_before_in_force(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1)), Cache_Control="max-age=7200"))
    await walk.enrol(one)
    await walk.poll(one)
    web.script("/feed", Answer(status=304))
    for _ in range(2):
        changes = await walk.poll_when_due(one)
        assert changes.visit.outcome is Outcome.NOT_MODIFIED
        assert (wait_of(changes), changes.visit.why) == (2 * HOUR, Why.MAX_AGE)
    web.feed("/feed", rss(item(2)))
    assert (wait_of(await walk.poll_when_due(one))) == HOUR, "a whole answer that says nothing says nothing"


async def test_a_redirect_is_followed_and_the_validators_belong_to_its_target(walk: Walk, web: ScriptedWeb) -> None:
    web.feed("/new", rss(item(1)))
    one = source(web.script("/old", Answer(status=301, headers={"Location": "/new"})))
    await walk.enrol(one)
    assert (await walk.poll(one)).visit.outcome is Outcome.NEW
    assert (await walk.poll(one)).visit.outcome is Outcome.NOT_MODIFIED
    assert "if-none-match" in web.asked("/new")[1].headers
    assert "if-none-match" not in web.asked("/old")[1].headers


async def test_a_reader_that_takes_too_long_is_killed_and_the_next_document_is_read(
    walk: Walk, web: ScriptedWeb
) -> None:
    poison = rss(
        f"<item xml:base='http://x.example/'><author>{'a' * 300_000}</author></item>"
    )  # minutes for feedparser
    bad, good = source(web.feed("/bad", poison), "bad"), source(web.feed("/good", rss(item(1))), "good")
    await walk.enrol(bad, good)
    impatient = WorkerReader(workers=1, seconds=1)
    try:
        walk.reader = impatient
        changes = await walk.poll(bad)
        assert changes.visit.reason is Reason.READER_TIMEOUT
        assert (await walk.poll(good)).visit.outcome is Outcome.NEW
    finally:
        impatient.close()


async def test_readers_that_were_all_killed_are_replaced(walk: Walk, web: ScriptedWeb) -> None:
    first, second = source(web.feed("/a", rss(item(1))), "a"), source(web.feed("/b", rss(item(2))), "b")
    await walk.enrol(first, second)
    mine = WorkerReader(workers=2)
    try:
        walk.reader = mine
        assert (await walk.poll(first)).visit.outcome is Outcome.NEW
        below = psutil.Process().children(recursive=True)
        for process in (p for p in below if "forkserver" in " ".join(p.cmdline())):
            process.kill()  # as when memory runs out
        assert (await walk.poll(second)).visit.outcome is Outcome.NEW
    finally:
        mine.close()


async def test_readers_that_die_between_taking_a_document_and_knowing_of_it_are_replaced(
    walk: Walk, web: ScriptedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = source(web.feed("/a", rss(item(1))), "a")
    await walk.enrol(one)
    mine = WorkerReader(workers=1)
    try:
        walk.reader = mine
        manager = mine._quick._pool._pool_manager
        know = manager.task_manager.register

        def break_before_it_knows(task: object) -> None:
            manager.handle_broken_pool(BrokenProcessPool())
            know(task)

        monkeypatch.setattr(manager.task_manager, "register", break_before_it_knows)
        assert (await walk.poll(one)).visit.outcome is Outcome.NEW
    finally:
        mine.close()


async def test_two_sources_with_one_entry_id_keep_both_and_the_first_keeps_the_id(walk: Walk, web: ScriptedWeb) -> None:
    first = source(web.feed("/a", rss(item(1))), "first")
    second = source(web.feed("/b", rss(item(1))), "second")
    await walk.enrol(first, second)
    await walk.poll(first)
    await walk.poll(second)
    ids = {kept.source_id: kept.id for kept in await walk.kept()}
    assert ids["first"] == "tag:x.example,2026:1"
    assert ids["second"].startswith("tag:planet.example,2026-03-01:second/")


async def test_times_settle_at_first_sight(walk: Walk, web: ScriptedWeb) -> None:
    future = item(1, date="Sun, 01 Mar 2099 10:00:00 GMT")
    dateless = item(2).replace("<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate>", "")
    one = source(web.feed("/feed", rss(future, dateless)))
    await walk.enrol(one)
    await walk.poll(one)
    now = walk.clock.now()
    assert {kept.published for kept in await walk.kept()} == {now}
    web.feed("/feed", rss(future, dateless.replace("text", "edited")))
    await walk.poll(one)
    assert {kept.published for kept in await walk.kept()} == {now}


async def test_an_attempt_is_written_before_the_fetch_and_a_crash_loop_backs_off(walk: Walk, web: ScriptedWeb) -> None:
    one = source(web.feed("/feed", rss(item(1))))
    await walk.enrol(one)
    due: list[timedelta] = []
    for _ in range(4):  # the program begins, and dies
        await walk.store.begin(one, walk.clock.now())
        visit = await walk.visit(one)
        assert visit.attempted == walk.clock.now()
        assert visit.due
        due.append(visit.due - walk.clock.now())
    assert due == [timedelta(), timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    await walk.poll(one)
    ended = await walk.visit(one)
    await walk.store.begin(one, walk.clock.now())
    assert (await walk.visit(one)).due == ended.due, "a poll that ended resets the count, and one death delays nobody"
    await walk.store.begin(one, walk.clock.now())
    assert (await walk.visit(one)).due == walk.clock.now() + timedelta(minutes=1)


async def test_a_mistake_of_ours_fails_one_poll_and_says_so(walk: Walk, web: ScriptedWeb) -> None:
    class Broken:
        async def fetch(self, source: Source, visit: Visit) -> Answer:
            raise ZeroDivisionError

    one = source("http://127.0.0.1:1/")
    await walk.enrol(one)
    walk.fetcher = Broken()  # type: ignore[assignment]  # the outside, faked
    changes = await walk.poll(one)
    assert (changes.visit.outcome, changes.visit.reason) == (Outcome.FAILED, Reason.INTERNAL)
