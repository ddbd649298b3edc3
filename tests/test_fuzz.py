"""Any bytes, any headers: entries that keep every promise, or a failure with a name; never an exception."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fetching import Conversation, fetcher, outside_fixture, source, talking, visit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutants import mutant
from promises import broken_promises
from scripted_web import Answer, ScriptedWeb

from aggregator.config.keys import FetchKeys
from aggregator.fetch import HttpFetcher
from aggregator.intake import WorkerReader, take_in
from aggregator.model import Changes, Document, Failed, Intake, Outcome, Reason, Source, Unchanged, Validators
from aggregator.poll import poll
from aggregator.store import SqlStore, open_store

__all__ = ["outside_fixture"]

HOUR = timedelta(hours=1)
START = datetime(2026, 11, 24, tzinfo=UTC)
PER_DOCUMENT = 4  # mutants of each document of the corpus
# A parser that takes this long on a mutant of half a megabyte has found a quadratic case.
SECONDS = 20.0
AT_A_TIME = 8
HEADERS = (
    "application/xml",
    "text/xml; charset=gbk",
    "text/html; charset=utf-16",
    'application/rss+xml; charset="',
    "x/y; charset=hex; charset=utf-8",
    "",
)


class Ticking:
    """A clock that goes on by an hour each time it is looked at."""

    def __init__(self) -> None:
        self._moment = START

    def now(self) -> datetime:
        """The next hour."""
        self._moment += HOUR
        return self._moment


# ---------------------------------------------------------------- the whole walk, over spoilt documents


@pytest.fixture(scope="module")
def reader() -> Iterator[WorkerReader]:
    """Real readers."""
    pool = WorkerReader(workers=2, seconds=SECONDS)
    yield pool
    pool.close()


def originals(shared: Path) -> dict[str, bytes]:
    """Every document of the corpus by its name."""
    folder = shared / "corpus"
    files = sorted([*(folder / "documents").iterdir(), *(folder / "encodings").iterdir()])
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def trouble_with(changes: Changes) -> list[str]:
    """What is wrong with how a poll ended."""
    told = []
    now = changes.visit
    if now.finished is None or now.outcome is None or now.due is None or now.due <= now.finished:
        told.append(f"not settled: {now}")
    if now.outcome is Outcome.FAILED:
        if now.reason not in EXPECTED or not now.detail or not now.detail.isprintable():
            told.append(f"failed with {now.reason}: {now.detail!r}")
        if changes.new or changes.revised:
            told.append("failed, and still kept something")
    entries = [one.entry for one in (*changes.new, *changes.revised)]
    told += [f"{entry.key}: {broken}" for entry in entries for broken in broken_promises(entry)]
    if len({entry.key for entry in entries}) < len(entries):
        told.append("one key twice")
    return told


EXPECTED = {Reason.NOT_A_FEED, Reason.UNREADABLE, Reason.BAD_CODING}


@pytest.mark.slow
async def test_every_spoilt_document_ends_as_good_entries_or_as_a_named_failure(
    shared: Path, tmp_path: Path, reader: WorkerReader, web: ScriptedWeb
) -> None:
    documents = originals(shared)
    names = list(documents)
    sources = {
        name: Source(f"s{number}", "feed", web.url(f"/{name}"), web.url(f"/{name}"), ("news",), HOUR, HOUR, HOUR)
        for number, name in enumerate(names)
    }
    found, outcomes, clock, gate = [], Counter[str](), Ticking(), asyncio.Semaphore(AT_A_TIME)
    keys = FetchKeys.model_validate({"timeout": "30s"})

    async def visits(name: str, store: SqlStore, door: HttpFetcher) -> None:
        """All mutants of one document, one after the other, as what one source answers over time."""
        other = documents[names[(names.index(name) + 7) % len(names)]]
        async with gate:
            for number in range(PER_DOCUMENT):
                body = mutant(name, number, documents[name], other)
                kind = HEADERS[(number + len(body)) % len(HEADERS)]
                web.script(f"/{name}", Answer(body, headers={"Content-Type": kind}))
                changes = await poll(sources[name], fetcher=door, reader=reader, store=store, clock=clock)
                outcomes[changes.visit.reason or changes.visit.outcome or "-"] += 1
                (row,) = await store.status([sources[name].id])
                told = trouble_with(changes)
                if row.visit is None or (row.visit.finished, row.visit.reason) != (
                    changes.visit.finished,
                    changes.visit.reason,
                ):
                    told.append(f"not recorded: {row.visit}")
                if told:
                    where = tmp_path / f"mutant-{len(found)}.xml"
                    where.write_bytes(body)
                    found.append(f"mutant({name!r}, {number}), in {where} ({kind!r}): {told[:3]}")

    async with (
        open_store(tmp_path / "store.db", "https://planet.example", alone=True) as store,
        HttpFetcher(keys) as door,
    ):
        await store.enrol(sources.values(), START)
        await asyncio.gather(*(visits(name, store, door) for name in names))
    assert found == [], outcomes
    assert outcomes.total() == PER_DOCUMENT * len(names)
    assert outcomes[Outcome.NEW] > outcomes.total() / 4, "most mutants are still read as feeds"


# ---------------------------------------------------------------- any answer

NAMES = (
    b"Location Content-Length Content-Encoding Transfer-Encoding Content-Type Content-Language ETag Last-Modified Link "
    b"Cache-Control Expires Date Age Retry-After Set-Cookie Trailer Upgrade Connection"
)
WORDS = (
    b"/ ?x //127.0.0.1:1/ http://[::1 http://10.0.0.1/ http://\xff/ javascript:x 0 -1 99999999999999999999 gzip br "
    b'zstd deflate chunked identity utf-8 text/xml;charset=hex W/"\xff" max-age=1e9 max-age=99999999999999999999 close'
)
VALUES = [
    *WORDS.split(),
    b"Mon, 23 Nov 2026 00:00:00 GMT",
    b"Fri, 31 Dec 9999 23:59:59 -2359",
    b"",
    b"a, b",
    b'</>; rel="',
]
lines = st.builds(
    lambda name, value, end: name + b": " + value + end,
    st.sampled_from(NAMES.split()) | st.binary(max_size=8),
    st.sampled_from(VALUES) | st.binary(max_size=30),
    st.sampled_from([b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n "]),
)
statuses = st.sampled_from([200, 200, 200, 301, 302, 304, 404, 410, 429, 503, 100, 103, 199, 600, 999]).map(
    lambda code: b"HTTP/1.1 %d So\x1b[31m\r\n" % code
)
answers = st.builds(
    lambda status, head, body: status + b"".join(head) + b"\r\n" + body,
    statuses | st.binary(max_size=40),
    st.lists(lines, max_size=8),
    st.binary(max_size=200) | st.sampled_from([b"<rss version='2.0'><channel><title>t</title></channel></rss>"]),
)


def saying(answer: bytes) -> Conversation:
    """A server that says these bytes and hangs up."""

    async def conversation(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return conversation


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers, st.booleans())
@pytest.mark.usefixtures("outside")
def test_any_answer_is_a_document_or_nothing_new_or_a_named_failure(answer: bytes, asked_before: bool) -> None:
    async def fetched() -> Document | Unchanged | Failed:
        async with talking(saying(answer)) as url, fetcher(max_bytes=1000) as door:
            before = visit(Validators(url, '"x"') if asked_before else None)
            return await door.fetch(source(url), before)

    match asyncio.run(fetched()):
        case Failed(reason, detail, _, hints):
            assert isinstance(reason, Reason)
            assert reason is not Reason.TIMEOUT, "a server that hangs up is not waited for"
            assert detail.isprintable()
            assert 0 < len(detail) < 400
        case Document() as found:
            hints = found.hints
            assert isinstance(take_in(source(found.url), found), Intake | Failed)
        case Unchanged(_, _, hints):
            assert asked_before
    assert all(timedelta() <= span <= timedelta(days=7) for span in (hints.max_age, hints.expires) if span is not None)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(HEADERS))
def test_any_bytes_are_taken_in_or_fail_with_a_name(body: bytes, content_type: str) -> None:
    match take_in(source("https://x.example/"), Document("https://x.example/", body, "", content_type)):
        case Failed(reason, detail):
            assert reason in EXPECTED
            assert detail
        case Intake(_, entries):
            assert [broken for entry in entries for broken in broken_promises(entry)] == []
