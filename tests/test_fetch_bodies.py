"""Bodies over real connections on the loopback: size caps, content codings, broken HTTP, the one deadline."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import random
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
import zstandard
from conftest import PATIENCE
from fetching import document, failure, fetcher, outside_fixture, source, talking, transport, visit  # noqa: F401
from scripted_web import Answer, Request, ScriptedWeb

from aggregator.fetch.body import LIGHT, BadCoding, TooLarge, decode, hash_of, read_body
from aggregator.fetch.curl import MOST_WAITING
from aggregator.model import Document, Failed, Reason

pytestmark = pytest.mark.usefixtures("outside")

FEED = b"<rss version='2.0'><channel><title>News</title></channel></rss>"
CAP = 100_000
MIB = 1024**2
NOISE = random.Random(1).randbytes(CAP)


def raw_deflate(body: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(body) + squeeze.flush()


def without_length(body: bytes) -> bytes:
    """A Zstandard frame that does not say how long its content is."""
    return zstandard.ZstdCompressor(write_content_size=False).compress(body)


def wide(body: bytes) -> bytes:
    """A Zstandard frame whose window is 128 MiB."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    squeeze = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return squeeze.compress(body) + squeeze.flush()


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def head(*lines: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", "Connection: close", *lines, "", "")).encode("latin-1")


async def in_pieces(body: bytes, length: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), length):
        yield body[start : start + length]


# ---------------------------------------------------------------- content codings


@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        (None, FEED),
        ("identity", FEED),
        ("", FEED),
        ("gzip", gzip.compress(FEED)),
        ("GZIP", gzip.compress(FEED)),
        (" gzip ", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED)),
        ("gzip", gzip.compress(FEED[:9]) + gzip.compress(b"") + gzip.compress(FEED[9:])),
        ("gzip", gzip.compress(FEED) + b"\0" * 512),
        ("gzip", gzip.compress(FEED) + b"junk behind it"),
        ("gzip", gzip.compress(FEED) + b"\x1f\x8b\x08 and then junk"),
        ("gzip", FEED),  # a proxy inflated it and forgot to unsay it
        (None, gzip.compress(FEED)),  # a .gz file served without a word of it
        ("identity", gzip.compress(FEED)),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED, 0)),
        ("deflate", zlib.compress(FEED, 9)),
        ("deflate", raw_deflate(FEED)),
        ("deflate", zlib.compress(FEED) + b"junk"),
        ("deflate", gzip.compress(FEED)),
        ("br", brotli.compress(FEED)),
        ("BR", brotli.compress(FEED, quality=0)),
        ("br", brotli.compress(FEED * 1, lgwin=10)),
        ("zstd", zstandard.compress(FEED)),
        ("zstd", without_length(FEED)),
        ("zstd", zstandard.compress(FEED[:9]) + without_length(b"") + zstandard.compress(FEED[9:])),
        ("zstd", FEED),
        ("zstd", gzip.compress(FEED)),
    ],
)
async def test_a_body_is_decoded_from_its_content_coding(web: ScriptedWeb, coding: str | None, wire: bytes) -> None:
    headers = {} if coding is None else {"Content-Encoding": coding}
    assert (await document(web.script("/feed", Answer(wire, headers=headers)))).body == FEED


@pytest.mark.parametrize("coding", ["gzip", "deflate", "x-gzip", "br", "zstd"])
async def test_an_empty_body_is_empty_in_every_coding(web: ScriptedWeb, coding: str) -> None:
    assert (await document(web.script("/feed", Answer(b"", headers={"Content-Encoding": coding})))).body == b""


@pytest.mark.parametrize(
    "coding",
    ["compress", "gzip, gzip", "gzip, br", "br, br", "zstd, gzip", "gzip,", "br;q=1", "dcb", "aws-chunked", "x" * 500],
)
async def test_a_coding_that_was_not_asked_for_is_a_failure(web: ScriptedWeb, coding: str) -> None:
    headers = {"Content-Encoding": coding, "Cache-Control": "max-age=60"}
    failed = await failure(web.script("/feed", Answer(gzip.compress(FEED), headers=headers)))
    assert (failed.reason, failed.status) == (Reason.BAD_CODING, 200)
    assert failed.hints.max_age is not None
    assert coding[:4] in failed.detail


