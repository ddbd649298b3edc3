"""Dates: what the publisher said, in UTC, or None; never invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from aggregator.model import DateFound

# ISO 8601 and RFC 3339, which Python reads itself: feedparser takes the minutes of "+0530" for none, and only the day
# out of "20060102T150405Z".
ISO = re.compile(
    r"(?P<day>\d{4}-?\d\d-?\d\d)"
    r"(?:[T ]?(?P<clock>\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?) ?(?P<zone>Z|UTC?|GMT|[+-]\d\d:?\d\d)?(?:\[[\w/+-]+\])?)?",
    re.IGNORECASE,
)
# What feedparser reads and adds nothing to: text that begins with a day or a month, and a year or a month alone, whose
# beginning is meant (W3C-DTF). The rest it fills up from today: to it, "2006/01/02" is the first of the present month.
TRUSTED = re.compile(r"[A-Za-z]{3}|\d{1,2}[ -][A-Za-z]{3}|\d{4}(-\d\d)?$")
YEAR_FIRST = re.compile(r"(\d{4})\s?[-年년/.]\s?(\d{1,2})\s?[-月월/.]\s?(\d{1,2})\s?[日일]?")
DAY_FIRST = re.compile(r"(?<!\d)\d{1,2}\.\s?\d{1,2}\.\s?\d{4}(?!\d)")
YEAR = re.compile(r"(?<!\d)(1[5-9]|2[0-9])\d\d(?!\d)")
# What follows a time: an offset, with or without a name before it, or a name.
ZONE = re.compile(
    r"\d:\d\d(?::\d\d(?:[.,]\d+)?)? ?(?P<half>[AP]M\b ?)?(?P<name>[A-Z]{1,5}\b)?(?P<offset>[+-]\d\d)?", re.IGNORECASE
)
# The names that feedparser knows, which are those of RFC 822 §5.1 and a few more. All others it takes for UTC.
FEEDPARSER_KNOWS = frozenset(
    "z ut utc gmt adt ast at edt est et cdt cst ct mdt mst mt pdt pst pt a n m y met mest".split()  # noqa: SIM905
)
# Names with one meaning wherever they are used, by hours east of Greenwich.
NAMES = """
-10 hst; -9 akst; -8 pst akdt; -7 mst pdt; -6 cst mdt; -5 est cdt; -4 ast edt; -3 adt; 0 z ut utc gmt wet;
1 cet met west bst; 2 cest mest eet sast; 3 eest msk; 8 hkt sgt awst; 9 jst kst; 10 aest; 11 aedt; 12 nzst; 13 nzdt
"""
HOURS = {name: int(hours) for hours, *names in map(str.split, NAMES.split(";")) for name in names}
EARLIEST, LATEST = 1800, 9998
LONGEST = 100
# Two different days to fill in what a text leaves out: where the readings differ, the text did not say it.
FILLINGS = (datetime(2001, 1, 1), datetime(2002, 2, 2))  # noqa: DTZ001  (only their fields are used)


def settle(found: DateFound | None, zone: str | None) -> datetime | None:
    """The moment that was meant, to the second; a date without a zone is read in `zone` (an IANA name), else in UTC."""
    if found is None:
        return None
    text, parsed = " ".join(found.text.split()), found.parsed
    named = ZONE.search(text)
    if zone and named and named["name"] and not named["offset"] and named["name"].upper() in _names(zone):
        # "CST" is the time of Chicago, but in a source whose zone is Asia/Shanghai it is China's.
        text, parsed = text[: named.start("name")] + text[named.end("name") :], None
    moment = _iso(text) or _trusted(text, parsed) or _read(text)
    if moment is None or not EARLIEST <= moment.year <= LATEST:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    return moment.astimezone(UTC).replace(microsecond=0)


def _iso(text: str) -> datetime | None:
    """ISO 8601 with a whole date; naive when it names no zone."""
    match = ISO.fullmatch(text)
    if match is None:
        return None
    day, clock, offset = match["day"], match["clock"], match["zone"]
    offset = "+00:00" if offset and offset[0].isalpha() else offset or ""
    try:
        return datetime.fromisoformat(f"{day}T{clock}{offset}" if clock else day)
    except ValueError:
        return None


def _trusted(text: str, parsed: datetime | None) -> datetime | None:
    """feedparser's reading, where it can be trusted; naive when the text names no zone."""
    if parsed is None or not TRUSTED.match(text):
        return None
    zone = ZONE.search(text)
    if zone and zone["half"]:
        return _read(text)  # feedparser overlooks it
    if zone is None or not (zone["name"] or zone["offset"]):
        return parsed  # feedparser took it for UTC
    if zone["offset"] or zone["name"].lower() in FEEDPARSER_KNOWS:
        return parsed.replace(tzinfo=UTC)
    return _read(text) or parsed


def _read(text: str) -> datetime | None:
    """What dateutil understands, if it invents nothing; naive when the zone is not named or not known."""
    if len(text) > LONGEST or not YEAR.search(text):
        return None
    text, year_first = YEAR_FIRST.subn(r"\1-\2-\3 ", text, count=1)
    dotted = bool(DAY_FIRST.search(text))
    try:
        first = dateutil_parser.parse(text, default=FILLINGS[0], tzinfos=_seconds, dayfirst=dotted)
        second = dateutil_parser.parse(text, default=FILLINGS[1], tzinfos=_seconds, dayfirst=dotted or not year_first)
    except (ValueError, OverflowError, TypeError, ArithmeticError):
        return None
    return first if first == second else None


@lru_cache
def _names(zone: str) -> frozenset[str | None]:
    """The names of a zone in winter and in summer, such as "CST" and "CDT"."""
    return frozenset(ZoneInfo(zone).tzname(filling.replace(month=month)) for filling in FILLINGS for month in (1, 7))


def _seconds(name: str | None, offset: int | None) -> int | None:
    """The offset of a zone, for dateutil."""
    hours = HOURS.get((name or "").lower())
    return offset if offset is not None or hours is None else hours * 3600
