"""Hubs of sources tell us what is new: found, asked, confirmed, believed only when signed, and taken in like a poll."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from conftest import PATIENCE, Place
from scripted_web import ScriptedWeb
from serving import serving
from subscribers import Exchange, subscriber
from subscribers import Subscriber as Hub
from test_run import Running, free_port
from test_run import rss as site_feed
from walking import HOUR, START, Walked, item, rss, source, walking

from aggregator.condition import row_of
from aggregator.config import load
from aggregator.config.keys import FetchKeys
from aggregator.config.reach import unreachable
from aggregator.fetch import Callbacks
from aggregator.front import Front
from aggregator.intake import take_in
from aggregator.model import (
    LEFT_ALONE,
    Advertised,
    Changes,
    Delivery,
    Document,
    Intake,
    Source,
    Verification,
    Why,
    amended,
)
from aggregator.placing import on_own_pages
from aggregator.pushed import take_in_push
from aggregator.store import SqlStore, open_store
from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.websub import Subscriber

DAY = 24 * HOUR
BASE = "https://planet.example/hub"
HUB = "https://hub.example/"
TOPIC = "https://one.example/feed"
TRIES = range(2, 12)  # once within a second is what is shown; a busy machine may need several to get there


def naming(hub: str = HUB, *items: str, topic: str = TOPIC) -> str:
    """A feed that names a hub."""
    links = f"<a:link rel='hub' href='{hub}'/><a:link rel='self' href='{topic}'/>"
    feed = rss(*items).replace("<rss ", "<rss xmlns:a='http://www.w3.org/2005/Atom' ")
    return feed.replace("<channel>", f"<channel>{links}")


# ---------------------------------------------------------------- found


ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><id>tag:x,2026:x</id><updated>2026-03-01T00:00:00Z</updated>'
    '<link rel="hub" href="/hub"/><link rel="self" href="https://one.example/atom"/></feed>'
)
JSON = (
    '{"version": "https://jsonfeed.org/version/1.1", "title": "x", "feed_url": "https://one.example/json", "items": [],'
    ' "hubs": [{"type": "rssCloud", "url": "https://cloud.example/"}, {"type": "WebSub", "url": "https://hub.example/"}]}'
)
HEADER = '<https://other.example/hub>; rel="hub", <https://one.example/header>; rel="self"'


@pytest.mark.parametrize(
    ("body", "header", "found"),
    [
        (naming(), "", Advertised(HUB, TOPIC)),
        (ATOM, "", Advertised("https://one.example/hub", "https://one.example/atom")),
        (JSON, "", Advertised(HUB, "https://one.example/json")),
        (rss(), HEADER, Advertised("https://other.example/hub", "https://one.example/header")),
        (naming(), HEADER, Advertised("https://other.example/hub", "https://one.example/header")),
        (
            rss(),
            "<https://other.example/hub>; rel=hub",
            Advertised("https://other.example/hub", "https://one.example/feed"),
        ),
        (rss(), "", None),
        (rss(), "<mailto:a@x.example>; rel=hub", None),
        (naming("ftp://x.example/"), "", None),
    ],
)
def test_a_hub_is_found_where_a_feed_names_it(body: str, header: str, found: Advertised | None) -> None:
    intake = take_in(source(), Document("https://one.example/feed", body.encode(), "", links=header))
    assert isinstance(intake, Intake)
    assert intake.hub == found


async def test_only_hubs_of_feeds_that_everybody_may_read_are_asked(tmp_path: Path) -> None:
    secret = Source(
        "two", "feed", "https://two.example/feed?key=1", "https://two.example/", (), HOUR, HOUR, HOUR, headers=()
    )
    cookie = source("three", headers=(("Cookie", "a=b"),))
    async with walking(tmp_path / "s.db", source(), secret, cookie) as walked:
        for one in (source(), secret, cookie):
            await walked.poll(one, naming())
        assert [one.source_id for one in await walked.store.followings.due(walked.now(), 9)] == ["one"]


async def test_another_hub_takes_the_place_of_the_first_and_another_address_forgets_it(tmp_path: Path) -> None:
    async with walking(tmp_path / "s.db", source()) as walked:
        followings = walked.store.followings
        await walked.poll(source(), naming())
        (first,) = await followings.due(walked.now(), 9)
        await followings.confirmed(first, walked.now() + DAY, walked.now() + DAY)
        await walked.poll(source(), naming())
        assert await followings.due(walked.now(), 9) == [], "the same hub is left alone"
        await walked.poll(source(), naming("https://new.example/"))
        assert [one.hub for one in await followings.due(walked.now(), 9)] == ["https://new.example/"]
        visit = await walked.store.visit(source())
        assert visit
        assert visit.leased is None
        await followings.confirmed(first, walked.now() + DAY, walked.now() + DAY)
        assert [one.hub for one in await followings.due(walked.now(), 9)] == ["https://new.example/"]
        moved = Source("one", "feed", "https://x.example/", "https://x.example/", ("news",), HOUR, HOUR, HOUR)
        await walked.store.enrol([moved], walked.now())
        assert await followings.due(walked.now(), 9) == []


# ---------------------------------------------------------------- asked, confirmed, believed


@dataclass
class Bench:
    """A subscriber of ours over a real store, and a hub on loopback."""

    store: SqlStore
    hub: Hub
    caller: Callbacks
    moment: datetime = START
    brought: list[tuple[str, Document]] = field(default_factory=list)
    open: bool = True

    def __post_init__(self) -> None:
        words = iter(f"word{number}" for number in range(1000))
        self.subscriber = Subscriber(
            BASE,
            followings=self.store.followings,
            caller=self.caller,
            clock=self,
            challenge=lambda: next(words),
            deliver=self._deliver,
        )

    def now(self) -> datetime:
        return self.moment

    def _deliver(self, source_id: str, document: Document) -> bool:
        self.brought += [(source_id, document)] if self.open else []
        return self.open

    async def asked(self, times: int = 1) -> dict[str, str]:
        """Run until the hub was asked so often; what it was asked last."""
        running = asyncio.create_task(self.subscriber.run())
        await self.hub.wait_for(lambda: len(self.hub.deliveries) >= times)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return form_of(self.hub.deliveries[-1])

    async def verify(self, asked: dict[str, str], mode: str = "subscribe", **keys: str) -> str | None:
        said = {"topic": asked["hub.topic"], "challenge": "c", **keys}
        token = asked["hub.callback"].removeprefix(f"{BASE}/")
        lease = timedelta(seconds=int(asked["hub.lease_seconds"]))
        return await self.subscriber.verify(Verification(token, mode, said["topic"], said["challenge"], lease))

    async def leased(self) -> datetime | None:
        visit = await self.store.visit(source())
        assert visit
        return visit.leased


def form_of(one: Exchange) -> dict[str, str]:
    return dict(parse_qsl(one.body.decode()))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A subscriber of ours whose one source names the hub."""
    async with (
        subscriber(status=202) as hub,
        Callbacks(FetchKeys(allow_private=("127.0.0.1",))) as caller,
        walking(tmp_path / "s.db", source()) as walked,
    ):
        await walked.poll(source(), naming(hub.callback))
        yield Bench(walked.store, hub, caller, walked.now())


