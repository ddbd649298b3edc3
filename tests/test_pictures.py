"""Pictures as a reader should see them: those that wait for a script are there, those that only count are not."""

# ruff: noqa: E501  (tables of examples, one a line)
from __future__ import annotations

import json
import time

import pytest
from conftest import Place
from hypothesis import example, given
from hypothesis import strategies as st
from scripted_web import ScriptedWeb

from aggregator.clean.markup import sanitise
from aggregator.clean.pictures import Found
from aggregator.clean.tags import TagFinder, resolved
from aggregator.clean.urls import candidates
from aggregator.model import Markup

BASE = "https://a.example/b/"
PAGE = "https://a.example/page"


def cleaned(written: str) -> tuple[str, tuple[str, ...]]:
    """The HTML as it may leave us without our own attributes, and what people are told of it."""
    found = Found()
    published = sanitise(Markup(written, "text/html"), BASE, PAGE, found)
    assert sanitise(Markup(published, "text/html"), BASE, PAGE) == published
    return published.replace(' referrerpolicy="no-referrer"', "").replace(
        ' rel="noopener noreferrer"', ""
    ), found.notes()


SHOWN = '<img src="https://a.example/b/x.png">'
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


@pytest.mark.parametrize(
    "written",
    [
        "<img data-src='x.png'>",
        "<img src='' data-src=x.png>",
        f"<img src='{DOT}' data-src='x.png' class=lazyload>",
        "<img src=/blank.gif data-original='x.png'>",
        "<img src=small.png data-lazy-src=x.png>",
        "<img data-cfsrc=x.png style='display:none;visibility:hidden'>",
        "<IMG SRC=/loading.gif DATA-SRC=x.png>",
        "<img width=1 height=1 data-src=x.png>",
        f"<img src={DOT} data-lazyload=x.png><noscript><img src=x.png></noscript>",
        "<img class=lazy data-src=x.png />\n<noscript>\n<img src=x.png alt='the same'></noscript>",
        "<img class=lazy data-src=x.png><noscript><img src=x.png?w=2000></noscript>",
        "<noscript><img src=x.png></noscript><img class=lazy data-src=x.png>",
        f"<picture><img src={DOT} data-src=x.png></picture><noscript><img src=x.png></noscript>",
        "<amp-img src=y.png data-src=x.png><noscript><img src=x.png></noscript></amp-img>",
        "<img data-src=x.png data-lazy=true data-echo='{}'>",
    ],
)
def test_a_picture_that_waits_for_a_script_is_there_once(written: str) -> None:
    published, notes = cleaned(written)
    for around in ("<picture>", "</picture>", "\n"):
        published = published.replace(around, "")
    assert published == SHOWN
    assert notes in (("1 lazily loaded picture restored",), ())


