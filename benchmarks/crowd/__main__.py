"""`python -m benchmarks.crowd FOLDER`: load, enrol and poll once a great many sources, and say what each step took."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from aggregator.config import load
from aggregator.model import Changes
from aggregator.store import open_store
from aggregator.wiring import SystemClock, open_engine
from benchmarks.contenders.aggregator import BASE_URL
from benchmarks.watch import memory


async def walk(folder: Path) -> None:
    """Print a line of JSON after each step: its name, seconds, and bytes of memory of all processes then."""
    began = time.perf_counter()

    def say(step: str, **more: object) -> None:
        nonlocal began
        line = {"step": step, "seconds": time.perf_counter() - began, "memory": memory(os.getpid()), **more}
        print(json.dumps(line), flush=True)
        began = time.perf_counter()

    say("libraries loaded")
    settings = load(folder / "aggregator.yaml", {})
    say("config loaded")
    failures: list[str] = []

    def heard(changes: Changes) -> None:
        if changes.visit.failures and len(failures) < 3:
            failures.append(changes.visit.detail)

    async with (
        open_store(settings.store, BASE_URL, alone=True) as store,
        open_engine(settings, store, _nothing, heard) as engine,
    ):
        await store.enrol(settings.sources, SystemClock().now())
        say("enrolled")
        await engine.once(await store.hosts([source.id for source in settings.sources]), asyncio.Event())
        say("all polled once", failures=failures)


async def _nothing() -> bool:
    """Nothing is published here."""
    return False


if __name__ == "__main__":
    asyncio.run(walk(Path(sys.argv[1])))
