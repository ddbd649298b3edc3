"""Dates: what the publisher said, in UTC, or None; never invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from aggregator.clean.datewords import in_figures
from aggregator.model import DateFound

# ISO 8601 and RFC 3339, which Python reads itself: feedparser takes the minutes of "+0530" for none, and only the day
# out of "20060102T150405Z".
ISO = re.compile(
    r"(?P<day>\d{4}-?\d\d-?\d\d)"
    r"(?:[T ]?(?P<clock>\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?) ?(?P<zone>Z|UTC?|GMT|[+-]\d\d:?\d\d)?(?:\[[\w/+-]+\])?)?",
    re.IGNORECASE,
)
# What feedparser reads and adds nothing to: text that begins with a day or a month in English, and a year or a month
# alone, whose beginning is meant (W3C-DTF). The rest it fills up from today (to it, "2006/01/02" is the first of the
# present month), or knows by its first three letters ("marraskuuta", November, for March).
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t|tember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)(?![^\W\d_])"
)
TRUSTED = re.compile(
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s?)?(?:{_MONTH}|\d{{1,2}}[ -]{_MONTH})|\d{{4}}(-\d\d)?$",
    re.IGNORECASE,
)
# The form that nearly all feeds have (RFC 822 §5, with four digits for the year), in which feedparser makes no mistake.
STANDARD = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}"
    r" \d\d:\d\d:\d\d (?:(?P<name>GMT)|[+-]\d\d00)"
)
YEAR_FIRST = re.compile(r"(\d{4})\s?[-年년/.]\s?(\d{1,2})\s?[-月월/.]\s?(\d{1,2})\s?[日일]?")
DAY_FIRST = re.compile(r"(?<!\d)\d{1,2}\.\s?\d{1,2}\.\s?\d{4}(?!\d)")
# A year of two digits, as RFC 850 and RFC 822 have it; what it means stands in RFC 5322 §4.3.
SHORT_YEAR = re.compile(rf"(\d{{1,2}}[ -]{_MONTH}[ -])(\d\d)(?= \d{{1,2}}:)", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(1[5-9]|2[0-9])\d\d(?!\d)")
# What follows a time: an offset, with or without a name before it, or a name.
ZONE = re.compile(
    r"\d:\d\d(?::\d\d(?:[.,]\d+)?)? ?(?P<half>[AP]M\b ?)?(?P<name>[A-Z]{1,5}\b)?(?P<offset>[+-]\d\d)?", re.IGNORECASE
)
# The names that feedparser knows, which are those of RFC 822 §5.1 and a few more. All others it takes for UTC.
FEEDPARSER_KNOWS = frozenset(
    "z ut utc gmt adt ast at edt est et cdt cst ct mdt mst mt pdt pst pt a n m y met mest".split()  # noqa: SIM905  (a list to be read)
)
# Names with one meaning wherever they are used, by hours east of Greenwich.
NAMES = """
-10 hst; -9 akst; -8 pst akdt; -7 mst pdt; -6 cst mdt; -5 est cdt; -4 ast edt; -3 adt; 0 z ut utc gmt wet;
1 cet met west bst; 2 cest mest eet sast; 3 eest msk; 8 hkt sgt awst; 9 jst kst; 10 aest; 11 aedt; 12 nzst; 13 nzdt
"""
# Names that are whatever the clocks show there, in winter and in summer.
CLOCKS = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}
# Seconds and milliseconds since 1970, of this century.
UNIX = re.compile(r"([1-4]\d{9})(?:\d{3})?(?:\.\d+)?")
# An offset that is said in hours after a name, and what is said of a zone once more behind an offset.
SHORT_OFFSET = re.compile(r"\b(?:UTC|GMT)\s?([+-])(\d{1,2})(?::?(\d\d))?(?!\d)", re.IGNORECASE)
AGAIN = re.compile(r"(?<=[+-])(\d\d:?\d\d) (?:\(?[^()+\d-]{1,60}\)?|\1|[+-]\1)(?: m=[+-][\d.]+)?$")
BEFORE_OFFSET = (" +", " -")
PLACE = re.compile(r" \(?([A-Z][A-Za-z_]{1,20}(?:/[A-Z][A-Za-z_]{1,30}){1,2})\)?$")
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
    moment = _standard(text, parsed, zone) or _iso(text)
    if moment is None:
        text, parsed, zone = _zoned(text, parsed, zone)
        moment = _trusted(text, parsed) or _unix(text) or _iso(text) or _read(text) or _worded(text)
    if moment is None or not EARLIEST <= moment.year <= LATEST:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone) if zone else UTC)
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):  # an offset of more than a day
        return None


def _standard(text: str, parsed: datetime | None, zone: str | None) -> datetime | None:
    """feedparser's reading of the usual form; some write GMT and mean the time of their zone."""
    found = STANDARD.fullmatch(text) if parsed else None
    return parsed.replace(tzinfo=UTC) if parsed and found and not (found["name"] and zone) else None


def _zoned(text: str, parsed: datetime | None, zone: str | None) -> tuple[str, datetime | None, str | None]:
    """The text with its zone said once and in the usual way, or, where it is that of a place, apart from it."""
    before = text
    if ("+" in text or "-" in text) and (text[-6:-4] not in BEFORE_OFFSET or text.count("+") > 1):
        text = AGAIN.sub(r"\1", SHORT_OFFSET.sub(lambda m: f"{m[1]}{int(m[2]):02}:{m[3] or '00'}", text))
    place = PLACE.search(text) if "/" in text else None
    if place and _is_zone(place[1]):
        text, zone = text[: place.start()], place[1]
    named = ZONE.search(text)
    if named and named["name"] and not named["offset"]:
        name = named["name"]
        clock = CLOCKS.get(name.lower())
        if clock or (zone and name.upper() in _names(zone)):
            # "CST" is the time of Chicago, but in a source whose zone is Asia/Shanghai it is China's.
            text, zone = text[: named.start("name")] + text[named.end("name") :], clock or zone
    return text.strip(), parsed if text == before else None, zone


@lru_cache(maxsize=256)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # none of this name; no name; a folder of them
        return False
    return True


def _unix(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    match = UNIX.fullmatch(text)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None


def _worded(text: str) -> datetime | None:
    """A date in words of a language other than English."""
    figures = in_figures(text) if len(text) <= LONGEST else None
    return (_iso(figures) or _read(figures)) if figures and figures != text else None


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
    if len(text) > LONGEST:
        return None
    text = SHORT_YEAR.sub(lambda match: f"{match[1]}{'20' if match[2] < '50' else '19'}{match[2]}", text, count=1)
    if not YEAR.search(text):
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
