"""Where things are and were: Link headers, redirects of old addresses, removed entries, what other sites may ask."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from serving import put, serving, site

from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.web.signpost import Signpost

BASE = "https://planet.example/news"
SIGNPOST = Signpost(
    BASE,
    ("https://planet.example/news/hub", "https://hub.example/"),
    ("atom", "rss", "json", "html"),
    {"old": "tech", "旧": "金融"},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for page in ("", "category/all/", "category/tech/", "category/金融/", "source/lwn/"):
        put(tmp_path / page / "index.html", b"<p>page")
        if page:
            for feed in ("feed.atom", "feed.rss", "feed.json"):
                put(tmp_path / page / feed, f"<feed>{page}{feed}".encode())
    put(tmp_path / "category/tech/archive/2026-01.atom", b"<feed>archive")
    put(tmp_path / "entry/1/index.html", b"<p>entry")
    put(tmp_path / "entry/2/gone", b"")
    put(tmp_path / "style.css", b"a{}")
    return tmp_path


def feeds(page: str, *names: str) -> str:
    kinds = {
        "feed.atom": "application/atom+xml",
        "feed.rss": "application/rss+xml",
        "feed.json": "application/feed+json",
    }
    return ", ".join(f'<{BASE}/{page}{name}>; rel="alternate"; type="{kinds[name]}"' for name in names)


HUBS = '<https://planet.example/news/hub>; rel="hub", <https://hub.example/>; rel="hub"'
TECH, FINANCE = "category/tech/", "category/%E9%87%91%E8%9E%8D/"


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (
            "/category/tech/feed.atom",
            f'<{BASE}/{TECH}feed.atom>; rel="self", {HUBS}, <{BASE}/{TECH}>; rel="alternate"; type="text/html", '
            + feeds(TECH, "feed.rss", "feed.json"),
        ),
        (
            "/category/%E9%87%91%E8%9E%8D/feed.json",
            f'<{BASE}/{FINANCE}feed.json>; rel="self", {HUBS}, <{BASE}/{FINANCE}>; rel="alternate"; type="text/html", '
            + feeds(FINANCE, "feed.atom", "feed.rss"),
        ),
        (
            "/source/lwn/",
            f'<{BASE}/source/lwn/>; rel="self", ' + feeds("source/lwn/", "feed.atom", "feed.rss", "feed.json"),
        ),
        ("/", f'<{BASE}/>; rel="self", ' + feeds("category/all/", "feed.atom", "feed.rss", "feed.json")),
        ("/style.css", None),
        ("/entry/1/", None),
        ("/category/tech/archive/2026-01.atom", None),
    ],
)
async def test_feeds_and_pages_say_their_address_their_hubs_and_their_other_forms(
    folder: Path, address: str, link: str | None
) -> None:
    async with site(folder, SIGNPOST) as client:
        answers = [await client.get(address, headers={"host": host}) for host in ("127.0.0.1", "evil.example")]
    assert [answer.headers.get("link") for answer in answers] == [link, link]


async def test_without_hubs_and_other_formats_none_is_named(folder: Path) -> None:
    async with site(folder, Signpost(BASE)) as client:
        answer = await client.get("/category/tech/feed.atom")
    assert answer.headers["link"] == f'<{BASE}/{TECH}feed.atom>; rel="self"'


@pytest.mark.parametrize(
    ("address", "location", "end"),
    [
        ("/feed.xml", "category/all/feed.atom", "/category/all/feed.atom"),
        ("/category/tech.html", "tech/", "/category/tech/"),
        ("/category/%E9%87%91%E8%9E%8D.html", "%E9%87%91%E8%9E%8D/", "/category/%E9%87%91%E8%9E%8D/"),
        ("/category/old.html", "tech/", "/category/tech/"),
        ("/category/old", "tech/", "/category/tech/"),
        ("/category/old/", "../tech/", "/category/tech/"),
        ("/category/old/feed.rss", "../tech/feed.rss", "/category/tech/feed.rss"),
        (
            "/category/old/archive/2026-01.atom",
            "../../tech/archive/2026-01.atom",
            "/category/tech/archive/2026-01.atom",
        ),
        ("/category/%E6%97%A7/feed.json", "../%E9%87%91%E8%9E%8D/feed.json", "/category/%E9%87%91%E8%9E%8D/feed.json"),
    ],
)
async def test_old_addresses_lead_to_the_new_ones_for_good(folder: Path, address: str, location: str, end: str) -> None:
    # What lies there for static hosts, a page that refreshes, is not what a server says.
    put(folder / "category/tech.html", b"<meta http-equiv=refresh>")
    put(folder / "category/old/index.html", b"<meta http-equiv=refresh>")
    async with site(folder, SIGNPOST) as client:
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["location"]) == (308, location)
        assert answer.headers["cache-control"] == "public, max-age=60"
        followed = await client.get(address, follow_redirects=True)
    assert (followed.status_code, followed.url.raw_path.decode()) == (200, end)


@pytest.mark.parametrize(
    "address", ["/category/none.html", "/category/.html", "/category/old/none", "/feed.html", "/tech.html"]
)
async def test_an_old_address_of_nothing_is_no_redirect(folder: Path, address: str) -> None:
    async with site(folder, SIGNPOST) as client:
        assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/entry/2/", 410),
        ("/entry/2/index.html", 410),
        ("/entry/2", 410),
        ("/entry/1/", 200),
        ("/entry/3/", 404),
        ("/entry/", 404),
    ],
)
async def test_a_removed_entry_is_gone_and_not_just_missing(folder: Path, address: str, status: int) -> None:
    async with site(folder, SIGNPOST) as client:
        answer = await client.get(address)
    assert answer.status_code == status
    if status == 410:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_an_entry_that_is_removed_while_we_serve_is_gone_at_once(folder: Path) -> None:
    async with site(folder, SIGNPOST) as client:
        assert (await client.get("/entry/1/")).status_code == 200
        put(folder / "entry/1/gone", b"", forms=None)
        for name in ("index.html", "index.html.gz", "index.html.br"):
            (folder / "entry/1" / name).unlink()
        assert (await client.get("/entry/1/")).status_code == 410


async def test_a_closed_month_may_be_kept_a_day_and_all_else_a_minute(folder: Path) -> None:
    async with site(folder, SIGNPOST) as client:
        archive = await client.get("/category/tech/archive/2026-01.atom")
        feed = await client.get("/category/tech/feed.atom")
    assert archive.headers["cache-control"] == "public, max-age=86400, immutable"
    assert feed.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("address", ["/category/tech/feed.atom", "/none", "/a%20b", "/healthz"])
async def test_a_page_elsewhere_may_ask_what_it_may_ask(folder: Path, address: str) -> None:
    asked = {
        "origin": "https://reader.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "a-im",
    }
    async with site(folder) as client:
        answer = await client.options(address, headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD"
    assert answer.headers["access-control-allow-headers"] == "*"
    assert "content-length" not in answer.headers


async def test_new_words_about_addresses_are_taken_while_we_serve(folder: Path) -> None:
    app = create_app(folder, readiness=lambda: None, audience=Audience(), signpost=Signpost(BASE))
    async with serving(app) as server, httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        before = await client.get("/category/tech/feed.atom")
        app.post(SIGNPOST)
        after = await client.get("/category/tech/feed.atom")
    assert ("hub" in before.headers["link"], "hub" in after.headers["link"]) == (False, True)
