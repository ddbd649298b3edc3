"""The seam of the transport: another one handed in, ours under an httpx client, bodies that have to wait."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fetching import first_visit, keys, outside_fixture, source, talking, transport
from scripted_web import Answer, ScriptedWeb

from aggregator.fetch import HttpFetcher
from aggregator.fetch.body import decode
from aggregator.fetch.curl import MOST_WAITING
from aggregator.model import Document, Failed, Reason

pytestmark = pytest.mark.usefixtures("outside")
__all__ = ["outside_fixture"]


async def test_a_transport_of_httpx_may_be_handed_in() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/":
            return httpx.Response(301, headers={"Location": "/feed"})
        assert request.headers["accept-encoding"] == "gzip, deflate, br, zstd"
        return httpx.Response(200, headers={"ETag": '"1"', "Content-Type": "text/xml"}, content=b"<rss/>")

    async with HttpFetcher(keys(), transport=httpx.MockTransport(answer)) as door:
        found = await door.fetch(source("https://site.example/"), first_visit())
    assert isinstance(found, Document)
    assert (found.url, found.body, found.content_type) == ("https://site.example/feed", b"<rss/>", "text/xml")
    assert found.validators
    assert found.validators.etag == '"1"'
    assert found.moved_to == "https://site.example/feed"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError("no\nway"), Reason.CONNECT),
        (httpx.ReadTimeout("late"), Reason.TIMEOUT),
        (httpx.RemoteProtocolError("what?"), Reason.PROTOCOL),
    ],
)
async def test_what_a_handed_in_transport_raises_is_a_named_failure(error: Exception, reason: Reason) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    async with HttpFetcher(keys(), transport=httpx.MockTransport(answer)) as door:
        found = await door.fetch(source("https://site.example/"), first_visit())
    assert isinstance(found, Failed)
    assert found.reason is reason
    assert "\n" not in found.detail


async def test_our_transport_serves_an_httpx_client(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(b"body", headers={"X-Name": "value"}))
    async with httpx.AsyncClient(transport=transport("127.0.0.0/8")) as client:
        response = await client.get(url, headers={"X-Key": "k"})
        assert (response.status_code, response.reason_phrase, response.content) == (200, "Scripted", b"body")
        assert response.headers["x-name"] == "value"
        assert web.asked("/feed")[0].headers["x-key"] == "k"
        with pytest.raises(httpx.UnsupportedProtocol, match="does not POST"):
            await client.post(url)


async def test_a_body_that_nobody_takes_waits_at_the_server_and_arrives_whole() -> None:
    body = b"0123456789abcdef" * 512 * 1024  # 8 MiB, more than sockets hold
    sent = asyncio.Event()

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 65536):
            writer.write(body[start : start + 65536])
            await writer.drain()
        sent.set()

    async with talking(pour) as url:
        ours = transport("127.0.0.0/8")
        answer = await ours.get(url, [])
        for _ in range(2000):  # turns of the loop, in which all that can come does
            await asyncio.sleep(0)
        assert not sent.is_set()
        taken = []
        async for chunk in answer.chunks():
            taken.append(chunk)
            assert answer._waiting <= MOST_WAITING + 65536  # type: ignore[attr-defined]
        assert b"".join(taken) == body
        await answer.aclose()
        await ours.aclose()


def test_a_skippable_frame_before_the_first_is_not_taken_for_a_body_that_is_none() -> None:
    skippable = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"  # RFC 8878 §3.1.2
    # It does not begin as Zstandard data does, so it counts as what a server forgot to say is plain: no feed, no crash.
    assert decode(skippable, "zstd", 1000) == skippable
