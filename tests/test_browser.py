"""In a real browser, without any Content-Security-Policy: no published byte of hostile sources runs a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from browser import CHROMIUM, Browser, browser
from conftest import Place
from hostile_feeds import ATOM_FIELDS, RSS_FIELDS, atom, fragments_in, payloads, rss
from scripted_web import ScriptedWeb

from aggregator.clean.markup import sanitise
from aggregator.model import Markup

pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="THERE IS NO CHROMIUM: apt-get install chromium to see what a browser makes of hostile feeds",
)
PAYLOADS = payloads()
# Puts pieces of HTML into the page as naive readers do, waits until what they load has failed or come, and touches
# everything that could be waiting for that.
SHOW = """(async pieces => {
  const told = [];
  for (const piece of pieces) {
    const box = document.createElement('div');
    document.body.append(box);
    box.innerHTML = piece;
    for (const one of box.querySelectorAll('*')) {
      for (const { name, value } of one.attributes)
        if (name.startsWith('on') || ['style', 'srcdoc'].includes(name)) told.push(`${one.localName} ${name}=${value}`);
      if (one.namespaceURI !== 'http://www.w3.org/1999/xhtml') told.push(`foreign ${one.localName}`);
      for (const name of ['href', 'src', 'action', 'formAction', 'data', 'cite', 'poster', 'currentSrc'])
        if (typeof one[name] === 'string' && one[name] && !/^(https?|mailto):/.test(one[name]))
          told.push(`${one.localName} ${name}=${one[name]}`);
      one.addEventListener('click', event => event.preventDefault());
      for (const kind of ['mouseover', 'focus', 'pointerenter', 'toggle', 'click'])
        one.dispatchEvent(new Event(kind, { bubbles: true, cancelable: true }));
    }
  }
  await new Promise(done => setTimeout(done, 500));
  return told;
})"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all of them; it takes a second to start."""
    with browser(tmp_path_factory.mktemp("chromium") / "profile") as one:
        yield one


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and where it is served without any header that would protect a reader."""
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "empty.html").write_text("<!doctype html><meta charset=utf-8><title>x</title><body>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def shown(chromium: Browser, address: str, pieces: list[str]) -> tuple[list[str], list[str]]:
    """What the page tells of these pieces of HTML, and the scripts that ran while they were shown."""
    chromium.open(f"{address}/empty.html")
    chromium.evaluate(f"window.show = {SHOW}")
    chromium.ran.clear()
    told = chromium.evaluate(f"show({json.dumps(pieces)})")
    # The call itself is one script, and so is the question.
    return told, chromium.ran[1:]


@pytest.mark.parametrize(
    "piece",
    [
        "<img src=x onerror=alert(1)>",
        "<img src=x onerror='window.y = 1'>",
        "<svg><animate onbegin='window.y = 1' attributeName=x dur=1s>",
        "<p onmouseover='window.y = 1'>x</p>",
        "<a href='javascript:window.y = 1' target=z>x</a><iframe src='javascript:window.y = 1'></iframe>",
        "<iframe srcdoc='<script>parent.y = 1</script>'></iframe>",
        "<details open ontoggle='window.y = 1'>x</details>",
    ],
)
def test_the_browser_tells_of_scripts_that_run(chromium: Browser, site: tuple[Path, str], piece: str) -> None:
    _, ran = shown(chromium, site[1], [piece])
    assert ran != []


def test_the_browser_tells_of_the_scripts_of_a_page(chromium: Browser, site: tuple[Path, str]) -> None:
    folder, address = site
    (folder / "script.html").write_text("<!doctype html><p>x<script>window.y = 1</script>")
    chromium.ran.clear()
    chromium.open(f"{address}/script.html")
    assert chromium.ran != []


def test_of_the_payloads_as_they_are_many_run(chromium: Browser, site: tuple[Path, str]) -> None:
    told, ran = shown(
        chromium, site[1], [one for one in PAYLOADS if one.startswith("<img src=x") and "name=" not in one]
    )
    assert len(told) > 20
    assert len(ran) > 20


def test_of_the_payloads_none_runs_once_it_is_clean(chromium: Browser, site: tuple[Path, str]) -> None:
    pieces = [
        sanitise(Markup(payload, kind), "https://site.example/", "https://site.example/")
        for kind in ("text/html", "text/plain")
        for payload in PAYLOADS
    ]
    assert shown(chromium, site[1], pieces) == ([], [])


def test_no_published_page_and_no_reader_of_a_feed_runs_anything(
    chromium: Browser, site: tuple[Path, str], place: Place, web: ScriptedWeb
) -> None:
    folder, address = site
    few = PAYLOADS[::20]
    sources = [
        {"id": name, "url": web.feed(f"/{name}", document(entries, few[0])), "category": "news"}
        for name, document, fields in (("rss", rss, RSS_FIELDS), ("atom", atom, ATOM_FIELDS))
        for entries in [["".join(field(payload) for field in fields.values()) for payload in few]]
    ]
    place.configure(sources, output={"dir": str(folder), "limit": 1000})
    place.run("once", check=None)
    pages = [path for path in folder.rglob("*.html") if path.name != "empty.html"]
    assert len(pages) >= 5
    chromium.ran.clear()
    for page in pages:
        chromium.open(f"{address}/{page.relative_to(folder)}")
    assert chromium.ran == []
    feeds = [path for ending in ("atom", "rss", "json") for path in (folder / "category/news").glob(f"*.{ending}")]
    pieces = [piece for path in feeds for piece in fragments_in(path)]
    assert len(pieces) > len(few)
    assert shown(chromium, address, pieces) == ([], [])