@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        ("gzip", gzip.compress(FEED * 50)[:-1]),
        ("gzip", gzip.compress(FEED * 50)[:-8]),
        ("gzip", gzip.compress(NOISE)[:2000]),
        ("gzip", gzip.compress(FEED)[:10]),
        ("gzip", gzip.compress(FEED)[:3]),
        ("gzip", gzip.compress(FEED)[:-8] + b"\0" * 8),  # the check sum is wrong
        ("gzip", gzip.compress(FEED) + gzip.compress(FEED)[:-4]),
        (None, gzip.compress(FEED)[:-1]),
        ("deflate", zlib.compress(FEED)[:-1]),
        ("deflate", zlib.compress(FEED)[:10]),
        ("deflate", raw_deflate(FEED)[:-3]),
        ("deflate", zlib.compress(FEED)[:-4] + b"\0\0\0\0"),
        ("deflate", b"this is no deflate stream"),
        ("br", b"this is no brotli stream"),
        ("br", FEED),
        ("br", gzip.compress(FEED)),
        ("br", brotli.compress(FEED)[:-1]),
        ("br", brotli.compress(NOISE)[:2000]),
        ("br", brotli.compress(FEED)[:1]),
        ("zstd", zstandard.compress(FEED)[:-1]),
        ("zstd", zstandard.compress(FEED)[:5]),
        ("zstd", without_length(FEED)[:-1]),
        ("zstd", zstandard.compress(NOISE)[:2000]),
        ("zstd", zstandard.compress(FEED) + zstandard.compress(FEED)[:-2]),
        ("zstd", zstandard.compress(FEED)[:4] + b"\xff" * 20),
        ("zstd", wide(FEED)),  # more than RFC 9659 lets a server ask for
        ("zstd", zstandard.compress(b"") * 300),
    ],
)
async def test_a_damaged_or_unfinished_compressed_body_is_a_failure_and_not_half_a_document(
    web: ScriptedWeb, coding: str | None, wire: bytes
) -> None:
    headers = {} if coding is None else {"Content-Encoding": coding}
    failed = await failure(web.script("/feed", Answer(wire, headers=headers)))
    assert failed.reason is Reason.BAD_CODING


async def test_only_one_layer_is_undone_however_many_there_are(web: ScriptedWeb) -> None:
    inner = gzip.compress(FEED)
    url = web.script("/feed", Answer(gzip.compress(inner), headers={"Content-Encoding": "gzip"}))
    assert (await document(url)).body == inner


@pytest.mark.parametrize("piece", [1, 7, 65536])
@pytest.mark.parametrize(
    "squeeze", [gzip.compress, zlib.compress, raw_deflate, brotli.compress, zstandard.compress, bytes]
)
async def test_it_does_not_matter_in_which_pieces_a_body_arrives(squeeze: type[bytes], piece: int) -> None:
    named = {gzip.compress: "gzip", brotli.compress: "br", zstandard.compress: "zstd", bytes: ""}
    coding = named.get(squeeze, "deflate")
    wire = squeeze(FEED * 20)
    assert await read_body(in_pieces(wire, piece), coding, CAP) == FEED * 20


# ---------------------------------------------------------------- the cap


