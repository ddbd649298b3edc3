"""Every real document of the corpus, polled over HTTP, kept, published and read again; and real feeds over time.

The documents are data of others, with everything in them that goes wrong in the wild. Nothing here looks at one
document: what is asserted holds for all.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import logging
import multiprocessing
import re
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import json_feed_rules
import opml_rules
import pytest
import rss_rules
from atom_rules import house_violations, read_back, violations, warnings
from conftest import Place
from scripted_web import ScriptedWeb

from aggregator.build import Builder
from aggregator.clean.tracking import without_tracking
from aggregator.clean.urls import as_uri
from aggregator.config.keys import FetchKeys
from aggregator.fetch import HttpFetcher
from aggregator.intake import WorkerReader
from aggregator.model import Category, Enclosure, Kept, Outcome, Reach, Reason, Site, Source, source_page
from aggregator.poll import poll
from aggregator.publish import Folder
from aggregator.selection import Catalogue
from aggregator.store import SqlStore, open_store

BASE_URL = "https://planet.example"
MOST = 1000  # entries on a page; no document of the corpus has more


def table(path: Path) -> list[dict[str, str]]:
    """The rows of one of the corpus's tables."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


# ---------------------------------------------------------------- all documents, polled twice


@dataclass
class Polled:
    """What two runs over the whole corpus left behind."""

    place: Place
    web: ScriptedWeb
    documents: list[dict[str, str]]
    encodings: list[dict[str, str]]
    first: dict[str, int]
    second: dict[str, int]
    said: str  # by the first run, on standard error
    status: dict[str, dict[str, Any]]  # after the first run, by source
    kept: dict[str, list[Kept]]  # after the first run, by page
    rows: tuple[str, str]  # of the store, after each run
    files: tuple[dict[str, int], dict[str, int]]  # when each was written, after each run

    def entries(self, source_id: str) -> list[Kept]:
        """What is kept of one source."""
        return self.kept[source_page(source_id)]


@pytest.fixture(scope="module")
def polled(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Polled]:
    """The whole corpus, each document a source of its own, polled by two runs of the program."""
    corpus, web = shared / "corpus", ScriptedWeb()
    place = Place(tmp_path_factory.mktemp("corpus"))
    documents, encodings = table(corpus / "index.tsv"), table(corpus / "encodings.tsv")
    sources: list[dict[str, Any]] = []
    for row in documents:
        body = (corpus / "documents" / f"{row['sha16']}.xml").read_bytes()
        url = web.feed(f"/documents/{row['sha16']}.xml", body)
        sources.append({"id": f"document-{row['sha16']}", "url": url, "category": "documents"})
    for number, row in enumerate(encodings):
        body = (corpus / "encodings" / row["file"]).read_bytes()
        url = web.feed(f"/encodings/{number}.xml", body, Content_Type=row["http_content_type"])
        sources.append({"id": f"encoding-{number}", "url": url, "category": "encodings"})
    whole = {"max_items": 100_000, "max_age": "36500d"}
    place.configure(
        sources,
        output={"dir": str(place.public), "limit": MOST, "archive": False, "dedupe": False},
        defaults={"backfill": whole, "retention": whole},
    )

    first = place.run_apart("once", "--json", check=None)
    status = json.loads(place.run("status", "--json").stdout)["sources"]
    rows, files = dump(place), written(place)
    kept = asyncio.run(everything_kept(place))
    second = place.run_apart("once", "--all", "--json", check=None)
    yield Polled(
        place,
        web,
        documents,
        encodings,
        json.loads(first.stdout),
        json.loads(second.stdout),
        first.stderr + second.stderr,
        {one["source"]: one for one in status},
        kept,
        (rows, dump(place)),
        (files, written(place)),
    )
    web.close()


def dump(place: Place) -> str:
    """A hash of every row that stands for an entry."""
    digest = hashlib.blake2b()
    with closing(sqlite3.connect(f"file:{place.folder}/store.db?mode=ro", uri=True)) as store:
        for name, order in (("entry", "number"), ("revision", "entry_number, revision"), ("membership", "1, 2")):
            for row in store.execute(f"SELECT * FROM {name} ORDER BY {order}"):
                digest.update(repr(row).encode())
    return digest.hexdigest()


def written(place: Place) -> dict[str, int]:
    """When each published file was written, in nanoseconds."""
    return {str(path): path.stat().st_mtime_ns for path in place.public.rglob("*") if path.is_file()}