async def test_the_hub_is_asked_for_the_topic_with_a_callback_nobody_can_guess_and_a_secret(bench: Bench) -> None:
    asked = await bench.asked()
    assert asked == {
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.callback": f"{BASE}/word0",
        "hub.lease_seconds": "864000",
        "hub.secret": "word1",
    }
    assert bench.hub.deliveries[0].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_what_we_asked_for_is_confirmed_and_renewed_before_it_ends(bench: Bench) -> None:
    asked = await bench.asked()
    assert await bench.leased() is None
    assert await bench.verify(asked) == "c"
    assert await bench.leased() == bench.moment + timedelta(days=10)
    assert await bench.store.followings.due(bench.moment + timedelta(days=7), 9) == []
    bench.moment += timedelta(days=8)
    again = await bench.asked(2)
    assert again == asked, "the same callback and secret"


@pytest.mark.parametrize(
    ("mode", "keys"),
    [("subscribe", {"topic": "https://evil.example/"}), ("subscribe", {"challenge": ""}), ("unsubscribe", {})],
)
async def test_what_we_did_not_ask_for_is_not_confirmed(bench: Bench, mode: str, keys: dict[str, str]) -> None:
    asked = await bench.asked()
    assert await bench.verify(asked, mode, **keys) is None
    assert await bench.verify(asked | {"hub.callback": f"{BASE}/word9"}) is None
    assert await bench.verify(asked | {"hub.callback": f"{BASE}/"}) is None
    assert await bench.leased() is None


