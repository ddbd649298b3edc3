"""What a program and all processes below it cost: CPU to the nanosecond, and memory as it really is shared."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

SECONDS_BETWEEN_LOOKS = 0.2


@dataclass
class Cost:
    """Seconds of wall clock and of CPU of all processes, and bytes of memory at the worst moment."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0


@contextmanager
def watching(pid: int) -> Iterator[Cost]:
    """Measure a program and its children until the end of the block; the figures stand when it has ended."""
    cost, ended = Cost(), threading.Event()

    def look() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            cost.memory = max(cost.memory, memory(pid))

    looking = threading.Thread(target=look)
    looking.start()
    wall, before = time.perf_counter(), cpu(pid)
    try:
        yield cost
    finally:
        cost.wall, cost.cpu = time.perf_counter() - wall, cpu(pid) - before
        ended.set()
        looking.join()
        cost.memory = max(cost.memory, memory(pid))


def cpu(pid: int) -> float:
    """CPU seconds of a program, its children, and those of them that have ended and were waited for."""
    total = 0.0
    for process in _family(pid):
        with contextlib.suppress(psutil.Error, OSError):
            times = process.cpu_times()
            # The kernel's name of another process's CPU clock; its ticks of 10 ms would be too coarse here.
            total += time.clock_gettime((~process.pid << 3) | 2) + times.children_user + times.children_system
    return total


def memory(pid: int) -> int:
    """Bytes of memory of a program and its children, a page that several share counted once."""
    total = 0
    for process in _family(pid):
        with contextlib.suppress(psutil.Error, OSError):
            total += process.memory_full_info().pss
    return total


def _family(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        head = psutil.Process(pid)
        return [head, *head.children(recursive=True)]
    return []
