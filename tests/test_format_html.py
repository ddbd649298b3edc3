"""The pages that people read: what is in them, in which words, and that nothing in them can do harm."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import lxml.etree
import lxml.html
import pytest

from aggregator.clean.excerpt import excerpt
from aggregator.formats.html import render, render_home, stylesheet
from aggregator.formats.languages import tag_direction, text_direction
from aggregator.formats.words import words_for
from aggregator.model import Home, Origin, Page, Person, Shown, Site, Term

NOON = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
SITE = Site(
    title="Planet Somewhere",
    base_url="https://example.org/planet",
    language="en",
    timezone="Asia/Shanghai",
    contact="https://example.org/bot",
    rights="Each entry belongs to its author.",
)
CHINESE = replace(SITE, language="zh-CN", title="金融消息")
HOSTILE = "</a><script>alert(1)</script><img src=x onerror=alert(2)>\"'>&amp;{{ 7*7 }}"


def shown(number: int = 0) -> Shown:
    return Shown(
        id=f"tag:example.org,2026:{number}",
        title=f"Kernel prepatch {number}",
        link=f"https://lwn.example/Articles/{number}/?a=1&b=2",
        published=NOON - timedelta(hours=number),
        updated=NOON - timedelta(hours=number),
        authors=(
            Person("Jonathan Corbet", email="jc@lwn.example", uri="https://lwn.example/~jc"),
            Person("Jake"),
        ),
        terms=(Term("linux"),),
        summary="<p>Linus has released <b>rc3</b>.</p><p>Please test.</p>",
        content="<p>The whole story.</p>",
        language="en",
        rights=None,
        enclosures=(),
        origin=Origin(id="urn:lwn", title="LWN"),
        via="https://lwn.example/feed",
        attribution="Source: LWN",
        source_title="LWN",
        source_page="source/lwn/",
    )


def category(*entries: Shown, site: Site = SITE, slug: str = "linux", title: str = "Linux") -> Page:
    return Page(
        path=f"category/{slug}/",
        title=title,
        site=site,
        updated=entries[0].updated if entries else None,
        shown=entries,
    )


def home(site: Site = SITE) -> Home:
    entries = tuple(shown(number) for number in range(8))
    source = Page("source/lwn/", "LWN", site, NOON, entries, html_url="https://lwn.example/", language="en")
    return Home(
        site=site,
        everything=category(*entries, site=site, slug="all", title="Planet Somewhere"),
        categories=(
            category(*entries, site=site),
            category(site=site, slug="quiet", title="Quiet corner"),
        ),
        sources=(source,),
    )


def parsed(page: Page | Home) -> lxml.html.HtmlElement:
    rendered = render(page) if isinstance(page, Page) else render_home(page)
    return lxml.html.document_fromstring(rendered.body.decode())


def text(page: Page | Home) -> str:
    return " ".join(str(parsed(page).text_content()).split())


def found(page: Page | Home, xpath: str) -> list[str]:
    return [" ".join(str(value).split()) for value in parsed(page).xpath(xpath)]


# ---------------------------------------------------------------- where it goes, and that it is sound


def test_a_page_is_the_index_of_its_folder_and_home_that_of_the_site() -> None:
    assert render(category()).path == "category/linux/index.html"
    assert render(home().sources[0]).path == "source/lwn/index.html"
    assert render_home(home()).path == "index.html"
    assert stylesheet().path == "style.css"


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert render(category(shown(), shown(1))).body == render(category(shown(), shown(1))).body
    assert render_home(home()).body == render_home(home()).body
    assert stylesheet().body == stylesheet().body


@pytest.mark.parametrize("site", [SITE, CHINESE, replace(SITE, language="ar", title="كوكب")])
def test_every_element_that_is_opened_is_closed_in_order(site: Site) -> None:
    pages = [
        render(category(shown(), shown(1), site=site)),
        render(category(site=site)),
        render_home(home(site)),
    ]
    for rendered in pages:
        markup = rendered.body.decode()
        assert markup.startswith("<!doctype html>\n")
        strict = re.sub(r"<(meta|link|input)\b([^>]*)>", r"<\1\2/>", markup.removeprefix("<!doctype html>"))
        lxml.etree.fromstring(strict)


def test_no_identifier_stands_twice_in_a_page() -> None:
    for page in (category(shown(), shown(1)), home()):
        identifiers = found(page, "//@id")
        assert len(identifiers) == len(set(identifiers))


# ---------------------------------------------------------------- nothing hostile comes through


def test_hostile_text_stays_text_wherever_it_stands() -> None:
    entry = replace(
        shown(),
        title=HOSTILE,
        authors=(Person(HOSTILE),),
        attribution=HOSTILE,
        source_title=HOSTILE,
        language='"><script>',
    )
    page = replace(
        category(entry, site=replace(SITE, title=HOSTILE, rights=HOSTILE, language=HOSTILE)),
        title=HOSTILE,
        rights=HOSTILE,
    )
    for shape in (page, Home(page.site, page, (page,), (page,))):
        assert not parsed(shape).xpath("//script | //img | //style | //*[@onerror] | //@style")
        assert HOSTILE in text(shape)
        assert "49" not in text(shape)
    assert found(page, "//*[contains(@class, 'h-entry')]//a[contains(@class, 'u-url')]/text()") == [HOSTILE]


def test_markup_that_was_escaped_by_its_author_stays_escaped_in_the_excerpt() -> None:
    page = category(replace(shown(), summary="<p>Use &lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; co</p>"))
    assert found(page, "//p[contains(@class, 'excerpt')]/text()") == ["Use <script>alert(1)</script> &amp; co"]


def test_pages_need_no_script_no_inline_style_and_nothing_from_elsewhere() -> None:
    for page in (category(shown()), home()):
        assert not parsed(page).xpath("//script | //style | //@style | //@src")
        assert found(page, "//form/@action") in ([], ["./search"])
        assert found(page, "//link[@rel='stylesheet']/@href") in (["../../style.css"], ["./style.css"])
    assert "url(" not in stylesheet().body.decode()
    assert "@import" not in stylesheet().body.decode()


def test_a_link_to_a_website_or_contact_that_is_no_web_address_is_left_out() -> None:
    page = replace(category(site=replace(SITE, contact="javascript:alert(1)")), html_url="javascript:alert(2)")
    assert "javascript" not in render(page).body.decode()


# ---------------------------------------------------------------- what a page shows


def test_an_entry_shows_its_title_source_authors_time_excerpt_and_attribution() -> None:
    page = category(shown())
    entry = "//article[contains(@class, 'h-entry')]"
    assert found(page, f"{entry}/h2/a/@href") == ["https://lwn.example/Articles/0/?a=1&b=2"]
    assert found(page, f"{entry}//a[@class='source']//text()") == ["LWN"]
    assert found(page, f"{entry}//*[contains(@class, 'p-author')]/text()") == ["Jonathan Corbet", "Jake"]
    assert found(page, f"{entry}//p[contains(@class, 'p-summary')]/text()") == ["Linus has released rc3. Please test."]
    assert found(page, f"{entry}//p[@class='attribution']//text()") == ["Source: LWN"]
    assert "jc@lwn.example" not in text(page)


def test_a_time_is_shown_in_the_zone_of_the_site_and_marked_in_utc() -> None:
    times = parsed(category(shown())).xpath("//article//time")
    assert [(time.text, time.get("datetime")) for time in times] == [("2026-11-23 16:30", "2026-11-23T08:30:00Z")]
    west = replace(SITE, timezone="America/New_York")
    assert found(category(shown(), site=west), "//article//time/text()") == ["2026-11-23 03:30"]


def test_the_earliest_time_there_is_does_not_break_a_page_west_of_greenwich() -> None:
    entry = replace(shown(), published=datetime.min.replace(tzinfo=UTC))
    page = category(entry, site=replace(SITE, timezone="America/New_York"))
    assert found(page, "//article//time/text()") == ["0001-01-01 00:00"]


def test_an_entry_without_attribution_or_text_shows_neither_line() -> None:
    page = category(replace(shown(), attribution=None, summary="", content=""))
    assert not parsed(page).xpath("//*[@class='attribution'] | //*[contains(@class, 'excerpt')]")


def test_the_excerpt_comes_from_the_content_where_there_is_no_summary() -> None:
    page = category(replace(shown(), summary="<p> </p>"))
    assert found(page, "//p[contains(@class, 'excerpt')]/text()") == ["The whole story."]


def test_an_excerpt_that_only_repeats_the_title_is_left_out() -> None:
    page = category(replace(shown(), title="快讯", summary="<p>快讯</p>"))
    assert not parsed(page).xpath("//p[contains(@class, 'excerpt')]")


def test_an_author_named_like_the_source_is_shown_once() -> None:
    page = category(replace(shown(), authors=(Person("LWN"),)))
    assert found(page, "//article//*[contains(@class, 'p-author')]//text()") == ["LWN"]


def test_the_order_of_the_page_is_kept() -> None:
    page = category(shown(2), shown(0), shown(1))
    assert found(page, "//article/h2/a/text()") == [
        "Kernel prepatch 2",
        "Kernel prepatch 0",
        "Kernel prepatch 1",
    ]


def test_an_empty_page_says_so_kindly() -> None:
    assert "Nothing here yet" in text(category())
    assert "这里还没有内容" in text(category(site=CHINESE))
    assert not parsed(category()).xpath("//article | //time")


def test_a_source_leads_to_its_own_website_and_a_category_not_to_itself() -> None:
    assert "https://lwn.example/" in found(home().sources[0], "//header//a/@href")
    page = replace(category(), html_url=category().address)
    assert "Website" not in text(page)


# ---------------------------------------------------------------- addresses


def test_readers_find_the_feed_of_a_page_and_the_page_its_own_address() -> None:
    page = category(shown())
    feed = "https://example.org/planet/category/linux/feed.atom"
    assert found(page, "//head/link[@rel='alternate'][@type='application/atom+xml']/@href") == [feed]
    assert found(page, "//head/link[@rel='alternate']/@title") == ["Linux"]
    assert found(page, "//head/link[@rel='canonical']/@href") == ["https://example.org/planet/category/linux/"]
    assert found(page, "//section[@class='subscribe']//code/text()") == [feed]


def test_readers_find_everything_first_and_then_each_category_at_home() -> None:
    assert found(home(), "//head/link[@rel='alternate'][@type='application/atom+xml']/@href") == [
        "https://example.org/planet/category/all/feed.atom",
        "https://example.org/planet/category/linux/feed.atom",
        "https://example.org/planet/category/quiet/feed.atom",
    ]
    assert found(home(), "//head/link[@rel='canonical']/@href") == ["https://example.org/planet/"]


def test_links_within_the_site_stay_under_the_path_of_its_base_url() -> None:
    site = "https://example.org/planet/"
    page = category(shown())
    assert {urljoin(page.address, href) for href in found(page, "//a[@class='source']/@href")} == {f"{site}source/lwn/"}
    assert [urljoin(page.address, href) for href in found(page, "//nav//a/@href")] == [site]
    at_home = {urljoin(site, href) for href in found(home(), "//main//a/@href")}
    assert {f"{site}category/all/", f"{site}category/linux/", f"{site}source/lwn/"} <= at_home


def test_every_link_is_a_web_address_or_relative() -> None:
    for page in (category(shown()), home()):
        for href in found(page, "//@href"):
            assert href.startswith(("https://", "../", "./", "feed:https://"))


# ---------------------------------------------------------------- home


def test_home_shows_the_five_newest_titles_of_each_category_and_the_sources() -> None:
    shelves = parsed(home()).xpath("//section[contains(@class, 'shelf')]")
    assert [str(shelf.xpath("string(.//h2)")) for shelf in shelves] == ["Everything", "Linux", "Quiet corner"]
    assert [len(shelf.xpath(".//li")) for shelf in shelves] == [5, 5, 0]
    assert all(shelf.xpath(".//a[@class='feed']/@href") for shelf in shelves)
    assert found(home(), "//section[@class='sources']//li/a/@href") == ["./source/lwn/"]


def test_home_without_anything_is_still_a_page() -> None:
    empty = Home(SITE, category(slug="all", title="Planet Somewhere"), (), ())
    assert "Nothing here yet" in text(empty)
    assert not parsed(empty).xpath("//section[@class='sources']")


# ---------------------------------------------------------------- languages


def test_a_chinese_site_speaks_chinese() -> None:
    page = category(shown(), site=CHINESE, title="滚动新闻")
    assert found(page, "/html/@lang") == ["zh-CN"]
    assert "订阅" in text(page)
    assert "更新于 2026-11-23 16:30" in text(page)
    assert "Subscribe" not in text(page)
    assert "全部" in text(home(CHINESE))


@pytest.mark.parametrize("tag", ["zh", "zh-CN", "zh-Hant-TW", "ZH-hk"])
def test_every_kind_of_chinese_is_answered_in_chinese(tag: str) -> None:
    assert words_for(tag).subscribe == "订阅"


def test_other_languages_get_english_words_that_are_marked_as_english() -> None:
    page = category(shown(), site=replace(SITE, language="fr"))
    assert found(page, "/html/@lang") == ["fr"]
    assert found(page, "//h2[@id='subscribe']/span[@lang='en']/text()") == ["Subscribe"]
    assert not parsed(category(shown())).xpath("//h2[@id='subscribe']/span")


def test_a_site_whose_language_is_no_tag_is_marked_as_english() -> None:
    assert found(category(site=replace(SITE, language="en_US.UTF-8")), "/html/@lang") == ["en"]


def test_an_entry_carries_its_own_language_and_direction() -> None:
    arabic = replace(shown(), title="صدر Python 3.15 مع تحسينات كبيرة", language="ar")
    chinese = replace(shown(), title="央行开展逆回购操作", language="zh-CN")
    page = category(arabic, chinese, shown())
    assert found(page, "//article/@lang") == ["ar", "zh-CN", "en"]
    assert found(page, "//article/@dir") == ["rtl", "ltr", "ltr"]
    assert set(found(page, "//article//time/@dir")) == {"ltr"}


def test_an_arabic_site_runs_from_right_to_left() -> None:
    assert found(category(site=replace(SITE, language="ar")), "/html/@dir") == ["rtl"]


def test_letters_decide_the_direction_and_the_tag_only_where_there_are_none() -> None:
    assert text_direction("Python صدر الإصدار الجديد", "en-US") == "rtl"
    assert text_direction("Release notes", "ar") == "ltr"
    assert text_direction("3.15", "he") == "rtl"
    assert [tag_direction(tag) for tag in ("az-Arab", "ar-Latn", "fa-IR", "en")] == [
        "rtl",
        "ltr",
        "rtl",
        "ltr",
    ]


# ---------------------------------------------------------------- excerpts


def test_a_short_text_is_its_own_excerpt_on_one_line() -> None:
    assert excerpt("<h2>One</h2>two<br>three<ul><li>four<li>five</ul>\n <b>s</b>ix") == "One two three four five six"
    assert excerpt("<img src='https://a.example/x.png'>") == ""
    assert excerpt("") == ""


def test_an_excerpt_ends_with_a_sentence_where_one_ends_late_enough() -> None:
    sentence = "The quick brown fox jumps over the lazy dog again and again. "
    assert excerpt(sentence * 9) == (sentence * 4).strip()
    assert len(excerpt(sentence * 9)) <= 280


def test_an_excerpt_does_not_end_at_an_abbreviation() -> None:
    assert excerpt("word " * 40 + "written by Mr. Smith " + "word " * 40).endswith("word…")


def test_an_excerpt_without_sentences_ends_with_a_whole_word() -> None:
    cut = excerpt("elephant, " * 60)
    assert cut.endswith("elephant…")
    assert 240 <= len(cut) <= 281


def test_a_chinese_excerpt_ends_with_a_sentence_or_anywhere_but_within_a_foreign_word() -> None:
    sentence = "央行今日开展三千亿元逆回购操作，操作利率与此前持平。"
    assert excerpt(sentence * 20) == sentence * 5
    for padding in range(20):
        cut = excerpt("资" * (120 + padding) + " Kubernetes" + "金" * 100)
        assert cut.endswith(("资…", "Kubernetes…", "金…"))
        assert 120 <= len(cut) <= 150


def test_wide_letters_count_twice_since_they_say_twice_as_much() -> None:
    assert len(excerpt("金" * 500)) == 141


def test_lines_broken_after_chinese_punctuation_leave_no_gap() -> None:
    assert excerpt("<p>第一句。</p>\n<p>第二句，\n第三句。</p>") == "第一句。第二句，第三句。"


def test_a_text_that_is_one_endless_word_is_cut_all_the_same() -> None:
    assert len(excerpt("x" * 10_000)) == 281


def test_an_excerpt_never_parts_a_letter_from_its_marks() -> None:
    cut = excerpt("金" * 139 + "e\u0301" * 100)
    assert not cut.removesuffix("…").endswith("e")


def test_a_very_long_document_is_read_only_as_far_as_needed_and_no_tag_shows() -> None:
    cut = excerpt('<p class="x">' + '<a href="https://a.example/">w</a> ' * 40_000)
    assert re.fullmatch(r"(w )+w…", cut)
    assert excerpt("<div><b>" * 20_000 + "deep") == ""


def test_a_very_long_text_without_any_tag_has_an_excerpt_too() -> None:
    assert excerpt("长" * 30_000) == "长" * 140 + "…"
    assert excerpt("word " * 6_000).endswith("word…")


def test_an_excerpt_is_the_same_wherever_the_reading_of_a_long_text_stops() -> None:
    paragraph = "<p>One two three <b>four</b> &amp; five.</p>"
    for shift in range(len(paragraph)):
        markup = f'<p title="{"x" * shift}">Now.</p>{paragraph * 500}'
        assert excerpt(markup) == "Now. " + " ".join(["One two three four & five."] * 10)


def test_a_control_character_is_left_out_of_an_excerpt() -> None:
    assert excerpt("<p>one\x0ctwo</p><p>three</p>") == "onetwo three"


def test_text_of_scripts_styles_and_comments_is_no_text() -> None:
    assert excerpt("a<script>b</script><style>c</style><!-- d --><template>e</template>f") == "af"


# ---------------------------------------------------------------- the stylesheet


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_colour_has_the_contrast_of_wcag_aa_on_every_ground(scheme: str) -> None:
    css = stylesheet().body.decode()
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    palette = colours(light if scheme == "light" else dark.split("[lang]", 1)[0])
    for ground in ("paper", "sheet"):
        for ink in ("ink", "soft", "faint", "accent"):
            low, high = sorted((luminance(palette[ground]), luminance(palette[ink])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ground, ink)


def test_the_stylesheet_knows_no_left_and_right_and_no_italics() -> None:
    css = re.sub(r"/\*.*?\*/", "", stylesheet().body.decode(), flags=re.DOTALL)
    assert not re.search(r"\b(left|right|italic|oblique)\b", css)
    assert css.count("{") == css.count("}")