@pytest.mark.parametrize(
    "wire",
    [
        head(f"Content-Length: {CAP}") + b"x" * CAP,
        head() + b"x" * CAP,
        head("Transfer-Encoding: chunked") + chunked(b"x" * 60_000, b"x" * 40_000),
        head("Content-Encoding: gzip") + gzip.compress(b"x" * CAP),
        head("Content-Encoding: deflate") + zlib.compress(b"x" * CAP),
        head("Content-Encoding: br") + brotli.compress(b"x" * CAP),
        head("Content-Encoding: zstd") + without_length(b"x" * CAP),
        head("Content-Encoding: zstd") + zstandard.compress(b"x" * CAP),
        head("Content-Encoding: gzip") + gzip.compress(b"x" * (CAP - 1)) + gzip.compress(b"x"),
        head("Content-Encoding: gzip") + gzip.compress(b"x" * CAP) + gzip.compress(b""),
    ],
)
async def test_a_body_of_exactly_the_cap_arrives(web: ScriptedWeb, wire: bytes) -> None:
    found = await document(web.script("/feed", Answer(raw=wire)), max_bytes=CAP)
    assert found.body == b"x" * CAP


@pytest.mark.parametrize(
    "wire",
    [
        head(f"Content-Length: {CAP + 1}") + b"x" * (CAP + 1),
        head() + b"x" * (CAP + 1),
        head("Transfer-Encoding: chunked") + chunked(b"x" * CAP, b"x"),
        head("Content-Encoding: gzip") + gzip.compress(b"x" * (CAP + 1)),
        head("Content-Encoding: deflate") + zlib.compress(b"x" * (CAP + 1)),
        head("Content-Encoding: br") + brotli.compress(b"x" * (CAP + 1)),
        head("Content-Encoding: zstd") + without_length(b"x" * (CAP + 1)),
        head("Content-Encoding: zstd") + zstandard.compress(b"x" * (CAP + 1)),
        head("Content-Encoding: deflate") + raw_deflate(b"x" * (CAP + 1)),
        head("Content-Encoding: gzip") + gzip.compress(b"x" * CAP) + gzip.compress(b"x"),
        head("Content-Encoding: gzip") + gzip.compress(NOISE),  # over the cap on the wire already
        head() + gzip.compress(b"x" * (CAP + 1)),
    ],
)
async def test_a_body_of_one_byte_more_than_the_cap_is_too_large(web: ScriptedWeb, wire: bytes) -> None:
    failed = await failure(web.script("/feed", Answer(raw=wire)), max_bytes=CAP)
    assert (failed.reason, failed.status) == (Reason.TOO_LARGE, 200)
    assert str(CAP) in failed.detail


async def test_a_body_that_says_it_is_too_large_is_not_waited_for(web: ScriptedWeb) -> None:
    answer = Answer(b"x" * 10, headers={"Content-Length": str(10**15), "Retry-After": "60"}, hang=True)
    failed = await failure(web.script("/feed", answer), max_bytes=CAP)
    assert failed.reason is Reason.TOO_LARGE
    assert failed.hints.retry_after is not None


