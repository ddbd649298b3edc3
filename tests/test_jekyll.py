"""Posts for Jekyll: their shape, what Jekyll must not take for its own, and that nothing is rewritten without need."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import frontmatter
import pytest
from conftest import Place
from finews import HOST, Apis, Article, hour, of_corpus
from mistakes import assert_said, here_fixture  # noqa: F401
from planet import Planet, item, planet_in, rss, terms
from scripted_web import ScriptedWeb

from aggregator.errors import PublishError
from aggregator.posts import Posted, Posts, posts_of
from aggregator.publish import places as whereabouts

URL, OTHER = "https://x.example/feed", "https://y.example/feed"
RAW = "    raw: true  "


@pytest.fixture
async def planet(tmp_path: Path) -> AsyncIterator[Planet]:
    async with planet_in(tmp_path) as one:
        yield one


def config(planet: Planet, jekyll: str = "", sources: str = "", categories: str = "") -> str:
    return (
        "site: {title: P, base_url: https://planet.example, timezone: Asia/Shanghai}\n"
        f"output: {{compress: [], jekyll: {{dir: {planet.folder}/site{jekyll and ', '}{jekyll}}}}}\n"
        f"categories: {{news: {{title: 'News & [more]'}}{categories and ', '}{categories}}}\n"
        f"sources:\n  - {{id: x, url: '{URL}', category: news}}\n{sources}"
    )


async def posted(planet: Planet, written: str, posts: Posts | None = None) -> Posted:
    """Poll, build, and write the posts, as a run does."""
    await planet.run(written)
    settings = planet.settings(written)
    return await (posts or posts_of(settings)).write(planet.store, planet.builder(settings).catalogue)


def files(planet: Planet) -> dict[str, str]:
    """The posts by name."""
    return {path.name: path.read_text("utf-8") for path in sorted((planet.folder / "site/_posts").glob("*"))}


def times(planet: Planet) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (planet.folder / "site").rglob("*") if path.is_file()}


def guid(name: str, number: int = 1, **more: str) -> str:
    """An item with a guid that is no address."""
    return item(number, **more).replace(f"tag:x.example,2026:{number}", name)


# ---------------------------------------------------------------- the shape of a post


async def test_a_post_has_front_matter_that_readers_of_it_understand(planet: Planet) -> None:
    title = 'Say "hi": C:\\new # {{ x }} 【中】'
    planet.answers[URL] = rss(
        guid("n-1", title=title.replace('"', "&quot;"), text="<p>One</p>", more=terms("Own", "a: b")), title="X News"
    )
    await posted(planet, config(planet))
    (name,) = files(planet)
    assert name == "2026-03-01-n-1.md"
    post = frontmatter.load(str(planet.folder / "site/_posts" / name))
    assert post.metadata == {
        "layout": "post",
        "title": title,
        "date": datetime(2026, 3, 1, 18, 0, tzinfo=post["date"].tzinfo),
        "categories": ["news"],
        "tags": ["Own", "a: b"],
        "author": "X News",
        "original": "https://x.example/1",
    }
    assert post["date"].utcoffset() == timedelta(hours=8)
    assert post.content.startswith(
        '<div markdown="0">\n<p>One</p>\n</div>\n\nSource: X News\n\n<https://x.example/1>\n\n'
    )
    assert post.content.endswith("[News &amp; \\[more\\]](/category/news.html) ·\n[P](/)")


async def test_nothing_of_a_text_is_liquid_or_markdown_or_script(planet: Planet) -> None:
    text = "<p>{{ site.x }} {% raw %}</p>\n\n\n<pre>a\n\n\n    b</pre>\n\n    code<script>x()</script> **c**"
    planet.answers[URL] = rss(guid("n", text=text))
    await posted(planet, config(planet))
    (post,) = files(planet).values()
    body = post.split("---\n", 2)[2].split("</div>")[0]
    assert "{{" not in post.replace('"{{', "")
    assert "{%" not in body
    assert "<script" not in body
    assert "\n\n" not in body  # an empty line ends a block of HTML
    assert "<pre>a&#10;&#10;\n    b</pre>" in body  # and is still one to a browser


async def test_what_does_not_serve_as_a_name_is_called_as_its_page_is(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1), guid("a/../b", 2), guid("NW20.1", 3), guid("x" * 81, 4))
    await posted(planet, config(planet))
    kept = {one.entry.title: one.id for one in await planet.entries("category/all/")}
    assert len(kept) == 4
    names = list(files(planet))
    assert "2026-03-03-NW20.1.md" in names
    assert all(len(name) in (len("2026-03-03-NW20.1.md"), len("2026-03-01-") + 20 + 3) for name in names)


async def test_two_entries_of_one_name_have_two_posts_and_one_article_of_two_lists_has_one(planet: Planet) -> None:
    other = f"  - {{id: y, url: '{OTHER}', category: news}}\n"
    planet.answers[URL] = rss(guid("7", text="Ours"))
    planet.answers[OTHER] = rss(guid("7", text="Theirs").replace("x.example/1", "y.example/1"))
    await posted(planet, config(planet, sources=other))
    assert sorted("Theirs" in text for text in files(planet).values()) == [False, True]
    assert "2026-03-01-7.md" in files(planet)
    planet.answers[OTHER] = rss(guid("8", 2))
    planet.answers[URL] = rss(guid("8", 2))
    await posted(planet, config(planet, sources=other))
    assert [name for name in files(planet) if "-8" in name] == ["2026-03-02-8.md"]


# ---------------------------------------------------------------- templates


async def test_templates_say_what_a_post_is(planet: Planet) -> None:
    looks = "front_matter: 't: {{ title|yaml }}', body: '{{ summary }}|{{ content }}', footer: '{{ id }} {{ link }}'"
    planet.answers[URL] = rss(guid("n", text="<p>1 &lt; 2 &amp; 3</p>"))
    await posted(planet, config(planet, looks))
    assert files(planet) == {
        "2026-03-01-n.md": '---\nt: "Title 1"\n---\n1 &lt; 2 &amp; 3|<p>1 &lt; 2 &amp; 3</p>\n\nn https://x.example/1'
    }


async def test_with_raw_a_template_gets_the_text_as_it_was_written_and_pages_do_not(planet: Planet) -> None:
    text = '<p style="color:red" onclick="x()">Hi</p>'
    planet.answers[URL] = rss(guid("n", text=text))
    await posted(planet, config(planet, "raw: true, front_matter: '', body: '{{ content }}', footer: ''"))
    assert files(planet)["2026-03-01-n.md"] == f"---\n---\n{text}\n\n"
    assert "onclick" not in (planet.public / "category/news/feed.atom").read_text("utf-8")
    await posted(planet, config(planet, "body: '{{ content }}'"))
    assert "onclick" not in files(planet)["2026-03-01-n.md"]


async def test_a_template_that_fails_leaves_its_posts_out_and_says_so(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a", more=terms("T")), guid("b", 2))
    done = await posted(planet, config(planet, "footer: '{{ tags[0] }}'"))
    assert list(files(planet)) == ["2026-03-01-a.md"]
    (problem,) = done.problems
    assert "output.jekyll" in problem


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("body: '{{ title'", "2:19: output.jekyll.body: line 1 of it is no template of Jinja's ("),
        ("front_matter: 5", "2:19: output.jekyll.front_matter: 5 must be text"),
        ("name: x", "2:19: output.jekyll.name: "),
    ],
)
def test_a_mistake_in_a_template_is_named(keys: str, said: str) -> None:
    assert_said(f"sources: [{{url: 'https://a.example/'}}]\noutput: {{jekyll: {{{keys}}}}}\n", said)


# ---------------------------------------------------------------- nothing rewritten, nothing left behind


async def test_what_did_not_change_is_not_rewritten(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a", text="A"), guid("b", 2, text="B"))
    posts = posts_of(planet.settings(config(planet)))
    assert (await posted(planet, config(planet), posts)).written == 3
    before = times(planet)
    assert (await posted(planet, config(planet), posts)).written == 0
    assert (await posted(planet, config(planet))).written == 0  # another start, which remembers nothing
    assert times(planet) == before
    planet.answers[URL] = rss(guid("a", text="A"), guid("b", 2, text="B is another text now"), guid("c", 3))
    assert (await posted(planet, config(planet), posts)).written == 2
    changed = {name for name, moment in times(planet).items() if before.get(name) != moment}
    assert changed - {".manifest", ".posts.json"} == {"2026-03-02-b.md", "2026-03-03-c.md"}


async def test_another_start_reads_no_entry_again_and_writes_what_somebody_took_away(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a"), guid("b", 2))
    await posted(planet, config(planet))
    (planet.folder / "site/_posts/2026-03-01-a.md").unlink()
    read: list[list[int]] = []

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(planet.store, name)

        async def entries(self, numbers: list[int]) -> object:
            read.append(numbers)
            return await planet.store.entries(numbers)

    settings = planet.settings(config(planet))
    done = await posts_of(settings).write(Watched(), planet.builder(settings).catalogue)  # type: ignore[arg-type]
    assert (done.written, [len(numbers) for numbers in read]) == (1, [1])
    assert len(files(planet)) == 2


async def test_so_many_posts_at_a_time_and_those_that_fail_hold_up_no_others(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a"), guid("b", 2), guid("c", 3, more=terms("T")))
    written = config(planet, "footer: '{{ tags[0] }}'")
    await planet.run(written)
    settings = planet.settings(written)
    posts, catalogue = posts_of(settings), planet.builder(settings).catalogue
    walks = [await posts.write(planet.store, catalogue, most=2) for _ in range(3)]
    assert sorted(files(planet)) == ["2026-03-03-c.md"]
    assert [(walk.left, len(walk.problems)) for walk in walks] == [(1, 2), (0, 0), (0, 0)]


async def test_those_that_wait_are_not_looked_for_anew_each_time_and_what_changes_meanwhile_is_not_lost(
    planet: Planet,
) -> None:
    planet.answers[URL] = rss(*(guid(f"n{n}", n) for n in range(1, 9)))
    await planet.run(config(planet))
    settings = planet.settings(config(planet))
    looks, threads = 0, set[int]()

    class Mark:
        def __init__(self, told: object) -> None:
            self.told = told

        def __repr__(self) -> str:
            threads.add(threading.get_ident())
            return repr(self.told)

    class Watched:
        def __getattr__(self, name: str) -> object:
            return getattr(planet.store, name)

        async def marks(self, path: str) -> object:
            nonlocal looks
            looks += 1
            found = await planet.store.marks(path)
            return {number: (name, Mark(told)) for number, (name, *told) in found.items()}

    posts, catalogue, store = posts_of(settings), planet.builder(settings).catalogue, Watched()
    walks = [await posts.write(store, catalogue, most=1) for _ in range(4)]  # type: ignore[arg-type]
    planet.answers[URL] = rss(guid("n1", 1, title="Better"), *(guid(f"n{n}", n) for n in range(2, 9)))
    await planet.run(config(planet))
    walks += [await posts.write(store, catalogue, most=1) for _ in range(5)]  # type: ignore[arg-type]
    assert [walk.left for walk in walks] == [7, 6, 5, 4, 3, 2, 1, 1, 0]
    assert "Better" in files(planet)["2026-03-01-n1.md"]
    assert looks == 3  # at first, when those were written, and when what came meanwhile was
    assert threading.get_ident() not in threads


async def test_the_other_copy_of_an_article_has_the_post_when_the_first_was_removed(planet: Planet) -> None:
    planet.answers[URL] = planet.answers[OTHER] = rss(guid("a"))
    written = config(planet, sources=f"  - {{id: y, url: '{OTHER}', category: news}}\n")
    await planet.run(written)
    settings = planet.settings(written)
    posts, catalogue = posts_of(settings), planet.builder(settings).catalogue
    assert (await posts.write(planet.store, catalogue)).posts == 1
    owners = {one.source_id: one.id for one in await planet.entries("category/all/")}
    first = min(await planet.store.marks("category/all/"))
    kept = (await planet.store.entries([first]))[first]
    assert len(owners) == 2
    await planet.store.remove(kept.id, planet.moment)
    for _ in range(2):  # the first takes it out
        await posts.write(planet.store, catalogue)
    assert list(files(planet)) == ["2026-03-01-a.md"]


async def test_posts_that_a_disk_did_not_take_are_written_when_it_does(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a"), guid("b", 2))
    await planet.run(config(planet))
    settings = planet.settings(config(planet))
    posts, catalogue = posts_of(settings), planet.builder(settings).catalogue
    site = planet.folder / "site"
    site.mkdir()
    (site / "_posts").write_text("in the way")
    with pytest.raises(PublishError):
        await posts.write(planet.store, catalogue)
    (site / "_posts").unlink()
    assert (await posts.write(planet.store, catalogue)).written == 3
    assert len(files(planet)) == 2


async def test_an_index_of_thousands_is_read_as_it_was_written(tmp_path: Path) -> None:
    names = [f"tag:x.example,2026:{n}é" for n in range(2001)]
    places = whereabouts.Places(tmp_path)
    for name in names:
        places.take(name, whereabouts.Place(f"_posts/{name[-6:]}.md", name, "https://x.example/"), "_posts/other.md")
        places.settle(name, "s")
    places.keep()
    again = whereabouts.Places(tmp_path)
    assert [again.of(name) for name in names] == [
        replace(place, state="") for name in names if (place := places.of(name))
    ]
    assert again.changed == 0


async def test_a_removed_entry_loses_its_post_and_one_that_is_too_old_keeps_it(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a"), guid("b", 2), guid("c", 3))
    await posted(planet, config(planet))
    kept = {one.entry.title: one for one in await planet.entries("category/all/")}
    await planet.store.remove(kept["Title 1"].id, planet.moment)
    few = config(planet).replace("category: news}", "category: news, retention: {max_items: 1}}")
    planet.answers[URL] = rss(guid("c", 3))
    await planet.run(few)
    await planet.store.purge(planet.settings(few).sources, planet.moment)
    assert await planet.titles("category/all/") == ["Title 3"]
    done = await posted(planet, few)
    assert list(files(planet)) == ["2026-03-02-b.md", "2026-03-03-c.md"]
    assert (done.posts, done.removed) == (2, 1)


async def test_an_index_that_is_begun_anew_costs_no_post_of_what_is_too_old(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a"), guid("b", 2), guid("c", 3))
    await posted(planet, config(planet))
    few = config(planet).replace("category: news}", "category: news, retention: {max_items: 2}}")
    planet.answers[URL] = rss(guid("c", 3))
    await planet.run(few)
    await planet.store.purge(planet.settings(few).sources, planet.moment)
    before = times(planet)
    (planet.folder / "site/.posts.json").unlink()
    assert (await posted(planet, few)).removed == 0
    newest = (await planet.entries("category/all/"))[0]
    await planet.store.remove(newest.id, planet.moment)
    done = await posted(planet, few)  # another start
    assert list(files(planet)) == ["2026-03-01-a.md", "2026-03-02-b.md"]  # neither doubled nor called otherwise
    assert (done.posts, done.removed) == (2, 1)
    assert {name: before[name] for name in files(planet)} == {name: times(planet)[name] for name in files(planet)}


async def test_what_a_filter_keeps_out_later_loses_its_post(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a"), guid("b", 2))
    await posted(planet, config(planet))
    await posted(
        planet, config(planet).replace("category: news}", "category: news, filters: [{drop: {matches: '1$'}}]}")
    )
    assert list(files(planet)) == ["2026-03-02-b.md"]


async def test_categories_have_a_page_each_and_lose_it_with_the_config(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a", more=terms("中国")))
    named = config(planet).replace("category: news", "category: [news, {field: categories}]")
    await posted(planet, named)
    there = planet.folder / "site/category"
    assert sorted(path.name for path in there.iterdir()) == ["news.html", "zhongguo.html"]
    assert frontmatter.load(str(there / "zhongguo.html"))["title"] == "中国"
    await posted(planet, config(planet))
    assert [path.name for path in there.iterdir()] == ["news.html"]


@pytest.mark.parametrize("slug", ["2024", "no", "null", "1e3", "2024-01-01", "news"])
async def test_a_category_is_listed_by_its_name_whatever_yaml_would_take_that_for(planet: Planet, slug: str) -> None:
    planet.answers[URL] = rss(guid("a"))
    await posted(planet, config(planet).replace("news", f"'{slug}'"))
    listing = frontmatter.load(str(planet.folder / f"site/category/{slug}.html"))
    assert listing["lists"] == slug
    assert frontmatter.load(str(planet.folder / "site/_posts/2026-03-01-a.md"))["categories"] == [slug]


async def test_files_of_others_are_neither_overwritten_nor_removed(planet: Planet) -> None:
    site = planet.folder / "site"
    for name in ("_posts/2026-03-01-a.md", "_posts/2020-01-01-own.md", "category/news.html", "index.html"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("mine")
    planet.answers[URL] = rss(guid("a"), guid("b", 2))
    done = await posted(planet, config(planet))
    assert [problem.split(" ")[0] for problem in done.problems] == ["_posts/2026-03-01-a.md", "category/news.html"]
    told = files(planet)
    assert (told["2026-03-01-a.md"], told["2020-01-01-own.md"]) == ("mine", "mine")
    assert "Title 2" in told["2026-03-02-b.md"]
    assert (site / "index.html").read_text() == "mine"


async def test_an_index_that_is_none_is_named_and_nothing_is_touched(planet: Planet) -> None:
    planet.answers[URL] = rss(guid("a"))
    await posted(planet, config(planet))
    (planet.folder / "site/.posts.json").write_text("[")
    before = times(planet)
    with pytest.raises(PublishError, match=r"posts\.json cannot be read"):
        await posted(planet, config(planet))
    assert times(planet) == before


# ---------------------------------------------------------------- the program


def test_the_command_and_the_format_write_the_same_posts(place: Place, web: ScriptedWeb) -> None:
    feed = web.feed("/feed", rss(guid("a"), guid("b", 2)))
    output = {"dir": str(place.public), "formats": ["atom", "jekyll"], "jekyll": {"dir": str(place.folder / "one")}}
    place.configure([{"id": "x", "url": feed, "category": "news"}], output=output)
    place.run("once")
    told = place.run("export", "jekyll", str(place.folder / "two")).stdout
    assert told == "posts=2 written=3 removed=0\n"
    one, two = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (place.folder / "one", place.folder / "two")
    )
    assert one == two
    assert Path("_posts/2026-03-01-a.md") in one
    assert not list(place.public.rglob("*.md"))
    assert place.run("export", "jekyll", str(place.folder / "two")).stdout == "posts=2 written=0 removed=0\n"


def built_by_jekyll(site: Path) -> None:
    build = ["jekyll", "build", "--disable-disk-cache"]
    done = subprocess.run(build, cwd=site, capture_output=True, text=True, env={**os.environ, "LANG": "C.UTF-8"})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("jekyll"), reason="JEKYLL IS NOT INSTALLED, so nobody tries its posts")
async def test_jekyll_builds_the_posts_and_the_pages_of_categories(planet: Planet) -> None:
    planet.answers[URL] = rss(
        guid("a", title="{{ a }} &quot;b&quot;", text="<p>{% raw %} {{ x | y }}</p>\n\n<p>**z**</p>"), guid("b", 2)
    )
    await posted(planet, config(planet))
    site = planet.folder / "site"
    (site / "_layouts").mkdir()
    for layout in ("post", "page"):
        (site / f"_layouts/{layout}.html").write_text("<h1>{{ page.title | escape }}</h1>{{ content }}")
    built_by_jekyll(site)
    page = (site / "_site/news/2026/03/01/a.html").read_text("utf-8")
    assert "<h1>{{ a }} &quot;b&quot;</h1>" in page
    assert "<p>&#123;% raw %} &#123;{ x | y }}</p>" in page
    assert "<p>**z**</p>" in page
    listed = (site / "_site/category/news.html").read_text("utf-8")
    assert 'href="/news/2026/03/01/a.html"' in listed
    assert 'href="/news/2026/03/02/b.html"' in listed


# ---------------------------------------------------------------- the posts of the script that this began with


WHOLE = """---
layout: post
title: "\\"牛市\\"来了？"
date: 2026-03-10 12:00:00 +0800
categories: emnews
tags: 东财滚动新闻
---
> 摘要】在此。

