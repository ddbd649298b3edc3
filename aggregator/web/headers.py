"""The response headers: what every answer carries, and what a published file carries beside that."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import PurePosixPath

Headers = tuple[tuple[bytes, bytes], ...]
"""Header lines as ASGI wants them: lower-case names, latin-1 values."""

# Pages show pictures of publishers (http and https) and load nothing else from anywhere; feeds load nothing.
_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src http: https: data:; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

COMMON: Headers = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"access-control-allow-origin", b"*"),
)
"""On every answer: what is published is public, so any page may read it; nobody may sniff or frame it."""

# A minute for feeds, pages and style alike: no name has a fingerprint, so a longer promise would show old
# style with new pages. After the minute a validator makes it a 304 of a few hundred bytes.
CACHE = (b"cache-control", b"public, max-age=60")

NO_STORE = (b"cache-control", b"no-store")

_TYPES = {
    ".atom": "application/atom+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".json": "application/feed+json; charset=utf-8",
    ".opml": "text/x-opml; charset=utf-8",
    # RFC 7303 §3.2: without a charset parameter the document's own declaration counts, and ours is right.
    ".xml": "application/xml",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
}


def media_type(name: str) -> str:
    """The media type of a published file by its name (RFC 9110 §8.3).

    A table of our own, because `mimetypes` reads the tables of the machine it happens to run on.
    """
    return _TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def file_headers(name: str, *, etag: str, modified: int, length: int) -> tuple[Headers, Headers]:
    """The headers of a published file: those of a 200, and those of its 304.

    `etag` is a whole entity-tag with its quotes, `modified` in seconds since 1970, `length` in bytes. A 304
    repeats what a cache needs to refresh what it stored, and no description of a body (RFC 9110 §15.4.5).
    """
    validators: Headers = (
        (b"etag", etag.encode("ascii")),
        # Not strftime: the names of days must not follow the locale of the process.
        (b"last-modified", formatdate(modified, usegmt=True).encode("ascii")),
        CACHE,
        (b"vary", b"accept-encoding"),
    )
    described: Headers = (
        (b"content-type", media_type(name).encode("ascii")),
        (b"content-length", str(length).encode("ascii")),
        # A feed is read whole. Saying so keeps clients from trying ranges (RFC 9110 §14.3).
        (b"accept-ranges", b"none"),
    )
    return described + validators + COMMON, validators + COMMON
