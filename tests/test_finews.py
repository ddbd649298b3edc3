"""Financial news out of APIs that are no feeds: the shipped example at work for an hour of five-minute polls."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import feedparser
import pytest
from atom_rules import house_violations, violations
from finews import Apis, Article, Hour, example, hour, of_corpus
from scripted_web import ScriptedWeb

from aggregator.poll import poll

HIDDEN = '<p style="display:none;height:1px;overflow:hidden;"> </p>'
CREDIT = '<p class="em_media">（文章来源：{}）</p>'
BANK = "券商中国"


def articles() -> list[Article]:
    """An hour's news: every way in which these APIs are known to go wrong is among them."""
    everywhere = Article(
        1,
        '三大指数集体走高 "旺季"来了',
        ("102", "45", "37"),
        digest="今日三大指数走高。",
        outlet="财联社",
        content=f'{HIDDEN}<p>　　今日<span id="bk_1"><a href="http://quote.example/1">指数</a></span>走高。</p>'
        + CREDIT.format("财联社"),
        text=f"{HIDDEN}<p>　　今日指数走高。</p>{CREDIT.format('财联社')}",
    )
    return [
        everywhere,
        Article(2, "路径 C:\\新闻 与 ”引号“", ("102",), digest="【内情】也在摘要里】完整保留。", minute=3),
        Article(3, "还没有标题的快讯", ("102",), digest="先有摘要。", minute=6, complete_minute=14),
        Article(
            4, "正文晚到", ("45",), outlet="中国邮政快递报", digest="第一段。\r\n 第二段。", minute=8, text_minute=17
        ),
        Article(5, "晚到另一个列表", ("102", "38"), outlet=BANK, digest="摘要。", minute=10),
        *(Article(10 + n, f"滚动第{n}条", ("102",), digest=f"第{n}条摘要。", minute=2 * n) for n in range(25)),
        *(Article(50 + n, f"{BANK}第{n}篇", ("45", "39"), outlet=BANK, minute=5 * n + 1) for n in range(10)),
    ]


@pytest.fixture
def apis(web: ScriptedWeb) -> Apis:
    return Apis(web, articles(), newest=20)


def titles(one: Hour, slug: str) -> list[str]:
    return [entry.title for entry in feedparser.parse(one.feed(slug)).entries]


async def test_in_an_hour_of_polls_every_article_comes_once_and_its_text_is_fetched_once(
    apis: Apis, tmp_path: Path
) -> None:
    async with hour(tmp_path, apis) as one:
        for minute in range(0, 65, 5):
            apis.down = {"102", "45"} if minute == 25 else set()
            await one.pass_to(minute)
        rolling = titles(one, "emnews")
        assert Counter(rolling) == Counter(article.title for article in apis.articles if "102" in article.lists)
        for outlet, slug in (
            ("财联社", "cailianshe"),
            (BANK, "quanshangzhongguo"),
            ("中国邮政快递报", "zhongguoyouzhengkuaidibao"),
        ):
            wanted = {article.title for article in apis.articles if article.outlet == outlet}
            assert Counter(titles(one, slug)) == Counter(wanted)  # also what stands in two of its lists
            assert violations(one.feed(slug)) == []
            assert house_violations(one.feed(slug)) == []
        assert violations(one.feed("emnews")) == []
        late = {"NW202603101200000004": 3}  # at minutes 10, 15 and 20, for it was there from 17 on
        assert apis.asked_for() == {article.code: late.get(article.code, 1) for article in apis.articles}
        before = apis.asked_for()
        await one.pass_to(70)
        assert apis.asked_for() == before


async def test_errands_of_several_lists_at_once_fetch_a_text_once_all_the_same(apis: Apis, tmp_path: Path) -> None:
    async with hour(tmp_path, apis) as one:
        awaited = []
        for source in one.settings.sources:
            await poll(source, fetcher=one.fetcher, reader=one, store=one.store, clock=one, place=one.place)
            awaited += await one.store.awaited(source, one.now())
        assert len(awaited) > len({errand.url for errand in awaited})
        await asyncio.gather(*map(one.errand, awaited))
        assert set(apis.asked_for().values()) == {1}