@pytest.mark.parametrize(
    ("written", "published"),
    [
        # Of a picture with nothing to show and its twin, the twin stays.
        (f"<img src='{DOT}'><noscript><img src=x.png></noscript>", SHOWN),
        (f"<img src='{DOT}' alt=Cat><noscript><img src=x.png></noscript>", SHOWN),
        ("<img src=/spacer.gif><noscript><img src=x.png></noscript>", SHOWN),
        ("<img src=x.png?pending=1><noscript><img src=x.png></noscript>", SHOWN.replace("x.png", "x.png?pending=1")),
        # But a picture is no twin of the one before the last words.
        ("<img data-src=y.png>words<noscript><img src=x.png></noscript>", SHOWN.replace("x.png", "y.png") + "words" + SHOWN),
        ("<img src=x.png><img src=x.png>", SHOWN + SHOWN),
        ("<noscript><p>words</p></noscript>", "<p>words</p>"),
        # A set of sizes, and what has only that.
        ("<img src=x.png data-srcset='x.png 1x, y.png 2x'>", '<img src="https://a.example/b/x.png" srcset="https://a.example/b/x.png 1x, https://a.example/b/y.png 2x">'),
        ("<img srcset='x.png 300w'>", '<img srcset="https://a.example/b/x.png 300w" src="https://a.example/b/x.png">'),
        (f"<img srcset='{DOT}' src=x.png>", SHOWN),
        ("<picture><source data-srcset='x.webp'><img src=x.png></picture>", f'<picture><source srcset="https://a.example/b/x.webp">{SHOWN}</picture>'),
        ("<video data-src=x.mp4 data-poster=x.png></video>", '<video src="https://a.example/b/x.mp4" poster="https://a.example/b/x.png"></video>'),
        ("<audio><source data-src=x.mp3></audio>", '<audio><source src="https://a.example/b/x.mp3"></audio>'),
        # What is no address is left where it is.
        ("<img src=x.png data-src='{\"a\": 1}'>", SHOWN),
        ("<img src=x.png data-lazy=true>", SHOWN),
        (f"<img src=x.png data-src='{DOT}'>", SHOWN),
        ("<img src=x.png data-src='javascript:alert(1)'>", SHOWN),
        # A picture that cannot be shown says what it would have shown, or nothing.
        (f"<img src='{DOT}' alt=Cat>", '<img alt="Cat">'),
        (f"<p><img src='{DOT}'></p>", "<p></p>"),
        ("<img>", ""),
        # A frame leads somewhere.
        ("<iframe src='https://video.example/embed/1?a=1&b=2'></iframe>words", '<a href="https://video.example/embed/1?a=1&amp;b=2">video.example</a>words'),
        ("<iframe src='//video.example/1' />words", '<a href="https://video.example/1">video.example</a>words'),
        ("<iframe src='about:blank' data-src='https://video.example/1'></iframe>", '<a href="https://video.example/1">video.example</a>'),
        ("<iframe src='https://count.example/' width=1 height=1></iframe><iframe></iframe>words", "words"),
        # References in addresses are read as browsers read them there.
        ("<img data-src='x.png?a=1&amp;copy=2&lt;3'>", '<img src="https://a.example/b/x.png?a=1&amp;copy=2%3C3">'),
        ("<img data-src='x.png?a=1&copy=2'>", '<img src="https://a.example/b/x.png?a=1&amp;copy=2">'),
        # What looks like a tag inside of another is text.
        ("<b title=\"<img data-src='x.png'>\">words</b>", "<b title=\"&lt;img data-src='x.png'&gt;\">words</b>"),
        ("<b title='>'><img data-src=x.png></b>", f'<b title="&gt;">{SHOWN}</b>'),
        ("words <img data-src=x.png", "words"),
        ("1 < 2 <img data-src=x.png>", f"1 &lt; 2 {SHOWN}"),
    ],
)  # fmt: skip
def test_pictures_come_out_like_this(written: str, published: str) -> None:
    assert cleaned(written)[0] == published


@pytest.mark.parametrize(
    "written",
    [
        "<img src='https://count.example/x' width=1 height=1>",
        "<img src='https://count.example/x' width='1' height='&#48;'>",
        "<img src='https://count.example/x' style='display:none'>",
        "<img src='http://feeds.feedburner.com/~r/Blog/~4/x' height='1' width='1' alt='words'/>",
        "<img src='//pixel.wp.com/b.gif?x=1'>",
        "<noscript><img src='https://www.facebook.com/tr?id=1'></noscript>",
        "<img data-src='https://www.facebook.com/tr?id=1'>",
        "<amp-img src='https://count.example/x' width=1 height=1></amp-img>",
        "<img src=x width=1 height=1>",
    ],
)
def test_a_counting_picture_is_taken_out_and_counted(written: str) -> None:
    assert cleaned(f"<p>words{written}</p>") == ("<p>words</p>", ("1 tracking pixel removed",))


def test_people_are_told_how_many_of_each() -> None:
    pixel, waiting, link = "<img width=1 height=1 src=x>", "<img data-src=y>", "<a href='?utm_source=x'>z</a>"
    _, notes = cleaned((pixel + waiting + link) * 2 + "<img data-src=y.png>")
    assert notes == (
        "2 tracking pixels removed",
        "2 links freed of tracking parameters",
        "1 lazily loaded picture restored",
    )


