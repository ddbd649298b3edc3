"""Counts who reads the published feeds, for the publishers behind them."""

from __future__ import annotations

import re

DAY = 86_400.0
MOST = 100_000  # clients told apart in a day; a flood of made-up ones takes no more memory
# What services that fetch for many say of themselves: "Feedly/1.0 (+…; 16 subscribers; …)".
FOR_MANY = re.compile(r"\b([0-9]{1,7}) (?:subscriber|reader|user)s?\b")


class Audience:
    """The readers of a day or two, by address and program; who fetches for many counts for as many as it says.

    Kept in memory and only as numbers: nobody needs to know who they were.
    """

    def __init__(self) -> None:
        self._began = float("-inf")
        self._days: list[dict[int, int]] = [{}, {}]  # today and yesterday

    def note(self, client: str, agent: str, now: float) -> None:
        """Somebody fetched a feed; `now` in seconds on any clock."""
        self._turn(now)
        said = FOR_MANY.search(agent)
        # A service comes from many addresses, and is told by its name without the number.
        who = hash(FOR_MANY.sub("", agent) if said else (client, agent))
        today = self._days[0]
        if who in today or len(today) < MOST:
            today[who] = int(said[1]) if said else 1

    def size(self, now: float) -> int:
        """How many readers there are."""
        self._turn(now)
        return sum((self._days[1] | self._days[0]).values())

    def _turn(self, now: float) -> None:
        if now - self._began >= DAY:
            yesterday = self._days[0] if now - self._began < 2 * DAY else {}
            self._began, self._days = now, [{}, yesterday]
