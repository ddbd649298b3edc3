"""What a poll costs the product, beside its transport alone and what people use instead, all in one run."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.certificates import trusting
from benchmarks.documents import ITEMS, document
from benchmarks.farm import Farm, farm
from benchmarks.watch import Cost, watching

FIRST, ALL_304, TWO_NEW, SAME = "first poll, 20 new items", "all 304", "10 % with 2 new items", "all 200, same body"
# The round, how the farm changes before each of its turns, and how many turns: the cheap ones are noisier.
ROUNDS: tuple[tuple[str, Callable[[Farm, int], None], int], ...] = (
    (FIRST, Farm.leave, 1),
    (ALL_304, Farm.leave, 11),
    (TWO_NEW, Farm.grow, 5),
    (SAME, Farm.touch, 3),
)
# Polled by everybody before anything is measured: processes are started and libraries loaded then.
WARM = 8


@dataclass(frozen=True)
class Target:
    """In this round, our cost may be `most` times the other's."""

    scheme: str
    round: str
    other: str
    most: float


TARGETS = (
    Target("http", ALL_304, "bare", 1.6),
    Target("http", ALL_304, "reader", 1 / 8),
    Target("https", ALL_304, "bare", 1.4),
    Target("https", ALL_304, "httpx", 1 / 2),
    Target("http", SAME, "bare", 2),
    Target("http", SAME, "reader", 1 / 30),
    Target("http", TWO_NEW, "reader", 1 / 5),
    Target("http", FIRST, "reader", 1 / 2),
)
STORE_TARGET = 0.6
WHO = {
    "http": ("aggregator", "bare", "libcurl", "httpx", "script", "reader"),
    "https": ("aggregator", "bare", "libcurl", "httpx"),
}


@dataclass
class Runner:
    """A contender in a process of its own, and what it has cost so far, by round."""

    name: str
    process: subprocess.Popen[str]
    folder: Path
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    failure: str = ""
    entry_bytes: float = 0.0

    def poll(self, how_many: str) -> Cost | None:
        """Let it poll so many feeds; None when it has ended, which costs nothing and means nothing."""
        assert self.process.stdin
        assert self.process.stdout
        answer = ""
        with watching(self.process.pid) as cost, suppress(BrokenPipeError):
            print(how_many, file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        if answer:
            self.failure = self.failure or "".join(json.loads(answer))
            return cost
        said = (self.folder / "log").read_text().strip().rpartition("\n")[2]
        self.failure = self.failure or f"it ended with status {self.process.wait()}: {said or 'and said nothing'}"
        return None

    def note(self, name: str, cost: Cost | None) -> None:
        """Keep what a turn of a round cost; a failed one is no measurement, however cheap it was."""
        if cost and not self.failure:
            self.costs.setdefault(name, []).append(cost)

    def end(self) -> None:
        """Let it close what it has open."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()

    def weigh(self, entries: int) -> None:
        """Note the bytes of its store per entry, pages still in the write-ahead log included."""
        store = self.folder / "store.db"
        if store.exists():
            with closing(sqlite3.connect(store)) as database:
                pages, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
            self.entry_bytes = pages * size / entries

    def cpu(self, name: str, feeds: int) -> float:
        """Milliseconds of CPU per poll in a round; the middle one of its turns."""
        return 1000 * median(cost.cpu for cost in self.costs[name]) / feeds


def measure(feeds: int, *, smoke: bool, only_tls: bool) -> None:
    """Run everything and print the tables."""
    results: dict[str, list[Runner]] = {}
    with tempfile.TemporaryDirectory() as folder, farm(Path(folder) / "farm", feeds + WARM) as grown:
        size = sum(len(document(number)) for number in range(20)) / 20_000
        print(f"{feeds} feeds of {size:.0f} KB behind {grown.server}; Python {platform.python_version()}", end="; ")
        print(f"{os.cpu_count()} cores; CPU of all processes in ms per poll (polls per second)")
        for scheme in ("https",) if only_tls else ("http", "https"):
            grown.fill()
            results[scheme] = _race(grown, feeds, scheme, Path(folder), smoke=smoke)
            _print_race(scheme, results[scheme], feeds)
    _print_targets(results, feeds)


def _race(grown: Farm, feeds: int, scheme: str, folder: Path, *, smoke: bool) -> list[Runner]:
    """All contenders poll in turn, so that whatever else the machine does meets all of them."""
    urls = [grown.url(scheme, number) for number in reversed(range(feeds + WARM))]  # the warm ones come first
    with ExitStack() as stack:
        runners = [stack.enter_context(running(name, folder / scheme / name, urls, grown.ca)) for name in WHO[scheme]]
        for runner in runners:
            runner.poll(str(WARM))
            runner.poll(str(WARM))
        for name, change, turns in ROUNDS:
            for turn in range(1 if smoke else turns):
                change(grown, turn)
                for runner in runners:
                    runner.note(name, runner.poll("all"))
            for runner in runners if name == FIRST else ():
                runner.weigh((feeds + WARM) * ITEMS)
    return runners


@contextmanager
def running(name: str, folder: Path, urls: list[str], ca: Path) -> Iterator[Runner]:
    """A contender that polls these addresses, with its own files in `folder`, which may hold those of before."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "urls.json").write_text(json.dumps(urls))
    command = [sys.executable, "-m", "benchmarks.contenders", name, str(folder)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **trusting(ca)},
        ) as process,
    ):
        try:
            yield Runner(name, process, folder)
        finally:
            with suppress(BrokenPipeError, ValueError):  # it ended by itself, and its log says why; or it was told to
                process.communicate()


