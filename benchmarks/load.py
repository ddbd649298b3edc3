"""Load on a web server: by wrk where it is installed, else by a client of our own, which is slower and says so."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass

CONNECTIONS = 32
# A number that is never the same, in a header that means nothing, as a script of wrk.
NUMBERED = """
local number = 0
request = function()
  number = number + 1
  wrk.headers["X-Number"] = number
  return wrk.format()
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """So many requests within so many seconds, and what their answers had for a status."""

    requests: int
    seconds: float
    errors: int

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


def maker() -> str:
    """Who makes the load."""
    return "wrk" if shutil.which("wrk") else "a client of our own (there is no wrk: it takes as much CPU as the server)"


def put_load(port: int, path: str, headers: dict[str, str], status: int, seconds: float, *, alike: bool = True) -> Load:
    """Ask for `path` over kept connections, as fast as answers with `status` come; not `alike`, no two requests are."""
    if shutil.which("wrk"):
        return _by_wrk(port, path, headers, seconds, alike=alike)
    return asyncio.run(_by_ourselves(port, path, headers, status, seconds, alike=alike))


def _by_wrk(port: int, path: str, headers: dict[str, str], seconds: float, *, alike: bool) -> Load:
    named = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", *named]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if not alike:
            print(NUMBERED, file=script, flush=True)
            command += ["-s", script.name]
        command.append(f"http://127.0.0.1:{port}{path}")
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) requests in ([\d.]+)s", said)
    assert found, said
    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Load(int(found[1]), float(found[2]), int(errors[1]) if errors else 0)


async def _by_ourselves(
    port: int, path: str, headers: dict[str, str], status: int, seconds: float, *, alike: bool
) -> Load:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}"
    began = time.monotonic()
    done, errors = 0, 0

    async def ask() -> None:
        nonlocal done, errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() - began < seconds:
            writer.write(f"{request}{'' if alike else f'X-Number: {done}'}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
            if length and int(head.split(b" ", 2)[1]) != 304:
                await reader.readexactly(int(length[1]))
            done += 1
            errors += int(head.split(b" ", 2)[1]) != status
        writer.close()

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return Load(done, time.monotonic() - began, errors)
