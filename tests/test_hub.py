"""The hub against real subscribers on loopback, over a real store: wishes, confirmation, delivery, and what fails."""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from conftest import PATIENCE
from subscribers import Subscriber, subscriber

from aggregator.config.keys import FetchKeys
from aggregator.fetch import Callbacks
from aggregator.model import Content, Mode, Subscription, Wish
from aggregator.store import SqlStore, open_store
from aggregator.websub import Hub, Pings
from aggregator.websub import hub as hub_module

TOPIC = "https://planet.example/category/all/feed.atom"
OTHER = "https://planet.example/category/tech/feed.rss"
HUB = "https://planet.example/hub"


class Clock:
    """A clock that stands still until it is put forward."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Bench:
    """A hub over a store, its topics in a mapping that a test changes."""

    store: SqlStore
    hub: Hub
    clock: Clock
    topics: dict[str, Content]

    async def subscribe(self, one: Subscriber, **keys: object) -> None:
        """Subscribe and see it confirmed."""
        wish = Wish(Mode.SUBSCRIBE, TOPIC, one.callback, **keys)  # type: ignore[arg-type]
        assert await self.hub.take(wish) is None
        await self.until(lambda: self.hub.results["confirmed"] > 0)
        assert await self.store.subscriptions.find(TOPIC, one.callback) is not None

    def publish(self, body: bytes, topic: str = TOPIC) -> None:
        """New content."""
        self.topics[topic] = content(body)
        self.hub.published([topic])

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Let others work until it is so."""
        async with asyncio.timeout(PATIENCE):
            while not wanted():  # noqa: ASYNC110  (any change may be the wanted one)
                await asyncio.sleep(0.005)


def content(body: bytes) -> Content:
    return Content(body, "application/atom+xml; charset=utf-8", f'"{body.hex()}"')


@asynccontextmanager
async def hub_over(
    path: Path, topics: dict[str, Content], *, allow: tuple[str, ...] = ("127.0.0.1",), clock: Clock | None = None
) -> AsyncIterator[Bench]:
    words = Counter[str]()

    def challenge() -> str:
        words["said"] += 1
        return f"word-{words['said']}"

    clock = clock or Clock()
    async with (
        open_store(path, "https://planet.example", alone=True) as store,
        Callbacks(FetchKeys(allow_private=allow), patience=60.0) as caller,
    ):
        hub = Hub(
            HUB,
            content=topics.get,
            subscriptions=store.subscriptions,
            caller=caller,
            clock=clock,
            challenge=challenge,
        )
        running = asyncio.create_task(hub.run())
        try:
            yield Bench(store, hub, clock, topics)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    topics = {TOPIC: content(b"<feed>1"), OTHER: content(b"<rss>1")}
    async with hub_over(tmp_path / "store.db", topics) as one:
        yield one


async def test_a_subscriber_confirms_and_gets_what_is_published_from_then_on(bench: Bench) -> None:
    async with subscriber() as one:
        await bench.subscribe(one, lease=timedelta(days=2))
        (confirming,) = one.heard
        assert confirming.asked == {
            "for": "planet",
            "hub.mode": "subscribe",
            "hub.topic": TOPIC,
            "hub.challenge": "word-1",
            "hub.lease_seconds": str(2 * 86_400),
        }
        assert one.deliveries == [], "it has what is there"
        bench.publish(b"<feed>2")
        await one.wait_for(lambda: len(one.deliveries) == 1)
        (told,) = one.deliveries
        assert told.body == b"<feed>2"
        assert told.headers["content-type"] == "application/atom+xml; charset=utf-8"
        assert told.headers["link"] == f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"'
        assert "x-hub-signature" not in told.headers
        assert "expect" not in told.headers


