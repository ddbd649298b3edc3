"""A farm of distinct feeds on loopback, each at an address of its own, so that every poll is a new host."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

ITEMS = 20
WORDS = (
    "A feed republisher polls what people list and keeps every entry once. ",
    "聚合器按时轮询来源，保存每一条目，并注明出处。",
)
# Which answer the farm gives, chosen by the first part of the path, so that one farm serves every measurement.
MODES = ("conditional", "same", "two-new")


def host(number: int) -> str:
    """The loopback address of a feed."""
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def document(number: int, newest: int = ITEMS) -> bytes:
    """Feed `number`: RSS or Atom, Latin or Chinese, 20 items, 30 to 60 KB; `newest` numbers its newest item."""
    text = WORDS[number % 2] * (30 if number % 2 == 0 else 18)
    numbers = range(newest, newest - ITEMS, -1)
    body = f"&lt;p&gt;{text}&lt;/p&gt;&lt;p&gt;&lt;a href=&quot;/more&quot;&gt;{number}&lt;/a&gt;&lt;/p&gt;"
    site = f"https://feed{number}.example"
    stamp = "2026-03-01T{:02}:{:02}:00Z"
    if number % 4 < 2:
        items = "".join(
            f"<entry><id>{site}/{n}</id><title>{n} of {number} {WORDS[number % 2]}</title><link href='{site}/{n}'/>"
            f"<updated>{stamp.format(n // 60 % 24, n % 60)}</updated><author><name>A {number}</name></author>"
            f"<category term='c{n % 5}'/><content type='html'>{body}</content></entry>"
            for n in numbers
        )
        head = (
            f"<id>{site}/</id><title>Feed {number}</title><link href='{site}/'/><updated>{stamp.format(1, 0)}</updated>"
        )
        return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{items}</feed>".encode()
    items = "".join(
        f"<item><guid>{site}/{n}</guid><title>Entry {n} of {number} {WORDS[number % 2]}</title><link>{site}/{n}</link>"
        f"<pubDate>Sun, 01 Mar 2026 {n // 60 % 24:02}:{n % 60:02}:00 GMT</pubDate><category>c{n % 5}</category>"
        f"<description>{body}</description></item>"
        for n in numbers
    )
    head = f"<title>Feed {number}</title><link>{site}/</link><description>d</description>"
    return f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode()


@contextmanager
def farm(feeds: int) -> Iterator[tuple[int, Connection]]:
    """A farm of so many feeds in a process of its own: its port, and a pipe that takes the mode it answers in."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(feeds, theirs), daemon=True)
    process.start()
    port: int = ours.recv()
    try:
        yield port, ours
    finally:
        process.terminate()
        process.join()


def _serve(feeds: int, pipe: Connection) -> None:
    asyncio.run(_listen(feeds, pipe))


async def _listen(feeds: int, pipe: Connection) -> None:
    first = {number: document(number) for number in range(feeds)}
    later = {number: document(number, ITEMS + 2) for number in range(0, feeds, 10)}
    mode = MODES[0]

    def switch() -> None:
        nonlocal mode
        mode = pipe.recv()
        pipe.send(mode)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        number = int(head.split(b" ", 2)[1].strip(b"/"))
        changed = mode == "two-new" and number in later
        body = later[number] if changed else first[number]
        etag = b'"%d-%d"' % (number, changed)
        if mode != "same" and b'if-none-match: "%d-%d"' % (number, changed) in head.lower():
            writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: %b\r\nConnection: close\r\n\r\n" % etag)
        else:
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nETag: %b\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n" % (etag, len(body)) + body
            )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(client, "0.0.0.0", 0, backlog=1024)
    pipe.send(server.sockets[0].getsockname()[1])
    asyncio.get_running_loop().add_reader(pipe.fileno(), switch)
    await server.serve_forever()
