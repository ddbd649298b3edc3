"""Hostile sources: however one of them ends, it ends by name, and the others are polled as if it were not there."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from aggregator.intake import PATIENT_NICE, QUICK_NICE, WorkerReader
from aggregator.model import Document, Hints, Intake, Source

ROOT = Path(__file__).parents[1]
HOUR = timedelta(hours=1)
SOURCE = Source("s", "feed", "https://a.example/", "https://a.example/", (), HOUR, HOUR, HOUR)


def document(items: int) -> Document:
    """A feed with so many items."""
    item = "<item><guid>{0}</guid><title>{0}</title><link>https://a.example/{0}</link></item>"
    entries = "".join(item.format(number) for number in range(items))
    body = f"<rss version='2.0'><channel><title>a</title>{entries}</channel></rss>".encode()
    return Document("https://a.example/", body, "hash", "", "", None, Hints())


async def test_a_large_document_does_not_hold_up_the_small_ones() -> None:
    reader = WorkerReader(workers=1)
    try:
        large = asyncio.create_task(reader.read(SOURCE, document(20_000)))
        small = asyncio.create_task(reader.read(SOURCE, document(1)))
        done, _ = await asyncio.wait({large, small}, return_when=asyncio.FIRST_COMPLETED)
        assert done == {small}
        assert isinstance(small.result(), Intake)
        assert isinstance(await large, Intake)
    finally:
        reader.close()


async def test_what_polls_does_not_wait_for_its_readers_to_start() -> None:
    reader = WorkerReader(workers=1)
    try:
        await reader.read(SOURCE, document(1))  # in the other lane
        (fork_server,) = (one for one in psutil.Process().children() if "forkserver" in " ".join(one.cmdline()))
        fork_server.suspend()
        in_any_case = threading.Timer(5, fork_server.resume)
        in_any_case.start()
        try:
            large = asyncio.create_task(reader.read(SOURCE, document(20_000)))
            for _ in range(100):
                await asyncio.sleep(0)
            assert in_any_case.is_alive(), "the loop stood still"
        finally:
            in_any_case.cancel()
            fork_server.resume()
        assert isinstance(await large, Intake)
    finally:
        reader.close()


async def test_readers_let_go_first_what_polls_and_serves() -> None:
    reader = WorkerReader(workers=1)
    before = {one.pid for one in psutil.Process().children(recursive=True)}
    try:
        for items in (1, 20_000):
            assert isinstance(await reader.read(SOURCE, document(items)), Intake)
        new = [one for one in psutil.Process().children(recursive=True) if one.pid not in before]
        nice = sorted(one.nice() - psutil.Process().nice() for one in new if "forkserver" in " ".join(one.cmdline()))
        assert nice[-2:] == [QUICK_NICE, PATIENT_NICE]
        assert 0 < QUICK_NICE < PATIENT_NICE
    finally:
        reader.close()


@pytest.mark.slow
def test_every_hostile_source_ends_by_name_and_no_honest_one_fails() -> None:
    command = [sys.executable, "-m", "benchmarks", "hostile", "--sources", "100", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["honest_failures"] == []
    unexpected = {name: ends for name, ends in seen["ends"].items() if not set(ends) <= set(seen["expected"][name])}
    assert unexpected == {}
    assert len(seen["ends"]) >= 20, "not every kind of hostility was there"
