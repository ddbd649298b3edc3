"""When to come back to a source, and why then."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model import Document, Failed, Hints, Source, Unchanged, Visit, Why

# A failing source is asked again after its interval, then twice, four times … that, up to a day; never not at all.
LONGEST_BACKOFF = timedelta(days=1)


def next_due(source: Source, visit: Visit, ended: Document | Unchanged | Failed, now: datetime) -> tuple[datetime, Why]:
    """When the source is due after a poll that ended like this, `visit` being what the poll before left."""
    if isinstance(ended, Failed):
        return after_failure(source, visit.failures + 1, ended.hints, now)
    return after_success(source, ended.hints, now)


def after_success(source: Source, hints: Hints, now: datetime) -> tuple[datetime, Why]:
    """The latest of the interval and what the server asks for (RFC 9111 §5.2.2.1, RFC 9110 §10.2.3).

    The operator's bounds hold, except against `Retry-After`, which is a plain request not to come earlier.
    """
    span, why = source.interval, Why.INTERVAL
    if hints.max_age and hints.max_age > span:
        span, why = min(hints.max_age, source.max_interval), Why.MAX_AGE
    span = min(max(span, source.min_interval), source.max_interval)
    if hints.retry_after and hints.retry_after > span:
        span, why = hints.retry_after, Why.RETRY_AFTER
    return now + span, why


def after_failure(source: Source, failures: int, hints: Hints, now: datetime) -> tuple[datetime, Why]:
    """Exponentially later with the number of `failures` in a row (from 1), or when the server says."""
    first = max(source.interval, source.min_interval)
    span = max(first, min(first * 2 ** min(failures - 1, 20), LONGEST_BACKOFF))
    if hints.retry_after and hints.retry_after > span:
        return now + hints.retry_after, Why.RETRY_AFTER
    return now + span, Why.BACKOFF if failures > 1 else Why.INTERVAL
