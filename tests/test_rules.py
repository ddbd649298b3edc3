"""Filters and rewrites: what they let in, what they change, and what a change of them does to what is kept."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mistakes import assert_said, here_fixture  # noqa: F401
from planet import START, Planet, item, planet_in, rss, terms

from aggregator.clean.rules import refusal, refusal_at_first
from aggregator.config import load
from aggregator.intake import take_in
from aggregator.model import Condition, Document, Enclosure, Entry, Filter, Origin, Person, Source, Term, amended

URL = "https://x.example/feed"
DAY = timedelta(days=1)
ENTRY = Entry(
    key="id:1",
    title="Python 3.15 is released",
    link="https://x.example/news/1",
    origin=Origin("https://x.example/feed", "The Source", "https://x.example/feed"),
    authors=(Person("Ada Lovelace"), Person("Grace Hopper")),
    terms=(Term("roads"), Term("t42", None, "Software")),
    summary="<p>A <b>new</b> version</p>",
    content="<p>All of it, in Straße</p>",
    language="zh-CN",
    rights="CC BY 4.0",
    licence="https://creativecommons.org/licenses/by/4.0/",
    credit=Person("Reuters"),
    enclosures=(Enclosure("https://x.example/a.mp3", "audio/mpeg"),),
)


@pytest.fixture
async def planet(tmp_path: Path) -> AsyncIterator[Planet]:
    async with planet_in(tmp_path) as one:
        yield one


def config(source: str = "", categories: str = "") -> str:
    site = "site: {title: P, base_url: https://planet.example}\noutput: {formats: [atom, html], compress: []}\n"
    described = f"categories:\n  tech:\n{categories}" if categories else ""
    return f"{site}{described}\nsources:\n  - id: x\n    url: {URL}\n    category: tech\n{source}"


def drops(**condition: Any) -> bool:
    """Whether a `drop` of this condition keeps the entry out; `keep` of the same must do the opposite."""
    age = condition.pop("age", timedelta())
    dropped, kept = (refusal((Filter(keep, Condition(**condition)),), ENTRY, age) for keep in (False, True))
    assert (dropped is None) != (kept is None)
    return dropped is not None


# ---------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("title", "python"),
        ("content", "all of it"),
        ("summary", "a new version"),
        ("text", "new version"),
        ("text", "released"),
        ("author", "hopper"),
        ("categories", "ROADS"),
        ("categories", "software"),
        ("categories", "t42"),
        ("link", "/NEWS/"),
        ("source", "the source"),
        ("credit", "reuters"),
        ("rights", "by 4.0"),
        ("rights", "licenses/by/4.0"),
        ("language", "ZH-cn"),
        ("enclosure", "audio/"),
        ("enclosure", ".mp3"),
        ("content", "STRASSE"),
    ],
)
def test_a_word_is_found_in_each_field_whatever_its_case(field: str, word: str) -> None:
    assert drops(fields=(field,), contains=(word,))


@pytest.mark.parametrize(
    ("field", "word"),
    [("title", "3.16"), ("content", "<p>"), ("categories", "road"), ("categories", "soft"), ("author", "Source")],
)
def test_markup_is_no_text_and_half_a_category_is_none(field: str, word: str) -> None:
    assert not drops(fields=(field,), contains=(word,))


def test_of_several_fields_and_words_one_is_enough() -> None:
    assert drops(fields=("author", "title"), contains=("rust", "python"))
    assert not drops(fields=("author", "summary"), contains=("rust", "python"))


def test_case_counts_in_a_pattern_unless_it_says_otherwise() -> None:
    assert not drops(fields=("title",), matches="python")
    assert drops(fields=("title",), matches="(?i)python")
    assert drops(fields=("title",), matches=r"^Python \d+\.\d+")


def test_every_part_of_a_condition_must_hold() -> None:
    assert drops(fields=("title",), contains=("python",), languages=("zh",))
    assert not drops(fields=("title",), contains=("python",), languages=("en",))
    assert not drops(fields=("title",), contains=("python",), matches="Rust")


@pytest.mark.parametrize(
    ("wanted", "taken"), [("zh", True), ("zh-CN", True), ("zh-cn", True), ("zh-TW", False), ("z", False), ("en", False)]
)
def test_a_language_takes_its_regions_and_no_other_language(wanted: str, taken: bool) -> None:
    assert drops(languages=(wanted,)) is taken


def test_older_is_more_than_the_age() -> None:
    assert not drops(older_than=30 * DAY, age=30 * DAY)
    assert drops(older_than=30 * DAY, age=30 * DAY + timedelta(seconds=1))


def test_the_first_filter_that_refuses_is_named_with_what_it_found() -> None:
    filters = (
        Filter(True, Condition(("title",), contains=("python",))),
        Filter(False, Condition(("author", "categories"), contains=("ads", "roads"))),
        Filter(False, Condition(older_than=DAY)),
    )
    assert refusal(filters, ENTRY, 5 * DAY) == 'filters[1] drops what contains "roads" in categories'
    assert (
        refusal(filters[:1] + filters[2:], ENTRY, 5 * DAY) == "filters[1] drops what was older than 1d when first seen"
    )
    keep = Filter(True, Condition(("title", "summary"), "(?i)rust", languages=("de", "en")))
    assert (
        refusal((keep,), ENTRY, DAY)
        == 'filters[0] keeps only what matches "(?i)rust" in title or summary and is in "de" or "en"'
    )


def test_what_a_second_document_may_still_change_is_judged_when_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        f"""sources:
  - url: {URL}
    type: json
    items: list
    fields: {{id: id, title: title, link: link}}
    detail: {{url: "https://x.example/{{id}}", fields: {{content: text}}}}
    filters:
      - keep: {{field: content, contains: never there}}
      - drop: {{field: title, contains: python}}
