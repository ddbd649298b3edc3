"""What the operator hides is told nobody, whatever servers echo: not in logs, status, feeds, errors or tracebacks."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conftest import Place
from fetching import HOUR, keys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from promises import broken_promises
from scripted_web import Answer, Request, ScriptedWeb

from aggregator.cli.options import LogFormat, _JsonLines, _TextLines
from aggregator.config.keys import AuthKeys
from aggregator.fetch import HttpFetcher
from aggregator.intake import WorkerReader
from aggregator.model import Changes, Failed, Fetched, Source, Visit
from aggregator.poll import poll
from aggregator.store import open_store

SECRET = "hunter2-Hunter2"
PUBLIC = "https://public.example/"


def feed(word: str, address: str) -> str:
    """A feed whose publisher writes the secret wherever there is room."""
    said = address.replace("&", "&amp;")
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>News for {word}</title><id>{said}</id>"
        f"<link rel='self' href='{said}'/><link href='#top'/><rights>{word}</rights>"
        "<updated>2026-11-01T00:00:00Z</updated>"
        f"<entry><title>First, {word}</title><id>tag:x.example,2026:1?{word}</id><link href='#1'/>"
        f"<author><name>{word}</name></author><category term='{word}'/><updated>2026-11-01T00:00:00Z</updated>"
        f"<link rel='enclosure' href='{said}&amp;x.mp3'/><content type='html'>&lt;a href='?{word}'&gt;{word}&lt;/a&gt;"
        f"&lt;a href='#note'&gt;note&lt;/a&gt; &lt;img src=''&gt;</content></entry></feed>"
    )


def echoes(word: str, address: str) -> dict[str, Answer]:
    """Every way in which a server can say the secret back."""
    spelt = quote(word, safe="")
    return {
        "phrase": Answer(raw=f"HTTP/1.1 403 no {word} here\r\nContent-Length: 0\r\n\r\n".encode()),
        "coding": Answer(b"x", headers={"Content-Encoding": word}),
        "host": Answer(b"", 302, {"Location": f"http://{spelt}.invalid/"}),
        "private": Answer(b"", 302, {"Location": f"http://10.0.0.1:81/{spelt}"}),
        "no address": Answer(b"", 302, {"Location": f"ftp://{spelt}/"}),
        "itself": Answer(b"", 302, {"Location": f"?token={spelt}"}),
        "port": Answer(b"", 301, {"Location": f"http://{spelt}:{spelt}@127.0.0.1:1/{spelt}"}),
        "no tls": Answer(b"", 302, {"Location": address.replace("http:", "https:")}),
        "head": Answer(raw=f"{word}\r\n{word}\r\n\r\n".encode()),
        "length": Answer(raw=f"HTTP/1.1 200 OK\r\nContent-Length: {word}\r\n\r\n".encode()),
        "page": Answer(f"<html><title>{word}</title></html>".encode()),
        "broken": Answer(f"<rss version='2.0'><channel><{word}</channel>".encode()),
        "broken entity": Answer(f"<rss version='2.0'><channel><title>&{word};</title></channel></rss>".encode()),
        "feed": Answer(feed(word, address).encode()),
        "broken feed": Answer(feed(word, address).replace("</feed>", f"<{word}").encode()),
    }


BRIEF = "2s"  # the server that is asked for TLS and knows none never answers
WAYS = ("user", "password", "query", "path", "basic", "bearer", "header", "cookie")


def asked_with(way: str, word: str, base: str, echo: str) -> tuple[Source, str]:
    """A source that holds the secret in one way, and its address without what HTTP does not send."""
    spelt = quote(word, safe="")
    path = f"/{spelt}/{echo}" if way == "path" else f"/{echo}?page=1&token={spelt}" if way == "query" else f"/{echo}"
    address = base + quote(path, safe="/?&=%")
    pair = {"user": f"{spelt}:x@", "password": f"me:{spelt}@"}.get(way, "")
    auth: dict[str, Any] = {
        "basic": {"basic": {"username": "me", "password": word}},
        "bearer": {"bearer": word},
        "header": {"header": {"name": "X-Key", "value": word}},
        "cookie": {"cookie": f"a=b; session={word}"},
    }.get(way, {})
    headers = AuthKeys.model_validate(auth).headers() if auth else ()
    url = address.replace("http://", f"http://{pair}")
    shown = PUBLIC if way in ("query", "path") else address
    return Source("s", "feed", url, shown, ("news",), HOUR, HOUR, HOUR, headers=headers), address


class FixedClock:
    """A clock that stands."""

    def now(self) -> datetime:
        """Always the same moment."""
        return datetime(2026, 11, 24, tzinfo=UTC)


class Lines(logging.Handler):
    """What both kinds of log would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line of each kind."""
        self.lines += [_TextLines().format(record), _JsonLines().format(record)]


@pytest.fixture(scope="module")
def reader() -> Iterator[WorkerReader]:
    """Real readers."""
    pool = WorkerReader(workers=1)
    yield pool
    pool.close()


@pytest.fixture
def log() -> Iterator[Lines]:
    """Every log line of the program."""
    handler, logger = Lines(), logging.getLogger("aggregator")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.setLevel(before)
    logger.removeHandler(handler)


def spellings(word: str) -> set[str]:
    """How the secret may be written."""
    return {word, quote(word, safe=""), quote(word), json.dumps(word)[1:-1]}


async def polled(sources: list[Source], folder: Path, reader: WorkerReader, fetcher: HttpFetcher) -> list[Changes]:
    """One poll of each with a store of their own."""
    async with open_store(folder / "store.db", "https://planet.example", alone=True) as store:
        await store.enrol(sources, FixedClock().now())
        return [
            await poll(source, fetcher=fetcher, reader=reader, store=store, clock=FixedClock()) for source in sources
        ]


@pytest.mark.parametrize("way", WAYS)
async def test_whatever_is_echoed_no_poll_tells_it(
    way: str, web: ScriptedWeb, tmp_path: Path, reader: WorkerReader, log: Lines
) -> None:
    sources = []
    for echo in echoes("", ""):
        source, address = asked_with(way, SECRET, web.url(""), quote(echo))
        web.script(address.removeprefix(web.url("")), echoes(SECRET, address)[echo])
        sources.append(replace(source, id=echo.replace(" ", "-")))
    async with HttpFetcher(keys(timeout=BRIEF)) as door:
        ended = await polled(sources, tmp_path, reader, door)
    assert sum(bool(changes.new) for changes in ended) == 2
    entries = [new.entry for changes in ended for new in changes.new]
    told = [*log.lines, *map(repr, entries), *(changes.visit.detail for changes in ended)]
    for spelling in spellings(SECRET):
        assert not [line for line in told if spelling in line]
    assert [broken for entry in entries for broken in broken_promises(entry)] == []


async def test_a_mistake_of_ours_leaves_a_traceback_without_secrets(
    tmp_path: Path, reader: WorkerReader, log: Lines
) -> None:
    class Broken:
        async def fetch(self, source: Source, visit: Visit) -> Fetched:
            raise LookupError(f"{source.url} with {source.headers}")

    source, _ = asked_with("password", SECRET, "http://127.0.0.1:1", "x")
    source = replace(source, headers=asked_with("bearer", SECRET + "-more", "http://127.0.0.1:1", "x")[0].headers)
    (changes,) = await polled([source], tmp_path, reader, Broken())  # type: ignore[arg-type]  # the outside, faked
    text, line = log.lines[:2]
    assert "LookupError" in text
    assert "Traceback" in json.loads(line)["traceback"]
    assert not [told for told in (*log.lines, changes.visit.detail) if SECRET in told]


# What a person makes up or a program gives out: long enough to be one, and not a word of the language.
secret_words = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"\\'<>&:;,=/?#@%[]^`{|}"),
    min_size=8,
    max_size=30,
).filter(lambda word: any(map(str.isdigit, word)) and word.strip(".") == word)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(secret_words, st.sampled_from(WAYS), st.sampled_from(sorted(echoes("", ""))))
def test_no_secret_whatever_it_looks_like_is_in_a_failure(web: ScriptedWeb, word: str, way: str, echo: str) -> None:
    source, address = asked_with(way, word, web.url(""), quote(echo))
    web.script(address.removeprefix(web.url("")), echoes(word, address)[echo])

    async def fetched() -> Fetched:
        async with HttpFetcher(keys(timeout=BRIEF)) as door:
            return await door.fetch(source, Visit("s", None))

    ended = asyncio.run(fetched())
    if isinstance(ended, Failed):
        assert not [spelling for spelling in spellings(word) if spelling in repr(ended)]


@pytest.mark.parametrize("style", [LogFormat.JSON, pytest.param(LogFormat.TEXT, marks=pytest.mark.slow)])
def test_a_whole_run_of_the_program_tells_no_secret(place: Place, web: ScriptedWeb, style: LogFormat) -> None:
    def echo(request: Request) -> Answer:
        address = f"http://127.0.0.1:{web.port}{request.path}"
        return echoes(SECRET, address)["feed" if request.path.startswith("/good") else "phrase"]

    sources: list[dict[str, Any]] = []
    for good in ("good", "bad"):
        query = web.script(f"/{good}/query?token={SECRET}", echo)
        in_user = web.script(f"/{good}/user", echo).replace("http://", f"http://me:{SECRET}@")
        sources += [
            {"id": f"{good}-query", "url": query, "public_url": PUBLIC},
            {"id": f"{good}-environment", "url": query.replace(SECRET, "${TOKEN}") + "&x=1"},
            {"id": f"{good}-user", "url": in_user},
        ]
        web.script(f"/{good}/query?token={SECRET}&x=1", echo)
        for name, auth in (
            ("basic", {"basic": {"username": "me", "password": SECRET}}),
            ("bearer", {"bearer": SECRET}),
            ("header", {"header": {"name": "X-Key", "value": SECRET}}),
            ("cookie", {"cookie": f"session={SECRET}"}),
        ):
            sources.append({"id": f"{good}-{name}", "url": web.script(f"/{good}/{name}", echo), "auth": auth})
    place.configure(sources)
    env = {**os.environ, "TOKEN": SECRET}
    runs = [
        place.run_apart("once", "--log-format", style, "--log-level", "debug", check=1, env=env),
        place.run("status", env=env),
        place.run("status", "--json", env=env),
        place.run("build", "--log-format", style, "--log-level", "debug", env=env),
        place.run("preview", "good-query", env=env),
        place.run("preview", "good-basic", "--json", env=env),
        place.run("preview", "bad-user", check=1, env=env),
    ]
    rows = json.loads(runs[2].stdout)["sources"]
    assert [row["outcome"] for row in rows] == ["new"] * 7 + ["failed"] * 7
    assert {row["detail"] for row in rows[7:]} == {"403 no hidden here"}
    feeds = list(place.public.rglob("feed.atom"))
    assert len(feeds) > 7
    entry = "tag:x.example,2026:1?hidden"
    assert b"First, hidden" in (place.public / "source/good-query/feed.atom").read_bytes()
    runs += [place.run("explain", entry, *more, env=env) for more in ((), ("--json",))]
    for done in runs:
        assert SECRET not in done.stdout + done.stderr, done.args
    assert not [path for path in place.public.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