async def everything_kept(place: Place) -> dict[str, list[Kept]]:
    """The newest entries of every published page, as the store has them."""
    async with open_store(place.folder / "store.db", BASE_URL, alone=False) as store:
        paths = [f"{path.parent.relative_to(place.public)}/" for path in place.public.rglob("feed.atom")]
        return {path: await store.newest(path, MOST) for path in paths}


def test_every_document_ends_as_entries_or_as_a_named_failure(polled: Polled) -> None:
    assert polled.first["polled"] == len(polled.documents) + len(polled.encodings) == len(polled.status)
    for one in polled.status.values():
        assert one["outcome"] in (Outcome.NEW, Outcome.SAME, Outcome.FAILED), one
        assert (one["outcome"] == Outcome.NEW) == (one["entries"] > 0), one
        if one["outcome"] == Outcome.FAILED:
            assert one["reason"] in set(Reason) - {Reason.INTERNAL}, one
            assert one["detail"], one
    assert "Traceback" not in polled.said
    assert "internal" not in polled.said
    assert "left out:" not in polled.said
    assert all(line.startswith("failed: ") for line in polled.said.splitlines()), polled.said


def test_what_feedparser_finds_items_in_does_not_fail(polled: Polled) -> None:
    failed = {
        row["sha16"]
        for row in polled.documents
        if row["items"] != "0" and polled.status[f"document-{row['sha16']}"]["outcome"] == Outcome.FAILED
    }
    assert failed == set()
    damaged = {row["file"] for number, row in enumerate(polled.encodings) if not polled.entries(f"encoding-{number}")}
    assert damaged == set()


def test_every_item_of_a_document_is_kept_once(polled: Polled, shared: Path) -> None:
    for row in polled.documents:
        kept = len(polled.entries(f"document-{row['sha16']}"))
        if kept != int(row["items"]):
            body = (shared / "corpus" / "documents" / f"{row['sha16']}.xml").read_bytes()
            assert kept == len(different_items(body)), row["sha16"]


def different_items(body: bytes) -> set[str]:
    """The items of a document that say anything to a reader, each once, however often it stands there."""
    parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    return {
        repr(sorted(item.items()))
        for item in parsed.entries
        if item.get("title") or item.get("link") or re.sub(r"<[^>]*>", "", item.get("summary", "")).strip()
    }


def as_a_reader_has_it(one: Kept) -> dict[str, Any]:
    """What a reader must get of a kept entry, in the shape of `read_back`."""
    entry = one.entry
    origin = entry.upstream or entry.origin
    return {
        "id": one.id,
        "title": entry.title,
        "link": as_uri(entry.link),
        "enclosures": [enclosure_as_read(enclosure) for enclosure in entry.enclosures],
        "source": {"id": origin.id, "title": origin.title, "self": as_uri(origin.self_url or "")},
        "published": one.published,
        "updated": one.updated,
    }


def enclosure_as_read(enclosure: Enclosure) -> dict[str, str]:
    """A link without a type is one to text/html for feedparser."""
    length = "" if enclosure.length is None else str(enclosure.length)
    return {"href": as_uri(enclosure.href), "type": enclosure.type or "text/html", "length": length}


