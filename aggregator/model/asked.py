"""What the operator asked for: the site, its categories, its sources."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b
from urllib.parse import urlsplit

import msgspec

from aggregator.model.recipes import Detail, Recipe
from aggregator.model.rules import Filter, Naming, Republished, Rewrite


class Person(msgspec.Struct, frozen=True):
    """A person construct (RFC 4287 §3.2): `name` is never empty; `uri` is an absolute http(s) URL."""

    name: str
    email: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """The published site as a whole. `base_url` has no trailing slash and is the only origin in any output.

    `hubs` are the addresses of the WebSub hubs that every feed names; `own_hub` among them when it is this program.
    `formats` are those that every page is written in, and `entry_pages` says whether entries have pages of their own;
    `search` whether pages offer one, `full_text` whether lists show all of each entry; `theme` is the folder of
    templates that replace ours.
    """

    title: str
    base_url: str
    language: str
    timezone: str
    author: Person | None = None
    contact: str | None = None
    rights: str | None = None
    hubs: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("atom",)
    entry_pages: bool = True
    search: bool = True
    full_text: bool = False
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One published category. `slug` can stand in an address; `attribution` None means no visible line.

    `aka` are slugs that it had before; `filters` say which of the entries put into it stand on its page. With `dedupe`
    that shows one entry of each story, of the first of the sources in `prefer` that has it; `per_source` is how many of
    one source it shows at most.
    """

    slug: str
    title: str
    attribution: str | None
    limit: int
    language: str | None = None
    aka: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    dedupe: bool = True
    per_source: int | None = None
    prefer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the entries of a source go: in time, and in number."""

    max_age: timedelta
    max_items: int


@dataclass(frozen=True, slots=True)
class Asking:
    """How a source is asked for its document: with these `headers`, and with a `body` as a POST.

    `secrets` are those of its values that were put in from elsewhere, and are never told.
    """

    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the operator expects of a source; nothing, where he says nothing.

    A document has at least `min_items` items, the newest entry is no older than `max_age`, and each entry has the
    `required` fields from its publisher.
    """

    min_items: int = 0
    max_age: timedelta | None = None
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blogroll:
    """How somebody's list is followed: `most` of its feeds at a time, and whether its groups are `categories`."""

    most: int
    categories: bool


@dataclass(frozen=True, slots=True)
class Source:
    """One source as configured: `id` is stable (survives a change of `url`), `url` is absolute http(s).

    It `keeps_written` where the texts of its entries are kept as found, too.

    `url` and `headers` may hold secrets: neither is ever shown, logged or published; `public_url` is. `asking` is what
    else its server is told, and like `headers` for the origin of `url` alone. `adapts` says
    that a source which publishes rarely may be polled less often than each `interval`; `insecure_tls`, that any
    certificate of its own origin is taken. `recipe` says how to read what is no feed, `full_text` how to read the
    pages behind the entries of a feed. `backfill` is how much of its past is taken at first, `retention` how much is
    kept. `category_map` has folded names of an entry's own terms and the slugs each leads to; `licence` is the address
    of the licence that `rights` names, if it is known; `credit` are patterns, each with a group `name`.

    A source with `blogroll` is a list of sources; its `url` may be that of a local file. One with `listed_by` came out
    of the list of this id: nobody vouches for its address.
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
    backfill: Reach = Reach(timedelta(days=365), 100)
    retention: Reach = Reach(timedelta(days=400), 1000)
    recipe: Recipe | None = None
    full_text: Detail | None = None
    filters: tuple[Filter, ...] = ()
    rewrite: tuple[Rewrite, ...] = ()
    naming: tuple[Naming, ...] = ()
    category_map: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tags: tuple[str, ...] = ()
    content: Republished = "full"
    credit: tuple[str, ...] = ()
    licence: str | None = None
    asking: Asking = field(default=Asking(), repr=False)
    expect: Expectation = Expectation()
    keeps_written: bool = False
    blogroll: Blogroll | None = None
    listed_by: str | None = None

    @property
    def detail(self) -> Detail | None:
        """How the second documents of its entries are read; None where they have none."""
        return self.recipe.detail if self.recipe and self.recipe.detail else self.full_text

    @property
    def asker(self) -> tuple[object, ...]:
        """Who asks, as servers and the guard see it: sources that are one asker are given the same at any address.

        Its own origin is part of it, for it may be led there from anywhere. Holds secrets, as `url` does.
        """
        own = urlsplit(self.url)
        vouched = self.listed_by is None
        return own.scheme, own.netloc, self.headers, self.asking.headers, self.insecure_tls, vouched

    @property
    def pages(self) -> tuple[str, ...]:
        """The folders of the pages that its entries stand on: everything, its categories, its own. A list has none."""
        if self.blogroll:
            return ()
        categories = (category_page(slug) for slug in (EVERYTHING, *self.categories))
        return (*categories, source_page(self.id))


HOME = ""  # the folder of the home page
EVERYTHING = "all"  # the slug of the category that shows everything


def category_page(slug: str) -> str:
    """The folder of a category's page."""
    return f"category/{slug}/"


def slug_of(page: str) -> str | None:
    """The slug of the category whose page this is; None for another page."""
    kind, _, slug = page.rstrip("/").partition("/")
    return slug if kind == "category" else None


def source_page(source_id: str) -> str:
    """The folder of a source's page."""
    return f"source/{source_id}/"


def own_feed(base_url: str, source_id: str) -> str:
    """The address of the feed that we publish of a source."""
    return f"{base_url}/{source_page(source_id)}feed.atom"


def entry_page(published_id: str) -> str:
    """The folder of an entry's page: a hash of its published id, which may be any IRI."""
    return f"entry/{blake2b(published_id.encode(), digest_size=10).hexdigest()}/"


def own_hub(base_url: str) -> str:
    """The address of the hub that the program is itself."""
    return f"{base_url}/hub"
