"""The feed behind a page: which addresses a page names, in which order they are asked, and who is never asked."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from conftest import Place
from fetching import source
from scripted_web import Answer, ScriptedWeb

from aggregator.fetch.guard import LOOPBACK
from aggregator.finding import _at, _may_lead_to
from aggregator.model import Document, NamedBy
from aggregator.sources.discover import feed_links, is_page, usual_places

PAGE = "https://site.example/blog/"
RSS = 'type="application/rss+xml"'


def page(html: str = "", *, links: str = "", url: str = PAGE, content_type: str = "text/html") -> Document:
    return Document(url, html.encode(), "", content_type, links=links)


def named(html: str = "", **about: str) -> list[str]:
    return [link.url for link in feed_links(page(html, **about))]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (f'<link rel="alternate" {RSS} href="/feed.xml">', ["https://site.example/feed.xml"]),
        (f'<LINK HREF=feed {RSS.upper()} REL="Alternate">', ["https://site.example/blog/feed"]),
        ('<link rel=alternate type="application/atom+xml; charset=utf-8" href=a>', ["https://site.example/blog/a"]),
        ('<link rel="home alternate" type=text/xml href="/i.xml" />', ["https://site.example/i.xml"]),
        ('<link rel=alternate type=application/rdf+xml href="?f=1&amp;g=2">', ["https://site.example/blog/?f=1&g=2"]),
        (f'<base href="/news/"><link rel=alternate {RSS} href=feed>', ["https://site.example/news/feed"]),
        (f'<link rel=alternate {RSS} href=feed><base href="https://other.example/x/">', ["https://other.example/x/feed"]),
        (f'<base href="/a/"><base href="/b/"><link rel=alternate {RSS} href=f>', ["https://site.example/a/f"]),
        (f'<base href="javascript:x"><link rel=alternate {RSS} href=f>', ["https://site.example/blog/f"]),
        (f"<link rel=alternate {RSS} href=a><link rel=alternate {RSS} href=./a>", ["https://site.example/blog/a"]),
        (f"<body><p><link rel=alternate {RSS} href=/in-the-body>", ["https://site.example/in-the-body"]),
        (f"<!-- <link rel=alternate {RSS} href=/a> --><script>'<link rel=alternate {RSS} href=/b>'</script>", []),
        (f'<link rel=alternate {RSS} href="javascript:x()"><link rel=alternate {RSS} href="ftp://x.example/">', []),
        (f'<link rel=alternate {RSS} href=""><link rel=alternate {RSS}>', []),
        (f'<link rel="alternate stylesheet" {RSS} href=/s>', []),
        ('<link rel=alternate hreflang=de href="/de/"><link rel=alternate media=print href="/print">', []),
        ('<link rel=alternate type="application/json" href="/json"><link rel=alternate type=text/html href=m>', []),
        ('<link rel=alternate type="text/xml+oembed" href="/oembed?format=xml">', []),
        ('<link rel="feed" href="/entries">', ["https://site.example/entries"]),
        (f'<link rel=alternate {RSS} href="feed://site.example/f">', ["http://site.example/f"]),
        (f'<link rel=alternate {RSS} href="feed:https://site.example/f">', ["https://site.example/f"]),
        (f'<link rel=alternate {RSS} href="https://me:secret@site.example/f#x">', ["https://site.example/f"]),
        (f'<link rel=alternate {RSS} href="{PAGE}">', []),
        ('<a href="/feed/">RSS</a>', ["https://site.example/feed/"]),
        ('<a href="posts.rss">x</a><a href="/atom.xml">y</a>',
         ["https://site.example/blog/posts.rss", "https://site.example/atom.xml"]),
        ('<a href="/?feed=rss2">x</a>', ["https://site.example/?feed=rss2"]),
        ('<a href="https://elsewhere.example/rss">x</a><a href="/rss">y</a>',
         ["https://site.example/rss", "https://elsewhere.example/rss"]),
        ('<a href="/feedback">x</a><a href="/rssi">y</a><a href="/sitemap.xml">z</a><a href="/atomic/">a</a>', []),
    ],
)  # fmt: skip
def test_a_page_names_its_feeds(html: str, found: list[str]) -> None:
    assert named(html) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('<feed.xml>; rel="alternate"; type="application/rss+xml"', ["https://site.example/blog/feed.xml"]),
        ('</a>; rel=preload, </b>;type="application/atom+xml";rel=alternate', ["https://site.example/b"]),
        ("</a>; REL=Alternate ; Type=application/atom+xml", ["https://site.example/a"]),
        ('</a,b>; title="x, <y>; \\"z"; rel=alternate; type=text/xml', ["https://site.example/a,b"]),
        ('</a>; rel=alternate; type=text/xml; anchor="/other"', []),
        ('</a>; rel=alternate; type=text/xml; anchor=""', []),
        ('</a>; rel=alternate; type=text/xml; anchor="https://site.example/blog/"', ["https://site.example/a"]),
        ("</rss>; rel=alternate", ["https://site.example/rss"]),
        ("</de>; rel=alternate; hreflang=de", []),
        ('<>; rel=alternate; type="text/xml", nonsense, <', []),
        ('</a>; rel="self"; rel="alternate"; type=text/xml', []),
    ],
)
def test_the_link_header_names_them_too(header: str, found: list[str]) -> None:
    assert named('<base href="/elsewhere/">', links=header) == found


def test_the_surest_come_first_and_feeds_of_comments_last() -> None:
    html = f"""<a href="/rss">RSS</a>
        <link rel=alternate {RSS} href="/comments/feed/" title="Site &raquo; Comments Feed">
        <link rel=alternate type=application/feed+json href="/feed.json">
        <link rel=alternate {RSS} href="/feed/" title=" Site
        &raquo; Feed ">
        <link rel=alternate {RSS} href="/all" title="评论">"""
    links = feed_links(page(html, links="</header>; rel=alternate; type=application/atom+xml"))
    assert [(link.url.rpartition("example")[2], link.by) for link in links] == [
        ("/header", NamedBy.HEADER),
        ("/feed/", NamedBy.LINK),
        ("/rss", NamedBy.ANCHOR),
        ("/feed.json", NamedBy.LINK),
        ("/comments/feed/", NamedBy.LINK),
        ("/all", NamedBy.LINK),
    ]
    assert links[1].title == "Site » Feed"


def test_a_title_cannot_write_on_the_terminal() -> None:
    (link,) = feed_links(page(f'<link rel=alternate {RSS} href=/f title="a&#27;[31m&#x202e;{"b" * 500}">'))
    assert link.title.isprintable()
    assert len(link.title) <= 100


def test_titles_are_read_in_the_encoding_that_the_page_declares() -> None:
    html = f'<meta charset="gb2312"><link rel=alternate {RSS} href=/f title="少数派镕">'.encode("gb18030")
    (link,) = feed_links(Document(PAGE, html, "", "text/html"))
    assert link.title == "少数派镕"


def test_what_is_no_page_names_nothing_in_its_text() -> None:
    text = f'<link rel=alternate {RSS} href="/f">'
    assert named(text, content_type="application/json") == []
    assert is_page(page("<!DOCTYPE html><p>", content_type="")), "some servers name no type"


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("https://x.example/", "https://x.example/feed"),
        ("https://x.example", "https://x.example/feed"),
        ("https://x.example/blog", "https://x.example/blog/feed"),
        ("https://x.example/blog/2026/one", "https://x.example/blog/feed"),
        ("https://x.example/index.html?a=b", "https://x.example/feed"),
    ],
)
def test_the_usual_places_are_few_and_at_the_same_host(url: str, first: str) -> None:
    places = [link.url for link in usual_places(url)]
    assert places[0] == first
    assert "https://x.example/atom.xml" in places
    assert len(places) <= 10
    assert all(place.startswith("https://x.example/") for place in places)


@pytest.mark.parametrize(
    "html",
    [
        "<!--" * 250_000,
        "<a " * 330_000,
        "<a b='" * 160_000,
        "<div>" * 200_000,
        "<b><i><a href=x>" * 60_000,
        "</" * 500_000,
        "<a href='/feed?" + "&amp;" * 200_000 + "'>",
        f"<link rel=alternate {RSS} href=/f>" * 20_000,
        "<a href='/" + "rss" * 300_000 + "'>",
        "<a href='/feed'>" * 60_000,
    ],
    ids=["comments", "tags", "quotes", "depth", "nesting", "ends", "references", "many", "long", "anchors"],
)
def test_a_hostile_page_is_read_in_linear_time(html: str) -> None:
    began = time.process_time()
    assert len(feed_links(page(html))) <= 50
    assert time.process_time() - began < 5, "the standard library's parser takes minutes for these"


@pytest.mark.parametrize(
    "header",
    ["<a>" + "; x" * 6000, "<a>" + " ;" * 8000, '<a>; title="' + "\\" * 16_000, "<" * 16_000, "<a>" + " " * 16_000],
    ids=["parameters", "semicolons", "escapes", "beginnings", "blanks"],
)
def test_a_hostile_link_header_is_read_in_linear_time(header: str) -> None:
    began = time.process_time()
    feed_links(page(links=header))
    assert time.process_time() - began < 1


# ---------------------------------------------------------------- the walk


def rss(title: str = "Found", items: int = 2) -> str:
    entries = "".join(
        f"<item><title>{title} {n}</title><link>https://x.example/{n}</link></item>" for n in range(items)
    )
    return f"<rss version='2.0'><channel><title>{title}</title><link>https://x.example/</link>{entries}</channel></rss>"


def html_page(web: ScriptedWeb, html: str, path: str = "/", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.script(path, Answer(f"<!doctype html>{html}".encode(), headers={"Content-Type": "text/html", **named}))


@pytest.fixture
def quick(place: Place) -> Place:
    """A place whose config has no pause between requests to one host."""
    place.configure([{"id": "other", "url": "https://other.example/feed"}])
    return place


def test_preview_of_a_page_shows_the_feed_behind_it(quick: Place, web: ScriptedWeb) -> None:
    feed = web.feed("/feed", rss())
    url = html_page(
        web, f'<link rel=alternate {RSS} title="Posts" href=feed><link rel=alternate {RSS} href=/comments/feed>'
    )
    shown = quick.run("preview", url).stdout
    assert f"{url} is a web page; found 2 feeds behind it:\n  * {feed}  Posts\n" in shown
    assert "Found 1" in shown
    told = json.loads(quick.run("preview", url, "--json").stdout)
    assert (told["url"], told["page"], told["found"][0]["title"]) == (feed, url, "Posts")
    assert len(web.asked("/comments/feed")) == 0, "the first that is a feed ends the search"
    assert not (quick.folder / "store.db").exists()


def test_a_feed_itself_is_shown_without_a_search(quick: Place, web: ScriptedWeb) -> None:
    told = json.loads(quick.run("preview", web.feed("/feed", rss()), "--json").stdout)
    assert (told["page"], told["found"]) == (None, [])
    assert len(web.requests) == 1


def test_the_link_header_of_the_final_address_counts(quick: Place, web: ScriptedWeb) -> None:
    html_page(web, "", "/new/", Link='<feed>; rel="alternate"; type="application/rss+xml"')
    feed = web.feed("/new/feed", rss())
    url = web.script("/old", Answer(status=301, headers={"Location": "/new/"}))
    assert json.loads(quick.run("preview", url, "--json").stdout)["url"] == feed


def test_a_named_feed_that_is_none_or_empty_is_passed_over(quick: Place, web: ScriptedWeb) -> None:
    links = "".join(f"<link rel=alternate {RSS} href=/{name}>" for name in ("gone", "page", "empty", "good"))
    url = html_page(web, links)
    html_page(web, links, "/page")
    web.feed("/empty", rss("Empty", items=0))
    good = web.feed("/good", rss())
    assert json.loads(quick.run("preview", url, "--json").stdout)["url"] == good
    assert [request.path for request in web.requests] == ["/", "/gone", "/page", "/empty", "/good"]


def test_an_empty_feed_is_better_than_none(quick: Place, web: ScriptedWeb) -> None:
    url = html_page(web, f"<link rel=alternate {RSS} href=/empty>")
    empty = web.feed("/empty", rss("Empty", items=0))
    assert json.loads(quick.run("preview", url, "--json").stdout)["url"] == empty
    assert [request.path for request in web.requests] == ["/", "/empty"]


def test_usual_places_are_asked_one_by_one_when_the_page_names_no_feed(quick: Place, web: ScriptedWeb) -> None:
    url = html_page(web, "<p>no word of a feed", "/blog/")
    feed = web.feed("/index.xml", rss())
    told = json.loads(quick.run("preview", url, "--json").stdout)
    assert (told["url"], told["found"]) == (feed, [{"url": feed, "by": "usual place", "title": ""}])
    asked = [request.path for request in web.requests]
    assert asked == ["/blog/", "/blog/feed", "/blog/feed.xml", "/blog/index.xml", "/feed", "/feed.xml", "/index.xml"]


def test_a_page_without_a_feed_is_said_to_be_one(quick: Place, web: ScriptedWeb) -> None:
    done = quick.run("preview", html_page(web, "<p>"), check=1)
    assert "a web page that names no feed, and none is where feeds usually are" in done.stderr
    done = quick.run("preview", html_page(web, f"<link rel=alternate {RSS} href=/gone>"), check=1)
    assert f"{web.url('/gone')}: http-status: 404" in done.stderr


@pytest.mark.parametrize("command", ["preview", "add"])
@pytest.mark.parametrize("kind", ["text/xml", "text/html"])
def test_a_list_of_feeds_is_said_to_be_one_and_not_searched(
    quick: Place, web: ScriptedWeb, command: str, kind: str
) -> None:
    listed = (
        b"<?xml version='1.0'?>\n<!-- mine --><opml version='2.0'><head><title>Mine</title></head><body>"
        b"<outline text='x' xmlUrl='https://x.example/feed'/></body></opml>"
    )
    url = web.script("/blogs.opml", Answer(listed, headers={"Content-Type": kind}))
    web.feed("/feed", rss())
    done = quick.run(command, url, check=1)
    assert f"{url}: not-a-feed: a list of feeds, not a feed; write `type: opml` to follow it" in done.stderr
    assert [request.path for request in web.requests] == ["/blogs.opml"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_is_busy_is_not_asked_for_more(quick: Place, web: ScriptedWeb, status: int) -> None:
    url = html_page(web, "<p>")
    web.script("/feed", Answer(status=status))
    quick.run("preview", url, check=1)
    assert [request.path for request in web.requests] == ["/", "/feed"]


def test_what_is_neither_feed_nor_page_is_not_searched(quick: Place, web: ScriptedWeb) -> None:
    url = web.script("/data.json", Answer(b'{"a": 1}', headers={"Content-Type": "application/json"}))
    assert "not a feed" in quick.run("preview", url, check=1).stderr
    assert len(web.requests) == 1


def test_a_page_never_leads_to_another_port_of_this_machine(quick: Place, web: ScriptedWeb) -> None:
    inside = ScriptedWeb()
    try:
        inside.feed("/secret", rss("Secret"))
        url = html_page(web, f"<link rel=alternate {RSS} href='{inside.url('/secret')}'>")
        done = quick.run("preview", url, check=1)
        assert "Secret" not in done.stdout
        assert inside.requests == []
    finally:
        inside.close()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "127.000.000.001", "127.1", "[::1]", "[0:0::1]"]
)
def test_every_spelling_that_a_source_may_vouch_for_is_refused_from_a_page(host: str) -> None:
    assert not _may_lead_to(f"http://{host}:8080/feed", "https://site.example/")
    assert not _may_lead_to(f"http://{host}:8080/feed", f"http://{host}/")
    assert _may_lead_to(f"http://{host}:8080/feed", f"http://{host}:8080/page")
    assert _may_lead_to("https://feeds.example/x", f"http://{host}/")
    plain = host.strip("[]").lower()
    assert plain in ("127.1", "0:0::1") or LOOPBACK.fullmatch(plain), "else the table says nothing about vouching"


def test_what_tells_a_publisher_who_asks_goes_to_the_same_origin_only(quick: Place, web: ScriptedWeb) -> None:
    url = html_page(web, f"<link rel=alternate {RSS} href=/feed>")
    web.feed("/feed", rss())
    quick.configure([{"id": "mine", "url": url, "auth": {"bearer": "s3cr3t"}}])
    quick.run("preview", "mine")
    assert [request.headers.get("authorization") for request in web.requests] == ["Bearer s3cr3t"] * 2
    asked = source("https://me:s3cr3t@site.example/", ("X-Key", "s3cr3t"))
    same = _at(asked, "https://site.example/feed")
    assert (same.url, same.public_url) == ("https://me:s3cr3t@site.example/feed", "https://site.example/feed")
    assert same.headers == asked.headers
    for other in ("https://site.example:8443/", "http://site.example/", "https://feeds.site.example/"):
        assert (_at(asked, other).url, _at(asked, other).headers) == (other, ())


def test_a_page_whose_address_is_hidden_is_not_searched(quick: Place, web: ScriptedWeb) -> None:
    url = html_page(web, f"<link rel=alternate {RSS} href=feed>", "/t0ken/")
    web.feed("/t0ken/feed", rss())
    quick.configure([{"id": "mine", "url": url, "public_url": "https://x.example/"}])
    done = quick.run("preview", "mine", check=1)
    assert "a web page, not a feed" in done.stderr
    assert "t0ken" not in done.stderr


def test_a_name_without_a_scheme_is_answered_with_the_address_to_write(tmp_path: Path) -> None:
    done = Place(tmp_path).run("preview", "lwn.net", check=2)
    assert "write https://lwn.net" in done.stderr