<p style="display:none"> </p><p><span id="q"></span>正文。</p><p class="em_media">（文章来源：财联社）</p>

<http://news.example/1>

[返回东财滚动新闻](//finews.withounder.com/emnews/)｜[返回首页](//finews.withounder.com/)"""
OUTLET = """---
layout: post
title: "\\"牛市\\"来了？"
date: 2026-03-10 12:00:00 +0800
categories: cailianshe
tags: 财联社新闻
---
<p>正文。</p>

<{base}/html_News/NewsShare.html?infoCode=NW202603101200000001>

[返回财联社新闻](//finews.withounder.com/category/cailianshe.html)｜[返回首页](//finews.withounder.com/)"""
AT_THEIRS = (("(/{{ ", "(//finews.withounder.com/{{ "), ("返回首页](/)", "返回首页](//finews.withounder.com/)"))


async def test_the_shape_of_the_scripts_posts_is_had_letter_by_letter(web: ScriptedWeb, tmp_path: Path) -> None:
    article = Article(
        1,
        '"牛市"来了？',
        ("102", "45", "37"),
        digest="摘要】在此。",
        outlet="财联社",
        content='<p style="display:none"> </p><p>　　<span id="q"></span>正文。</p>'
        '<p class="em_media">（文章来源：财联社）</p>',
        text="<p>　　正文。</p>",
        link="http://news.example/1",
    )
    async with hour(tmp_path, Apis(web, [article]), AT_THEIRS) as one:
        await one.pass_to(0)
        await posts_of(one.settings, tmp_path / "site").write(one.store, one.builder().catalogue)
    there = {path.name: path.read_bytes().decode() for path in (tmp_path / "site/_posts").iterdir()}
    assert there == {
        "2026-03-10-202603101200000001.md": WHOLE,
        "2026-03-10-NW202603101200000001.md": OUTLET.format(base=web.url("")),
    }


async def test_posts_of_the_example_are_safe_without_raw(web: ScriptedWeb, tmp_path: Path) -> None:
    article = Article(1, "题", ("102",), digest="要", content="<p onclick='x()'>文</p><script>x()</script>")
    async with hour(tmp_path, Apis(web, [article]), [(RAW, "    #")]) as one:
        await one.pass_to(0)
        await posts_of(one.settings, tmp_path / "site").write(one.store, one.builder().catalogue)
    (post,) = (tmp_path / "site/_posts").iterdir()
    assert "\n---\n> 要\n\n<p>文</p>\n\n<" in post.read_text("utf-8")


async def test_the_scripts_own_posts_come_out_byte_by_byte(shared: Path, web: ScriptedWeb, tmp_path: Path) -> None:
    async with hour(tmp_path, Apis(web, of_corpus(shared / "finews/api")), AT_THEIRS) as one:
        await one.pass_to(0)
        done = await posts_of(one.settings, tmp_path / "site").write(one.store, one.builder().catalogue)
    assert done.problems == ()
    newest = sorted((shared / "finews/expected").glob("2022-*.md"))
    assert len(newest) == 6
    for wanted in newest:
        got = (tmp_path / "site/_posts" / wanted.name).read_bytes()
        assert got.replace(web.url("").encode(), HOST.encode()) == wanted.read_bytes(), wanted.name
    assert not list((tmp_path / "site/_posts").glob("-*"))  # what has no title and no time was held
