"""What is expected of a source: what breaks that is not taken, and what is the matter is told until it is over."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Place
from scripted_web import ScriptedWeb
from walking import HOUR, START, Walked, item, rss, source, walking

from aggregator.condition import row_of, state_of
from aggregator.config import load
from aggregator.model import Cause, Document, Expectation, Failed, Outcome, Reason, Source, Visit

DAY = 24 * HOUR
WHOLE = (item("a", "One", "https://x.example/1", START), item("b", "Two", "https://x.example/2", START))


def expecting(**more: Any) -> Source:
    return source(expect=Expectation(**more))


def causes(visit: Visit) -> list[str]:
    return [one.cause.value for one in visit.incidents]


async def titles(walked: Walked, one: Source) -> set[str]:
    return {kept.entry.title for kept in await walked.kept(one)}


class Unreachable(Walked):
    """A walk to a host that does not answer, while `down`."""

    down = False

    async def fetch(self, source: Source, visit: Visit) -> Document | Failed:  # type: ignore[override]
        """What was handed in, or no answer."""
        return Failed(Reason.CONNECT, "nobody is there") if self.down else await super().fetch(source, visit)


# ---------------------------------------------------------------- too few items


async def test_a_document_with_too_few_items_changes_nothing_that_is_kept(tmp_path: Path) -> None:
    one = expecting(min_items=2)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, rss(*WHOLE))
        bad = await walked.poll(one, rss(item("a", "Half of it", "https://x.example/1", START)))
        assert (bad.visit.outcome, bad.visit.reason) == (Outcome.FAILED, Reason.UNEXPECTED)
        assert bad.visit.detail == "1 item, where at least 2 are expected"
        assert await titles(walked, one) == {"One", "Two"}
        assert causes(bad.visit) == ["unexpected"]
        good = await walked.poll(one, rss(*WHOLE, item("c", "Three", "https://x.example/3", START)))
        assert (good.visit.outcome, good.visit.incidents, good.visit.failures) == (Outcome.NEW, (), 0)


async def test_items_seen_before_count_as_well(tmp_path: Path) -> None:
    one = expecting(min_items=3)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, rss(*WHOLE, item("c", "Three", "https://x.example/3", START)))
        again = await walked.poll(one, rss(item("d", "Four", "https://x.example/4", START + HOUR), *WHOLE))
        assert (again.visit.outcome, again.visit.incidents) == (Outcome.NEW, ())


async def test_a_source_that_gives_something_else_is_asked_again_at_its_interval(tmp_path: Path) -> None:
    one = expecting(min_items=1)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, rss(*WHOLE))
        for _ in range(6):
            bad = await walked.poll(one, rss())
            assert bad.visit.due
            assert bad.visit.finished
            assert bad.visit.due - bad.visit.finished <= 2 * HOUR


# ---------------------------------------------------------------- entries that lack something


async def test_an_entry_without_a_required_field_waits_and_the_others_are_taken(tmp_path: Path) -> None:
    one = expecting(required=("title", "link"))
    half = item("b", "", "https://x.example/2", START, "A text without a title.")
    async with walking(tmp_path / "s.db", one) as walked:
        found = await walked.poll(one, rss(WHOLE[0], half))
        assert await titles(walked, one) == {"One"}
        assert [(i.cause, i.what) for i in found.visit.incidents] == [(Cause.INCOMPLETE, "1 without title")]
        assert (found.visit.validators, found.visit.body_hash) == (None, "")
        still = await walked.poll(one, rss(item("c", "Three", "https://x.example/3", START), WHOLE[0], half))
        assert await titles(walked, one) == {"One", "Three"}
        assert [i.since for i in still.visit.incidents] == [START + HOUR]
        whole = await walked.poll(one, rss(*WHOLE))
        assert await titles(walked, one) == {"One", "Two", "Three"}
        assert whole.visit.incidents == ()


async def test_an_entry_that_loses_a_required_field_keeps_its_last_good_text(tmp_path: Path) -> None:
    one = expecting(required=("content",))
    good = item("a", "One", "https://x.example/1", START).replace("</item>", "<c:encoded>Long.</c:encoded></item>")
    async with walking(tmp_path / "s.db", one) as walked:
        feed = rss(good).replace("<rss", "<rss xmlns:c='http://purl.org/rss/1.0/modules/content/'")
        await walked.poll(one, feed)
        bad = await walked.poll(one, feed.replace("Long.", ""))
        assert causes(bad.visit) == ["incomplete"]
        (kept,) = await walked.kept(one)
        assert (kept.entry.content, kept.revision) == ("Long.", 0)


async def test_where_anything_is_expected_an_item_that_is_nothing_but_a_link_is_no_entry(tmp_path: Path) -> None:
    one = expecting(min_items=1)
    async with walking(tmp_path / "s.db", one) as walked:
        found = await walked.poll(one, rss(*WHOLE, item("n", link="https://x.example/nothing")))
        assert await titles(walked, one) == {"One", "Two"}
        assert found.visit.detail == "entry 3 is empty"


# ---------------------------------------------------------------- silence, and failing


async def test_a_source_that_falls_silent_is_an_incident_until_it_speaks_again(tmp_path: Path) -> None:
    one = expecting(max_age=30 * DAY)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, rss(*WHOLE))
        quiet = await walked.poll(one, rss(*WHOLE), after=29 * DAY)
        assert quiet.visit.incidents == ()
        silent = await walked.poll(one, rss(*WHOLE), after=2 * DAY)
        assert (silent.visit.outcome, silent.visit.failures) == (Outcome.SAME, 0)
        (incident,) = silent.visit.incidents
        assert (incident.cause, incident.since) == (Cause.SILENT, START + 30 * DAY)
        assert "2026-03-01 12:00" in incident.what
        assert state_of(one, silent.visit) == "incident"
        new = await walked.poll(one, rss(item("c", "Three", "https://x.example/3", START + 31 * DAY)))
        assert new.visit.incidents == ()
        assert await titles(walked, one) == {"One", "Two", "Three"}


async def test_a_source_that_fails_for_days_is_an_incident_since_its_first_failure(tmp_path: Path) -> None:
    one = source()
    async with walking(tmp_path / "s.db", one) as walked:
        lost = Unreachable(walked.store)
        await lost.poll(one, rss(*WHOLE))
        lost.down = True
        first = await lost.poll(one, "")
        assert causes(first.visit) == []
        for _ in range(3):
            late = await lost.poll(one, "", after=DAY)
        (incident,) = late.visit.incidents
        assert (incident.cause, incident.since, incident.what) == (
            Cause.FAILING,
            START + 2 * HOUR,
            "connect: nobody is there",
        )
        lost.down = False
        back = await lost.poll(one, rss(*WHOLE))
        assert (back.visit.incidents, back.visit.failing_since) == ((), None)


async def test_a_failure_says_nothing_of_what_is_wrong_with_the_entries(tmp_path: Path) -> None:
    one = expecting(required=("title",))
    async with walking(tmp_path / "s.db", one) as walked:
        lost = Unreachable(walked.store)
        await lost.poll(one, rss(WHOLE[0], item("b", "", "https://x.example/2", START, "No title.")))
        lost.down = True
        assert causes((await lost.poll(one, "")).visit) == ["incomplete"]


# ---------------------------------------------------------------- pages


PAGE = """
sources:
  - id: page
    url: https://news.example/
    type: html
    items: li
    fields: {title: a, link: a, summary: p, author: i}
