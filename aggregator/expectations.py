"""Whether a source gives what is expected of it, and what is the matter when it does not: pure decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from aggregator.model import (
    Cause,
    Changes,
    Document,
    Failed,
    Incident,
    Intake,
    Reason,
    Source,
    Unchanged,
    Visit,
    amended,
)

# A source that has failed for so long is a matter for a person: nearly all others have come back by themselves.
FAILING_FOR = timedelta(days=2)
# What an entry is known by, and its text: a page none of whose items has them any more has been rebuilt.
VITAL = frozenset({"id", "summary", "content"})

Ended = Unchanged | Failed | tuple[Document, Intake]


def as_expected(source: Source, visit: Visit, ended: Ended, now: datetime) -> Ended:
    """How a poll ended, where a document that is not what is expected of the source is a failure: what is kept of it
    stays as it is.

    A change of a watched page that comes too soon after another is none yet: the next poll sees it again.
    """
    if not isinstance(ended, tuple):
        return ended
    document, intake = ended
    if said := breach(source, visit, intake):
        return Failed(Reason.UNEXPECTED, said, hints=document.hints)
    alert = source.recipe.alert if source.recipe else None
    if alert and intake.entries and visit.recent:
        latest = datetime.fromtimestamp(visit.recent[0], UTC)
        if now - latest < alert.min_interval:
            return Unchanged("body", visit.validators, document.hints)
    return ended


def breach(source: Source, visit: Visit, intake: Intake) -> str | None:
    """What is wrong with a document as a whole."""
    if intake.size < source.expect.min_items:
        return f"{_many(intake.size, 'item')}, where at least {source.expect.min_items} are expected"
    lost = [name for name in intake.bare if name in VITAL and name not in visit.bare] if visit.size else []
    if lost:
        return f"no item has {' or '.join(lost)} any more; has the site been rebuilt?"
    return None


def with_incidents(changes: Changes, before: Visit, ended: Ended, now: datetime) -> Changes:
    """The changes of one poll with the incidents that there are after it.

    One that goes on keeps the time at which it began.
    """
    if ended.__class__ is Unchanged and not before.incidents and not changes.source.expect.max_age:
        return changes  # nearly every poll
    began = {one.cause: one.since for one in before.incidents}
    found = tuple(
        Incident(cause, began.get(cause, since), what) for cause, since, what in _wrong(changes, before, ended, now)
    )
    if found == before.incidents:
        return changes
    return amended(changes, visit=amended(changes.visit, incidents=found))


def _wrong(changes: Changes, before: Visit, ended: Ended, now: datetime) -> Iterator[tuple[Cause, datetime, str]]:
    """What is the matter with the source after a poll, since when at the latest, and what it is in words.

    A poll that failed says nothing of what is in the document: what was known of that stays.
    """
    source, visit = changes.source, changes.visit
    known = {one.cause: one for one in before.incidents}
    if isinstance(ended, Failed):
        since = visit.failing_since or now
        what = f"{ended.reason}: {ended.detail}"
        if _is_the_documents_fault(source, ended):
            yield Cause.UNEXPECTED, now, ended.detail
        else:
            if now - since >= FAILING_FOR:
                yield Cause.FAILING, since, what
            if Cause.UNEXPECTED in known:
                yield Cause.UNEXPECTED, now, known[Cause.UNEXPECTED].what
        if Cause.INCOMPLETE in known:
            yield Cause.INCOMPLETE, now, known[Cause.INCOMPLETE].what
    elif isinstance(ended, tuple) and ended[1].incomplete:
        yield Cause.INCOMPLETE, now, ended[1].incomplete
    silent_for = source.expect.max_age
    if silent_for and visit.recent:
        newest = datetime.fromtimestamp(visit.recent[0], UTC)
        if now - newest > silent_for:
            told = f"the newest entry is of {newest:%Y-%m-%d %H:%M} UTC, longer ago than is expected"
            yield Cause.SILENT, newest + silent_for, told


def _is_the_documents_fault(source: Source, failed: Failed) -> bool:
    """Whether an answer came, and was not what it should be: a site that was rebuilt does not come back."""
    told_how = source.recipe is not None or source.blogroll is not None
    return failed.reason is Reason.UNEXPECTED or (told_how and failed.reason is Reason.NOT_A_FEED)


def _many(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"
