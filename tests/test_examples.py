"""Every recipe that is shipped, over a document such as its source gives: what it keeps of it, and where it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.clean.rules import refusal_at_first
from aggregator.config import Settings, load
from aggregator.intake import take_detail, take_in
from aggregator.model import Document, Entry, Intake, Source, amended, category_page
from aggregator.placing import named, pages_of

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "config/examples").glob("*.yaml"))
SAMPLES = Path(__file__).parent / "examples"
ENVIRON = {"JOBS_TOKEN": "t-secret", "RSSHUB_KEY": "k-secret"}
TESTED_ELSEWHERE = {"finews"}
TYPES = {".json": "application/json", ".xml": "application/xml", ".html": "text/html"}

# By recipe and source: the titles that are kept of its sample, and the categories in which each stands.
KEPT = {
    "bridges/bilibili-2267573": {"第一支视频": "videos"},
    "bridges/telegram": {"News of the day": "talk"},
    "full-text/paper": {"What the river took": "news"},
    "gbk-page/jiaowuchu": {
        "关于二〇二七年寒假放假安排的通知": "gonggao",
        "关于公布朱镕基奖学金评审结果的通知": "gonggao",
    },
    "hacker-news/hacker-news": {"A database in 500 lines": "news", "Ask HN: Which editor?": "news"},
    "job-api/jobs": {"Python Engineer (Muster GmbH)": "jobs Köln", "SRE (Netz SE)": "jobs Berlin"},
    "planet/ada": {"Example 2.0 is out": "project", "My garden": "life", "A release of another thing": ""},
    "planet/grace": {"No words at all": "life"},
    "podcasts/changelog": {"Feeds are back (Interview)": "podcasts"},
    "podcasts/talk-python": {"Packaging in 2026": "podcasts"},
    "releases/releases-python-cpython": {"v3.15.1": "releases"},
    "releases/tags-torvalds-linux": {"v7.1": "releases"},
    "social/mastodon-python": {
        "Released a new version of the parser today, and it is twice as fast as the one…": "talk",
    },
    "social/reddit-selfhosted": {"My own planet": "talk"},
    "social/youtube-ucuaxfkgsw1l7xacfnd5jjow": {"A long video": "videos"},
    "web-page/council": {"Budget 2027": "town", "Parking, second reading": "town"},
    "web-page/town-hall": {"The bridge is open": "town", "Library: new hours": "town"},
}  # fmt: skip


def source_of(sample: str) -> tuple[Settings, Source]:
    """The source whose sample this is, and the recipe that it stands in."""
    recipe, _, name = sample.partition("/")
    settings = load(ROOT / f"config/examples/{recipe}.yaml", ENVIRON)
    (source,) = (source for source in settings.sources if source.id == name)
    return settings, source


def document(path: Path, url: str) -> Document:
    return Document(url, path.read_bytes(), "", TYPES[path.suffix])


def entries_of(sample: str) -> tuple[Settings, Source, dict[str, Entry]]:
    """What is kept of a sample, by title."""
    settings, source = source_of(sample)
    (path,) = (path for path in SAMPLES.glob(f"{sample}.*") if ".detail" not in path.suffixes)
    intake = take_in(source, document(path, source.public_url))
    assert isinstance(intake, Intake), intake
    kept = [entry for entry in intake.entries if refusal_at_first(source, entry, timedelta()) is None]
    return settings, source, {entry.title: entry for entry in kept}


def filled(source: Source, entry: Entry, sample: str) -> Entry:
    """The entry with what its second document says."""
    assert entry.waits
    done = take_detail(source, entry, document(SAMPLES / f"{sample}.detail.html", entry.link))
    assert isinstance(done, Entry), done
    return done


def homes(settings: Settings, source: Source, entry: Entry) -> str:
    """The categories in which an entry stands once it waits for nothing."""
    pages = pages_of(amended(entry, waits=False), source, settings.categories, timedelta())
    found = [page.name for path in pages if (page := named(path))]
    slugs = [slug for slug in settings.categories if slug != "all" and category_page(slug) in pages]
    return " ".join([*slugs, *found])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_recipe_is_good_explained_and_has_a_sample(path: Path) -> None:
    text = path.read_text("utf-8")
    first, second, *_ = text.splitlines()
    assert (first, second) == ("# yaml-language-server: $schema=../aggregator.schema.json", "#")
    assert all(len(line) <= 120 for line in text.splitlines())
    if path.stem in TESTED_ELSEWHERE:
        return
    assert load(path, ENVIRON).sources
    assert any(sample.startswith(f"{path.stem}/") for sample in KEPT)


def test_there_is_a_recipe_for_every_sample_and_enough_of_them() -> None:
    assert {sample.partition("/")[0] for sample in KEPT} <= {path.stem for path in EXAMPLES}
    found = {str(path.relative_to(SAMPLES)).partition(".")[0] for path in SAMPLES.rglob("*.*") if path.is_file()}
    assert found == set(KEPT)
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("sample", KEPT)
def test_a_recipe_keeps_what_it_should(sample: str) -> None:
    settings, source, entries = entries_of(sample)
    assert {title: homes(settings, source, entry) for title, entry in entries.items()} == KEPT[sample]


def test_an_item_without_an_address_of_its_own_leads_to_its_comments() -> None:
    _, _, entries = entries_of("hacker-news/hacker-news")
    first, second = entries.values()
    assert (first.link, second.link) == ("https://blog.example/db", "https://news.ycombinator.com/item?id=38000002")
    assert first.published == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert "311 points, 87" in first.content
    assert 'href="https://news.ycombinator.com/item?id=38000001"' in first.content


def test_the_token_of_an_api_goes_to_the_api_and_times_are_those_of_its_zone() -> None:
    _, source, entries = entries_of("job-api/jobs")
    assert source.headers == (("Authorization", "Bearer t-secret"),)
    assert "t-secret" not in repr(source)
    first = entries["Python Engineer (Muster GmbH)"]
    assert first.published == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert first.summary == "<p>Build feeds.</p>"
    assert first.link == "https://www.jobs.example/offer/J-17"


def test_the_page_behind_an_item_gives_the_text_without_what_is_taken_out() -> None:
    _, source, entries = entries_of("web-page/town-hall")
    first = entries["The bridge is open"]
    assert (first.link, first.published) == (
        "https://www.town.example/news/bridge.html",
        datetime(2026, 11, 20, 9, tzinfo=UTC),
    )
    assert first.image
    assert first.image.href == "https://www.town.example/img/bridge.jpg"
    assert [term.term for term in first.terms] == ["Roads", "Building"]
    assert filled(source, first, "web-page/town-hall").content == "<p>It was opened by the mayor.</p>"


def test_rows_of_a_table_are_items() -> None:
    _, _, entries = entries_of("web-page/council")
    budget = entries["Budget 2027"]
    assert (budget.link, budget.published) == (
        "https://www.town.example/council/agenda-12.pdf",
        datetime(2026, 12, 3, tzinfo=UTC),
    )


def test_the_page_behind_an_excerpt_takes_its_place() -> None:
    _, source, entries = entries_of("full-text/paper")
    whole = filled(source, entries["What the river took"], "full-text/paper").content
    assert "the mill is still closed" in whole
    assert "has not given up" in whole
    assert "Subscribe" not in whole
    assert "Read also" not in whole


def test_a_page_in_gbk_is_read_with_characters_that_gb2312_has_not() -> None:
    _, source, entries = entries_of("gbk-page/jiaowuchu")
    first = next(iter(entries.values()))
    assert first.link == "http://jwc.university.example/info/1001/2345.htm"
    assert first.published == datetime(2026, 11, 19, 16, tzinfo=UTC), "midnight in Shanghai"
    content = filled(source, first, "gbk-page/jiaowuchu").content
    assert content == "<p>各学院：</p><p>寒假自一月十六日开始。</p>"


def test_who_submitted_it_is_the_author_and_no_text() -> None:
    _, _, entries = entries_of("social/reddit-selfhosted")
    (entry,) = entries.values()
    assert [author.name for author in entry.authors] == ["/u/ada"]
    assert "It runs on a small board." in entry.content
    assert 'href="https://www.reddit.com/user/ada"' not in entry.content


def test_what_a_bridge_is_asked_with_is_told_to_nobody() -> None:
    _, source = source_of("bridges/bilibili-2267573")
    assert source.url.endswith("key=k-secret")
    assert source.public_url == "https://space.bilibili.com/2267573"
