"""One document with too much of something: what fits is kept, what does not is named, and no reader dies of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from html import escape

import pytest

from aggregator.clean.markup import MOST_TAGS
from aggregator.intake import WorkerReader
from aggregator.model import Document, Intake, Source
from aggregator.sources.feed import MOST_ENTRIES

HOUR = timedelta(hours=1)
URL = "https://site.example/feed.xml"
SOURCE = Source("one", "feed", URL, URL, (), HOUR, HOUR, HOUR)
FLOOD = 100_000
HEAD = "<rss version='2.0'><channel><title>Flood</title>"
TAIL = "</channel></rss>"


@pytest.fixture(scope="module")
def reader() -> Iterator[WorkerReader]:
    """A reader with more patience than in service, for machines with much else to do."""
    pool = WorkerReader(workers=1, seconds=120)
    yield pool
    pool.close()


async def taken(reader: WorkerReader, text: str) -> Intake:
    """What a reader takes of a document, which it must survive."""
    intake = await reader.read(SOURCE, Document(URL, text.encode(), ""))
    assert isinstance(intake, Intake), intake
    return intake


@pytest.mark.parametrize("tail", [TAIL, ""], ids=["well-formed", "broken"])
async def test_of_a_flood_of_entries_the_first_are_kept_and_the_rest_is_named(reader: WorkerReader, tail: str) -> None:
    items = (f"<item><title>{n}</title><link>https://site.example/{n}</link></item>" for n in range(FLOOD))
    intake = await taken(reader, f"{HEAD}{''.join(items)}{tail}")
    assert [entry.title for entry in intake.entries] == [str(number) for number in range(MOST_ENTRIES)]
    assert intake.problems[0] == f"{FLOOD} entries, of which the first {MOST_ENTRIES} are taken"


async def test_as_many_entries_as_are_taken_are_no_flood(reader: WorkerReader) -> None:
    items = (f"<item><title>{n}</title><link>https://site.example/{n}</link></item>" for n in range(MOST_ENTRIES))
    intake = await taken(reader, f"{HEAD}{''.join(items)}{TAIL}")
    assert (len(intake.entries), intake.problems) == (MOST_ENTRIES, ())


@pytest.mark.parametrize("tag", ["<div>", "<ul><li>", "<b>"])
async def test_half_a_megabyte_of_nested_tags_does_not_end_the_reader(reader: WorkerReader, tag: str) -> None:
    nested = escape("<p>Begins</p>" + tag * (512 * 1024 // len(tag)))
    item = f"<item><title>Deep</title><link>https://site.example/1</link><description>{nested}</description></item>"
    (entry,) = (await taken(reader, f"{HEAD}{item}{TAIL}")).entries
    assert entry.title == "Deep"
    assert entry.summary.startswith("<p>Begins</p>")
    # Nesting costs the square of its depth. What the bound lets through may gain a tag or two of its own kind.
    assert entry.summary.count("<") <= 4 * MOST_TAGS
