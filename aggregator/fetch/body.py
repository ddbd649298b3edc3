"""Reads a response body under a cap, undoing at most one content coding with a bound of its own.

httpx inflates before a caller can count (494 bytes became 200 MB), so the raw bytes are taken and inflated here.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

ACCEPTED = "gzip, deflate"  # what is sent as Accept-Encoding
GZIP_MAGIC = b"\x1f\x8b\x08"
MOST_MEMBERS = 200  # of a gzip body; compressors that work in blocks make one for each 64 KiB or more


class TooLarge(Exception):  # noqa: N818  (an end, not a bug)
    """The body is longer than the cap."""


class BadCoding(Exception):  # noqa: N818
    """The content coding is unknown, doubled, or not what it says."""


async def read_body(chunks: AsyncIterator[bytes], coding: str, cap: int) -> bytes:
    """The whole decoded body (RFC 9110 §8.4). Raises `TooLarge` over `cap` bytes (wire or decoded), `BadCoding`."""
    name = coding.strip().lower()
    if name not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise BadCoding(f"content coding {name[:40]!r} was not asked for")
    received = bytearray()
    async for chunk in chunks:
        received += chunk
        if len(received) > cap:
            raise TooLarge
    body = bytes(received)
    # Feeds kept as .gz files are served without a word of it; servers that inflate on the way forget to unsay it.
    if body.startswith(GZIP_MAGIC):
        return _inflate(body, 31, cap)
    if name == "deflate" and body:
        # RFC 9110 §8.4.1.2 means the zlib format; many send the bare stream.
        return _inflate(body, 15 if body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0 else -15, cap)
    return body


def _inflate(compressed: bytes, wbits: int, cap: int) -> bytes:
    """All members of a compressed body, never making more than `cap` bytes."""
    out = bytearray()
    start = 0
    # Each member copies what follows it: without a bound, 10 MiB of empty members take minutes.
    for _ in range(MOST_MEMBERS):
        inflater = zlib.decompressobj(wbits)
        try:
            out += inflater.decompress(memoryview(compressed)[start:], cap + 1 - len(out))
        except zlib.error as error:
            if start:
                return bytes(out)  # whole members, then junk: as gunzip does, the junk is left alone
            raise BadCoding("the compressed body is damaged") from error
        if len(out) > cap:
            raise TooLarge
        if not inflater.eof:
            raise BadCoding("the compressed body ends early")
        start = len(compressed) - len(inflater.unused_data)
        if not compressed.startswith(GZIP_MAGIC, start):
            return bytes(out)
    raise BadCoding(f"the compressed body has more than {MOST_MEMBERS} members")
