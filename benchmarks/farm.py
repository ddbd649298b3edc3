"""A farm of distinct feeds on loopback, each at an address of its own, so that every poll is a new host."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.certificates import authority
from benchmarks.documents import ITEMS, document

# nginx finds the certificate by the address that was dialled: a name is not sent where the URL has an address.
NGINX = """
daemon off; {user} worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off; default_type application/xml; root {folder}/feeds;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen 0.0.0.0:{http} backlog=4096;
        listen 0.0.0.0:{https} ssl backlog=4096;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {folder}/$server_addr.pem;
        ssl_certificate_key {folder}/leaf.key;
    }}
}}
"""


def host(number: int) -> str:
    """The loopback address of a feed."""
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


@dataclass
class Farm:
    """A running farm. Its files are changed between rounds; the server's ETag is made of time and size."""

    folder: Path
    feeds: int
    server: str
    ports: dict[str, int]
    ca: Path
    _clock: int = field(default=1_772_000_000)

    def url(self, scheme: str, number: int) -> str:
        """Where a feed is served."""
        return f"{scheme}://{host(number)}:{self.ports[scheme]}/{number}"

    def leave(self, _turn: int) -> None:
        """Change nothing: who asks conditionally gets 304."""

    def touch(self, _turn: int) -> None:
        """Give every feed a new time: everybody gets 200, with the body of before."""
        self._clock += 1
        for number in range(self.feeds):
            os.utime(self._file(number), (self._clock, self._clock))

    def grow(self, turn: int) -> None:
        """Give one feed in ten two new items, another tenth at each turn."""
        self._clock += 1
        for number in range(turn, self.feeds, 10):
            self._write(number, ITEMS + 2)

    def fill(self) -> None:
        """Write every feed as it is at first."""
        for number in range(self.feeds):
            self._write(number, ITEMS)

    def _write(self, number: int, newest: int) -> None:
        self._file(number).write_bytes(document(number, newest))
        os.utime(self._file(number), (self._clock, self._clock))

    def _file(self, number: int) -> Path:
        return self.folder / "feeds" / str(number)


@contextmanager
def farm(folder: Path, feeds: int) -> Iterator[Farm]:
    """A farm of so many feeds with its files in `folder`: behind nginx where there is one, else Python serves them."""
    (folder / "feeds").mkdir(parents=True)
    ports = dict(zip(("http", "https"), free_ports(2), strict=True))
    ca = authority(folder, [host(number) for number in range(feeds)])
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx:
        user = "user root;" if os.geteuid() == 0 else ""
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, user=user, **ports))
        command = [nginx, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]
    else:
        places = map(str, (folder, feeds, *ports.values()))
        command = [sys.executable, "-m", "benchmarks.plain_server", *places]
    grown = Farm(folder, feeds, "nginx" if nginx else "asyncio", ports, ca)
    grown.fill()
    process = subprocess.Popen(command)
    try:
        for port in ports.values():
            wait_for(port)
        yield grown
    finally:
        process.terminate()
        process.wait()


def free_ports(how_many: int) -> list[int]:
    """Ports in a row that nobody listens at, below those from which the kernel lends to whoever dials."""
    for first in range(20_000 + os.getpid() % 5000, 32_000, how_many):
        ports = [first + n for n in range(how_many)]
        with ExitStack() as stack, suppress(OSError):
            for port in ports:
                stack.enter_context(socket.socket()).bind(("0.0.0.0", port))
            return ports
    raise SystemExit("no port is free")


def wait_for(port: int, address: str | None = None) -> None:
    """Wait until somebody listens, at the first feed's address if no other is named."""
    for _ in range(500):
        try:
            socket.create_connection((address or host(0), port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"nobody listens at port {port}")
