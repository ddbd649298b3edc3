"""How many readers the feeds have, and that publishers are told."""

from __future__ import annotations

import re

from fetching import keys, source, visit
from scripted_web import Answer, ScriptedWeb

from aggregator.fetch import HttpFetcher
from aggregator.web.audience import DAY, MOST, Audience


def test_a_client_counts_once_and_a_service_for_as_many_as_it_says() -> None:
    audience = Audience()
    for _ in range(3):
        audience.note("203.0.113.1", b"newsboat/2.30", 0)
    audience.note("203.0.113.1", b"NetNewsWire (RSS Reader)", 1)
    audience.note("203.0.113.2", b"newsboat/2.30", 1)
    assert audience.size(2) == 3
    audience.note("198.51.100.1", b"Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; )", 2)
    audience.note("198.51.100.2", b"Feedly/1.0 (+http://www.feedly.com/fetcher.html; 17 subscribers; )", 2)
    audience.note("198.51.100.3", b"Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 1 subscriber; )", 2)
    assert audience.size(3) == 3 + 17 + 1


def test_who_has_not_come_for_two_days_is_forgotten() -> None:
    audience = Audience()
    audience.note("203.0.113.1", b"a", 0)
    assert audience.size(DAY) == 1
    audience.note("203.0.113.2", b"b", DAY)
    assert audience.size(2 * DAY) == 1
    assert audience.size(9 * DAY) == 0


def test_a_flood_of_made_up_clients_takes_no_more_memory() -> None:
    audience = Audience()
    for number in range(MOST + 100):
        audience.note("203.0.113.1", b"x%d" % number, 0)
    assert audience.size(0) == MOST


async def test_a_publisher_is_told_product_version_contact_and_readers(web: ScriptedWeb) -> None:
    readers = 0
    url = web.script("/feed", Answer(b"<rss/>"))
    async with HttpFetcher(keys(), "https://planet.example/bot", readers=lambda: readers) as fetcher:
        for readers in (0, 12):  # noqa: B007  (the fetcher asks for it)
            await fetcher.fetch(source(url), visit())
    agents = [request.headers["user-agent"] for request in web.asked("/feed")]
    assert re.fullmatch(r"aggregator/[0-9.]+ \(\+https://planet\.example/bot\)", agents[0])
    assert re.fullmatch(r"aggregator/[0-9.]+ \(\+https://planet\.example/bot; 12 subscribers\)", agents[1])