async def test_a_hub_that_denies_is_asked_again_after_a_week_and_polls_go_on(bench: Bench) -> None:
    asked = await bench.asked()
    await bench.verify(asked)
    assert await bench.verify(asked, "denied") == ""
    assert await bench.leased() is None
    assert await bench.store.followings.due(bench.moment + timedelta(days=6), 9) == []
    assert len(await bench.store.followings.due(bench.moment + timedelta(days=8), 9)) == 1


async def test_a_hub_that_does_not_answer_or_confirm_is_asked_more_and_more_rarely(bench: Bench) -> None:
    bench.hub.status = 500
    waits = []
    for times in (1, 2, 3, 4):
        await bench.asked(times)
        while not await bench.store.followings.due(bench.moment, 9):
            bench.moment += timedelta(minutes=5)
        waits.append(bench.moment)
    gaps = [later - earlier for earlier, later in zip([START + HOUR, *waits], waits, strict=False)]
    assert gaps == [timedelta(minutes=minutes) for minutes in (5, 10, 20, 40)]


def delivery(asked: dict[str, str], body: bytes = b"<rss/>", method: str = "sha256", **keys: str) -> Delivery:
    signed = hmac.digest(asked["hub.secret"].encode(), body, method).hex()
    said = {"signature": f"{method}={signed}", "links": f'<{HUB}>; rel="hub", <{TOPIC}>; rel="self"', **keys}
    token = asked["hub.callback"].removeprefix(f"{BASE}/")
    return Delivery(token, body, "application/rss+xml", said["links"], said["signature"])


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_what_the_hub_brings_is_handed_on_when_it_is_signed(bench: Bench, method: str) -> None:
    asked = await bench.asked()
    assert await bench.subscriber.take(delivery(asked, method=method)) == HTTPStatus.ACCEPTED
    ((name, document),) = bench.brought
    assert (name, document.url, document.body, document.content_type) == (
        "one",
        TOPIC,
        b"<rss/>",
        "application/rss+xml",
    )
    assert await bench.subscriber.take(delivery(asked, links="")) == HTTPStatus.ACCEPTED
    assert len(bench.brought) == 2, "the topic is that of the callback where no link says another"


@pytest.mark.parametrize(
    "keys",
    [
        {"signature": ""},
        {"signature": "sha256=" + "0" * 64},
        {"signature": "md5=d41d8cd98f00b204e9800998ecf8427e"},
        {"signature": "sha256"},
        {"links": '<https://evil.example/feed>; rel="self"'},
    ],
)
async def test_what_is_not_signed_or_of_another_topic_is_ignored_in_silence(bench: Bench, keys: dict[str, str]) -> None:
    asked = await bench.asked()
    assert await bench.subscriber.take(delivery(asked, **keys)) == HTTPStatus.ACCEPTED
    assert bench.brought == []


async def test_an_unknown_callback_is_gone_and_who_cannot_take_it_now_says_so(bench: Bench) -> None:
    asked = await bench.asked()
    assert await bench.subscriber.take(delivery(asked | {"hub.callback": f"{BASE}/word9"})) == HTTPStatus.GONE
    bench.open = False
    assert await bench.subscriber.take(delivery(asked)) == HTTPStatus.SERVICE_UNAVAILABLE
    await bench.store.enrol([], bench.moment)
    assert await bench.subscriber.take(delivery(asked)) == HTTPStatus.GONE, "the source left the config"


