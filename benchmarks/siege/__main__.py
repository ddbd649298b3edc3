"""`python -m benchmarks.siege FOLDER`: the product polls what `urls.json` names, and notes when each poll ended.

A ticker in the same event loop notes how late it is woken, and a watchman in a thread what the loop was at then.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.config import load
from aggregator.model import Changes
from aggregator.store import open_store
from aggregator.wiring import SystemClock, open_engine
from benchmarks.contenders.aggregator import BASE_URL, configure

TICK = 0.005
LATE = 0.03


@dataclass
class Ticker:
    """How long the event loop stood still at worst: in all, and busy with its own work rather than kept waiting."""

    stall: float = 0.0
    stall_cpu: float = 0.0
    seen: dict[str, int] = field(default_factory=dict)
    _ticked: float = field(default_factory=time.perf_counter)
    _ended: threading.Event = field(default_factory=threading.Event)

    async def run(self) -> None:
        """Tick until cancelled."""
        loop_thread = threading.get_ident()
        threading.Thread(target=self._watch, args=(loop_thread,), daemon=True).start()
        try:
            while True:
                self._ticked, busy = time.perf_counter(), time.thread_time()
                await asyncio.sleep(TICK)
                self.stall = max(self.stall, time.perf_counter() - self._ticked - TICK)
                self.stall_cpu = max(self.stall_cpu, time.thread_time() - busy)
        finally:
            self._ended.set()

    def _watch(self, loop_thread: int) -> None:
        while not self._ended.wait(TICK):
            if time.perf_counter() - self._ticked > LATE:
                frames = traceback.extract_stack(sys._current_frames()[loop_thread])[-3:]
                place = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
                self.seen[place] = self.seen.get(place, 0) + 1


async def besiege(folder: Path) -> None:
    """Poll the honest ones once in peace; then, at a line on standard input, everybody, and report in JSON."""
    settings = load(configure(json.loads((folder / "urls.json").read_text()), folder), {})
    honest = int((folder / "honest").read_text())
    ends: dict[str, tuple[float, str, str]] = {}
    began = 0.0

    def heard(changes: Changes) -> None:
        visit = changes.visit
        failed = (visit.reason or "", visit.detail) if visit.failures else ("", "")
        ends[changes.source.id] = (time.perf_counter() - began, *failed)

    async with (
        open_store(settings.store, BASE_URL, alone=True) as store,
        open_engine(settings, store, _nothing, heard) as engine,
    ):
        await store.enrol(settings.sources, SystemClock().now())
        await engine.once(await store.hosts([f"s{n}" for n in range(honest)]), asyncio.Event())
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        ends.clear()
        ticker = Ticker()
        ticking = asyncio.create_task(ticker.run())
        began = time.perf_counter()
        # Honest and hostile ones in turn, as the due times of a mixed list would have it.
        names = sorted((source.id for source in settings.sources), key=lambda name: hash_of(name))
        await engine.once(await store.hosts(names), asyncio.Event())
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
    print(json.dumps({"ends": ends, "stall": ticker.stall, "stall_cpu": ticker.stall_cpu, "seen": ticker.seen}))


def hash_of(name: str) -> int:
    """A mixed order that is the same in every run."""
    return int(name[1:]) * 7919 % 104729


async def _nothing() -> bool:
    """Nothing is published here."""
    return False


if __name__ == "__main__":
    asyncio.run(besiege(Path(sys.argv[1])))
