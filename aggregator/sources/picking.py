"""Makes a draft of an item, field by field, as a recipe says; how a path finds its values is the kind's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import re2

from aggregator.errors import Unreadable
from aggregator.model import DateFound, Draft, Enclosure, Image, Markup, Person, Pick, Recipe, Replacement, Term

Find = Callable[[Pick], list[str]]
"""The values that a pick's path has in one item, in their order, as texts."""

PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
TAG = re.compile(r"<[A-Za-z/!][^<>]*>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);")
# What an entry cannot do without, once its recipe names it: nothing half-empty is published.
NEEDED = ("title", "link", "published")
LONGEST_REPLACED = 512 * 1024  # characters; as much of a text as the sanitiser takes


class Missing(Exception):  # noqa: N818  (an end, not a bug)
    """The item has not yet got a field that it needs; the message names it."""


def none_whole(lacking: list[str], fields: Mapping[str, Pick]) -> Unreadable:
    """What to raise where none of several items has got what it needs: they are not what the recipe is for any more."""
    name = max(dict.fromkeys(lacking), key=lacking.count)
    place = fields[name].template or fields[name].path or "the item itself"
    return Unreadable(f'none of {len(lacking)} items has a {name} at "{place}"')


def draft_of(recipe: Recipe, find: Find, needed: tuple[str, ...] = NEEDED) -> Draft:
    """The item as its publisher wrote it. Raises `Missing` where it has not got yet what is `needed` of its fields."""
    fields = {name: picked(pick, find) for name, pick in recipe.fields}
    formats = {name: pick.date_format for name, pick in recipe.fields}
    dates = {name: _date(fields.get(name, []), formats.get(name)) for name in ("published", "updated")}
    for name in needed:
        if name in fields and not (dates[name] if name in dates else fields[name]):
            raise Missing(name)
    tags = [text for pick in recipe.tags for text in picked(pick, find)]
    return Draft(
        id=_first(fields, "id"),
        link=_first(fields, "link"),
        title=_markup(fields, "title"),
        summary=_markup(fields, "summary"),
        content=_markup(fields, "content"),
        published=dates["published"],
        updated=dates["updated"],
        authors=tuple(map(Person, fields.get("author", ()))),
        terms=tuple(map(Term, (*fields.get("categories", ()), *tags))),
        enclosures=tuple(map(Enclosure, fields.get("enclosure", ()))),
        images=tuple(map(Image, fields.get("image", ()))),
        language=_first(fields, "language"),
        rights=_markup(fields, "rights"),
        named=tuple(picked(recipe.named, find)) if recipe.named else (),
        detail=next(iter(picked(recipe.detail.address, find)), None) if recipe.detail else None,
    )


def picked(pick: Pick, find: Find) -> list[str]:
    """The values of one field, replaced in and without those that are empty."""
    values = _filled_in(pick, find) if pick.template is not None else find(pick)
    done = (replaced(value, pick.replacements).strip() for value in values)
    return [value for value in done if value]


def _filled_in(pick: Pick, find: Find) -> Iterator[str]:
    """The template with a value for each of its places; nothing where one has none. In an address they are encoded."""
    template = pick.template or ""
    is_address = template.startswith(("http://", "https://"))
    values = {path: find(replace(pick, path=path, template=None)) for path in PLACEHOLDER.findall(template)}
    if all(found and found[0].strip() for found in values.values()):
        spelt = {path: quote(found[0].strip(), safe="/") if is_address else found[0] for path, found in values.items()}
        yield PLACEHOLDER.sub(lambda place: spelt[place[1]], template)


def replaced(value: str, replacements: tuple[Replacement, ...]) -> str:
    """The value after the replacements, in their order."""
    for one in replacements:
        value = value[:LONGEST_REPLACED]
        value = value.replace(one.pattern, one.text) if one.literal else _pattern(one.pattern).sub(one.text, value)
    return value


@lru_cache(1024)
def _pattern(expression: str) -> Any:
    return re2.compile(expression)


def _first(fields: dict[str, list[str]], name: str) -> str | None:
    return next(iter(fields.get(name, ())), None)


def _markup(fields: dict[str, list[str]], name: str) -> Markup | None:
    """A text, which is HTML where it looks like it: nothing in such documents says what it is."""
    text = _first(fields, name)
    return Markup(text, "text/html" if TAG.search(text) else "text/plain") if text else None


def _date(values: list[str], date_format: str | None) -> DateFound | None:
    """The time in ISO 8601, where the recipe says how it is written, else as found."""
    if not values:
        return None
    text = values[0]
    if date_format is None:
        return DateFound(text)
    try:
        if date_format.startswith("unix"):
            moment = datetime.fromtimestamp(float(text) / (1000 if date_format == "unix_ms" else 1), UTC)
        else:
            moment = datetime.strptime(text, date_format)  # noqa: DTZ007  (its zone is the source's: see clean/dates)
    except (ValueError, OverflowError, OSError):
        return None
    return DateFound(moment.isoformat())
