"""Addresses and names that two categories claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aggregator.clean.naming import folded
from aggregator.config.tree import Tree
from aggregator.errors import Problem


def claim_mistakes(tree: Tree) -> Iterator[Problem]:
    """Old slugs that are somebody's present or old one, and titles of which entries that name them mean one."""
    categories = tree.value.get("categories")
    described = (
        {slug: keys for slug, keys in categories.items() if isinstance(keys, dict)}
        if isinstance(categories, dict)
        else {}
    )
    taken = dict.fromkeys(
        [*(categories if isinstance(categories, dict) else ()), *_used(tree)], "is a category of its own"
    )
    for slug, keys in described.items():
        old = keys.get("aka", ())
        for number, name in enumerate([old] if isinstance(old, str) else old if isinstance(old, list) else ()):
            if not isinstance(name, str):
                continue
            if name in taken:
                spot = tree.spot(("categories", slug, "aka", number))
                yield spot.problem(f'"{name}" {taken[name]}; an old address can lead to one place only')
            taken.setdefault(name, f"leads to {slug} already")
    if _entries_name_categories(tree):
        yield from _namesakes(tree, described)


def _namesakes(tree: Tree, described: dict[str, Any]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for slug, keys in described.items():
        title = keys.get("title")
        if isinstance(title, str):
            twin = first.setdefault(folded(title), slug)
            if twin != slug:
                spot = tree.spot(("categories", slug, "title"))
                yield spot.problem(
                    f'"{title}" is the title of {twin} too, and entries name categories by it; change one'
                )


def _used(tree: Tree) -> Iterator[str]:
    """The slugs that sources name."""
    for source in _sources(tree):
        homes = source.get("category")
        yield from (one for one in (homes if isinstance(homes, list) else [homes]) if isinstance(one, str))
        mapped = source.get("category_map")
        for to in mapped.values() if isinstance(mapped, dict) else ():
            yield from (one for one in (to if isinstance(to, list) else [to]) if isinstance(one, str))


def _entries_name_categories(tree: Tree) -> bool:
    for source in _sources(tree):
        homes = source.get("category")
        if any(isinstance(one, dict) for one in (homes if isinstance(homes, list) else [homes])):
            return True
    return False


def _sources(tree: Tree) -> Iterator[dict[str, Any]]:
    sources = tree.value.get("sources")
    defaults = tree.value.get("defaults")
    for one in (*(sources if isinstance(sources, list) else ()), defaults):
        if isinstance(one, dict):
            yield one
