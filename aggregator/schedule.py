"""When to come back to a source, and why then: a pure decision over what it and its server said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import itemgetter

from aggregator.model import Cadence, Changes, Failed, Gone, Hints, Reason, Source, Visit, Why, amended

AT_ONCE, HOUR = timedelta(), timedelta(hours=1)
_SPAN = itemgetter(0)
# A failing source is asked again after its interval, then twice, four times … that, up to a day; never not at all.
LONGEST_BACKOFF = timedelta(days=1)
# A source that publishes once a day is asked eight times a day: what is new waits a sixteenth of that on average.
POLLS_PER_ENTRY = 8
# A poll that began so little after it was due keeps its place in the interval.
PUNCTUAL = 0.05
# A source that answers 410 this often over this long has ended.
GONE_TIMES, GONE_FOR = 3, timedelta(days=7)
# Answers by which a host, not just one of its addresses, asks to be left alone, and for how long when it does not say.
BUSY = frozenset({429, 503})
LONGEST_BUSY = HOUR
LONGEST_QUIET = 10  # times that the interval of a source doubles while its hub tells of everything


def scheduled(changes: Changes, before: Visit, failed: Failed | None, hints: Hints, now: datetime) -> Changes:
    """The changes with the time of the next poll.

    `before` is what the poll before left behind; `failed` how this one ended, unless well; `hints` those of the answer.
    """
    source, visit = changes.source, changes.visit
    visit = amended(visit, quiet=_quiet(changes, before, failed, now)) if visit.leased or visit.quiet else visit
    if _has_ended(visit.gone, now):
        return amended(changes, visit=amended(visit, due=None, why=Why.GONE))
    due, why = (
        _after_failure(source, visit, before, now) if failed else _after_success(source, visit, before, hints, now)
    )
    if visit.cadence.skip_hours or visit.cadence.skip_days:
        due, why = _in_open_hours(due, why, visit.cadence, _phase(source))
    if hints.retry_after and now + hints.retry_after > due:
        due, why = now + hints.retry_after, Why.RETRY_AFTER
    busy_until = None
    if failed and failed.status in BUSY:
        busy_until = now + (hints.retry_after or min(due - now, LONGEST_BUSY))
    return amended(changes, visit=amended(visit, due=due, why=why), host_busy_until=busy_until)


def _after_success(source: Source, visit: Visit, before: Visit, hints: Hints, now: datetime) -> tuple[datetime, Why]:
    """The latest of what operator, server and document ask for, within the operator's bounds."""
    span, why = max(_wishes(source, visit, hints, now), key=_SPAN)  # of equals the first
    span = min(max(span, source.min_interval), source.max_interval)
    return now + _spread(source, span, source.max_interval, before), why


def _wishes(source: Source, visit: Visit, hints: Hints, now: datetime) -> Iterator[tuple[timedelta, Why]]:
    """Every reason to wait: RFC 9111 §4.2.1, RSS 2.0 `ttl`, RDF Site Summary's module Syndication, and experience."""
    yield source.interval, Why.INTERVAL
    # A 304 need not repeat it (RFC 9111 §3.2, §4.3.4).
    max_age = visit.max_age if hints.max_age is None else hints.max_age
    if max_age is not None:
        yield max_age, Why.MAX_AGE
    if hints.expires is not None:
        yield hints.expires, Why.EXPIRES
    if visit.cadence.ttl is not None:
        yield visit.cadence.ttl, Why.TTL
    if visit.cadence.period is not None:
        yield visit.cadence.period, Why.UPDATE_PERIOD
    if visit.leased and visit.leased > now:
        yield source.interval * 2**visit.quiet, Why.PUSHED
    if source.adapts and visit.recent:
        # From the oldest of the newest entries until now: a source that falls silent is asked less and less.
        polls = POLLS_PER_ENTRY * len(visit.recent)
        yield timedelta(seconds=(now.timestamp() - visit.recent[-1]) / polls), Why.PACE


def _quiet(changes: Changes, before: Visit, failed: Failed | None, now: datetime) -> int:
    """How many polls in a row found nothing that the source's hub had not told. One that did find something says that
    pushes are lost, and the polls come as often as without a hub again; one that failed says neither."""
    visit = changes.visit
    if changes.new or not visit.leased or visit.leased <= now:
        return 0
    return before.quiet if failed else min(before.quiet + 1, LONGEST_QUIET)


def _after_failure(source: Source, visit: Visit, before: Visit, now: datetime) -> tuple[datetime, Why]:
    """Exponentially later with the number of failures in a row."""
    first = max(source.interval, source.min_interval)
    if visit.reason is Reason.UNEXPECTED:  # its server did nothing wrong, and may be right again at any time
        return now + _spread(source, first, max(first, source.max_interval), before), Why.INTERVAL
    span = max(first, min(first * 2 ** min(visit.failures - 1, 20), LONGEST_BACKOFF))
    why = Why.BACKOFF if visit.failures > 1 else Why.INTERVAL
    return now + _spread(source, span, max(first, LONGEST_BACKOFF), before), why


def _spread(source: Source, span: timedelta, longest: timedelta, before: Visit) -> timedelta:
    """The span, stretched by up to itself where polls bunch together: after a first one, or one that came late.

    Where in its interval a source is polled comes from its id alone, so a restart moves nothing. Once there, it stays:
    punctual polls follow each other by just the span. At the longest span there is room only towards earlier.
    """
    late = before.attempted - before.due if before.attempted and before.due and before.finished else None
    if late is not None and AT_ONCE <= late <= span * PUNCTUAL:
        return span
    earliest = span if span < longest else longest / 3
    return earliest + (min(2 * span, longest) - earliest) * _phase(source)


def _phase(source: Source) -> float:
    """The place of a source among all others, from 0 to 1, the same for ever."""
    return int.from_bytes(hashlib.blake2b(source.id.encode(), digest_size=6).digest()) / 256**6


def _in_open_hours(due: datetime, why: Why, cadence: Cadence, phase: float) -> tuple[datetime, Why]:
    """The first time from `due` on that the source does not ask to skip (RSS 2.0 `skipHours` and `skipDays`)."""
    moved = None
    while (closed := _closed(due, cadence)) is not None:
        due, moved = due.replace(minute=0, second=0, microsecond=0) + HOUR, closed
    return (due + HOUR * phase, moved) if moved else (due, why)


def _closed(moment: datetime, cadence: Cadence) -> Why | None:
    if moment.weekday() in cadence.skip_days:
        return Why.SKIP_DAYS
    return Why.SKIP_HOURS if moment.hour in cadence.skip_hours else None


def _has_ended(gone: Gone | None, now: datetime) -> bool:
    return gone is not None and gone.times >= GONE_TIMES and now - gone.since >= GONE_FOR
