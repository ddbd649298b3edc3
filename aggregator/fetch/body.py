"""Reads a response body under a cap, undoing at most one content coding with a bound of its own.

httpx inflates before a caller can count (494 bytes became 200 MB), so the raw bytes are taken and inflated here.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator

import brotli
import zstandard

ACCEPTED = "gzip, deflate, br, zstd"  # what is sent as Accept-Encoding
GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_WINDOW = 8 * 1024**2  # the most that this content coding may ask for (RFC 9659 §3)
MOST_MEMBERS = 200  # of a compressed body; compressors that work in blocks make one for each 64 KiB or more
STEP = 1024**2  # bytes made at a time, so that one who makes too many is found out with no more than that in excess
LIGHT = 256 * 1024  # bytes that are inflated or hashed in a millisecond; longer ones are no work for the event loop


class TooLarge(Exception):  # noqa: N818  (an end, not a bug)
    """The body is longer than the cap."""


class BadCoding(Exception):  # noqa: N818  (likewise)
    """The content coding is unknown, doubled, or not what it says."""


async def read_body(chunks: AsyncIterator[bytes], coding: str, cap: int) -> bytes:
    """The whole decoded body (RFC 9110 §8.4). Raises `TooLarge` over `cap` bytes (wire or decoded), `BadCoding`."""
    name = coding.strip().lower()
    if name not in ("", "identity", "gzip", "x-gzip", "deflate", "br", "zstd"):
        raise BadCoding(f"content coding {name[:40]!r} was not asked for")
    pieces, left = [], cap
    async for chunk in chunks:
        pieces.append(chunk)
        left -= len(chunk)
        if left < 0:
            raise TooLarge
    if cap - left <= LIGHT:
        try:
            return decode(b"".join(pieces), name, min(cap, LIGHT))
        except TooLarge:  # a hundred bytes can stand for 10 MiB, which everybody on the event loop would feel
            pass
    return await asyncio.to_thread(_decode_pieces, pieces, name, cap)


async def hash_of(body: bytes) -> str:
    """The BLAKE2b of a body, in hexadecimal."""
    return _hash(body) if len(body) <= LIGHT else await asyncio.to_thread(_hash, body)


def _hash(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _decode_pieces(pieces: list[bytes], name: str, cap: int) -> bytes:
    return decode(b"".join(pieces), name, cap)


def decode(body: bytes, name: str, cap: int) -> bytes:
    """A body without its content coding. Raises `TooLarge`, `BadCoding`."""
    if name == "br" and body:
        return _unbrotli(body, cap)
    # Servers that inflate on the way forget to unsay it.
    if name == "zstd" and body.startswith(ZSTD_MAGIC):
        return _unzstd(body, cap)
    # Feeds kept as .gz files are served without a word of it.
    if body.startswith(GZIP_MAGIC):
        return _inflate(body, 31, cap)
    if name == "deflate" and body:
        # RFC 9110 §8.4.1.2 means the zlib format; many send the bare stream.
        return _inflate(body, 15 if body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0 else -15, cap)
    return body


class _Pieces:
    """What came out so far, at most `cap` bytes of it."""

    def __init__(self, cap: int) -> None:
        self._pieces: list[bytes] = []
        self._left = cap

    def room(self) -> int:
        """How many bytes the next piece may have: one too many at most."""
        return min(STEP, self._left + 1)

    def add(self, piece: bytes) -> None:
        """Raises `TooLarge`."""
        self._pieces.append(piece)
        self._left -= len(piece)
        if self._left < 0:
            raise TooLarge

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self._pieces)


def _inflate(compressed: bytes, wbits: int, cap: int) -> bytes:
    """All members of a compressed body (RFC 1950, 1951, 1952), never making more than `cap` bytes."""
    out = _Pieces(cap)
    start = 0
    # Each member copies what follows it: without a bound, 10 MiB of empty members take minutes.
    for _ in range(MOST_MEMBERS):
        inflater = zlib.decompressobj(wbits)
        fed: bytes | memoryview = memoryview(compressed)[start:]
        try:
            while not inflater.eof:
                piece = inflater.decompress(fed, out.room())
                out.add(piece)
                fed = inflater.unconsumed_tail
                if not (piece or fed or inflater.eof):
                    raise BadCoding("the compressed body ends early")
        except zlib.error as error:
            if start:
                return out.whole()  # whole members, then junk: as gunzip does, the junk is left alone
            raise BadCoding("the compressed body is damaged") from error
        start = len(compressed) - len(inflater.unused_data)
        if not compressed.startswith(GZIP_MAGIC, start):
            return out.whole()
    raise BadCoding(f"the compressed body has more than {MOST_MEMBERS} members")


def _unbrotli(compressed: bytes, cap: int) -> bytes:
    """The one stream of a Brotli body (RFC 7932), never making more than `cap` bytes."""
    out = _Pieces(cap)
    decompressor = brotli.Decompressor()
    fed = compressed
    try:
        while not decompressor.is_finished():
            piece = decompressor.process(fed, output_buffer_limit=out.room())
            out.add(piece)
            if not (piece or fed or decompressor.is_finished()):
                raise BadCoding("the compressed body ends early")
            fed = b""
    except brotli.error as error:
        raise BadCoding("the compressed body is damaged") from error
    return out.whole()


def _unzstd(compressed: bytes, cap: int) -> bytes:
    """All frames of a Zstandard body (RFC 8878), never making more than `cap` bytes."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    try:
        # The library either bounds what comes out or says whether the end was there. So it is counted first.
        with decompressor.stream_reader(compressed, read_across_frames=True) as reader:
            left = cap
            while made := len(reader.read(64 * 1024)):
                left -= made
                if left < 0:
                    raise TooLarge
        out = _Pieces(cap)
        for _ in range(MOST_MEMBERS):
            frame = decompressor.decompressobj()
            out.add(frame.decompress(compressed))
            if not frame.eof:
                raise BadCoding("the compressed body ends early")
            compressed = frame.unused_data
            if not compressed.startswith(ZSTD_MAGIC):
                return out.whole()
    except zstandard.ZstdError as error:
        raise BadCoding("the compressed body is damaged") from error
    raise BadCoding(f"the compressed body has more than {MOST_MEMBERS} frames")
