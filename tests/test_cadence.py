"""What documents and headers say about when to come back, as found in the wild."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aggregator.fetch.hints import hints_of
from aggregator.model import Cadence, Document, Hints
from aggregator.sources.feed import read

HOUR = timedelta(hours=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def said(channel: str, items: str = "<item><title>t</title><link>https://x.example/1</link></item>") -> Cadence:
    xmlns = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    body = f"<rss version='2.0' {xmlns}><channel><title>X</title>{channel}{items}</channel></rss>"
    return read(Document("https://x.example/feed", body.encode(), "")).cadence


def hours(*numbers: int) -> str:
    return "<skipHours>" + "".join(f"<hour>{n}</hour>" for n in numbers) + "</skipHours>"


def days(*names: str) -> str:
    return "<skipDays>" + "".join(f"<day>{name}</day>" for name in names) + "</skipDays>"


def period(name: str, frequency: str = "") -> str:
    often = f"<sy:updateFrequency>{frequency}</sy:updateFrequency>" if frequency else ""
    return f"<sy:updatePeriod>\n {name} \n</sy:updatePeriod>{often}"


SAID = [
    ("", Cadence()),
    ("<ttl>60</ttl>", Cadence(ttl=HOUR)),
    ("<ttl> 180\n</ttl>", Cadence(ttl=3 * HOUR)),
    ("<ttl>0</ttl>", Cadence()),
    ("<ttl>-5</ttl>", Cadence()),
    ("<ttl>soon</ttl>", Cadence()),
    ("<ttl>999999999</ttl>", Cadence(ttl=timedelta(days=365))),
    (period("hourly"), Cadence(period=HOUR)),
    (period("hourly", "1"), Cadence(period=HOUR)),
    (period("daily", "4"), Cadence(period=6 * HOUR)),
    (period("weekly"), Cadence(period=24 * 7 * HOUR)),
    (period("monthly", "2"), Cadence(period=24 * 15 * HOUR)),
    (period("yearly"), Cadence(period=24 * 365 * HOUR)),
    (period("Daily"), Cadence(period=24 * HOUR)),
    (period("sometimes"), Cadence()),
    (period("daily", "0"), Cadence(period=24 * HOUR)),
    (period("hourly", "3600"), Cadence()),
    (hours(0, 1, 2), Cadence(skip_hours=(0, 1, 2))),
    (hours(5, 4, 5, 3), Cadence(skip_hours=(3, 4, 5))),
    (hours(24), Cadence(skip_hours=(0,))),
    (hours(25, 99), Cadence()),
    (hours(*range(24)), Cadence()),
    (hours(*range(1, 25)), Cadence()),
    (days("Saturday", "Sunday"), Cadence(skip_days=(5, 6))),
    (days("monday", "Moonday"), Cadence(skip_days=(0,))),
    (days(*DAYS), Cadence()),
    ("<ttl>5</ttl>" + hours(7) + days("Friday"), Cadence(timedelta(minutes=5), None, (7,), (4,))),
]


@pytest.mark.parametrize(("channel", "cadence"), SAID)
def test_a_channel_says_when_to_come_back(channel: str, cadence: Cadence) -> None:
    assert said(channel) == cadence


def test_what_entries_say_about_it_is_no_wish_of_the_channel() -> None:
    entry = f"<item><title>On RSS</title><description><![CDATA[<ttl>5</ttl>{hours(1, 2)}]]></description></item>"
    assert said("", entry) == Cadence()
    assert said("<ttl>30</ttl>", entry + "<item><ttl>90</ttl></item>") == Cadence(ttl=HOUR / 2)


def test_it_is_read_from_a_document_that_cannot_be_cut_too() -> None:
    broken = "<item><title>A & B</title></item>"
    assert said("<ttl>30</ttl>" + hours(1, 2), broken) == Cadence(HOUR / 2, None, (1, 2))


DATE = "Wed, 04 Mar 2026 12:00:00 GMT"
HEADERS = [
    ({"Cache-Control": "max-age=600"}, Hints(max_age=HOUR / 6)),
    ({"Cache-Control": "public, MAX-AGE = 600, must-revalidate"}, Hints(max_age=HOUR / 6)),
    ({"Cache-Control": "max-age=600", "Age": "120"}, Hints(max_age=timedelta(seconds=480))),
    ({"Cache-Control": "max-age=600", "Age": "9999"}, Hints(max_age=timedelta())),
    ({"Cache-Control": "s-maxage=600"}, Hints()),
    ({"Cache-Control": "no-cache"}, Hints()),
    ({"Expires": "Wed, 04 Mar 2026 14:00:00 GMT", "Date": DATE}, Hints(expires=2 * HOUR)),
    ({"Expires": "Wed, 04 Mar 2026 14:00:00 GMT"}, Hints()),
    ({"Expires": "0", "Date": DATE}, Hints()),
    ({"Expires": "-1"}, Hints()),
    ({"Expires": "Wed, 04 Mar 2020 14:00:00 GMT", "Date": DATE}, Hints(expires=timedelta())),
    ({"Expires": "Wed, 04 Mar 2099 14:00:00 GMT", "Date": DATE}, Hints(expires=timedelta(days=7))),
    ({"Expires": "Wed, 04 Mar 2026 14:00:00 GMT", "Date": DATE, "Cache-Control": "max-age=60"}, Hints(HOUR / 60)),
    ({"Expires": "Wednesday, 04-Mar-26 14:00:00 GMT", "Date": DATE}, Hints(expires=2 * HOUR)),
    ({"Expires": "Wed Mar  4 14:00:00 2026", "Date": DATE}, Hints(expires=2 * HOUR)),
    ({"Retry-After": "120"}, Hints(retry_after=timedelta(seconds=120))),
    ({"Retry-After": "Wed, 04 Mar 2026 12:05:00 GMT", "Date": DATE}, Hints(retry_after=timedelta(minutes=5))),
    ({"Retry-After": "99999999999999999999"}, Hints(retry_after=timedelta(days=7))),
    ({"Retry-After": "a while"}, Hints()),
    ({"Retry-After": "-1"}, Hints()),
    ({"Retry-After": "1.5"}, Hints()),
    ({"Retry-After": "Wed, 99 Mar 2026 12:05:00 GMT", "Date": DATE}, Hints()),
    ({"Retry-After": "Wed, 04 Mar 99999 12:05:00 GMT", "Date": DATE}, Hints()),
]


@pytest.mark.parametrize(("headers", "hints"), HEADERS)
def test_headers_say_when_to_come_back(headers: dict[str, str], hints: Hints) -> None:
    assert hints_of({name.lower(): value for name, value in headers.items()}) == hints
