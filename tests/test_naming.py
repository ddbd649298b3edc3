"""Categories that come from entries, the addresses they get, and the old addresses of those that were renamed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import feedparser
import pytest
from mistakes import assert_said, here_fixture  # noqa: F401
from planet import Planet, item, planet_in, rss, terms

from aggregator.clean.naming import folded, spelt, unused
from aggregator.clean.slugs import SLUG

URL = "https://x.example/feed"


@pytest.fixture
async def planet(tmp_path: Path) -> AsyncIterator[Planet]:
    async with planet_in(tmp_path) as one:
        yield one


def config(source: str, categories: str = "") -> str:
    described = f"categories:\n{categories}" if categories else ""
    return (
        "site: {title: P, base_url: https://planet.example}\noutput: {compress: []}\n"
        f"{described}\nsources:\n  - id: x\n    url: {URL}\n{source}"
    )


NAMED = "    category: {field: categories}\n"
ITEMS = "type: json, items: l, fields: {title: t}"


def labels(planet: Planet, page: str = "category/all") -> list[list[tuple[str, str | None]]]:
    """The categories of each entry of a published feed, with our labels."""
    feed = feedparser.parse((planet.public / page / "feed.atom").read_bytes())
    return [[(tag.term, tag.label) for tag in entry.tags] for entry in feed.entries]


# ---------------------------------------------------------------- slugs


@pytest.mark.parametrize(
    ("name", "pinyin", "ascii_"),
    [
        ("中国邮政快递报", "zhongguoyouzhengkuaidibao", "zhongguoyouzhengkuaidibao"),
        ("重庆", "chongqing", None),  # 重 alone is zhong
        ("银行", "yinhang", None),  # 行 alone is xing
        ("A股 市场", "agu-shichang", None),
        ("Künstliche Intelligenz", "kunstliche-intelligenz", "kunstliche-intelligenz"),
        ("Новости дня", "novosti-dnya", "novosti-dnya"),
        ("Ελλάδα", "ellada", "ellada"),
        ("C++ & C#", "c-c", "c-c"),
        ("ＢＩＧ　ＤＡＴＡ", "big-data", "big-data"),
    ],
)
def test_a_name_in_any_script_is_spelt_in_an_address(name: str, pinyin: str, ascii_: str | None) -> None:
    assert spelt(name, "pinyin") == pinyin
    if ascii_ is not None:
        assert spelt(name, "ascii").replace("-", "") == ascii_.replace("-", "")


@pytest.mark.parametrize(
    "name",
    [
        "ニュース",
        "뉴스",
        "أخبار",
        "חדשות",
        "ข่าว",
        "हिन्दी",
        "ქართული",
        "🎉",
        "!!!",
        "all",
        "x" * 300,
        "新" * 300,
        "a/../b",
        "​",
    ],
)
def test_every_name_gets_a_slug(name: str) -> None:
    for slug in (spelt(name, "pinyin"), spelt(name, "ascii"), unused(spelt(name, "pinyin"), name, ())):
        assert SLUG.fullmatch(slug)
        assert len(slug) <= 60
    assert unused(spelt(name, "pinyin"), name, ()) != "all"


def test_spellings_of_one_name_are_one() -> None:
    assert len({folded(one) for one in ("Big Data", "big-data", " BIG_data ", "ＢＩＧ　ＤＡＴＡ")}) == 1
    assert folded("C#") != folded("C++")


# ---------------------------------------------------------------- categories that entries name


async def test_a_category_is_published_when_an_entry_first_names_it(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms("中国邮政快递报")))
    await planet.run(config(NAMED))
    assert await planet.titles("category/zhongguoyouzhengkuaidibao/") == ["Title 1"]
    feed = feedparser.parse((planet.public / "category/zhongguoyouzhengkuaidibao/feed.atom").read_bytes())
    assert feed.feed.title == "中国邮政快递报 – P"
    assert labels(planet) == [[("zhongguoyouzhengkuaidibao", "中国邮政快递报"), ("中国邮政快递报", None)]]
    home = (planet.public / "index.html").read_text("utf-8")
    assert "中国邮政快递报" in home
    assert "category/zhongguoyouzhengkuaidibao/" in home
    listed = (planet.public / "category/zhongguoyouzhengkuaidibao/sources.opml").read_text("utf-8")
    assert URL in listed


async def test_two_names_with_one_address_get_two_and_keep_them_over_restarts(tmp_path: Path) -> None:
    async with planet_in(tmp_path) as planet:
        planet.answers[URL] = rss(item(1, more=terms("C++")), item(2, more=terms("C#")))
        await planet.run(config(NAMED))
        before = dict(await planet.store.named())
    assert sorted(before.values()) == ["C#", "C++"]
    assert "c" in before
    (other,) = before.keys() - {"c"}
    assert other.startswith("c-")
    async with planet_in(tmp_path) as planet:
        planet.answers[URL] = rss(item(3, more=terms("c#", "Go")), item(4, more=terms("C++")))
        await planet.run(config(NAMED))
        assert {slug: name for slug, name in (await planet.store.named()).items() if slug != "go"} == before
        slugs = {name: slug for slug, name in before.items()}
        assert await planet.titles(f"category/{slugs['C#']}/") == ["Title 3", "Title 2"]
        assert await planet.titles(f"category/{slugs['C++']}/") == ["Title 4", "Title 1"]


async def test_a_name_that_the_config_describes_leads_to_its_category(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms("C#")), item(2, more=terms("csharp")), item(3, more=terms("tech")))
    await planet.run(config(NAMED, "  csharp: {title: 'C#'}\n  tech: {}\n"))
    assert await planet.titles("category/csharp/") == ["Title 2", "Title 1"]
    assert await planet.titles("category/tech/") == ["Title 3"]
    assert dict(await planet.store.named()) == {}


async def test_a_name_never_takes_the_address_of_another_category(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms("All", "old", "Tech!")))
    await planet.run(config(NAMED, "  tech: {title: Technology, aka: [old]}\n"))
    slugs = set(await planet.store.named())
    assert len(slugs) == 3
    assert slugs.isdisjoint({"all", "old", "tech"})
    assert await planet.titles("category/tech/") == []


async def test_a_named_category_goes_from_the_site_with_the_rule_and_comes_back_at_its_address(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms("Go")), item(2, more=terms("Rust")))
    await planet.run(config(NAMED))
    await planet.run(config("    category: tech\n"))
    assert await planet.titles("category/go/") == []
    assert "category/go/" not in (planet.public / "index.html").read_text("utf-8")
    await planet.run(config(NAMED))
    assert await planet.titles("category/go/") == ["Title 1"]


async def test_of_one_entry_so_many_names_count(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms(*"abcdefg")))
    await planet.run(config("    category: [fixed, {field: categories, most: 2}]\n"))
    (kept,) = await planet.entries("category/all/")
    assert kept.pages == ("category/all/", "category/fixed/", "category/a/", "category/b/", "source/x/")


@pytest.mark.parametrize(
    ("field", "slug"), [("author", "ada-lovelace"), ("language", "de"), ("source", "die-quelle"), ("credit", "reuters")]
)
async def test_other_fields_name_categories_too(planet: Planet, field: str, slug: str) -> None:
    more = "<dc:creator>Ada Lovelace</dc:creator><dc:language>de</dc:language>"
    planet.answers[URL] = rss(item(1, text="<p>Ein Satz.</p><p>Source: Reuters</p>", more=more), title="Die Quelle")
    await planet.run(config(f"    category: {{field: {field}}}\n"))
    assert await planet.titles(f"category/{slug}/") == ["Title 1"]


# ---------------------------------------------------------------- category_map, tags


async def test_terms_are_mapped_to_slugs_and_the_rest_goes_to_the_star(planet: Planet) -> None:
    planet.answers[URL] = rss(
        item(1, more=terms("TECHNIK", "科技")), item(2, more=terms("Sport")), item(3), item(4, more=terms("科技"))
    )
    mapped = "    category: news\n    category_map: {Technik: tech, 科技: [tech, china], '*': other}\n"
    await planet.run(config(mapped))
    assert await planet.titles("category/news/") == ["Title 4", "Title 3", "Title 2", "Title 1"]
    assert await planet.titles("category/tech/") == ["Title 4", "Title 1"]
    assert await planet.titles("category/china/") == ["Title 4", "Title 1"]
    assert await planet.titles("category/other/") == ["Title 3", "Title 2"]
    assert [name for name, label in labels(planet)[0] if label] == ["news", "tech", "china"]


async def test_a_changed_map_places_what_is_kept_anew(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms("Technik")))
    await planet.run(config("    category_map: {Technik: tech}\n"))
    planet.answers[URL] = rss()
    await planet.run(config("    category_map: {technik: science}\n"))
    assert await planet.titles("category/science/") == ["Title 1"]
    assert await planet.titles("category/all/") == ["Title 1"]
    assert not (planet.public / "category/science/feed.atom").read_text("utf-8").count("category/tech")


async def test_a_category_that_the_map_alone_leads_to_lists_its_source(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms("Technik")))
    await planet.run(config("    category_map: {Technik: tech}\n"))
    assert URL in (planet.public / "category/tech/sources.opml").read_text("utf-8")


async def test_tags_are_added_after_an_entrys_own_terms(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, more=terms("Own") + "<dc:creator>Ada</dc:creator>"), item(2), title="X News")
    tagged = "    category: news\n    tags: ['{source.title}新闻', 'by {author}', fixed, Own]\n"
    await planet.run(config(tagged))
    second, first = [[name for name, _ in one] for one in labels(planet)]
    assert first == ["news", "Own", "X News新闻", "by Ada", "fixed"]
    assert second == ["news", "X News新闻", "fixed", "Own"]


# ---------------------------------------------------------------- out of the items of APIs and pages


API = """    type: json
    items: list
    fields: {id: id, title: title, link: {template: "https://x.example/{id}"}, published: time}