async def test_with_a_secret_the_content_is_signed(bench: Bench) -> None:
    async with subscriber() as one:
        await bench.subscribe(one, secret="schön geheim")
        bench.publish(b"<feed>2")
        await one.wait_for(lambda: len(one.deliveries) == 1)
        expected = hmac.new("schön geheim".encode(), b"<feed>2", "sha256").hexdigest()
        assert one.deliveries[0].headers["x-hub-signature"] == f"sha256={expected}"


async def test_what_changed_between_the_wish_and_its_confirmation_is_delivered(bench: Bench) -> None:
    async with subscriber(held=asyncio.Event()) as one:
        assert await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, one.callback)) is None
        await one.wait_for(lambda: len(one.heard) == 1)
        bench.publish(b"<feed>2")
        assert one.held
        one.held.set()
        await one.wait_for(lambda: [told.body for told in one.deliveries] == [b"<feed>2"])


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"confirms": False}, 404),
        ({"echo": lambda _: "something else"}, 200),
        ({"echo": lambda challenge: challenge + "\n"}, 200),
        ({"echo": lambda challenge: f"<p>{challenge}" + "x" * 10_000}, 200),
    ],
    ids=["refuses", "other word", "more than the word", "a page"],
)
async def test_who_does_not_confirm_is_never_told(bench: Bench, keys: dict[str, object], status: int) -> None:
    async with subscriber(**keys) as one:
        assert await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, one.callback)) is None
        await bench.until(lambda: bench.hub.results["not confirmed"] == 1)
        assert await bench.store.subscriptions.count() == 0


async def test_a_stranger_cannot_end_or_change_a_subscription(bench: Bench) -> None:
    async with subscriber() as one:
        await bench.subscribe(one, secret="mine")
        one.confirms = False
        for mode in Mode:
            await bench.hub.take(Wish(mode, TOPIC, one.callback, secret="theirs"))
        await bench.until(lambda: bench.hub.results["not confirmed"] == 2)
        kept = await bench.store.subscriptions.find(TOPIC, one.callback)
        assert kept is not None
        assert kept.secret == "mine"


async def test_a_confirmed_unsubscription_ends_it(bench: Bench) -> None:
    async with subscriber() as one:
        await bench.subscribe(one)
        assert await bench.hub.take(Wish(Mode.UNSUBSCRIBE, TOPIC, one.callback)) is None
        await bench.until(lambda: bench.hub.results["confirmed"] == 2)
        assert one.heard[-1].asked["hub.mode"] == "unsubscribe"
        assert "hub.lease_seconds" not in one.heard[-1].asked
        assert await bench.store.subscriptions.count() == 0


async def test_a_renewal_gives_a_new_lease_and_secret_and_tells_nothing_twice(bench: Bench) -> None:
    async with subscriber() as one:
        await bench.subscribe(one)
        bench.publish(b"<feed>2")
        await bench.until(lambda: bench.hub.results["delivered"] == 1)
        bench.clock.time += timedelta(days=9)
        await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, one.callback, timedelta(days=3), "new"))
        await bench.until(lambda: bench.hub.results["confirmed"] == 2)
        kept = await bench.store.subscriptions.find(TOPIC, one.callback)
        assert kept is not None
        assert (kept.expires, kept.secret) == (bench.clock.now() + timedelta(days=3), "new")
        bench.hub.published([TOPIC])
        assert len(one.deliveries) == 1


@pytest.mark.parametrize(
    ("asked", "given"),
    [(None, "864000"), (timedelta(seconds=1), "300"), (timedelta(hours=1), "3600"), (timedelta(days=400), "2592000")],
)
async def test_a_lease_is_kept_within_bounds(bench: Bench, asked: timedelta | None, given: str) -> None:
    async with subscriber() as one:
        await bench.subscribe(one, lease=asked)
        assert one.heard[0].asked["hub.lease_seconds"] == given


