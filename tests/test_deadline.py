"""One deadline for many: who is late is cancelled, nobody else is, and whoever else cancels has the last word."""

from __future__ import annotations

import asyncio

import pytest

from aggregator.fetch.deadline import Deadline

AN_AGE = 3600.0


async def _told() -> str:
    await asyncio.sleep(0)
    return "done"


async def test_who_is_done_in_time_gives_the_result() -> None:
    deadline = Deadline(AN_AGE)
    assert await deadline.keep(_told()) == "done"
    deadline.close()


async def test_everybody_who_is_late_is_cancelled_in_the_order_of_beginning() -> None:
    deadline, order = Deadline(0.01), []

    async def late(number: int) -> None:
        with pytest.raises(TimeoutError):
            await deadline.keep(asyncio.Event().wait())
        order.append(number)

    await asyncio.gather(*(late(number) for number in range(20)))
    assert order == list(range(20))
    task = asyncio.current_task()
    assert task
    assert not task.cancelling()


async def test_the_timer_goes_on_to_who_began_later() -> None:
    deadline = Deadline(0.01)
    first = asyncio.create_task(deadline.keep(asyncio.Event().wait()))
    with pytest.raises(TimeoutError):
        await first
    assert await deadline.keep(_told()) == "done"
    with pytest.raises(TimeoutError):
        await deadline.keep(asyncio.Event().wait())


async def test_an_error_of_the_work_is_raised_as_it_is() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Deadline(AN_AGE).keep(broken())


async def test_a_cancellation_by_somebody_else_is_no_timeout() -> None:
    deadline = Deadline(AN_AGE)
    task = asyncio.create_task(deadline.keep(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadline.close()


async def test_who_is_late_and_cancelled_besides_ends_as_cancelled() -> None:
    deadline = Deadline(0.01)
    begun, ending = asyncio.Event(), asyncio.Event()

    async def tidies_up_slowly() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await asyncio.sleep(0)

    task = asyncio.create_task(deadline.keep(tidies_up_slowly()))
    await ending.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_that_ends_although_it_was_told_to_stop_leaves_no_cancellation_behind() -> None:
    async def deaf() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "anyway"
        raise AssertionError

    assert await Deadline(0.01).keep(deaf()) == "anyway"
    task = asyncio.current_task()
    assert task
    assert not task.cancelling()
    await asyncio.sleep(0)
