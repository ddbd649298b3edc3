"""What a request costs: a feed of 60 KB, whole and compressed, and its 304, beside nginx serving the same folder."""

from __future__ import annotations

import gzip
import http.client
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import brotli
import psutil

from aggregator.web.headers import SECURITY
from benchmarks.farm import free_ports, wait_for
from benchmarks.load import Load, maker, put_load

TARGET_RATIO, TARGET_HEALTH, CROWD = 0.5, 0.1, 1000
FEED = "/category/bench/feed.atom"
SIZE = 60_000
# Who polls sends the same bytes each time; this is what it costs where nobody does.
UNLIKE = "304, unlike"
NGINX = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off; root {public}; keepalive_requests 100000000;
    types {{ application/atom+xml atom; text/html html; }}
    gzip_static on; gzip_vary on;
    # It says what we say, as the shipped config has it where it serves the folder itself.
    add_header Cache-Control "public, max-age=60";
    add_header Access-Control-Allow-Origin "*";
    add_header X-Content-Type-Options nosniff;
    add_header Referrer-Policy no-referrer;
    add_header Content-Security-Policy "{policy}";
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{ listen 127.0.0.1:{port} backlog=4096; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A running server; its CPU is that of all its processes."""

    name: str
    port: int
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in family)


@dataclass(slots=True)
class Best:
    """The best of some rounds: requests per second, and microseconds of CPU per request."""

    per_second: float = 0.0
    cpu: float = float("inf")

    def take(self, load: Load, cpu: float) -> None:
        """One more round."""
        self.per_second = max(self.per_second, load.per_second)
        self.cpu = min(self.cpu, 1e6 * cpu / load.requests)


def measure(*, smoke: bool) -> None:
    """Put load on every server in turn; print what it cost and what the targets say."""
    seconds, rounds, crowd = (1.0, 1, 100) if smoke else (4.0, 3, CROWD)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        public = _publish(folder / "public")
        with _ours(public) as ours, _nginx(folder, public) as theirs:
            contenders = [one for one in (ours, theirs) if one is not None]
            print(f"{SIZE // 1000} KB feed, {len(_read(ours, gzip_only=True)[1])} bytes as gzip; load by {maker()}")
            best = _rounds(contenders, rounds, seconds)
            _print(best, nginx=theirs is not None)
            behind, *among = _health_in_a_crowd(ours.port, crowd)
    worst = max(among)
    word = "met" if worst < TARGET_HEALTH else "missed"
    print(f"/healthz among {crowd} idle or slow connections, ms: median {1000 * median(among):.1f},", end=" ")
    print(f"longest {1000 * worst:.1f} (target {1000 * TARGET_HEALTH:.0f}): {word};", end=" ")
    print(f"right behind them, while they are taken in, {1000 * behind:.1f}")


def _publish(public: Path) -> Path:
    """The folder, with the compressed forms beside the feed."""
    # Words in an order of their own: a text that repeats itself would be a kilobyte once compressed.
    dice = random.Random(5)
    words = [bytes(dice.choices(b"abcdefghijklmnopqrstuvwxyz", k=dice.randint(2, 10))) for _ in range(2000)]
    body = b" ".join(dice.choices(words, weights=range(2000, 0, -1), k=SIZE))[:SIZE]
    feed = public / FEED[1:]
    feed.parent.mkdir(parents=True)
    compressed = {"": body, ".gz": gzip.compress(body, 6, mtime=0), ".br": brotli.compress(body, quality=5)}
    for suffix, content in compressed.items():
        beside = feed.with_name(feed.name + suffix)
        beside.write_bytes(content)
        os.utime(beside, (1_772_000_000, 1_772_000_000))
    return public


@contextmanager
def _ours(public: Path) -> Iterator[Contender]:
    command = [sys.executable, "-m", "benchmarks.serving", str(public)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Contender("aggregator", int(process.stdout.readline()), psutil.Process(process.pid))
        finally:
            process.kill()


@contextmanager
def _nginx(folder: Path, public: Path) -> Iterator[Contender | None]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        print("no nginx to compare with: install it for the ratios", file=sys.stderr)
        yield None
        return
    (port,) = free_ports(1)
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(
            folder=folder,
            public=public,
            user=user,
            port=port,
            policy=dict(SECURITY)[b"content-security-policy"].decode(),
        )
    )
    process = subprocess.Popen([nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)])
    try:
        wait_for(port, "127.0.0.1")
        yield Contender("nginx", port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait()


def _read(server: Contender, *, gzip_only: bool) -> tuple[str, bytes]:
    """The ETag and the body of the feed."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", FEED, headers={"Accept-Encoding": "gzip"} if gzip_only else {})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    assert answer.headers["Content-Encoding"] == ("gzip" if gzip_only else None)
    return answer.headers["ETag"], answer.read()


def _rounds(contenders: list[Contender], rounds: int, seconds: float) -> dict[tuple[str, str], Best]:
    best: dict[tuple[str, str], Best] = {}
    for _ in range(rounds):
        for server in contenders:
            etag, _ = _read(server, gzip_only=True)
            known = {"Accept-Encoding": "gzip", "If-None-Match": etag}
            for what, headers, status, alike in (
                ("200 gzip", {"Accept-Encoding": "gzip"}, 200, True),
                ("304", known, 304, True),
                (UNLIKE, known, 304, False),
            ):
                before = server.cpu()
                load = put_load(server.port, FEED, headers, status, seconds, alike=alike)
                assert not load.errors, f"{server.name} {what}: {load.errors} wrong answers"
                best.setdefault((what, server.name), Best()).take(load, server.cpu() - before)
    return best


def _print(best: dict[tuple[str, str], Best], *, nginx: bool) -> None:
    for what in ("200 gzip", "304", UNLIKE):
        ours = best[what, "aggregator"]
        line = f"{what:11} aggregator {ours.per_second:8.0f}/s {ours.cpu:6.1f} µs CPU"
        if nginx:
            theirs = best[what, "nginx"]
            ratio = ours.per_second / theirs.per_second
            line += f"   nginx {theirs.per_second:8.0f}/s {theirs.cpu:6.1f} µs"
            line += f"   of nginx {ratio:.2f} (CPU {theirs.cpu / ours.cpu:.2f}"
            word = "met" if ratio >= TARGET_RATIO else "missed"
            line += ")" if what == UNLIKE else f"; target {TARGET_RATIO}): {word}"
        print(line)


def _health_in_a_crowd(port: int, crowd: int) -> list[float]:
    """Seconds that `/healthz` took, each time: first right behind so many connections, then among them.

    They are idle, begin slowly or take slowly.
    """
    beginnings = (b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow:", f"GET {FEED} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 3)
    slow = []
    try:
        for number in range(crowd):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # takes slowly: it never reads
            connection.connect(("127.0.0.1", port))
            connection.sendall(beginnings[number % 3])
            slow.append(connection)
        took = []
        for _ in range(200):
            began = time.perf_counter()
            asking = http.client.HTTPConnection("127.0.0.1", port)
            asking.request("GET", "/healthz")
            assert asking.getresponse().read() == b"ok"
            asking.close()
            took.append(time.perf_counter() - began)
        return took
    finally:
        for connection in slow:
            connection.close()
