"""A sitemap of news, for papers that have no feed: read, or a failure with the next step."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load
from aggregator.errors import Unreadable
from aggregator.intake import take_in
from aggregator.model import Document, Failed, Intake, Source
from aggregator.sources.sitemap import read

URL = "https://paper.example/news-sitemap.xml"
SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc>https://paper.example/2026/river?a=1&amp;b=2</loc><lastmod>2026-11-21T00:00:00Z</lastmod>
    <news:news><news:publication><news:name>The Paper</news:name><news:language>en</news:language></news:publication>
      <news:publication_date>2026-11-20T06:00:00+01:00</news:publication_date>
      <news:title>What the river took &#8211; a report</news:title>
      <news:keywords>flood, Cologne</news:keywords></news:news>
    <image:image><image:loc>https://paper.example/river.jpg</image:loc><image:title>A mill</image:title></image:image>
  </url>
  <url><loc>https://paper.example/about</loc><lastmod>2020-01-01</lastmod></url>
  <url><loc>https://paper.example/2026/zh</loc><news:news><news:publication><news:name>The Paper</news:name>
    <news:language>zh-cn</news:language></news:publication><news:publication_date>2026-11-19</news:publication_date>
    <news:title>新闻标题</news:title></news:news></url>
</urlset>"""
INDEX = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://paper.example/news.xml</loc>
</sitemap><sitemap><loc>https://paper.example/old.xml</loc></sitemap></sitemapindex>"""


def configured(folder: Path, more: str = "") -> Source:
    (folder / "c.yaml").write_text(f"sources:\n  - {{id: paper, type: sitemap, url: '{URL}'{more}}}\n", "utf-8")
    (found,) = load(folder / "c.yaml", {}).sources
    return found


def document(text: str | bytes) -> Document:
    return Document(URL, text if isinstance(text, bytes) else text.encode(), "", "application/xml")


def test_the_news_of_a_sitemap_are_entries_and_its_other_pages_are_none(tmp_path: Path) -> None:
    intake = take_in(configured(tmp_path), document(SITEMAP))
    assert isinstance(intake, Intake)
    assert intake.origin.title == "The Paper"
    first, second = intake.entries
    assert (first.title, first.link) == ("What the river took – a report", "https://paper.example/2026/river?a=1&b=2")
    assert (first.published, first.updated) == (datetime(2026, 11, 20, 5, tzinfo=UTC), None)
    assert [term.term for term in first.terms] == ["flood", "Cologne"]
    assert first.image
    assert first.image.href == "https://paper.example/river.jpg"
    assert (second.title, second.language) == ("新闻标题", "zh-cn")


def test_the_articles_behind_it_are_fetched_where_that_is_wanted(tmp_path: Path) -> None:
    intake = take_in(configured(tmp_path, ", full_text: {select: article}"), document(SITEMAP))
    assert isinstance(intake, Intake)
    assert [entry.waits for entry in intake.entries] == [True, True]


def test_a_packed_file_is_unpacked_and_no_further_than_a_sitemap_goes(tmp_path: Path) -> None:
    assert read(document(gzip.compress(SITEMAP.encode())), frozenset(), None) == read(
        document(SITEMAP), frozenset(), None
    )
    with pytest.raises(Unreadable):
        read(document(gzip.compress(b" " * 60 * 1024**2)), frozenset(), None)


def test_news_seen_before_are_left_out_until_they_change() -> None:
    first = read(document(SITEMAP), frozenset(), None)
    again = read(document(SITEMAP.replace("2026-11-21T00", "2026-11-22T00")), first.hashes, None)
    assert (again.drafts, again.hashes) == ((), first.hashes)
    changed = read(document(SITEMAP.replace("新闻标题", "新标题")), first.hashes, None)
    assert [draft.title and draft.title.value for draft in changed.drafts] == ["新标题"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (INDEX, "an index of sitemaps; write the one with the news: https://paper.example/news.xml, https://paper"),
        (SITEMAP.replace("news:title", "news:t"), "a sitemap without news: no address in it has a title"),
        ("<rss version='2.0'><channel/></rss>", "not a sitemap: its root is no urlset"),
        ("<html><title>x</title></html>", "not a sitemap"),
        ("", "not a sitemap"),
        (b"\x1f\x8bxxxx", "a packed sitemap that cannot be unpacked"),
    ],
)
def test_what_is_no_sitemap_of_news_is_a_failure_with_the_next_step(
    tmp_path: Path, body: str | bytes, said: str
) -> None:
    failed = take_in(configured(tmp_path), document(body))
    assert isinstance(failed, Failed)
    assert failed.detail.startswith(said)


def test_entities_neither_open_files_nor_explode() -> None:
    for declared in ('<!ENTITY x SYSTEM "file:///etc/hostname">', '<!ENTITY y "yyyyyyyyyy"><!ENTITY x "&y;&y;&y;">'):
        url = "<url><loc>https://x.example/</loc><title>t &x;</title></url>"
        (draft,) = read(document(f"<!DOCTYPE urlset [{declared}]><urlset>{url}</urlset>"), frozenset(), None).drafts
        assert draft.title
        assert len(draft.title.value) < 10


@given(st.binary(max_size=200) | st.text("<urlset>o/ citn:ew&;", max_size=200).map(str.encode))
def test_any_bytes_are_a_reading_or_unreadable(body: bytes) -> None:
    try:
        reading = read(document(body), frozenset(), None)
    except Unreadable:
        return
    assert reading.drafts
