"""The pages beside the categories: entries, about this site, removed ones; themes; and which of them are written."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import lxml.html
import pytest
from conftest import Place
from scripted_web import ScriptedWeb

from aggregator.formats.html import render, render_about, render_entry, render_gone, render_home, stylesheet
from aggregator.formats.theme import faults, mark_of
from aggregator.model import (
    Chain,
    Enclosure,
    Home,
    Image,
    Origin,
    Page,
    Person,
    Related,
    Rendered,
    Shown,
    Site,
    Term,
    entry_page,
)

NOON = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
SITE = Site(
    "Planet",
    "https://planet.example",
    "en",
    "Asia/Shanghai",
    contact="desk@planet.example",
    formats=("atom", "rss", "json", "html", "opml"),
)
ENTRY = Shown(
    id="tag:lwn.example,2026:1",
    title="Kernel prepatch",
    link="https://lwn.example/1",
    published=NOON,
    updated=NOON,
    authors=(Person("Jonathan Corbet"),),
    terms=(Term("linux"),),
    summary="<p>Short.</p>",
    content='<h1>News</h1><p>The whole story.</p><img src="https://lwn.example/a>b.png"><img src="x" alt="A graph">',
    language="en",
    rights="CC BY 4.0",
    enclosures=(
        Enclosure("https://lwn.example/talk%20one.mp3", "audio/mpeg", 3_400_000, duration=754),
        Enclosure("https://lwn.example/", length=512),
    ),
    origin=Origin("urn:lwn", "LWN", icon="https://lwn.example/icon.png"),
    via="https://lwn.example/feed",
    attribution="Source: LWN",
    source_title="LWN",
    source_page="source/lwn/",
    image=Image("https://lwn.example/cover.png", 640, 480),
)
LINUX = Page("category/linux/", "Linux", SITE, NOON, (ENTRY,))


def found(rendered: Rendered | None, xpath: str) -> list[str]:
    assert rendered is not None
    nodes = lxml.html.document_fromstring(rendered.body.decode()).xpath(xpath)
    return [" ".join((node if isinstance(node, str) else node.text_content()).split()) for node in nodes]


# ---------------------------------------------------------------- entries


def test_the_folder_of_an_entry_is_the_same_for_ever_and_safe_whatever_its_id_is() -> None:
    assert re.fullmatch(r"entry/[0-9a-f]{20}/", entry_page("https://x.example/../?a=<b>&c=漢字"))
    assert entry_page("tag:a,2026:1") == entry_page("tag:a,2026:1") != entry_page("tag:a,2026:2")


def test_an_entrys_page_points_to_the_original_and_asks_not_to_be_indexed() -> None:
    page = render_entry(LINUX)
    assert page is not None
    assert page.path == f"{entry_page(ENTRY.id)}index.html"
    assert found(page, "//link[@rel='canonical']/@href") == [ENTRY.link]
    assert found(page, "//meta[@name='robots']/@content") == ["noindex"]
    assert found(page, "//h1/a/@href") == found(page, "//p[@class='original']/a/@href") == [ENTRY.link]


def test_an_entrys_page_shows_its_text_files_credits_and_the_way_back() -> None:
    page = render_entry(LINUX)
    assert "The whole story." in found(page, "//div[contains(@class, 'e-content')]")[0]
    assert found(page, "//ul[@class='files']/li") == [
        "talk one.mp3 12:34 · 3.4 MB · audio/mpeg",
        "https://lwn.example/ 512 B",
    ]
    assert found(page, "//p[@class='attribution']") == ["Source: LWN", "CC BY 4.0"]
    assert found(page, "//nav//li//@href") == ["../../", "../../category/linux/"]
    assert found(page, "//meta[@property='og:title']/@content") == [ENTRY.title]
    assert found(page, "//meta[@property='article:published_time']/@content") == ["2026-11-23T08:30:00Z"]


def test_an_entrys_page_names_whom_its_text_names_and_who_else_tells_its_story() -> None:
    story = Related("The same story", "https://paper.example/1", "The <Paper>", "source/paper/")
    entry = replace(ENTRY, credit=Person("Reuters"), related=(story,), also="Also reported by: ")
    page = render_entry(replace(LINUX, shown=(entry,)))
    assert found(page, "//p[@class='attribution']") == [
        "Source: LWN",
        "Source named in the text: Reuters",
        "Also reported by: The <Paper>",
        "CC BY 4.0",
    ]
    assert found(page, "//p[@class='attribution']/a/@href")[:1] == ["https://paper.example/1"]
    chinese = replace(LINUX, site=replace(SITE, language="zh-CN"), shown=(entry,))
    assert "文中注明的来源： Reuters" in found(render_entry(chinese), "//p[@class='attribution']")
    author = replace(entry, authors=(Person("Reuters"),), related=())
    assert found(render_entry(replace(LINUX, shown=(author,))), "//p[@class='attribution']") == [
        "Source: LWN",
        "CC BY 4.0",
    ], "who is named as the author already is not named twice"


def test_headings_of_a_publisher_stand_below_ours_and_pictures_have_a_description_or_none() -> None:
    page = render_entry(LINUX)
    assert found(page, "//h1") == [ENTRY.title]
    assert "News" in found(page, "//div/h2")
    assert found(page, "//div[contains(@class, 'e-content')]//img/@alt") == ["", "A graph"]
    assert found(page, "//div[contains(@class, 'e-content')]//img/@src") == ["https://lwn.example/a>b.png", "x"]


def test_an_entry_that_cannot_be_shown_has_no_page() -> None:
    assert render_entry(replace(LINUX, shown=(replace(ENTRY, title=" "),))) is None


def test_a_removed_entry_leaves_a_page_that_says_so_and_nothing_of_it() -> None:
    page = render_gone(ENTRY.id, SITE)
    assert page.path == f"{entry_page(ENTRY.id)}index.html"
    assert found(page, "//h1") == ["Removed"]
    assert ENTRY.title.encode() not in page.body


# ---------------------------------------------------------------- categories, home, about


def test_a_category_leads_to_the_pages_of_its_entries_and_a_source_does_not() -> None:
    assert found(render(LINUX), "//p[@class='here']/a/@href") == [f"../../{entry_page(ENTRY.id)}"]
    assert found(render(replace(LINUX, path="source/lwn/")), "//p[@class='here']") == []
    without = replace(LINUX, site=replace(SITE, entry_pages=False))
    assert found(render(without), "//p[@class='here']") == []


def test_every_page_leads_to_the_search_unless_nothing_would_answer_it() -> None:
    assert found(render(LINUX), "//footer//a[contains(., 'Search')]/@href") == ["../../search"]
    without = replace(LINUX, site=replace(SITE, search=False))
    assert found(render(without), "//footer//a[contains(., 'Search')]") == []


def test_a_category_shows_whole_texts_where_that_is_wanted_their_headings_below_the_titles() -> None:
    assert found(render(LINUX), "//article//h3") == []
    page = render(replace(LINUX, site=replace(SITE, full_text=True)))
    assert found(page, "//article/h2//text()") == [ENTRY.title]
    assert found(page, "//article/div[contains(@class, 'e-content')]/h3/text()") == ["News"]
    assert found(page, "//p[contains(@class, 'excerpt')]") == []
    empty = replace(ENTRY, content="", summary="")
    page = render(replace(LINUX, site=replace(SITE, full_text=True), shown=(empty,)))
    assert found(page, "//article//div[contains(@class, 'e-content')]") == []


def test_an_entry_is_shown_with_the_icon_of_its_source_and_its_picture() -> None:
    page = render(LINUX)
    assert found(page, "//img[@class='icon']/@src") == ["https://lwn.example/icon.png"]
    assert found(page, "//img[contains(@class, 'picture')]/@src") == ["https://lwn.example/cover.png"]
    assert set(found(page, "//img/@alt")) == {""}
    assert set(found(page, "//img/@loading")) == {"lazy"}


def test_every_feed_of_a_page_is_found_can_be_copied_and_opened_with_one_click() -> None:
    page, folder = render(LINUX), "https://planet.example/category/linux/"
    feeds = [f"{folder}feed.{word}" for word in ("atom", "rss", "json")]
    assert found(page, "//link[@rel='alternate']/@href") == feeds
    assert found(page, "//link[@rel='alternate']/@title") == ["Linux", "Linux (RSS)", "Linux (JSON Feed)"]
    assert found(page, "//section[@class='subscribe']//code") == feeds
    clicks = found(page, "//p[@class='readers']/a/@href")
    assert clicks[0] == f"feed:{folder}feed.atom"
    assert "https://www.inoreader.com/?add_feed=https%3A%2F%2Fplanet.example%2Fcategory%2Flinux%2Ffeed.atom" in clicks
    assert clicks[-1] == f"{folder}sources.opml"


def test_a_part_of_the_history_leads_to_its_neighbours_and_back_to_the_newest() -> None:
    part = replace(LINUX, chain=Chain("2026-10", "2026-09", "2026-11"))
    page = render(part)
    assert page.path == "category/linux/archive/2026-10.html"
    assert found(page, "//nav[@class='paging']/a/@href") == [
        "../../../category/linux/archive/2026-11.html",
        "../../../category/linux/",
        "../../../category/linux/archive/2026-09.html",
    ]
    assert found(page, "//link[@rel='canonical']/@href") == [f"https://planet.example/{page.path}"]
    front = render(replace(LINUX, chain=Chain(previous="2026-11")))
    assert found(front, "//nav[@class='paging']/a/@href") == ["../../category/linux/archive/2026-11.html"]


@pytest.mark.parametrize(("language", "heading"), [("en", "For publishers"), ("zh-CN", "出版者")])
def test_the_page_about_the_site_says_how_a_publisher_is_left_out(language: str, heading: str) -> None:
    site = replace(SITE, language=language)
    page = render_about(Home(site, replace(LINUX, site=site), (), ()))
    assert page.path == "about/index.html"
    assert heading in found(page, "//h2")
    assert "mailto:desk@planet.example" in found(page, "//main//a/@href")
    assert "410" in found(page, "//main")[0]


def test_every_page_leads_to_the_page_about_the_site() -> None:
    home = Home(SITE, LINUX, (LINUX,), ())
    for page, root in ((render_home(home), "./"), (render(LINUX), "../../"), (render_entry(LINUX), "../../")):
        assert f"{root}about/" in found(page, "//footer//a/@href")


# ---------------------------------------------------------------- themes


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    folder = tmp_path / "theme"
    folder.mkdir()
    return folder


def themed(theme: Path) -> Page:
    return replace(LINUX, site=replace(SITE, theme=str(theme)))


def test_a_theme_replaces_what_it_has_and_may_build_on_ours(theme: Path) -> None:
    (theme / "base.html").write_text('{% extends "original/base.html" %}{% block title %}Mine{% endblock %}')
    (theme / "entry.html").write_text("<h1>{{ row.title.text }}</h1>")
    (theme / "style.css").write_text("p { color: red }")
    assert found(render_entry(themed(theme)), "//h1") == [ENTRY.title]
    assert found(render(themed(theme)), "//h1") == ["Linux"]
    assert stylesheet(theme=str(theme)).body == b"p { color: red }"
    assert stylesheet("feed.css", str(theme)).body == stylesheet("feed.css").body


def test_what_is_wrong_with_a_theme_is_named_with_file_and_line(theme: Path) -> None:
    (theme / "page.html").write_text("one\n{% if %}")
    (theme / "entry.html").write_text("{{ row.title.text }}")
    (theme / "unknown.html").write_text("{% if %}")
    assert [(file, line) for file, line, _ in faults(theme)] == [(str(theme / "page.html"), 2)]


def test_a_template_that_fails_is_replaced_by_ours_and_named(theme: Path) -> None:
    (theme / "page.html").write_text("{{ page.nothing }}")
    page = render(themed(theme))
    assert page.body == render(LINUX).body
    assert "page.html" in page.problems[0]


def test_the_mark_of_a_theme_changes_with_its_files(theme: Path) -> None:
    before = mark_of(str(theme))
    (theme / "style.css").write_text("p {}")
    assert mark_of(str(theme)) != before
    assert mark_of(None) == ""


def test_a_config_with_a_broken_theme_is_refused(place: Place, theme: Path) -> None:
    (theme / "home.html").write_text("\n{% endif %}")
    site = {"title": "Test", "base_url": "https://planet.example", "theme": str(theme)}
    place.configure([{"url": "https://a.example/feed"}], site=site)
    told = place.run("check", check=2).stderr
    assert f"{theme / 'home.html'}:2:1: site.theme:" in told


# ---------------------------------------------------------------- which are written


def feed(*numbers: int) -> str:
    items = "".join(
        f"<item><title>Entry {n}</title><link>https://a.example/{n}</link><guid>https://a.example/{n}</guid>"
        f"<pubDate>Mon, 23 Nov 2026 0{n}:00:00 GMT</pubDate><description>Text {n}</description></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>A</title><link>https://a.example/</link>{items}</channel></rss>"


def written_at(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_entries_that_a_category_shows_have_a_page_and_keep_it(place: Place, web: ScriptedWeb) -> None:
    source = {"id": "a", "url": web.feed("/a", feed(1, 2)), "category": "news"}
    place.configure([source], output={"dir": str(place.public), "limit": 2})
    place.run("once", "--all")
    pages = [place.public / entry_page(f"https://a.example/{n}") / "index.html" for n in range(1, 5)]
    assert [page.exists() for page in pages] == [True, True, False, False]
    assert found(Rendered("", pages[0].read_bytes()), "//nav//li//@href") == ["../../", "../../category/news/"]
    web.feed("/a", feed(1, 2, 3, 4))
    place.run("once", "--all")
    assert [page.exists() for page in pages] == [True, True, True, True]
    before = written_at(place.public)
    place.run("build")
    assert written_at(place.public) == before
    assert (place.public / "about/index.html").exists()


def test_where_entries_are_to_have_no_page_none_is_written_and_old_ones_go(place: Place, web: ScriptedWeb) -> None:
    source = {"id": "a", "url": web.feed("/a", feed(1)), "category": "news"}
    for entry_pages in (True, False):
        place.configure([source], output={"dir": str(place.public), "entry_pages": entry_pages})
        place.run("once", "--all")
        assert (place.public / "entry").exists() is entry_pages
