"""What only follows readers goes, and what a site needs to find its page stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.clean.tracking import FAMILIES, PARAMETERS, is_counter, only_counts, without_tracking


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("https://a.example/x?utm_source=rss&utm_medium=feed", "https://a.example/x"),
        ("https://a.example/x?id=1&utm_source=rss&page=2", "https://a.example/x?id=1&page=2"),
        ("https://a.example/x?UTM_Source=rss", "https://a.example/x"),
        ("https://a.example/x?fbclid=I1#part", "https://a.example/x#part"),
        ("https://a.example/x?a=%7E&gclid=1&b=%E4%b8", "https://a.example/x?a=%7E&b=%E4%b8"),
        ("https://a.example/?mc_cid=1&mc_eid=2", "https://a.example/"),
        ("https://a.example/x?p=1&amp;utm_source=rss", "https://a.example/x?p=1"),
        ("https://a.example/x#xtor=RSS-3208", "https://a.example/x"),
        ("https://a.example/x?p=1#utm_source=a&utm_medium=b", "https://a.example/x?p=1"),
        ("https://medium.example/p/x?source=rss----7f60cf5620c9---4", "https://medium.example/p/x"),
        ("https://www.nytimes.example/x.html?partner=rss&emc=rss", "https://www.nytimes.example/x.html"),
        ("https://www.bbc.example/news/1?at_medium=RSS&at_campaign=KARANGA", "https://www.bbc.example/news/1"),
        ("https://a.example/x?pk_campaign=feed&pk_kwd=x", "https://a.example/x"),
    ],
)
def test_what_follows_the_reader_is_taken_out_of_an_address(written: str, left: str) -> None:
    assert without_tracking(written) == left


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/x",
        "https://a.example/x?",
        "https://a.example/x?a&b=&=c&&d",
        "https://a.example/x?pk=17",  # a primary key
        "https://a.example/x?ref=master&path=README",
        "https://a.example/x?source=github&from=2&src=img.png",
        "https://a.example/x?partner=acme",
        "https://a.example/feed?source=rss",
        "https://a.example/x?cid=5&mc=1&at=2",
        "https://a.example/x?utm=zone33&atm_id=1",  # a map, in UTM coordinates
        "https://a.example/go?url=https://b.example/?utm_source=x",
        "https://a.example/x#utm_source=a&section",
        "https://a.example/x#part-2",
        # Who signs an address signs all of it.
        "https://s3.example/f.mp3?X-Amz-Signature=ab12&utm_source=rss",
        "https://a.example/f?utm_source=rss&sig=ab12",
        "https://a.example/f?utm_source=rss&Signature=x&Key-Pair-Id=y",
    ],
)
def test_what_a_site_needs_stays_byte_for_byte(address: str) -> None:
    assert without_tracking(address) == address


PAIRS = st.sampled_from(
    [*sorted(PARAMETERS), *(f"{family}x" for family in FAMILIES), "id", "q", "ref", "source", "sig", ""]
)
QUERIES = st.lists(st.tuples(PAIRS, st.sampled_from(["", "=", "=1", "=rss", "=rss----1"])), max_size=5)


@given(QUERIES, st.sampled_from(["", "#a", "#utm_source=x", "#"]))
def test_taking_out_is_done_once_and_changes_nothing_else(pairs: list[tuple[str, str]], fragment: str) -> None:
    address = "https://a.example/x?" + "&".join(name + value for name, value in pairs) + fragment
    left = without_tracking(address)
    assert without_tracking(left) == left
    kept = iter(re.split(r"[?&#]", address))
    assert all(part in kept for part in re.split(r"[?&#]", left))  # what is left is there in its old order


@pytest.mark.parametrize(
    "address",
    [
        "http://feeds.feedburner.com/~r/blogspot/lQlzL/~4/Zjf41PDVLAc",
        "http://feeds.feedburner.com/~ff/Blog?d=yIl2AUoC8zA",
        "//feeds.site.example/~r/Blog/~4/x",
        "https://pixel.wp.com/b.gif?host=a.wordpress.com&feed=1",
        "http://pi.feedsportal.com/r/162676227447/u/0/f/608948/c/33822/a2t.img",
        "http://rue89.feedsportal.com/c/33822/f/608948/s/2a687021/mf.gif",
        "http://feedpress.me/980/4243452.gif",
        "https://medium.com/_/stat?event=post.clientViewed",
        "https://www.facebook.com/tr?id=1&ev=PageView&noscript=1",
        "https://blogger.googleusercontent.com/tracker/123-456",
        "https://stats.site.example/matomo.php?idsite=1",
        "http://blogs.site.example/aggbug.aspx?PostID=8834569",
        "https://www.google-analytics.com/collect?v=1",
        "HTTPS://SSL.Google-Analytics.com/x",
        "https://ad.doubleclick.net/ddm/trackimp/N1;ord=1",
    ],
)
def test_a_counter_is_known_by_where_it_comes_from(address: str) -> None:
    assert is_counter(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/pixel.gif",
        "https://notdoubleclick.net/x.png",
        "https://doubleclick.net.a.example/x.png",
        "https://feeds.feedburner.com/Blog/logo.png",
        "https://www.facebook.com/triangle.png",
        "https://blogger.googleusercontent.com/img/a/cat.png",
        "https://medium.com/img/_/stat.png",
        "https://a.example/docs/matomo.php",
        "mailto:a@doubleclick.net",
        "http://[::1",
        "",
    ],
)
def test_a_picture_is_no_counter_because_it_looks_a_bit_like_one(address: str) -> None:
    assert not is_counter(address)


@pytest.mark.parametrize(
    "attributes",
    [
        {"width": "1", "height": "1"},
        {"width": "0", "height": "0"},
        {"width": "1px", "height": " 1 "},
        {"width": "1.0", "height": "1"},
        {"style": "width:1px;height:1px"},
        {"style": "border:0; WIDTH: 0 !important; height : 1px !important"},
        {"style": "height:1px", "width": "1"},
        {"style": "display: none"},
        {"style": "position:absolute;visibility:hidden", "width": "300"},
    ],
)
def test_a_picture_that_nobody_sees_only_counts(attributes: dict[str, str]) -> None:
    assert only_counts("https://a.example/x.gif", attributes)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"width": "1"},
        {"height": "1"},
        {"width": "100", "height": "1"},  # a rule
        {"width": "10", "height": "10"},
        {"width": "1%", "height": "1%"},
        {"width": "1em", "height": "1em"},
        {"width": "", "height": ""},
        {"style": "max-width:1px;line-height:1"},
        {"style": "width:10px;height:1px"},
        {"style": "width:1px"},
        {"style": "border-width:1px;min-height:1px"},
        {"style": "x-display:none"},
    ],
)
def test_a_picture_that_can_be_seen_is_no_pixel(attributes: dict[str, str]) -> None:
    assert not only_counts("https://a.example/x.gif", attributes)
