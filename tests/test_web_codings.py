"""Compressed forms beside the files: chosen by Accept-Encoding, each with its ETag, never of another version."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import pytest
from serving import age, put, site

from aggregator.web.codings import choose, undone
from aggregator.web.folder import SETTLE, PublishedFolder, ReadyFile

FEED = b"<feed>" + b"entry " * 2000 + b"</feed>"
PATH = "/category/tech/feed.atom"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / PATH[1:], FEED)
    put(tmp_path / "plain.txt", b"x" * 1000, forms=None)
    age(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("field", "coding"),
    [
        (None, ""),
        ("", ""),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.9, gzip", "gzip"),
        ("gzip;q=0.5, br;q=0.8", "br"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip ; q=0.5", "gzip"),
        ("gzip;Q=0.3", "gzip"),
        ("*", "br"),
        ("*;q=0.1", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0", ""),
        ("gzip;q=0, br;q=0.000", ""),
        ("deflate", ""),
        ("identity", ""),
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip;q=0.4", ""),
        ("identity;q=0.5, gzip;q=0.6", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("*;q=0, br", "br"),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("identity;q=0, deflate", None),
        ("*;q=0, identity", ""),
        ("*;q=0, identity;q=0.2", ""),
        ("gzip;q=2, nonsense;;, =, br;q=", ""),
        ("gzip, " + "x" * 500, "gzip"),
    ],
)
async def test_the_coding_that_the_client_likes_best_is_chosen(
    folder: Path, field: str | None, coding: str | None
) -> None:
    assert choose(None if field is None else field.encode(), ("br", "gzip")) == coding
    async with site(folder) as client:
        request = client.build_request("GET", PATH, headers={"accept-encoding": field} if field is not None else {})
        answer = await client.send(request, stream=True)
        body = b"".join([part async for part in answer.aiter_raw()])
        await answer.aclose()
    assert "accept-encoding" in answer.headers["vary"].lower()
    if coding is None:
        assert answer.status_code == 406
        return
    assert (answer.status_code, answer.headers.get("content-encoding", "")) == (200, coding)
    assert {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}[coding](body) == FEED
    assert int(answer.headers["content-length"]) == len(body)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"


async def test_each_coding_has_an_etag_of_its_own_and_all_have_one_date(folder: Path) -> None:
    async with site(folder) as client:
        answers = [await client.get(PATH, headers={"accept-encoding": one}) for one in ("identity", "gzip", "br")]
        assert len({answer.headers["etag"] for answer in answers}) == 3
        assert len({answer.headers["last-modified"] for answer in answers}) == 1
        assert not any(answer.headers["etag"].startswith("W/") for answer in answers)
        gzipped = {"accept-encoding": "gzip"}
        for number, status in enumerate((200, 304, 200)):
            known = {"if-none-match": answers[number].headers["etag"]}
            assert (await client.get(PATH, headers={**gzipped, **known})).status_code == status
        head = await client.head(PATH, headers=gzipped)
        assert (head.headers["content-encoding"], head.headers["etag"]) == ("gzip", answers[1].headers["etag"])


async def test_a_file_without_compressed_forms_is_sent_as_it_is(folder: Path) -> None:
    async with site(folder) as client:
        answer = await client.get("/plain.txt", headers={"accept-encoding": "gzip, br"})
        assert ("content-encoding" in answer.headers, answer.content) == (False, b"x" * 1000)
        assert (await client.get("/plain.txt", headers={"accept-encoding": "identity;q=0"})).status_code == 406


@pytest.mark.parametrize(
    "coded",
    [
        gzip.compress(FEED.replace(b"entry", b"older"), mtime=0),
        gzip.compress(FEED[:-1], mtime=0),
        gzip.compress(FEED + b"x", mtime=0),
        gzip.compress(FEED, mtime=0)[:-9],
        gzip.compress(FEED, mtime=0) + b"trailing",
        gzip.compress(b"0" * 10_000_000, mtime=0),
        b"no gzip",
        b"",
    ],
    ids=["older", "shorter", "longer", "broken off", "trailed", "bomb", "none", "empty"],
)
async def test_a_form_that_does_not_hold_the_files_very_bytes_is_never_served(folder: Path, coded: bytes) -> None:
    beside = folder / "category/tech/feed.atom.gz"
    beside.write_bytes(coded)
    age(folder)  # by its time it would pass for the right one
    async with site(folder) as client:
        answer = await client.get(PATH, headers={"accept-encoding": "gzip"})
        assert ("content-encoding" in answer.headers, answer.content) == (False, FEED)


async def test_a_form_that_leads_outside_the_folder_is_not_followed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "feed.atom.gz"
    beside = folder / "category/tech/feed.atom.gz"
    beside.rename(outside)
    beside.symlink_to(outside)
    async with site(folder) as client:
        assert "content-encoding" not in (await client.get(PATH, headers={"accept-encoding": "gzip"})).headers


@pytest.mark.parametrize("coding", ["gzip", "br"])
@pytest.mark.parametrize("limit", [len(FEED), len(FEED) - 1])
def test_no_more_is_undone_than_the_file_has(coding: str, limit: int) -> None:
    coded = {"gzip": gzip.compress(FEED), "br": brotli.compress(FEED)}[coding]
    assert undone(coding, coded, limit) == (FEED if limit == len(FEED) else None)


async def test_no_reader_gets_an_older_version_than_it_had_in_whatever_order_the_files_are_written(
    folder: Path,
) -> None:
    feed = folder / PATH[1:]
    async with site(folder) as client:

        async def seen() -> list[int]:
            answers = [await client.get(PATH, headers={"accept-encoding": each}) for each in ("br", "gzip", "identity")]
            return [int(answer.content[:4]) for answer in answers]

        put(feed, b"%04d" % 0 * 500)
        assert await seen() == [0, 0, 0]
        for number in range(1, 30):
            body = b"%04d" % number * 500
            if number % 2:  # the plain file first, its forms still those of the version before
                put(feed, body, forms=b"%04d" % (number - 1) * 500)
                assert await seen() == [number] * 3
            else:  # the forms first
                put(feed, b"%04d" % (number - 1) * 500, forms=body)
                assert await seen() == [number - 1] * 3
            put(feed, body)
            assert await seen() == [number] * 3


def test_a_form_that_comes_later_is_found_and_the_file_is_not_read_again(folder: Path) -> None:
    feed = folder / PATH[1:]
    put(feed, FEED, forms=None)
    for suffix in (".gz", ".br"):
        feed.with_name(feed.name + suffix).unlink()
    published = PublishedFolder(folder)

    def look(now: float) -> ReadyFile:
        found = published.find(PATH, now=now)
        assert isinstance(found, ReadyFile)
        return found

    assert [look(now).codings for now in (0, SETTLE, SETTLE * 2)] == [(), (), ()]
    before = look(SETTLE * 2)
    put(feed.with_name("feed.atom.gz"), gzip.compress(FEED), forms=None)
    assert look(SETTLE * 2.5).codings == ()
    assert look(SETTLE * 3).codings == ("gzip",)
    assert look(SETTLE * 3).plain is before.plain
