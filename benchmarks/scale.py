"""How far it goes: 100,000 sources at once, and a poll with 1,000,000 entries in the store."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median

from aggregator.store.joining import PERIOD
from benchmarks.contenders.aggregator import configure
from benchmarks.documents import ITEMS
from benchmarks.farm import farm, free_ports, host, wait_for
from benchmarks.poll import Runner, running
from benchmarks.watch import memory, watching

TARGET_BYTES, TARGET_SECONDS, TARGET_SLOWER = 600e6, 60.0, 1.2
SOURCES_AT_A_HOST = 4
SECONDS_OF_RUN = 120
FEEDS, TURNS = 500, 5
# One tiny feed for whoever asks, its entry named after the address: what is measured is the number of sources.
TINY = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    log_format asked '$msec $server_addr'; access_log {folder}/asked asked; default_type application/xml;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 0.0.0.0:{port} backlog=4096;
        return 200 "<rss version='2.0'><channel><title>t</title><link>http://$server_addr/</link><item><guid>http://$server_addr$uri</guid><title>$uri</title><link>http://$server_addr$uri</link></item></channel></rss>";
    }}
}}
"""


def measure(sources: int, entries: int) -> None:
    """Measure both and print what was seen beside its target."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with _tiny(folder / "tiny") as port:
            _crowd(folder / "crowd", sources, port)
            _service(folder / "service", folder / "tiny" / "asked", sources, port)
        _store(folder, entries)


@contextmanager
def _tiny(folder: Path) -> Iterator[int]:
    """nginx, giving everybody a tiny feed."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin") or sys.exit("this takes nginx")
    folder.mkdir()
    (port,) = free_ports(1)
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(TINY.format(folder=folder, user=user, port=port))
    process = subprocess.Popen([nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)])
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _crowd(folder: Path, sources: int, port: int) -> None:
    """Everybody polled once, step by step."""
    folder.mkdir()
    configure([f"http://{host(number)}:{port}/{number}" for number in range(sources)], folder)
    command = [sys.executable, "-m", "benchmarks.crowd", str(folder)]
    print(f"{sources} sources, each at a host of its own: seconds and memory of all processes", flush=True)
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
        watching(process.pid) as cost,
    ):
        for line in process.stdout or ():
            said = json.loads(line)
            more = said.get("failures") or ""
            print(f"  {said['step']:20} {said['seconds']:8.1f} s {said['memory'] / 1e6:6.0f} MB {more}", flush=True)
    word = _word(cost.memory <= TARGET_BYTES and process.returncode == 0)
    print(f"  at worst {cost.memory / 1e6:.0f} MB (target {TARGET_BYTES / 1e6:.0f}): {word}", flush=True)


def _service(folder: Path, log: Path, sources: int, port: int) -> None:
    """`aggregator run` with everybody due at once, several sources to a host: when are the first published?"""
    folder.mkdir()
    addresses = (f"http://{host(n // SOURCES_AT_A_HOST)}:{port}/{n}" for n in range(sources))
    configure(list(addresses), folder, delay="1s")
    log.write_text("")  # nginx goes on writing at its end
    command = [sys.executable, "-m", "aggregator", "run", "--config", str(folder / "aggregator.yaml")]
    began = time.perf_counter()
    with (folder / "log").open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        first = None
        worst = 0
        while process.poll() is None and time.perf_counter() - began < SECONDS_OF_RUN:
            time.sleep(0.5)
            worst = max(worst, memory(process.pid))
            if first is None and any(b"<entry>" in feed.read_bytes() for feed in folder.glob("public/**/feed.atom")):
                first = time.perf_counter() - began
        process.terminate()
    asked: dict[str, list[float]] = {}
    for line in log.read_text().splitlines():
        moment, address = line.split()
        asked.setdefault(address, []).append(float(moment))
    gaps = [b - a for moments in asked.values() for a, b in zip(sorted(moments), sorted(moments)[1:], strict=False)]
    said_first = f"{first:.1f} s after the start" if first else f"not within {SECONDS_OF_RUN} s"
    print(f"run, {sources} sources due at once, {SOURCES_AT_A_HOST} to a host, a second between two requests to one")
    met = _word(first is not None and first <= TARGET_SECONDS)
    print(f"  first published {said_first} (target {TARGET_SECONDS:.0f} s): {met}; at worst {worst / 1e6:.0f} MB")
    print(f"  {sum(map(len, asked.values()))} requests in {SECONDS_OF_RUN} s; shortest pause at one host:", end=" ")
    print(f"{min(gaps):.2f} s" if gaps else "none was asked twice", flush=True)


