"""JSON Feed, read by whatever source of type feed turns out to be one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import Unreadable
from aggregator.intake import take_in
from aggregator.model import Document, Enclosure, Failed, Intake, Person, Source, Term
from aggregator.sources.feed import read

URL = "https://x.example/feed.json"
HOUR = timedelta(hours=1)
FEED: dict[str, Any] = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Ein Blog",
    "home_page_url": "https://x.example/",
    "feed_url": URL,
    "language": "de",
    "icon": "/big.png",
    "authors": [{"name": "Ada", "url": "https://x.example/ada"}],
    "items": [
        {
            "id": 7,
            "url": "/7",
            "title": "A & <b>",
            "content_html": "<p>One<script>2</script></p>",
            "content_text": "One",
            "date_published": "2024-03-05T10:00:00+01:00",
            "date_modified": "2024-03-06T10:00:00+01:00",
            "tags": ["x", 3, "y"],
            "image": "/7.png",
            "authors": [{"name": "Bob"}],
            "attachments": [
                {"url": "/7.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12.0},
                {"mime_type": "x/y"},
            ],
        },
        {"id": "https://x.example/8", "content_text": "1 < 2\n\nnext", "author": {"name": "Old"}},
    ],
}


SOURCE = Source("x", "feed", URL, URL, (), HOUR, HOUR, HOUR)


def intake_of(feed: object, content_type: str = "application/feed+json") -> Intake | Failed:
    return take_in(SOURCE, Document(URL, json.dumps(feed).encode(), "", content_type))


@pytest.mark.parametrize("content_type", ["application/feed+json", "application/json", "text/xml", "text/html", ""])
def test_a_json_feed_is_read_whatever_its_server_calls_it(content_type: str) -> None:
    intake = intake_of(FEED, content_type)
    assert isinstance(intake, Intake), intake
    first, second = intake.entries
    assert (first.key, first.link, first.title) == ("id:7", "https://x.example/7", "A & <b>")
    assert first.content == "<p>One</p>"
    assert first.published == datetime(2024, 3, 5, 9, tzinfo=UTC)
    assert first.updated == datetime(2024, 3, 6, 9, tzinfo=UTC)
    assert first.authors == (Person("Bob"),)
    assert first.terms == (Term("x"), Term("y"))
    assert first.image
    assert first.image.href == "https://x.example/7.png"
    assert [(one.href, one.type, one.length) for one in first.enclosures] == [
        ("https://x.example/7.mp3", "audio/mpeg", 12)
    ]
    assert (second.claim, second.content) == ("https://x.example/8", "<p>1 &lt; 2</p><p>next</p>")
    assert second.title.startswith("1 < 2")
    assert second.authors == (Person("Old"),)
    origin = intake.origin
    assert (origin.id, origin.title, origin.html_url) == (URL, "Ein Blog", "https://x.example/")
    assert (origin.language, origin.icon) == ("de", "https://x.example/big.png")
    assert origin.authors == (Person("Ada", uri="https://x.example/ada"),)


def test_only_items_not_seen_before_are_read() -> None:
    whole = read(Document(URL, json.dumps(FEED).encode(), ""), frozenset())
    more = {**FEED, "items": [{"id": "new", "title": "T", "url": "/n"}, *FEED["items"]]}
    part = read(Document(URL, json.dumps(more).encode(), ""), whole.hashes)
    assert [draft.id for draft in part.drafts] == ["new"]
    assert whole.hashes < part.hashes


@pytest.mark.parametrize("other", [{}, {"a": 1}, {"version": "1.0", "items": []}, {"version": FEED["version"]}])
def test_json_that_is_no_feed_is_a_failure_with_the_next_step(other: object) -> None:
    failed = intake_of(other)
    assert isinstance(failed, Failed)
    assert failed.detail == "not a feed, but other JSON; an API that is no feed is read with `type: json`"


MEMBERS = st.none() | st.integers() | st.text(max_size=9) | st.lists(st.dictionaries(st.text(max_size=3), st.none()))
ITEMS = st.dictionaries(st.sampled_from([*FEED["items"][0], "summary", "author", "language"]), MEMBERS)


@given(st.dictionaries(st.sampled_from(list(FEED)), MEMBERS), st.lists(ITEMS | MEMBERS, max_size=4))
def test_members_of_any_type_are_survived(feed: dict[str, Any], items: list[Any]) -> None:
    whole = {**feed, "version": FEED["version"], "items": items}
    intake = intake_of(whole)
    assert isinstance(intake, Intake), intake


@given(st.binary(max_size=200).map(lambda tail: b"{" + tail))
def test_anything_that_begins_like_json_is_a_reading_or_unreadable(body: bytes) -> None:
    try:
        reading = read(Document(URL, body, ""), frozenset())
    except Unreadable:
        return
    assert isinstance(reading.drafts, tuple)


def test_what_its_attachments_say_is_taken_only_where_it_fits() -> None:
    item = {"id": "1", "url": "/1", "title": "T", "attachments": [{"url": "/a", "size_in_bytes": -1, "mime_type": 4}]}
    intake = intake_of({**FEED, "items": [item]})
    assert isinstance(intake, Intake)
    assert intake.entries[0].enclosures == (Enclosure("https://x.example/a", None, None),)
