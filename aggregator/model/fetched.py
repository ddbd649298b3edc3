"""A fetch, and its three ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal


class Reason(StrEnum):
    """Every way in which a poll can fail; the words are what `status` shows and never change."""

    DNS = "dns"
    ADDRESS_REFUSED = "address-refused"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    BAD_REDIRECT = "bad-redirect"
    TOO_MANY_REDIRECTS = "too-many-redirects"
    HTTP_STATUS = "http-status"
    TOO_LARGE = "too-large"
    BAD_CODING = "bad-coding"
    NOT_A_FEED = "not-a-feed"
    UNREADABLE = "unreadable"
    READER_TIMEOUT = "reader-timeout"
    READER_DIED = "reader-died"
    ROBOTS = "robots"
    UNEXPECTED = "unexpected"
    FILE = "file"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask again with (RFC 9110 §8.8), byte for byte as latin-1, and for which address."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What a response said about when to come back, as spans from now; None where it said nothing."""

    max_age: timedelta | None = None
    expires: timedelta | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A whole response body, decoded from its content coding and under the size cap.

    `url` is the final address after redirects, without credentials. `content_type` and `content_language` are
    the header values as found, `links` that of `Link` (RFC 8288). `body_hash` is the BLAKE2b of `body`. `moved_to` is
    `url` where every redirect on the way there was for good.
    """

    url: str
    body: bytes = field(repr=False)
    body_hash: str
    content_type: str = ""
    content_language: str = ""
    validators: Validators | None = None
    hints: Hints = Hints()
    moved_to: str | None = None
    links: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The source has what we already have: a 304 (RFC 9110 §15.4.5), or the same bytes again."""

    by: Literal["304", "body"]
    validators: Validators | None = None
    hints: Hints = Hints()
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A poll that got no readable document. `detail` is for people, one line, and holds no secret."""

    reason: Reason
    detail: str
    status: int | None = None
    hints: Hints = Hints()


Fetched = Document | Unchanged | Failed


class NamedBy(StrEnum):
    """What led to the address of a feed, the surest first; the words are for people."""

    HEADER = "Link header"
    LINK = "link element"
    ANCHOR = "hyperlink"
    GUESS = "usual place"


@dataclass(frozen=True, slots=True)
class FeedLink:
    """Where a feed may be: `url` is absolute http(s), without credentials; `title` printable, and may be empty."""

    url: str
    by: NamedBy
    title: str = ""
