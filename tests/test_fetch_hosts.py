"""Manners towards hosts, on a clock that jumps instead of waiting."""

from __future__ import annotations

import asyncio

import pytest
from jumping import played

from aggregator.fetch import HostLimits
from aggregator.fetch.hosts import MOST_AFLOAT


class Diary:
    """When each poll held its permission, and how many did at a time."""

    def __init__(self, limits: HostLimits) -> None:
        self.limits = limits
        self.spans: list[tuple[str, float, float]] = []
        self.running: list[str] = []
        self.most: dict[str, int] = {}

    async def poll(self, host: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        async with self.limits.hold(host):
            began = loop.time()
            self.running.append(host)
            self.most[""] = max(self.most.get("", 0), len(self.running))
            self.most[host] = max(self.most.get(host, 0), self.running.count(host))
            await asyncio.sleep(seconds)
            self.running.remove(host)
            self.spans.append((host, began - 1000.0, loop.time() - 1000.0))

    def times(self, host: str) -> list[tuple[float, float]]:
        return [(round(began, 3), round(ended, 3)) for where, began, ended in self.spans if where == host]


def test_the_polls_of_one_host_come_one_after_the_other_with_a_pause_between() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, 1, 1.0))
        await asyncio.gather(*(diary.poll("a.example", 2) for _ in range(3)))
        assert diary.times("a.example") == [(0, 2), (3, 5), (6, 8)]

    played(story)


def test_the_pause_counts_from_the_end_of_a_poll_and_has_passed_when_time_has() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, 1, 5.0))
        await diary.poll("a.example", 1)
        await asyncio.sleep(2)
        await diary.poll("a.example", 1)
        await asyncio.sleep(60)
        await diary.poll("a.example", 1)
        assert diary.times("a.example") == [(0, 1), (6, 7), (67, 68)]

    played(story)


def test_hosts_do_not_wait_for_each_other() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, 1, 1.0))
        await asyncio.gather(*(diary.poll(f"{name}.example", 2) for name in "abc"))
        assert {(began, ended) for name in "abc" for began, ended in diary.times(f"{name}.example")} == {(0, 2)}

    played(story)


@pytest.mark.parametrize("per_host", [1, 2, 3])
def test_never_more_polls_at_a_time_than_one_host_may_have(per_host: int) -> None:
    async def story() -> None:
        diary = Diary(HostLimits(64, per_host, 0.0))
        await asyncio.gather(*(diary.poll("a.example", 1) for _ in range(7)))
        assert diary.most["a.example"] == per_host
        assert len(diary.spans) == 7

    played(story)


@pytest.mark.parametrize("concurrency", [1, 3, 10])
def test_never_more_polls_at_a_time_than_there_may_be_in_all(concurrency: int) -> None:
    async def story() -> None:
        diary = Diary(HostLimits(concurrency, 1, 0.0))
        await asyncio.gather(*(diary.poll(f"{number}.example", 1) for number in range(20)))
        assert diary.most[""] == concurrency
        assert len(diary.spans) == 20

    played(story)


def test_a_slow_host_with_a_long_queue_takes_no_places_from_others() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(2, 1, 1.0))
        slow = [asyncio.create_task(diary.poll("slow.example", 100)) for _ in range(10)]
        await asyncio.sleep(0)
        await asyncio.gather(*(diary.poll(f"{number}.example", 1) for number in range(5)))
        ends = [ended for host, _, ended in diary.spans if "slow" not in host]
        assert max(ends) == 5  # one after the other through the one place left
        for task in slow:
            task.cancel()

    played(story)


def test_a_host_that_pauses_takes_no_place_while_it_does() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(1, 1, 50.0))
        await diary.poll("a.example", 1)
        paused = asyncio.create_task(diary.poll("a.example", 1))
        await asyncio.sleep(0)
        await diary.poll("b.example", 1)
        await paused
        assert diary.times("b.example") == [(1, 2)]
        assert diary.times("a.example") == [(0, 1), (51, 52)]

    played(story)


