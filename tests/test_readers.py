"""Real feed readers subscribe to a category that the service serves: newsboat, and the `reader` library."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from conftest import PATIENCE, Place
from reader import Reader, make_reader
from scripted_web import ScriptedWeb

STARTED = datetime.now(UTC)
NEWSBOAT = shutil.which("newsboat") or "/usr/bin/newsboat"


@dataclass(frozen=True)
class Told:
    """What a reader must see of an entry."""

    id: str
    title: str
    link: str
    author: str
    published: datetime
    text: str


def moment(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


# An entry of an RSS, an Atom and a GBK-encoded feed each, with and without authors, and one from a second version.
RSS = Told(
    "https://rss.example/?p=1",
    "Fish & chips <now>",
    "https://rss.example/1?a=b&c=d",
    "Ada Lovelace",
    moment("2024-03-05T10:00:00+08:00"),
    "The price of fish",
)
LATER = Told(
    "https://rss.example/?p=2",
    "It came later",
    "https://rss.example/2",
    "RSS House",
    moment("2024-03-08T00:00Z"),
    "News",
)
ATOM = Told(
    "urn:uuid:60a76c80-d399-11d9-b93c-0003939e0af6",
    "Atom-Powered Robots – run amok",
    "https://atom.example/1",
    "Grace Hopper",
    moment("2024-03-06T18:30:02Z"),
    "All of it",
)
CHINESE = Told(
    "tag:gbk.example,2024:1",
    "人民币汇率中间价上调五十个基点",
    "https://gbk.example/1",
    "财经新闻",  # it names nobody, so its source does
    moment("2024-03-07T09:30:00+08:00"),
    "央行公告",
)


def rss(*items: Told) -> str:
    """RSS 2.0; the second item names no author."""
    written = "".join(
        f"<item><guid isPermaLink='false'>{one.id}</guid><title>{_xml(_xml(one.title))}</title>"
        f"<link>{_xml(one.link)}</link><pubDate>{one.published:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        + (f"<author>ada@rss.example ({one.author})</author>" if one is RSS else "")
        + f"<description>&lt;p&gt;{one.text}&lt;/p&gt;</description></item>"
        for one in items
    )
    return (
        "<rss version='2.0'><channel><title>RSS House</title><link>https://rss.example/</link><description>d"
        f"</description>{written}</channel></rss>"
    )


def atom(one: Told) -> str:
    """Atom 1.0."""
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Atom House</title><id>urn:atom:house</id>"
        "<updated>2024-03-06T18:30:02Z</updated><link href='https://atom.example/'/>"
        f"<entry><id>{one.id}</id><title>{_xml(one.title)}</title><link href='{one.link}'/>"
        f"<published>{one.published.isoformat()}</published><updated>{one.published.isoformat()}</updated>"
        f"<author><name>{one.author}</name></author><content type='html'>{one.text}</content></entry></feed>"
    )


def gbk(one: Told) -> bytes:
    """RSS 2.0 in GBK."""
    return (
        "<?xml version='1.0' encoding='gb2312'?><rss version='2.0'><channel><title>财经新闻</title>"
        f"<link>https://gbk.example/</link><language>zh-CN</language><item><guid isPermaLink='false'>{one.id}</guid>"
        f"<title>{one.title}</title><link>{one.link}</link><description>{one.text}</description>"
        "<pubDate>Thu, 07 Mar 2024 09:30:00 +0800</pubDate></item></channel></rss>"
    ).encode("gbk")


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Service:
    """`aggregator run` in a process of its own, over three sources."""

    def __init__(self, place: Place, web: ScriptedWeb) -> None:
        self.web = web
        sources = [
            {"id": "rss", "url": web.feed("/rss.xml", rss(RSS)), "interval": "1s", "min_interval": "1s"},
            {"id": "atom", "url": web.feed("/atom.xml", atom(ATOM))},
            {"id": "gbk", "url": web.feed("/gbk.xml", gbk(CHINESE))},
        ]
        place.configure([{**source, "category": "news"} for source in sources], server={"port": 0})
        self.process = subprocess.Popen(
            place.command("run", "--log-level", "warning"),
            cwd=place.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._address: list[str] = []
        self._serving = threading.Event()
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("serving "):
                self._address.append(line.split()[1])
                self._serving.set()

    @property
    def feed(self) -> str:
        """The address to subscribe to, once the service says that it serves and is ready."""
        assert self._serving.wait(PATIENCE), self.said
        self._until(lambda: httpx.get(f"{self._address[0]}readyz", timeout=PATIENCE).status_code == 200)
        return f"{self._address[0]}category/news/feed.atom"

    def wait_for(self, *entries: Told) -> None:
        """Until all of these are published."""
        feed = self.feed
        self._until(lambda: all(_xml(one.id) in httpx.get(feed, timeout=PATIENCE).text for one in entries))

    def _until(self, happened: Callable[[], bool]) -> None:
        """Ask until it happened, no longer than anything may take."""
        end = time.monotonic() + PATIENCE
        while not happened():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said

    def stop(self) -> None:
        """SIGTERM, and it ends well."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.said
        self._listening.join(PATIENCE)
        assert not any("Traceback" in line for line in self.said), self.said