async def test_an_endless_body_is_left_as_soon_as_it_is_too_large() -> None:
    sent = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(head())
        while True:
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    async with talking(pour) as url:
        failed = await failure(url, max_bytes=CAP)
    assert failed.reason is Reason.TOO_LARGE
    assert sent < 50 * MIB


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", None])
async def test_a_compression_bomb_is_never_inflated_past_the_cap(web: ScriptedWeb, coding: str | None) -> None:
    by_coding = {"deflate": zlib.compress, "br": brotli.compress, "zstd": without_length}
    bomb = by_coding.get(coding or "", gzip.compress)(bytes(64 * MIB))
    assert len(bomb) < CAP
    url = web.script("/feed", Answer(bomb, headers={"Content-Encoding": coding} if coding else {}))
    del bomb
    tracemalloc.start()
    try:
        failed = await failure(url, max_bytes=CAP)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert failed.reason is Reason.TOO_LARGE
    assert peak < 8 * MIB


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_makes_no_more_than_the_cap_and_a_little(coding: str) -> None:
    by_coding = {"deflate": zlib.compress, "br": brotli.compress, "zstd": without_length, "gzip": gzip.compress}
    bomb = by_coding[coding](bytes(64 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decode(bomb, coding, 16 * MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * MIB + 4 * MIB


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
async def test_a_long_body_is_undone_off_the_event_loop(coding: str) -> None:
    by_coding = {"deflate": zlib.compress, "br": brotli.compress, "zstd": without_length, "gzip": gzip.compress}
    long = FEED * 100_000
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    wire = by_coding[coding](long)
    assert await read_body(in_pieces(wire, len(wire)), coding, 10 * MIB) == long
    counting.cancel()
    assert turns > 0


async def test_a_bomb_inside_a_gzip_body_stays_packed(web: ScriptedWeb) -> None:
    inner = gzip.compress(bytes(64 * MIB), 9)
    url = web.script("/feed", Answer(gzip.compress(inner), headers={"Content-Encoding": "gzip"}))
    assert (await document(url, max_bytes=CAP)).body == inner


async def test_a_body_of_countless_empty_members_does_not_hold_the_program_up() -> None:
    wire = gzip.compress(b"") * 400_000  # 8 MB; copying what follows each member would be a thousand gigabytes
    began = time.process_time()
    with pytest.raises(BadCoding):
        await read_body(in_pieces(wire, 65536), "gzip", 10 * MIB)
    assert time.process_time() - began < 5


async def test_the_cap_counts_what_is_inflated_and_what_came_over_the_wire() -> None:
    assert await read_body(in_pieces(gzip.compress(b"x" * CAP), 99), "gzip", CAP) == b"x" * CAP
    with pytest.raises(TooLarge):
        await read_body(in_pieces(gzip.compress(b"x" * CAP), 99), "gzip", CAP - 1)
    with pytest.raises(TooLarge):
        await read_body(in_pieces(gzip.compress(b"") + b"\0" * CAP, 99), "gzip", CAP)


# ---------------------------------------------------------------- broken HTTP


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        b"garbage\r\n\r\n",
        b"<rss><channel/></rss>",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 20 Short\r\n\r\n",
        b"HTTP/1.1 2000 Long\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nna me: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot a hundred bytes",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 100 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: x\r\n" * 30_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 300_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail.example ESMTP\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(range(256)),
    ],
)
async def test_broken_http_is_a_failure_and_never_an_exception_or_half_a_document(
    web: ScriptedWeb, wire: bytes
) -> None:
    failed = await failure(web.script("/feed", Answer(raw=wire)))
    assert failed.reason in (Reason.PROTOCOL, Reason.CONNECT)


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.0 200 OK\r\n\r\n" + FEED,
        b"HTTP/1.1 200\r\n\r\n" + FEED,
        b"HTTP/1.1 200 \r\n\r\n" + FEED,
        b"HTTP/1.1 200 OK\n\n" + FEED,
        b"HTTP/1.1 200 \xe6\x88\x90\xe5\x8a\x9f\r\n\r\n" + FEED,
        b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n  b\r\n\r\n" + FEED,
        b"HTTP/1.1 200 OK\r\nServer: caf\xe9\r\n\r\n" + FEED,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + FEED,
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s and more" % (len(FEED), FEED),
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Length: %d\r\n\r\n%s" % (len(FEED), len(FEED), FEED),
        head("Transfer-Encoding: chunked") + chunked(FEED[:5], FEED[5:]),
        head("Transfer-Encoding: chunked") + b"%x;name=value\r\n%s\r\n0\r\nX-Trailer: x\r\n\r\n" % (len(FEED), FEED),
    ],
)
async def test_http_that_is_odd_but_clear_is_read(web: ScriptedWeb, wire: bytes) -> None:
    assert (await document(web.script("/feed", Answer(raw=wire)))).body == FEED


async def test_a_connection_reset_in_the_middle_of_a_body_is_a_failure() -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("Content-Length: 100") + b"half")
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with talking(reset) as url:
        assert (await failure(url)).reason in (Reason.CONNECT, Reason.PROTOCOL)


async def test_a_refused_connection_is_a_failure() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and not listening
        failed = await failure(f"http://127.0.0.1:{nobody.getsockname()[1]}/")
    assert failed.reason is Reason.CONNECT


# ---------------------------------------------------------------- TLS


async def test_a_server_that_does_not_speak_tls_is_a_tls_failure() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        failed = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert failed.reason is Reason.TLS


