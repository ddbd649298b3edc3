"""Categories and tags that come out of the items of sources that are no feeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aggregator.config.expressions import fault, fault_in_template
from aggregator.config.recipes import KINDS, NAMES
from aggregator.config.rules import TAG_FIELDS, NamingKeys
from aggregator.config.tree import KeyPath, Tree
from aggregator.config.values import FIELDS
from aggregator.errors import Problem
from aggregator.model import Pick

NO_ITEMS = "a feed has no items with paths; write {field: categories}, or give the source its type: json or html"


def of_entry(template: str) -> bool:
    """Whether all that stands in the braces of a tag is a field of the entry; else it is a path in the item."""
    return all(name in TAG_FIELDS for name in FIELDS.findall(template))


def tag_picks(kind: str, tags: Iterable[str]) -> tuple[Pick, ...]:
    """The tags that are had from the items of a source of this kind."""
    if kind not in KINDS:
        return ()
    return tuple(Pick(template=one, language=_language(kind)) for one in tags if not of_entry(one))


def named_pick(kind: str, homes: Iterable[object]) -> Pick | None:
    """Where the names of categories stand in an item, if the source says so."""
    paths = [one.path for one in homes if isinstance(one, NamingKeys) and one.path]
    return (
        Pick(path=paths[0], language=_language(kind), attribute="text" if kind == "html" else None) if paths else None
    )


def _language(kind: str) -> Any:
    return "css" if kind == "html" else "jmespath"


# ---------------------------------------------------------------- mistakes


def item_name_mistakes(tree: Tree) -> Iterator[Problem]:
    """Paths and tags that mean nothing in a source of the kind that follows them, each named once where it stands."""
    defaults, sources = tree.value.get("defaults"), tree.value.get("sources")
    defaults = defaults if isinstance(defaults, dict) else {}
    for number, own in enumerate(sources if isinstance(sources, list) else ()):
        if not isinstance(own, dict):
            continue
        kind = own.get("type", defaults.get("type", "feed"))
        for name, check in (("tags", _of_tags), ("category", _of_homes)):
            path: KeyPath = ("sources", number, name) if name in own else ("defaults", name)
            written = own.get(name, defaults.get(name))
            many = enumerate(written) if isinstance(written, list) else ()
            spots = [((*path, number), one) for number, one in many] or [(path, written)]
            yield from check(tree, str(kind), spots)


def _of_tags(tree: Tree, kind: str, many: list[tuple[KeyPath, Any]]) -> Iterator[Problem]:
    for path, template in many:
        if not isinstance(template, str) or of_entry(template):
            continue
        if kind not in KINDS:
            shown = "the value put in here" if tree.conceals(path) else f'"{template}"'
            known = ", ".join(TAG_FIELDS)
            yield tree.spot(path).problem(f"{shown} uses an unknown field; the known ones, in braces, are {known}")
        elif said := fault_in_template(template, "jmespath" if kind == "json" else ""):
            yield tree.spot(path).problem(f"{said}; write text with paths in braces")


def _of_homes(tree: Tree, kind: str, many: list[tuple[KeyPath, Any]]) -> Iterator[Problem]:
    found = [(path, one["path"]) for path, one in many if isinstance(one, dict) and isinstance(one.get("path"), str)]
    for path, expression in found:
        spot = tree.spot((*path, "path"))
        if kind not in KINDS:
            yield spot.problem(NO_ITEMS)
        elif said := fault("css" if kind == "html" else "jmespath", expression):
            name = NAMES["css" if kind == "html" else "jmespath"]
            yield spot.problem(f"is no {name} ({said}); write it anew")
    for path, _ in found[1:]:
        yield tree.spot(path).problem("is a second path; write one that finds all the names, such as [a, b]")
