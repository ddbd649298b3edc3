"""`aggregator demo`, run as a person runs it: what it prints, what it serves, and that it leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from conftest import PATIENCE
from watched_demo import Demo

from aggregator.config import load
from aggregator.demo.show import free_port, write_config
from aggregator.demo.stories import HARBOUR, stories
from aggregator.errors import ServeError
from aggregator.wiring import SystemClock

ATOM = "{http://www.w3.org/2005/Atom}"
SLUGS = ("news", "blogs", "zhongwen", "live", "all")
CHINESE = [
    "雨后的胡同，豆浆还是热的",
    "新茶上市，龙井怎么挑不吃亏",
    "周末骑行：沿着护城河走一圈",
    "社区图书角开放，欢迎带书来换",
]


def get(address: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(address, headers=named, timeout=PATIENCE, trust_env=False)


def entries(address: str) -> list[ET.Element]:
    """The entries of a feed that answers."""
    answer = get(address)
    assert answer.status_code == 200, address
    return ET.fromstring(answer.content).findall(f"{ATOM}entry")


def titles(address: str) -> list[str | None]:
    return [entry.findtext(f"{ATOM}title") for entry in entries(address)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for the tests that only look."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    yield running.is_up()
    running.close()


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo for a test that ends it."""
    running = Demo(tmp_path)
    yield running
    running.close()


def test_every_address_answers_as_soon_as_it_is_printed(demo: Demo) -> None:
    home = get(f"{demo.site}/")
    assert home.status_code == 200
    assert home.headers["content-type"] == "text/html; charset=utf-8"
    assert "中文" in home.text
    for slug in SLUGS:
        address = f"{demo.site}/category/{slug}/feed.atom"
        assert any(line.endswith(address) for line in demo.lines), slug
        assert get(address).headers["content-type"] == "application/atom+xml; charset=utf-8"
    samples = demo.wait_for(r"^Sources +(http://127\.0\.0\.1:\d+/)")[1]
    assert "hill-and-heron" in get(samples).text


