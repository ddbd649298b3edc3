"""A site to be built: sources, categories and entries of one size, all made up from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aggregator.model import EVERYTHING, Category, Changes, Entry, NewEntry, Origin, Outcome, Site, Source, Visit
from aggregator.selection import Catalogue
from aggregator.store import SqlStore

ALL_FORMATS = ("atom", "rss", "json", "html", "opml")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITE = Site("Planet", "https://planet.example", "en", "UTC")
LINE = "来源：{source.title}"
PARAGRAPH = (
    '<p>The <b>kernel</b> prepatch is out; see <a href="https://lwn.example/x?a=1&amp;b=2">the notes</a> and '
    "what is said of the {number} changes in them.</p>"
)
BYTES = 4096


def entry(number: int) -> Entry:
    """An entry of 4 KB."""
    paragraph = PARAGRAPH.format(number=number)
    content = paragraph * (BYTES // len(paragraph))
    origin = Origin(
        "https://lwn.example/feed",
        "LWN",
        html_url="https://lwn.example/",
        self_url="https://lwn.example/feed",
        updated=NOON,
    )
    return Entry(f"id:{number}", f"Kernel {number}", f"https://lwn.example/{number}", origin, content=content)


def sources_of(count: int, categories: int) -> list[Source]:
    """Sources that are shared out among the categories."""
    url = "https://s{0}.example/feed"
    return [
        Source(f"s{n}", "feed", url.format(n), url.format(n), (f"c{n % categories}",), HOUR, HOUR, HOUR, title=f"S {n}")
        for n in range(count)
    ]


def catalogue_of(sources: int, categories: int) -> Catalogue:
    """So many sources in so many categories."""
    names = (EVERYTHING, *(f"c{number}" for number in range(categories)))
    shown = {name: Category(name, name.title(), LINE, 50) for name in names}
    return Catalogue(SITE, shown, {source.id: source for source in sources_of(sources, categories)})


def found(source: Source, numbers: Sequence[int], now: datetime) -> Changes:
    """What a poll decides that finds these entries."""
    new = tuple(NewEntry(entry(number), str(number), now, now, source.pages) for number in numbers)
    return Changes(source, Visit(source.id, now + HOUR, finished=now, outcome=Outcome.NEW), new=new)


async def fill(store: SqlStore, catalogue: Catalogue, each: int) -> None:
    """Let every source bring so many entries."""
    sources = list(catalogue.sources.values())
    await store.enrol(sources, NOON)
    for number, source in enumerate(sources):
        await store.apply(found(source, range(number * each, (number + 1) * each), NOON))
