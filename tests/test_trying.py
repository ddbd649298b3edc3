"""`preview` shows the writer of a recipe which path found what, and, where one finds nothing, what there is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Place
from scripted_web import Answer, ScriptedWeb
from typer.testing import CliRunner

from aggregator.cli import app
from aggregator.config import load
from aggregator.model import Document, Recipe, Trial
from aggregator.sources.trials import try_detail, try_recipe

URL = "https://news.example/list/"
PAGE = """<title>News</title><nav><a href=/>Home</a></nav><div class="list box">
<article class="teaser first"><h2 class="head"><a href="/1">One</a></h2><p class="lead">First</p>
<time datetime="2026-03-01">today</time></article>
<article class="teaser"><h2 class="head"><a href="/2">Two</a></h2><p class="lead">Second</p></article>
<article class="teaser"><h2 class="head"><a href="/3">Three</a></h2></article></div>"""
ANSWER = json.dumps(
    {
        "code": 0,
        "data": {
            "total": 2,
            "node-list": [
                {"id": 7, "title": "One", "by": {"name": "Ada"}, "tags": ["a", "b"], "text": None},
                {"id": 8, "title": "Two"},
            ],
        },
    }
)


def trial_of(folder: Path, kind: str, recipe: str, body: str) -> Trial:
    (folder / "c.yaml").write_text(f"sources:\n  - url: {URL}\n    type: {kind}\n{recipe}", "utf-8")
    made: Recipe | None = load(folder / "c.yaml", {}).sources[0].recipe
    return try_recipe(Document(URL, body.encode(), ""), kind, made)


def found(trial: Trial, item: int = 0) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {one.field: (one.path, one.values) for one in trial.first[item]}


def test_each_field_of_the_first_items_is_shown_with_what_its_selector_finds(tmp_path: Path) -> None:
    recipe = "    items: article\n    fields: {title: h2, link: a, summary: p.lead, published: time}\n"
    trial = trial_of(tmp_path, "html", recipe, PAGE)
    assert (trial.items, len(trial.first), trial.nearby, trial.outline) == (3, 3, (), ())
    assert found(trial) == {
        "title": ("h2", ("One",)),
        "link": ("a @href", ("https://news.example/1",)),
        "summary": ("p.lead @html", ("First",)),
        "published": ("time", ("2026-03-01",)),
    }
    assert found(trial, 2)["summary"] == ("p.lead @html", ())


def test_a_selector_that_finds_nothing_says_so_and_what_classes_there_are(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, "html", "    items: article\n    fields: {title: h3, link: a, summary: .intro}\n", PAGE)
    assert found(trial)["title"] == ("h3", ())
    assert trial.nearby == (
        "h2.head  One",
        "a @href  One",
        "p.lead  First",
        "time @datetime  today",
    )


def test_where_no_item_is_found_the_page_says_what_looks_like_a_list(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, "html", "    items: li.news\n    fields: {title: a, link: a}\n", PAGE)
    assert (trial.items, trial.first) == (0, ())
    assert trial.outline[0] == "items: div.list > article.teaser  finds 3; the first: OneFirst today"
    assert len(trial_of(tmp_path, "html", "    items: li\n    fields: {title: a}\n", "<p>Nothing").outline) == 1


def test_paths_into_json_show_what_they_find_and_what_keys_there_are(tmp_path: Path) -> None:
    recipe = '    items: data."node-list"\n    fields: {id: id, title: headline, author: by.name, categories: tags}\n'
    trial = trial_of(tmp_path, "json", recipe, ANSWER)
    assert trial.items == 2
    assert found(trial) == {
        "id": ("id", ("7",)),
        "title": ("headline", ()),
        "author": ("by.name", ("Ada",)),
        "categories": ("tags", ("a", "b")),
    }
    assert trial.nearby == ("id  7", "title  One", "by.name  Ada", "tags  a list of 2", "text  (nothing)")


def test_where_no_list_is_found_json_says_where_lists_are_and_what_keys_their_items_have(tmp_path: Path) -> None:
    trial = trial_of(tmp_path, "json", "    items: result\n    fields: {title: title}\n", ANSWER)
    assert trial.outline[:4] == (
        "the top has the keys code, data",
        'items: data."node-list"  has 2 items; the first:',
        "    id  7",
        "    title  One",
    )


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "<", "\0", '{"a": [[[[[]]]]]}', "[1, 2]"])
@pytest.mark.parametrize("kind", ["json", "html"])
def test_whatever_the_document_is_something_is_said_of_it(tmp_path: Path, kind: str, body: str) -> None:
    assert trial_of(tmp_path, kind, "    items: x\n    fields: {title: a}\n", body).outline


# ---------------------------------------------------------------- the command


@dataclass(frozen=True, slots=True)
class Shown:
    """What the command printed, and the error that it ended with."""

    stdout: str
    stderr: str


def preview(place: Place, *arguments: str) -> Shown:
    """Run the command in this process, as the command line would."""
    config = str(place.folder / "aggregator.yaml")
    done = CliRunner().invoke(app, ["preview", *arguments, "--config", config])
    return Shown(done.stdout, f"{done.stderr}{done.exception or ''}")


def recipe_source(web: ScriptedWeb, **fields: str) -> dict[str, object]:
    url = web.script("/page", Answer(PAGE.encode(), 200, {"Content-Type": "text/html"}))
    return {"id": "page", "url": url, "type": "html", "items": "article", "fields": {**fields}}


def test_preview_shows_the_recipe_at_work_before_its_entries(place: Place, web: ScriptedWeb) -> None:
    place.configure([recipe_source(web, title="h2", link="a", summary=".intro")])
    shown = preview(place, "page").stdout
    assert "items: article  finds 3" in shown
    assert "title    h2  →  One" in shown
    assert "summary  .intro @html  →  nothing" in shown
    assert "p.lead  First" in shown
    told = json.loads(preview(place, "page", "--json").stdout)
    assert told["recipe"]["first"][0]["title"] == {"path": "h2", "found": ["One"]}
    assert len(told["entries"]) == 3


def test_preview_of_a_recipe_that_fails_shows_what_the_document_is_made_of(place: Place, web: ScriptedWeb) -> None:
    place.configure([recipe_source(web, title="h5", link="a")])
    done = preview(place, "page")
    assert 'none of 3 items has a title at "h5"' in done.stderr
    assert "h2.head  One" in done.stdout
    assert len(web.requests) == 1, "nobody looks for a feed behind the page that a recipe is for"


def test_preview_helps_with_a_source_that_is_only_being_written(place: Place, web: ScriptedWeb) -> None:
    unfinished = recipe_source(web)
    del unfinished["items"], unfinished["fields"]
    place.configure([unfinished])
    done = preview(place, "page")
    assert "items: missing; write where the list of items stands" in " ".join(done.stderr.split())
    assert "items: div.list > article.teaser  finds 3" in done.stdout


def test_a_mistake_elsewhere_in_the_config_leaves_the_recipe_as_it_is(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"url": "no address"}, recipe_source(web, title="h2", link="a") | {"timezone": "Asia/Shanghai"}])
    done = preview(place, "page")
    assert "items: article  finds 3" in done.stdout
    assert "sources[0].url" in done.stderr
    again = preview(place, web.url("/page"))
    assert "items: article  finds 3" in again.stdout


def test_a_secret_in_the_address_of_an_unfinished_source_stays_one(
    place: Place, web: ScriptedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "s3cret")
    url = web.script("/page?key=s3cret", Answer(PAGE.encode(), 200, {"Content-Type": "text/html"}))
    place.configure([{"id": "page", "url": url.replace("s3cret", "${KEY}"), "type": "html"}])
    done = preview(place, "page")
    assert "items: div.list > article.teaser  finds 3" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr


def test_an_address_that_is_in_no_source_is_shown_whatever_is_wrong_in_the_config(
    place: Place, web: ScriptedWeb
) -> None:
    place.configure([{"url": "no address"}])
    url = web.script("/api", Answer(ANSWER.encode(), 200, {"Content-Type": "application/json"}))
    assert 'items: data."node-list"  has 2 items' in preview(place, url).stdout


def test_preview_says_what_is_not_expected(place: Place, web: ScriptedWeb) -> None:
    place.configure([recipe_source(web, title="h2", link="a") | {"expect": {"min_items": 9}}])
    assert "not expected: 3 items, where at least 9 are expected" in preview(place, "page").stdout


# ---------------------------------------------------------------- second documents

ARTICLE = """<title>One</title><div class="nav"><p>Home</p></div><main class="story"><h1>One</h1>
<p>The first paragraph of it, long enough to be told from a caption.</p><p>The second.</p>
<p class="by">Ada Lovelace</p></main>"""


def with_articles(web: ScriptedWeb, **more: object) -> dict[str, object]:
    for number in (2, 3):
        web.script(f"/{number}", Answer(status=500))
    web.script("/1", Answer(ARTICLE.encode(), 200, {"Content-Type": "text/html"}))
    return recipe_source(web, title="h2", link="a") | more


def test_preview_shows_what_the_second_document_of_the_first_entry_gives(place: Place, web: ScriptedWeb) -> None:
    fields = {"content": "main", "author": ".by"}
    place.configure([with_articles(web, detail={"url": "{link}", "fields": fields})])
    shown = preview(place, "page").stdout
    assert f"second document: {web.url('/1')}" in shown
    assert "author   .by  →  Ada Lovelace" in shown
    assert f"{web.url('/1')}  by Ada Lovelace" in shown, "the entry is shown as it would be kept"
    told = json.loads(preview(place, "page", "--json").stdout)
    assert told["second"]["found"]["author"] == {"path": ".by", "found": ["Ada Lovelace"]}
    assert told["second"]["error"] is None
    assert "The second." in told["entries"][0]["content"]
    assert [request.path for request in web.requests if request.path in ("/2", "/3")] == []


def test_of_a_second_document_in_which_a_field_is_not_found_it_says_where_text_is(
    place: Place, web: ScriptedWeb
) -> None:
    place.configure([with_articles(web, detail={"url": "{link}", "fields": {"content": ".article-body"}})])
    shown = preview(place, "page").stdout
    assert "content  .article-body @html  →  nothing" in shown
    assert "main.story  88 letters: One The first paragraph of it" in shown
    assert "fills nothing in: unreadable: no content in it yet" in shown


def test_paths_into_a_second_document_of_json_show_what_keys_there_are(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        f"sources:\n  - {{url: '{URL}', type: json, items: '@', fields: {{title: t}},"
        " detail: {url: 'https://news.example/{id}', fields: {content: body, author: by}}}"
    )
    detail = load(tmp_path / "c.yaml", {}).sources[0].detail
    assert detail
    trial = try_detail(Document(URL, b'{"text": "All of it", "by": "Ada"}', ""), detail)
    assert found(trial) == {"content": ("body", ()), "author": ("by", ("Ada",))}
    assert trial.nearby == ("text  All of it", "by  Ada")


def test_preview_asks_no_article_that_a_site_keeps_from_programs(place: Place, web: ScriptedWeb) -> None:
    web.script("/robots.txt", Answer(b"User-agent: *\nDisallow: /1", 200, {"Content-Type": "text/plain"}))
    place.configure([with_articles(web, full_text=True)])
    shown = preview(place, "page").stdout
    assert "fills nothing in: robots: the site's robots.txt asks programs not to fetch this page" in shown
    assert "/1" not in [request.path for request in web.requests]


def test_preview_says_why_a_second_document_is_not_had(place: Place, web: ScriptedWeb) -> None:
    source = with_articles(web, full_text=True)
    web.script("/1", Answer(status=403))
    place.configure([source])
    assert "fills nothing in: http-status: 403" in preview(place, "page").stdout
