"""Places are given out in order, never twice, and never lost, whoever is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

import pytest

from aggregator.turns import Places, Turns


async def settle() -> None:
    """Let everybody run who can."""
    for _ in range(5):
        await asyncio.sleep(0)


class Queue:
    """Those who want a place: who came in, in this order, and who is in."""

    def __init__(self, take: Callable[[], Awaitable[None]], give_back: Callable[[], Awaitable[None]]) -> None:
        self.take, self.give_back = take, give_back
        self.came_in: list[int] = []
        self.inside: set[int] = set()
        self._leave: dict[int, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def join(self) -> int:
        """One more wants a place."""
        number = len(self.tasks)
        self._leave[number] = asyncio.Event()
        self.tasks.append(asyncio.create_task(self._visit(number)))
        return number

    def leave(self, number: int) -> None:
        """This one leaves, as soon as it is in."""
        self._leave[number].set()

    async def end(self) -> None:
        """All leave."""
        for number in self._leave:
            self.leave(number)
        for task in self.tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _visit(self, number: int) -> None:
        await self.take()
        try:
            self.came_in.append(number)
            self.inside.add(number)
            await self._leave[number].wait()
        finally:
            self.inside.discard(number)
            await self.give_back()


def at_places(places: Places) -> Queue:
    async def give_back() -> None:
        places.give_back()

    return Queue(places.take, give_back)


def at_a_name(turns: Turns, name: str) -> Queue:
    turn = turns.at(name)
    return Queue(turn.__aenter__, turn.__aexit__)


async def test_so_many_are_let_in_and_the_others_in_the_order_in_which_they_came() -> None:
    queue = at_places(Places(2))
    one, two, *_ = (queue.join() for _ in range(5))
    await settle()
    assert queue.came_in == [0, 1]
    queue.leave(two)
    await settle()
    assert queue.came_in == [0, 1, 2]
    late = queue.join()
    queue.leave(one)
    await settle()
    assert queue.came_in == [0, 1, 2, 3]
    await queue.end()
    assert queue.came_in == [0, 1, 2, 3, 4, late]


async def test_who_comes_while_a_place_is_handed_on_does_not_overtake() -> None:
    queue = at_places(Places(1))
    first, _second = queue.join(), queue.join()
    await settle()
    queue.leave(first)
    await asyncio.sleep(0)  # the first has left, and the second has not run yet
    queue.join()
    await queue.end()
    assert queue.came_in == [0, 1, 2]


async def test_who_is_cancelled_while_waiting_takes_no_place() -> None:
    places = Places(1)
    queue = at_places(places)
    first, second, _third = (queue.join() for _ in range(3))
    await settle()
    queue.tasks[second].cancel()
    queue.leave(first)
    await settle()
    assert queue.came_in == [0, 2]
    await queue.end()
    assert places.free == 1


async def test_who_is_cancelled_when_the_place_is_given_already_hands_it_on() -> None:
    places = Places(1)
    await places.take()
    queue = at_places(places)
    first, _second = queue.join(), queue.join()
    await settle()
    places.give_back()
    queue.tasks[first].cancel()
    await settle()
    assert queue.came_in == [1]
    await queue.end()
    assert places.free == 1


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_no_place_is_lost_or_given_twice(seed: int) -> None:
    chance = Random(seed)
    places = Places(3)
    queue = at_places(places)
    for _ in range(200):
        what = chance.random()
        if what < 0.4:
            queue.join()
        elif what < 0.8 and queue.inside:
            queue.leave(chance.choice(sorted(queue.inside)))
        elif queue.tasks:
            chance.choice(queue.tasks).cancel()
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        assert len(queue.inside) <= 3
    await queue.end()
    assert places.free == 3


async def test_each_name_has_one_place_and_is_forgotten_when_nobody_wants_it() -> None:
    turns = Turns()
    here, there = at_a_name(turns, "here"), at_a_name(turns, "there")
    first, second, third = (here.join() for _ in range(3))
    there.join()
    await settle()
    assert (here.came_in, there.came_in) == ([0], [0])
    here.tasks[second].cancel()
    here.leave(first)
    await settle()
    assert here.came_in == [0, 2]
    here.leave(third)
    await there.end()
    await here.end()
    assert not turns.names


async def test_a_name_whose_only_waiter_is_cancelled_with_the_place_in_hand_is_forgotten() -> None:
    turns = Turns()
    held = turns.at("here")
    await held.__aenter__()
    queue = at_a_name(turns, "here")
    only = queue.join()
    await settle()
    await held.__aexit__()
    queue.tasks[only].cancel()
    await queue.end()
    assert not turns.names
    async with turns.at("here"):
        assert list(turns.names) == ["here"]
