"""What cleaning costs: new entries of 4 KB, cleaned and decided about, beside nh3 alone with the same texts."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import nh3

from aggregator.changes import decide
from aggregator.clean.entry import clean
from aggregator.model import Acquaintance, Document, Intake, Reading, Source, Visit
from aggregator.sources import KINDS
from benchmarks.articles import PER_FEED, feed

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
TIMES_NH3, MS_MORE = 1.5, 0.3


def measure(entries: int, *, smoke: bool) -> None:
    """Clean and decide, and let nh3 clean, in turn; print the best round of each and what the target says."""
    readings = [_read(number) for number in range(entries // PER_FEED)]
    texts = [draft.content or draft.summary for _, _, reading in readings for draft in reading.drafts]
    values = [text.value for text in texts if text]
    ours, theirs, cleaning = [], [], []
    for _ in range(1 if smoke else 20):
        theirs.append(_ms_of(lambda: [nh3.clean(value) for value in values]) / len(values))
        cleaning.append(_ms_of(lambda: _clean_all(readings)) / len(values))
        ours.append(_ms_of(lambda: _decide_all(readings)) / len(values))
    length = sum(len(value.encode()) for value in values) // len(values)
    print(
        f"{len(values)} new entries of {length} bytes, half of them Chinese; Python {platform.python_version()};",
        end=" ",
    )
    print("CPU in ms per entry, the best of each")
    print(f"nh3 alone {min(theirs):.3f}, cleaning {min(cleaning):.3f}, cleaning and deciding {min(ours):.3f}")
    most = TIMES_NH3 * min(theirs) + MS_MORE
    print(f"target {TIMES_NH3} x nh3 + {MS_MORE} = {most:.3f}: {'met' if min(ours) <= most else 'missed'}")


def _read(number: int) -> tuple[Source, str, Reading]:
    """A feed, read as a poll reads it; what reading costs is another matter."""
    url = f"https://feed{number}.example/feed"
    source = Source(f"s{number}", "feed", url, url, ("news",), HOUR, HOUR, HOUR)
    return source, url, KINDS["feed"](Document(url, feed(number), ""), frozenset(), None)


def _clean_all(readings: list[tuple[Source, str, Reading]]) -> None:
    for source, url, reading in readings:
        clean(reading, source, url)


def _decide_all(readings: list[tuple[Source, str, Reading]]) -> None:
    for source, url, reading in readings:
        intake = clean(reading, source, url)
        assert isinstance(intake, Intake)
        changes = decide(source, Visit(source.id, NOW), (Document(url, b"", ""), intake), Acquaintance(), NOW)
        assert len(changes.new) == PER_FEED


def _ms_of(work: Callable[[], object]) -> float:
    """Milliseconds of CPU that it takes."""
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)
