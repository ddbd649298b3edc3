"""What the head of a feed says about when to come back. feedparser keeps only the last hour and day to skip."""

from __future__ import annotations

import re
from datetime import timedelta

from aggregator.model import Cadence

# RSS 2.0: minutes; the module Syndication: a period, and how many updates there are in it.
TTL = re.compile(r"<ttl>\s*([0-9]{1,9})\s*</ttl>", re.IGNORECASE)
PERIOD = re.compile(r"<(\w+):updatePeriod>\s*(\w+)\s*</\1:updatePeriod>", re.IGNORECASE)
FREQUENCY = re.compile(r"<(\w+):updateFrequency>\s*([0-9]{1,6})\s*</\1:updateFrequency>", re.IGNORECASE)
PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}  # in hours
SKIP_HOURS = re.compile(r"<skipHours>(.{0,2000}?)</skipHours>", re.IGNORECASE | re.DOTALL)
SKIP_DAYS = re.compile(r"<skipDays>(.{0,1000}?)</skipDays>", re.IGNORECASE | re.DOTALL)
HOUR = re.compile(r"<hour>\s*([0-9]{1,2})\s*</hour>", re.IGNORECASE)
DAY = re.compile(r"<day>\s*(\w+)\s*</day>", re.IGNORECASE)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=365)


def cadence(head: str) -> Cadence:
    """The cadence in the text of a feed without its entries; what is not understood says nothing.

    In RSS 0.91 hours count from 1 to 24, which is midnight, as 0 is in RSS 2.0.
    """
    ttl = TTL.search(head)
    hours = frozenset(int(found) % 24 for found in _all(HOUR, SKIP_HOURS, head) if int(found) <= 24)
    days = frozenset(DAYS.index(found.lower()) for found in _all(DAY, SKIP_DAYS, head) if found.lower() in DAYS)
    return Cadence(
        ttl=_span(timedelta(minutes=int(ttl[1]))) if ttl else None,
        period=_period(head),
        skip_hours=tuple(sorted(hours)) if len(hours) < 24 else (),
        skip_days=tuple(sorted(days)) if len(days) < 7 else (),
    )


def _all(member: re.Pattern[str], block: re.Pattern[str], head: str) -> list[str]:
    return [found for inside in block.findall(head) for found in member.findall(inside)]


def _period(head: str) -> timedelta | None:
    period, frequency = PERIOD.search(head), FREQUENCY.search(head)
    hours = PERIODS.get(period[2].lower()) if period else None
    if hours is None:
        return None
    return _span(timedelta(hours=hours) / max(int(frequency[2]) if frequency else 1, 1))


def _span(span: timedelta) -> timedelta | None:
    return min(span, LONGEST) if span >= SHORTEST else None