"""


def page_source(folder: Path) -> Source:
    (folder / "c.yaml").write_text(PAGE, "utf-8")
    return load(folder / "c.yaml", {}).sources[0]


def page(*lines: str) -> str:
    return f"<title>News</title><ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


LINES = ("<a href=/1>One</a><p>First</p>", "<a href=/2>Two</a><p>Second</p>")


@pytest.mark.parametrize(
    ("rebuilt", "told"),
    [
        ("<h1>Welcome to our new site</h1>", 'no item at "li" in this page; has the site been rebuilt?'),
        (page("<b>One</b>", "<b>Two</b>"), 'none of 2 items has a title at "a"'),
        (
            page("<a href=/1>One</a><div>First</div>", "<a href=/2>Two</a><div>Second</div>"),
            "no item has summary any more; has the site been rebuilt?",
        ),
    ],
    ids=["items", "title", "text"],
)
async def test_a_selector_that_finds_nothing_any_more_is_an_incident_at_once(
    tmp_path: Path, rebuilt: str, told: str
) -> None:
    one = page_source(tmp_path)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, page(*LINES))
        bad = await walked.poll(one, rebuilt)
        assert bad.visit.outcome is Outcome.FAILED
        assert [(i.cause, i.what) for i in bad.visit.incidents] == [(Cause.UNEXPECTED, told)]
        assert {kept.entry.summary for kept in await walked.kept(one)} == {"<p>First</p>", "<p>Second</p>"}
        assert (await walked.poll(one, page(*LINES))).visit.incidents == ()


async def test_a_field_that_a_page_never_had_is_none(tmp_path: Path) -> None:
    one = page_source(tmp_path)
    async with walking(tmp_path / "s.db", one) as walked:
        bare = page("<a href=/1>One</a>", "<a href=/2>Two</a>")
        assert (await walked.poll(one, bare)).visit.incidents == ()
        assert (await walked.poll(one, bare.replace("Two", "Three"))).visit.outcome is Outcome.REVISED


# ---------------------------------------------------------------- told


async def test_the_log_has_a_line_when_an_incident_begins_and_one_when_it_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = expecting(min_items=1)
    with caplog.at_level(logging.INFO, "aggregator.poll"):
        async with walking(tmp_path / "s.db", one) as walked:
            for body in (rss(*WHOLE), rss(), rss(), rss(), rss(*WHOLE), rss(*WHOLE)):
                await walked.poll(one, body)
    lines = [(one.message, one.fields) for one in caplog.records if "incident" in one.message]  # type: ignore[attr-defined]
    assert [(message, fields["cause"], fields["since"]) for message, fields in lines] == [
        ("incident", "unexpected", "2026-03-01T14:00:00Z"),
        ("incident over", "unexpected", "2026-03-01T14:00:00Z"),
    ]


async def test_incidents_survive_a_restart(tmp_path: Path) -> None:
    one = expecting(min_items=1)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, rss(*WHOLE))
        before = (await walked.poll(one, rss())).visit
    async with walking(tmp_path / "s.db", one) as walked:
        (status,) = await walked.store.status([one.id])
        assert status.visit
        assert status.visit.incidents == before.incidents
        after = (await walked.poll(one, rss(), after=5 * HOUR)).visit
        assert [incident.since for incident in after.incidents] == [START + 2 * HOUR]
        row = row_of(one, after, status.entries)
        assert row["incidents"] == [
            {"cause": "unexpected", "since": "2026-03-01T14:00:00Z", "what": "no items, where at least 1 are expected"}
        ]
        assert row["state"] == "failing"


def test_status_tells_of_incidents(place: Place, web: ScriptedWeb) -> None:
    place.configure([{"url": web.feed("/feed", rss(*WHOLE)), "expect": {"min_items": 5}}])
    place.run("once", check=1)
    (row,) = json.loads(place.run("status", "--json").stdout)["sources"]
    assert [one["what"] for one in row["incidents"]] == ["2 items, where at least 5 are expected"]
    assert "unexpected since 20" in place.run("status").stdout


# ---------------------------------------------------------------- config


def test_expectations_are_read_and_what_is_left_out_comes_from_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "defaults: {expect: {min_items: 3, max_age: 30d}}\n"
        "sources:\n"
        "  - {url: https://a.example/, expect: {max_age: 7d, required: [title, link, title]}}\n"
        "  - {url: https://b.example/, expect: {required: content}}\n"
        "  - {url: https://c.example/}\n",
        "utf-8",
    )
    assert [one.expect for one in load(tmp_path / "c.yaml", {}).sources] == [
        Expectation(3, timedelta(days=7), ("title", "link")),
        Expectation(3, timedelta(days=30), ("content",)),
        Expectation(3, timedelta(days=30), ()),
    ]
