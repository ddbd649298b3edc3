"""What comes of a try to fill an entry in from its second document: a pure decision."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model import Awaited, Entry, Failed, Filling, Reason, amended
from aggregator.placing import Place

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
# A second document that is not there for so long does not come any more.
GIVEN_UP_AFTER = timedelta(days=3)
GONE = 410


def decide_filling(awaited: Awaited, ended: Entry | Failed, now: datetime, place: Place) -> Filling:
    """The entry filled in; or when it is tried again, and whether the entry is published meanwhile without.

    An entry waits for as long as its source says, and after that is published as the list had it.
    """
    source = awaited.source

    def placed(entry: Entry) -> tuple[str, ...]:
        said = entry.published or entry.updated or awaited.since
        return place(source, entry, awaited.since - min(said, awaited.since))

    if isinstance(ended, Entry):
        return Filling(awaited.number, ended, placed(ended), None)
    waited_enough = now >= awaited.until
    entry = amended(awaited.entry, waits=awaited.entry.waits and not waited_enough)
    pause = min(FIRST_PAUSE * 2 ** min(awaited.attempts, 20), LONGEST_PAUSE)
    due = now + max(pause, ended.hints.retry_after or timedelta())
    if ended.status == GONE or ended.reason is Reason.ROBOTS or now - awaited.since > GIVEN_UP_AFTER:
        entry, due = amended(entry, waits=False), None
    changed = entry != awaited.entry
    return Filling(awaited.number, entry if changed else None, placed(entry) if changed else (), due)