def test_the_site_knows_its_own_address(demo: Demo) -> None:
    feed = ET.fromstring(get(f"{demo.site}/category/news/feed.atom").content)
    own = [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own == [f"{demo.site}/category/news/feed.atom"]


def test_gb2312_becomes_the_right_chinese(demo: Demo) -> None:
    demo.wait_for("hutong: 4 new$")
    shown = entries(f"{demo.site}/category/zhongwen/feed.atom")
    assert [entry.findtext(f"{ATOM}title") for entry in shown] == CHINESE
    assert {entry.get("{http://www.w3.org/XML/1998/namespace}lang") for entry in shown} == {"zh-CN"}
    assert "来源：" in (shown[0].findtext(f"{ATOM}summary") or shown[0].findtext(f"{ATOM}content") or "")


def test_the_chinese_sample_is_what_it_says(demo: Demo) -> None:
    demo.wait_for("hutong: 4 new$")
    entry = entries(f"{demo.site}/category/zhongwen/feed.atom")[0]
    via = [link.get("href") for link in entry.findall(f"{ATOM}link") if link.get("rel") == "via"]
    body = get(str(via[0])).content
    assert b'encoding="gb2312"' in body
    assert CHINESE[0] in body.decode("gb2312")
    date = re.search("<pubDate>(.*?)</pubDate>", body.decode("gb2312"))
    assert date
    assert date[1].endswith(" +0800")
    assert datetime.fromisoformat(entry.findtext(f"{ATOM}published") or "") == parsedate_to_datetime(date[1])


def test_author_enclosure_and_rights_come_through(demo: Demo) -> None:
    demo.wait_for("hill-and-heron: 3 new$")
    walk, boots, _ = entries(f"{demo.site}/category/blogs/feed.atom")
    assert walk.findtext(f"{ATOM}author/{ATOM}name") == "Ada Lindqvist"
    assert boots.findtext(f"{ATOM}author/{ATOM}name") == "Tomás Reed"
    assert walk.findtext(f"{ATOM}source/{ATOM}title") == "Hill & Heron"
    assert walk.findtext(f"{ATOM}rights") == "© Ada Lindqvist and friends, CC BY 4.0"
    (enclosure,) = (link for link in walk.findall(f"{ATOM}link") if link.get("rel") == "enclosure")
    picture = get(str(enclosure.get("href")))
    assert (picture.headers["content-type"], str(len(picture.content))) == (
        enclosure.get("type"),
        enclosure.get("length"),
    )


def test_links_lead_to_pages_that_are_there(demo: Demo) -> None:
    demo.wait_for("millbrook: 4 new$")
    for slug in ("news", "zhongwen", "live"):
        for entry in entries(f"{demo.site}/category/{slug}/feed.atom"):
            (link,) = (link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate")
            page = get(str(link.get("href")))
            assert page.status_code == 200
            assert f"<h1>{entry.findtext(f'{ATOM}title')}</h1>" in page.text


def test_status_shows_the_source_that_fails(demo: Demo) -> None:
    demo.wait_for("millbrook: 4 new$")
    assert demo.after_lines(lambda: demo.status()["weather"]["state"] == "failing")
    rows = demo.status()
    weather = rows.pop("weather")
    assert (weather["outcome"], weather["reason"]) == ("failed", "http-status")
    assert "500" in str(weather["detail"])
    assert {row["state"] for row in rows.values()} == {"ok"}


def test_an_entry_is_in_the_feed_when_it_is_announced(demo: Demo) -> None:
    title = demo.wait_for(r"^\d\d:\d\d:\d\d harbour: 1 new: (.*)$", already=False)[1]
    for slug in ("live", "all"):
        assert title in titles(f"{demo.site}/category/{slug}/feed.atom")
    assert demo.after_lines(lambda: title in get(f"{demo.site}/").text)


def test_a_reader_that_asks_again_gets_304(demo: Demo) -> None:
    demo.wait_for("hill-and-heron: 3 new$")
    address = f"{demo.site}/category/blogs/feed.atom"
    first = get(address)
    assert get(address, if_none_match=first.headers["etag"]).status_code == 304
    assert get(address, if_modified_since=first.headers["last-modified"]).status_code == 304


def test_in_a_pipe_there_are_lines_and_no_control_codes(demo: Demo) -> None:
    demo.wait_for("harbour: 1 new")
    assert all(line.isprintable() for line in demo.lines)


def test_the_config_is_a_real_one_to_look_at(demo: Demo) -> None:
    settings = load(demo.config, {})
    assert [source.id for source in settings.sources] == ["millbrook", "weather", "hill-and-heron", "hutong", "harbour"]
    assert settings.site.base_url == demo.site
    assert settings.categories["zhongwen"].title == "中文"


@pytest.mark.parametrize(
    "number",
    [signal.SIGTERM, *(pytest.param(one, marks=pytest.mark.slow) for one in (signal.SIGINT, signal.SIGHUP))],
    ids=lambda number: number.name,
)
def test_a_signal_ends_it_and_nothing_is_left(own_demo: Demo, number: int) -> None:
    site, samples = own_demo.is_up().site, own_demo.wait_for(r"^Sources +(\S+)")[1]
    assert own_demo.config.is_file()
    own_demo.wait_for("hutong: 4 new$")
    assert own_demo.ends(number) == 0
    own_demo.wait_for("^Ended")
    assert own_demo.left_behind() == []
    for address in (site, samples):
        with pytest.raises(httpx.ConnectError):
            get(address)


def test_a_signal_before_the_first_entries_ends_it_as_well(own_demo: Demo) -> None:
    own_demo.wait_for("^aggregator demo")
    assert own_demo.ends(signal.SIGINT) == 0
    assert own_demo.left_behind() == []


def test_it_ends_when_nobody_reads_any_more(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aggregator", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        try:
            assert process.wait(PATIENCE) != 0
        finally:
            process.kill()
    assert os.listdir(tmp_path) == []


def test_a_port_that_is_taken_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = Demo(tmp_path, "--port", str(port))
        assert running.process.wait(PATIENCE) == 1
        assert running.left_behind() == [
            f"aggregator: port {port} of 127.0.0.1 is taken; name another with --port, or leave --port out"
        ]
        running.close()


def test_without_a_wish_any_port_will_do() -> None:
    with socket.socket() as first_choice:
        try:
            first_choice.bind(("127.0.0.1", 8080))
            first_choice.listen()
        except OSError:
            pass  # somebody else has it: as good
        assert free_port(0) != 8080
    wanted = free_port(0)
    assert free_port(wanted) == wanted


def test_a_port_that_is_not_permitted_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ServeError, match=r"port 80 of 127\.0\.0\.1 is not permitted; name one from 1024 on"):
        free_port(80)


def test_a_machine_without_loopback_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    with pytest.raises(ServeError, match=r"cannot serve on 127\.0\.0\.1 \(Network is unreachable\).*loopback"):
        free_port(0)


@pytest.mark.parametrize("name", ["plain", "with blank", 'a "b" #c', "a: b", "临时"])
def test_the_temporary_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    settings = load(write_config(folder, 8080, "http://127.0.0.1:9"), {})
    assert (settings.store, settings.output.dir) == (folder / "store.db", folder / "public")


def test_the_live_source_publishes_one_entry_every_five_seconds() -> None:
    start = SystemClock().now()

    def numbers(seconds: int) -> list[int]:
        written = stories(HARBOUR, start, start + timedelta(seconds=seconds), b"")
        return [int(story.title.rpartition(" ")[2].strip(")")) for story in written]

    assert [numbers(0), numbers(4), numbers(5), numbers(12)] == [[1], [1], [2, 1], [3, 2, 1]]
    written = stories(HARBOUR, start, start + timedelta(seconds=600), b"")
    assert len({story.slug for story in written}) == 121
    assert written[0].published == start + timedelta(seconds=600)
