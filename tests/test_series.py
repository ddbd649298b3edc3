"""Real feeds as they were over months: every article is kept once, whatever its publisher did to guids and links.

How many articles a series holds was found by a person, from its guids, links and titles side by side, not by the
program. `series.tsv` in the corpus says what happened between the versions.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from walking import source, walking

from aggregator.model import Kept, Outcome, Reach

EVERYTHING = Reach(timedelta(days=36500), 100_000)

# The beginning of the name, how many articles there are, and how that comes from the guids (else links) in it.
ARTICLES = {
    "AlexKucera": (15, "15 guids"),
    "Olshansk": (150, "150 links; five articles stand under two links in one document, and are two entries"),
    "YuanxianH": (32, "32 guids"),
    "alan-turing": (81, "154 links, 73 of them others with a slash put behind"),
    "carlosmartinsgomes": (800, "807 links, else titles with dates; 7 of them others with a slash put behind"),
    "egfedorov": (24, "24 guids; 29 versions are empty"),
    "emanueltimlopez": (140, "140 links; five articles under two, as above"),
    "gesab001": (800, "800 guids; pages with a counter in the link and a new title stay what they are"),
    "gui-ying233": (10, "10 guids; the site moved to another domain, and back"),
    "mdaniela62": (72, "69 links; two of them are lists, shared by five events"),
    "mix3": (52, "77 links; 25 of them others after the site renamed all its pages, two of those with other dates"),
    "oborchers": (40, "40 guids"),
    "okusama27": (80, "76 links; four times a different text under that of another article, in one document"),
    "yinan-c": (36, "36 guids; the site moved to another domain, and five articles were renamed"),
}


@pytest.fixture
def series(shared: Path) -> dict[str, list[tuple[datetime, bytes]]]:
    """The versions of every feed with the times at which they were seen."""
    found = {}
    for folder in sorted((shared / "corpus" / "series").iterdir()):
        (name,) = (name for name in ARTICLES if folder.name.startswith(name))
        found[name] = [
            (datetime.fromtimestamp(int(version.name.split("_")[1]), UTC), version.read_bytes())
            for version in sorted(folder.iterdir())
        ]
    return found


async def test_every_article_of_a_feed_that_changes_is_kept_once(
    series: dict[str, list[tuple[datetime, bytes]]], tmp_path: Path
) -> None:
    kept: dict[str, list[Kept]] = {}
    broken: list[str] = []
    sources = {name: source(name.lower(), backfill=EVERYTHING) for name in series}
    async with walking(tmp_path / "store.db", *sources.values()) as walk:
        for name, versions in series.items():
            settled: dict[str, datetime] = {}
            for number, (moment, body) in enumerate(versions):
                walk.moment = moment
                changes = await walk.poll(sources[name], body, timedelta())
                assert changes.visit.outcome is not Outcome.FAILED or b"<item" not in body
                for one in await walk.kept(sources[name]) if number % 6 == 0 or number == len(versions) - 1 else ():
                    if settled.setdefault(one.id, one.published) != one.published:
                        broken.append(f"{name}: {one.id} was published {settled[one.id]}, now {one.published}")
                    if one.published > moment:
                        broken.append(f"{name}: {one.id} is of the future")
            kept[name] = await walk.kept(sources[name])
            if lost := settled.keys() - {one.id for one in kept[name]}:
                broken.append(f"{name}: {lost} are lost")
    expected = {name: number for name, (number, _) in ARTICLES.items()}
    assert {name: len(found) for name, found in kept.items()} == expected
    assert broken == []
    assert all(len({one.id for one in found}) == len(found) for found in kept.values())
