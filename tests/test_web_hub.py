"""The hub's address: what it takes for a wish, what it says to everything else, and the whole way in a real run."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from atom_rules import read_back
from conftest import PATIENCE, Place
from scripted_web import ScriptedWeb
from serving import port_of, put, raw, serving
from subscribers import Subscriber, subscriber
from test_run import Running, free_port, rss

from aggregator.model import Mode, Wish
from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.web.hub import MOST_FORM, Take

TOPIC, CALLBACK = "https://planet.example/category/all/feed.atom", "https://reader.example/hook?id=7"
TRIES = range(2, 12)  # once within a second is what is shown; a busy machine may need several to get there
GOOD = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": CALLBACK}


class Taking:
    """Stands where the hub takes wishes."""

    def __init__(self, refusal: tuple[HTTPStatus, str] | None = None) -> None:
        self.wishes: list[Wish] = []
        self._refusal = refusal

    async def __call__(self, wish: Wish) -> tuple[HTTPStatus, str] | None:
        self.wishes.append(wish)
        return self._refusal


@asynccontextmanager
async def hub_site(folder: Path, take: Take | None) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(folder, readiness=lambda: None, audience=Audience(), take=lambda: take)
    async with (
        serving(app) as server,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", trust_env=False, verify=False, timeout=PATIENCE
        ) as client,
    ):
        yield client


async def test_a_wish_is_taken_whole_and_answered_with_202(tmp_path: Path) -> None:
    taking = Taking()
    async with hub_site(tmp_path, taking) as client:
        long = {**GOOD, "hub.lease_seconds": "86400", "hub.secret": "schön", "hub.other": "ignored (§5.1)"}
        answers = [await client.post("/hub", data=form) for form in (GOOD, long, {**GOOD, "hub.mode": "unsubscribe"})]
    assert [(answer.status_code, answer.content) for answer in answers] == [(202, b"")] * 3
    assert taking.wishes == [
        Wish(Mode.SUBSCRIBE, TOPIC, CALLBACK),
        Wish(Mode.SUBSCRIBE, TOPIC, CALLBACK, timedelta(days=1), "schön"),
        Wish(Mode.UNSUBSCRIBE, TOPIC, CALLBACK),
    ]


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({**GOOD, "hub.mode": "publish"}, "hub.mode"),
        ({**GOOD, "hub.mode": ""}, "hub.mode"),
        ({**GOOD, "hub.topic": "/category/all/feed.atom"}, "hub.topic"),
        ({**GOOD, "hub.callback": "ftp://reader.example/"}, "hub.callback"),
        ({**GOOD, "hub.callback": CALLBACK + "#here"}, "hub.callback"),
        ({**GOOD, "hub.callback": "https://reader.example/\r\nX: y"}, "hub.callback"),
        ({**GOOD, "hub.callback": "https://reader.example/" + "x" * 2048}, "hub.callback"),
        ({**GOOD, "hub.secret": "x" * 200}, "hub.secret"),
        ({**GOOD, "hub.secret": "ß" * 100}, "hub.secret"),
        ({**GOOD, "hub.lease_seconds": "-1"}, "hub.lease_seconds"),
        ({**GOOD, "hub.lease_seconds": "0"}, "hub.lease_seconds"),
        ({**GOOD, "hub.lease_seconds": "一"}, "hub.lease_seconds"),
        ({}, "hub.mode"),
        ({**GOOD, "filler": "x" * MOST_FORM}, "form"),
    ],
)
async def test_what_is_no_wish_is_refused_and_the_answer_says_why(
    tmp_path: Path, form: dict[str, str], named: str
) -> None:
    taking = Taking()
    async with hub_site(tmp_path, taking) as client:
        answer = await client.post("/hub", data=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400
    assert named in answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert taking.wishes == []


async def test_forms_of_other_kinds_and_broken_ones_are_refused(tmp_path: Path) -> None:
    async with hub_site(tmp_path, Taking()) as client:
        as_json = await client.post("/hub", json=GOOD)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        not_utf8 = await client.post("/hub", content=b"hub.mode=\xff%ff", headers=form)
        many = await client.post("/hub", content="&".join("a=b" for _ in range(60)), headers=form)
    assert [answer.status_code for answer in (as_json, not_utf8, many)] == [400] * 3


async def test_a_refusal_of_the_hub_is_passed_on(tmp_path: Path) -> None:
    async with hub_site(tmp_path, Taking((HTTPStatus.SERVICE_UNAVAILABLE, "come later"))) as client:
        answer = await client.post("/hub", data=GOOD)
    assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (503, "come later\n", "600")


async def test_only_posts_are_taken_and_without_a_hub_there_is_nothing(tmp_path: Path) -> None:
    async with hub_site(tmp_path, Taking()) as client:
        answer = await client.get("/hub")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert (await client.head("/hub")).status_code == 405
    async with hub_site(tmp_path, None) as client:
        assert (await client.post("/hub", data=GOOD)).status_code == 404


async def test_a_form_that_ends_early_harms_nobody(tmp_path: Path) -> None:
    put(tmp_path / "index.html", b"home")
    taking = Taking()
    async with hub_site(tmp_path, taking) as client:
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(client))
        writer.write(
            b"POST /hub HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 500\r\n\r\nhub.mode=subscribe"
        )
        await writer.drain()
        writer.close()
        assert (await client.get("/")).text == "home"
        body = urlencode(GOOD).encode()
        answer = await raw(
            port_of(client),
            b"POST /hub HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        )
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert taking.wishes == [Wish(Mode.SUBSCRIBE, TOPIC, CALLBACK)]


async def test_a_subscriber_of_a_real_run_hears_of_a_new_entry_within_a_second_of_its_poll(
    place: Place, web: ScriptedWeb
) -> None:
    port = free_port()
    source = {"id": "one", "url": web.feed("/feed", rss("one", 1)), "interval": "1s", "min_interval": "1s"}
    fetch = {"allow_private": ["127.0.0.1"], "per_host": {"concurrency": 8, "delay": "0s"}}
    place.configure([source], server={"port": port}, fetch=fetch)
    running = Running(place, port)
    try:
        await asyncio.to_thread(running.wait_until_built, 2)
        async with subscriber() as one:
            form = {**GOOD, "hub.callback": one.callback, "hub.secret": "quiet"}
            async with httpx.AsyncClient(
                base_url=running.base, trust_env=False, verify=False, timeout=PATIENCE
            ) as client:
                link = (await client.get("/category/all/feed.atom")).headers["link"]
                assert '<https://planet.example/hub>; rel="hub"' in link
                assert (await client.post("/hub", data=form)).status_code == 202
            await one.wait_for(lambda: len(one.heard) == 1)
            await asyncio.to_thread(running.wait_for, lambda line: "outcome=confirmed" in line)
            for last in TRIES:
                if await _seconds_until_told(web, running, one, last) < 1:
                    break
            else:
                pytest.fail("not even once within a second")
        told = one.deliveries[-1]
        assert {entry["title"] for entry in read_back(told.body)} == {f"one {number}" for number in range(1, last + 1)}
        assert told.headers["x-hub-signature"] == "sha256=" + hmac.new(b"quiet", told.body, "sha256").hexdigest()
        assert running.stop() < 10
        assert not any("Traceback" in line for line in running.lines), running.lines
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


async def _seconds_until_told(web: ScriptedWeb, running: Running, one: Subscriber, number: int) -> float:
    """From the line that tells of the poll that found an entry, to the delivery that brings it."""
    polls = sum(_found_one(line) for line in running.lines)
    web.feed("/feed", rss("one", *range(1, number + 1)))
    await asyncio.to_thread(running.wait_for_many, _found_one, polls + 1)
    began = time.monotonic()
    wanted = f"one {number}".encode()
    await one.wait_for(lambda: any(wanted in told.body for told in one.deliveries))
    return time.monotonic() - began


def _found_one(line: str) -> bool:
    return "source=one outcome=new" in line
