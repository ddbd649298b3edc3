"""Which entries a page shows, and what it says of each: the config laid over what was kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar

from aggregator.clean.attribution import also, tag, visible_line
from aggregator.clean.republishing import republished
from aggregator.clean.urls import absolute, as_uri
from aggregator.model import (
    EVERYTHING,
    Category,
    Enclosure,
    Image,
    Kept,
    Listed,
    Origin,
    Page,
    Person,
    Related,
    Said,
    Shown,
    Site,
    Source,
    Term,
    amended,
    category_page,
    own_feed,
    slug_of,
    source_page,
)

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

Linked = TypeVar("Linked", Enclosure, Image)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is configured, by key; `named` are the slugs of categories that entries named and nobody configured."""

    site: Site
    categories: Mapping[str, Category]
    sources: Mapping[str, Source]
    named: frozenset[str] = frozenset()

    def pages(self) -> tuple[str, ...]:
        """The folders of all pages: of the categories, `all` first, then of the sources."""
        return (*map(category_page, self.categories), *map(source_page, self.sources))

    def with_named(self, titles: Mapping[str, str]) -> Catalogue:
        """The catalogue with these categories too, by slug: those that entries name and nobody configured."""
        everything = self.categories[EVERYTHING]
        old = {slug for category in self.categories.values() for slug in category.aka}
        named = {
            slug: replace(everything, slug=slug, title=title)
            for slug, title in titles.items()
            if slug not in self.categories and slug not in old
        }
        return replace(self, categories={**self.categories, **named}, named=frozenset(named)) if named else self

    def old_pages(self, path: str) -> tuple[str, ...]:
        """The folders in which a page stood before it had its present address."""
        category = self.categories.get(slug_of(path) or "")
        return tuple(map(category_page, category.aka)) if category else ()

    def category(self, path: str) -> Category:
        """How the page chooses what it shows: its category; for a source's page, everything that stands on it."""
        kind, name, _ = path.split("/")
        return (
            self.categories[name]
            if kind == "category"
            else replace(self.categories["all"], dedupe=False, per_source=None)
        )

    def limit(self, path: str) -> int:
        """How many entries the page shows; a source's page as many as everything does."""
        kind, name, _ = path.split("/")
        return self.categories[name if kind == "category" else "all"].limit

    def home_of(self, kept: Kept) -> str:
        """The page of the category that an entry is at home in: the first it was put in, or that of everything."""
        pages = self.sources[kept.source_id].pages if kept.pages is None else kept.pages
        everything = category_page(EVERYTHING)
        own = (page for page in pages if page.startswith("category/") and page != everything)
        return next((page for page in own if page.split("/")[1] in self.categories), everything)


@dataclass(frozen=True, slots=True)
class Placing:
    """Whether a page shows an entry, and why, in words for people."""

    page: str
    shown: bool
    why: str


def placing(
    catalogue: Catalogue,
    source_id: str,
    path: str,
    position: int | None,
    pages: tuple[str, ...],
    refused: Mapping[str, str],
    hidden: str | None = None,
) -> Placing:
    """Whether the page at `path` shows an entry of this source that belongs on these `pages`.

    `position` on it counts from 1, and is None when the entry is not on it. `refused` are the pages on which a filter
    lets it stand no more, and why; `hidden` says why the page shows others instead.
    """
    source = catalogue.sources.get(source_id)
    if source is None:
        return Placing(path, False, "its source is no longer in the config")
    if path not in catalogue.pages():
        return Placing(path, False, "the page is no longer in the config")
    if path in refused:
        return Placing(path, False, refused[path] + ("; the next run takes it off" if position else ""))
    if path not in pages:
        return Placing(path, False, "its source is no longer in this category")
    if position is None:
        return Placing(path, False, "the config put its source here since the last run; the next one does")
    if hidden:
        return Placing(path, False, hidden)
    limit = catalogue.limit(path)
    why = f"position {position} of limit {limit}"
    return Placing(path, True, why) if position <= limit else Placing(path, False, f"limit reached: {why}")