async def test_a_lease_ends(bench: Bench) -> None:
    async with subscriber() as ends, subscriber() as stays:
        await bench.subscribe(ends, lease=timedelta(hours=1))
        await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, stays.callback, timedelta(days=1)))
        await bench.until(lambda: bench.hub.results["confirmed"] == 2)
        bench.clock.time += timedelta(hours=2)
        bench.publish(b"<feed>2")
        await stays.wait_for(lambda: len(stays.deliveries) == 1)
        assert ends.deliveries == []
        async with asyncio.timeout(PATIENCE):  # it is forgotten beside the deliveries
            while await bench.store.subscriptions.count() > 1:
                pass


async def test_who_is_gone_is_told_no_more(bench: Bench) -> None:
    async with subscriber(status=410) as one:
        await bench.subscribe(one)
        bench.publish(b"<feed>2")
        await bench.until(lambda: bench.hub.results["ended"] == 1)
        assert await bench.store.subscriptions.count() == 0


@pytest.mark.parametrize("status", [500, 404, 302, 429])
async def test_who_fails_is_tried_again_later_each_time_and_gets_the_latest_only(bench: Bench, status: int) -> None:
    async with subscriber(status=status) as one:
        await bench.subscribe(one)
        pauses = []
        for failures in range(1, 5):
            bench.publish(b"<feed>%d" % (failures + 1))
            await bench.until(lambda failures=failures: bench.hub.results["failed"] == failures)  # type: ignore[misc]
            kept = await bench.store.subscriptions.find(TOPIC, one.callback)
            assert kept is not None
            assert kept.due is not None
            assert kept.failures == failures
            pauses.append((kept.due - bench.clock.now()).total_seconds())
            bench.clock.time = kept.due
        assert pauses == [10, 20, 40, 80]
        one.status = 204
        bench.publish(b"<feed>last")
        await bench.until(lambda: bench.hub.results["delivered"] == 1)
        kept = await bench.store.subscriptions.find(TOPIC, one.callback)
        assert kept is not None
        assert (kept.due, kept.failures) == (None, 0)
        assert [told.body for told in one.deliveries] == [b"<feed>%d" % n for n in (2, 3, 4, 5)] + [b"<feed>last"]


async def test_a_new_publication_does_not_hasten_who_fails(bench: Bench) -> None:
    async with subscriber(status=500) as bad, subscriber() as good:
        await bench.subscribe(bad)
        await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, good.callback))
        await bench.until(lambda: bench.hub.results["confirmed"] == 2)
        for number in range(2, 6):
            bench.publish(b"<feed>%d" % number)
            await good.wait_for(lambda number=number: len(good.deliveries) == number - 1)  # type: ignore[misc]
        assert len(bad.deliveries) == 1


async def test_a_subscriber_that_hangs_holds_up_nobody_and_skips_what_lay_between(bench: Bench) -> None:
    async with subscriber() as slow, subscriber() as quick:
        await bench.subscribe(slow)
        await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, quick.callback))
        await bench.until(lambda: bench.hub.results["confirmed"] == 2)
        slow.held = asyncio.Event()
        bench.publish(b"<feed>2")
        await slow.wait_for(lambda: len(slow.deliveries) == 1)
        for number in range(3, 6):
            bench.publish(b"<feed>%d" % number)
            await quick.wait_for(lambda number=number: quick.deliveries[-1].body == b"<feed>%d" % number)  # type: ignore[misc]
        assert len(slow.deliveries) == 1
        slow.held.set()
        await slow.wait_for(lambda: len(slow.deliveries) == 2)
        assert slow.deliveries[-1].body == b"<feed>5"