@pytest.fixture
def service(place: Place, web: ScriptedWeb) -> Iterator[Service]:
    """The service, its first entries published."""
    running = Service(place, web)
    try:
        running.wait_for(RSS, ATOM, CHINESE)
        yield running
        running.stop()
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


# ---------------------------------------------------------------- newsboat


@dataclass
class Newsboat:
    """newsboat without a terminal, in a home of its own."""

    home: Path

    def subscribe(self, address: str) -> None:
        """The only subscription."""
        self.home.mkdir()
        (self.home / "urls").write_text(f"{address}\n")
        (self.home / "config").write_text("reload-threads 1\nshow-read-feeds yes\n")

    def reload(self) -> set[Told]:
        """Ask for the feed, and give everything that newsboat knows then."""
        files = [f"--{name}-file={self.home / file}" for name, file in (("url", "urls"), ("config", "config"))]
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"}
        cache = self.home / "cache.db"
        subprocess.run(
            [NEWSBOAT, *files, f"--cache-file={cache}", "-x", "reload"],
            env=environment,
            check=True,
            timeout=PATIENCE,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        with closing(sqlite3.connect(cache)) as store:
            rows = store.execute("SELECT guid, title, url, author, pubDate, content FROM rss_item").fetchall()
        assert len({guid for guid, *_ in rows}) == len(rows)
        return {
            Told(guid, title, url, author, datetime.fromtimestamp(int(seconds), UTC), _words(content))
            for guid, title, url, author, seconds, content in rows
        }


def _words(markup: str) -> str:
    """What stands above the line that says where it is from."""
    return markup.partition("<p>Source:")[0].removeprefix("<p>").removesuffix("</p>")


@pytest.fixture
def newsboat(tmp_path: Path) -> Newsboat:
    """newsboat, which CI installs; a loud skip where it is not."""
    if not Path(NEWSBOAT).exists():
        pytest.skip("NEWSBOAT IS NOT THERE: apt-get install newsboat, to see that a real reader understands us")
    return Newsboat(tmp_path / "newsboat")


def test_newsboat_sees_every_entry_with_title_author_and_date(service: Service, newsboat: Newsboat) -> None:
    newsboat.subscribe(service.feed)
    assert newsboat.reload() == {RSS, ATOM, CHINESE}
    # Nothing new: nothing twice.
    assert newsboat.reload() == {RSS, ATOM, CHINESE}
    service.web.feed("/rss.xml", rss(LATER, RSS))
    service.wait_for(LATER)
    assert newsboat.reload() == {RSS, ATOM, CHINESE, LATER}


# ---------------------------------------------------------------- reader


def known_to(reader: Reader) -> set[Told]:
    """Everything that the library knows."""
    entries = list(reader.get_entries())
    assert len({entry.id for entry in entries}) == len(entries)
    assert all(entry.published for entry in entries)
    return {
        Told(
            entry.id,
            entry.title or "",
            entry.link or "",
            entry.authors_str or "",
            entry.published.replace(tzinfo=UTC) if entry.published else STARTED,
            _words(entry.summary or entry.content[0].value),
        )
        for entry in entries
    }


def test_the_reader_library_sees_every_entry_with_title_author_and_date(service: Service, tmp_path: Path) -> None:
    with closing(make_reader(str(tmp_path / "reader.sqlite"))) as reader:
        reader.add_feed(service.feed)
        reader.update_feeds()
        assert reader.get_feed(service.feed).title == "news – Test"
        assert known_to(reader) == {RSS, ATOM, CHINESE}
        sources = {entry.id: entry.source for entry in reader.get_entries()}
        assert {one.title for one in sources.values() if one} == {"RSS House", "Atom House", "财经新闻"}
        assert reader.update_feed(service.feed) is None  # not modified
        service.web.feed("/rss.xml", rss(LATER, RSS))
        service.wait_for(LATER)
        updated = reader.update_feed(service.feed)
        assert updated is not None
        assert (updated.new, updated.modified) == (1, 0)
        assert known_to(reader) == {RSS, ATOM, CHINESE, LATER}
