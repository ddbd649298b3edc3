"""`once` over many sources, stopped in the middle: what was polled is kept and published, the rest stays due."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from atom_rules import read_back
from conftest import PATIENCE, Place
from scripted_web import Answer, Request, ScriptedWeb
from test_run import rss

SOURCES = 300
AT_ONCE = 16


@pytest.mark.parametrize(
    "options",
    [pytest.param((), id="for people"), pytest.param(("--json",), id="for programs", marks=pytest.mark.slow)],
)
def test_once_stopped_in_the_middle_keeps_what_it_polled_and_the_next_polls_the_rest(
    place: Place, web: ScriptedWeb, options: tuple[str, ...]
) -> None:
    enough = threading.Event()

    def answer(request: Request) -> Answer:
        """The first answers come at once; then each drips, as long as nobody stopped us."""
        if len(web.requests) > SOURCES // 3:
            enough.set()
        name = request.path.strip("/")
        return Answer(rss(name, 1).encode(), drip_seconds=0.02 if enough.is_set() and not ended.is_set() else None)

    ended = threading.Event()
    sources = [{"id": f"s{n}", "url": web.script(f"/s{n}", answer)} for n in range(SOURCES)]
    place.configure(
        sources,
        fetch={"timeout": "30s", "concurrency": AT_ONCE, "per_host": {"concurrency": AT_ONCE, "delay": "0s"}},
        output={"dir": str(place.public), "limit": 1000},
    )
    process = subprocess.Popen(
        place.command("once", *options), cwd=place.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert enough.wait(PATIENCE)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=PATIENCE)
    ended.set()

    assert process.returncode == 130
    first = counted(said, as_json=bool(options))
    left = SOURCES - first["polled"]
    assert 0 < first["new"] == first["polled"] < SOURCES
    assert f"{left} sources left: stopped before they were polled; `aggregator once` polls them when due" in complained
    assert "Traceback" not in said + complained
    assert len(published(place.public)) == first["polled"]

    second = json.loads(place.run("once", "--json").stdout)
    assert (second["polled"], second["new"], second["failed"]) == (left, left, 0)
    assert len(published(place.public)) == SOURCES
    assert json.loads(place.run("once", "--json").stdout)["polled"] == 0


def counted(said: str, *, as_json: bool) -> dict[str, int]:
    """What `once` counted, on the last line; for programs, on the only one."""
    if as_json:
        return {str(name): int(count) for name, count in json.loads(said).items()}
    return {name: int(count) for name, _, count in (pair.partition("=") for pair in said.splitlines()[-1].split())}


def published(public: Path) -> list[dict[str, object]]:
    """The entries of the feed of everything."""
    return read_back((public / "category/all/feed.atom").read_bytes())
