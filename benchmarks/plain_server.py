"""Serves the farm's files where there is no nginx, with the same ETags and over TLS too; slower, and that is all."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

from benchmarks.farm import host


async def serve(folder: Path, feeds: int, http: int, https: int) -> None:
    """Serve until killed."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(folder / "feeds" / head.split(b" ", 2)[1].decode().strip("/"), head))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side had enough
        finally:
            writer.close()

    await asyncio.start_server(client, "0.0.0.0", http, backlog=1024)
    for number in range(feeds):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{host(number)}.pem", folder / "leaf.key")
        await asyncio.start_server(client, host(number), https, ssl=context, backlog=1024)
    await asyncio.Event().wait()


def _answer(file: Path, head: bytes) -> bytes:
    state = file.stat()
    etag = b'"%x-%x"' % (int(state.st_mtime), state.st_size)
    common = b"ETag: %b\r\nConnection: close\r\n" % etag
    if b"if-none-match: " + etag in head.lower():
        return b"HTTP/1.1 304 Not Modified\r\n%b\r\n" % common
    body = file.read_bytes()
    kind = b"Content-Type: application/xml\r\nContent-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 200 OK\r\n%b%b\r\n%b" % (kind, common, body)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), *map(int, sys.argv[2:])))
