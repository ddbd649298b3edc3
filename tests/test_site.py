"""The published site in a real browser: on small and large screens, by day and by night, for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import lxml.html
import pytest
from browser import CHROMIUM, Browser, browser
from conftest import PATIENCE, Place
from scripted_web import Answer, ScriptedWeb
from test_run import Running, free_port

from aggregator.model import entry_page

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="THERE IS NO CHROMIUM: apt-get install chromium to see the pages as readers do"
)
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
# What is asked of a page once it is there: faults by WCAG 2.2 AA and good practice, and whether it is too wide.
ASK = """axe.run(document, {resultTypes: ['violations']}).then(told => ({
  faults: told.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)}`)),
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  dark: getComputedStyle(document.body).backgroundColor,
  broken: [...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.src),
}))"""
SCREENS = [(360, False), (1280, True), (360, True), (1280, False)]
WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihungsurkunde"
CONTENT = f"""<h1>How it went</h1><p>It began with a <a href="https://a.example/very/long/{"x" * 90}">long address</a>
and {WORD}.</p><h2>Figures</h2><table><tr><th>Year</th><th>{WORD}</th><th>Share</th></tr>
<tr><td>2026</td><td>{"1" * 60}</td><td>12&#160;%</td></tr></table><pre><code>{"print('wide') ; " * 12}</code></pre>
<blockquote><p>Nobody has seen it all.</p></blockquote><ul><li>one</li><li>two <code>x = 1</code></li></ul>
<p><img src="{{picture}}"></p>"""
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63d8f1e10300050002cb"
    "1d0f5b450000000049454e44ae426082"
)


def atom(name: str, language: str, titles: list[str], content: str, icon: str) -> str:
    """A feed whose first entry has everything, and whose others have less."""
    entries = "".join(
        f"<entry><id>tag:{name}.example,2026:{n}</id><title>{title}</title>"
        f"<link href='https://{name}.example/{n}'/><updated>2026-1{n % 2}-2{n}T08:00:00Z</updated>"
        f"<published>2026-1{n % 2}-2{n}T08:00:00Z</published>"
        f"<content type='html'><![CDATA[{content if n == 0 else title * 12}]]></content>"
        + ("<rights>CC BY-SA 4.0</rights>" if n == 0 else "")
        + (
            f"<link rel='enclosure' href='https://{name}.example/talk.mp3' type='audio/mpeg' length='9000000'/>"
            * (n < 2)
        )
        + "</entry>"
        for n, title in enumerate(titles)
    )
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='{language}'><id>tag:{name}.example,2026:feed</id>"
        f"<title>{titles[-1]}</title><updated>2026-11-24T08:00:00Z</updated><icon>{icon}</icon>"
        f"<author><name>Ada</name></author><link href='https://{name}.example/'/>{entries}</feed>"
    )


@dataclass
class Published:
    """A site that runs, and its folder."""

    base: str
    folder: Path
    screens: list[tuple[int, bool]]

    def pages(self) -> list[str]:
        """One page of every kind, as addresses under the base."""
        entries = [entry_page(f"tag:{name}.example,2026:0") for name in ("en", "zh", "ar")]
        return ["", "category/all/", "category/news/", "category/empty/", "source/ar/", *entries, "about/"]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all; it takes a second to start."""
    with browser(tmp_path_factory.mktemp("chromium") / "profile") as one:
        yield one


@pytest.fixture(scope="module")
def sources() -> Iterator[list[dict[str, Any]]]:
    """Sources of three scripts."""
    web = ScriptedWeb()
    picture = web.script("/picture.png", Answer(PICTURE, headers={"Content-Type": "image/png"}))
    content = CONTENT.replace("{picture}", picture)
    told = {
        "en": ["Linux 7.0 is out, and it is smaller than the one before", f"About {WORD}", "The Kernel Weekly"],
        "zh": ["央行今日开展逆回购操作，市场流动性保持合理充裕", "雨后的胡同，豆浆还是热的", "金融时报"],
        "ar": ["صدر Python 3.15 مع تحسينات كبيرة في الأداء", "ملاحظات", "كوكب البرمجة"],
    }
    yield [
        {
            "id": name,
            "url": web.feed(f"/{name}", atom(name, name, titles, content, picture)),
            "category": ["news", "zhongwen"] if name == "zh" else "news",
        }
        for name, titles in told.items()
    ]
    web.close()


@pytest.fixture(scope="module", params=["en", "zh-CN", "ar"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sources: list[dict[str, Any]]
) -> Iterator[Published]:
    """The sources as a site in this language, run as its operator runs it."""
    place, port = Place(tmp_path_factory.mktemp("site")), free_port()
    base = f"http://127.0.0.1:{port}"
    place.configure(
        sources,
        site={"title": "Planet", "base_url": base, "language": request.param, "contact": "desk@planet.example"},
        server={"port": port},
        output={"dir": str(place.public), "dedupe": False},  # one text stands under the titles of all
        categories={"zhongwen": {"title": "中文"}, "empty": {"title": "Nothing yet"}},
    )
    place.run("once", "--all")
    running = Running(place, port)
    try:
        running.wait_for(lambda line: base in line)
        # The colours and the layout do not depend on the language; the fonts and the direction do.
        yield Published(base, place.public, SCREENS if request.param == "en" else SCREENS[:2])
    finally:
        running.stop()


def test_every_page_is_fit_for_every_reader_on_every_screen(chromium: Browser, site: Published) -> None:
    chromium.complaints.clear()
    told = []
    for page in site.pages():
        chromium.open(f"{site.base}/{page}")
        chromium.evaluate(f"{AXE};0")
        for width, dark in site.screens:
            chromium.look(width, dark=dark)
            seen = chromium.evaluate(ASK)
            assert (seen["dark"] == "rgb(25, 24, 22)") is dark
            told += [f"{page} at {width}: {fault}" for fault in seen["faults"]]
            told += [f"{page} at {width}: {seen['wide']} pixels too wide"] * (seen["wide"] > 0)
            told += [f"{page}: no picture at {address}" for address in seen["broken"]]
    assert told == []
    assert chromium.complaints == []


def test_the_browser_would_tell_of_faults(chromium: Browser, site: Published) -> None:
    chromium.open(f"{site.base}/about/")
    chromium.evaluate(f"{AXE};0")
    chromium.look(360)
    wide = "<img src=/missing.png style='width:500px'><p style='color:#eee'>pale</p>"
    chromium.complaints.clear()
    chromium.evaluate(f"document.querySelector('main').innerHTML += {json.dumps(wide)}; 0")
    seen = chromium.evaluate(ASK)
    assert {"image-alt"} <= {fault.partition(":")[0] for fault in seen["faults"]}
    assert chromium.complaints != []


def test_no_link_within_the_site_is_dead_and_every_feed_is_found(site: Published) -> None:
    dead, feeds = [], set()
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        known: dict[str, int] = {}
        for path in sorted(site.folder.rglob("*.html")):
            here = f"{site.base}/{path.relative_to(site.folder)}"
            for element in lxml.html.document_fromstring(path.read_bytes().decode()).xpath("//*[@href]"):
                there = urljoin(here, element.get("href")).partition("#")[0]
                if urlsplit(there).netloc != urlsplit(site.base).netloc:
                    continue
                if there not in known:
                    known[there] = client.get(there).status_code
                if known[there] != 200:
                    dead.append(f"{here}: {there} {known[there]}")
                if element.get("rel") == "alternate":
                    feeds.add(urlsplit(there).path)
    assert dead == []
    assert len(known) > 20
    assert {
        f"/category/{slug}/feed.{word}" for slug in ("all", "news", "zhongwen") for word in ("atom", "rss", "json")
    } <= feeds
