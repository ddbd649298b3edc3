"""A watched page: each change of its words is an entry, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from walking import HOUR, Walked, walking

from aggregator.config import load
from aggregator.errors import ConfigError
from aggregator.model import Cause, Outcome, Source

WATCH = "{select: .price, remove: [.ads], ignore: ['\\d+ views'], min_interval: 1h}"


def watching(folder: Path, alert: str = WATCH, more: str = "") -> Source:
    text = (
        f"sources:\n  - id: pump\n    url: https://shop.example/pump\n    type: html\n    change_alert: {alert}\n{more}"
    )
    (folder / "c.yaml").write_text(text, "utf-8")
    return load(folder / "c.yaml", {}).sources[0]


def page(price: str, around: str = "") -> str:
    return f"<html><head><title>The pump</title></head><body>{around}<p class='price'>{price}</p></body></html>"


async def said(walked: Walked, one: Source) -> list[str]:
    """What the entries say, the first first."""
    kept = sorted(await walked.kept(one), key=lambda entry: entry.number)
    return [entry.entry.content for entry in kept]


async def test_each_change_of_the_words_is_an_entry_of_its_own(tmp_path: Path) -> None:
    one = watching(tmp_path)
    async with walking(tmp_path / "s.db", one) as walked:
        for price in ("10 €", "12 €", "10 €", "10 €", "12 €"):
            await walked.poll(one, page(f"<b>{price}</b>"), after=2 * HOUR)
        assert await said(walked, one) == ["<b>10 €</b>", "<b>12 €</b>", "<b>10 €</b>", "<b>12 €</b>"]
        kept = await walked.kept(one)
        assert {entry.entry.title for entry in kept} == {"The pump"}
        assert {entry.entry.link for entry in kept} == {"https://shop.example/pump"}
        assert len({entry.id for entry in kept}) == 4


async def test_a_long_text_of_which_a_word_changes_is_a_change(tmp_path: Path) -> None:
    one = watching(tmp_path)
    terms = "You may return what you bought within fourteen days, in its box, with the bill. " * 5
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, page(terms))
        await walked.poll(one, page(terms.replace("fourteen", "seven", 1)), after=2 * HOUR)
        assert len(await said(walked, one)) == 2


@pytest.mark.parametrize(
    "noise",
    [
        page("\n  10\u00a0€ "),
        page("<!-- made at 12:01 --><b data-nonce='x1'>10</b> €"),
        page("10 €<span class=ads>Buy now!</span>"),
        page("10 €<script>track(7)</script>"),
        page("10 € 815 views"),
        page("10 €", "<nav>Another menu</nav>"),
    ],
)
async def test_noise_is_no_change(tmp_path: Path, noise: str) -> None:
    one = watching(tmp_path)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, page("10 €"))
        again = await walked.poll(one, noise, after=2 * HOUR)
        assert (again.visit.outcome, again.visit.incidents) == (Outcome.SAME, ())
        assert len(await said(walked, one)) == 1


async def test_changes_that_come_too_fast_become_one_and_what_was_taken_back_none(tmp_path: Path) -> None:
    one = watching(tmp_path, "{select: .price, min_interval: 1d}")
    async with walking(tmp_path / "s.db", one) as walked:
        for price in ("10 €", "11 €", "12 €", "10 €", "13 €"):
            await walked.poll(one, page(price), after=HOUR)
        assert await said(walked, one) == ["10 €"]
        await walked.poll(one, page("13 €"), after=timedelta(days=1))
        assert await said(walked, one) == ["10 €", "13 €"]


@pytest.mark.parametrize("gone", ["<h1>New shop</h1>", page("  <i></i>")])
async def test_a_place_that_is_gone_or_says_nothing_is_an_incident(tmp_path: Path, gone: str) -> None:
    one = watching(tmp_path)
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, page("10 €"))
        bad = await walked.poll(one, gone, after=2 * HOUR)
        assert [incident.cause for incident in bad.visit.incidents] == [Cause.UNEXPECTED]
        back = await walked.poll(one, page("10 €"), after=2 * HOUR)
        assert back.visit.incidents == ()
        assert await said(walked, one) == ["10 €"]


async def test_another_selector_for_the_same_words_tells_them_only_once(tmp_path: Path) -> None:
    words = "The pump costs ten euros and is sent to you within two days, wherever you are."
    one, other = watching(tmp_path), watching(tmp_path, "p.price")
    async with walking(tmp_path / "s.db", one) as walked:
        await walked.poll(one, page(words))
        await walked.poll(one, page(words + " Sold out."), after=2 * HOUR)
        await walked.store.enrol([other], walked.now(), rules=lambda source: str(hash(source.recipe)) + ".")
        await walked.poll(other, page(words + " Sold out."), after=2 * HOUR)
        assert len(await said(walked, other)) == 2


def test_a_selector_alone_is_short_for_the_mapping(tmp_path: Path) -> None:
    short = watching(tmp_path, '".price"').recipe
    assert short == watching(tmp_path, '{select: ".price"}').recipe
    assert short
    assert short.alert
    assert short.alert.min_interval == timedelta(hours=1)


@pytest.mark.parametrize(
    ("alert", "more", "told"),
    [
        ("'p..x'", "", "is no CSS selector"),
        ("{select: p, remove: ['>']}", "", "is no CSS selector"),
        ("{select: p, ignore: '('}", "", "is no RE2 expression"),
        ("{remove: p}", "", "missing"),
        ("p", "    items: li\n", "is for a list"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, alert: str, more: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        watching(tmp_path, alert, more)
    assert told in str(refused.value)


def test_only_pages_are_watched(tmp_path: Path) -> None:
    for kind in ("feed", "json"):
        text = f"sources:\n  - {{url: https://a.example/, type: {kind}, change_alert: p}}\n"
        (tmp_path / "c.yaml").write_text(text, "utf-8")
        with pytest.raises(ConfigError, match="change_alert"):
            load(tmp_path / "c.yaml", {})