def test_links_lose_what_follows_their_reader_and_pictures_keep_their_address() -> None:
    published, _ = cleaned("<a href='x?id=1&amp;utm_source=rss'>y</a><img src='x.png?utm_source=rss'>")
    assert published == '<a href="https://a.example/b/x?id=1">y</a><img src="https://a.example/b/x.png?utm_source=rss">'


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("a.png", [("a.png", "")]),
        ("a.png 2x", [("a.png", "2x")]),
        ("a.png 1x,b.png 2.5x , c.png 300w", [("a.png", "1x"), ("b.png", "2.5x"), ("c.png", "300w")]),
        ("a.png,b.png 2x", [("a.png%2Cb.png", "2x")]),  # one address with a comma in it
        ("a.png, b.png", [("a.png", ""), ("b.png", "")]),
        (",, a.png ,,, b.png ,", [("a.png", ""), ("b.png", "")]),
        ("data:image/png;base64,AA 1x, b.png 2x", [("b.png", "2x")]),
        ("javascript:x 1x", []),
        ("a.png big, b.png 2x", [("a.png", ""), ("b.png", "2x")]),
        ("", []),
    ],
)
def test_a_srcset_is_read_as_browsers_read_it(written: str, found: list[tuple[str, str]]) -> None:
    assert list(candidates(written, BASE)) == [(BASE + address, descriptor) for address, descriptor in found]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("&amp;&lt;&#65;&#x42;", "&<AB"),
        ("&copy=1&copy;&copyx", "&copy=1©&copyx"),
        ("&notit;&nosuch;&", "&notit;&nosuch;&"),
        ("&#65&#x42 ", "AB "),
    ],
)
def test_references_in_attributes_are_read_as_browsers_read_them(written: str, read: str) -> None:
    assert resolved(written) == read


PIECES = "<img ;<img a=;<IMG/>;</img>;<a ;<b>;</b ;<b;<;>;=;\";';=\";= '; ;x".split(";")  # noqa: SIM905  (to be read)


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25))
@example(["<a x", '="', ">", "<img ", ">", '"', ">"])  # in a value, behind a ">" that is in it as well
@example(["<a x", "= '", "<b>", "<img ", ">", "'", ">"])
@example(["<a x", '="', ">", '"', "<img ", ">"])  # behind a value with a ">" in it
@example(["<a x", "<img ", ">"])
def test_which_tags_are_found_is_no_matter_of_which_others_are_looked_for(pieces: list[str]) -> None:
    markup = "".join(pieces)
    among_all = [tag for tag in TagFinder("img", "a", "b").tags(markup) if tag.name == "img"]
    assert list(TagFinder("img").tags(markup)) == among_all


@pytest.mark.parametrize(
    "piece",
    ["<img a=\"", "<img a='", "<img ", "<img =", "<a <img", "<", "<a ", "<a '", "<!--", "<img a= \"' ", "<noscript>",
     "<img data-src=x><noscript><b ", "<img srcset=',,,,,,,,,,,, , ,'>", "<img a=  \n  ", "<iframe src=//x>", "&#", "&#0000"],
)  # fmt: skip
def test_no_text_takes_longer_than_its_length_allows(piece: str) -> None:
    finder = TagFinder("img", "noscript")

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.process_time()
        for _ in finder.tags(text):
            pass
        list(candidates(text[:8000], BASE))
        resolved(text)
        return time.process_time() - began

    # A quadratic one would take 1,024 times as long, some minutes; 0.2 s is for a machine that does much else.
    assert seconds(1_000_000) < 60 * seconds(30_000) + 0.2


def test_notes_are_kept_and_shown(place: Place, web: ScriptedWeb) -> None:
    body = "&lt;p&gt;x&lt;/p&gt;&lt;img src='/p' width=1 height=1&gt;&lt;img data-src='/cat.png'&gt;"
    item = (
        "<item><guid isPermaLink='false'>tag:x.example,2026:1</guid><title>One</title>"
        f"<link>https://x.example/1?utm_source=rss&amp;id=7</link><description>{body}</description></item>"
    )
    url = web.feed(
        "/feed", f"<rss version='2.0'><channel><title>X</title><link>https://x.example/</link>{item}</channel></rss>"
    )
    place.configure([{"id": "one", "url": url, "category": "news"}])
    place.run("once")
    notes = ["1 tracking pixel removed", "1 link freed of tracking parameters", "1 lazily loaded picture restored"]
    as_found = "https://x.example/1?utm_source=rss&id=7"
    (told,) = json.loads(place.run("explain", as_found, "--json").stdout)["entries"]
    assert (told["link"], told["notes"]) == ("https://x.example/1?id=7", notes)
    assert "on the way in\n  1 tracking pixel removed\n" in place.run("explain", "https://x.example/1?id=7").stdout
    (previewed,) = json.loads(place.run("preview", "one", "--json").stdout)["entries"]
    assert previewed["notes"] == notes
    feed = (place.public / "category/news/feed.atom").read_text()
    assert "https://x.example/cat.png" in feed
    assert "utm_source" not in feed
