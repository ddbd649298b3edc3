"""Hostile sources on loopback: every known way to hold up, fill up or fool whoever polls, and how it may end."""

from __future__ import annotations

import asyncio
import functools
import gzip
import random
import socket
import sys
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]

NAME_SERVER = "127.53.53.53"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
ITEM = "<item><guid>{0}</guid><title>{0}</title><link>https://h.example/{0}</link></item>"
CHANNEL = b"<rss version='2.0'><channel><title>h</title><link>https://h.example/</link>"
LAUGHS = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))


def _feed(items: str) -> bytes:
    return CHANNEL + items.encode() + b"</channel></rss>"


def _entry(html: str, author: str = "a") -> bytes:
    return _feed(
        f"<item><guid>1</guid><title>t</title><author>{author}</author><description>{html}</description></item>"
    )


def _zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(megabytes)), packer.flush()])


# Whole answers, by name: the body, and the content coding it claims.
BODIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "gzip-bomb": (lambda: _zeros(300), "gzip"),
    "gzip-members": (lambda: gzip.compress(b"") * 100_000, "gzip"),
    "gzip-lie": (lambda: b"this is not gzip", "gzip"),
    "item-flood": (lambda: _feed("".join(map(ITEM.format, range(100_000)))), ""),
    "nested-quotes": (lambda: _entry("&lt;blockquote&gt;" * 100_000), ""),
    "long-author": (lambda: _entry("x", "a.b-c" * 100_000 + "@"), ""),
    "open-comments": (lambda: _entry("&lt;!--" * 100_000), ""),
    "open-tags": (lambda: _entry("&lt;a &lt;table&gt;" * 100_000), ""),
    "deep-nesting": (lambda: _feed("<a>" * 100_000 + "</a>" * 100_000), ""),
    "many-attributes": (lambda: _feed("<item " + " ".join(f"a{n}='x'" for n in range(200_000)) + "/>"), ""),
    "one-long-text": (lambda: _feed(f"<item><title>{'x ' * 4_500_000}</title></item>"), ""),
    "laughs": (lambda: f"<!DOCTYPE r [<!ENTITY l0 'ha'>{LAUGHS}]>".encode() + _entry("&l9;"), ""),
    "fat-entity": (lambda: f"<!DOCTYPE r [<!ENTITY f '{'x' * 100_000}'>]>".encode() + _entry("&f;" * 10_000), ""),
    "outside-entity": (lambda: b"<!DOCTYPE r [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>" + _entry("&f;"), ""),
    "noise": (lambda: random.Random(1).randbytes(1_000_000), ""),
}


async def _drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n" + CHANNEL)
    await _drip(writer, b" ")


async def _drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"X-Slow: ")
    await _drip(writer, b"x")


async def _drip(writer: asyncio.StreamWriter, byte: bytes) -> None:
    while True:
        writer.write(byte)
        await writer.drain()
        await asyncio.sleep(0.5)


async def _endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        await writer.drain()


async def _endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n" + CHANNEL)
    for _ in range(100):
        writer.write(b" " * 1_000_000)
        await writer.drain()


async def _silence(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def _redirect_to_itself(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 302 Found\r\nLocation: ?again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()


PLAYS: dict[str, Play] = {
    "body-drip": _drip_body,
    "header-drip": _drip_headers,
    "endless-headers": _endless_headers,
    "endless-body": _endless_body,
    "silence": _silence,
    "redirect-loop": _redirect_to_itself,
}
HOLES = ("connect-hole", "dns-hole")
NAMES = (*PLAYS, *HOLES, *BODIES)

# How a poll of each may end, "" being a success; whatever is read in a worker may also cost the worker its life.
SURVIVED = frozenset({"", "not-a-feed", "unreadable", "reader-timeout", "reader-died"})
ENDS = {
    **dict.fromkeys(BODIES, SURVIVED),
    "body-drip": {"timeout"},
    "header-drip": {"timeout"},
    "silence": {"timeout"},
    "connect-hole": {"timeout", "connect"},
    "dns-hole": {"timeout", "dns"},
    "endless-headers": {"protocol", "too-large"},
    "endless-body": {"too-large"},
    "redirect-loop": {"too-many-redirects"},
    "gzip-bomb": {"too-large"},
    "gzip-members": {"bad-coding", "too-large"},
    "gzip-lie": {"bad-coding", "not-a-feed"},
    "one-long-text": SURVIVED | {"too-large"},
}


def host(number: int) -> str:
    """The loopback address of a hostile source."""
    return f"127.{200 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def url(name: str, number: int, port: int) -> str:
    """Where a hostile source is found; the hole that takes no connections has the next port."""
    if name == "dns-hole":
        return f"http://hole{number}.example/"
    return f"http://{host(number)}:{port + (name == 'connect-hole')}/{name}"


@functools.cache
def _whole(name: str) -> bytes:
    build, coding = BODIES[name]
    body = build()
    said = f"Content-Encoding: {coding}\r\n" if coding else ""
    return HEAD + f"{said}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


async def serve(port: int) -> None:
    """Serve until killed; say so in a line once everything is up."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            name = head.split(b" ", 2)[1].decode().strip("/").partition("?")[0]
            if name in PLAYS:
                await PLAYS[name](writer)
            else:
                writer.write(_whole(name))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side had enough
        finally:
            writer.close()

    for name in BODIES:
        _whole(name)
    with ExitStack() as stack:
        for hole in _holes(port + 1):
            stack.enter_context(hole)
        await asyncio.start_server(client, "0.0.0.0", port, backlog=1024)
        print("up", flush=True)
        await asyncio.Event().wait()


def _holes(port: int) -> Iterator[socket.socket]:
    """A socket whose queue of connections is full, so that dialling it hangs; and a name server that never answers."""
    full = socket.socket()
    full.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    full.bind(("0.0.0.0", port))
    full.listen(0)
    yield full
    for _ in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex((host(0), port))
        yield waiting
    mute = socket.socket(type=socket.SOCK_DGRAM)
    try:
        mute.bind((NAME_SERVER, 53))
    except OSError:
        print("port 53 is taken or forbidden; nobody is silent there", file=sys.stderr)
    yield mute


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
