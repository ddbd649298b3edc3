"""Dates: what the publisher said, in UTC, or None; never invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from aggregator.model import DateFound

# A time followed by Z, an offset or a zone's letters; the hyphens of "2024-01-02" are no offset.
ZONED = re.compile(r"\d:\d\d(:\d\d([.,]\d+)?)?\s*(Z\b|[+-]\d\d|UTC?\b|GMT|[A-Z]{1,4}T\b)", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(1[5-9]|2[0-9])\d\d(?!\d)")
EARLIEST, LATEST = 1800, 9998
LONGEST = 100
# Two different days to fill in what a text leaves out: where the readings differ, the text did not say it.
FILLINGS = (datetime(2001, 1, 1), datetime(2002, 2, 2))  # noqa: DTZ001  (only their fields are used)


def settle(found: DateFound | None, zone: str | None) -> datetime | None:
    """The moment that was meant; a date without a zone is read in `zone` (an IANA name), else in UTC."""
    if found is None:
        return None
    text = " ".join(found.text.split())
    moment = found.parsed or _read(text)
    if moment is None or not EARLIEST <= moment.year <= LATEST:
        return None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    # feedparser gives UTC for what it read, and takes a date without a zone for UTC: only that is corrected.
    if zone and not ZONED.search(text):
        return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return moment.replace(tzinfo=UTC)


def _read(text: str) -> datetime | None:
    """What feedparser did not understand, if dateutil does and invents nothing."""
    if len(text) > LONGEST or not YEAR.search(text):
        return None
    try:
        first, second = (dateutil_parser.parse(text, default=filling) for filling in FILLINGS)
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        return None
    return first if first == second else None