async def test_a_source_that_was_away_is_polled_as_ever_until_its_hub_has_confirmed_again(tmp_path: Path) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        for away in ([], [replace(SLOW, enabled=False)]):
            await walked.store.enrol(away, walked.now())
            assert await walked.store.followings.due(walked.now() + DAY, 9) == []
            await walked.store.enrol([SLOW], walked.now())
            visit = await walked.store.visit(SLOW)
            assert visit
            assert visit.leased is None
            (one,) = await walked.store.followings.due(walked.now(), 9)
            await walked.store.followings.confirmed(one, walked.now() + DAY, walked.now() + DAY)


async def test_after_a_move_of_the_site_every_hub_is_told_and_after_a_restart_none(tmp_path: Path) -> None:
    async with walking(tmp_path / "s.db", source()) as walked:
        await walked.poll(source(), naming("http://127.0.0.1:9/"))
        (one,) = await walked.store.followings.due(walked.now(), 9)
        leases = []
        for base in ("http://a.example", "http://a.example", "http://b.example", "http://localhost"):
            text = (
                f"site: {{base_url: '{base}'}}\nwebsub: {{hub: false}}\nsources: [{{url: '{source().url}', id: one}}]"
            )
            (tmp_path / "c.yaml").write_text(text, "utf-8")
            settings = load(tmp_path / "c.yaml", {})
            front = Front(settings, walked.store, walked, lambda: "word", lambda: None)
            async with front.with_settings(settings):
                visit = await walked.store.visit(source())
                leases.append(visit and visit.leased)
            await walked.store.followings.confirmed(one, START + DAY, START + DAY)
        assert leases == [None, START + DAY, None, None]


async def test_it_is_all_there_after_a_restart_and_rests_while_nobody_serves(tmp_path: Path) -> None:
    async with walking(tmp_path / "s.db", source()) as walked:
        await walked.poll(source(), naming())
        (one,) = await walked.store.followings.due(walked.now(), 9)
        await walked.store.followings.confirmed(one, walked.now() + DAY, walked.now() + DAY)
    async with open_store(tmp_path / "s.db", "https://planet.example", alone=True) as store:
        visit = await store.visit(source())
        assert visit
        assert (visit.leased, visit.hub) == (START + HOUR + DAY, Advertised(HUB, TOPIC))
        row = row_of(source(), visit, 0, None)
        assert (row["hub"], row["pushed_until"], row["no_push"]) == (HUB, "2026-03-02T13:00:00Z", None)
        await store.followings.rest(START + HOUR)
        visit = await store.visit(source())
        assert visit
        assert visit.leased is None
        assert len(await store.followings.due(START + HOUR, 9)) == 1
        assert row_of(source(), visit, 0, "site.base_url is not set")["no_push"] == "site.base_url is not set"


# ---------------------------------------------------------------- taken in


SLOW = replace(source(), max_interval=DAY)


async def push(walked: Walked, body: str, one: Source = SLOW) -> Changes | None:
    walked.moment += timedelta(minutes=1)
    document = Document(TOPIC, body.encode(), "x")
    return await take_in_push(
        one,
        document,
        reader=walked,
        store=walked.store,
        clock=walked,
        place=on_own_pages,  # type: ignore[arg-type]
    )


@asynccontextmanager
async def pushed_to(path: Path) -> AsyncIterator[Walked]:
    """A source that was polled once, and whose hub tells us since."""
    async with walking(path, SLOW) as walked:
        await walked.poll(SLOW, naming(HUB, ONE))
        (one,) = await walked.store.followings.due(walked.now(), 9)
        await walked.store.followings.confirmed(one, walked.now() + 30 * DAY, walked.now() + 30 * DAY)
        yield walked


ONE, TWO, THREE = (
    item(name, f"Title {name}", f"https://x.example/posts/{name}", START + timedelta(minutes=number), f"Text {name}")
    for number, name in enumerate(("one", "two", "three"))
)


async def test_a_push_of_only_what_is_new_is_kept_and_takes_nothing_away(tmp_path: Path) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        before = await walked.store.visit(SLOW)
        changes = await push(walked, naming(HUB, TWO))
        assert changes
        assert [one.entry.title for one in changes.new] == ["Title two"]
        again = await push(walked, naming(HUB, TWO))
        assert again
        assert (again.new, again.revised) == ((), ())
        after = await walked.store.visit(SLOW)
        assert before
        assert after
        assert (after.validators, after.body_hash, after.size, after.finished) == (
            before.validators,
            before.body_hash,
            before.size,
            before.finished,
        )
        poll = await walked.poll(SLOW, naming(HUB, THREE, TWO, ONE))
        assert [one.entry.title for one in poll.new] == ["Title three"], "a lost push is caught by a poll"
        assert len(await walked.kept(SLOW)) == 3


