"""Counts who reads the published feeds, for the publishers behind them."""

from __future__ import annotations

import functools
import re

DAY = 86_400.0
MOST = 100_000  # clients told apart in a day; a flood of made-up ones takes no more memory
# What services that fetch for many say of themselves: "Feedly/1.0 (+…; 16 subscribers; …)".
FOR_MANY = re.compile(rb"\b([0-9]{1,7}) (?:subscriber|reader|user)s?\b")


class Audience:
    """The readers of a day or two, by address and program; who fetches for many counts for as many as it says.

    Kept in memory and only as numbers: nobody needs to know who they were.
    """

    def __init__(self) -> None:
        self._began = float("-inf")
        self._days: list[dict[int, int]] = [{}, {}]  # today and yesterday

    def note(self, client: str, agent: bytes, now: float) -> None:
        """Somebody fetched a feed; `now` in seconds on any clock."""
        self._turn(now)
        who, many = _known(client, agent)
        today = self._days[0]
        if who in today or len(today) < MOST:
            today[who] = many

    def size(self, now: float) -> int:
        """How many readers there are."""
        self._turn(now)
        return sum((self._days[1] | self._days[0]).values())

    def _turn(self, now: float) -> None:
        if now - self._began >= DAY:
            yesterday = self._days[0] if now - self._began < 2 * DAY else {}
            self._began, self._days = now, [{}, yesterday]


@functools.lru_cache(1024)
def _known(client: str, agent: bytes) -> tuple[int, int]:
    """Who that is, as a number, and for how many it fetches."""
    said = FOR_MANY.search(agent)
    # A service comes from many addresses, and is told by its name without the number.
    return hash(FOR_MANY.sub(b"", agent) if said else (client, agent)), int(said[1]) if said else 1
