"""Requests as bytes on a connection: in order, bounded in size and time, answered alike on both ways through."""

from __future__ import annotations

import asyncio
import re
import socket
import tracemalloc
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import uvicorn
import uvloop
from conftest import PATIENCE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from serving import port_of, put, raw, serving, site
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from aggregator.web.app import create_app
from aggregator.web.audience import Audience
from aggregator.web.lane import LONGEST_KNOWN, MOST_HEAD, MOST_KNOWN, Asked, FastLane, Known
from aggregator.web.server import Server

END = b"Connection: close\r\n\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "a.txt", b"A" * 100)
    put(tmp_path / "b.txt", b"B" * 10)
    put(tmp_path / "large.bin", bytes(2_000_000), forms=None)
    return tmp_path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that no test changes."""
    there = tmp_path_factory.mktemp("published")
    put(there / "a.txt", b"A" * 100)
    put(there / "b.txt", b"B" * 10)
    return there


def request(target: str, *, method: str = "GET", more: bytes = b"") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\n".encode() + more


def without_date(answer: bytes) -> bytes:
    return re.sub(rb"\r\ndate: [^\r]*", b"", answer)


async def test_pipelined_requests_are_answered_in_their_order_whichever_way_they_go(folder: Path) -> None:
    async with site(folder) as client:
        # %61 is "a": such a path goes the usual way, as does /healthz.
        targets = ["/a.txt", "/%61.txt", "/b.txt", "/healthz", "/none", "/%62.txt", "/a.txt"]
        asked = b"".join(request(target) + b"\r\n" for target in targets[:-1]) + request(targets[-1]) + END
        answers = await raw(port_of(client), asked)
    bodies = re.findall(rb"HTTP/1\.1 (\d+) [^\r]*\r\n.*?\r\n\r\n(A{100}|B{10}|ok|not found\n)", answers, re.DOTALL)
    assert [int(status) for status, _ in bodies] == [200, 200, 200, 200, 404, 200, 200]
    assert [body[:2] for _, body in bodies] == [b"AA", b"AA", b"BB", b"ok", b"no", b"BB", b"AA"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("more", [b"", b"Accept-Encoding: gzip\r\n", b"If-None-Match: *\r\n", b'If-Match: "x"\r\n'])
async def test_both_ways_give_the_same_answer(folder: Path, method: str, more: bytes) -> None:
    async with site(folder) as client:
        quick, usual = [
            await raw(port_of(client), request(target, method=method, more=more) + END)
            for target in ("/a.txt", "/%61.txt")
        ]
    assert without_date(quick).lower() == without_date(usual).lower()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_connection_is_kept_or_closed_as_http_says(folder: Path, version: str) -> None:
    async with site(folder) as client:
        last = b"Connection: close\r\n" if version == "1.1" else b""
        answer = await raw(port_of(client), f"GET /b.txt HTTP/{version}\r\nHost: x\r\n".encode() + last + b"\r\n")
    assert answer.endswith(b"\r\n\r\n" + b"B" * 10)
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize(
    "junk",
    # Just past the bound: who sends much more is cut off before it has read the refusal.
    [b"X-Long: " + b"x" * MOST_HEAD, b"X-Y: zz\r\n" * (MOST_HEAD // 9 + 1)],
    ids=["one endless line", "endless lines"],
)
async def test_a_head_without_end_is_refused_and_nothing_of_it_kept(folder: Path, junk: bytes) -> None:
    async with site(folder) as client:
        answer = await raw(port_of(client), request("/a.txt") + junk)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert (await client.get("/b.txt")).status_code == 200


async def test_an_address_of_ten_kilobytes_is_no_more_than_not_found(folder: Path) -> None:
    async with site(folder) as client:
        for target in ("/" + "a" * 10_000, "/" + "a/" * 5_000, "/" + "%61" * 3_333, "/" + "../" * 3_333 + "etc/passwd"):
            assert (await raw(port_of(client), request(target) + END)).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    "sent", [b"", b"GET /a.txt HT", request("/a.txt") + b"\r\n", request("/a.txt", more=b"X-Slow:")]
)
async def test_a_connection_on_which_nothing_happens_is_closed(folder: Path, sent: bytes) -> None:
    app = create_app(folder, readiness=lambda: None, audience=Audience())
    server = Server(app, "127.0.0.1", 0, patience=0.05)
    await server.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(sent)
        try:
            got = await asyncio.wait_for(reader.read(), PATIENCE)
        except ConnectionResetError:
            got = b""
        assert got.startswith(b"HTTP/1.1 200 ") is sent.endswith(b"\r\n\r\n")
        writer.close()
    finally:
        await server.stop(0)


async def test_a_client_that_takes_slowly_but_takes_is_not_cut_off(folder: Path) -> None:
    app = create_app(folder, readiness=lambda: None, audience=Audience())
    server = Server(app, "127.0.0.1", 0, patience=0.05)
    await server.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(request("/large.bin") + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        taken = 0
        while taken < 2_000_000:
            taken += len(await asyncio.wait_for(reader.read(40_000), PATIENCE))
            await asyncio.sleep(0.005)  # it is slow, which is what this is about
        assert taken == 2_000_000
        writer.close()
    finally:
        await server.stop(0)


def test_all_who_take_a_file_slowly_hold_the_same_bytes_of_it(folder: Path) -> None:
    many, length = 10, 8_000_000  # more than what the system takes for a connection
    put(folder / "larger.bin", bytes(length), forms=None)

    async def held() -> int:
        """How many bytes they hold when they have read no more than the head."""
        async with site(folder) as client, AsyncExitStack() as opened:
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(many):
                slow = socket.create_connection(("127.0.0.1", port_of(client)))
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                reader, writer = await asyncio.open_connection(sock=slow, limit=1024)
                opened.callback(writer.transport.abort)
                writer.write(request("/larger.bin") + b"\r\n")
                await reader.readuntil(b"\r\n\r\n")
            return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as `run` has it
            assert runner.run(held()) < many * length / 4
    finally:
        tracemalloc.stop()


async def test_an_application_without_answers_at_once_is_served_the_usual_way() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"hi"})

    async with serving(app) as server, httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        assert (await client.get("/a.txt")).text == "hi"


async def test_a_get_with_a_body_is_answered_and_its_body_is_no_next_request(folder: Path) -> None:
    smuggled = b"GET /b.txt HTTP/1.1\r\nHost: x\r\n\r\n"
    async with site(folder) as client:
        length = b"Content-Length: %d\r\n\r\n" % len(smuggled)
        answer = await raw(port_of(client), request("/a.txt", more=length) + smuggled + request("/none") + END)
    assert answer.count(b"HTTP/1.1 ") == 2
    assert b"BBBB" not in answer


# ---------------------------------------------------------------- requests that are known by their bytes


class Wire(asyncio.Transport):
    """Takes what a connection sends."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:  # type: ignore[override]  # nothing else is written
        self.sent += b"" if self.closed else data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    abort = close
    pause_reading = resume_reading = lambda _self: None

    def get_write_buffer_size(self) -> int:
        return 0


