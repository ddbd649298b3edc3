"""The sources that followed lists name, with the settings of their list, beside those that the operator wrote."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from aggregator.clean.urls import same_address
from aggregator.config.importing import Slugs
from aggregator.config.load import Settings
from aggregator.model import EVERYTHING, Asking, Category, Enlisted, Source


def with_lists(settings: Settings, enlisted: Sequence[Enlisted]) -> Settings:
    """The settings with what lists name as sources; `enlisted` in the order of each list, what it names now first.

    What the operator wrote himself stays as he wrote it, and one address is one source. What left its list, or is one
    too many, is polled no more; its entries stay as long as its list's `retention` says.
    """
    lists = {source.id: source for source in settings.sources if source.blogroll}
    named = [one for one in enlisted if one.list_id in lists]
    if not named:
        return settings
    slugs = Slugs(settings)
    more = tuple(_sources(settings, lists, named, slugs))
    everything = settings.categories[EVERYTHING]
    used = {slug for source in more for slug in source.categories}
    new: dict[str, Category] = {
        slug: replace(everything, slug=slug, title=title) for slug, title in slugs.new.items() if slug in used
    }
    mark = repr((settings.fingerprint, [(one.id, one.public_url, one.categories) for one in more], sorted(new)))
    return replace(
        settings,
        sources=(*settings.sources, *more),
        categories={**settings.categories, **new},
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
    for one in named:
        address = same_address(one.outline.url)
        if address in addresses or one.source_id in ids or address.startswith(own):
            continue
        addresses.add(address)
        ids.add(one.source_id)
        there = lists[one.list_id]
        assert there.blogroll
        is_polled = one.left is None and polled[there.id] < there.blogroll.most
        polled[there.id] += is_polled
        groups = one.outline.groups if there.blogroll.categories else ()
        homes = (*there.categories, *(slug for group in groups if (slug := slugs.of(group))))
        yield _source(there, one, tuple(dict.fromkeys(homes)), enabled=there.enabled and is_polled)


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
