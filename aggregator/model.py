"""The shapes that travel through the house; each docstring is the list of what its shape promises.

All of them are frozen. Times are aware and in UTC unless said otherwise. *Theirs → clean → ours*: a `Draft`
promises nothing, an `Entry` promises everything below, and nobody downstream checks a promise again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

# ---------------------------------------------------------------- what the operator asked for


@dataclass(frozen=True, slots=True)
class Person:
    """A person construct (RFC 4287 §3.2): `name` is never empty; `uri` is an absolute http(s) URL."""

    name: str
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """The published site as a whole. `base_url` has no trailing slash and is the only origin in any output."""

    title: str
    base_url: str
    language: str
    timezone: str
    author: Person | None = None
    contact: str | None = None
    rights: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One published category. `slug` can stand in an address; `attribution` None means no visible line."""

    slug: str
    title: str
    attribution: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class Source:
    """One source as configured: `id` is stable (survives a change of `url`), `url` is absolute http(s).

    `url` and `headers` may hold secrets: neither is ever shown, logged or published; `public_url` is. `adapts` says
    that a source which publishes rarely may be polled less often than each `interval`;
    `insecure_tls`, that any certificate of its own origin is taken.
    """

    id: str
    kind: str
    url: str
    public_url: str
    categories: tuple[str, ...]
    interval: timedelta
    min_interval: timedelta
    max_interval: timedelta
    adapts: bool = False
    enabled: bool = True
    title: str | None = None
    html_url: str | None = None
    rights: str | None = None
    timezone: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    insecure_tls: bool = False

    @property
    def pages(self) -> tuple[str, ...]:
        """The folders of the pages that its entries stand on: everything, its categories, its own."""
        categories = (category_page(slug) for slug in (EVERYTHING, *self.categories))
        return (*categories, source_page(self.id))


HOME = ""  # the folder of the home page
EVERYTHING = "all"  # the slug of the category that shows everything


def category_page(slug: str) -> str:
    """The folder of a category's page."""
    return f"category/{slug}/"


def source_page(source_id: str) -> str:
    """The folder of a source's page."""
    return f"source/{source_id}/"


# ---------------------------------------------------------------- a fetch, and its three ends


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


# ---------------------------------------------------------------- theirs


@dataclass(frozen=True, slots=True)
class Markup:
    """Text as found: `type` is a media type, `base` the address that relative references hang on."""

    value: str
    type: str = "text/plain"
    base: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date as found, and the naive UTC reading the parser made of it, if any."""

    text: str
    parsed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A category of the source's own (RFC 4287 §4.2.2): `term` is never empty once it is in an `Entry`."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An attached resource (RFC 4287 §4.2.7.2); `length` in bytes. In an `Entry`, `href` is absolute http(s)."""

    href: str
    type: str | None = None
    length: int | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class FeedFound:
    """What a document says of itself, or what an entry says of the feed it was first in; strings as found."""

    id: str | None = None
    title: Markup | None = None
    html_url: str | None = None
    self_url: str | None = None
    icon: str | None = None
    language: str | None = None
    rights: Markup | None = None
    updated: DateFound | None = None
    authors: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as its publisher wrote it. Promises nothing: every field may be missing or hostile."""

    id: str | None = None
    link: str | None = None
    title: Markup | None = None
    summary: Markup | None = None
    content: Markup | None = None
    published: DateFound | None = None
    updated: DateFound | None = None
    authors: tuple[Person, ...] = ()
    terms: tuple[Term, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    language: str | None = None
    rights: Markup | None = None
    source: FeedFound | None = None


@dataclass(frozen=True, slots=True)
class Cadence:
    """What a document says about when to come back.

    `ttl` (RSS 2.0) and `period` (RDF Site Summary, module Syndication) are at least a minute. `skip_hours` are hours of
    the day in GMT, 0 to 23, and `skip_days` days of the week in GMT, Monday being 0; neither ever holds all there are.
    """

    ttl: timedelta | None = None
    period: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One document as its publisher wrote it; `problems` lists, one line each, what was survived.

    `hashes` are those of the bytes of all its entries; empty where the document could not be cut at them. `drafts`
    leaves out the entries whose hash had been seen before.
    """

    feed: FeedFound
    drafts: tuple[Draft, ...]
    problems: tuple[str, ...] = ()
    hashes: frozenset[bytes] = frozenset()
    cadence: Cadence = Cadence()


# ---------------------------------------------------------------- ours