def _store(folder: Path, entries: int) -> None:
    """The same polls over a small store, and over one that holds as many entries as were asked for."""
    with farm(folder / "farm", FEEDS) as grown, ExitStack() as stack:
        urls = [grown.url("http", number) for number in range(FEEDS)]
        small, large = folder / "small", folder / "large"
        for place in (small, large):
            with running("aggregator", place, urls, grown.ca) as runner:
                runner.poll("all")
                runner.end()
        copies = entries // (FEEDS * ITEMS) - 1
        multiply(large / "store.db", copies)
        runners = [stack.enter_context(running("aggregator", place, urls, grown.ca)) for place in (small, large)]
        for runner in runners:
            runner.poll("8")
        for turn in range(TURNS):
            for name, change in (("304", grown.leave), ("10 % new", grown.grow)):
                change(turn)
                for runner in runners:
                    runner.note(name, runner.poll("all"))
        _print_store(runners, FEEDS * ITEMS * (copies + 1))


def multiply(store: Path, copies: int, apart: int = 60) -> None:
    """Lay so many copies of every entry under it, each under a name of its own and `apart` seconds older than the last.

    None is a copy to the program: each has marks of its own.
    """
    with closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA synchronous=OFF")
        columns = [row[1] for row in database.execute("PRAGMA table_info(entry)") if row[1] != "number"]
        changed = {
            "key": "key || '-' || :copy",
            "published_id": "published_id || '-' || :copy",
            "published": "published - :apart * :copy",
        }
        values = ", ".join(changed.get(name, name) for name in columns)
        most = database.execute("SELECT max(number) FROM entry").fetchone()[0]
        entry = f"INSERT INTO entry (number, {', '.join(columns)}) SELECT number + :by, {values} FROM entry"
        page = "INSERT INTO membership (page, entry_number, published)"
        page += (
            " SELECT page, entry_number + :by, published - :apart * :copy FROM membership WHERE entry_number <= :most"
        )
        sign = "INSERT INTO signature SELECT entry_number + :by, traits FROM signature WHERE entry_number <= :most"
        mark = "INSERT OR IGNORE INTO mark (period, mark, entry_number)"
        mark += f" SELECT (published - :apart * :copy) / {PERIOD // timedelta(seconds=1)}, mark + :copy, number + :by"
        mark += " FROM mark JOIN entry ON number = entry_number WHERE entry_number <= :most"
        for copy in range(1, copies + 1):
            words = {"copy": copy, "by": copy * most, "most": most, "apart": apart}
            database.execute(entry + " WHERE number <= :most", words)
            for statement in (page, sign, mark):
                database.execute(statement, words)
            database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _print_store(runners: list[Runner], entries: int) -> None:
    print(f"CPU of a poll in ms, {FEEDS} sources, with {FEEDS * ITEMS} entries in the store and with {entries}")
    for name in ("304", "10 % new"):
        if any(name not in runner.costs for runner in runners):
            print(f"  {name:10} not measured")
            continue
        few, many = (1000 * median(cost.cpu for cost in runner.costs[name]) / FEEDS for runner in runners)
        word = _word(many / few <= TARGET_SLOWER)
        print(f"  {name:10} {few:6.2f} {many:6.2f}  ratio {many / few:.2f} (target {TARGET_SLOWER}): {word}")
    for runner in runners:
        if runner.failure:
            print(f"  failed: {runner.failure}")


def _word(met: bool) -> str:
    return "met" if met else "missed"
