"""A web page that is no feed: items by selector, their fields within each, or a named failure."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load
from aggregator.errors import Unreadable
from aggregator.intake import take_in
from aggregator.model import Document, Failed, Intake, Recipe, Source
from aggregator.sources.html import read

URL = "https://news.example/list/"
RECIPE = """
    items: ul.news > li
    fields:
      title: a
      link: {css: a, attr: href}
      published: time
      summary: p.lead
      author: {xpath: "span[@class='by']/text()"}
      image: img
"""
PAGE = """<!doctype html><html lang="de"><head><title> Die
 Nachrichten </title><link rel="shortcut icon" href="/i.png"></head><body><ul class="news">
<li><a href="../a?x=1">Eins &amp; <b>zwei</b></a> <time datetime="2024-03-05T10:00:00+01:00">gestern</time>
<p class="lead">Ein <em>Satz</em> mit <a href="b">Link</a></p><span class="by">Ada</span>
<img src="/blank.gif" data-src="pic.jpg"></li>
<li><a href="https://other.example/2">Drei</a><time>5 Mar 2024</time></li>
</ul></body></html>"""


def configured(folder: Path, recipe: str = RECIPE) -> Source:
    """One html source with this recipe."""
    (folder / "c.yaml").write_text(f"sources:\n  - id: page\n    url: {URL}\n    type: html\n{recipe}", "utf-8")
    (found,) = load(folder / "c.yaml", {}).sources
    return found


def document(page: str | bytes, content_type: str = "text/html; charset=utf-8") -> Document:
    return Document(URL, page if isinstance(page, bytes) else page.encode(), "", content_type)


def intake_of(source: Source, page: str | bytes, content_type: str = "text/html; charset=utf-8") -> Intake:
    intake = take_in(source, document(page, content_type))
    assert isinstance(intake, Intake), intake
    return intake


def test_an_item_becomes_an_entry(tmp_path: Path) -> None:
    intake = intake_of(configured(tmp_path), PAGE)
    first, second = intake.entries
    assert (first.title, first.link) == ("Eins & zwei", "https://news.example/a?x=1")
    assert first.published == datetime(2024, 3, 5, 9, tzinfo=UTC)
    assert first.summary.startswith('Ein <em>Satz</em> mit <a href="https://news.example/list/b"')
    assert [author.name for author in first.authors] == ["Ada"]
    assert first.image
    assert first.image.href == "https://news.example/list/pic.jpg"
    assert (second.title, second.link) == ("Drei", "https://other.example/2")
    assert (second.published, second.authors) == (datetime(2024, 3, 5, tzinfo=UTC), ())
    origin = intake.origin
    assert (origin.title, origin.language, origin.icon) == ("Die Nachrichten", "de", "https://news.example/i.png")


def test_relative_addresses_hang_on_the_base_of_the_page(tmp_path: Path) -> None:
    page = PAGE.replace("<head>", '<head><base href="https://cdn.example/x/">')
    assert intake_of(configured(tmp_path), page).entries[0].link == "https://cdn.example/a?x=1"


def test_items_seen_before_are_left_out_until_they_change(tmp_path: Path) -> None:
    recipe = configured(tmp_path).recipe
    first = read(document(PAGE), frozenset(), recipe)
    again = read(document(PAGE.replace("<ul", "<p>nonce 42</p><ul")), first.hashes, recipe)
    assert (again.drafts, again.hashes) == ((), first.hashes)
    changed = read(document(PAGE.replace("Drei", "Vier")), first.hashes, recipe)
    assert [draft.title and draft.title.value for draft in changed.drafts] == ["Vier"]


def test_an_item_that_is_not_whole_waits(tmp_path: Path) -> None:
    reading = read(document(PAGE.replace("<time>5 Mar 2024</time>", "")), frozenset(), configured(tmp_path).recipe)
    assert (len(reading.drafts), len(reading.hashes), reading.problems) == (1, 1, ("item 2 has no published yet",))


def test_a_page_without_any_item_is_a_failure_and_no_empty_feed(tmp_path: Path) -> None:
    failed = take_in(configured(tmp_path), document("<h1>Relaunch!</h1>"))
    assert isinstance(failed, Failed)
    assert failed.detail == 'no item at "ul.news > li" in this page; has the site been rebuilt?'


@pytest.mark.parametrize(
    ("codec", "head", "content_type"),
    [
        ("gb18030", '<meta charset="gb2312">', "text/html"),
        ("big5", '<meta http-equiv="Content-Type" content="text/html; charset=big5">', "text/html"),
        ("cp932", "", "text/html; charset=Shift_JIS"),
        ("euc_kr", '<meta charset="euc-kr">', "text/html"),
        ("cp1251", "<meta charset=windows-1251>", ""),
        ("utf-16", "", "text/html"),
    ],
)
def test_the_page_is_read_in_its_encoding(tmp_path: Path, codec: str, head: str, content_type: str) -> None:
    words = {"euc_kr": "안녕하세요 뉴스", "cp932": "東京のニュース", "cp1251": "Новости дня"}.get(codec, "中文新聞")
    page = PAGE.replace("<head>", f"<head>{head}").replace("Drei", words).encode(codec, "xmlcharrefreplace")
    assert intake_of(configured(tmp_path), page, content_type).entries[1].title == words


def test_a_template_takes_the_values_of_other_fields(tmp_path: Path) -> None:
    recipe = """
    items: tr
    fields: {id: {css: td, attr: data-id}, title: td, link: {template: "https://x.example/{id}"}}
"""
    (entry,) = intake_of(configured(tmp_path, recipe), '<table><tr><td data-id="7 8">T</td></tr></table>').entries
    assert entry.link == "https://x.example/7%208"


def test_items_may_be_found_by_xpath(tmp_path: Path) -> None:
    recipe = """
    items: {xpath: "//h2[following-sibling::p]"}
    fields: {title: {xpath: "string(.)"}, summary: {xpath: "following-sibling::p[1]"}}
"""
    (entry,) = intake_of(configured(tmp_path, recipe), "<h2>A</h2><p>text of <i>A</i></p>").entries
    assert (entry.title, entry.summary) == ("A", "text of <i>A</i>")


@given(st.binary(max_size=300) | st.text(alphabet="<>/ulai\"'= newsp\x00&", max_size=200).map(str.encode))
def test_any_bytes_are_a_reading_or_unreadable(body: bytes) -> None:
    try:
        reading = read(Document(URL, body, "", "text/html"), frozenset(), _any_list())
    except Unreadable:
        return
    assert len(reading.drafts) <= 1000


def _any_list() -> Recipe:
    from aggregator.model import Pick

    return Recipe("ul", (("title", Pick("a", "css", "text")), ("summary", Pick("p", "css", "html"))), "css")