async def test_a_certificate_that_nobody_vouches_for_is_a_tls_failure(tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    pem.write_text(OWN_CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(10))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        failed = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert failed.reason is Reason.TLS
    assert failed.detail.startswith("the certificate is not valid: ")
    assert b"".join(asked) == b"", "not a byte of a request"


@asynccontextmanager
async def serving_tls(folder: Path, answer: bytes) -> AsyncIterator[str]:
    """A server on the loopback whose certificate nobody vouches for; gives its address."""
    pem = folder / "own.pem"
    pem.write_text(OWN_CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side had enough
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_any_certificate_is_taken_from_a_source_that_says_so_and_from_no_other(tmp_path: Path) -> None:
    async with serving_tls(tmp_path, head() + FEED) as url, fetcher() as door:
        insecure = replace(source(url), insecure_tls=True)
        found = await door.fetch(insecure, visit())
        assert isinstance(found, Document)
        assert found.body == FEED
        refused = await door.fetch(source(url), visit())  # right behind it, over the handle that was used then
        assert isinstance(refused, Failed)
        assert refused.reason is Reason.TLS


async def test_an_insecure_source_cannot_lead_to_an_insecure_elsewhere(web: ScriptedWeb, tmp_path: Path) -> None:
    async with serving_tls(tmp_path, head() + FEED) as elsewhere:
        moved = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % elsewhere.encode()
        async with serving_tls(tmp_path, moved) as url:
            insecure = replace(source(url), insecure_tls=True)
            assert (await failure(insecure, allow_private="127.0.0.1")).reason is Reason.TLS
        plain = web.script("/start", Answer(b"", 302, {"Location": elsewhere}))
        insecure = replace(source(plain), insecure_tls=True)
        assert (await failure(insecure, allow_private="127.0.0.1")).reason is Reason.TLS


# ---------------------------------------------------------------- one deadline


async def drip(writer: asyncio.StreamWriter, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.05)


async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def stop_in_the_headers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-")
    await asyncio.Event().wait()


async def stop_before_the_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("Content-Length: 10"))
    await asyncio.Event().wait()


async def stop_in_the_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head() + FEED)
    await asyncio.Event().wait()


async def drip_the_headers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await drip(writer, (bytes([byte]) for byte in head(f"X: {'x' * 500}")))


async def drip_the_body(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head())
    await drip(writer, (b"x" for _ in range(1000)))


async def drip_chunks(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("Transfer-Encoding: chunked"))
    await drip(writer, (b"1\r\nx\r\n" for _ in range(1000)))


async def drip_interim_answers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await drip(writer, (b"HTTP/1.1 102 Processing\r\n\r\n" for _ in range(1000)))


async def redirect_slowly_to_itself(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.3)
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize(
    "conversation",
    [
        say_nothing,
        stop_in_the_headers,
        stop_before_the_body,
        stop_in_the_body,
        drip_the_headers,
        drip_the_body,
        drip_chunks,
        drip_interim_answers,
        redirect_slowly_to_itself,
    ],
)
async def test_whatever_a_server_does_it_ends_at_the_deadline(conversation: object) -> None:
    loop = asyncio.get_running_loop()
    async with talking(conversation) as url:  # type: ignore[arg-type]
        began = loop.time()
        failed = await failure(url, timeout="1s", max_redirects=20)
        took = loop.time() - began
    assert failed.reason is Reason.TIMEOUT
    assert "1 s" in failed.detail
    assert took > 0.99