"""
FROM_ITEMS = (
    API
    + """    category: [outlets, {path: from, slug: pinyin}]
    tags: ["{from}新闻", fixed, "{source.title}"]
    title: API
"""
)


def api(*outlets: str | list[str]) -> str:
    items = [
        {"id": n, "title": f"Title {n}", "time": f"2026-03-0{n}T10:00:00Z", "from": outlet}
        for n, outlet in enumerate(outlets, 1)
    ]
    return json.dumps({"list": items})


async def test_an_item_of_an_api_names_its_category_and_its_tags_by_paths(planet: Planet) -> None:
    planet.answers[URL] = api("中国邮政快递报", "")
    await planet.run(config(FROM_ITEMS))
    assert await planet.titles("category/zhongguoyouzhengkuaidibao/") == ["Title 1"]
    assert await planet.titles("category/outlets/") == ["Title 2", "Title 1"]
    without, named = labels(planet)
    assert [name for name, _ in named] == [
        "outlets",
        "zhongguoyouzhengkuaidibao",
        "中国邮政快递报新闻",
        "fixed",
        "API",
    ]
    assert [name for name, _ in without] == ["outlets", "fixed", "API"]  # an item without an outlet names none


async def test_an_item_may_name_many_categories_of_which_so_many_count(planet: Planet) -> None:
    planet.answers[URL] = api(["Tech", "Go", "Rust"])
    await planet.run(config(API + "    category: {path: from, most: 2}\n"))
    assert set(await planet.store.named()) == {"tech", "go"}


async def test_an_element_of_a_page_names_its_category(planet: Planet) -> None:
    planet.answers[URL] = "<ul><li><a href=/1>One</a> <b>重庆</b> <i>x</i></li><li><a href=/2>Two</a></li></ul>"
    await planet.run(
        config("    type: html\n    items: li\n    fields: {title: a, link: a}\n    category: {path: b}\n")
    )
    assert await planet.titles("category/chongqing/") == ["One"]


async def test_a_path_that_is_written_later_places_what_is_kept_as_well(planet: Planet) -> None:
    planet.answers[URL] = api("重庆")
    await planet.run(config(API))
    changes = await planet.run(config(FROM_ITEMS))
    assert await planet.titles("category/chongqing/") == ["Title 1"]
    (kept,) = await planet.entries("category/all/")
    assert kept.entry.named == ("重庆",)
    assert len(changes["x"].revised) == 1  # it has a tag now that it had not
    assert kept.published == kept.entry.published


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("category: {path: a}", "1:50: sources[0].category.path: a feed has no items with paths; write {field:"),
        ("category: {}", "1:39: sources[0].category: must say either field or path"),
        (f"{ITEMS}, category: {{field: author, path: a}}", "1:81: sources[0].category: must say either field or path"),
        (
            "tags: ['{from}']",
            '1:46: sources[0].tags[0]: "{from}" uses an unknown field; the known ones, in braces, are source.title',
        ),
        (f"{ITEMS}, category: {{path: 'a['}}", "1:92: sources[0].category.path: is no JMESPath expression (Inv"),
        (
            f"{ITEMS}, category: [{{path: a}}, {{path: b}}]",
            "1:103: sources[0].category[1]: is a second path; write one that finds all the names, such as [a, b]",
        ),
        (f"{ITEMS}, tags: ['{{a[}}']", "1:88: sources[0].tags[0]: holds {a[}, which is no path"),
    ],
)
def test_a_mistake_in_what_items_name_is_named(keys: str, said: str) -> None:
    assert_said(f"sources: [{{url: 'https://a.example/', {keys}}}]\n", said)


# ---------------------------------------------------------------- aka


async def test_an_old_address_leads_people_on_and_serves_readers_the_feed_itself(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1))
    settings = config("    category: technology\n", "  technology: {aka: [tech, it]}\n")
    await planet.run(settings)
    for old in ("tech", "it"):
        page = (planet.public / f"category/{old}/index.html").read_text("utf-8")
        assert 'content="0; url=https://planet.example/category/technology/"' in page
        for name in ("feed.atom", "feed.rss", "feed.json"):
            there = (planet.public / "category/technology" / name).read_bytes()
            assert (planet.public / f"category/{old}" / name).read_bytes() == there
    assert b"category/technology/feed.atom" in (planet.public / "category/tech/feed.atom").read_bytes()
    builder = planet.builder(planet.settings(settings))
    assert await builder.tidy() == 0
    assert await planet.builder(planet.settings(config("    category: technology\n"))).tidy() > 0
    assert not (planet.public / "category/tech").exists()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            "categories: {a: {aka: [b]}, b: {}}",
            '2:24: categories.a.aka[0]: "b" is a category of its own; an old address can lead to one place only',
        ),
        ("categories: {a: {aka: b}, c: {aka: [b]}}", '2:37: categories.c.aka[0]: "b" leads to a already; an old'),
        ("categories: {a: {aka: [No Slug]}}", '2:24: categories.a.aka[0]: "No Slug"'),
    ],
)
def test_two_claims_to_one_address_are_a_mistake(keys: str, said: str) -> None:
    assert_said(f"sources: [{{url: 'https://a.example/'}}]\n{keys}\n", said)


def test_two_categories_of_one_name_are_a_mistake_where_entries_name_them() -> None:
    sources = "sources: [{url: 'https://a.example/', category: {field: categories}}]\n"
    assert_said(
        f"{sources}categories: {{a: {{title: News}}, b: {{title: NEWS}}}}\n",
        '2:36: categories.b.title: "NEWS" is the title of a too, and entries name categories by it; change one',
    )
