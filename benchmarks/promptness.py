"""How soon an entry is on the disk after its poll found it, while many polls find some."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from aggregator.build import Builder
from aggregator.engines.local import LocalEngine
from aggregator.fetch import HostLimits
from aggregator.model import Changes, Receipt, Rendered, Source
from aggregator.publish import Folder
from aggregator.service import BUILD_SECONDS
from aggregator.store import open_store
from benchmarks.site import ALL_FORMATS, SITE, catalogue_of, fill, found

TARGET = 1.0
FIRST = 20_000_000  # the number of the first entry that a poll finds


@dataclass
class _Watched:
    """A folder that notes when each entry is first on the disk in the feed of its category."""

    folder: Folder
    polled: dict[str, float] = field(default_factory=dict)  # what was polled and is not on the disk, by title
    waits: list[float] = field(default_factory=list)

    def put_all(self, many: Sequence[Rendered]) -> list[Receipt]:
        """As the folder's."""
        receipts = self.folder.put_all(many)
        now = time.perf_counter()
        for rendered in many:
            if rendered.path.startswith("category/c") and rendered.path.endswith("feed.atom"):
                # As a tuple, for it grows in the thread of the polls.
                for title in [one for one in tuple(self.polled) if f"<title>{one}<".encode() in rendered.body]:
                    self.waits.append(now - self.polled.pop(title))
        return receipts

    def tidy(self, wanted: Callable[[str], bool]) -> int:
        """As the folder's."""
        return self.folder.tidy(wanted)


async def wait_for_entries(folder: Path, per_second: int, seconds: int, one_in: int) -> None:
    """Poll by the engine's own clock, one in so many polls finding an entry, and see when that is on the disk."""
    async with open_store(folder / "store.db", SITE.base_url, alone=True) as store:
        catalogue = catalogue_of(100, 10)
        await fill(store, catalogue, 10)
        watched = _Watched(Folder(folder / "public", ("gzip", "br")))
        builder = Builder(store, catalogue, watched, ALL_FORMATS, archive=True)
        await builder.build()
        clock, polls, stop = _Clock(), list[int](), asyncio.Event()
        names = list(catalogue.sources)

        async def due(now: datetime, limit: int, sources: object, hosts: object) -> dict[str, str]:
            """A second's worth of sources, each at a host of its own."""
            del limit, sources, hosts
            turn = int(now.timestamp()) * per_second
            chosen = [names[(turn + place) % len(names)] for place in range(per_second)]
            return {name: name for name in chosen} if time.perf_counter() - began < seconds else {}

        async def walk(source: Source, asked: Callable[[int], None]) -> Changes:
            await asyncio.sleep(names.index(source.id) % per_second / per_second)
            asked(0)
            polls.append(FIRST + len(polls))
            changes = found(source, polls[-1:] if len(polls) % one_in == 0 else [], clock.now())
            for new in changes.new:
                watched.polled[new.entry.title] = time.perf_counter()
            await store.apply(changes)
            return changes

        async def publish() -> bool:
            return (await builder.build(most=500, within=BUILD_SECONDS)).left > 0

        engine = LocalEngine(
            sources=catalogue.sources, due=due, walk=walk, publish=publish, limits=HostLimits(1000, 1, 0), clock=clock
        )
        began = time.perf_counter()
        asyncio.get_running_loop().call_later(seconds + 4, stop.set)
        await engine.run(stop)
        waits = sorted(watched.waits)
        if not waits:
            print("nothing was on the disk in time: the machine has too much else to do")
            return
        worst = waits[-1]
        some = "each" if one_in == 1 else f"one in {one_in}"
        print(f"{len(polls)} polls in {seconds} s, {some} with one new entry, of 100 sources in 10 categories:")
        print(
            f"  on the disk in the feed of its category after {median(waits):.2f} s, "
            f"95 of 100 after {waits[len(waits) * 95 // 100]:.2f} s, all after {worst:.2f} s "
            f"(target {TARGET:g} s): {'met' if worst < TARGET else 'NOT MET'}; "
            f"{len(watched.polled)} pushed out of the feed by newer ones before"
        )


class _Clock:
    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)
