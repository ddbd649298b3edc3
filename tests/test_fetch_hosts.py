"""Manners towards hosts, on a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from aggregator.fetch import HostLimits

Story = Callable[[], Coroutine[Any, Any, None]]


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only when everything waits, and then at once to the next appointment."""

    def __init__(self) -> None:
        super().__init__(selectors.SelectSelector())
        self.moment = 1000.0
        really_select = self._selector.select  # type: ignore[attr-defined]

        def select(timeout: float | None = None) -> Any:
            if timeout and timeout > 0:
                self.moment += timeout
            return really_select(0)

        self._selector.select = select  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.moment


def played(story: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Run a story to its end on a jumping clock."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(story())


class Diary:
    """When each poll held its permission, and how many did at a time."""

    def __init__(self, limits: HostLimits) -> None:
        self.limits = limits
        self.spans: list[tuple[str, float, float]] = []
        self.running: list[str] = []
        self.most: dict[str, int] = {}

    async def poll(self, url: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        async with self.limits.hold(url):
            began = loop.time()
            self.running.append(url)
            self.most[""] = max(self.most.get("", 0), len(self.running))
            self.most[url] = max(self.most.get(url, 0), self.running.count(url))
            await asyncio.sleep(seconds)
            self.running.remove(url)
            self.spans.append((url, began - 1000.0, loop.time() - 1000.0))

    def times(self, url: str) -> list[tuple[float, float]]:
        return [(round(began, 3), round(ended, 3)) for where, began, ended in self.spans if where == url]


def test_the_polls_of_one_host_come_one_after_the_other_with_a_pause_between() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, 1, 1.0))
        await asyncio.gather(*(diary.poll("http://a.example/", 2) for _ in range(3)))
        assert diary.times("http://a.example/") == [(0, 2), (3, 5), (6, 8)]

    played(story)


def test_the_pause_counts_from_the_end_of_a_poll_and_has_passed_when_time_has() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, 1, 5.0))
        await diary.poll("http://a.example/", 1)
        await asyncio.sleep(2)
        await diary.poll("http://a.example/", 1)
        await asyncio.sleep(60)
        await diary.poll("http://a.example/", 1)
        assert diary.times("http://a.example/") == [(0, 1), (6, 7), (67, 68)]

    played(story)


def test_a_host_is_its_name_whatever_the_scheme_the_port_the_case_or_the_user() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, 1, 1.0))
        urls = ("http://a.example/", "https://A.EXAMPLE/x", "http://a.example:8080/", "https://u:p@a.example/")
        await asyncio.gather(*(diary.poll(url, 1) for url in urls))
        assert [diary.times(url) for url in urls] == [[(0, 1)], [(2, 3)], [(4, 5)], [(6, 7)]]

    played(story)


def test_hosts_do_not_wait_for_each_other() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, 1, 1.0))
        await asyncio.gather(*(diary.poll(f"http://{name}.example/", 2) for name in "abc"))
        assert {(began, ended) for name in "abc" for began, ended in diary.times(f"http://{name}.example/")} == {(0, 2)}

    played(story)


@pytest.mark.parametrize("per_host", [1, 2, 3])
def test_never_more_polls_at_a_time_than_one_host_may_have(per_host: int) -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, per_host, 0.0))
        await asyncio.gather(*(diary.poll("http://a.example/", 1) for _ in range(7)))
        assert diary.most["http://a.example/"] == per_host
        assert len(diary.spans) == 7

    played(story)


@pytest.mark.parametrize("concurrency", [1, 3, 10])
def test_never_more_polls_at_a_time_than_there_may_be_in_all(concurrency: int) -> None:
    async def story() -> None:
        diary = Diary(HostLimits(concurrency, 1, 0.0))
        await asyncio.gather(*(diary.poll(f"http://{number}.example/", 1) for number in range(20)))
        assert diary.most[""] == concurrency
        assert len(diary.spans) == 20

    played(story)


def test_a_slow_host_with_a_long_queue_takes_no_places_from_others() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(2, 1, 1.0))
        slow = [asyncio.create_task(diary.poll("http://slow.example/", 100)) for _ in range(10)]
        await asyncio.sleep(0)
        await asyncio.gather(*(diary.poll(f"http://{number}.example/", 1) for number in range(5)))
        ends = [ended for url, _, ended in diary.spans if "slow" not in url]
        assert max(ends) == 5  # one after the other through the one place left
        for task in slow:
            task.cancel()

    played(story)


def test_a_host_that_pauses_takes_no_place_while_it_does() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(1, 1, 50.0))
        await diary.poll("http://a.example/", 1)
        paused = asyncio.create_task(diary.poll("http://a.example/", 1))
        await asyncio.sleep(0)
        await diary.poll("http://b.example/", 1)
        await paused
        assert diary.times("http://b.example/") == [(1, 2)]
        assert diary.times("http://a.example/") == [(0, 1), (51, 52)]

    played(story)


@pytest.mark.parametrize("end", [RuntimeError, asyncio.CancelledError])
def test_a_poll_that_breaks_gives_its_places_back_and_is_followed_by_the_pause_too(end: type[BaseException]) -> None:
    async def story() -> None:
        limits = HostLimits(1, 1, 5.0)
        diary = Diary(limits)
        with pytest.raises(end):
            async with limits.hold("http://a.example/"):
                raise end
        await diary.poll("http://a.example/", 1)
        assert diary.times("http://a.example/") == [(5, 6)]

    played(story)


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(1, 1, 1.0))
        first = asyncio.create_task(diary.poll("http://a.example/", 10))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(diary.poll("http://a.example/", 10)) for _ in range(3)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await first
        await diary.poll("http://a.example/", 1)
        assert diary.times("http://a.example/") == [(0, 10), (11, 12)]

    played(story)