def lane_over(wire: Wire, folder: Path, known: Known | None) -> FastLane:
    """A connection that has begun."""
    config = uvicorn.Config(
        create_app(folder, readiness=lambda: None, audience=Audience()),
        interface="asgi3",
        lifespan="off",
        ws="none",
        log_config=None,
        proxy_headers=False,
        access_log=False,
    )
    config.load()
    lane = FastLane(config=config, server_state=ServerState(), app_state={}, known=known)
    lane.connection_made(wire)
    return lane


async def exchanged(folder: Path, chunks: list[bytes], known: Known | None) -> bytes:
    """What comes back on one connection for bytes that arrive in these pieces, each answered before the next."""
    wire = Wire()
    lane = lane_over(wire, folder, known)
    for chunk in chunks:
        if not wire.closed:
            lane.data_received(chunk)
            while lane.tasks:
                await asyncio.gather(*lane.tasks)
    lane.connection_lost(None)  # type: ignore[arg-type]  # as when it ends well
    return without_date(wire.sent)


ASKED = [
    request("/a.txt", more=b"\r\n"),
    request("/b.txt", more=b"If-None-Match: *\r\n\r\n"),
    request("/b.txt", method="HEAD", more=b"\r\n"),
    request("/none", more=b"\r\n"),
    request("/healthz", more=b"\r\n"),  # goes the usual way
    request("/%61.txt", more=b"\r\n"),
    request("/a.txt", more=b"Content-Length: 0\r\n\r\n"),
    request("/a.txt", method="POST", more=b"Content-Length: %d\r\n\r\n" % len(request("/a.txt", more=b"\r\n"))),
    request("/a.txt", more=b"Connection: Upgrade\r\nUpgrade: x\r\n\r\n"),
    request("/a.txt", method="CONNECT", more=b"\r\n"),
    request("/b.txt", more=END),
    b"GET /a.txt HTTP/1.0\r\n\r\n",
    b"GET /a.txt",
    b" HTTP/1.1\r\nX:",
    b"nonsense\r\n\r\n",
    b"\r\n",
]
WHOLE = ASKED[0]