async def test_a_server_that_never_shakes_hands_over_tls_ends_at_the_deadline() -> None:
    hung_up = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        hung_up.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    failed = await failure(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", timeout="1s")
    assert failed.reason is Reason.TIMEOUT
    async with asyncio.timeout(PATIENCE):
        await hung_up.wait()  # else each such server would cost a connection for good
    server.close()


async def test_a_server_that_never_takes_the_connection_up_ends_at_the_deadline() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the only place in the queue is taken
            failed = await failure(f"http://127.0.0.1:{port}/", timeout="1s")
    assert failed.reason is Reason.TIMEOUT


async def test_a_slow_answer_inside_the_deadline_arrives_whole(web: ScriptedWeb) -> None:
    url = web.script("/feed", Answer(b"<rss/>", drip_seconds=0.02))
    assert (await document(url, timeout="5s")).body == b"<rss/>"


async def test_a_fetch_that_is_cancelled_ends_at_once_and_leaves_the_fetcher_usable(web: ScriptedWeb) -> None:
    arrived = threading.Event()

    def hang(_: Request) -> Answer:
        arrived.set()
        return Answer(hang=True)

    hanging = web.script("/hangs", hang)
    good = web.script("/feed", Answer(FEED))
    async with fetcher(concurrency=1) as door:
        task = asyncio.create_task(door.fetch(source(hanging), visit()))
        assert await asyncio.to_thread(arrived.wait, PATIENCE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert isinstance(await door.fetch(source(good), visit()), Document)


async def test_many_failures_do_not_use_up_the_connections(web: ScriptedWeb) -> None:
    answers = (Answer(raw=b"garbage"), Answer(b"", 404), Answer(b"x" * 5000), Answer(status=200, hang=True))
    urls = [web.script(f"/{number}", answer) for number, answer in enumerate(answers)]
    good = web.script("/feed", Answer(FEED))
    async with fetcher(concurrency=2, timeout="3s", max_bytes=1000) as door:
        for url in (urls * 2)[:7]:
            assert isinstance(await door.fetch(source(url), visit()), Failed)
        assert isinstance(await door.fetch(source(good), visit()), Document)


# Made for this test, and trusted by nobody.
OWN_CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7wiN/MckMRiChMLx
5G0bewGH80SiBcRpR5LLuEwji2mhRANCAASBtEkR2X1+NCSfVGXq50NHkgE1Bv3+
3GS4R48GZA0rWI6NdYz/5Z3nafu4XhbICdZm7TuKnn7Iyo0ZmSoCPWv6
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUYEuKmFTADH14kNvzMB5fnFTe5XcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMzA5MDUzM1oYDzIxMjYxMDMw
MDkwNTMzWjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASBtEkR2X1+NCSfVGXq50NHkgE1Bv3+3GS4R48GZA0rWI6NdYz/5Z3n
afu4XhbICdZm7TuKnn7Iyo0ZmSoCPWv6o2QwYjAdBgNVHQ4EFgQUVWtQ+xAydEmF
iNl4kUf+9YAW3oAwHwYDVR0jBBgwFoAUVWtQ+xAydEmFiNl4kUf+9YAW3oAwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
ICQRVtoHlW4fb3E5hD3SYpnQuYwh3UVtXjEYbXuYlp/LAiEAwmqjYNhOsys81Yr7
cbbU4SGgfySQ20Jp0Kd4FTXlqcU=
-----END CERTIFICATE-----
"""


async def test_long_bodies_are_hashed_as_short_ones_are() -> None:
    for body in (b"", FEED, FEED * (1 + 2 * LIGHT // len(FEED))):
        assert await hash_of(body) == hashlib.blake2b(body, digest_size=16).hexdigest()


async def test_a_server_that_sends_faster_than_we_take_leaves_the_event_loop_to_others() -> None:
    sent = 6 * MIB

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % sent + b"x" * sent)
        await writer.drain()

    turns = 0

    async def turn_by_turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with talking(pour) as url:
        others = asyncio.create_task(turn_by_turn())
        answer = await transport("127.0.0.0/8").get(url, [])
        taken, at_a_stretch, longest, before = 0, 0, 0, turns
        async for chunk in answer.chunks():
            taken += len(chunk)
            at_a_stretch = len(chunk) + (at_a_stretch if turns == before else 0)
            longest, before = max(longest, at_a_stretch), turns
        others.cancel()
    assert taken == sent
    assert longest <= 2 * MOST_WAITING, "no more than what may wait between us and the wire"
