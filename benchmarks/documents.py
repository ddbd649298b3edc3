"""The feeds of the farm: RSS and Atom, Latin and Chinese, 20 items, 30 to 60 KB, each like no other."""

from __future__ import annotations

import html
from random import Random

from benchmarks.articles import article

ITEMS = 20
WORDS = (
    "A feed republisher polls what people list and keeps every entry once. ",
    "聚合器按时轮询来源，保存每一条目，并注明出处。",
)
LENGTH = 1500  # bytes of HTML of an item


def document(number: int, newest: int = ITEMS) -> bytes:
    """Feed `number`, whose newest item has the number `newest`."""
    numbers = range(newest, newest - ITEMS, -1)
    return (_atom if number % 4 < 2 else _rss)(number, numbers).encode()


def _body(number: int, n: int) -> str:
    """The text of an item, with as many elements as real feeds of this size have in the middle: thirteen."""
    return html.escape(article(Random(f"{number}/{n}"), chinese=number % 2 == 1, length=LENGTH))


def _atom(number: int, numbers: range) -> str:
    site = f"https://feed{number}.example"
    items = "".join(
        f"<entry><id>{site}/{n}</id><title>{n} of {number} {WORDS[number % 2]}</title><link href='{site}/{n}'/>"
        f"<updated>2026-03-01T{n // 60 % 24:02}:{n % 60:02}:00Z</updated><author><name>A {number}</name></author>"
        f"<category term='c{n % 5}'/><content type='html'>{_body(number, n)}</content></entry>"
        for n in numbers
    )
    head = f"<id>{site}/</id><title>Feed {number}</title><link href='{site}/'/><updated>2026-03-01T01:00:00Z</updated>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{items}</feed>"


def _rss(number: int, numbers: range) -> str:
    site = f"https://feed{number}.example"
    items = "".join(
        f"<item><guid>{site}/{n}</guid><title>Entry {n} of {number} {WORDS[number % 2]}</title><link>{site}/{n}</link>"
        f"<pubDate>Sun, 01 Mar 2026 {n // 60 % 24:02}:{n % 60:02}:00 GMT</pubDate><category>c{n % 5}</category>"
        f"<description>{_body(number, n)}</description></item>"
        for n in numbers
    )
    head = f"<title>Feed {number}</title><link>{site}/</link><description>d</description>"
    return f"<rss version='2.0'><channel>{head}{items}</channel></rss>"
