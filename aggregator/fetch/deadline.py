"""One deadline for everything that a fetch awaits, and one timer for all fetches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Turn:
    """Somebody who is at it, until when, and what of his cancellations was not ours."""

    task: asyncio.Task[Any]
    ends: float
    cancelled_before: int
    late: bool = False


class Deadline:
    """Lets nobody take longer than so many seconds.

    All have the same time, so who began first is late first: one timer serves everybody. As `asyncio.timeout` each
    would have one of its own, of which nearly all are taken off again, for a sixth of what a 304 costs.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._turns: dict[_Turn, None] = {}  # in the order in which they began
        self._timer: asyncio.TimerHandle | None = None

    async def keep(self, work: Awaitable[T]) -> T:
        """The result of `work`. Raises `TimeoutError` when it takes too long; it is cancelled then."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        turn = _Turn(task, loop.time() + self.seconds, task.cancelling())
        self._turns[turn] = None
        if self._timer is None:
            self._timer = loop.call_at(turn.ends, self._ring)
        try:
            return await work
        except asyncio.CancelledError:
            # Who was cancelled by somebody else besides has to end as that one said (as in `asyncio.timeout`).
            if turn.late and task.cancelling() - 1 <= turn.cancelled_before:
                raise TimeoutError from None
            raise
        finally:
            del self._turns[turn]
            if turn.late:
                task.uncancel()

    def close(self) -> None:
        """Let go of the timer."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        """Cancel who is late, and wait for the next."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for turn in self._turns:
            if turn.late:
                continue  # told already, and still cleaning up
            if turn.ends > loop.time():
                self._timer = loop.call_at(turn.ends, self._ring)
                return
            turn.late = True
            turn.task.cancel()