def behind(catalogue: Catalogue, page: Page) -> list[Source]:
    """The sources whose entries stand on the page of a category by the config, or by what they say themselves, in the
    order of the config. With 100,000 sources that takes a while."""
    slug = slug_of(page.path)
    if slug is None:
        return []
    telling = {one.source_page for one in page.shown}
    return [
        source
        for source in catalogue.sources.values()
        if (not source.blogroll and (slug == EVERYTHING or slug in source.categories))
        or (source.category_map and slug in _mapped(source))
        or (source.naming and source_page(source.id) in telling)
    ]


def _mapped(source: Source) -> tuple[str, ...]:
    """The slugs to which terms of the source's entries lead."""
    return tuple(slug for _, slugs in source.category_map for slug in slugs)


def listed(site: Site, sources: Iterable[Source], found: Mapping[str, Origin | Said]) -> tuple[Listed, ...]:
    """These sources as a list of our site names them; `found` is what each said of itself."""
    return tuple(_listed(site, source, found.get(source.id)) for source in sources)


def _listed(site: Site, source: Source, origin: Origin | Said | None) -> Listed:
    title = source.title or (origin.title if origin else source.id)
    slugs = tuple(dict.fromkeys((*source.categories, *_mapped(source))))
    html_url = absolute(source.html_url) or (origin.html_url if origin else None)
    if source.kind == "html":
        html_url = html_url or _address_of(source)
    return Listed(title, _feed_of(site, source), html_url, slugs)


class Names:
    """What each source last said of itself, as far as its entries have passed by."""

    def __init__(self) -> None:
        self.version = 0  # counts the changes of what a list of sources shows
        self.origins: dict[str, Origin | Said] = {}
        self._newest: dict[str, tuple[datetime, int]] = {}

    def lacking(self, sources: Iterable[str]) -> list[str]:
        """Those of these sources of which nothing is known yet; from now on that is known."""
        unknown = [source_id for source_id in sources if source_id not in self._newest]
        self._newest.update(dict.fromkeys(unknown, (EARLIEST, 0)))
        return unknown

    def introduce(self, said: Mapping[str, Said]) -> None:
        """Take what sources said of themselves of which no entry is kept."""
        for source_id, now in said.items():
            before = self.origins.get(source_id)
            self.version += before is None or (before.title, before.html_url) != (now.title, now.html_url)
            self.origins[source_id] = now

    def learn(self, kept: Iterable[Kept]) -> None:
        """Take what these entries say of their sources, where they are the newest seen of them."""
        for one in kept:
            place = (one.published, one.number)
            if self._newest.get(one.source_id, place) <= place:
                before, now = self.origins.get(one.source_id), one.entry.origin
                self.version += before is None or (before.title, before.html_url) != (now.title, now.html_url)
                self._newest[one.source_id], self.origins[one.source_id] = place, now


def make_page(
    catalogue: Catalogue,
    path: str,
    kept: Iterable[Kept],
    related: Mapping[int, Sequence[Kept]] = MappingProxyType({}),
    said: Said | None = None,
) -> Page:
    """The page at `path` (a category's or a source's) with these entries, which are newest first.

    `related` are other tellings of an entry's story, by its number; `said` is what a source without entries said of
    itself.
    """
    kind, name, _ = path.split("/")
    entries = list(kept)
    if kind == "category":
        category = catalogue.categories[name]
        shown = tuple(_shown(catalogue, one, category, related.get(one.number, ())) for one in entries)
        title, html_url, rights, newest = category.title, None, None, None
        language = category.language
    else:
        source = catalogue.sources[name]
        everything = catalogue.categories["all"]
        shown = tuple(_shown(catalogue, one, everything) for one in entries)
        newest = _origin(entries[0].entry.origin, source) if entries else None
        known = newest or said
        title = source.title or (known.title if known else source.id)
        html_url = absolute(source.html_url) or (known.html_url if known else None)
        rights = source.rights or (newest.rights if newest else None)
        language = None
    updated = max((one.updated for one in shown), default=None)
    return Page(
        path,
        title,
        catalogue.site,
        updated,
        shown,
        html_url=html_url,
        rights=rights,
        language=language,
        image=newest.image if newest else None,
        show=newest.show if newest else None,
    )


