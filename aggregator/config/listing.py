"""The sources that followed lists name, with the settings of their list, beside those that the operator wrote."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from aggregator.clean.urls import same_address
from aggregator.config.importing import Slugs
from aggregator.config.load import Settings
from aggregator.model import EVERYTHING, Asking, Blogroll, Category, Enlisted, Outline, Source

# A stranger's list could put every feed into ten groups; so many are a site, and more are a flood.
MOST_CATEGORIES = 100


def with_lists(
    settings: Settings, enlisted: Sequence[Enlisted], remembered: Mapping[str, str] = MappingProxyType({})
) -> Settings:
    """The settings with what lists name as sources; `enlisted` in the order of each list, what it names now first.

    `remembered` are the titles, by slug, of categories that nobody configured: they keep their slugs.
    What the operator wrote himself stays as he wrote it, and one address is one source. What left its list, or is one
    too many, is polled no more; it is a source for as long as its list's `retention` leaves entries of it, so that a
    stranger's list adds no more than its `most`. Nor do its groups add more than `MOST_CATEGORIES`.
    """
    lists = {source.id: source for source in settings.sources if source.blogroll}
    named = [one for one in enlisted if one.list_id in lists]
    if not named:
        return settings
    slugs = Slugs(settings, remembered)
    # In an order of their own: a list that only orders its feeds otherwise makes no other settings.
    more = tuple(sorted(_sources(settings, lists, named, slugs), key=lambda one: one.id))
    everything = settings.categories[EVERYTHING]
    used = {slug for source in more for slug in source.categories}
    new: dict[str, Category] = {
        slug: replace(everything, slug=slug, title=title) for slug, title in sorted(slugs.new.items()) if slug in used
    }
    mark = repr((settings.fingerprint, [(one.id, one.public_url, one.categories) for one in more], sorted(new)))
    return replace(
        settings,
        sources=(*settings.sources, *more),
        categories={**settings.categories, **new},
        folders=frozenset(new),
        fingerprint=hashlib.blake2b(mark.encode(), digest_size=16).hexdigest(),
    )


def _sources(
    settings: Settings, lists: Mapping[str, Source], named: Sequence[Enlisted], slugs: Slugs
) -> Iterator[Source]:
    """What is named, each address and each id once; nothing of our own, which would feed on itself."""
    addresses = {same_address(source.url) for source in settings.sources}
    ids = {source.id for source in settings.sources}
    own = same_address(f"{settings.site.base_url}/")
    polled: Counter[str] = Counter()
    added: dict[str, set[str]] = {name: set() for name in lists}
    for one in named:
        address = same_address(one.outline.url)
        if address in addresses or one.source_id in ids or address.startswith(own):
            continue
        there = lists[one.list_id]
        assert there.blogroll
        is_polled = one.left is None and polled[there.id] < there.blogroll.most
        if not (is_polled or one.has_entries):
            continue
        polled[there.id] += is_polled
        addresses.add(address)
        ids.add(one.source_id)
        homes = (*there.categories, *_folders(settings, one.outline, added[there.id], slugs, there.blogroll))
        yield _source(there, one, tuple(dict.fromkeys(homes)), enabled=there.enabled and is_polled)


def _folders(settings: Settings, outline: Outline, added: set[str], slugs: Slugs, blogroll: Blogroll) -> Iterator[str]:
    """The categories of a feed that its groups are; `added` are those that its list adds to the configured ones."""
    for group in outline.groups if blogroll.categories else ():
        slug = slugs.of(group)
        if slug is None:
            continue
        if slug not in settings.categories and slug not in added:
            if len(added) == MOST_CATEGORIES:
                continue
            added.add(slug)
        yield slug


def _source(there: Source, one: Enlisted, categories: tuple[str, ...], *, enabled: bool) -> Source:
    """A source as its list is, but for what is said of the list itself; what tells who asks stays with that."""
    return replace(
        there,
        id=one.source_id,
        kind="feed",
        url=one.outline.url,
        public_url=one.outline.url,
        categories=categories,
        enabled=enabled,
        title=None,
        html_url=None,
        headers=(),
        asking=Asking(),
        expect=replace(there.expect, min_items=0),
        insecure_tls=False,
        blogroll=None,
        listed_by=there.id,
    )