"""
    )
    (source,) = load(tmp_path / "c.yaml", {}).sources
    waiting = amended(ENTRY, waits=True)
    assert refusal_at_first(source, waiting, DAY) == 'filters[1] drops what contains "python" in title'
    other = amended(waiting, title="Rust")
    assert refusal_at_first(source, other, DAY) is None
    assert refusal_at_first(source, amended(other, waits=False), DAY) is not None


# ---------------------------------------------------------------- filters at work


async def test_what_a_sources_filters_keep_out_is_not_stored(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, "Python"), item(2, "Rust"), item(3, "Python ads", more=terms("Ads")))
    rules = """    filters:
      - keep: {field: title, contains: python}
      - drop: {field: categories, contains: ads}
"""
    changes = (await planet.run(config(rules)))["x"]
    assert (len(changes.new), changes.dropped) == (1, 2)
    assert await planet.titles("category/all/") == await planet.titles("source/x/") == ["Python"]
    assert await planet.store.stories("https://x.example/2") == []


async def test_a_loosened_filter_takes_in_what_the_document_still_has(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, "Python"), item(2, "Rust"))
    await planet.run(config("    filters: [{keep: {field: title, contains: python}}]\n"))
    assert await planet.titles("category/tech/") == ["Python"]
    await planet.run(config("    filters: [{keep: {field: title, contains: [python, rust]}}]\n"))
    assert await planet.titles("category/tech/") == ["Rust", "Python"]


async def test_a_tightened_filter_takes_entries_off_and_a_loosened_one_puts_them_back_as_they_were(
    planet: Planet,
) -> None:
    planet.answers[URL] = rss(item(1, "Python"), item(2, "Rust"))
    await planet.run(config())
    before = await planet.entries("category/tech/")
    planet.answers[URL] = rss()  # nothing of this depends on what the source still has
    await planet.run(config("    filters: [{drop: {field: title, contains: rust}}]\n"))
    for page in ("category/all/", "category/tech/", "source/x/"):
        assert await planet.titles(page) == ["Python"]
        assert "Rust" not in (planet.public / page / "feed.atom").read_text("utf-8")
    await planet.run(config())
    assert await planet.entries("category/tech/") == before


async def test_a_revision_that_a_filter_refuses_takes_the_entry_off(planet: Planet) -> None:
    rules = "    filters: [{drop: {field: title, contains: sponsored}}]\n"
    planet.answers[URL] = rss(item(1, "News"), item(2))
    await planet.run(config(rules))
    planet.answers[URL] = rss(item(1, "Sponsored: News"), item(2))
    await planet.run(config(rules))
    assert await planet.titles("category/tech/") == ["Title 2"]
    planet.answers[URL] = rss(item(1, "News"), item(2))
    await planet.run(config(rules))
    assert await planet.titles("category/tech/") == ["Title 2", "News"]


async def test_a_categorys_filters_say_what_stands_on_its_page_alone(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, "Python"), item(2, "Rust"))
    only = config(categories="    filters: [{keep: {field: title, contains: python}}]\n")
    await planet.run(only)
    assert await planet.titles("category/tech/") == ["Python"]
    assert await planet.titles("category/all/") == await planet.titles("source/x/") == ["Rust", "Python"]
    planet.answers[URL] = rss()
    await planet.run(config())
    assert await planet.titles("category/tech/") == ["Rust", "Python"]
    await planet.run(only)
    assert await planet.titles("category/tech/") == ["Python"]


async def test_age_is_that_at_first_sight_so_that_nothing_drops_out_by_growing_old(planet: Planet) -> None:
    rules = config("    filters: [{drop: {older_than: 5d}}]\n")
    planet.answers[URL] = rss(item(1), item(8))
    await planet.run(rules)
    assert await planet.titles("category/tech/") == ["Title 8"]
    planet.answers[URL] = rss(item(8, "Title 8, revised"))
    await planet.run(rules, later=30 * DAY)
    assert await planet.titles("category/tech/") == ["Title 8, revised"]
    assert planet.moment - START > 30 * DAY


# ---------------------------------------------------------------- rewrites


def taken_in(tmp_path: Path, rewrite: str, *items: str) -> tuple[Entry, ...]:
    (tmp_path / "c.yaml").write_text(config(f"    rewrite:\n{rewrite}"))
    source: Source = load(tmp_path / "c.yaml", {}).sources[0]
    intake = take_in(source, Document(URL, rss(*items).encode(), ""))
    return intake.entries  # type: ignore[union-attr]  # the document is ours


def test_rewrites_are_done_in_their_order_and_told(tmp_path: Path) -> None:
    rules = """      - remove: [".ads", "p.share"]
      - replace: [{text: "Click here", with: ""}, {regex: "colou?r", with: hue}]
      - {field: title, replace: [{regex: '^\\[Ad\\] *(.*)$', with: '\\1!'}]}
      - {field: title, replace: [{text: "!", with: "?"}]}