@dataclass(frozen=True, slots=True)
class Origin:
    """The feed that an entry came from, complete enough for `atom:source` (RFC 4287 §4.2.11).

    `id` is an IRI and `title` plain and non-empty; addresses are absolute http(s); `rights` is plain text.
    """

    id: str
    title: str
    self_url: str | None = None
    html_url: str | None = None
    icon: str | None = None
    language: str | None = None
    rights: str | None = None
    updated: datetime | None = None
    authors: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry we can stand behind.

    `key` identifies it inside its source and is unique in its document; `claim` is the source's own id when that
    is an IRI. `title` is plain and non-empty, `link` absolute http(s), `summary` and `content` sanitised HTML with
    absolute links (empty when there is none); all text is legal XML 1.0. Times are what the publisher said, never
    invented. `upstream` is the origin the entry already carried when the source itself is an aggregate.
    """

    key: str
    title: str
    link: str
    origin: Origin
    claim: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[Person, ...] = ()
    terms: tuple[Term, ...] = ()
    summary: str = ""
    content: str = ""
    language: str | None = None
    rights: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    upstream: Origin | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """One document, read and cleaned. `entries` are in the document's order; `problems` is what was survived.

    `hashes` is what the next poll may take as seen: those of all entries, or none when entries had to be told apart,
    which takes all of them together.
    """

    origin: Origin
    entries: tuple[Entry, ...]
    problems: tuple[str, ...] = ()
    hashes: frozenset[bytes] = frozenset()
    cadence: Cadence = Cadence()


@dataclass(frozen=True, slots=True)
class Kept:
    """Our copy of an entry.

    `id` is the permanent published id and `published` the permanent published time: settled at first sight as
    min(what the publisher said, `first_seen`), so a dateless entry never floats and a future date never sits on
    top. `updated` moves only with a real change. `revision` counts from 0. `number` is the row it stands in.
    """

    number: int
    source_id: str
    id: str
    entry: Entry
    published: datetime
    updated: datetime
    first_seen: datetime
    revision: int


# ---------------------------------------------------------------- what a poll decided


class Outcome(StrEnum):
    """How a poll ended; the words are what `status` shows."""

    NEW = "new"
    REVISED = "revised"
    SAME = "same"
    NOT_MODIFIED = "not-modified"
    FAILED = "failed"


class Why(StrEnum):
    """Why the next poll is due when it is; the words are what `status` shows."""

    INTERVAL = "interval"
    PACE = "pace"
    MAX_AGE = "max-age"
    EXPIRES = "expires"
    TTL = "ttl"
    UPDATE_PERIOD = "update-period"
    SKIP_HOURS = "skip-hours"
    SKIP_DAYS = "skip-days"
    RETRY_AFTER = "retry-after"
    BACKOFF = "backoff"
    HOST_BUSY = "host-busy"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Moving:
    """A source redirects for good to `to`, and has done so in every answer since `since`."""

    to: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """A source has answered 410 (RFC 9110 §15.5.11) `times` times in a row, first at `since`."""

    since: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Visit:
    """What the last poll of a source left behind; the only memory a poll has.

    `due` is None for a source that ended: it is polled only when named. `attempted` is written before the fetch,
    `finished` after it. `failures` counts failures in a row. `seen` holds the hashes of the entries in the
    document that was read last, 8 bytes each, `cadence` is what that said, `recent` the times of the newest entries in
    seconds since 1970, newest first. These are kept as they are stored, for most polls never look at them. `address` is
    where the source has moved for good, if it has.
    """

    source_id: str
    due: datetime | None
    why: Why = Why.INTERVAL
    attempted: datetime | None = None
    finished: datetime | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None
    detail: str = ""
    failures: int = 0
    validators: Validators | None = None
    body_hash: str | None = None
    seen: bytes = b""
    cadence: Cadence = Cadence()
    recent: tuple[int, ...] = ()
    address: str | None = None
    moving: Moving | None = None
    gone: Gone | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What `changes.decide` needs to know of an entry that is already kept."""

    number: int
    fingerprint: str
    published: datetime
    updated: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to keep from now on, its times settled."""

    entry: Entry
    fingerprint: str
    published: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class RevisedEntry:
    """A kept entry whose content changed: the new text for the row `number`."""

    number: int
    entry: Entry
    fingerprint: str
    updated: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything one poll decided; applied in one transaction, whatever the outcome was.

    `before` is what the poll before left behind. `host_busy_until` is set when the host asked to be left alone, and
    holds for all sources there.
    """

    source: Source
    visit: Visit
    new: tuple[NewEntry, ...] = ()
    revised: tuple[RevisedEntry, ...] = ()
    before: Visit | None = None
    host_busy_until: datetime | None = None


# ---------------------------------------------------------------- the way out


@dataclass(frozen=True, slots=True)
class Shown:
    """A kept entry as one page shows it: `authors` and `terms` are never empty, `terms` begins with our own.

    `attribution` is the visible line in plain text, or None. `origin` is what `atom:source` says; `via` the
    address of the feed we took the entry from. `source_title` and `source_page` name that feed to people;
    `source_page` is a folder of our own site ("source/lwn/").
    """

    id: str
    title: str
    link: str
    published: datetime
    updated: datetime
    authors: tuple[Person, ...]
    terms: tuple[Term, ...]
    summary: str
    content: str
    language: str | None
    rights: str | None
    enclosures: tuple[Enclosure, ...]
    origin: Origin
    via: str
    attribution: str | None
    source_title: str
    source_page: str


@dataclass(frozen=True, slots=True)
class Page:
    """One output, ready for any format. `path` is its folder under the site, with a trailing slash ("" is home).

    `updated` is that of its newest member (or None while it has none), never "now". `shown` is newest first.
    """

    path: str
    title: str
    site: Site
    updated: datetime | None
    shown: tuple[Shown, ...]
    html_url: str | None = None
    rights: str | None = None
    language: str | None = None

    @property
    def address(self) -> str:
        """The page's own absolute address."""
        return f"{self.site.base_url}/{self.path}"

    @property
    def feed_address(self) -> str:
        """The absolute address of the page's canonical feed."""
        return f"{self.address}feed.atom"


@dataclass(frozen=True, slots=True)
class Home:
    """The home page: the published categories, each with its newest entries, and the sources behind them.

    Of very many sources it has the first, and `more` says how many others there are.
    """

    site: Site
    everything: Page
    categories: tuple[Page, ...]
    sources: tuple[Page, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """Bytes for a path relative to the published folder; `problems` names what had to be left out."""

    path: str
    body: bytes = field(repr=False)
    problems: tuple[str, ...] = ()


class Receipt(StrEnum):
    """What happened to a rendered file."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
