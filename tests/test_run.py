"""The program as an operator meets it: started, killed, told to stop, run twice, on a full disk."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from atom_rules import read_back, violations
from conftest import PATIENCE, Place
from scripted_web import Answer, Request, ScriptedWeb

from aggregator.config import load
from aggregator.service import Service


def rss(name: str, *numbers: int) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>tag:{name}.example,2026:{n}</guid><title>{name} {n}</title>"
        f"<link>https://{name}.example/{n}</link><pubDate>Sun, 01 Mar 2026 10:0{n % 10}:00 GMT</pubDate></item>"
        for n in numbers
    )
    return (
        f"<rss version='2.0'><channel><title>{name}</title><link>https://{name}.example/</link>{items}</channel></rss>"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """`aggregator run` in a process, its output read as it comes."""

    def __init__(self, place: Place, port: int, *, new_group: bool = False) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            place.command("run"),
            cwd=place.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=new_group,
        )
        self.lines: list[str] = []
        self._more = threading.Condition()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._more:
                self.lines.append(line.rstrip())
                self._more.notify_all()

    def wait_for(self, wanted: Callable[[str], bool]) -> str:
        """The first line of the output that is wanted; waits for it to be printed."""
        with self._more:
            self._more.wait_for(lambda: any(map(wanted, self.lines)), PATIENCE)
            return next((line for line in self.lines if wanted(line)), f"not printed; only {self.lines}")

    def wait_until_built(self, pages: int = 1) -> None:
        """Wait until the log tells of so many builds that wrote something."""
        self.wait_for_many(lambda line: " build " in line, pages)

    def wait_for_many(self, wanted: Callable[[str], bool], times: int) -> None:
        """Wait until so many lines that are wanted are printed."""
        with self._more:
            assert self._more.wait_for(lambda: sum(map(wanted, self.lines)) >= times, PATIENCE), self.lines

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Signal it; the seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        self._reading.join(PATIENCE)
        return time.monotonic() - began


@pytest.fixture
def start(place: Place) -> Iterator[Callable[[list[dict[str, Any]]], Running]]:
    """Configure sources, and run the service over them."""
    running: list[Running] = []

    def begin(sources: list[dict[str, Any]], *, new_group: bool = False, **keys: Any) -> Running:
        port = free_port()
        place.configure(sources, server={"port": port}, **keys)
        running.append(Running(place, port, new_group=new_group))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


Start = Callable[..., Running]


def feed(place: Place, page: str = "category/all/") -> list[dict[str, object]]:
    return read_back((place.public / page / "feed.atom").read_bytes())


def test_run_polls_publishes_and_serves_and_ends_at_sigterm(place: Place, web: ScriptedWeb, start: Start) -> None:
    site = {"title": "Test", "base_url": "https://planet.example", "timezone": "Europe/Berlin"}
    running = start([{"id": "one", "url": web.feed("/feed", rss("one", 1, 2)), "category": "news"}], site=site)
    running.wait_until_built(2)
    page = httpx.get(f"{running.base}/category/news/feed.atom", timeout=PATIENCE)
    assert page.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert {entry["title"] for entry in read_back(page.content)} == {"one 1", "one 2"}
    again = httpx.get(
        f"{running.base}/category/news/feed.atom", timeout=PATIENCE, headers={"If-None-Match": page.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(f"{running.base}/readyz", timeout=PATIENCE).text == "ready"
    assert "one" in httpx.get(f"{running.base}/", timeout=PATIENCE).text
    assert "times of Europe/Berlin" in httpx.get(f"{running.base}/status/", timeout=PATIENCE).text
    assert running.stop() < 10
    assert running.process.returncode == 0
    assert not any("Traceback" in line for line in running.lines), running.lines


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_source_that_hangs_does_not_hold_up_the_stop(web: ScriptedWeb, start: Start, number: int) -> None:
    asked = threading.Event()

    def hang(_: Request) -> Answer:
        asked.set()
        return Answer(hang=True)

    running = start([{"id": "slow", "url": web.script("/slow", hang)}], fetch={"timeout": "1h"})
    assert asked.wait(PATIENCE), running.lines
    assert running.stop(number) < 10
    assert running.process.returncode == 0
    assert not any("Traceback" in line for line in running.lines), running.lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_who_is_told_to_stop_while_he_begins_stops(place: Place, number: signal.Signals) -> None:
    path = place.configure([{"url": "http://127.0.0.1:9/feed"}], server={"port": 0})

    def ready(_port: int) -> None:
        os.kill(os.getpid(), number)

    async with asyncio.timeout(60):
        await Service(load(path, {}), lambda: load(path, {}), ready).run()


def test_ctrl_c_reaches_the_whole_group_and_still_ends_quietly(web: ScriptedWeb, start: Start) -> None:
    running = start([{"id": "one", "url": web.feed("/feed", rss("one", 1))}], new_group=True)
    running.wait_for(lambda line: line.startswith("serving"))
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.stop(signal.SIGINT) < 10
    assert running.process.returncode == 0
    assert not any("Traceback" in line for line in running.lines), running.lines


def test_a_second_instance_is_told_so(place: Place, web: ScriptedWeb, start: Start) -> None:
    running = start([{"id": "one", "url": web.feed("/feed", rss("one", 1))}])
    assert running.wait_for(lambda line: line.startswith("serving")).startswith("serving")
    done = place.run("once", check=3)
    assert "another aggregator" in done.stderr
    status = json.loads(place.run("status", "--json").stdout)
    assert status["sources"][0]["source"] == "one", "looking is allowed"


def test_a_taken_port_is_named(place: Place, web: ScriptedWeb) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        place.configure([{"url": web.feed("/feed", rss("one", 1))}], server={"port": port})
        done = place.run("run", check=1)
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_sighup_takes_a_new_config_and_a_broken_one_changes_nothing(
    place: Place, web: ScriptedWeb, start: Start
) -> None:
    one = {"id": "one", "url": web.feed("/one", rss("one", 1)), "category": "news"}
    running = start([one])
    running.wait_for(lambda line: "source=one outcome=new" in line)
    port = int(running.base.rpartition(":")[2])
    place.configure([{**one, "titel": "x"}], server={"port": port})
    running.process.send_signal(signal.SIGHUP)
    assert "titel" in running.wait_for(lambda line: "reload" in line)
    two = {"id": "two", "url": web.feed("/two", rss("two", 1)), "category": "fresh"}
    place.configure([one, two], server={"port": port})
    running.process.send_signal(signal.SIGHUP)
    assert "source=two outcome=new" in running.wait_for(lambda line: "source=two" in line)
    running.stop()
    assert {entry["title"] for entry in feed(place, "category/fresh/")} == {"two 1"}
    assert {entry["title"] for entry in feed(place)} == {"one 1", "two 1"}


@pytest.mark.parametrize("moments", [(5, 14), pytest.param((1, 5, 9, 14, 30), marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_loses_nothing_and_doubles_nothing(
    place: Place, web: ScriptedWeb, start: Start, moments: tuple[int, ...]
) -> None:
    seen = threading.Semaphore(0)

    def counted(name: str) -> Callable[[Request], Answer]:
        body = rss(name, 1, 2, 3).encode()

        def answer(_: Request) -> Answer:
            seen.release()
            return Answer(body)

        return answer

    sources = [
        {"id": f"s{n}", "url": web.script(f"/{n}", counted(f"s{n}")), "category": "news", "interval": "1s"}
        for n in range(12)
    ]
    for requests in moments:
        running = start(sources)
        for _ in range(requests):
            assert seen.acquire(timeout=PATIENCE)
        children = psutil.Process(running.process.pid).children(recursive=True)
        running.process.kill()
        running.process.wait()
        _, alive = psutil.wait_procs(children, timeout=PATIENCE)
        assert not alive, "workers end with the program"
        for document in place.public.rglob("feed.atom"):
            assert violations(document.read_bytes()) == []
    place.run("once", "--all")
    expected = {f"s{n} {entry}" for n in range(12) for entry in (1, 2, 3)}
    titles = [str(entry["title"]) for entry in feed(place, "category/news/")]
    assert len(titles) == len(expected)
    assert set(titles) == expected


def test_what_was_kept_but_not_published_is_published_at_the_next_start(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss("one", 1)), "category": "news"}])
    (place.public / "category").mkdir(parents=True)
    (place.public / "category" / "news").touch()  # a file where a folder must be: the build fails after the poll
    done = place.run("once", check=1)
    assert "news" in done.stderr
    (place.public / "category" / "news").unlink()
    done = place.run("once", "--json")
    assert json.loads(done.stdout) | {"published": 0} == {
        "polled": 0, "not_modified": 0, "failed": 0, "new": 0, "revised": 0, "published": 0,
    }  # fmt: skip
    assert [entry["title"] for entry in feed(place, "category/news/")] == ["one 1"]


def test_a_full_disk_is_named_and_what_is_published_stays_whole(place: Place, web: ScriptedWeb) -> None:
    one = {"id": "one", "url": web.feed("/feed", rss("one", 1)), "category": "news"}
    place.configure([one])
    place.run("once")
    before = (place.public / "category/news/feed.atom").read_bytes()
    web.feed(
        "/feed", rss("one", *range(2, 10)).replace("</link>", "</link>" + f"<description>{'x' * 60_000}</description>")
    )

    def no_room() -> None:
        size = max(path.stat().st_size for path in place.folder.rglob("*") if path.is_file())
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, resource.RLIM_INFINITY))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = place.run_apart("once", "--all", check=1, preexec_fn=no_room)
    assert "store" in done.stderr or "written" in done.stderr
    assert "Traceback" not in done.stderr
    assert (place.public / "category/news/feed.atom").read_bytes() == before
    place.run("once", "--all")
    assert len(feed(place, "category/news/")) == 9


def test_once_tells_programs_in_json_and_people_in_lines(place: Place, web: ScriptedWeb) -> None:
    place.configure(
        [
            {"id": "good", "url": web.feed("/good", rss("good", 1, 2)), "category": "news"},
            {"id": "bad", "url": web.script("/bad", Answer(status=500))},
        ]
    )
    done = place.run("once", "--json", check=1)
    assert json.loads(done.stdout) == {
        "polled": 2, "not_modified": 0, "failed": 1, "new": 2, "revised": 0, "published": 29,
    }  # fmt: skip
    assert "failed: bad: http-status: 500" in done.stderr
    lines = place.run("once", "good").stdout.splitlines()
    assert lines == [
        "good: not-modified, 0 new, 0 revised",
        "polled=1 not_modified=1 failed=0 new=0 revised=0 published=0",
    ]
    assert "\x1b" not in "".join(lines)
    assert "no source" in place.run("once", "nope", check=2).stderr


def test_a_second_build_changes_no_file(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss("one", 1)), "category": "news"}])
    place.run("once")

    def stamps() -> dict[Path, tuple[int, int]]:
        files = (path for path in place.public.rglob("*") if path.is_file())
        return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}

    before = stamps()
    plain = [path for path in before if path.suffix not in (".gz", ".br", "")]
    # Two categories of six files and one beside each, a source of four, an entry's page, five at home.
    assert len(plain) == 24
    assert "written=0" in place.run("build").stdout
    assert stamps() == before


def test_a_published_folder_that_was_lost_is_written_again(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss("one", 1)), "category": "news"}])
    place.run("once")
    for path in sorted(place.public.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert "published=24" in place.run("once").stdout


def test_a_change_of_the_config_is_published_without_a_poll(place: Place, web: ScriptedWeb) -> None:
    one = {"id": "one", "url": web.feed("/feed", rss("one", 1)), "category": "news"}
    place.configure([one])
    place.run("once")
    place.configure([{**one, "title": "Renamed"}])
    place.run("once")
    (entry,) = feed(place)
    assert entry["source"]["title"] == "Renamed"  # type: ignore[index]  # read_back gives plain values
    assert len(web.asked("/feed")) == 1


def test_status_has_a_row_per_source_with_its_reason(place: Place, web: ScriptedWeb) -> None:
    secret = "s3cr3t"
    place.configure(
        [
            {"id": "good", "url": web.feed("/good", rss("good", 1))},
            {"id": "bad", "url": web.script("/bad?key=s3cr3t", Answer(status=404)), "public_url": "https://b.example/"},
            {"id": "off", "url": web.feed("/off", rss("off", 1)), "enabled": False},
        ]
    )
    assert {row["state"] for row in json.loads(place.run("status", "--json").stdout)["sources"]} == {"new", "disabled"}
    log = place.run("once", "--log-level", "debug", check=1)
    done = place.run("status", "--json")
    good, bad, off = json.loads(done.stdout)["sources"]
    assert (good["state"], good["outcome"], good["entries"], good["failures"]) == ("ok", "new", 1, 0)
    assert (bad["state"], bad["reason"], bad["failures"], bad["why"]) == ("failing", "http-status", 1, "interval")
    assert bad["next_poll"] > bad["last_poll"]
    assert (off["state"], off["next_poll"]) == ("disabled", None)
    assert [line.split("\t")[0] for line in place.run("status").stdout.splitlines()] == ["good", "bad", "off"]
    assert secret not in done.stdout + log.stdout + log.stderr
    assert not any(secret.encode() in path.read_bytes() for path in place.public.rglob("*") if path.is_file())


def test_preview_shows_what_would_be_kept_and_stores_nothing(place: Place, web: ScriptedWeb) -> None:
    url = web.feed("/feed", rss("one", 1))
    place.configure([{"id": "one", "url": url}])
    found = json.loads(place.run("preview", "one", "--json").stdout)
    assert (found["url"], found["feed"]["title"], found["problems"]) == (url, "one", [])
    (entry,) = found["entries"]
    assert (entry["id"], entry["title"], entry["published"]) == (
        "tag:one.example,2026:1",
        "one 1",
        "2026-03-01T10:01:00Z",
    )
    assert "one 1" in place.run("preview", url).stdout
    assert not (place.folder / "store.db").exists()
    assert "http-status: 404" in place.run("preview", web.url("/nothing"), check=1).stderr
    assert "neither" in place.run("preview", "nope", check=2).stderr


def test_json_logs_are_json(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss("one", 1))}])
    done = place.run("once", "--log-format", "json", "--log-level", "info")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    (poll,) = [line for line in lines if line["event"] == "poll"]
    assert (poll["source"], poll["outcome"], poll["added"]) == ("one", "new", 1)


def test_the_config_can_be_named_by_the_environment(place: Place, web: ScriptedWeb) -> None:
    path = place.configure([{"id": "one", "url": web.feed("/feed", rss("one", 1))}])
    command = place.command("check")[:-2]
    done = subprocess.run(
        command, env={**os.environ, "AGGREGATOR_CONFIG": str(path)}, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout) == (0, f"{path}: good; 1 sources polled, 0 categories\n")