def _print_race(scheme: str, runners: list[Runner], feeds: int) -> None:
    polled = feeds + WARM
    print(f"\n{'plain HTTP' if scheme == 'http' else 'verified TLS':24}", *(f"{one.name:>15}" for one in runners))
    for name, _, _ in ROUNDS:
        print(f"{name:24}", *(f"{_cell(one, name, polled):>15}" for one in runners))
    peaks = (max((cost.memory for costs in one.costs.values() for cost in costs), default=0) / 1e6 for one in runners)
    print(f"{'peak memory, MB':24}", *(f"{peak:15.0f}" for peak in peaks))
    print(f"{'store, bytes per entry':24}", *(f"{one.entry_bytes or '-':>15.5}" for one in runners))
    for one in runners:
        if one.failure:
            print(f"  {one.name} failed, and is not measured from there on: {one.failure[:150]}")


def _cell(one: Runner, name: str, polled: int) -> str:
    if name not in one.costs:
        return "-"
    return f"{one.cpu(name, polled):7.2f} ({polled / median(cost.wall for cost in one.costs[name]):5.0f})"


def _print_targets(results: dict[str, list[Runner]], feeds: int) -> None:
    print(f"\n{'target':56} {'at most':>8} {'measured':>9}")
    for target in TARGETS:
        by_name = {runner.name: runner for runner in results.get(target.scheme, [])}
        if by_name:
            ours, other = by_name["aggregator"], by_name[target.other]
            measured = target.round in ours.costs and target.round in other.costs
            ratio = ours.cpu(target.round, feeds) / other.cpu(target.round, feeds) if measured else None
            _print_target(f"{target.round}, {target.scheme}: CPU, to {target.other}", target.most, ratio)
    by_name = {runner.name: runner for runner in results.get("http", [])}
    if by_name:
        ratio = by_name["aggregator"].entry_bytes / by_name["reader"].entry_bytes
        _print_target("store: bytes per entry, to reader", STORE_TARGET, ratio)


def _print_target(words: str, most: float, ratio: float | None) -> None:
    outcome = "        -  not measured" if ratio is None else f"{ratio:9.3f}  {'met' if ratio <= most else 'missed'}"
    print(f"{words:56} {most:8.3f} {outcome}")
