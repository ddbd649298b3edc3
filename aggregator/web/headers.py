"""The response headers: what every answer carries, and what a published file carries beside that."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import PurePosixPath

Headers = tuple[tuple[bytes, bytes], ...]
"""Header lines as ASGI wants them: lower-case names, latin-1 values."""

INDEX = "index.html"
FEEDS = {"atom": "feed.atom", "rss": "feed.rss", "json": "feed.json"}
"""The file name of a page's feed in each format that readers subscribe to."""

# Pages show pictures of publishers (http and https) and load nothing else from anywhere; feeds load nothing.
_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src http: https: data:; "
    b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY: Headers = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)

COMMON: Headers = (
    *SECURITY,
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"*"),
)
"""On every answer: what is published is public, so any page may read it; nobody may sniff or frame it."""

# A minute for feeds, pages and style alike: no name has a fingerprint, so a longer promise would show old
# style with new pages. After the minute a validator makes it a 304 of a few hundred bytes.
CACHE = (b"cache-control", b"public, max-age=60")

# A closed month gains nothing any more, so nobody need ask again while they have it. Not for a year, though it never
# changes by itself: an entry that is removed has to leave the caches too.
ARCHIVE_CACHE = (b"cache-control", b"public, max-age=86400, immutable")

NO_STORE = (b"cache-control", b"no-store")

VARY = (b"vary", b"accept-encoding")

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


def is_feed(name: str) -> bool:
    """Whether readers subscribe to a published file."""
    return name.rpartition("/")[2] in FEEDS.values()


def cache_of(name: str) -> tuple[bytes, bytes]:
    """How long a published file may be kept without asking (RFC 9111 §5.2.2, RFC 8246)."""
    folder, _, last = name.rpartition("/")
    # A page of the history changes with the looks of the site, and must not show new markup in an old style.
    return ARCHIVE_CACHE if folder.endswith("/archive") and not last.endswith(".html") else CACHE


def file_headers(
    name: str, *, etag: str, modified: int | None, length: int, coding: str = "", link: bytes | None = None
) -> tuple[Headers, Headers]:
    """The headers of a published file in one coding ("" is none): those of a 200, and those of its 304.

    `etag` is a whole entity-tag with its quotes, `modified` in seconds since 1970 if that is to be told, `length` in
    bytes. A 304 repeats what a cache needs to refresh what it stored, and no description of a body (RFC 9110 §15.4.5).
    """
    # Not strftime: the names of days must not follow the locale of the process.
    dated = () if modified is None else ((b"last-modified", formatdate(modified, usegmt=True).encode("ascii")),)
    validators: Headers = ((b"etag", etag.encode("ascii")), *dated, cache_of(name), VARY)
    described: Headers = (
        (b"content-type", media_type(name).encode("ascii")),
        (b"content-length", str(length).encode("ascii")),
        # A feed is read whole. Saying so keeps clients from trying ranges (RFC 9110 §14.3).
        (b"accept-ranges", b"none"),
    )
    if coding:
        described = (*described, (b"content-encoding", coding.encode("ascii")))
    linked: Headers = ((b"link", link),) if link else ()
    return described + validators + linked + COMMON, validators + COMMON