async def test_what_was_pushed_was_seen_when_it_came_and_waits_for_its_text_from_then_on(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(f"sources: [{{url: '{source().url}', id: one, full_text: true}}]", "utf-8")
    (full,) = load(tmp_path / "c.yaml", {}).sources
    async with pushed_to(tmp_path / "s.db") as walked:
        walked.moment += DAY
        assert await push(walked, naming(HUB, TWO), full)
        (awaited,) = await walked.store.awaited(full, walked.now())
        assert full.detail
        assert (awaited.since, awaited.until) == (walked.now(), walked.now() + full.detail.hold)
        assert await push(walked, naming(HUB, TWO.replace("Text", "New text")))
        (story,) = await walked.store.stories("https://x.example/posts/two")
        since = [version.since for version in story.versions]
        assert since == [walked.now() - timedelta(minutes=1), walked.now()]


def renumbered(one: str) -> str:
    """The item under another guid."""
    return one.replace("false'>", "false'>new-")


async def test_what_may_be_kept_under_another_name_is_left_to_a_poll_at_once(tmp_path: Path) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        await walked.poll(SLOW, naming(HUB, TWO, ONE))
        hasty = replace(SLOW, min_interval=timedelta(minutes=10))
        polled = walked.now()
        assert await push(walked, naming(HUB, *map(renumbered, (THREE, TWO, ONE))), hasty) is None
        assert len(await walked.kept(SLOW)) == 2
        visit = await walked.store.visit(SLOW)
        assert visit
        assert (visit.due, visit.why) == (polled + hasty.min_interval, Why.PUSHED)
        poll = await walked.poll(hasty, naming(HUB, *map(renumbered, (THREE, TWO, ONE))))
        assert [one.entry.title for one in poll.new] == ["Title three"]


@pytest.mark.parametrize("why", sorted(LEFT_ALONE))
async def test_a_host_that_wants_to_be_left_alone_is_not_polled_sooner_for_a_push(tmp_path: Path, why: Why) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        visit = await walked.store.visit(SLOW)
        assert visit
        asked = amended(visit, due=walked.now() + 5 * HOUR, why=why)
        await walked.store.apply(Changes(SLOW, asked, before=visit))
        assert await push(walked, naming(HUB, renumbered(ONE)), replace(SLOW, min_interval=timedelta())) is None
        assert await walked.store.visit(SLOW) == asked


async def test_a_push_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        before = await walked.store.visit(SLOW)
        assert await push(walked, "<html>Oops") is None
        assert await walked.store.visit(SLOW) == before


async def test_a_push_before_the_first_poll_waits_for_that(tmp_path: Path) -> None:
    async with walking(tmp_path / "s.db", SLOW) as walked:
        assert await push(walked, naming(HUB, ONE)) is None


async def test_the_polls_of_a_pushed_source_grow_rare_and_a_lost_push_makes_them_frequent_again(tmp_path: Path) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        visit = (await walked.poll(SLOW, naming(HUB, ONE))).visit
        spans = []
        for _ in range(6):
            assert visit.due
            visit = (await walked.poll(SLOW, naming(HUB, ONE), after=visit.due - walked.now())).visit
            assert visit.due
            spans.append((round((visit.due - walked.now()) / HOUR), visit.why))
        assert spans == [(hours, Why.PUSHED) for hours in (4, 8, 16, 24, 24, 24)], "never beyond max_interval"
        lost = (await walked.poll(SLOW, naming(HUB, TWO, ONE))).visit
        assert lost.due
        assert (lost.quiet, lost.due - walked.now() <= 2 * HOUR) == (0, True)


async def test_what_was_told_while_nobody_listened_is_polled_for_within_an_hour(tmp_path: Path) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        visit = (await walked.poll(SLOW, naming(HUB, ONE))).visit
        for _ in range(3):
            assert visit.due
            visit = (await walked.poll(SLOW, naming(HUB, ONE), after=visit.due - walked.now())).visit
        assert visit.due
        assert visit.due - walked.now() == 16 * HOUR
        for start in (walked.store.followings.catch_up, walked.store.followings.rest):
            await start(walked.now())
            soon = await walked.store.visit(SLOW)
            assert soon
            assert soon.due
            assert soon.due - walked.now() <= HOUR
            assert (soon.leased is None) is (start == walked.store.followings.rest)


@pytest.mark.parametrize("why", sorted(set(Why) - {Why.GONE}))
async def test_whoever_has_a_hub_is_caught_up_with_unless_its_host_asked_for_more_time(
    tmp_path: Path, why: Why
) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        visit = await walked.store.visit(SLOW)
        assert visit
        asked = amended(visit, due=walked.now() + 5 * HOUR, why=why)
        await walked.store.apply(Changes(SLOW, asked, before=visit))
        assert await push(walked, naming(HUB, TWO))
        after = await walked.store.visit(SLOW)
        assert after
        assert (after.due, after.why) == (asked.due, why), "a push that does not put it off is no reason"
        await walked.store.followings.catch_up(walked.now())
        soon = await walked.store.visit(SLOW)
        assert soon
        assert soon.due
        assert (soon.due <= walked.now() + HOUR) is (why not in LEFT_ALONE)
        assert why not in LEFT_ALONE or soon.due == asked.due


async def test_pushes_put_the_next_poll_off_but_never_beyond_the_longest_interval(tmp_path: Path) -> None:
    async with pushed_to(tmp_path / "s.db") as walked:
        await push(walked, naming(HUB, TWO))
        visit = await walked.store.visit(SLOW)
        assert visit
        assert visit.due
        assert visit.due >= walked.now() + HOUR
        walked.moment += 20 * HOUR
        await push(walked, naming(HUB, THREE))
        visit = await walked.store.visit(SLOW)
        assert visit
        assert visit.due
        assert visit.due <= START + HOUR + DAY + HOUR


# ---------------------------------------------------------------- served


class Listening:
    """Stands where what hubs say is heard."""

    def __init__(self) -> None:
        self.heard: list[Verification | Delivery] = []

    async def knows(self, token: str) -> bool:
        return token == "good"

    async def verify(self, asked: Verification) -> str | None:
        self.heard.append(asked)
        return asked.challenge if asked.token == "good" else None

    async def take(self, delivery: Delivery) -> HTTPStatus:
        self.heard.append(delivery)
        return HTTPStatus.ACCEPTED


@asynccontextmanager
async def callback_site(folder: Path, listening: Listening | None) -> AsyncIterator[httpx.AsyncClient]:
    hearing: Callable[[], tuple[Listening, int] | None] = lambda: (listening, 1000) if listening else None  # noqa: E731
    app = create_app(folder, readiness=lambda: None, audience=Audience(), listener=hearing)
    async with (
        serving(app) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", trust_env=False, verify=False, timeout=PATIENCE
        ) as client,
    ):
        yield client


