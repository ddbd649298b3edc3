"""What one hostile source in five does to the polls of the others, and to the event loop."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import villains
from benchmarks.farm import Farm, farm, free_ports

TARGET_LATER, TARGET_STALL = 2.0, 0.05
# A name server of our own, for this program alone; it takes root.
ASKING_OURS = ("unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"')


def measure(sources: int, *, as_json: bool) -> None:
    """Poll the honest four fifths without the hostile ones and then with them; print both."""
    hostile = sources // 5
    honest = sources - hostile
    with tempfile.TemporaryDirectory() as place, farm(Path(place) / "farm", honest) as grown, _villains() as port:
        folder = Path(place)
        resolver = folder / "resolv.conf"
        resolver.write_text(f"nameserver {villains.NAME_SERVER}\n")
        ours = [*ASKING_OURS, str(resolver)]
        if subprocess.run([*ours, "true"], capture_output=True).returncode != 0:
            ours = []
            print("no black hole among the name servers: only root can give a program one", file=sys.stderr)
        kinds = [name for name in villains.NAMES if ours or name != "dns-hole"]
        urls = [grown.url("http", number) for number in range(honest)]
        besieged = [*urls, *(villains.url(kinds[n % len(kinds)], n, port) for n in range(hostile))]
        alone = _siege(ours, grown, folder / "alone", urls, honest)
        grown.fill()
        result = _siege(ours, grown, folder / "besieged", besieged, honest)
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    slowest: dict[str, float] = {}
    for number in range(hostile):
        took, end, _ = result["ends"][f"s{honest + number}"]
        name = kinds[number % len(kinds)]
        by_kind[name][end] += 1
        slowest[name] = max(slowest.get(name, 0.0), took)
    failed = [result["ends"][f"s{n}"][2] for n in range(honest) if result["ends"][f"s{n}"][1]]
    if as_json:
        expected = {name: sorted(villains.ENDS[name]) for name in by_kind}
        print(json.dumps({"honest_failures": failed, "ends": by_kind, "expected": expected}))
        return
    _print(alone, result, honest, by_kind, slowest)
    print(f"honest polls that failed: {len(failed)} {failed[:1]}")


@contextmanager
def _villains() -> Iterator[int]:
    port, _ = free_ports(2)
    command = [sys.executable, "-m", "benchmarks.villains", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        try:
            yield port
        finally:
            process.kill()


def _siege(prefix: list[str], grown: Farm, folder: Path, urls: list[str], honest: int) -> Any:
    """One run in a process of its own: the honest ones in peace, then one in ten of them with news, and everybody."""
    folder.mkdir()
    (folder / "urls.json").write_text(json.dumps(urls))
    (folder / "honest").write_text(str(honest))
    command = [*prefix, sys.executable, "-m", "benchmarks.siege", str(folder)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdin
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            raise SystemExit((folder / "log").read_text()[-2000:])
        grown.grow(0)
        print(file=process.stdin, flush=True)
        answer = process.stdout.readline()
    return json.loads(answer) if answer else sys.exit((folder / "log").read_text()[-2000:])


def _print(alone: Any, besieged: Any, honest: int, by_kind: dict[str, Counter[str]], slowest: dict[str, float]) -> None:
    print(f"{honest} honest sources, one in ten with 2 new items; seconds until a poll had ended, all due at once")
    print(f"{'':24} {'median':>8} {'99 %':>8} {'last':>8} {'longest stall of the loop, ms (its own CPU)':>46}")
    late = {}
    for name, run in (("without hostile ones", alone), (f"with {sum(map(Counter.total, by_kind.values()))}", besieged)):
        times = sorted(run["ends"][f"s{n}"][0] for n in range(honest))
        late[name] = times[honest * 99 // 100]
        stall = f"{1000 * run['stall']:.0f} ({1000 * run['stall_cpu']:.0f})"
        print(f"{name:24} {times[honest // 2]:8.2f} {late[name]:8.2f} {times[-1]:8.2f} {stall:>46}")
    before, after = late.values()
    print(f"99 % later by {after - before:.2f} s (target {TARGET_LATER:g}):", _word(after - before <= TARGET_LATER))
    print(f"longest stall (target {1000 * TARGET_STALL:.0f} ms):", _word(besieged["stall"] <= TARGET_STALL))
    for place, times_seen in sorted(besieged["seen"].items(), key=lambda pair: -pair[1])[:10]:
        print(f"  standing {times_seen:4} x at {place}")
    for name, ends in by_kind.items():
        print(
            f"  {name:18} {slowest[name]:6.1f} s ",
            ", ".join(f"{end or 'survived'} {count}" for end, count in ends.most_common()),
        )


def _word(met: bool) -> str:
    return "met" if met else "missed"
