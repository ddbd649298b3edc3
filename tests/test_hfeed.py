"""A web page whose own markup says what its entries are: read as a feed where it names no other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import Place
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_web import Answer, ScriptedWeb

from aggregator.config import load
from aggregator.errors import Unreadable
from aggregator.intake import take_in
from aggregator.model import Document, Failed, Intake, Source
from aggregator.sources.feed import read

URL = "https://ada.example/notes/"
PAGE = """<!doctype html><html lang="en"><head><title>Notes – Ada</title></head><body>
<main class="h-feed"><h1 class="p-name">Ada's notes</h1><a class="p-author h-card" href="/">Ada</a>
<article class="h-entry"><h2><a class="p-name u-url" href="/2026/first">The first</a></h2>
<time class="dt-published" datetime="2026-11-20T10:00:00+01:00">Friday</time>
<a class="p-category" href="/tag/x">feeds</a>
<div class="e-content"><p>Hello, see <a href="there">there</a>.<script>alert(1)</script></p></div>
<img class="u-photo" src="p.jpg" alt=""></article>
<article class="h-entry"><a class="u-url" href="/2026/2"><time class="dt-published">2026-11-19</time></a>
<p class="e-content p-name">Only a note, without a title.</p>
<audio class="u-audio" src="/2.mp3"></audio><a class="p-author h-card" href="https://eva.example/">Eva</a></article>
<article class="h-entry"><a class="p-name u-url" href="/2026/3">A like</a><blockquote class="u-like-of h-cite h-entry">
<a class="p-name u-url" href="https://other.example/">Not ours</a></blockquote></article>
</main></body></html>"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A feed, as its operator says."""
    (tmp_path / "c.yaml").write_text(f"sources:\n  - {{id: ada, url: '{URL}'}}\n", "utf-8")
    (found,) = load(tmp_path / "c.yaml", {}).sources
    return found


def document(page: str | bytes) -> Document:
    return Document(URL, page if isinstance(page, bytes) else page.encode(), "", "text/html; charset=utf-8")


def intake_of(source: Source, page: str) -> Intake:
    intake = take_in(source, document(page))
    assert isinstance(intake, Intake), intake
    return intake


def test_a_page_with_a_feed_in_its_markup_is_one(source: Source) -> None:
    intake = intake_of(source, PAGE)
    assert (intake.origin.title, intake.origin.html_url, intake.origin.language) == ("Ada's notes", URL, "en")
    first, note, like = intake.entries
    assert (first.title, first.link) == ("The first", "https://ada.example/2026/first")
    assert first.published == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert first.content.startswith('<p>Hello, see <a href="https://ada.example/notes/there"')
    assert "alert" not in first.content
    assert [term.term for term in first.terms] == ["feeds"]
    assert first.image
    assert first.image.href == "https://ada.example/notes/p.jpg"
    assert (note.title, note.published) == ("Only a note, without a title.", datetime(2026, 11, 19, tzinfo=UTC))
    assert [file.href for file in note.enclosures] == ["https://ada.example/2.mp3"]
    assert [author.name for author in note.authors] == ["Eva"]
    assert like.title == "A like", "what an entry quotes is none of the feed's"


def test_entries_that_stand_in_no_feed_are_that_of_the_page(source: Source) -> None:
    page = PAGE.replace(' class="h-feed"', "")
    assert intake_of(source, page).entries[0].title == "The first"
    assert intake_of(source, page).origin.title == "Notes – Ada"


def test_an_entry_seen_before_is_left_out_until_it_changes() -> None:
    first = read(document(PAGE))
    again = read(document(PAGE.replace("<main", "<p>visitors: 42</p><main")), first.hashes)
    assert (again.drafts, again.hashes) == ((), first.hashes)
    changed = read(document(PAGE.replace("Hello", "Goodbye")), first.hashes)
    assert [draft.link for draft in changed.drafts] == ["https://ada.example/2026/first"]


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace("<title>", '<link rel="alternate" type="application/rss+xml" href="/feed.xml"><title>'),
        PAGE.replace("h-entry", "entry"),
        "<html><body class='h-entryx'>",
        "<!doctype html><div class='h-feed'><p class='not-h-entry'>x</p></div>",
    ],
)
def test_a_page_that_names_a_feed_or_has_no_entry_is_none(source: Source, page: str) -> None:
    failed = take_in(source, document(page))
    assert isinstance(failed, Failed)
    assert "a web page, not a feed" in failed.detail


def test_entries_within_entries_without_end_and_very_many_are_survived(source: Source) -> None:
    deep = take_in(source, document("<!doctype html>" + "<div class=h-entry>" * 5000))
    assert isinstance(deep, Failed | Intake)
    many = read(document("<!doctype html>" + "<p class=h-entry><a class=u-url href=/x>x</a></p>" * 3000))
    assert len(many.drafts) == 500


@settings(max_examples=30)
@given(st.text("<div clas='h-entryfdp> u=/x", max_size=200))
def test_any_page_is_a_reading_or_unreadable(text: str) -> None:
    page = f"<!doctype html><a class=h-entry>{text}"
    try:
        assert read(document(page)) == read(document(page))
    except Unreadable:
        return


def test_add_takes_such_a_page_as_it_is(place: Place, web: ScriptedWeb) -> None:
    page = web.script("/notes", Answer(PAGE.encode(), headers={"Content-Type": "text/html"}))
    place.configure([{"id": "old", "url": "https://old.example/"}])
    done = place.run("add", page, "--id", "ada")
    assert "The first" in done.stdout
    assert f"\n  url: {page}\n" in (place.folder / "aggregator.yaml").read_text("utf-8")
