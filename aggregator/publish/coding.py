"""The compressed variants that lie beside a published file (docs/decisions/0026)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

import brotli

# Measured on a feed of 50 entries of 4 KB, as a share of its bytes and in ms: docs/performance.md.
GZIP_LEVEL, BROTLI_QUALITY = 6, 5
SMALLEST = 1024  # what fits into one packet gains nothing
TEXT = frozenset({".atom", ".rss", ".json", ".opml", ".html", ".css", ".xml", ".txt", ".svg", ".js"})


def _gzip(body: bytes) -> bytes:
    """RFC 1952 without a name and a time in it: same bytes in, same bytes out."""
    squeezer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    return squeezer.compress(body) + squeezer.flush()


def _brotli(body: bytes) -> bytes:
    """RFC 7932."""
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY))


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {"gzip": (".gz", _gzip), "br": (".br", _brotli)}
"""Each content coding (RFC 9110 §8.4.1) with the suffix of its files."""


def is_worth_it(path: str, length: int) -> bool:
    """Whether a file of this name and length is kept compressed too."""
    return length >= SMALLEST and PurePosixPath(path).suffix in TEXT
