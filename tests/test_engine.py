"""The embedded engine on a clock that jumps: who is walked when, whom a slow host holds up, and how it stops."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from jumping import played

from aggregator.engines.local import QUEUE, QUEUE_PER_HOST, LocalEngine
from aggregator.errors import PublishError, StoreUnusable
from aggregator.fetch import HostLimits
from aggregator.model import (
    Awaited,
    Changes,
    Detail,
    Document,
    Entry,
    Filling,
    NewEntry,
    Origin,
    Pick,
    Source,
    Visit,
    amended,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEWS = NewEntry(Entry("1", "One", "https://x.example/1", Origin("https://x.example/", "X")), "", START, START, ())


def source(name: str) -> Source:
    url = f"https://{name}.example/feed"
    return Source(name, "feed", url, url, (), HOUR, HOUR, HOUR)


@dataclass
class World:
    """Sources with their hosts, walks that take time, and an engine between them."""

    hosts: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    delay: float = 1.0
    walked: dict[str, float] = field(default_factory=dict)
    most_queued: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.engine = LocalEngine(
            sources={name: source(name) for name in self.hosts},
            due=self.due,
            walk=self.walk,
            publish=self.publish,
            limits=HostLimits(64, 1, self.delay),
            clock=self,
        )

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time() - 1000.0)

    async def due(self, now: datetime, limit: int, sources: Collection[str], hosts: Collection[str]) -> dict[str, str]:
        """Everybody who was not walked yet."""
        self.most_queued |= Counter(self.hosts[name] for name in sources)
        names = (name for name in self.hosts if name not in sources and name not in self.walked)
        return dict([(name, self.hosts[name]) for name in names if self.hosts[name] not in hosts][:limit])

    async def walk(self, one: Source, asked: Callable[[int], None]) -> Changes:
        await asyncio.sleep(self.seconds.get(self.hosts[one.id], 0.1))
        self.walked[one.id] = asyncio.get_running_loop().time() - 1000.0
        until = self.now() + timedelta(seconds=self.busy[one.id]) if one.id in self.busy else None
        return Changes(one, Visit(one.id, self.now()), host_busy_until=until)

    async def publish(self) -> bool:
        """Nothing changes here."""
        return False

    async def run_for(self, seconds: float) -> None:
        until = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, until.set)
        await self.engine.run(until)


def test_a_slow_host_with_very_many_sources_holds_nobody_up() -> None:
    async def story() -> None:
        slow = {f"slow{n}": "slow.example" for n in range(5000)}
        fast = {f"fast{n}": f"fast{n}.example" for n in range(500)}
        world = World({**slow, **fast}, seconds={"slow.example": 20})
        await world.run_for(60)
        late = [name for name in fast if world.walked.get(name, 99) > 5]
        assert not late, "the slow ones are longest overdue, and yet everybody else had a turn"
        assert world.most_queued["slow.example"] <= QUEUE_PER_HOST

    played(story)


def test_everybody_due_is_walked_though_not_all_at_a_time() -> None:
    async def story() -> None:
        world = World({f"s{n}": f"h{n}.example" for n in range(4 * QUEUE)})
        await world.run_for(30)
        assert len(world.walked) == 4 * QUEUE
        assert sum(world.most_queued.values()) <= 4 * QUEUE

    played(story)


def test_a_host_that_asks_to_be_left_alone_is_asked_by_nobody_who_waits_for_it() -> None:
    async def story() -> None:
        world = World(dict.fromkeys(("a", "b", "c"), "one.example"), busy={"a": 600})
        await world.engine.once(world.hosts, asyncio.Event())
        assert list(world.walked) == ["a"]
        await asyncio.sleep(700)
        await World(world.hosts).engine.once(world.hosts, asyncio.Event())

    played(story)


def test_once_takes_one_of_each_host_before_a_second_of_any() -> None:
    async def story() -> None:
        hosts = {**{f"a{n}": "a.example" for n in range(QUEUE)}, "b": "b.example", "c": "c.example"}
        world = World(hosts, delay=0.0)
        await world.engine.once(hosts, asyncio.Event())
        assert len(world.walked) == len(hosts)
        assert max(world.walked["b"], world.walked["c"]) <= world.walked["a1"]

    played(story)


def test_once_that_is_told_to_stop_ends_what_runs_and_begins_nothing_more() -> None:
    async def story() -> None:
        hosts = {f"s{n}": f"h{n}.example" for n in range(3 * QUEUE)}
        world = World(hosts, seconds=dict.fromkeys(hosts.values(), 2.0))
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(3, stop.set)
        await world.engine.once(hosts, stop)
        assert len(world.walked) == 2 * 64, "those that ran were given the time to end"
        assert asyncio.get_running_loop().time() - 1000.0 <= 5

    played(story)


async def test_a_stop_while_the_store_is_asked_who_is_due_waits_for_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked, answer, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Thinking(World):
        async def due(
            self, now: datetime, limit: int, sources: Collection[str], hosts: Collection[str]
        ) -> dict[str, str]:
            if self.most_queued:  # the first time the engine asks by itself, from then on the heartbeat does
                asked.set()
                await answer.wait()
                return self.hosts
            self.most_queued["nobody"] = 1
            return {}

    world = Thinking({"a": "a.example"})
    running = asyncio.create_task(world.engine.run(stop))
    await asked.wait()
    stop.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not running.done()
    answer.set()
    await running
    assert world.walked == {}, "nobody begins at the end"
    assert caplog.records == []


def test_once_ends_with_what_broke_the_store() -> None:
    async def story() -> None:
        class Broken(World):
            async def walk(self, one: Source, asked: Callable[[int], None]) -> Changes:
                if len(self.walked) >= 10:
                    raise StoreUnusable("disk full")
                return await super().walk(one, asked)

        hosts = {f"s{n}": f"h{n}.example" for n in range(3 * QUEUE)}
        world = Broken(hosts)
        with pytest.raises(StoreUnusable, match="disk full"):
            await world.engine.once(hosts, asyncio.Event())
        assert len(world.walked) < 3 * QUEUE, "no use in asking everybody when nothing can be written down"

    played(story)


def test_a_store_that_takes_nothing_is_said_once_and_asked_by_one_until_it_is_well_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Full(World):
        tried = 0

        async def walk(self, one: Source, asked: Callable[[int], None]) -> Changes:
            self.tried += 1
            if self.now() < START + timedelta(minutes=5):
                raise StoreUnusable("disk full")
            return await super().walk(one, asked)

    async def story() -> None:
        heard: list[str | None] = []
        hosts = {f"s{n}": f"h{n}.example" for n in range(40)}
        world = Full(hosts)
        world.engine.ailing = heard.append
        while_full: list[int] = []
        asyncio.get_running_loop().call_later(290, lambda: while_full.append(world.tried))

        async def beat() -> None:  # APScheduler looks at the clock on the wall
            while True:
                await asyncio.sleep(1)
                await world.engine._beat()

        beating = asyncio.create_task(beat())
        await world.run_for(700)
        beating.cancel()
        assert while_full[0] <= 40 + 10, "longer from one try to the next"
        assert heard == ["disk full", None]
        assert len(world.walked) == 40

    played(story)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["store"]


def test_what_changed_is_published_at_once_and_a_burst_in_steps_as_long_as_a_build() -> None:
    async def story() -> None:
        class Growing(World):
            def __post_init__(self) -> None:
                super().__post_init__()
                self.published: list[float] = []

            async def walk(self, one: Source, asked: Callable[[int], None]) -> Changes:
                return amended(await super().walk(one, asked), new=(NEWS,))

            async def publish(self) -> bool:
                self.published.append(asyncio.get_running_loop().time() - 1000.0)
                await asyncio.sleep(1.0)
                return False

        hosts = {f"s{n}": f"h{n}.example" for n in range(40 * 64)}
        seconds = {
            host: 1 + number % 64 / 64 for number, host in enumerate(hosts.values())
        }  # something ends all the time
        world = Growing(hosts, seconds=seconds, delay=0.0)
        await world.run_for(60)
        # What was stale before; then a second of building, as much rest, and what gathers.
        steps = [0.05, 2.1, 4.15, 6.2, 8.25]
        assert world.published[:5] == pytest.approx(steps, abs=0.02)

    played(story)


def test_one_change_is_on_the_disk_at_once_and_what_fails_is_not_tried_again_at_once() -> None:
    async def story() -> None:
        class Full(World):
            def __post_init__(self) -> None:
                super().__post_init__()
                self.published: list[float] = []

            async def walk(self, one: Source, asked: Callable[[int], None]) -> Changes:
                return amended(await super().walk(one, asked), new=(NEWS,))

            async def publish(self) -> bool:
                self.published.append(asyncio.get_running_loop().time() - 1000.0)
                if len(self.published) == 2:
                    raise PublishError("disk full")
                if len(self.published) == 3:
                    raise KeyError("a mistake in the program")
                return False

        world = Full({"one": "one.example"}, seconds={"one.example": 10.0})
        await world.run_for(60)
        assert world.published == pytest.approx([0.05, 10.05, 13.1, 16.15], abs=0.01)

    played(story)


@dataclass
class Brought(World):
    """A world of one source with second documents: each push brings an entry, and each errand takes time."""

    waiting: list[int] = field(default_factory=list)
    errands: list[int] = field(default_factory=list)
    slow: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.engine.push, self.engine.awaited, self.engine.fill_in = self.push, self.awaited, self.fill_in
        detail = Detail(Pick(template="{link}"), (), HOUR)
        self.engine.sources = {name: replace(one, full_text=detail) for name, one in self.engine.sources.items()}

    async def push(self, one: Source, document: Document) -> Changes:
        await asyncio.sleep(self.slow)
        self.waiting.append(int(document.body))
        return Changes(one, Visit(one.id, self.now()), new=(NEWS,))

    async def awaited(self, one: Source) -> list[Awaited]:
        return [Awaited(n, one, f"https://x.example/{n}", START, START, 0, NEWS.entry) for n in self.waiting]

    async def fill_in(self, awaited: Awaited) -> Filling:
        self.errands.append(awaited.number)
        await asyncio.sleep(1.0)
        self.waiting.remove(awaited.number)
        return Filling(awaited.number, awaited.entry, (), None)


def test_each_second_document_is_fetched_once_however_many_pushes_bring_entries_meanwhile() -> None:
    async def story() -> None:
        world = Brought({"one": "one.example"}, delay=0.0)
        running = asyncio.create_task(world.run_for(30))
        for number in range(5):
            await asyncio.sleep(0.3)
            assert world.engine.bring("one", Document("https://one.example/feed", b"%d" % number, ""))
        await running
        assert world.errands == [0, 1, 2, 3, 4]

    played(story)


def test_what_is_brought_faster_than_it_is_read_is_refused_before_it_fills_the_memory() -> None:
    async def story() -> None:
        hosts = {f"s{n}": f"h{n}.example" for n in range(10)}
        world = Brought(hosts, delay=0.0, slow=5.0)
        running = asyncio.create_task(world.run_for(60))
        await asyncio.sleep(1)
        small, large = (Document("", b"%d" % 7 + b" " * size, "") for size in (0, 10 * 2**20))
        assert [world.engine.bring("s0", large) for _ in range(5)] == [True, True, True, False, False]
        assert [world.engine.bring("s1", small) for _ in range(5)] == [True, True, True, False, False]
        others = [world.engine.bring(f"s{n}", large) for n in range(2, 10)]
        assert others == [True, True, True, False, False, False, False, False], "of 64 MiB in all"
        await asyncio.sleep(20)
        assert world.engine.bring("s0", Document("", b"7" + b" " * 100 * 2**20, "")), "whatever one is allowed to be"
        assert not world.engine.bring("s1", small)
        await running

    played(story)
