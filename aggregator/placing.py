"""Which pages an entry stands on: those of its source, where no rule says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aggregator.model import Category, Entry, Source

Place = Callable[[Source, Entry], tuple[str, ...]]
Rules = Callable[[Source], str]


def on_own_pages(source: Source, entry: Entry) -> tuple[str, ...]:
    """The pages of the source, for every entry."""
    del entry
    return source.pages


def no_rules(source: Source) -> str:
    """The mark of a source whose entries all stand on its own pages."""
    del source
    return ""


def pages_of(entry: Entry, source: Source, categories: Mapping[str, Category]) -> tuple[str, ...]:
    """The folders of the pages that this entry stands on, by the rules of its source and of the categories.

    They may be more than the source's own pages, or fewer. A pure function: entries that are kept are placed anew by
    it when `rules_of` their source changes.
    """
    del categories
    return () if entry.waits else source.pages


def rules_of(source: Source, categories: Mapping[str, Category]) -> str:
    """A mark that changes with every rule that `pages_of` follows for this source; "" where it follows none.

    Then all entries of the source stand on its own pages, and a change of those needs no look into any entry.
    """
    del categories
    return "waits" if source.detail else ""
