"""The walk in of what a hub brought: as a poll reads, cleans and decides, without asking anybody."""

from __future__ import annotations

import logging
from datetime import datetime

from aggregator.changes import decide, hashes_in
from aggregator.clean.recognition import is_doubtful
from aggregator.model import LEFT_ALONE, Cause, Changes, Document, Failed, Source, Visit, Why, amended
from aggregator.placing import Place
from aggregator.ports import Clock, Reader, Store

log = logging.getLogger(__name__)


async def take_in_push(
    source: Source, document: Document, *, reader: Reader, store: Store, clock: Clock, place: Place
) -> Changes | None:
    """Take in the entries of a document that a hub brought; None when there was nothing to be had from it.

    Hubs bring whole feeds or only what is new. So what is not in the document is not gone, and nothing that the last
    poll learned of the source is forgotten: the next poll tells whether something was not brought. Where an entry may
    be a kept one under another name, only the whole feed can tell: a poll decides, as soon as it may.
    """
    began = clock.now()
    visit = await store.visit(source)
    if visit is None or visit.outcome is None or source.recipe:
        return None  # the first poll brings it
    seen = hashes_in(visit.seen)
    intake = await reader.read(source, document, seen)
    if isinstance(intake, Failed):
        _say(source, "unreadable", detail=f"{intake.reason}: {intake.detail}")
        return None
    known = await store.known(source, intake)
    now = clock.now()
    if is_doubtful(source.id, intake, known):
        await store.apply(Changes(source, _sooner(source, visit, now), before=visit, at=now))
        _say(source, "doubtful")
        return None
    changes = decide(source, visit, (document, intake), known, now, place)
    changes = amended(changes, visit=_after(source, visit, changes, seen | intake.hashes, now), at=now)
    await store.apply(changes)
    took = f"{(now - began).total_seconds():.2f}s"
    _say(source, changes.visit.outcome or "", added=len(changes.new), revised=len(changes.revised), took=took)
    return changes


def _after(source: Source, before: Visit, changes: Changes, seen: frozenset[bytes], now: datetime) -> Visit:
    """What the last poll left behind, with what the push added to it. The next poll is put off, for what it would look
    for has just come; but from one poll to the next it never takes longer than the longest interval."""
    due, why = before.due, before.why
    if due and not before.failures and why not in LEFT_ALONE:
        span = min(source.interval * 2**before.quiet, source.max_interval)
        later = min(now + span, (before.finished or now) + source.max_interval)
        if later > due:
            due, why = later, Why.PUSHED
    return amended(
        before,
        due=due,
        why=why,
        outcome=changes.visit.outcome if changes.new or changes.revised else before.outcome,
        seen=b"".join(sorted(seen)),
        recent=changes.visit.recent,
        incidents=tuple(one for one in before.incidents if not (changes.new and one.cause is Cause.SILENT)),
    )


def _sooner(source: Source, before: Visit, now: datetime) -> Visit:
    """The next poll at once, as far as operator and host allow; and if that finds nothing yet, the one after it as soon
    as without a hub."""
    due, why = before.due, before.why
    soon = max(now, (before.finished or now) + source.min_interval)
    if due and soon < due and not before.failures and why not in LEFT_ALONE:
        due, why = soon, Why.PUSHED
    return amended(before, due=due, why=why, quiet=0)


def _say(source: Source, outcome: str, **more: object) -> None:
    log.info("push", extra={"fields": {"source": source.id, "outcome": outcome, **more}})
