"""The way out: pages, what they show, and the bytes they become."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from aggregator.model.asked import Person, Site
from aggregator.model.media import Enclosure, Episode, Image, Show
from aggregator.model.ours import Kept, Origin
from aggregator.model.theirs import Term


@dataclass(frozen=True, slots=True)
class Related:
    """Another source's telling of the same story; named as in `Shown`."""

    title: str
    link: str
    source_title: str
    source_page: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A kept entry as one page shows it: `authors` and `terms` are never empty, `terms` begins with our own.

    `licence` is the address of the entry's licence (RFC 4946), `credit` whom its text names as its source, `vias` the
    addresses by which the source itself came to it. `attribution` is the visible line in plain text, or None. `origin`
    is what `atom:source` says; `via` the address of the feed we took the entry from. `source_title` and `source_page`
    name that feed to people; `source_page` is a folder of our own site ("source/lwn/"). `related` are the tellings of
    the same story that the page does not show, and `also` what stands before their names, in the page's language.
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
    media: tuple[Enclosure, ...] = ()
    image: Image | None = None
    episode: Episode | None = None
    licence: str | None = None
    credit: Person | None = None
    vias: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    also: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A source as a list of sources names it (OPML 2.0): no address in it holds a secret.

    `feed_url` is where readers subscribe to it; `categories` are slugs.
    """

    title: str
    feed_url: str
    html_url: str | None
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a document stands in the history of its feed (RFC 5005 §4).

    `name` is that of an archive document, such as "2026-11", and None for the document that people subscribe to.
    `previous` is the archive document before it, `next` the one after it, if there are any.
    """

    name: str | None = None
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """An entry that was taken out for good (RFC 6721): its published id, and when; `reason` is for people."""

    id: str
    when: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Unarchived:
    """The entries of a category that stand in no archive document yet, or not with their present text.

    `latest` is the name of the latest archive document, if there is one.
    """

    kept: tuple[Kept, ...]
    latest: str | None


@dataclass(frozen=True, slots=True)
class Archived:
    """What an archive document shows, newest first, each entry with the text it had when the document was closed."""

    kept: tuple[Kept, ...]
    chain: Chain
    removed: tuple[Removed, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One output, ready for any format. `path` is its folder under the site, with a trailing slash ("" is home).

    `updated` is that of its newest member (or None while it has none), never "now". `shown` is newest first. The page
    of a source has the `image` of its feed, and its `show` when that is a podcast. `sources` are those behind a
    category, `removed` the entries that once stood here.
    """

    path: str
    title: str
    site: Site
    updated: datetime | None
    shown: tuple[Shown, ...]
    html_url: str | None = None
    rights: str | None = None
    language: str | None = None
    image: str | None = None
    show: Show | None = None
    sources: tuple[Listed, ...] = ()
    removed: tuple[Removed, ...] = ()
    chain: Chain = Chain()

    @property
    def address(self) -> str:
        """The page's own absolute address."""
        return f"{self.site.base_url}/{self.path}"

    @property
    def feed_address(self) -> str:
        """The absolute address of the page's canonical feed."""
        return f"{self.address}feed.atom"

    def document(self, suffix: str) -> str:
        """The path of this document in the format with this suffix."""
        return self.archived(self.chain.name, suffix) if self.chain.name else f"{self.path}feed.{suffix}"

    def archived(self, name: str, suffix: str) -> str:
        """The path of an archive document of the page."""
        return f"{self.path}archive/{name}.{suffix}"


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