@settings(deadline=None)
@given(chunks=st.lists(st.lists(st.sampled_from(ASKED), min_size=1, max_size=2).map(b"".join), max_size=8))
@example(chunks=[b"GET /b.txt HTTP/1.1\r\nX: ", WHOLE, WHOLE])  # in a head
@example(chunks=[ASKED[7], WHOLE, WHOLE])  # as the body of another
@example(chunks=[ASKED[8], WHOLE])  # behind what asks for another protocol
@example(chunks=[ASKED[9], WHOLE])
@example(chunks=[WHOLE + ASKED[12], WHOLE, WHOLE])
def test_what_is_known_by_heart_is_answered_as_what_is_read(published: Path, chunks: list[bytes]) -> None:
    known: Known = {}

    async def all_of() -> tuple[bytes, bytes]:
        await exchanged(published, list(ASKED), known)
        for whole in ASKED[:4]:
            await exchanged(published, [whole], known)
        return await exchanged(published, chunks, known), await exchanged(published, chunks, None)

    by_heart, read = asyncio.run(all_of())
    assert by_heart == read
    assert set(known) >= set(ASKED[:4])


async def test_only_whole_requests_without_a_body_are_known(folder: Path) -> None:
    known: Known = {}
    for chunks in [[one] for one in ASKED] + [[WHOLE, WHOLE], [WHOLE + WHOLE], [WHOLE[:9], WHOLE[9:]]]:
        await exchanged(folder, chunks, known)
    assert set(known) == set(ASKED[:4])


async def test_what_is_known_is_answered_from_the_file_as_it_is_now(folder: Path) -> None:
    known: Known = {}
    before = await exchanged(folder, [ASKED[0]], known)
    put(folder / "a.txt", b"B" * 50)
    after = await exchanged(folder, [ASKED[0]], known)
    assert (before[-100:], after[-50:]) == (b"A" * 100, b"B" * 50)


@pytest.mark.parametrize("before", [ASKED[4], ASKED[6], ASKED[8], ASKED[9]])
async def test_behind_a_request_that_goes_the_usual_way_all_are_read(folder: Path, before: bytes) -> None:
    wrong: Known = {WHOLE: Asked("GET", "/b.txt", {})}
    assert (await exchanged(folder, [WHOLE, WHOLE], wrong)).endswith(b"B" * 10)
    assert (await exchanged(folder, [before, WHOLE], wrong)).endswith(b"A" * 100)


async def lane_that_knows(wire: Wire, folder: Path) -> FastLane:
    """A connection to a server that has been asked for `WHOLE` before."""
    known: Known = {}
    await exchanged(folder, [WHOLE], known)
    return lane_over(wire, folder, known)


async def test_what_is_known_waits_for_a_client_that_does_not_take(folder: Path) -> None:
    wire = Wire()
    lane = await lane_that_knows(wire, folder)
    lane.pause_writing()
    lane.data_received(WHOLE)
    assert wire.sent == b""
    lane.resume_writing()
    await asyncio.gather(*lane.tasks)
    assert wire.sent.endswith(b"A" * 100)


async def test_what_is_known_is_not_looked_for_when_the_connection_closes(folder: Path) -> None:
    wire = Wire()
    lane = await lane_that_knows(wire, folder)
    wire.close()
    lane.data_received(WHOLE)
    assert lane.server_state.total_requests == 0


async def test_no_more_is_known_than_fits(folder: Path) -> None:
    known: Known = {}
    flood = [request("/b.txt", more=b"X: %d\r\n\r\n" % number) for number in range(3 * MOST_KNOWN // 2)]
    await exchanged(folder, flood, known)
    assert 0 < len(known) <= MOST_KNOWN
    known.clear()
    await exchanged(folder, [request("/b.txt", more=b"X: " + b"x" * LONGEST_KNOWN + b"\r\n\r\n")], known)
    assert not known
