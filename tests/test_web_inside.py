"""What only the operator may see, who may not, and what the page and the numbers say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from browser import CHROMIUM, browser
from conftest import PATIENCE
from serving import serving

from aggregator.formats.html import stylesheet
from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.web.inside import MOST_ROWS, Condition
from aggregator.web.signpost import Signpost

LOOPBACK = ("127.0.0.0/8", "::1/128")
LABEL = r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"[a-z_]+(\{{{LABEL}(,{LABEL})*\}})? [0-9]+")


# An inline box has a rectangle for each line that it takes.
MEASURE = """(() => {
  const lines = cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map(one => Math.round(one.top))).size;
  };
  const box = document.querySelector('.scroll');
  const cells = [...document.querySelectorAll('th, td:not(:last-child)')].filter(one => one.textContent);
  const scrolls = box.scrollWidth > box.clientWidth;
  const table = { lines: cells.map(lines), width: box.clientWidth, scrolls };
  return [table, document.documentElement.scrollWidth, innerWidth];
})()"""


def row(source: str, state: str = "ok", failures: int = 0, **keys: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("last_poll", "outcome", "reason", "next_poll", "why", "detail", "list"))
    return {**blank, "incidents": [], "source": source, "state": state, "entries": 3, "failures": failures, **keys}


@asynccontextmanager
async def asking(
    folder: Path, sources: Sequence[dict[str, Any]], networks: Sequence[str] = LOOPBACK, **keys: Any
) -> AsyncIterator[httpx.AsyncClient]:
    async def condition() -> Condition:
        return Condition(sources, None, 7, **keys)

    app = create_app(
        folder,
        readiness=lambda: None,
        audience=Audience(),
        signpost=Signpost("https://planet.example"),
        ask=condition,
        operators=networks,
    )
    async with (
        serving(app) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", trust_env=False, verify=False, timeout=PATIENCE
        ) as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["/status/", "/status", "/metrics"])
async def test_the_inside_is_shown_to_who_connects_from_the_networks_of_the_config_alone(
    tmp_path: Path, path: str
) -> None:
    for networks, status in ((LOOPBACK, 200), (("10.0.0.0/8",), 403), ((), 403), (("127.0.0.1/32",), 200)):
        async with asking(tmp_path, [row("lwn", "failing", 1)], networks) as client:
            answer = await client.get(path)
        assert answer.status_code == status
        assert ("lwn" in answer.text) == (status == 200)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "::1"},
        {"Via": "1.1 proxy"},
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1.rebound.example:8080"},
        {"Host": "[::1"},
        {"Host": ""},
    ],
    ids=lambda headers: "-".join(*headers.items()),
)
async def test_nobody_sees_it_through_a_web_server_or_under_another_name(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with asking(tmp_path, [row("lwn", "failing", 1)]) as client:
        for path in ("/status/", "/metrics"):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 403
            assert "lwn" not in answer.text


async def test_other_web_pages_may_not_read_it(tmp_path: Path) -> None:
    async with asking(tmp_path, [row("lwn")]) as client:
        for host in ("localhost:8080", "planet.example", "[::1]:80"):
            answer = await client.get("/status/", headers={"Host": host, "Origin": "https://evil.example"})
            assert answer.status_code == 200
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["cache-control"] == "no-store"
        assert (await client.post("/status/")).status_code == 405
        assert (await client.head("/metrics")).content == b""


async def test_the_page_shows_failing_sources_first_and_nothing_as_markup(tmp_path: Path) -> None:
    rows = [row("fine"), row("bad", "failing", 2), row("worse", "failing", 9, detail="<script>&")]
    async with asking(tmp_path, rows) as client:
        page = (await client.get("/status/")).text
    assert re.findall(r'scope="row">(\w+)<', page) == ["worse", "bad", "fine"]
    assert "<td>&lt;script&gt;&amp;</td>" in page
    assert "ready · 7 readers · 1 ok · 2 failing" in page


async def test_the_page_shows_incidents_before_all_else(tmp_path: Path) -> None:
    quiet = {"cause": "silent", "since": "2026-03-01T12:00:00Z", "what": "the newest entry is <old>"}
    rows = [row("fine"), row("bad", "failing", 2), row("quiet", "incident", incidents=[quiet])]
    async with asking(tmp_path, rows) as client:
        page = (await client.get("/status/")).text
        numbers = (await client.get("/metrics")).text.splitlines()
    assert re.findall(r'scope="row">(\w+)<', page) == ["quiet", "bad", "fine"]
    since = '<time datetime="2026-03-01T12:00:00Z">2026-03-01 12:00</time>'
    assert f"<td>silent since {since}: the newest entry is &lt;old&gt;</td>" in page
    assert 'aggregator_source_incident{source="quiet",cause="silent"} 1' in numbers
    assert 'aggregator_sources{state="incident"} 1' in numbers


async def test_the_page_tells_times_as_the_site_does_and_the_list_that_named_a_source(tmp_path: Path) -> None:
    summer = row("lwn", last_poll="2026-07-01T22:39:05.123456Z", next_poll="2026-12-01T23:39:05Z", list="blogs & more")
    async with asking(tmp_path, [summer], timezone="Europe/Berlin") as client:
        page = (await client.get("/status/")).text
    assert re.findall(r">(2026[^<]*)<", page) == ["2026-07-02 00:39", "2026-12-02 00:39"]
    assert "times of Europe/Berlin" in page
    assert "<td>from the list blogs &amp; more</td>" in page


@pytest.mark.skipif(CHROMIUM is None, reason="THERE IS NO CHROMIUM: apt-get install chromium to see how the page looks")
@pytest.mark.parametrize("width", [360, 1280])
async def test_on_every_screen_the_table_keeps_words_and_times_whole_and_the_page_its_width(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, width: int
) -> None:
    profile = tmp_path_factory.mktemp("chromium") / "profile"
    (tmp_path / "style.css").write_bytes(bytes(stylesheet().body))
    polled = {"last_poll": "2026-07-01T22:39:05.123456Z", "next_poll": "2026-12-01T23:39:05Z", "why": "update-period"}
    long = {"cause": "incomplete", "since": "2026-03-01T12:00:00Z", "what": f"not in https://lwn.example/{'long' * 40}"}
    rows = [row("lwn", outcome="not-modified", **polled), row("shop", "incident", incidents=[long], **polled)]
    async with asking(tmp_path, rows) as client:
        table, page, screen = await asyncio.to_thread(_measured, f"{client.base_url}/status/", profile, width)
    assert max(table["lines"]) == 1
    assert page == screen == width
    assert table["width"] == (pytest.approx(1212, abs=20) if width == 1280 else pytest.approx(324, abs=20))
    assert table["scrolls"] == (width == 360)


def _measured(url: str, profile: Path, width: int) -> tuple[dict[str, Any], int, int]:
    """How many lines each heading and each cell before the notes takes; how wide table, page and screen are."""
    with browser(profile) as tab:
        tab.look(width)
        tab.open(url)
        told: tuple[dict[str, Any], int, int] = tab.evaluate(MEASURE)
    return told


async def test_with_very_many_sources_the_page_stays_readable_and_says_what_it_left_out(tmp_path: Path) -> None:
    async with asking(tmp_path, [*(row(f"s{n}") for n in range(MOST_ROWS + 5)), row("bad", "failing", 1)]) as client:
        page = (await client.get("/status/")).text
    assert page.count('scope="row"') == MOST_ROWS
    assert 'scope="row">bad<' in page
    assert "6 more sources" in page


async def test_the_numbers_are_what_prometheus_reads(tmp_path: Path) -> None:
    rows = [row("a"), row('q"\\\n', "failing", 4), row("off", "disabled")]
    async with asking(tmp_path, rows, polls={"new": 2, "failed": 4}, hub={"delivered": 5}) as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in samples), samples
    assert samples == [
        "aggregator_ready 1",
        "aggregator_readers 7",
        "aggregator_entries 9",
        'aggregator_sources{state="ok"} 1',
        'aggregator_sources{state="failing"} 1',
        'aggregator_sources{state="incident"} 0',
        'aggregator_sources{state="new"} 0',
        'aggregator_sources{state="gone"} 0',
        'aggregator_sources{state="disabled"} 1',
        r'aggregator_source_failures{source="q\"\\\n"} 4',
        'aggregator_polls_total{outcome="new"} 2',
        'aggregator_polls_total{outcome="failed"} 4',
        'aggregator_hub_exchanges_total{outcome="delivered"} 5',
    ]