def judged(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """What is wrong with a page's feeds and lists, and what a reader gets out of its Atom feed."""
    document = path.read_bytes()
    read, told = read_back(document), violations(document) + house_violations(document)
    address = f"{BASE_URL}/{path.parent.parent.name}/{path.parent.name}/feed"
    told += warnings(document, f"{address}.atom")
    rss, feed = path.with_suffix(".rss").read_bytes(), path.with_suffix(".json").read_bytes()
    told += rss_rules.violations(rss, f"{address}.rss") + json_feed_rules.violations(feed, f"{address}.json")
    for other in (json_feed_rules.read_back(feed), rss_rules.read_back(rss)):
        for name in ("id", "link", "published", "updated"):
            if [one[name] for one in other] != [one[name] for one in read]:
                told.append(f"another format says something else than Atom of {name}")
    if (sources := path.with_name("sources.opml")).exists():
        told += opml_rules.violations(sources.read_bytes())
    return told, read


def test_every_published_feed_keeps_the_rules_and_reads_back_as_kept(polled: Polled) -> None:
    paths = sorted(polled.place.public.rglob("feed.atom"))
    assert len(paths) == len(polled.status) + len({"all", "documents", "encodings"})
    with ProcessPoolExecutor(2, multiprocessing.get_context("forkserver")) as processes:
        for path, (told, read) in zip(paths, processes.map(judged, paths, chunksize=20), strict=True):
            kept = polled.kept[f"{path.parent.relative_to(polled.place.public)}/"]
            assert told == [], path
            assert len(read) == len(kept), path
            for found, one in zip(read, kept, strict=True):
                expected = as_a_reader_has_it(one)
                assert {name: found[name] for name in expected} == expected, path


def test_nothing_is_left_out_on_the_way(polled: Polled) -> None:
    assert polled.first["new"] == sum(one["entries"] for one in polled.status.values())
    assert polled.first["new"] == sum(len(polled.entries(name)) for name in polled.status)
    everything = polled.kept["category/all/"]
    assert len(everything) == MOST
    assert len({one.id for one in everything}) == MOST


def test_a_second_poll_is_all_conditional_and_changes_nothing(polled: Polled) -> None:
    failed = polled.first["failed"]
    assert polled.second == {
        "polled": polled.first["polled"],
        "not_modified": polled.first["polled"] - failed,
        "failed": failed,
        "new": 0,
        "revised": 0,
        "published": 0,
    }
    for name, one in polled.status.items():
        kind, _, key = name.partition("-")
        before, after = polled.web.asked(f"/{kind}s/{key}.xml")
        assert "if-none-match" not in before.headers
        # What could not be read is asked for whole again.
        assert ("if-none-match" in after.headers) == (one["outcome"] != Outcome.FAILED), name
    assert polled.rows[0] == polled.rows[1]
    assert polled.files[0] == polled.files[1]
    assert len(polled.files[0]) > 2 * len(polled.status)


def test_whatever_the_encoding_the_titles_are_those_of_the_origin(polled: Polled) -> None:
    origins = {row["sha16"] for row in polled.documents}
    compared = 0
    for number, row in enumerate(polled.encodings):
        if row["origin_sha16"] not in origins:
            continue
        found = Counter(one.entry.title for one in polled.entries(f"encoding-{number}"))
        origin = Counter(one.entry.title for one in polled.entries(f"document-{row['origin_sha16']}"))
        compared += 1
        if row["kind"] == "truncated":
            # Its last items are gone, and the one where it ends may be cut.
            assert (found - origin).total() <= 1, row
            assert found.total() > 1, row
        elif row["kind"] == "undeclared html entities":
            # The title of the feed, and of one entry at most, have "&nbsp;&eacute;" behind them.
            assert [f"{title} é" for title in origin - found] == list(found - origin), row
            assert (found - origin).total() <= 1, row
            titles = {
                one.entry.origin.title
                for name in (f"encoding-{number}", f"document-{row['origin_sha16']}")
                for one in polled.entries(name)
            }
            assert max(titles) == f"{min(titles)} é", row
        else:
            assert found == origin, row
    assert compared > 150


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_titles_links_and_files_are_those_of_the_document(polled: Polled, shared: Path, every: int) -> None:
    """Read from the document by feedparser alone, where there is nothing to clean."""
    compared = 0
    for row in polled.documents[::every]:
        kept = polled.entries(f"document-{row['sha16']}")
        parsed = feedparser.parse(
            io.BytesIO((shared / "corpus" / "documents" / f"{row['sha16']}.xml").read_bytes()),
            response_headers={"content-type": "application/xml"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        if parsed.bozo or row["format"] == "json":
            continue
        titles = {one.entry.title for one in kept}
        links = {one.entry.link for one in kept}
        files = {enclosure.href for one in kept for enclosure in one.entry.enclosures}
        for item in parsed.entries:
            compared += 1
            title = unicodedata.normalize("NFC", " ".join(item.get("title", "").split()))
            if title and len(title) < 1000 and not re.search(r"[<&\x7f-\x9f]", title):
                assert title in titles, row["sha16"]
            found = {relation: set[str]() for relation in ("alternate", "enclosure")}
            for link in item.get("links", []):
                found.get(link.rel, set()).add(link.get("href", ""))
            if found["alternate"] and all(map(is_plain, found["alternate"])):
                assert set(map(without_tracking, found["alternate"])) & links, row["sha16"]
            assert set(filter(is_plain, found["enclosure"])) <= files, row["sha16"]
    assert compared > 10_000 / every


def is_plain(address: str) -> bool:
    """Whether an address needs no cleaning."""
    return re.fullmatch(r"https?://[a-z0-9.-]+/[A-Za-z0-9/._~?=&+-]*", address) is not None


# ---------------------------------------------------------------- real feeds over time


WHOLE = Reach(timedelta(days=36500), 100_000)


@dataclass
class VersionClock:
    """The time at which a version of a feed was seen."""

    moment: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """That time."""
        return self.moment


@dataclass
class Replay:
    """One feed through its versions, and every law that was broken on the way; test_series.py counts its entries."""

    folder: Path
    source: Source
    clock: VersionClock = field(default_factory=VersionClock)
    broken: list[str] = field(default_factory=list)
    dates: dict[str, datetime] = field(default_factory=dict)  # by published id
    failed: list[tuple[str, Reason | None]] = field(default_factory=list)

    def look(self, version: Path, feed: bytes) -> None:
        """Compare what is published now with all that was published before."""
        entries = read_back(feed)
        ids = [str(one["id"]) for one in entries]
        self.broken += [f"{version.name}: {name} stands there {n} times" for name, n in Counter(ids).items() if n > 1]
        for one in entries:
            published, before = one["published"], self.dates.setdefault(str(one["id"]), one["published"])  # type: ignore[arg-type]
            if published != before:
                self.broken.append(f"{version.name}: {one['id']} was published {before}, now {published}")
        # What left the source stays: nothing that was published is taken back while there is room.
        if len(entries) < MOST and (gone := self.dates.keys() - set(ids)):
            self.broken.append(f"{version.name}: {sorted(gone)[:3]} are gone")
        self.broken += [f"{version.name}: {sentence}" for sentence in violations(feed) + house_violations(feed)]


async def replayed(shared: Path, folder: Path, web: ScriptedWeb, versions: int | None) -> list[Replay]:
    """Every series of the corpus, version by version, all through the same store, fetcher and reader."""
    hour = timedelta(hours=1)
    replays = []
    for number, series in enumerate(sorted((shared / "corpus" / "series").iterdir())):
        url = web.url(f"/{number}.xml")
        source = Source(f"s{number}", "feed", url, url, (), hour, hour, hour, backfill=WHOLE)
        replays.append(Replay(series, source))
    everything = Category("all", "Everything", "Source: {source.title}", MOST)
    catalogue = Catalogue(
        Site("Test", BASE_URL, "en", "UTC"), {"all": everything}, {one.source.id: one.source for one in replays}
    )
    reader = WorkerReader(workers=2)
    try:
        async with open_store(folder / "store.db", BASE_URL, alone=True) as store, HttpFetcher(FetchKeys()) as fetcher:
            await store.enrol([one.source for one in replays], VersionClock().now())
            builder = Builder(store, catalogue, Folder(folder / "public"), ("atom",))
            steps = [replay(one, web, versions, fetcher, reader, store, builder, folder) for one in replays]
            await asyncio.gather(*steps)
    finally:
        reader.close()
    return replays


async def replay(
    one: Replay,
    web: ScriptedWeb,
    versions: int | None,
    fetcher: HttpFetcher,
    reader: WorkerReader,
    store: SqlStore,
    builder: Builder,
    folder: Path,
) -> None:
    """One series."""
    path = one.source.url.removeprefix(web.url(""))
    for version in sorted(one.folder.iterdir())[:versions]:
        _, seconds, _ = version.name.split("_")
        one.clock.moment = datetime.fromtimestamp(int(seconds), UTC)
        body = version.read_bytes()
        web.feed(path, body)
        changes = await poll(one.source, fetcher=fetcher, reader=reader, store=store, clock=one.clock)
        if changes.visit.outcome is Outcome.FAILED:
            one.failed.append((version.name, changes.visit.reason))
        await builder.build([source_page(one.source.id)])
        one.look(version, (folder / "public" / source_page(one.source.id) / "feed.atom").read_bytes())


@pytest.mark.parametrize("versions", [4, pytest.param(None, marks=pytest.mark.slow)])
async def test_real_feeds_over_time_break_no_law(
    shared: Path,
    tmp_path: Path,
    web: ScriptedWeb,
    versions: int | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "aggregator"):
        replays = await replayed(shared, tmp_path, web, versions)
    assert [record for record in caplog.records if record.exc_info] == []
    assert {one.folder.name: one.broken for one in replays if one.broken} == {}
    # A version that cannot be read is named, and costs nothing of what was there.
    reasons = {reason for one in replays for _, reason in one.failed}
    assert reasons <= {Reason.NOT_A_FEED, Reason.UNREADABLE}
    assert sum(len(one.dates) for one in replays) > 500
