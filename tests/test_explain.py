"""The story of an entry: found by any of its names, told whole, and no secret in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Place
from scripted_web import Answer, ScriptedWeb

from aggregator.model import entry_page

LINK = "https://x.example/posts/1"
ID = "tag:x.example,2026:1"


def item(number: int, title: str = "One", more: str = "") -> str:
    return (
        f"<item><guid isPermaLink='false'>tag:x.example,2026:{number}</guid><title>{title}</title>"
        f"<link>https://x.example/posts/{number}</link>{more}"
        f"<pubDate>Sun, 0{number} Mar 2026 10:00:00 GMT</pubDate></item>"
    )


def rss(*items: str) -> str:
    head = "<title>X</title><language>en</language><link>https://x.example/</link>"
    return f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>"


def told(place: Place, name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(place.run("explain", name, "--json").stdout)["entries"]
    return entries


@pytest.mark.parametrize(
    "name",
    [ID, LINK, "http://X.example:80/posts/1", f"https://planet.example/{entry_page(ID)}"],
)
def test_an_entry_is_found_by_its_id_its_link_and_its_page(place: Place, web: ScriptedWeb, name: str) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss(item(1), item(2))), "category": "news"}])
    place.run("once")
    (one,) = told(place, name)
    assert (one["id"], one["link"], one["title"]) == (ID, LINK, "One")


def test_the_story_names_source_dates_pages_and_revisions(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss(item(1))), "title": "Source", "category": "news"}])
    place.run("once")
    web.feed("/feed", rss(item(1, "One, corrected", "<description>More</description>")))
    place.run("once", "one")
    (one,) = told(place, ID)
    source, dates = one["source"], one["dates"]
    assert (source["id"], source["title"], source["state"], source["outcome"]) == ("one", "Source", "ok", "revised")
    assert source["next_poll"] > source["last_poll"]
    assert source["why"]
    assert dates["published"] == dates["claimed_published"] == "2026-03-01T10:00:00Z"
    assert dates["claimed_updated"] is None
    assert dates["updated"] >= dates["first_seen"] > dates["published"]
    assert [(page["page"], page["shown"], page["why"]) for page in one["pages"]] == [
        ("category/all/", True, "position 1 of limit 50"),
        ("category/news/", True, "position 1 of limit 50"),
        ("source/one/", True, "position 1 of limit 50"),
    ]
    assert one["pages"][1]["feed"] == "https://planet.example/category/news/feed.atom"
    first, second = one["revisions"]
    assert (first["revision"], first["since"], first["changed"]) == (0, dates["first_seen"], [])
    assert (second["revision"], second["changed"]) == (1, ["title", "summary"])
    assert second["since"] >= first["since"]


def test_people_read_the_same_in_plain_lines(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss(item(1))), "category": "news"}])
    place.run("once")
    shown = place.run("explain", LINK).stdout
    assert shown.startswith(f"One\n  {LINK}\n  {ID}\n\nsource\n  one (ok)  X  {web.url('/feed')}\n")
    assert "published            2026-03-01T10:00:00Z" in shown
    assert "the publisher says   published 2026-03-01T10:00:00Z, updated nothing" in shown
    assert "shown      https://planet.example/category/news/feed.atom  position 1 of limit 50" in shown
    assert "as first seen" in shown
    assert "\x1b" not in shown


def test_an_entry_below_the_limit_is_said_to_be_there_and_where(place: Place, web: ScriptedWeb) -> None:
    url = web.feed("/feed", rss(*map(item, range(1, 6))))
    place.configure([{"id": "one", "url": url, "category": "news"}], categories={"news": {"limit": 2}})
    place.run("once")
    pages = {page["page"]: (page["shown"], page["why"]) for page in told(place, ID)[0]["pages"]}
    assert pages["category/news/"] == (False, "limit reached: position 5 of limit 2")
    assert pages["category/all/"] == (True, "position 5 of limit 50")


def test_a_source_that_left_the_config_is_the_reason(place: Place, web: ScriptedWeb) -> None:
    other = {"id": "two", "url": web.feed("/two", rss()), "category": "news"}
    place.configure([{"id": "one", "url": web.feed("/feed", rss(item(1))), "category": "news"}, other])
    place.run("once", check=None)
    place.configure([other])
    (before,) = told(place, ID)
    assert (before["source"]["state"], before["source"]["url"]) == ("removed", None)
    assert {page["why"] for page in before["pages"]} == {"its source is no longer in the config"}
    assert not any(page["shown"] for page in before["pages"])
    place.run("build")
    (after,) = told(place, ID)
    assert after["pages"] == []
    assert "on none: its source is no longer in the config" in place.run("explain", ID).stdout


def test_a_category_that_changed_since_the_last_run_is_the_reason(place: Place, web: ScriptedWeb) -> None:
    one = {"id": "one", "url": web.feed("/feed", rss(item(1)))}
    place.configure([{**one, "category": "old"}], categories={"old": {}})
    place.run("once")
    place.configure([{**one, "category": "new"}], categories={"old": {}})
    pages = {page["page"]: (page["shown"], page["why"]) for page in told(place, ID)[0]["pages"]}
    assert pages["category/old/"] == (False, "its source is no longer in this category")
    assert pages["category/new/"] == (False, "the config put its source here since the last run; the next one does")


def test_a_failing_and_a_disabled_source_are_said_to_be_so(place: Place, web: ScriptedWeb) -> None:
    one = {"id": "one", "url": web.feed("/feed", rss(item(1)))}
    place.configure([one])
    place.run("once")
    web.script("/feed", Answer(status=500))
    place.run("once", "one", check=1)
    source = told(place, ID)[0]["source"]
    assert (source["state"], source["outcome"], source["reason"]) == ("failing", "failed", "http-status")
    place.configure([{**one, "enabled": False}])
    source = told(place, ID)[0]["source"]
    assert (source["state"], source["next_poll"]) == ("disabled", None)


def test_entries_of_several_sources_with_one_link_are_all_told(place: Place, web: ScriptedWeb) -> None:
    sources = [{"id": name, "url": web.feed(f"/{name}", rss(item(1, name)))} for name in ("one", "two")]
    place.configure(sources)
    place.run("once")
    assert {one["source"]["id"] for one in told(place, LINK)} == {"one", "two"}
    (mine,) = told(place, ID)
    assert mine["id"] == ID


def test_an_address_that_is_a_secret_is_not_told(place: Place, web: ScriptedWeb) -> None:
    url = web.feed("/feed?key=s3cr3t", rss(item(1)))
    place.configure([{"id": "one", "url": url, "public_url": "https://public.example/"}])
    place.run("once")
    assert told(place, ID)[0]["source"]["url"] == "https://public.example/"
    assert "s3cr3t" not in place.run("explain", ID).stdout + place.run("explain", ID, "--json").stdout


def test_what_is_not_kept_is_said_not_to_be(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"id": "one", "url": web.feed("/feed", rss(item(1)))}])
    assert "nothing is kept yet" in place.run("explain", ID, check=2).stderr
    assert not (place.folder / "store.db").exists()
    place.run("once")
    for name in ("nothing", "https://x.example/posts/11", "https://x.example/posts", "http://["):
        done = place.run("explain", name, check=2)
        assert f'no entry "{name}" is kept; give its id' in done.stderr


FLOOD = (
    "The river rose by four metres overnight and reached the market square of the old town before dawn. About 1,200"
    " people left their houses, most of them on foot, and spent the night in two schools on the hill. The mayor said"
    " that the pumps had held, and that nobody had been hurt. Engineers expect the water to fall from Thursday on."
)


def telling(name: str, title: str, text: str = FLOOD) -> str:
    return (
        f"<rss version='2.0'><channel><title>{name}</title><link>https://{name}.example/</link><item><title>{title}</title>"
        f"<link>https://{name}.example/2026/old-town</link><guid>https://{name}.example/2026/old-town</guid>"
        f"<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate><description>{text}</description></item></channel></rss>"
    )


@pytest.fixture
def flooded(place: Place, web: ScriptedWeb) -> Place:
    """Three sources of one story, and one of another."""
    given = {
        "first": telling("first", "Old town under water"),
        "second": telling("second", "Flood drives 1,200 people out"),
        "other": telling("other", "Old town not under water", "All is well."),
    }
    sources = [
        {"id": name, "url": web.feed(f"/{name}", body), "category": "news", "title": name.title()}
        for name, body in given.items()
    ]
    place.configure(sources)
    place.run("once", "first")
    place.run("once", "second", "other")
    return place


def test_who_else_tells_a_story_is_named_and_by_what(flooded: Place) -> None:
    (second,) = told(flooded, "https://second.example/2026/old-town")
    assert [(one["source"], one["by"], one["like"], one["distance"]) for one in second["tellings"]] == [
        ("first", None, None, None),
        ("second", "near-duplicate text", "https://first.example/2026/old-town", 0.0),
    ]
    pages = {page["page"]: (page["shown"], page["why"]) for page in second["pages"]}
    assert pages["category/news/"] == (False, "its story is shown as first tells it")
    assert pages["source/second/"] == (True, "position 1 of limit 50")
    shown = flooded.run("explain", "https://first.example/2026/old-town").stdout
    assert "also told by\n  second  Flood drives 1,200 people out  https://second.example/2026/old-town" in shown
    assert "near-duplicate text as https://first.example/2026/old-town, distance of their texts 0.00" in shown
    (other,) = told(flooded, "https://other.example/2026/old-town")
    assert other["tellings"] == []


def test_why_two_entries_are_one_story_or_two_is_told(flooded: Place) -> None:
    first, second, other = (f"https://{name}.example/2026/old-town" for name in ("first", "second", "other"))
    entries = json.loads(flooded.run("explain", first, "--with", second, "--json").stdout)["entries"]
    (compared,) = entries[0]["compared"]
    assert (compared["with"]["source"], compared["one_story"]) == ("second", True)
    assert (compared["why"], compared["distance"]) == ("texts that are nearly the same", 0.0)
    shown = flooded.run("explain", other, "--with", first).stdout
    assert "with first: Old town under water\n  two stories: " in shown
    assert "too little text to compare" in shown
    assert 'no entry "nothing" is kept' in flooded.run("explain", first, "--with", "nothing", check=2).stderr


def test_what_a_page_leaves_out_for_other_sources_is_said_to_be(place: Place, web: ScriptedWeb) -> None:
    url = web.feed("/feed", rss(*(item(number, f"Number {number}") for number in range(1, 5))))
    place.configure([{"id": "one", "url": url, "category": "news"}], categories={"news": {"per_source": 2}})
    place.run("once")
    pages = {page["page"]: (page["shown"], page["why"]) for page in told(place, ID)[0]["pages"]}
    assert pages["category/news/"] == (False, "per_source reached: 2 newer ones of its source are shown")
    assert pages["category/all/"] == (True, "position 4 of limit 50")
