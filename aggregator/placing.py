"""Which pages an entry stands on: those of its source, where no rule says otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, unquote

from aggregator.clean.naming import folded, homes, names, spelt, unused
from aggregator.clean.rules import refusal
from aggregator.model import EVERYTHING, Category, Entry, Source, category_page, source_page

Place = Callable[[Source, Entry, timedelta], tuple[str, ...]]
"""The pages of an entry, which had this age when it was first seen."""
Rules = Callable[[Source], str]

# A page by the name that entries give it, before the store has given it an address: no slug begins so.
_NAMED = category_page(":").removesuffix("/")


def on_own_pages(source: Source, entry: Entry, age: timedelta) -> tuple[str, ...]:
    """The pages of the source, for every entry."""
    del entry, age
    return source.pages


def no_rules(source: Source) -> str:
    """The mark of a source whose entries all stand on its own pages."""
    del source
    return ""


@dataclass(frozen=True, slots=True)
class Named:
    """A category that entries name themselves, and the slug that it would like to have."""

    slug: str
    name: str

    @property
    def page(self) -> str:
        """The folder of its page, as far as it is known without the store."""
        return f"{_NAMED}{self.slug}:{quote(self.name, safe='')}/"


def named(page: str) -> Named | None:
    """The category whose page this is, where it is given by a name; None for every page with an address."""
    if not page.startswith(_NAMED):
        return None
    slug, _, name = page.removeprefix(_NAMED).removesuffix("/").partition(":")
    return Named(slug, unquote(name))


def pages_of(entry: Entry, source: Source, categories: Mapping[str, Category], age: timedelta) -> tuple[str, ...]:
    """The folders of the pages that this entry stands on, by the rules of its source and of the categories.

    They may be more than the source's own pages, or fewer: an entry that its source's filters refuse stands on none.
    Those of categories that it names itself and nobody configured are `Named.page`. A pure function: entries that are
    kept are placed anew by it when `rules_of` their source changes.
    """
    if entry.waits:
        return ()
    if not _follows_rules(source, categories):
        return source.pages
    refused = refusals(entry, source, categories, age)
    return tuple(page for page in _wanted(entry, source, categories) if page not in refused)


def refusals(entry: Entry, source: Source, categories: Mapping[str, Category], age: timedelta) -> Mapping[str, str]:
    """The pages on which the entry would stand but for a filter, and in words which."""
    pages = _wanted(entry, source, categories)
    why = refusal(source.filters, entry, age)
    if why:
        return dict.fromkeys(pages, f"its source's {why}")
    found = {}
    for slug, category in categories.items():
        page = category_page(slug)
        if category.filters and page in pages and (why := refusal(category.filters, entry, age)):
            found[page] = f"the category's {why}"
    return found


def _wanted(entry: Entry, source: Source, categories: Mapping[str, Category]) -> tuple[str, ...]:
    """The pages of an entry before any filter."""
    slugs = (category_page(slug) for slug in (EVERYTHING, *homes(source, entry)))
    own = (_page_named(name, spelt(name, how), categories) for name, how in names(source, entry).items())
    return tuple(dict.fromkeys((*slugs, *own, source_page(source.id))))


def _page_named(name: str, slug: str, categories: Mapping[str, Category]) -> str:
    """The page of the configured category of this slug or title; else one by name, whose slug is nobody's."""
    wanted = folded(name)
    for category in categories.values():
        if category.slug != EVERYTHING and wanted in (category.slug, folded(category.title)):
            return category_page(category.slug)
    taken = {old for category in categories.values() for old in (category.slug, *category.aka)}
    return Named(unused(slug, name, taken), name).page


def rules_of(source: Source, categories: Mapping[str, Category]) -> str:
    """A mark that changes with every rule that `pages_of` follows for this source; "" where it follows none.

    Then all entries of the source stand on its own pages, and a change of those needs no look into any entry. What
    stands before the dot changes with the rules by which its documents are read.
    """
    reading = (source.filters, source.rewrite, *filter(None, (source.recipe, source.expect.required)))
    placing: tuple[object, ...] = ()
    if source.detail or _follows_rules(source, categories):
        reached = categories.values() if source.naming else _reached(source, categories)
        placing = (
            "waits" if source.detail else "",
            source.filters,
            source.category_map,
            source.naming,
            tuple((one.slug, one.title if source.naming else "", one.filters) for one in reached),
        )
    return f"{_mark(reading)}.{_mark(placing)}" if any(reading) or placing else ""


def reading_rules(mark: str) -> str:
    """The part of a mark that says how the documents of a source are read."""
    return mark.partition(".")[0]


def _follows_rules(source: Source, categories: Mapping[str, Category]) -> bool:
    if source.filters or source.category_map or source.naming:
        return True
    return any(category.filters for category in _reached(source, categories))


def _reached(source: Source, categories: Mapping[str, Category]) -> tuple[Category, ...]:
    """The categories into which the config puts entries of the source."""
    slugs = dict.fromkeys((*source.categories, *(slug for _, to in source.category_map for slug in to)))
    return tuple(categories[slug] for slug in slugs if slug in categories)


def _mark(rules: tuple[object, ...]) -> str:
    return hashlib.blake2b(repr(rules).encode(), digest_size=8).hexdigest() if any(rules) else ""
