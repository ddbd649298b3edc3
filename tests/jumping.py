"""An event loop on which time jumps instead of passing."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any


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
