"""Lists in pages: further ones are asked for while all of a page is new, and none of them is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import feedparser
import pytest
from conftest import Place
from scripted_web import Answer, Request, ScriptedWeb

from aggregator.config import load
from aggregator.model import Source
from aggregator.paging import next_address

SIZE = 3


class Api:
    """An API on the web of a test: its newest entries first, a few on a page, in each of the four ways."""

    def __init__(self, web: ScriptedWeb) -> None:
        self.web = web
        self.newest = 10
        self.fails = False
        for query in ("", *(f"?before={n}" for n in range(40)), *(f"?p={n}" for n in range(1, 15))):
            web.script(f"/list{query}", self.answer)

    def answer(self, request: Request) -> Answer:
        query = parse_qs(urlsplit(request.path).query)
        if self.fails and query:
            return Answer(status=500)
        start = self.newest
        if "before" in query:
            start = int(query["before"][0]) - 1
        if "p" in query:
            start = self.newest - SIZE * (int(query["p"][0]) - 1)
        numbers = list(range(start, max(start - SIZE, 0), -1))
        last = numbers[-1] if numbers else 0
        more = {"next": f"/list?before={last}", "cursor": str(last)} if last > 1 else {}
        items = [{"id": n, "title": f"Title {n}", "url": f"https://x.example/{n}"} for n in numbers]
        return Answer(json.dumps({"list": items, "meta": more}).encode())

    def asked(self) -> list[str]:
        """What was asked for since the last time."""
        paths = [request.path for request in self.web.requests]
        self.web.requests.clear()
        return paths


WAYS: dict[str, dict[str, Any]] = {
    "last_id": {"from": "last_id", "param": "before"},
    "page": {"from": "page", "param": "p"},
    "cursor": {"from": "cursor", "param": "before", "path": "meta.cursor"},
    "link": {"from": "link", "path": "meta.next"},
}


def configure(place: Place, web: ScriptedWeb, paging: dict[str, Any]) -> None:
    fields = {"id": "id", "title": "title", "link": "url"}
    source = {"id": "api", "url": web.url("/list"), "type": "json", "items": "list", "fields": fields, "paging": paging}
    place.configure([source])


def titles(place: Place) -> list[str]:
    feed = feedparser.parse((place.public / "category/all/feed.atom").read_bytes())
    return sorted((entry.title for entry in feed.entries), key=lambda title: int(title.split()[1]))


@pytest.mark.parametrize("way", WAYS)
def test_pages_are_followed_to_the_end_once_and_then_only_as_far_as_there_is_news(
    place: Place, web: ScriptedWeb, way: str
) -> None:
    api = Api(web)
    configure(place, web, WAYS[way])
    place.run("once")
    assert titles(place) == [f"Title {n}" for n in range(1, 11)]
    assert 4 <= len(api.asked()) <= 5  # the fourth page has one item, and a list by number does not say that it ends
    place.run("once", "--all")
    assert api.asked() == ["/list"]
    api.newest = 15  # more than a page of news
    place.run("once", "--all")
    assert titles(place) == [f"Title {n}" for n in range(1, 16)]
    assert len(api.asked()) == 2


def test_no_more_pages_are_asked_for_than_the_config_says(place: Place, web: ScriptedWeb) -> None:
    api = Api(web)
    configure(place, web, {**WAYS["last_id"], "max_pages": 2})
    place.run("once")
    assert api.asked() == ["/list", "/list?before=8"]


def test_what_stands_on_a_page_that_failed_is_asked_for_again(place: Place, web: ScriptedWeb) -> None:
    api = Api(web)
    configure(place, web, WAYS["last_id"])
    api.fails = True
    place.run("once")
    assert titles(place) == ["Title 8", "Title 9", "Title 10"], "what could be had is published"
    status = json.loads(place.run("status", "--json").stdout)["sources"][0]
    assert status["detail"] == "page 2 of the list: http-status: 500 Scripted"
    api.fails = False
    place.run("once", "--all")
    assert titles(place) == [f"Title {n}" for n in range(1, 11)]


def source(url: str, paging: str) -> Source:
    Path("c.yaml").write_text(
        f"sources: [{{url: '{url}', type: json, items: l, fields: {{title: t}}, paging: {paging}}}]", "utf-8"
    )
    (found,) = load(Path("c.yaml"), {}).sources
    return found


@pytest.mark.parametrize(
    ("url", "paging", "more", "address"),
    [
        ("https://a.example/l?x=1", "{from: page, param: p}", None, "https://a.example/l?x=1&p=2"),
        ("https://a.example/l?p=1&x=%20", "{from: page, param: p}", None, "https://a.example/l?x=+&p=2"),
        ("https://a.example/l", "{from: cursor, param: c, path: c}", "a&b=", "https://a.example/l?c=a%26b%3D"),
        ("https://a.example/l", "{from: cursor, param: c, path: c}", None, None),
        ("https://a.example/l", "{from: link, path: n}", "/l?p=2", "https://a.example/l?p=2"),
        ("https://u:pw@a.example/l", "{from: link, path: n}", "https://a.example/m", "https://u:pw@a.example/m"),
        ("https://a.example/l", "{from: link, path: n}", "https://b.example/l?p=2", None),
        ("https://a.example/l", "{from: link, path: n}", "http://a.example/l?p=2", None),
        ("https://a.example/l", "{from: link, path: n}", "javascript:x", None),
        ("https://a.example/l", "{from: link, path: n}", "https://a.example/l", None),
    ],
)
def test_the_next_page_is_asked_for_at_the_same_site_only(
    url: str, paging: str, more: str | None, address: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert next_address(source(url, paging), more, 2) == address