"""
    text = "<p>The colour</p><div class='ads'><p>buy</p></div> tail<p class='share'>s</p><p>Click here</p>"
    first, second = taken_in(tmp_path, rules, item(1, "[Ad] One", text), item(2))
    assert (first.title, first.summary) == ("One?", "<p>The hue</p> tail<p></p>")
    assert first.notes == (
        "rewrite[0] changed summary",
        "rewrite[1] changed summary",
        "rewrite[2] changed title",
        "rewrite[3] changed title",
    )
    assert (second.title, second.notes) == ("Title 2", ())


def test_what_a_rewrite_makes_passes_the_sanitiser(tmp_path: Path) -> None:
    rules = """      - replace: [{text: "BOOM", with: "<script>alert(1)</script><a href='javascript:alert(1)'>x</a>"}]
"""
    (entry,) = taken_in(tmp_path, rules, item(1, text="<p>a BOOM b</p>"))
    assert entry.summary == '<p>a <a rel="noopener noreferrer">x</a> b</p>'


def test_what_names_an_entry_does_not_depend_on_a_rewrite(tmp_path: Path) -> None:
    bare = "<item><title>Only a title</title></item>"
    (before,) = taken_in(tmp_path, "      - replace: [{text: nowhere, with: x}]\n", bare + "")
    (after,) = taken_in(tmp_path, "      - {field: title, replace: [{text: title, with: name}]}\n", bare)
    assert (before.key, after.title) == (after.key, "Only a name")


async def test_a_new_rewrite_works_on_what_the_source_still_has(planet: Planet) -> None:
    planet.answers[URL] = rss(item(1, text="<p>a</p><p class='ads'>buy</p>"))
    await planet.run(config())
    changes = await planet.run(config('    rewrite: [{remove: [".ads"]}]\n'))
    assert (len(changes["x"].new), len(changes["x"].revised)) == (0, 1)
    (kept,) = await planet.entries("category/tech/")
    assert kept.entry.summary == "<p>a</p>"


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            "filters: [{keep: {field: titel, matches: x}}]",
            "3:23: sources[0].filters[0].keep.field: \"titel\" is not one of 'title', 'content', 'summary'",
        ),
        (
            "filters: [{keep: {matches: '('}}]",
            '3:23: sources[0].filters[0].keep.matches: "(" is not a pattern that RE2 knows (missing ): (); correct it',
        ),
        (
            "filters: [{keep: {matches: '(?=x)'}}]",
            '3:23: sources[0].filters[0].keep.matches: "(?=x)" is not a pattern that RE2 knows (invalid perl operator',
        ),
        (
            "filters: [{keep: {field: title, older_than: 1d}}]",
            "3:16: sources[0].filters[0].keep: names a field and not what to look for in it; write matches or contains",
        ),
        (
            "filters: [{keep: {}}]",
            "3:16: sources[0].filters[0].keep: says nothing; write matches, contains, older_than or language",
        ),
        (
            "filters: [{keep: {contains: a}, drop: {contains: b}}]",
            "3:15: sources[0].filters[0]: must hold either keep or drop; write one filter for each",
        ),
        (
            "filters: [{kep: {contains: a}}]",
            '3:16: sources[0].filters[0].kep: unknown key; did you mean "keep"?',
        ),
        ("rewrite: [{}]", "3:15: sources[0].rewrite[0]: changes nothing; write remove or replace"),
        ("rewrite: [{remove: ['p[']}]", '3:25: sources[0].rewrite[0].remove[0]: "p[" is not a CSS selector ('),
        (
            "rewrite: [{replace: [{regex: 'a', with: '\\1'}]}]",
            "3:15: sources[0].rewrite[0]: cannot replace with RE2 ('\\\\1' names a group that the pattern has not",
        ),
        ("category: [{field: title}]", "3:17: sources[0].category[0].field: \"title\" is not one of 'categories', "),
        (
            "category_map: {a: Not A Slug}",
            '3:5: sources[0].category_map: "a" leads to "Not A Slug", which is no slug; use a-z, 0-9 and hyphens',
        ),
        (
            "category_map: {Tech: a, tech: b}",
            '3:5: sources[0].category_map: "tech" and "Tech" are the same but for their spelling; remove one',
        ),
        (
            "tags: ['{nothing}']",
            '3:12: sources[0].tags[0]: "{nothing}" uses an unknown field; the known ones, in braces, are source.title',
        ),
        (
            "credit: 'Source: (.*)'",
            '3:5: sources[0].credit: "Source: (.*)" does not say where the name is; put that part into (?P<name>…)',
        ),
        ("content: half", "3:5: sources[0].content: \"half\" is not one of 'full', 'summary' or 'link'; write one of"),
    ],
)
def test_nonsense_is_named_with_its_place_and_the_next_step(keys: str, said: str) -> None:
    assert_said(f"sources:\n  - url: https://a.example/\n    {keys}\n".encode(), said)


# ---------------------------------------------------------------- the guide


EXAMPLES = re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[1] / "docs/rules.md").read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[2].strip()[:30])
async def test_every_example_of_the_guide_loads_and_runs(planet: Planet, example: str) -> None:
    site = f"site: {{title: P, base_url: https://planet.example}}\noutput: {{dir: {planet.public}}}\n"
    settings = planet.settings(site + example)
    for source in settings.sources:
        planet.answers[source.url] = rss(item(1, "Python", "<p>Ein Satz.</p>", terms("Technik", "C#")))
    changes = await planet.run(site + example)
    assert all(one.visit.reason is None for one in changes.values())
    assert (planet.public / "category/all/feed.atom").exists()


def test_the_guide_has_an_example_of_every_rule() -> None:
    said = "".join(EXAMPLES)
    for key in ("rewrite", "filters", "category_map", "tags", "aka", "credit", "content", "field: categories"):
        assert f"{key}:" in said or key in said
