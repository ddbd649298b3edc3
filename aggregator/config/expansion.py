"""Sources that are written short: `extends` takes over another's keys, `matrix` makes one source of each value."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from aggregator.clean.slugs import slugify
from aggregator.config.tree import KeyPath, Spot, Tree

MOST_OF_ONE = 1000
LONGEST_CHAIN = 10
NOT_TAKEN_OVER = ("id", "extends")


def expand(tree: Tree) -> None:
    """Write out the sources of `tree`; each key keeps the spot where it was written. Mistakes are noted in the tree."""
    sources = tree.value.get("sources")
    if not isinstance(sources, list) or not any(_is_short(one) for one in sources):
        return
    spots: dict[Any, dict[KeyPath, Spot]] = {}
    for path, spot in tree.spots.items():
        if path[:1] == ("sources",) and len(path) > 1:
            spots.setdefault(path[1], {})[path[2:]] = spot
    named = {one["id"]: n for n, one in enumerate(sources) if isinstance(one, dict) and isinstance(one.get("id"), str)}
    written: list[Any] = []
    places = {path: spot for path, spot in tree.spots.items() if path[:1] != ("sources",) or len(path) == 1}
    for number, source in enumerate(sources):
        own = spots.get(number, {})
        whole, where = _extended(tree, sources, spots, named, number) if isinstance(source, dict) else (source, own)
        for one in _each(tree, number, whole) if isinstance(whole, dict) else [whole]:
            places.update({("sources", len(written), *rest): spot for rest, spot in where.items()})
            written.append(one)
    tree.value["sources"] = written
    tree.spots = places


def _is_short(source: Any) -> bool:
    return isinstance(source, dict) and ("extends" in source or "matrix" in source)


def _extended(
    tree: Tree, sources: list[Any], spots: Mapping[Any, dict[KeyPath, Spot]], named: Mapping[str, int], number: int
) -> tuple[dict[str, Any], dict[KeyPath, Spot]]:
    """A source with the keys of the one that it extends, and of that one's, its own before theirs; and their spots."""
    whole: dict[str, Any] = {}
    where: dict[KeyPath, Spot] = {}
    chain = [number]
    while len(chain) <= LONGEST_CHAIN:
        at = chain[-1]
        for key, value in sources[at].items():
            if key not in whole and (at == number or key not in NOT_TAKEN_OVER):
                whole[key] = value
                where.update({rest: spot for rest, spot in spots.get(at, {}).items() if rest[:1] == (key,)})
        wanted = sources[at].get("extends")
        base = named.get(wanted) if isinstance(wanted, str) else None
        if base is None or base in chain:
            if wanted is not None and len(chain) == 1:
                spot = tree.spot(("sources", number, "extends"))
                tree.problems.append(spot.problem(_no_base(wanted, named, itself=base in chain)))
            break
        chain.append(base)
    where.update({rest: spot for rest, spot in spots.get(number, {}).items() if not rest})
    return whole, where


def _no_base(wanted: Any, named: Mapping[str, int], *, itself: bool) -> str:
    shown = json.dumps(wanted, ensure_ascii=False, default=str)
    if itself:
        return f"{shown} leads back to this source; name another"
    near = difflib.get_close_matches(str(wanted), named, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else "; name a source that has an `id`"
    return f"{shown} is the id of no source{hint}"


def _each(tree: Tree, number: int, source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The sources that a matrix makes: one for each combination of its values, put in where its names are in braces."""
    matrix = source.get("matrix")
    if matrix is None:
        yield source
        return
    problem = _not_a_matrix(matrix)
    if problem:
        tree.problems.append(tree.spot(("sources", number, "matrix")).problem(problem))
        yield {name: value for name, value in source.items() if name != "matrix"}
        return
    for values in product(*matrix.values()):
        chosen = {f"{{{name}}}": str(value) for name, value in zip(matrix, values, strict=True)}
        one = {name: value if name == "matrix" else _filled_in(value, chosen) for name, value in source.items()}
        if isinstance(source.get("id"), str) and one["id"] == source["id"]:
            one["id"] = "-".join([source["id"], *(slugify(value) or "x" for value in chosen.values())])
        yield one


def _not_a_matrix(matrix: Any) -> str | None:
    if not isinstance(matrix, dict) or not matrix:
        return 'must be a mapping of names to lists of values, such as {market: ["37", "38"]}'
    many = 1
    for name, values in matrix.items():
        if not isinstance(values, list) or not values or any(isinstance(one, list | dict | None) for one in values):
            return f"{name} must be a list of values, such as [a, b]"
        many *= len(values)
    return f"makes {many} sources; at most {MOST_OF_ONE} may come of one" if many > MOST_OF_ONE else None


def _filled_in(value: Any, chosen: Mapping[str, str]) -> Any:
    match value:
        case str():
            for place, text in chosen.items():
                value = value.replace(place, text)
            return value
        case list():
            return [_filled_in(one, chosen) for one in value]
        case dict():
            return {name: _filled_in(one, chosen) for name, one in value.items()}
        case _:
            return value
