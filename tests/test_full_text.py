"""Feeds that give excerpts: the text of the page behind each new entry, fetched once, as far as its site allows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from conftest import Place
from scripted_web import Answer, ScriptedWeb

from aggregator.errors import Unreadable
from aggregator.fetch.robots import REFUSED, Robots
from aggregator.model import Detail as Recipe
from aggregator.model import Document, Failed, Fetched, Pick, Reason, Source, Visit
from aggregator.sources.details import read_detail

HOUR = timedelta(hours=1)
SOURCE = Source("x", "feed", "https://x.example/feed", "https://x.example/feed", (), HOUR, HOUR, HOUR)
CHROME = '<nav><a href="/">Home</a> <a href="/b">Blog</a></nav>{}<aside class="ad">Buy!</aside><footer>©</footer>'
WORDS = "There is enough to say about it that this is a paragraph of an article, and not a line of a menu. "
CHINESE = "这一段文字讲述了今天的财经新闻，市场整体上涨，投资者情绪乐观，成交量明显放大，分析人士认为后市可期。"


def page(body: str, title: str = "Title") -> bytes:
    """A web page around an article, as sites make them."""
    whole = f"<!doctype html><html><head><title>{title} | Site</title><meta charset=utf-8></head><body>{body}</body>"
    return f"{whole}</html>".encode()


def article(words: str = WORDS) -> str:
    return CHROME.format(
        f'<article><h1>Title</h1><div class="body"><p>One. {words}</p><p>Two <a href="/more">more</a>. {words}</p>'
        f'<ul><li>Three. {words}</li></ul><p class="ad">Advertisement</p>'
        '<img src="p.jpg" alt="A picture"></div></article>'
    )


def rss(*items: tuple[str, str, str]) -> str:
    """A feed of items, each a title, an address and an excerpt."""
    told = "".join(
        f"<item><title>{t}</title><link>{a}</link><description>{e}</description></item>" for t, a, e in items
    )
    return f"<rss version='2.0'><channel><title>X</title><link>https://x.example/</link>{told}</channel></rss>"


def read(body: bytes, select: str | None = None, remove: tuple[str, ...] = ()) -> str:
    """The text that is found in a page."""
    pick = Pick(select, "css", "html") if select else Pick(language="article")
    recipe = Recipe(Pick(), (("content", pick),), HOUR, remove)
    draft = read_detail(Document("https://x.example/a/1", body, "", "text/html"), recipe)
    assert draft.content
    return draft.content.value


@pytest.mark.parametrize("words", [WORDS * 2, CHINESE * 2], ids=["latin", "chinese"])
def test_what_a_page_is_about_is_found_without_what_stands_around_it(words: str) -> None:
    found = read(page(article(words)))
    for part in ("One.", "Two", "more", "Three.", "p.jpg"):
        assert part in found
    for part in ("Home", "Buy!", "©"):
        assert part not in found


def test_a_selector_says_exactly_what_is_taken_and_what_goes() -> None:
    found = read(page(article()), ".body", (".ad",))
    assert found.startswith("<p>One. ")
    assert "Advertisement" not in found
    assert "Title" not in found


def shown(place: Place) -> dict[str, str]:
    """The published entries: their titles and contents."""
    feed = feedparser.parse((place.public / "category/all/feed.atom").read_bytes())
    return {entry.title: entry.content[0].value if "content" in entry else entry.summary for entry in feed.entries}


def follow(place: Place, web: ScriptedWeb, full_text: Any, *names: str, excerpt: str = "Short.") -> None:
    """Poll a feed of these entries, whose pages are there."""
    for name in names:
        web.script(f"/a/{name}", Answer(page(article(WORDS + name)), headers={"Content-Type": "text/html"}))
    feed = web.feed("/feed", rss(*((name, web.url(f"/a/{name}"), excerpt) for name in names)))
    place.configure([{"id": "x", "url": feed, "full_text": full_text}])
    place.run("once")


def test_every_new_entry_gets_the_text_of_its_page_once(place: Place, web: ScriptedWeb) -> None:
    follow(place, web, True, "First", "Second")
    contents = shown(place)
    for name in ("First", "Second"):
        assert f"not a line of a menu. {name}" in contents[name]
        assert web.url("/more") in contents[name], "addresses hang on the page"
        assert "Advertisement" in contents[name]
    asked = [request.path for request in web.requests]
    assert sorted(asked) == ["/a/First", "/a/Second", "/feed", "/robots.txt"]
    place.run("once", "--all")
    assert len(web.requests) == 5
    assert shown(place) == contents


def test_a_list_on_a_web_page_gets_the_texts_of_the_pages_behind_it(place: Place, web: ScriptedWeb) -> None:
    web.script("/a/First", Answer(page(article(f"{WORDS} First")), headers={"Content-Type": "text/html"}))
    listed = web.script("/list", Answer(b"<ul><li><a href='/a/First'>First</a></ul>"))
    recipe = {"type": "html", "items": "li", "fields": {"title": "a", "link": "a"}}
    place.configure([{"id": "x", "url": listed, "full_text": True, **recipe}])
    place.run("once")
    assert "not a line of a menu. First" in shown(place)["First"]


def test_a_heading_that_repeats_the_title_is_left_out(place: Place, web: ScriptedWeb) -> None:
    follow(place, web, True, "Title")
    assert not re.search("<h1>", shown(place)["Title"])


def test_only_entries_with_little_text_ask_for_more_where_that_is_wanted(place: Place, web: ScriptedWeb) -> None:
    follow(place, web, {"when": "short", "select": ".body"}, "Long", excerpt=WORDS * 10)
    assert shown(place)["Long"].startswith("<p>There is enough") or WORDS.strip() in shown(place)["Long"]
    assert [request.path for request in web.requests] == ["/feed"]


@pytest.mark.parametrize(
    "robots",
    [
        "User-agent: *\nDisallow: /a/",
        "User-agent: aggregator\nDisallow: /\n\nUser-agent: *\nAllow: /",
        "\ufeffuser-agent: AGGREGATOR\ndisallow: /a/F*",
    ],
)
def test_a_page_that_robots_txt_forbids_is_not_fetched_and_the_excerpt_stays(
    place: Place, web: ScriptedWeb, robots: str
) -> None:
    web.script("/robots.txt", Answer(robots.encode()))
    follow(place, web, True, "First")
    assert "Short." in shown(place)["First"]
    assert web.asked("/a/First") == []
    place.run("once", "--all")
    assert len(web.asked("/robots.txt")) == 1, "it is not asked again for what was refused"


def test_a_page_that_is_lost_leaves_the_excerpt(place: Place, web: ScriptedWeb) -> None:
    feed = web.feed("/feed", rss(("Gone", web.url("/gone"), "Short.")))
    web.script("/gone", Answer(status=410))
    place.configure([{"id": "x", "url": feed, "full_text": True}])
    place.run("once")
    assert "Short." in shown(place)["Gone"]


# ---------------------------------------------------------------- robots.txt


class Site:
    """Answers for robots.txt, in turn."""

    def __init__(self, *answers: Fetched) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.time = 0.0
        self.robots = Robots(self.fetch, lambda: self.time)

    async def fetch(self, source: Source, visit: Visit) -> Fetched:
        assert source.headers == ()
        self.asked.append(visit.address or source.url)
        return self.answers.pop(0)


def allows(text: str) -> Document:
    return Document("https://x.example/robots.txt", text.encode(), "")


async def test_a_site_is_asked_once_a_day() -> None:
    site = Site(allows("User-agent: *\nDisallow: /no"), allows(""))
    for _ in range(3):
        assert await site.robots.refusal(SOURCE, "https://x.example/yes") is None
        assert await site.robots.refusal(SOURCE, "https://x.example/no/1") is REFUSED
    assert site.asked == ["https://x.example/robots.txt"]
    site.time += 86_401
    assert await site.robots.refusal(SOURCE, "https://x.example/no/1") is None


@pytest.mark.parametrize("status", [404, 403, 410])
async def test_a_site_without_a_robots_txt_allows_everything(status: int) -> None:
    site = Site(Failed(Reason.HTTP_STATUS, "", status))
    assert await site.robots.refusal(SOURCE, "https://x.example/no/1") is None


@pytest.mark.parametrize("failed", [Failed(Reason.HTTP_STATUS, "500", 500), Failed(Reason.TIMEOUT, "slow")])
async def test_a_robots_txt_that_cannot_be_had_allows_nothing_for_now(failed: Failed) -> None:
    site = Site(failed, allows(""))
    refused = await site.robots.refusal(SOURCE, "https://x.example/1")
    assert refused
    assert (refused.reason, refused.detail) == (failed.reason, f"robots.txt cannot be had: {failed.detail}")
    assert await site.robots.refusal(SOURCE, "https://x.example/1") is None


def test_the_article_page_may_be_anything() -> None:
    for body in (b"", b"<html>", b"\xff\xfe\x00", b"{}", b"<p>" * 1000):
        with pytest.raises(Unreadable):
            read(body)