async def test_hubs_reach_the_callbacks_and_nobody_else_finds_anything_there(tmp_path: Path) -> None:
    listening = Listening()
    asked = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "<b>c</b>", "hub.lease_seconds": "600"}
    async with callback_site(tmp_path, listening) as client:
        yes, no = [await client.get(f"/hub/{token}", params=asked) for token in ("good", "bad")]
        post = await client.post("/hub/good", content=b"<rss/>", headers={"X-Hub-Signature": "sha256=0", "Link": "<x>"})
        large = await client.post("/hub/good", content=b"x" * 1001)
        unknown = await client.post("/hub/bad", content=b"x" * 1001)
        other = await client.put("/hub/good")
        deeper = await client.get("/hub/good/more")
    assert (yes.status_code, yes.text, yes.headers["content-type"]) == (200, "<b>c</b>", "text/plain; charset=utf-8")
    assert (no.status_code, post.status_code, large.status_code, other.status_code) == (404, 202, 413, 405)
    assert (deeper.status_code, unknown.status_code) == (404, 410)
    assert listening.heard == [
        Verification("good", "subscribe", TOPIC, "<b>c</b>", timedelta(seconds=600)),
        Verification("bad", "subscribe", TOPIC, "<b>c</b>", timedelta(seconds=600)),
        Delivery("good", b"<rss/>", "", "<x>", "sha256=0"),
    ]