async def test_subscriptions_and_what_is_owed_outlast_a_restart(tmp_path: Path) -> None:
    topics = {TOPIC: content(b"<feed>1")}
    async with subscriber() as one:
        async with hub_over(tmp_path / "store.db", topics) as bench:
            await bench.subscribe(one, secret="s")
            one.status = 503
            bench.publish(b"<feed>2")
            await bench.until(lambda: bench.hub.results["failed"] == 1)
        topics[TOPIC] = content(b"<feed>3")  # published while no hub was there
        one.status = 200
        later = Clock()
        later.time += timedelta(minutes=1)
        async with hub_over(tmp_path / "store.db", topics, clock=later):
            await one.wait_for(lambda: len(one.deliveries) == 2)
        assert one.deliveries[-1].body == b"<feed>3"
        assert one.deliveries[-1].headers["x-hub-signature"].startswith("sha256=")
        async with hub_over(tmp_path / "store.db", topics, clock=later) as bench:
            bench.publish(b"<feed>4")
            await one.wait_for(lambda: len(one.deliveries) == 3)
        assert one.deliveries[-1].body == b"<feed>4"


async def test_a_private_callback_is_never_asked(tmp_path: Path) -> None:
    async with hub_over(tmp_path / "store.db", {TOPIC: content(b"1")}, allow=()) as bench, subscriber() as one:
        for callback in (
            one.callback,
            one.callback.replace("127.0.0.1", "localhost"),
            "http://10.0.0.1/",
            "http://[::1]/",
        ):
            assert await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, callback)) is None
        await bench.until(lambda: bench.hub.results["not confirmed"] == 4)
        assert one.heard == []
        assert await bench.store.subscriptions.count() == 0


async def test_an_address_that_is_no_feed_of_ours_is_refused(bench: Bench) -> None:
    refusal = await bench.hub.take(Wish(Mode.SUBSCRIBE, "https://elsewhere.example/feed.atom", "https://a.example/"))
    assert refusal is not None
    assert refusal.status == 404


async def test_one_host_and_all_together_have_no_more_subscriptions_than_they_may(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MOST_AT_A_HOST", 2)
    monkeypatch.setattr(hub_module, "MOST_SUBSCRIPTIONS", 3)
    until = bench.clock.now() + timedelta(days=1)
    for callback in ("https://a.example/1", "https://a.example/2", "https://b.example/1"):
        await bench.store.subscriptions.keep(Subscription(TOPIC, callback, until, ""))
    statuses = []
    for callback in ("https://a.example/3", "https://c.example/1", "https://a.example/1"):
        refusal = await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, callback))
        statuses.append(refusal and int(refusal.status))
    assert statuses == [403, 503, None], "who renews is not refused"


async def test_a_flood_of_wishes_is_told_to_come_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_WISHES", 40)
    async with subscriber(held=asyncio.Event()) as one:
        taken = [
            await bench.hub.take(Wish(Mode.SUBSCRIBE, TOPIC, f"{one.callback}&n={number}")) for number in range(60)
        ]
        refused = [refusal for refusal in taken if refusal is not None]
        assert {int(refusal.status) for refusal in refused} == {503}
        assert 40 <= len(taken) - len(refused) <= 42, "two of one host are being asked, the rest waits"
        await one.wait_for(lambda: len(one.heard) == 2)
        assert bench.hub.results.total() == 0


async def test_other_hubs_are_pinged_once_per_topic_and_again_when_they_fail() -> None:
    async with (
        subscriber() as good,
        subscriber(status=500) as bad,
        Callbacks(FetchKeys(allow_private=("127.0.0.1",))) as caller,
    ):
        pings = Pings([good.callback, bad.callback], caller, first_retry=0.01)
        running = asyncio.create_task(pings.run())
        pings.published([TOPIC, TOPIC, OTHER])
        await good.wait_for(lambda: len(good.heard) == 2)
        await bad.wait_for(lambda: len(bad.heard) >= 3)
        bad.status = 204
        await bad.wait_for(
            lambda: {dict(parse_qsl(one.body.decode()))["hub.url"] for one in bad.heard} == {TOPIC, OTHER}
        )
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [dict(parse_qsl(one.body.decode())) for one in good.heard] == [
        {"hub.mode": "publish", "hub.url": topic, "hub.topic": topic} for topic in (TOPIC, OTHER)
    ]
    assert {one.headers["content-type"] for one in good.heard} == {"application/x-www-form-urlencoded"}