@pytest.mark.parametrize("end", [RuntimeError, asyncio.CancelledError])
def test_a_poll_that_breaks_gives_its_places_back_and_is_followed_by_the_pause_too(end: type[BaseException]) -> None:
    async def story() -> None:
        limits = HostLimits(1, 1, 5.0)
        diary = Diary(limits)
        with pytest.raises(end):
            async with limits.hold("a.example"):
                raise end
        await diary.poll("a.example", 1)
        assert diary.times("a.example") == [(5, 6)]

    played(story)


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    async def story() -> None:
        diary = Diary(HostLimits(1, 1, 1.0))
        first = asyncio.create_task(diary.poll("a.example", 10))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(diary.poll("a.example", 10)) for _ in range(3)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await first
        await diary.poll("a.example", 1)
        assert diary.times("a.example") == [(0, 10), (11, 12)]

    played(story)


def test_a_host_that_asks_for_it_is_left_alone_by_those_who_wait_already() -> None:
    async def story() -> None:
        limits = HostLimits(64, 1, 1.0)
        told: list[tuple[bool, float]] = []

        async def ask(seconds: float) -> None:
            async with limits.hold("a.example") as permitted:
                told.append((permitted, asyncio.get_running_loop().time() - 1000.0))
                if permitted:
                    await asyncio.sleep(seconds)
                    limits.leave_alone("a.example", 30)

        await asyncio.gather(ask(2), ask(2))
        assert told == [(True, 0), (False, 3)]
        await asyncio.sleep(40)
        await ask(2)
        assert told[-1] == (True, 43)

    played(story)


def test_hosts_that_nobody_asks_are_forgotten_once_their_pause_is_over() -> None:
    async def story() -> None:
        limits = HostLimits(64, 1, 5.0)
        diary = Diary(limits)
        await asyncio.gather(*(diary.poll(f"{number}.example", 1) for number in range(100)))
        limits.leave_alone("busy.example", 60)
        await asyncio.sleep(10)
        assert list(limits._hosts) == ["busy.example"]
        await asyncio.sleep(60)
        assert not limits._hosts

    played(story)


async def _read_slowly(limits: HostLimits, host: str, held: int, seconds: float, asked_at: list[float]) -> None:
    """A poll whose host answers at once, and whose document waits long for a reader."""
    turn = limits.hold(host)
    async with turn as permitted:
        assert permitted
        asked_at.append(asyncio.get_running_loop().time() - 1000.0)
        turn.asked(held)
        await asyncio.sleep(seconds)


def test_documents_that_wait_for_a_reader_keep_nobody_from_asking() -> None:
    async def story() -> None:
        limits, asked_at = HostLimits(2, 1, 0.0), list[float]()
        polls = (_read_slowly(limits, f"{number}.example", 1024, 60, asked_at) for number in range(50))
        await asyncio.gather(*polls)
        assert max(asked_at) == 0
        assert limits.afloat == 0

    played(story)


def test_the_pause_at_a_host_counts_from_its_answer_and_not_from_the_end_of_reading() -> None:
    async def story() -> None:
        limits, asked_at = HostLimits(64, 1, 5.0), list[float]()
        await asyncio.gather(*(_read_slowly(limits, "a.example", 1024, 60, asked_at) for _ in range(3)))
        assert asked_at == [0, 5, 10]

    played(story)


def test_documents_that_would_take_too_much_memory_together_keep_their_places() -> None:
    async def story() -> None:
        limits, asked_at = HostLimits(2, 1, 0.0), list[float]()
        half = MOST_AFLOAT // 2
        polls = (_read_slowly(limits, f"{number}.example", half, 60, asked_at) for number in range(5))
        await asyncio.gather(*polls)
        assert asked_at == [0, 0, 0, 0, 60], "two are let go, two keep the places, the fifth waits for one of them"
        assert limits.afloat == 0

    played(story)


def test_a_poll_that_breaks_while_it_waits_for_a_reader_gives_everything_back() -> None:
    async def story() -> None:
        limits = HostLimits(1, 1, 0.0)

        async def breaks() -> None:
            turn = limits.hold("a.example")
            async with turn:
                turn.asked(1024)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await breaks()
        assert limits.afloat == 0
        async with asyncio.timeout(1), limits.hold("a.example") as permitted:
            assert permitted

    played(story)