async def test_where_nobody_listens_there_are_no_callbacks(tmp_path: Path) -> None:
    async with callback_site(tmp_path, None) as client:
        assert (await client.get("/hub/good")).status_code == 404
        assert (await client.post("/hub/good", content=b"x")).status_code == 404


@pytest.mark.parametrize(
    ("base_url", "allowed", "subscribe", "reached"),
    [
        ("https://planet.example.org", (), None, True),
        ("https://93.184.215.14", (), None, True),
        (None, (), None, False),
        (None, (), True, False),
        ("http://127.0.0.1:8080", (), None, False),
        ("http://[::1]:8080", (), None, False),
        ("http://192.168.1.7", (), None, False),
        ("http://planet", (), None, False),
        ("http://localhost", (), None, False),
        ("http://planet.lan", (), None, False),
        ("http://127.0.0.1:8080", ("127.0.0.0/8",), None, True),
        ("http://planet.lan", ("planet.lan",), None, True),
        ("http://127.0.0.1:8080", (), True, True),
        ("https://planet.example.org", (), False, False),
    ],
)
def test_hubs_are_asked_only_where_they_can_reach_us(
    base_url: str | None, allowed: tuple[str, ...], subscribe: bool | None, reached: bool
) -> None:
    assert (unreachable(base_url, allowed, subscribe) is None) is reached


def test_the_reason_is_among_the_settings(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("websub: {subscribe: false}\nsources: [{url: 'https://a.example/'}]\n", "utf-8")
    assert load(tmp_path / "c.yaml", {}).no_push == "websub.subscribe is false"


async def test_one_instance_subscribed_to_another_publishes_within_a_second_of_it(
    tmp_path: Path, web: ScriptedWeb
) -> None:
    ports = free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    first = {"id": "one", "url": web.feed("/feed", site_feed("one", 1)), "interval": "1s", "min_interval": "1s"}
    second = {"id": "theirs", "url": f"{urls[0]}/category/all/feed.atom", "interval": "1h"}
    fetch = {"allow_private": ["127.0.0.1"], "per_host": {"concurrency": 8, "delay": "0s"}}
    running: list[Running] = []
    try:
        for number, one in enumerate((first, second)):
            (tmp_path / str(number)).mkdir()
            place = Place(tmp_path / str(number))
            site = {"title": "Test", "base_url": urls[number]}
            place.configure([one], server={"port": ports[number]}, fetch=fetch, site=site)
            running.append(Running(place, ports[number]))
            await asyncio.to_thread(running[-1].wait_until_built, 2)
        await asyncio.to_thread(running[1].wait_for, lambda line: "subscriber outcome=confirmed" in line)
        client = httpx.Client(base_url=urls[1], trust_env=False, verify=False, timeout=PATIENCE)
        for number in TRIES:
            builds = sum(map(_is_build, running[1].lines))
            web.feed("/feed", site_feed("one", *range(1, number + 1)))
            await asyncio.to_thread(running[0].wait_for_many, lambda line: "source=one outcome=new" in line, number)
            began = time.monotonic()
            while f"one {number}" not in (await asyncio.to_thread(client.get, "/category/all/feed.atom")).text:
                builds += 1
                await asyncio.to_thread(running[1].wait_for_many, _is_build, builds)
            if time.monotonic() - began < 1:
                break
        else:
            pytest.fail("not even once within a second")
        assert sum("source=theirs outcome" in line and " poll " in line for line in running[1].lines) == 1
        row = await asyncio.to_thread(lambda: Place(tmp_path / "1").run_apart("status").stdout)
        assert f"{urls[0]}/hub" in row
    finally:
        for one_run in running:
            one_run.stop()
    assert not any("Traceback" in line for one_run in running for line in one_run.lines)


def _is_build(line: str) -> bool:
    return " build " in line