def _shown(catalogue: Catalogue, kept: Kept, category: Category, related: Sequence[Kept] = ()) -> Shown:
    """One entry as the page of `category` shows it."""
    source = catalogue.sources[kept.source_id]
    entry = republished(kept.entry, source.content)
    polled = _origin(entry.origin, source)
    # An entry that was already somebody else's keeps that name; where we took it from is said by `via`.
    origin = _reachable_origin(entry.upstream) if entry.upstream else polled
    credited = (entry.credit,) if entry.credit else ()
    authors = entry.authors or credited or origin.authors or (Person(origin.title),)
    line = visible_line(category.attribution, entry, origin, authors) if category.attribution else None
    return Shown(
        id=kept.id,
        title=entry.title,
        link=as_uri(entry.link),
        published=kept.published,
        updated=kept.updated,
        authors=authors,
        terms=_terms(catalogue, kept, category, polled.title),
        summary=entry.summary,
        content=entry.content,
        language=entry.language,
        rights=source.rights or entry.rights or origin.rights,
        enclosures=tuple(map(_reachable, entry.enclosures)),
        # A feed that holds an entry was updated when the entry was, if it does not say so itself.
        origin=origin if origin.updated else amended(origin, updated=kept.updated),
        via=_address_of(source),
        vias=tuple(as_uri(via) for via in entry.vias if via not in (_address_of(source), kept.entry.link)),
        licence=source.licence or (None if source.rights else entry.licence or origin.licence),
        credit=entry.credit,
        attribution=line,
        source_title=polled.title,
        source_page=source_page(source.id),
        media=tuple(map(_reachable, entry.media)),
        image=entry.image and _reachable(entry.image),
        episode=entry.episode,
        related=tuple(_related(catalogue, one) for one in related),
        also=also(category.language or catalogue.site.language) if related else "",
    )


def _related(catalogue: Catalogue, kept: Kept) -> Related:
    """Another telling of the story; the words of `_shown`."""
    source = catalogue.sources[kept.source_id]
    title = _origin(kept.entry.origin, source).title
    return Related(kept.entry.title, as_uri(kept.entry.link), title, source_page(source.id))


def _origin(found: Origin, source: Source) -> Origin:
    """What the feed said of itself, the operator's word laid over it."""
    told = amended(
        found,
        title=source.title or found.title,
        html_url=absolute(source.html_url) or found.html_url,
        rights=source.rights or found.rights,
        licence=source.licence if source.rights else found.licence,
        self_url=_address_of(source),
    )
    return _reachable_origin(told)


def _reachable_origin(one: Origin) -> Origin:
    """A feed with its addresses as URIs."""
    addresses = (one.self_url, one.html_url, one.icon, one.image)
    if all(address is None or address.isascii() for address in addresses):
        return one
    own, page, icon, image = (address and as_uri(address) for address in addresses)
    return amended(one, self_url=own, html_url=page, icon=icon, image=image)


def _address_of(source: Source) -> str:
    """The address that readers are told, as a URI (RFC 3986): the operator may have written it otherwise."""
    return as_uri(absolute(source.public_url) or source.public_url)


def _reachable(one: Linked) -> Linked:
    """A picture or a file with its address as a URI."""
    return one if one.href.isascii() else amended(one, href=as_uri(one.href))


def _feed_of(site: Site, source: Source) -> str:
    """Where a reader can subscribe to the source: at the source itself, or, where that is no feed, at ours of it."""
    return _address_of(source) if source.kind == "feed" else own_feed(site.base_url, source.id)


def _terms(catalogue: Catalogue, kept: Kept, category: Category, source_title: str) -> tuple[Term, ...]:
    """Our categories in which the entry stands, the page's first, then the source's own terms, then our tags."""
    source = catalogue.sources[kept.source_id]
    pages = source.pages if kept.pages is None else kept.pages
    standing = [slug for slug in map(slug_of, pages) if slug and slug != EVERYTHING and slug in catalogue.categories]
    slugs = dict.fromkeys([category.slug, *standing] if category.slug != EVERYTHING else standing or [EVERYTHING])
    scheme = f"{catalogue.site.base_url}/category/"
    ours = (Term(slug, scheme, catalogue.categories[slug].title) for slug in slugs)
    tags = (tag(template, kept.entry, source_title) for template in source.tags)
    own = {term.term for term in kept.entry.terms}
    return (*ours, *kept.entry.terms, *map(Term, dict.fromkeys(text for text in tags if text and text not in own)))
