"""Where a source lives: which of its redirects are adopted for good, and whether it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aggregator.model import Gone, Moving, Source, Visit, amended

# A redirect is adopted when all answers of a week agree: a parked domain, or a hotel's network, does not last as long.
AGREED_FOR = timedelta(days=7)
# An adopted address that fails this often in a row is given up for the configured one.
FAILURES_TO_RETURN = 3
GONE = 410


def after_answer(source: Source, visit: Visit, moved_to: str | None, *, familiar: bool, now: datetime) -> Visit:
    """The visit after an answer that was the source's feed, by way of permanent redirects to `moved_to` if any.

    `familiar` says that it shares an entry with what we have, or that there is nothing yet to share.
    RFC 9110 §15.4.2 and §15.4.9 let a client replace its reference; publishers announce that by mistake too often.
    """
    if moved_to is None or not familiar:
        return visit if not (visit.gone or visit.moving) else amended(visit, gone=None, moving=None)
    visit = amended(visit, gone=None)
    if _is_upgrade(visit.address or source.url, moved_to):
        return amended(visit, address=moved_to, moving=None)
    if visit.moving is None or visit.moving.to != moved_to:
        return amended(visit, moving=Moving(moved_to, now))
    if now - visit.moving.since >= AGREED_FOR:
        return amended(visit, address=moved_to, moving=None)
    return visit


def after_failure(visit: Visit, status: int | None, now: datetime) -> Visit:
    """The visit after a poll that failed, its `failures` counted already; `status` is that of the answer, if any."""
    gone = visit.gone if status is None else None
    if status == GONE:
        gone = Gone(visit.gone.since, visit.gone.times + 1) if visit.gone else Gone(now, 1)
    address = visit.address if visit.failures < FAILURES_TO_RETURN else None
    return amended(visit, gone=gone, address=address)


def _is_upgrade(old: str, new: str) -> bool:
    """Whether a redirect leads from http to https on the same host, each at its own port."""
    before, after = urlsplit(old), urlsplit(new)
    schemes = (before.scheme, after.scheme) == ("http", "https")
    return schemes and before.hostname == after.hostname and before.port in (None, 80) and after.port in (None, 443)
