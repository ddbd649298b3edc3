"""The demo as a subprocess in a pipe, its lines read as they come; nothing here sleeps."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from conftest import PATIENCE


class Demo:
    """A running demo in a pipe; `lines` is what it has printed so far."""

    def __init__(self, temporary: Path, *arguments: str) -> None:
        self.temporary = temporary
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aggregator", "demo", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "TMPDIR": str(temporary)},
            cwd=temporary,
        )
        self._coming: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._coming.put(line.rstrip("\n"))
        self._coming.put(None)

    def wait_for(self, wanted: str, *, already: bool = True) -> re.Match[str]:
        """The first line that the pattern matches, of those printed (if `already`) and those to come."""
        for line in list(self.lines) if already else []:
            if found := re.search(wanted, line):
                return found
        deadline = time.monotonic() + PATIENCE
        while True:
            line = self._next(deadline, wanted)
            if found := re.search(wanted, line):
                return found

    def _next(self, deadline: float, wanted: str) -> str:
        try:
            line = self._coming.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            line = None
        if line is None:
            self.process.kill()
            raise AssertionError(f"no line like {wanted!r} in {self.lines}; {self.process.communicate()[1]}")
        self.lines.append(line)
        return line

    def after_lines(self, true: Callable[[], bool]) -> bool:
        """Whether it is true now, or after one of the next few lines."""
        for _ in range(5):
            if true():
                return True
            self.wait_for(r"^\d\d:\d\d:\d\d ", already=False)
        return true()

    def is_up(self) -> Demo:
        """Wait until everything that is printed first is there."""
        self.wait_for("^Ctrl-C ends it")
        return self

    @property
    def site(self) -> str:
        """The address to open, without the slash at its end."""
        return self.wait_for(r"^Open +(http://127\.0\.0\.1:\d+)/$")[1]

    @property
    def config(self) -> Path:
        """The config it runs on."""
        return Path(self.wait_for(r"^Config +(/.*)$")[1])

    def status(self) -> dict[str, dict[str, object]]:
        """What `aggregator status` says, by source."""
        command = self.wait_for("aggregator (status -c .*)$")[1].split()
        done = subprocess.run(
            [sys.executable, "-m", "aggregator", *command, "--json"], capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return {row["source"]: row for row in json.loads(done.stdout)["sources"]}

    def ends(self, number: int) -> int:
        """Its exit status after this signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def left_behind(self) -> list[str]:
        """What is still in the temporary folder, and what it said on standard error."""
        assert self.process.stderr
        return [*os.listdir(self.temporary), *self.process.stderr.read().splitlines()]

    def close(self) -> None:
        """End it, however it is."""
        if self.process.poll() is None:
            self.process.kill()
        self._reader.join(10)
        self.process.communicate()