async def test_an_article_says_what_the_api_says_and_nothing_of_its_habits(apis: Apis, tmp_path: Path) -> None:
    async with hour(tmp_path, apis) as one:
        await one.pass_to(0)
        await one.pass_to(5)
        feed = feedparser.parse(one.feed("emnews"))
        by_title = {entry.title: entry for entry in feed.entries}
        first = by_title['三大指数集体走高 "旺季"来了']
        assert first.summary == "<p>今日三大指数走高。</p>"
        content = first.content[0].value
        assert '<a href="http://quote.example/1"' in content
        assert "　　" not in content
        assert "<p> </p>" not in content
        assert "文章来源：财联社" in content
        assert first.published == "2026-03-10T04:00:00+00:00"
        assert [(tag.term, tag.label) for tag in first.tags] == [("emnews", "东财滚动新闻"), ("东财滚动新闻", None)]
        second = by_title["路径 C:\\新闻 与 ”引号“"]
        assert second.summary == "<p>【内情】也在摘要里】完整保留。</p>"
        outlet = feedparser.parse(one.feed("cailianshe"))
        assert outlet.feed.title.startswith("财联社")
        entry = outlet.entries[0]
        assert (entry.author, entry.link.split("/html_News/")[1]) == (
            "财联社",
            "NewsShare.html?infoCode=NW202603101200000001",
        )
        assert [tag.term for tag in entry.tags] == ["cailianshe", "财联社新闻"]
        assert "quote.example" not in entry.content[0].value


async def test_what_has_no_title_or_time_yet_is_held_and_comes_when_it_has(apis: Apis, tmp_path: Path) -> None:
    async with hour(tmp_path, apis) as one:
        await one.pass_to(10)
        assert "还没有标题的快讯" not in titles(one, "emnews")
        assert "NW202603101200000003" not in apis.asked_for()
        await one.pass_to(15)
        assert titles(one, "emnews").count("还没有标题的快讯") == 1


async def test_an_error_that_comes_as_a_200_is_a_failure_in_its_own_words(apis: Apis, tmp_path: Path) -> None:
    async with hour(tmp_path, apis) as one:
        await one.pass_to(0)
        apis.down = {"102"}
        polled = {changes.source.id: changes.visit for changes in await one.pass_to(5)}
        assert polled["em-rolling"].outcome == "failed"
        assert "系统繁忙" in polled["em-rolling"].detail
        assert polled["em-media"].outcome != "failed"
        assert len(titles(one, "emnews")) > 0  # what was there stays


async def test_the_real_answers_become_categories_by_outlet(shared: Path, web: ScriptedWeb, tmp_path: Path) -> None:
    apis = Apis(web, of_corpus(shared / "finews/api"))
    async with hour(tmp_path, apis) as one:
        for minute in (0, 5, 10):
            await one.pass_to(minute)
        wanted = [article for article in apis.articles if "102" in article.lists and article.title]
        assert Counter(titles(one, "emnews")) == Counter(" ".join(article.title.split()) for article in wanted)
        for slug in ("cailianshe", "21shijijingjibaodao", "zhongguojijinbao", "quanshangzhongguo", "quanzhouwanbao"):
            assert violations(one.feed(slug)) == []
            assert len(titles(one, slug)) == 1
        assert set(apis.asked_for().values()) == {1}
        assert len(apis.asked_for()) == len([article for article in apis.articles if article.title])


def test_the_lists_of_the_example_share_what_they_fetch(tmp_path: Path) -> None:
    settings = example(tmp_path, "http://x.example")
    assert [source.id for source in settings.sources] == [
        "em-rolling",
        "em-media",
        "em-market-37",
        "em-market-38",
        "em-market-39",
    ]
    assert all(source.detail and source.detail.shared for source in settings.sources)
