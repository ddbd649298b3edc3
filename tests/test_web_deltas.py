"""RFC 3229 with `A-IM: feed`: readers that ask get only the entries they have not got."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from atom_rules import read_back, violations
from serving import put, site

from aggregator.formats.atom import render
from aggregator.model import Origin, Page, Person, Shown, Site, Term
from aggregator.web.deltas import Versions, asks_for_feed, without

PAGE = "category/tech/"
ASKING = {"a-im": "feed"}


def shown(number: int, text: str = "text") -> Shown:
    when = datetime(2026, 3, 1, 10, number, tzinfo=UTC)
    return Shown(
        id=f"tag:one.example,2026:{number}",
        title=f"Title {number}",
        link=f"https://one.example/{number}",
        published=when,
        updated=when,
        authors=(Person("Somebody"),),
        terms=(Term("tech", "https://planet.example/category/", "Tech"),),
        summary="",
        content=f"<p>{text} {number} &lt;/entry&gt;&lt;entry&gt;</p>" * 20,
        language=None,
        rights=None,
        enclosures=(),
        origin=Origin("https://one.example/", "One", "https://one.example/feed", updated=when),
        via="https://one.example/feed",
        attribution=None,
        source_title="One",
        source_page="source/one/",
    )


def atom(*entries: Shown) -> bytes:
    home = Site("Planet", "https://planet.example", "en", "UTC")
    return render(Page(PAGE, "Tech", home, max(one.updated for one in entries), entries)).body


def feeds(*entries: Shown) -> dict[str, bytes]:
    """The three feeds of a page; RSS and JSON as far as matters here."""
    items = [{"id": one.id, "content_html": one.content} for one in entries]
    rss = "".join(
        f"<item><guid>{one.id}</guid><description>{'x' * 900}{one.content.count('new')}</description></item>"
        for one in entries
    )
    return {
        "feed.atom": atom(*entries),
        "feed.rss": f"<?xml version='1.0'?><rss version='2.0'><channel><title>t</title>{rss}</channel></rss>".encode(),
        "feed.json": json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": items}).encode(),
    }


def publish(folder: Path, *entries: Shown, forms: bool = False) -> None:
    for name, body in feeds(*entries).items():
        put(folder / PAGE / name, body, forms=b"" if forms else None)


def ids_in(answer: httpx.Response) -> list[str]:
    if answer.headers["content-type"].startswith("application/feed+json"):
        return [item["id"] for item in answer.json()["items"]]
    marks = (b"<guid>", b"</guid>") if b"<rss" in answer.content else (b"<id>tag:", b"</id>")
    return [part.partition(marks[1])[0].decode().removeprefix("tag:") for part in answer.content.split(marks[0])[1:]]


OLD = tuple(shown(number) for number in range(5, 0, -1))


@pytest.mark.parametrize("name", ["feed.atom", "feed.rss", "feed.json"])
async def test_a_reader_gets_only_what_is_new_and_what_was_revised(tmp_path: Path, name: str) -> None:
    publish(tmp_path, *OLD)
    async with site(tmp_path) as client:
        first = await client.get(f"/{PAGE}{name}", headers=ASKING)
        assert first.status_code == 200
        assert len(ids_in(first)) == 5
        known = {"if-none-match": first.headers["etag"]}
        assert (await client.get(f"/{PAGE}{name}", headers=ASKING | known)).status_code == 304
        publish(tmp_path, shown(7), shown(6), OLD[0], shown(4, "new text"), *OLD[2:])
        part = await client.get(f"/{PAGE}{name}", headers=ASKING | known)
        assert part.status_code == 226
        assert [one.rpartition(":")[2] for one in ids_in(part)] == ["7", "6", "4"]
        whole = await client.get(f"/{PAGE}{name}")
        assert (whole.status_code, len(ids_in(whole))) == (200, 7)
        assert part.headers["etag"] == whole.headers["etag"]
        assert part.headers["content-type"] == whole.headers["content-type"]
        head = await client.head(f"/{PAGE}{name}", headers=ASKING | known)
        assert (head.status_code, head.content, head.headers["content-length"]) == (226, b"", str(len(part.content)))
        again = await client.get(f"/{PAGE}{name}", headers=ASKING | {"if-none-match": part.headers["etag"]})
        assert again.status_code == 304


async def test_what_comes_is_a_valid_feed_with_all_that_is_no_entry(tmp_path: Path) -> None:
    publish(tmp_path, *OLD)
    async with site(tmp_path) as client:
        etag = (await client.get(f"/{PAGE}feed.atom")).headers["etag"]
        publish(tmp_path, shown(6), *OLD)
        part = await client.get(f"/{PAGE}feed.atom", headers=ASKING | {"if-none-match": etag})
    assert part.content == atom(shown(6)).replace(b"<entry>", b"<entry>")
    assert violations(part.content) == []
    assert [entry["title"] for entry in read_back(part.content)] == ["Title 6"]


async def test_the_headers_tell_a_reader_what_it_got_and_a_cache_to_leave_it_alone(tmp_path: Path) -> None:
    publish(tmp_path, *OLD)
    async with site(tmp_path) as client:
        etag = (await client.get(f"/{PAGE}feed.atom")).headers["etag"]
        publish(tmp_path, shown(6), *OLD)
        part = await client.get(f"/{PAGE}feed.atom", headers=ASKING | {"if-none-match": f'"other", W/{etag}'})
    assert (part.status_code, part.reason_phrase, part.headers["im"], part.headers["delta-base"]) == (
        226,
        "IM Used",
        "feed",
        etag,
    )
    assert part.headers["cache-control"] == "no-store, im, no-transform, max-age=60"
    assert {one.strip() for one in part.headers["vary"].split(",")} == {"accept-encoding", "a-im", "if-none-match"}
    assert part.headers["x-content-type-options"] == "nosniff"
    assert part.headers["last-modified"]


async def test_who_does_not_ask_or_is_not_known_gets_the_whole(tmp_path: Path) -> None:
    publish(tmp_path, *OLD)
    async with site(tmp_path) as client:
        etag = (await client.get(f"/{PAGE}feed.atom")).headers["etag"]
        publish(tmp_path, shown(6), *OLD)
        for headers in (
            {"if-none-match": etag},
            ASKING,
            ASKING | {"if-none-match": '"of long ago"'},
            ASKING | {"if-none-match": "garbage"},
            {"a-im": "vcdiff, gzip", "if-none-match": etag},
            {"a-im": "feed;q=0", "if-none-match": etag},
        ):
            answer = await client.get(f"/{PAGE}feed.atom", headers=headers)
            assert (answer.status_code, len(ids_in(answer))) == (200, 6), headers


async def test_a_reader_of_the_compressed_feed_is_known_by_that_etag(tmp_path: Path) -> None:
    publish(tmp_path, *OLD, forms=True)
    async with site(tmp_path) as client:
        compressed = {"accept-encoding": "gzip"}
        etag = (await client.get(f"/{PAGE}feed.rss", headers=compressed)).headers["etag"]
        # In the compressed whole the repeated text of five entries is nearly nothing; then a part would be no gain.
        publish(tmp_path, shown(6), *OLD, forms=True)
        whole = await client.get(f"/{PAGE}feed.rss", headers=compressed | ASKING | {"if-none-match": etag})
        assert whole.status_code == 200
        put(tmp_path / PAGE / "feed.rss", feeds(shown(6), *OLD)["feed.rss"], forms=None)
        for suffix in (".gz", ".br"):
            (tmp_path / PAGE / f"feed.rss{suffix}").unlink()
        part = await client.get(f"/{PAGE}feed.rss", headers=compressed | ASKING | {"if-none-match": etag})
        assert (part.status_code, "content-encoding" in part.headers, len(ids_in(part))) == (226, False, 1)


async def test_readers_of_several_versions_each_get_what_they_lack(tmp_path: Path) -> None:
    etags = []
    async with site(tmp_path) as client:
        for newest in range(1, 9):
            publish(tmp_path, *(shown(number) for number in range(newest, 0, -1)))
            etags.append((await client.get(f"/{PAGE}feed.atom")).headers["etag"])
        lacking = [
            len(ids_in(await client.get(f"/{PAGE}feed.atom", headers=ASKING | {"if-none-match": etag})))
            for etag in etags[:-1]
        ]
    assert lacking == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("field", "asks"),
    [
        (None, False),
        (b"", False),
        (b"feed", True),
        (b"vcdiff, Feed ;q=0.5", True),
        (b"feed;q=0", False),
        (b"feed; q=0.000", False),
        (b"feed;q=0.001", True),
        (b"feeds", False),
        (b"diffe, gzip", False),
    ],
)
def test_only_a_field_that_takes_the_manipulation_asks_for_it(field: bytes | None, asks: bool) -> None:
    assert asks_for_feed(field) is asks


def test_the_memory_of_versions_is_bounded_and_forgets_what_was_not_spoken_of_for_longest() -> None:
    versions = Versions(memory=10_000)
    body = feeds(*OLD)["feed.atom"]
    for number in range(100):
        versions.remember("feed.atom", [b'"%d"' % number], body)
        assert versions.held("feed.atom", [b'"0"']) is not None
    known = [number for number in range(100) if versions.knows("feed.atom", b'"%d"' % number)]
    assert known[0] == 0
    assert 10 < len(known) < 40
    assert known[1:] == list(range(101 - len(known), 100))
    assert versions.held("other/feed.atom", [b'"99"']) is None


@pytest.mark.parametrize("body", [b"", b"no feed", b"<entry>", b"[]", b'{"items": 5}', b'{"items": [1, {"a": []}]}'])
@pytest.mark.parametrize("name", ["feed.atom", "feed.rss", "feed.json"])
def test_a_file_that_is_no_feed_of_ours_is_remembered_without_entries_or_harm(name: str, body: bytes) -> None:
    versions = Versions()
    versions.remember(name, [b'"a"'], body)
    held: Any = versions.held(name, [b'"a"'])
    assert held[0] == b'"a"'
    if b"a" not in body or name != "feed.json":
        assert without(name, body, held[1]) == body
