"""What the publisher wrote: a `Draft` promises nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from aggregator.model.asked import Person
from aggregator.model.media import Enclosure, Episode, Image, Show


class Markup(msgspec.Struct, frozen=True):
    """Text as found: `type` is a media type, `base` the address that relative references hang on."""

    value: str
    type: str = "text/plain"
    base: str = ""
    language: str | None = None


class DateFound(msgspec.Struct, frozen=True):
    """A date as found, and the naive UTC reading the parser made of it, if any."""

    text: str
    parsed: datetime | None = None


class Term(msgspec.Struct, frozen=True):
    """A category of the source's own (RFC 4287 §4.2.2): `term` is never empty once it is in an `Entry`."""

    term: str
    scheme: str | None = None
    label: str | None = None


class Written(msgspec.Struct, frozen=True):
    """The texts of an entry as found, before any rule of the operator's and before they were made safe."""

    title: str = ""
    summary: str = ""
    content: str = ""


class FeedFound(msgspec.Struct, frozen=True):
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
    image: str | None = None
    show: Show | None = None
    licence: str | None = None
    hub: str | None = None


class Draft(msgspec.Struct, frozen=True):
    """An entry as its publisher wrote it. Promises nothing: every field may be missing or hostile.

    `detail` is the address of a second document, which holds the rest of it. `media` is what Media RSS names; `images`
    are pictures that stand for the entry, whoever named them. `vias` are addresses from which the publisher had it
    himself (RFC 4287 §4.2.7.2). `named` are names of categories of ours that the recipe of its source found in it.
    """

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
    detail: str | None = None
    media: tuple[Enclosure, ...] = ()
    images: tuple[Image, ...] = ()
    episode: Episode | None = None
    licence: str | None = None
    vias: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


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
    leaves out the entries whose hash had been seen before. `more` is what the next page of the list is asked for with.
    `bare` names fields of a recipe that none of several items has. `outlines` are the feeds that a list names.
    """

    feed: FeedFound
    drafts: tuple[Draft, ...]
    problems: tuple[str, ...] = ()
    hashes: frozenset[bytes] = frozenset()
    cadence: Cadence = Cadence()
    more: str | None = None
    bare: tuple[str, ...] = ()
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A folder of a list of feeds, and the slug of the category that it is, where the list says so."""

    name: str
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed as a list of feeds names it (OPML 2.0); strings as found.

    `kind` is what is at `url`: "feed", "html", "json", "opml" (another list), or a word that nobody here knows.
    `groups` are the folders it stands in, the outermost first, or else the categories it names itself. `paths` say
    where the fields of an entry stand, and "items" the entries, in XPath or, in JSON, as JMESPath; `date_format` is
    PHP's. `select` and `remove` are CSS selectors in the pages of entries. `keep` and `drop` are expressions that
    the title or the text of an entry must match, or must not. With `excerpt` little of an entry's text is republished.
    """

    url: str
    title: str | None = None
    kind: str = "feed"
    groups: tuple[Group, ...] = ()
    paths: tuple[tuple[str, str], ...] = ()
    date_format: str | None = None
    select: str | None = None
    remove: str | None = None
    keep: str | None = None
    drop: str | None = None
    excerpt: bool = False
