"""Reads from response headers when the server wants to see us again; what is not understood says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator.model import Hints

LONGEST = timedelta(days=7)
SAID_NOTHING = Hints()
MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]+)")


def hints_of(headers: Mapping[str, str]) -> Hints:
    """How long the answer stays fresh (RFC 9111 §4.2.1, §5.2.2.1, §5.3), and `Retry-After` (RFC 9110 §10.2.3).

    Times are spans from now, never below zero and at most seven days; a date is read against the server's own clock,
    its `Date`, or not at all.
    """
    max_age = _max_age(headers) if "cache-control" in headers else None
    expires = _until("expires", headers) if max_age is None and "expires" in headers else None
    retry_after = None
    if "retry-after" in headers:
        wish = headers["retry-after"].strip()
        retry_after = _seconds(wish) if re.fullmatch(r"[0-9]+", wish) else _until("retry-after", headers)
    if max_age is expires is retry_after is None:
        return SAID_NOTHING
    return Hints(max_age, expires, retry_after)


def _max_age(headers: Mapping[str, str]) -> timedelta | None:
    """What is left of `max-age` after the time that the answer spent in caches on the way (RFC 9111 §5.1)."""
    match = MAX_AGE.search(headers.get("cache-control", "").lower())
    if not match:
        return None
    age = headers.get("age", "").strip()
    spent = _seconds(age) if re.fullmatch(r"[0-9]+", age) else timedelta()
    return max(_seconds(match[1]) - spent, timedelta())


def _until(name: str, headers: Mapping[str, str]) -> timedelta | None:
    until, now = _http_date(headers[name]), _http_date(headers.get("date", ""))
    return None if until is None or now is None else min(max(until - now, timedelta()), LONGEST)


def _seconds(digits: str) -> timedelta:
    return min(timedelta(seconds=int(digits.lstrip("0")[:9] or 0)), LONGEST)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
